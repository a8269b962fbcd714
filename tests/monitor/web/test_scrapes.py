"""Whoever scrapes without an end costs a bounded share of the time."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from monitor.web.rejections import Rejection
from monitor.web.scrapes import REST, Scrapes
from monitor.web.server import serving, serving_all
from probes.settings import Endpoint
from tests.monitor.web.office import office
from tests.monitor.web.test_server import told


class Renders:
    """Expositions that take 2 seconds each, of a clock that only they move."""

    def __init__(self) -> None:
        self.now, self.count = 100.0, 0
        self.go = asyncio.Event()
        self.go.set()

    def clock(self) -> float:
        return self.now

    async def render(self) -> bytes:
        self.count += 1
        number = self.count
        await self.go.wait()
        self.now += 2
        if number == 13:
            raise RuntimeError("unlucky")
        return b"%d" % number


async def test_all_who_ask_at_the_same_time_get_the_same() -> None:
    renders = Renders()
    renders.go.clear()
    scrapes = Scrapes(renders.render, renders.clock)
    asking = [asyncio.create_task(scrapes.body()) for _ in range(50)]
    await asyncio.sleep(0)
    asking[0].cancel()  # one who goes away takes it from nobody
    await asyncio.sleep(0)
    renders.go.set()
    assert set(await asyncio.gather(*asking[1:])) == {b"1"}
    assert renders.count == 1


async def test_what_took_long_is_handed_out_for_longer() -> None:
    renders = Renders()
    scrapes = Scrapes(renders.render, renders.clock)
    assert await scrapes.body() == b"1"
    renders.now += 2 * REST - 0.1
    assert await scrapes.body() == b"1"
    renders.now += 0.2
    assert await scrapes.body() == b"2"


async def test_one_that_failed_is_tried_again() -> None:
    renders = Renders()
    renders.count = 12
    scrapes = Scrapes(renders.render, renders.clock)
    with pytest.raises(RuntimeError):
        await scrapes.body()
    assert await scrapes.body() == b"14"


async def test_a_crowd_at_the_metrics_keeps_nobody_from_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has limits of its own, for one client and for all, and an end to the wait for the headers."""
    monkeypatch.setattr("monitor.web.connections.HEADERS_SECONDS", 0.3)
    monkeypatch.setattr("monitor.web.listening.SWEEP_SECONDS", 0.05)
    async with office(tmp_path) as there, serving(web.Application(), Endpoint("127.0.0.1", 0)) as free:
        pass
    config = told(there, listen="127.0.0.1:0", metrics_listen=f"127.0.0.1:{free}")
    async with asyncio.timeout(20), serving_all(there.backend, config), ClientSession() as http:
        crowd = [await asyncio.open_connection("127.0.0.1", free) for _ in range(60)]
        for _, writer in crowd:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ")
        async with http.get(f"http://127.0.0.1:{free}/metrics") as answer:
            assert answer.status == 200
        for reader, writer in crowd:
            await reader.read()  # each is ended
            writer.close()
    counts = there.backend.rejections.counts
    assert counts[Rejection.EVICTED] > 30
    assert counts[Rejection.SLOW_REQUEST] > 0
