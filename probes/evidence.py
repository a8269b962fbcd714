"""Observations about a probe: time-stamped plain values, stored unchanged.

`Attempt` and `Dialogue` describe sending; `Look`, `FailedLook` and `Arrival` the mailbox; `Bounce` a returned message;
`Absence` a time in which we were suspended; `Traced`, in its own file, what a trace says. `judge` decides their
meaning. `encode` and `decode` are their form in the store.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from probes.answer import Answer, Fault, Stage
from probes.ip_addresses import OPERATOR, block_of
from probes.outcome import Cause
from probes.traced import Traced


@dataclass(frozen=True, slots=True)
class Step:
    """One completed stage. `code` is None if there was no reply; then `fault` says why.

    `text` is the reply verbatim without its codes, lines joined by "\\n"; for a fault, this machine's message.
    `enhanced` is the RFC 3463 code of the reply, "5.7.1". `host` is "name[address]:port" of the other side.
    """

    stage: Stage
    at: datetime
    seconds: float
    host: str = ""
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    fault: Fault | None = None

    @property
    def good(self) -> bool:
        """True if the dialogue may continue after this step."""
        return self.fault is None and (self.code is None or self.code < 400)


class Handover(StrEnum):
    """Results of a dialogue."""

    ACCEPTED = "accepted"  # 250 to the message: theirs now
    REFUSED = "refused"  # 5xx: trying again would not help
    DEFERRED = "deferred"  # 4xx or a fault of the connection: a real mail server tries again
    WITHHELD = "withheld"  # we did not send, because it would have been spoofing


@dataclass(frozen=True, slots=True)
class Attempt:
    """We are about to send for the `number`-th time (from 1). Stored before the first byte, so that nothing is sent
    twice; an attempt without a dialogue means that the service died while sending."""

    at: datetime
    number: int
    type: Literal["attempt"] = "attempt"

    @property
    def once(self) -> str | None:
        """Key under which the store keeps at most one of these per probe."""
        return f"attempt:{self.number}"


MAX_RULES_SHOWN = 30  # of a filter's answer, in its transcript


class ScanAction(StrEnum):
    """Actions of a content filter on a message."""

    ACCEPT = "accept"
    MARK = "mark"  # a header or a changed subject, by which it is put into the spam folder
    QUARANTINE = "quarantine"
    DISCARD = "discard"
    GREYLIST = "greylist"
    DELAY = "delay"  # a temporary rejection for another reason
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ScannedRule:
    """One rule of a filter that fits the message: its points, positive against it, and the filter's own words."""

    name: str
    score: float
    text: str = ""

    @property
    def line(self) -> str:
        """The rule in a line: "+5.1 BAYES_SPAM: Message probably spam"."""
        return f"{self.score:+g} {self.name}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class Scan:
    """A filter's answer. `threshold` is that of its gravest action. `rules`: those with most points first."""

    engine: str
    action: ScanAction
    score: float | None
    threshold: float | None
    rules: tuple[ScannedRule, ...]

    @property
    def summary(self) -> str:
        """The answer in few words, with the filter's figures."""
        score = f", score {self.score:g}" if self.score is not None else ""
        limit = f" of {self.threshold:g}" if score and self.threshold is not None else ""
        return f"{self.action}{score}{limit}"

    @property
    def text(self) -> str:
        """The answer with its rules, one a line, each with the filter's own explanation."""
        rules = (rule.line for rule in self.rules[:MAX_RULES_SHOWN])
        return "\n".join((self.summary, *rules))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One attempt to hand over the message, stage by stage. `at` is its end.

    `local_ip` is our end of the connection, "" if there was none. `steps` covers every host that was tried, in order.
    For WITHHELD the last step says what we refused to do and what to change.
    """

    at: datetime
    number: int
    handover: Handover
    steps: tuple[Step, ...]
    local_ip: str = ""
    tls: str = ""  # "TLSv1.3", or ""
    certificate_ends: datetime | None = None  # that of the server with which TLS was used
    certificate_names: tuple[str, ...] = ()  # those that it is for, the first few
    scan: Scan | None = None  # the answer of a filter, on a route that only asks one
    type: Literal["dialogue"] = "dialogue"

    @property
    def once(self) -> str | None:
        """One dialogue per attempt."""
        return f"dialogue:{self.number}"

    @property
    def last(self) -> Step:
        """The step that decided it."""
        return self.steps[-1]


def connected_at(dialogue: Dialogue) -> datetime | None:
    """Time of the latest TCP connection of this dialogue; None if none was established."""
    made = [step.at for step in dialogue.steps if step.stage is Stage.CONNECT and step.good]
    return max(made, default=None)


def fell_back(dialogue: Dialogue) -> Step | None:
    """The step at which TLS failed with the deciding host, which was then tried again without TLS; else None."""
    there = [step for step in dialogue.steps if step.host == dialogue.last.host]
    for failed, then in pairwise(there):
        if failed.stage in (Stage.STARTTLS, Stage.EHLO) and then.stage is Stage.CONNECT:
            return failed
    return None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The service died during an attempt: it is unknown whether the message was handed over, so it is not sent
    again."""

    at: datetime
    number: int
    type: Literal["interrupted"] = "interrupted"

    @property
    def once(self) -> str | None:
        """Takes the place of the dialogue."""
        return f"dialogue:{self.number}"


class Folder(StrEnum):
    """Folders by their meaning to the reader."""

    INBOX = "inbox"
    JUNK = "junk"
    OTHER = "other"  # any other: a rule of the mailbox moved it there
    COPY = "copy"  # none that we saw: a copy was sent to us, and where the reader has it we are not told


class Marker(StrEnum):
    """Places in a message where its token was found. Gateways strip and rewrite, so there are several."""

    HEADER = "header"
    MESSAGE_ID = "message_id"
    ENVELOPE = "envelope"
    BODY = "body"


class BodyState(StrEnum):
    """Results of checking the signature over the body."""

    INTACT = "intact"
    ALTERED = "altered"  # a banner, a footer, rewritten links: gateways do that
    UNVERIFIED = "unverified"  # without a signature, or not read to its end


@dataclass(frozen=True, slots=True)
class Arrival:
    """The probe in the mailbox. `at` is when the mailbox accepted it, by the mailbox's own clock if credible.

    `headers` is the header section as delivered, cut at 64 KiB. `client_ip` is the client that sent us a copy, "" in a
    mailbox.
    """

    at: datetime
    seen_at: datetime
    folder: Folder
    folder_name: str
    headers: str
    markers: tuple[Marker, ...]
    body: BodyState = BodyState.UNVERIFIED
    client_ip: str = ""
    type: Literal["arrival"] = "arrival"

    @property
    def once(self) -> str | None:
        """A probe arrives once; a second message with its token is a copy or a replay."""
        return "arrival"


@dataclass(frozen=True, slots=True)
class Look:
    """A complete look: the probe was in no folder of the mailbox.

    `folders` are the names of the first ones, inbox and junk above all; `others` is the number of further ones.
    `unsearched` are folders that cannot be opened or belong to other people.
    """

    at: datetime
    folders: tuple[str, ...]
    others: int = 0
    unsearched: tuple[str, ...] = ()
    type: Literal["look"] = "look"

    @property
    def once(self) -> str | None:
        """No limit."""
        return None


@dataclass(frozen=True, slots=True)
class FailedLook:
    """A look that failed. `reason` is one line for people: what was tried and what the server said."""

    at: datetime
    reason: str
    type: Literal["failed_look"] = "failed_look"

    @property
    def once(self) -> str | None:
        """No limit."""
        return None


@dataclass(frozen=True, slots=True)
class Absence:
    """This machine or the service was suspended, or got no CPU, for this many seconds until `at`. A late arrival in
    that time may have been late because of us."""

    at: datetime
    seconds: float
    type: Literal["absence"] = "absence"

    @property
    def lasted(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.seconds)

    @property
    def once(self) -> str | None:
        """No limit."""
        return None


@dataclass(frozen=True, slots=True)
class FilterScan:
    """The company's filter was asked about a message that was taken for spam. `host` is that of the filter."""

    at: datetime
    scan: Scan
    host: str = ""
    type: Literal["filter_scan"] = "filter_scan"

    @property
    def once(self) -> str | None:
        """A filter is asked once about a probe."""
        return "filter_scan"


class MailKind(StrEnum):
    """Types of returned mail."""

    BOUNCE = "bounce"  # failed for good
    DELAY = "delay"  # still trying
    SUCCESS = "success"  # a receipt
    COMPLAINT = "complaint"  # an abuse report, RFC 5965
    AUTO_REPLY = "auto_reply"  # vacation and its like: never a bounce
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message about the probe's fate, and its statement about the recipient. `at` is when we received it.

    `action` is one of RFC 3464 (failed, delayed, delivered, relayed, expanded) or ""; `reply` is the text of the server
    that refused, verbatim. Its credibility depends on the client that brought it: `client_ip`, "" if unknown, and
    `client_name`, a name of it that DNS confirmed, or "". `to_envelope`: it came to the probe's own bounce address,
    which is known only to hosts that saw the envelope. `null_sender`: it came from MAIL FROM:<>, as servers' reports
    do.
    """

    at: datetime
    kind: MailKind
    recipient: str
    action: str
    status: str | None
    reply: str
    cause: Cause
    permanent: bool | None
    reporting_mta: str = ""
    remote_mta: str = ""
    client_ip: str = ""
    client_name: str = ""
    to_envelope: bool = False
    null_sender: bool = False
    type: Literal["bounce"] = "bounce"

    @property
    def once(self) -> str | None:
        """The same report from one client is kept once, however often it is delivered. A server's own report is never
        the same as any other: otherwise whoever sent the latter first would suppress the former."""
        said = [self.kind, self.recipient.lower(), self.action, self.status or "", self.reply, self.reporting_mta]
        if self.client_ip:
            said.append(block_of(self.client_ip, OPERATOR))
        if self.to_envelope and self.null_sender:
            said.append("<>")
        return f"bounce:{hashlib.sha256(chr(0).join(said).encode(errors='replace')).hexdigest()[:20]}"

    @property
    def final(self) -> bool:
        """True if it reports final failure."""
        return self.kind is MailKind.BOUNCE and self.action in ("failed", "")


def answer_of_step(step: Step) -> Answer:
    """Return the comparable answer of the step that stopped a dialogue."""
    return Answer(step.stage, step.code, step.enhanced, step.text, step.fault, step.host)


def answer_of_bounce(bounce: Bounce) -> Answer:
    """Return the comparable answer of a report: the reply of the server that refused."""
    return Answer(None, None, bounce.status, bounce.reply, None, bounce.remote_mta or bounce.reporting_mta)


Evidence = Attempt | Dialogue | Interrupted | Arrival | Look | FailedLook | Absence | Bounce | FilterScan | Traced

Note = Callable[[Step], None]
"""Callback for each completed step, for people who watch."""

_CODEC: TypeAdapter[Evidence] = TypeAdapter(Annotated[Evidence, Field(discriminator="type")])


def encode(evidence: Evidence) -> str:
    """Encode the evidence as one line of JSON."""
    return _CODEC.dump_json(evidence).decode()


def decode(text: str | bytes) -> Evidence:
    """Decode the result of `encode`."""
    return _CODEC.validate_json(text)
