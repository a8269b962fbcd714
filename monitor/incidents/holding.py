"""Assign problems to open incidents.

An incident holds its checks until they are well again, whatever they turn out to be. So nobody is notified of the same
failure twice under two names: not when the control shows that another party is responsible, and not when a wide outage
ends and some companies have not been probed again yet.

A wide incident stays wide while enough companies have it. Below that it is recovering: it keeps the rest until each of
their checks is well, or has failed again in a probe launched since, or had no result for too long. Then it is narrowed
to what remains, which is judged anew.

A problem of another nature at one of its companies by then is not shared by all: it gets an incident of its own, and so
does a full mailbox at any time. And an outage of our own connection stays ours until each company was tried again since
the first was reached: until then nothing is known about them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import TypeVar

from monitor.incidents.companies import WatchedCompanies
from monitor.incidents.incident import EVERYBODY, SEVERAL, Failure, FailureKey, Incident, Nature, Scope, Severity
from monitor.incidents.scope import (
    Joined,
    Key,
    Problem,
    everybody,
    gravest,
    join,
    may_be_ours,
    of_one_family,
    of_systems,
    one_list,
    ourselves,
    same_lists,
    stays_wide,
    system_of,
    their_systems,
)

T = TypeVar("T")

WIDE: dict[Nature, Scope] = {
    Nature.MAIL: Scope.MAIL_SYSTEM,  # or everybody's
    Nature.MAILBOX: Scope.MAILBOX,
    Nature.THEIR_SYSTEM: Scope.THEIR_SYSTEM,
    Nature.OURS: Scope.OURSELVES,
}
NARROW: dict[Nature, Scope] = WIDE | {Nature.MAIL: Scope.COMPANY}
"""The scope of a problem of several companies, where it is one problem, and where it is only the remainder of one."""


@dataclass(frozen=True, slots=True)
class Group:
    """A problem, and the ids of the open incidents that hold its checks. `recovering`: it is the remainder of a wide
    one, and not all of it was judged again."""

    problem: Problem
    holders: tuple[str, ...] = ()
    recovering: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Further facts about a failure. `awaited(failure, since)`: whether a probe launched since then may still show that
    it is over. `failed_at`: launch of the newest failed probe. `due`: whether the next one is still expected."""

    awaited: Callable[[Failure, datetime], bool]
    failed_at: Callable[[Failure], datetime]
    due: Callable[[Failure], bool] = lambda _: False


def key_of(incident: Incident) -> Key:
    """Return the key that identifies it."""
    return incident.nature, incident.subject


def seniority(incident: Incident) -> tuple[bool, bool, datetime, str]:
    """Sort first the incident that keeps its id when several merge: one that people know about, the oldest of them."""
    return not incident.told, not incident.wide, incident.opened_at, incident.id


def _senior(found: dict[T, Incident], what: T, incident: Incident) -> None:
    """Test if it keeps the id, unless another one is senior."""
    other = found.setdefault(what, incident)
    if other is not incident and seniority(incident) < seniority(other):
        found[what] = incident


class Holders:
    """Maps checks to the open incidents that hold them. Of a large incident not all failures are stored: it holds the
    rest of the companies that it affects."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._by_subject: dict[Key, Incident] = {}
        self._by_failure: dict[FailureKey, Incident] = {}
        self._by_company: dict[tuple[str, bool], Incident] = {}
        for incident in incidents:
            _senior(self._by_subject, key_of(incident), incident)
            for failure in incident.failures:
                _senior(self._by_failure, failure.key, incident)
            if incident.failing > len(incident.failures):
                for company, visibility in product(incident.touches, {failure.key[1] for failure in incident.failures}):
                    _senior(self._by_company, (company, visibility), incident)

    def of(self, problem: Problem) -> Incident | None:
        """Return the senior one of those that hold its checks; else the one with the same subject."""
        found = {holder.id: holder for failure in problem.failures if (holder := self._holder(failure))}
        if len(found) > 1:
            return min(found.values(), key=seniority)
        return next(iter(found.values()), None) or self._by_subject.get(problem.key)

    def _holder(self, failure: Failure) -> Incident | None:
        check, visibility = failure.key
        if holder := self._by_failure.get((check, visibility)):
            return holder
        guessed = self._by_company.get((check[0], visibility))
        own_mailbox = failure.nature is Nature.MAILBOX  # which nothing turns out to be that seemed to be another's
        return None if guessed and own_mailbox and guessed.nature is not Nature.MAILBOX else guessed


def grouped(
    problems: Sequence[Problem], incidents: Iterable[Incident], watched: WatchedCompanies, known: Known
) -> list[Group]:
    """Group the problems of single companies that are one: because an open incident holds them, or for one reason."""
    return list(_Grouping(problems, incidents, watched, known).groups())


class _Grouping:
    """One pass over the problems. A problem in one group cannot be in another."""

    def __init__(
        self, problems: Sequence[Problem], incidents: Iterable[Incident], watched: WatchedCompanies, known: Known
    ) -> None:
        self._watched, self._known = watched, known
        self._incidents = {incident.id: incident for incident in incidents}
        holders = Holders(self._incidents.values())
        self._problems = problems
        self._holder = {id(problem): holders.of(problem) for problem in problems}
        self._held: defaultdict[str, list[Problem]] = defaultdict(list)
        for problem in problems:
            if holder := self._holder[id(problem)]:
                self._held[holder.id].append(problem)
        self._taken: set[int] = set()
        for incident in self._incidents.values():
            if len(incident.companies) > 1:
                self._let_go(incident, self._others_trouble(incident))

    def _others_trouble(self, incident: Incident) -> list[Problem]:
        """Return what it holds at single companies and most of its companies never had."""
        held, had_it = self._held[incident.id], frozenset(incident.companies)
        if incident.wide and self._all_looked_at(incident):
            return [problem for problem in held if problem.nature is not incident.nature]
        full = {p.company for p in self._problems if p.nature is Nature.MAILBOX and p.company in had_it}
        if incident.nature is Nature.MAILBOX or 2 * len(full) >= len(had_it):
            return []
        return [problem for problem in held if problem.nature is Nature.MAILBOX]

    def _let_go(self, incident: Incident, problems: Iterable[Problem]) -> None:
        """Stop holding these."""
        gone = {id(problem) for problem in problems}
        for each in gone:
            self._holder[each] = None
        self._held[incident.id] = [problem for problem in self._held[incident.id] if id(problem) not in gone]

    def groups(self) -> Iterator[Group]:
        """Return all groups, each problem in exactly one."""
        wide = [each for each in self._incidents.values() if each.wide and not self._all_looked_at(each)]
        yield from self._keep(each for each in wide if key_of(each) in (_EVERYBODYS, _OUR_OWN, _ONE_LISTS))
        for find in (self._everybody, self._ourselves, self._same_lists):
            yield from self._join(find(wide))
        yield from self._keep(wide)
        yield from self._join(of_systems(self._free_mail(), self._watched))
        yield from self._join(their_systems(self._free(Nature.THEIR_SYSTEM), self._watched))
        for name, held in self._held.items():
            if held and id(held[0]) not in self._taken:  # all of it was taken, or nothing
                yield self._group(_remaining(self._incidents[name], held), held)
        for problem in self._problems:
            if id(problem) not in self._taken:
                yield Group(problem)

    def _keep(self, wide: Iterable[Incident]) -> Iterator[Group]:
        for incident in sorted(wide, key=lambda each: each.opened_at):
            if held := self._left(self._held[incident.id]):
                yield self._kept(incident, held)

    def _everybody(self, wide: Iterable[Incident]) -> Iterator[Joined]:
        """Group everybody's problem: it may absorb mail systems' problems, but there is only one of it."""
        there = any(key_of(each) == _EVERYBODYS for each in wide)
        if not there and (found := everybody(self._free_mail(), self._watched)):
            yield found

    def _same_lists(self, wide: Iterable[Incident]) -> Iterator[Joined]:
        if not any(key_of(each) == _ONE_LISTS for each in wide):
            yield from same_lists(self._free(Nature.THEIR_SYSTEM), self._watched)

    def _ourselves(self, wide: Iterable[Incident]) -> Iterator[Joined]:
        there = any(key_of(each) == _OUR_OWN for each in wide)
        ours = [problem for problem in self._left(self._problems) if may_be_ours(problem)]
        if not there and (found := ourselves(ours, self._watched)):
            yield found

    def _free(self, nature: Nature) -> list[Problem]:
        return [problem for problem in self._left(self._problems) if problem.nature is nature]

    def _free_mail(self) -> list[Problem]:
        return [p for p in self._left(self._problems) if p.nature is Nature.MAIL and p.severity is not Severity.NOTE]

    def _left(self, problems: Iterable[Problem]) -> list[Problem]:
        return [problem for problem in problems if id(problem) not in self._taken]

    def _all_looked_at(self, incident: Incident) -> bool:
        """True if the wait for the checks of a recovering one is over."""
        since = incident.recovering_since
        if since is None:
            return False
        failures = (failure for problem in self._held[incident.id] for failure in problem.failures)
        return not any(self._known.awaited(failure, since) for failure in failures)

    def _kept(self, incident: Incident, held: Sequence[Problem]) -> Group:
        """Return what a wide incident keeps, and what joins it."""
        watched = self._watched if incident.subject == EVERYBODY else self._watched.behind(incident.subject[1:])
        members = [*held, *self._spread(incident, held)]
        still = stays_wide(members, watched, incident.began_at) or (bool(_list_of(incident)) and len(members) > 1)
        if still and self._no_longer_ours(incident, members):
            unknown = [member for member in members if member.nature is Nature.OURS]
            self._let_go(incident, unknown)
            held, members = _without(unknown, held), _without(unknown, members)
        members = self._whole(members if still else [*held, *self._same_outage(incident)])
        problem = _together(incident, members, recovering=not still)
        return self._group(problem, members, recovering=not still)

    def _no_longer_ours(self, incident: Incident, members: Sequence[Problem]) -> bool:
        """Test if our connection works again, most companies fail for another reason, and the others were waited for
        long enough."""
        if incident.nature is not Nature.OURS or _nature(members, Nature.OURS) is Nature.OURS:
            return False
        untold = [failure for member in members if member.nature is Nature.OURS for failure in member.failures]
        return not any(self._known.due(failure) for failure in untold)

    def _spread(self, incident: Incident, held: Sequence[Problem]) -> list[Problem]:
        """Return other failures of the same reason. The remainder of another wide incident may have any."""
        others = [
            problem
            for problem in self._others(incident)
            if not (holder := self._holder[id(problem)]) or holder.company or incident.subject == EVERYBODY
        ]
        if not others or incident.nature is not Nature.MAIL:
            return others
        alike = {id(problem) for problem in of_one_family([*held, *others])}
        return [problem for problem in others if id(problem) in alike]

    def _same_outage(self, incident: Incident) -> list[Problem]:
        """Return failures that no incident holds and that are no news during recovery: a company that had it fails
        again, or is only now known to have had it."""
        since, had_it = incident.recovering_since, frozenset(incident.companies)
        others = [problem for problem in self._others(incident) if self._holder[id(problem)] is None]
        return [
            problem
            for problem in others
            if problem.company in had_it
            or (since and all(self._known.failed_at(failure) < since for failure in problem.failures))
        ]

    def _others(self, incident: Incident) -> list[Problem]:
        """Return problems of its nature that it does not hold, within its mail system if it has one."""
        if incident.nature is Nature.MAILBOX:
            return []
        mine = {id(problem) for problem in self._held[incident.id]}
        listed = _list_of(incident)
        problems = self._free_mail() if incident.nature is Nature.MAIL else self._left(self._problems)
        return [
            problem
            for problem in problems
            if id(problem) not in mine
            and (problem.nature is incident.nature or (incident.nature is Nature.OURS and may_be_ours(problem)))
            and (not listed or one_list(problem.failures) == listed)
            and (incident.subject == EVERYBODY or system_of(problem) == incident.subject[1:])
        ]

    def _join(self, found: Iterable[Joined]) -> Iterator[Group]:
        for problem, members in found:
            if len(self._left(members)) == len(members):  # else another one took in an incident of both
                yield self._joined(problem, members)

    def _joined(self, problem: Problem, found: Sequence[Problem]) -> Group:
        """Return a new wide problem with everything held by the incidents that it absorbs."""
        members = self._whole(found)
        if len(members) > len(found):
            mail_system = problem.mail_system if self._mostly(problem.mail_system, members) else ""
            scope, subject = (problem.scope, problem.subject) if mail_system or not problem.mail_system else _REST
            problem = join(members, (problem.nature, subject), scope, mail_system, problem.severity)
        return self._group(problem, members)

    def _whole(self, members: Sequence[Problem]) -> list[Problem]:
        """Add everything held by the incidents of these, so that each incident is part of one problem."""
        holders = {holder.id: None for member in members if (holder := self._holder[id(member)])}
        ids = {id(member) for member in members}
        return [*members, *(each for name in holders for each in self._left(self._held[name]) if id(each) not in ids)]

    def _mostly(self, mail_system: str, members: Sequence[Problem]) -> bool:
        there = sum(system_of(member) == mail_system for member in members)
        return 2 * there > len(members)

    def _group(self, problem: Problem, members: Iterable[Problem], *, recovering: bool = False) -> Group:
        holders: dict[str, None] = {}
        for member in members:
            self._taken.add(id(member))
            if holder := self._holder[id(member)]:
                holders[holder.id] = None
        return Group(problem, tuple(holders), recovering)


_EVERYBODYS: Key = (Nature.MAIL, EVERYBODY)
_OUR_OWN: Key = (Nature.OURS, EVERYBODY)
_ONE_LISTS: Key = (Nature.THEIR_SYSTEM, EVERYBODY)
_REST = (Scope.COMPANY, SEVERAL)


def _list_of(incident: Incident) -> str:
    """Return the blocklist that a wide incident is about; "" if something else."""
    return one_list(incident.failures) if key_of(incident) == _ONE_LISTS else ""


def _without(gone: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
    ids = {id(problem) for problem in gone}
    return [problem for problem in problems if id(problem) not in ids]


def _nature(problems: Iterable[Problem], present: Nature) -> Nature:
    """Return the nature that most companies have, or most failures of one; on a tie the present one."""
    found = list(problems)
    if len({problem.company for problem in found}) == 1:
        counted = Counter(problem.nature for problem in found for _ in problem.failures)
    else:
        counted = Counter(nature for _, nature in {(problem.company, problem.nature) for problem in found})
    return max(counted, key=lambda nature: (counted[nature], nature is present, nature))


def _together(incident: Incident, members: Sequence[Problem], *, recovering: bool) -> Problem:
    """Return the problem of a wide incident. While recovering, its nature stays: the remainder is judged anew when it
    is narrowed, and until then is no longer what most of them have."""
    ours = incident.nature is Nature.OURS and (
        all(may_be_ours(member) for member in members) or any(member.nature is Nature.OURS for member in members)
    )
    nature = incident.nature if ours or recovering else _nature(members, incident.nature)
    scope = WIDE[nature]
    if nature is Nature.MAIL and incident.subject == EVERYBODY:
        scope = Scope.EVERYBODY
    elif nature is Nature.THEIR_SYSTEM and incident.mail_system:
        scope = Scope.MAIL_SYSTEM
    elif nature is Nature.THEIR_SYSTEM and one_list(failure for member in members for failure in member.failures):
        scope = Scope.EVERYBODY
    severity = Severity.PAGE if nature is Nature.OURS else None
    problem = join(members, (nature, incident.subject), scope, incident.mail_system, severity)
    if recovering and not any(failure.nature is nature for member in members for failure in member.failures):
        problem = replace(problem, outcome=incident.outcome, cause=incident.cause)
    return problem


def _remaining(incident: Incident, members: Sequence[Problem]) -> Problem:
    """Return the problem of an incident that is not, or no longer, wide."""
    if len(members) == 1:
        return members[0]
    nature = _nature(members, incident.nature)
    if len({member.company for member in members}) > 1:
        return join(members, (nature, SEVERAL), NARROW[nature], _one(member.mail_system for member in members))
    lead = next(member for member in members if member.nature is nature)
    failures = tuple(failure for member in members for failure in member.failures)
    severity = gravest(member.severity for member in members)
    return replace(lead, severity=severity, failures=failures, since=min(member.since for member in members))


def _one(mail_systems: Iterable[str]) -> str:
    """Return the mail system if there is exactly one."""
    found = set(mail_systems)
    return found.pop() if len(found) == 1 else ""
