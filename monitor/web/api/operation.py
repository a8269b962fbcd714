"""One thing that the API does. From the table of these both the routes and the document are made, so that neither says
what the other does not know."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from monitor.actions.probes import CannotSendError
from monitor.actions.rate_limit import TooManyError
from monitor.people.person import Rights
from monitor.probing.pipeline import LaunchError
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.problem import ProblemError, Wrong, problem, wrongs
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.errors import MAX_BODY_BYTES

ROOT = "/api/v1"
JSON = "application/json"
EVENTS = "text/event-stream"
CHUNK_BYTES = 64 * 1024

Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """One request, read and found good."""

    request: web.Request
    view: CallerView
    query: Q
    body: B

    def part(self, name: str) -> str:
        """A variable part of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True)
class OperationResult:
    """The successful response. `content` is the type of its JSON; None: it is not JSON, or empty."""

    status: HTTPStatus
    said: str
    content: Any = None
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)  # what they say


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, B]):
    """A method on a path. `problems`: beside those that every operation can have. `secret`: names in its answer that
    are never kept, so that whoever repeats the request is not shown them again. `place`: how the ids of events look.
    `changes`: False for a POST that only answers; nothing of it is kept. `most_bytes`: of its body. `passing`: names of
    fields in its answer that only count the time that passes."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    act: Callable[[Call[Q, B]], Awaitable[web.StreamResponse]]
    answer: OperationResult
    query: type[Q] = NoQuery  # type: ignore[assignment]
    body: type[B] = NoBody  # type: ignore[assignment]
    rights: Rights = Rights.VIEWER
    problems: tuple[HTTPStatus, ...] = ()
    secret: tuple[str, ...] = ()
    place: str = ""
    changes: bool = True
    most_bytes: int = MAX_BODY_BYTES
    passing: tuple[str, ...] = ()
    said: str = ""

    @property
    def conditional(self) -> bool:
        """True if its answer has a tag: all that is read at once."""
        return self.method == "GET" and self.answer.media in (JSON, "text/plain")

    @property
    def takes_body(self) -> bool:
        """True if a body is required."""
        return self.body is not NoBody

    def route(self, handler: Handler) -> web.RouteDef:
        """Its route, with the rights that it needs written at the handler."""
        marked = needs(self.rights)(handler)
        options = {"allow_head": self.answer.media != EVENTS} if self.method == "GET" else {}
        return web.RouteDef(self.method, ROOT + self.path, marked, options)

    async def content(self, request: web.Request) -> bytes:
        """Return the body of a request, b"" where none is taken. Raises HTTPRequestEntityTooLarge."""
        if not self.takes_body:
            return b""
        found = bytearray()
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            found += chunk
            if len(found) > self.most_bytes:
                raise web.HTTPRequestEntityTooLarge(self.most_bytes, len(found))
        return bytes(found)

    async def run(self, request: web.Request, content: bytes) -> web.StreamResponse:
        """Read the request and do it. `content` is its body."""
        try:
            query, body = read_query(request, self.query), read_body(request, content, self.body)
            return await self.act(Call(request, caller_view_of(request), query, body))
        except ProblemError as error:
            return problem(error.status, error.detail, error.errors, error.headers)
        except TooManyError as error:
            seconds = {"Retry-After": str(max(round(error.retry_after.total_seconds()), 1))}
            return problem(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers=seconds)
        except LaunchError as error:  # what was asked for is gone since
            return problem(HTTPStatus.CONFLICT, str(error))
        except CannotSendError as error:
            wrong = Wrong(error.field, str(error), "leave it out, or choose another")
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.field}: {error}", [wrong])


def read_query(request: web.Request, model: type[Q]) -> Q:
    """The parameters. Raises ProblemError."""
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            wrong = Wrong(name[:200], "is given twice", "give it once")
            raise ProblemError(HTTPStatus.BAD_REQUEST, "a query parameter is given twice", wrong)
        given[name] = value
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = wrongs(error, model)
        raise ProblemError(HTTPStatus.BAD_REQUEST, _summed("the query", found), *found) from None


def read_body(request: web.Request, content: bytes, model: type[B]) -> B:
    """The body. Raises ProblemError."""
    if model is NoBody:
        return model()
    if request.content_type != JSON:
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"the body must be {JSON}",
            Wrong("Content-Type", f"is not {JSON}", f"send Content-Type: {JSON}"),
        )
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] == "json_invalid":
            wrong = Wrong("body", "is not JSON", "send one JSON object")
            raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is not JSON", wrong) from None
        found = wrongs(error, model)
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, _summed("the body", found), *found) from None


def _summed(where: str, found: list[Wrong]) -> str:
    fields = ", ".join(dict.fromkeys(wrong.field for wrong in found[:10] if wrong.field))
    return f"{where} is wrong: {fields}" if fields else f"{where} is wrong"


def answered(
    facts: Any, *, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> web.Response:
    """JSON. Half characters, which hostile mail may hold, are replaced."""
    body = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type=JSON, charset="utf-8", headers=headers)


def no_content() -> web.Response:
    """There is nothing to say."""
    return web.Response(status=HTTPStatus.NO_CONTENT)
