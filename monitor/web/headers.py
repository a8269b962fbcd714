"""The headers of every response, whoever makes it: they keep a browser from doing what no page of ours wants."""

from collections.abc import Mapping

from aiohttp import web

from monitor.people.share_links import PATH as SHARES

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
OF_SECRET_ADDRESSES = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
"""Of pages whose address is a secret: no page that they lead to learns it, and nobody finds them."""

EMBEDDED = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""Of pictures that are made for pages elsewhere."""


def safe_headers(response: web.StreamResponse) -> Mapping[str, str]:
    """Set the headers that every response needs. Responses are not cached, unless they say otherwise."""
    headers = HEADERS if "Cache-Control" in response.headers else HEADERS | NO_STORE
    own = EMBEDDED.items() & response.headers.items()
    return headers | dict(own) if own else headers


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal of the application: called for each response before its headers are sent, streams too."""
    response.headers.update(safe_headers(response))
    if request.path.startswith(SHARES):
        response.headers.update(OF_SECRET_ADDRESSES)
