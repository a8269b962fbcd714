"""Join failures into problems and determine their scope. A problem is reported once, at the widest scope that is true.

First each company by itself: its mail, its probes' mailboxes, our own problems there. Then problems of several
companies that began together and have causes of one family become the mail system's or everybody's. Only results since
it began count against that: an earlier good verdict says nothing about it. `holding` takes care of failures that an
open incident already holds together.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.incidents.companies import WatchedCompanies, WideningThresholds, owned
from monitor.incidents.incident import (
    EVERYBODY,
    GRAVEST_FIRST,
    Failure,
    Nature,
    Reason,
    Scope,
    Severity,
    StandingFinding,
)
from monitor.incidents.signal import PathInfo, PathKey
from probes.answer import list_named
from probes.check import Check
from probes.kinds import Kind
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.table import UNKNOWN
from probes.reading.who_refused import refusing_system
from probes.verdict import Cause, Outcome

TOGETHER = timedelta(hours=2)  # what began within this time may have one reason: `missing` takes an hour to be seen
WIDE_HYSTERESIS = 0.5  # of the share that makes a problem wide, as much keeps it so

UNEXPLAINED = frozenset({CauseFamily.UNCLEAR, CauseFamily.POLICY})
"""Families that go with any other: some receivers do not say why."""

ANY_KIND = frozenset(
    {
        CauseFamily.ADDRESS,
        CauseFamily.REPUTATION,
        CauseFamily.DOMAIN,
        CauseFamily.AUTHENTICATION,
        CauseFamily.GREYLISTING,
        CauseFamily.FIREWALL,
    }
)
"""Families independent of the message's content: if one kind of mail on a path is hit, all are."""

Key = tuple[Nature, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Failures that are one problem. Its fields are those of its incident; `since` is the launch of the first probe
    that shows it."""

    nature: Nature
    subject: str
    scope: Scope
    severity: Severity
    outcome: Outcome
    cause: Cause | None
    company: str
    mail_system: str
    companies: tuple[str, ...]
    failures: tuple[Failure, ...]
    since: datetime
    others: tuple[str, ...] = ()  # those of `companies` that have something of another nature only
    part: Scope | None = None  # as in `Incident`
    standing: tuple[StandingFinding, ...] = ()

    @property
    def key(self) -> Key:
        """Key that identifies its incident."""
        return self.nature, self.subject


def _problem(
    nature: Nature,
    subject: str,
    scope: Scope,
    severity: Severity,
    failures: Sequence[Failure],
    *,
    company: str = "",
    mail_system: str = "",
) -> Problem:
    firsts: dict[str, datetime] = {}
    for failure in failures:
        firsts[failure.company] = min(failure.since, firsts.get(failure.company, failure.since))
    companies = tuple(sorted(firsts, key=lambda company: (firsts[company], company)))
    since = firsts[companies[0]]
    outcome, cause = _leading(failures)
    return Problem(
        nature, subject, scope, severity, outcome, cause, company, mail_system, companies, tuple(failures), since
    )


def _leading(failures: Iterable[Failure]) -> tuple[Outcome, Cause | None]:
    """Return the outcome and cause of most of the most severe failures; on a tie, of those that failed first: it must
    not change with each verdict."""
    by_severity: defaultdict[Severity, list[Failure]] = defaultdict(list)
    for failure in failures:
        by_severity[failure.severity].append(failure)
    counted: Counter[tuple[Outcome, Cause | None]] = Counter()
    first: dict[tuple[Outcome, Cause | None], datetime] = {}
    for failure in by_severity[gravest(by_severity)]:
        what = (failure.outcome, failure.cause)
        counted[what] += 1
        first[what] = min(failure.since, first.get(what, failure.since))
    return min(counted, key=lambda what: (-counted[what], first[what], what[0], what[1] or ""))


def gravest(severities: Iterable[Severity]) -> Severity:
    """Return the most severe one."""
    return min(severities, key=GRAVEST_FIRST.__getitem__)


@dataclass(frozen=True, slots=True)
class RecentSuccess:
    """Facts besides the failures. `well_at(line)`: launch of the check's last probe that reached the inbox, None if it
    fails steadily or nothing is known; `heard_at`: the same for each company's newest probe of any outcome but unknown;
    `through_at(place)`: for the newest mail of another sender that a path accepted. `once_well_at(line)` is `well_at`,
    also if the newest was bad, which is not enough to fail steadily; or good, which is not enough to be well."""

    well_at: Callable[[Check], datetime | None]
    heard_at: Mapping[str, datetime]
    through_at: Callable[[PathKey], datetime | None] = lambda _: None
    once_well_at: Callable[[Check], datetime | None] = lambda _: None


def of_company(paths: Sequence[PathInfo], failures: Iterable[Failure], heard: RecentSuccess) -> Iterator[Problem]:
    """Return the problems of one company, seen by itself. `sites` are all its paths."""
    by_nature: defaultdict[Nature, list[Failure]] = defaultdict(list)
    for failure in failures:
        by_nature[failure.nature].append(failure)
    if mail := by_nature[Nature.MAIL]:
        yield _mail(paths, mail, heard)
    by_path: defaultdict[str, list[Failure]] = defaultdict(list)
    for failure in by_nature[Nature.MAILBOX]:
        by_path[failure.path].append(failure)
    company, system = paths[0].company, _stopping(paths, by_nature[Nature.MAILBOX])
    for path, full in by_path.items():
        subject = f"{company}/{path}"
        yield _problem(
            *(Nature.MAILBOX, subject, Scope.MAILBOX, Severity.TICKET, full), company=company, mail_system=system
        )
    if theirs := by_nature[Nature.THEIR_SYSTEM]:
        yield _their_system(paths, theirs, heard)
    if ours := by_nature[Nature.OURS]:
        yield _problem(
            *(Nature.OURS, company, Scope.OURSELVES, Severity.TICKET, ours),
            company=company,
            mail_system=_stopping(paths, ours),
        )


def _mail(paths: Sequence[PathInfo], failures: Sequence[Failure], heard: RecentSuccess) -> Problem:
    scope = _scope(paths, failures, heard)
    severity = gravest(failure.severity for failure in failures)
    if severity is Severity.PAGE and not _shuts_out(scope, failures):
        severity = Severity.TICKET
    company, system = paths[0].company, _stopping(paths, failures)
    return _problem(Nature.MAIL, company, scope, severity, failures, company=company, mail_system=system)


def _their_system(paths: Sequence[PathInfo], failures: Sequence[Failure], heard: RecentSuccess) -> Problem:
    """The company's mail system refuses other senders' mail too. It pages somebody if that is all of the company's
    mail; if mail is lost behind the server, one mailbox alone may be the reason."""
    severity = gravest(failure.severity for failure in failures)
    scope = _scope(paths, failures, heard)
    if severity is Severity.PAGE and not (_shuts_out(scope, failures) and _confirmed(paths, failures)):
        severity = Severity.TICKET
    company, system = paths[0].company, _stopping(paths, failures)
    problem = _problem(
        *(Nature.THEIR_SYSTEM, company, Scope.THEIR_SYSTEM, severity, failures), company=company, mail_system=system
    )
    through = _through(paths, failures, heard)
    part = through if scope is Scope.COMPANY or through is Scope.COMPANY else scope
    if all(failure.of_last for failure in failures):
        part = Scope.COMPANY
    return replace(problem, part=part)


def _stopping(paths: Sequence[PathInfo], failures: Iterable[Failure]) -> str:
    """Return the mail system of the company's chain that most failures come from; on a tie, the one nearer to us."""
    chain = paths[0].mail_systems
    counted = Counter(refusing_system(chain, failure.answer) for failure in failures)
    return max(chain, key=lambda system: counted[system])


def _confirmed(paths: Sequence[PathInfo], failures: Iterable[Failure]) -> bool:
    """Test if it is more than one mailbox's problem: something other than loss behind the server was seen, or two lose
    mail."""
    found = list(failures)
    if any(failure.reason is not Reason.BOTH_LOST for failure in found):
        return True
    mailboxes = {path.path: path.mailbox or path.path for path in paths}
    return len({mailboxes[failure.path] for failure in found}) > 1


def _through(paths: Sequence[PathInfo], failures: Sequence[Failure], heard: RecentSuccess) -> Scope | None:
    """Return the affected part of a company's mail, if another sender's mail got through since it began; None: all."""
    began, failing = min(failure.since for failure in failures), {failure.path for failure in failures}
    taken = {path.path for path in paths if (at := heard.through_at(path.key)) and at >= began}
    if taken & failing:
        return Scope.COMPANY
    return Scope.MAILBOX if taken else None


def _scope(paths: Sequence[PathInfo], failures: Sequence[Failure], heard: RecentSuccess) -> Scope:
    """Return the scope: the whole company, unless some check of it is well. Beside steady failures, intermittent ones
    count as well; so do checks that were well since it began, as one bad probe is chance."""
    steady = [failure for failure in failures if not failure.of_last] or failures
    checks = {failure.check for failure in steady}
    began = {failure.path: failure.since for failure in steady}
    for failure in steady:
        began[failure.path] = min(began[failure.path], failure.since)
    first = min(began.values())
    any_kind = all(_hits_any_kind(failure) for failure in steady)
    beside, elsewhere = False, False
    for path in paths:
        for check in path.checks:
            well_at = heard.well_at(check)
            if well_at is None and (once := heard.once_well_at(check)) and once >= first:
                well_at = once
            if well_at is None or check in checks:
                continue
            if path.path not in began:
                elsewhere = True
            elif not any_kind or well_at >= began[path.path]:
                beside = True
    if beside:
        return Scope.KIND
    return Scope.MAILBOX if elsewhere else Scope.COMPANY


def _hits_any_kind(failure: Failure) -> bool:
    theirs = failure.nature is Nature.THEIR_SYSTEM and failure.reason is not Reason.SAME_TEXT
    return theirs or family_of(failure.cause) in ANY_KIND


def _shuts_out(scope: Scope, failures: Iterable[Failure]) -> bool:
    """Test if nobody at the company can sign in."""
    if scope is Scope.KIND:
        return any(f.kind is Kind.TWO_STEP_CODE and f.severity is Severity.PAGE for f in failures)
    return scope is Scope.COMPANY


Joined = tuple[Problem, list[Problem]]
"""A problem of several companies, and the problems that it combines."""


def system_of(problem: Problem) -> str:
    """Return the mail system of one company's problem, as in `WatchedCompanies.systems`."""
    return owned(problem.mail_system or UNKNOWN, problem.company)


def everybody(mail: Sequence[Problem], watched: WatchedCompanies) -> Joined | None:
    """Return the problem of most companies, if their mail is refused for one reason."""
    alike = of_one_family(mail)
    if not is_wide(alike, watched) or not _in_most_systems(alike, watched):
        return None
    return join(alike, (Nature.MAIL, EVERYBODY), Scope.EVERYBODY), alike


def of_systems(mail: Iterable[Problem], watched: WatchedCompanies) -> Iterator[Joined]:
    """Return the problems of single mail systems, where the mail of their companies is refused for one reason."""
    for system, there in _by_system(mail).items():
        if len(there) < watched.wide.companies:  # as nearly always where companies run their own
            continue
        members = of_one_family(there)
        if len(members) >= watched.wide.companies and is_wide(members, watched.behind(system)):
            yield join(members, (Nature.MAIL, f"@{system}"), Scope.MAIL_SYSTEM, system), members


def their_systems(theirs: Iterable[Problem], watched: WatchedCompanies) -> Iterator[Joined]:
    """A shared service refuses everybody's mail. Companies that run their own system have separate problems, however
    many at once, and this never becomes everybody's."""
    for system, there in _by_system(theirs).items():
        if len(there) >= watched.wide.companies and is_wide(there, watched.behind(system)):
            yield join(there, (Nature.THEIR_SYSTEM, f"@{system}"), Scope.MAIL_SYSTEM, system), there


def one_list(failures: Iterable[Failure]) -> str:
    """Return the blocklist that refuses the sender and a neutral one in all of these; "" if it is not one, or has no
    name."""
    names = {list_named(each.answer) if each.answer and each.reason is Reason.SAME_LIST else "" for each in failures}
    return names.pop() if len(names) == 1 else ""


def same_lists(theirs: Iterable[Problem], watched: WatchedCompanies) -> Iterator[Joined]:
    """Several unrelated companies use one blocklist that lists our addresses, or everybody. No company is responsible,
    however few of all use it."""
    by_list: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in theirs:
        if name := one_list(problem.failures):
            by_list[name].append(problem)
    for there in sorted(by_list.values(), key=len, reverse=True)[:1]:
        unrelated = len({system_of(problem) for problem in there}) > 1
        if unrelated and len({problem.company for problem in there}) >= watched.wide.companies:
            yield join(there, (Nature.THEIR_SYSTEM, EVERYBODY), Scope.EVERYBODY), there


def may_be_ours(problem: Problem) -> bool:
    """Test if it would be our problem if nearly all had it: no server replied, mail was lost everywhere, the neutral
    sender's too. A server's reply to both is its own."""
    if problem.nature is not Nature.THEIR_SYSTEM:
        return problem.nature is Nature.OURS
    wordless = (Reason.CONTROL_FAILS, Reason.BOTH_LOST)
    return all(failure.reason in wordless and failure.answer is None for failure in problem.failures)


def ourselves(ours: list[Problem], watched: WatchedCompanies) -> Joined | None:
    """Return our own inability at most companies."""
    if not is_wide(ours, watched):
        return None
    return join(ours, (Nature.OURS, EVERYBODY), Scope.OURSELVES, severity=Severity.PAGE), ours


def _by_system(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    systems: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        systems[system_of(problem)].append(problem)
    return systems


def of_one_family(problems: Sequence[Problem]) -> list[Problem]:
    """Return those of the family that most have, or on a tie the one that began first, with those that do not say
    why."""
    families = {id(problem): family_of(problem.cause) for problem in problems}
    in_turn = sorted(problems, key=lambda problem: (problem.since, problem.company))
    counted = Counter(family for each in in_turn if (family := families[id(each)]) not in UNEXPLAINED)
    leading = {counted.most_common(1)[0][0]} if counted else set()
    return [problem for problem in problems if families[id(problem)] in leading | UNEXPLAINED]


def is_wide(problems: Sequence[Problem], watched: WatchedCompanies) -> bool:
    """Test if so many companies have it at once that it is no chance."""
    if not problems:
        return False
    fresh, companies = _fresh(problems), {problem.company for problem in problems}
    began = min(problem.since for problem in fresh)
    hit = {problem.company for problem in fresh}
    heard = hit | {company for company, at in watched.heard_at.items() if at >= began and company not in companies}
    return len(hit) >= watched.wide.companies and len(hit) >= watched.wide.share * len(heard)


def stays_wide(problems: Iterable[Problem], watched: WatchedCompanies, since: datetime) -> bool:
    """Test if a wide problem still is wide."""
    companies = {problem.company for problem in problems}
    heard = companies | {company for company, at in watched.heard_at.items() if at >= since}
    return len(companies) > 1 and len(companies) >= watched.wide.share * WIDE_HYSTERESIS * len(heard)


def _fresh(problems: Sequence[Problem]) -> list[Problem]:
    """Return those that began with the newest, and not long before it for a reason of their own."""
    newest = max(problem.since for problem in problems)
    return [problem for problem in problems if problem.since >= newest - TOGETHER]


def _in_most_systems(problems: Sequence[Problem], watched: WatchedCompanies) -> bool:
    """Test if it is not limited to one mail system: most of those with recent results have it, or there is only one."""
    if len({watched.systems(company) for company in watched.chains}) == 1:
        return True
    began = min(problem.since for problem in _fresh(problems))
    hit = {problem.company for problem in problems}
    others = Counter(
        system
        for company, at in watched.heard_at.items()
        if at >= began and company not in hit
        for system in watched.systems(company)
    )
    systems = _by_system(problems)
    have_it = [system for system, members in systems.items() if _most(len(members), others[system], watched.wide)]
    return len(have_it) > 1 and len(have_it) >= watched.wide.share * len(systems.keys() | others.keys())


def _most(members: int, others: int, wide: WideningThresholds) -> bool:
    return members >= wide.share * (members + others)


def join(
    problems: Sequence[Problem], key: Key, scope: Scope, mail_system: str = "", severity: Severity | None = None
) -> Problem:
    """Combine these into one problem. It is described by those of its nature, and names the companies that have one."""
    failures = [failure for problem in problems for failure in problem.failures]
    own = [failure for failure in failures if failure.nature is key[0]]
    severity = severity or _joint_severity(problems, mail_system)
    joined = _problem(*key, scope, severity, failures, mail_system=mail_system)
    outcome, cause = _leading(own or failures)
    since = min(problem.since for problem in _fresh(problems))
    having = {failure.company for failure in own}
    others = tuple(company for company in joined.companies if having and company not in having)
    part = Scope.COMPANY if any(problem.part for problem in problems) else None
    return replace(joined, outcome=outcome, cause=cause, since=since, others=others, part=part)


def _joint_severity(problems: Sequence[Problem], mail_system: str) -> Severity:
    """Return the highest severity. If one mail system loses the mail of several companies, they confirm each other."""
    lost = {
        failure.company
        for problem in problems
        if not problem.part
        for failure in problem.failures
        if failure.reason is Reason.BOTH_LOST and failure.severity is Severity.PAGE
    }
    return Severity.PAGE if mail_system and len(lost) > 1 else gravest(problem.severity for problem in problems)
