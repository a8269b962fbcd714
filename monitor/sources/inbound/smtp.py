"""One conversation with a server that brings us mail: SMTP by aiosmtpd, bounded in time, in size and in patience.

No limit in time can be renewed by talking: RECIPIENT_WITHIN runs from the start to the first recipient that we take
mail for, CONVERSATION_WITHIN to the end. Whatever we refuse for the time being is told to the host.
"""

import asyncio
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import AnyStr, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

RECIPIENT_WITHIN = 20.0  # seconds to the first recipient that we take mail for
GREETING_WITHIN = 2.0  # seconds to the first EHLO of every server that has a mail to bring
SILENCE = 60.0  # seconds without a command
DATA_WITHIN = 180.0  # seconds for a whole mail
CONVERSATION_WITHIN = 900.0  # seconds for everything that a client has to say
MOST_COMMANDS = 200  # of each sort, in one connection
MOST_RECIPIENTS = 20  # of one mail
MOST_STRANGERS = 10  # recipients refused in one connection, before it is ended
MOST_UNREAD = 10  # commands in one connection that are unknown or cannot be read, before it is ended
LONGEST_LINE = 16_384  # octets: longer ones are read in pieces

NULL_SENDER = "<>"  # as Python's parser of addresses has it

TOO_MANY = b"421 4.7.0 Too many connections, try again later\r\n"
NOT_READ = "451 4.3.0 Error: local problem"
UNREAD = (b"500", b"501", b"502", b"553", b"555", NOT_READ.encode())  # how replies to such commands begin
TOO_LARGE = "552 5.3.4 Error: larger than we take"
NO_ROOM = "452 4.3.1 No room for this mail now, try again later"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as it was handed over. `mail_from` is "" for the null sender, which reports of servers come from.
    `content` has its CRLF line ends and is no longer dot-stuffed; `helo` is what the client called itself."""

    client: str
    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    helo: str = ""


class InboundHost(Protocol):
    """Whom the client came to see."""

    hostname: str
    size_limit: int

    def enter(self, conversation: "InboundConversation") -> bool:
        """Whether there is room for one more."""
        ...

    def leave(self, conversation: "InboundConversation") -> None:
        """The connection is gone."""
        ...

    def bears(self, octets: int) -> bool:
        """That many more are held in memory, or fewer where negative; whether there is room for them."""
        ...

    def allows(self, client: str) -> bool:
        """Whether this client may send one more mail now."""
        ...

    def welcomes(self, recipient: str) -> bool:
        """Whether we take mail for this address."""
        ...

    def scope(self, recipient: str) -> str | None:
        """Which mailbox or probe mail for this address concerns, if any."""
        ...

    def turned_away(
        self, conversation: "InboundConversation", code: int, *, own: bool, scopes: set[str] | None = None
    ) -> None:
        """The client was refused with this code. `own`: for what it did itself; `scopes`: what was refused, where it is
        not all that the conversation has named."""
        ...

    async def take(self, letter: ReceivedMail) -> str:
        """The reply to the whole mail. With 250 it is ours."""
        ...

    def stumbled(self, error: Exception) -> None:
        """What a client said could not be dealt with. Clients can make that happen as often as they like."""
        ...


class InboundConversation(SMTP):
    """One connection."""

    line_length_limit = LONGEST_LINE

    def __init__(self, host: InboundHost, tls: ssl.SSLContext | None) -> None:
        self.host = host
        self.client = "unknown"
        self.strangers = self.unread = 0
        self.over_pace = self.greeted = False
        self._began = 0.0
        self._weight = self._octets = 0
        self._first: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None
        self._gone = False
        super().__init__(
            _Hooks(),
            hostname=host.hostname,
            ident="ESMTP Mailpath",
            data_size_limit=host.size_limit,
            tls_context=tls,
            timeout=SILENCE,
            command_call_limit=MOST_COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there, or has TLS now."""
        peer = transport.get_extra_info("peername")
        super().connection_made(transport)
        if self._end is None:
            self.client = str(peer[0]) if peer else "unknown"
            self._began = self.loop.time()
            self._first = self.loop.call_later(RECIPIENT_WITHIN, self._timeout_cb)
            self._end = self.loop.call_later(CONVERSATION_WITHIN, self._timeout_cb)
            if not self.host.enter(self):
                self.drop(TOO_MANY)

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone."""
        if self._gone:
            return
        self._gone = True
        for timer in (self._first, self._end):
            if timer:
                timer.cancel()
        self._unload()
        self.host.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """More of what the client says. Who says twice what a mail may have is not listened to any longer."""
        self._octets += len(data)
        if self._octets > 2 * self.host.size_limit + LONGEST_LINE:
            self.turn_away(b"421 4.3.4 Too much data\r\n")
        else:
            super().data_received(data)

    async def _handle_client(self) -> None:
        """Serve the client; nothing stays half open."""
        try:
            await super()._handle_client()
        finally:
            if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
                self.transport.close()

    def _timeout_cb(self) -> None:
        self.turn_away(b"421 4.4.2 Timeout, closing the connection\r\n")

    def turn_away(self, last_words: bytes) -> None:
        """End the connection for what the client did, or did not do."""
        if not self._gone:
            self.host.turned_away(self, int(last_words[:3]), own=True)
        self.drop(last_words)

    @property
    def named(self) -> bool:
        """Whether the client has named a recipient of the mail that it is about to bring."""
        return self.envelope is not None and bool(self.envelope.rcpt_tos)

    @property
    def silent(self) -> bool:
        """Whether the client has not even said who it is, for longer than a server takes that has a mail to bring."""
        return not self.greeted and self.loop.time() - self._began > GREETING_WITHIN

    @property
    def scopes(self) -> set[str]:
        """What that mail concerns: see `InboundHost.scope`."""
        recipients = self.envelope.rcpt_tos if self.envelope is not None else []
        return {scope for each in recipients if (scope := self.host.scope(each)) is not None}

    def refuse(self, recipient: str, reply: str) -> str:
        """We do not take mail for this recipient now, for what the client did; the reply."""
        scope = self.host.scope(recipient)
        self.host.turned_away(self, int(reply[:3]), own=True, scopes=set() if scope is None else {scope})
        return reply

    def accept(self, recipient: str) -> None:
        """We take mail for this recipient: the client is no idle one."""
        assert self.envelope is not None
        self.envelope.rcpt_tos.append(recipient)
        if self._first:
            self._first.cancel()

    async def ended(self) -> None:
        """Wait until the client is no longer served; after `drop` that is at once."""
        if self._handler_coroutine:
            await asyncio.wait([self._handler_coroutine])

    def drop(self, last_words: bytes = b"") -> None:
        """End the connection, without waiting for a client that may never read."""
        spoken = self.transport
        wire = self._original_transport or spoken  # under TLS the first one goes on below
        if not isinstance(spoken, asyncio.WriteTransport) or not isinstance(wire, asyncio.WriteTransport):
            return
        if last_words and not spoken.is_closing() and wire.get_write_buffer_size() == 0:
            spoken.write(last_words)
        elif not wire.is_closing():
            connection = wire.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.abort()
        if self._tls_protocol and self.session and self.session.ssl is None:
            self.loop.call_soon(self.connection_lost, None)  # asyncio tells nobody in the middle of a handshake

    async def push(self, status: AnyStr) -> None:
        """Answer. Of 421, which is aiosmtpd's own here, the host is told. Who says too much that cannot be read is not
        answered any longer."""
        said = status.encode("ascii", "replace") if isinstance(status, str) else status
        if said.startswith(b"421"):
            self.host.turned_away(self, 421, own=True)
        if said.startswith(UNREAD):
            self.unread += 1
        if self.unread < MOST_UNREAD:
            await super().push(status)
            return
        if self.unread == MOST_UNREAD:
            self.unread += 1  # what was sent ahead may be read yet, but this is done once
            self.turn_away(b"421 4.7.0 Too many commands that cannot be read\r\n")
        await asyncio.sleep(0)  # so that the end of the connection ends what serves it

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address and what follows it; None for what cannot be read, on which Python's parser of addresses raises
        whatever comes."""
        try:
            return super()._getaddr(arg)
        except Exception:
            return None, None

    async def handle_exception(self, error: Exception) -> str:
        """What a client said cannot be read, or we failed."""
        self.host.turned_away(self, 451, own=True)
        self.host.stumbled(error)
        return NOT_READ

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Nobody signs in here. Without a syntax it is not in what HELP lists."""
        await self.push("502 5.5.1 AUTH is not offered")

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """The mail itself. Ours and not aiosmtpd's, which keeps every line apart and the pieces of one without end."""
        if await self.check_helo_needed():
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(DATA_WITHIN)
        content = await self._read_content()
        self._reset_timeout()
        if isinstance(content, str):
            await self.push(content)
            self.host.turned_away(self, int(content[:3]), own=content is TOO_LARGE)
        else:
            self.envelope.content = self.envelope.original_content = content
            await self.push(await self._call_handler_hook("DATA"))
        self._unload()
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def _read_content(self) -> bytes | str:
        """The mail without its dots, read to its end; the reply, if it was not kept."""
        content, reply, at_start = bytearray(), "", True
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
                whole = True
            except asyncio.LimitOverrunError as error:
                line = await self._reader.read(error.consumed)
                whole = False
            if at_start and line == b".\r\n":
                return reply or bytes(content)
            if at_start and line.startswith(b"."):
                line = line[1:]  # RFC 5321, section 4.5.2
            at_start = whole
            if not reply and len(content) + len(line) > self.host.size_limit:
                reply = TOO_LARGE
            elif not reply and not self._loads(len(line)):
                reply = NO_ROOM
            if reply:
                content.clear()
            else:
                content += line

    def _loads(self, octets: int) -> bool:
        self._weight += octets
        return self.host.bears(octets)

    def _unload(self) -> None:
        self.host.bears(-self._weight)
        self._weight = self._octets = 0


class _Hooks:
    """What aiosmtpd asks while it talks; the answers are the host's."""

    async def handle_HELO(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        server.greeted = True
        return f"250 {server.hostname}"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        server.greeted = True
        return [*responses[:-1], "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.over_pace = not server.host.allows(server.client)
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only here it is known whose mail is refused, so what a client does too often is refused here as well."""
        if not server.host.welcomes(address):
            server.strangers += 1
            if server.strangers >= MOST_STRANGERS:
                server.turn_away(b"421 4.7.0 Too many unknown recipients\r\n")
            return "550 5.1.1 No such recipient here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return server.refuse(address, "452 4.5.3 Too many recipients")
        if server.over_pace:
            return server.refuse(address, "450 4.7.1 Too many mails, try again later")
        server.accept(address)
        return "250 2.1.5 Ok"

    async def handle_VRFY(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope, address: str
    ) -> str:
        return "252 2.0.0 Send it and see"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: InboundConversation, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        sender = "" if envelope.mail_from in (None, NULL_SENDER) else envelope.mail_from
        return await server.host.take(
            ReceivedMail(server.client, sender, tuple(envelope.rcpt_tos), content, session.host_name or "")
        )
