"""Contents of a company's status page, as plain values. Pure: results, incidents and the time come in.

Results of different grades are never added up: each has bars of its own, as it has tiles.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, Nature, worst_first
from monitor.incidents.labels import RESOLUTIONS
from monitor.incidents.summary import problem_label, problem_means
from monitor.incidents.work import IncidentAction
from monitor.measures.time_slots import DAY, TimeSlots
from monitor.output.code_tiles import GradeTiles, code_tiles
from monitor.output.symbols import look_of
from monitor.probing.code_counts import grade_of
from monitor.probing.current import CurrentVerdict
from monitor.store import CompanySeries, CompanyWindows, SlotCount
from monitor.web.charts import InTimeBars, SlotNames, SlotTally, Tick, bars_of, tallies, times_of
from monitor.web.pages.company_impact import Impact, impact_of
from probes.check import Check
from probes.display import lasting
from probes.verdict import Grade, Outcome

DAYS = 90
MINUTE = timedelta(minutes=1)
SHOWN_FOR = timedelta(days=DAYS)
MAX_INCIDENTS = 20
MAX_BAD_DAYS = 7  # that are listed beside the bars; all are in the table
NOT_OF_MAIL = frozenset({Nature.MAILBOX, Nature.OURS})
"""Incidents that say nothing about mail to people: they concern a probe's mailbox, or Mailpath."""


@dataclass(frozen=True, slots=True)
class StatusDay:
    """A day with results, in words; `bad` if not all were in time."""

    day: datetime
    said: str
    bad: bool


@dataclass(frozen=True, slots=True)
class GradeDays:
    """The bars of one grade, and the same in words, newest first. `links` lead nowhere: there is no page behind a
    bar."""

    grade: Grade
    bars: InTimeBars
    width: float
    days: tuple[StatusDay, ...]
    links: tuple[str, ...] = ("",) * DAYS

    @property
    def bad(self) -> tuple[StatusDay, ...]:
        """Return the days on which not all was in time, newest first."""
        return tuple(each for each in self.days if each.bad)


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A public update of an incident."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class StatusIncident:
    """An incident, as outsiders read of it."""

    id: str
    problem: str
    means: str
    look: Outcome
    began_at: datetime
    closed_at: datetime | None
    ending: str
    updates: tuple[StatusUpdate, ...]


@dataclass(frozen=True, slots=True)
class StatusPage:
    """All that the page shows. `lasts`: since when the problem has lasted, "" if less than
    a minute. `coded`: the bars are of codes; else of all mail, as none carries a code."""

    name: str
    impact: Impact
    lasts: str
    tiles: tuple[GradeTiles, ...]
    grades: tuple[GradeDays, ...]
    coded: bool
    times: tuple[Tick, ...]
    incidents: tuple[StatusIncident, ...]
    left_out: int
    first_day: datetime | None


def last_days(now: datetime) -> TimeSlots:
    """Return the days of the bars; the last one is today."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return TimeSlots(midnight - (DAYS - 1) * DAY, DAY, DAYS)


def shown_incidents(incidents: Iterable[Incident], company: str, now: datetime) -> list[Incident]:
    """Return those about mail to people of this company in the last days: open ones first, then the newest first."""
    mine = [each for each in incidents if company in (*each.touches, *each.companies)]
    about = [each for each in mine if each.nature not in NOT_OF_MAIL]
    opened = [each for each in about if each.open and company in each.touches]
    over = [each for each in about if each not in opened and (each.closed_at or now) > now - SHOWN_FOR]
    return [*sorted(opened, key=worst_first), *sorted(over, key=lambda each: each.began_at, reverse=True)]


def company_impact(
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    incidents: Iterable[Incident],
    now: datetime,
) -> Impact:
    """Return the state of a company's mail in one sentence."""
    opened = [each for each in incidents if each.open and paths[0].company in each.touches]
    return impact_of(paths, current_verdicts, sorted(opened, key=worst_first), now)


def status_page(
    paths: Sequence[WatchedPath],
    impact: Impact,
    windows: CompanyWindows,
    series: CompanySeries,
    incidents: Sequence[Incident],
    updates: Mapping[str, Sequence[IncidentAction]],
    now: datetime,
) -> StatusPage:
    """Return the page of one company. `updates`: the public comments on its incidents, by id."""
    company = paths[0].company
    coded = any(row.kind.facts.needs_code for row in series.results)
    return StatusPage(
        name=paths[0].company_name,
        impact=impact,
        lasts=lasting(now - impact.since) if impact.since and now - impact.since >= MINUTE else "",
        tiles=tuple(code_tiles(company, windows.results, paths)),
        grades=tuple(_grades(paths, series, last_days(now), coded=coded)),
        coded=coded,
        times=times_of(last_days(now)),
        incidents=tuple(_incident(each, company, updates.get(each.id, ())) for each in incidents[:MAX_INCIDENTS]),
        left_out=max(len(incidents) - MAX_INCIDENTS, 0),
        first_day=windows.first_day,
    )


def _grades(
    paths: Sequence[WatchedPath], series: CompanySeries, slots: TimeSlots, *, coded: bool
) -> Iterable[GradeDays]:
    names = SlotNames(slots)
    routes = {path.path: grade_of(path) for path in paths}
    by_grade: dict[Grade, list[SlotCount]] = defaultdict(list)
    for row in series.results:
        if row.kind.facts.needs_code or not coded:
            by_grade[routes.get(row.path, row.grade)].append(row)
    for grade in Grade:
        if rows := by_grade.get(grade):
            tally = tallies(rows)
            yield GradeDays(grade, bars_of(tally, names), names.width, tuple(_days(tally, slots)))


def _days(found: Mapping[int, SlotTally], slots: TimeSlots) -> Iterable[StatusDay]:
    for slot, tally in sorted(found.items(), reverse=True):
        yield StatusDay(slots.start_of(slot), tally.said, bool(tally.missed))


def _incident(incident: Incident, company: str, updates: Iterable[IncidentAction]) -> StatusIncident:
    recovered = incident.open and company not in incident.touches
    return StatusIncident(
        id=incident.id,
        problem=problem_label(incident),
        means=problem_means(incident),
        look=look_of(incident),
        began_at=incident.began_at,
        closed_at=incident.closed_at,
        ending="recovered" if recovered else RESOLUTIONS[incident.ending].label if incident.ending else "",
        updates=tuple(StatusUpdate(each.at, each.text) for each in reversed(tuple(updates))),
    )
