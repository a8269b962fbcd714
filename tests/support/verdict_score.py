"""A day at some companies, spelled as a score, and what the rules make of it.

Verdicts are letters, one each quarter of an hour: `i` inbox, `b` missing, `d` refused with the sender's address,
`s` spam folder, `g` put off by a greylist, `l` late without a reason, `f` mailbox full, `u` no such user, `?` unknown,
`.` none. Of what servers say of themselves: `m` a milter is down, `k` the same and it came late, `z` and `y` listed on
one blocklist or another, `t` no banner in time. Without a connection: `w` no answer, `r` refused, `G` the company's own
gateway refused us. `x` is a bounce by a stranger.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from monitor.incidents.incident import Failure, Incident, decode, encode
from monitor.incidents.others import KEPT
from monitor.incidents.rules import After, Moment, reconcile
from monitor.incidents.settings import IncidentSettings
from monitor.incidents.signal import PathInfo, Signal
from monitor.incidents.tracker import HISTORY, FailureTracker
from monitor.incidents.weight import Names
from probes.answer import Answer, Fault, Stage
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role
from probes.uplink import Uplink
from probes.verdict import Cause, Grade, Outcome, Verdict

T0 = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
NAMES = Names("account.trimble.com", "104.130.122.50")
CODE, RESET, INVITATION = Kind.TWO_STEP_CODE, Kind.PASSWORD_RESET, Kind.INVITATION

CONTROL = Names("control.example", "198.51.100.7")

VERDICTS = {
    "i": (Outcome.INBOX, None, "arrived in INBOX 1 s after it was sent"),
    "b": (Outcome.MISSING, Cause.UNCLEAR, "accepted by mx.test: 250 ok; not in INBOX or Junk within 60 min"),
    "d": (
        Outcome.BLOCKED,
        Cause.IP_BLOCKED,
        "rejected at RCPT TO by mx.test: 554 5.7.1 [104.130.122.50] is on our list",
    ),
    "o": (Outcome.BLOCKED, Cause.DOMAIN_BLOCKED, "rejected at MAIL FROM by mx.test: 554 5.7.1 account.trimble.com"),
    "s": (Outcome.SPAM, Cause.CONTENT, "delivered to Junk 1 s after it was sent"),
    "c": (Outcome.BLOCKED, Cause.CONTENT, "rejected at end of message by mx.test: 554 5.7.1 looks like spam"),
    "g": (
        Outcome.DEFERRED,
        Cause.GREYLISTED,
        "still deferred when the code expired, at RCPT TO by mx.test: 450 later",
    ),
    "l": (Outcome.LATE, Cause.UNCLEAR, "arrived in INBOX 20 min after it was sent, but its code expires after 10 min"),
    "f": (Outcome.BLOCKED, Cause.MAILBOX_FULL, "rejected at RCPT TO by mx.test: 552 5.2.2 mailbox full"),
    "w": (Outcome.BLOCKED, Cause.FIREWALL, "could not connect to mx.test: no answer in time"),
    "?": (Outcome.UNKNOWN, None, "we could not look: imap 192.0.2.1:993: login failed"),
    "m": (Outcome.DEFERRED, Cause.GREYLISTED, "still deferred at RCPT TO by mx.test: 451 4.7.1 Service unavailable"),
    "k": (Outcome.LATE, Cause.GREYLISTED, "arrived in INBOX 20 min after it was sent; it was deferred at RCPT TO"),
    "z": (Outcome.BLOCKED, Cause.IP_LISTED, "rejected at RCPT TO by mx.test: 554 5.7.1 blocked using zen.spamhaus.org"),
    "y": (Outcome.BLOCKED, Cause.IP_LISTED, "rejected at RCPT TO by mx.test: 554 5.7.1 blocked using bl.spamcop.net"),
    "t": (Outcome.DEFERRED, Cause.SERVER_FAULT, "still deferred at greeting by mx.test: no answer in time"),
    "r": (Outcome.DEFERRED, Cause.UNCLEAR, "still deferred at connect by mx.test: connection refused"),
    "u": (Outcome.BLOCKED, Cause.NO_SUCH_USER, "rejected at RCPT TO by mx.test: 550 5.1.1 no such user"),
    "x": (Outcome.BLOCKED, Cause.IP_BLOCKED, "then bounced by a stranger: 550 5.7.1 104.130.122.50 is blocked"),
    "S": (Outcome.UNKNOWN, Cause.MOVED, "delivered 3 s after it was sent, but a rule moved it to Lists"),
    "G": (
        Outcome.UNKNOWN,
        Cause.SERVER_FAULT,
        "could not ask the company: stopped at connect: connection refused",
    ),
}

_PUT_OFF = Answer(Stage.RCPT, 451, "4.7.1", "Service unavailable - try again later")
_LISTED = "Service unavailable; Client host [104.130.122.50] blocked using "
ANSWERS = {
    "d": Answer(Stage.RCPT, 554, "5.7.1", "[104.130.122.50] is on our list"),
    "o": Answer(Stage.MAIL, 554, "5.7.1", "account.trimble.com is not welcome"),
    "c": Answer(Stage.END_OF_DATA, 554, "5.7.1", "looks like spam"),
    "g": Answer(Stage.RCPT, 450, "4.2.0", "Greylisted, come back in 300 seconds"),
    "f": Answer(Stage.RCPT, 552, "5.2.2", "mailbox full"),
    "w": Answer(Stage.CONNECT, fault=Fault.TIMED_OUT),
    "m": _PUT_OFF,
    "k": _PUT_OFF,
    "z": Answer(Stage.RCPT, 554, "5.7.1", f"{_LISTED}zen.spamhaus.org"),
    "y": Answer(Stage.RCPT, 554, "5.7.1", f"{_LISTED}bl.spamcop.net"),
    "t": Answer(Stage.BANNER, fault=Fault.TIMED_OUT),
    "r": Answer(Stage.CONNECT, fault=Fault.REFUSED),
    "u": Answer(Stage.RCPT, 550, "5.1.1", "no such user"),
    "x": Answer(None, None, "5.7.1", "104.130.122.50 is blocked"),
    "G": Answer(Stage.CONNECT, fault=Fault.REFUSED),
}
UNPROVEN = frozenset("wrxG")


def verdict(letter: str, host: str = "mx.test[192.0.2.1]:25") -> Verdict:
    outcome, cause, because = VERDICTS[letter]
    answer = ANSWERS.get(letter)
    grade = Grade.UNPROVEN if letter in UNPROVEN else Grade.REAL
    return Verdict(outcome, cause, grade, because, answer and replace(answer, host=host))


def path_at(
    company: str,
    path: str = "hq",
    kinds: tuple[Kind, ...] = (CODE,),
    mail_system: str = "postfix",
    via: str = "direct",
    mailbox: str = "",
) -> PathInfo:
    return PathInfo(company, f"{company.title()} Inc", (mail_system,), path, kinds, QUARTER, via, mailbox=mailbox)


def signal(letter: str, at: datetime, *, line: Any = ("acme", "hq", CODE), **facts: Any) -> Signal:
    company, path, kind = line
    fields: dict[str, Any] = {
        "number": 1,
        "probe_id": f"{company}-{path}-{kind}-{at:%d%H%M%S}",
        "company": company,
        "path": path,
        "kind": kind,
        "role": Role.SENDER,
        "launched_at": at,
        "at": at + timedelta(seconds=2),
        "verdict": verdict(letter, f"mx.{company}.example:25"),
    }
    return Signal(**(fields | facts))


@dataclass
class Day:
    """The rules at work on some paths. `play` shows them a score; what they made of each quarter is handed out."""

    paths: tuple[PathInfo, ...]
    settings: IncidentSettings = field(default_factory=IncidentSettings)
    now: datetime = T0
    step: timedelta = timedelta(seconds=1)  # from one verdict to the next
    incidents: dict[str, Incident] = field(default_factory=dict)
    tracker: FailureTracker = field(default_factory=FailureTracker)
    names: Iterator[int] = field(default_factory=lambda: count(1))
    shown: list[Signal] = field(default_factory=list)
    others: Mapping[Role, Names] = field(default_factory=lambda: {Role.CONTROL: CONTROL})
    uplink: Uplink = field(default_factory=Uplink)
    past: dict[Check, dict[str, Signal]] = field(default_factory=dict)
    restarted: bool = False

    def __post_init__(self) -> None:
        self.tracker.configure(self.paths, self.settings, NAMES, self.others)
        self.tracker.follow(lambda: self.uplink)

    @property
    def open(self) -> list[Incident]:
        return [incident for incident in self.incidents.values() if incident.open]

    def only(self) -> Incident:
        (incident,) = self.open
        return incident

    def restart(self) -> None:
        """The service stops, and another one takes up what was stored."""
        self.restarted = True
        self.incidents = {name: decode(encode(incident)) for name, incident in self.incidents.items()}
        self.tracker = FailureTracker()
        self.tracker.configure(self.paths, self.settings, NAMES, self.others)
        self.tracker.wake(self.now)
        for probes in self.past.values():
            self.tracker.recall_newest(list(probes.values())[-1])
        self._set_relapses()
        touched = dict.fromkeys(company for incident in self.open for company in incident.touches)
        self.read(self.tracker.unread_of(touched))

    def take(self, signals: Sequence[Signal]) -> None:
        """Verdicts as they come, also of probes that were launched before others that are judged already."""
        self.shown += signals
        for each in signals:
            if each.role is Role.SENDER:
                self.past.setdefault(each.check, {})[each.probe_id] = each
        unread = self.tracker.unread(signals) if self.restarted else []
        late = [line for line in self.tracker.out_of_order(signals) if line not in unread]
        self.read(unread)
        self.read(late, late=True)
        self.tracker.take(signals, frozenset((*unread, *late)))

    def read(self, lines: Iterable[Check], *, late: bool = False) -> None:
        """As the incident engine does."""
        failing: dict[Check, list[Failure]] = {}
        for failure in (failure for incident in self.open for failure in incident.failures):
            failing.setdefault(failure.check, []).append(failure)
        cut = {company for each in self.open if each.failing > len(each.failures) for company in each.touches}
        for line in lines:
            past = sorted(self.past.get(line, {}).values(), key=lambda each: each.launched_at)
            not_said = line not in failing and (late or line[0] in cut)
            self.tracker.recall(line, past[-HISTORY:], None if not_said else failing.get(line, ()))
            if self.tracker.needs_others(line):
                self.tracker.recall_others(
                    [each for each in self.shown if each.role is not Role.SENDER and each.check == line][-KEPT:]
                )

    def settle(self) -> After:
        """Let the rules look at what is so now."""
        groups = self.tracker.groups(self.open, self.now)
        moment = Moment(self.now, self.tracker.watches, lambda: f"i{next(self.names)}", self.settings.reopen)
        after = reconcile(self.incidents.values(), groups, moment)
        self.incidents |= after.incidents
        self._set_relapses()
        return after

    def _set_relapses(self) -> None:
        relapses = {(company, each.nature): each.relapses for each in self.open for company in each.touches}
        self.tracker.set_relapses(relapses)

    def judge(self, letter: str, *, line: Any = ("acme", "hq", CODE), **facts: Any) -> None:
        """One verdict, a moment later."""
        self.now += self.step
        self.take([signal(letter, self.now, line=line, **facts)])

    def control(self, letter: str, line: Any = ("acme", "hq", CODE)) -> None:
        """One verdict on the control, a moment later."""
        self.judge(letter, line=line, role=Role.CONTROL, probe_id=f"control-{len(self.shown)}")

    def play(self, scores: Mapping[Any, str]) -> list[After]:
        """The scores of some lines, side by side, a letter each quarter."""
        told = []
        for letters in zip(*scores.values(), strict=True):
            beginning = self.now
            for line, letter in zip(scores, letters, strict=True):
                if letter != ".":
                    self.judge(letter, line=line)
            told.append(self.settle())
            self.now = beginning + QUARTER
        return told
