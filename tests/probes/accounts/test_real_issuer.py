"""Accounts at a real authorization server, oidc-provider: what it accepts, and what its refusals become.

It answers every wrong proof alike, "invalid_client"; what is wrong is found out by what we know ourselves.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from probes.accounts import AccountError, RefreshKeeper
from probes.accounts.account import Account
from probes.accounts.faults import AccountFault
from probes.accounts.oauth import OAuthAccount
from probes.accounts.refreshing import MemoryKeeper
from probes.http import HttpSession
from tests.lab.oidc_provider import (
    SECRET,
    OidcProvider,
    client,
    consented_client,
    oidc_obstacle,
    oidc_provider,
    signing_client,
)
from tests.support.client_keys import ClientKey, certificate, ec_key, pem, rsa_key

KEYS: dict[str, ClientKey] = {"rsa": rsa_key(), "ec": ec_key(), "other": rsa_key()}
Open = Callable[..., Account]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """It has a client of each sort."""
    if reason := oidc_obstacle():
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    clients = [
        client("secret"),
        signing_client(KEYS["rsa"], "rsa"),
        signing_client(KEYS["ec"], "ec"),
        signing_client(KEYS["rsa"], "only-ec", token_endpoint_auth_signing_alg="ES256"),
        consented_client("consented"),
    ]
    with oidc_provider(tmp_path_factory.mktemp("oidc"), *clients) as running:
        yield running


@pytest.fixture(autouse=True)
def true_clock(issuer: OidcProvider) -> None:
    """Its clock is this machine's."""
    issuer.ahead(0)


@pytest.fixture
async def make(issuer: OidcProvider) -> AsyncIterator[Open]:
    """Makes an account of this client, by this machine's clock and so many seconds."""
    async with HttpSession() as http:

        def account(name: str, ahead: float = 0, keeper: RefreshKeeper | None = None, **keys: Any) -> Account:
            values = {"provider": "oauth", "token_url": issuer.token_url, "client": name, "mail_servers": ["127.0.0.1"]}
            now = lambda: datetime.now(UTC) + timedelta(seconds=ahead)  # noqa: E731
            return Account("acme", OAuthAccount.model_validate(values | keys), http, now, keeper)

        yield account


def signed_by(key: str, **other: Any) -> dict[str, Any]:
    return {"certificate": SecretStr(certificate(KEYS[key], **other) + pem(KEYS[key]))}


def by_secret(secret: str = SECRET) -> dict[str, Any]:
    return {"secret": SecretStr(secret)}


@pytest.mark.parametrize(
    ("name", "keys"), [("rsa", signed_by("rsa")), ("ec", signed_by("ec")), ("secret", by_secret())]
)
async def test_a_token(make: Open, name: str, keys: dict[str, Any]) -> None:
    account = make(name, **keys)
    assert await account.token("x")
    account = make(name, **keys)
    assert await account.token("x")  # and once more: each assertion is another one


CERTIFICATE, CLOCK = AccountFault.WRONG_CERTIFICATE, AccountFault.CLOCK
ENDED = signed_by("other", ends=datetime.now(UTC) - timedelta(days=1))


@pytest.mark.parametrize(
    ("name", "keys", "ahead", "fault", "words"),
    [
        ("rsa", signed_by("rsa"), -700, CLOCK, r"(699|700) s behind"),  # it has expired by their clock
        ("rsa", signed_by("rsa"), 301, CLOCK, r"30[12] s ahead of"),
        ("ec", signed_by("ec"), 301, CLOCK, r"30[12] s ahead of"),
        ("rsa", signed_by("rsa"), 60, CERTIFICATE, r"6[01] s ahead of"),  # either may be the reason: both are named
        ("rsa", signed_by("other"), 0, CERTIFICATE, "register the certificate"),
        ("rsa", ENDED, 0, AccountFault.EXPIRED_CERTIFICATE, "create a new certificate"),
        ("only-ec", signed_by("rsa"), 0, CERTIFICATE, "PS256"),  # wrong algorithm
        ("secret", by_secret("no"), 0, AccountFault.WRONG_SECRET, "store the present secret"),
        ("nobody", by_secret(), 0, AccountFault.WRONG_SECRET, "`client`"),
        ("secret", by_secret("no"), 301, AccountFault.WRONG_SECRET, "store the present secret"),  # no clock is blamed
    ],
)
async def test_a_refusal_is_a_fault_with_its_remedy(
    make: Open, name: str, keys: dict[str, Any], ahead: float, fault: AccountFault, words: str
) -> None:
    with pytest.raises(AccountError) as caught:
        await make(name, ahead, **keys).token("x")
    assert caught.value.fault is fault, str(caught.value)
    assert re.search(words, str(caught.value)), str(caught.value)
    assert ("ahead of" in str(caught.value)) == ("ahead of" in words)
    assert ("NTP" in str(caught.value)) == (fault is CLOCK)


async def test_an_assertion_for_another_audience(issuer: OidcProvider, make: Open) -> None:
    account = make("rsa", token_url=f"{issuer.token_url}/", **signed_by("rsa"))
    with pytest.raises(AccountError, match="the endpoint is written as the provider writes it") as caught:
        await account.token("x")
    assert caught.value.fault is CERTIFICATE


async def test_a_refresh_token(issuer: OidcProvider, make: Open) -> None:
    account = make("consented", refresh=SecretStr(issuer.refresh_token("consented")), **by_secret())
    assert await account.token("x")


async def test_a_refresh_token_that_was_used_before(issuer: OidcProvider, make: Open) -> None:
    refresh = SecretStr(issuer.refresh_token("consented"))
    assert await make("consented", refresh=refresh, **by_secret()).token("x")
    with pytest.raises(AccountError, match="sign in once more") as caught:
        await make("consented", refresh=refresh, **by_secret()).token("x")
    assert caught.value.fault is AccountFault.REVOKED


async def test_fifty_who_ask_at_once_cause_one_request(issuer: OidcProvider, make: Open) -> None:
    before, account = len(issuer.token_requests), make("rsa", **signed_by("rsa"))
    tokens = await asyncio.gather(*(account.token(f"user{number}") for number in range(50)))
    assert len(set(tokens)) == 1
    assert len(issuer.token_requests) == before + 1


async def test_fifty_who_refresh_at_once_use_the_refresh_token_once(issuer: OidcProvider, make: Open) -> None:
    """Twice would end the consent: the second time an hour later would fail."""
    refresh, keeper = SecretStr(issuer.refresh_token("consented")), MemoryKeeper()
    for _ in range(2):
        account = make("consented", keeper=keeper, refresh=refresh, **by_secret())
        assert len(set(await asyncio.gather(*(account.token("x") for _ in range(50))))) == 1


async def test_a_consent_that_is_revoked_is_not_called_lost(issuer: OidcProvider, make: Open) -> None:
    keeper = MemoryKeeper()
    refresh = SecretStr(issuer.refresh_token("consented"))
    assert await make("consented", keeper=keeper, refresh=refresh, **by_secret()).token("x")
    with pytest.raises(AccountError) as caught:  # with another keeper: as after the store was lost
        await make("consented", keeper=MemoryKeeper(), refresh=refresh, **by_secret()).token("x")
    assert caught.value.fault is AccountFault.REVOKED
