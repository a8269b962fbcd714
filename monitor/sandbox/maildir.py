"""The mailbox of a simulated company: prepare it, and deliver messages as a mail server does.

Only folders created by the sandbox are ever touched; a marker file in them says so.
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

MARKERS = ("mailpath-sandbox", "make-believe")  # file names, the first is written; the second is of version 0.1
MARKER_TEXT = "This mailbox belongs to a simulated company of Mailpath's sandbox. It may be deleted.\n"
CLOSED_START = "In place of a Maildir: "
CLOSED_TEXT = f"{CLOSED_START}this simulated mailbox cannot be read.\n"
PARTS = ("tmp", "new", "cur")
MAX_MESSAGES = 1000  # in one folder; probes are removed within seconds

SPAM_SIGNS = (  # SpamAssassin 4
    "X-Spam-Flag: YES",
    "X-Spam-Level: *******",
    "X-Spam-Status: Yes, score=7.4 required=5.0 tests=SANDBOX autolearn=disabled version=4.0.1",
)

_serial = count()


class MailboxFullError(Exception):
    """The folder contains too many messages."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The facts about an accepted message, for its Received line."""

    queue_id: str
    at: datetime
    client: SandboxClient
    helo: str
    mail_from: str
    recipient: str
    by: str


def new_queue_id() -> str:
    """Return a new queue id, for the reply and the Received line."""
    return secrets.token_hex(5).upper()


def make_ready(maildir: Path, junk: str) -> None:
    """Create the inbox and junk folder if missing. Existing messages stay. Raises OSError."""
    if _is_closed(maildir):
        maildir.unlink()
    _claim(maildir)
    for folder in (maildir, maildir / junk):
        for part in PARTS:
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)


def make_unreadable(maildir: Path) -> None:
    """Put a file in place of the folder, which not even root can open as one. A mailbox created by the sandbox before
    is
    moved aside, not deleted. Raises OSError."""
    if _is_closed(maildir):
        return
    _claim(maildir)
    if any((maildir / part).is_dir() for part in PARTS):
        maildir.rename(maildir.with_name(f"{maildir.name}.aside-{secrets.token_hex(4)}"))
    else:
        for name in MARKERS:
            (maildir / name).unlink(missing_ok=True)
        maildir.rmdir()
    maildir.write_text(CLOSED_TEXT)


def deliver(folder: Path, message: bytes) -> None:
    """Write `message` to `folder` atomically. Raises OSError and MailboxFullError."""
    if sum(len(os.listdir(folder / part)) for part in ("new", "cur")) >= MAX_MESSAGES:
        raise MailboxFullError
    name = f"{secrets.token_hex(8)}.P{os.getpid()}Q{next(_serial)}.sandbox"
    (folder / "tmp" / name).write_bytes(message)
    (folder / "tmp" / name).rename(folder / "new" / name)


def stamped(
    content: bytes, receipt: Receipt, *, signs: Sequence[str] = (), held_until: datetime | None = None
) -> bytes:
    """Return the message as stored in the mailbox: trace headers on top, LF line ends.

    `held_until` adds the Received line of a filter that held it until then.
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
    return maildir.is_file() and maildir.read_bytes().startswith(CLOSED_START.encode())


def _claim(maildir: Path) -> None:
    """Mark the folder as created by the sandbox; refuse one that was not."""
    maildir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((maildir / name).exists() for name in MARKERS):
        return
    if any(maildir.iterdir()):
        raise FileExistsError("the folder exists and was not created by the sandbox; choose another path")
    (maildir / MARKERS[0]).write_text(MARKER_TEXT)
