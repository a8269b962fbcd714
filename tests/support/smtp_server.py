"""A mail server that does what a script says, on loopback and real sockets: what it breaks is really broken."""

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

GOOD: Mapping[str, bytes] = {
    "BANNER": b"220 mx.acme.example ESMTP\r\n",
    "EHLO": b"250-mx.acme.example\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 DSN\r\n",
    "HELO": b"250 mx.acme.example\r\n",
    "STARTTLS": b"220 2.0.0 Ready to start TLS\r\n",
    "XCLIENT": b"220 mx.acme.example ESMTP\r\n",
    "AUTH": b"235 2.7.0 Authentication successful\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    "MESSAGE": b"250 2.0.0 Ok: queued as 4ABC\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}
UNKNOWN = b"502 5.5.2 Error: command not recognized\r\n"


@dataclass
class SmtpConversation:
    """One connection, as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    lines: list[str] = field(default_factory=list)
    mail: bytes = b""
    encrypted: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # the client's end came

    @property
    def client(self) -> str:
        return str(self.writer.get_extra_info("peername")[0])

    @property
    def verbs(self) -> list[str]:
        return [line.partition(" ")[0] for line in self.lines]

    def reset(self) -> None:
        """An RST instead of a FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Answer = bytes | Callable[[SmtpConversation], Awaitable[None]]
"""What to say, or what to do instead."""


@dataclass
class MailServer:
    """`script` says what differs from GOOD; by a list, an answer for each time, the last one for ever."""

    script: Mapping[str, Answer | list[Answer]]
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    takes_proxy: bool = False
    visits: list[SmtpConversation] = field(default_factory=list)
    port: int = 0

    @property
    def visit(self) -> SmtpConversation:
        """The only one there was."""
        assert len(self.visits) == 1
        return self.visits[0]

    async def gone(self) -> None:
        """Every client has closed its end."""
        async with asyncio.timeout(3):
            for visit in self.visits:
                await visit.ended.wait()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = SmtpConversation(reader, writer, encrypted=self.implicit)
        self.visits.append(visit)
        try:
            await self._dialogue(visit)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client, or the script, has ended it
        finally:
            writer.transport.abort()
            visit.ended.set()

    async def _dialogue(self, visit: SmtpConversation) -> None:
        if self.takes_proxy:
            visit.lines.append(await proxy_header(visit.reader))
        await self._answer(visit, "BANNER")
        while line := await visit.reader.readline():
            visit.lines.append(text := line.decode("latin-1").rstrip("\r\n"))
            verb = text.partition(" ")[0].upper()
            await self._answer(visit, verb)
            if verb == "DATA" and not self._refuses("DATA"):
                visit.mail = await visit.reader.readuntil(b"\r\n.\r\n")
                await self._answer(visit, "MESSAGE")
            elif verb == "STARTTLS" and self.tls and not self._refuses("STARTTLS"):
                await visit.writer.start_tls(self.tls)
                visit.encrypted = True
            elif verb == "QUIT":
                return

    def _refuses(self, verb: str) -> bool:
        answer = self.script.get(verb)
        return isinstance(answer, bytes) and answer[:1] in (b"4", b"5")

    async def _answer(self, visit: SmtpConversation, verb: str) -> None:
        answer = self.script.get(verb, GOOD.get(verb, UNKNOWN))
        if isinstance(answer, list):
            turn = sum(1 for said in visit.verbs if said.upper() == verb)
            answer = answer[min(max(turn, 1), len(answer)) - 1]
        if isinstance(answer, bytes):
            visit.writer.write(answer)
            await visit.writer.drain()
        else:
            await answer(visit)


async def proxy_header(reader: asyncio.StreamReader) -> str:
    """A PROXY header of either version, as "1 source destination" or "2 source destination"."""
    start = await reader.readexactly(12)
    if start.startswith(b"PROXY "):
        line = start + await reader.readuntil(b"\r\n")
        found = re.fullmatch(rb"PROXY TCP4 (\S+) (\S+) (\d+) (\d+)\r\n", line)
        assert found, line
        source, target, source_port, port = (part.decode() for part in found.groups())
        return f"1 {source}:{source_port} {target}:{port}"
    assert start == b"\r\n\r\n\x00\r\nQUIT\n", start
    command, family, length = struct.unpack("!BBH", await reader.readexactly(4))
    assert (command, family, length) == (0x21, 0x11, 12)
    source, target, source_port, port = struct.unpack("!4s4sHH", await reader.readexactly(12))
    return f"2 {socket.inet_ntoa(source)}:{source_port} {socket.inet_ntoa(target)}:{port}"


@asynccontextmanager
async def mail_server(
    script: Mapping[str, Answer | list[Answer]] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    takes_proxy: bool = False,
) -> AsyncIterator[MailServer]:
    """It runs while the block lasts, and every client is gone at its end."""
    server = MailServer(script or {}, tls, implicit, takes_proxy)
    listener = await asyncio.start_server(server.talk, host, port, ssl=tls if implicit else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
        await server.gone()
    finally:
        listener.close()
        for visit in server.visits:
            visit.writer.transport.abort()
        await listener.wait_closed()


@asynccontextmanager
async def full_backlog(host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A port on which no further connection is answered, neither yes nor no: what a firewall that drops looks like."""
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind((host, 0))
        listener.listen(0)
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
