"""JMAP where servers differ or misbehave: logins, addresses, limits, states, errors, streams, huge and odd answers."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.evidence import Folder, Marker
from probes.http import HttpSession
from probes.mailboxes import MailboxError, MailboxSession
from probes.mailboxes.jmap import JmapMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.support.http_receiver import receiving
from tests.support.jmap_server import JmapServer, jmap_mailbox, jmap_server
from tests.support.outside_world import outside_world
from tests.support.probe_mails import FOREIGN, probe, token, within

NOW = datetime.now(UTC)


@pytest.fixture
async def server() -> AsyncIterator[JmapServer]:
    async with jmap_server() as running:
        yield running


@pytest.fixture
async def outside(pool: MailboxThreads) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        yield outside_world(threads=pool, http=http)


def marks(found: Any) -> set[str]:
    return {mark for each in found for mark in each.tokens.values()}


async def failure(mailbox: JmapMailbox, outside: Outside) -> str:
    """Return why the mailbox cannot be looked through."""
    with pytest.raises(MailboxError) as caught:
        async with mailbox.open(outside) as session:
            await session.look(NOW)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- requests ---------------------------------------------------------------------------------------------------------


async def test_a_look_is_one_request(server: JmapServer, outside: Outside) -> None:
    mark = token()
    server.put(probe(mark), "in")
    async with jmap_mailbox(server).open(outside) as session:
        server.posts.clear()
        assert marks(await session.look(NOW)) == {mark}
        assert len(server.posts) == 1
        for _ in range(3):
            assert await session.look(NOW) == []
        assert len(server.posts) == 4
        assert server.downloads == 1  # our probe's body, and nothing else


async def test_a_server_that_takes_few_calls_at_once(server: JmapServer, outside: Outside) -> None:
    server.limits = {"maxCallsInRequest": 3, "maxObjectsInGet": 60, "maxObjectsInSet": 7, "maxConcurrentRequests": 1}
    sent = {token() for _ in range(130)}
    for mark in sent:
        server.put(probe(mark), "ju")
    async with jmap_mailbox(server).open(outside) as session:
        found = await session.look(NOW)
        assert marks(found) == sent
        assert marks((await session.search(NOW, [])).sightings) == sent
        later = {token() for _ in range(130)}
        for mark in later:
            server.put(probe(mark), "in")
        assert marks(await session.look(NOW)) == later
        await session.remove(found)
    assert {len(call[0][1].get("destroy", [])) for call in server.posts} == {0, 7, 4}
    assert max(len(calls) for calls in server.posts) <= 3


@pytest.mark.parametrize("path", ["/.well-known/jmap", "/moved"])
async def test_a_session_is_found_where_the_server_sends_us(server: JmapServer, outside: Outside, path: str) -> None:
    if path == "/moved":
        server.statuses = [web.Response(status=301, headers={"Location": f"{server.url}/.well-known/jmap"})]
    async with jmap_mailbox(server).open(outside) as session:
        assert session.folders == ("INBOX", "Spam")


async def test_no_login_goes_to_another_server(server: JmapServer, outside: Outside) -> None:
    async with receiving() as stranger:
        server.statuses = [web.Response(status=302, headers={"Location": f"{stranger.url}/jmap"})]
        assert "another server" in await failure(jmap_mailbox(server), outside)
        for key in ("apiUrl", "downloadUrl", "eventSourceUrl"):
            server.session = {key: f"{stranger.url}/{{accountId}}/{{blobId}}{{types}}"}
            server.put(probe(token()), "in")
            async with asyncio.timeout(10):
                with suppress(MailboxError):
                    async with jmap_mailbox(server).open(outside) as session:
                        await session.look(NOW)
                        await session.changed(0.1)
        assert stranger.heard == []
    server.session = {"apiUrl": "//mail.example/api"}
    assert "another server" in await failure(jmap_mailbox(server), outside)


async def test_bodies_come_by_method_where_raw_messages_are_elsewhere(server: JmapServer, outside: Outside) -> None:
    server.session = {"downloadUrl": "https://files.example/{accountId}/{blobId}/{name}?type={type}"}  # as at Fastmail
    mark, hidden = token(), token()
    server.put(probe(mark), "in")
    server.put(probe(hidden, header=False, body=True), "in")
    server.put(FOREIGN, "in")
    async with jmap_mailbox(server).open(outside) as session:
        found = await session.look(NOW)
    assert {frozenset(each.tokens.items()) for each in found} == {
        frozenset({(Marker.HEADER, mark)}), frozenset({(Marker.BODY, hidden)}),
    }  # fmt: skip
    assert server.downloads == 0


# -- logins -----------------------------------------------------------------------------------------------------------


class OneAccount:
    """Accounts of which one gives these tokens, one after another."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = [*tokens]
        self.asked: list[tuple[str, str]] = []

    def get(self, name: str) -> "OneAccount":
        return self

    async def token(self, user: str, refused: str = "") -> str:
        self.asked.append((user, refused))
        if refused == self.tokens[0] and len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]

    def error(self, fault: AccountFault, detail: str = "") -> AccountError:
        return AccountError(f"account acme: {fault}", fault)


async def test_a_token_opens_the_mailbox(server: JmapServer, outside: Outside) -> None:
    server.tokens = {"fmu1-secret"}
    async with jmap_mailbox(server, token=SecretStr("fmu1-secret")).open(outside) as session:
        assert await session.look(NOW) == []
    assert {*server.logins} == {"Bearer fmu1-secret"}


async def test_a_refused_token_of_an_account_is_replaced_once(server: JmapServer, pool: MailboxThreads) -> None:
    server.tokens = {"new"}
    mailbox = jmap_mailbox(server, account="acme", user="probe@acme.example")
    async with HttpSession() as http:
        accounts = OneAccount("old", "new")
        async with mailbox.open(outside_world(threads=pool, http=http, accounts=accounts)) as session:
            await session.look(NOW)
        assert server.logins.count("Bearer old") == 1
        assert accounts.asked[:2] == [("probe@acme.example", ""), ("probe@acme.example", "old")]
        server.tokens, server.logins = set(), []
        accounts = OneAccount("older", "old")
        words = await failure(mailbox, outside_world(threads=pool, http=http, accounts=accounts))
        assert words.endswith("HTTP 401; account acme: token_refused")
        assert server.logins == ["Bearer older", "Bearer old"]


async def test_a_wrong_password_is_said_without_it(server: JmapServer, outside: Outside) -> None:
    words = await failure(jmap_mailbox(server, password=SecretStr("wrong-word")), outside)
    assert words.endswith("HTTP 401: the login is refused; check `user` and `password`")
    assert "wrong-word" not in words


# -- errors -----------------------------------------------------------------------------------------------------------


def error(kind: str, **more: str) -> Callable[[Any], dict[str, Any]]:
    return lambda asked: {"type": kind, **more}


@pytest.mark.parametrize(
    ("method", "kind", "said"),
    [
        ("Mailbox/get", "accountNotFound", "as Cyrus, make the mailbox when its first mail comes, so send it one"),
        ("Mailbox/get", "forbidden", "the login has not the right"),
        ("Email/query", "serverFail", "Email/query: serverFail"),
        ("Email/query", "unsupportedFilter", "the server cannot search for this"),
        ("Email/get", "serverUnavailable", "Email/get: serverUnavailable"),
    ],
)
async def test_an_error_inside_a_good_answer(
    server: JmapServer, outside: Outside, method: str, kind: str, said: str
) -> None:
    server.answers = {method: error(kind)}
    assert said in await failure(jmap_mailbox(server), outside)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxSizeRequest", "detail": "too\nlarge"},
         "HTTP 400, maxSizeRequest: limit (too large)"),
        (400, {"type": "urn:ietf:params:jmap:error:notJSON"}, "HTTP 400: notJSON"),
        (404, {}, "no JMAP session there; check `url`"),
        (500, {"detail": 5}, "HTTP 500"),
        (200, {}, "no JMAP session there: check `url`"),
        (200, {"apiUrl": "/api/", "primaryAccounts": []}, "names no primary account for mail"),
        (200, {"apiUrl": "/api/", "primaryAccounts": {"urn:ietf:params:jmap:mail": "a/../b"}}, "no primary account"),
    ],
)  # fmt: skip
async def test_an_error_of_the_whole_request(
    server: JmapServer, outside: Outside, status: int, body: Any, said: str
) -> None:
    server.statuses = [web.json_response(body, status=status)]
    assert said in await failure(jmap_mailbox(server), outside)


async def test_who_is_asked_to_wait_waits(server: JmapServer, pool: MailboxThreads) -> None:
    at = [NOW]
    async with HttpSession() as http:
        outside = outside_world(threads=pool, http=http, now=lambda: at[0])
        async with jmap_mailbox(server).open(outside) as session:
            server.statuses = [web.Response(status=429, headers={"Retry-After": "30"})]
            with pytest.raises(MailboxError, match="HTTP 429"):
                await session.look(NOW)
            asked = len(server.posts)
            with pytest.raises(MailboxError, match="asked to wait until"):
                await session.look(NOW)
            assert len(server.posts) == asked
            at[0] += timedelta(seconds=31)
            assert await session.look(NOW) == []


@pytest.mark.parametrize(
    ("method", "half"),
    [
        ("Email/get", lambda asked: {"state": "1"}),
        ("Email/get", lambda asked: {"state": "1", "list": None, "notFound": []}),
        ("Email/get", lambda asked: {"state": "1", "list": [], "notFound": []} if asked["ids"] else None),
        ("Email/query", lambda asked: {"queryState": "1"}),
        ("Mailbox/get", lambda asked: {"state": "1", "notFound": []}),
    ],
)
async def test_half_an_answer_proves_nothing(server: JmapServer, outside: Outside, method: str, half: Any) -> None:
    server.put(probe(token()), "in")
    server.answers = {method: half}
    assert "half an answer" in await failure(jmap_mailbox(server), outside)


async def test_a_part_that_is_missing_proves_nothing(server: JmapServer, outside: Outside) -> None:
    async with jmap_mailbox(server).open(outside) as session:
        server.statuses = [web.json_response({"methodResponses": [["Email/get", {"list": []}, "0"]]})]
        with pytest.raises(MailboxError, match="half an answer: 5 of 6 parts are missing"):
            await session.look(NOW)
        mark = token()
        server.put(probe(mark), "in")
        assert marks(await session.look(NOW)) == {mark}


# -- states -----------------------------------------------------------------------------------------------------------


async def test_changes_that_cannot_be_calculated(server: JmapServer, outside: Outside) -> None:
    first, second = token(), token()
    server.put(probe(first), "in")
    async with jmap_mailbox(server).open(outside) as session:
        assert marks(await session.look(NOW)) == {first}
        server.put(probe(second), "ju")
        server.oldest_state = server.state
        assert marks(await session.look(NOW)) == {second}


async def test_a_state_that_goes_back_hides_nothing(server: JmapServer, outside: Outside) -> None:
    """Cyrus 3.6 answers a state that it has not reached yet with its own and an empty list, as after a restore."""
    async with jmap_mailbox(server).open(outside) as session:
        await session.look(NOW)
        server.state -= 50
        mark = token()
        server.put(probe(mark), "in")
        assert marks(await session.look(NOW)) == {mark}


async def test_a_folder_that_is_made_anew_is_watched(server: JmapServer, outside: Outside) -> None:
    del server.folders["ju"]
    async with jmap_mailbox(server).open(outside) as session:
        await session.look(NOW)
        assert session.folders[1:] == ()
        server.folder("j2", "Junk", role="junk")
        first = token()
        server.put(probe(first), "j2")
        (seen,) = await session.look(NOW)
        assert (seen.folder, seen.folder_name, marks([seen])) == (Folder.JUNK, "Junk", {first})
        del server.folders["j2"]
        server.folder("j3", "Spam", role="junk")
        second = token()
        server.put(probe(second), "j3")
        assert marks(await session.look(NOW)) == {second}
        assert session.folders[1:] == ("Spam",)


async def test_what_a_rule_moves_to_junk_is_seen_there(server: JmapServer, outside: Outside) -> None:
    key = server.put(probe(token()), "in")
    async with jmap_mailbox(server).open(outside) as session:
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.INBOX
        server.change(key, keywords={"$seen"})
        assert await session.look(NOW) == []
        server.change(key, folders={"ju"})
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.JUNK


@pytest.mark.parametrize(
    ("junk", "keywords", "meaning"),
    [
        (False, {"$junk"}, Folder.JUNK),  # the keyword is all that tells
        (False, {"$Junk"}, Folder.JUNK),  # keywords know no case: RFC 8621, section 4.1.1
        (False, {"$junk", "$notjunk"}, Folder.INBOX),
        (False, set(), Folder.INBOX),
        (True, {"$junk"}, Folder.INBOX),  # with a folder for junk, what counts is where people find it
    ],
)
async def test_junk_by_keyword(
    server: JmapServer, outside: Outside, junk: bool, keywords: set[str], meaning: Folder
) -> None:
    if not junk:
        del server.folders["ju"]
    server.put(probe(token()), "in", keywords=keywords)
    async with jmap_mailbox(server).open(outside) as session:
        (seen,) = await session.look(NOW)
        assert seen.folder is meaning


async def test_folders_by_name(server: JmapServer, outside: Outside) -> None:
    server.folder("x", "Filter")
    server.folder("y", "Bad", parent="x")
    mark = token()
    server.put(probe(mark), "y")
    async with jmap_mailbox(server, inbox="inbox", junk="Filter/Bad").open(outside) as session:
        assert session.folders == ("INBOX", "Filter/Bad")
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.JUNK
    server.folders["x"]["parentId"] = "y"  # a circle
    async with jmap_mailbox(server).open(outside) as session:
        await session.look(NOW)


# -- search and removal -----------------------------------------------------------------------------------------------


async def test_a_search_in_a_very_full_mailbox_asks_for_our_marks(server: JmapServer, outside: Outside) -> None:
    server.folder("ar", "Archive")
    for _ in range(1_100):
        server.put(FOREIGN, "ar")
    mark, bare = token(), token()
    server.put(probe(mark), "ar")
    server.put(probe(bare, header=False, body=True).replace(b"Subject: x", b"Message-ID: <mp-abc.x@y>"), "ar")
    async with jmap_mailbox(server).open(outside) as session:
        server.posts.clear()
        assert marks((await session.search(NOW, [])).sightings) == {mark}
        assert len(server.posts) == 6  # folders, three pages of ids, one of those with marks, one message
        server.answers = {
            "Email/query": lambda asked: {"type": "unsupportedFilter"} if "operator" in asked["filter"] else None
        }
        with pytest.raises(MailboxError, match="cannot search for this"):
            await session.search(NOW, [])


async def test_a_folder_that_may_not_be_read_is_closed(server: JmapServer, outside: Outside) -> None:
    server.folder("bo", "Boss")
    server.folders["bo"]["myRights"] = {"mayReadItems": False}
    async with jmap_mailbox(server).open(outside) as session:
        found = await session.search(NOW, [])
        assert (found.folders, found.closed) == (("INBOX", "Spam"), ("Boss",))


async def test_what_may_not_be_deleted_is_said(server: JmapServer, outside: Outside) -> None:
    server.put(probe(token()), "in")
    async with jmap_mailbox(server).open(outside) as session:
        found = await session.look(NOW)
        server.answers = {"Email/set": lambda asked: {"notDestroyed": {asked["destroy"][0]: {"type": "forbidden"}}}}
        with pytest.raises(MailboxError, match="1 cannot be deleted: forbidden: the login has not the right"):
            await session.remove(found)
        server.answers = {"Email/set": error("accountReadOnly")}
        with pytest.raises(MailboxError, match="set `remove = false`"):
            await session.remove(found)
    async with jmap_mailbox(server, remove=False).open(outside) as session:
        await session.remove(await session.look(NOW))
    assert len(server.mails) == 1


# -- streams ----------------------------------------------------------------------------------------------------------


async def until_pushed(session: MailboxSession) -> None:
    async with asyncio.timeout(5):
        while session.rest_seconds < 10:
            await session.changed(0.01)


async def test_a_stream_that_breaks_is_noticed(server: JmapServer, outside: Outside) -> None:
    async with jmap_mailbox(server).open(outside) as session:
        await until_pushed(session)
        await session.look(NOW)
        (stream,) = server.streams
        assert stream.task
        stream.task.cancel()
        async with asyncio.timeout(5):
            while session.rest_seconds > 10:
                await session.changed(5)
        mark = token()
        server.put(probe(mark), "in")
        async with asyncio.timeout(5):
            while not (found := await session.look(NOW)):
                await session.changed(5)  # polls
        assert marks(found) == {mark}


async def test_a_server_that_does_not_push_is_polled(server: JmapServer, outside: Outside) -> None:
    server.pushes = False
    async with jmap_mailbox(server).open(outside) as session:
        await session.look(NOW)
        with within(2):
            await session.changed(60)
        assert session.rest_seconds < 10


# -- hostile ----------------------------------------------------------------------------------------------------------


async def test_a_mail_with_megabytes_of_headers_hides_nothing(server: JmapServer, outside: Outside) -> None:
    huge = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 900_000) for number in range(12)) + b"\r\nbody\r\n"
    first, second = token(), token()
    server.put(huge, "in")
    server.put(probe(first), "in")
    async with jmap_mailbox(server).open(outside) as session:
        assert marks(await session.look(NOW)) == {first}
        server.put(huge, "in")
        server.put(probe(second), "in")
        assert marks(await session.look(NOW)) == {second}
        assert marks((await session.search(NOW, [])).sightings) == {first, second}


def broken(value: Any, chance: random.Random) -> Any:
    """The value with something odd in it."""
    if chance.random() < 0.01:
        return chance.choice([None, True, -1, 1e999, 10**40, "", "\ud800x", [], {}, [[]], "a" * 70_000, {"type": 5}])
    if isinstance(value, dict):
        return {key: broken(each, chance) for key, each in value.items() if chance.random() > 0.005}
    if isinstance(value, list):
        return [broken(each, chance) for each in value]
    return value


async def test_odd_answers_never_raise_anything_else(
    server: JmapServer, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    whole = web.json_response

    def odd(value: Any, **more: Any) -> web.Response:
        return whole(broken(value, chance), **more)

    for _ in range(3):
        server.put(probe(token()), "in")
    monkeypatch.setattr("tests.support.jmap_server.web.json_response", odd)
    server.pushes = False
    good = bad = 0
    for _ in range(400):
        try:
            async with jmap_mailbox(server).open(outside) as session:
                await session.look(NOW)
                await session.search(NOW, ["abc"])
                good += 1
        except MailboxError:
            bad += 1
    assert min(good, bad) > 10


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keys",
    [
        {"host": "mail.example", "user": "p", "password": SecretStr("x")},
        {"url": "https://mail.example/jmap", "token": SecretStr("x")},
        {"url": "http://127.0.0.1:80/jmap", "token": SecretStr("x")},  # on this machine
    ],
)
def test_settings(keys: dict[str, Any]) -> None:
    JmapMailbox.model_validate({"via": "jmap", **keys})


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"url": "http://mail.example/jmap", "token": SecretStr("x")}, "must begin with https"),
        ({"user": "p", "password": SecretStr("x")}, "needs one of url, host"),
        ({"url": "https://a.example/", "host": "a.example", "token": SecretStr("x")}, "both url and host"),
        ({"host": "a.example", "user": "p"}, "needs one of password, token, account"),
        ({"host": "a.example", "user": "p", "password": SecretStr("x"), "account": "b"}, "both password and account"),
        ({"host": "a.example", "account": "acme"}, "needs user beside account"),
        ({"host": "a.example", "token": SecretStr("x y")}, "one word"),
        ({"host": "a.example", "token": SecretStr("x"), "inbox": "A", "junk": "A"}, "another folder than inbox"),
    ],
)
def test_wrong_settings(keys: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JmapMailbox.model_validate({"via": "jmap", **keys})
    assert wrong in str(caught.value)


def test_mailboxes_whose_tokens_are_missing_are_told_apart() -> None:
    one, other = (
        JmapMailbox.model_validate(
            {"via": "jmap", "host": "mail.example", "token": {"env": f"NO_SUCH_{name}"}},
            context={"secrets_later": True},
        )
        for name in "AB"
    )
    assert one.key != other.key


def test_the_key_names_a_mailbox_without_its_secret() -> None:
    one, other = (
        JmapMailbox.model_validate({"via": "jmap", "host": "MAIL.example", "token": SecretStr(word)})
        for word in ("secret-1", "secret-2")
    )
    assert one.key != other.key
    assert "secret" not in one.key
    assert one.key.endswith("@mail.example:443/INBOX")
