"""One IMAP connection to one folder. Blocking, so it belongs in a thread; except `read_announcements` and `cut`."""

import os
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

from probes.display import one_line
from probes.evidence import Folder
from probes.mailboxes import MailboxError, Sighting
from probes.mailboxes.excerpt import BODY_LIMIT, DAY, HEADER_LIMIT, sighting, worth_opening
from probes.mailboxes.folders import ListedFolder
from probes.mailboxes.imap_sayings import explanation
from probes.mailboxes.imap_wire import DELETED, FAILURES, Abort, ImapWire, Refusal, WireClient, without_token

IDLE_LIMIT = 9 * 60.0  # seconds; servers may end an IDLE after 30 minutes (RFC 2177), some firewalls after 10
WINDOW = 20_000  # messages searched at once: the answer is one line, and imaplib takes a million octets of it
MESSAGES_LIMIT = 5_000_000  # a folder that claims more is not believed
HEADERS_AT_ONCE = 50
BODIES_AT_ONCE = 16
WORDS_LIMIT = 250  # characters of what a server says
ORDINARY = 1 << 20  # octets of an ordinary answer; a list of 10,000 folders has about as many

_HEADERS = f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT}>"
_BODY = f"BODY.PEEK[TEXT]<0.{BODY_LIMIT}>"


@dataclass(frozen=True, slots=True)
class Patience:
    """Timeouts, in seconds."""

    connect: float = 15.0  # the name and one TCP connection
    step: float = 20.0  # one command with all of its answer
    open: float = 60.0  # until the mailbox is open
    look: float = 600.0  # through the watched folders, however full they are
    search: float = 120.0  # through all folders
    farewell: float = 2.0


class FolderConnection:
    """A connection. After a MailboxError it is unusable, and `failure` keeps the text.

    `pushes`: the server announces new mail by itself (IDLE). `idling`: it is doing so now. `login_refused`: the server
    did not accept user and password, or the token.
    """

    def __init__(self, sock: socket.socket, where: str, patience: Patience) -> None:
        self.where = where
        self.failure = ""
        self.pushes = False
        self.idling = False
        self.login_refused = False
        self.folder = Folder.INBOX
        self.name = ""
        self._sock = sock
        self._patience = patience
        self._client: WireClient | None = None
        self._mask: Callable[[str], str] = str  # takes the secret out of what the server says
        self._validity = 0
        self._following = 0  # the UID that the next message will get, as the server said when the folder was opened
        self._last: int | None = None  # the highest UID that was looked at
        self._idle_since = 0.0

    def greet(self, host: str, context: Callable[[], ssl.SSLContext] | None, *, upgrade: bool) -> None:
        """Read the greeting, in TLS from the first byte, or after STARTTLS if `upgrade`. Raises MailboxError."""
        with self._step("TLS" if context else "connect"):
            tls = context() if context else None
            self._sock.settimeout(self._patience.step)
            if tls and not upgrade:
                secure = tls.wrap_socket(self._sock, server_hostname=host, do_handshake_on_connect=False)
                self._sock = secure
                secure.do_handshake()
        with self._step("greeting"):
            self._client = WireClient(self._sock, host, monotonic() + self._patience.step, ORDINARY)
        if tls and upgrade:
            with self._step("STARTTLS"):
                self._it.starttls(tls)

    def log_in(self, user: str, password: str) -> None:
        """Log in. Raises MailboxError."""
        self._mask = partial(_without, secret=password)
        self._log_in(partial(self._it.authenticate, user, password))

    def log_in_by_token(self, user: str, token: str) -> None:
        """Log in with an OAuth 2 token. Raises MailboxError; if the server refused it, `login_refused` is set."""
        self._mask = partial(without_token, user=user, token=token)
        self._log_in(partial(self._it.authenticate_by_token, user, token))

    def _log_in(self, authenticate: Callable[[], None]) -> None:
        with self._step("login"):
            try:
                authenticate()
            except Abort:
                raise
            except Refusal:
                self.login_refused = True
                raise
            self.pushes = self._it.has_capability("IDLE")

    def list_folders(self) -> list[ListedFolder]:
        """List all folders of the user. Raises MailboxError."""
        self._end_idle()
        with self._step("list folders", 4 * ORDINARY):
            return [
                ListedFolder(str(name), _text(delimiter), frozenset(_text(flag) for flag in flags))
                for flags, delimiter, name in self._it.all_folders()
            ]

    def watch(self, folder: Folder, name: str) -> None:
        """Open a folder with EXAMINE, so that looking changes nothing in it, not even \\Recent."""
        self.folder, self.name = folder, name
        with self._step(f"open {name}"):
            try:
                self._examine()
            except Abort:
                raise
            except Refusal as error:
                raise Refusal(f"{error_text(error)}{self._folder_names()}") from None

    def _folder_names(self) -> str:
        """Return the names of the folders for an error; "" if the server does not list them."""
        try:
            return "; the folders are: " + ", ".join(sorted(name for _, _, name in self._it.all_folders()))
        except FAILURES:
            return ""

    def _examine(self) -> None:
        answer = self._it.select_folder(self.name, readonly=True)
        validity = _number(answer, b"UIDVALIDITY")
        self._following = _number(answer, b"UIDNEXT")
        if validity != self._validity:  # made anew: look through all of it again
            self._validity, self._last = validity, None
        if self._last is None or not self._following or self._following > self._last + 1:
            self._wire.grown = True

    @property
    def grown(self) -> bool:
        """True if mail may have come after the last search."""
        return self._wire.grown

    def search(self, since: datetime) -> list[int]:
        """Return the UIDs of mail that came after the last search; the first time, since a day before `since`.

        Everything that came before the call is found. Raises MailboxError.
        """
        self._end_idle()
        if self._last is None or not self._wire.grown:
            with self._step("NOOP"):
                self._it.noop()  # a server may search what it knew at the end of the last command: Dovecot does
        with self._step("search", 2 * ORDINARY):
            self._wire.grown = False
            if self._last is None:
                return self._search_all(since)
            found = [uid for uid in self._it.search(["UID", f"{self._last + 1}:*"]) if uid > self._last]
            self._last = max(found, default=self._last)
            return sorted(found)

    def _search_all(self, since: datetime) -> list[int]:
        """Search from the top down, so that nothing is missed if other messages are expunged meanwhile."""
        found: set[int] = set()
        top = self._wire.count
        if top > MESSAGES_LIMIT:
            raise Abort(f"{top} messages are too many to look through")
        last = self._following - 1 if self._following else max(self._it.search(["UID", "*"]), default=0)
        while (top := min(top, self._wire.count)) > 0:
            self._renew(2 * ORDINARY)
            bottom = max(1, top - WINDOW + 1)
            found.update(self._it.search([f"{bottom}:{top}", "SINCE", (since - DAY).astimezone(UTC).date()]))
            top = bottom - 1
        self._last = max(last, *found, 0)
        return sorted(found)

    def read(self, uids: Sequence[int], since: datetime) -> list[Sighting]:
        """Return those of the messages with a token, at most HEADERS_AT_ONCE of them. Raises MailboxError."""
        found: list[Sighting] = []
        unopened: list[tuple[int, bytes, datetime | None]] = []
        with self._step("fetch headers", ORDINARY + len(uids) * (HEADER_LIMIT + 1024)):
            answers = self._fetch(uids, [_HEADERS, "INTERNALDATE", "RFC822.SIZE"])
        for uid, answer in answers.items():
            headers, came = _section(answer, b"BODY[HEADER]"), _time(answer)
            if worth_opening(_number(answer, b"RFC822.SIZE"), came, since):
                unopened.append((uid, headers, came))
            elif seen := self._sighting(uid, headers, b"", came):
                found.append(seen)
        for start in range(0, len(unopened), BODIES_AT_ONCE):
            found += self._open_bodies(unopened[start : start + BODIES_AT_ONCE])
        return found

    def _open_bodies(self, unopened: Sequence[tuple[int, bytes, datetime | None]]) -> list[Sighting]:
        with self._step("fetch bodies", ORDINARY + len(unopened) * (BODY_LIMIT + 1024)):
            answers = self._fetch([uid for uid, _, _ in unopened], [_BODY])
        seen = [
            self._sighting(uid, headers, _section(answers.get(uid, {}), b"BODY[TEXT]"), came)
            for uid, headers, came in unopened
        ]
        return [each for each in seen if each]

    def _sighting(self, uid: int, headers: bytes, body: bytes, came: datetime | None) -> Sighting | None:
        return sighting(f"{self._validity}:{uid}", self.folder, self.name, headers, body, came)

    def _fetch(self, uids: Sequence[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
        answers: dict[int, dict[bytes, Any]] = {}
        self._unless_gone(uids, lambda there: answers.update(self._it.fetch(there, items)))
        return answers

    def remove(self, refs: Iterable[str]) -> None:
        """Delete the messages of these sightings. Raises MailboxError.

        Deleting needs SELECT, which by itself removes \\Recent (RFC 3501, section 2.3.2), so the folder is open that
        way no longer than necessary.
        """
        pairs = [ref.partition(":") for ref in refs]
        uids = [int(uid) for validity, _, uid in pairs if validity == str(self._validity)]
        if not uids:
            return
        self._end_idle()
        with self._step(f"open {self.name} for deleting"):
            answer = self._it.select_folder(self.name)
        if _number(answer, b"UIDVALIDITY") == self._validity:
            with self._step("delete"):
                if self._it.has_capability("X-GM-EXT-1"):  # what is expunged there stays in "All Mail"
                    self._unless_gone(uids, lambda there: self._it.add_gmail_labels(there, ["\\Trash"], silent=True))
                self._unless_gone(uids, lambda there: self._it.add_flags(there, [DELETED], silent=True))
                self._expunge(uids)
        with self._step(f"open {self.name}"):
            self._examine()

    def _expunge(self, uids: Sequence[int]) -> None:
        """Expunge exactly these: without UIDPLUS they stay flagged if somebody else's are flagged too."""
        if self._it.has_capability("UIDPLUS"):
            self._it.uid_expunge(uids)
        elif set(self._it.search(["DELETED"])) <= set(uids):
            self._it.expunge()

    def _unless_gone(self, uids: Sequence[int], act: Callable[[Sequence[int]], object]) -> None:
        """Do it for all; if the server refuses because some are expunged already, ask for the rest (RFC 2180)."""
        try:
            act(uids)
        except Abort:
            raise
        except Refusal:
            self._it.noop()
            there = set(self._it.search(["UID", ",".join(map(str, uids))]))
            if there.issuperset(uids):
                raise
            if there:
                act(sorted(there))

    def idle(self) -> None:
        """Start IDLE, or renew it. Raises MailboxError."""
        self._end_idle()
        with self._step("IDLE"):
            try:
                self._it.idle()
            except Abort:
                raise
            except Refusal:
                self.pushes = False  # says it can, and does not
                return
        self.idling, self._idle_since = True, monotonic()

    @property
    def idles(self) -> bool:
        """True if the server is idling and may continue."""
        return self.idling and monotonic() - self._idle_since < IDLE_LIMIT

    def _end_idle(self) -> None:
        if self.idling:
            self.idling = False
            with self._step("end IDLE"):
                self._it.idle_done()

    def read_announcements(self) -> None:
        """Read what the server sent while idling, without waiting. Raises MailboxError."""
        with self._step("IDLE"):
            self._wire.read_announcements()

    def fileno(self) -> int:
        """File descriptor to wait on for `read_announcements`."""
        return (self._wire.sock if self._client else self._sock).fileno()

    def leave(self) -> None:
        """Log out properly, within Patience.farewell. Raises MailboxError."""
        if self._client is not None:
            self._patience = Patience(step=self._patience.farewell)
            self._wire.leaving = True
            self._end_idle()
            with self._step("logout"):
                self._it.logout()

    def cut(self) -> None:
        """End the connection at once; a thread using it fails."""
        self.failure = self.failure or f"{self.where}: the connection was cut"
        sock = self._client.wire.sock if self._client else self._sock
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # SSLSocket's own takes its state from under the thread

    def close(self) -> None:
        """Release it. Nothing may be in progress."""
        if self._client is not None:
            self._client.wire.shutdown()
        self._sock.close()

    @property
    def _it(self) -> WireClient:
        assert self._client is not None, "greet comes first"
        return self._client

    @property
    def _wire(self) -> ImapWire:
        return self._it.wire

    @contextmanager
    def _step(self, name: str, allowance: int = ORDINARY) -> Iterator[None]:
        """Run one operation that may fail: within its time, and with a MailboxError that says what it was."""
        if self._client is not None:
            self._renew(allowance)
        try:
            yield
        except FAILURES as error:
            self.failure = self.failure or f"{self.where}: {name}: {self._error_text(error)}"
            unreachable = isinstance(error, TimeoutError | ConnectionError)
            raise MailboxError(self.failure, unreachable=unreachable) from None  # its cause may hold a password

    def _renew(self, allowance: int) -> None:
        self._wire.limit(monotonic() + self._patience.step, allowance)

    def _error_text(self, error: Exception) -> str:
        text = self._mask(error_text(error))
        return text + explanation(text)


def _without(text: str, secret: str) -> str:
    return text.replace(secret, "***") if secret else text


_SAID_TWICE = re.compile(r"command: \w{1,40} => |socket error: |\b\w{1,40} failed: ")


def error_text(error: Exception) -> str:
    """Return the server's or the machine's message as one printable line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"its certificate: {error.verify_message}"
    elif isinstance(error, TimeoutError):
        text = "no answer in time"
    elif isinstance(error, ssl.SSLError | socket.gaierror) and error.strerror:
        text = error.strerror.partition(" (_ssl.c")[0]
    elif isinstance(error, OSError) and error.errno:
        text = os.strerror(error.errno)
    elif isinstance(error, Refusal | OSError) and error.args:
        first = error.args[0]
        text = _SAID_TWICE.sub("", _text(first).strip().partition("\n")[0][: 4 * WORDS_LIMIT], count=2)
    else:
        text = f"the answer is no IMAP ({type(error).__name__})"
    return one_line(text, WORDS_LIMIT) or type(error).__name__


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _number(answer: Mapping[bytes, object], key: bytes) -> int:
    value = answer.get(key)
    return value if isinstance(value, int) else 0


def _section(answer: Mapping[bytes, object], name: bytes) -> bytes:
    value = answer.get(name + b"<0>", answer.get(name))
    return value if isinstance(value, bytes) else b""


def _time(answer: Mapping[bytes, object]) -> datetime | None:
    value = answer.get(b"INTERNALDATE")
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except (ValueError, OverflowError):  # a year or an offset that cannot be
        return None
