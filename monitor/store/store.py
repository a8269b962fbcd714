"""The store, as the rest of the service sees it."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Engine

from monitor.incidents.incident import HistoryEntry, Incident
from monitor.incidents.mute import Mute
from monitor.incidents.signal import Signal
from monitor.notices.notice import Notice
from monitor.people.person import AuditEntry, Invitation, Person, SignInSession, Token
from monitor.store import incident_reads, list_reads, people_reads, reads, rows
from monitor.store.columns import legible
from monitor.store.database import READERS, connect
from monitor.store.leading import Leading
from monitor.store.records import (
    Cursor,
    ListedProbe,
    NoticeRecord,
    Present,
    ProbeFilter,
    ProbePage,
    ProbeRecord,
    ProbeRow,
    Remembered,
)
from monitor.store.schema import prepare
from monitor.store.writer import Writer
from monitor.store.writes import SIGNALS_SEEN, SqlStatement, Transactions
from probes.check import Check
from probes.evidence import Attempt, Evidence
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Outcome, Verdict

KEY = "key"  # the fact that is settled once
FORGET_AT_ONCE = 50  # probes, or incidents, in one write, so that others are not kept waiting
REMEMBERED_FOR = timedelta(days=1)
REFUSALS_KEPT_FOR = timedelta(days=90)
USE_IS_TOLD = timedelta(minutes=1)  # so that not every request of a token is a write


class Store(Leading):
    """Everything that is remembered. When a method that writes returns, what it wrote outlives the process.

    A write is not taken back when its caller is cancelled while it waits. Every method raises StoreError when the store
    fails; those that write of a probe that was never launched, or is forgotten, raise NoSuchProbeError.
    """

    def __init__(self, engine: Engine, writer: Writer, readers: ThreadPoolExecutor) -> None:
        super().__init__(engine, writer, readers)
        self._used: dict[str, datetime] = {}

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
            await self._write((SqlStatement.KEEP, {"name": KEY, "value": secrets.token_hex(32)}))
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
    ) -> bool:
        """Keep news and what they mean, all of it or nothing. None: the verdict is what it was, or there is none yet.
        True if all news are new.

        Verdicts stand beside each other; the latest counts. `closed`: nothing is waited for any more. Evidence that has
        a name in `once` and is there is not stored again.
        """
        new = [*rows.seen(probe_id, news)]
        if verdict:
            new += rows.judged(probe_id, verdict, at, delivery)
        if closed:
            new.append((SqlStatement.CLOSE, {"probe": probe_id, "at": at}))
        return not new or await self._write(*new) == len(news)

    async def in_flight(self) -> list[ProbeRecord]:
        """Every probe that is not closed, oldest first."""
        return await self._read(reads.in_flight)

    async def record(self, probe_id: str) -> ProbeRecord | None:
        """One probe with all that is known of it."""
        return await self._read(reads.record, legible(probe_id))

    async def find(self, prefix: str) -> list[str]:
        """Ids of probes that begin with `prefix`, at most 10, in their order."""
        return await self._read(reads.find, legible(prefix))

    async def present(self) -> list[Present]:
        """The verdict on the newest probe that has one, for every company, path, kind and role there ever was."""
        return await self._read(reads.all_present)

    async def recent(self, company: str, path: str, limit: int = 50) -> list[ListedProbe]:
        """The newest probes of a path with their latest verdicts, newest first."""
        return await self._read(reads.recent, company, path, limit)

    async def launched_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """How many probes, of both roles, each (company, path) has had since then.

        Counted are paths that have a verdict or a probe in flight.
        """
        return await self._read(reads.launched_since, since)

    async def attempts(self, since: datetime, until: datetime) -> list[tuple[str, str, datetime]]:
        """Company, path and time of each attempt to send from then until then, of probes that were in flight since."""
        return await self._read(reads.attempts, since, until)

    async def probes(self, wanted: ProbeFilter, cursor: Cursor | None, most: int) -> ProbePage:
        """At most so many of the wanted probes, at least 1, of those that come after the cursor; newest first.

        Who goes on from `next` sees each probe once that was there at the beginning, and none that came since.
        """
        return await self._read(list_reads.page, wanted, cursor, most)

    async def history_of_company(self, company: str, since: datetime) -> list[ProbeRow]:
        """The sender's probes of a company launched since then, oldest first; the newest 20,000 if there are more."""
        return await self._read(list_reads.history_of_company, company, since)

    async def counts(self, since: datetime, companies: Sequence[str] | None) -> dict[tuple[str, Outcome], int]:
        """How many of the sender's probes launched since then have each latest (company, outcome), where there are any.

        None: of all companies. Probes without a verdict are not counted.
        """
        return await self._read(list_reads.counts, since, companies)

    async def prune(self, before: datetime, now: datetime | None = None) -> int:
        """Forget probes closed before then, with evidence and verdicts; how many. The present state stays.

        Also incidents closed before then, with their history and notices, unless a notice of theirs waits still. With
        `now`, also sessions and invitations that have expired, answers that were remembered for a day, and refused
        sign-ins of 90 days ago. What people did who were let in stays in the audit log.
        """
        if now:
            await self._write(
                (SqlStatement.FORGET_SESSIONS, {"now": now}),
                (SqlStatement.FORGET_INVITATIONS, {"now": now}),
                (SqlStatement.FORGET_ANSWERS, {"before": now - REMEMBERED_FOR}),
            )
            await self._forget(SqlStatement.FORGET_REFUSALS, now - REFUSALS_KEPT_FOR)
        await self._forget(SqlStatement.FORGET_INCIDENTS, before)
        return await self._forget(SqlStatement.FORGET, before)

    async def signals(self, after: int, most: int = 500) -> list[Signal]:
        """The verdicts whose number is greater than `after`, in the order in which they were stored, at most so many.

        Numbers only grow; there are gaps where verdicts are forgotten.
        """
        return await self._read(reads.signals, after, most)

    async def last_signal(self) -> int:
        """The number of the newest verdict, 0 if there is none."""
        return await self._read(reads.last_signal)

    async def history(self, line: Check, role: Role, upto: int, most: int) -> list[Signal]:
        """What was known when verdict `upto` was stored: the latest verdict until then of each of the newest `most`
        probes that had one, oldest probe first. Only the newest 1,000 probes of the path are looked through."""
        return await self._read(reads.line, line, role, upto, most)

    async def advance(
        self,
        upto: int,
        incidents: Sequence[Incident],
        entries: Sequence[HistoryEntry],
        notices: Sequence[Notice],
        *,
        saw: int | None = None,
    ) -> None:
        """The rules have seen all verdicts up to that number, and this is what came of it: all of it or nothing.

        Incidents take the place of those with the same id; entries and notices are added. `saw`: up to which verdict
        they had seen before; if somebody else applied the rules since, raises ReplacedError.
        """
        await self._write(*rows.advanced(upto, incidents, entries, notices), saw=saw)

    async def signals_seen(self) -> int | None:
        """The number of the last verdict that the rules have seen, None if they never saw any."""
        saw = await self._read(reads.fact, SIGNALS_SEEN)
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

    async def entries(self, incident_id: str) -> list[HistoryEntry]:
        """The history of an incident, in the order in which it was written."""
        return await self._read(incident_reads.entries, legible(incident_id))

    async def notices_of(self, incident_id: str) -> list[NoticeRecord]:
        """All notices about an incident with what became of them, oldest first."""
        return await self._read(incident_reads.notices_of, legible(incident_id))

    async def waiting(self, now: datetime, most: int) -> list[NoticeRecord]:
        """At most so many notices that can be delivered now: of each incident and channel the first undelivered one, if
        its next try is due. What was tried least comes first, then what is oldest."""
        return await self._read(self._leading(incident_reads.waiting), now, most)

    async def delivered(self, notice_id: str, at: datetime) -> None:
        """Keep that a notice of `waiting` has reached its channel. The first time counts."""
        row = {"notice": notice_id, "tried": at}
        await self._write((SqlStatement.DELIVERED, row), (SqlStatement.SUPERSEDE, row))

    async def put_off(self, notice_id: str, at: datetime, next_try_at: datetime, reason: str) -> None:
        """Keep that a try failed at `at` and why, and when to try again."""
        row = {"notice": notice_id, "tried": at, "next": next_try_at, "reason": reason}
        await self._write((SqlStatement.PUT_OFF, row))

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
        return await self._write((SqlStatement.END_MUTE, {"mute": legible(mute_id), "over_at": at, "who": by})) > 0

    async def mutes(self, *, active_at: datetime | None = None) -> list[Mute]:
        """All mutes there ever were, or those that are not over at that time, oldest first.

        One that has not begun is not over, nor is a weekly one between two of its times.
        """
        if active_at is None:
            return await self._read(incident_reads.all_mutes)
        return await self._read(incident_reads.mutes_not_over, active_at)

    async def people(self) -> list[Person]:
        """Everybody who can, or could, sign in; by name."""
        return await self._read(people_reads.all_people)

    async def person(self, name: str) -> Person | None:
        """Somebody by their name, in lower case."""
        return await self._read(people_reads.person, name)

    async def put_person(self, person: Person) -> None:
        """Keep somebody as they are now, new or in place of the one with that name."""
        await self._write(*rows.kept(SqlStatement.PERSON, person))

    async def tokens(self) -> list[Token]:
        """Every token there ever was, oldest first."""
        return await self._read(people_reads.all_tokens)

    async def token_by_digest(self, digest: str) -> Token | None:
        """One token. It may be revoked or expired."""
        return await self._read(people_reads.token, digest)

    async def put_token(self, token: Token) -> None:
        """Keep a token as it is now, new or in place of the one with that id. Its digest stays what it was, what was
        revoked stays revoked, and only `token_used` changes when it was used."""
        await self._write(*rows.kept(SqlStatement.TOKEN, token))

    async def token_used(self, token_id: str, at: datetime) -> None:
        """Keep that a token was used; to the minute, and without waiting if it was used in the same minute."""
        if token_id not in self._used or at - self._used[token_id] >= USE_IS_TOLD:
            self._used[token_id] = at
            await self._write((SqlStatement.USED, {"token": token_id, "at": at}))

    async def session(self, digest: str) -> SignInSession | None:
        """One session that nobody ended. It may have expired."""
        return await self._read(people_reads.session, digest)

    async def put_session(self, session: SignInSession) -> None:
        """Keep a new session, or when it was seen and will expire. One that was ended stays so."""
        await self._write(*rows.kept(SqlStatement.SESSION, session))

    async def end_session(self, digest: str) -> None:
        """Sign out here."""
        await self._write((SqlStatement.END_SESSION, {"of": digest}))

    async def end_sessions_of(self, person: str) -> None:
        """Sign somebody out everywhere."""
        await self._write((SqlStatement.END_SESSIONS, {"of": person}))

    async def put_invitation(self, invitation: Invitation) -> None:
        """Keep a new invitation. It voids the one that its person had."""
        await self._write(*rows.kept(SqlStatement.INVITE, invitation))

    async def invitation(self, digest: str) -> Invitation | None:
        """The invitation, while nobody took it. It may have expired."""
        return await self._read(people_reads.invitation, digest)

    async def take_invitation(self, digest: str, at: datetime) -> Invitation | None:
        """The invitation, for the first who asks for it before it expires. It is gone then."""
        found = await self._read(people_reads.invitation, digest)
        return found if found and await self._write((SqlStatement.REDEEM, {"of": digest, "at": at})) else None

    async def note(self, deed: AuditEntry) -> None:
        """Add a line to the audit log, which is kept for ever but for refused sign-ins; see `prune`."""
        await self._write(*rows.kept(SqlStatement.NOTE, deed))

    async def deeds(self, before_id: int | None, most: int) -> list[tuple[int, AuditEntry]]:
        """At most so many lines of the audit log before that one, None: the last ones; newest first, with numbers."""
        return await self._read(people_reads.newest_deeds, before_id, most)

    async def remembered(self, caller: str, key: str) -> Remembered | None:
        """What this caller was answered under this key."""
        return await self._read(people_reads.answer, caller, key)

    async def remember(self, answer: Remembered) -> bool:
        """Keep an answer. False if this caller was answered under this key already, and that stays."""
        return await self._write(*rows.kept(SqlStatement.REMEMBER, answer)) > 0

    async def _forget(self, step: SqlStatement, before: datetime) -> int:
        forgotten = 0
        while gone := await self._write((step, {"before": before, "most": FORGET_AT_ONCE})):
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
