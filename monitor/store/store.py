"""The store, as the rest of the service sees it: five ports by subject, and what concerns all of it."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from sqlalchemy import Engine

from monitor.measures.histogram import Histogram
from monitor.store import lease, reads, retention, rows
from monitor.store.access import StoreAccess, StoreOperation
from monitor.store.database import READERS, connect
from monitor.store.diagnoses import DiagnosisStore
from monitor.store.health import Health
from monitor.store.incidents import IncidentStore
from monitor.store.lease import Lease, Process
from monitor.store.orders import OrderStore
from monitor.store.ownership import OwnershipStore
from monitor.store.packing import Packer
from monitor.store.people import PeopleStore
from monitor.store.probes import ProbeStore
from monitor.store.real_mail import RealMailStore
from monitor.store.refresh_tokens import RefreshTokenStore
from monitor.store.remedies import RemedyStore
from monitor.store.reports import ReportStore
from monitor.store.requests import RequestStore
from monitor.store.result_counts import HOURS_KEPT_FOR, day_of
from monitor.store.retention import (
    FORGET_AT_ONCE,
    LOOK_AT_ONCE,
    NAMES_KEPT_FOR,
    REFUSALS_KEPT_FOR,
    REMEMBERED_FOR,
    SHARES_KEPT_FOR,
    STANDING_KEPT_FOR,
)
from monitor.store.schema import prepare
from monitor.store.share_links import ShareLinkStore
from monitor.store.standing import StandingStore
from monitor.store.statements import SqlStatement
from monitor.store.writer import Writer
from monitor.store.writes import Transactions

KEY = "key"  # the fact that is settled once
EVIDENCE_PRUNED = "evidence_pruned"  # the fact that tells up to which closed probe


class Store:
    """Everything that is remembered. When a method that writes returns, what it wrote outlives the process.

    A write is not undone if its caller is cancelled while waiting. Every method raises StoreError if the store fails;
    writes about a probe that was never launched, or has been deleted, raise NoSuchProbeError.
    """

    def __init__(self, engine: Engine, packer: Packer, writer: Writer, readers: ThreadPoolExecutor) -> None:
        self._access, self._packer = StoreAccess(engine, writer, readers), packer
        self.probes = ProbeStore(self._access, packer)
        self.incidents = IncidentStore(self._access)
        self.people = PeopleStore(self._access)
        self.ownership = OwnershipStore(self._access)
        self.orders = OrderStore(self._access)
        self.requests = RequestStore(self._access)
        self.reports = ReportStore(self._access)
        self.standing = StandingStore(self._access)
        self.real_mail = RealMailStore(self._access)
        self.diagnoses = DiagnosisStore(self._access, packer)
        self.remedies = RemedyStore(self._access, packer)
        self.share_links = ShareLinkStore(self._access)
        self.refresh_tokens = RefreshTokenStore(self._access)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncGenerator[Self]:
        """Open the store at `url`, "sqlite:///relative.db" or "sqlite:////absolute.db", created or upgraded if needed.

        Leaving it waits until everything is written. Raises StoreError.
        """
        readers = ThreadPoolExecutor(READERS, "store-reader")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(readers, _open, url)
            packer = Packer()
            try:
                writer = Writer(Transactions(engine, packer).commit)
                try:
                    yield cls(engine, packer, writer, readers)
                finally:
                    await writer.close()
            finally:
                engine.dispose()
        finally:
            readers.shutdown(wait=False, cancel_futures=True)

    @property
    def place(self) -> str:
        """Name of the store for people."""
        return self._access.place

    @property
    def health(self) -> Health:
        """Health of the store: does it accept writes?"""
        return self._access.health

    @property
    def seconds(self) -> dict[StoreOperation, Histogram]:
        """Return the times that callers waited for reads and writes since the start."""
        return self._access.seconds

    @property
    def replaced(self) -> asyncio.Event:
        """Set when this process led and another one does now."""
        return self._access.replaced

    async def lease(self) -> Lease | None:
        """Return the lease. Read as if to write it, so that the answer comes only while writes work: otherwise a leader
        cannot renew its lease either."""
        return await self._access.ask_in_turn(lease.read_in_turn)

    async def lead(self, me: Process, seen: Lease | None, at: datetime) -> bool:
        """Lead from now on, if the lease is still as it was seen; whether that is so.

        From then on every write is refused with ReplacedError once another process leads, which sets `replaced`.
        """
        row = lease.taken(me, seen, at)
        if not await self._access.write((SqlStatement.LEAD, row)):
            return False
        self._access.epoch = row["epoch"]
        return True

    async def renew_lease(self) -> None:
        """Tell those who wait for the lease that its holder still works."""
        await self._access.write((SqlStatement.RENEW, {"mine": self._access.epoch}))

    async def release_lease(self) -> None:
        """Lead no more."""
        await self._access.write((SqlStatement.RELEASE, {"mine": self._access.epoch}))

    async def key(self) -> bytes:
        """32 random bytes, made once and the same for every process that uses this store."""
        key = await self._access.read(reads.fact, KEY)
        if key is None:
            await self._access.write((SqlStatement.KEEP, {"name": KEY, "value": secrets.token_hex(32)}))
            key = await self._access.read(reads.fact, KEY)
        return bytes.fromhex(key or "")

    async def fact(self, name: str) -> str | None:
        """Return a single fact; None if it was never kept."""
        return await self._access.read(reads.fact, name)

    async def keep_fact(self, name: str, value: str) -> None:
        """Keep a single fact in place of the one of this name."""
        await self._access.write((SqlStatement.MARK, {"name": name, "value": value}))

    async def prune(self, before: datetime, now: datetime | None = None) -> int:
        """Delete probes closed before then, with evidence and verdicts; returns how many. The current state stays.

        Also incidents closed before then, with history and notices, unless a notice is undelivered. With `now`, also
        expired sessions and invitations, share links that expired 90 days ago, answers older than a day, refused
        sign-ins older than 90 days, standing of more than 400 days ago, and results by hour older than a year: those by
        day are kept. Actions of people who were signed in stay in the audit log.
        """
        if now:
            await self._access.write(
                (SqlStatement.FORGET_SESSIONS, {"now": now}),
                (SqlStatement.FORGET_INVITATIONS, {"now": now}),
                (SqlStatement.FORGET_SHARES, {"before": now - SHARES_KEPT_FOR}),
                (SqlStatement.FORGET_ANSWERS, {"before": now - REMEMBERED_FOR}),
                (SqlStatement.FORGET_FACTS, {"before": now - STANDING_KEPT_FOR}),
                (SqlStatement.FORGET_CHANGES, {"before": now - STANDING_KEPT_FOR}),
                (SqlStatement.FORGET_NAMES, {"before": now - NAMES_KEPT_FOR}),
            )
            await self._forget(SqlStatement.FORGET_HOUR, day_of(now - HOURS_KEPT_FOR))
            await self._forget(SqlStatement.FORGET_REFUSALS, now - REFUSALS_KEPT_FOR)
        await self._forget(SqlStatement.FORGET_INCIDENTS, before)
        await self._access.write(
            (SqlStatement.FORGET_DIAGNOSES, {"before": before}), (SqlStatement.FORGET_REMEDIES, {"before": before})
        )
        return await self._forget(SqlStatement.FORGET, before)

    async def prune_routine(self, evidence_before: datetime, verdicts_before: datetime, at: datetime) -> int:
        """Delete the evidence of routine probes that were closed before the first time, and all about those closed
        before the second. Returns of how many probes something was deleted. Interrupted, it goes on where it was."""
        deleted = 0
        while True:
            after = retention.Place.of(await self._access.read(reads.fact, EVIDENCE_PRUNED))
            found = await self._access.read(retention.closed, after, evidence_before, LOOK_AT_ONCE)
            if found.last is None:
                break
            deleted += await self._access.write(
                *rows.without_evidence(found.routine, at),
                (SqlStatement.MARK, {"name": EVIDENCE_PRUNED, "value": str(found.last)}),
            )
        return deleted + await self._forget(SqlStatement.FORGET_ROUTINE, verdicts_before)

    async def learn_packing(self, at: datetime) -> bool:
        """Learn from the newest mail how to store the next in fewer bytes, if that is worth it; whether it was."""
        content = await self._access.read(self._packer.learnt)
        if content is None:
            return False
        await self._access.write((SqlStatement.DICTIONARY, {"made_at": at, "content": content}))
        await self._access.read(self._packer.use_newest)
        return True

    async def _forget(self, step: SqlStatement, before: datetime) -> int:
        forgotten = 0
        while gone := await self._access.write((step, {"before": before, "most": FORGET_AT_ONCE})):
            forgotten += gone
        return forgotten


def _open(url: str) -> Engine:
    engine = connect(url)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
