"""Accounts before the doctor: each asks a real authorization server for a token."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from monitor.doctor import accounts
from probes.standing.fact import State
from tests.monitor.doctor.conftest import House
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server

SECRET = "5ecret-of-the-client"
ACCOUNT = """
[accounts.acme]
provider = "oauth"
token_url = "{url}"
client = "mailpath"
secret = {{ env = "CLIENT_SECRET" }}
mail_servers = ["127.0.0.1"]
"""
COMPANY = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "imap", host = "127.0.0.1", user = "probe", account = "acme" }
"""


@pytest.fixture
async def issuer() -> AsyncIterator[AuthorizationServer]:
    """Knows the client and its secret."""
    async with authorization_server(lambda: datetime.now(UTC)) as running:
        running.clients["mailpath"] = OAuthClient(user="probe", secret=SECRET)
        yield running


@pytest.mark.parametrize(
    ("secret", "company", "state", "says", "requests"),
    [
        (SECRET, COMPANY, State.GOOD, "gives tokens (1 mailbox)", 1),
        ("wrong-one", COMPANY, State.BAD, "account acme: ", 1),
        (SECRET, "", State.WEAK, "nobody uses it", 0),
    ],
)
async def test_an_account_gives_a_token_or_says_what_is_wrong(
    house: House,
    issuer: AuthorizationServer,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    company: str,
    state: State,
    says: str,
    requests: int,
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", secret)
    async with house(ACCOUNT.format(url=issuer.token_url) + company) as premises:
        [finding] = [each async for each in accounts.accounts(premises)]
    assert (finding.subject, finding.state) == ("account acme", state)
    assert says in finding.seen
    assert bool(finding.advice) is (state is not State.GOOD)
    assert secret not in finding.seen + finding.advice
    assert len(issuer.requests) == requests


async def test_without_accounts_there_is_nothing_to_say(house: House) -> None:
    async with house("") as premises:
        assert [each async for each in accounts.accounts(premises)] == []
