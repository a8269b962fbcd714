"""Where and how we look for a probe, one file for each kind of mailbox.

A mailbox is its own settings: its fields are the config keys of `mailbox = { via = ..., ... }`. A session is one visit:
it is open only while probes are out. Everything read is hostile, and other people's mail is not touched, not even its
flags.

- `table`     the kinds by name, and the union of their settings
- `maildir`   with `maildir_box` (one folder) and `notifier` (inotify). Read this first
- `imap`      with `imap_line` (one connection to one folder, in a thread), `imap_search` (one through all folders) and
              `imap_wire` (IMAPClient, bounded)
- `inbound`   copies that are sent to our own SMTP listener: nothing to visit
- `folders`   what each folder is for     - `excerpt`   how much of a message is read
- `threads`   a queue for each server, and its circuit `breaker`

What a token is worth, and when to look, is not decided here.
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
    """We could not look. Its text is one line for people: what was tried, and what the server said.

    `unreachable`: the server could not be reached or did not answer in time, so other mailboxes there may suffer too.
    """

    def __init__(self, text: str, *, unreachable: bool = False) -> None:
        super().__init__(text)
        self.unreachable = unreachable


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that carries something shaped like a token; not yet believed.

    `ref` means something to the session that made it. `mailbox_time` is when the mailbox says it took the message.
    `digest` is that of the body (see `body_digest`), None where it was not read to its end. `client_ip` is who sent us
    a copy.
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
    """What a search through the folders of a mailbox found.

    `folders` were searched to their end, the inbox and junk first. `closed` are those that cannot be opened or belong
    to other people, `unfinished` those for which there was not enough time, all by the names that people know.
    """

    sightings: Sequence[Sighting]
    folders: tuple[str, ...]
    closed: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


class MailboxSession(Protocol):
    """One visit to a mailbox. Every method raises MailboxError when the mailbox cannot be read."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders that are watched: the inbox, and junk where there is one."""
        ...

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """All messages with a token that came after `since` (give or take a day) and were not returned before in
        this visit. When it returns, every watched folder has been looked through to its present end."""
        ...

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """All messages with a token in all folders of the mailbox, or `only` in those of these names: whatever came
        after `since` (give or take a day), also what was returned before.

        A folder with very many such messages may be searched by the server for what bears the marks of a probe and for
        `probe_ids`. A message in two folders that show the same mail is returned once."""
        ...

    async def changed(self, timeout: float) -> None:
        """Wait until there may be something new, at most `timeout` seconds."""
        ...

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """Delete these messages for good, and nothing else. One that is gone already is no error."""
        ...


class Mailbox(Protocol):
    """One mailbox at the end of paths."""

    @property
    def key(self) -> str:
        """The same for two settings that mean the same mailbox; fit to be shown: no secret in it."""
        ...

    def open(self, pool: "MailboxThreads") -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox. Blocking work runs in `pool`. Raises MailboxError."""
        ...
