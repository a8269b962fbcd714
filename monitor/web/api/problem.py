"""Errors of requests for programs: problem+json, RFC 9457."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import EnumType
from functools import cache
from http import HTTPStatus
from typing import Any, Literal, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError

from probes.settings import shown

MEDIA = "application/problem+json"
PAGE = "/api/"  # describes each kind of problem
MAX_NAMED = 40

MEANINGS: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read: a query parameter, a header, or the JSON itself is wrong.",
    HTTPStatus.UNAUTHORIZED: "Not signed in. Send `Authorization: Bearer TOKEN`.",
    HTTPStatus.FORBIDDEN: "The caller does not have the rights for this.",
    HTTPStatus.NOT_FOUND: "It does not exist, or belongs to a company that the caller may not see.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The resource does not support this method; `Allow` lists those that it supports.",
    HTTPStatus.CONFLICT: "It conflicts with the current state.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is longer than the operation takes, which is 64 KiB for most.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field is invalid, or the `Idempotency-Key` was used before with "
    "another request.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says after how many seconds to try again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An internal error; the log of Mailpath has the details.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is starting or stopping, or its store does not work at the moment.",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: where, what, and what to do about it."""

    field: str
    problem: str
    remedy: str


class ProblemError(Exception):
    """The request cannot be done."""

    def __init__(
        self, status: HTTPStatus, detail: str, *errors: Wrong, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


def name_of(status: HTTPStatus) -> str:
    """Return the name of a kind of problem in its description."""
    return status.phrase.lower().replace(" ", "-")


def problem(
    status: HTTPStatus, detail: str, errors: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None
) -> web.Response:
    """The response that tells it."""
    facts: dict[str, Any] = {
        "type": f"{PAGE}#{name_of(status)}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail.strip(),
    }
    if errors:
        facts["errors"] = [asdict(error) for error in errors]
    body = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type=MEDIA, headers=headers)


def wrongs(error: ValidationError, model: type[BaseModel]) -> list[Wrong]:
    """Return pydantic's errors in the fields of a model, in words for people."""
    return [_wrong(each, model) for each in error.errors(include_url=False)]


def meant(name: str, known: Iterable[str]) -> str:
    """Return the probable meaning, or the valid choices."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"there are: {', '.join(names[:MAX_NAMED])}{rest}" if names else "there are none"


def _wrong(error: Any, model: type[BaseModel]) -> Wrong:
    path = [str(part) for part in error["loc"]]
    field = ".".join(path)[:200]
    about = {info.alias or name: info for name, info in model.model_fields.items()}
    match error["type"]:
        case "model_type":
            return Wrong("body", "is not an object", 'send one JSON object like {"company": "acme"}')
        case "extra_forbidden":
            return Wrong(field, "is not known here", meant(path[-1][:200], about) if about else "leave it out")
        case "missing":
            return Wrong(field, "is missing", _with_example("give it a value", model, path))
        case "enum" | "literal_error":
            words = [str(word) for word in _words(about[path[0]].annotation)] if path[0] in about else []
            remedy = meant(str(error["input"])[:200], words) if words else error["msg"]
            return Wrong(field, f"is not one of its words, but {shown(error['input'])}", remedy)
        case _:
            said = str(error.get("ctx", {}).get("error", error["msg"]))
            return Wrong(field, _in_plain_words(said), _with_example("send a value", model, path))


PATTERNS = "string should match pattern"


def _in_plain_words(said: str) -> str:
    """Return what pydantic says of a value; a pattern is for programs."""
    line = (said[:1].lower() + said[1:]).partition(", unable to parse")[0]
    if line.startswith(PATTERNS):
        return "has characters or a form that are not allowed"
    return line.replace("input should", "must").replace("string should", "must")


def _with_example(verb: str, model: type[BaseModel], path: Sequence[str]) -> str:
    """Return what to send: an example of the field, and what it means."""
    schema = _properties(model).get(path[0], {}) if path else {}
    said = str(schema.get("description", ""))
    if (example := example_of(schema)) is None:
        return said or "see the API's document"
    return f"{verb} such as {json.dumps(example)}{f': {said[:1].lower()}{said[1:]}' if said else ''}"


def example_of(schema: Mapping[str, Any]) -> Any:
    """Return an example value of a field; None if its schema has none."""
    for each in (schema, *schema.get("anyOf", ())):
        if examples := each.get("examples"):
            return examples[0]
        if words := each.get("enum"):
            return words[0]
        if each.get("type") in ("integer", "boolean"):
            return schema["default"] if schema.get("default") is not None else each.get("minimum", True)
    return None


@cache
def _properties(model: type[BaseModel]) -> dict[str, Any]:
    whole = model.model_json_schema()
    definitions: dict[str, Any] = whole.get("$defs", {})
    return {name: _resolved(schema, definitions) for name, schema in whole.get("properties", {}).items()}


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema with the definitions that it refers to in their places."""
    match schema:
        case {"$ref": str(ref), **rest}:
            return {**definitions[ref.rpartition("/")[2]], **rest}
        case dict():
            return {name: _resolved(each, definitions) for name, each in schema.items()}
        case list():
            return [_resolved(each, definitions) for each in schema]
        case _:
            return schema


def _words(annotation: Any) -> list[Any]:
    """The words of an enumeration, wherever in an annotation it stands."""
    if isinstance(annotation, EnumType):
        return list(annotation)
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for part in get_args(annotation) for word in _words(part)]
