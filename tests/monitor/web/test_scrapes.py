"""Whoever scrapes without an end costs a bounded share of the time."""

import asyncio
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.web.rejections import Rejection
from monitor.web.scrapes import MAX_REST_SECONDS, REST_PER_SCRAPE, Scrapes
from monitor.web.server import instruments, serving, serving_all
from probes.kinds import Kind
from probes.sender import Role
from probes.settings import Endpoint
from probes.verdict import Grade, Outcome, Verdict
from tests.monitor.web.test_server import told
from tests.support.pages_app import START, open_pages_app
from tests.support.pipeline_app import watched


class Renders:
    """Expositions that take so many seconds each, of a clock that only they and the rests move."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now, self.count = seconds, 100.0, 0
        self.begun: list[float] = []
        self.go = asyncio.Event()
        self.go.set()
        self.writing = asyncio.Event()
        self.scrapes = Scrapes(self.render, lambda: self.now, self.sleep)

    async def body(self, wanted: str = "") -> bytes:
        return b"".join([chunk async for chunk in (await self.scrapes.scrape(wanted)).chunks()])

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def render(self, wanted: str) -> list[bytes]:
        self.count += 1
        number = self.count
        self.begun.append(self.now)
        self.writing.set()
        await self.go.wait()
        self.now += self.seconds
        if number == 13:
            raise RuntimeError("unlucky")
        return [b"%d" % number, wanted.encode()]


async def test_who_asks_while_one_is_written_gets_the_next_with_all_others() -> None:
    """What is handed out is never older than the question."""
    renders = Renders(0.1)
    renders.go.clear()
    first = asyncio.create_task(renders.body())
    await renders.writing.wait()
    later = [asyncio.create_task(renders.body()) for _ in range(50)]
    await asyncio.sleep(0)
    later[0].cancel()  # one who goes away takes it from nobody
    await asyncio.sleep(0)
    renders.go.set()
    assert await first == b"1"
    assert set(await asyncio.gather(*later[1:])) == {b"2"}
    assert renders.count == 2


async def test_who_wants_something_else_gets_that_and_waits_for_the_turn() -> None:
    renders = Renders(0.1)
    told = await asyncio.gather(*map(renders.body, "aba"))
    assert told == [b"1a", b"2b", b"1a"]
    assert renders.begun == pytest.approx([100.0, 100.1 + 0.1 * REST_PER_SCRAPE])


@pytest.mark.parametrize(("seconds", "apart"), [(0.1, 0.1 * (1 + REST_PER_SCRAPE)), (5.0, 5.0 + MAX_REST_SECONDS)])
async def test_there_is_a_rest_after_each(seconds: float, apart: float) -> None:
    renders = Renders(seconds)
    for number in (b"1", b"2", b"3"):
        assert await renders.body() == number
    assert renders.begun == pytest.approx([100.0, 100.0 + apart, 100.0 + 2 * apart])


async def test_who_asks_seldom_waits_for_nothing() -> None:
    renders = Renders(0.1)
    await renders.body()
    renders.now = 115.0
    await renders.body()
    assert renders.begun == [100.0, 115.0]


async def test_one_that_failed_is_tried_again() -> None:
    renders = Renders(0.1)
    renders.count = 12
    with pytest.raises(RuntimeError):
        await renders.body()
    assert await renders.body() == b"14"


async def test_a_crowd_at_the_metrics_keeps_nobody_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has limits of its own, for one client and for all, and an end to the wait for the headers."""
    monkeypatch.setattr("monitor.web.connections.HEADERS_SECONDS", 0.3)
    monkeypatch.setattr("monitor.web.listening.SWEEP_SECONDS", 0.05)
    async with open_pages_app(tmp_path) as pages_app, serving(web.Application(), Endpoint("127.0.0.1", 0)) as free:
        pass
    config = told(pages_app, listen="127.0.0.1:0", metrics_listen=f"127.0.0.1:{free}")
    async with asyncio.timeout(20), serving_all(pages_app.backend, config), ClientSession() as http:
        crowd = [await asyncio.open_connection("127.0.0.1", free) for _ in range(60)]
        for _, writer in crowd:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ")
        async with http.get(f"http://127.0.0.1:{free}/metrics") as answer:
            assert answer.status == 200
        for reader, writer in crowd:
            await reader.read()  # each is ended
            writer.close()
    counts = pages_app.backend.rejections.counts
    assert counts[Rejection.EVICTED] > 30
    assert counts[Rejection.SLOW_REQUEST] > 0


async def test_the_exposition_is_not_copied_to_be_sent(tmp_path: Path) -> None:
    """The lines of companies are kept; what a scrape needs beside them is small against them."""
    board = Board()
    board.configure([watched(None, None, company=f"company-{number}", kinds=tuple(Kind)) for number in range(1000)])
    board.take([delivered(path, kind) for path in board.paths.values() for kind in path.kinds])
    async with open_pages_app(tmp_path) as pages_app, ClientSession() as http:
        app = instruments(replace(pages_app.backend, metrics=Metrics(board, Gauges(lambda: 0, timedelta, dict, dict))))
        async with serving(app, Endpoint("127.0.0.1", 0)) as port:
            octets = [await length(http, port) for _ in range(2)][-1]
            tracemalloc.start()
            try:
                assert await length(http, port) == pytest.approx(octets, rel=0.01)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
    assert octets > 1_000_000
    assert peak < octets / 2


async def length(http: ClientSession, port: int) -> int:
    """How long an exposition is, of which nothing is kept."""
    async with http.get(f"http://127.0.0.1:{port}/metrics", headers={"Accept-Encoding": "identity"}) as answer:
        found = sum([len(chunk) async for chunk in answer.content.iter_any()])
        assert answer.headers["Content-Length"] == str(found)
        return found


def delivered(path: WatchedPath, kind: Kind) -> Signal:
    verdict = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
    took, place = timedelta(seconds=7), (path.company, path.path)
    return Signal(1, "a" * 16, *place, kind, Role.SENDER, START - took, START, verdict, delivery=took)
