"""The facts of a notice: an incident as one channel may see it, with its names and advice."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.incidents.advice import incident_advice, system_of_incident
from monitor.incidents.incident import Failure, Incident, LastNotice, Reason, Scope, leading
from monitor.incidents.labels import decided_by
from monitor.notices.notice import NoticeKind
from probes.display import one_line
from probes.mailsystems.advice import FilledAdvice
from probes.mailsystems.words import Chain

MAX_NAME_CHARS = 40  # of a company, in a title


@dataclass(frozen=True, slots=True)
class CompanyInfo:
    """A company's display data. `every`: the longest interval in which each kind is probed once on one of its paths."""

    name: str
    mail_systems: Chain
    every: timedelta


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """The sender's display data."""

    domain: str
    source_ip: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice to write: an incident for one channel.

    `companies` are those of the configuration, by key; a removed one is shown by its key. `good`: consecutive good
    probes that close it. `url` is the base of Mailpath's pages. `visible`: the companies that the channel may see, None
    for all. `before`: the last notice. `into`: the incident that absorbed this one. `took_in`: those absorbed by this
    one that the channel knew. `missed`: it began and ended while the channel could not be reached.
    `grafana`: base URL of the Grafana with the boards, "" if unknown. `actions`: links by which people act, by name.
    `held_by`: who has acknowledged it, "" if nobody. `controls`, by company and path: the longest time from a failed
    probe to the next control there, None if none can be sent.
    """

    incident: Incident
    news: NoticeKind
    now: datetime
    companies: Mapping[str, CompanyInfo]
    sender: SenderInfo
    url: str
    good: int
    visible: frozenset[str] | None = None
    before: LastNotice | None = None
    into: Incident | None = None
    took_in: tuple[Incident, ...] = ()
    missed: bool = False
    grafana: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)
    held_by: str = ""
    controls: Mapping[tuple[str, str], timedelta | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """The part of an incident that the channel may see. `companies` are the keys of those that have it, or had it;
    `lead` is the quoted failure; `mail_system` is "" if there are several; `whole`: nothing was left out for the
    channel; otherwise `incident` is the visible part of `asked_about`."""

    request: NoticeRequest
    asked_about: Incident
    companies: tuple[str, ...]
    failures: tuple[Failure, ...]
    lead: Failure | None
    since: datetime
    mail_system: str
    advice: FilledAdvice
    whole: bool

    @property
    def incident(self) -> Incident:
        """The incident."""
        return self.request.incident

    @property
    def held_by(self) -> str:
        """Name of the person who has acknowledged it, "" if nobody has. Who may see only a part of it gets no name."""
        return self.request.held_by if self.whole or not self.request.held_by else "Somebody"

    @property
    def reason(self) -> Reason:
        """The reason for the attribution."""
        return self.lead.reason if self.lead else Reason.NOT_COMPARED

    @property
    def decided_by(self) -> str:
        """The same as a sentence, "" if there is nothing to add."""
        return decided_by(self.lead) if self.lead else ""

    @property
    def lasted(self) -> timedelta:
        """Its duration so far."""
        return (self.over_at or self.request.now) - self.since

    @property
    def over_at(self) -> datetime | None:
        """Time at which it was over: before it was known, if all losses came to light too late."""
        if self.incident.closed_at and (over := self.known_late):
            return over
        return self.incident.closed_at

    @property
    def known_late(self) -> datetime | None:
        """Since when mail arrives, if everything was known only after that."""
        over = [failure.over_since for failure in self.failures]
        known = [each for each in over if each]
        return max(known) if known and len(known) == len(over) else None

    @property
    def intermittent(self) -> bool:
        """True if it fails intermittently."""
        return bool(self.failures) and all(failure.of_last for failure in self.failures)

    @property
    def every(self) -> timedelta | None:
        """Longest time until the next probe; None if unknown."""
        known = self.request.companies
        return max((known[company].every for company in self.companies if company in known), default=None)

    @property
    def watched(self) -> int:
        """Number of monitored companies that it could affect: with its mail system, if limited to one."""
        known, system = self.request.companies, self.incident.mail_system
        one = self.incident.scope is Scope.MAIL_SYSTEM
        there = [company for company in known if not one or system in known[company].mail_systems]
        return len({*there, *self.companies})

    @property
    def watched_no_longer(self) -> tuple[str, ...]:
        """Affected companies that have been removed from the configuration since."""
        known, incident = self.request.companies, self.incident
        return tuple(c for c in incident.companies if c not in known and c not in incident.touches) if known else ()

    def name(self, company: str, most: int = MAX_NAME_CHARS) -> str:
        """Return this company's display name."""
        known = self.request.companies.get(company)
        return one_line(known.name if known else company, most)

    def names(self) -> list[str]:
        """Return the display names of the affected companies."""
        return [self.name(company) for company in self.companies]


def context_of(request: NoticeRequest) -> NoticeContext:
    """Return the incident as this channel may see it."""
    visible = request.visible
    standing = tuple(
        each for each in request.incident.standing if not each.company or visible is None or each.company in visible
    )
    if len(standing) < len(request.incident.standing):  # the real mail of others
        request = replace(request, incident=replace(request.incident, standing=standing))
    asked_about = incident = request.incident
    all_of_them = incident.named
    companies = _seen(all_of_them, visible) or _seen(incident.companies, visible)
    failures = tuple(f for f in incident.failures if visible is None or f.company in visible)
    whole = len(companies) == len(all_of_them)
    chains = (request.companies[company].mail_systems for company in companies if company in request.companies)
    mail_system = system_of_incident(incident, chains)
    lead = leading(incident, failures)
    if lead and not whole:  # what most companies have may be another thing than what these have
        incident = replace(incident, nature=lead.nature, outcome=lead.outcome, cause=lead.cause)
        request = replace(request, incident=incident)
    from_its_beginning = whole and not (incident.open and incident.relapses)  # or since it came back
    since = incident.began_at if from_its_beginning else min((f.since for f in failures), default=incident.began_at)
    sender = request.sender
    advice = incident_advice(incident, mail_system).filled(sender.domain, sender.source_ip, mail_system, sender.address)
    return NoticeContext(
        request=request,
        asked_about=asked_about,
        companies=companies,
        failures=failures,
        lead=lead,
        since=since,
        mail_system=mail_system,
        advice=advice,
        whole=whole,
    )


def context_into(request: NoticeRequest, into: Incident) -> NoticeContext:
    """Return the incident that absorbed this one, as the same channel may see it."""
    return context_of(replace(request, incident=into))


def _seen(companies: tuple[str, ...], visible: frozenset[str] | None) -> tuple[str, ...]:
    return companies if visible is None else tuple(company for company in companies if company in visible)
