"""The documented JSON of paths and probes, the same on the command line and in the API.

The return types describe the objects, and the API document is generated from them. Times are RFC 3339.
"""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from monitor.config import WatchedPath
from monitor.events import Event, Judged
from monitor.store import ListedProbe, ProbeRecord, ProbeRow
from probes.answer import Fault, Stage
from probes.display import timestamp
from probes.evidence import Evidence, Step, encode
from probes.kinds import Kind
from probes.mailsystems.signs import SignKind
from probes.probe import ProbePurpose
from probes.reading.probe_systems import systems_of_probe
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
As = TypedDict("As", {"as": Role})  # a word of Python's own, so it cannot be written as the others are


class PathJson(TypedDict):
    """One path: its route and mailbox. One of `every_seconds` and `cron` is set."""

    company: str
    path: str
    name: str
    mail_system: str
    mail_systems: list[str]
    to: str
    via: str
    route: str
    mailbox: str
    kinds: list[Kind]
    every_seconds: float | None
    cron: str | None


class VerdictJson(TypedDict):
    """The parts of a verdict."""

    outcome: Outcome
    cause: Cause | None
    grade: Grade
    because: str


class DeliveryJson(TypedDict):
    """Delivery times; null if it did not arrive."""

    delivery_seconds: float | None


class StepJson(TypedDict):
    """One stage of a dialogue."""

    stage: Stage
    at: Time
    seconds: float
    host: str
    code: int | None
    enhanced: str | None
    text: str
    fault: Fault | None


class ListedJson(As, DeliveryJson):
    """One probe of a list; `verdict` is null while it is in flight."""

    probe: str
    company: str
    path: str
    kind: Kind
    created_at: Time
    verdict: VerdictJson | None


class RowJson(ListedJson):
    """One probe of a list over many paths. Only with the purposes `scheduled`, `manual` and `control` does it say how
    that identity's mail fares: the others vary it on purpose."""

    via: str
    purpose: ProbePurpose
    judged_at: Time | None
    closed_at: Time | None


class SystemSignJson(TypedDict):
    """A sign of a mail system: its key, the kind of the sign, and the text that shows it, which is the server's."""

    mail_system: str
    sign: SignKind
    text: str


class RecordJson(ListedJson):
    """One probe with all evidence, in the order in which it was stored. Of a routine probe all but the first
    attempt is deleted at `evidence_deleted_at`."""

    via: str
    purpose: ProbePurpose
    to: str
    code_expires_at: Time
    final_failure_at: Time
    judged_at: Time | None
    closed_at: Time | None
    evidence_deleted_at: Time | None
    mail_systems_seen: list[SystemSignJson]
    evidence: list[dict[str, Any]]


def path_json(path: WatchedPath) -> PathJson:
    """Return a path as in `mailpath paths --json`."""
    return {
        "company": path.company,
        "path": path.path,
        "name": path.company_name,
        "mail_system": path.mail_system,
        "mail_systems": list(path.mail_systems),
        "to": path.to,
        "via": path.route.via,
        "route": f"{path.route.via} {path.route.destination(path.to)}",
        "mailbox": path.mailbox_key,
        "kinds": list(path.kinds),
        "every_seconds": path.every.total_seconds() if path.every else None,
        "cron": path.cron,
    }


def event_json(event: Event) -> dict[str, Any]:
    """Return one event as in `mailpath probe --json`."""
    probe, what = event.probe, event.what
    named = {"probe": probe.id, "company": probe.company, "path": probe.path, "kind": probe.kind}
    if isinstance(what, Judged):
        return {"event": "verdict", **named, **verdict_json(what.verdict), **delivery_json(what.delivery)}
    if isinstance(what, Step):
        return {"event": "step", **named, **step_json(what)}
    facts = evidence_json(what)
    return {"event": facts.pop("type"), **named, **facts}


def verdict_json(verdict: Verdict) -> VerdictJson:
    """Return the parts of a verdict."""
    return {
        "outcome": verdict.outcome,
        "cause": verdict.cause,
        "grade": verdict.grade,
        "because": verdict.because,
    }


def delivery_json(delivery: timedelta | None) -> DeliveryJson:
    """Return delivery times, if it arrived."""
    return {"delivery_seconds": round(delivery.total_seconds(), 3) if delivery is not None else None}


def step_json(step: Step) -> StepJson:
    """Return one step of a dialogue."""
    return {
        "stage": step.stage,
        "at": timestamp(step.at),
        "seconds": round(step.seconds, 6),
        "host": step.host,
        "code": step.code,
        "enhanced": step.enhanced,
        "text": step.text,
        "fault": step.fault,
    }


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as it is stored."""
    facts: dict[str, Any] = json.loads(encode(evidence))
    return facts


def record_json(record: ProbeRecord) -> RecordJson:
    """Return a probe as in `mailpath explain --json`."""
    probe = record.probe
    return {
        "probe": probe.id,
        "company": probe.company,
        "path": probe.path,
        "kind": probe.kind,
        "as": probe.role,
        "via": probe.via,
        "purpose": probe.purpose,
        "to": probe.recipient,
        "created_at": timestamp(probe.created_at),
        "code_expires_at": timestamp(probe.code_dead_at),
        "final_failure_at": timestamp(probe.give_up_at),
        "verdict": verdict_json(record.verdict) if record.verdict else None,
        **delivery_json(record.delivery),
        "judged_at": iso(record.judged_at),
        "closed_at": iso(record.closed_at),
        "evidence_deleted_at": iso(record.evidence_deleted_at),
        "mail_systems_seen": [
            {"mail_system": sign.system, "sign": sign.kind, "text": sign.text}
            for sign in systems_of_probe(probe, record.evidence)
        ],
        "evidence": [evidence_json(seen) for seen in record.evidence],
    }


def listed_json(path: WatchedPath, probe: ListedProbe) -> ListedJson:
    """Return one probe as in `mailpath explain COMPANY/PATH --json`."""
    return {
        "probe": probe.probe_id,
        "company": path.company,
        "path": path.path,
        "kind": probe.kind,
        "as": probe.role,
        "created_at": timestamp(probe.launched_at),
        "verdict": verdict_json(probe.verdict) if probe.verdict else None,
        **delivery_json(probe.delivery),
    }


def row_json(row: ProbeRow) -> RowJson:
    """Return one probe of the API's list, or a line of the export."""
    return {
        "probe": row.probe_id,
        "company": row.company,
        "path": row.path,
        "kind": row.kind,
        "as": row.role,
        "via": row.via,
        "purpose": row.purpose,
        "created_at": timestamp(row.launched_at),
        "verdict": verdict_json(row.verdict) if row.verdict else None,
        **delivery_json(row.delivery),
        "judged_at": iso(row.judged_at),
        "closed_at": iso(row.closed_at),
    }


def iso(at: datetime | None) -> str | None:
    """Format a time as RFC 3339."""
    return timestamp(at) if at else None
