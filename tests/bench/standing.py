"""Standing: one full reading, the CPU time of an hour of it, and how late the event loop is with a hundred senders.

The name server is the sandbox's, in a process of its own: its time is not ours. The yardstick is the DNS library alone,
with the same questions.
"""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import dns.asyncresolver
import dns.exception

from monitor.clock import utc_now
from monitor.sandbox.nameserver import sandbox_dns
from probes.http import HttpSession
from probes.resolver import DnsAnswer, DnsResolver, Unresolved
from probes.sender import Identity, Role
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State
from probes.standing.survey import READERS, survey
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.load import loop_lag, loop_turns
from tests.bench.round_trip import Step
from tests.bench.sink import HOST

GROUP = "Standing"
LISTS_AN_HOUR = 4  # [standing] lists = "15m", every = "1h"
AT_ONCE = 8  # senders that are read at the same time; SPF has to be done within 20 s (RFC 7208, section 4.6.4)
SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    *("104.130.122.50", "account.trimble.com", "[UNAVAILABLE]", "bounce@account.trimble.com"),
)
SUBJECT = Subject(SENDER.domain, SENDER.domain, SENDER.source_ip, SENDER.helo, ("k1",))
FACTS = tuple(question for question in READERS if question is not Question.BLOCKLIST)
BUSY_SECONDS, TURN_SECONDS = 10.0, 0.001
REFRESH = "one full reading"


@dataclass(frozen=True, slots=True)
class Plan:
    """So many readings of one sender, and so many senders at the end."""

    rounds: int
    senders: int
    steps: int = 3


FULL = Plan(rounds=10, senders=100)
QUICK = Plan(rounds=3, senders=20)


@dataclass
class Counting:
    """A resolver that keeps what it was asked."""

    real: DnsResolver
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def lookup(
        self, name: str, kind: str, *, timeout: float, authoritative: bool = False
    ) -> DnsAnswer | Unresolved:
        """Ask."""
        self.asked.append((name, kind))
        return await self.real.lookup(name, kind, timeout=timeout, authoritative=authoritative)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """All of it, with one name server."""
    async with _name_server() as port, HttpSession() as http:
        resolver = DnsResolver([f"{HOST}:{port}"], authority_port=port)
        asker = Asker(resolver, http, utc_now)
        step("standing: one full reading")
        found = await _refresh(asker, resolver, port, plan.rounds)
        step("standing: an hour")
        found.append(await _hour(asker, plan.rounds))
        step(f"standing: {plan.senders} senders")
        gc.collect()
        gc.freeze()  # as the service does once it has its configuration: see `Planner.configure`
        return [*found, *await _senders(asker, plan.senders)]


async def _refresh(asker: Asker, resolver: DnsResolver, port: int, rounds: int) -> list[Finding]:
    counting = Counting(resolver)
    facts = await survey(list(READERS), SUBJECT, replace(asker, resolver=counting))  # type: ignore[arg-type]
    _check(facts)
    ours, bare = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        await survey(list(READERS), SUBJECT, asker)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        await _bare(port, counting.asked)
        bare.append(time.perf_counter() - began)
    return [
        Figure(GROUP, "questions to DNS in one full reading", "", (float(len(counting.asked)),)),
        Figure(GROUP, REFRESH, "s", tuple(ours), "<= 2, for 60 questions"),
        Figure(GROUP, "yardstick: the DNS library, the same questions", "s", tuple(bare)),
    ]


async def _bare(port: int, asked: Sequence[tuple[str, str]]) -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [HOST], port

    async def ask(name: str, kind: str) -> None:
        with suppress(dns.exception.DNSException):  # there is no such name
            await resolver.resolve(name, kind, search=False, raise_on_no_answer=False)

    await asyncio.gather(*(ask(name, kind) for name, kind in asked))


async def _hour(asker: Asker, rounds: int) -> Figure:
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        await survey(FACTS, SUBJECT, asker)
        for _ in range(LISTS_AN_HOUR):
            await survey([Question.BLOCKLIST], SUBJECT, asker)
        spent.append(time.process_time() - began)
    return Figure(GROUP, "an hour of standing for one sender", "s CPU", tuple(spent), "<= 1")


async def _senders(asker: Asker, count: int) -> list[Finding]:
    room, began = asyncio.Semaphore(AT_ONCE), time.perf_counter()

    async def read() -> Sequence[Fact]:
        async with room:
            return await survey(list(READERS), SUBJECT, asker)

    async with loop_lag() as lags:
        with loop_turns() as turns:
            everything = await asyncio.gather(*(read() for _ in range(count)))
    for facts in everything:
        _check(facts)
    took = time.perf_counter() - began
    late, longest = (1000 * quantile(lags, 0.99),), tuple(1000 * each for each in (quantile(turns, 0.99), max(turns)))
    return [
        Figure(GROUP, f"{count} senders, {AT_ONCE} at once: event loop late, 99 of 100", "ms", late, "< 50"),
        Figure(GROUP, "yardstick: a loop that only counts, as late", "ms", (await _busy(min(took, BUSY_SECONDS)),)),
        Figure(
            GROUP,
            f"{count} senders, {AT_ONCE} at once: one turn of the event loop, 99 of 100",
            "ms CPU",
            longest[:1],
            "< 50",
        ),
        Figure(GROUP, f"{count} senders, {AT_ONCE} at once: its longest turn", "ms CPU", longest[1:]),
        Figure(GROUP, f"{count} senders, {AT_ONCE} at once: all read in", "s", (took,)),
    ]


async def _busy(seconds: float) -> float:
    """Return how late a loop is that needs the CPU all the time, in turns of TURN_SECONDS: what the machine adds."""
    end = time.perf_counter() + seconds
    async with loop_lag() as lags:
        while time.perf_counter() < end:
            began = time.thread_time()
            while time.thread_time() - began < TURN_SECONDS:
                pass
            await asyncio.sleep(0)
    return 1000 * quantile(lags, 0.99)


def _check(facts: Sequence[Fact]) -> None:
    """What is unknown was not read, and would be fast for nothing."""
    unread = [fact for fact in facts if fact.state is State.UNKNOWN]
    if unread:
        raise AssertionError(f"not read: {unread[0]}")


@asynccontextmanager
async def _name_server() -> AsyncIterator[int]:
    command = (sys.executable, "-m", "tests.bench.standing")
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()  # at whose end it ends
        await process.wait()


async def _serve() -> None:
    async with sandbox_dns(SENDER, ()) as port:
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
