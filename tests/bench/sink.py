"""The receiving side: a bare SMTP server that takes every mail and renames it into the Maildir of its recipient.

A process of its own, `python -m tests.bench.sink`: what it costs is not ours. It offers XCLIENT, and STARTTLS on a
second port. It ends when its standard input does, so it never outlives who started it.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.utils import formatdate
from functools import partial
from pathlib import Path
from random import Random

from tests.lab.dovecot import make_certificate
from tests.support.headers import exchange_headers

HOST = "127.0.0.1"
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens; on `tls` it offers STARTTLS."""

    plain: int
    tls: int


@contextmanager
def sink(
    folder: Path, *, inner: str = "", twin: str = "", owner: int = -1, think: float = 0.0, exchange: bool = False
) -> Iterator[Ports]:
    """Run it while the block lasts. Mail for `p7@anywhere` goes to `folder`/p7/`inner`, and belongs to `owner`.

    With a `twin`, the same mail goes to `folder`/p7`twin`/`inner` too. It thinks for so many seconds about each mail,
    as a content filter would, before it delivers it and says 250. `exchange`: it adds headers as Exchange Online does.
    """
    options = [f"--inner={inner}", f"--twin={twin}", f"--owner={owner}", f"--think={think}"]
    options += ["--exchange"] if exchange else []
    command = (sys.executable, "-m", "tests.bench.sink", str(folder), *options)
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Ports(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class Delivery:
    """Puts mails into Maildirs. A file's time is that of its rename, to the microsecond."""

    def __init__(self, folder: str, inner: str, twin: str, owner: int, added: Sequence[bytes] = ()) -> None:
        self._folder, self._inner, self._owner = folder, inner, owner
        self._endings = ("", twin) if twin else ("",)
        self._added = itertools.cycle(added or (b"",))
        self._count = 0

    def deliver(self, recipient: str, content: bytes) -> None:
        """To the mailbox of the recipient, and to its twin. Raises OSError."""
        name, content = recipient.partition("@")[0], next(self._added) + content
        for ending in self._endings:
            self._put(os.path.join(self._folder, name + ending, self._inner), content)

    def _put(self, there: str, content: bytes) -> None:
        """As a delivery agent does: written in `tmp`, then renamed into `new`."""
        self._count += 1
        name = f"{int(time.time())}.P{os.getpid()}Q{self._count}.sink"
        draft = f"{there}/tmp/{name}"
        file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, content)
            if self._owner >= 0:
                os.fchown(file, self._owner, self._owner)
            now = time.time_ns()
            os.utime(file, ns=(now, now))  # the kernel's own clock for files has steps of some milliseconds
        finally:
            os.close(file)
        os.rename(draft, f"{there}/new/{name}")


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, delivery: Delivery, think: float, tls: ssl.SSLContext | None) -> None:
        self._delivery, self._think, self._tls = delivery, think, tls
        self._buffer = b""
        self._in_data = self._busy = False
        self._client = {"ADDR": HOST, "NAME": "[UNAVAILABLE]", "HELO": "unknown"}
        self._mail_from = self._rcpt_to = ""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not transport.get_extra_info("sslcontext"):
            self._say("220 sink.example ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not (self._busy or self._transport.is_closing()):
            if not (self._take_content() if self._in_data else self._take_line()):
                break

    def _say(self, *lines: str) -> None:
        self._transport.write("".join(f"{line}\r\n" for line in lines).encode())

    def _take_line(self) -> bool:
        line, end, rest = self._buffer.partition(b"\r\n")
        if end:
            self._buffer = rest
            self._answer(line.decode("latin-1"))
        return bool(end)

    def _answer(self, line: str) -> None:
        verb = line[:8].upper()
        match verb.split(" ")[0].partition(":")[0]:
            case "EHLO" | "HELO":
                self._client["HELO"] = line[5:]
                offers = ["250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES"]
                offers += ["250-STARTTLS"] if self._tls else []
                self._say("250-sink.example", *offers, "250 XCLIENT NAME ADDR PROTO HELO")
            case "XCLIENT":
                self._client |= dict(part.split("=", 1) for part in line.split()[1:])
                self._say("220 sink.example ESMTP")
            case "STARTTLS":
                self._say("220 2.0.0 go ahead")
                self._busy = True
                self._handshake = asyncio.ensure_future(self._encrypt())
                self._handshake.add_done_callback(_seen)
            case "MAIL":
                self._mail_from = line[line.index("<") + 1 : line.index(">")]
                self._say("250 2.1.0 Ok")
            case "RCPT":
                self._rcpt_to = line[line.index("<") + 1 : line.index(">")]
                self._say("250 2.1.5 Ok")
            case "DATA":
                self._in_data = True
                self._say("354 go on")
            case "QUIT":
                self._say("221 2.0.0 Bye")
                self._transport.close()
            case _:
                self._say("502 5.5.1 not known here")

    async def _encrypt(self) -> None:
        context, self._tls = self._tls, None
        assert context is not None
        encrypted = await asyncio.get_running_loop().start_tls(self._transport, self, context, server_side=True)
        assert encrypted is not None
        self._transport, self._busy = encrypted, False
        self._go_on()  # what came with the end of the handshake

    def _take_content(self) -> bool:
        content, end, rest = self._buffer.partition(b"\r\n.\r\n")
        if end:
            self._buffer, self._in_data = rest, False
            mail = self._stamp() + content.replace(b"\r\n..", b"\r\n.") + b"\r\n"
            if self._think:
                self._busy = True
                asyncio.get_running_loop().call_later(self._think, self._take, mail)
            else:
                self._take(mail)
        return bool(end)

    def _take(self, mail: bytes) -> None:
        self._delivery.deliver(self._rcpt_to, mail)
        self._say("250 2.0.0 Ok: delivered")
        self._busy = False
        self._go_on()

    def _stamp(self) -> bytes:
        seen = self._client
        return (
            f"Return-Path: <{self._mail_from}>\r\n"
            f"Received: from {seen['HELO']} ({seen['NAME']} [{seen['ADDR']}])\r\n"
            f"\tby sink.example (Sink) with ESMTP for <{self._rcpt_to}>; {formatdate()}\r\n"
        ).encode()


def _seen(handshake: "asyncio.Future[None]") -> None:
    if not handshake.cancelled():
        handshake.exception()  # a client that went away is no news


def _exchange_headers() -> list[bytes]:
    """Headers as large as Exchange Online adds, each time others; those of the mail itself are the probe's."""
    rng, own = Random(1), ("from:", "to:", "subject:", "date:", "message-id:", "dkim-signature:")
    sections = [re.split(r"\r\n(?![ \t])", exchange_headers(rng).strip()) for _ in range(20)]
    return [
        "".join(f"{each}\r\n" for each in fields if not each.lower().startswith(own)).encode() for fields in sections
    ]


async def _serve(folder: Path, inner: str, twin: str, owner: int, think: float, exchange: bool) -> None:
    loop = asyncio.get_running_loop()
    delivery = Delivery(str(folder), inner, twin, owner, _exchange_headers() if exchange else ())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(folder, [HOST]))
    ports = []
    for tls in (None, context):
        server = await loop.create_server(partial(Server, delivery, think, tls), HOST, 0, backlog=1024)
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(asdict(Ports(*ports))), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--inner", default="")
    parser.add_argument("--twin", default="")
    parser.add_argument("--owner", type=int, default=-1)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--exchange", action="store_true")
    asyncio.run(_serve(**vars(parser.parse_args())))


if __name__ == "__main__":
    _main()
