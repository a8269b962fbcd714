"""The facts that triage decides on, as plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.incidents.attribution import Attribution
from monitor.incidents.incident import Incident
from monitor.remedying.applied import AppliedRemedy
from monitor.remedying.words import changed_sentence
from monitor.triage.address import TypedAddress
from monitor.triage.directory import CompanyEntry, CompanyMatch
from probes.answer import Fault
from probes.kinds import Kind
from probes.mailsystems.advice import FilledAdvice
from probes.mailsystems.remedy import RemedyNames, fill
from probes.standing.fact import Fact
from probes.traced import Suppression, Traced, TraceFate
from probes.verdict import Outcome, Verdict

MAX_CHANGES = 2  # of a company, that an answer names


@dataclass(frozen=True, slots=True)
class CheckState:
    """One kind on one path. `verdict` is None before the first; `at` is when it was found. `last_good`: launch of the
    newest probe that was in the inbox in time, None if none is stored. `recent`: new enough to speak for now."""

    path: str
    kind: Kind
    via: str
    code_life: timedelta
    verdict: Verdict | None = None
    at: datetime | None = None
    launched_at: datetime | None = None
    probe_id: str = ""
    last_good: datetime | None = None
    recent: bool = False

    @property
    def outcome(self) -> Outcome:
        """The outcome; unknown where there is none."""
        return self.verdict.outcome if self.verdict else Outcome.UNKNOWN

    @property
    def good(self) -> bool:
        """True if mail arrives in time now."""
        return self.recent and self.outcome is Outcome.INBOX

    @property
    def bad(self) -> bool:
        """True if mail is known not to arrive in time now."""
        return self.recent and self.outcome not in (Outcome.INBOX, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An open incident as the caller may see it, with the advice for this company. `held_by`: who has acknowledged it,
    "" if nobody."""

    incident: Incident
    advice: FilledAdvice
    muted: bool = False
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class LooseFailure:
    """A failing check that no incident holds: one test failed, and that has not been confirmed."""

    check: CheckState
    found: Attribution
    advice: FilledAdvice


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """One company: its checks, and the open incidents that touch it, the worst first. `loose` are failing checks that
    no incident holds, the worst first. Where it has test mailboxes in the very domain of the address, all of these are
    about them alone; `elsewhere`: open incidents about its mailboxes in other domains. `remedies`: what the company
    has carried out, the newest first, as far as it is under way or somebody has to act on it."""

    entry: CompanyEntry
    checks: tuple[CheckState, ...]
    incidents: tuple[OpenIncident, ...] = ()
    loose: tuple[LooseFailure, ...] = ()
    elsewhere: tuple[OpenIncident, ...] = ()
    remedies: tuple[AppliedRemedy, ...] = ()

    @property
    def arriving(self) -> frozenset[str]:
        """The paths on which all mail that was tested arrives in time now."""
        tested = [check for check in self.checks if check.recent]
        return frozenset(check.path for check in tested) - {check.path for check in tested if not check.good}

    def changes(self, sender: "TriageSender", now: datetime) -> Iterator[str]:
        """Yield what the company has changed, and how far that is, as sentences: the newest."""
        names = RemedyNames(sender.domain, sender.source_ip, sender.address, "the mail system")
        return (fill(changed_sentence(each, now), names) for each in self.remedies[:MAX_CHANGES])


class DnsState(StrEnum):
    """Results of asking DNS for the mail hosts of a domain."""

    NOT_ASKED = "not_asked"  # there was no need
    SIMULATED = "simulated"  # DNS is simulated here, so it was not asked
    FOUND = "found"
    NO_MAIL = "no_mail"  # the domain does not exist, or accepts no mail
    NO_ANSWER = "no_answer"  # DNS did not answer: nothing is known


@dataclass(frozen=True, slots=True)
class DomainMail:
    """The way of a domain's mail by DNS. `system`: the key of the mail system that its first host belongs to, "" if
    not known."""

    state: DnsState
    hosts: tuple[str, ...] = ()
    system: str = ""


NOT_ASKED = DomainMail(DnsState.NOT_ASKED)
FAULTS = {Fault.DOMAIN_UNKNOWN: DnsState.NO_MAIL}
"""The state for a fault of the lookup; any other means that there was no answer."""


@dataclass(frozen=True, slots=True)
class SenderLog:
    """The log of the sender's own mail service about the address. `rows`: statements about its mail of the last 24
    hours, the earliest first. `suppressed`: why it no longer sends there; None if it does. `failed`: why it could not
    be asked, "" if it was."""

    rows: tuple[Traced, ...] = ()
    suppressed: Suppression | None = None
    failed: str = ""

    @property
    def last(self) -> Traced | None:
        """The newest statement with an answer of the company's server; None if there is none."""
        return next((each for each in reversed(self.rows) if each.fate in ANSWERED), None)


ANSWERED = frozenset({TraceFate.DELIVERED, TraceFate.REFUSED, TraceFate.DEFERRED})


@dataclass(frozen=True, slots=True)
class TriageSender:
    """The sender: its domain, From address and IP address."""

    domain: str
    address: str
    source_ip: str


@dataclass(frozen=True, slots=True)
class TriageFacts:
    """All facts. `company` is None unless the domain is exactly one company's. `wide`: open incidents of many companies
    that may explain it where no company is known. `standing`: settled bad facts about the sender. `sees_all`: the
    caller is not bound to companies. `sender_log`: None if the sender's mail service was not asked."""

    address: TypedAddress
    sender: TriageSender
    now: datetime
    matches: tuple[CompanyMatch, ...] = ()
    mail: DomainMail = NOT_ASKED
    company: CompanyFacts | None = None
    wide: tuple[OpenIncident, ...] = ()
    standing: tuple[Fact, ...] = ()
    sees_all: bool = True
    sender_log: SenderLog | None = None
