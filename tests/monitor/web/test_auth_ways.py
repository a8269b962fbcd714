"""By which ways a request has a caller: a token, a header of a trusted proxy, or because all is make-believe."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from structlog.testing import capture_logs

from monitor.people.person import Rights
from tests.support.auth_app import SANDBOX, AuthApp, open_auth_app

PROXY: dict[str, Any] = {"trusted_proxies": ["127.0.0.1"], "sign_in": {"header": "X-Remote-User"}}
LETS_STRANGERS_IN = PROXY | {"sign_in": PROXY["sign_in"] | {"header_rights": "operator", "header_companies": ["acme"]}}


@pytest.fixture
async def auth_app(tmp_path: Path) -> AsyncIterator[AuthApp]:
    async with open_auth_app(tmp_path) as auth_app:
        yield auth_app


# ---- Nobody ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/page", "/rule", "/view", "/do", "/nowhere", "/static", "/sign-in/x", "/healthz/"])
async def test_nobody_is_sent_to_sign_in(auth_app: AuthApp, path: str) -> None:
    answer = await auth_app.browser().get(path)
    assert (answer.status, answer.way) == (303, f"/sign-in?to={path}")


@pytest.mark.parametrize("path", ["/api/v1/things", "/api/v1/nowhere", "/api/v1/", "/api/v1/do"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_program_that_is_nobody_is_told_how_to_come(auth_app: AuthApp, method: str, path: str) -> None:
    answer = await auth_app.browser().ask(method, path)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mailpath"'


async def test_the_api_says_so_as_a_problem(auth_app: AuthApp) -> None:
    answer = await auth_app.browser().ask("GET", "/api/v1/things")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "Authorization: Bearer TOKEN" in answer.text


async def test_nobody_can_change_anything(auth_app: AuthApp) -> None:
    answer = await auth_app.browser().post("/do")
    assert (answer.status, answer.way) == (303, "/sign-in")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/style.css", "/sign-in", "/invitation"])
async def test_what_is_for_all_is_there_for_nobody(auth_app: AuthApp, path: str) -> None:
    assert (await auth_app.browser().get(path)).status == 200


# ---- Tokens ---------------------------------------------------------------------------------------------------------


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_token_has_its_rights_and_companies(auth_app: AuthApp) -> None:
    secret = await auth_app.token("grafana", Rights.OPERATOR, ("acme",))
    program = auth_app.browser(**bearer(secret))
    caller = await program.whoami()
    assert caller
    assert (caller.name, caller.rights, caller.companies) == ("grafana", Rights.OPERATOR, ("acme",))
    assert caller.way == "token grafana"
    assert (await program.post("/api/v1/do")).text == "done by grafana"
    assert (await program.get("/rule")).status == 403


async def test_it_needs_no_form_wherever_it_is_sent_from(auth_app: AuthApp) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x", Rights.OPERATOR)))
    assert (await program.post("/do", Origin="https://elsewhere.example", Sec_Fetch_Site="cross-site")).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer mailpath_wrong",
        "Bearer ",
        "Bearer",
        "bearer  ",
        "Basic " + base64.b64encode(b"ann:four words in a row").decode(),
        "Bearer " + "x" * 5000,
        "Bearer \u00e9\u00e9",
        "Token x",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/things", "/page"])
async def test_what_is_no_token_is_refused_also_beside_a_session(
    auth_app: AuthApp, path: str, authorization: str
) -> None:
    browser = await auth_app.person("ann")
    answer = await browser.get(path, Authorization=authorization)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mailpath", error="invalid_token"'


async def test_a_token_expires(auth_app: AuthApp) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x", lasts=timedelta(hours=1))))
    auth_app.clock.pass_(minutes=59)
    assert (await program.get("/api/v1/things")).status == 200
    auth_app.clock.pass_(minutes=1)
    assert (await program.get("/api/v1/things")).status == 401


async def test_a_token_without_an_end_goes_on(auth_app: AuthApp) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x")))
    auth_app.clock.pass_(days=4000)
    assert (await program.get("/api/v1/things")).status == 200


async def test_a_revoked_token_is_worth_nothing_at_once(auth_app: AuthApp) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x")))
    assert (await program.get("/api/v1/things")).status == 200
    await auth_app.access().revoke("x")
    assert (await program.get("/api/v1/things")).status == 401


async def test_it_is_kept_when_a_token_was_used_to_the_minute(auth_app: AuthApp) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x")))
    [token] = await auth_app.store.people.tokens()
    assert token.used_at is None
    await program.get("/api/v1/things")
    [token] = await auth_app.store.people.tokens()
    first = token.used_at
    await program.get("/api/v1/things")
    [token] = await auth_app.store.people.tokens()
    assert token.used_at == first
    auth_app.clock.pass_(minutes=2)
    await program.get("/api/v1/things")
    [token] = await auth_app.store.people.tokens()
    assert token.used_at
    assert first
    assert token.used_at >= first + timedelta(minutes=2)


# ---- Rights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "method", "path", "status"),
    [
        (Rights.VIEWER, "GET", "/page", 200),
        (Rights.VIEWER, "GET", "/view", 200),
        (Rights.VIEWER, "POST", "/view", 403),
        (Rights.VIEWER, "GET", "/do", 403),
        (Rights.VIEWER, "POST", "/api/v1/do", 403),
        (Rights.OPERATOR, "POST", "/view", 200),
        (Rights.OPERATOR, "POST", "/api/v1/do", 200),
        (Rights.OPERATOR, "GET", "/rule", 403),
        (Rights.ADMIN, "GET", "/rule", 200),
        (Rights.ADMIN, "POST", "/do", 200),
        (Rights.VIEWER, "GET", "/nowhere", 404),
        (Rights.VIEWER, "DELETE", "/page", 405),
    ],
)
async def test_a_handler_says_what_it_needs(
    auth_app: AuthApp, rights: Rights, method: str, path: str, status: int
) -> None:
    program = auth_app.browser(**bearer(await auth_app.token("x", rights)))
    assert (await program.ask(method, path)).status == status


async def test_a_refusal_says_what_is_needed(auth_app: AuthApp) -> None:
    answer = await auth_app.browser(**bearer(await auth_app.token("x"))).ask("GET", "/rule", {"Accept": "*/*"})
    assert "You need the Admin role for this. You are signed in as Viewer." in answer.text


# ---- A header of a proxy --------------------------------------------------------------------------------------------


async def test_the_proxy_says_who_it_is(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=PROXY) as auth_app:
        await auth_app.person("ann", Rights.OPERATOR, ("acme",))
        caller = await auth_app.browser(X_Remote_User="Ann").whoami()
        assert caller
        assert (caller.name, caller.rights, caller.companies, caller.way) == (
            "ann",
            Rights.OPERATOR,
            ("acme",),
            "header",
        )


async def test_whom_nobody_knows_here_is_not_let_in(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=PROXY) as auth_app:
        answer = await auth_app.browser(X_Remote_User="stranger").ask("GET", "/page", {"Accept": "*/*"})
        assert answer.status == 403
        assert "have no account here" in answer.text
        assert "stranger" not in answer.text


async def test_unless_strangers_are_let_in(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        caller = await auth_app.browser(X_Remote_User="stranger@acme.example").whoami()
        assert caller
        assert (caller.name, caller.rights, caller.companies) == ("stranger@acme.example", Rights.OPERATOR, ("acme",))
        await auth_app.person("root", Rights.ADMIN)
        await auth_app.person("ann")
        caller = await auth_app.browser(X_Remote_User="ann").whoami()
        assert caller
        assert caller.rights is Rights.VIEWER, "those who are known have rights of their own"
        await auth_app.access().disable("ann")
        assert (await auth_app.browser(X_Remote_User="ann").get("/page")).status == 403


@pytest.mark.parametrize("name", ["two, names", "<script>", "x" * 101, "a b", "\u00fc"])
async def test_what_is_no_name_is_nobody(tmp_path: Path, name: str) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        assert (await auth_app.browser(X_Remote_User=name).get("/page")).status == 403


async def test_two_such_headers_are_not_one_name(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        headers = CIMultiDict([("X-Remote-User", "ann"), ("X-Remote-User", "root")])
        async with auth_app.http.get(f"{auth_app.url}/page", headers=headers, allow_redirects=False) as answer:
            assert answer.status == 403


async def test_without_the_header_people_sign_in(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        browser = await auth_app.person("ann")
        assert (await auth_app.browser().get("/page")).status == 303
        caller = await browser.whoami()
        assert caller
        assert caller.way == "session"


@pytest.mark.parametrize("header", ["", "   "])
async def test_an_empty_header_says_nothing(tmp_path: Path, header: str) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        assert (await auth_app.browser(X_Remote_User=header).get("/page")).status == 303


async def test_from_anybody_else_the_header_is_nothing_and_that_is_told_once(tmp_path: Path) -> None:
    untrusted = LETS_STRANGERS_IN | {"trusted_proxies": ["192.0.2.1"]}
    async with open_auth_app(tmp_path, web=untrusted) as auth_app:
        with capture_logs() as logs:
            for _ in range(3):
                browser = auth_app.browser(X_Remote_User="root", X_Forwarded_For="192.0.2.1")
                assert (await browser.get("/page")).status == 303
        [line] = logs
        assert line["log_level"] == "warning"
        assert "root" not in str(line)


async def test_who_comes_by_header_needs_a_form_of_their_own(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, web=LETS_STRANGERS_IN) as auth_app:
        ann, bob = auth_app.browser(X_Remote_User="ann"), auth_app.browser(X_Remote_User="bob")
        caller, other = await ann.whoami(), await bob.whoami()
        assert caller
        assert other
        assert len(caller.form) == 64
        assert caller.form != other.form
        assert (await ann.post("/do")).status == 403
        assert (await ann.post("/do", {"form": other.form})).status == 403
        assert (await ann.post("/do", {"form": caller.form})).text == "done by ann"


# ---- Where all is make-believe --------------------------------------------------------------------------------------


async def test_a_sandbox_without_people_is_open_for_reading(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        caller = await auth_app.browser().whoami()
        assert caller
        assert (caller.name, caller.rights, caller.way) == ("everybody", Rights.VIEWER, "open")
        assert (await auth_app.browser().post("/do")).status == 403
        assert (await auth_app.browser().get("/rule")).status == 403
        assert "read-only demo" in (await auth_app.browser().get("/sign-in")).text


async def test_a_page_says_that_it_is_open(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        assert "Read-only demo" in (await auth_app.browser().get("/sign-in")).text


async def test_the_first_person_ends_that_at_once(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        assert await auth_app.browser().whoami()
        await auth_app.access().add("ann", Rights.VIEWER, None)
        assert await auth_app.browser().whoami() is None


async def test_so_does_the_first_token(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        await auth_app.token("x")
        assert await auth_app.browser().whoami() is None


def _real_company() -> dict[str, Any]:
    acme = SANDBOX["companies"]["acme"]
    return SANDBOX | {"companies": SANDBOX["companies"] | {"real": acme}}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"companies": SANDBOX["companies"]},
        _real_company(),
        SANDBOX | {"web": {"listen": "0.0.0.0:8025"}},
        SANDBOX | {"web": {"listen": "mailpath.example:8025"}},
        SANDBOX | {"web": {"trusted_proxies": ["127.0.0.1"]}},
        SANDBOX | {"web": PROXY},
        SANDBOX | {"web": {"url": "https://mailpath.example"}},
    ],
    ids=["nothing", "no sandbox", "a real company", "all addresses", "a name", "a proxy", "single sign-on", "a url"],
)
async def test_nothing_else_is_open(tmp_path: Path, config: dict[str, Any]) -> None:
    async with open_auth_app(tmp_path, **config) as auth_app:
        assert await auth_app.browser().whoami() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8025"},
        {"Host": "127.0.0.1.evil.example"},
        {"X_Forwarded_For": "203.0.113.1"},
        {"X_Real_IP": "203.0.113.1"},
        {"X_Forwarded_Proto": "https"},
        {"Via": "1.1 proxy"},
        {"Forwarded": "for=203.0.113.1"},
    ],
    ids=str,
)
async def test_nor_is_it_for_those_who_only_seem_to_be_here(tmp_path: Path, headers: dict[str, str]) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        assert await auth_app.browser(**headers).whoami() is None


@pytest.mark.parametrize("host", ["localhost", "localhost:8025", "127.0.0.1:1", "[::1]:8025"])
async def test_this_machine_has_several_names(tmp_path: Path, host: str) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        assert await auth_app.browser(Host=host).whoami()


# ---- Metrics --------------------------------------------------------------------------------------------------------


async def test_the_metrics_are_for_those_who_have_signed_in(auth_app: AuthApp) -> None:
    answer = await auth_app.browser().get("/metrics")
    assert answer.status == 401, "nginx sends just this when it passes on a request from anywhere"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "web.metrics_listen" in (await auth_app.browser().ask("GET", "/metrics", {"Accept": "*/*"})).text
    everything, bound = await auth_app.token("all"), await auth_app.token("bound", companies=("acme",))
    assert (await auth_app.browser(**bearer(everything)).get("/metrics")).status == 200
    assert (await auth_app.browser(**bearer(bound)).get("/metrics")).status == 200


async def test_make_believe_metrics_are_for_this_machine_too(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        await auth_app.token("x")
        assert (await auth_app.browser().get("/metrics")).status == 200
        assert (await auth_app.browser(Host="mailpath.example").get("/metrics")).status == 401


async def test_what_a_plain_nginx_passes_on_is_not_from_here(tmp_path: Path) -> None:
    """`proxy_pass http://127.0.0.1:8025;` and no more: it calls us by that name and says nothing of itself."""
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app:
        host = auth_app.url.removeprefix("http://")
        address, port = host.split(":")
        for version, status in (("1.1", b"200"), ("1.0", b"401")):
            reader, writer = await asyncio.open_connection(address, int(port))
            writer.write(f"GET /metrics HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert (await reader.readline()).split()[1] == status
            writer.close()
