"""Diagnoses, running and ended. Their arms are probes that name their diagnosis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, select

from monitor.people.person import AuditEntry
from monitor.store import reads, rows
from monitor.store.access import StoreAccess
from monitor.store.columns import Instant, Number, legible
from monitor.store.packing import Packer
from monitor.store.records import ProbeRecord
from monitor.store.statements import SqlStatement
from monitor.store.tables import diagnoses, probes
from probes.diagnosis.conclude import Conclusion
from probes.diagnosis.plan import Setup
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role

MOST_ARMS = 1000  # far more than any limit of probes


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis. `other`: the identity that the sender is compared with. `by`: who started it, "" if an incident
    did. `incident`: the id of the incident that it is about, "" if none. `spacing`: time between two probes."""

    id: str
    company: str
    path: str
    kind: Kind
    other: Role
    incident: str
    by: str
    began_at: datetime
    spacing: timedelta
    setup: Setup


@dataclass(frozen=True, slots=True)
class DiagnosisRecord:
    """A diagnosis with its end. `driver` works on it, and said so at `alive_at`."""

    diagnosis: Diagnosis
    driver: str
    alive_at: datetime
    ended_at: datetime | None
    conclusion: Conclusion | None

    @property
    def place(self) -> tuple[str, str]:
        """The path: company and path keys."""
        return self.diagnosis.company, self.diagnosis.path


SETUP: TypeAdapter[Setup] = TypeAdapter(Setup)

_ALL = select(diagnoses).order_by(diagnoses.c.began_at.desc())
RUNNING = _ALL.where(diagnoses.c.ended_at.is_(None))
OF_PATH = _ALL.where(diagnoses.c.company == bindparam("company"), diagnoses.c.path == bindparam("path")).limit(
    bindparam("most", type_=Number)
)
ENDED = _ALL.where(diagnoses.c.ended_at >= bindparam("since", type_=Instant()))
ONE = select(diagnoses).where(diagnoses.c.id == bindparam("diagnosis"))
ARMS = (
    select(probes.c.id)
    .where(
        probes.c.company == bindparam("company"),
        probes.c.path == bindparam("path"),
        probes.c.created_at >= bindparam("since", type_=Instant()),
        probes.c.purpose == ProbePurpose.DIAGNOSIS,
    )
    .order_by(probes.c.created_at, probes.c.id)
    .limit(MOST_ARMS)
)


class DiagnosisStore:
    """Diagnoses and their arms. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess, packer: Packer) -> None:
        self._access, self._packer = access, packer

    async def begin(self, diagnosis: Diagnosis, driver: str, *audit: AuditEntry) -> bool:
        """Store a new diagnosis with these lines of the audit log. False, and nothing is written, if one runs on this
        path already."""
        row = {
            **{name: getattr(diagnosis, name) for name in COLUMNS},
            "setup": SETUP.dump_json(diagnosis.setup).decode(),
            "driver": driver,
            "alive_at": diagnosis.began_at,
        }
        return await self._access.write((SqlStatement.DIAGNOSE, row), then=rows.noted(*audit)) > 0

    async def adopt(self, diagnosis_id: str, driver: str, at: datetime) -> None:
        """Say that this process works on a running diagnosis from now on, and no other."""
        await self._access.write(
            (SqlStatement.ADOPT_DIAGNOSIS, {"diagnosis": diagnosis_id, "by_driver": driver, "at": at})
        )

    async def keep_alive(self, diagnosis_id: str, driver: str, at: datetime) -> None:
        """Say that this process still works on a diagnosis, unless another one has adopted it."""
        await self._access.write(
            (SqlStatement.DIAGNOSIS_ALIVE, {"diagnosis": diagnosis_id, "by_driver": driver, "at": at})
        )

    async def end(self, diagnosis_id: str, conclusion: Conclusion, at: datetime, *audit: AuditEntry) -> bool:
        """Store the conclusion with these lines of the audit log. False, and nothing is written, if it had ended."""
        row = {"diagnosis": diagnosis_id, "at": at, "said": conclusion}
        return await self._access.write((SqlStatement.END_DIAGNOSIS, row), then=rows.noted(*audit)) > 0

    async def running(self) -> list[DiagnosisRecord]:
        """Return those that have not ended, newest first."""
        return await self._access.read(_records, RUNNING)

    async def ended_since(self, since: datetime) -> list[DiagnosisRecord]:
        """Return those that ended at that time or later, newest first."""
        return await self._access.read(_records, ENDED, since=since)

    async def of_path(self, company: str, path: str, most: int = 10) -> list[DiagnosisRecord]:
        """Return the newest on a path, newest first."""
        return await self._access.read(_records, OF_PATH, company=company, path=path, most=most)

    async def one(self, diagnosis_id: str) -> DiagnosisRecord | None:
        """Return one; None if there is none."""
        return next(iter(await self._access.read(_records, ONE, diagnosis=legible(diagnosis_id))), None)

    async def arms(self, diagnosis: Diagnosis) -> Sequence[ProbeRecord]:
        """Return the probes of a diagnosis, in the order in which they were sent."""
        return await self._access.read(_arms, self._packer, diagnosis)


COLUMNS = ("id", "company", "path", "kind", "other", "incident", "by", "began_at", "spacing")


def _records(connection: Connection, /, wanted: Any, **given: Any) -> list[DiagnosisRecord]:
    return [_record(row) for row in connection.execute(wanted, given)]


def _record(row: Row[Any]) -> DiagnosisRecord:
    parts = {name: getattr(row, name) for name in COLUMNS}
    found = Diagnosis(**parts, setup=SETUP.validate_json(row.setup))
    return DiagnosisRecord(found, row.driver, row.alive_at, row.ended_at, row.conclusion)


def _arms(connection: Connection, packer: Packer, diagnosis: Diagnosis) -> list[ProbeRecord]:
    where = {"company": diagnosis.company, "path": diagnosis.path, "since": diagnosis.began_at}
    ids = connection.scalars(ARMS, where).all()
    found = (reads.record(connection, packer, probe_id) for probe_id in ids)
    return [each for each in found if each and each.probe.arm and each.probe.arm.diagnosis == diagnosis.id]
