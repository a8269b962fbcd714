"""JSON of incidents, notices and mutes."""

from datetime import datetime

from typing_extensions import TypedDict

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
    StandingFinding,
    StandingRule,
)
from monitor.incidents.maintenance import PREFIX
from monitor.incidents.mute import Mute, active, ends, following
from monitor.incidents.standing_words import before, described, headline, now
from monitor.incidents.work import IncidentWork
from monitor.notices.notice import NoticeKind
from monitor.output.json import Time, iso
from monitor.store import DeliveryState, NoticeRecord
from probes.diagnosis.factors import Factor
from probes.display import timestamp
from probes.kinds import Kind
from probes.standing.fact import Question
from probes.verdict import Cause, Grade, Outcome


class IncidentJson(TypedDict):
    """One incident of a list. `severity`: the present one; of a closed incident the highest that it had. `touches`:
    companies affected now; `companies`: all ever affected. One that has been
    recovering since `recovering_since` closes when the remaining companies have been probed again.
    `acknowledged`: somebody has it; whoever sees only a part of the incident is not shown who."""

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
    acknowledged: bool
    acknowledged_by: str | None
    acknowledged_at: Time | None
    owner: str | None
    tickets: list[str]


class FailureJson(TypedDict):
    """One failing path and kind, with its latest probe. `factor`: what a diagnosis proved, null if none did."""

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
    factor: Factor | None


class EntryJson(TypedDict):
    """One line of an incident's history."""

    at: Time
    turn: IncidentEvent
    said: str


class CommentJson(TypedDict):
    """A comment on an incident. `public`: status pages of the affected companies show it."""

    at: Time
    who: str
    text: str
    public: bool


class WorkJson(TypedDict):
    """The state of the work on an incident. `owner` is responsible for it, `acknowledged_by` said "I have it"."""

    incident: str
    acknowledged: bool
    acknowledged_by: str | None
    acknowledged_at: Time | None
    owner: str | None
    tickets: list[str]
    comments: list[CommentJson]


class NoticeJson(TypedDict):
    """One notice and its delivery."""

    notice: str
    channel: str
    number: int
    news: NoticeKind
    at: Time
    title: str
    state: DeliveryState
    tries: int
    next_try_at: Time | None
    delivered_at: Time | None
    fault: str | None
    sent_as: str | None


class StandingFindingJson(TypedDict):
    """One problem of the sender's standing. `headline`: what is wrong in a few words; `before` and `now`: what was read
    or published, null for what is not known. `check` is null for one that no fact shows."""

    rule: StandingRule
    check: Question | None
    subject: str
    severity: Severity
    since: Time
    headline: str
    because: str
    before: str | None
    now: str


class WholeJson(IncidentJson):
    """One incident with its failures, history and notices."""

    findings: list[StandingFindingJson]
    failures: list[FailureJson]
    history: list[EntryJson]
    notices: list[NoticeJson]
    comments: list[CommentJson]


class MuteJson(TypedDict):
    """A mute: its conditions, time and reason. A null condition matches everything."""

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


def incident_json(incident: Incident, muted_by: tuple[str, ...], work: IncidentWork, now: datetime) -> IncidentJson:
    """Return an incident of a list as JSON. `muted_by`: ids of the mutes that cover it now."""
    held = work.acknowledged
    return {
        "incident": incident.id,
        "open": incident.open,
        "severity": incident.listed_severity,
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
        "began_at": timestamp(incident.began_at),
        "opened_at": timestamp(incident.opened_at),
        "changed_at": timestamp(incident.changed_at),
        "recovering_since": iso(incident.recovering_since) if incident.recovering else None,
        "closed_at": iso(incident.closed_at),
        "seconds": round(((incident.closed_at or now) - incident.began_at).total_seconds()),
        "ending": incident.ending,
        "merged_into": incident.merged_into or None,
        "relapses": incident.relapses,
        "acknowledged": held is not None,
        "acknowledged_by": held.who or None if held else None,
        "acknowledged_at": iso(held.at) if held else None,
        "owner": work.owner or None,
        "tickets": [ticket.text for ticket in work.tickets],
    }


def comments_json(work: IncidentWork) -> list[CommentJson]:
    """Return the comments on an incident as JSON, oldest first."""
    return [
        {"at": timestamp(each.at), "who": each.who, "text": each.text, "public": each in work.public}
        for each in work.comments
    ]


def work_json(incident: Incident, work: IncidentWork) -> WorkJson:
    """Return the state of the work on an incident as JSON."""
    held = work.acknowledged
    return {
        "incident": incident.id,
        "acknowledged": held is not None,
        "acknowledged_by": held.who or None if held else None,
        "acknowledged_at": iso(held.at) if held else None,
        "owner": work.owner or None,
        "tickets": [ticket.text for ticket in work.tickets],
        "comments": comments_json(work),
    }


def failure_json(failure: Failure) -> FailureJson:
    """Return one failing path and kind as JSON."""
    return {
        "company": failure.company,
        "path": failure.path,
        "kind": failure.kind,
        "nature": failure.nature,
        "severity": failure.severity,
        "since": timestamp(failure.since),
        "bad": failure.bad,
        "probe": failure.probe_id,
        "at": timestamp(failure.at),
        "outcome": failure.outcome,
        "cause": failure.cause,
        "grade": failure.grade,
        "because": failure.because,
        "reason": failure.reason,
        "compared_at": iso(failure.compared_at),
        "factor": failure.factor,
    }


def finding_json(found: StandingFinding) -> StandingFindingJson:
    """Return one problem of the sender's standing as JSON. `subject` is what others publish, unchanged."""
    return {
        "rule": found.rule,
        "check": found.fact.question if found.fact else None,
        "subject": found.subject,
        "severity": found.severity,
        "since": timestamp(found.since),
        "headline": headline(found),
        "because": described(found),
        "before": before(found) or None,
        "now": now(found),
    }


def entry_json(entry: HistoryEntry) -> EntryJson:
    """Return one line of an incident's history as JSON."""
    return {"at": timestamp(entry.at), "turn": entry.turn, "said": entry.said}


def notice_json(record: NoticeRecord) -> NoticeJson:
    """Return a notice and its delivery as JSON."""
    notice = record.notice
    return {
        "notice": notice.id,
        "channel": notice.channel,
        "number": notice.number,
        "news": notice.news,
        "at": timestamp(notice.at),
        "title": notice.title,
        "state": record.state,
        "tries": record.tries,
        "next_try_at": iso(record.next_try_at),
        "delivered_at": iso(record.delivered_at),
        "fault": record.fault or None,
        "sent_as": record.sent_as or None,
    }


def mute_json(mute: Mute, now: datetime) -> MuteJson:
    """Return a mute as JSON."""
    planned = mute.id.startswith(PREFIX)  # as long as it stands in the configuration: nobody knows since when
    return {
        "mute": mute.id,
        "company": mute.company or None,
        "path": mute.path or None,
        "mail_system": mute.mail_system or None,
        "cause": mute.cause,
        "weekly": mute.weekly or None,
        "begins_at": None if planned else timestamp(mute.begins_at),
        "ends_at": iso(mute.ends_at),
        "active": active(mute, now),
        "silent_until": iso(ends(mute, now)),
        "next": iso(following(mute, now)),
        "by": mute.by,
        "why": mute.why,
        "created_at": None if planned else timestamp(mute.created_at),
        "ended_at": iso(mute.ended_at),
        "ended_by": mute.ended_by or None,
    }
