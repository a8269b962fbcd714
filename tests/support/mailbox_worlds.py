"""Mailboxes of each kind with the mail in them, as the contract of mailboxes needs them.

A world delivers mail, shows what lies there, and does what a user does with it; by other ways than the code under test.
"""

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from probes.evidence import Folder
from probes.mailboxes import MailboxSession, VisitedMailbox
from probes.mailboxes.folders import modified_utf7
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.maildir import MaildirMailbox
from probes.outside import Outside
from tests.lab.dovecot import MAIL_OWNER, Dovecot
from tests.support.probe_mails import USERS, contents, deliver, make_maildir


class MailboxWorld(Protocol):
    """A mailbox, and the folders behind it. What `deliver` returns stands for the mail in `discard` and `mark_read`."""

    outside: Outside
    junk_name: str
    nowhere: VisitedMailbox  # the same, but for one setting that leads nowhere
    always_searched: frozenset[str]  # folders that the kind has besides those that somebody makes
    known_by_time: bool  # a look finds mail by when it came, not by when it was put into a folder

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit it."""
        ...

    def create(self, name: str) -> None:
        """Make a folder."""
        ...

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> Any:
        """Deliver a mail. `at`: when it came, in seconds since the epoch. `flags`: those of a Maildir that a reader
        gave it, None for mail that nobody has seen. A folder that is missing is made."""
        ...

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        """Every mail: where it lies, its flags, its octets, its time. `exact`: also whether anybody opened its folder,
        where that shows."""
        ...

    def discard(self, mail: Any) -> None:
        """Delete this mail, if it is still there."""
        ...

    def mark_read(self, mail: Any) -> None:
        """Read this mail, as its user."""
        ...


@dataclass
class FilesWorld:
    """A mailbox whose mail lies in a Maildir."""

    mailbox: VisitedMailbox
    nowhere: VisitedMailbox
    outside: Outside
    inbox: Path
    junk: Path
    junk_name: str
    known_by_time: bool = False
    always_searched: frozenset[str] = frozenset()

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        return self.mailbox.open(self.outside)

    def create(self, name: str) -> None:
        self._folder(name)

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> Path:
        own = {Folder.INBOX: self.inbox, Folder.JUNK: self.junk}
        where = own[folder] if isinstance(folder, Folder) else self._folder(folder)
        return deliver(where, content, at=at, flags=flags)

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        return contents(self.inbox, exact=exact)

    def discard(self, mail: Path) -> None:
        for file in mail.parent.parent.glob(f"*/{mail.name}*"):
            file.unlink(missing_ok=True)

    def mark_read(self, mail: Path) -> None:
        mail.rename(self.inbox / "cur" / f"{mail.name}:2,S")

    def _folder(self, name: str) -> Path:
        path = make_maildir(self.inbox, f".{modified_utf7(name)}") / f".{modified_utf7(name)}"
        owner = self.inbox.stat()
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.st_uid, owner.st_gid)
        return path


def maildir_world(path: Path, outside: Outside) -> FilesWorld:
    """A Maildir."""
    make_maildir(path, ".Junk")
    nowhere = MaildirMailbox(via="maildir", path=Path("/nowhere/Maildir"))
    return FilesWorld(MaildirMailbox(via="maildir", path=path), nowhere, outside, path, path / ".Junk", ".Junk")


def dovecot_world(server: Dovecot, user: str, outside: Outside) -> FilesWorld:
    """The mailbox of a user whom nobody has used yet, on a Dovecot with Maildirs."""
    path = owned(make_maildir(server.maildir(user), ".Junk"))
    mailbox = ImapMailbox.model_validate({
        "via": "imap", "host": server.address, "port": server.ports.imap, "tls": "none",
        "user": user, "password": SecretStr(USERS[user]),
    })  # fmt: skip
    nowhere = mailbox.model_copy(update={"inbox": "Nowhere"})
    return FilesWorld(mailbox, nowhere, outside, path, path / ".Junk", "Junk")


def owned(path: Path) -> Path:
    """A Maildir as the mail server's own."""
    for each in (path.parent, path, *path.rglob("*")):
        os.chown(each, MAIL_OWNER, MAIL_OWNER)
    return path
