"""The documented JSON of paths, probes, incidents and mutes: the same on the command line and in the API.

What a function gives is described by its type, and the API's document is made of these types. Times are RFC 3339.
"""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from monitor.config import WatchedPath
from monitor.events import Event, Judged
from monitor.incidents.incident import (
    Failure,
    HistoryEntry,
    Incident,
    IncidentEvent,
    Nature,
    Reason,
    Resolution,
    Scope,
    Severity,
)
from monitor.incidents.maintenance import PREFIX
from monitor.incidents.mute import Mute, active, ends, following
from monitor.notices.notice import NoticeKind
from monitor.store import ListedProbe, NoticeRecord, ProbeRecord, ProbeRow
from probes.answer import Fault, Stage
from probes.evidence import Evidence, Step, encode
from probes.judge import delivery_time
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
As = TypedDict("As", {"as": Role})  # a word of Python's own, so it cannot be written as the others are


class PathFacts(TypedDict):
    """One path: how mail goes in, and where it is looked for. One of `every_seconds` and `cron` is set."""

    company: str
    path: str
    name: str
    mail_system: str
    to: str
    via: str
    route: str
    mailbox: str
    kinds: list[Kind]
    every_seconds: float | None
    cron: str | None


class VerdictFacts(TypedDict):
    """The four words of a verdict."""

    outcome: Outcome
    cause: Cause | None
    grade: Grade
    because: str


class DeliveryFacts(TypedDict):
    """How long it took; null if it did not arrive."""

    delivery_seconds: float | None


class StepFacts(TypedDict):
    """One stage of a dialogue."""

    stage: Stage
    at: Time
    seconds: float
    host: str
    code: int | None
    enhanced: str | None
    text: str
    fault: Fault | None


class ListedFacts(As, DeliveryFacts):
    """One probe of a list; `verdict` is null while it is on its way."""

    probe: str
    company: str
    path: str
    kind: Kind
    created_at: Time
    verdict: VerdictFacts | None


class RowFacts(ListedFacts):
    """One probe of a list over many paths."""

    via: str
    judged_at: Time | None
    closed_at: Time | None


class RecordFacts(ListedFacts):
    """One probe with all that is known of it. Evidence is in the order in which it was stored."""

    via: str
    to: str
    code_dead_at: Time
    give_up_at: Time
    judged_at: Time | None
    closed_at: Time | None
    evidence: list[dict[str, Any]]


class IncidentFacts(TypedDict):
    """One incident of a list. `touches`: the companies that it touches now; `companies`: that it ever touched. One that
    is recovering since `recovering_since` ends when the companies that are left were probed again."""

    incident: str
    open: bool
    severity: Severity
    scope: Scope
    nature: Nature
    outcome: Outcome
    cause: Cause | None
    company: str | None
    mail_system: str | None
    touches: list[str]
    companies: list[str]
    failing: int
    muted: bool
    muted_by: list[str]
    began_at: Time
    opened_at: Time
    changed_at: Time
    recovering_since: Time | None
    closed_at: Time | None
    seconds: int
    ending: Resolution | None
    merged_into: str | None
    relapses: int


class FailureFacts(TypedDict):
    """One path and kind that fails, by its latest probe."""

    company: str
    path: str
    kind: Kind
    nature: Nature
    severity: Severity
    since: Time
    bad: int
    probe: str
    at: Time
    outcome: Outcome
    cause: Cause | None
    grade: Grade
    because: str
    reason: Reason
    compared_at: Time | None


class EntryFacts(TypedDict):
    """One line of an incident's history."""

    at: Time
    turn: IncidentEvent
    said: str


class NoticeFacts(TypedDict):
    """What somebody was told, and whether it reached them."""

    notice: str
    channel: str
    number: int
    news: NoticeKind
    at: Time
    title: str
    tries: int
    next_try_at: Time | None
    delivered_at: Time | None
    fault: str | None


class WholeFacts(IncidentFacts):
    """One incident with what fails, its history and its notices."""

    failures: list[FailureFacts]
    history: list[EntryFacts]
    notices: list[NoticeFacts]


class MuteFacts(TypedDict):
    """About what nobody is told, when and why. What is null restricts nothing."""

    mute: str
    company: str | None
    path: str | None
    mail_system: str | None
    cause: Cause | None
    weekly: str | None
    begins_at: Time | None
    ends_at: Time | None
    active: bool
    silent_until: Time | None
    next: Time | None
    by: str
    why: str
    created_at: Time | None
    ended_at: Time | None
    ended_by: str | None


def path_facts(path: WatchedPath) -> PathFacts:
    """The JSON of `paths`."""
    return {
        "company": path.company,
        "path": path.path,
        "name": path.company_name,
        "mail_system": path.mail_system,
        "to": path.to,
        "via": path.route.via,
        "route": f"{path.route.via} {path.route.destination(path.to)}",
        "mailbox": path.mailbox.key,
        "kinds": list(path.kinds),
        "every_seconds": path.every.total_seconds() if path.every else None,
        "cron": path.cron,
    }


def event_facts(event: Event) -> dict[str, Any]:
    """The JSON of one event of `probe`; of a verdict, the documented line."""
    probe, what = event.probe, event.what
    named = {"probe": probe.id, "company": probe.company, "path": probe.path, "kind": probe.kind}
    if isinstance(what, Judged):
        return {"event": "verdict", **named, **verdict_facts(what.verdict), **delivery_facts(what.delivery)}
    if isinstance(what, Step):
        return {"event": "step", **named, **step_facts(what)}
    facts = evidence_facts(what)
    return {"event": facts.pop("type"), **named, **facts}


def verdict_facts(verdict: Verdict) -> VerdictFacts:
    """The four words of a verdict."""
    return {
        "outcome": verdict.outcome,
        "cause": verdict.cause,
        "grade": verdict.grade,
        "because": verdict.because,
    }


def delivery_facts(delivery: timedelta | None) -> DeliveryFacts:
    """How long it took, if it arrived."""
    return {"delivery_seconds": round(delivery.total_seconds(), 3) if delivery is not None else None}


def step_facts(step: Step) -> StepFacts:
    """One stage of a dialogue."""
    return {
        "stage": step.stage,
        "at": step.at.isoformat(),
        "seconds": round(step.seconds, 6),
        "host": step.host,
        "code": step.code,
        "enhanced": step.enhanced,
        "text": step.text,
        "fault": step.fault,
    }


def evidence_facts(evidence: Evidence) -> dict[str, Any]:
    """Evidence as it is stored."""
    facts: dict[str, Any] = json.loads(encode(evidence))
    return facts


def record_facts(record: ProbeRecord) -> RecordFacts:
    """The JSON of `explain`."""
    probe = record.probe
    return {
        "probe": probe.id,
        "company": probe.company,
        "path": probe.path,
        "kind": probe.kind,
        "as": probe.role,
        "via": probe.via,
        "to": probe.recipient,
        "created_at": probe.created_at.isoformat(),
        "code_dead_at": probe.code_dead_at.isoformat(),
        "give_up_at": probe.give_up_at.isoformat(),
        "verdict": verdict_facts(record.verdict) if record.verdict else None,
        **delivery_facts(delivery_time(probe, record.evidence)),
        "judged_at": _time(record.judged_at),
        "closed_at": _time(record.closed_at),
        "evidence": [evidence_facts(seen) for seen in record.evidence],
    }


def listed_facts(path: WatchedPath, probe: ListedProbe) -> ListedFacts:
    """The JSON of one line of `explain COMPANY/PATH`."""
    return {
        "probe": probe.probe_id,
        "company": path.company,
        "path": path.path,
        "kind": probe.kind,
        "as": probe.role,
        "created_at": probe.launched_at.isoformat(),
        "verdict": verdict_facts(probe.verdict) if probe.verdict else None,
        **delivery_facts(probe.delivery),
    }


def row_facts(row: ProbeRow) -> RowFacts:
    """The JSON of one probe in the API's list, and of a line of the export."""
    return {
        "probe": row.probe_id,
        "company": row.company,
        "path": row.path,
        "kind": row.kind,
        "as": row.role,
        "via": row.via,
        "created_at": row.launched_at.isoformat(),
        "verdict": verdict_facts(row.verdict) if row.verdict else None,
        **delivery_facts(row.delivery),
        "judged_at": _time(row.judged_at),
        "closed_at": _time(row.closed_at),
    }


def incident_facts(incident: Incident, muted_by: tuple[str, ...], now: datetime) -> IncidentFacts:
    """The JSON of an incident in a list. `muted_by`: ids of the mutes that cover it now."""
    return {
        "incident": incident.id,
        "open": incident.open,
        "severity": incident.severity,
        "scope": incident.scope,
        "nature": incident.nature,
        "outcome": incident.outcome,
        "cause": incident.cause,
        "company": incident.company or None,
        "mail_system": incident.mail_system or None,
        "touches": list(incident.touches),
        "companies": list(incident.companies),
        "failing": incident.failing,
        "muted": bool(muted_by),
        "muted_by": list(muted_by),
        "began_at": incident.began_at.isoformat(),
        "opened_at": incident.opened_at.isoformat(),
        "changed_at": incident.changed_at.isoformat(),
        "recovering_since": _time(incident.recovering_since) if incident.recovering else None,
        "closed_at": _time(incident.closed_at),
        "seconds": round(((incident.closed_at or now) - incident.began_at).total_seconds()),
        "ending": incident.ending,
        "merged_into": incident.merged_into or None,
        "relapses": incident.relapses,
    }


def failure_facts(failure: Failure) -> FailureFacts:
    """The JSON of one path and kind that fails."""
    return {
        "company": failure.company,
        "path": failure.path,
        "kind": failure.kind,
        "nature": failure.nature,
        "severity": failure.severity,
        "since": failure.since.isoformat(),
        "bad": failure.bad,
        "probe": failure.probe_id,
        "at": failure.at.isoformat(),
        "outcome": failure.outcome,
        "cause": failure.cause,
        "grade": failure.grade,
        "because": failure.because,
        "reason": failure.reason,
        "compared_at": _time(failure.compared_at),
    }


def entry_facts(entry: HistoryEntry) -> EntryFacts:
    """The JSON of one line of an incident's history."""
    return {"at": entry.at.isoformat(), "turn": entry.turn, "said": entry.said}


def notice_facts(record: NoticeRecord) -> NoticeFacts:
    """The JSON of a notice and its delivery."""
    notice = record.notice
    return {
        "notice": notice.id,
        "channel": notice.channel,
        "number": notice.number,
        "news": notice.news,
        "at": notice.at.isoformat(),
        "title": notice.title,
        "tries": record.tries,
        "next_try_at": _time(record.next_try_at),
        "delivered_at": _time(record.delivered_at),
        "fault": record.fault or None,
    }


def mute_facts(mute: Mute, now: datetime) -> MuteFacts:
    """The JSON of a mute."""
    planned = mute.id.startswith(PREFIX)  # as long as it stands in the configuration: nobody knows since when
    return {
        "mute": mute.id,
        "company": mute.company or None,
        "path": mute.path or None,
        "mail_system": mute.mail_system or None,
        "cause": mute.cause,
        "weekly": mute.weekly or None,
        "begins_at": None if planned else mute.begins_at.isoformat(),
        "ends_at": _time(mute.ends_at),
        "active": active(mute, now),
        "silent_until": _time(ends(mute, now)),
        "next": _time(following(mute, now)),
        "by": mute.by,
        "why": mute.why,
        "created_at": None if planned else mute.created_at.isoformat(),
        "ended_at": _time(mute.ended_at),
        "ended_by": mute.ended_by or None,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
