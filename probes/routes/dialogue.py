"""The SMTP dialogue that all routes share, stage by stage and recorded step by step.

`Transcript` records one attempt, over all hosts tried. `SmtpDialogue` is the dialogue with one host: each stage returns
the step that stops the dialogue, or None to continue. `converse` leads a dialogue through the stages of a route, and on
to the next host where a mail server would do so.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.answer import Fault, Stage
from probes.evidence import Dialogue, Handover, Note, Step
from probes.message import Message
from probes.outside import Outside
from probes.resolver import Unresolved, is_address
from probes.routes.envelope import command, content, mail_from, rcpt_to
from probes.routes.reply import Reply, WireFault, extensions
from probes.routes.wire import Heard, SmtpWire, connect
from probes.tls import CertificateFacts, client_context

Stop = Step | None
Act = Callable[["SmtpDialogue"], Awaitable[Stop]]

WANTED = {Stage.DATA: 3}  # the first digit of a reply that lets the dialogue go on; 2 at all other stages
NEXT_HOST_AFTER_FAULT = frozenset({Stage.CONNECT, Stage.BANNER, Stage.EHLO, Stage.STARTTLS})
NEXT_HOST_AFTER_5XX = frozenset({Stage.BANNER, Stage.STARTTLS})
REFUSING = frozenset(Stage) - {Stage.STARTTLS, Stage.AUTH}  # 5xx to these speaks of the connection, not of the mail
UNHURT = (None, Fault.NOT_OFFERED)  # after these the connection is good for a QUIT
WITHDRAWING_SECONDS = 5.0  # for replies that decide nothing any more
SHARE_FOR_TLS = 0.5  # of a host's time, where the rest is for another try without TLS


@dataclass(frozen=True, slots=True)
class Target:
    """One address of one host."""

    name: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.name}[{self.address}]:{self.port}"


class Transcript:
    """The record of one attempt. `note` is called with every completed step; a step's `at` is its end."""

    def __init__(self, outside: Outside, number: int, timeout: float, note: Note) -> None:
        self.outside = outside
        self.number = number
        self.note = note
        self.time = asyncio.get_running_loop().time
        self.deadline = self.time() + timeout
        self.steps: list[Step] = []
        self.withheld = False
        self.local_ip = ""
        self.tls = ""
        self.certificate = CertificateFacts()

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return max(self.deadline - self.time(), 0.0)

    def keep(self, stage: Stage, began: float, heard: Heard | None, *, host: str = "", text: str = "") -> Step:
        """Record a step. `heard` is None for a step that nobody answers; `text` is then its result."""
        at, seconds = self.outside.now(), self.time() - began
        match heard:
            case None:
                step = Step(stage, at, seconds, host, text=text)
            case WireFault(fault, why):
                step = Step(stage, at, seconds, host, text=why, fault=fault)
            case Reply(code, enhanced):
                wrong = code < 400 and code // 100 != WANTED.get(stage, 2)
                step = Step(stage, at, seconds, host, code, enhanced, heard.text, Fault.NONSENSE if wrong else None)
        self.steps.append(step)
        self.note(step)
        return step

    def withhold(self, stage: Stage, fault: Fault, text: str, *, host: str = "") -> Step:
        """Send nothing, because it would be spoofing; `text` says what to change."""
        self.withheld = True
        return self.keep(stage, self.time(), WireFault(fault, text), host=host)

    def dialogue(self, stop: Stop) -> Dialogue:
        """Return the attempt, ended by `stop`, or by acceptance."""
        ended = Handover.WITHHELD if self.withheld else handover(stop)
        connection = (self.local_ip, self.tls, self.certificate.ends, self.certificate.names)
        return Dialogue(self.outside.now(), self.number, ended, tuple(self.steps), *connection)

    async def find(self, host: str, port: int) -> list[Target]:
        """Resolve a configured host. None: the recorded step says why."""
        if is_address(host):
            return [Target(host, host, port)]
        began = self.time()
        found = await self.outside.resolver.addresses(host, timeout=self.left / 2)
        if isinstance(found, Unresolved):
            self.keep(Stage.LOOKUP, began, WireFault(Fault.LOOKUP_FAILED, found.text), host=host)
            return []
        self.keep(Stage.LOOKUP, began, None, host=host, text=", ".join(found))
        return [Target(host, address, port) for address in found]


def handover(stop: Stop) -> Handover:
    """Return the result for the message of the step that stopped a dialogue. Any fault counts as a 4xx: a mail server
    retries; only a domain that accepts no mail is final."""
    if stop is None:
        return Handover.ACCEPTED
    if stop.fault is not None:
        return Handover.REFUSED if stop.fault is Fault.DOMAIN_UNKNOWN else Handover.DEFERRED
    refused = stop.code is not None and stop.code >= 500 and stop.stage in REFUSING
    return Handover.REFUSED if refused else Handover.DEFERRED


def next_host_may_differ(stop: Step) -> bool:
    """Test if a mail server would try the next host: yes until a host has received MAIL FROM, except that a 5xx
    to EHLO is final (RFC 5321, section 5.1; a 5xx greeting is skipped by most)."""
    if stop.fault is None and stop.code is not None and stop.code >= 500:
        return stop.stage in NEXT_HOST_AFTER_5XX
    return stop.stage in NEXT_HOST_AFTER_FAULT


class SmtpRoute(ABC):
    """A route over SMTP. It may send, or only knock; `_talk` is the whole dialogue, with these stages from MAIL on."""

    async def send(self, message: Message, number: int, outside: Outside, *, timeout: float, note: Note) -> Dialogue:
        """See `Route`."""
        return await self._talk(message, Transcript(outside, number, timeout, note), DELIVERY)

    async def knock(self, message: Message, outside: Outside, *, timeout: float) -> Dialogue:
        """See `Route`."""
        return await self._talk(message, Transcript(outside, 1, timeout, lambda _: None), ())

    @abstractmethod
    async def _talk(self, message: Message, record: Transcript, acts: Sequence[Act]) -> Dialogue: ...


async def converse(record: Transcript, message: Message, targets: Sequence[Target], acts: Sequence[Act]) -> Dialogue:
    """Run `acts` at the first of `targets` that accepts us. Unresponsive hosts leave time for the next: up to EHLO each
    has an equal share of the remaining time."""
    stop = record.steps[-1] if record.steps else None
    for others, target in zip(range(len(targets) - 1, -1, -1), targets, strict=True):
        until = record.time() + record.left / (others + 1)
        stop = await _visit(record, message, target, acts, until)
        if stop is None or record.withheld or not next_host_may_differ(stop):
            break
    return record.dialogue(stop)


async def _visit(record: Transcript, message: Message, target: Target, acts: Sequence[Act], until: float) -> Stop:
    """Run the dialogue with one host; if only opportunistic TLS failed, once more on a new connection without TLS.

    The real sender's service does so: "If Mailgun cannot upgrade the connection, the message will be delivered over a
    plaintext SMTP connection" (documentation.mailgun.com, TLS sending connection settings). Exim does it at once too
    (tls_tempfail_tryclear), Postfix at its second attempt (TLS_README, client_tls_may). The failure is not remembered.
    """
    talk = SmtpDialogue(target, message, record, until=until)
    stop = await talk.go(acts)
    if talk.tls_failed:
        return await SmtpDialogue(target, message, record, until=until, in_clear=True).go(acts)
    return stop


class SmtpDialogue:
    """The dialogue with one host. A stage returns the step that stops it, or None to continue.

    `in_clear`: without STARTTLS, even if offered. `tls_failed`: it was stopped by TLS that we could do without.
    """

    def __init__(
        self, target: Target, message: Message, record: Transcript, *, until: float, in_clear: bool = False
    ) -> None:
        self.target = target
        self.message = message
        self.identity = message.identity
        self.record = record
        self.until = until
        self.in_clear = in_clear
        self.tls_failed = False
        self.offered: dict[str, str] = {}
        self._wire: SmtpWire | None = None
        self._host = str(target)

    @property
    def wire(self) -> SmtpWire:
        """The connection. Only after `connect`."""
        assert self._wire is not None, "not connected"
        return self._wire

    async def go(self, acts: Sequence[Act]) -> Stop:
        """Run all stages in turn, up to the first that stops. The connection is always closed at the end."""
        try:
            for act in acts:
                if (stop := await act(self)) is not None:
                    return stop
            return None
        finally:
            self._leave()

    def keep(self, stage: Stage, began: float, heard: Heard | None, *, text: str = "") -> Stop:
        """Record a step; returns it if it stops the dialogue."""
        step = self.record.keep(stage, began, heard, host=self._host, text=text)
        return None if step.good else step

    def withhold(self, stage: Stage, text: str, fault: Fault = Fault.NOT_OFFERED) -> Step:
        """Send nothing: the server lacks what we need to send honestly."""
        return self.record.withhold(stage, fault, text, host=self._host)

    async def ask(self, what: str | bytes) -> Heard:
        """Send a command and read the reply, unless one came before we spoke."""
        if (early := self.unasked()) is not None:
            return early
        self.wire.write(what if isinstance(what, bytes) else command(what))
        return await self.wire.reply(self.until)

    def unasked(self) -> Heard | None:
        """Handle data that came before we spoke. A refusal is the last word of a server that gives up on us; anything
        else means that commands and replies no longer match."""
        early = self.wire.heard()
        if isinstance(early, Reply) and early.code < 400:
            return WireFault(Fault.NONSENSE, f"answered before it was asked: {early.code} {early.text}")
        return early

    async def say(self, stage: Stage, what: str | bytes) -> Stop:
        """Send one command, record one step."""
        began = self.record.time()
        return self.keep(stage, began, await self.ask(what))

    async def connect(self, source: str | None = None) -> Stop:
        """Connect, only from `source` if given."""
        began = self.record.time()
        found = await connect(self.target.address, self.target.port, self.until, source=source)
        if isinstance(found, WireFault):
            return self.keep(Stage.CONNECT, began, found)
        self._wire = found
        self.record.local_ip, self.record.tls, self.record.certificate = found.local_ip, "", CertificateFacts()
        return self.keep(Stage.CONNECT, began, None, text="again, without TLS" if self.in_clear else "")

    async def banner(self) -> Stop:
        """Read the server's greeting."""
        began = self.record.time()
        return self.keep(Stage.BANNER, began, await self.wire.reply(self.until))

    async def hello(self) -> Stop:
        """Send EHLO, and HELO if a server refuses that."""
        began = self.record.time()
        early = self.unasked()
        heard = early or await self.ask(f"EHLO {self.identity.helo}")
        stop = self.keep(Stage.EHLO, began, heard)
        self.offered = extensions(heard) if stop is None and isinstance(heard, Reply) else {}
        if stop is None or early is not None or stop.fault is not None or (stop.code or 0) < 500:
            return stop
        return await self._old_hello(stop)

    async def _old_hello(self, refused: Step) -> Stop:
        """Send HELO. A server that closes the connection after refusing EHLO has answered by the refusal."""
        began = self.record.time()
        heard = await self.ask(f"HELO {self.identity.helo}")
        if isinstance(heard, WireFault) and heard.fault in (Fault.CLOSED, Fault.RESET):
            return refused
        return self.keep(Stage.EHLO, began, heard)

    async def starttls(self, *, verify: bool, must: bool, ca_file: Path | None = None) -> Stop:
        """Use STARTTLS if offered, and EHLO again. Without `must`, a server that does not offer it, or withdraws its
        offer, is spoken to in clear text; so is one where the handshake or the EHLO after it fails, on a new
        connection, for which time is reserved."""
        if self.in_clear:
            return None
        if must or "STARTTLS" not in self.offered:
            return await self._upgrade(verify, must, ca_file)
        until, now = self.until, self.record.time()
        self.until = now + (until - now) * SHARE_FOR_TLS
        stop = await self._upgrade(verify, must, ca_file)
        self.until = until
        self.tls_failed = stop is not None and (stop.fault is not None or stop.stage is Stage.STARTTLS)
        return stop

    async def _upgrade(self, verify: bool, must: bool, ca_file: Path | None) -> Stop:
        began = self.record.time()
        if "STARTTLS" not in self.offered:
            missing = WireFault(Fault.NOT_OFFERED, "the server does not offer STARTTLS, which this route requires")
            return self.keep(Stage.STARTTLS, began, missing) if must else None
        heard = await self.ask("STARTTLS")
        if not isinstance(heard, Reply) or heard.code // 100 != 2:
            stop = self.keep(Stage.STARTTLS, began, heard)
            bearable = not must and isinstance(heard, Reply) and heard.code >= 400 and heard.code != 421
            return None if bearable else stop
        return await self._handshake(began, heard, verify, ca_file) or await self.hello()

    async def implicit_tls(self, ca_file: Path | None) -> Stop:
        """TLS from the first byte, verified."""
        return await self._handshake(self.record.time(), None, True, ca_file)

    async def _handshake(self, began: float, asked: Reply | None, verify: bool, ca_file: Path | None) -> Stop:
        """Run the TLS handshake. Data sent in clear text after the reply to STARTTLS was injected, or belongs to
        another dialogue: it is discarded and reported."""
        injected = self.wire.discard()
        try:
            context = client_context(verify, ca_file)
        except OSError as error:
            return self.keep(
                Stage.STARTTLS, began, WireFault(Fault.TLS, f"the trusted certificates, {ca_file}: {error}")
            )
        trouble = await self.wire.encrypt(context, self.target.name, self.until)
        if trouble is None and asked is not None and injected:
            asked = Reply(
                asked.code, asked.enhanced, (*asked.lines, f"[discarded, sent in clear after this: {injected}]")
            )
        self.record.tls, self.record.certificate = self.wire.tls, self.wire.certificate
        return self.keep(Stage.STARTTLS, began, trouble or asked, text=self.wire.tls)

    async def transaction(self) -> Stop:
        """Send MAIL, RCPT and DATA: together where the server offers PIPELINING (RFC 2920), as mail servers do. From
        here on only this host is used, up to the deadline."""
        self.until = self.record.deadline
        commands = (
            (Stage.MAIL, mail_from(self.message, self.offered)),
            (Stage.RCPT, rcpt_to(self.message, self.offered)),
            (Stage.DATA, "DATA"),
        )
        if "PIPELINING" in self.offered:
            return await self._say_together(commands)
        for stage, line in commands:
            if (stop := await self.say(stage, line)) is not None:
                return stop
        return None

    async def _say_together(self, commands: Sequence[tuple[Stage, str]]) -> Stop:
        """Send commands at once and record a step for each reply, up to the first that stops."""
        began, early = self.record.time(), self.unasked()
        if early is None:
            self.wire.write(b"".join(command(line) for _, line in commands))
        for number, (stage, _) in enumerate(commands, start=1):
            stop = self.keep(stage, began, early or await self.wire.reply(self.until))
            if stop is not None:
                if early is None and stop.fault is None:
                    await self._withdraw(len(commands) - number)
                return stop
            began = self.record.time()
        return None

    async def _withdraw(self, unanswered: int) -> None:
        """Read the replies to what was sent together and is refused already, so that QUIT ends the dialogue in order.
        A server that would take data for nobody gets none: it drops the mail with the connection."""
        until = min(self.until, self.record.time() + WITHDRAWING_SECONDS)
        for _ in range(unanswered):
            if isinstance(await self.wire.reply(until), WireFault):
                return

    async def content(self) -> Stop:
        """Send the content. If this ends in a fault, the server may or may not have accepted it."""
        return await self.say(Stage.END_OF_DATA, content(self.message.content))

    def _leave(self) -> None:
        """Send QUIT without waiting for the reply, as most mail servers do, and close."""
        if self._wire is None:
            return
        if not self._wire.ended and self.record.steps[-1].fault in UNHURT:
            self._wire.write(b"QUIT\r\n")
        self._wire.drop()


DELIVERY: tuple[Act, ...] = (SmtpDialogue.transaction, SmtpDialogue.content)
