"""What changes something must have been sent by a page of ours: a browser adds the cookie whoever asks it to."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.people.person import Rights
from tests.support.auth_app import AuthApp, Browser, open_auth_app


@pytest.fixture
async def auth_app(tmp_path: Path) -> AsyncIterator[AuthApp]:
    async with open_auth_app(tmp_path) as auth_app:
        yield auth_app


async def signed_in(auth_app: AuthApp, name: str = "ann") -> tuple[Browser, str]:
    """Somebody who may probe, and the secret of their forms."""
    browser = await auth_app.person(name, Rights.OPERATOR)
    caller = await browser.whoami()
    assert caller
    assert len(caller.form) >= 43
    return browser, caller.form


async def test_a_form_of_the_session_is_taken(auth_app: AuthApp) -> None:
    browser, form = await signed_in(auth_app)
    assert (await browser.post("/do", {"form": form})).text == "done by ann"


async def test_so_is_what_a_script_of_ours_sends(auth_app: AuthApp) -> None:
    browser, form = await signed_in(auth_app)
    answer = await browser.ask("POST", "/api/v1/do", {"X-Form": form}, json={"company": "acme"})
    assert answer.status == 200


@pytest.mark.parametrize("form", ["", "wrong", "\u00e9", "x" * 60_000])
async def test_a_wrong_form_is_refused(auth_app: AuthApp, form: str) -> None:
    browser, _ = await signed_in(auth_app)
    answer = await browser.post("/do", {"form": form})
    assert answer.status == 403
    assert "This form belongs to another session" in answer.text
    assert (await browser.post("/api/v1/do", {"form": form})).status == 403


async def test_a_form_of_somebody_else_is_refused(auth_app: AuthApp) -> None:
    browser, _ = await signed_in(auth_app)
    _, other = await signed_in(auth_app, "bob")
    assert (await browser.post("/do", {"form": other})).status == 403


async def test_a_form_of_a_session_before_is_refused(auth_app: AuthApp) -> None:
    browser, form = await signed_in(auth_app)
    await browser.sign_in("ann")
    assert (await browser.post("/do", {"form": form})).status == 403


async def test_no_form_at_all_is_refused(auth_app: AuthApp) -> None:
    browser, form = await signed_in(auth_app)
    assert (await browser.ask("POST", "/do")).status == 403
    assert (await browser.ask("POST", "/do", json={"form": form})).status == 403
    assert (await browser.ask("POST", f"/do?form={form}")).status == 403
    typed = {"Content-Type": "text/plain"}
    assert (await browser.ask("POST", "/do", typed, data=f"form={form}")).status == 403
    assert (await browser.ask("POST", "/sign-out")).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_by_whatever_method(auth_app: AuthApp, method: str) -> None:
    browser, form = await signed_in(auth_app)
    assert (await browser.ask(method, "/do")).status == 403
    assert (await browser.ask(method, "/do", {"X-Form": form})).status in (200, 405)


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "not an origin"},
        {"Origin": "http://[broken"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "anything"},
    ],
    ids=str,
)
async def test_from_another_site_even_the_right_form_is_refused(auth_app: AuthApp, said: dict[str, str]) -> None:
    browser, form = await signed_in(auth_app)
    answer = await browser.post("/do", {"form": form}, **said)
    assert answer.status == 403
    assert "another site" in answer.text


async def test_from_here_it_is_taken(auth_app: AuthApp) -> None:
    browser, form = await signed_in(auth_app)
    assert (await browser.post("/do", {"form": form}, Origin=auth_app.url)).status == 200
    assert (await browser.post("/do", {"form": form}, Sec_Fetch_Site="same-origin", Origin="null")).status == 200


async def test_nobody_is_signed_in_from_another_site(auth_app: AuthApp) -> None:
    await auth_app.person("mallory")
    browser, _ = await signed_in(auth_app)
    answer = await browser.post(
        "/sign-in", {"name": "mallory", "password": "four words in a row"}, Origin="https://evil.example"
    )
    assert (answer.status, answer.given) == (403, {})
    caller = await browser.whoami()
    assert caller
    assert caller.name == "ann"
    invited = await auth_app.invited("bob")
    assert (await browser.post("/invitation", invited, Sec_Fetch_Site="cross-site")).status == 403
    assert (await browser.post("/invitation", invited)).status == 303, "the link is as good as it was"


async def test_by_https_nothing_that_came_by_http_is_of_here(tmp_path: Path) -> None:
    web = {"trusted_proxies": ["127.0.0.1"], "url": "https://mailpath.example"}
    async with open_auth_app(tmp_path, web=web) as auth_app:
        await auth_app.person("ann")
        for origin, status in (
            ("https://mailpath.example", 303),
            ("https://MAILPATH.example", 303),
            ("http://mailpath.example", 403),
            ("https://mailpath.example.evil.example", 403),
            ("https://mailpath.example:8443", 403),
        ):
            browser = auth_app.browser(X_Forwarded_Proto="https", Origin=origin)
            assert (await browser.sign_in("ann")).status == status, origin


async def test_a_trusted_proxy_says_how_we_are_called(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        await auth_app.person("ann")
        browser = auth_app.browser(X_Forwarded_Host="status.example", Origin="https://status.example")
        assert (await browser.sign_in("ann")).status == 303
    async with open_auth_app(tmp_path) as auth_app:
        assert (await browser_of(auth_app, "status.example").sign_in("ann")).status == 403


def browser_of(auth_app: AuthApp, host: str) -> Browser:
    return auth_app.browser(X_Forwarded_Host=host, Origin=f"https://{host}")


async def test_reading_needs_no_form(auth_app: AuthApp) -> None:
    browser, _ = await signed_in(auth_app)
    for method in ("GET", "HEAD"):
        answer = await browser.ask(method, "/page", {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
        assert answer.status == 200


async def test_a_program_is_told_in_its_own_words(auth_app: AuthApp) -> None:
    browser, _ = await signed_in(auth_app)
    answer = await browser.ask("POST", "/api/v1/do", json={})
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert json.loads(answer.text)["status"] == 403
