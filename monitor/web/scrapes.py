"""`/metrics`: who gets which of them, and how often they are written.

Callers who are limited to companies get those of their companies, and nothing of the service. Whoever asks all the
time waits, and gets what others get.

An exposition stays in the pieces that the lines of companies are kept in, and is joined as it goes out, chunk by chunk:
whole copies of it would be most of the memory that a service with thousands of paths uses.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from aiohttp import web

from monitor.output.exposition import Format, accepted_format
from monitor.web.backend import CALLER, Backend
from monitor.web.compression import accepts_gzip, gzipped, vary

REST_PER_SCRAPE = 4.0  # times as long as an exposition took none is written: a fifth of a core at the most
MAX_REST_SECONDS = 2.0  # seconds; who scrapes waits no longer than that for the next
CHUNK_OCTETS = 64_000  # are joined, and compressed or sent, at once

V = TypeVar("V")


class Scrape:
    """One exposition, in pieces. It is compressed once for all who get it."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.octets = sum(map(len, pieces))
        self._pieces = pieces
        self._gzipped: asyncio.Task[bytes] | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The exposition, chunk by chunk, between which others have their turn."""
        for chunk in in_chunks(self._pieces):
            yield chunk
            await asyncio.sleep(0)

    async def gzipped(self) -> bytes:
        """The exposition as gzip, made in a thread."""
        if self._gzipped is None:
            self._gzipped = asyncio.create_task(asyncio.to_thread(gzipped, in_chunks(self._pieces)))
        return await asyncio.shield(self._gzipped)


class Scrapes(Generic[V]):
    """Writes one exposition at a time, with a rest after each. What it hands out was begun after it was asked for.

    `V` tells what is wanted: `render` gets it. All who wait for the same get the same.
    """

    def __init__(
        self,
        render: Callable[[V], Awaitable[Sequence[bytes]]],
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._render, self._clock, self._sleep = render, clock, sleep
        self._turn = asyncio.Lock()
        self._next: dict[V, asyncio.Task[Scrape]] = {}  # those that are not begun yet
        self._free_at = 0.0

    async def scrape(self, wanted: V) -> Scrape:
        """The exposition that is wanted."""
        if wanted not in self._next:
            self._next[wanted] = asyncio.create_task(self._write(wanted))
        return await asyncio.shield(self._next[wanted])

    async def _write(self, wanted: V) -> Scrape:
        async with self._turn:
            if (rest := self._free_at - self._clock()) > 0:
                await self._sleep(rest)
            del self._next[wanted]  # whoever asks from now on may want to see what is newer
            began = self._clock()
            try:
                return Scrape(await self._render(wanted))
            finally:
                ended = self._clock()
                self._free_at = ended + min(REST_PER_SCRAPE * (ended - began), MAX_REST_SECONDS)


@dataclass(frozen=True, slots=True)
class ScrapeKey:
    """One kind of exposition. `companies`: None for all, and for the service itself."""

    form: Format
    companies: frozenset[str] | None


def metrics_route(backend: Backend) -> web.RouteDef:
    """Return the route. Without a caller, where no sign-in is needed, it answers for all companies."""

    async def render(wanted: ScrapeKey) -> Sequence[bytes]:
        return await backend.metrics.pieces(wanted.form, wanted.companies)

    of_all, of_some = Scrapes(render), Scrapes(render)  # those of companies keep nobody from the metrics of all

    async def metrics(request: web.Request) -> web.Response:
        caller = request.get(CALLER)
        companies = None if caller is None or caller.companies is None else frozenset(caller.companies)
        form = accepted_format(",".join(request.headers.getall("Accept", ())))
        scrape = await (of_all if companies is None else of_some).scrape(ScrapeKey(form, companies))
        headers = {"Content-Type": form.value, "Vary": "Accept"}
        if accepts_gzip(request):
            response = web.Response(body=await scrape.gzipped(), headers=headers | {"Content-Encoding": "gzip"})
        else:
            response = web.Response(body=scrape.chunks(), headers=headers | {"Content-Length": str(scrape.octets)})
        vary(response)
        return response

    return web.get("/metrics", metrics)


def in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join the pieces to chunks of CHUNK_OCTETS or little more."""
    chunk, octets = list[bytes](), 0
    for piece in pieces:
        chunk.append(piece)
        octets += len(piece)
        if octets >= CHUNK_OCTETS:
            yield b"".join(chunk)
            chunk, octets = [], 0
    if chunk:
        yield b"".join(chunk)
