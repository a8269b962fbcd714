"""The SMTP part of a probe's way and no more: what is left when everything that makes a probe is taken away.

Same server, same dialogue, bytes that are fixed; nobody looks into the mailbox, judges or stores.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from probes.tls import client_context
from tests.bench.sink import HOST

HELO = "floor.example"
PATIENCE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that is sent as it is. `content` has CRLF line ends and no line that begins with a dot."""

    mail_from: str
    rcpt_to: str
    content: bytes


def streams(letter: Letter, port: int, *, tls: bool = False) -> Callable[[int], Awaitable[None]]:
    """Sends the letter by asyncio's streams: connect, EHLO, MAIL, RCPT, DATA, the letter, QUIT without waiting."""
    said = [
        f"MAIL FROM:<{letter.mail_from}>\r\n".encode(),
        f"RCPT TO:<{letter.rcpt_to}>\r\n".encode(),
        b"DATA\r\n",
        letter.content + b".\r\n",
    ]
    hello = f"EHLO {HELO}\r\n".encode()

    async def once(_: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        await _reply(reader)
        for line in [hello, *([b"STARTTLS\r\n"] if tls else ())]:
            writer.write(line)
            await _reply(reader)
        if tls:
            await writer.start_tls(_trusting(), server_hostname=HOST)
            writer.write(hello)
            await _reply(reader)
        for line in said:
            writer.write(line)
            await _reply(reader)
        writer.write(b"QUIT\r\n")
        writer.transport.abort()

    return once


async def _reply(reader: asyncio.StreamReader) -> None:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    if line[:1] not in (b"2", b"3"):
        raise AssertionError(f"the sink said {line!r}")


def _trusting() -> ssl.SSLContext:
    return client_context(verify=False)


def threads(letter: Letter, port: int, pool: Executor) -> Callable[[int], Awaitable[None]]:
    """Sends the letter by smtplib, in threads."""

    def send() -> None:
        with smtplib.SMTP(HOST, port, local_hostname=HELO, timeout=PATIENCE) as smtp:
            smtp.sendmail(letter.mail_from, letter.rcpt_to, letter.content)

    async def once(_: int) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, send)

    return once
