"""Gmail's API where it differs from other mailboxes: history, labels, rights, quota, refusals, odd answers."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.accounts.google import FULL_SCOPE
from probes.evidence import Folder, Marker
from probes.mailboxes import MailboxError, gmail_answers, gmail_session
from probes.mailboxes.gmail import GmailMailbox
from probes.token import mint, new_probe_id
from tests.clouds.documents import ABSENT, google_schema
from tests.clouds.fake_gmail import Answer, cut, odd, refusal
from tests.clouds.loopback_google import SERVICE_ACCOUNT, USER, GoogleDomain, gmail_mailbox, google_domain
from tests.support.probe_mails import FOREIGN, KEY, probe, token

NOW = datetime.now(UTC)
SCOPE = "https://www.googleapis.com/auth/gmail."


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look does not wait for an API that is busy."""
    monkeypatch.setattr(gmail_session, "PATIENCE_SECONDS", 0.0)


@pytest.fixture
def clock() -> list[timedelta]:
    """How far the service's clock is ahead of the test's."""
    return [timedelta()]


@pytest.fixture
async def domain(clock: list[timedelta]) -> AsyncIterator[GoogleDomain]:
    async with google_domain(lambda: datetime.now(UTC) + clock[0]) as running:
        yield running


def marks(found: Any) -> set[str]:
    return {mark for each in found for mark in each.tokens.values()}


async def failure(domain: GoogleDomain, **keys: Any) -> str:
    """Return why the mailbox cannot be looked through."""
    with pytest.raises(MailboxError) as caught:
        async with domain.open(**keys) as session:
            await session.look(NOW)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_every_exchange_is_held_to_googles_own_document(domain: GoogleDomain) -> None:
    if google_schema("gmail.v1") is None:
        pytest.skip(ABSENT)
    domain.box.deliver(probe(token()), "INBOX")
    async with domain.open() as session:
        await session.remove(await session.look(NOW))
        await session.search(NOW, [])
    assert domain.gmail.watch.checked == len(domain.gmail.requests) >= 8
    assert domain.gmail.watch.problems == []


# -- history ----------------------------------------------------------------------------------------------------------


async def test_a_look_for_nothing_costs_two_units(domain: GoogleDomain) -> None:
    domain.box.deliver(FOREIGN, "INBOX")
    async with domain.open() as session:
        await session.look(NOW)
        for _ in range(3):
            before = domain.gmail.units
            assert await session.look(NOW) == []
            assert domain.gmail.units - before == 2


async def test_a_probe_costs_62_units_from_arrival_to_trash(domain: GoogleDomain) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        before = domain.gmail.units
        mark = token()
        domain.box.deliver(probe(mark), "INBOX", "UNREAD")
        found = await session.look(NOW)
        assert marks(found) == {mark}
        assert found[0].digest is not None
        await session.remove(found)
        assert domain.gmail.units - before == 2 + 20 + 20 + 20
        assert await session.look(NOW) == []
        assert domain.gmail.units - before == 64


async def test_numbers_of_64_bits_are_kept_whole(domain: GoogleDomain) -> None:
    number = str(domain.box.number)
    assert int(float(number)) != int(number)
    async with domain.open() as session:
        await session.look(NOW)
        await session.look(NOW)
    assert any(f"startHistoryId={number}" in target for _, target in domain.gmail.requests)


async def test_a_history_that_is_too_old_is_begun_anew(domain: GoogleDomain) -> None:
    first, second, third = token(), token(), token()
    domain.box.deliver(probe(first), "INBOX")
    async with domain.open() as session:
        assert marks(await session.look(NOW)) == {first}
        domain.box.deliver(probe(second), "SPAM")
        domain.box.oldest = domain.box.number
        assert marks(await session.look(NOW)) == {second}
        domain.box.deliver(probe(third), "INBOX")
        assert marks(await session.look(NOW)) == {third}


async def test_a_history_of_many_pages(domain: GoogleDomain) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        domain.gmail.page = 3
        sent = {token() for _ in range(10)}
        for mark in sent:
            domain.box.deliver(probe(mark), "INBOX")
        assert marks(await session.look(NOW)) == sent


# -- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "folder", "name"),
    [
        (["INBOX"], Folder.INBOX, "INBOX"),
        (["INBOX", "CATEGORY_PROMOTIONS"], Folder.INBOX, "INBOX"),  # a tab of the inbox
        (["SPAM"], Folder.JUNK, "[Gmail]/Spam"),
        (["INBOX", "Label_1"], Folder.INBOX, "INBOX"),
    ],
)
async def test_what_a_look_sees(domain: GoogleDomain, labels: list[str], folder: Folder, name: str) -> None:
    domain.box.labels["Label_1"] = "Codes"
    domain.box.deliver(probe(token()), *labels)
    async with domain.open() as session:
        (seen,) = await session.look(NOW)
        assert (seen.folder, seen.folder_name) == (folder, name)


@pytest.mark.parametrize(
    ("labels", "folder", "name"),
    [
        ([], Folder.OTHER, "[Gmail]/All Mail"),  # archived by a filter
        (["UNREAD", "CATEGORY_UPDATES"], Folder.OTHER, "[Gmail]/All Mail"),
        (["Label_1"], Folder.OTHER, "Codes"),
        (["Label_2"], Folder.JUNK, "Quarantine"),
        (["TRASH"], Folder.OTHER, "[Gmail]/Trash"),  # by a filter
        (["TRASH", "Label_1"], Folder.OTHER, "[Gmail]/Trash"),
    ],
)
async def test_what_only_a_search_finds(domain: GoogleDomain, labels: list[str], folder: Folder, name: str) -> None:
    domain.box.labels |= {"Label_1": "Codes", "Label_2": "Quarantine"}
    key = new_probe_id()
    domain.box.deliver(probe(mint(key, KEY)), *labels)
    async with domain.open() as session:
        assert await session.look(NOW) == []
        found = await session.search(NOW, [key])
        (seen,) = found.sightings
        assert (seen.folder, seen.folder_name) == (folder, name)
        assert name in found.folders
        assert found.unfinished == ()


async def test_what_we_put_into_the_trash_is_not_found_again(domain: GoogleDomain) -> None:
    domain.box.deliver(probe(token()), "INBOX")
    async with domain.open() as session:
        await session.remove(await session.look(NOW))
        assert not (await session.search(NOW, [new_probe_id()])).sightings
    (mail,) = domain.box.mails.values()
    assert mail.labels == {"TRASH"}


async def test_what_google_moves_to_spam_later_is_seen_there(domain: GoogleDomain) -> None:
    mail = domain.box.deliver(probe(token()), "INBOX")
    async with domain.open() as session:
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.INBOX
        domain.box.relabel(mail, add="STARRED")
        assert await session.look(NOW) == []
        domain.box.relabel(mail, remove="INBOX")
        domain.box.relabel(mail, add="SPAM")
        (seen,) = await session.look(NOW)
        assert seen.folder is Folder.JUNK


async def test_a_mailbox_that_is_too_full_says_so(domain: GoogleDomain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gmail_session, "READ_LIMIT", 20)
    for _ in range(30):
        domain.box.deliver(FOREIGN, "INBOX")
    assert "too many messages in one day; use a mailbox for probes alone" in await failure(domain)
    async with domain.open() as session:
        found = await session.search(NOW, [])
        assert found.folders == ()
        assert "INBOX" in found.unfinished


async def test_bodies_are_read_a_few_at_a_time(domain: GoogleDomain) -> None:
    hidden = {token() for _ in range(12)}
    for mark in hidden:
        domain.box.deliver(probe(mark, header=False, body=True), "INBOX")
    async with domain.open() as session:
        seen = marks(await session.look(NOW))
        assert len(seen) == 10
        await session.changed(60)  # at once: there is more to read
        assert seen | marks(await session.look(NOW)) == hidden
        assert await session.look(NOW) == []


# -- rights -----------------------------------------------------------------------------------------------------------


def scopes(domain: GoogleDomain) -> Iterator[str]:
    """The scopes that were asked for."""
    for form in domain.server.requests:
        claims = form["assertion"].split(".")[1]
        yield json.loads(base64.urlsafe_b64decode(claims + "=="))["scope"]


@pytest.mark.parametrize(
    ("keys", "scope", "left"),
    [
        ({"remove": True}, FULL_SCOPE, None),
        ({"remove": "trash"}, f"{SCOPE}modify", {"TRASH"}),
        ({}, f"{SCOPE}modify", {"TRASH"}),
        ({"remove": False}, f"{SCOPE}readonly", {"INBOX"}),
        ({"remove": False, "bodies": False}, f"{SCOPE}metadata", {"INBOX"}),
    ],
)
async def test_no_more_is_asked_for_than_the_settings_need(
    domain: GoogleDomain, keys: dict[str, Any], scope: str, left: set[str] | None
) -> None:
    mark = token()
    mail = domain.box.deliver(probe(mark), "INBOX")
    async with domain.open(**keys) as session:
        found = await session.look(NOW)
        assert marks(found) == {mark}
        await session.search(NOW, [])
        await session.remove(found)
    assert {*scopes(domain)} == {scope}
    assert (mail.labels if mail.id in domain.box.mails else None) == left


async def test_who_may_only_read_headers_asks_for_nothing_else(domain: GoogleDomain) -> None:
    domain.box.deliver(probe(token(), header=False, body=True), "INBOX")
    domain.box.deliver(probe(token()), "INBOX")
    async with domain.open(remove=False, bodies=False) as session:
        (seen,) = await session.look(NOW)
        assert set(seen.tokens) == {Marker.HEADER}
        assert seen.digest is None
        await session.search(NOW, [])
    targets = [target for _, target in domain.gmail.requests]
    assert not [each for each in targets if "format=raw" in each or "q=" in each]


async def test_a_missing_delegation_says_which_scopes_there_are(domain: GoogleDomain) -> None:
    domain.server.clients[SERVICE_ACCOUNT].delegated = False
    words = await failure(domain)
    assert words.startswith(f"gmail {USER}: account boltgoogle: the service account may not act for this user")
    assert 'gmail.modify for those with remove = "trash"' in words


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.",
                 "insufficientPermissions"), 'gmail.modify for "trash"'),
        (refusal(403, "PERMISSION_DENIED", "Gmail API has not been used in project 7 before or it is disabled.",
                 "accessNotConfigured"), "enable the Gmail API in the account's project"),
        (refusal(400, "FAILED_PRECONDITION", "Mail service not enabled", "failedPrecondition"),
         "turn Gmail on for this user"),
    ],
)  # fmt: skip
async def test_a_refusal_says_what_to_do(domain: GoogleDomain, answer: Answer, said: str) -> None:
    domain.gmail.plan.append(("profile", answer))
    assert said in await failure(domain)


async def test_a_token_of_another_user_is_said(domain: GoogleDomain) -> None:
    assert "check `user`: the token is another user's" in await failure(domain, user="other@bolt.example")


async def test_a_token_that_ends_in_mid_visit_is_replaced_once(domain: GoogleDomain, clock: list[timedelta]) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        clock[0] += timedelta(minutes=2)
        domain.server.revoke_all()
        mark = token()
        domain.box.deliver(probe(mark), "INBOX")
        assert marks(await session.look(NOW)) == {mark}
    assert len(domain.server.requests) == 2


# -- quota ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        refusal(403, "PERMISSION_DENIED", "Rate Limit Exceeded", "rateLimitExceeded"),
        refusal(403, "PERMISSION_DENIED", "User Rate Limit Exceeded.", "userRateLimitExceeded"),
        refusal(429, "RESOURCE_EXHAUSTED", "Too many concurrent requests for user", "rateLimitExceeded"),
        refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "rateLimitExceeded", **{"Retry-After": "7"}),
    ],
)
async def test_who_is_over_the_quota_waits_and_loses_nothing(
    domain: GoogleDomain, clock: list[timedelta], answer: Answer
) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        mark = token()
        domain.box.deliver(probe(mark), "INBOX")
        domain.gmail.plan.append(("history", answer))
        with pytest.raises(MailboxError) as caught:
            await session.look(NOW)
        assert caught.value.unreachable
        asked = len(domain.gmail.requests)
        with pytest.raises(MailboxError):
            await session.look(NOW)
        assert len(domain.gmail.requests) == asked
        clock[0] += timedelta(seconds=8)
        assert marks(await session.look(NOW)) == {mark}


async def test_a_moment_over_the_quota_fails_no_look(domain: GoogleDomain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gmail_session, "PATIENCE_SECONDS", 1.0)
    over = refusal(403, "PERMISSION_DENIED", "Rate Limit Exceeded", "rateLimitExceeded", **{"Retry-After": "0.05"})
    async with domain.open() as session:
        await session.look(NOW)
        mark = token()
        domain.box.deliver(probe(mark), "INBOX")
        domain.gmail.plan.append(("history", over))
        assert marks(await session.look(NOW)) == {mark}


async def test_a_refusal_of_the_right_is_no_quota(domain: GoogleDomain) -> None:
    async with domain.open() as session:
        domain.gmail.plan.append(("history", refusal(403, "PERMISSION_DENIED", "No.", "forbidden")))
        await session.look(NOW)
        with pytest.raises(MailboxError) as caught:
            await session.look(NOW)
        assert not caught.value.unreachable
        assert await session.look(NOW) == []


async def test_a_visit_never_spends_more_than_its_share(domain: GoogleDomain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gmail_session, "UNITS_PER_MINUTE", 120)
    monkeypatch.setattr(gmail_session, "MINUTE", timedelta(seconds=0.4))
    spent: list[tuple[datetime, int]] = []
    sent = {token() for _ in range(12)}
    for mark in sent:
        domain.box.deliver(probe(mark), "INBOX")
    async with domain.open() as session:  # two visits have one share
        async with domain.open() as other:
            assert marks(await session.look(NOW)) == sent
            assert marks(await other.look(NOW)) == sent
        spent.append((datetime.now(UTC), domain.gmail.units))
    took = (spent[0][0] - NOW).total_seconds()
    assert spent[0][1] == 2 * (1 + 1 + 5 + 5 + 12 * 40)
    assert took >= 0.4 * (spent[0][1] // 120 - 1)


# -- odd answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("history", odd(b"{}")),
        ("history", odd(b'{"history": 5, "historyId": "0"}')),
        ("history", odd(b'{"historyId": 5}')),
        ("history", odd(b"[]")),
        ("history", odd(b"<html>")),
        ("history", odd(b"{}", 500)),
        ("history", cut()),
        ("format=metadata", cut()),
        ("format=metadata", odd(b"null", 503)),
        ("format=raw", cut()),
    ],
)
async def test_an_answer_that_is_no_answer_hides_nothing(
    domain: GoogleDomain, clock: list[timedelta], path: str, answer: Answer
) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        mark = token()
        domain.box.deliver(probe(mark), "INBOX")
        domain.gmail.plan.append((path, answer))
        with pytest.raises(MailboxError):
            await session.look(NOW)
        clock[0] += timedelta(seconds=8)
        assert marks(await session.look(NOW)) == {mark}


async def test_a_message_that_vanishes_while_it_is_read(domain: GoogleDomain) -> None:
    async with domain.open() as session:
        await session.look(NOW)
        domain.box.deliver(probe(token()), "INBOX")
        mark = token()
        domain.box.deliver(probe(mark), "INBOX")
        gone = refusal(404, "NOT_FOUND", "Requested entity was not found.", "notFound")
        domain.gmail.plan.append(("format=metadata", gone))
        assert marks(await session.look(NOW)) == {mark}


WORDS = (
    *("id", "messages", "history", "historyId", "labelIds", "payload", "headers", "name", "value", "raw"),
    *("internalDate", "sizeEstimate", "labels", "type", "messagesAdded", "message", "nextPageToken"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)


@given(JSON)
def test_odd_json_never_raises(answer: Any) -> None:
    gmail_answers.listed_ids(answer)
    gmail_answers.next_page(answer)
    gmail_answers.history_id(answer)
    gmail_answers.changed(answer)
    gmail_answers.labels(answer)
    gmail_answers.raw_message(answer)
    found = gmail_answers.message(answer)
    assert found is None or found.headers.count(b"\r\n") == found.headers.count(b"\n")


def test_a_value_brings_no_field_of_its_own() -> None:
    odd_value = {"name": "Subject", "value": "x\r\nReceived: from a by b"}
    found = gmail_answers.message({"id": "1", "payload": {"headers": [odd_value, {"name": "A:b", "value": "c"}]}})
    assert found is not None
    assert found.headers == b"Subject: x Received: from a by b\r\n"


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({"remove": "bin"}, 'must be true, false or "trash", not "bin"'),
        ({"remove": 1}, 'must be true, false or "trash", not 1'),
        ({"bodies": False}, "bodies = false requires remove = false"),
        ({"user": "probe"}, "must be a mail address"),
    ],
)
def test_wrong_gmail_settings(keys: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError) as caught:
        gmail_mailbox(**{"user": USER, **keys})
    assert wrong in str(caught.value)


def test_the_key_of_a_mailbox_at_google_is_its_user() -> None:
    settings = {"via": "gmail", "account": "b", "user": "Probe@Bolt.example"}
    assert GmailMailbox.model_validate(settings).key == "gmail:probe@bolt.example"
