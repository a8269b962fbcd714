"""The most likely place of a problem. Pure.

Nobody is accused: a place is *shown* only by an open incident or by the address itself, it is *likely* on less, and
where nothing proves it the answer is that it is not known.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from monitor.incidents.incident import Failure, Incident, Nature, Reason, Scope, leading
from monitor.triage.address import Slip
from monitor.triage.directory import DomainBasis
from monitor.triage.facts import CompanyFacts, DnsState, LooseFailure, OpenIncident, TriageFacts
from probes.kinds import Kind
from probes.mailsystems.advice import FilledAdvice
from probes.standing.fact import Fact, Question
from probes.trace_verdict import cause_of_trace
from probes.traced import TraceFate
from probes.verdict import Cause, Concern, Grade, Outcome


class TriagePlace(StrEnum):
    """Places of a problem; `words` has their sentences."""

    ADDRESS = "address"
    DOMAIN = "domain"
    COMPANY = "company"
    SPAM_FOLDER = "spam_folder"
    QUARANTINE = "quarantine"
    LOST = "lost"
    DELAY = "delay"
    CUT_OFF = "cut_off"
    NO_CONNECTION = "no_connection"
    MAIL_SERVICE = "mail_service"
    SUPPRESSED = "suppressed"
    REFUSED = "refused"
    COMPANY_SYSTEM = "company_system"
    MANY = "many"
    SENDER = "sender"
    PERSON = "person"
    NOTHING_FOUND = "nothing_found"
    TEST_MAILBOX = "test_mailbox"
    MAILPATH = "mailpath"
    NOT_TESTED = "not_tested"
    NOT_MONITORED = "not_monitored"
    SEVERAL = "several"


class PlaceCertainty(StrEnum):
    """Degrees of proof of a place."""

    SHOWN = "shown"
    LIKELY = "likely"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Triage:
    """The answer, before it is put into words. `since`: launch of the first failed probe; `kinds`: those that fail;
    `others_arrive`: other tested mail does; `some_kinds`: other kinds do on the same paths. `incident` and `lead` are
    what it rests on, `advice` is what to do; `standing`: facts about the sender that explain it; `stopping`: what the
    domain of the address publishes, read once, that stops mail to it."""

    facts: TriageFacts
    place: TriagePlace
    certainty: PlaceCertainty
    outcome: Outcome | None = None
    cause: Cause | None = None
    since: datetime | None = None
    kinds: tuple[Kind, ...] = ()
    others_arrive: bool = False
    some_kinds: bool = False
    incident: OpenIncident | None = None
    lead: Failure | None = None
    advice: FilledAdvice | None = None
    standing: tuple[Fact, ...] = ()
    stopping: tuple[Fact, ...] = ()

    @property
    def shown_by_log(self) -> bool:
        """True if the log of the sender's mail service shows it, not a test."""
        return self.place in OF_THE_LOG

    @property
    def problem(self) -> bool:
        """True if something is known to be wrong, or likely."""
        return self.certainty is not PlaceCertainty.NOT_KNOWN and self.place is not TriagePlace.PERSON


EXPLAINED_BY: dict[Cause, frozenset[Question]] = {
    Cause.AUTHENTICATION: frozenset({Question.SPF, Question.DKIM, Question.DMARC, Question.ALIGNMENT}),
    Cause.IP_LISTED: frozenset({Question.BLOCKLIST}),
    Cause.REPUTATION: frozenset({Question.BLOCKLIST}),
    Cause.RDNS: frozenset({Question.PTR, Question.HELO}),
    Cause.POLICY: frozenset({Question.BOUNCES, Question.HELO_SPF}),
}
"""The questions of standing whose bad answers explain a cause."""

ASKABLE = frozenset({Slip.IMITATED, Slip.MIXED_ALPHABETS, Slip.WWW})
"""Doubts that are likelier than the domain as it is typed, whatever DNS says of it."""

NO_CONNECTION = frozenset({Reason.ONLY_HERE, Reason.NOTHING_REACHED})
AS_THE_SENDER = frozenset({Grade.REAL, Grade.IMPERSONATED})
"""Grades of tests in which the company's mail system saw the sender. What others send arrives says nothing of it."""
SURE = frozenset({DomainBasis.CONFIGURED, DomainBasis.PATH})
"""Reasons to count a domain as the company's that leave no doubt."""


OF_THE_LOG = frozenset({TriagePlace.SUPPRESSED, TriagePlace.REFUSED})
"""Places that the log of the sender's mail service shows, not a test."""

NO_FAULT_FOUND = frozenset(
    {
        TriagePlace.PERSON,
        TriagePlace.NOTHING_FOUND,
        TriagePlace.NOT_TESTED,
        TriagePlace.NOT_MONITORED,
        TriagePlace.TEST_MAILBOX,
        TriagePlace.MAILPATH,
        TriagePlace.SEVERAL,
    }
)
"""Places that say nothing of this very address, so that what its own mail was answered says more."""


def decide(facts: TriageFacts) -> Triage:
    """Return the most likely place. What the sender's service knows of this very address comes before all tests of
    others: to a suppressed address nothing is sent, and one that its own server does not know gets nothing, whatever
    arrives elsewhere."""
    found, log = _by_tests(facts), facts.sender_log
    if log is None or facts.address.wrong:
        return found
    if log.suppressed is not None:
        return replace(found, place=TriagePlace.SUPPRESSED, certainty=PlaceCertainty.SHOWN)
    if log.last and log.last.fate is TraceFate.REFUSED:
        about_them = cause_of_trace(log.last).concerns is Concern.RECIPIENT
        if about_them or found.place in NO_FAULT_FOUND:
            return replace(found, place=TriagePlace.REFUSED, certainty=PlaceCertainty.SHOWN)
    return found


def _by_tests(facts: TriageFacts) -> Triage:
    address = facts.address
    if address.wrong:
        return Triage(facts, TriagePlace.ADDRESS, PlaceCertainty.SHOWN)
    if facts.company:
        return _at_company(facts, facts.company)
    if len(facts.matches) > 1:
        return Triage(facts, TriagePlace.SEVERAL, PlaceCertainty.NOT_KNOWN)
    no_mail = facts.mail.state is DnsState.NO_MAIL
    if address.doubt and (address.doubt.slip in ASKABLE or (address.doubt.meant and no_mail)):
        return Triage(facts, TriagePlace.ADDRESS, PlaceCertainty.LIKELY)
    if no_mail:
        return Triage(facts, TriagePlace.DOMAIN, PlaceCertainty.LIKELY)
    if facts.wide:
        return _of_incident(facts, facts.wide[0], PlaceCertainty.LIKELY)
    return Triage(facts, TriagePlace.NOT_MONITORED, PlaceCertainty.NOT_KNOWN, standing=facts.standing)


def _at_company(facts: TriageFacts, company: CompanyFacts) -> Triage:
    stopped = [each for each in company.incidents if each.incident.stops_mail]
    by_probes = (each for each in stopped if each.incident.about is None)
    opened = next(by_probes, stopped[0] if stopped else None)
    if opened:
        return _of_incident(facts, opened, _certainty(facts, opened.incident))
    if company.loose:
        return _unconfirmed(facts, company, company.loose[0])
    tested = [check for check in company.checks if check.recent]
    if tested and all(check.good for check in tested):
        proven = any(check.verdict and check.verdict.grade in AS_THE_SENDER for check in tested)
        if proven and _exact(facts):
            return Triage(facts, TriagePlace.PERSON, PlaceCertainty.LIKELY)
        return Triage(facts, TriagePlace.NOTHING_FOUND, PlaceCertainty.NOT_KNOWN)
    rest = next((each for each in company.incidents if each.incident.nature is not Nature.STANDING), None)
    if rest:
        place = TriagePlace.TEST_MAILBOX if rest.incident.nature is Nature.MAILBOX else TriagePlace.MAILPATH
        return Triage(facts, place, PlaceCertainty.NOT_KNOWN, incident=rest, since=rest.incident.began_at)
    place = TriagePlace.MAILPATH if tested else TriagePlace.NOT_TESTED
    return Triage(facts, place, PlaceCertainty.NOT_KNOWN, standing=facts.standing)


def _certainty(facts: TriageFacts, incident: Incident) -> PlaceCertainty:
    """An incident shows what was tested. It says less of a domain that is only near the tested one, less where
    nobody knows why the mail fails, and less where mail arrives on another path: nobody knows which one is theirs. What
    was answered to two others says less too."""
    if incident.about:
        return PlaceCertainty.LIKELY
    unclear = incident.cause is Cause.UNCLEAR and incident.reason is Reason.NOT_COMPARED
    failing = {each.path for each in incident.failures}
    divided = bool(facts.company and facts.company.arriving - failing)
    return PlaceCertainty.SHOWN if _exact(facts) and not unclear and not divided else PlaceCertainty.LIKELY


def _exact(facts: TriageFacts) -> bool:
    return all(match.basis in SURE for match in facts.matches)


def _of_incident(facts: TriageFacts, opened: OpenIncident, certainty: PlaceCertainty) -> Triage:
    incident = opened.incident
    failures = incident.failures
    if company := facts.company:
        paths = {check.path for check in company.checks}
        failures = tuple(each for each in failures if each.company == company.entry.key and each.path in paths)
    lead = leading(incident, failures)
    failing = {each.kind for each in failures}
    return Triage(
        facts,
        _place(incident, lead.reason if lead else incident.reason),
        certainty,
        outcome=lead.outcome if lead else incident.outcome,
        cause=lead.cause if lead else incident.cause,
        since=min((each.since for each in failures), default=incident.began_at),
        kinds=tuple(kind for kind in Kind if kind in failing),
        others_arrive=bool(facts.company and any(check.good for check in facts.company.checks)),
        some_kinds=_other_kinds_arrive(facts.company, {each.path for each in failures}, failing),
        incident=opened,
        lead=lead,
        advice=opened.advice,
        standing=_explaining(facts, lead.cause if lead else incident.cause),
    )


def _place(incident: Incident, reason: Reason) -> TriagePlace:
    wide = incident.scope in (Scope.EVERYBODY, Scope.MAIL_SYSTEM)
    match incident.nature:
        case Nature.STANDING:
            return TriagePlace.COMPANY if incident.stops_mail else TriagePlace.SENDER
        case Nature.OURS:
            return TriagePlace.MAILPATH
        case Nature.MAILBOX:
            return TriagePlace.TEST_MAILBOX
        case Nature.THEIR_SYSTEM:
            return TriagePlace.MANY if wide else TriagePlace.COMPANY_SYSTEM
        case Nature.MAIL:
            return TriagePlace.MANY if wide else _place_of_mail(incident.outcome, incident.cause, reason)
        case _:
            assert_never(incident.nature)


def _place_of_mail(outcome: Outcome, cause: Cause | None, reason: Reason) -> TriagePlace:
    if cause is Cause.FIREWALL and reason is Reason.CONTROL_THROUGH:
        return TriagePlace.CUT_OFF
    if reason in NO_CONNECTION or cause is Cause.FIREWALL:
        return TriagePlace.NO_CONNECTION
    if cause is Cause.SUPPRESSED:
        return TriagePlace.MAIL_SERVICE
    match outcome:
        case Outcome.SPAM:
            return TriagePlace.SPAM_FOLDER
        case Outcome.QUARANTINED:
            return TriagePlace.QUARANTINE
        case Outcome.MISSING:
            return TriagePlace.LOST
        case Outcome.LATE | Outcome.DEFERRED:
            return TriagePlace.DELAY
        case Outcome.BLOCKED | Outcome.INBOX | Outcome.UNKNOWN:
            return TriagePlace.COMPANY
        case _:
            assert_never(outcome)


def _unconfirmed(facts: TriageFacts, company: CompanyFacts, loose: LooseFailure) -> Triage:
    """Return what a failed check without an incident suggests."""
    found, outcome = loose.found, loose.check.outcome
    match found.nature:
        case Nature.MAIL:
            place = _place_of_mail(outcome, found.cause, found.reason)
        case Nature.THEIR_SYSTEM:
            place = TriagePlace.COMPANY_SYSTEM
        case Nature.MAILBOX:
            place = TriagePlace.TEST_MAILBOX
        case Nature.OURS | Nature.STANDING:
            place = TriagePlace.MAILPATH
        case _:
            assert_never(found.nature)
    failing = {each.check.kind for each in company.loose}
    return Triage(
        facts,
        place,
        PlaceCertainty.NOT_KNOWN
        if place in (TriagePlace.TEST_MAILBOX, TriagePlace.MAILPATH)
        else PlaceCertainty.LIKELY,
        outcome=outcome,
        cause=found.cause,
        since=loose.check.launched_at,
        kinds=tuple(kind for kind in Kind if kind in failing),
        others_arrive=any(check.good for check in company.checks),
        some_kinds=_other_kinds_arrive(company, {each.check.path for each in company.loose}, failing),
        advice=loose.advice,
        standing=_explaining(facts, found.cause),
    )


def _other_kinds_arrive(company: CompanyFacts | None, paths: Collection[str], failing: Collection[Kind]) -> bool:
    """Test if mail of kinds that do not fail arrives on the paths that have a failure."""
    checks = company.checks if company else ()
    return any(check.good and check.path in paths and check.kind not in failing for check in checks)


def _explaining(facts: TriageFacts, cause: Cause | None) -> tuple[Fact, ...]:
    wanted = EXPLAINED_BY.get(cause, frozenset()) if cause else frozenset()
    return tuple(fact for fact in facts.standing if fact.question in wanted)
