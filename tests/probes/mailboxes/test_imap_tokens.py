"""IMAP with tokens of an account: a real Dovecot that introspects them at the authorization server that issued them."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.sources.mailboxes import Watcher
from probes.accounts.oauth import OAuthAccount
from probes.accounts.registry import Accounts
from probes.evidence import FailedLook, Folder, Look
from probes.http import HttpSession
from probes.mailboxes import MailboxError, Sighting
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.imap_wire import BEARER_MECHANISMS
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.lab.dovecot import Dovecot, dovecot, make_certificate
from tests.support.authorization_server import (
    RESOURCE_SERVER,
    AuthorizationServer,
    OAuthClient,
    authorization_server,
)
from tests.support.imap_server import ImapConversation, ImapServer, imap_server, says
from tests.support.outside_world import outside_world
from tests.support.probe_mails import USERS, probe, token, within

NOW = datetime.now(UTC)
USER = "user7"


@dataclass
class Hours:
    """Both clocks, ours and the authorization server's, as far as tokens are concerned."""

    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed


@pytest.fixture
def hours() -> Hours:
    """None has passed."""
    return Hours()


@pytest.fixture
async def issuer(hours: Hours) -> AsyncIterator[AuthorizationServer]:
    """Issues tokens for the mailbox of USER."""
    async with authorization_server(hours.now) as running:
        running.clients["mailpath"] = OAuthClient(user=USER, secret="5ecret")
        yield running


@pytest.fixture
async def outside(issuer: AuthorizationServer, hours: Hours, pool: MailboxThreads) -> AsyncIterator[Outside]:
    """With the account "acme"."""
    values = {
        "provider": "oauth", "token_url": issuer.token_url, "client": "mailpath", "secret": SecretStr("5ecret"),
        "mail_servers": ["127.0.0.1"],
    }  # fmt: skip
    async with HttpSession() as http:
        accounts = Accounts(http, hours.now)
        accounts.configure({"acme": OAuthAccount.model_validate(values)})
        yield outside_world(threads=pool, http=http, accounts=accounts)
        await accounts.close()


@contextmanager
def introspecting(folder: Path, issuer: AuthorizationServer, mechanisms: Sequence[str]) -> Iterator[Dovecot]:
    """A Dovecot that asks the authorization server about each token."""
    name, secret = RESOURCE_SERVER
    file = folder / "oauth2.conf"
    file.write_text(
        f"introspection_url = {issuer.url.replace('://', f'://{name}:{secret}@')}/introspect\n"
        "introspection_mode = post\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    names = " ".join(each.lower() for each in mechanisms)
    extra = (
        f"auth_mechanisms = plain {names}\n"
        f"passdb {{\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = {file}\n}}\n"
    )
    with dovecot(folder, users=USERS, junk={"Junk": True}, extra=extra) as running:
        yield running


@pytest.fixture
async def server(own_folder: Path, issuer: AuthorizationServer) -> AsyncIterator[Dovecot]:
    """It takes tokens by each mechanism."""
    with introspecting(own_folder, issuer, BEARER_MECHANISMS) as running:
        yield running


def mailbox(server: Dovecot, **other: Any) -> ImapMailbox:
    values = {
        "via": "imap", "host": server.address, "port": server.ports.imaps, "ca_file": str(server.certificate),
        "user": USER, "account": "acme",
    }  # fmt: skip
    return ImapMailbox.model_validate(values | other)


async def failure(box: ImapMailbox, outside: Outside) -> str:
    """What opening it fails with."""
    with within(10), pytest.raises(MailboxError) as caught:
        async with box.open(outside):
            pass
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(f"imap {box.host}:{box.port}: ")
    return text


@pytest.mark.lab
@pytest.mark.parametrize("mechanism", [("OAUTHBEARER",), ("XOAUTH2",), ("OAUTHBEARER", "XOAUTH2")])
async def test_a_good_token(
    own_folder: Path, issuer: AuthorizationServer, outside: Outside, mechanism: tuple[str, ...]
) -> None:
    with introspecting(own_folder, issuer, mechanism) as server:
        server.deliver(USER, probe(token()), "Junk")
        async with mailbox(server).open(outside) as session:
            [seen] = await session.look(NOW)
            await session.remove([seen])
        assert seen.folder is Folder.JUNK
        assert f"method={mechanism[0]}" in server.log.read_text()
    assert len(issuer.requests) == 1  # for both connections


@pytest.mark.lab
async def test_a_token_that_has_expired_there_is_replaced_once(
    server: Dovecot, issuer: AuthorizationServer, outside: Outside, hours: Hours
) -> None:
    box = mailbox(server)
    async with box.open(outside):
        pass
    hours.passed = timedelta(minutes=2)
    issuer.revoke_all()
    async with box.open(outside) as session:
        await session.look(NOW)
    assert len(issuer.requests) == 2
    assert len(set(issuer.introspected)) == 2


@pytest.mark.lab
async def test_a_token_that_has_expired_is_never_shown(
    server: Dovecot, issuer: AuthorizationServer, outside: Outside, hours: Hours
) -> None:
    for passed in (0, 1, 2):
        hours.passed = timedelta(hours=passed)
        async with mailbox(server).open(outside):
            pass
    assert len(issuer.requests) == 3
    assert "auth failed" not in server.log.read_text()


@pytest.mark.lab
@pytest.mark.parametrize("wrong", ["audience", "user", "revoked"])
async def test_a_token_that_the_server_refuses(
    server: Dovecot, issuer: AuthorizationServer, outside: Outside, wrong: str
) -> None:
    box = mailbox(server, user="user8" if wrong == "user" else USER)
    if wrong == "audience":
        issuer.audience = "another-server"
    if wrong == "revoked":
        issuer.lifetime = timedelta(0)
    words = await failure(box, outside)
    assert "login: " in words
    assert "account acme: the server does not accept the account's token for this user; check `user`" in words
    assert len(issuer.introspected) == (2 if wrong == "revoked" else 1)  # one that is new is not tried again
    assert not [each for each in issuer.issued if each in words]


@pytest.mark.lab
async def test_no_token_is_no_fault_of_the_server(
    server: Dovecot, issuer: AuthorizationServer, outside: Outside
) -> None:
    issuer.clients["mailpath"].secret = "another"
    words = await failure(mailbox(server), outside)
    assert "account acme: the client secret is not accepted (invalid_client); store the present secret" in words
    assert issuer.introspected == []


@pytest.mark.lab
async def test_a_server_that_takes_no_tokens(own_folder: Path, issuer: AuthorizationServer, outside: Outside) -> None:
    with dovecot(own_folder, users=USERS) as server:
        words = await failure(mailbox(server), outside)
    assert "the server takes no token (it offers neither OAUTHBEARER nor XOAUTH2); use a password" in words


@pytest.mark.lab
async def test_a_token_that_ends_under_idle_causes_no_verdict(
    server: Dovecot, issuer: AuthorizationServer, outside: Outside, hours: Hours
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
        hours.passed = timedelta(hours=1)
        issuer.revoke_all()
        await asyncio.to_thread(server.kill)
        server.deliver(USER, probe(token()))
        assert isinstance(await looks.get(), FailedLook)  # we could not look: no evidence against the sender
        await asyncio.to_thread(server.start)
        await seen.get()
        assert isinstance(await looks.get(), Look)
    await watcher.close()
    assert looks.empty()
    assert len(issuer.requests) == 2


# -- what no Dovecot says ---------------------------------------------------------------------------------------------


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[tuple[ImapServer, Path]]:
    """A small server with TLS, and its certificate."""
    certificate = make_certificate(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with imap_server(context) as running:
        running.capability = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 IDLE UIDPLUS"
        yield running, certificate


def at(fake: tuple[ImapServer, Path], user: str = USER) -> ImapMailbox:
    values = {"via": "imap", "host": "127.0.0.1", "port": fake[0].port, "ca_file": str(fake[1])}
    return ImapMailbox.model_validate(values | {"user": user, "account": "acme"})


@pytest.mark.parametrize("bye", ["", "* BYE Connection is closed. 13\r\n"])
async def test_exchange_accepts_the_login_and_does_not_open_the_mailbox(
    fake: tuple[ImapServer, Path], outside: Outside, bye: str
) -> None:
    refuses = says("{tag} BAD User is authenticated but not connected.\r\n" + bye, closes=bool(bye))
    fake[0].answers |= dict.fromkeys(("EXAMINE", "LIST", "SELECT"), refuses)
    words = await failure(at(fake), outside)
    assert "User is authenticated but not connected" in words
    assert "Exchange accepted the login but does not open this mailbox to it" in words
    assert "Add-MailboxPermission" in words
    assert words.count("Add-MailboxPermission") == 1
    assert "account's token" not in words  # it was accepted


async def test_mailboxes_of_one_account_share_one_token(
    fake: tuple[ImapServer, Path], outside: Outside, issuer: AuthorizationServer
) -> None:
    issuer.delay = 0.05

    async def look(user: str) -> None:
        async with at(fake, user).open(outside) as session:
            await session.look(NOW)

    await asyncio.gather(*(look(f"user{number}@acme.example") for number in range(8)))
    assert len(issuer.requests) == 1
    assert fake[0].heard.count("AUTHENTICATE XOAUTH2") == 16


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("mechanism", BEARER_MECHANISMS)
async def test_a_challenge_is_the_servers_error_and_is_answered(
    fake: tuple[ImapServer, Path], outside: Outside, issuer: AuthorizationServer, mechanism: str, plain: bool
) -> None:
    heard = list[bytes]()

    async def challenges(visit: ImapConversation, tag: str, words: list[str]) -> None:
        visit.say("+ ")
        heard.append(base64.b64decode(await visit.reader.readline()))
        visit.say(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}'))
        heard.append(base64.b64decode(await visit.reader.readline()))
        echo = heard[0].decode().replace("\x01", " ") if plain else base64.b64encode(heard[0]).decode()
        visit.say(f"{tag} NO AUTHENTICATE failed. {echo}")

    fake[0].capability = f"IMAP4rev1 AUTH={mechanism}"
    fake[0].answers["AUTHENTICATE"] = challenges
    words = await failure(at(fake, "a=b,c@acme.example"), outside)
    [issued] = issuer.issued
    first = {
        "XOAUTH2": f"user=a=b,c@acme.example\x01auth=Bearer {issued}\x01\x01",
        "OAUTHBEARER": f"n,a=a=3Db=2Cc@acme.example,\x01auth=Bearer {issued}\x01\x01",
    }
    assert heard == [first[mechanism].encode(), b"\x01" if mechanism == "OAUTHBEARER" else b""]
    assert "AUTHENTICATE failed." in words
    assert not [piece for piece in re.findall(r"[\w+/-]{8}", words) if piece in issued]
    assert base64.b64encode(heard[0]).decode()[:20] not in words


async def test_a_token_is_shown_to_nobody_without_tls(fake: tuple[ImapServer, Path], outside: Outside) -> None:
    async with imap_server() as plain:
        box = at((plain, fake[1])).model_copy(update={"tls": "starttls"})
        assert "STARTTLS" in await failure(box, outside)
        assert not [each for each in plain.heard if each.startswith("AUTHENTICATE")]


async def test_an_account_that_is_gone(fake: tuple[ImapServer, Path], outside: Outside) -> None:
    outside.accounts.configure({})
    assert "account acme: there is no such account; add it" in await failure(at(fake), outside)
