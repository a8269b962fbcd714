"""An account at work, by a clock that the test sets: how often it asks, what it keeps, and what it never shows."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from probes.accounts import AccountError
from probes.accounts.account import Account
from probes.accounts.credentials import BudgetSettings
from probes.accounts.faults import AccountFault
from probes.accounts.google import GoogleAccount
from probes.accounts.microsoft import MicrosoftAccount
from probes.accounts.oauth import OAuthAccount
from probes.accounts.registry import Accounts
from probes.http import HttpSession
from tests.lab.dovecot import free_ports
from tests.probes.accounts.conftest import SetClock
from tests.support.authorization_server import AuthorizationServer, OAuthClient
from tests.support.client_keys import google_key_file, rsa_key

SECRET = "5ecret+/&=word"
Make = Callable[..., Account]


def settings(server: AuthorizationServer, **other: Any) -> OAuthAccount:
    """The account of the client "probe"."""
    values = {
        "provider": "oauth",
        "token_url": server.token_url,
        "client": "probe",
        "mail_servers": ["mx.acme.example"],
    }
    values |= other if {"certificate", "refresh"} & other.keys() else {"secret": SecretStr(SECRET)} | other
    return OAuthAccount.model_validate(values)


@pytest.fixture
def make(server: AuthorizationServer, http: HttpSession, clock: SetClock) -> Make:
    """Makes an account of the client "probe", with these keys."""
    return lambda **other: Account("acme", settings(server, **other), http, clock)


async def failure(account: Account, user: str = "probe@acme.example") -> AccountError:
    """What asking it fails with."""
    with pytest.raises(AccountError) as caught:
        await account.token(user)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("account acme: ")
    assert SECRET not in str(caught.value)
    return caught.value


# -- how it proves itself, beyond what test_real_issuer has -----------------------------------------------------------


async def test_a_secret_with_all_kinds_of_characters(server: AuthorizationServer, make: Make) -> None:
    assert await make().token("probe@acme.example") in server.issued
    assert server.requests == [{"grant_type": "client_credentials"}]


async def test_a_refresh_token_that_is_replaced_with_each_use(
    server: AuthorizationServer, make: Make, clock: SetClock
) -> None:
    server.clients["probe"] = OAuthClient(refresh="r1")
    server.rotates = True
    account = make(refresh=SecretStr("r1"))
    for _ in range(3):
        await account.token("x")
        clock.forward(hours=1)
    assert len({each["refresh_token"] for each in server.requests}) == 3


async def test_consent_that_is_revoked(server: AuthorizationServer, make: Make) -> None:
    server.clients["probe"] = OAuthClient(refresh="another")
    error = await failure(make(refresh=SecretStr("r1")))
    assert error.fault is AccountFault.REVOKED
    assert "sign in once more" in str(error)


class GoogleHere(GoogleAccount):
    """A service account whose provider is the test's server."""

    here: str

    @property
    def endpoint(self) -> str:
        return self.here


@pytest.fixture
def service_account(server: AuthorizationServer, http: HttpSession, clock: SetClock) -> Account:
    """It may act for all users."""
    key = rsa_key()
    values = {"provider": "google", "key": SecretStr(google_key_file(key)), "here": server.token_url}
    server.clients["mailpath@acme.iam.gserviceaccount.com"] = OAuthClient(key=key.public_key(), delegated=True)
    return Account("acme", GoogleHere.model_validate(values), http, clock)


async def test_a_service_account_acts_for_each_user(server: AuthorizationServer, service_account: Account) -> None:
    tokens = [await service_account.token(user) for user in ("a@acme.example", "b@acme.example", "a@acme.example")]
    assert [server.issued[each].user for each in tokens] == ["a@acme.example", "b@acme.example", "a@acme.example"]
    assert len(server.requests) == 2


async def test_a_service_account_without_delegation(server: AuthorizationServer, service_account: Account) -> None:
    server.clients["mailpath@acme.iam.gserviceaccount.com"].delegated = False
    error = await failure(service_account, "a@acme.example")
    assert error.fault is AccountFault.NO_DELEGATION
    assert "Domain-wide delegation" in str(error)


async def test_a_refusal_for_one_user_does_not_stop_the_others(
    server: AuthorizationServer, service_account: Account
) -> None:
    words = {"error": "invalid_grant", "error_description": "Invalid email or User ID"}
    server.next_answers.append(web.json_response(words, status=400))
    assert (await failure(service_account, "gone@acme.example")).fault is AccountFault.WRONG_USER
    assert await service_account.token("a@acme.example") in server.issued


class MicrosoftHere(MicrosoftAccount):
    """An application whose tenant's token endpoint is the test's server."""

    here: str

    @property
    def endpoint(self) -> str:
        return self.here


@pytest.mark.parametrize(
    ("status", "error", "words", "fault", "remedy"),
    [
        (400, "invalid_request", "AADSTS90002: Tenant 'acme' not found.", AccountFault.WRONG_TENANT, "`tenant`"),
        (400, "invalid_request", "AADSTS900382: cross cloud request", AccountFault.WRONG_TENANT, "`cloud`"),
        (400, "unauthorized_client", "AADSTS700016: not found", AccountFault.WRONG_CLIENT, "`client`"),
        (400, "invalid_grant", "AADSTS50173: revoked", AccountFault.REVOKED, "sign in once more"),
        (400, "invalid_grant", "AADSTS65001: consent", AccountFault.NO_CONSENT, "grant consent"),
        (401, "invalid_client", "AADSTS7000222: expired", AccountFault.EXPIRED_SECRET, "add a new one"),
        (401, "invalid_client", "AADSTS700024: time range", AccountFault.CLOCK, "NTP"),
        (400, "invalid_grant", "AADSTS53003: Conditional Access", AccountFault.POLICY, "sign-in log"),
        (429, "temporarily_unavailable", "AADSTS90055: too many", AccountFault.BUSY, "asked again"),
    ],
)  # fmt: skip
async def test_what_microsoft_answers_has_a_remedy_in_words(
    server: AuthorizationServer, http: HttpSession, clock: SetClock, status: int, error: str, words: str,
    fault: AccountFault, remedy: str,
) -> None:  # fmt: skip
    keys = {"provider": "microsoft", "tenant": "acme.example", "client": "11111111-2222-3333-4444-555555555555"}
    values = {**keys, "secret": SecretStr(SECRET), "refresh": SecretStr("r1"), "here": server.token_url}
    server.next_answers.append(web.json_response({"error": error, "error_description": words}, status=status))
    said = await failure(Account("acme", MicrosoftHere.model_validate(values), http, clock))
    assert said.fault is fault
    assert remedy in str(said)
    assert words[:10] in str(said)  # the number, by which Microsoft's support finds it


# -- how often it asks ------------------------------------------------------------------------------------------------


async def test_fifty_who_ask_at_once_cause_one_request(server: AuthorizationServer, make: Make) -> None:
    server.delay = 0.05
    account = make()
    tokens = await asyncio.gather(*(account.token(f"user{number}@acme.example") for number in range(50)))
    assert len(set(tokens)) == len(server.requests) == 1


async def test_fifty_who_ask_in_vain_cause_one_request(server: AuthorizationServer, make: Make) -> None:
    server.delay = 0.05
    account = make(secret=SecretStr("no"))
    errors = await asyncio.gather(*(account.token("x") for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, AccountError) and each.fault is AccountFault.WRONG_SECRET for each in errors)
    assert len(server.requests) == 1


async def test_one_who_leaves_does_not_take_the_token_from_the_others(server: AuthorizationServer, make: Make) -> None:
    server.delay = 0.05
    account = make()
    first, second = (asyncio.create_task(account.token("x")) for _ in range(2))
    await asyncio.sleep(0.02)
    first.cancel()
    assert await second in server.issued
    assert len(server.requests) == 1


@pytest.mark.parametrize(("minutes", "requests"), [(1, 1), (54, 1), (56, 2), (61, 2), (-10, 2)])
async def test_a_token_is_kept_until_shortly_before_its_end(
    server: AuthorizationServer, make: Make, clock: SetClock, minutes: int, requests: int
) -> None:
    account = make()
    await account.token("x")
    clock.forward(minutes=minutes)
    await account.token("x")
    assert len(server.requests) == requests


async def test_a_refused_token_is_replaced_once(server: AuthorizationServer, make: Make, clock: SetClock) -> None:
    account = make()
    old = await account.token("x")
    clock.forward(minutes=2)
    new = await asyncio.gather(*(account.token("x", refused=old) for _ in range(5)))
    assert {*new} & {old} == set()
    assert await account.token("x", refused=old) == new[0]  # by one who was refused later, with the old one
    assert len(server.requests) == 2


async def test_a_new_token_that_is_refused_is_not_replaced(
    server: AuthorizationServer, make: Make, clock: SetClock
) -> None:
    account = make()
    token = await account.token("x")
    clock.forward(seconds=30)
    assert await account.token("x", refused=token) == token
    assert len(server.requests) == 1


async def test_after_a_refusal_nobody_is_asked_for_a_while(
    server: AuthorizationServer, make: Make, clock: SetClock
) -> None:
    account = make(secret=SecretStr("no"))
    for _ in range(60 * 60):  # a mailbox that is visited each second for an hour
        with pytest.raises(AccountError):
            await account.token("x")
        clock.forward(seconds=1)
    assert 10 < len(server.requests) < 20


async def test_a_pause_that_the_provider_asks_for_is_kept(
    server: AuthorizationServer, make: Make, clock: SetClock
) -> None:
    server.next_answers.append(web.json_response({}, status=429, headers={"Retry-After": "120"}))
    account = make()
    assert (await failure(account)).fault is AccountFault.BUSY
    clock.forward(seconds=119)
    assert (await failure(account)).fault is AccountFault.BUSY
    clock.forward(seconds=2)
    assert await account.token("x") in server.issued


async def test_the_budget_is_for_all_users(
    server: AuthorizationServer, service_account: Account, http: HttpSession, clock: SetClock
) -> None:
    assert isinstance(service_account.settings, GoogleHere)
    limited = service_account.settings.model_copy(update={"budget": BudgetSettings(per_5_minutes=3)})
    account = Account("acme", limited, http, clock)
    for number in range(3):
        await account.token(f"{number}@acme.example")
    error = await failure(account, "3@acme.example")
    assert error.fault is AccountFault.OVER_BUDGET
    assert "per_5_minutes" in str(error)
    assert await account.token("0@acme.example") in server.issued  # what is there already costs nothing
    clock.forward(minutes=5, seconds=1)
    assert await account.token("3@acme.example") in server.issued
    assert len(server.requests) == 4


# -- what it does not follow, and does not show -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(server: AuthorizationServer, make: Make, status: int) -> None:
    elsewhere: list[str] = []

    async def take(request: web.Request) -> web.Response:
        elsewhere.append(await request.text())
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    server.next_answers.append(web.Response(status=status, headers={"Location": there}))
    assert (await failure(make())).fault is AccountFault.UNREADABLE
    await runner.cleanup()
    assert elsewhere == []


async def test_an_answer_without_end_is_not_read(server: AuthorizationServer, make: Make) -> None:
    server.next_answers.append(web.Response(body=b'{"access_token": "' + b"x" * (8 << 20)))
    assert (await failure(make())).fault is AccountFault.UNREADABLE


async def test_a_silent_server_is_left(
    server: AuthorizationServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("probes.http.TIMEOUT", 0.2)
    server.delay = 30
    error = await failure(make())
    assert error.fault is AccountFault.UNREACHABLE
    assert "no answer within" in str(error)


async def test_nobody_listens(make: Make) -> None:
    error = await failure(make(token_url=f"http://127.0.0.1:{free_ports('127.0.0.1').imap}/token"))
    assert error.fault is AccountFault.UNREACHABLE
    assert "Connection refused" in str(error)


async def test_no_secret_is_in_an_error_a_log_or_a_repr(
    server: AuthorizationServer, make: Make, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"we know {SECRET}, and 5ecret%2B%2F%26%3Dword, and {'t0ken' * 20}"
    server.next_answers.append(web.json_response({"error": "strange", "error_description": echo}, status=400))
    account = make()
    error = await failure(account)
    assert error.fault is AccountFault.REFUSED
    assert "we know ***, and ***, and ***" in str(error)
    clock.forward(minutes=1)
    token = await account.token("x")
    request = account.settings.request("x", clock(), "")
    for text in (repr(account.settings), repr(request), repr(account), str(error), caplog.text):
        assert SECRET not in text
        assert token not in text
        assert "t0ken" not in text
        assert "Basic " not in text


# -- all accounts -----------------------------------------------------------------------------------------------------


async def test_a_reload_keeps_tokens_and_pauses_of_accounts_that_stay_the_same(
    server: AuthorizationServer, http: HttpSession, clock: SetClock
) -> None:
    accounts = Accounts(http, clock)
    accounts.configure({"acme": settings(server), "bolt": settings(server, secret=SecretStr("no"))})
    token = await accounts.get("acme").token("x")
    with pytest.raises(AccountError):
        await accounts.get("bolt").token("x")
    accounts.configure({"acme": settings(server), "bolt": settings(server)})
    assert await accounts.get("acme").token("x") == token
    assert await accounts.get("bolt").token("x") in server.issued  # at once: its secret is another one
    accounts.configure({})
    with pytest.raises(AccountError, match="account acme: there is no such account"):
        accounts.get("acme")
    await accounts.close()
