"""What servers do that they should not: answers for a script of `smtp_server.MailServer`."""

import asyncio
import fcntl
import socket
import struct
from collections.abc import Awaitable, Callable

from tests.support.smtp_server import SmtpConversation

SIOCOUTQ = 0x5411


async def resets(visit: SmtpConversation) -> None:
    visit.reset()


async def closes(visit: SmtpConversation) -> None:
    visit.writer.transport.abort()


async def is_silent(visit: SmtpConversation) -> None:
    """Until the client goes."""
    while await visit.reader.read(4096):
        pass


def says_and_closes(text: bytes) -> Callable[[SmtpConversation], Awaitable[None]]:
    async def answer(visit: SmtpConversation) -> None:
        visit.writer.write(text)
        visit.writer.close()

    return answer


def says_and_resets(text: bytes) -> Callable[[SmtpConversation], Awaitable[None]]:
    """The text is read before the reset comes: it has been acknowledged by then."""

    async def answer(visit: SmtpConversation) -> None:
        visit.writer.write(text)
        await visit.writer.drain()
        await until_seen(visit)
        visit.reset()

    return answer


def says_after(seconds: float, text: bytes) -> Callable[[SmtpConversation], Awaitable[None]]:
    async def answer(visit: SmtpConversation) -> None:
        await asyncio.sleep(seconds)
        visit.writer.write(text)

    return answer


def in_turn(*texts: bytes) -> Callable[[SmtpConversation], Awaitable[None]]:
    """What each connection hears, one after the other."""
    left = iter(texts)

    async def answer(visit: SmtpConversation) -> None:
        visit.writer.write(next(left))

    return answer


async def until_seen(visit: SmtpConversation) -> None:
    """Until the client's system has taken everything."""
    sock = visit.writer.get_extra_info("socket")
    async with asyncio.timeout(2):
        while unsent(sock):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0)


def unsent(sock: socket.socket) -> int:
    """Bytes that the other side has not acknowledged (Linux)."""
    answer: int = struct.unpack("i", fcntl.ioctl(sock.fileno(), SIOCOUTQ, b"\0\0\0\0"))[0]
    return answer


async def drips(visit: SmtpConversation) -> None:
    """One byte every 50 ms, and never a line."""
    while not visit.writer.is_closing():
        visit.writer.write(b"2")
        await visit.writer.drain()
        await asyncio.sleep(0.05)


def floods(piece: bytes, times: int = 1_000_000) -> Callable[[SmtpConversation], Awaitable[None]]:
    async def answer(visit: SmtpConversation) -> None:
        for _ in range(times):
            visit.writer.write(piece)
            await visit.writer.drain()

    return answer


def byte_by_byte(text: bytes) -> Callable[[SmtpConversation], Awaitable[None]]:
    """Each byte in a packet of its own."""

    async def answer(visit: SmtpConversation) -> None:
        for byte in text:
            visit.writer.write(bytes([byte]))
            await until_seen(visit)

    return answer


endless_lines = floods(b"250-and another thing\r\n" * 500)
ten_megabytes_in_a_line = floods(b"2" * 65536, times=160)
endless_replies = floods(b"220 hello\r\n" * 1000)
