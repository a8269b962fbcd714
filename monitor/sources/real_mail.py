"""Reads what became of the sender's real mail from the log of its own service, counts it, and follows its refusals.

The counts, those by hour, the refusals, and the time up to which the log is read are written in one transaction: after
a kill no row is counted twice, and none is left out as long as the service keeps its log.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple, Protocol

import structlog

from monitor.errors import UserError
from monitor.real_mail.counts import OVERLAP, HourKey, RealCounts, RealKey, ReplyKey, counted, decode, encode
from monitor.real_mail.refusals import RealRefusals, RefusalsSoFar, follow
from monitor.repeated import Repeated
from monitor.supervised import SupervisedTask
from probes.outside import Outside
from probes.traces import SentMailLog, TraceError

IDLE_SECONDS = 60.0  # between looks while nothing is counted
RETRY_SECONDS = 30.0  # after the store has failed
GATHER_SECONDS = 5.0  # in which hints are gathered, of which each mail may bring one

log = structlog.get_logger("real_mail")


class RealMailBook(Protocol):
    """The store's port for real mail. Everything raises a UserError if it fails."""

    async def position(self) -> str | None: ...
    async def refusals(self) -> Iterable[RealRefusals]: ...
    async def add(
        self,
        hours: Mapping[HourKey, int],
        position: str,
        *,
        refusals: Iterable[RealRefusals],
        replies: Mapping[ReplyKey, int],
    ) -> None: ...


class RealPlan(NamedTuple):
    """The log to read and its account, how often, the company of each domain, and the recipients of probes, which do
    not count."""

    log: SentMailLog
    account: str
    every: timedelta
    companies: Mapping[str, str]
    probes: frozenset[str]


class RealMail:
    """Reads and counts. `totals` is what is known, by company, what became of it, and why."""

    def __init__(self, book: RealMailBook, outside: Outside, on_refusals: Callable[[], None]) -> None:
        """Call `on_refusals` when what is stored of refusals has changed."""
        self._book, self._outside, self._on_refusals = book, outside, on_refusals
        self._repeated = Repeated()
        self._plan: RealPlan | None = None
        self._known: RealCounts | None = None
        self._paused = False
        self._refusals = RefusalsSoFar()
        self._woken = asyncio.Event()
        self._task = SupervisedTask("real mail", self._run)

    @property
    def totals(self) -> Mapping[RealKey, int]:
        """The counts of the companies that are configured."""
        known = self._known.totals if self._known else {}
        companies = set(self._plan.companies.values()) if self._plan else set[str]()
        return {key: count for key, count in known.items() if key[0] in companies}

    def configure(self, plan: RealPlan | None) -> None:
        """Count by this plan from now on; None: count nothing."""
        self._plan = plan
        self._woken.set()

    def poke(self, account: str) -> None:
        """Read the log soon, if it is that of this account: it has something new."""
        if self._plan and self._plan.account == account:
            self._woken.set()

    def start(self) -> None:
        """Begin with what the store knows."""
        self._task.start()

    async def close(self) -> None:
        """Read no more."""
        await self._task.close()

    async def step(self) -> None:
        """Read what is new, count it, and store the counts. Raises UserError if the store fails."""
        if (plan := self._plan) is None:
            await self._pause()
            return
        self._paused = False
        if self._known is None:
            self._refusals = RefusalsSoFar({each.company: each for each in await self._book.refusals()})
            position = await self._book.position()
            known = decode(position, self._outside.now())
            if position is None:  # what comes from now on is counted, also after a restart
                await self._book.add({}, encode(known), refusals=(), replies={})
            self._known = known
        try:
            began = self._outside.now()
            rows, goes_on = await plan.log.sent(self._known.since, self._outside)
        except TraceError as error:
            self._repeated.tell("log", log.warning, "real mail not counted", reason=str(error))
            return
        since = goes_on or max(began - OVERLAP, self._known.since)
        new = counted(self._known, rows, plan.companies, plan.probes, since)
        refusals = follow(self._refusals, new.mails)
        changed = [each for each in refusals.shown.values() if self._refusals.shown.get(each.company) != each]
        if new.counts != self._known:
            await self._book.add(new.hours, encode(new.counts), refusals=changed, replies=new.replies)
            self._known, self._refusals = new.counts, refusals
        if changed:
            self._on_refusals()

    async def _pause(self) -> None:
        """Note that nothing is counted: mail of this time is not counted later either."""
        if self._paused:
            return
        now = self._outside.now()
        if (position := await self._book.position()) is not None:
            await self._book.add({}, encode(decode(position, now), paused=True), refusals=(), replies={})
        self._known, self._paused = None, True

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait = self._plan.every.total_seconds() if self._plan else IDLE_SECONDS
            try:
                await self.step()
            except UserError:  # the store fails, of which the service tells
                self._known, wait = None, RETRY_SECONDS  # it may have taken the last counts, or not
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
                    await asyncio.sleep(GATHER_SECONDS)
