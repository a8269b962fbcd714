"""IMAP with tokens of an account, at a small server that behaves as no Dovecot does: Exchange, challenges, no TLS."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from probes.accounts.oauth import OAuthAccount
from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.mailboxes import MailboxError
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.imap_wire import BEARER_MECHANISMS
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.lab.dovecot import make_certificate
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server
from tests.support.imap_server import ImapConversation, ImapServer, imap_server, says
from tests.support.outside_world import outside_world
from tests.support.probe_mails import within

NOW = datetime.now(UTC)
USER = "user7"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def issuer() -> AsyncIterator[AuthorizationServer]:
    """Issues tokens for the mailbox of USER."""
    async with authorization_server(now) as running:
        running.clients["mailpath"] = OAuthClient(user=USER, secret="5ecret")
        yield running


@pytest.fixture
async def outside(issuer: AuthorizationServer, pool: MailboxThreads) -> AsyncIterator[Outside]:
    """With the account "acme"."""
    values = {
        "provider": "oauth", "token_url": issuer.token_url, "client": "mailpath", "secret": SecretStr("5ecret"),
        "mail_servers": ["127.0.0.1"],
    }  # fmt: skip
    async with HttpSession() as http:
        accounts = Accounts(http, now)
        accounts.configure({"acme": OAuthAccount.model_validate(values)})
        yield outside_world(threads=pool, http=http, accounts=accounts)
        await accounts.close()


async def failure(box: ImapMailbox, outside: Outside) -> str:
    """What opening it fails with."""
    with within(10), pytest.raises(MailboxError) as caught:
        async with box.open(outside):
            pass
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(f"imap {box.host}:{box.port}: ")
    return text


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
