"""People sign in and out, by a real server over a real store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from threading import Event
from time import perf_counter
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher

from monitor.config import Config
from monitor.config.proxies import missing_proxy_setting
from monitor.people.person import Rights
from monitor.web.auth.pages import local
from tests.support.auth_app import PASSWORD, AuthApp, all_of, open_auth_app
from tests.support.certificates import new_authority


class Held(PasswordHasher):
    """Checks no password until it is released."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.release = Event()

    def verify(self, *args: Any) -> Literal[True]:
        self.release.wait(20)
        return super().verify(*args)


@pytest.fixture
async def auth_app(tmp_path: Path) -> AsyncIterator[AuthApp]:
    async with open_auth_app(tmp_path) as auth_app:
        yield auth_app


async def test_whoever_knows_the_password_gets_in(auth_app: AuthApp) -> None:
    await auth_app.person("ann", Rights.OPERATOR, ("acme",))
    browser = auth_app.browser()
    answer = await browser.sign_in("ann")
    assert (answer.status, answer.way) == (303, "/")
    caller = await browser.whoami()
    assert caller
    assert (caller.name, caller.rights, caller.companies, caller.way) == ("ann", Rights.OPERATOR, ("acme",), "session")


@pytest.mark.parametrize("name", ["ann", "ANN", " Ann "])
async def test_a_name_is_the_same_however_it_is_written(auth_app: AuthApp, name: str) -> None:
    await auth_app.person("ann")
    assert (await auth_app.browser().sign_in(name)).status == 303


async def test_a_password_is_the_same_however_its_letters_are_put_together(auth_app: AuthApp) -> None:
    await auth_app.person("ann", password="cre\N{LATIN SMALL LETTER E WITH GRAVE}me brulée!")
    assert (
        await auth_app.browser().sign_in("ann", "cree\N{COMBINING GRAVE ACCENT}me brule\N{COMBINING ACUTE ACCENT}e!")
    ).status == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann", "another word here"), ("ann", ""), ("nobody", PASSWORD), ("", PASSWORD), ("", ""), ("a\0b", PASSWORD)],
)
async def test_whoever_does_not_gets_no_session_and_one_answer(auth_app: AuthApp, name: str, password: str) -> None:
    await auth_app.person("ann")
    browser = auth_app.browser()
    answer = await browser.sign_in(name, password)
    assert (answer.status, answer.given) == (403, {})
    assert "Wrong name or password" in answer.text
    assert await browser.whoami() is None


async def test_who_has_no_password_yet_gets_in_with_none(auth_app: AuthApp) -> None:
    await auth_app.invited("ann")
    for password in ("", "x", PASSWORD):
        assert (await auth_app.browser().sign_in("ann", password)).status == 403


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    async def seconds(browser_of: AuthApp, name: str) -> float:
        begin = perf_counter()
        assert (await browser_of.browser().sign_in(name, "wrong wrong wrong")).status == 403
        return perf_counter() - begin

    slow = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
    async with open_auth_app(tmp_path, slow) as auth_app:
        await auth_app.person("ann")
        await auth_app.invited("bob")
        times: dict[str, list[float]] = {"ann": [], "bob": [], "nobody": [], "Ü": []}
        for _ in range(4):
            for name, measured in times.items():
                measured.append(await seconds(auth_app, name))
    medians = {name: median(measured) for name, measured in times.items()}
    assert min(medians.values()) > 0.25 * max(medians.values()), medians


async def test_the_form_brings_back_the_name_but_no_password(auth_app: AuthApp) -> None:
    answer = await auth_app.browser().sign_in('"><script>alert(1)</script>', "secret words in here")
    assert "secret words" not in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


# ---- The cookie -----------------------------------------------------------------------------------------------------


async def test_the_cookie_is_for_this_site_and_no_script(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    given = (await auth_app.browser().sign_in("ann")).given
    assert given.keys() == {"mailpath", "mailpath-device"}
    cookie = given["mailpath"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    assert not cookie["secure"]
    assert int(cookie["max-age"]) == 12 * 3600 - 1 or int(cookie["max-age"]) == 12 * 3600
    assert len(cookie.value) >= 43


async def test_by_https_it_is_for_https_alone(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        await auth_app.person("ann")
        browser = auth_app.browser(X_Forwarded_Proto="https")
        given = (await browser.sign_in("ann")).given
        assert given.keys() == {"__Host-mailpath", "__Host-mailpath-device"}
        for cookie in given.values():
            assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        cookie = given["__Host-mailpath"]
        assert await browser.whoami()
        forged = auth_app.browser(X_Forwarded_Proto="https")
        forged.cookies["mailpath"] = cookie.value
        assert await forged.whoami() is None


async def test_directly_by_https_too(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, tls=new_authority(tmp_path)) as auth_app:
        await auth_app.person("ann")
        browser = auth_app.browser(Origin=auth_app.url)
        cookie = (await browser.sign_in("ann")).given["__Host-mailpath"]
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
        caller = await browser.whoami()
        assert caller
        [(name, cookie)] = (await browser.post("/sign-out", {"form": caller.form})).given.items()
        assert (name, cookie["secure"], cookie["max-age"]) == ("__Host-mailpath", True, "0")
        plain = auth_app.browser(Origin=auth_app.url.replace("https:", "http:"))
        assert (await plain.sign_in("ann")).status == 403


async def test_a_proxy_that_is_not_trusted_makes_no_https(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    given = (await auth_app.browser(X_Forwarded_Proto="https").sign_in("ann")).given
    assert given.keys() == {"mailpath", "mailpath-device"}


async def test_where_people_come_by_https_the_cookie_is_for_that(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web={"url": "https://mailpath.example"}) as auth_app:
        await auth_app.person("ann")
        assert (await auth_app.browser().sign_in("ann")).given["__Host-mailpath"]["secure"]


async def test_the_store_has_nothing_of_the_cookie(auth_app: AuthApp, tmp_path: Path) -> None:
    await auth_app.person("ann")
    secret = (await auth_app.browser().sign_in("ann")).given["mailpath"].value
    kept = all_of(tmp_path)
    assert secret.encode() not in kept
    assert PASSWORD.encode() not in kept


# ---- Sessions -------------------------------------------------------------------------------------------------------


async def test_each_sign_in_is_a_session_of_its_own(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    browser = auth_app.browser()
    browser.cookies["mailpath"] = "chosen by somebody else"
    await browser.sign_in("ann")
    first = browser.cookies["mailpath"]
    assert first != "chosen by somebody else"
    await browser.sign_in("ann")
    second, browser.cookies["mailpath"] = browser.cookies["mailpath"], first
    assert second != first
    assert await browser.whoami() is None, "the first goes on"
    browser.cookies["mailpath"] = second
    assert await browser.whoami()


async def test_after_signing_out_a_copy_of_the_cookie_is_worth_nothing(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann")
    copy = dict(browser.cookies)
    caller = await browser.whoami()
    assert caller
    answer = await browser.post("/sign-out", {"form": caller.form})
    assert (answer.status, answer.way, answer.given["mailpath"]["max-age"]) == (303, "/sign-in", "0")
    browser.cookies = copy
    assert await browser.whoami() is None


async def test_a_session_ends_when_nobody_uses_it(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann")
    for _ in range(3):
        auth_app.clock.pass_(hours=1, minutes=50)
        assert await browser.whoami()
    auth_app.clock.pass_(hours=2)
    assert await browser.whoami() is None


async def test_a_session_ends_however_much_it_is_used(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann")
    for _ in range(11):
        auth_app.clock.pass_(hours=1)
        assert await browser.whoami()
    auth_app.clock.pass_(hours=1)
    assert await browser.whoami() is None


async def test_how_long_is_configured(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web={"sign_in": {"lasts": "30m", "idle": "10m"}}) as auth_app:
        browser = await auth_app.person("ann")
        auth_app.clock.pass_(minutes=9)
        assert await browser.whoami()
        auth_app.clock.pass_(minutes=10)
        assert await browser.whoami() is None


async def test_who_is_disabled_is_out_at_once(auth_app: AuthApp) -> None:
    await auth_app.person("root", Rights.ADMIN)
    browser = await auth_app.person("ann")
    await auth_app.access().disable("ann")
    assert await browser.whoami() is None
    assert (await auth_app.browser().sign_in("ann")).status == 403
    await auth_app.access().enable("ann")
    assert await browser.whoami() is None
    assert (await auth_app.browser().sign_in("ann")).status == 303


async def test_a_session_that_began_while_its_person_was_disabled_opens_nothing(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann")
    person = await auth_app.store.people.person("ann")
    assert person
    await auth_app.store.people.put_person(replace(person, disabled_at=auth_app.clock()))
    assert await browser.whoami() is None


async def test_rights_that_change_hold_at_once(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann", Rights.ADMIN)
    assert (await browser.get("/rule")).status == 200
    person = await auth_app.store.people.person("ann")
    assert person
    await auth_app.store.people.put_person(replace(person, rights=Rights.VIEWER))
    assert (await browser.get("/rule")).status == 403


# ---- Where it leads -------------------------------------------------------------------------------------------------


async def test_who_is_not_signed_in_gets_where_they_wanted(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    browser = auth_app.browser()
    sent = await browser.get("/page?company=acme&q=%C3%BC%26")
    assert sent.status == 303
    assert sent.way == "/sign-in?to=/page?company%3Dacme%26q%3D%25C3%25BC%2526"
    shown = await browser.get(sent.way)
    assert 'name="to" value="/page?company=acme&amp;q=%C3%BC%26"' in shown.text
    answer = await browser.sign_in("ann", to="/page?company=acme&q=%C3%BC%26")
    assert answer.way == "/page?company=acme&q=%C3%BC%26"
    assert (await browser.get("/sign-in?to=/page")).way == "/page"


FOREIGN = [
    "//evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "evil.example",
    "/page\r\nSet-Cookie: a=b",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/page\0",
    "/@evil\\.example",
    "/\u2028/evil",
    "/" + "a" * 3000,
    "",
]


@pytest.mark.parametrize("to", FOREIGN)
async def test_nothing_leads_to_another_site(auth_app: AuthApp, to: str) -> None:
    await auth_app.person("ann")
    browser = auth_app.browser()
    answer = await browser.sign_in("ann", to=to)
    assert (answer.status, answer.way) == (303, "/")
    assert "a" not in answer.given


@pytest.mark.parametrize(
    "query", ["//evil.example", "/%5Cevil.example", "/%0d%0aSet-Cookie:a=b", "https:evil", "%2F%2Fevil"]
)
async def test_nor_does_a_link_to_the_form(auth_app: AuthApp, query: str) -> None:
    browser = await auth_app.person("ann")
    answer = await browser.get(f"/sign-in?to={query}")
    assert (answer.status, answer.way) == (303, "/")
    assert 'name="to" value="/"' in (await auth_app.browser().get(f"/sign-in?to={query}")).text


@pytest.mark.parametrize("path", ["/", "/page", "/page?a=b&c=%2f", "/page?a=//b", "/companies/acme", "/runbooks/#x"])
def test_what_is_ours_stays(path: str) -> None:
    assert local(path) == path


# ---- Too many tries -------------------------------------------------------------------------------------------------


async def test_wrong_passwords_cost_growing_waits(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    for _ in range(5):
        assert (await auth_app.browser().sign_in("ann", "wrong wrong wrong")).status == 403
    waits = []
    for _ in range(3):
        answer = await auth_app.browser().sign_in("ann")  # the right one, but too soon
        assert answer.status == 429
        assert f"Try again in {answer.headers['Retry-After']} seconds" in answer.text
        waits.append(int(answer.headers["Retry-After"]))
        auth_app.clock.pass_(seconds=waits[-1])
        assert (await auth_app.browser().sign_in("ann", "wrong wrong wrong")).status == 403
    assert waits == [2, 4, 8]
    auth_app.clock.pass_(seconds=16)
    assert (await auth_app.browser().sign_in("ann")).status == 303
    assert (await auth_app.browser().sign_in("ann", "wrong wrong wrong")).status == 403, "all is forgotten"


async def test_one_address_cannot_try_many_names(auth_app: AuthApp) -> None:
    for number in range(20):
        assert (await auth_app.browser().sign_in(f"name{number}", "wrong wrong wrong")).status == 403
    assert (await auth_app.browser().sign_in("name20", "wrong wrong wrong")).status == 429


async def test_behind_a_proxy_it_is_the_clients_address_that_counts(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1", "192.0.2.9"]}) as auth_app:
        one = auth_app.browser(X_Forwarded_For="203.0.113.1, 198.51.100.1, 192.0.2.9")
        for number in range(20):
            assert (await one.sign_in(f"name{number}", "wrong wrong wrong")).status == 403
        made_up = auth_app.browser(X_Forwarded_For="203.0.113.77, 198.51.100.1")
        assert (await made_up.sign_in("x", "wrong wrong wrong")).status == 429
        other = auth_app.browser(X_Forwarded_For="198.51.100.2")
        assert (await other.sign_in("x", "wrong wrong wrong")).status == 403
        entries = {entry.about.partition(",")[0] for entry in await auth_app.audit_entries()}
    assert entries == {"from 198.51.100.1", "from 198.51.100.2"}


async def test_behind_a_proxy_that_is_not_trusted_nobody_uses_up_the_tries_of_others(tmp_path: Path) -> None:
    """All are 127.0.0.1 there: 40 tries for invented names, and 5 for hers. A name has its limit all the same."""
    async with open_auth_app(tmp_path, web={"url": "https://mailpath.example"}) as auth_app:
        await auth_app.person("ann")
        for name in (*(f"name{number}" for number in range(40)), *["ann"] * 5):
            assert (await auth_app.browser().sign_in(name, "wrong wrong wrong")).status == 403
        assert (await auth_app.browser().sign_in("ann")).status == 303
        for _ in range(295):
            await auth_app.browser().sign_in("ann", "wrong wrong wrong")
        assert (await auth_app.browser().sign_in("ann")).status == 429
        refused = [
            entry.about
            for entry in await auth_app.audit_entries()
            if (entry.who, entry.what) == ("ann", "sign-in refused")
        ]
        assert refused[0] == "from 127.0.0.1"
        assert refused[1].startswith("from 127.0.0.1, 1")
        assert len(refused) <= 6, "three, and as many again if a new hour began"


@pytest.mark.parametrize(
    ("web", "warned"),
    [
        ({}, False),
        ({"url": "http://127.0.0.1:8025"}, False),
        ({"url": "https://mailpath.example"}, True),
        ({"url": "http://mailpath.example"}, True),
        ({"url": "https://mailpath.example", "listen": "0.0.0.0:8025"}, True),
        ({"url": "http://mailpath.example:8025", "listen": "0.0.0.0:8025"}, False),  # people come without a proxy
        ({"url": "https://mailpath.example", "trusted_proxies": ["127.0.0.1"]}, False),
    ],
)
def test_a_proxy_that_nobody_told_of_is_warned_of(web: dict[str, Any], warned: bool) -> None:
    told = Config.model_validate({"web": web}, context={"folder": Path()}).web
    said = "web.url names another host, but no proxy is trusted: set web.trusted_proxies"
    assert missing_proxy_setting(told) == (said if warned else None)


async def test_an_address_that_anybody_makes_up_counts_for_nothing(auth_app: AuthApp) -> None:
    for number in range(21):
        answer = await auth_app.browser(X_Forwarded_For=f"203.0.113.{number}").sign_in(
            f"name{number}", "wrong wrong wrong"
        )
    assert answer.status == 429


async def test_many_at_the_same_time_are_many(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    known = auth_app.browser()
    await known.sign_in("ann")
    answers = await asyncio.gather(*(known.sign_in("ann", "wrong wrong wrong") for _ in range(15)))
    assert sorted(answer.status for answer in answers) == [403] * 5 + [429] * 10
    answers = await asyncio.gather(*(auth_app.browser().sign_in("ann", "wrong wrong wrong") for _ in range(15)))
    statuses = [answer.status for answer in answers]
    assert 2 <= statuses.count(403) <= 5
    assert set(statuses) <= {403, 429, 503}


async def test_many_who_try_at_the_same_time_use_up_no_try_of_others(tmp_path: Path) -> None:
    """46 from as many addresses hold all places of strangers. Whoever was here before gets in; whoever was not is sent
    away, and has not tried."""
    hasher = Held()
    async with open_auth_app(tmp_path, hasher, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        hasher.release.set()
        known = await auth_app.person("ann")
        hasher.release.clear()
        crowd = [
            asyncio.create_task(auth_app.browser(X_Forwarded_For=f"198.51.100.{number}").sign_in("eve", "wrong wrong"))
            for number in range(46)
        ]
        while sum(each.done() for each in crowd) < 16:  # noqa: ASYNC110 - nothing there tells of it
            await asyncio.sleep(0.01)
        stranger = auth_app.browser(X_Forwarded_For="203.0.113.1")
        for _ in range(25):
            assert (await stranger.sign_in("ann")).status == 503
        entering = asyncio.create_task(known.sign_in("ann"))
        await asyncio.sleep(0.1)
        assert not entering.done(), "it has a place"
        hasher.release.set()
        assert (await entering).status == 303
        await asyncio.gather(*crowd)
        assert (await stranger.sign_in("ann")).status == 303


async def test_many_who_try_a_name_keep_nobody_else_out(tmp_path: Path) -> None:
    """From 250 addresses, all their free tries and more."""
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        await auth_app.person("ann")
        for number in range(250):
            await auth_app.browser(X_Forwarded_For=f"198.51.100.{number}").sign_in("ann", "wrong wrong wrong")
        assert (await auth_app.browser(X_Forwarded_For="203.0.113.1").sign_in("ann")).status == 303


@pytest.mark.parametrize("address", ["203.0.113.1", "198.51.100.1"], ids=["elsewhere", "where they try"])
async def test_a_known_device_gets_in_beside_any_attack(tmp_path: Path, address: str) -> None:
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        await auth_app.person("ann")
        known = auth_app.browser(X_Forwarded_For=address)
        assert (await known.sign_in("ann")).status == 303
        for number in range(400):
            source = f"198.51.{100 + number // 100}.{1 + number // 4 % 25}"
            await auth_app.browser(X_Forwarded_For=source).sign_in("ann", "wrong wrong wrong")
        assert (await auth_app.browser(X_Forwarded_For=address).sign_in("ann")).status in (303, 429)
        assert (await known.sign_in("ann")).status == 303


async def test_a_device_is_known_for_one_person_and_has_limits_too(auth_app: AuthApp) -> None:
    await auth_app.person("ann")
    await auth_app.person("bob")
    known = auth_app.browser()
    await known.sign_in("ann")
    device = known.cookies["mailpath-device"]
    for _ in range(5):
        assert (await known.sign_in("ann", "wrong wrong wrong")).status == 403
    assert (await known.sign_in("ann")).status == 429
    for name, cookie in (("bob", device), ("ann", device + "x"), ("ann", "." + device.partition(".")[2])):
        thief = auth_app.browser()
        for _ in range(5):
            thief.cookies = {"mailpath-device": cookie}
            await thief.sign_in(name, "wrong wrong wrong")
        thief.cookies = {"mailpath-device": cookie}
        assert (await thief.sign_in(name)).status == 429, "it counts as a stranger"
        auth_app.clock.pass_(hours=3)


# ---- The audit log --------------------------------------------------------------------------------------------------


async def test_it_is_written_down_who_came_and_who_did_not(auth_app: AuthApp) -> None:
    browser = await auth_app.person("ann")
    caller = await browser.whoami()
    assert caller
    await browser.post("/sign-out", {"form": caller.form})
    await browser.sign_in("ann", "a wrong password")
    await browser.sign_in("my own secret", "a wrong password")  # typed into the wrong field
    await browser.sign_in("ann")
    assert await auth_app.told() == [
        "root: person added",
        "root: link created",
        "ann: password set",
        "ann: signed out",
        "ann: sign-in refused",
        "somebody unknown: sign-in refused",
        "ann: signed in",
    ]
    assert {entry.about for entry in (await auth_app.audit_entries())[4:]} == {"from 127.0.0.1"}
    assert "secret" not in str(await auth_app.audit_entries())


# ---- Limits ---------------------------------------------------------------------------------------------------------


async def test_a_form_has_a_limit(auth_app: AuthApp) -> None:
    answer = await auth_app.browser().sign_in("ann", "x" * 100_000)
    assert answer.status == 413


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"name": "ann"}'),
        ("application/x-www-form-urlencoded; charset=nonsense", b"name=ann"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"name=ann&x"),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("text/plain", b"\xff\xfe"),
    ],
)
async def test_what_is_no_form_signs_nobody_in(auth_app: AuthApp, content_type: str, body: bytes) -> None:
    answer = await auth_app.browser().ask("POST", "/sign-in", {"Content-Type": content_type}, data=body)
    assert answer.status in (400, 403), answer.text
