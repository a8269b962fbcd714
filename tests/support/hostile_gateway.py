"""A mail system that does its worst: what it says, and what it puts into the mails that it delivers, is meant for the
browser of whoever reads about it."""

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import time_ns

MARK = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
BACKWARDS = "\u202egnihton si siht\u202c"  # shown from right to left, if it were let
REFUSED = "refused"
"""The local part of the address that it refuses; all others it takes."""

RECOVERING = "recovering"
"""The local part of an address that it refuses for as long as `Gateway.refuses`."""

MAILBOX_FULL = b"552 5.2.2 <recovering@seesaw.example>: Recipient address rejected: Mailbox full\r\n"
RECIPIENT = re.compile(rb"^RCPT TO:<[^>]*@(\w+)\.example>", re.I)
OFFER = b"250-mx\r\n250-SMTPUTF8\r\n250 XCLIENT NAME ADDR PROTO HELO\r\n"
REFUSAL = f'550 5.7.1 {MARK} {BACKWARDS} \x07\x1b[31m\' onload="x" {"A" * 300}\r\n'.encode()
HEADERS = (
    f"X-Spam-Status: No, score=1.0 required=5.0 tests={MARK}\n"
    f"Authentication-Results: mx; spf=pass smtp.mailfrom={MARK}; dkim=none {BACKWARDS}\n"
    f"Received: from {MARK} (unknown [104.130.122.50])\n\tby mx{BACKWARDS} (Trap) with ESMTP id 1;"
    " Wed, 25 Nov 2026 20:00:00 +0000\n"
).encode()
LONG = f"\nX-Long: {'<b>' * 300_000}\n\n".encode()
"""A header of a megabyte, the last of all."""


class _Conversation(socketserver.StreamRequestHandler):
    server: "Gateway"

    def handle(self) -> None:
        self.wfile.write(f"220 mx {MARK}\r\n".encode())
        company = ""
        for line in self.rfile:
            if recipient := RECIPIENT.search(line):
                company = recipient[1].decode()
            match line.split(None, 1)[0].upper():
                case b"EHLO":
                    self.wfile.write(OFFER)
                case b"XCLIENT":
                    self.wfile.write(b"220 mx\r\n")
                case b"RCPT" if REFUSED.encode() in line:
                    self.wfile.write(REFUSAL)
                case b"RCPT" if RECOVERING.encode() in line and self.server.refuses:
                    self.wfile.write(MAILBOX_FULL)
                case b"DATA":
                    self._take(self.server.folder / company)
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    self.wfile.write(f"250 {MARK}\r\n".encode())

    def _take(self, maildir: Path) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.replace(b"\r\n", b"\n"))
        name = f"{time_ns()}.trap"
        draft = maildir / "tmp" / name
        draft.write_bytes(HEADERS + b"".join(lines).replace(b"\n\n", LONG, 1))
        draft.rename(maildir / "new" / name)
        self.wfile.write(f"250 2.0.0 {MARK} {BACKWARDS}\r\n".encode())


class Gateway(socketserver.ThreadingTCPServer):
    """`refuses`: whether it refuses mail to RECOVERING, as if its mailbox were full."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.folder, self.refuses = folder, True
        super().__init__(("127.0.0.1", 0), _Conversation)


@contextmanager
def gateway(folder: Path, *companies: str) -> Iterator[Gateway]:
    """At work as long as the block lasts; what is for COMPANY.example it delivers into the Maildir COMPANY there."""
    for company in companies:
        for part in ("tmp", "new", "cur"):
            (folder / company / part).mkdir(parents=True)
    with Gateway(folder) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
