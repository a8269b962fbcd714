"""The headers of every response, whoever makes it: they keep a browser from doing what no page of ours wants."""

from collections.abc import Mapping

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "mailpath",  # aiohttp would name its version
}
NO_STORE = {"Cache-Control": "no-store"}


def safe_headers(response: web.StreamResponse) -> Mapping[str, str]:
    """Set the headers that every response needs. Responses are not cached, unless they say otherwise."""
    return HEADERS if "Cache-Control" in response.headers else HEADERS | NO_STORE


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """A signal of the application: called for each response before its headers are sent, streams too."""
    response.headers.update(safe_headers(response))
