"""What every kind of mailbox promises, held by a Maildir with and without inotify, by a real Dovecot over IMAP and a
real Cyrus over JMAP."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probes.evidence import Folder, Marker
from probes.http import HttpSession
from probes.mailboxes import MailboxError, MailboxSession, Sighting, maildir, notifier
from probes.mailboxes.threads import MailboxThreads
from tests.clouds.loopback_google import GmailWorld, google_domain
from tests.clouds.loopback_microsoft import GraphWorld, graph_tenant
from tests.lab.cyrus import Cyrus
from tests.lab.dovecot import Dovecot
from tests.support.jmap_server import PushedWorld, jmap_server
from tests.support.jmap_world import JmapWorld
from tests.support.mailbox_worlds import MailboxWorld, dovecot_world, maildir_world
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, probe, token, within

NOW = datetime.now(UTC)
DAY = 86400.0
OWN = (Folder.INBOX, Folder.JUNK)  # the folders of a mailbox that we look into
SOON = 5.0  # seconds; Dovecot tells of new mail after half a second


@pytest.fixture(
    params=[
        "maildir",
        "maildir polled",
        "graph",
        "gmail",
        "jmap pushed",
        pytest.param("imap", marks=pytest.mark.lab),
        pytest.param("jmap", marks=pytest.mark.lab),
    ]
)
async def served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: MailboxThreads
) -> AsyncIterator[MailboxWorld]:
    """A mailbox with an inbox and a folder for junk, both empty."""
    async with HttpSession() as http:
        outside = outside_world(threads=pool, http=http)
        if request.param == "imap":
            dovecot: Dovecot = request.getfixturevalue("server")
            yield dovecot_world(dovecot, request.getfixturevalue("user"), outside)
            return
        if request.param == "jmap":
            cyrus: Cyrus = request.getfixturevalue("cyrus_server")
            yield JmapWorld(cyrus, request.getfixturevalue("user"), outside)
            return
        if request.param == "jmap pushed":
            async with jmap_server() as server:
                yield PushedWorld(server, outside)
            return
        if request.param == "gmail":
            async with google_domain() as domain:
                yield GmailWorld(domain)
            return
        if request.param == "graph":
            async with graph_tenant() as tenant:
                yield GraphWorld(tenant)
            return
        if request.param == "maildir polled":
            monkeypatch.setattr(notifier, "inotify_simple", None)
            monkeypatch.setattr(maildir, "POLL_SECONDS", 0.05)
        yield maildir_world(tmp_path / "box", outside)


async def first(session: MailboxSession, since: datetime = NOW) -> Sequence[Sighting]:
    """What is seen as soon as something is seen."""
    async with asyncio.timeout(SOON):
        while not (found := await session.look(since)):
            await session.changed(SOON)
    return found


def marks(found: Sequence[Sighting]) -> set[str]:
    return {mark for each in found for mark in each.tokens.values()}


@pytest.mark.parametrize("folder", [Folder.INBOX, Folder.JUNK])
async def test_a_probe_is_seen_where_it_lies(served: MailboxWorld, folder: Folder) -> None:
    mark = token()
    served.deliver(probe(mark), folder, at=NOW.timestamp())
    async with served.open() as session:
        (seen,) = await session.look(NOW)
        assert seen.folder is folder
        assert seen.folder_name == ("INBOX" if folder is Folder.INBOX else served.junk_name)
        assert session.folders == ("INBOX", served.junk_name)
        assert seen.tokens == {Marker.HEADER: mark}
        assert seen.headers.startswith("Received: from a by b; Mon, 23 Nov 2026 08:00:00 +0000\r\nFrom: no-reply@")
        assert seen.headers.endswith(f"{mark}\r\n") or seen.headers.endswith(f"{mark}\r\n\r\n")
        assert seen.mailbox_time is not None
        assert abs(seen.mailbox_time - NOW) <= timedelta(seconds=1)


@pytest.mark.parametrize("folder", [Folder.INBOX, Folder.JUNK])
async def test_news_wakes_us(served: MailboxWorld, folder: Folder) -> None:
    async with served.open() as session:
        assert await session.look(NOW) == []
        waiting = asyncio.create_task(session.changed(60))
        await asyncio.sleep(0)
        mark = token()
        served.deliver(probe(mark), folder)
        async with asyncio.timeout(SOON):
            await waiting
        assert marks(await first(session)) == {mark}


async def test_what_comes_between_looking_and_waiting_wakes_us_too(served: MailboxWorld) -> None:
    async with served.open() as session:
        for turn in range(4):
            await session.look(NOW)
            mark = token()
            served.deliver(probe(mark), OWN[turn % 2])
            async with asyncio.timeout(SOON):
                await session.changed(60)
            assert marks(await first(session)) == {mark}


async def test_news_while_looking_is_not_lost(served: MailboxWorld) -> None:
    async with served.open() as session:
        sent, seen = [token() for _ in range(40)], set[str]()
        await session.look(NOW)
        async with asyncio.timeout(20):
            for mark in sent:
                looking = asyncio.create_task(session.look(NOW))
                await asyncio.sleep(0.001)  # somewhere in the midst of it
                served.deliver(probe(mark))
                seen |= marks(await looking)
            while len(seen) < len(sent):
                await session.changed(SOON)
                seen |= marks(await session.look(NOW))
        assert seen == set(sent)


async def test_nothing_new_is_heard_to_the_end(served: MailboxWorld) -> None:
    async with served.open() as session:
        await session.look(NOW)
        start = time.perf_counter()
        while time.perf_counter() - start < 0.3:
            await session.changed(0.3)
            assert await session.look(NOW) == []
        assert time.perf_counter() - start < 1.5


async def test_a_look_finds_all_that_came_before_it(served: MailboxWorld) -> None:
    async with served.open() as session:
        for _ in range(5):
            sent = {token() for _ in range(7)}
            for mark in sent:
                served.deliver(probe(mark), Folder.JUNK if mark < "mpk" else Folder.INBOX)
            assert marks(await session.look(NOW)) == sent
            assert await session.look(NOW) == []


async def test_a_new_session_sees_it_all_again(served: MailboxWorld) -> None:
    mark = token()
    served.deliver(probe(mark))
    for _ in range(2):
        async with served.open() as session:
            assert marks(await session.look(NOW)) == {mark}
            assert await session.look(NOW) == []


@pytest.mark.parametrize(
    ("age", "seen"),
    [
        (0.0, True),
        (0.9 * DAY, True),  # give or take a day
        (3 * DAY, False),
        (-3 * DAY, True),  # a clock that is wrong
    ],
)
async def test_only_what_came_lately_is_read(served: MailboxWorld, age: float, seen: bool) -> None:
    served.deliver(probe(token()), at=NOW.timestamp() - age)
    async with served.open() as session:
        assert bool(await session.look(NOW)) is seen


async def test_what_is_moved_in_is_seen_whatever_its_age(served: MailboxWorld) -> None:
    if served.known_by_time:
        pytest.skip("mail is asked for by when it came, which a rule that moves it does not change")
    async with served.open() as session:
        await session.look(NOW)
        mark = token()
        served.deliver(probe(mark), Folder.JUNK, at=NOW.timestamp() - 9 * DAY)
        assert marks(await session.look(NOW)) == {mark}


async def test_a_token_in_the_body_alone_is_found(served: MailboxWorld) -> None:
    mark = token()
    served.deliver(FOREIGN)
    served.deliver(probe(mark, header=False, body=True))
    async with served.open() as session:
        (seen,) = await session.look(NOW)
        assert seen.tokens == {Marker.BODY: mark}


async def test_a_body_is_read_only_where_it_can_be_a_probes(served: MailboxWorld) -> None:
    served.deliver(probe(token(), header=False, body=True), at=NOW.timestamp() - 0.5 * DAY)  # before we sent anything
    served.deliver(probe(token(), header=False, body=True, filling=300_000))  # far too long
    async with served.open() as session:
        assert await session.look(NOW) == []


async def test_headers_are_cut(served: MailboxWorld) -> None:
    mark = token()
    mail = probe(mark)
    head, _, body = mail.partition(b"\r\n\r\n")
    served.deliver(head + b"\r\n" + b"X-Filling: " + b"y" * 200_000 + b"\r\n\r\n" + body)
    async with served.open() as session:
        (seen,) = await session.look(NOW)
        assert len(seen.headers) == 64 * 1024


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\n",
        b"\r\n\r\n",
        b"no header at all",
        b"\xff\xfe\x00\x00" * 1000,
        b"Subject: =?utf-8?b?" + b"/" * 5000 + b"\n\n" + bytes(range(256)) * 50,
        b"X: " + b"a" * 500_000,
        b"From: a\n" * 20_000,
    ],
)
async def test_garbage_hides_nothing(served: MailboxWorld, garbage: bytes) -> None:
    mark = token()
    served.deliver(garbage)
    served.deliver(probe(mark))
    served.deliver(garbage)
    async with served.open() as session:
        assert marks(await session.look(NOW)) == {mark}


async def test_headers_are_fit_to_be_stored(served: MailboxWorld) -> None:
    served.deliver(b"Subject: caf\xe9 \x00 caf\xc3\xa9\r\n" + probe(token()))
    async with served.open() as session:
        (seen,) = await session.look(NOW)
        assert seen.headers.startswith("Subject: caf\ufffd \ufffd café\r\n") or "\0" not in seen.headers
        seen.headers.encode()


def other_peoples(served: MailboxWorld) -> None:
    """Mail of every age and with every flag, in both folders."""
    for folder in OWN:
        for flags in (None, "", "S", "F", "RS", "T", "DFRST"):
            for age in (0.0, 10 * DAY):
                served.deliver(FOREIGN, folder, flags=flags, at=NOW.timestamp() - age)


async def test_looking_changes_nothing(served: MailboxWorld) -> None:
    other_peoples(served)
    served.deliver(probe(token()))
    before = served.contents()
    async with served.open() as session:
        await session.look(NOW)
        await session.changed(0.1)
        await session.look(NOW)
    assert served.contents() == before


async def test_ours_is_deleted_and_nothing_else_touched(served: MailboxWorld) -> None:
    other_peoples(served)
    before = served.contents(exact=False)
    for folder in OWN:
        for flags in (None, "S", "T"):
            served.deliver(probe(token()), folder, flags=flags)
    keep = token()
    served.deliver(probe(keep))
    async with served.open() as session:
        found = await session.look(NOW)
        assert len(found) == 7
        kept = [each for each in found if keep in each.tokens.values()]
        await session.remove([each for each in found if each not in kept])
        after = served.contents(exact=False)
        assert len(after) == len(before) + 1
        assert {name: after.get(name) for name in before} == before
        await session.remove(kept)
        assert served.contents(exact=False) == before
        assert await session.look(NOW) == []


async def test_what_is_gone_already_is_no_error(served: MailboxWorld) -> None:
    mails = [served.deliver(probe(token()), folder) for folder in (*OWN, *OWN)]
    async with served.open() as session:
        found = await session.look(NOW)
        for mail in mails[:2]:
            served.discard(mail)
        await session.remove(found)
        await session.remove(found)
        assert served.contents() == {}
        assert await session.look(NOW) == []


async def test_what_vanishes_under_our_eyes_is_no_error(served: MailboxWorld) -> None:
    async with served.open() as session:
        await session.look(NOW)
        for _ in range(10):
            mails = [served.deliver(probe(token())) for _ in range(20)]
            looking = asyncio.create_task(session.look(NOW))
            await asyncio.sleep(0.002)
            for mail in mails:
                served.discard(mail)
            await session.remove(await looking)
        last = token()
        served.deliver(probe(last))
        assert last in marks(await first(session))


async def test_what_somebody_has_read_meanwhile_is_deleted_all_the_same(served: MailboxWorld) -> None:
    mail = served.deliver(probe(token()))
    async with served.open() as session:
        found = await session.look(NOW)
        served.mark_read(mail)
        assert await session.look(NOW) == []
        await session.remove(found)
        assert served.contents() == {}


async def test_two_visits_at_once_do_not_disturb_each_other(served: MailboxWorld) -> None:
    async with (
        served.open() as one,
        served.open() as two,
    ):
        await one.look(NOW)
        await two.look(NOW)
        mark = token()
        served.deliver(probe(mark))
        found, same = await asyncio.gather(first(one), first(two))
        assert marks(found) == marks(same) == {mark}
        await one.remove(found)
        await two.remove(same)
        assert served.contents() == {}


async def test_whoever_stops_waiting_may_go_on(served: MailboxWorld) -> None:
    async with served.open() as session:
        for turn in range(40):
            await session.look(NOW)
            waiting = asyncio.create_task(session.changed(60))
            await asyncio.sleep(0.0004 * turn)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        mark = token()
        served.deliver(probe(mark))
        assert marks(await session.look(NOW)) == {mark}


async def test_a_mailbox_full_of_other_peoples_mail(served: MailboxWorld) -> None:
    for number in range(300):
        served.deliver(FOREIGN, at=NOW.timestamp() - (30 * DAY if number % 2 else 0))
    mark = token()
    served.deliver(probe(mark))
    with within(10):
        async with served.open() as session:
            assert marks(await session.look(NOW)) == {mark}


async def test_a_mailbox_that_is_not_there(served: MailboxWorld) -> None:
    with pytest.raises(MailboxError) as caught:
        async with served.nowhere.open(served.outside):
            pass
    assert "\n" not in str(caught.value)
    assert "owhere" in str(caught.value)


# -- all folders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("Lists", Folder.OTHER),
        ("Trash", Folder.OTHER),
        ("Archive.2026.Q4", Folder.OTHER),
        ('My mail "x"', Folder.OTHER),
        ("Ablage Bücher", Folder.OTHER),
        ("迷惑メール", Folder.JUNK),
        ("Quarantine", Folder.JUNK),
        ("Filter.Spamverdacht", Folder.JUNK),
        ("Spam discussion", Folder.OTHER),
    ],
)
async def test_a_probe_is_found_and_removed_in_any_folder(served: MailboxWorld, name: str, meaning: Folder) -> None:
    other_peoples(served)
    for age in (0.0, 10 * DAY):
        served.deliver(FOREIGN, name, flags="S", at=NOW.timestamp() - age)
    served.create("Empty")
    before = served.contents(exact=False)
    mark = token()
    served.deliver(probe(mark), name)
    async with served.open() as session:
        assert await session.look(NOW) == []
        found = await session.search(NOW, [])
        (seen,) = found.sightings
        assert (seen.folder, seen.folder_name, seen.tokens) == (meaning, name, {Marker.HEADER: mark})
        assert set(found.folders) == {"INBOX", served.junk_name, name, "Empty", *served.always_searched}
        assert found.folders[:2] == ("INBOX", served.junk_name)
        assert found.closed == found.unfinished == ()
        await session.remove(found.sightings)
        assert served.contents(exact=False) == before
        assert not (await session.search(NOW, [])).sightings


async def test_a_search_sees_again_what_was_returned_before(served: MailboxWorld) -> None:
    sent = [token() for _ in range(2)]
    for mark, folder in zip(sent, OWN, strict=True):
        served.deliver(probe(mark), folder)
    async with served.open() as session:
        assert marks(await session.look(NOW)) == set(sent)
        for _ in range(2):
            found = await session.search(NOW, [])
            assert marks(found.sightings) == set(sent)
            assert {each.folder for each in found.sightings} == set(OWN)
        await session.remove(found.sightings)
        assert served.contents() == {}


async def test_a_search_goes_back_as_far_as_it_is_told(served: MailboxWorld) -> None:
    old, older = token(), token()
    for mark, age in ((old, 5), (older, 50)):
        served.deliver(probe(mark), "Lists", at=NOW.timestamp() - age * DAY)
    async with served.open() as session:
        assert marks((await session.search(NOW, [])).sightings) == set()
        assert marks((await session.search(NOW - timedelta(days=30), [])).sightings) == {old}


async def test_a_search_of_chosen_folders_alone(served: MailboxWorld) -> None:
    there, elsewhere = token(), token()
    served.deliver(probe(there), "Lists")
    served.deliver(probe(elsewhere), "Archive")
    async with served.open() as session:
        found = await session.search(NOW, [], only={"Lists", "No longer there"})
        assert marks(found.sightings) == {there}
        assert found.folders == ("Lists",)


async def test_a_token_in_the_body_alone_is_found_in_any_folder(served: MailboxWorld) -> None:
    mark = token()
    served.deliver(probe(mark, header=False, body=True), "Lists")
    async with served.open() as session:
        assert marks((await session.search(NOW, [])).sightings) == {mark}


async def test_a_search_changes_nothing(served: MailboxWorld) -> None:
    other_peoples(served)
    for flags in (None, "", "S", "T"):
        served.deliver(FOREIGN, "Lists", flags=flags)
        served.deliver(probe(token()), "Lists", flags=flags)
    before = served.contents()
    async with served.open() as session:
        assert len((await session.search(NOW, [])).sightings) == 4
    assert served.contents() == before


async def test_a_watch_goes_on_after_a_search(served: MailboxWorld) -> None:
    async with served.open() as session:
        await session.look(NOW)
        waiting = asyncio.create_task(session.changed(60))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await session.search(NOW, [])
        mark = token()
        served.deliver(probe(mark))
        assert marks(await first(session)) == {mark}
