"""Contents of the page of one incident, as plain values. Pure: incidents, mutes, paths and the time come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import Config, WatchedPath
from monitor.incidents.advice import system_of_incident
from monitor.incidents.incident import (
    Failure,
    FindingAbout,
    Incident,
    Nature,
    Resolution,
    Severity,
    StandingFinding,
    leading,
)
from monitor.incidents.mute import Mute
from monitor.incidents.standing_words import affected, before, ended, may_allow, now, steps_of
from monitor.incidents.standing_words import headline as headline_of
from monitor.notices.context import CompanyInfo, NoticeRequest, SenderInfo, context_of
from monitor.notices.headline import headline
from monitor.notices.impact import impact
from monitor.notices.notice import NoticeKind
from monitor.notices.routing import escalations
from monitor.web.caller_view import IncidentDetail
from monitor.web.pages.advice_card import AdviceCard, card_of_incident
from monitor.web.pages.incidents_view import MAX_NAMED, PageContext, Row, row_of, silent_because
from probes.display import continued, counted
from probes.kinds import Kind
from probes.labels import CAUSES
from probes.mailsystems.table import system_label
from probes.verdict import Outcome

MAX_COMPANIES_OFFERED = 20  # to be muted, of one incident
MAX_TESTED = 5  # checks that are probed together


def choices(incident: Incident, around: PageContext, *, sees_all: bool) -> list[tuple[str, str]]:
    """Return the mutes to offer, the narrowest first: a form value, and text. Each place is offered with the incident's
    cause alone, so that another failure there is still notified."""
    companies = incident.touches or incident.companies
    places = {(failure.company, failure.path) for failure in incident.failures}
    found: list[tuple[str, str]] = []
    if len(companies) == 1 and len(places) == 1:
        company, path = companies[0], next(iter(places))[1]
        if len([each for each in around.paths if each.company == company]) > 1:
            found.append((f"company={company}&path={path}", f"the path {path} of {around.name(company)}"))
    if sees_all and len(companies) > 1 and incident.mail_system:
        named = system_label(incident.mail_system)
        found.append((f"mail_system={incident.mail_system}", f"all companies with {named}"))
    found += [(f"company={each}", f"all of {around.name(each)}") for each in companies[:MAX_COMPANIES_OFFERED]]
    if not incident.cause:
        return found
    words = f"only the cause: {CAUSES[incident.cause].label}"
    narrowed = [(f"{value}&cause={incident.cause}", f"{said}, {words}") for value, said in found]
    wide = len(companies) > 1 or incident.nature is Nature.STANDING
    everywhere = [(f"cause={incident.cause}", f"all companies, {words}")] if sees_all and wide else []
    return [each for pair in zip(narrowed, found, strict=True) for each in pair] + everywhere


@dataclass(frozen=True, slots=True)
class StandingProblem:
    """One problem that no probe has to have shown. `before` is "" if it is not known; `companies` says which of the
    caller's may have to act; `step` what to do, "" where the advice of the incident says it."""

    about: FindingAbout
    what: str
    step: str
    before: str
    now: str
    companies: str
    severity: Severity
    since: datetime


def _problem(found: StandingFinding, incident: Incident, around: PageContext, domain: str) -> StandingProblem:
    advised = incident.nature is Nature.STANDING
    step = "" if advised else steps_of(found.rule, [found]).replace("{domain}", domain)
    companies = may_allow(found, [around.name(company) for company in found.companies])
    what = _begun(headline_of(found))
    return StandingProblem(
        found.rule.about, what, step, before(found), now(found), companies, found.severity, found.since
    )


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """The page of one incident. `partly`: it touches others too, who are nobody's business here. `look`: the outcome
    whose colour its banner has, that of good mail once all is well again. `says`: what people notice, or how it ended;
    `lead` is the failure that stands for all, with the server's words."""

    row: Row
    title: str
    incident: Incident
    look: Outcome | None
    says: str
    companies: str
    recovered: int
    standing: tuple[StandingProblem, ...]
    lead: Failure | None
    failures: tuple[Failure, ...]
    more: int
    silent_because: str
    advice: AdviceCard
    mutes: list[Mute]
    partly: bool
    escalations: list[tuple[str, datetime]]


def incident_view(whole: IncidentDetail, around: PageContext, config: Config, *, partly: bool) -> IncidentView:
    """All that the page shows."""
    incident = whole.incident
    muted_by = around.muted_by(incident)
    companies = incident.touches if incident.open else incident.companies
    row, context = row_of(incident, around), context_of(_request(incident, around, config))
    system = system_of_incident(incident, map(around.mail_systems, filter(around.companies.get, incident.named)))
    return IncidentView(
        row=row,
        title=headline(context),
        incident=incident,
        look=row.look if incident.open else _look_after(incident),
        says=impact(context) if incident.open else _ended(incident, row.lasts),
        companies=_few([around.name(company) for company in companies]) or _begun(affected(incident.standing)),
        standing=tuple(_problem(each, incident, around, config.sender.domain) for each in incident.standing),
        recovered=len(set(incident.companies) - set(incident.touches)) if incident.open else 0,
        lead=leading(incident, incident.failures),
        failures=incident.failures,
        more=max(incident.failing - len(incident.failures), 0),
        silent_because="" if whole.notices or partly else silent_because(incident, config, row.muted, around.now),
        advice=card_of_incident(
            incident, SenderInfo(config.sender.domain, config.sender.source_ip, config.sender.address), system
        ),
        mutes=[mute for mute in around.mutes if mute.id in muted_by],
        partly=partly,
        escalations=[] if partly else _escalations(incident, config, around.now),
    )


def _few(names: list[str]) -> str:
    """Name a few companies, count many: each has its row below."""
    return ", ".join(names) if len(names) <= MAX_NAMED else counted(len(names), "company", "companies")


def _look_after(incident: Incident) -> Outcome | None:
    """Only what is known to be well is shown as good."""
    return Outcome.INBOX if incident.ending is Resolution.RECOVERED else None


def _ended(incident: Incident, lasted: str) -> str:
    """Return how a closed incident ended, as a sentence."""
    because = f" and ended because {continued(ended(incident, incident.ending))}" if incident.ending else "."
    return f"It lasted {lasted}{because}"


def wishes_of(incident: Incident, paths: Sequence[WatchedPath]) -> list[tuple[WatchedPath, Kind]]:
    """Return the checks to probe for it: the failing ones, one of each company first, at most `MAX_TESTED`. Those of a
    closed one are the last that failed."""
    by_place = {(path.company, path.path): path for path in paths}
    failing = [
        (by_place[place], failure.kind) for failure in incident.failures if (place := failure.check[:2]) in by_place
    ]
    first = {path.company: (path, kind) for path, kind in reversed(failing)}
    ordered = [wish for wish in failing if wish in first.values()]
    return [*ordered, *(wish for wish in failing if wish not in ordered)][:MAX_TESTED]


def _escalations(incident: Incident, config: Config, now: datetime) -> list[tuple[str, datetime]]:
    """Return the channels that will be notified for the first time unless somebody acknowledges it, and when."""
    found: dict[str, datetime] = {}
    for channel, at in escalations(incident, config.routing, now):
        if channel not in incident.told or incident.told[channel].over:
            found.setdefault(channel, at)
    return list(found.items())


def title_of(incident: Incident, around: PageContext, config: Config) -> str:
    """Return the title of an incident's page."""
    return headline(context_of(_request(incident, around, config)))


def _request(incident: Incident, around: PageContext, config: Config) -> NoticeRequest:
    """The incident as its title names it."""
    companies = {
        path.company: CompanyInfo(path.company_name, path.mail_systems, path.every or timedelta(0))
        for path in around.paths
    }
    sender = _sender(config)
    news = NoticeKind.OPENED if incident.open else NoticeKind.RESOLVED
    return NoticeRequest(incident, news, around.now, companies, sender, url="", good=config.incidents.good)


def _sender(config: Config) -> SenderInfo:
    return SenderInfo(config.sender.domain, config.sender.source_ip, config.sender.address)
