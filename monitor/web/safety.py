"""What makes every response safe, and every error one that people or programs can use."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web

from monitor.web.sight import NotThereError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NEVER_KEPT = {"Cache-Control": "no-store"}
API = "/api/v1"
NOTHING = "404: Not Found"  # as aiohttp says it where no route leads
LONGEST_BODY = 64 * 1024  # octets of a request
PATIENCE = 30.0  # seconds for a request that sends something, and for what it makes us do
READS = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger("web")


@web.middleware
async def safe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost frame of every request: headers on each response, and no error that tells of our inside."""
    try:
        response = await _in_time(request, handler)
    except NotThereError as error:
        response = await _failed(request, HTTPStatus.NOT_FOUND, f"there is no {error}")
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST or error.content_type != "text/plain":
            error.headers.update(_headers(error))
            raise
        response = await _failed(request, HTTPStatus(error.status), _said(error))
        if error.status == HTTPStatus.REQUEST_TIMEOUT:
            response.force_close()
        for name in ("Allow", "WWW-Authenticate", "Retry-After"):
            if name in error.headers:
                response.headers[name] = error.headers[name]
    except ConnectionResetError:  # who asked is gone
        raise
    except Exception:
        log.exception("a request went wrong", method=request.method, path=request.path[:200])
        response = await _failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong here; the log tells")
    if not response.prepared:
        response.headers.update(_headers(response))
    return response


async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever sends something must have sent it in time. What only reads may be a stream, and last."""
    if request.method in READS:
        return await handler(request)
    try:
        async with asyncio.timeout(PATIENCE):
            return await handler(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the request was not whole in time; send it again") from None


def _headers(response: web.StreamResponse) -> dict[str, str]:
    return HEADERS if "Cache-Control" in response.headers else HEADERS | NEVER_KEPT


def _said(error: web.HTTPException) -> str:
    """Why, in a sentence."""
    text = error.text or error.reason
    return "there is nothing at this address" if text == NOTHING else text


async def _failed(request: web.Request, status: HTTPStatus, detail: str) -> web.StreamResponse:
    """As problem+json (RFC 9457) for programs, as a page for people, as a line for anybody else."""
    if request.path.startswith(API):
        from monitor.web.api.problem import problem

        return problem(status, detail)
    if "text/html" in request.headers.get("Accept", ""):
        from monitor.web.rendering import page

        response = page(request, "error.html", status=status.value, title=status.phrase, detail=detail)
        response.set_status(status)
        return response
    return web.Response(text=f"{status.value} {status.phrase}: {detail}\n", status=status)
