"""A mailbox by Microsoft Graph at its worst: each behaviour that a schema cannot hold, as documented or reported."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

import pytest

from probes.accounts import refusals
from probes.evidence import Folder, Marker
from probes.mailboxes import MailboxError, graph_session
from tests.clouds.documents import ABSENT, DOCUMENTS
from tests.clouds.fake_graph import Answer, busy, cut, leading_to, odd, refusal, slow
from tests.clouds.loopback_microsoft import ACCOUNT, CLIENT, SECRET, GraphTenant, graph_mailbox, graph_tenant
from tests.probes.accounts.conftest import SetClock
from tests.support.authorization_server import OAuthClient
from tests.support.probe_mails import FOREIGN, probe, token, within

NOW = datetime.now(UTC)
INBOX, JUNK = "mailFolders/AAinbox/messages", "mailFolders/AAjunk/messages"


@pytest.fixture
async def tenant(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GraphTenant]:
    """A tenant with an empty mailbox, whose first refusal means a short pause."""
    monkeypatch.setattr(refusals, "FIRST_PAUSE", 0.05)
    async with graph_tenant() as running:
        yield running


async def failure(tenant: GraphTenant, **keys: object) -> str:
    """What a visit fails with, in one printable line without a secret."""
    with pytest.raises(MailboxError) as caught:
        async with tenant.open(**keys) as session:  # type: ignore[arg-type]
            await session.look(NOW)
            await session.look(NOW)
    text = str(caught.value)
    assert text.isprintable()
    assert not any(each in text for each in (SECRET, *tenant.server.issued))
    return text


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=ABSENT)
async def test_what_is_exchanged_keeps_to_the_vendors_schema(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token()))
    async with tenant.open() as session:
        await session.remove(await session.look(NOW))
        await session.search(NOW, [])
    assert tenant.graph.watch.checked == len(tenant.graph.requests) > 6
    assert tenant.graph.watch.problems == []


# -- one look ---------------------------------------------------------------------------------------------------------


async def test_a_look_is_two_requests_and_reads_nothing_twice(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token()))
    async with tenant.open() as session:
        assert len(tenant.graph.requests) == 2  # the names of the folders
        assert len(await session.look(NOW)) == 1
        assert len(tenant.graph.requests) == 4
        assert await session.look(NOW) == []
        assert all("internetMessageHeaders" not in target for _, target in tenant.graph.requests[4:])
        assert len(tenant.graph.requests) == 6
        await session.changed(0.01)
        assert len(tenant.graph.requests) == 6


async def test_headers_are_read_again_only_from_the_time_of_what_is_new(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token()), received=NOW - timedelta(hours=12))
    async with tenant.open(remove=False) as session:
        await session.look(NOW)
        tenant.box.deliver(probe(mark := token()), received=NOW)
        assert [each.tokens[Marker.HEADER] for each in await session.look(NOW)] == [mark]
    (last,) = [unquote_plus(target) for _, target in tenant.graph.requests[4:] if "internetMessageHeaders" in target]
    assert f"receivedDateTime ge {NOW:%Y-%m-%dT%H:%M:%S}Z" in last


async def test_every_request_asks_for_ids_that_stay(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token(), header=False, body=True))
    async with tenant.open() as session:
        await session.remove(await session.look(NOW))
        await session.search(NOW, [])
    assert all('IdType="ImmutableId"' in each for each in tenant.graph.prefers)


async def test_many_pages(tenant: GraphTenant) -> None:
    tenant.graph.page = 3
    sent = [token() for _ in range(10)]
    for mark in sent:
        tenant.box.deliver(probe(mark))
    async with tenant.open() as session:
        assert {each.tokens[Marker.HEADER] for each in await session.look(NOW)} == set(sent)
        tenant.box.deliver(probe(last := token()))
        assert [each.tokens[Marker.HEADER] for each in await session.look(NOW)] == [last]


async def test_a_message_that_a_rule_moves_meanwhile_is_returned_once(tenant: GraphTenant) -> None:
    mail = tenant.box.deliver(probe(token()), "AAjunk")
    async with tenant.open() as session:
        assert [each.folder for each in await session.look(NOW)] == [Folder.JUNK]
        mail.folder = "AAinbox"
        assert await session.look(NOW) == []
        await session.remove((await session.search(NOW, [])).sightings)
    assert tenant.box.mails == {}


async def test_a_message_that_moves_during_a_look_is_returned_once(tenant: GraphTenant) -> None:
    header = {"name": "X-Mailpath-Probe", "value": token()}
    row = {"id": "AA1", "receivedDateTime": NOW.isoformat(), "internetMessageHeaders": [header]}
    page = odd(json.dumps({"value": [row]}).encode())
    tenant.graph.plan += [(INBOX, page), (JUNK, page)]
    async with tenant.open() as session:
        assert [each.folder for each in await session.look(NOW)] == [Folder.INBOX]


async def test_a_body_as_graph_shows_it_proves_no_alteration(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token(), header=False, body=True))
    async with tenant.open() as session:
        (seen,) = await session.look(NOW)
    assert seen.digest is None


async def test_what_failed_for_one_folder_is_seen_by_the_next_look(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(mark := token()))
    async with tenant.open() as session:
        tenant.graph.plan.append((JUNK, refusal(404, "ErrorItemNotFound", "Not there.")))
        with pytest.raises(MailboxError):
            await session.look(NOW)
        assert [each.tokens[Marker.HEADER] for each in await session.look(NOW)] == [mark]


async def test_bodies_of_others_are_read_a_few_at_a_time(tenant: GraphTenant) -> None:
    for _ in range(25):
        tenant.box.deliver(FOREIGN)
    tenant.box.deliver(probe(mark := token(), header=False, body=True), received=NOW - timedelta(minutes=1))
    async with tenant.open() as session:
        looks = [await session.look(NOW) for _ in range(3)]
    assert [[dict(each.tokens) for each in look] for look in looks] == [[], [], [{Marker.BODY: mark}]]
    assert sum("$select=body" in target or "%24select=body" in target for _, target in tenant.graph.requests) == 26


async def test_no_header_of_its_own_comes_out_of_a_value(tenant: GraphTenant) -> None:
    mark = token()
    told = {
        "value": [{
            "id": "AA1", "receivedDateTime": NOW.isoformat(),
            "internetMessageHeaders": [
                {"name": "Subject", "value": f"x\r\nX-Mailpath-Probe: {mark}\r\n\r\n"},
                {"name": "A: b\r\nX-Mailpath-Probe", "value": mark}, {"name": 7, "value": None}, None,
            ],
        }],
    }  # fmt: skip
    tenant.graph.plan.append((INBOX, odd(json.dumps(told).encode())))
    async with tenant.open() as session:
        found = await session.look(NOW)
    assert all(Marker.HEADER not in each.tokens for each in found)


# -- rights -----------------------------------------------------------------------------------------------------------


async def test_without_the_right_to_bodies_headers_suffice(tenant: GraphTenant) -> None:
    tenant.graph.rights = "ReadBasic"
    tenant.box.deliver(probe(token(), header=False, body=True))
    tenant.box.deliver(FOREIGN)
    tenant.box.deliver(probe(mark := token()))
    async with tenant.open(remove=False) as session:
        (seen,) = await session.look(NOW)
        assert seen.tokens == {Marker.HEADER: mark}
        await session.remove([seen])
    assert len(tenant.box.mails) == 3
    assert sum("select=body" in target for _, target in tenant.graph.requests) == 1  # refused, and never asked again
    assert all(method == "GET" for method, _ in tenant.graph.requests)


async def test_without_the_right_to_delete_it_says_what_to_do(tenant: GraphTenant) -> None:
    tenant.graph.rights = "Read"
    tenant.box.deliver(probe(token()))
    async with tenant.open() as session:
        found = await session.look(NOW)
        with pytest.raises(MailboxError, match=r"New-ManagementRoleAssignment.*Application Mail\.ReadWrite"):
            await session.remove(found)


async def test_where_there_is_no_deleting_for_good_it_is_deleted_all_the_same(tenant: GraphTenant) -> None:
    tenant.graph.permanent = False
    for _ in range(3):
        tenant.box.deliver(probe(token()))
    tenant.box.deliver(FOREIGN)
    async with tenant.open() as session:
        await session.remove(await session.look(NOW))
    assert [each.content for each in tenant.box.mails.values()] == [FOREIGN]
    deleting = [(method, "permanentDelete" in target) for method, target in tenant.graph.requests if method != "GET"]
    assert deleting == [("POST", True)] + 3 * [("DELETE", False)]


async def test_ours_is_deleted_for_good_where_it_can_be(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(token()))
    async with tenant.open() as session:
        await session.remove(await session.look(NOW))
    assert tenant.graph.requests[-1][0] == "POST"
    assert tenant.graph.requests[-1][1].endswith("/permanentDelete")


# -- what may go wrong ------------------------------------------------------------------------------------------------

DENIED = refusal(403, "ErrorAccessDenied", "Access to OData is disabled.")
WRONG: dict[str, tuple[Answer, str]] = {
    "no right, or not yet": (DENIED, "within the first two hours it is merely not in effect yet"),
    "no mailbox there": (
        refusal(404, "MailboxNotEnabledForRESTAPI", "The mailbox is inactive, soft-deleted, or hosted on-premise."),
        "use a mailbox in Exchange Online with a licence",
    ),
    "a token that Graph does not take": (
        refusal(401, "InvalidAuthenticationToken", "Invalid audience."), "check `tenant` and `cloud`",
    ),
    "no such folder": (refusal(404, "ErrorItemNotFound", "Not found."), "there is no such folder"),
    "too many at once": (busy(), "MailboxConcurrency"),
    "a fault of theirs": (refusal(503, "ServiceNotAvailable", "Try later."), "HTTP 503"),
    "a page of a proxy": (odd(b"<html>gateway</html>", 502, "text/html"), "HTTP 502"),
    "a page with 200": (odd(b"<html>sign in</html>", 200, "text/html"), "not what this API answers"),
    "an error with 200": (odd(b'{"error": {"code": "x", "message": "y"}}'), "no list"),
    "no list": (odd(b'{"value": {"id": "AA"}}'), "no list"),
    "a bare list": (odd(b"[]"), "no list"),
    "half an answer": (cut(), "cannot be reached"),
    "half of JSON": (odd(b'{"value": [{"id": "AA'), "not what this API answers"),
    "endless": (odd(b'{"value": "' + b"x" * 5_000_000), "too long"),
    "very deep": (odd(b'{"value": ' + b"[" * 100_000), "not what this API answers"),
    "a redirect": (odd(b"", 302), "HTTP 302"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_what_goes_wrong_is_said_with_its_remedy(tenant: GraphTenant, name: str) -> None:
    answer, words = WRONG[name]
    tenant.graph.plan += [(INBOX, answer)] * 2
    assert words in await failure(tenant)


async def test_a_user_who_is_not_there(tenant: GraphTenant) -> None:
    with pytest.raises(MailboxError, match=r"nobody@acme\.example.*check `user`: there is no such user"):
        async with tenant.open("nobody@acme.example"):
            pass


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com.evil.example/v1.0/next", "http://127.0.0.1:9/v1.0/next", "file:///etc/passwd",
        "https://user:pass@127.0.0.1/", "http://[", "mailto:x",
    ],
)  # fmt: skip
async def test_no_token_follows_a_link_to_another_server(tenant: GraphTenant, link: str) -> None:
    tenant.graph.plan.append((INBOX, leading_to(link)))
    assert "leads to another server" in await failure(tenant)


async def test_pages_without_end(tenant: GraphTenant) -> None:
    for _ in range(graph_session.PAGES_LIMIT + 5):
        tenant.graph.plan.append(
            (INBOX, leading_to(f"{tenant.graph.url}/v1.0/users/probe@acme.example/{INBOX}?$top=1"))
        )
    assert "too many messages" in await failure(tenant)


async def test_strange_rows_hide_nothing(tenant: GraphTenant) -> None:
    rows = b'null, 7, [], {}, {"id": 7}, {"id": ""}, {"id": "A", "receivedDateTime": 7, "internetMessageHeaders": 7},' \
        b'{"id": "B", "receivedDateTime": "9999-99-99", "internetMessageHeaders": [null, {"name": {}, "value": []}]},' \
        b'{"id": "C", "receivedDateTime": "0001-01-01T00:00:00+23:00"}'  # fmt: skip
    tenant.graph.plan.append((INBOX, odd(b'{"value": [' + rows + b"]}")))
    tenant.box.deliver(probe(mark := token()), "AAjunk")
    async with tenant.open() as session:
        assert [each.tokens[Marker.HEADER] for each in await session.look(NOW)] == [mark]


async def test_a_token_that_is_refused_in_mid_visit_is_replaced_once() -> None:
    clock = SetClock(NOW)
    async with graph_tenant(clock) as tenant, tenant.open() as session:
        await session.look(NOW)
        for forward, requests in ((120, 2), (10, 2)):  # a new one that is refused as well is not replaced
            tenant.server.revoke_all()
            clock.forward(seconds=forward)
            looked = await asyncio.gather(session.look(NOW), return_exceptions=True)
            assert len(tenant.server.requests) == requests
            assert isinstance(looked[0], MailboxError) is (forward == 10)
        assert "does not accept the account's token" in str(looked[0])


async def test_a_slow_answer_ends(tenant: GraphTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_session, "STEP_SECONDS", 0.3)
    tenant.graph.plan.append((INBOX, slow(5)))
    with within(3):
        assert "not done within 0.3 s" in await failure(tenant)


async def test_a_slow_answer_ends_while_it_opens_too(tenant: GraphTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_session, "STEP_SECONDS", 0.3)
    tenant.graph.plan.append(("junkemail", slow(5)))
    with within(3):
        assert "open: not done within 0.3 s" in await failure(tenant)


async def test_opening_does_not_wait_for_what_may_pass(tenant: GraphTenant) -> None:
    tenant.graph.plan.append(("junkemail", busy("5")))
    with within(3):
        assert "MailboxConcurrency" in await failure(tenant)


async def test_at_most_four_requests_of_an_app_at_once(tenant: GraphTenant) -> None:
    async with tenant.open() as one, tenant.open() as two, tenant.open() as three:
        tenant.graph.plan += [("/messages", slow(0.1))] * 6
        await asyncio.gather(*(each.look(NOW) for each in (one, two, three)))
    assert tenant.graph.most_running == 4


@pytest.mark.parametrize(
    "passing", [busy(), busy("1"), refusal(500, "x", "y"), refusal(503, "x", "y"), cut(), cut(b"")]
)
async def test_what_passes_soon_is_waited_for(tenant: GraphTenant, passing: Answer) -> None:
    tenant.box.deliver(probe(mark := token()))
    async with tenant.open() as session:
        tenant.graph.plan.append((INBOX, passing))
        found = await session.look(NOW)
        assert [each.tokens[Marker.HEADER] for each in found] == [mark]
        tenant.graph.plan.append(("permanentDelete", passing))
        await session.remove(found)
    assert tenant.box.mails == {}
    assert not tenant.graph.plan


async def test_after_a_refusal_nobody_asks_again_too_soon(tenant: GraphTenant) -> None:
    tenant.graph.plan.append((INBOX, busy("70")))
    await failure(tenant)
    before = len(tenant.graph.requests)
    await failure(tenant)
    assert len(tenant.graph.requests) == before


async def test_an_account_that_is_gone(tenant: GraphTenant) -> None:
    tenant.outside.accounts.configure({})
    assert f"account {ACCOUNT}: there is no such account" in await failure(tenant)


async def test_a_wrong_secret(tenant: GraphTenant) -> None:
    tenant.server.clients[CLIENT] = OAuthClient(secret="another")
    assert "the client or its secret is not accepted" in await failure(tenant)


async def test_nothing_is_logged(tenant: GraphTenant, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tenant.box.deliver(probe(token()))
    async with tenant.open() as session:
        await session.remove(await session.look(NOW))
    for each in (SECRET, *tenant.server.issued):
        assert each not in caplog.text
        assert each not in repr(graph_mailbox())


# -- all folders ------------------------------------------------------------------------------------------------------


async def test_a_folder_in_a_folder_is_named_with_its_path(tenant: GraphTenant) -> None:
    tenant.box.folders |= {"F1": ("Archive", ""), "F2": ("2026", "F1"), "F3": ("Q4", "F2")}
    tenant.box.deliver(probe(mark := token()), "F3")
    async with tenant.open() as session:
        found = await session.search(NOW, [])
        (seen,) = found.sightings
        assert (seen.folder, seen.folder_name, seen.tokens) == (Folder.OTHER, "Archive/2026/Q4", {Marker.HEADER: mark})
        assert set(found.folders) == {
            "INBOX", "Junk Email", "Deleted Items", "Archive", "Archive/2026", "Archive/2026/Q4",
        }  # fmt: skip


async def test_a_mailbox_with_too_much_mail_is_not_searched_to_its_end(
    tenant: GraphTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_session, "PAGES_LIMIT", 2)
    tenant.graph.page = 5
    for _ in range(11):
        tenant.box.deliver(probe(token()), "AAdeleted")
    async with tenant.open() as session:
        found = await session.search(NOW, [])
    assert found.folders == ()
    assert found.unfinished == ("INBOX", "Junk Email", "Deleted Items")
    assert len(found.sightings) == 10


async def test_a_mailbox_with_too_many_folders_is_not_searched_to_its_end(
    tenant: GraphTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_session, "FOLDERS_LIMIT", 4)
    tenant.box.folders |= {"F1": ("One", ""), "F2": ("Two", "F1")}
    async with tenant.open() as session:
        found = await session.search(NOW, [])
    assert found.folders == ()
    assert "INBOX" in found.unfinished


async def test_a_folder_whose_bodies_are_too_many_is_not_searched_to_its_end(
    tenant: GraphTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_session, "SEARCHED_BODIES_LIMIT", 2)
    for _ in range(3):
        tenant.box.deliver(FOREIGN, "AAdeleted")
    tenant.box.deliver(FOREIGN)
    async with tenant.open() as session:
        found = await session.search(NOW, [])
    assert (found.folders, found.unfinished) == (("INBOX", "Junk Email"), ("Deleted Items",))


async def test_a_probe_in_a_folder_that_is_not_listed_is_found(tenant: GraphTenant) -> None:
    tenant.box.deliver(probe(mark := token()), "AAnew")
    async with tenant.open() as session:
        (seen,) = (await session.search(NOW, [])).sightings
        assert (seen.folder, seen.tokens) == (Folder.OTHER, {Marker.HEADER: mark})
        assert not (await session.search(NOW, [], only={"INBOX"})).sightings


async def test_two_mailboxes_of_a_tenant_share_one_token_and_one_budget(tenant: GraphTenant) -> None:
    tenant.graph.boxes["second@acme.example"] = type(tenant.box)()
    async with tenant.open() as one, tenant.open("second@acme.example") as two:
        await asyncio.gather(*(each.look(NOW) for each in (one, two)))
    assert len(tenant.server.requests) == 1
    sent = len(tenant.graph.requests) + len(tenant.server.requests)
    tenant.use(budget={"per_5_minutes": sent})
    async with tenant.open() as one, tenant.open("second@acme.example") as two:
        await asyncio.gather(*(each.look(NOW) for each in (one, two)))
        with pytest.raises(MailboxError, match=r"used up \(budget.per_5_minutes, until"):
            await two.look(NOW)
    assert len(tenant.graph.requests) + len(tenant.server.requests) == 2 * sent
