"""The own account: the password, and where somebody is signed in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.people.person import AuditAction
from tests.support.auth_app import PASSWORD, Answer, Browser
from tests.support.pages_app import PagesApp, form_in, open_pages_app

NEW = "three other plain words"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as app:
        yield app


async def change(browser: Browser, now: str = PASSWORD, new: str = NEW, again: str | None = None) -> Answer:
    secret = form_in((await browser.get("/account")).text)
    typed = {"now": now, "password": new, "again": new if again is None else again, "form": secret}
    return await browser.post("/account/password", typed)


async def signed_in(app: PagesApp, name: str = "eve") -> Browser:
    browser = app.browser()
    assert (await browser.sign_in(name)).status == 303
    return browser


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/account")).status == 200


async def test_a_changed_password_signs_out_everywhere_else(app: PagesApp) -> None:
    here, elsewhere = await app.viewer(), await signed_in(app)
    answer = await change(here)
    assert answer.status == 200, answer.text
    assert "Your password is changed" in answer.text
    assert await is_in(here)
    assert not await is_in(elsewhere)
    assert (await app.browser().sign_in("eve")).status == 403
    assert (await app.browser().sign_in("eve", NEW)).status == 303
    entries = [entry for _, entry in await app.store.people.audit_log(None, 100)]
    (noted,) = (each for each in entries if each.what == AuditAction.PASSWORD_SET and "by themselves" in each.about)
    assert noted.who == "eve"


@pytest.mark.parametrize(
    ("now", "new", "again", "field"),
    [
        ("not the password", NEW, NEW, "now"),
        ("", NEW, NEW, "now"),
        (PASSWORD, "short", "short", "password"),
        (PASSWORD, "eve eve eve eve", "eve eve eve eve", "password"),
        (PASSWORD, NEW, "another one", "again"),
        (PASSWORD, PASSWORD, PASSWORD, "password"),
    ],
)
async def test_what_is_wrong_is_at_its_field_and_changes_nothing(
    app: PagesApp, now: str, new: str, again: str, field: str
) -> None:
    here = await app.viewer()
    elsewhere = await signed_in(app)
    answer = await change(here, now, new, again)
    assert answer.status == 422
    assert f'aria-describedby="{field}-wrong"' in answer.text
    assert all(each not in answer.text for each in (PASSWORD, NEW, "not the password"))
    assert await is_in(elsewhere)


async def test_the_current_password_cannot_be_guessed(app: PagesApp) -> None:
    """Whoever sits at somebody's browser has as many tries as whoever signs in."""
    here = await app.viewer()
    statuses = [(await change(here, f"guess number {number}")).status for number in range(8)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    assert (await change(here)).status == 429  # the right one waits too


async def test_a_session_elsewhere_can_be_ended_and_no_other_persons(app: PagesApp) -> None:
    here, elsewhere, third = await app.viewer(), await signed_in(app), await signed_in(app)
    other = await app.operator()
    page = (await here.get("/account")).text
    assert page.count("Another browser") == 2
    secret = form_in(page)
    theirs = await app.store.people.sessions("op")
    await here.post("/account/sessions/end", {"session": theirs[0].digest[:16], "form": secret})
    assert await is_in(other)
    newest = max(await app.store.people.sessions("eve"), key=lambda each: each.created_at)
    await here.post("/account/sessions/end", {"session": newest.digest[:16], "form": secret})
    assert [await is_in(each) for each in (here, elsewhere, third)] == [True, True, False]
    await here.post("/account/sessions/end", {"session": "others", "form": secret})
    assert [await is_in(each) for each in (here, elsewhere)] == [True, False]


async def test_another_site_changes_nothing(app: PagesApp) -> None:
    here = await app.viewer()
    typed = {"now": PASSWORD, "password": NEW, "again": NEW}
    assert (await here.post("/account/password", typed)).status == 403
    assert (await here.post("/account/sessions/end", {"session": "others"})).status == 403
    assert (await app.browser().sign_in("eve")).status == 303
