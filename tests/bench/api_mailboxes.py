"""Mailboxes by Gmail's API and by JMAP: CPU for each visit and look, requests, units of Google's quota.

The other side is a process of its own (`api_server`), over plain HTTP on this machine: what TLS costs, the mailboxes of
Microsoft show (`cloud_mailboxes`).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.mailboxes import MailboxSession
from probes.mailboxes.jmap import JmapMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.bench.api_server import ApiAddress, api_server, gmail_user
from tests.bench.figures import Figure, Finding
from tests.bench.round_trip import Step
from tests.clouds.loopback_google import ACCOUNT, LoopbackGoogle, gmail_mailbox, key_file
from tests.support.outside_world import outside_world

GROUP = "Mailboxes by API"
LOOKS_A_MINUTE = 6  # at the default interval, while probes are in flight
UNITS_A_MINUTE = 6000  # of one user: developers.google.com/workspace/gmail/api/reference/quota


@dataclass(frozen=True, slots=True)
class ApiPlan:
    """So many mailboxes of each kind; so many looks at each that find nothing."""

    mailboxes: int
    looks: int
    steps: int = 2


API_FULL = ApiPlan(mailboxes=300, looks=5)
API_QUICK = ApiPlan(mailboxes=50, looks=2)


async def measure_apis(plan: ApiPlan, step: Step) -> list[Finding]:
    """Open all, find a probe in each, at Google remove it; then look again and find nothing."""
    found: list[Finding] = []
    with api_server(plan.mailboxes) as server, MailboxThreads() as threads:
        async with _outside(server, threads) as outside:
            for kind in ("Gmail", "JMAP"):
                step(f"mailboxes by API: {kind}")
                found += await _measured(plan, outside, server, kind)
    return found


async def _measured(plan: ApiPlan, outside: Outside, server: ApiAddress, kind: str) -> list[Finding]:
    async with AsyncExitStack() as visits:
        await _ask(outside, server, "POST", "fill")
        before, cpu = await _ask(outside, server, "GET", kind), time.process_time()
        sessions = [
            await visits.enter_async_context(_visit(outside, server, kind, number)) for number in range(plan.mailboxes)
        ]
        for session in sessions:
            await session.remove(await session.look(datetime.now(UTC)))
            await session.look(datetime.now(UTC))
        spent, visited = time.process_time() - cpu, await _ask(outside, server, "GET", kind)
        cpu = time.process_time()
        for _ in range(plan.looks):
            await asyncio.gather(*(each.look(datetime.now(UTC)) for each in sessions))
        looking, looked = time.process_time() - cpu, await _ask(outside, server, "GET", kind)
    looks = plan.mailboxes * plan.looks
    requests, units = ((looked[name] - visited[name]) / looks for name in ("requests", "units"))
    first = (visited["requests"] - before["requests"]) / plan.mailboxes
    figures: list[Finding] = [
        Figure(
            GROUP, f"{kind}: a visit that finds a probe", "ms CPU", (1000 * spent / plan.mailboxes,),
            "<= 50",
        ),
        Figure(GROUP, f"{kind}: a look that finds nothing", "ms CPU", (1000 * looking / looks,), "<= 20"),
        Figure(GROUP, f"{kind}: requests of a visit", "", (first,), "<= 12"),
        Figure(GROUP, f"{kind}: requests of a look", "", (requests,), "<= 1"),
    ]  # fmt: skip
    if units:
        figures.append(Figure(GROUP, f"{kind}: units a minute of a mailbox that waits", "", (units * LOOKS_A_MINUTE,)))
    return figures


def _visit(outside: Outside, server: ApiAddress, kind: str, number: int) -> AbstractAsyncContextManager[MailboxSession]:
    if kind == "Gmail":
        return gmail_mailbox(gmail_user(number)).open(outside)
    login = {"user": server.user, "password": SecretStr(server.password)}
    url = f"{server.jmap}/.well-known/jmap"
    # all visit one mailbox, and the next one must find the probe too
    return JmapMailbox.model_validate({"via": "jmap", "url": url, "remove": False, **login}).open(outside)


async def _ask(outside: Outside, server: ApiAddress, method: str, path: str) -> dict[str, int]:
    answer = await outside.http.exchange(method, f"{server.gmail}/bench/{path}")
    assert not isinstance(answer, str), answer
    return dict(json.loads(answer.body or b"{}"))


@asynccontextmanager
async def _outside(server: ApiAddress, threads: MailboxThreads) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        accounts = Accounts(http, lambda: datetime.now(UTC))
        settings = LoopbackGoogle.model_validate({
            "provider": "google", "key": key_file(), "sign_in_url": f"{server.gmail}/bench/token",
            "api_url": server.gmail, "budget": {"per_5_minutes": 1_000_000},
        })  # fmt: skip
        accounts.configure({ACCOUNT: settings})
        try:
            yield outside_world(http=http, accounts=accounts, threads=threads)
        finally:
            await accounts.close()
