"""One conversation with a server that brings us mail: SMTP by aiosmtpd, bounded in time, size and bad commands.

No time limit can be extended by talking: RECIPIENT_SECONDS runs from the start to the first accepted recipient,
CONVERSATION_SECONDS to the end. Every temporary refusal is reported to the host.
"""

import asyncio
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import AnyStr, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

RECIPIENT_SECONDS = 20.0  # seconds to the first recipient that we take mail for
GREETING_SECONDS = 2.0  # seconds to the first EHLO of every server that has a mail to bring
COMMAND_TIMEOUT_SECONDS = 60.0  # seconds without a command
DATA_SECONDS = 180.0  # seconds for a whole mail
CONVERSATION_SECONDS = 900.0  # seconds for everything that a client has to say
MAX_COMMANDS = 200  # of each sort, in one connection
MAX_RECIPIENTS = 20  # of one mail
MAX_REFUSED_RECIPIENTS = 10  # recipients refused in one connection, before it is ended
MAX_BAD_COMMANDS = 10  # commands in one connection that are unknown or cannot be read, before it is ended
MAX_LINE_OCTETS = 16_384  # octets: longer ones are read in pieces

NULL_SENDER = "<>"  # as Python's parser of addresses has it

TOO_MANY = b"421 4.7.0 Too many connections, try again later\r\n"
NOT_READ = "451 4.3.0 Error: local problem"
UNREAD = (b"500", b"501", b"502", b"553", b"555", NOT_READ.encode())  # how replies to such commands begin
TOO_LARGE = "552 5.3.4 Error: larger than we take"
NO_ROOM = "452 4.3.1 No room for this mail now, try again later"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One received message. `mail_from` is "" for the null sender, which servers' reports use. `content` has CRLF line
    ends and no dot-stuffing; `helo` is the client's own name for itself."""

    client: str
    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    helo: str = ""


class InboundHost(Protocol):
    """The listener behind a conversation."""

    hostname: str
    size_limit: int

    def enter(self, conversation: "InboundConversation") -> bool:
        """Register a conversation. False if there are too many."""
        ...

    def leave(self, conversation: "InboundConversation") -> None:
        """Remove a closed conversation."""
        ...

    def bears(self, octets: int) -> bool:
        """Account for this many more bytes in memory, fewer if negative. False if there is no room."""
        ...

    def allows(self, client: str) -> bool:
        """Count one message of this client. False if it has reached its limit."""
        ...

    def welcomes(self, recipient: str) -> bool:
        """Test if mail for this address is accepted."""
        ...

    def scope(self, recipient: str) -> str | None:
        """Return the mailbox or probe that mail for this address concerns, if any."""
        ...

    def turned_away(
        self, conversation: "InboundConversation", code: int, *, own: bool, scopes: set[str] | None = None
    ) -> None:
        """Record that the client was refused with this code. `own`: because of its own limits; `scopes`: what was
        refused, if not everything that the conversation has named."""
        ...

    async def take(self, letter: ReceivedMail) -> str:
        """Return the reply to the complete message. With 250 it is accepted."""
        ...

    def stumbled(self, error: Exception) -> None:
        """Record a command that could not be processed. Clients can cause that as often as they like."""
        ...


class InboundConversation(SMTP):
    """One connection."""

    line_length_limit = MAX_LINE_OCTETS

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
            timeout=COMMAND_TIMEOUT_SECONDS,
            command_call_limit=MAX_COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection; called again after STARTTLS."""
        peer = transport.get_extra_info("peername")
        super().connection_made(transport)
        if self._end is None:
            self.client = str(peer[0]) if peer else "unknown"
            self._began = self.loop.time()
            self._first = self.loop.call_later(RECIPIENT_SECONDS, self._timeout_cb)
            self._end = self.loop.call_later(CONVERSATION_SECONDS, self._timeout_cb)
            if not self.host.enter(self):
                self.drop(TOO_MANY)

    def connection_lost(self, error: Exception | None) -> None:
        """Unregister the connection."""
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
        """Receive data. A client that has sent twice the size of a message is no longer read."""
        self._octets += len(data)
        if self._octets > 2 * self.host.size_limit + MAX_LINE_OCTETS:
            self.turn_away(b"421 4.3.4 Too much data\r\n")
        else:
            super().data_received(data)

    async def _handle_client(self) -> None:
        """Serve the client, and always close the transport."""
        try:
            await super()._handle_client()
        finally:
            if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
                self.transport.close()

    def _timeout_cb(self) -> None:
        self.turn_away(b"421 4.4.2 Timeout, closing the connection\r\n")

    def turn_away(self, last_words: bytes) -> None:
        """End the connection because of what the client did or failed to do."""
        if not self._gone:
            self.host.turned_away(self, int(last_words[:3]), own=True)
        self.drop(last_words)

    @property
    def named(self) -> bool:
        """True if the client has named a recipient of its next message."""
        return self.envelope is not None and bool(self.envelope.rcpt_tos)

    @property
    def silent(self) -> bool:
        """True if the client has not even sent HELO for longer than a server with a message would take."""
        return not self.greeted and self.loop.time() - self._began > GREETING_SECONDS

    @property
    def scopes(self) -> set[str]:
        """Scopes of the named recipients: see `InboundHost.scope`."""
        recipients = self.envelope.rcpt_tos if self.envelope is not None else []
        return {scope for each in recipients if (scope := self.host.scope(each)) is not None}

    def refuse(self, recipient: str, reply: str) -> str:
        """Temporarily refuse a recipient because of the client's limits. Returns the reply."""
        scope = self.host.scope(recipient)
        self.host.turned_away(self, int(reply[:3]), own=True, scopes=set() if scope is None else {scope})
        return reply

    def accept(self, recipient: str) -> None:
        """Accept a recipient: the client is no longer idle."""
        assert self.envelope is not None
        self.envelope.rcpt_tos.append(recipient)
        if self._first:
            self._first.cancel()

    async def ended(self) -> None:
        """Wait until no request is being served; after `drop` that is immediate."""
        if self._handler_coroutine:
            await asyncio.wait([self._handler_coroutine])

    def drop(self, last_words: bytes = b"") -> None:
        """Close the connection without waiting for a client that may never read."""
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
        """Send a reply. A 421, which aiosmtpd sends by itself, is reported to the host. A client that sends too many
        invalid commands gets no more replies."""
        said = status.encode("ascii", "replace") if isinstance(status, str) else status
        if said.startswith(b"421"):
            self.host.turned_away(self, 421, own=True)
        if said.startswith(UNREAD):
            self.unread += 1
        if self.unread < MAX_BAD_COMMANDS:
            await super().push(status)
            return
        if self.unread == MAX_BAD_COMMANDS:
            self.unread += 1  # what was sent ahead may be read yet, but this is done once
            self.turn_away(b"421 4.7.0 Too many commands that cannot be read\r\n")
        await asyncio.sleep(0)  # so that the end of the connection ends what serves it

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Parse an address and its parameters; None if invalid. Python's address parser raises arbitrary exceptions."""
        try:
            return super()._getaddr(arg)
        except Exception:
            return None, None

    async def handle_exception(self, error: Exception) -> str:
        """Handle an invalid command, or a failure of ours."""
        self.host.turned_away(self, 451, own=True)
        self.host.stumbled(error)
        return NOT_READ

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Refuse AUTH. Without an @syntax decorator HELP does not list it."""
        await self.push("502 5.5.1 AUTH is not offered")

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Receive the message. Replaces aiosmtpd's, which keeps each line separately and the pieces of one
        without end."""
        if await self.check_helo_needed():
            return
        if arg or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(DATA_SECONDS)
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
        """Read the message to its end, without dot-stuffing; returns the reply if it was not kept."""
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
    """aiosmtpd's handler hooks; each asks the host."""

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
        """Check the client's limits here: only now it is known whose mail is refused."""
        if not server.host.welcomes(address):
            server.strangers += 1
            if server.strangers >= MAX_REFUSED_RECIPIENTS:
                server.turn_away(b"421 4.7.0 Too many unknown recipients\r\n")
            return "550 5.1.1 No such recipient here"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
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
