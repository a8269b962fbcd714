"""The watcher of one mailbox: when it is connected, what it tells, what it survives."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from monitor.sources import mailboxes as module
from monitor.sources import searches
from monitor.sources.mailboxes import Hear, NotPassedOnError, Report, Watcher
from monitor.sources.searches import OVERDUE
from monitor.store import StoreError
from probes.evidence import FailedLook, Folder, Look, Marker
from probes.mailboxes import MailboxError, Search, Sighting
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.threads import MailboxThreads
from tests.lab.dovecot import dovecot

PATIENCE = 20.0


def now() -> datetime:
    return datetime.now(UTC)


def sighting(name: str) -> Sighting:
    return Sighting(name, Folder.INBOX, "INBOX", "", {Marker.HEADER: name}, None)


class Letters:
    """A mailbox in memory: it can be shut, and it counts its visitors."""

    key = "letters"

    def __init__(self) -> None:
        self.mail: list[Sighting] = []
        self.shut: str | None = None
        self.visitors = self.visits = 0
        self.removed: list[Sighting] = []
        self.folders = ("INBOX", "Junk")
        self.elsewhere: list[Sighting] = []
        self.closed: tuple[str, ...] = ()
        self.unfinished: tuple[str, ...] = ()
        self.unsearchable = ""
        self.searches: list[tuple[timedelta, Collection[str] | None]] = []
        self.news = asyncio.Event()

    @asynccontextmanager
    async def open(self, pool: MailboxThreads) -> AsyncIterator["Letters"]:
        self._check()
        self.visitors, self.visits = self.visitors + 1, self.visits + 1
        try:
            yield self
        finally:
            self.visitors -= 1

    def put(self, name: str) -> None:
        self.mail.append(sighting(name))
        self.news.set()

    def shut_down(self, reason: str) -> None:
        self.shut = reason
        self.news.set()

    async def look(self, since: datetime) -> Sequence[Sighting]:
        self._check()
        self.news.clear()
        found, self.mail = self.mail, []
        return found

    async def search(self, since: datetime, probe_ids: Collection[str], only: Collection[str] | None = None) -> Search:
        self._check()
        self.searches.append((now() - since, only))
        if self.unsearchable:
            raise MailboxError(self.unsearchable)
        found = [each for each in self.elsewhere if only is None or each.folder_name in only]
        return Search([*found], (*self.folders, "Lists"), self.closed, self.unfinished)

    async def changed(self, timeout: float) -> None:
        try:
            await asyncio.wait_for(self.news.wait(), timeout)
        except TimeoutError:
            return
        self._check()

    async def remove(self, sightings: Sequence[Sighting]) -> None:
        self.removed += sightings

    def has_removed(self, name: str) -> bool:
        return name in [each.ref for each in self.removed]

    def _check(self) -> None:
        if self.shut:
            raise MailboxError(self.shut)


class Told:
    """What the watcher told. A test may put something else in the place of `hear` and `report`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.looks: list[tuple[set[str], Look | FailedLook]] = []
        self.news = asyncio.Condition()
        self.hear: Hear = self.take
        self.report: Report = self.note

    async def take(self, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        self.seen += [each.ref for each in sightings]
        async with self.news:
            self.news.notify_all()
        return [each for each in sightings if not each.ref.startswith("forged")]

    async def note(self, probe_ids: Iterable[str], look: Look | FailedLook) -> None:
        self.looks.append((set(probe_ids), look))
        async with self.news:
            self.news.notify_all()

    def has_seen(self, name: str) -> bool:
        return name in self.seen

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(true)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.fixture
async def told() -> Told:
    return Told()


@pytest.fixture
async def letters() -> Letters:
    return Letters()


@pytest.fixture
async def watching(letters: Letters, told: Told, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watcher]:
    monkeypatch.setattr(module, "LINGER", 0.05)
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.02,))
    with MailboxThreads(1) as pool:
        hear: Hear = lambda seen: told.hear(seen)  # noqa: E731 - what a test puts there later counts
        report: Report = lambda ids, look: told.report(ids, look)  # noqa: E731
        watcher = Watcher(letters, pool, hear=hear, report=report, now=now)
        yield watcher
        await watcher.close()


async def test_connected_only_while_probes_are_out(letters: Letters, told: Told, watching: Watcher) -> None:
    assert letters.visits == 0
    watching.expect("one", now())
    letters.put("one")
    await told.until(lambda: told.seen == ["one"])
    assert letters.visitors == 1
    watching.forget("one")
    await until(lambda: letters.visitors == 0)
    watching.expect("two", now())
    letters.put("two")
    await told.until(lambda: told.seen == ["one", "two"])
    assert letters.visits == 2


async def test_a_moment_without_probes_does_not_end_the_visit(
    letters: Letters, told: Told, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER", 10.0)

    async def hear(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        for each in sightings:
            watching.forget(each.ref)  # as a verdict does, in the middle of the visit
        return await told.take(sightings)

    told.hear = hear
    for name in ("one", "two", "three"):
        watching.expect(name, now())
        letters.put(name)
        await until(partial(letters.has_removed, name))
    assert letters.visits == 1
    assert letters.searches == []  # and a sweep waits until nobody is expected for some time


async def test_one_visit_for_all_probes(letters: Letters, told: Told, watching: Watcher) -> None:
    for number in range(50):
        watching.expect(str(number), now())
        letters.put(str(number))
    await told.until(lambda: len(told.seen) == 50)
    assert letters.visits == 1


async def test_only_what_is_ours_is_removed(letters: Letters, told: Told, watching: Watcher) -> None:
    watching.expect("one", now())
    letters.put("forged")
    letters.put("one")
    await until(lambda: len(letters.removed) == 1)
    assert letters.removed[0].ref == "one"


async def test_a_stop_does_not_leave_behind_what_was_found(letters: Letters, told: Told, watching: Watcher) -> None:
    stopping: list[asyncio.Task[None]] = []

    async def hear(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        stopping.append(asyncio.create_task(watching.close()))
        await asyncio.sleep(0)  # the stop begins between the arrival's being stored and its removal
        return sightings

    told.hear = hear
    watching.expect("one", now())
    letters.put("one")
    await until(lambda: bool(stopping))
    await stopping[0]
    assert [each.ref for each in letters.removed] == ["one"]
    assert letters.visitors == 0


async def test_a_look_on_request_sees_what_is_there_by_then(letters: Letters, told: Told, watching: Watcher) -> None:
    before = now()
    look = await watching.look()
    assert isinstance(look, Look)
    assert look.at >= before
    assert look.folders == ("INBOX", "Junk", "Lists")
    watching.expect("one", now())
    await until(lambda: letters.visitors == 1)
    letters.mail.append(sighting("quiet"))  # came without a push
    await watching.look()
    assert told.seen == ["quiet"]


async def test_each_probe_learns_once_that_we_cannot_look_and_once_that_we_can_again(
    letters: Letters, told: Told, watching: Watcher
) -> None:
    letters.shut_down("imap.acme.test:993: login refused")
    watching.expect("one", now())
    await told.until(lambda: len(told.looks) == 1)
    watching.expect("two", now())
    await told.until(lambda: len(told.looks) == 2)
    await until(lambda: watching.failures >= 5)
    assert [(ids, type(look)) for ids, look in told.looks] == [({"one"}, FailedLook), ({"two"}, FailedLook)]
    assert told.looks[0][1].reason == "imap.acme.test:993: login refused"  # type: ignore[union-attr]
    letters.shut = None
    await told.until(lambda: len(told.looks) == 3)
    assert told.looks[2][0] == {"one", "two"}
    assert isinstance(told.looks[2][1], Look)


async def test_who_asks_for_a_look_is_told_at_once_that_it_failed(letters: Letters, watching: Watcher) -> None:
    letters.shut_down("gone")
    look = await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(look, FailedLook)


async def test_a_connection_that_breaks_in_mid_visit_is_made_again(
    letters: Letters, told: Told, watching: Watcher
) -> None:
    watching.expect("one", now())
    await until(lambda: letters.visitors == 1)
    letters.shut_down("connection lost")
    await told.until(lambda: len(told.looks) == 1)
    letters.shut = None
    letters.put("one")
    await told.until(lambda: told.seen == ["one"])
    assert letters.visits == 2


async def test_a_connection_that_breaks_when_nothing_is_expected_any_more_is_no_failure(
    letters: Letters, told: Told, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER", 10.0)
    watching.expect("one", now())
    letters.put("one")
    await until(lambda: len(letters.removed) == 1)
    watching.forget("one")
    letters.shut_down("connection lost")
    await until(lambda: letters.visitors == 0)
    assert watching.failures == 0
    assert told.looks == []


async def test_what_cannot_be_deleted_was_still_seen(letters: Letters, told: Told, watching: Watcher) -> None:
    async def locked(sightings: Sequence[Sighting]) -> None:
        raise MailboxError("read-only mailbox")

    letters.remove = locked  # type: ignore[method-assign]
    watching.expect("one", now())
    watching.expect("two", now())
    letters.put("one")
    await told.until(lambda: told.seen == ["one"])
    letters.put("two")
    await told.until(lambda: told.seen == ["one", "two"])
    assert watching.failures >= 1
    assert told.looks == []


async def test_trouble_in_passing_on_is_no_evidence_against_the_mailbox(
    letters: Letters, told: Told, watching: Watcher
) -> None:
    tries = 0

    async def fails_twice(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        nonlocal tries
        tries += 1
        if tries > 2:
            return await told.take(sightings)
        letters.mail += sightings  # a new session sees it all again
        raise StoreError("store: the disk is full")

    told.hear = fails_twice
    watching.expect("one", now())
    letters.put("one")
    await told.until(lambda: told.seen == ["one"])
    assert tries == 3
    assert told.looks == []
    assert watching.failures == 0


@pytest.mark.parametrize("error", [StoreError("store: the disk is full"), RuntimeError("a bug")])
async def test_who_asks_is_answered_though_nothing_can_be_stored(
    letters: Letters, told: Told, watching: Watcher, error: Exception
) -> None:
    async def full(probe_ids: Any, look: Look | FailedLook) -> None:
        raise error

    told.report = full
    letters.shut_down("login: no answer in time")
    watching.expect("one", now())
    for _ in range(3):
        look = await asyncio.wait_for(watching.look(), PATIENCE)
        assert isinstance(look, FailedLook)
    told.report = told.note
    await told.until(lambda: bool(told.looks))  # learned as soon as it can be stored
    assert told.looks[0][0] == {"one"}


async def test_who_asks_hears_that_what_was_seen_cannot_be_stored(
    letters: Letters, told: Told, watching: Watcher
) -> None:
    async def full(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        raise StoreError("store: the disk is full")

    told.hear = full
    letters.put("one")
    with pytest.raises(NotPassedOnError, match="the disk is full"):
        await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(await asyncio.wait_for(watching.look(), PATIENCE), Look)


async def test_a_look_has_an_end(letters: Letters, watching: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(since: datetime) -> Sequence[Sighting]:
        await asyncio.sleep(3600)
        return ()

    monkeypatch.setattr(module, "LOOK_LIMIT", 0.1)
    monkeypatch.setattr(letters, "look", hangs)
    monkeypatch.setattr(module, "SHUTDOWN_GRACE_SECONDS", 0.1)
    look = await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(look, FailedLook)
    assert look.reason == "letters: not looked through within 0.1 s"


# -- folders besides the inbox and junk -------------------------------------------------------------------------------


def moved(name: str, folder: str = "Lists") -> Sighting:
    return Sighting(name, Folder.OTHER, folder, "", {Marker.HEADER: name}, None)


async def test_a_last_look_searches_all_folders_and_removes_what_it_finds(
    letters: Letters, told: Told, watching: Watcher
) -> None:
    letters.elsewhere = [moved("one"), moved("forged")]
    await watching.look()
    assert told.seen == ["one", "forged"]
    await until(lambda: [each.ref for each in letters.removed] == ["one"])


async def test_a_last_look_that_was_not_finished_says_so(letters: Letters, watching: Watcher) -> None:
    letters.unfinished = tuple(f"Archive {year}" for year in range(2000, 2020))
    look = await watching.look()
    assert isinstance(look, FailedLook)
    assert look.reason.startswith("letters: 20 of 23 folders could not be searched in time: Archive 2000, Archive 2001")
    assert look.reason.endswith("Archive 2009, ...")


async def test_a_last_look_names_what_it_could_not_open(letters: Letters, watching: Watcher) -> None:
    letters.closed = ("shared/team",)
    look = await watching.look()
    assert isinstance(look, Look)
    assert (look.folders, look.others, look.unsearched) == (("INBOX", "Junk", "Lists"), 0, ("shared/team",))


async def test_an_overdue_probe_is_searched_for_once(letters: Letters, told: Told, watching: Watcher) -> None:
    watching.expect("one", now() - OVERDUE)
    letters.elsewhere = [moved("one")]
    letters.news.set()
    await told.until(lambda: told.seen == ["one"])
    for name in ("two", "three"):
        letters.put(name)
        await told.until(partial(told.has_seen, name))
    assert [only for _, only in letters.searches] == [None]


async def test_a_folder_that_probes_were_moved_to_is_looked_into_again_soon(
    letters: Letters, told: Told, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOVED_EVERY", 0.02)
    monkeypatch.setattr(searches, "MOVED_EVERY", 0.02)
    letters.elsewhere = [moved("one")]
    await watching.look()
    letters.elsewhere = []
    watching.expect("two", now())
    letters.elsewhere = [moved("two"), moved("elsewhere", "Archive")]
    await told.until(lambda: "two" in told.seen)
    assert "elsewhere" not in told.seen
    assert letters.searches[-1][1] == {"Lists"}


async def test_a_search_that_nobody_needs_may_fail(letters: Letters, told: Told, watching: Watcher) -> None:
    letters.unsearchable = "too many connections"
    watching.expect("one", now() - OVERDUE)
    letters.put("one")
    await told.until(lambda: told.seen == ["one"])
    await until(lambda: bool(letters.searches))
    assert told.looks == []
    assert isinstance(await watching.look(), FailedLook)  # but this one is needed


async def test_what_we_left_behind_is_swept_up_once_a_day(
    letters: Letters, told: Told, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters.elsewhere = [moved("left behind long ago")]
    for name in ("one", "two"):
        watching.expect(name, now())
        letters.put(name)
        await told.until(partial(told.has_seen, name))
        watching.forget(name)
        await until(lambda: letters.visitors == 0)
    assert [span > timedelta(days=29) for span, _ in letters.searches] == [True]
    assert [each.ref for each in letters.removed] == ["one", "left behind long ago", "two"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="mailpath-") as name:
        Path(name).chmod(0o755)  # Dovecot's own users must get through
        yield Path(name)


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run Dovecot")
async def test_a_mail_server_that_is_restarted(
    open_folder: Path, tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.2,))
    mail = b"X-Mailpath-Probe: mp" + b"a" * 32 + b"\r\nSubject: code\r\n\r\nhello\r\n"
    with dovecot(open_folder, users={"probe@acme.test": "secret"}) as server, MailboxThreads(4) as pool:
        mailbox = ImapMailbox.model_validate(
            {"via": "imap", "host": server.address, "port": server.ports.imap, "tls": "none", "user": "probe@acme.test"}
            | {"password": _secret(tmp_path, "secret")}
        )
        watcher = Watcher(mailbox, pool, hear=told.hear, report=told.report, now=now)
        watcher.expect("one", now())
        server.deliver("probe@acme.test", mail)
        await told.until(lambda: len(told.seen) == 1)
        server.stop()
        await told.until(lambda: any(isinstance(look, FailedLook) for _, look in told.looks))
        server.start()
        server.deliver("probe@acme.test", mail)
        await told.until(lambda: len(told.seen) == 2)
        await watcher.close()


def _secret(folder: Path, text: str) -> dict[str, str]:
    (folder / "password").write_text(text)
    return {"file": str(folder / "password")}
