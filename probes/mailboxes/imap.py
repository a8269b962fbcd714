"""A mailbox read over IMAP: one connection for the inbox and one for junk, open while probes are in flight.

Blocking calls run in the pool, briefly; while the server idles, the event loop waits and no thread is held.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Literal, TypeVar

from pydantic import Field, model_validator

from probes.accounts import AccountUse
from probes.accounts.registry import Accounts
from probes.evidence import Folder
from probes.mailboxes import MailboxError, MailboxSession, Search, Sighting, VisitedSettings
from probes.mailboxes.folders import INBOX, junk_among
from probes.mailboxes.imap_line import HEADERS_AT_ONCE, FolderConnection, Patience, error_text
from probes.mailboxes.imap_login import AccountKey, ImapLogin, Name, Password
from probes.mailboxes.imap_search import CONNECTIONS_LIMIT, SearchLine, Tally
from probes.mailboxes.imap_socket import connected
from probes.mailboxes.threads import Deadline, MailboxThreads, ServerVisit
from probes.outside import Outside
from probes.settings import Duration, Host, Port
from probes.tls import CaFile, client_context

TIMEOUTS = Patience()
IDLE_TRUST_SECONDS = 60.0  # seconds an idling server is believed when it says nothing: some forget to tell
REST_SECONDS = 2.0  # that a visit goes on without probes
BREATH = 0.02  # seconds from one change to the next: a burst is one, and a server that cries wolf cannot keep us busy

T = TypeVar("T")
L = TypeVar("L", bound=FolderConnection)


class ImapMailbox(VisitedSettings):
    """A mailbox on an IMAP server. These fields are the config keys.

    `junk` is a folder name; by default the one marked SPECIAL-USE \\Junk, else one with a common name. `poll` is the
    interval of looks if the server does not announce new mail.
    """

    via: Literal["imap"]
    host: Host = Field(description="The IMAP server.")
    port: Port = Field(993, description="Its port; 143 is usual with `starttls` and `none`.")
    tls: Literal["implicit", "starttls", "none"] = Field("implicit", description="How the connection is encrypted.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")
    user: Name = Field(description="The mailbox's login name.")
    account: AccountKey | None = Field(
        None, description="The account of `[accounts.KEY]` whose tokens open the mailbox."
    )
    password: Password = Field(
        None, validate_default=True, description="The mailbox's password. Either it or `account` is required."
    )
    inbox: Name = Field(INBOX, description="The inbox folder.")
    junk: Name | None = Field(
        None, description="The junk folder; default: the one marked `\\Junk`, or one with a common name."
    )
    poll: Duration = Field(timedelta(seconds=15), description="Polling interval if the server has no IDLE.")

    @model_validator(mode="after")
    def _two_folders(self) -> "ImapMailbox":
        if self.junk is not None and _canonical(self.junk) == _canonical(self.inbox):
            raise ValueError("junk must be another folder than inbox")
        return self

    @property
    def account_use(self) -> AccountUse | None:
        """See `Mailbox`."""
        return AccountUse(self.account, self.user, self.host) if self.account is not None else None

    @property
    def key(self) -> str:
        """Server, user and folder."""
        return f"imap:{self.user}@{self.host.lower()}:{self.port}/{_canonical(self.inbox)}"

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox."""
        return visit(self, outside.threads, accounts=outside.accounts)


def _canonical(folder: str) -> str:
    return INBOX if folder.upper() == INBOX else folder  # RFC 3501, section 5.1


@asynccontextmanager
async def visit(
    mailbox: ImapMailbox, pool: MailboxThreads, patience: Patience = TIMEOUTS, accounts: Accounts | None = None
) -> AsyncIterator[MailboxSession]:
    """As `ImapMailbox.open`, with other timeouts."""
    here = pool.visit(f"imap {mailbox.host}:{mailbox.port}", mailbox.key)
    session = ImapSession(mailbox, here, patience, accounts)
    try:
        await session.start()
        yield session
    except MailboxError as error:
        if error.unreachable:
            here.failed(str(error))
        raise
    finally:
        await session.close()
        here.close()


class ImapSession:
    """One visit. It is over after a MailboxError, or after a look or removal that was cancelled."""

    def __init__(
        self, mailbox: ImapMailbox, visit: ServerVisit, patience: Patience, accounts: Accounts | None = None
    ) -> None:
        self._mailbox = mailbox
        self._patience = patience
        self._where = f"imap {mailbox.host}:{mailbox.port}"
        self._login = ImapLogin(mailbox, self._where, accounts)
        self._visit = visit
        self._deadline: Deadline | None = None
        self._lines: list[FolderConnection] = []
        self._changed_at = 0.0
        self._jobs: dict[FolderConnection, Future[Any]] = {}  # what a thread did last on each line

    @property
    def folders(self) -> tuple[str, ...]:
        """The inbox and the junk folder, by the server's names."""
        return tuple(line.name for line in self._lines if line.name)

    @property
    def rest_seconds(self) -> float:
        """See `MailboxSession`. A server has few connections for each of its users."""
        return REST_SECONDS

    async def start(self) -> None:
        """Log in and open the folders. Raises MailboxError."""
        async with self._within(self._patience.open):
            inbox = await self._dial(FolderConnection, self._lines)
            await self._on(inbox, inbox.watch, Folder.INBOX, self._mailbox.inbox)
            await self._find_junk(inbox)

    async def look(self, since: datetime) -> Sequence[Sighting]:
        """See `MailboxSession`."""
        async with self._within(self._patience.look):
            if len(self._lines) == 1:
                await self._find_junk(self._lines[0])
            found = await self._on_all(lambda line: self._look_through(line, since))
        self._visit.answered()
        return [each for sightings in found for each in sightings]

    async def changed(self, timeout: float) -> None:
        """See `MailboxSession`. Returns after `poll` if the server does not push or has no junk folder yet, else after
        IDLE_TRUST_SECONDS seconds."""
        poll = self._mailbox.poll.total_seconds()
        await asyncio.sleep(min(timeout, self._changed_at + BREATH - monotonic()))
        if all(line.pushes for line in self._lines):
            await self._on_all(self._idle)
            self._visit.answered()
        if all(line.idling for line in self._lines):
            await self._announcement(min(timeout, IDLE_TRUST_SECONDS if len(self._lines) > 1 else poll))
        elif not any(line.grown for line in self._lines):
            await asyncio.sleep(min(timeout, poll))
        self._changed_at = monotonic()

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        """See `MailboxSession`. Without UIDPLUS our messages are only flagged \\Deleted if others' are flagged too."""
        refs: dict[tuple[Folder, str], list[str]] = {}
        for each in sightings:
            refs.setdefault((each.folder, each.folder_name), []).append(each.ref)
        for line in self._lines:
            if here := refs.pop((line.folder, line.name), None):
                await self._on(line, line.remove, here)
        if refs:
            async with self._search_lines() as lines:
                other = await self._dial(SearchLine, lines)
                for (folder, name), there in refs.items():
                    await self._on(other, other.remove_from, folder, name, there)

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        """See `MailboxSession`. Folders that remain when Patience.search is over are reported as unfinished."""
        ends = monotonic() + self._patience.search
        async with self._search_lines() as lines:
            line = await self._dial(SearchLine, lines)
            listed, namespaces = await self._on(line, line.list_folders), await self._on(line, line.namespaces)
            tally = Tally(listed, namespaces, {each.name: each.folder for each in self._lines}, only)
            for folder, name in tally.folders():
                tally.unfinished.append(name)
                if monotonic() > ends:
                    continue
                with suppress(MailboxError):
                    if line.failure and len(lines) < CONNECTIONS_LIMIT:
                        line = await self._dial(SearchLine, lines)
                    tally.add(name, await self._search_in(line, folder, name, since, probe_ids))
            return tally.result()

    async def _search_in(
        self, line: SearchLine, folder: Folder, name: str, since: datetime, probe_ids: Collection[str]
    ) -> list[Sighting] | None:
        """Return the matching messages in this folder; None if it cannot be opened."""
        if not await self._on(line, line.turn_to, folder, name):
            return None
        return await self._read_all(line, await self._on(line, line.find, since, probe_ids), since)

    @asynccontextmanager
    async def _search_lines(self) -> AsyncIterator[list[SearchLine]]:
        """Open connections besides those that watch; closed at the end."""
        lines: list[SearchLine] = []
        try:
            yield lines
        finally:
            await asyncio.gather(*(self._close(line) for line in lines))

    async def close(self) -> None:
        """Log out if the server still responds; takes at most Patience.farewell."""
        await asyncio.gather(*(self._close(line) for line in self._lines))

    async def _find_junk(self, inbox: FolderConnection) -> None:
        name = self._mailbox.junk or junk_among(await self._on(inbox, inbox.list_folders))
        if name is not None and _canonical(name) != _canonical(inbox.name):
            junk = await self._dial(FolderConnection, self._lines)
            await self._on(junk, junk.watch, Folder.JUNK, name)

    async def _dial(self, kind: type[L], lines: list[L]) -> L:
        """Open another connection that is logged in. A token that the server refuses is replaced once."""
        secret = await self._secret()
        line = await self._greet(kind, lines)
        try:
            await self._on(line, self._login.log_in, line, secret)
        except MailboxError as error:
            if not (self._login.by_token and line.login_refused):
                raise
            if (another := await self._secret(refused=secret)) == secret:
                raise self._login.refusal(error) from None
        else:
            return line
        lines.remove(line)
        await self._close(line)
        line = await self._greet(kind, lines)
        try:
            await self._on(line, self._login.log_in, line, another)
        except MailboxError as error:
            raise self._login.refusal(error) if line.login_refused else error from None
        return line

    async def _secret(self, refused: str = "") -> str:
        """Return what to log in with. The server's deadline is paused while an account is asked for a token."""
        with self._deadline.paused() if self._deadline else nullcontext():
            return await self._login.secret(refused)

    async def _greet(self, kind: type[L], lines: list[L]) -> L:
        """Open another connection, up to the login."""
        box = self._mailbox
        line = kind(await self._connect(), self._where, self._patience)
        lines.append(line)
        secure = None if box.tls == "none" else partial(client_context, verify=True, ca_file=box.ca_file)
        if box.tls != "implicit":
            await self._greeted(line)
        await self._on(line, partial(line.greet, box.host, secure, upgrade=box.tls == "starttls"))
        return line

    async def _greeted(self, line: FolderConnection) -> None:
        """Wait on the event loop until the server speaks: one that accepts and stays silent must not hold a thread."""
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        loop.add_reader(line.fileno(), heard.set)
        try:
            async with asyncio.timeout(self._patience.step):
                await heard.wait()
        except TimeoutError:
            raise MailboxError(f"{self._where}: greeting: no answer in time", unreachable=True) from None
        finally:
            loop.remove_reader(line.fileno())

    async def _connect(self) -> socket.socket:
        """Connect on the event loop: a firewall that drops our packets must not hold a thread."""
        host, port = self._mailbox.host, self._mailbox.port
        step = f"look up {host}"
        failure: Exception = OSError("no address")
        try:
            job = await self._turn(partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
            async with asyncio.timeout(self._patience.connect):
                found = await _quietly(job)
            step = "connect"
            for family, kind, protocol, _, address in found:
                try:
                    return await connected(socket.socket(family, kind, protocol), address, self._patience.connect)
                except OSError as error:
                    failure = error
        except (OSError, UnicodeError) as error:
            failure = error
        unreachable = not isinstance(failure, socket.gaierror | UnicodeError)
        raise MailboxError(f"{self._where}: {step}: {error_text(failure)}", unreachable=unreachable)

    async def _look_through(self, line: FolderConnection, since: datetime) -> list[Sighting]:
        return await self._read_all(line, await self._on(line, line.search, since), since)

    async def _read_all(self, line: FolderConnection, uids: Sequence[int], since: datetime) -> list[Sighting]:
        found: list[Sighting] = []
        for start in range(0, len(uids), HEADERS_AT_ONCE):
            found += await self._on(line, line.read, uids[start : start + HEADERS_AT_ONCE], since)
        return found

    async def _idle(self, line: FolderConnection) -> None:
        """Start IDLE. Cancelling the wait does no harm: the next command waits for its end."""
        if not line.idles:
            await asyncio.shield(_quietly(await self._begin(line, line.idle)))

    async def _announcement(self, timeout: float) -> None:
        """Wait until an idling server announces new mail, or is gone. Nothing sent along with its "+" is missed."""
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[None] = loop.create_future()

        def read_announcements(line: FolderConnection) -> None:
            try:
                line.read_announcements()
            except MailboxError as error:
                loop.remove_reader(line.fileno())
                if not heard.done():
                    heard.set_exception(error)
            if line.grown and not heard.done():
                heard.set_result(None)

        try:
            for line in self._lines:
                loop.add_reader(line.fileno(), read_announcements, line)
                read_announcements(line)
            await asyncio.wait([heard], timeout=timeout)
            if heard.done():
                heard.result()
        finally:
            for line in self._lines:
                loop.remove_reader(line.fileno())
            if heard.done():
                heard.exception()  # seen, also when we are cancelled

    async def _on_all(self, act: Callable[[FolderConnection], Awaitable[T]]) -> list[T]:
        """Do it on every connection at once, to the end on each; then raise the first error."""
        results = await asyncio.gather(*(act(line) for line in self._lines), return_exceptions=True)
        for each in results:
            if isinstance(each, BaseException):
                raise each
        return [each for each in results if not isinstance(each, BaseException)]

    async def _on(self, line: FolderConnection, work: Callable[..., T], *arguments: object) -> T:
        """Do it in a thread. If the caller is cancelled the connection is cut, which frees the thread at once."""
        earlier = self._jobs.get(line)
        if earlier is not None and not earlier.done():
            await asyncio.wait([_quietly(earlier)])
        job = await self._begin(line, work, *arguments)
        try:
            return await _quietly(job)
        except asyncio.CancelledError:
            line.cut()
            raise

    async def _begin(self, line: FolderConnection, work: Callable[..., T], *arguments: object) -> Future[T]:
        if line.failure:
            raise MailboxError(line.failure)
        self._jobs[line] = job = await self._turn(work, *arguments)
        return job

    async def _turn(self, work: Callable[..., T], *arguments: object) -> Future[T]:
        """Start it in a thread. The server's deadline is paused while we wait for a thread."""
        with self._deadline.paused() if self._deadline else nullcontext():
            return await self._visit.begin(work, *arguments)

    async def _close(self, line: FolderConnection) -> None:
        job = self._jobs.get(line)
        if job is not None and not job.done():
            line.cut()
        try:
            async with asyncio.timeout(self._patience.farewell):
                await self._on(line, line.leave)
        except (MailboxError, TimeoutError):
            line.cut()
        finally:
            if job := self._jobs.pop(line, None):
                job.add_done_callback(lambda _: line.close())
            else:
                line.close()

    @asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        try:
            async with Deadline(seconds) as self._deadline:
                yield
        except TimeoutError:
            raise MailboxError(f"{self._where}: not done within {seconds:g} s", unreachable=True) from None
        finally:
            self._deadline = None


def _quietly(job: Future[T]) -> asyncio.Future[T]:
    """Await it; an exception that nobody waits for is not logged."""
    future = asyncio.wrap_future(job)
    future.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return future
