"""The overview and lists with ten thousand companies: how long they take, and how long the event loop stands still.

Verdicts come in between, as many as in a second of a schedule. Beside each page in the same run: a handler in the same
process that answers with as many bytes and asks nobody.
"""

import asyncio
import gc
import time
import urllib.request
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle, islice

from aiohttp import web

from monitor.clock import utc_now
from monitor.incidents.signal import Signal
from monitor.web.server import serving
from probes.settings import Endpoint
from tests.bench import scrape
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.load import PATIENCE, loop_lag
from tests.bench.loopback_service import bench_folder
from tests.bench.million import fill
from tests.bench.sink import HOST
from tests.support.pages_app import PagesApp, open_pages_app

PAGES = {
    "the overview": "/",
    "Now, a search": "/?q=company01",
    "Now, one outcome": "/?outcome=blocked",
    "probes": "/probes",
    "incidents": "/incidents",
    "companies, API": "/api/v1/companies",
}
VERDICTS = 169  # between two requests: 10,000 paths x 5 kinds every 5 minutes
TARGET_MS = 50
SPAN = timedelta(days=14)


async def measure(companies: int, asked: int) -> list[Finding]:
    """Ask the pages of a service that watches so many companies, each so often."""
    state = scrape.Plan(companies, verdicts=1, scrapes=0)
    with bench_folder() as folder:
        await fill(folder / "mailpath.db", 2 * companies, [*scrape.state(state).paths], utc_now(), SPAN)
        async with open_pages_app(folder, 4 * PATIENCE) as app:
            board = app.backend.board
            scrape.populate(board, state)
            gc.freeze()  # as the service does with what lives as long as its configuration
            token = await app.token("bench")
            news = cycle([scrape.signal_of(path, kind, 2) for path in board.paths.values() for kind in path.kinds])
            async with serving(_bare(), Endpoint(HOST, 0)) as bare:
                found: list[Finding] = []
                for name, page in PAGES.items():
                    took, lags, size = await _asked(app.url + page, token, asked, app, news)
                    floor, floor_lags, _ = await _asked(f"http://{HOST}:{bare}/{size}", token, asked, app, news)
                    found += _figures(f"{companies:,} companies", name, took, lags, size)
                    found += _figures(f"{companies:,} companies", f"{name}, bare", floor, floor_lags, 0)
                return found


def _figures(group: str, name: str, took: Sequence[float], lags: Sequence[float], size: int) -> list[Finding]:
    wanted = f"<= {TARGET_MS}" if size else ""
    figures = [
        Figure(group, f"{name}: p50", "ms", (quantile(took, 0.5) * 1000,), wanted if name == "the overview" else ""),
        Figure(group, f"{name}: event loop lag, most", "ms", (quantile(lags, 1.0) * 1000,), wanted),
    ]
    return [*figures, *([Figure(group, f"{name}: size", "kB", (size / 1000,))] if size else [])]


async def _asked(
    url: str, token: str, number: int, app: PagesApp, news: "cycle[Signal]"
) -> tuple[list[float], list[float], int]:
    """Seconds that each answer took, those by which the loop was late, and octets. The first answer does not count."""
    took: list[float] = []
    size = await asyncio.to_thread(_get, url, token)
    async with loop_lag() as lags:
        for _ in range(number):
            app.backend.board.take(list(islice(news, VERDICTS)))
            began = time.perf_counter()
            size = await asyncio.to_thread(_get, url, token)
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
    return took, lags, size


def _get(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html,application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE) as answer:
        return len(answer.read())


def _bare() -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.match_info["size"]), content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/{size}", answer)])
    return app
