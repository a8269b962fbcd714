"""Compress answers when the client accepts gzip: pages, API, metrics, exports, and the files that pages load.

BREACH reads a secret from the size of compressed answers in which it stands beside text that the attacker chooses.
So no secret stands in compressed answers twice alike: the secret of forms is masked anew in each answer
(`monitor.people.secrets.masked`), and answers to POST, which alone show a new token or link, are not compressed.
Streams of events are not compressed either: an event must arrive at once.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LEVEL = 6  # of zlib: beyond it, time grows faster than size shrinks
LEAST_OCTETS = 1000  # less fits into one packet anyway
MAX_OCTETS_AT_ONCE = 64_000  # more is compressed in a thread: 64 kB take a millisecond
GZIP = 16 + zlib.MAX_WBITS
METHODS = frozenset({"GET", "HEAD"})
TYPES = frozenset(
    {
        "application/json",
        "application/jsonl",
        "application/x-ndjson",
        "application/openmetrics-text",
        "application/problem+json",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)


@web.middleware
async def compressing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress what `handler` answers, where that is worth it and the client accepts it."""
    response = await handler(request)
    if request.method not in METHODS or not isinstance(response, web.Response) or response.prepared:
        return response
    if response.content_type not in TYPES or "Content-Encoding" in response.headers:
        return response
    vary(response)
    body = response.body
    if isinstance(body, bytes) and len(body) >= LEAST_OCTETS and accepts_gzip(request):
        at_once = len(body) <= MAX_OCTETS_AT_ONCE
        response.body = gzipped((body,)) if at_once else await asyncio.to_thread(gzipped, (body,))
        response.headers["Content-Encoding"] = "gzip"
    return response


def compress_stream(request: web.Request, response: web.StreamResponse) -> None:
    """Compress what will be written to this response, if the client accepts it. To be called before it is prepared."""
    vary(response)
    if accepts_gzip(request):
        response.enable_compression(web.ContentCoding.gzip)


def accepts_gzip(request: web.Request) -> bool:
    """Test if the client accepts gzip (RFC 9110, section 12.5.3): named, or covered by `*`, and not with weight 0."""
    weights: dict[str, float] = {}
    for part in ",".join(request.headers.getall("Accept-Encoding", [])).lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = _weight(weight)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def gzipped(parts: Iterable[bytes], level: int = LEVEL) -> bytes:
    """The body of these parts as gzip, without a time in it: the same parts give the same octets."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, GZIP)
    return b"".join([*map(compressor.compress, parts), compressor.flush()])


def vary(response: web.StreamResponse) -> None:
    """Tell caches that the answer depends on what the client accepts."""
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding")))


def _weight(text: str) -> float:
    name, equals, number = text.partition("=")
    if not equals or name.strip() != "q":
        return 1.0
    try:
        return float(number)
    except ValueError:
        return 0.0
