"""Triage with a thousand companies over a store with weeks of results: how long the help desk waits for an answer.

Asked over HTTP by the API, for a company that fails, one that is well, a misspelt domain, and one that
nobody knows (DNS answers at once: its time is not ours).
"""

import asyncio
import gc
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.clock import utc_now
from probes.answer import Fault
from probes.resolver import Unresolved
from tests.bench import scrape
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.load import PATIENCE
from tests.bench.loopback_service import bench_folder
from tests.bench.million import fill
from tests.bench.round_trip import Step
from tests.support.pages_app import PagesApp, open_pages_app

GROUP = "Help desk"
TARGET_MS = 100
SPAN = timedelta(days=14)
ASKED = {
    "a company that fails": "jane@company0000.example",
    "a company that is well": "jane@company0001.example",
    "one letter wrong": "jane@compnay0001.example",
    "nobody knows it": "jane@elsewhere.example",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """So many companies and stored results; each question asked so often."""

    companies: int
    results: int
    asked: int

    @property
    def steps(self) -> int:
        """One for the store, one for each question."""
        return 1 + len(ASKED)


FULL = Plan(companies=1_000, results=200_000, asked=50)
QUICK = Plan(companies=1_000, results=20_000, asked=10)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Ask a service that watches so many companies."""
    state = scrape.Plan(plan.companies, verdicts=1, scrapes=0)
    with bench_folder() as folder:
        step(f"{plan.companies:,} companies")
        await fill(folder / "mailpath.db", plan.results, [*scrape.state(state).paths], utc_now(), SPAN)
        async with open_pages_app(folder, 4 * PATIENCE) as app:
            scrape.populate(app.backend.board, state)
            object.__setattr__(app.backend, "mail_hosts", _silent)
            gc.freeze()  # as the service does with what lives as long as its configuration
            token = await app.token("bench")
            found: list[Finding] = []
            for name, address in ASKED.items():
                step(name)
                found += _figures(name, await _asked(app, token, address, plan.asked))
            return found


async def _silent(domain: str, seconds: float) -> Unresolved:
    return Unresolved(Fault.DOMAIN_UNKNOWN, f"{domain} does not exist")


def _figures(name: str, took: Sequence[float]) -> list[Finding]:
    return [
        Figure(GROUP, f"triage, {name}: median", "ms", (1000 * quantile(took, 0.5),), f"<= {TARGET_MS}"),
        Figure(GROUP, f"triage, {name}: longest", "ms", (1000 * max(took),)),
    ]


async def _asked(app: PagesApp, token: str, address: str, times: int) -> list[float]:
    url = f"{app.url}/api/v1/triage?address={address}"
    await asyncio.to_thread(_get, url, token)  # the first answer does not count
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await asyncio.to_thread(_get, url, token)
        took.append(time.perf_counter() - began)
    return took


def _get(url: str, token: str) -> None:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        answer.read()
