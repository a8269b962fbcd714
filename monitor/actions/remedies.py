"""Say what became of a remedy: carried out, to be tested now, prolonged, undone. For pages, API and command line.

Whoever may work on incidents may say it; and so may those who are bound to companies, for these: their IT carries the
remedies out. Every action is in the audit log, and in the incident's history what changes the state.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.actions.ports import IncidentScope
from monitor.config import Config
from monitor.diagnosing.begin import loss_history
from monitor.incidents.incident import HistoryEntry, IncidentEvent
from monitor.people.caller import Caller, NotThereError
from monitor.people.person import AuditAction, AuditEntry, Rights
from monitor.proving.preparing import (
    RemedyChange,
    RemedyError,
    prepare_remedy,
    tested_paths,
    with_twin_before,
)
from monitor.remedying.applied import AppliedRemedy
from monitor.remedying.words import title_of
from monitor.store import Store
from probes.display import clock
from probes.token import new_probe_id

MAX_NOTE_CHARS = 200
MOST_PER_DAY = 20  # tests at a company in a day: each takes some probes of its paths
DAY = timedelta(days=1)
TESTS = frozenset({AuditAction.REMEDY_APPLIED, AuditAction.REMEDY_TEST_STARTED})
AUDIT_ENTRIES_PER_READ = 500

FORBIDDEN = (
    "You need the Operator role for this, or an account that is limited to this company. Ask a Mailpath admin for "
    "access."
)


def may_say(caller: Caller, company: str) -> bool:
    """Test if the caller may say what became of a remedy at this company."""
    return caller.sees(company) and may_say_anywhere(caller)


def may_say_anywhere(caller: Caller) -> bool:
    """Test if there can be a company at which the caller may say it."""
    return caller.may(Rights.OPERATOR) or not caller.sees_all


@dataclass(frozen=True, slots=True)
class RemedyWorker:
    """Somebody who carries remedies out. `who`, `way`: as in the audit log. `poke` wakes a running service."""

    store: Store
    config: Callable[[], Config]
    now: Callable[[], datetime]
    who: str
    way: str
    poke: Callable[[], None] = lambda: None

    async def changed(self, change: RemedyChange) -> AppliedRemedy:
        """Note that a remedy was carried out, and plan its test. Saying the same again while it is awaited changes
        nothing. Raises RemedyError, StoreError."""
        note = change.note.strip()
        if len(note) > MAX_NOTE_CHARS or not (note.isprintable() or not note):
            raise RemedyError("note", f"must be one line of text, at most {MAX_NOTE_CHARS} characters")
        config, now = self.config(), self.now()
        records = await self.store.remedies.of_company(change.company)
        past = {
            path.path: await loss_history(self.store, path, config)
            for path, _ in tested_paths(config, change.incident, change.company)
        }
        applied = prepare_remedy(config, replace(change, note=note), records, past, self.who, now)
        awaited = next((each for each in records if each.awaited), None)
        if awaited and (awaited.incident, awaited.remedy) == (applied.incident, applied.remedy):
            return awaited
        if awaited:
            raise RemedyError("state", _one_at_a_time(awaited))
        await self._check_rate(change.company, now)
        entries = [self._entry(applied, IncidentEvent.REMEDY_APPLIED, now)]
        audit = self._audit(applied, AuditAction.REMEDY_APPLIED, now)
        if not await self.store.remedies.begin(applied, entries, audit):
            raise RemedyError("state", f"another remedy of {change.company} is being tested; look at it again")
        self.poke()
        return applied

    async def test_now(self, applied: AppliedRemedy) -> AppliedRemedy:
        """Test it now: sooner than planned, or once more. Raises RemedyError, StoreError."""
        now = self.now()
        self._check_not_undone(applied)
        if applied.awaited and applied.test_at <= now:
            raise RemedyError("state", "it is being tested already")
        await self._check_rate(applied.company, now)
        setup = with_twin_before(applied.setup, applied.proofs)
        audit = self._audit(applied, AuditAction.REMEDY_TEST_STARTED, now)
        if not await self.store.remedies.test_again(applied, new_probe_id(now), now, setup, applied.proofs, audit):
            raise RemedyError("state", "another remedy of the company is being tested; look at it again")
        self.poke()
        return await self._now_known(applied)

    async def renewed(self, applied: AppliedRemedy) -> AppliedRemedy:
        """Note that it was prolonged. Raises RemedyError, StoreError."""
        self._check_not_undone(applied)
        if applied.known is None or applied.known.expires is None:
            raise RemedyError("state", "it does not lapse by itself, so there is nothing to prolong")
        now = self.now()
        audit = self._audit(applied, AuditAction.REMEDY_RENEWED, now)
        await self.store.remedies.renew(applied.id, now, self.who, audit)
        self.poke()
        return await self._now_known(applied)

    async def undone(self, applied: AppliedRemedy) -> AppliedRemedy:
        """Note that it was taken back. Raises RemedyError, StoreError."""
        self._check_not_undone(applied)
        now = self.now()
        kept = await self.store.incidents.has(applied.incident)
        entries = [self._entry(applied, IncidentEvent.REMEDY_UNDONE, now)] if kept else []
        audit = self._audit(applied, AuditAction.REMEDY_UNDONE, now)
        await self.store.remedies.undo(applied.id, now, self.who, entries, audit)
        self.poke()
        return await self._now_known(applied)

    async def _now_known(self, applied: AppliedRemedy) -> AppliedRemedy:
        return await self.store.remedies.one(applied.id) or applied

    def _check_not_undone(self, applied: AppliedRemedy) -> None:
        if applied.undone_at:
            raise RemedyError(
                "state", f"it was undone at {clock(applied.undone_at)}; if it was changed again, say so anew"
            )

    async def _check_rate(self, company: str, now: datetime) -> None:
        """Count the tests of the last day in the audit log, whichever process began them."""
        before: int | None = None
        tests = 0
        while True:
            part = await self.store.people.audit_log(before, AUDIT_ENTRIES_PER_READ)
            recent = [entry for _, entry in part if entry.at > now - DAY]
            tests += sum(entry.what in TESTS and entry.company == company for entry in recent)
            if tests >= MOST_PER_DAY:
                said = f"at most {MOST_PER_DAY} tests of remedies are made at a company in a day; try again tomorrow"
                raise RemedyError("state", said)
            if len(recent) < AUDIT_ENTRIES_PER_READ:
                return
            before = part[-1][0]

    def _entry(self, applied: AppliedRemedy, event: IncidentEvent, now: datetime) -> HistoryEntry:
        note = f" ({applied.note})" if applied.note and event is IncidentEvent.REMEDY_APPLIED else ""
        return HistoryEntry(
            applied.incident, now, event, f"{applied.company}, by {self.who}: {title_of(applied)}{note}"
        )

    def _audit(self, applied: AppliedRemedy, action: AuditAction, now: datetime) -> AuditEntry:
        about = f"{applied.remedy}, remedy {applied.id}, incident {applied.incident}"
        return AuditEntry(now, self.who, self.way, action, about, applied.company)


def _one_at_a_time(awaited: AppliedRemedy) -> str:
    what = f"another change is being tested at {awaited.company}: {title_of(awaited)}"
    return f"{what}. Wait for its result, or say that it was undone"


def remedy_worker_of(view: IncidentScope) -> RemedyWorker:
    """Return the caller as somebody who carries remedies out."""
    backend, caller = view.backend, view.caller
    return RemedyWorker(backend.store, backend.config, backend.now, caller.name, caller.way, backend.poke_remedies)


async def visible_remedy(store: Store, caller: Caller, remedy_id: str) -> AppliedRemedy:
    """Return one that the caller may see. Raises NotThereError, StoreError."""
    applied = await store.remedies.one(remedy_id)
    if applied is None or not caller.sees(applied.company):
        raise NotThereError(f"remedy {remedy_id}")
    return applied
