"""What was seen of a probe. Time-stamped plain values, kept as they came, never changed.

`Attempt` and `Dialogue` are the way out, `Look`, `FailedLook` and `Arrival` the way in, `Bounce` what came back,
`Absence` when we were not there. What they mean is `judge`'s affair. `encode` and `decode` are their form in the store.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from probes.answer import Answer, Fault, Stage
from probes.verdict import Cause


@dataclass(frozen=True, slots=True)
class Step:
    """One stage as it went. `code` is None where the other side said nothing; then `fault` tells why.

    `text` is the reply verbatim without its codes, lines joined by "\\n"; for a fault, what the machine said of it.
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
        """Whether the dialogue may go on after this step."""
        return self.fault is None and (self.code is None or self.code < 400)


class Handover(StrEnum):
    """How a dialogue ended."""

    ACCEPTED = "accepted"  # 250 to the message: theirs now
    REFUSED = "refused"  # 5xx: trying again would not help
    DEFERRED = "deferred"  # 4xx or a fault of the connection: a real mail server tries again
    WITHHELD = "withheld"  # we did not send, because it would have been spoofing


@dataclass(frozen=True, slots=True)
class Attempt:
    """We are about to send, for the `number`-th time (from 1). Stored before the first byte, so that nothing is sent
    twice; one without its dialogue means that the service died while sending."""

    at: datetime
    number: int
    type: Literal["attempt"] = "attempt"

    @property
    def once(self) -> str | None:
        """The name under which the store keeps at most one of these for a probe."""
        return f"attempt:{self.number}"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One try to hand the message over, stage by stage. `at` is its end.

    `local_ip` is our end of the connection, "" where there was none. `steps` holds every host that was tried, in
    order. For WITHHELD the last step says what we would not do and what to change.
    """

    at: datetime
    number: int
    handover: Handover
    steps: tuple[Step, ...]
    local_ip: str = ""
    tls: str = ""  # "TLSv1.3", or ""
    type: Literal["dialogue"] = "dialogue"

    @property
    def once(self) -> str | None:
        """One dialogue for each attempt."""
        return f"dialogue:{self.number}"

    @property
    def last(self) -> Step:
        """The step that decided it."""
        return self.steps[-1]


def connected_at(dialogue: Dialogue) -> datetime | None:
    """When the latest TCP connection of this dialogue came about; None if none did."""
    made = [step.at for step in dialogue.steps if step.stage is Stage.CONNECT and step.good]
    return max(made, default=None)


def fell_back(dialogue: Dialogue) -> Step | None:
    """The step at which TLS failed with the host that decided, which then was asked once more without it; else None."""
    there = [step for step in dialogue.steps if step.host == dialogue.last.host]
    for failed, then in pairwise(there):
        if failed.stage in (Stage.STARTTLS, Stage.EHLO) and then.stage is Stage.CONNECT:
            return failed
    return None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The service died during an attempt: whether the message was handed over is not known, so it is not sent again."""

    at: datetime
    number: int
    type: Literal["interrupted"] = "interrupted"

    @property
    def once(self) -> str | None:
        """It stands in the dialogue's place."""
        return f"dialogue:{self.number}"


class Folder(StrEnum):
    """Which of a mailbox's folders, by what it means to its reader."""

    INBOX = "inbox"
    JUNK = "junk"
    OTHER = "other"  # any other: a rule of the mailbox moved it there
    COPY = "copy"  # none that we saw: a copy was sent to us, and where the reader has it we are not told


class Marker(StrEnum):
    """Where in a message its token was found. Gateways strip and rewrite, so there are several."""

    HEADER = "header"
    MESSAGE_ID = "message_id"
    ENVELOPE = "envelope"
    BODY = "body"


class BodyState(StrEnum):
    """What the signature over the body says of the body that was found."""

    INTACT = "intact"
    ALTERED = "altered"  # a banner, a footer, rewritten links: gateways do that
    UNVERIFIED = "unverified"  # without a signature, or not read to its end


@dataclass(frozen=True, slots=True)
class Arrival:
    """The probe in the mailbox. `at` is when the mailbox took it, by the mailbox's own time where it is credible.

    `headers` is the header section as delivered, cut at 64 KiB. `client_ip` is who sent us a copy, "" in a mailbox.
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
    """We looked through all folders of the mailbox and the probe was not there.

    `folders` are the names of the first of them, the inbox and junk above all; `others` is how many more there were.
    `unsearched` are those that cannot be opened, or that belong to other people.
    """

    at: datetime
    folders: tuple[str, ...]
    others: int = 0
    unsearched: tuple[str, ...] = ()
    type: Literal["look"] = "look"

    @property
    def once(self) -> str | None:
        """As often as it happens."""
        return None


@dataclass(frozen=True, slots=True)
class FailedLook:
    """We could not look. `reason` is one line for people: what was tried and what the server said."""

    at: datetime
    reason: str
    type: Literal["failed_look"] = "failed_look"

    @property
    def once(self) -> str | None:
        """As often as it happens."""
        return None


@dataclass(frozen=True, slots=True)
class Absence:
    """This machine or the service was suspended for so many seconds until `at`: it was suspended, or had no processor.
    What came late meanwhile may have waited for us."""

    at: datetime
    seconds: float
    type: Literal["absence"] = "absence"

    @property
    def lasted(self) -> timedelta:
        """The same as a duration."""
        return timedelta(seconds=self.seconds)

    @property
    def once(self) -> str | None:
        """As often as it happens."""
        return None


class MailKind(StrEnum):
    """What a mail that came back is."""

    BOUNCE = "bounce"  # failed for good
    DELAY = "delay"  # still trying
    SUCCESS = "success"  # a receipt
    COMPLAINT = "complaint"  # an abuse report, RFC 5965
    AUTO_REPLY = "auto_reply"  # vacation and its like: never a bounce
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back about the probe, and what it says of its recipient. `at` is when we took it.

    `action` is one of RFC 3464 (failed, delayed, delivered, relayed, expanded) or "", `reply` what the server that
    refused said. Text is theirs. How far it is believed depends on who handed it over: `client_ip`, "" where that is
    not known, and `client_name`, a name of it that the DNS confirmed, or "". `to_envelope`: whether it came to the
    probe's own bounce address, which only those know who saw the envelope. `null_sender`: whether it came as reports
    of servers do, from MAIL FROM:<>.
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
        """The same report of one client is kept once, however often it is delivered. One that comes as a server's own
        does is never the same as one that does not: else whoever writes the latter first would keep the former out."""
        said = [self.kind, self.recipient.lower(), self.action, self.status or "", self.reply, self.reporting_mta]
        if self.client_ip:
            said.append(network_of(self.client_ip))
        if self.to_envelope and self.null_sender:
            said.append("<>")
        return f"bounce:{hashlib.sha256(chr(0).join(said).encode(errors='replace')).hexdigest()[:20]}"

    @property
    def final(self) -> bool:
        """Whether it says that the message was given up."""
        return self.kind is MailKind.BOUNCE and self.action in ("failed", "")


def answer_of_step(step: Step) -> Answer:
    """What the step that stopped a dialogue is compared by."""
    return Answer(step.stage, step.code, step.enhanced, step.text, step.fault, step.host)


def answer_of_bounce(bounce: Bounce) -> Answer:
    """What a report is compared by: what the server that refused said."""
    return Answer(None, None, bounce.status, bounce.reply, None, bounce.remote_mta or bounce.reporting_mta)


def network_of(ip: str) -> str:
    """The network that one operator has at the least: the /24 of an IPv4 address, the /64 of an IPv6 one. What is no
    address is its own."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return network_of(str(mapped)) if mapped else str(ip_network((int(address), 64), strict=False))
    return str(ip_network((int(address), 24), strict=False))


Evidence = Attempt | Dialogue | Interrupted | Arrival | Look | FailedLook | Absence | Bounce

Note = Callable[[Step], None]
"""Told of each step as it ends, for people who watch."""

_CODEC: TypeAdapter[Evidence] = TypeAdapter(Annotated[Evidence, Field(discriminator="type")])


def encode(evidence: Evidence) -> str:
    """The evidence as one line of JSON."""
    return _CODEC.dump_json(evidence).decode()


def decode(text: str | bytes) -> Evidence:
    """What `encode` wrote."""
    return _CODEC.validate_json(text)
