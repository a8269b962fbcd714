"""A scrape of /metrics with ten thousand companies that get all kinds of mail: how long it takes, how large it is, and
how late the event loop serves others meanwhile. Half of the companies changed since the last one: with an interval of
five minutes and a scrape every thirty seconds it is four of ten.

The yardstick writes all lines anew in a thread, from a copy of all, and joins and encodes them at once.
"""

import asyncio
import gc
import http.client
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from monitor.clock import utc_now
from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.output.company_lines import lines_of
from monitor.output.exposition import Escaped, Format
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board, CompanyState
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
YARDSTICK = "yardstick: all at once, text"
UNCHANGED = "OpenMetrics, gzip, no company changed"
PATIENCE_SECONDS, LONGEST_SECONDS = 60, 240.0


@dataclass(frozen=True, slots=True)
class Plan:
    """So many companies, each with so many verdicts per kind; each format scraped so often."""

    companies: int
    verdicts: int
    scrapes: int
    steps: int = 3


FULL = Plan(companies=10_000, verdicts=8, scrapes=5)
QUICK = Plan(companies=10_000, verdicts=2, scrapes=2)


class AllAtOnce(Metrics):
    """The yardstick."""

    def __init__(self, board: Board, gauges: Gauges) -> None:
        super().__init__(board, gauges)
        self._all = board

    async def pieces(self, form: Format = Format.PLAIN, companies: frozenset[str] | None = None) -> Sequence[bytes]:
        """Write the lines of companies only."""
        return [await asyncio.to_thread(_at_once, [self._all.company(each) for each in self._all.revisions])]


def _at_once(companies: list[CompanyState]) -> bytes:
    safe = Escaped()
    return "".join([line.decode() for company in companies for line in lines_of(company, safe)]).encode()


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """The state is made, and scraped over HTTP."""
    step(f"{plan.companies:,} companies with verdicts")
    board = state(plan)
    gauges = Gauges(lambda: 0, timedelta, dict, dict)
    step("scraped")
    async with _served(Metrics(board, gauges)) as port:
        found = await _formats(board, port, plan)
    step("the yardstick")
    async with _served(AllAtOnce(board, gauges)) as port:
        yardstick, _ = await _scraped(board, port, plan, YARDSTICK, ASKED[PLAIN])
    return [*found, *yardstick]


@asynccontextmanager
async def _served(metrics: Metrics) -> AsyncIterator[int]:
    with bench_folder() as folder:
        async with open_pages_app(Path(folder), LONGEST_SECONDS) as pages_app:
            app = instruments(replace(pages_app.backend, metrics=metrics))
            async with serving(app, Endpoint(HOST, 0)) as port:
                yield port


def state(plan: Plan) -> Board:
    """What a service that watches so many companies knows of them."""
    board = Board()
    populate(board, plan)
    return board


def populate(board: Board, plan: Plan) -> None:
    """Make this board that of a service that watches so many companies."""
    systems = len(MAIL_SYSTEMS)
    paths = [
        watched(
            None, None, company=f"company{number:04}", kinds=tuple(Kind), mail_systems=(MAIL_SYSTEMS[number % systems],)
        )
        for number in range(plan.companies)
    ]
    board.configure(paths)
    for turn in range(plan.verdicts):
        board.take([signal_of(path, kind, turn) for path in paths for kind in path.kinds])


def signal_of(path: WatchedPath, kind: Kind, turn: int) -> Signal:
    """A verdict on this path; some of them are bad."""
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


async def _formats(board: Board, port: int, plan: Plan) -> list[Finding]:
    found: list[Finding] = []
    for name, headers in ASKED.items():
        figures, body = await _scraped(board, port, plan, name, headers)
        found += figures
        if name == PLAIN:
            samples = [line for line in body.splitlines() if not line.startswith(b"#")]
            found.append(Figure(GROUP, "samples", "", (float(len(samples)),)))
            found.append(Figure(GROUP, "samples a path", "", (len(samples) / plan.companies,), "<= 13"))
    figures, _ = await _scraped(board, port, plan, UNCHANGED, ASKED[GZIP], changes=False)
    return [*found, *figures]


async def _scraped(
    board: Board, port: int, plan: Plan, name: str, headers: Mapping[str, str], *, changes: bool = True
) -> tuple[list[Finding], bytes]:
    took: list[float] = []
    cpu: list[float] = []  # which other load on the machine does not change
    lags: list[float] = []
    for turn in range(plan.scrapes):
        if changes:
            board.take([signal_of(path, path.kinds[0], turn) for path in [*board.paths.values()][turn % 2 :: 2]])
        gc.collect()  # of what the bench made
        await asyncio.sleep(MAX_REST_SECONDS)  # as Prometheus, which does not ask all the time
        async with loop_lag() as late:
            began, cpu_before = time.perf_counter(), time.process_time()
            body = await asyncio.to_thread(_read, port, headers)
            took.append(time.perf_counter() - began)
            cpu.append(time.process_time() - cpu_before)
        lags += late or [0.0]  # over before the first moment
    of_yardstick = name == YARDSTICK
    return [
        Figure(GROUP, f"{name}: seconds", "s", tuple(took), "" if of_yardstick else "<= 0.3"),
        Figure(GROUP, f"{name}: CPU, with the client", "s", tuple(cpu)),
        Figure(GROUP, f"{name}: size", "kB", (len(body) / 1000,)),
        Figure(GROUP, f"{name}: lag, p99", "ms", (quantile(lags, 0.99) * 1000,), "" if of_yardstick else "< 50"),
        Figure(GROUP, f"{name}: lag, most", "ms", (quantile(lags, 1.0) * 1000,)),
    ], body


def _read(port: int, headers: Mapping[str, str]) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/metrics", headers=dict(headers))
        return connection.getresponse().read()
    finally:
        connection.close()
