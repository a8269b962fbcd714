"""Problems of standing, as groups for the rules: one for each cause. Pure.

What probes already say is not said a second time: if mail fails for the same cause, the findings become part of that
problem, whose scope stays what probes have shown, and whose severity is the graver of both. Otherwise they are a
problem of their own, with scope `everybody`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.incidents.holding import Group
from monitor.incidents.incident import FindingAbout, Incident, Nature, Scope, Severity, StandingFinding, StandingRule
from monitor.incidents.scope import Problem, gravest
from monitor.incidents.standing_rules import MAX_FINDINGS, ROWS
from probes.mailsystems.family import CauseFamily, family_of
from probes.verdict import Cause, Outcome

OURS, CHANGES = "!ours", "!changes"
"""Subjects of problems without a cause; those with one are named by it: "!authentication"."""


def subject_of(found: StandingFinding) -> str:
    """Return the subject of the problem that a finding is part of."""
    if found.rule.about is not FindingAbout.SENDER:
        return f"!{found.rule.about}:{found.company}"
    if found.scope is Scope.OURSELVES:
        return OURS
    return CHANGES if found.rule is StandingRule.CHANGED else f"!{found.cause or 'none'}"


def with_standing(
    groups: Sequence[Group], found: Sequence[StandingFinding], incidents: Iterable[Incident]
) -> list[Group]:
    """Return the groups with all findings, which are in the order of `findings`: added to a group or as new ones."""
    by_subject: defaultdict[str, list[StandingFinding]] = defaultdict(list)
    for each in found:
        by_subject[subject_of(each)].append(each)
    present = list(groups)
    for subject, some in by_subject.items():
        held = _held(subject, incidents)
        place = _host(present, some[0], held)
        taken = {name for number, group in enumerate(present) if number != place for name in group.holders}
        free = [name for name in held if name not in taken]
        if place is None:
            present.append(Group(_problem(subject, some), tuple(free)))
        else:
            present[place] = _added(present[place], some, free)
    return present


def _held(subject: str, incidents: Iterable[Incident]) -> list[str]:
    """Return the open incidents that hold findings of this subject already."""
    return [each.id for each in incidents if any(subject_of(found) == subject for found in each.standing)]


def _host(groups: Sequence[Group], found: StandingFinding, held: Sequence[str]) -> int | None:
    """Return the place of the group whose mail fails for this cause, or for one that it explains; real mail fails
    beside any probe of its company, also where nobody's is taken. Of several the one that has the findings already,
    else that of the very cause, else the widest, else the oldest."""
    cause = found.cause
    alike = [
        (
            not set(held) & set(group.holders),
            group.problem.cause is not cause,
            -list(Scope).index(group.problem.scope),
            group.problem.since,
            place,
        )
        for place, group in enumerate(groups)
        if _explains(found, group.problem)
    ]
    return min(alike)[-1] if alike else None


def _explains(found: StandingFinding, problem: Problem) -> bool:
    if found.rule.about is FindingAbout.REAL_MAIL:
        return problem.nature in (Nature.MAIL, Nature.THEIR_SYSTEM) and found.company in problem.companies
    return problem.nature is Nature.MAIL and _same(problem.cause, found.cause)


def _same(mail: Cause | None, standing: Cause | None) -> bool:
    """Test if mail fails for what was found. An address that is listed is blocked by those who use the list."""
    if standing is None or mail is None:
        return False
    return mail is standing or family_of(mail) is family_of(standing) is CauseFamily.ADDRESS


def _added(group: Group, found: Sequence[StandingFinding], holders: Sequence[str]) -> Group:
    problem = group.problem
    severity = gravest((problem.severity, *(_severity(each, len(problem.companies)) for each in found)))
    every = tuple(dict.fromkeys((*group.holders, *holders)))
    standing = (*problem.standing, *found)[:MAX_FINDINGS]
    return replace(group, problem=replace(problem, severity=severity, standing=standing), holders=every)


def _severity(found: StandingFinding, companies: int) -> Severity:
    pages_at = ROWS[found.rule].pages_at
    return Severity.PAGE if pages_at and companies >= pages_at else found.severity


def _problem(subject: str, found: Sequence[StandingFinding]) -> Problem:
    return Problem(
        nature=Nature.STANDING,
        subject=subject,
        scope=found[0].scope,
        severity=gravest(each.severity for each in found),
        outcome=Outcome.BLOCKED if found[0].rule.about is FindingAbout.REAL_MAIL else Outcome.UNKNOWN,
        cause=found[0].cause,
        company=found[0].company,
        mail_system="",
        companies=tuple(filter(None, (found[0].company,))),
        failures=(),
        since=min(each.since for each in found),
        standing=tuple(found[:MAX_FINDINGS]),
    )
