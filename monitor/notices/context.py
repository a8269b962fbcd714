"""What a notice is made of: an incident as one channel may see it, with the names and the advice that belong to it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.incidents.incident import Failure, Incident, LastNotice, Reason, Scope, leading
from monitor.incidents.labels import decided_by
from monitor.incidents.remedies import incident_remedy, system_of_incident
from monitor.notices.notice import NoticeKind
from probes.display import one_line
from probes.mailsystems.remedy import FilledRemedy
from probes.mailsystems.words import Chain

MAX_NAME_CHARS = 40  # of a company, in a title


@dataclass(frozen=True, slots=True)
class CompanyInfo:
    """A company as people know it. `every`: the longest time in which each kind is probed once on a path of it."""

    name: str
    mail_systems: Chain
    every: timedelta


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """Whose mail it is about."""

    domain: str
    source_ip: str


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """What is to be told of an incident, to one channel.

    `companies` are those of the configuration, by key; one that is gone is called by its key. `good`: so many good
    probes in a row, and it is over. `url` is the base of Mailpath's pages. `visible`: the companies that the channel
    may hear of, None for all. `before`: what it was told last. `into`: the incident that took this one in. `took_in`:
    those that this one took in, of which the channel knew.
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


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """What of it the channel may see. `companies` are the keys of those that have it, or had it; `lead` is the failure
    that is quoted; `mail_system` is "" where there are several; `whole`: nothing was left out for the channel's sake;
    else `incident` is what the channel may see of `asked_about`.
    """

    request: NoticeRequest
    asked_about: Incident
    companies: tuple[str, ...]
    failures: tuple[Failure, ...]
    lead: Failure | None
    since: datetime
    mail_system: str
    remedy: FilledRemedy
    runbook: str
    whole: bool

    @property
    def incident(self) -> Incident:
        """The incident."""
        return self.request.incident

    @property
    def reason(self) -> Reason:
        """What decided whose trouble it is."""
        return self.lead.reason if self.lead else Reason.NOT_COMPARED

    @property
    def decided_by(self) -> str:
        """The same as a sentence, "" where nothing is to be added."""
        return decided_by(self.lead) if self.lead else ""

    @property
    def lasted(self) -> timedelta:
        """How long it goes on, or went on."""
        return (self.over_at or self.request.now) - self.since

    @property
    def over_at(self) -> datetime | None:
        """When it was over: earlier than that was known, where all that was lost came to light too late."""
        if self.incident.closed_at and (over := self.known_late):
            return over
        return self.incident.closed_at

    @property
    def known_late(self) -> datetime | None:
        """Since when mail arrives, if all of it was known only after that."""
        over = [failure.over_since for failure in self.failures]
        known = [each for each in over if each]
        return max(known) if known and len(known) == len(over) else None

    @property
    def intermittent(self) -> bool:
        """Whether it fails now and then."""
        return bool(self.failures) and all(failure.of_last for failure in self.failures)

    @property
    def every(self) -> timedelta | None:
        """At the latest after this time there is a next probe; None where nobody knows."""
        known = self.request.companies
        return max((known[company].every for company in self.companies if company in known), default=None)

    @property
    def watched(self) -> int:
        """How many companies are watched that it could touch: with its mail system, if it is one mail system's."""
        known, system = self.request.companies, self.incident.mail_system
        one = self.incident.scope is Scope.MAIL_SYSTEM
        there = [company for company in known if not one or system in known[company].mail_systems]
        return len({*there, *self.companies})

    @property
    def watched_no_longer(self) -> tuple[str, ...]:
        """Companies that it touched, and that were taken out of the configuration since."""
        known, incident = self.request.companies, self.incident
        return tuple(c for c in incident.companies if c not in known and c not in incident.touches) if known else ()

    def name(self, company: str, most: int = MAX_NAME_CHARS) -> str:
        """What people call this company."""
        known = self.request.companies.get(company)
        return one_line(known.name if known else company, most)

    def names(self) -> list[str]:
        """What people call those that have it."""
        return [self.name(company) for company in self.companies]


def context_of(request: NoticeRequest) -> NoticeContext:
    """The incident as this channel may see it."""
    incident, visible = request.incident, request.visible
    asked_about = incident
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
    since = incident.began_at if whole else min((f.since for f in failures), default=incident.began_at)
    sender = request.sender
    remedy = incident_remedy(incident, mail_system).filled(sender.domain, sender.source_ip, mail_system)
    return NoticeContext(
        request=request,
        asked_about=asked_about,
        companies=companies,
        failures=failures,
        lead=lead,
        since=since,
        mail_system=mail_system,
        remedy=remedy,
        runbook=f"{request.url}/runbooks/{remedy.runbook}",
        whole=whole,
    )


def context_into(request: NoticeRequest, into: Incident) -> NoticeContext:
    """The incident that took this one in, as the same channel may see it."""
    return context_of(replace(request, incident=into))


def _seen(companies: tuple[str, ...], visible: frozenset[str] | None) -> tuple[str, ...]:
    return companies if visible is None else tuple(company for company in companies if company in visible)
