"""Incidents: plain values. `encode` and `decode` are their form in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter

from probes.answer import Answer
from probes.attribution import Nature as Nature  # the fields of a failure have these types
from probes.attribution import Reason as Reason
from probes.check import Check
from probes.details import TakenForSpam
from probes.diagnosis.factors import Factor
from probes.kinds import Kind
from probes.standing.fact import Fact
from probes.standing.profile import Change
from probes.verdict import Cause, Grade, Outcome

MAX_FAILURES = 60  # kept in an incident; a storm has thousands, and they are all alike

EVERYBODY = "*"
"""Subject of an incident that affects everybody."""

SEVERAL = "+"
"""Subject of an incident that was wide: what remains of it, several companies with nothing else in common."""

FailureKey = tuple[Check, bool]
"""The unit that an incident holds: a check, and whether it is about our ability to judge or about its mail."""


class Scope(StrEnum):
    """Width of an incident, narrowest first."""

    MAILBOX = "mailbox"
    KIND = "kind"
    COMPANY = "company"
    THEIR_SYSTEM = "their_system"
    MAIL_SYSTEM = "mail_system"
    EVERYBODY = "everybody"
    OURSELVES = "ourselves"

    def wider_than(self, other: "Scope") -> bool:
        """Test if it includes the other one."""
        return _WIDTH[self] > _WIDTH[other]


class Severity(StrEnum):
    """Severity, highest first: page somebody, do it today, for information."""

    PAGE = "page"
    TICKET = "ticket"
    NOTE = "note"

    def graver_than(self, other: "Severity") -> bool:
        """Test if it is more severe."""
        return GRAVEST_FIRST[self] < GRAVEST_FIRST[other]


_WIDTH = {scope: width for width, scope in enumerate(Scope)}
GRAVEST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}
"""The rank of each severity, for sorting."""


class Resolution(StrEnum):
    """Reasons for closing an incident."""

    RECOVERED = "recovered"
    MERGED = "merged"  # another one, wider, took it in
    NARROWED = "narrowed"  # only in old stores: what was left of it got incidents of its own
    UNWATCHED = "unwatched"  # its paths were taken out of the configuration


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing path and kind. `since` is the launch of the first of its `bad` verdicts in this stretch; the rest
    describes the latest: `probe_id`, judged at `at`, the verdict's parts, its `answer`, and its detail if `spam`.
    `reason` decided `nature`; `compared_at`: launch of the other sender's probe that it rests on. `of_last`: it fails
    intermittently, `bad` of so many; 0 if steadily. `over_since`: it was known only after mail launched since then had
    arrived. `factor`: what a diagnosis proved."""

    company: str
    path: str
    kind: Kind
    nature: Nature
    severity: Severity  # what it is worth by itself, if it were the whole company
    since: datetime
    bad: int
    probe_id: str
    at: datetime
    outcome: Outcome
    cause: Cause | None
    grade: Grade
    because: str
    answer: Answer | None = None
    spam: TakenForSpam | None = None
    reason: Reason = Reason.NOT_COMPARED
    compared_at: datetime | None = None
    of_last: int = 0
    over_since: datetime | None = None
    factor: Factor | None = None

    @property
    def check(self) -> Check:
        """The failing check."""
        return Check(self.company, self.path, self.kind)

    @property
    def key(self) -> FailureKey:
        """The failing check, and whether our ability to judge fails."""
        return self.check, self.outcome is Outcome.UNKNOWN


class FindingAbout(StrEnum):
    """Topics of findings that no probe has to have shown."""

    SENDER = "sender"  # what is published about it
    REMEDY = "remedy"  # that a company has carried out
    REAL_MAIL = "real_mail"  # of which the log of the sender's service knows


class StandingRule(StrEnum):
    """Rules of standing; `standing_rules` has their rows."""

    SPF_FAILS = "spf_fails"
    SPF_BROKEN = "spf_broken"
    SPF_LIMIT = "spf_limit"
    NOT_ALIGNED = "not_aligned"
    REPORTS = "reports"
    KEY_UNUSABLE = "key_unusable"
    KEY_TOO_SHORT = "key_too_short"
    KEY_SHORT = "key_short"
    DMARC_BROKEN = "dmarc_broken"
    PTR = "ptr"
    HELO = "helo"
    HELO_SPF = "helo_spf"
    BOUNCES = "bounces"
    LISTED = "listed"
    LISTED_RANGE = "listed_range"
    LISTED_MINOR = "listed_minor"
    LIST_UNUSABLE = "list_unusable"
    RESOLVER = "resolver"
    OTHER_ADDRESS = "other_address"
    CHANGED = "changed"
    REMEDY_TOO_WIDE = "remedy_too_wide"
    REMEDY_LAPSES = "remedy_lapses"
    REAL_MAIL_REFUSED = "real_mail_refused"

    @property
    def about(self) -> FindingAbout:
        """Topic of its findings."""
        match self:
            case StandingRule.REMEDY_TOO_WIDE | StandingRule.REMEDY_LAPSES:
                return FindingAbout.REMEDY
            case StandingRule.REAL_MAIL_REFUSED:
                return FindingAbout.REAL_MAIL
            case _:
                return FindingAbout.SENDER


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """One problem that no probe has to have shown, by a rule. `subject` is what it is about: a domain, an address, a
    list, "" for our resolver; `fact` or `change` says what is wrong. `before`: what was read before that. `zone`: that
    of the blocklist; `ip`: the source IP of then, of refused real mail another address that it left from, "" for none;
    `reply`: what the server said, masked. `company`, `remedy`: whose mail or remedy it is about, and its key.
    `companies`: those that may have an allow entry for it."""

    rule: StandingRule
    severity: Severity
    scope: Scope
    cause: Cause | None
    since: datetime
    subject: str
    fact: Fact | None = None
    change: Change | None = None
    companies: tuple[str, ...] = ()
    before: Fact | None = None
    zone: str = ""
    ip: str = ""
    company: str = ""
    remedy: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class LastNotice:
    """The last notice about an incident on a channel; `number` counts the notices, from 1.

    `labels` are those of that notice. `visible`: the companies that the channel may see, None for all. `over`: it said
    that the incident ended. `causes` are all it has named since it said that the incident began. Growth is counted from
    `base`, the number of companies when its width was last stated; `companies` is the largest number since then.
    `held_by`: who had it; `kinds`: the mail that failed since it began; `about`: what its findings were about, where no
    probe showed it. Older records have no nature, and 0.
    """

    number: int
    at: datetime
    scope: Scope
    severity: Severity
    cause: Cause | None
    labels: Mapping[str, str]
    visible: tuple[str, ...] | None = None
    over: bool = False
    causes: tuple[Cause | None, ...] = ()
    nature: Nature | None = None
    base: int = 0
    companies: int = 0
    held_by: str = ""
    kinds: tuple[Kind, ...] = ()
    about: FindingAbout | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A lasting problem. Immutable; the rules create the next version, with the same `id`.

    `subject` identifies the problem, so that it is found again: "acme", "acme/hq", "@m365", "*", and "+" for the
    remainder of a wide one. `company` and `mail_system` are "" if it affects several. `companies` are all it ever
    affected, in order of time; `touches` those now. `failing` counts the paths and kinds that fail now, `failures` are
    the most severe of them, at most `MAX_FAILURES`; of a closed one, the last ones. `began_at` is the launch of its
    first bad probe, `opened_at` when the rules last opened it. `changed_at` is when its cause or nature last changed.
    `relapses` counts how often it recurred. `recovering_since`: too few companies remained for it to be wide; from then
    on every check is waited for. `narrowed_at`: the wait was over, and this still failed. `others`: those of `touches`
    whose failures are of another nature: it holds their checks, but says nothing about them. `part`: for a mail
    system's problem, that it is not all of its mail: some paths (`MAILBOX`), kinds (`KIND`), or intermittent
    (`COMPANY`). `unacknowledged_since`: since then it has been open, not muted, and nobody has it. `highest_severity`:
    of all its life; None of one that an older version stored. `standing`: what is wrong with the sender's standing for
    the same cause; of an incident of that nature, all there is: it has no failures, and names no company.
    """

    id: str
    nature: Nature
    subject: str
    scope: Scope
    severity: Severity
    outcome: Outcome
    cause: Cause | None
    company: str
    mail_system: str
    companies: tuple[str, ...]
    touches: tuple[str, ...]
    failing: int
    failures: tuple[Failure, ...]
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    ending: Resolution | None = None
    merged_into: str = ""
    relapses: int = 0
    muted_by: tuple[str, ...] = ()  # ids of mutes that together cover all that fails; () where people may be told
    told: Mapping[str, LastNotice] = field(default_factory=dict)  # by channel
    recovering_since: datetime | None = None
    narrowed_at: datetime | None = None
    others: tuple[str, ...] = ()
    part: Scope | None = None
    unacknowledged_since: datetime | None = None
    highest_severity: Severity | None = None
    standing: tuple[StandingFinding, ...] = ()

    @property
    def open(self) -> bool:
        """True until it is closed."""
        return self.closed_at is None

    @property
    def about(self) -> FindingAbout | None:
        """Topic of its findings; None where probes show it."""
        if self.nature is not Nature.STANDING:
            return None
        return self.standing[0].rule.about if self.standing else FindingAbout.SENDER

    @property
    def stops_mail(self) -> bool:
        """True if mail is known to be stopped: that of probes, or real mail."""
        return self.nature in (Nature.MAIL, Nature.THEIR_SYSTEM) or self.about is FindingAbout.REAL_MAIL

    @property
    def listed_severity(self) -> Severity:
        """The severity for people: of an open one the present, of a closed one the highest, whatever its last failure
        was. A page that ended as a ticket was a page."""
        return self.severity if self.open else self.highest_severity or self.severity

    @property
    def named(self) -> tuple[str, ...]:
        """The companies with this problem; for a closed one, those that had it."""
        everyone = self.touches or self.companies
        others = frozenset(self.others)
        return tuple(company for company in everyone if company not in others) or everyone

    @property
    def reason(self) -> Reason:
        """The reason for the attribution."""
        lead = leading(self, self.failures)
        return lead.reason if lead else Reason.NOT_COMPARED

    @property
    def wide(self) -> bool:
        """True if many companies have it for one reason."""
        return self.subject == EVERYBODY or self.subject.startswith("@")

    @property
    def recovering(self) -> bool:
        """True if it is nearly over: results of the remaining companies are awaited."""
        return self.open and self.wide and self.recovering_since is not None

    @property
    def without_result(self) -> tuple[str, ...]:
        """Companies without a result since the others began to recover."""
        since = self.recovering_since
        if since is None or not self.open:
            return ()
        heard = {failure.company for failure in self.failures if failure.at >= since}
        kept = {failure.company for failure in self.failures}
        return tuple(company for company in self.touches if company in kept - heard)


def leading(incident: Incident, failures: Sequence[Failure]) -> Failure | None:
    """Return the failure that represents all of these: the first that matches what the incident says."""
    same = [each for each in failures if (each.outcome, each.cause) == (incident.outcome, incident.cause)]
    own = (each for each in same if each.nature is incident.nature)
    return next(own, same[0] if same else failures[0] if failures else None)


class IncidentEvent(StrEnum):
    """Events of an incident, as recorded in its history."""

    OPENED = "opened"
    REOPENED = "reopened"
    WIDENED = "widened"
    CAUSE_CHANGED = "cause_changed"
    OUTCOME_CHANGED = "outcome_changed"
    SEVERITY_CHANGED = "severity_changed"
    TOUCHED = "touched"  # one more company
    RECOVERED_IN = "recovered_in"  # one company fewer
    RECLASSIFIED = "reclassified"  # it is another's trouble than it seemed
    RECOVERING = "recovering"  # nearly over
    WORSENED = "worsened"  # it was nearly over, and is not
    NARROWED = "narrowed"  # most of it is over
    TOOK_IN = "took_in"  # a narrower incident
    STANDING = "standing"  # something else is wrong with the sender's standing
    MUTED = "muted"
    UNMUTED = "unmuted"
    QUEUED = "queued"  # a notice waits for its channel
    TOLD = "told"  # a channel accepted a notice
    NOT_DELIVERED = "not_delivered"  # a channel did not accept a notice yet
    REMEDY_APPLIED = "remedy_applied"  # somebody says that the company carried one out
    REMEDY_TESTED = "remedy_tested"
    REMEDY_UNDONE = "remedy_undone"
    CLOSED = "closed"
    # by people, see `work`
    ACKNOWLEDGED = "acknowledged"
    RELEASED = "released"
    OWNER_SET = "owner_set"
    COMMENTED = "commented"
    COMMENT_PUBLISHED = "comment_published"
    COMMENT_WITHDRAWN = "comment_withdrawn"
    TICKET_LINKED = "ticket_linked"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of an incident's history. `said` is a sentence for people."""

    incident: str
    at: datetime
    turn: IncidentEvent
    said: str


def worst_first(incident: Incident) -> tuple[int, int, datetime]:
    """Sort by severity, then width, then age."""
    return GRAVEST_FIRST[incident.severity], -_WIDTH[incident.scope], incident.began_at


_CODEC: TypeAdapter[Incident] = TypeAdapter(Incident)


def encode(incident: Incident) -> str:
    """Encode the incident as one line of JSON."""
    return _CODEC.dump_json(incident).decode()


def decode(text: str | bytes) -> Incident:
    """Decode the result of `encode`."""
    return _CODEC.validate_json(text)
