"""Every route against a mail server that others wrote: aiosmtpd, in this process, on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from probes.evidence import Handover
from probes.routes.direct import DirectRoute
from probes.routes.proxy import ProxyRoute
from probes.routes.relay import RelayRoute
from tests.support.certificates import Authority
from tests.support.outgoing_mail import CONTENT, GATEWAY, SOURCE, Send

SENDER = {"source_ip": "104.130.122.50"}


@dataclass
class Received:
    """What the server was given. Also its handler."""

    port: int = 0
    clients: list[str] = field(default_factory=list)
    mails: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    async def handle_PROXY(self, server: SMTP, session: Session, envelope: Envelope, proxy: Any) -> bool:  # noqa: N802
        self.clients.append(str(proxy.src_addr))
        return True

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.sessions.append(session)
        return "250 2.0.0 OK"


@asynccontextmanager
async def receiver(**options: Any) -> AsyncIterator[Received]:
    received = Received()
    open_ones: list[SMTP] = []

    def answer() -> SMTP:
        open_ones.append(SMTP(received, hostname=GATEWAY, **options))
        return open_ones[-1]

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0)
    received.port = server.sockets[0].getsockname()[1]
    try:
        yield received
    finally:
        server.close()
        handlers = [one._handler_coroutine for one in open_ones if one._handler_coroutine]
        async with asyncio.timeout(3):
            await asyncio.gather(*handlers, return_exceptions=True)


async def test_direct(send: Send) -> None:
    async with receiver() as received:
        sent = await send(DirectRoute(host="127.0.0.1", port=received.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    (mail,) = received.mails
    assert (mail.mail_from, mail.rcpt_tos) == ("bounce+token@account.trimble.com", ["probe@acme.example"])
    assert mail.content == CONTENT
    peer: Any = received.sessions[0].peer  # aiosmtpd calls it a string; it is the socket's (address, port)
    assert peer[0] == SOURCE
    assert received.sessions[0].host_name == "account.trimble.com"


@pytest.mark.parametrize("tls", ["opportunistic", "require"])
async def test_direct_by_starttls(send: Send, authority: Authority, tls: str) -> None:
    async with receiver(tls_context=authority.serve(GATEWAY), require_starttls=True) as received:
        table = {"host": GATEWAY, "port": received.port, "tls": tls, "ca_file": str(authority.file)}
        sent = await send(DirectRoute.model_validate(table))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.dialogue.tls == "TLSv1.3"
    assert received.mails[0].content == CONTENT


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_relay(send: Send, authority: Authority, password: str) -> None:
    def who(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"user", b"right"), handled=False)

    async with receiver(tls_context=authority.serve(GATEWAY), authenticator=who, auth_required=True) as received:
        route = RelayRoute(
            host=GATEWAY, port=received.port, ca_file=authority.file, user="user", password=SecretStr(password)
        )
        sent = await send(route)
    assert sent.dialogue.handover is (Handover.ACCEPTED if password == "right" else Handover.WITHHELD)
    assert [mail.content for mail in received.mails] == ([CONTENT] if password == "right" else [])


@pytest.mark.parametrize("version", [1, 2])
async def test_proxy(send: Send, version: int) -> None:
    async with receiver(proxy_protocol_timeout=3.0) as received:
        table = {"host": "127.0.0.1", "port": received.port, "version": version}
        sent = await send(ProxyRoute.model_validate(table), identity=SENDER)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert received.clients == ["104.130.122.50"]
    assert received.mails[0].content == CONTENT


@pytest.mark.parametrize("version", [1, 2])
async def test_proxy_where_it_is_not_taken(send: Send, version: int) -> None:
    async with receiver() as received:
        table = {"host": "127.0.0.1", "port": received.port, "version": version}
        sent = await send(ProxyRoute.model_validate(table), identity=SENDER)
    assert sent.end == ("withheld", "proxy", None, "not_offered")
    assert received.mails == []
