"""Remedies as companies carried them out, and the probes that test them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from monitor.incidents.incident import HistoryEntry
from monitor.people.person import AuditEntry
from monitor.remedying.applied import AppliedRemedy, PathProof, PathTest, RemedyState, joint_state
from monitor.store import reads, rows
from monitor.store.access import StoreAccess
from monitor.store.columns import Instant, Number, legible
from monitor.store.packing import Packer
from monitor.store.records import ProbeRecord
from monitor.store.remedy_tables import applied_remedies
from monitor.store.statements import SqlStatement
from monitor.store.tables import probes
from probes.probe import ProbePurpose

MOST_PROBES = 500  # of a company, the newest: far more than any test takes
CLOCK_SET_BACK = timedelta(days=7)  # at most, since a change: what a test sent must be found, or it is sent again
MOST_LISTED = 500  # remedies of a company, or of an incident

_ALL = select(applied_remedies).order_by(applied_remedies.c.changed_at.desc(), applied_remedies.c.id.desc())
EVERY = _ALL
AWAITED = _ALL.where(applied_remedies.c.decided_at.is_(None))
OF_COMPANY = _ALL.where(applied_remedies.c.company == bindparam("company")).limit(bindparam("most", type_=Number))
OF_INCIDENT = _ALL.where(applied_remedies.c.incident == bindparam("incident")).limit(bindparam("most", type_=Number))
ONE = select(applied_remedies).where(applied_remedies.c.id == bindparam("remedy_id"))
PROBES = (
    select(probes.c.id)
    .where(
        probes.c.company == bindparam("company"),
        probes.c.created_at >= bindparam("since", type_=Instant()),
        probes.c.purpose == ProbePurpose.REMEDY,
    )
    .order_by(probes.c.created_at.desc(), probes.c.id.desc())
    .limit(MOST_PROBES)
)


class RemedyStore:
    """Remedies as companies carried them out. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess, packer: Packer) -> None:
        self._access, self._packer = access, packer

    async def begin(self, applied: AppliedRemedy, entries: Sequence[HistoryEntry] = (), *audit: AuditEntry) -> bool:
        """Store a new one, with these lines of the incident's history and of the audit log. False, and nothing is
        written, while another one of the company is awaited."""
        row = {name: getattr(applied, name) for name in COLUMNS} | {"state": None}
        then = (*rows.entered(*entries), *rows.noted(*audit))
        return await self._access.write((SqlStatement.APPLY_REMEDY, row), then=then) > 0

    async def test_again(
        self,
        applied: AppliedRemedy,
        test: str,
        at: datetime,
        setup: tuple[PathTest, ...],
        proofs: tuple[PathProof, ...] = (),
        *audit: AuditEntry,
    ) -> bool:
        """Plan a test in place of the last one, whose results are `proofs`. False, and nothing is written, if there was
        another since, it is undone, or another remedy of the company is awaited."""
        row = {"remedy_id": applied.id, "was": applied.test, "again": test, "at": at, "said": setup}
        row |= {"of_company": applied.company, "found": proofs}
        return await self._access.write((SqlStatement.TEST_REMEDY, row), then=rows.noted(*audit)) > 0

    async def decide(
        self, applied: AppliedRemedy, proofs: tuple[PathProof, ...], at: datetime, *entries: HistoryEntry
    ) -> bool:
        """Store the result of its test, with these lines of the incident's history. False, and nothing is written, if
        that test has a result already, or is no longer wanted. `proven_at` is set if mail arrives, which the results
        of an earlier test do not show anew."""
        state = joint_state(proofs)
        of_this_test = joint_state(tuple(proof for proof in proofs if proof not in applied.proofs))
        arrives = of_this_test in (RemedyState.PROVEN, RemedyState.ARRIVES, RemedyState.TOO_WIDE)
        arrived = at if arrives else None
        row = {"remedy_id": applied.id, "was": applied.test, "at": at, "said": proofs, "found": state, "seen": arrived}
        return await self._access.write((SqlStatement.DECIDE_REMEDY, row), then=rows.entered(*entries)) > 0

    async def renew(self, remedy_id: str, at: datetime, by: str, *audit: AuditEntry) -> bool:
        """Note that it was prolonged. False, and nothing is written, if it is undone."""
        row = {"remedy_id": remedy_id, "at": at, "who": by}
        return await self._access.write((SqlStatement.RENEW_REMEDY, row), then=rows.noted(*audit)) > 0

    async def undo(
        self, remedy_id: str, at: datetime, by: str, entries: Sequence[HistoryEntry] = (), *audit: AuditEntry
    ) -> bool:
        """Note that it was taken back; its test ends. False, and nothing is written, if it was already."""
        row = {"remedy_id": remedy_id, "at": at, "who": by}
        then = (*rows.entered(*entries), *rows.noted(*audit))
        return await self._access.write((SqlStatement.UNDO_REMEDY, row), then=then) > 0

    async def every(self) -> list[AppliedRemedy]:
        """Return all, newest first."""
        return await self._access.read(records, EVERY)

    async def awaited(self) -> list[AppliedRemedy]:
        """Return those whose test has no result, newest first."""
        return await self._access.read(records, AWAITED)

    async def of_company(self, company: str, most: int = MOST_LISTED) -> list[AppliedRemedy]:
        """Return the newest of a company, newest first."""
        return await self._access.read(records, OF_COMPANY, company=legible(company), most=most)

    async def of_incident(self, incident: str, most: int = MOST_LISTED) -> list[AppliedRemedy]:
        """Return the newest of an incident, newest first."""
        return await self._access.read(records, OF_INCIDENT, incident=legible(incident), most=most)

    async def one(self, remedy_id: str) -> AppliedRemedy | None:
        """Return one; None if there is none."""
        return next(iter(await self._access.read(records, ONE, remedy_id=legible(remedy_id))), None)

    async def probes(self, applied: AppliedRemedy) -> Sequence[ProbeRecord]:
        """Return the probes of its last test, in the order in which they were sent."""
        return await self._access.read(_probes, self._packer, applied)


COLUMNS = (
    *("id", "company", "incident", "system", "remedy", "by", "changed_at", "acts_at", "review_on", "note", "test"),
    *("test_at", "setup", "decided_at", "proofs", "proven_at", "renewed_at", "renewed_by", "undone_at", "undone_by"),
)


def records(connection: Connection, /, wanted: Any, **given: Any) -> list[AppliedRemedy]:
    """Answer one of the questions above."""
    found = connection.execute(wanted, given)
    return [AppliedRemedy(**{name: getattr(row, name) for name in COLUMNS}) for row in found]


def _probes(connection: Connection, packer: Packer, applied: AppliedRemedy) -> list[ProbeRecord]:
    since = applied.changed_at - CLOCK_SET_BACK
    ids = connection.scalars(PROBES, {"company": applied.company, "since": since}).all()
    found = (reads.record(connection, packer, probe_id) for probe_id in reversed(ids))
    return [each for each in found if each and each.probe.arm and each.probe.arm.diagnosis == applied.test]
