"""Mailboxes: where and how we look for a probe, one file per kind.

A mailbox is its own settings: its fields are the config keys of `mailbox = { via = ..., ... }`. A session is one visit
and is open only while probes are in flight. Everything read is hostile, and other people's mail is not touched, not
even its flags.

- `table`     the kinds by name, and the union of their settings
- `maildir`   with `maildir_box` (one folder) and `notifier` (inotify). Read this first
- `imap`      with `imap_line` (one connection to one folder, in a thread), `imap_search` (one through all folders) and
              `imap_wire` (IMAPClient, bounded)
- `inbound`   copies that are sent to our own SMTP listener: nothing to visit
- `folders`   purpose of each folder     - `excerpt`   reads the relevant part of a message
- `threads`   a queue per server, and its circuit `breaker`

Whether a token is valid, and when to look, is decided elsewhere.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from probes.evidence import Folder, Marker

if TYPE_CHECKING:
    from probes.mailboxes.threads import MailboxThreads


class MailboxError(Exception):
    """The look failed. The text is one line for people: what was tried, and what the server said.

    `unreachable`: the server could not be reached or did not answer in time, so other mailboxes there may suffer too.
    """

    def __init__(self, text: str, *, unreachable: bool = False) -> None:
        super().__init__(text)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that contains something shaped like a token; not yet verified.

    `ref` is for the session that made it. `mailbox_time` is when the mailbox says it accepted the message. `digest` is
    that of the body (see `body_digest`), None if it was not read to its end. `client_ip` is the client that sent us a
    copy.
    """

    ref: str
    folder: Folder
    folder_name: str
    headers: str
    tokens: Mapping[Marker, str]
    mailbox_time: datetime | None
    digest: bytes | None = None
    client_ip: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Result of a search through the folders of a mailbox.

    `folders` were searched to their end, inbox and junk first. `closed` are those that cannot be opened or belong to
    other people, `unfinished` those for which time ran out, all by their display names.
    """

    sightings: Sequence[Sighting]
    folders: tuple[str, ...]
    closed: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


class MailboxSession(Protocol):
    """One visit to a mailbox. Every method raises MailboxError if the mailbox cannot be read."""

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the watched folders: the inbox, and junk if there is one."""
        ...

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """Return all messages with a token that came after `since` (give or take a day) and were not returned before in
        this visit. Every watched folder has then been read to its present end."""
        ...

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """Return all messages with a token in all folders of the mailbox, or `only` in those named, that came after
        `since` (give or take a day), including those returned before.

        In a folder with very many messages the server may be asked for those with the marks of a probe and for
        `probe_ids`. A message in two folders that show the same mail is returned once.
        """
        ...

    async def changed(self, timeout: float) -> None:
        """Wait until there may be something new, at most `timeout` seconds."""
        ...

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """Delete these messages for good, and nothing else. One that is gone already is no error."""
        ...


class Mailbox(Protocol):
    """A mailbox at the end of paths."""

    @property
    def key(self) -> str:
        """A key that is equal for settings of the same mailbox; contains no secret and may be shown."""
        ...

    def open(self, pool: "MailboxThreads") -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox. Blocking work runs in `pool`. Raises MailboxError."""
        ...
