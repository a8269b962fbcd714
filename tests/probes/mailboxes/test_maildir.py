"""Maildirs as they are: delivered to in every way, with folders that come and go, and with things that are no mail."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.evidence import Folder
from probes.mailboxes import MailboxError, MailboxSession, Sighting, maildir, maildir_box, notifier
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.notifier import Notifier, file_system
from probes.mailboxes.threads import MailboxThreads
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, contents, deliver, make_maildir, probe, token, within

NOW = datetime.now(UTC)
NOBODY = 65534


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """An empty Maildir with a folder for junk."""
    return make_maildir(tmp_path / "box", ".Junk")


def mailbox(path: Path, **other: object) -> MaildirMailbox:
    return MaildirMailbox.model_validate({"via": "maildir", "path": path} | other)


def marks(found: Sequence[Sighting]) -> list[str]:
    return [mark for each in found for mark in each.tokens.values()]


async def first(session: MailboxSession) -> list[str]:
    """The tokens of what is seen as soon as something is seen."""
    async with asyncio.timeout(3):
        while not (found := await session.look(NOW)):
            await session.changed(3)
    return marks(found)


# -- ways to deliver --------------------------------------------------------------------------------------------------


def by_rename(box: Path, mail: bytes) -> None:
    deliver(box, mail)


def by_link(box: Path, mail: bytes) -> None:  # the old way, and Postfix's
    (box / "tmp" / "1.M2.x").write_bytes(mail)
    os.link(box / "tmp" / "1.M2.x", box / "new" / "1.M2.x")
    os.unlink(box / "tmp" / "1.M2.x")


def in_place(box: Path, mail: bytes) -> None:  # against the rules
    (box / "new" / "1.M2.x").write_bytes(mail)


def as_read(box: Path, mail: bytes) -> None:  # Sieve's "setflag"
    deliver(box, mail, flags="S")


def into_a_copy(box: Path, mail: bytes) -> None:  # `rsync` writes ".NAME.xyz" and renames
    (box / "new" / ".1.M2.x.AbCdEf").write_bytes(mail)
    (box / "new" / ".1.M2.x.AbCdEf").rename(box / "new" / "1.M2.x")


@pytest.mark.parametrize("way", [by_rename, by_link, in_place, as_read, into_a_copy])
async def test_every_way_to_deliver(box: Path, pool: MailboxThreads, way: Callable[[Path, bytes], None]) -> None:
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(60))
        await asyncio.sleep(0)
        mark = token()
        way(box, probe(mark))
        await asyncio.wait_for(waiting, 5)
        assert await first(session) == [mark]
        assert await session.look(NOW) == []


async def test_what_is_written_slowly_in_place_is_read_when_it_is_whole(box: Path, pool: MailboxThreads) -> None:
    mark = token()
    mail = probe(mark)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        with (box / "new" / "1.M2.x").open("wb") as file:
            file.write(mail[:80])
            file.flush()
            assert await session.look(NOW) == []
            file.write(mail[80:])
        assert marks(await session.look(NOW)) == [mark]


async def test_a_change_of_flags_is_no_news(box: Path, pool: MailboxThreads) -> None:
    file = deliver(box, probe(token()))
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        assert len(await session.look(NOW)) == 1
        for flags in ("", "S", "RS", "S"):
            file = file.rename(box / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")
            assert await session.look(NOW) == []


async def test_what_is_moved_to_junk_is_seen_there(box: Path, pool: MailboxThreads) -> None:
    file = deliver(box, probe(token()))
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.INBOX
        file.rename(box / ".Junk" / "cur" / f"{file.name}:2,")
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.JUNK


async def test_what_is_no_mail_is_left_alone(box: Path, pool: MailboxThreads) -> None:
    mark = token()
    real = deliver(box, probe(mark))
    os.mkfifo(box / "new" / "1.fifo")  # who opens it waits for a writer
    (box / "new" / "2.folder").mkdir()
    (box / "new" / "3.link").symlink_to(real)
    (box / "new" / "4.dangling").symlink_to("/nowhere")
    (box / "new" / ".5.hidden").write_bytes(probe(token()))
    (box / "new" / "6.empty").touch()
    (box / "cur" / "odd\nname\udcff").write_bytes(FOREIGN)
    with socket.socket(socket.AF_UNIX) as sock, within(5):
        os.chdir(box)
        sock.bind("new/7.socket")
        async with mailbox(box).open(outside_world(threads=pool)) as session:
            assert marks(await session.look(NOW)) == [mark]
            os.mkfifo(box / "new" / "8.fifo")
            assert await session.look(NOW) == []


@pytest.mark.parametrize("seconds", [-1e9, 0, 4e9])
async def test_a_file_with_an_absurd_time(box: Path, pool: MailboxThreads, seconds: float) -> None:
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        deliver(box, probe(token()), at=seconds)
        (seen,) = await session.look(NOW)
        assert seen.mailbox_time is None or seen.mailbox_time.timestamp() == seconds


# -- folders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "chosen", "junk"),
    [
        ([".Junk"], None, ".Junk"),
        ([".Spam", ".Junk", ".Archive"], None, ".Junk"),
        ([".Courrier ind&AOk-sirable"], None, ".Courrier ind&AOk-sirable"),
        ([".Courrier indésirable"], None, ".Courrier indésirable"),
        ([".INBOX.Spam"], None, ".INBOX.Spam"),
        (["Junk"], None, "Junk"),
        ([".Junk", ".Quarantine"], ".Quarantine", ".Quarantine"),
        ([".Archive", ".Junk.2025"], None, None),
        ([".Junk"], ".Trash", None),
    ],
)
async def test_the_folder_for_junk(
    tmp_path: Path, pool: MailboxThreads, there: list[str], chosen: str | None, junk: str | None
) -> None:
    box = make_maildir(tmp_path / "box", *there)
    async with mailbox(box, junk=chosen).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        assert list(session.folders) == (["INBOX", junk] if junk else ["INBOX"])


async def test_a_folder_for_junk_elsewhere(box: Path, tmp_path: Path, pool: MailboxThreads) -> None:
    elsewhere = make_maildir(tmp_path / "elsewhere" / "spam")
    async with mailbox(box, junk=str(elsewhere)).open(outside_world(threads=pool)) as session:
        deliver(elsewhere, probe(token()))
        (seen,) = await session.look(NOW)
        assert (seen.folder, seen.folder_name) == (Folder.JUNK, "spam")


async def test_a_folder_for_junk_that_comes_goes_and_comes_again(tmp_path: Path, pool: MailboxThreads) -> None:
    box = make_maildir(tmp_path / "box")
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        for _ in range(2):
            assert list(session.folders) == ["INBOX"]
            (box / ".Spam").mkdir()
            assert await session.look(NOW) == []  # it is not whole yet
            make_maildir(box, ".Spam")
            mark = token()
            deliver(box / ".Spam", probe(mark))
            assert await first(session) == [mark]
            assert list(session.folders) == ["INBOX", ".Spam"]
            (box / ".Spam").rename(tmp_path / token())
            assert await session.look(NOW) == []


async def test_an_inbox_that_goes_and_comes_again(box: Path, pool: MailboxThreads, tmp_path: Path) -> None:
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        away = box.rename(tmp_path / "away")  # noqa: ASYNC240
        with pytest.raises(MailboxError, match=r"box/new cannot be read: No such file or directory; correct `path`"):
            await session.look(NOW)
        away.rename(box)
        mark = token()
        deliver(box, probe(mark))
        assert await first(session) == [mark]
        deliver(box, probe(mark))
        assert await first(session) == [mark]


@pytest.mark.parametrize("lacking", ["new", "cur"])
async def test_what_is_no_maildir(box: Path, pool: MailboxThreads, lacking: str) -> None:
    (box / lacking).rmdir()
    with pytest.raises(MailboxError, match=rf"box/{lacking} cannot be read: No such file.*make a Maildir there"):
        async with mailbox(box).open(outside_world(threads=pool)):
            pass


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the power of root, if we have it."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("closed", ["the Maildir", "a folder", "a mail"])
async def test_what_we_may_not_read_is_said(pool: MailboxThreads, tmp_path: Path, closed: str) -> None:
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o755)
    box = make_maildir(tmp_path / "box", ".Junk")
    mail = deliver(box / ".Junk", probe(token()))
    {"the Maildir": box, "a folder": box / ".Junk" / "new", "a mail": mail}[closed].chmod(0)
    with as_nobody(), pytest.raises(MailboxError, match=r"cannot be read: Permission denied; let the user that runs"):
        async with mailbox(box).open(outside_world(threads=pool)) as session:
            await session.look(NOW)


# -- being told -------------------------------------------------------------------------------------------------------


def watches() -> int:
    """How many directories the kernel watches for us."""
    count = 0
    for each in Path("/proc/self/fdinfo").iterdir():
        try:
            count += each.read_text().count("inotify wd:")
        except OSError:
            continue  # it was the listing's own
    return count


async def test_more_mailboxes_than_the_kernel_gives_instances(tmp_path: Path, pool: MailboxThreads) -> None:
    many = 150  # the kernel gives a user 128 by default
    before = watches()
    async with AsyncExitStack() as stack:
        boxes = [make_maildir(tmp_path / str(number), ".Junk") for number in range(many)]
        sessions = [await stack.enter_async_context(mailbox(box).open(outside_world(threads=pool))) for box in boxes]
        for session in sessions:
            await session.look(NOW)
        assert watches() == before + many * 4
        waiting = asyncio.create_task(sessions[-1].changed(60))
        await asyncio.sleep(0)
        deliver(boxes[-1], probe(token()))
        await asyncio.wait_for(waiting, 5)
    assert watches() == before


def events_kept() -> int:
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


async def test_what_the_kernel_could_not_keep_is_listed(box: Path, pool: MailboxThreads) -> None:
    limit = events_kept()
    if limit > 20_000:
        pytest.skip("needs fs.inotify.max_queued_events at its default")
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        file = deliver(box, FOREIGN)
        for _ in range(limit // 2 + 100):
            file = file.rename(box / "cur" / file.name).rename(box / "new" / file.name)
        mark = token()
        deliver(box, probe(mark))
        assert marks(await session.look(NOW)) == [mark]


async def test_where_the_kernel_watches_no_more_we_poll(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maildir, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(Notifier, "watch", lambda *_: None)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        mark = token()
        deliver(box, probe(mark))
        with within(5):
            assert await first(session) == [mark]


async def test_where_other_machines_write_we_poll(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maildir, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(maildir_box, "sees_all_changes", lambda _: False)
    before = watches()
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        assert watches() == before
        mark = token()
        deliver(box, probe(mark))
        with within(5):
            assert await first(session) == [mark]
            await session.remove(await session.look(NOW))


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        ("8:1", "ext4"),
        ("0:52", "nfs4"),
        ("0:53", "fuse.sshfs"),
        ("9:9", ""),
    ],
)
def test_the_file_system_of_a_device(device: str, kind: str) -> None:
    mounts = (
        "29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "310 29 0:52 / /srv/mail\\040box rw shared:9 master:3 - nfs4 nas:/mail rw,vers=4.2\n"
        "311 29 0:53 / /mnt rw - fuse.sshfs probe@mail:/ rw\n"
        "garbage\n"
    )
    assert file_system(mounts, device) == kind


# -- threads and time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0.0, 0.001, 0.003, 0.01])
async def test_a_look_that_is_stopped_loses_nothing(box: Path, pool: MailboxThreads, after: float) -> None:
    sent = [token() for _ in range(300)]
    for mark in sent:
        deliver(box, probe(mark, header=False, body=True))
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        looking = asyncio.create_task(session.look(NOW))
        await asyncio.sleep(after)
        looking.cancel()
        await asyncio.wait([looking])
        found = [] if looking.cancelled() else marks(looking.result())  # it may have been too quick
        assert sorted(found + marks(await session.look(NOW))) == sorted(sent)


@pytest.mark.parametrize("after", [0.0, 0.002, 0.005, 0.01, 0.02])
async def test_what_comes_while_a_thread_reads_wakes_us(box: Path, pool: MailboxThreads, after: float) -> None:
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        for _ in range(200):
            deliver(box, probe(token(), header=False, body=True, filling=20_000))
        looking = asyncio.create_task(session.look(NOW))
        await asyncio.sleep(after)
        mark = token()
        deliver(box, probe(mark))
        if mark not in marks(await looking):
            await asyncio.wait_for(session.changed(60), 5)
            assert mark in marks(await session.look(NOW))


@pytest.mark.parametrize(
    ("limit", "most", "rest"),
    [(100_000, 4000, maildir.REST_SECONDS), (8, 4000, maildir.QUIET_SECONDS), (100_000, 4, maildir.QUIET_SECONDS)],
)
async def test_a_visit_rests_where_the_kernel_tells_and_few_others_do(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch, limit: int, most: int, rest: float
) -> None:
    monkeypatch.setattr(notifier, "watches_limit", lambda: limit)
    monkeypatch.setattr(notifier, "WATCHES_WITHOUT_NEED", most)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        assert session.rest_seconds == maildir.QUIET_SECONDS  # nobody tells yet
        await session.look(NOW)
        assert session.rest_seconds == rest


async def test_a_dead_file_system_is_said(box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = threading.Event()
    monkeypatch.setattr(maildir, "THREAD_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(maildir, "served_elsewhere", lambda _: True)
    monkeypatch.setattr(maildir_box.Box, "check", lambda _: alive.wait(5))
    try:
        with pytest.raises(MailboxError, match=r"no answer within 0\.05 s"):
            async with mailbox(box).open(outside_world(threads=pool)):
                pass
    finally:
        alive.set()


async def test_nothing_is_written(box: Path, pool: MailboxThreads) -> None:
    for folder in (box, box / ".Junk"):
        for flags in (None, "S"):
            deliver(folder, FOREIGN, flags=flags)
    before = everything(box)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        await session.look(NOW)
        await session.changed(0.01)
    assert everything(box) == before


def everything(box: Path) -> object:
    """All mail, and when each folder was last written to."""
    return contents(box), {each: each.stat().st_mtime_ns for each in box.rglob("*")}


def test_one_mailbox_has_one_key(box: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(box)
    keys = {mailbox(path).key for path in (box, tmp_path / "alias", box / ".." / "box", Path(f"{box}/"))}
    assert keys == {f"maildir:{box.resolve()}"}
    assert mailbox(box, junk=".Spam").key in keys


# -- all folders ------------------------------------------------------------------------------------------------------


async def test_folders_at_any_depth_and_in_either_layout(box: Path, pool: MailboxThreads) -> None:
    for folder in ("Lists", "Lists/Old", "a/b/c", ".Lists.New", ".INBOX.x"):
        deliver(make_maildir(box, folder) / folder, probe(token()))
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, [])
        assert {each.folder_name for each in found.sightings} == {"Lists", "Lists/Old", "a/b/c", "Lists.New", "INBOX.x"}
        await session.remove(found.sightings)
        assert contents(box) == {}


async def test_two_folders_that_people_call_the_same(box: Path, pool: MailboxThreads) -> None:
    for folder in (".Lists", "Lists"):
        deliver(make_maildir(box, folder) / folder, probe(token()))
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, [])
        assert len({each.folder_name for each in found.sightings}) == 2
        await session.remove(found.sightings)
        assert contents(box) == {}


async def test_links_are_not_followed_out_of_the_maildir(box: Path, tmp_path: Path, pool: MailboxThreads) -> None:
    somebody = make_maildir(tmp_path / "somebody")
    deliver(somebody, probe(token()))
    (box / ".Shared").symlink_to(somebody)
    (box / ".Loop").symlink_to(box)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        assert not (await session.search(NOW, [])).sightings


async def test_a_folder_that_cannot_be_listed_is_named(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_maildir(box, ".Vault", ".Lists")
    survey = maildir_box.Box.survey

    def refused(self: maildir_box.Box, since: datetime) -> None:
        if self.name == "Vault":
            raise PermissionError
        survey(self, since)

    monkeypatch.setattr(maildir_box.Box, "survey", refused)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, [])
    assert (found.closed, found.unfinished) == (("Vault",), ())
    assert "Lists" in found.folders


async def test_a_folder_that_stands_still_is_left_unfinished(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_maildir(box, ".Slow", ".Lists")
    survey, gate = maildir_box.Box.survey, threading.Event()

    def slow(self: maildir_box.Box, since: datetime) -> None:
        if self.name == "Slow":
            gate.wait(5)
        survey(self, since)

    monkeypatch.setattr(maildir_box.Box, "survey", slow)
    monkeypatch.setattr(maildir, "THREAD_TIMEOUT_SECONDS", 0.1)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        found = await session.search(NOW, [])
        gate.set()
    assert found.unfinished == ("Slow",)
    assert "Lists" in found.folders


async def test_a_maildir_with_too_many_folders_is_not_said_to_be_searched(
    box: Path, pool: MailboxThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_maildir(box, *(f".Box {number}" for number in range(20)))
    for module in (maildir, maildir_box):
        monkeypatch.setattr(module, "FOLDERS_LIMIT", 10)
    async with mailbox(box).open(outside_world(threads=pool)) as session:
        assert (await session.search(NOW, [])).unfinished == ("whatever comes after 10 folders",)


async def test_a_hundred_folders_with_a_thousand_mails_are_searched_quickly(box: Path, pool: MailboxThreads) -> None:
    for number in range(100):
        folder = make_maildir(box, f".Box {number}") / f".Box {number}"
        for _ in range(10):
            deliver(folder, FOREIGN)
    mark = token()
    deliver(box / ".Box 77", probe(mark))
    with within(10):
        async with mailbox(box).open(outside_world(threads=pool)) as session:
            (seen,) = (await session.search(NOW, [])).sightings
    assert seen.folder_name == "Box 77"
