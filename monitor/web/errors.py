"""Turn every error into one that people or programs can use, without revealing internals."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import structlog
from aiohttp import web

from monitor.people.action_links import PATH as LINKS
from monitor.people.caller import NotThereError
from monitor.people.share_links import PATH as SHARES
from monitor.store import ReplacedError, StoreDownError
from monitor.web.connections import Connection
from monitor.web.rejections import Rejection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

API = "/api/v1"
NOTHING = "404: Not Found"  # as aiohttp says it where no route leads
MAX_BODY_BYTES = 64 * 1024  # octets of a request
REQUEST_TIMEOUT_SECONDS = 30.0  # seconds for a request that sends something, and for what it makes us do
PLAIN = "identity"  # the one Content-Encoding that is taken
BODY_TOO_SLOW = "The request did not arrive completely in time. Send it again."
BROKEN = "The server could not answer. Try again; if it fails again, ask the operator: the log has the details."
STORE_DOWN = "The store does not work at the moment. Try again in a few seconds."
STORE_RETRY_SECONDS = "5"
OPTIONS = "OPTIONS"
READS = frozenset({"GET", "HEAD", OPTIONS})
MAX_METHOD_CHARS = 20

TITLES = {  # where the phrase of HTTP is no plain heading
    HTTPStatus.FORBIDDEN: "No access",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available at the moment",
}

MAX_LOGGED_PATH_CHARS = 200
log = structlog.get_logger("web")


@web.middleware
async def safe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost frame of every request: no error tells of our inside."""
    if request.headers.get("Content-Encoding", PLAIN).strip().lower() != PLAIN:
        return _compressed(request)
    try:
        response = await _in_time(request, handler)
    except NotThereError as error:
        response = await _failed(request, HTTPStatus.NOT_FOUND, f"There is no {error}.", error.meant)
    except web.HTTPMethodNotAllowed as error:
        response = await _not_allowed(request, error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST or error.content_type != "text/plain":
            raise
        response = await _failed(request, HTTPStatus(error.status), _reason(error))
        if error.status == HTTPStatus.REQUEST_TIMEOUT:
            response.force_close()
        for name in ("Allow", "WWW-Authenticate", "Retry-After"):
            if name in error.headers:
                response.headers[name] = error.headers[name]
    except ConnectionError:  # who asked is gone
        raise
    except web.RequestPayloadError:  # a chunk that is none, an end that never came
        response = await _failed(request, HTTPStatus.BAD_REQUEST, "The body of the request cannot be read.")
        response.force_close()
    except (StoreDownError, ReplacedError):  # of which the service tells, once and not for each request
        response = await _failed(request, HTTPStatus.SERVICE_UNAVAILABLE, STORE_DOWN)
        response.headers["Retry-After"] = STORE_RETRY_SECONDS
    except Exception:
        log.exception("request failed", method=request.method, path=_loggable(request.path))
        response = await _failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN)
    return response


def _loggable(path: str) -> str:
    """Return a path without the token of a link, which would still work for whoever reads the log."""
    secret = next((each for each in (LINKS, SHARES) if path.startswith(each)), "")
    return f"{secret}..." if secret else path[:MAX_LOGGED_PATH_CHARS]


async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever sends something must have sent it in time. What only reads may be a stream, and last."""
    if request.method in READS:
        return await handler(request)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            return await handler(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=BODY_TOO_SLOW) from None


def _compressed(request: web.Request) -> web.Response:
    """Bodies are small here: whoever compresses one is a program, mistaken or hostile (RFC 9110, section 15.5.16)."""
    from monitor.web.api.problem import problem

    if isinstance(request.protocol, Connection):
        request.protocol.reject(Rejection.ENCODING)
    headers = {"Accept-Encoding": PLAIN}
    response = problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.", headers=headers)
    response.force_close()
    return response


async def _not_allowed(request: web.Request, error: web.HTTPMethodNotAllowed) -> web.StreamResponse:
    """Say which methods the resource has; to OPTIONS that is the answer (RFC 9110, section 9.3.7)."""
    allowed = sorted({*error.allowed_methods, OPTIONS})
    if request.method == OPTIONS:
        response: web.StreamResponse = web.Response(status=HTTPStatus.NO_CONTENT)
    else:
        detail = f"{request.method[:MAX_METHOD_CHARS]} is not supported here."
        response = await _failed(request, HTTPStatus.METHOD_NOT_ALLOWED, detail, remedy=f"use {_one_of(allowed)}")
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _one_of(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _reason(error: web.HTTPException) -> str:
    """Why, in a sentence."""
    text = error.text or error.reason
    return "There is no page at this address." if text == NOTHING else text


async def _failed(
    request: web.Request, status: HTTPStatus, detail: str, meant: tuple[str, str] | None = None, remedy: str = ""
) -> web.StreamResponse:
    """As problem+json (RFC 9457) for programs, as a page for people, as a line for anybody else. `meant`: the company,
    by key and name, that was probably meant; `remedy`: what to do about the method."""
    if request.path.startswith(API):
        from monitor.web.api.problem import Wrong, problem

        return problem(status, detail, [Wrong("method", "is not supported here", remedy)] if remedy else ())
    if "text/html" in request.headers.get("Accept", ""):
        from monitor.web.rendering import page

        title = TITLES.get(status, status.phrase)
        lost = status is HTTPStatus.NOT_FOUND
        response = page(request, "error.html", title=title, detail=detail, lost=lost, meant=meant)
        response.set_status(status)
        return response
    return web.Response(text=f"{status.value} {status.phrase}: {detail}\n", status=status)
