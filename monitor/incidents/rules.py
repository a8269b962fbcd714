"""Incidents and problems, before -> after, with the history of changes.

Each problem has one open incident: the one that holds its checks, see `holding`. If several merge, the one that people
have known about longest continues and absorbs the others. A problem that returns soon reopens its incident.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.incidents import standing_words
from monitor.incidents.holding import Group, key_of, seniority
from monitor.incidents.incident import (
    EVERYBODY,
    GRAVEST_FIRST,
    MAX_FAILURES,
    SEVERAL,
    Failure,
    FailureKey,
    FindingAbout,
    HistoryEntry,
    Incident,
    IncidentEvent,
    Nature,
    Resolution,
    leading,
)
from monitor.incidents.labels import NATURES, SCOPES, SEVERITIES, decided_by
from monitor.incidents.scope import Key, Problem, gravest
from probes.check import Check
from probes.labels import CAUSES, OUTCOMES, cause_label

MAX_NAMED = 10  # companies in one line of a history


@dataclass
class After:
    """The result of the rules: new and changed incidents, and the entries of their histories. `problems`: the problem
    of each open incident, by its id."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    entries: list[HistoryEntry] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)

    def put(self, incident: Incident, *entries: HistoryEntry) -> None:
        """Set the present state of an incident."""
        self.incidents[incident.id] = incident
        self.entries += entries


@dataclass(frozen=True, slots=True)
class Moment:
    """Other input of the rules: the time, the monitored paths and kinds, ids for new incidents, how long a closed one
    may reopen, and the previous problems by the ids of their incidents: one that is still the very same value is no
    news. `asks`: whether findings about this are read at all, of this company, "" for those of none."""

    now: datetime
    watched: Callable[[Check], bool]
    new_id: Callable[[], str]
    reopen: timedelta
    before: Mapping[str, Problem] = field(default_factory=dict)
    asks: Callable[[FindingAbout, str], bool] = lambda _, __: True


def reconcile(incidents: Iterable[Incident], groups: Sequence[Group], at: Moment) -> After:
    """Bring incidents, open and recently closed, in line with the present problems."""
    after = After()
    known = list(incidents)
    opened = {incident.id: incident for incident in known if incident.open}
    lately = {key_of(each): each for each in sorted(_that_may_return(known, at), key=lambda each: each.opened_at)}
    for group in sorted(groups, key=lambda group: len(group.problem.companies), reverse=True):
        holders = [opened.pop(name) for name in group.holders]
        if len(holders) > 1:
            holders.sort(key=seniority)
        returns = bool(holders and holders[0].company and not group.problem.company and group.problem.key in lately)
        if returns:  # what is wide again is the wide one that was over too soon
            before, taken = None, holders
        else:
            before, taken = (holders[0], holders[1:]) if holders else (None, [])
        now = _go_on(after, before, group, lately, at)
        after.problems[now.id] = group.problem
        for each in taken:
            _merge(after, each, now, at.now)
    holder_of = _by_failure(after.problems) if opened else {}
    for orphan in opened.values():
        into = next((holder_of[each.key] for each in orphan.failures if each.key in holder_of), None)
        if into and len(orphan.companies) > 1 and after.problems[into].company:  # something else, at one of them
            into = None
        if into:
            _merge(after, orphan, after.incidents.get(into) or next(i for i in known if i.id == into), at.now)
        else:
            after.put(*_closed(orphan, _ending(orphan, at), at.now))
    return after


def _go_on(after: After, before: Incident | None, group: Group, lately: Mapping[Key, Incident], at: Moment) -> Incident:
    """Return the incident of the group from now on."""
    problem = group.problem
    if before is None:
        now, *entries = _opened(lately.get(problem.key), problem, at)
    elif at.before.get(before.id) is problem:
        return before
    else:
        now, *entries = _updated(before, group, at.now)
    if now != before:
        after.put(now, *entries)
    return now


def _by_failure(problems: Mapping[str, Problem]) -> dict[FailureKey, str]:
    """Return the id of the incident of each failing check."""
    return {failure.key: name for name, problem in problems.items() for failure in problem.failures}


def _that_may_return(incidents: Iterable[Incident], at: Moment) -> Iterator[Incident]:
    """Test if it was closed recently, by itself. A clock set back does not make it long ago."""
    for incident in incidents:
        if incident.closed_at and incident.ending is Resolution.RECOVERED and at.now - incident.closed_at <= at.reopen:
            yield incident


def _kept(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """Return the failures to store: the most severe, and of those the oldest."""
    gravest_first = sorted(failures, key=lambda each: (GRAVEST_FIRST[each.severity], each.since, each.check))
    return tuple(gravest_first[:MAX_FAILURES])


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
        "others": problem.others,
        "part": problem.part,
        "failing": len(problem.failures),
        "failures": _kept(problem.failures),
        "standing": problem.standing,
    }


def _opened(before: Incident | None, problem: Problem, at: Moment) -> tuple[Incident, HistoryEntry]:
    """Open a new incident, or reopen the recent one with the same subject."""
    if before is None:
        incident = Incident(
            id=at.new_id(),
            companies=problem.companies,
            began_at=problem.since,
            opened_at=at.now,
            changed_at=at.now,
            highest_severity=problem.severity,
            **_fields(problem),  # type: ignore[arg-type]
        )
        return incident, HistoryEntry(incident.id, at.now, IncidentEvent.OPENED, described(problem))
    incident = replace(
        _with(before, problem),
        opened_at=at.now,
        changed_at=at.now,
        closed_at=None,
        ending=None,
        recovering_since=None,
        narrowed_at=None,
        relapses=before.relapses + 1,
    )
    return incident, HistoryEntry(incident.id, at.now, IncidentEvent.REOPENED, f"came back: {described(problem)}")


def _with(incident: Incident, problem: Problem) -> Incident:
    known = frozenset(incident.companies)
    new = tuple(company for company in problem.companies if company not in known)
    highest = gravest((incident.highest_severity or incident.severity, problem.severity))
    companies = (*incident.companies, *new)
    return replace(incident, companies=companies, highest_severity=highest, **_fields(problem))  # type: ignore[arg-type]


def _updated(incident: Incident, group: Group, now: datetime) -> tuple[Incident, *tuple[HistoryEntry, ...]]:
    """Update the incident. Its scope does not narrow while its subject stays, or it would flap."""
    problem = group.problem
    after = _with(incident, problem)
    if key_of(after) == key_of(incident) and incident.scope.wider_than(after.scope):
        after = replace(after, scope=incident.scope)
    if incident.cause != after.cause or incident.nature is not after.nature:
        after = replace(after, changed_at=now)
    if incident.company and not problem.company:  # what was one company's own before does not tell when all of it began
        after = replace(after, began_at=problem.since)
    if group.recovering:
        after = replace(after, recovering_since=incident.recovering_since or now)
    elif _narrowed(incident, after):
        after = replace(after, narrowed_at=now)
    elif after.wide:
        after = replace(after, recovering_since=None)
    return after, *(HistoryEntry(after.id, now, turn, said) for turn, said in _changes(incident, after))


def _narrowed(before: Incident, after: Incident) -> bool:
    """Test if it is narrower, now that all of it was judged again."""
    return _WIDTH.get(after.subject[:1], 0) < _WIDTH.get(before.subject[:1], 0)


_WIDTH = {"@": 1, EVERYBODY: 2}


def _changes(before: Incident, after: Incident) -> Iterator[tuple[IncidentEvent, str]]:
    yield from _turned(before, after)
    known = {(each.rule, each.subject) for each in before.standing}
    for each in after.standing:
        if (each.rule, each.subject) not in known:
            yield IncidentEvent.STANDING, standing_words.described(each)
    earlier, now = frozenset(before.touches), frozenset(after.touches)
    if more := [company for company in after.touches if company not in earlier]:
        yield IncidentEvent.TOUCHED, f"{_named(more)}; {len(after.touches)} in all"
    if fewer := [company for company in before.touches if company not in now]:
        yield IncidentEvent.RECOVERED_IN, f"{_named(fewer)}; {len(after.touches)} still affected"
    if after.recovering and not before.recovering:
        yield IncidentEvent.RECOVERING, f"{len(after.touches)} of {len(after.companies)} companies still affected"
    if before.recovering and after.wide and not after.recovering:
        yield IncidentEvent.WORSENED, f"{len(after.touches)} of {len(after.companies)} companies fail again"


def _turned(before: Incident, after: Incident) -> Iterator[tuple[IncidentEvent, str]]:
    """Describe the change. One line if another party is responsible: cause, outcome and severity follow from that."""
    if after.nature is not before.nature:
        was, now = standing_words.party(before.nature, before.about), standing_words.party(after.nature, after.about)
        lead = leading(after, after.failures)
        why = f"{standing_words.headlines(after.standing)}." if after.about else NATURES[after.nature].sentence
        said = (decided_by(lead) if lead else "") or why
        yield IncidentEvent.RECLASSIFIED, f"from {was} to {now}: {said}"
        return
    if _narrowed(before, after):
        yield IncidentEvent.NARROWED, _left_of(after)
    elif after.scope.wider_than(before.scope):
        yield IncidentEvent.WIDENED, f"from {SCOPES[before.scope].label} to {SCOPES[after.scope].label}"
    if after.cause != before.cause:
        yield (
            IncidentEvent.CAUSE_CHANGED,
            f"from {cause_label(before.cause).label} to {cause_label(after.cause).label}: {_because(after)}",
        )
    if after.outcome is not before.outcome:
        yield IncidentEvent.OUTCOME_CHANGED, f"from {OUTCOMES[before.outcome].label} to {OUTCOMES[after.outcome].label}"
    if after.severity is not before.severity:
        yield (
            IncidentEvent.SEVERITY_CHANGED,
            f"from {SEVERITIES[before.severity].label} to {SEVERITIES[after.severity].label}",
        )


def _left_of(after: Incident) -> str:
    well, without_result = len(after.companies) - len(after.touches), after.without_result
    failing = [company for company in after.touches if company not in without_result]
    said = [f"{well} of {len(after.companies)} companies recovered"]
    if failing:
        said.append(f"still failing: {_named(failing)}")
    if without_result:
        said.append(f"not tested since: {_named(without_result)}")
    return "; ".join(said)


def _merge(after: After, taken: Incident, into: Incident, now: datetime) -> None:
    """Close the incident, because another one includes it."""
    closed = replace(taken, closed_at=now, ending=Resolution.MERGED, merged_into=into.id, touches=(), failing=0)
    after.put(closed, HistoryEntry(taken.id, now, IncidentEvent.CLOSED, f"merged into incident {into.id}"))
    after.entries.append(
        HistoryEntry(into.id, now, IncidentEvent.TOOK_IN, f"incident {taken.id} of {_named(taken.touches)}")
    )


def _ending(incident: Incident, at: Moment) -> Resolution:
    if about := incident.about:
        return Resolution.RECOVERED if at.asks(about, incident.company) else Resolution.UNWATCHED
    return Resolution.RECOVERED if any(at.watched(each.check) for each in incident.failures) else Resolution.UNWATCHED


def _closed(incident: Incident, ending: Resolution, now: datetime) -> tuple[Incident, HistoryEntry]:
    closed = replace(incident, closed_at=now, ending=ending, touches=(), failing=0, recovering_since=None)
    said = standing_words.ended(incident, ending)
    return closed, HistoryEntry(incident.id, now, IncidentEvent.CLOSED, said)


def described(problem: Problem) -> str:
    """Describe the problem in a line, with the server's reply."""
    cause = f" ({CAUSES[problem.cause].label})" if problem.cause else ""
    if problem.nature is Nature.STANDING:
        return f"{standing_words.about_of(problem.standing).label}{cause}: {_because(problem)}"
    alone = problem.subject in (EVERYBODY, SEVERAL)
    who = SCOPES[problem.scope].label + ("" if alone else f" ({problem.subject.removeprefix('@')})")
    return f"{who}: {OUTCOMES[problem.outcome].label}{cause}: {_because(problem)}"


def _because(what: Problem | Incident) -> str:
    """Return the sentence of the leading failure."""
    failures = _kept(what.failures)
    if not failures:
        return "; ".join(map(standing_words.described, what.standing))
    same = (failure for failure in failures if (failure.outcome, failure.cause) == (what.outcome, what.cause))
    return next(same, failures[0]).because


def _named(companies: Sequence[str]) -> str:
    rest = len(companies) - MAX_NAMED
    return ", ".join(companies[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
