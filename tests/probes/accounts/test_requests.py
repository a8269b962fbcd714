"""Authorised requests to an API: what all of an account share, what is never followed, and what is never shown."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from probes.accounts import AccountError, AccountService, AccountUse
from probes.accounts.account import Account
from probes.accounts.credentials import BudgetSettings
from probes.accounts.faults import AccountFault
from probes.accounts.mailgun import MailgunAccount, MailgunBudget
from probes.accounts.oauth import OAuthAccount
from probes.accounts.requests import Api, ApiRequest
from probes.http import HttpSession, basic
from tests.probes.accounts.conftest import SetClock
from tests.support.authorization_server import AuthorizationServer

KEY = "key-0123456789"
USE = AccountUse("identity", "", service=AccountService.MAILGUN)
LOOK = ApiRequest("GET", "/v1/look")


@dataclass
class ApiServer:
    """An API on loopback that answers as it is set."""

    url: str = ""
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    seen: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        return await self.answer(request) if self.answer else web.json_response({"items": []})

    def says(self, status: int, body: Any = None, **headers: str) -> None:
        async def answer(_: web.Request) -> web.Response:
            text = body if isinstance(body, str | bytes) else None
            if text is None:
                return web.json_response(body, status=status, headers=headers)
            return web.Response(status=status, body=text, headers=headers)

        self.answer = answer


@pytest.fixture
async def api_server() -> AsyncIterator[ApiServer]:
    server, app = ApiServer(), web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
def api(api_server: ApiServer, http: HttpSession, clock: SetClock) -> Api:
    """Mailgun's API, with the key of an account."""
    settings = MailgunAccount(provider="mailgun", domain="account.trimble.com", key=SecretStr(KEY), url=api_server.url)
    return Api(Account("identity", settings, http, clock), USE)


async def fault(work: Awaitable[object]) -> AccountError:
    with pytest.raises(AccountError) as caught:
        await work
    text = str(caught.value)
    assert text.startswith("account identity: ")
    assert text.isprintable()
    assert KEY not in text
    return caught.value


async def test_a_request_with_its_key(api: Api, api_server: ApiServer) -> None:
    api_server.says(200, {"items": [1]})
    request = ApiRequest("POST", "/v1/look", {"limit": "2"}, body={"a": "ä"}, headers={"Prefer": "x"})
    assert await api.require(request) == {"items": [1]}
    [seen] = api_server.seen
    assert (seen.method, seen.path_qs, seen.headers["Prefer"]) == ("POST", "/v1/look?limit=2", "x")
    assert seen.headers["Authorization"] == basic("api", SecretStr(KEY))["Authorization"]
    assert seen.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [400, 404, 409, 410])
async def test_a_refusal_of_what_was_asked_is_for_the_caller(api: Api, api_server: ApiServer, status: int) -> None:
    api_server.says(status, {"message": f"not so {KEY}"})
    reply = await api.call(LOOK)
    assert (reply.status, reply.good) == (status, False)
    error = await fault(api.require(LOOK))
    assert error.fault is AccountFault.NOT_DONE
    assert f"HTTP {status}: not so ***" in str(error)
    assert len(api_server.seen) == 2  # nobody has to wait


async def test_a_right_that_is_missing(api: Api, api_server: ApiServer) -> None:
    api_server.says(403, {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}})
    error = await fault(api.require(LOOK))
    assert error.fault is AccountFault.NO_RIGHT
    assert "HTTP 403: ErrorAccessDenied: Access is denied." in str(error)
    assert "role analyst" in str(error)


async def test_a_key_that_is_refused_is_not_shown_again_and_again(
    api: Api, api_server: ApiServer, clock: SetClock
) -> None:
    api_server.says(401, {"message": "Invalid private key"})
    first = await fault(api.call(LOOK))
    assert first.fault is AccountFault.TOKEN_REFUSED
    assert "sending key" in str(first)
    assert str(await fault(api.call(LOOK))) == str(first)
    assert len(api_server.seen) == 1
    clock.forward(seconds=6)
    api_server.says(200, {})
    assert await api.require(LOOK) == {}


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "30"}, 30), (429, {}, 5), (503, {"Retry-After": "7"}, 7), (500, {}, 5), (502, {}, 5)],
)
async def test_a_busy_provider_is_left_alone_for_a_while(
    api: Api, api_server: ApiServer, clock: SetClock, status: int, headers: dict[str, str], seconds: float
) -> None:
    api_server.says(status, {"message": "slow down"}, **headers)
    assert (await fault(api.call(LOOK))).fault is AccountFault.BUSY
    api_server.says(200, {})
    clock.forward(seconds=seconds - 1)
    assert (await fault(api.call(LOOK))).fault is AccountFault.BUSY
    assert len(api_server.seen) == 1
    clock.forward(seconds=1)
    assert await api.require(LOOK) == {}


async def test_the_pause_is_longer_each_time(api: Api, api_server: ApiServer, clock: SetClock) -> None:
    api_server.says(429)
    for pause in (5, 10, 20):
        await fault(api.call(LOOK))
        asked = len(api_server.seen)
        clock.forward(seconds=pause - 1)
        await fault(api.call(LOOK))
        assert len(api_server.seen) == asked
        clock.forward(seconds=1)


async def test_one_budget_for_all(api_server: ApiServer, http: HttpSession, clock: SetClock) -> None:
    budget = MailgunBudget(per_5_minutes=3, traces_per_5_minutes=2)
    settings = MailgunAccount(
        provider="mailgun", domain="a.example", key=SecretStr(KEY), url=api_server.url, budget=budget
    )
    account = Account("identity", settings, http, clock)
    trace = ApiRequest("GET", "/trace", trace=True)
    for _ in range(2):
        await Api(account, USE).require(trace)
    error = await fault(Api(account, USE).call(trace))
    assert error.fault is AccountFault.OVER_BUDGET
    assert "budget.traces_per_5_minutes" in str(error)
    await Api(account, AccountUse("identity", "x", service=AccountService.MAILGUN)).require(LOOK)
    assert "budget.per_5_minutes" in str(await fault(Api(account, USE).call(LOOK)))
    assert len(api_server.seen) == 3
    clock.forward(minutes=5)
    await Api(account, USE).require(trace)
    assert BudgetSettings().traces_per_5_minutes == 20


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/v1/look", "http://127.0.0.1:1/v1", "//evil.example/x", "@evil.example/", "ftp://127.0.0.1/",
     "https://{here}/v1", "http://user@{here}/", "http://{here}\\@evil.example/", "", "v1/look", "http://[::1", "\x00"],
)  # fmt: skip
async def test_credentials_go_to_no_other_server(api: Api, api_server: ApiServer, target: str) -> None:
    here = api_server.url.removeprefix("http://")
    if target.startswith("//"):  # a path below the base, however it looks
        await api.call(ApiRequest("GET", target.format(here=here)))
        assert [each.path for each in api_server.seen] == [target]
        return
    error = await fault(api.call(ApiRequest("GET", target.replace("{here}", here))))
    assert error.fault is AccountFault.OTHER_HOST
    assert api_server.seen == []


async def test_a_page_that_the_api_itself_names(api: Api, api_server: ApiServer) -> None:
    await api.require(ApiRequest("GET", f"{api_server.url}/v1/next?page=2"))
    assert [each.path_qs for each in api_server.seen] == ["/v1/next?page=2"]


async def test_no_redirect_is_followed(api: Api, api_server: ApiServer) -> None:
    api_server.says(302, "", Location=f"{api_server.url}/v1/other")
    assert (await fault(api.call(LOOK))).fault is AccountFault.OTHER_HOST
    assert len(api_server.seen) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"1" * 5000, b'{"items": [', b"x" * 1001]
)
async def test_what_is_no_answer_of_an_api(api: Api, api_server: ApiServer, body: bytes) -> None:
    api_server.says(200, body)
    error = await fault(api.call(ApiRequest("GET", "/v1/look", most=100_000 if body[:1] != b"x" else 1000)))
    assert error.fault is (AccountFault.TOO_LONG if body[:1] == b"x" else AccountFault.STRANGE)


@pytest.mark.parametrize(
    "value", [None, 7, "no", [], {"error": 7}, {"error": {"message": []}}, {"message": {"message": 1}}, {"error": None}]
)
async def test_a_refusal_in_strange_words(api: Api, api_server: ApiServer, value: Any) -> None:
    api_server.says(400, value)
    assert "HTTP 400" in str(await fault(api.require(LOOK)))


async def test_a_connection_that_is_cut(api: Api, api_server: ApiServer) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"items": [')
        assert request.transport
        request.transport.close()
        return response

    api_server.answer = cut
    assert (await fault(api.call(LOOK))).fault is AccountFault.API_UNREACHABLE


async def test_a_server_that_is_gone(http: HttpSession, clock: SetClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = MailgunAccount(
        provider="mailgun", domain="a.example", key=SecretStr(KEY), url=f"http://127.0.0.1:{port}"
    )
    api = Api(Account("identity", settings, http, clock), USE)
    assert (await fault(api.call(LOOK))).fault is AccountFault.API_UNREACHABLE


class TokenAccount(OAuthAccount):
    """An account that gives tokens for an API."""

    api: str

    def base(self, service: AccountService) -> str:
        return self.api


async def test_a_refused_token_is_replaced_once(
    server: AuthorizationServer, api_server: ApiServer, http: HttpSession, clock: SetClock
) -> None:
    settings = TokenAccount.model_validate(
        {"provider": "oauth", "token_url": server.token_url, "client": "probe", "mail_servers": ["mx.acme.example"],
         "secret": SecretStr("5ecret+/&=word"), "api": api_server.url}
    )  # fmt: skip
    account = Account("identity", settings, http, clock)
    api = Api(account, AccountUse("identity", "probe@acme.example", service=AccountService.MAILGUN))

    async def answer(request: web.Request) -> web.Response:
        given = request.headers["Authorization"].removeprefix("Bearer ")
        return web.json_response({}, status=200 if server.issued[given].active else 401)

    api_server.answer = answer
    await asyncio.gather(*(api.require(LOOK) for _ in range(20)))
    assert len(server.requests) == 1
    clock.forward(minutes=2)
    server.revoke_all()
    await asyncio.gather(*(api.require(LOOK) for _ in range(20)))
    assert len(server.requests) == 2
    server.revoke_all()  # a token that is new is not replaced: another would be as bad
    assert (await fault(api.call(LOOK))).fault is AccountFault.TOKEN_REFUSED
    assert len(server.requests) == 2
