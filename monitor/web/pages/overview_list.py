"""The list of the overview: incidents and companies in one order. Pure.

A company has a line of its own, with its own incident if it has one. An incident of many companies is one line, into
which those companies are folded; one that has an incident of its own besides stays by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from monitor.incidents.advice import incident_runbook
from monitor.incidents.incident import Incident, Severity, worst_first
from monitor.incidents.summary import problem_label, problem_means, scope_label
from monitor.incidents.work import NO_WORK, IncidentWork
from monitor.output.service_level import ServiceLevel
from monitor.output.symbols import look_of
from monitor.probing.current import CurrentVerdict
from monitor.web.company_summaries import CompanySummary, SeenCompanies, badness
from monitor.web.overview_figures import OverviewFigures
from monitor.web.pages.overview_filter import NO_VERDICT, FilterState, Order, OverviewFilter
from probes.check import Check
from probes.labels import reason_of, verdict_label
from probes.mailsystems.table import system_label
from probes.mailsystems.words import chain_label
from probes.verdict import Outcome

LINES = 50  # of one page
MAX_FOLDED = 24  # companies that are named in the line of an incident
RECOVERING = "The newest test messages arrived in time; more of them close the incident."
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """One company. `problem` is the label of its badge, `look` its colour and sign; `means` says it as a sentence, ""
    where all is well. `incident`: its id, "" without one. `paths`: their number. `since`: when the problem began."""

    key: str
    name: str
    system: str
    paths: int
    problem: str
    look: Outcome | None
    means: str
    incident: str
    severity: Severity | None
    muted: bool
    since: datetime | None
    owner: str
    probe_id: str
    overdue: bool
    strip: str
    week: tuple[ServiceLevel, ...]

    @property
    def id(self) -> str:
        """Return the key of the line on the page."""
        return f"c-{self.key}"

    @property
    def macro(self) -> str:
        """Return the name of what draws it."""
        return "company"


@dataclass(frozen=True, slots=True)
class WideLine:
    """An incident of several companies, or of none. `companies` are the first of `count`, by key and name."""

    incident: str
    name: str
    problem: str
    look: Outcome | None
    means: str
    scope: str
    severity: Severity
    muted: bool
    since: datetime
    owner: str
    runbook: str
    companies: tuple[tuple[str, str], ...]
    count: int
    strip: str = ""

    @property
    def id(self) -> str:
        """Return the key of the line on the page."""
        return f"i-{self.incident}"

    @property
    def macro(self) -> str:
        """Return the name of what draws it."""
        return "wide"


Line = CompanyLine | WideLine


@dataclass(frozen=True, slots=True)
class OverviewList:
    """The lines of one page. `found`: their number on all pages."""

    lines: tuple[Line, ...]
    found: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class _CompanyEntry:
    """A company before its line is made, with its incident if it has one."""

    company: CompanySummary
    incident: Incident | None

    @property
    def name(self) -> str:
        return self.company.name.casefold()

    @property
    def system(self) -> str:
        return chain_label(self.company.paths[0].mail_systems).casefold()


@dataclass(frozen=True, slots=True)
class _WideEntry:
    """An incident of several companies before its line is made."""

    incident: Incident
    company: None = None

    @property
    def name(self) -> str:
        return _wide_name(self.incident).casefold()

    @property
    def system(self) -> str:
        return system_label(self.incident.mail_system).casefold() if self.incident.mail_system else ""


_Entry = _CompanyEntry | _WideEntry


@dataclass(frozen=True)
class OverviewFacts:
    """Everything that the list shows. `incidents` are the open ones; `me`: the reader's name; `by_domain`: companies
    that have the domain that is searched for."""

    seen: SeenCompanies
    current_verdicts: Mapping[Check, CurrentVerdict]
    incidents: Sequence[Incident]
    works: Mapping[str, IncidentWork]
    figures: OverviewFigures | None
    me: str = ""
    by_domain: frozenset[str] = frozenset()

    def worst(self, company: CompanySummary) -> CurrentVerdict | None:
        """Return the worst verdict in force; None without any."""
        known = (self.current_verdicts.get(check) for path in company.paths for check in path.checks)
        return min(filter(None, known), key=lambda each: badness(each.verdict.outcome), default=None)

    def work(self, incident: Incident | None) -> IncidentWork:
        """Return the work on an incident."""
        return self.works.get(incident.id, NO_WORK) if incident else NO_WORK

    def since(self, entry: _Entry) -> datetime | None:
        """Return when the problem of a line began, as far as it is known."""
        if entry.incident:
            return entry.incident.began_at
        if entry.company is None or state_of(entry.company) is not FilterState.FAILING:
            return None
        worst = self.worst(entry.company)
        return worst.launched_at if worst else None

    def share(self, entry: _Entry) -> float:
        """Return the availability of a company, more than 1 if it is not known."""
        week = self.figures.week(entry.company.key) if self.figures and entry.company else ()
        return week[0].share if week else 2.0


def state_of(company: CompanySummary) -> FilterState | None:
    """Return the state of a company; None before its first verdict."""
    match company.worst:
        case Outcome.INBOX:
            return FilterState.OK
        case Outcome.UNKNOWN:
            return FilterState.UNKNOWN
        case None:
            return None
        case _:
            return FilterState.FAILING


def overview_list(facts: OverviewFacts, ask: OverviewFilter) -> OverviewList:
    """Return the page of the list that is asked for."""
    entries = _entries(facts, ask)
    if not ask.everything:
        entries = [each for each in entries if _fits(each, facts, ask)]
    entries = _sorted(entries, facts, ask)
    pages = max(1, -(-len(entries) // LINES))
    page = min(max(ask.page, 1), pages)
    shown = entries[(page - 1) * LINES : page * LINES]
    return OverviewList(tuple(_line(each, facts) for each in shown), len(entries), page, pages)


def _entries(facts: OverviewFacts, ask: OverviewFilter) -> list[_Entry]:
    """Incidents first, the worst of them first and muted ones last; then companies without one, the worst first."""
    ordered = sorted(facts.incidents, key=lambda each: (bool(each.muted_by), worst_first(each)))
    if ask.incident:
        ordered.sort(key=lambda each: each.id != ask.incident)
    known, entries, own = facts.seen.by_key, list[_Entry](), set[str]()
    for incident in ordered:
        company = known.get(incident.named[0]) if len(incident.named) == 1 else None
        if company is None:
            entries.append(_WideEntry(incident))
        elif company.key not in own:
            entries.append(_CompanyEntry(company, incident))
            own.add(company.key)
    folded = {key: each for each in reversed(ordered) if len(each.named) > 1 for key in each.named if key not in own}
    if ask.unfolded:
        inside = sorted((known[key] for key in folded if key in known), key=lambda company: company.rank)
        entries += [_CompanyEntry(company, folded[company.key]) for company in inside]
    placed = own | folded.keys()
    return entries + [_CompanyEntry(each, None) for each in facts.seen.ranked if each.key not in placed]


def _fits(entry: _Entry, facts: OverviewFacts, ask: OverviewFilter) -> bool:
    company, incident = entry.company, entry.incident
    if ask.q and not _found(entry, facts, ask.q.casefold().split()):
        return False
    if ask.state and not (company and state_of(company) == ask.state):
        return False
    if ask.outcome and not (company and (ask.outcome if ask.outcome != NO_VERDICT else None) in company.outcomes):
        return False
    if ask.system and not _has_system(entry, facts, ask.system):
        return False
    if ask.cause and ask.cause != _cause(entry, facts):
        return False
    if ask.severity and not (incident and incident.listed_severity == ask.severity):
        return False
    if ask.incident and not (incident and incident.id == ask.incident):
        return False
    return not ask.mine or bool(facts.me and facts.work(incident).owner == facts.me)


def _found(entry: _Entry, facts: OverviewFacts, words: Iterable[str]) -> bool:
    if entry.company and entry.company.key in facts.by_domain:
        return True
    text = f"{entry.company.text} " if entry.company else ""
    if incident := entry.incident:
        text += f"{incident.id} {problem_label(incident)} {_wide_name(incident)}".casefold()
    return all(word in text for word in words)


def _has_system(entry: _Entry, facts: OverviewFacts, system: str) -> bool:
    if isinstance(entry, _CompanyEntry):
        return system in entry.company.systems
    if entry.incident.mail_system == system:
        return True
    known = facts.seen.by_key
    return any(system in known[key].systems for key in entry.incident.named if key in known)


def _cause(entry: _Entry, facts: OverviewFacts) -> str | None:
    if entry.incident:
        return entry.incident.cause
    worst = facts.worst(entry.company) if entry.company else None
    return worst.verdict.cause if worst else None


def _newest(facts: OverviewFacts, entry: _Entry) -> float:
    since = facts.since(entry)
    return -since.timestamp() if since else 0.0


def _sorted(entries: list[_Entry], facts: OverviewFacts, ask: OverviewFilter) -> list[_Entry]:
    keys: dict[str, Callable[[_Entry], str | float]] = {
        Order.NAME: lambda entry: entry.name,
        Order.SYSTEM: lambda entry: entry.system,
        Order.AVAILABILITY: facts.share,
        Order.SINCE: partial(_newest, facts),
    }
    key = keys.get(ask.sort)
    return entries if key is None else sorted(entries, key=key)


def _line(entry: _Entry, facts: OverviewFacts) -> Line:
    return _wide_line(entry.incident, facts) if isinstance(entry, _WideEntry) else _company_line(entry, facts)


def _wide_name(incident: Incident) -> str:
    name = system_label(incident.mail_system) if incident.mail_system else scope_label(incident)
    return f"{name[:1].upper()}{name[1:]}"


def _wide_line(incident: Incident, facts: OverviewFacts) -> WideLine:
    companies = incident.named
    work = facts.work(incident)
    return WideLine(
        incident=incident.id,
        name=_wide_name(incident),
        problem=problem_label(incident),
        look=look_of(incident),
        means=problem_means(incident),
        scope=scope_label(incident),
        severity=incident.listed_severity,
        muted=bool(incident.muted_by),
        since=incident.began_at,
        owner=_owner(work),
        runbook=incident_runbook(incident),
        companies=tuple((key, facts.seen.name_of(key)) for key in companies[:MAX_FOLDED]),
        count=len(companies),
    )


def _company_line(entry: _CompanyEntry, facts: OverviewFacts) -> CompanyLine:
    company, incident = entry.company, entry.incident
    worst = facts.worst(company)
    outcome = worst.verdict.outcome if worst else None
    recovering = incident is not None and incident.stops_mail and outcome is Outcome.INBOX
    problem, look, means = _problem_of(worst)
    if recovering:
        means = RECOVERING
    elif incident:
        problem, look, means = problem_label(incident), look_of(incident), problem_means(incident)
    return CompanyLine(
        key=company.key,
        name=company.name,
        system=chain_label(company.paths[0].mail_systems),
        paths=len(company.paths),
        problem=problem,
        look=look,
        means=means,
        incident=incident.id if incident else "",
        severity=incident.listed_severity if incident else None,
        muted=bool(incident and incident.muted_by),
        since=facts.since(entry),
        owner=_owner(facts.work(incident)),
        probe_id=worst.probe_id if worst else "",
        overdue=company.overdue,
        strip=facts.figures.strip(company.key) if facts.figures else "",
        week=facts.figures.week(company.key) if facts.figures else (),
    )


def _problem_of(worst: CurrentVerdict | None) -> tuple[str, Outcome | None, str]:
    """Return the badge of a verdict, its look, and what it means: "" where all is well."""
    if worst is None:
        return verdict_label(None, None), None, ""
    outcome, cause = worst.verdict.outcome, worst.verdict.cause
    return verdict_label(outcome, cause), outcome, "" if outcome is Outcome.INBOX else reason_of(outcome, cause)


def _owner(work: IncidentWork) -> str:
    return work.owner or ("acknowledged" if work.acknowledged else "")
