"""Results of thirty days added up, of all companies and of one; beside it the sum of all hours in the same run."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path

from monitor.clock import utc_now
from monitor.store import Store, window_start
from monitor.store.columns import instant
from monitor.store.filling import END
from monitor.store.result_counts import DAY, HOUR, day_of
from probes.kinds import Kind
from tests.bench.figures import Figure, Finding
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step

GROUP = "Service level"
FAILS = 97  # one of so many hours of a kind has another result beside the usual one
ALL_HOURS = """
SELECT company, kind, grade, outcome, cause, sum(count) FROM hourly_results WHERE hour >= ?
GROUP BY company, kind, grade, outcome, cause HAVING sum(count) > 0
"""
FILL = """
WITH RECURSIVE hours (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM hours WHERE n + 1 < :hours),
companies (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM companies WHERE n + 1 < :companies)
INSERT INTO hourly_results (hour, company, path, kind, grade, outcome, cause, count)
SELECT :first + h.n * :hour, printf('company%05d', c.n), 'hq', k.value, 'real',
       CASE (h.n * 7 + c.n) % :fails WHEN 0 THEN 'blocked' ELSE 'inbox' END,
       CASE (h.n * 7 + c.n) % :fails WHEN 0 THEN 'ip_blocked' ELSE '' END, 4
FROM hours h, companies c, json_each(:kinds) k
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many companies with all kinds every hour; each question is asked so often."""

    companies: int
    asked: int
    days: int = 30
    steps: int = 3


FULL = Plan(companies=1000, asked=5)
QUICK = Plan(companies=20, asked=3)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """A store is filled with hours, upgraded, and asked, with most and with fewest hours beside the days."""
    with bench_folder() as folder:
        file = folder / "mailpath.db"
        step(f"service level: hours of {plan.companies:,} companies")
        noon = day_of(utc_now()) + DAY / 2
        async with Store.open(f"sqlite:///{file}"):
            pass
        await asyncio.to_thread(_fill, file, plan, instant(day_of(noon) - plan.days * DAY))
        step("service level: days of them")
        upgrade = await asyncio.to_thread(_fill_days, file)
        step("service level: asked")
        since = noon - plan.days * DAY
        async with Store.open(f"sqlite:///{file}") as store:

            async def ask(back: timedelta, companies: list[str] | None) -> None:
                assert await store.probes.results(window_start(since - back, noon), companies)

            of = f"{plan.days} days of {plan.companies:,} companies"
            found: list[Finding] = [Figure(GROUP, f"upgrade: {of}", "s", (upgrade,))]
            found += await _timed(f"{of}, all hours added up", _all_hours(file, instant(since)), min(plan.asked, 3))
            wanted = "≤ 0.3" if plan is FULL else ""
            found += await _timed(f"{of}, from noon", partial(ask, timedelta(), None), plan.asked, wanted)
            found += await _timed(f"{of}, from midnight", partial(ask, DAY / 2, None), plan.asked, wanted)
            found += await _timed(f"{plan.days} days of one", partial(ask, timedelta(), ["company00007"]), plan.asked)
    return found


def _fill(file: Path, plan: Plan, first: int) -> None:
    facts = {"hours": plan.days * 24, "companies": plan.companies, "first": first, "fails": FAILS}
    kinds = "[" + ",".join(f'"{kind}"' for kind in Kind) + "]"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(FILL, facts | {"hour": HOUR // timedelta(microseconds=1), "kinds": kinds})


def _fill_days(file: Path) -> float:
    """As the upgrade does; in seconds."""
    fill = import_module("monitor.store.migrations.versions.r0014_daily_results").FILL
    began = time.perf_counter()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(fill.sql, {"first": 0, "end": END})
    return time.perf_counter() - began


def _all_hours(file: Path, since: int) -> Callable[[], Awaitable[None]]:
    def ask() -> None:
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute(ALL_HOURS, (since,)).fetchall()

    return partial(asyncio.to_thread, ask)


async def _timed(name: str, ask: Callable[[], Awaitable[None]], number: int, wanted: str = "") -> list[Finding]:
    """Time and CPU time of all threads: where others use the machine too, the latter tells what it costs."""
    took, cpu = list[float](), list[float]()
    for _ in range(number):
        began, cpu_began = time.perf_counter(), time.process_time()
        await ask()
        took.append(time.perf_counter() - began)
        cpu.append(time.process_time() - cpu_began)
    return [
        Figure(GROUP, name, "s", tuple(took)),
        Figure(GROUP, f"{name}: CPU", "s", tuple(cpu), wanted),
    ]
