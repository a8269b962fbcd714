"""A link by which somebody sets a password, once."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.actions.people import Access, first_link
from monitor.people.person import Rights
from monitor.store import Store
from tests.support.auth_app import PASSWORD, AuthApp, all_of, open_auth_app
from tests.support.pipeline_app import Clock


@pytest.fixture
async def auth_app(tmp_path: Path) -> AsyncIterator[AuthApp]:
    async with open_auth_app(tmp_path) as auth_app:
        yield auth_app


async def test_the_link_leads_to_a_form_that_changes_nothing(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    for _ in range(3):  # programs that look at the links in mails come first
        answer = await auth_app.browser().get(f"/invitation?key={invited['key']}")
        assert answer.status == 200
        assert f'name="key" value="{invited["key"]}"' in answer.text
        assert 'value="ann" autocomplete="username" readonly' in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert (await auth_app.browser().post("/invitation", invited)).status == 303


async def test_whoever_sets_the_password_is_signed_in(auth_app: AuthApp) -> None:
    browser = auth_app.browser()
    answer = await browser.post("/invitation", await auth_app.invited("ann", Rights.OPERATOR))
    assert (answer.status, answer.way) == (303, "/")
    caller = await browser.whoami()
    assert caller
    assert (caller.name, caller.rights) == ("ann", Rights.OPERATOR)
    assert (await auth_app.browser().sign_in("ann")).status == 303


async def test_it_works_once(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    assert (await auth_app.browser().post("/invitation", invited)).status == 303
    other = invited | {"password": "other words in a row", "again": "other words in a row"}
    answer = await auth_app.browser().post("/invitation", other)
    assert (answer.status, answer.given) == (422, {})
    assert "The link was already used" in answer.text
    assert (await auth_app.browser().sign_in("ann", other["password"])).status == 403


async def test_a_link_that_is_not_good_says_so_at_once(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    await auth_app.browser().post("/invitation", invited)
    for key in (invited["key"], "wrong", ""):
        shown = (await auth_app.browser().get(f"/invitation?key={key}")).text
        assert "The link was already used, has expired" in shown
        assert "<form" not in shown
        assert "ann" not in shown


async def test_of_two_at_the_same_time_one_sets_it(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    answers = await asyncio.gather(*(auth_app.browser().post("/invitation", invited) for _ in range(6)))
    assert sorted(answer.status for answer in answers)[:2] == [303, 422]


async def test_it_ends_after_a_day(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    auth_app.clock.pass_(hours=24)
    assert (await auth_app.browser().post("/invitation", invited)).status == 422
    assert (await auth_app.store.people.person("ann")).password == ""  # type: ignore[union-attr]


async def test_a_newer_link_voids_it(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    newer = invited | {"key": await auth_app.access().link("ann")}
    assert (await auth_app.browser().post("/invitation", invited)).status == 422
    assert (await auth_app.browser().post("/invitation", newer)).status == 303


async def test_it_is_of_no_use_to_whoever_is_disabled(auth_app: AuthApp) -> None:
    await auth_app.person("root", Rights.ADMIN)
    invited = await auth_app.invited("ann")
    await auth_app.access().disable("ann")
    assert (await auth_app.browser().post("/invitation", invited)).status == 422


async def test_a_new_password_ends_all_sessions(auth_app: AuthApp) -> None:
    before = await auth_app.person("ann")
    key = await auth_app.access().link("ann")
    assert await before.whoami(), "a link alone ends nothing: it may never be used"
    after = auth_app.browser()
    await after.post("/invitation", {"key": key, "password": "other words in a row", "again": "other words in a row"})
    assert await before.whoami() is None
    assert await after.whoami()
    assert (await auth_app.browser().sign_in("ann")).status == 403


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "at least 12"),
        ("eleven char", "at least 12"),
        ("x" * 201, "at most 200"),
        ("password1234", "among the first"),
        ("123456789012", "among the first"),
        ("qwertyuiop123", "among the first"),
        ("aaaaaaaaaaaaaaa", "among the first"),
        ("annabella-1234", "little more than the name"),
    ],
)
async def test_a_bad_password_is_refused_and_the_link_still_good(auth_app: AuthApp, password: str, fault: str) -> None:
    invited = await auth_app.invited("annabella")
    answer = await auth_app.browser().post("/invitation", invited | {"password": password, "again": password})
    assert answer.status == 422
    assert fault in answer.text
    assert password == "" or password not in answer.text
    assert (await auth_app.browser().post("/invitation", invited)).status == 303


async def test_it_is_typed_twice(auth_app: AuthApp) -> None:
    invited = await auth_app.invited("ann")
    answer = await auth_app.browser().post("/invitation", invited | {"again": "four words in a raw"})
    assert answer.status == 422
    assert "The passwords do not match" in answer.text
    assert (await auth_app.browser().post("/invitation", invited)).status == 303


@pytest.mark.parametrize("key", ["", "wrong", "\u00e9\u202e", "'\"><script>alert(1)</script>", "x" * 30_000])
async def test_what_is_no_link_gets_the_same_answer(auth_app: AuthApp, key: str) -> None:
    answer = await auth_app.browser().post("/invitation", {"key": key, "password": PASSWORD, "again": PASSWORD})
    assert answer.status == 422
    assert "The link was already used" in answer.text
    assert "<script>alert" not in answer.text
    assert len(answer.text) < 10_000


async def test_one_address_cannot_try_many(auth_app: AuthApp) -> None:
    for number in range(20):
        guess = {"key": f"guess{number}", "password": PASSWORD, "again": PASSWORD}
        assert (await auth_app.browser().post("/invitation", guess)).status == 422
    answer = await auth_app.browser().post("/invitation", {"key": "last", "password": PASSWORD, "again": PASSWORD})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "2")


# ---- The first start ------------------------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as opened:
        yield opened


async def test_the_first_start_makes_an_admin(store: Store) -> None:
    clock = Clock()
    link = await first_link(store, clock, "https://mailpath.example")
    assert link
    assert link.startswith("https://mailpath.example/invitation?key=")
    [person] = await store.people.all()
    assert (person.name, person.rights, person.companies, person.password) == ("admin", Rights.ADMIN, None, "")
    assert {(entry.who, entry.way) for _, entry in await store.people.audit_log(None, 10)} == {("mailpath", "start")}


async def test_each_start_has_a_new_link_until_there_is_a_password(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path) as auth_app:
        first, second = [await first_link(auth_app.store, auth_app.clock, "") for _ in range(2)]
        assert first
        assert second
        form = {"password": PASSWORD, "again": PASSWORD}
        assert (await auth_app.browser().post("/invitation", form | {"key": first.partition("=")[2]})).status == 422
        assert (await auth_app.browser().post("/invitation", form | {"key": second.partition("=")[2]})).status == 303
        assert await first_link(auth_app.store, auth_app.clock, "") is None
        assert (await auth_app.browser().sign_in("admin")).status == 303


async def test_there_is_none_where_somebody_rules(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path) as auth_app:
        await auth_app.person("ann", Rights.ADMIN)
        assert await first_link(auth_app.store, auth_app.clock, "") is None
        assert [person.name for person in await auth_app.store.people.all()] == ["ann"]


async def test_nor_where_people_were_made_by_hand(store: Store) -> None:
    await Access(store, Clock(), "root", "command").add("ann", Rights.VIEWER, None)
    assert await first_link(store, Clock(), "") is None


async def test_nobody_becomes_admin_by_being_called_so(store: Store) -> None:
    await Access(store, Clock(), "root", "command").add("admin", Rights.VIEWER, None)
    assert await first_link(store, Clock(), "") is None


# ---- Secrets --------------------------------------------------------------------------------------------------------


async def test_no_secret_is_anywhere_but_where_it_was_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets: list[str] = [PASSWORD, "a wrong password here", "x3-very-secret-cookie"]
    pages: list[str] = []
    with capture_logs() as logs:
        async with open_auth_app(tmp_path) as auth_app:
            invited = await auth_app.invited("ann", Rights.OPERATOR)
            browser = auth_app.browser()
            mistyped = invited | {"again": "a wrong password here"}
            pages.append((await browser.post("/invitation", mistyped)).text.replace(invited["key"], ""))
            await browser.post("/invitation", invited)
            token = await auth_app.token("x", lasts=timedelta(hours=1))
            caller = await browser.whoami()
            assert caller
            secrets += [token, browser.cookies["mailpath"]]
            for name, password in (("ann", "a wrong password here"), ("a wrong password here", PASSWORD)):
                await browser.sign_in(name, password)
            forged = auth_app.browser(Cookie="mailpath=x3-very-secret-cookie")
            for path in ("/page", "/nowhere", "/api/v1/nowhere", "/rule"):
                for asks in (browser, forged, auth_app.browser(Authorization=f"Bearer {token}")):
                    pages.append((await asks.get(path)).text)
                pages.append((await auth_app.browser(Authorization=f"Bearer {token}x").get(path)).text)
            pages.append((await browser.post("/do", {"form": "wrong"})).text)
            pages.append((await browser.post("/invitation", invited)).text.replace(invited["key"], ""))
            told = (
                str(await auth_app.audit_entries())
                + str(await auth_app.store.people.all())
                + str(await auth_app.store.people.tokens())
            )
            secrets += [invited["key"], caller.form]
    everywhere = [*(page.replace(caller.form, "", 1) for page in pages), str(logs), caplog.text, *capfd.readouterr()]
    kept = all_of(tmp_path)
    for secret in secrets:
        for place in (*everywhere, told):
            assert secret not in place
        if secret != caller.form:  # this one is kept: it is worth nothing without the cookie
            assert secret.encode() not in kept
