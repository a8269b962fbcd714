"""A thousand mailboxes of fifty tenants by Microsoft Graph, over TLS: CPU for each visit, requests, memory.

The other side is a process of its own (`cloud_server`). All mailboxes are visited at the same time, as after an outage;
each account has at most four requests under way.
"""

import asyncio
import gc
import json
import os
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.mailboxes import MailboxSession
from probes.mailboxes.graph import GraphMailbox
from probes.outside import Outside
from tests.bench.cloud_server import CloudAddress, cloud_server, user_of
from tests.bench.figures import Figure, Finding, Remark
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step
from tests.clouds.loopback_microsoft import CLIENT, LoopbackMicrosoft
from tests.support.outside_world import outside_world

GROUP = "Cloud mailboxes"
POLLS_AN_HOUR = 360  # at the default interval, while probes are in flight
LIMIT_AN_HOUR = 60_000  # of one app and mailbox: learn.microsoft.com/graph/throttling-limits, 10,000 in ten minutes


@dataclass(frozen=True, slots=True)
class Plan:
    """So many mailboxes of so many tenants; so many looks at each that find nothing."""

    mailboxes: int
    tenants: int
    looks: int
    steps: int = 4


FULL = Plan(mailboxes=1000, tenants=50, looks=3)
QUICK = Plan(mailboxes=200, tenants=10, looks=1)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Open all, find a probe in each and delete it; then look again and find nothing."""
    with bench_folder() as folder, cloud_server(folder, plan.mailboxes) as cloud:
        async with _outside(plan, cloud) as outside, AsyncExitStack() as visits:
            step("cloud mailboxes: open")
            await outside.http.exchange("POST", f"{cloud.url}/fill", ca_file=Path(cloud.certificate))
            before, kb = await _counts(outside, cloud), _resident()
            began, cpu = time.perf_counter(), time.process_time()
            sessions = await asyncio.gather(
                *(_opened(visits, outside, plan, number) for number in range(plan.mailboxes))
            )
            step("cloud mailboxes: find and delete")
            await asyncio.gather(*(_emptied(each) for each in sessions))
            spent, took = time.process_time() - cpu, time.perf_counter() - began
            visited = await _counts(outside, cloud)
            step("cloud mailboxes: look")
            cpu = time.process_time()
            for _ in range(plan.looks):
                await asyncio.gather(*(each.look(datetime.now(UTC)) for each in sessions))
            looking = time.process_time() - cpu
            looked = await _counts(outside, cloud)
            grown = _resident() - kb
            step("cloud mailboxes: memory")
            kept = await _kept(visits, outside, plan)
    return [
        *_figures(plan, before, visited, looked, [spent, looking, took]),
        Figure(GROUP, "memory of a mailbox that is open", "kB", (kept,), "<= 20"),
        Figure(GROUP, "memory of each while all are visited at once (RSS)", "kB", (grown / plan.mailboxes,)),
        Remark(GROUP, f"the vendor allows {LIMIT_AN_HOUR:,} requests an hour for one app and mailbox"),
    ]


async def _kept(visits: AsyncExitStack, outside: Outside, plan: Plan) -> float:
    """Memory that one more open mailbox takes after a look, in kB, without what the allocator keeps for later."""
    more = max(plan.mailboxes // 5, 1)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        sessions = [await _opened(visits, outside, plan, number) for number in range(more)]
        for each in sessions:
            await each.look(datetime.now(UTC))
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / more / 1000
    finally:
        tracemalloc.stop()


def _figures(
    plan: Plan, before: dict[str, int], visited: dict[str, int], looked: dict[str, int], measured: list[float]
) -> list[Finding]:
    spent, looking, took = measured
    a_look = (looked["requests"] - visited["requests"]) / plan.mailboxes / plan.looks
    an_hour = a_look * POLLS_AN_HOUR
    return [
        Figure(GROUP, "a visit that finds a probe and deletes it", "ms CPU", (1000 * spent / plan.mailboxes,), "<= 50"),
        Figure(GROUP, "a look that finds nothing", "ms CPU", (1000 * looking / plan.mailboxes / plan.looks,), "<= 20"),
        Figure(GROUP, f"all {plan.mailboxes} visited at once", "s", (took,)),
        Figure(
            GROUP, "requests of a visit", "", ((visited["requests"] - before["requests"]) / plan.mailboxes,), "<= 5"
        ),
        Figure(GROUP, "requests of a look", "", (a_look,), "<= 2"),
        Figure(GROUP, "requests an hour of a mailbox that always waits for a probe", "", (an_hour,), "<= 60000"),
        Figure(
            GROUP, f"tokens asked for by {plan.tenants} tenants", "", (float(looked["tokens"]),), f"<= {plan.tenants}"
        ),
    ]


@asynccontextmanager
async def _outside(plan: Plan, cloud: CloudAddress) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        accounts = Accounts(http, lambda: datetime.now(UTC))
        keys: dict[str, Any] = {
            "provider": "microsoft", "tenant": "acme.example", "client": CLIENT, "secret": SecretStr("x"),
            "ca_file": cloud.certificate, "budget": {"per_5_minutes": 1_000_000},
            "sign_in_url": f"{cloud.url}/token", "graph_url": f"{cloud.url}/graph",
        }  # fmt: skip
        settings = LoopbackMicrosoft.model_validate(keys, context={"folder": Path()})
        accounts.configure({f"tenant{number}": settings for number in range(plan.tenants)})
        try:
            yield outside_world(http=http, accounts=accounts)
        finally:
            await accounts.close()


async def _opened(visits: AsyncExitStack, outside: Outside, plan: Plan, number: int) -> MailboxSession:
    mailbox = GraphMailbox(via="graph", account=f"tenant{number % plan.tenants}", user=user_of(number))
    return await visits.enter_async_context(mailbox.open(outside))


async def _emptied(session: MailboxSession) -> None:
    found = await session.look(datetime.now(UTC))
    assert len(found) == 1
    await session.remove(found)


async def _counts(outside: Outside, cloud: CloudAddress) -> dict[str, int]:
    answer = await outside.http.exchange("GET", f"{cloud.url}/counts", ca_file=Path(cloud.certificate))
    assert not isinstance(answer, str), answer
    return dict(json.loads(answer.body))


def _resident() -> float:
    """Memory of this process, in kB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1000
