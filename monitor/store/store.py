"""The store, as the rest of the service sees it."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine

from monitor.incidents.incident import Entry, Incident
from monitor.incidents.mute import Mute
from monitor.incidents.notice import Notice
from monitor.incidents.ruling import Line, Ruling
from monitor.store import incident_reads, reads, rows
from monitor.store.columns import legible
from monitor.store.database import READERS, connect, explained
from monitor.store.records import Listed, NoticeRecord, Present, Record, StoreError
from monitor.store.schema import prepare
from monitor.store.writer import Writer
from monitor.store.writes import RULES_SAW, Row, Step, Transactions, Write
from probes.evidence import Attempt, Evidence
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Verdict

KEY = "key"  # the fact that is settled once
FORGET_AT_ONCE = 50  # probes, or incidents, in one write, so that others are not kept waiting

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """Everything that is remembered. When a method that writes returns, what it wrote outlives the process.

    A write is not taken back when its caller is cancelled while it waits. Every method raises StoreError when the store
    fails; those that write of a probe that was never launched, or is forgotten, raise NoSuchProbeError.
    """

    def __init__(self, engine: Engine, writer: Writer, readers: ThreadPoolExecutor) -> None:
        self._engine, self._writer, self._readers = engine, writer, readers

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncGenerator[Self]:
        """The store at `url`, "sqlite:///relative.db" or "sqlite:////absolute.db", made or migrated where needed.

        Leaving it waits until everything is written. Raises StoreError.
        """
        readers = ThreadPoolExecutor(READERS, "store-reader")
        try:
            engine = await asyncio.get_running_loop().run_in_executor(readers, _open, url)
            try:
                writer = Writer(Transactions(engine).commit)
                try:
                    yield cls(engine, writer, readers)
                finally:
                    await writer.close()
            finally:
                engine.dispose()
        finally:
            readers.shutdown(wait=False, cancel_futures=True)

    async def key(self) -> bytes:
        """32 random bytes, made once and the same for every process that uses this store."""
        key = await self._read(reads.fact, KEY)
        if key is None:
            await self._write((Step.KEEP, {"name": KEY, "value": secrets.token_hex(32)}))
            key = await self._read(reads.fact, KEY)
        return bytes.fromhex(key or "")

    async def launch(self, probe: Probe, mailbox: str, first: Attempt) -> None:
        """Remember a new probe together with its first attempt."""
        await self._write(*rows.launched(probe, mailbox, first))

    async def add(self, probe_id: str, *evidence: Evidence) -> bool:
        """Keep what was seen. True if all of it is new; what has a name in `once` and is there is not stored again."""
        return await self._write(*rows.seen(probe_id, evidence)) == len(evidence)

    async def learn(
        self,
        probe_id: str,
        news: Sequence[Evidence],
        verdict: Verdict | None,
        at: datetime,
        *,
        closed: bool,
        delivery: timedelta | None,
    ) -> None:
        """Keep news and what they mean, all of it or nothing. None: the verdict is what it was, or there is none yet.

        Verdicts stand beside each other; the latest counts. `closed`: nothing is waited for any more. Evidence that has
        a name in `once` and is there is not stored again.
        """
        new = [*rows.seen(probe_id, news)]
        if verdict:
            new += rows.judged(probe_id, verdict, at, delivery)
        if closed:
            new.append((Step.CLOSE, {"probe": probe_id, "at": at}))
        if new:
            await self._write(*new)

    async def in_flight(self) -> list[Record]:
        """Every probe that is not closed, oldest first."""
        return await self._read(reads.in_flight)

    async def record(self, probe_id: str) -> Record | None:
        """One probe with all that is known of it."""
        return await self._read(reads.record, legible(probe_id))

    async def find(self, prefix: str) -> list[str]:
        """Ids of probes that begin with `prefix`, at most 10, in their order."""
        return await self._read(reads.find, legible(prefix))

    async def present(self) -> list[Present]:
        """The verdict on the newest probe that has one, for every company, path, kind and role there ever was."""
        return await self._read(reads.all_present)

    async def recent(self, company: str, path: str, limit: int = 50) -> list[Listed]:
        """The newest probes of a path with their latest verdicts, newest first."""
        return await self._read(reads.recent, company, path, limit)

    async def launched_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many probes, of both roles, each (company, path) has had since then.

        Counted are paths that have a verdict or a probe in flight.
        """
        return await self._read(reads.launched_since, since)

    async def prune(self, before: datetime) -> int:
        """Forget probes closed before then, with evidence and verdicts; how many. The present state stays.

        Also incidents closed before then, with their history and notices, unless a notice of theirs waits still.
        """
        await self._forget(Step.FORGET_INCIDENTS, before)
        return await self._forget(Step.FORGET, before)

    async def rulings(self, after: int, most: int = 500) -> list[Ruling]:
        """The verdicts whose number is greater than `after`, in the order in which they were stored, at most so many.

        Numbers only grow; there are gaps where verdicts are forgotten.
        """
        return await self._read(reads.rulings, after, most)

    async def last_ruling(self) -> int:
        """The number of the newest verdict, 0 if there is none."""
        return await self._read(reads.last_ruling)

    async def history(self, line: Line, role: Role, upto: int, most: int) -> list[Ruling]:
        """What was known when verdict `upto` was stored: the latest verdict until then of each of the newest `most`
        probes that had one, oldest probe first. Only the newest 1,000 probes of the path are looked through."""
        return await self._read(reads.line, line, role, upto, most)

    async def advance(
        self, upto: int, incidents: Sequence[Incident], entries: Sequence[Entry], notices: Sequence[Notice]
    ) -> None:
        """The rules have seen all verdicts up to that number, and this is what came of it: all of it or nothing.

        Incidents take the place of those with the same id; entries and notices are added.
        """
        await self._write(*rows.advanced(upto, incidents, entries, notices))

    async def rules_saw(self) -> int | None:
        """The number of the last verdict that the rules have seen, None if they never saw any."""
        saw = await self._read(reads.fact, RULES_SAW)
        return None if saw is None else int(saw)

    async def open_incidents(self) -> list[Incident]:
        """Incidents that go on, oldest first."""
        return await self._read(incident_reads.open_incidents)

    async def recently_closed(self, since: datetime) -> list[Incident]:
        """Incidents that ended at that time or later, in the order of their ends."""
        return await self._read(incident_reads.closed_since, since)

    async def incidents(self, most: int, *, open_only: bool) -> list[Incident]:
        """At most so many incidents: open ones first, and in both groups the newest first."""
        return await self._read(incident_reads.newest, most, open_only)

    async def find_incidents(self, prefix: str) -> list[Incident]:
        """Incidents whose id begins with `prefix`, at most 10, in the order of their ids."""
        return await self._read(incident_reads.find, legible(prefix))

    async def entries(self, incident_id: str) -> list[Entry]:
        """The history of an incident, in the order in which it was written."""
        return await self._read(incident_reads.entries, legible(incident_id))

    async def notices_of(self, incident_id: str) -> list[NoticeRecord]:
        """All notices about an incident with what became of them, oldest first."""
        return await self._read(incident_reads.notices_of, legible(incident_id))

    async def waiting(self, now: datetime, most: int) -> list[NoticeRecord]:
        """At most so many notices that can be delivered now: of each incident and channel the first undelivered one, if
        its next try is due. What was tried least comes first, then what is oldest."""
        return await self._read(incident_reads.waiting, now, most)

    async def delivered(self, notice_id: str, at: datetime) -> None:
        """Keep that a notice of `waiting` has reached its channel. The first time counts."""
        row = {"notice": notice_id, "tried": at}
        await self._write((Step.DELIVERED, row), (Step.OUTSAID, row))

    async def put_off(self, notice_id: str, at: datetime, next_try_at: datetime, reason: str) -> None:
        """Keep that a try failed at `at` and why, and when to try again."""
        row = {"notice": notice_id, "tried": at, "next": next_try_at, "reason": reason}
        await self._write((Step.PUT_OFF, row))

    async def queues(self) -> dict[str, tuple[int, datetime]]:
        """How many notices wait for each channel that has any, and when the oldest of them was made."""
        return await self._read(incident_reads.queues)

    async def lasting(self, channel: str) -> list[Notice]:
        """The last delivered notice of each incident on this channel, if it does not end it; oldest first."""
        return await self._read(incident_reads.lasting, legible(channel))

    async def add_mute(self, mute: Mute) -> None:
        """Keep a new mute."""
        await self._write(*rows.muted(mute))

    async def end_mute(self, mute_id: str, at: datetime, by: str) -> bool:
        """End a mute before its time. False if there is none, or it was over already."""
        return await self._write((Step.END_MUTE, {"mute": legible(mute_id), "over_at": at, "who": by})) > 0

    async def mutes(self, *, active_at: datetime | None = None) -> list[Mute]:
        """All mutes there ever were, or those that are not over at that time, oldest first.

        One that has not begun is not over, nor is a weekly one between two of its times.
        """
        if active_at is None:
            return await self._read(incident_reads.all_mutes)
        return await self._read(incident_reads.mutes_not_over, active_at)

    async def _forget(self, step: Step, before: datetime) -> int:
        forgotten = 0
        while gone := await self._write((step, {"before": before, "most": FORGET_AT_ONCE})):
            forgotten += gone
        return forgotten

    async def _write(self, *steps: tuple[Step, Row]) -> int:
        return await self._writer.write(Write(steps))

    async def _read(self, ask: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def answer() -> T:
            try:
                with self._engine.begin() as connection:
                    return ask(connection, *args, **kwargs)
            except Exception as error:
                raise explained(self._engine, error) from error

        try:
            answered = asyncio.get_running_loop().run_in_executor(self._readers, answer)
        except RuntimeError:  # they were sent home
            raise StoreError("the store is closed") from None
        return await answered


def _open(url: str) -> Engine:
    engine = connect(url)
    try:
        prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
