"""`/metrics`: who gets which of them, and how often they are written.

Callers who are limited to companies get those of their companies, and nothing of the service. Whoever asks all the
time waits, and gets what others get.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from aiohttp import web

from monitor.output.exposition import Format, accepted_format
from monitor.web.backend import CALLER, Backend
from monitor.web.compression import accepts_gzip, gzipped, vary

REST_PER_SCRAPE = 4.0  # times as long as an exposition took none is written: a fifth of a core at the most
MAX_REST_SECONDS = 2.0  # seconds; who scrapes waits no longer than that for the next

V = TypeVar("V")


class Scrape:
    """One exposition. It is compressed once for all who get it."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._gzipped: asyncio.Task[bytes] | None = None

    async def gzipped(self) -> bytes:
        """The exposition as gzip, made in a thread."""
        if self._gzipped is None:
            self._gzipped = asyncio.create_task(asyncio.to_thread(gzipped, self.body))
        return await asyncio.shield(self._gzipped)


class Scrapes(Generic[V]):
    """Writes one exposition at a time, with a rest after each. What it hands out was begun after it was asked for.

    `V` tells what is wanted: `render` gets it. All who wait for the same get the same.
    """

    def __init__(
        self,
        render: Callable[[V], Awaitable[bytes]],
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

    async def render(wanted: ScrapeKey) -> bytes:
        return await backend.metrics.render(wanted.form, wanted.companies)

    of_all, of_some = Scrapes(render), Scrapes(render)  # those of companies keep nobody from the metrics of all

    async def metrics(request: web.Request) -> web.Response:
        caller = request.get(CALLER)
        companies = None if caller is None or caller.companies is None else frozenset(caller.companies)
        form = accepted_format(",".join(request.headers.getall("Accept", ())))
        scrape = await (of_all if companies is None else of_some).scrape(ScrapeKey(form, companies))
        gzip = accepts_gzip(request)
        headers = {"Content-Type": form.value, "Vary": "Accept"} | ({"Content-Encoding": "gzip"} if gzip else {})
        response = web.Response(body=await scrape.gzipped() if gzip else scrape.body, headers=headers)
        vary(response)
        return response

    return web.get("/metrics", metrics)
