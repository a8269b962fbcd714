"""IMAP with tokens of an account: a real Dovecot that introspects them at the real oidc-provider that issued them."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.config import read_config
from monitor.doctor.observation import Premises
from monitor.doctor.one_account import AccountCheckup
from monitor.doctor.table import examine
from monitor.probing.outside import outside_of
from monitor.sources.mailboxes import Watcher
from probes.accounts.oauth import OAuthAccount
from probes.accounts.registry import Accounts
from probes.evidence import FailedLook, Folder, Look
from probes.http import HttpSession
from probes.mailboxes import MailboxError, Sighting
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from probes.standing.fact import State
from tests.lab.dovecot import Dovecot, dovecot
from tests.lab.oidc_provider import SECRET, OidcProvider, client, oidc_obstacle, oidc_provider, signing_client
from tests.lab.token_dovecot import token_dovecot
from tests.support.client_keys import certificate, pem, rsa_key
from tests.support.outside_world import outside_world
from tests.support.probe_mails import USERS, probe, token, within

pytestmark = pytest.mark.lab
NOW = datetime.now(UTC)
USER = "user7"
KEY = rsa_key()


@dataclass
class IssuerHours:
    """Both clocks, ours and the authorization server's."""

    issuer: OidcProvider
    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def forward(self, **time: float) -> None:
        self.passed += timedelta(**time)
        self.issuer.ahead(self.passed.total_seconds())


@pytest.fixture
def issuer(able: None, tmp_path: Path) -> Iterator[OidcProvider]:
    """It has a client with a certificate, and one whose tokens are for another server."""
    if reason := oidc_obstacle():
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    elsewhere = client("elsewhere", USER, audience="another-server")
    with oidc_provider(tmp_path, signing_client(KEY, "certified", user=USER), elsewhere) as running:
        yield running


@pytest.fixture
def hours(issuer: OidcProvider) -> IssuerHours:
    """None has passed."""
    return IssuerHours(issuer)


@pytest.fixture
async def outside(issuer: OidcProvider, hours: IssuerHours, pool: MailboxThreads) -> AsyncIterator[Outside]:
    """With the accounts "certified", "elsewhere" and "wrong", whose secret is."""
    shared = {"provider": "oauth", "token_url": issuer.token_url, "mail_servers": ["127.0.0.1"]}
    keys = {
        "certified": {"client": "certified", "certificate": SecretStr(certificate(KEY) + pem(KEY))},
        "elsewhere": {"client": "elsewhere", "secret": SecretStr(SECRET)},
        "wrong": {"client": "elsewhere", "secret": SecretStr("no")},
    }
    async with HttpSession() as http:
        accounts = Accounts(http, hours.now)
        accounts.configure({name: OAuthAccount.model_validate(shared | own) for name, own in keys.items()})
        yield outside_world(threads=pool, http=http, accounts=accounts)
        await accounts.close()


@pytest.fixture
def server(own_folder: Path, issuer: OidcProvider) -> Iterator[Dovecot]:
    """It takes tokens by each mechanism."""
    with token_dovecot(own_folder, issuer) as running:
        yield running


def mailbox(server: Dovecot, **other: Any) -> ImapMailbox:
    values = {
        "via": "imap", "host": server.address, "port": server.ports.imaps, "ca_file": str(server.certificate),
        "user": USER, "account": "certified",
    }  # fmt: skip
    return ImapMailbox.model_validate(values | other)


async def failure(box: ImapMailbox, outside: Outside) -> str:
    """What opening it fails with."""
    with within(10), pytest.raises(MailboxError) as caught:
        async with box.open(outside):
            pass
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("mechanism", [("OAUTHBEARER",), ("XOAUTH2",), ("OAUTHBEARER", "XOAUTH2")])
async def test_a_good_token(
    own_folder: Path, issuer: OidcProvider, outside: Outside, mechanism: tuple[str, ...]
) -> None:
    with token_dovecot(own_folder, issuer, mechanism) as server:
        server.deliver(USER, probe(token()), "Junk")
        async with mailbox(server).open(outside) as session:
            [seen] = await session.look(NOW)
            await session.remove([seen])
        assert seen.folder is Folder.JUNK
        assert f"method={mechanism[0]}" in server.log.read_text()
    assert issuer.token_requests == [200]  # for both connections


async def test_a_token_that_was_revoked_there_is_replaced_once(
    server: Dovecot, issuer: OidcProvider, outside: Outside, hours: IssuerHours
) -> None:
    box = mailbox(server)
    async with box.open(outside):
        pass
    hours.forward(minutes=2)
    issuer.revoke_all()
    async with box.open(outside) as session:
        await session.look(NOW)
    assert issuer.token_requests == [200, 200]
    assert {True, False} == {*issuer.introspections}


async def test_a_token_that_has_ended_is_never_shown(
    server: Dovecot, issuer: OidcProvider, outside: Outside, hours: IssuerHours
) -> None:
    for _ in range(3):
        async with mailbox(server).open(outside):
            pass
        hours.forward(hours=1)
    assert issuer.token_requests == [200, 200, 200]
    assert issuer.introspections
    assert all(issuer.introspections)


@pytest.mark.parametrize(("account", "user"), [("elsewhere", USER), ("certified", "user8")])
async def test_a_token_that_the_server_refuses(
    server: Dovecot, issuer: OidcProvider, outside: Outside, account: str, user: str
) -> None:
    """It is for another audience, or for another user."""
    words = await failure(mailbox(server, account=account, user=user), outside)
    assert "login: " in words
    expected = "the server does not accept the account's token for this user; check `user`"
    assert f"account {account}: {expected}" in words
    assert issuer.introspections == [user != USER]  # one that is new is not tried again
    assert issuer.token_requests == [200]


async def test_no_token_is_no_fault_of_the_server(server: Dovecot, issuer: OidcProvider, outside: Outside) -> None:
    words = await failure(mailbox(server, account="wrong"), outside)
    assert (
        "account wrong: the client or its secret is not accepted (invalid_client); check `client`, and store" in words
    )
    assert issuer.introspections == []


async def test_a_server_that_takes_no_tokens(own_folder: Path, outside: Outside) -> None:
    with dovecot(own_folder, users=USERS) as server:
        words = await failure(mailbox(server), outside)
    assert "the server takes no token (it offers neither OAUTHBEARER nor XOAUTH2); use a password" in words


async def test_a_token_that_ends_under_idle_causes_no_verdict(
    server: Dovecot, issuer: OidcProvider, outside: Outside, hours: IssuerHours
) -> None:
    """The server drops the connection with the token. The watcher comes back with a new one and finds what arrived."""
    seen, looks = asyncio.Queue[Sighting](), asyncio.Queue[Look | FailedLook]()

    async def accept(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        for each in sightings:
            seen.put_nowait(each)
        return sightings

    async def report(probe_ids: Iterable[str], look: Look | FailedLook) -> None:
        looks.put_nowait(look)

    watcher = Watcher(mailbox(server), outside, accept=accept, report=report, now=lambda: datetime.now(UTC))
    watcher.expect("p1", NOW)
    async with asyncio.timeout(30):
        assert isinstance(await watcher.look(), Look)
        await asyncio.sleep(0.1)  # until it idles
        hours.forward(hours=1)
        await asyncio.to_thread(server.kill)
        server.deliver(USER, probe(token()))
        assert isinstance(await looks.get(), FailedLook)  # we could not look: no evidence against the sender
        await asyncio.to_thread(server.start)
        await seen.get()
        assert isinstance(await looks.get(), Look)
    await watcher.close()
    assert looks.empty()
    assert issuer.token_requests == [200, 200]


@pytest.mark.parametrize(("own", "outside_state"), [(True, State.GOOD), (False, State.UNKNOWN)])
async def test_the_doctor_sees_what_the_account_opens_and_what_not(
    server: Dovecot,
    issuer: OidcProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: bool,
    outside_state: State,
) -> None:
    """A mailbox outside proves something only where the account's own is open."""
    file = tmp_path / "config.toml"
    (tmp_path / "client.pem").write_text(certificate(KEY) + pem(KEY))
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    proof = 'certificate = { file = "client.pem" }' if own else 'secret = { env = "CLIENT_SECRET" }'
    file.write_text(f"""
[accounts.acme]
provider = "oauth"
token_url = "{issuer.token_url}"
client = "{"certified" if own else "elsewhere"}"
{proof}
mail_servers = ["{server.address}"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = {{ via = "xclient", host = "127.0.0.1" }}
[companies.acme.paths.hq.mailbox]
via = "imap"
host = "{server.address}"
port = {server.ports.imaps}
ca_file = "{server.certificate}"
user = "{USER}"
account = "acme"
""")
    server.deliver(USER, probe(token()))
    config, checkup = read_config(file), AccountCheckup("acme", "user8")
    async with outside_of(config) as world:
        premises = Premises(config, file, (), world, 10.0)
        found = {each.subject: each async for _, each in examine(premises, (), checkup.examinations)}
        sent_back = "\n".join(checkup.send_back(premises))
    assert found["mailbox of acme/hq"].state is (State.GOOD if own else State.BAD)
    assert found["mailbox of user8"].state is outside_state
    assert bool(sent_back) is not own
    assert SECRET not in sent_back
    assert len(list((server.maildir(USER) / "new").iterdir())) == 1  # nothing is marked, moved or deleted
