"""Contents of the pages about incidents, as plain values. Pure: incidents, mutes, paths and the time come in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from monitor.actions.audit import about
from monitor.config import Config, WatchedPath
from monitor.incidents.advice import incident_runbook
from monitor.incidents.incident import Incident, Nature, Scope, Severity, worst_first
from monitor.incidents.labels import NATURES, RESOLUTIONS, SEVERITIES
from monitor.incidents.mute import Mute, active, muting, over, whole_of
from monitor.incidents.summary import problem_label, problem_means, scope_label
from monitor.incidents.work import NO_WORK, IncidentWork
from monitor.notices.notice import NoticeKind
from monitor.notices.routing import channels_for, escalations
from monitor.notices.wording import left
from monitor.output.mute_text import mute_times
from monitor.output.symbols import look_of
from monitor.store import NoticeRecord
from probes.display import clock, counted, lasting
from probes.mailsystems.words import Chain
from probes.verdict import Outcome

MAX_COMPANIES_OFFERED = 20  # to be muted, of one incident
MAX_NAMED = 3  # companies of one incident, in a list


@dataclass(frozen=True)
class PageContext:
    """Further input: the paths and mutes that the caller may see, the time, and the work on open incidents."""

    paths: Sequence[WatchedPath]
    mutes: Sequence[Mute]
    now: datetime
    works: Mapping[str, IncidentWork] = field(default_factory=dict)

    @cached_property
    def companies(self) -> dict[str, WatchedPath]:
        """One path of each company, which knows its name and its mail system."""
        return {path.company: path for path in self.paths}

    def name(self, company: str) -> str:
        """Return this company's display name; its key if it is no longer configured."""
        return self.companies[company].company_name if company in self.companies else company

    def mail_systems(self, company: str) -> Chain:
        """The mail systems that its mail goes through."""
        return self.companies[company].mail_systems if company in self.companies else ()

    def muted_by(self, incident: Incident) -> tuple[str, ...]:
        """The mutes that cover it now: its own mark may be a second older than they are. Of a storm not every failure
        is kept, and there the mark must agree."""
        if not incident.open:
            return ()
        found = muting(self.mutes, incident.failures, self.mail_systems, self.now, whole_of(incident))
        return found if incident.failing <= len(incident.failures) or incident.muted_by else ()


@dataclass(frozen=True, slots=True)
class Row:
    """One incident of a list. `problem` is the label of its badge, `look` its colour and sign; `means` says it as a
    sentence, `because` in the words of a server, "" for the sender's standing; `terms` are the values to explain."""

    id: str
    severity: Severity
    scope: str
    who: str
    problem: str
    look: Outcome
    means: str
    because: str
    terms: tuple[StrEnum, ...]
    began_at: datetime
    lasts: str
    closed_at: datetime | None
    ending: str
    left: str
    muted: bool
    held: str
    runbook: str


def row_of(incident: Incident, around: PageContext) -> Row:
    """One incident, in a line."""
    return Row(
        id=incident.id,
        severity=incident.listed_severity,
        scope=scope_label(incident),
        who=who(incident, around),
        problem=problem_label(incident),
        look=look_of(incident),
        means=problem_means(incident),
        because=incident.failures[0].because if incident.failures else "",
        terms=_terms(incident),
        began_at=incident.began_at,
        lasts=lasting((incident.closed_at or around.now) - incident.began_at),
        closed_at=incident.closed_at,
        ending=RESOLUTIONS[incident.ending].label if incident.ending else "",
        left=left(incident),
        muted=bool(around.muted_by(incident)),
        held=_held(around.works.get(incident.id, NO_WORK)),
        runbook=incident_runbook(incident),
    )


def _terms(incident: Incident) -> tuple[StrEnum, ...]:
    if incident.nature is Nature.STANDING and not incident.stops_mail:
        return incident.listed_severity, incident.nature
    return (incident.outcome, *((incident.cause,) if incident.cause else ()), incident.listed_severity, incident.scope)


def _held(work: IncidentWork) -> str:
    """Return who has it in a few words, "" if nobody has."""
    if not work.acknowledged:
        return ""
    return f"{work.held_by} has it" if work.held_by else "acknowledged"


def who(incident: Incident, around: PageContext) -> str:
    """Name the affected companies in a few words."""
    companies = incident.named
    if incident.nature is Nature.STANDING and not companies:
        return NATURES[incident.nature].label
    if len(companies) > MAX_NAMED:
        return counted(len(companies), "company", "companies")
    paths = {failure.path for failure in incident.failures}
    path = f" ({', '.join(paths)})" if incident.scope is Scope.MAILBOX and len(paths) == 1 else ""
    return ", ".join(around.name(company) for company in companies) + path


@dataclass(frozen=True, slots=True)
class Chosen:
    """Conditions of the list of incidents; "" matches all."""

    company: str = ""
    severity: str = ""
    state: str = ""


def rows(incidents: Iterable[Incident], around: PageContext, chosen: Chosen) -> tuple[list[Row], list[Row]]:
    """Those that go on, the worst first, and those that are over, the newest first."""
    wanted = [each for each in incidents if _wanted(each, chosen, around)]
    opened = sorted((each for each in wanted if each.open), key=worst_first)
    over_now = [each for each in wanted if not each.open]
    return [row_of(each, around) for each in opened], [row_of(each, around) for each in over_now]


def _wanted(incident: Incident, chosen: Chosen, around: PageContext) -> bool:
    touched = incident.touches if incident.open else incident.companies
    return (
        chosen.company in ("", *touched)
        and chosen.severity in ("", incident.listed_severity)
        and chosen.state in ("", "open" if incident.open else "closed")
    )


@dataclass(frozen=True, slots=True)
class NoticeDelivery:
    """One notice, and what became of it. `why` tells why it has not reached its channel."""

    channel: str
    news: NoticeKind
    at: datetime
    delivered_at: datetime | None
    why: str
    title: str
    text: str


def notice_delivery(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> NoticeDelivery:
    """Return what became of one of these notices."""
    notice = record.notice
    return NoticeDelivery(
        channel=notice.channel,
        news=notice.news,
        at=notice.at,
        delivered_at=None if record.sent_as else record.delivered_at,
        why=_why_not(record, notices) if record.sent_as or not record.delivered_at else "",
        title=notice.title,
        text=notice.text,
    )


def _why_not(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> str:
    mine = record.notice
    if record.sent_as:
        return "delivered as part of a later notice"
    if record.fault:
        again = f", next {record.next_try_at:%H:%M:%S} UTC" if record.next_try_at else ""
        return f"retrying after {counted(record.tries, 'attempt')}{again}: {record.fault}"
    held_up = any(
        not other.delivered_at and other.notice.channel == mine.channel and other.notice.number < mine.number
        for other in notices
    )
    return "queued behind an earlier notice" if held_up else "queued"


def silent_because(incident: Incident, config: Config, muted: bool, now: datetime) -> str:
    """Return why no notice has been sent; "" if one has."""
    if not config.channels:
        return "no notification channels are configured"
    if muted:
        return "it is muted"
    if not channels_for(incident, config.routing, config.channels, now):
        if later := list(escalations(incident, config.routing, now)):
            return f"{later[0][0]} is notified {clock(later[0][1])} if nobody acknowledges it"
        return f"no channel receives incidents of this kind with severity {SEVERITIES[incident.severity].label}"
    if incident.open and now - incident.opened_at < config.incidents.settle:
        return f"channels are notified once it has lasted {lasting(config.incidents.settle)}"
    return "" if incident.open else "it was resolved before it had lasted long enough"


@dataclass(frozen=True, slots=True)
class Silent:
    """A mute, as a page shows it."""

    id: str
    about: str
    state: str
    when: str
    by: str
    why: str
    may_end: bool


def silent(mute: Mute, now: datetime, *, may_end: bool) -> Silent:
    """A mute seen from now."""
    state = "ended" if over(mute, now) else "active" if active(mute, now) else "scheduled"
    return Silent(mute.id, about(mute), state, mute_times(mute, now), mute.by, mute.why, may_end and state != "ended")
