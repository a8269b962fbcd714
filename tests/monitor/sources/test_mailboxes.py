"""The watcher of one mailbox: when it is connected, what it tells, what it survives."""

import asyncio
import gc
import os
import tracemalloc
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from monitor.sources import mailboxes as module
from monitor.sources import searches
from monitor.sources.mailboxes import Accept, NotPassedOnError, Report, Watcher
from monitor.sources.searches import MOVED_EVERY, OVERDUE
from monitor.store import StoreError
from probes.evidence import FailedLook, Folder, Look, Marker
from probes.mailboxes import MailboxError, Search, Sighting, maildir
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.lab.dovecot import dovecot
from tests.support.outside_world import outside_world

PATIENCE = 20.0


def now() -> datetime:
    return datetime.now(UTC)


def sighting(name: str) -> Sighting:
    return Sighting(name, Folder.INBOX, "INBOX", "", {Marker.HEADER: name}, None)


class MemoryMailbox:
    """A mailbox in memory: it can be shut, and it counts its visitors."""

    key = "letters"

    def __init__(self) -> None:
        self.rest_seconds = 0.05
        self.mail: list[Sighting] = []
        self.shut: str | None = None
        self.visitors = self.visits = self.looks = 0
        self.resting = False  # waits longer than for a probe's successor
        self.removed: list[Sighting] = []
        self.folders = ("INBOX", "Junk")
        self.elsewhere: list[Sighting] = []
        self.closed: tuple[str, ...] = ()
        self.unfinished: tuple[str, ...] = ()
        self.unsearchable = ""
        self.searches: list[tuple[timedelta, Collection[str] | None]] = []
        self.news = asyncio.Event()

    @asynccontextmanager
    async def open(self, outside: Outside) -> AsyncIterator["MemoryMailbox"]:
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
        self.looks += 1
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
        self.resting = 1.0 < timeout < MOVED_EVERY
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


class RecordedSightings:
    """What the watcher told. A test may put something else in the place of `hear` and `report`."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.looks: list[tuple[set[str], Look | FailedLook]] = []
        self.news = asyncio.Condition()
        self.accept: Accept = self.take
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
def sweeps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the time of the day at which the mailbox is swept."""
    monkeypatch.setattr(module, "until_sweep", lambda *_: 0.0)


@pytest.fixture
async def recorded() -> RecordedSightings:
    return RecordedSightings()


@pytest.fixture
async def memory_mailbox() -> MemoryMailbox:
    return MemoryMailbox()


@pytest.fixture
async def watching(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watcher]:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.02,))
    with MailboxThreads(1) as pool:
        accept: Accept = lambda seen: recorded.accept(seen)  # noqa: E731 - what a test puts there later counts
        report: Report = lambda ids, look: recorded.report(ids, look)  # noqa: E731
        watcher = Watcher(memory_mailbox, outside_world(threads=pool), accept=accept, report=report, now=now)
        yield watcher
        await watcher.close()


async def test_connected_only_while_probes_are_out(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    assert memory_mailbox.visits == 0
    watching.expect("one", now())
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    assert memory_mailbox.visitors == 1
    watching.forget("one")
    await until(lambda: memory_mailbox.visitors == 0)
    watching.expect("two", now())
    memory_mailbox.put("two")
    await recorded.until(lambda: recorded.seen == ["one", "two"])
    assert memory_mailbox.visits == 2


async def test_a_moment_without_probes_does_not_end_the_visit(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_mailbox.rest_seconds = 10.0
    monkeypatch.setattr(module, "QUIET_SECONDS", 10.0)

    async def accept(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        for each in sightings:
            watching.forget(each.ref)  # as a verdict does, in the middle of the visit
        return await recorded.take(sightings)

    recorded.accept = accept
    for name in ("one", "two", "three"):
        watching.expect(name, now())
        memory_mailbox.put(name)
        await until(partial(memory_mailbox.has_removed, name))
    assert memory_mailbox.visits == 1
    assert memory_mailbox.searches == []  # and a sweep waits until nobody is expected for some time


async def test_one_visit_for_all_probes(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    for number in range(50):
        watching.expect(str(number), now())
        memory_mailbox.put(str(number))
    await recorded.until(lambda: len(recorded.seen) == 50)
    assert memory_mailbox.visits == 1


async def test_only_what_is_ours_is_removed(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    watching.expect("one", now())
    memory_mailbox.put("forged")
    memory_mailbox.put("one")
    await until(lambda: len(memory_mailbox.removed) == 1)
    assert memory_mailbox.removed[0].ref == "one"


async def test_a_stop_does_not_leave_behind_what_was_found(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    stopping: list[asyncio.Task[None]] = []

    async def accept(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        stopping.append(asyncio.create_task(watching.close()))
        await asyncio.sleep(0)  # the stop begins between the arrival's being stored and its removal
        return sightings

    recorded.accept = accept
    watching.expect("one", now())
    memory_mailbox.put("one")
    await until(lambda: bool(stopping))
    await stopping[0]
    assert [each.ref for each in memory_mailbox.removed] == ["one"]
    assert memory_mailbox.visitors == 0


async def test_a_look_on_request_sees_what_is_there_by_then(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    before = now()
    look = await watching.look()
    assert isinstance(look, Look)
    assert look.at >= before
    assert look.folders == ("INBOX", "Junk", "Lists")
    watching.expect("one", now())
    await until(lambda: memory_mailbox.visitors == 1)
    memory_mailbox.mail.append(sighting("quiet"))  # came without a push
    await watching.look()
    assert recorded.seen == ["quiet"]


async def test_each_probe_learns_once_that_we_cannot_look_and_once_that_we_can_again(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    memory_mailbox.shut_down("imap.acme.test:993: login refused")
    watching.expect("one", now())
    await recorded.until(lambda: len(recorded.looks) == 1)
    watching.expect("two", now())
    await recorded.until(lambda: len(recorded.looks) == 2)
    await until(lambda: watching.failures >= 5)
    assert [(ids, type(look)) for ids, look in recorded.looks] == [({"one"}, FailedLook), ({"two"}, FailedLook)]
    assert recorded.looks[0][1].reason == "imap.acme.test:993: login refused"  # type: ignore[union-attr]
    memory_mailbox.shut = None
    await recorded.until(lambda: len(recorded.looks) == 3)
    assert recorded.looks[2][0] == {"one", "two"}
    assert isinstance(recorded.looks[2][1], Look)


async def test_who_asks_for_a_look_is_told_at_once_that_it_failed(
    memory_mailbox: MemoryMailbox, watching: Watcher
) -> None:
    memory_mailbox.shut_down("gone")
    look = await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(look, FailedLook)


@pytest.mark.usefixtures("sweeps_at_once")
async def test_where_that_is_cheap_a_visit_goes_on_and_the_next_probe_is_found_by_its_news_alone(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    memory_mailbox.rest_seconds = 10.0
    watching.expect("one", now())
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    watching.forget("one")
    await until(lambda: memory_mailbox.resting)
    assert [only for _, only in memory_mailbox.searches] == [None]  # the day's sweep did not wait for the visit's end
    looks = memory_mailbox.looks
    watching.expect("two", now())
    await asyncio.sleep(0.05)
    assert memory_mailbox.looks == looks
    memory_mailbox.put("two")
    await recorded.until(lambda: recorded.seen == ["one", "two"])
    assert (memory_mailbox.visits, memory_mailbox.looks) == (1, looks + 1)


async def test_a_visit_that_goes_on_ends_by_itself_and_with_the_watcher(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    for name, rest in (("one", 0.2), ("two", 30.0)):
        memory_mailbox.rest_seconds = rest
        watching.expect(name, now())
        memory_mailbox.put(name)
        await until(partial(recorded.has_seen, name))
        watching.forget(name)
        if rest < 1:
            await until(lambda: memory_mailbox.visitors == 0)
        else:
            await until(lambda: memory_mailbox.resting)
    assert memory_mailbox.visitors == 1
    await watching.close()
    assert memory_mailbox.visitors == 0


async def test_who_asks_for_a_look_does_not_wait_for_a_visit_that_rests(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    memory_mailbox.rest_seconds = 30.0
    watching.expect("one", now())
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    watching.forget("one")
    await until(lambda: memory_mailbox.resting)
    assert isinstance(await watching.look(), Look)
    assert memory_mailbox.visits == 1


async def test_a_connection_that_breaks_in_mid_visit_is_made_again(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    watching.expect("one", now())
    await until(lambda: memory_mailbox.visitors == 1)
    memory_mailbox.shut_down("connection lost")
    await recorded.until(lambda: len(recorded.looks) == 1)
    memory_mailbox.shut = None
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    assert memory_mailbox.visits == 2


async def test_a_connection_that_breaks_when_nothing_is_expected_any_more_is_no_failure(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_mailbox.rest_seconds = 10.0
    monkeypatch.setattr(module, "QUIET_SECONDS", 10.0)
    watching.expect("one", now())
    memory_mailbox.put("one")
    await until(lambda: len(memory_mailbox.removed) == 1)
    watching.forget("one")
    memory_mailbox.shut_down("connection lost")
    await until(lambda: memory_mailbox.visitors == 0)
    assert watching.failures == 0
    assert recorded.looks == []


async def test_what_cannot_be_deleted_was_still_seen(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    async def locked(sightings: Sequence[Sighting]) -> None:
        raise MailboxError("read-only mailbox")

    memory_mailbox.remove = locked  # type: ignore[method-assign]
    watching.expect("one", now())
    watching.expect("two", now())
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    memory_mailbox.put("two")
    await recorded.until(lambda: recorded.seen == ["one", "two"])
    assert watching.failures >= 1
    assert recorded.looks == []


async def test_a_mailbox_where_nothing_can_be_deleted_is_visited_less_and_less_often(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was once a second, with a login, a look at every message, and a line in the log each time."""

    async def locked(sightings: Sequence[Sighting]) -> None:
        memory_mailbox.mail += sightings  # a new session sees it all again
        raise MailboxError("read-only mailbox")

    memory_mailbox.remove = locked  # type: ignore[method-assign]
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.01, 0.02, 3600.0))
    watching.expect("one", now())
    memory_mailbox.put("one")
    await until(lambda: watching.failures == 2 and memory_mailbox.visitors == 0)
    await asyncio.sleep(0.2)
    assert memory_mailbox.visits == 2
    assert isinstance(await watching.look(), Look), "who asks is answered at once"
    assert memory_mailbox.visits == 3


async def test_trouble_in_passing_on_is_no_evidence_against_the_mailbox(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    tries = 0

    async def fails_twice(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        nonlocal tries
        tries += 1
        if tries > 2:
            return await recorded.take(sightings)
        memory_mailbox.mail += sightings  # a new session sees it all again
        raise StoreError("store: the disk is full")

    recorded.accept = fails_twice
    watching.expect("one", now())
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    assert tries == 3
    assert recorded.looks == []
    assert watching.failures == 0


@pytest.mark.parametrize("error", [StoreError("store: the disk is full"), RuntimeError("a bug")])
async def test_who_asks_is_answered_though_nothing_can_be_stored(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, error: Exception
) -> None:
    async def full(probe_ids: Any, look: Look | FailedLook) -> None:
        raise error

    recorded.report = full
    memory_mailbox.shut_down("login: no answer in time")
    watching.expect("one", now())
    for _ in range(3):
        look = await asyncio.wait_for(watching.look(), PATIENCE)
        assert isinstance(look, FailedLook)
    recorded.report = recorded.note
    await recorded.until(lambda: bool(recorded.looks))  # learned as soon as it can be stored
    assert recorded.looks[0][0] == {"one"}


async def test_who_asks_hears_that_what_was_seen_cannot_be_stored(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    async def full(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        raise StoreError("store: the disk is full")

    recorded.accept = full
    memory_mailbox.put("one")
    with pytest.raises(NotPassedOnError, match="the disk is full"):
        await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(await asyncio.wait_for(watching.look(), PATIENCE), Look)


async def test_who_asks_a_watcher_that_fails_is_told_that_it_could_not_look(memory_mailbox: MemoryMailbox) -> None:
    """Else the probe would wait for a look for ever, and its check with it."""
    fails = cycle([True, True, False])

    def broken() -> datetime:
        if next(fails):  # at the look, and again where its failure is told
            raise RuntimeError("a bug")
        return now()

    recorded = RecordedSightings()
    watcher = Watcher(memory_mailbox, outside_world(), accept=recorded.take, report=recorded.note, now=broken)
    look = await asyncio.wait_for(watcher.look(), PATIENCE)
    assert isinstance(look, FailedLook)
    assert look.reason == "letters: internal error: RuntimeError('a bug')"
    await watcher.close()


async def test_a_look_has_an_end(
    memory_mailbox: MemoryMailbox, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(since: datetime) -> Sequence[Sighting]:
        await asyncio.sleep(3600)
        return ()

    monkeypatch.setattr(module, "LOOK_LIMIT", 0.1)
    monkeypatch.setattr(memory_mailbox, "look", hangs)
    monkeypatch.setattr(module, "SHUTDOWN_GRACE_SECONDS", 0.1)
    look = await asyncio.wait_for(watching.look(), PATIENCE)
    assert isinstance(look, FailedLook)
    assert look.reason == "letters: not looked through within 0.1 s"


# -- folders besides the inbox and junk -------------------------------------------------------------------------------


def moved(name: str, folder: str = "Lists") -> Sighting:
    return Sighting(name, Folder.OTHER, folder, "", {Marker.HEADER: name}, None)


async def test_a_last_look_searches_all_folders_and_removes_what_it_finds(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    memory_mailbox.elsewhere = [moved("one"), moved("forged")]
    await watching.look()
    assert recorded.seen == ["one", "forged"]
    await until(lambda: [each.ref for each in memory_mailbox.removed] == ["one"])


async def test_a_last_look_that_was_not_finished_says_so(memory_mailbox: MemoryMailbox, watching: Watcher) -> None:
    memory_mailbox.unfinished = tuple(f"Archive {year}" for year in range(2000, 2020))
    look = await watching.look()
    assert isinstance(look, FailedLook)
    assert look.reason.startswith("letters: 20 of 23 folders could not be searched in time: Archive 2000, Archive 2001")
    assert look.reason.endswith("Archive 2009, ...")


async def test_a_last_look_names_what_it_could_not_open(memory_mailbox: MemoryMailbox, watching: Watcher) -> None:
    memory_mailbox.closed = ("shared/team",)
    look = await watching.look()
    assert isinstance(look, Look)
    assert (look.folders, look.others, look.unsearched) == (("INBOX", "Junk", "Lists"), 0, ("shared/team",))


async def test_an_overdue_probe_is_searched_for_once(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    watching.expect("one", now() - OVERDUE)
    memory_mailbox.elsewhere = [moved("one")]
    memory_mailbox.news.set()
    await recorded.until(lambda: recorded.seen == ["one"])
    for name in ("two", "three"):
        memory_mailbox.put(name)
        await recorded.until(partial(recorded.has_seen, name))
    assert [only for _, only in memory_mailbox.searches] == [None]


async def test_a_folder_that_probes_were_moved_to_is_looked_into_again_soon(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOVED_EVERY", 0.02)
    monkeypatch.setattr(searches, "MOVED_EVERY", 0.02)
    memory_mailbox.elsewhere = [moved("one")]
    await watching.look()
    memory_mailbox.elsewhere = []
    watching.expect("two", now())
    memory_mailbox.elsewhere = [moved("two"), moved("elsewhere", "Archive")]
    await recorded.until(lambda: "two" in recorded.seen)
    assert "elsewhere" not in recorded.seen
    assert memory_mailbox.searches[-1][1] == {"Lists"}


async def test_a_search_that_nobody_needs_may_fail(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher
) -> None:
    memory_mailbox.unsearchable = "too many connections"
    watching.expect("one", now() - OVERDUE)
    memory_mailbox.put("one")
    await recorded.until(lambda: recorded.seen == ["one"])
    await until(lambda: bool(memory_mailbox.searches))
    assert recorded.looks == []
    assert isinstance(await watching.look(), FailedLook)  # but this one is needed


@pytest.mark.usefixtures("sweeps_at_once")
async def test_what_we_left_behind_is_swept_up_once_a_day(
    memory_mailbox: MemoryMailbox, recorded: RecordedSightings, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_mailbox.elsewhere = [moved("left behind long ago")]
    for name in ("one", "two"):
        watching.expect(name, now())
        memory_mailbox.put(name)
        await recorded.until(partial(recorded.has_seen, name))
        watching.forget(name)
        await until(lambda: memory_mailbox.visitors == 0)
    assert [span > timedelta(days=29) for span, _ in memory_mailbox.searches] == [True]
    assert [each.ref for each in memory_mailbox.removed] == ["one", "left behind long ago", "two"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="mailpath-") as name:
        Path(name).chmod(0o755)  # Dovecot's own users must get through
        yield Path(name)


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run Dovecot")
async def test_a_mail_server_that_is_restarted(
    open_folder: Path, tmp_path: Path, recorded: RecordedSightings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.2,))
    mail = b"X-Mailpath-Probe: mp" + b"a" * 32 + b"\r\nSubject: code\r\n\r\nhello\r\n"
    with dovecot(open_folder, users={"probe@acme.test": "secret"}) as server, MailboxThreads(4) as pool:
        mailbox = ImapMailbox.model_validate(
            {"via": "imap", "host": server.address, "port": server.ports.imap, "tls": "none", "user": "probe@acme.test"}
            | {"password": _secret(tmp_path, "secret")}
        )
        watcher = Watcher(mailbox, outside_world(threads=pool), accept=recorded.accept, report=recorded.report, now=now)
        watcher.expect("one", now())
        server.deliver("probe@acme.test", mail)
        await recorded.until(lambda: len(recorded.seen) == 1)
        server.stop()
        await recorded.until(lambda: any(isinstance(look, FailedLook) for _, look in recorded.looks))
        server.start()
        server.deliver("probe@acme.test", mail)
        await recorded.until(lambda: len(recorded.seen) == 2)
        await watcher.close()


def _secret(folder: Path, text: str) -> dict[str, str]:
    (folder / "password").write_text(text)
    return {"file": str(folder / "password")}


async def test_a_watcher_that_waits_for_nothing_is_small(recorded: RecordedSightings, tmp_path: Path) -> None:
    """There is one for each mailbox, and most of the time nothing is expected in nearly all of them."""
    watchers = 200
    (tmp_path / "new").mkdir()
    (tmp_path / "cur").mkdir()
    mailbox = MaildirMailbox(via="maildir", path=tmp_path)
    with MailboxThreads(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(maildir, "QUIET_SECONDS", 0.0)
        world = outside_world(threads=pool)
        kept = [Watcher(mailbox, world, accept=recorded.accept, report=recorded.report, now=now) for _ in range(10)]
        await _used(kept)  # what the first ones load is no watcher's
        tracemalloc.start()
        try:
            kept = [
                Watcher(mailbox, world, accept=recorded.accept, report=recorded.report, now=now)
                for _ in range(watchers)
            ]
            await _used(kept)
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] / watchers < 1600
        finally:
            tracemalloc.stop()


async def _used(watchers: Sequence[Watcher]) -> None:
    """Each expects a probe for a moment, and leaves its mailbox."""
    for watcher in watchers:
        watcher.expect("one", now())
    await asyncio.sleep(0.05)
    for watcher in watchers:
        watcher.forget("one")
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)  # the event loop still holds those that ended last
