"""The conversation with one client: SMTP by aiosmtpd, preceded by XCLIENT or PROXY, with limits on everything."""

import asyncio
import re
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

import structlog
from aiosmtpd.proxy_protocol import ProxyData
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from monitor.sandbox.rules import SandboxClient, printable
from probes.answer import Stage
from probes.route_traits import traits_of

MAX_MESSAGE_BYTES = 256 * 1024
MAX_COMMANDS = 200  # of each sort, in one connection
COMMAND_TIMEOUT_SECONDS = 60.0  # seconds without a command, or for the whole of DATA
PROXY_HEADER_SECONDS = 5.0

_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461, section 4
_TEXT = re.compile(r"[!-~]{1,255}")
_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SandboxMail:
    """One received message. `content` has CRLF line ends and no dot-stuffing."""

    client: SandboxClient
    helo: str
    mail_from: str
    recipients: tuple[str, ...]
    content: bytes


class SandboxHost(Protocol):
    """The mail system behind a conversation. Its answers are replies with a code; None means: continue."""

    name: str
    via: str

    def enter(self, conversation: "SandboxConversation") -> bool:
        """Register a conversation. False if there are too many."""
        ...

    def leave(self, conversation: "SandboxConversation") -> None:
        """Remove a closed conversation."""
        ...

    def hangs_up_on(self, client: SandboxClient) -> bool:
        """Test if this client's connection is reset at HELO."""
        ...

    def at_mail(self, client: SandboxClient, mail_from: str) -> str | None:
        """Return the refusal of the envelope sender, or None."""
        ...

    def at_rcpt(self, client: SandboxClient, mail_from: str, recipient: str) -> str | None:
        """Return the refusal of this recipient for this sender, or None."""
        ...

    def take(self, letter: SandboxMail) -> str:
        """Return the reply to the complete message. With 250 it is accepted."""
        ...


class SandboxConversation(SMTP):
    """One connection. `client` is the asserted client, or the peer."""

    def __init__(self, host: SandboxHost) -> None:
        self.host = host
        self.client = SandboxClient("unknown")
        self._asserted = False
        super().__init__(
            _SandboxHooks(),
            hostname=host.name,
            ident="ESMTP Mailpath sandbox",
            data_size_limit=MAX_MESSAGE_BYTES,
            timeout=COMMAND_TIMEOUT_SECONDS,
            command_call_limit=MAX_COMMANDS,
            proxy_protocol_timeout=PROXY_HEADER_SECONDS if self._asserted_at(Stage.PROXY) else None,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection, or drop it if there are too many."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.client = SandboxClient(peer[0] if peer else "unknown")
        if not self.host.enter(self):
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        """Unregister the connection."""
        self.host.leave(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        """Serve the client. Closes the transport also if the client leaves in the middle of its PROXY header."""
        try:
            await super()._handle_client()
        finally:
            if isinstance(self.transport, asyncio.WriteTransport):
                self.transport.close()

    async def ended(self) -> None:
        """Wait until no request is being served; after `drop` that is immediate."""
        if self._handler_coroutine:
            await asyncio.wait([self._handler_coroutine])

    def drop(self) -> None:
        """Reset the connection: the client sees an error, not an orderly close."""
        if isinstance(self.transport, asyncio.WriteTransport):
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    @property
    def offers_xclient(self) -> bool:
        """Test if this client may use XCLIENT: once per connection, as in Postfix."""
        return self._asserted_at(Stage.XCLIENT) and not self._asserted

    def _asserted_at(self, stage: Stage) -> bool:
        """Test if the client is asserted to the simulated gateway at this stage."""
        return traits_of(self.host.via).asserts_client_at is stage

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """The client greets."""
        if self.host.hangs_up_on(self.client):
            self.drop()
        else:
            await super().smtp_HELO(hostname)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """The client greets and asks what we can do."""
        if self.host.hangs_up_on(self.client):
            self.drop()
        else:
            await super().smtp_EHLO(hostname)

    @syntax("XCLIENT attribute=value...", when="offers_xclient")
    async def smtp_XCLIENT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """The client says for whom it speaks; then all begins anew (Postfix, XCLIENT_README)."""
        if not self.offers_xclient:
            await self.push("550 5.7.0 Error: insufficient authorization")
        elif self.envelope and self.envelope.mail_from:
            await self.push("503 5.5.1 Error: MAIL transaction in progress")
        else:
            await self.push(self._assert_client(arg or ""))

    def _assert_client(self, arg: str) -> str:
        try:
            self.client = asserted(arg, self.client)
        except ValueError as error:
            return f"501 5.5.4 Error: {error}"
        self._asserted = True
        self.envelope = self._create_envelope()
        if self.session:
            self.session.host_name = None
            self.session.extended_smtp = False
        return f"220 {self.hostname} {self.__ident__}"


class _SandboxHooks:
    """aiosmtpd's handler hooks; each asks the host."""

    async def handle_PROXY(  # noqa: N802 - aiosmtpd's name
        self, server: SandboxConversation, session: Session, envelope: Envelope, header: ProxyData
    ) -> bool:
        if isinstance(header.src_addr, IPv4Address | IPv6Address):
            server.client = SandboxClient(str(header.src_addr))
        return True

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SandboxConversation, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offer = ["250-XCLIENT NAME ADDR PORT PROTO HELO"] if server.offers_xclient else []
        return [*responses[:-1], *offer, "250 ENHANCEDSTATUSCODES"]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SandboxConversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := server.host.at_mail(server.client, address):
            return refused
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SandboxConversation, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := server.host.at_rcpt(server.client, envelope.mail_from or "", address):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SandboxConversation, session: Session, envelope: Envelope
    ) -> str:
        return server.host.take(
            SandboxMail(
                client=server.client,
                helo=server.client.helo or session.host_name or "unknown",
                mail_from=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.original_content or b"",
            )
        )

    async def handle_exception(self, error: Exception) -> str:
        log.warning("sandbox client sent an invalid command", error=printable(repr(error))[:200])
        return "451 4.3.0 Error: local problem"


def asserted(arg: str, connected: SandboxClient) -> SandboxClient:
    """Return the client that an XCLIENT command asserts; attributes it omits stay unchanged. Raises ValueError."""
    ip, name, helo = connected.ip, connected.name, connected.helo
    if not arg.strip():
        raise ValueError("XCLIENT needs attributes")
    for pair in arg.split():
        attribute, equals, raw = pair.partition("=")
        value = _XTEXT.sub(lambda match: chr(int(match[1], 16)), raw)
        if not equals or not _TEXT.fullmatch(value):
            raise ValueError("bad XCLIENT attribute syntax")
        match attribute.upper():
            case "ADDR":
                ip = _address(value)
            case "NAME":
                name = "unknown" if value.upper() in _UNKNOWN else _host_name(value)
            case "HELO":
                helo = "" if value.upper() in _UNKNOWN else _host_name(value)
            case "PORT" | "PROTO":
                pass
            case _:
                raise ValueError("unknown XCLIENT attribute")
    return SandboxClient(ip, name, helo)


def _address(value: str) -> str:
    if value.upper() in _UNKNOWN:
        return "unknown"
    sixth = value.upper().startswith("IPV6:")
    try:
        address = ip_address(value[5:] if sixth else value)
    except ValueError:
        raise ValueError("bad XCLIENT ADDR") from None
    if sixth != (address.version == 6):
        raise ValueError("bad XCLIENT ADDR")
    return str(address)


def _host_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("bad XCLIENT host name")
    return value
