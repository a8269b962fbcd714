"""Mailboxes: where and how we look for a probe, one file per kind.

A mailbox is its own settings: its fields are the config keys of `mailbox = { via = ..., ... }`. A session is one visit
and goes on only while probes are in flight, or for a while where that costs nothing. Everything read is hostile, and
other people's mail is not touched, not even its flags.

- `table`     the kinds by name, and the union of their settings
- `maildir`   with `maildir_box` (one folder) and `notifier` (inotify). Read this first
- `imap`      with `imap_line` (one connection to one folder, in a thread), `imap_search` (one through all folders),
              `imap_wire` (IMAPClient, bounded), `imap_login` (password, or token of an account), `imap_socket` (TCP)
              and `imap_sayings` (what misleads in a server's words)
- `graph`     Microsoft 365 by Microsoft Graph, with `graph_session` (a visit), `graph_mail` (reads its answers;
              pure) and `graph_remedies` (what to do about its errors)
- `gmail`     Google by Gmail's API, with `gmail_session` (a visit), `gmail_answers` (reads its answers; pure) and
              `gmail_remedies` (what to do about its errors)
- `jmap`      settings only; `jmap_session` is a visit, with `jmap_reader` (lists, changes, messages), `jmap_wire`
              (requests and the login) and `jmap_answers` (what a server's JSON means)
- `inbound`   copies that are sent to our own SMTP listener: nothing to visit
- `folders`   purpose of each folder     - `excerpt`   reads the relevant part of a message
- `threads`   a queue per server, and its circuit `breaker`

Whether a token is valid, and when to look, is decided elsewhere.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from probes.accounts import AccountUse
from probes.accounts.faults import AccountFault
from probes.evidence import FailedLook, Folder, Look, Marker
from probes.outside import Outside
from probes.settings import Settings


class MailboxError(Exception):
    """The look failed. The text is one line for people: what was tried, and what the server said.

    `unreachable`: the server could not be reached or did not answer in time, so other mailboxes there may suffer too.
    `fault`: that of the mailbox's account, if the account is the reason.
    """

    def __init__(self, text: str, *, unreachable: bool = False, fault: AccountFault | None = None) -> None:
        super().__init__(text)
        self.unreachable = unreachable
        self.fault = fault


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

    @property
    def rest_seconds(self) -> float:
        """Seconds that the visit may go on while nothing is expected and nothing comes; many where that is cheap."""
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


class VisitedMailbox(Protocol):
    """A mailbox that Mailpath looks into."""

    @property
    def key(self) -> str:
        """See `Mailbox`."""
        ...

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox. Raises MailboxError."""
        ...


class ReceivedMailbox(Protocol):
    """A mailbox that Mailpath does not look into: copies of its mail are sent to our own listener."""

    @property
    def key(self) -> str:
        """See `Mailbox`."""
        ...

    @property
    def address(self) -> str:
        """Address at which the listener receives the copies."""
        ...

    @property
    def folder_name(self) -> str:
        """Name that stands for the folder in evidence."""
        ...

    def look(
        self,
        sent_at: datetime,
        listening_since: datetime | None,
        now: datetime,
        turned_away: "RefusedPeriod | None" = None,
    ) -> Look | FailedLook:
        """Return what the absence of a copy means for a probe sent at `sent_at`. `listening_since`: None without a
        listener. `turned_away`: when it refused what may have been a copy."""
        ...


class LocalMaildir(NamedTuple):
    """A Maildir on this machine, and the name of its folder for junk."""

    path: Path
    junk: str


class Mailbox(Protocol):
    """A mailbox at the end of paths. Either `visited` or `received` is itself, the other one None."""

    @property
    def via(self) -> str:
        """Name of this kind of mailbox in the configuration."""
        ...

    @property
    def key(self) -> str:
        """A key that is equal for settings of the same mailbox; contains no secret and may be shown."""
        ...

    @property
    def visited(self) -> VisitedMailbox | None:
        """The mailbox itself if Mailpath looks into it, else None."""
        ...

    @property
    def received(self) -> ReceivedMailbox | None:
        """The mailbox itself if copies of its mail are sent to our listener, else None."""
        ...

    @property
    def local(self) -> LocalMaildir | None:
        """Its folder if it is on this machine, so that a simulated mail system can deliver to it."""
        ...

    @property
    def account_use(self) -> AccountUse | None:
        """Its account, None if it needs none."""
        ...

    def of_user(self, user: str) -> "VisitedMailbox | None":
        """Return the mailbox of another user that would be opened with the same credentials; None if this kind has no
        users. Raises ValueError if there can be no such user."""
        ...


@dataclass(frozen=True, slots=True)
class RefusedPeriod:
    """A period in which the listener turned mail away, both ends included."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        start, end = f"{self.start:%H:%M}", f"{self.end:%H:%M}"
        return f"{start} UTC" if start == end else f"{start}-{end} UTC"


class VisitedSettings(Settings):
    """Settings of a mailbox that Mailpath looks into. A kind overrides what is different about it."""

    @property
    def visited(self) -> Self:
        """See `Mailbox`."""
        return self

    @property
    def received(self) -> None:
        """See `Mailbox`."""
        return None

    def of_user(self, user: str) -> Self | None:
        """See `Mailbox`."""
        if "user" not in type(self).model_fields:
            return None
        return type(self).model_validate({**dict(self), "user": user})

    @property
    def local(self) -> LocalMaildir | None:
        """See `Mailbox`."""
        return None

    @property
    def account_use(self) -> AccountUse | None:
        """See `Mailbox`."""
        return None
