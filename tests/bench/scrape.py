"""A scrape of /metrics with a thousand companies that get all kinds of mail: how long it takes, how large it is."""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession

from monitor.clock import utc_now
from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.web.scrapes import MAX_REST_SECONDS
from monitor.web.server import instruments, serving
from probes.kinds import Kind
from probes.sender import Role
from probes.settings import Endpoint
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.load import loop_lag
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step
from tests.bench.sink import HOST
from tests.support.pages_app import open_pages_app
from tests.support.pipeline_app import watched

GROUP = "Scrape"
MAIL_SYSTEMS = ("m365", "google", "mimecast", "postfix")
FAILING = 20  # one verdict in so many
PLAIN, OPEN, GZIP = "text", "OpenMetrics", "OpenMetrics, gzip"
ASKED = {
    PLAIN: {"Accept": "text/plain", "Accept-Encoding": "identity"},
    OPEN: {"Accept": "application/openmetrics-text", "Accept-Encoding": "identity"},
    GZIP: {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """So many companies, each with so many verdicts per kind; each format scraped so often."""

    companies: int
    verdicts: int
    scrapes: int
    steps: int = 2


FULL = Plan(companies=1000, verdicts=8, scrapes=5)
QUICK = Plan(companies=1000, verdicts=1, scrapes=2)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """The state is made, and scraped over HTTP."""
    step(f"{plan.companies:,} companies with verdicts")
    metrics = Metrics(state(plan), Gauges(lambda: 0, timedelta, dict, dict))
    with bench_folder() as folder:
        async with open_pages_app(Path(folder)) as pages_app:
            app = instruments(replace(pages_app.backend, metrics=metrics))
            async with serving(app, Endpoint(HOST, 0)) as port:
                step("scraped")
                return await _scraped(f"http://{HOST}:{port}/metrics", plan)


def state(plan: Plan) -> Board:
    """What a service that watches so many companies knows of them."""
    board = Board()
    systems = len(MAIL_SYSTEMS)
    paths = [
        watched(
            None, None, company=f"company{number:04}", kinds=tuple(Kind), mail_systems=(MAIL_SYSTEMS[number % systems],)
        )
        for number in range(plan.companies)
    ]
    board.configure(paths)
    for turn in range(plan.verdicts):
        board.take([_signal(path, kind, turn) for path in paths for kind in path.kinds])
    return board


def _signal(path: WatchedPath, kind: Kind, turn: int) -> Signal:
    at = utc_now()
    number = int(path.company.removeprefix("company")) * len(Kind) + list(Kind).index(kind) + turn
    took = None if number % FAILING == 0 else timedelta(seconds=(number * 37) % 700)
    bad = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "blocked")
    good = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
    return Signal(
        *(number, f"{number:0>16}", path.company, path.path, kind, Role.SENDER, at, at),
        verdict=good if took else bad,
        delivery=took,
    )


async def _scraped(url: str, plan: Plan) -> list[Finding]:
    found: list[Finding] = []
    async with ClientSession(auto_decompress=False) as http:
        for name, headers in ASKED.items():
            took: list[float] = []
            async with loop_lag() as lags:
                for _ in range(plan.scrapes):
                    await asyncio.sleep(MAX_REST_SECONDS)  # as Prometheus, which does not ask all the time
                    began = time.perf_counter()
                    async with http.get(url, headers=headers) as answer:
                        body = await answer.read()
                    took.append(time.perf_counter() - began)
            found += [
                Figure(GROUP, f"{name}: seconds", "s", tuple(took), "<= 0.3"),
                Figure(GROUP, f"{name}: size", "kB", (len(body) / 1000,)),
                Figure(GROUP, f"{name}: lag of the event loop, most", "ms", (quantile(lags, 1.0) * 1000,)),
            ]
            if name == PLAIN:
                samples = sum(not line.startswith(b"#") for line in body.splitlines())
                found.append(Figure(GROUP, "samples", "", (float(samples),)))
    return found
