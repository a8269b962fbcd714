"""Accounts before the doctor: each asks a real authorization server for a token."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from monitor.doctor import accounts
from probes.standing.fact import State
from tests.clouds.fake_mailgun import KEY, fake_mailgun
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


MAILGUN = """
[sender]
trace = {{ via = "mailgun", account = "identity" }}
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = {{ env = "MAILGUN_KEY" }}
url = "{url}"
"""


@pytest.mark.parametrize(
    ("key", "state", "says"),
    [
        (KEY, State.GOOD, "reads the log; 104.130.122.50 is shared with other customers of Mailgun"),
        ("wrong", State.BAD, "account identity: the server does not accept"),
    ],
)
async def test_a_trace_is_tried_with_one_question(
    house: House, monkeypatch: pytest.MonkeyPatch, key: str, state: State, says: str
) -> None:
    monkeypatch.setenv("MAILGUN_KEY", key)
    async with fake_mailgun() as fake, house(MAILGUN.format(url=fake.url)) as premises:
        fake.ips["104.130.122.50"] = {"ip": "104.130.122.50", "dedicated": False, "rdns": ""}
        account, trace = [each async for each in accounts.accounts(premises)]
        assert (account.state, account.seen) == (State.GOOD, "has credentials for its traces")
        assert (trace.subject, trace.state) == ("trace mailgun:identity", state)
        assert says in trace.seen
        assert key not in trace.seen + trace.advice


async def test_without_accounts_there_is_nothing_to_say(house: House) -> None:
    async with house("") as premises:
        assert [each async for each in accounts.accounts(premises)] == []
