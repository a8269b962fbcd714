"""The time line of an incident: what Mailpath saw, what people did and wrote, who was notified, and the probes that
somebody asked for, newest first. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from monitor.incidents.incident import HistoryEntry, IncidentEvent
from monitor.incidents.labels import EVENTS
from monitor.incidents.work import IncidentWork, comment_id
from monitor.notices.labels import NOTICE_KINDS
from monitor.store import NoticeRecord, ProbeRow
from monitor.web.pages.incidents_view import NoticeDelivery, notice_delivery
from probes.display import counted
from probes.labels import KINDS, OUTCOMES, ROLES
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Verdict

MAX_SHOWN = 60  # entries, unless all are asked for
ONE_RUN = timedelta(minutes=30)  # probes of one purpose on one path that are not further apart are one entry


class TimelinePart(StrEnum):
    """Parts of a time line, each of which can be shown alone."""

    INCIDENT = "incident"
    PEOPLE = "people"
    NOTICES = "notices"
    PROBES = "probes"


PART_TITLES: dict[TimelinePart, str] = {
    TimelinePart.INCIDENT: "Incident",
    TimelinePart.PEOPLE: "People",
    TimelinePart.NOTICES: "Notices",
    TimelinePart.PROBES: "Probes",
}

PARTS: dict[IncidentEvent, TimelinePart] = {
    IncidentEvent.OPENED: TimelinePart.INCIDENT,
    IncidentEvent.REOPENED: TimelinePart.INCIDENT,
    IncidentEvent.WIDENED: TimelinePart.INCIDENT,
    IncidentEvent.CAUSE_CHANGED: TimelinePart.INCIDENT,
    IncidentEvent.OUTCOME_CHANGED: TimelinePart.INCIDENT,
    IncidentEvent.SEVERITY_CHANGED: TimelinePart.INCIDENT,
    IncidentEvent.TOUCHED: TimelinePart.INCIDENT,
    IncidentEvent.RECOVERED_IN: TimelinePart.INCIDENT,
    IncidentEvent.RECLASSIFIED: TimelinePart.INCIDENT,
    IncidentEvent.RECOVERING: TimelinePart.INCIDENT,
    IncidentEvent.WORSENED: TimelinePart.INCIDENT,
    IncidentEvent.NARROWED: TimelinePart.INCIDENT,
    IncidentEvent.TOOK_IN: TimelinePart.INCIDENT,
    IncidentEvent.STANDING: TimelinePart.INCIDENT,
    IncidentEvent.CLOSED: TimelinePart.INCIDENT,
    IncidentEvent.MUTED: TimelinePart.PEOPLE,
    IncidentEvent.UNMUTED: TimelinePart.PEOPLE,
    IncidentEvent.REMEDY_APPLIED: TimelinePart.PEOPLE,
    IncidentEvent.REMEDY_UNDONE: TimelinePart.PEOPLE,
    IncidentEvent.ACKNOWLEDGED: TimelinePart.PEOPLE,
    IncidentEvent.RELEASED: TimelinePart.PEOPLE,
    IncidentEvent.OWNER_SET: TimelinePart.PEOPLE,
    IncidentEvent.COMMENTED: TimelinePart.PEOPLE,
    IncidentEvent.COMMENT_PUBLISHED: TimelinePart.PEOPLE,
    IncidentEvent.COMMENT_WITHDRAWN: TimelinePart.PEOPLE,
    IncidentEvent.TICKET_LINKED: TimelinePart.PEOPLE,
    IncidentEvent.QUEUED: TimelinePart.NOTICES,
    IncidentEvent.TOLD: TimelinePart.NOTICES,
    IncidentEvent.NOT_DELIVERED: TimelinePart.NOTICES,
    IncidentEvent.REMEDY_TESTED: TimelinePart.PROBES,
}
"""Where each event of the history is shown."""

BY_NOTICE = frozenset({IncidentEvent.QUEUED, IncidentEvent.TOLD})
"""Events that a notice shows by itself, as long as it is kept."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry. `key` identifies it while the page is open. `text` is a line, and may quote others; `full` a text with
    lines of its own: a comment, or a notice. `delivery` says what became of a notice. `verdict` is the result of a
    probe, None while it is in flight; `href` leads to it. `comment`: the id of a
    comment, which may be `public`."""

    key: str
    at: datetime
    part: TimelinePart
    title: str
    text: str = ""
    full: str = ""
    delivery: NoticeDelivery | None = None
    verdict: Verdict | None = None
    href: str = ""
    in_flight: bool = False
    comment: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """The entries of one day in UTC."""

    day: date
    entries: tuple[TimelineEntry, ...]


def timeline_of(
    history: Sequence[HistoryEntry],
    notices: Sequence[NoticeRecord],
    work: IncidentWork,
    probes: Iterable[ProbeRow],
    names: Mapping[str, str],
) -> list[TimelineEntry]:
    """Return all entries, newest first. `probes`: those that somebody asked for; `names`: of companies, by key."""
    comments = work.comments
    shown_otherwise = {IncidentEvent.COMMENTED} if comments else set[IncidentEvent]()
    shown_otherwise |= BY_NOTICE if notices else set()
    found = [
        TimelineEntry(f"event-{number}", entry.at, PARTS[entry.turn], EVENTS[entry.turn].title, entry.said)
        for number, entry in enumerate(history)
        if entry.turn not in shown_otherwise
    ]
    found += [
        TimelineEntry(
            f"comment-{number}",
            each.at,
            TimelinePart.PEOPLE,
            f"Comment by {each.who or 'somebody'}",
            full=each.text,
            comment=comment_id(each),
            public=each in work.public,
        )
        for number, each in enumerate(comments)
    ]
    found += [_of_notice(record, notices) for record in notices]
    found += _of_probes(probes, names)
    return sorted(found, key=lambda entry: entry.at)[::-1]


def chosen(entries: Iterable[TimelineEntry], part: str) -> list[TimelineEntry]:
    """Return the entries of one part; "" for all."""
    return [entry for entry in entries if part in ("", entry.part)]


def by_day(entries: Iterable[TimelineEntry]) -> list[TimelineDay]:
    """Group entries that are in order by day."""
    days = groupby(entries, key=lambda entry: entry.at.astimezone(UTC).date())
    return [TimelineDay(day, tuple(of_day)) for day, of_day in days]


def _of_notice(record: NoticeRecord, notices: Sequence[NoticeRecord]) -> TimelineEntry:
    delivery = notice_delivery(record, notices)
    return TimelineEntry(
        key=f"notice-{record.notice.channel}-{record.notice.number}",
        at=delivery.at,
        part=TimelinePart.NOTICES,
        title=f"Notice to {delivery.channel}: {NOTICE_KINDS[delivery.news].label}",
        text=delivery.title,
        full=delivery.text,
        delivery=delivery,
    )


def _of_probes(probes: Iterable[ProbeRow], names: Mapping[str, str]) -> Iterator[TimelineEntry]:
    """A probe by hand is one entry; those of a diagnosis, or of the test of a remedy, are one together."""
    rows = sorted(probes, key=lambda row: (row.company, row.path, row.purpose, row.launched_at))
    run: list[ProbeRow] = []
    for row in rows:
        if run and not _goes_on(run[-1], row):
            yield _of_run(run, names)
            run = []
        run.append(row)
    if run:
        yield _of_run(run, names)


def _goes_on(before: ProbeRow, row: ProbeRow) -> bool:
    same = (before.company, before.path, before.purpose) == (row.company, row.path, row.purpose)
    return same and row.purpose is not ProbePurpose.MANUAL and row.launched_at - before.launched_at <= ONE_RUN


def _of_run(run: Sequence[ProbeRow], names: Mapping[str, str]) -> TimelineEntry:
    first = run[0]
    where = f"{names.get(first.company, first.company)}, path {first.path}"
    if first.purpose is ProbePurpose.MANUAL:
        role = "" if first.role is Role.SENDER else f", as the {ROLES[first.role].label}"
        title = f"Probe by hand: {KINDS[first.kind].label}{role}"
        said = first.verdict.because if first.verdict else ""
        text = f"{where}. {said}" if said else where
        link = f"/probes/{first.probe_id}"
        return TimelineEntry(
            f"probe-{first.probe_id}",
            first.launched_at,
            TimelinePart.PROBES,
            title,
            text,
            verdict=first.verdict,
            href=link,
            in_flight=first.verdict is None,
        )
    what = "Diagnosis" if first.purpose is ProbePurpose.DIAGNOSIS else "Test of a remedy"
    results = Counter(OUTCOMES[row.verdict.outcome].label if row.verdict else "in flight" for row in run)
    said = ", ".join(f"{number} {label}" for label, number in results.most_common())
    return TimelineEntry(
        f"probe-{first.probe_id}",
        first.launched_at,
        TimelinePart.PROBES,
        f"{what}: {counted(len(run), 'probe')}",
        f"{where}. {said}",
    )
