"""A make-believe mailbox: made ready, and a message put into it the way a mail server does.

Only folders that the sandbox made itself are ever touched; they bear a file that says so.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path

from monitor.sandbox.rules import SandboxClient, printable

OURS = "make-believe"
WHY = "This mailbox belongs to a make-believe company of Mailpath's sandbox. It may be deleted.\n"
CLOSED = "In place of a Maildir: nobody can look into this make-believe mailbox.\n"
PARTS = ("tmp", "new", "cur")
MOST_MESSAGES = 1000  # in one folder; probes are taken out within seconds

SPAM_SIGNS = (  # SpamAssassin 4
    "X-Spam-Flag: YES",
    "X-Spam-Level: *******",
    "X-Spam-Status: Yes, score=7.4 required=5.0 tests=MAKE_BELIEVE autolearn=disabled version=4.0.1",
)

_serial = count()


class MailboxFullError(Exception):
    """There are too many messages in the folder already."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the mail system knows of one message when it takes it: the stuff of its Received line."""

    queue_id: str
    at: datetime
    client: SandboxClient
    helo: str
    mail_from: str
    recipient: str
    by: str


def new_queue_id() -> str:
    """A name for one message, as it stands in the reply and in Received."""
    return secrets.token_hex(5).upper()


def make_ready(maildir: Path, junk: str) -> None:
    """Make the inbox and its junk folder, if they are not there. What is in them stays. Raises OSError."""
    if _is_closed(maildir):
        maildir.unlink()
    _claim(maildir)
    for folder in (maildir, maildir / junk):
        for part in PARTS:
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)


def make_unreadable(maildir: Path) -> None:
    """Put a file where the folder should be: not even root can look into it. A mailbox that the sandbox made before
    is moved aside, not deleted. Raises OSError."""
    if _is_closed(maildir):
        return
    _claim(maildir)
    if any((maildir / part).is_dir() for part in PARTS):
        maildir.rename(maildir.with_name(f"{maildir.name}.aside-{secrets.token_hex(4)}"))
    else:
        (maildir / OURS).unlink()
        maildir.rmdir()
    maildir.write_text(CLOSED)


def deliver(folder: Path, message: bytes) -> None:
    """Write `message` to `folder`; its reader sees it whole or not at all. Raises OSError and MailboxFullError."""
    if sum(len(os.listdir(folder / part)) for part in ("new", "cur")) >= MOST_MESSAGES:
        raise MailboxFullError
    name = f"{secrets.token_hex(8)}.P{os.getpid()}Q{next(_serial)}.sandbox"
    (folder / "tmp" / name).write_bytes(message)
    (folder / "tmp" / name).rename(folder / "new" / name)


def stamped(
    content: bytes, receipt: Receipt, *, signs: Sequence[str] = (), held_until: datetime | None = None
) -> bytes:
    """The message as it lies in the mailbox: trace headers on top, lines ended by LF.

    `held_until` adds the line of a filter that kept it until then.
    """
    lines = [f"Return-Path: <{printable(receipt.mail_from)}>", f"Delivered-To: {printable(receipt.recipient)}", *signs]
    if held_until:
        lines += _received(f"mx.{receipt.by} (localhost [127.0.0.1])", "filter", receipt, held_until)
    seen = f"{printable(receipt.helo)} ({receipt.client.name} [{receipt.client.ip}])"
    lines += _received(seen, "mx", receipt, receipt.at)
    return "".join(f"{line}\n" for line in lines).encode() + content.replace(b"\r\n", b"\n")


def _received(seen: str, host: str, receipt: Receipt, at: datetime) -> list[str]:
    return [
        f"Received: from {seen}",
        f"\tby {host}.{receipt.by} (Mailpath sandbox) with ESMTP id {receipt.queue_id}",
        f"\tfor <{printable(receipt.recipient)}>; {format_datetime(at)}",
    ]


def _is_closed(maildir: Path) -> bool:
    return maildir.is_file() and maildir.read_bytes()[:1000] == CLOSED.encode()


def _claim(maildir: Path) -> None:
    """Mark the folder as made by the sandbox; refuse one that is somebody's."""
    maildir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (maildir / OURS).exists():
        return
    if any(maildir.iterdir()):
        raise FileExistsError("the folder is there and was not made by the sandbox; choose another path")
    (maildir / OURS).write_text(WHY)
