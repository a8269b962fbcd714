"""Incidents and problems, before -> after, with the history of what changed.

Each problem has one open incident. One that became wider keeps the incident that people know of longest and takes the
others in; one that comes back soon is the same incident again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.incidents.incident import (
    GRAVEST_FIRST,
    MOST_FAILURES,
    Ending,
    Entry,
    Failure,
    Incident,
    Turn,
)
from monitor.incidents.ruling import Line
from monitor.incidents.scope import EVERYBODY, Key, Problem

MOST_NAMED = 10  # companies in one line of a history


@dataclass
class After:
    """What the rules made of it: incidents that are new or other than before, and what their histories say of it."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def put(self, incident: Incident, *entries: Entry) -> None:
        """This is what the incident is now."""
        self.incidents[incident.id] = incident
        self.entries += entries


@dataclass(frozen=True, slots=True)
class Moment:
    """What else the rules need: the time, which paths and kinds are still watched, names for new incidents, for how
    long what is over may come back as the same, and the problems of the last time: one that is still the very same
    value is no news."""

    now: datetime
    watched: Callable[[Line], bool]
    new_id: Callable[[], str]
    reopen: timedelta
    before: Mapping[Key, Problem] = field(default_factory=dict)


def key_of(incident: Incident) -> Key:
    """By which it is found."""
    return incident.nature, incident.subject


def reconcile(incidents: Iterable[Incident], problems: Sequence[Problem], at: Moment) -> After:
    """Bring the incidents, open ones and those lately closed, in line with the problems that there are now."""
    after = After()
    known = list(incidents)
    opened = {key_of(incident): incident for incident in known if incident.open}
    lately = {key_of(each): each for each in sorted(_that_may_return(known, at), key=lambda each: each.opened_at)}
    there = {problem.key for problem in problems}
    orphans = {key: incident for key, incident in opened.items() if key not in there}
    speaking: list[tuple[Problem, Incident]] = []
    for problem in sorted(problems, key=lambda problem: len(problem.companies), reverse=True):
        inside = [] if problem.company else _inside(orphans, problem)
        before = opened.get(problem.key) or (inside.pop(0) if inside else None)
        entries: list[Entry] = []
        if before and at.before.get(problem.key) is problem:
            now = before
        elif before is None:
            now, *entries = _opened(lately.get(problem.key), problem, at)
        else:
            now, *entries = _updated(before, problem, at.now)
            orphans.pop(key_of(before), None)
        if now != before:
            after.put(now, *entries)
        speaking.append((problem, now))
        for taken in inside:
            _merge(after, orphans.pop(key_of(taken)), now, at.now)
    for incident in orphans.values():
        if into := _other_nature(incident, speaking):
            _merge(after, incident, into, at.now)
        else:
            after.put(*_closed(incident, _ending(incident, problems, at), at.now))
    return after


def _other_nature(incident: Incident, speaking: Iterable[tuple[Problem, Incident]]) -> Incident | None:
    """The incident about the same paths and kinds, which turned out to be another's trouble than it seemed."""
    lines = {failure.line for failure in incident.failures}
    for problem, other in speaking:
        if problem.nature is not incident.nature and any(failure.line in lines for failure in problem.failures):
            return other
    return None


def _that_may_return(incidents: Iterable[Incident], at: Moment) -> Iterator[Incident]:
    """Closed lately, by itself. A clock that went back does not make it long ago."""
    for incident in incidents:
        if incident.closed_at and incident.ending is Ending.RECOVERED and at.now - incident.closed_at <= at.reopen:
            yield incident


def _inside(orphans: Mapping[Key, Incident], problem: Problem) -> list[Incident]:
    """The incidents that the problem takes in, the one that people know of longest first."""
    companies = set(problem.companies)
    inside = [
        incident
        for (nature, _), incident in orphans.items()
        if nature is problem.nature
        and not incident.scope.wider_than(problem.scope)
        and companies.intersection(incident.touches)
    ]
    return sorted(inside, key=lambda incident: (not incident.told, incident.opened_at))


def _kept(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """The gravest, and of those the oldest."""
    gravest_first = sorted(failures, key=lambda each: (GRAVEST_FIRST[each.severity], each.since, each.line))
    return tuple(gravest_first[:MOST_FAILURES])


def _fields(problem: Problem) -> dict[str, object]:
    return {
        "nature": problem.nature,
        "subject": problem.subject,
        "scope": problem.scope,
        "severity": problem.severity,
        "outcome": problem.outcome,
        "cause": problem.cause,
        "company": problem.company,
        "mail_system": problem.mail_system,
        "touches": problem.companies,
        "failing": len(problem.failures),
        "failures": _kept(problem.failures),
    }


def _opened(before: Incident | None, problem: Problem, at: Moment) -> tuple[Incident, Entry]:
    """A new incident; or the one that was about the same and was over too soon."""
    if before is None:
        incident = Incident(
            id=at.new_id(),
            companies=problem.companies,
            began_at=problem.since,
            opened_at=at.now,
            changed_at=at.now,
            **_fields(problem),  # type: ignore[arg-type]
        )
        return incident, Entry(incident.id, at.now, Turn.OPENED, described(problem))
    incident = replace(
        _with(before, problem),
        opened_at=at.now,
        changed_at=at.now,
        closed_at=None,
        ending=None,
        relapses=before.relapses + 1,
    )
    return incident, Entry(incident.id, at.now, Turn.REOPENED, f"came back: {described(problem)}")


def _with(incident: Incident, problem: Problem) -> Incident:
    new = tuple(company for company in problem.companies if company not in set(incident.companies))
    return replace(incident, companies=(*incident.companies, *new), **_fields(problem))  # type: ignore[arg-type]


def _updated(incident: Incident, problem: Problem, now: datetime) -> tuple[Incident, *tuple[Entry, ...]]:
    """The incident as it is now. Its scope never narrows while it lasts, or it would flap."""
    after = _with(incident, problem)
    if incident.scope.wider_than(problem.scope):
        after = replace(after, scope=incident.scope)
    if incident.cause != after.cause:
        after = replace(after, changed_at=now)
    if incident.company and not problem.company:  # what was one company's own before does not tell when all of it began
        after = replace(after, began_at=problem.since)
    return after, *(Entry(after.id, now, turn, said) for turn, said in _changes(incident, after))


def _changes(before: Incident, after: Incident) -> Iterator[tuple[Turn, str]]:
    if after.scope is not before.scope:
        yield Turn.WIDENED, f"from {words(before.scope)} to {words(after.scope)}"
    if after.cause != before.cause:
        yield Turn.CAUSE_CHANGED, f"from {words(before.cause)} to {words(after.cause)}: {_because(after)}"
    if after.outcome is not before.outcome:
        yield Turn.OUTCOME_CHANGED, f"from {before.outcome} to {after.outcome}"
    if after.severity is not before.severity:
        yield Turn.SEVERITY_CHANGED, f"from {before.severity} to {after.severity}"
    if more := [company for company in after.touches if company not in set(before.touches)]:
        yield Turn.TOUCHED, f"{_named(more)} too, {len(after.touches)} in all"
    if fewer := [company for company in before.touches if company not in set(after.touches)]:
        yield Turn.RECOVERED_IN, f"{_named(fewer)}, {len(after.touches)} left"


def _merge(after: After, taken: Incident, into: Incident, now: datetime) -> None:
    """The incident is over, because another one speaks for it."""
    closed = replace(taken, closed_at=now, ending=Ending.MERGED, merged_into=into.id, touches=(), failing=0)
    after.put(closed, Entry(taken.id, now, Turn.CLOSED, f"taken in by incident {into.id}"))
    after.entries.append(Entry(into.id, now, Turn.TOOK_IN, f"incident {taken.id} of {_named(taken.touches)}"))


def _ending(incident: Incident, problems: Iterable[Problem], at: Moment) -> Ending:
    if not any(at.watched(failure.line) for failure in incident.failures):
        return Ending.UNWATCHED
    left = {company for problem in problems if problem.nature is incident.nature for company in problem.companies}
    return Ending.NARROWED if left.intersection(incident.touches) else Ending.RECOVERED


def _closed(incident: Incident, ending: Ending, now: datetime) -> tuple[Incident, Entry]:
    said = {
        Ending.RECOVERED: "it works again",
        Ending.MERGED: "another incident speaks for it",
        Ending.NARROWED: "most of it works again; what does not has an incident of its own",
        Ending.UNWATCHED: "its paths are no longer watched",
    }[ending]
    closed = replace(incident, closed_at=now, ending=ending, touches=(), failing=0)
    return closed, Entry(incident.id, now, Turn.CLOSED, said)


def described(problem: Problem) -> str:
    """The problem in a line, with what was said."""
    about = f"{words(problem.outcome)}, {words(problem.cause)}" if problem.cause else words(problem.outcome)
    who = words(problem.scope) if problem.subject == EVERYBODY else f"{words(problem.scope)} {problem.subject}"
    return f"{who}: {about}: {_because(problem)}"


def _because(what: Problem | Incident) -> str:
    """What was said where it failed in the way that leads."""
    failures = _kept(what.failures)
    same = (failure for failure in failures if (failure.outcome, failure.cause) == (what.outcome, what.cause))
    return next(same, failures[0]).because


def words(value: str | None) -> str:
    """A word of ours for people."""
    return value.replace("_", " ") if value else "no cause"


def _named(companies: Sequence[str]) -> str:
    rest = len(companies) - MOST_NAMED
    return ", ".join(companies[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
