"""Notices by e-mail, to real mail servers on loopback: aiosmtpd, and one that does what a script says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr, ValidationError

from monitor.channels import smtp
from monitor.channels.channel import MailWays
from monitor.channels.smtp import SmtpChannel, message
from monitor.config import Config, ConfigErrors, read_config
from monitor.notices.notice import NoticeKind
from probes.outside import Outside
from tests.support.certificates import Authority, new_authority
from tests.support.channel_samples import BEGAN, notice
from tests.support.full_notices import LINKS, bare_notice, full_notice, hostile_notice
from tests.support.smtp_server import full_backlog, mail_server

FROM, TO = "mailpath@ops.example", ("oncall@ops.example", "lead@ops.example")
PASSWORD = "c0rrecth0rse"


@dataclass
class Postbox:
    """The mails that a server took."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refuses: str = ""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.refuses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        return "250 2.0.0 OK"

    @property
    def raw(self) -> list[bytes]:
        return [mail.content for mail in self.mails if isinstance(mail.content, bytes)]

    @property
    def read(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for raw in self.raw]


@asynccontextmanager
async def postbox(**options: Any) -> AsyncIterator[Postbox]:
    box = Postbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="127.0.0.1", **options), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await asyncio.sleep(0)


def channel(port: int, **other: Any) -> SmtpChannel:
    fields: dict[str, Any] = {"host": "127.0.0.1", "port": port, "tls": "none", "address": FROM, "to": TO}
    return SmtpChannel(**{**fields, **other})


async def test_a_mail_has_everything(around: Outside) -> None:
    async with postbox() as box:
        result = await channel(box.port).deliver(full_notice(), around)
    assert (result.fault, result.answer) == ("", "accepted for 2 of 2 recipients")
    [envelope], [mail] = box.mails, box.read
    assert (envelope.mail_from, envelope.rcpt_tos) == (FROM, [*TO])
    assert mail["From"] == "Mailpath <mailpath@ops.example>"
    assert mail["To"] == "oncall@ops.example, lead@ops.example"
    assert mail["Subject"] == "[PAGE] Granite Gate Steel: sign-in codes are rejected (IP address)"
    assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
    assert mail["Message-ID"] == result.handle == "<i1.ops.1@ops.example>"
    assert mail["In-Reply-To"] is None
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
    body = mail.get_content().replace("\r\n", "\n")
    assert body.startswith(full_notice().text)
    assert f"Open: {LINKS['incident_url']}\n" in body
    assert f"I have it: {LINKS['ack_url']}\n" in body


async def test_a_long_subject_begins_where_it_should(around: Outside) -> None:
    title = "[PAGE] Granite Gate Steel (simulated): sign-in codes are blocked (IP address), " + "and so on " * 9
    async with postbox() as box:
        await channel(box.port).deliver(replace(full_notice(), title=title), around)
    assert f"\r\nSubject: {title.strip()}\r\n".encode() in box.raw[0]


async def test_one_incident_is_one_thread(around: Outside) -> None:
    async with postbox() as box:
        by_mail, handle = channel(box.port), ""
        for number, news in enumerate((NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.RESOLVED), 1):
            handle = (await by_mail.deliver(full_notice(news, number, handle), around)).handle
    first, *later = box.read
    assert len({mail["Message-ID"] for mail in box.read}) == 3
    assert [(mail["In-Reply-To"], mail["References"]) for mail in later] == [(first["Message-ID"],) * 2] * 2
    assert later[-1]["Importance"] is None, "the end is not urgent"


async def test_each_try_has_the_same_message_id(around: Outside) -> None:
    async with postbox() as box:
        for _ in range(2):
            await channel(box.port).deliver(full_notice(), around)
    assert len({mail["Message-ID"] for mail in box.read}) == 1


@pytest.mark.parametrize(
    "told",
    [
        bare_notice(),
        hostile_notice(),
        hostile_notice(handle="<x@y>\r\nBcc: all@evil.example"),
        notice(title="A\r\nBcc: all@evil.example\r\n\r\nbody", text="\r\n.\r\nMAIL FROM:<x@evil.example>\r\n"),
        notice(id="i1\r\nBcc: all@evil.example/1", title="Größe \N{SNOWMAN} \u202e", text="x" * 5000),
    ],
    ids=["bare", "hostile", "handle", "title", "id"],
)
async def test_no_text_adds_a_header_or_a_recipient(around: Outside, told: Any) -> None:
    async with postbox() as box:
        assert not (await channel(box.port).deliver(told, around)).fault
    [envelope], [mail] = box.mails, box.read
    assert envelope.rcpt_tos == [*TO]
    assert set(mail.keys()) <= {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("Importance", "X-Priority", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert not mail.defects
    raw = box.raw[0]
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998, "RFC 5322, section 2.1.1"


def _only_we(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"mailpath", PASSWORD.encode()), handled=False)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return new_authority(tmp_path)


async def test_a_password_goes_over_verified_tls_only(around: Outside, authority: Authority) -> None:
    account = {"tls": "starttls", "user": "mailpath", "password": SecretStr(PASSWORD)}
    secure = {"tls_context": authority.serve("127.0.0.1"), "authenticator": _only_we, "auth_required": True}
    async with postbox(**secure) as box:
        trusted = channel(box.port, ca_file=authority.file, **account)
        assert not (await trusted.deliver(full_notice(), around)).fault
        result = await channel(box.port, **account).deliver(full_notice(), around)
        assert result.fault == "its certificate is not one that we trust; see ca_file"
        wrong = channel(box.port, ca_file=authority.file, **{**account, "password": SecretStr("w0rse")})
        result = await wrong.deliver(full_notice(), around)
        assert result.fault.startswith("user and password were not accepted: 535")
        assert not result.refused
    assert len(box.mails) == 1


async def test_implicit_tls(around: Outside, authority: Authority) -> None:
    async with mail_server(tls=authority.serve("127.0.0.1"), implicit=True) as server:
        by_mail = channel(server.port, tls="implicit", ca_file=authority.file)
        assert not (await by_mail.deliver(full_notice(), around)).fault
        assert server.visit.encrypted


async def test_a_server_without_starttls_gets_nothing(around: Outside) -> None:
    async with mail_server() as server:
        result = await channel(server.port, tls="starttls").deliver(full_notice(), around)
        assert result.fault == "the server does not offer STARTTLS or a way to sign in; see tls"
        assert "MAIL" not in server.visit.verbs


async def test_one_refused_recipient_does_not_repeat_the_mail_to_others(around: Outside) -> None:
    async with postbox() as box:
        box.refuses = TO[0]
        result = await channel(box.port).deliver(full_notice(), around)
    assert (result.fault, result.answer) == ("", "accepted for 1 of 2 recipients")
    assert box.mails[0].rcpt_tos == [TO[1]]


@pytest.mark.parametrize(
    ("script", "fault", "refused"),
    [
        ({"BANNER": b"421 busy\r\n"}, "the server refused the session: 421: busy", False),
        ({"MAIL": b"550 not you\r\n"}, "the From address was not accepted: 550: not you", False),
        ({"RCPT": b"550 5.1.1 nobody\r\n"}, "no recipient was accepted: 550: 5.1.1 nobody", False),
        ({"RCPT": b"451 later\r\n"}, "no recipient was accepted: 451: later", False),
        ({"DATA": b"451 later\r\n"}, "the content was not accepted: 451: later", False),
        ({"MESSAGE": b"451 later\r\n"}, "the content was not accepted: 451: later", False),
        ({"MESSAGE": b"554 spam \x1b[2J\r\n"}, "the content was not accepted: 554: spam [2J", True),
        ({"MESSAGE": b"nonsense\r\n"}, "the content was not accepted: -1: ense", False),
    ],
)
async def test_error_answers(around: Outside, script: Any, fault: str, refused: bool) -> None:
    async with mail_server(script) as server:
        result = await channel(server.port).deliver(full_notice(), around)
    assert (result.fault, result.refused, result.handle) == (fault, refused, "")


@pytest.mark.parametrize("quits", [b"421 too late\r\n", b"nonsense\r\n"])
async def test_what_is_answered_to_quit_undoes_no_delivery(around: Outside, quits: bytes) -> None:
    async with mail_server({"QUIT": quits}) as server:
        assert not (await channel(server.port).deliver(full_notice(), around)).fault


async def test_a_server_that_never_answers_quit_has_the_mail(around: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.5)

    async def sleep(_: Any) -> None:
        await asyncio.sleep(1.5)

    async with mail_server({"QUIT": sleep}) as server:
        assert not (await channel(server.port).deliver(full_notice(), around)).fault


async def test_who_was_given_up_sends_nothing_any_more(around: Outside) -> None:
    """A connection that came up too late: the notice is tried again, and this mail would be the first of two."""
    async with mail_server() as server:
        settings = channel(server.port)
        session = smtp.SmtpSession(settings)
        session.abort()
        mail = smtp.message(full_notice(), settings.address, settings.to, around.now())
        result = await asyncio.to_thread(session.send, mail)
        assert result.fault == "too late: it was not sent"
        assert "MAIL" not in server.visit.verbs


async def test_nobody_there(around: Outside) -> None:
    async with mail_server() as gone:
        port = gone.port
    assert (await channel(port).deliver(full_notice(), around)).fault == "no connection: Connection refused"


async def test_a_server_that_hangs_is_left(around: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STEP_TIMEOUT", 0.3)
    async with full_backlog() as port:
        assert (await channel(port).deliver(full_notice(), around)).fault == "no answer within 0.3 seconds"


async def test_a_server_that_talks_without_end_is_left(around: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.5)

    async def talk(visit: Any) -> None:
        while True:
            visit.writer.write(b"250-and so on\r\n")
            await visit.writer.drain()
            await asyncio.sleep(0.01)

    async with mail_server({"EHLO": talk}) as server:
        assert (await channel(server.port).deliver(full_notice(), around)).fault == "not sent within 0.5 seconds"
        await server.gone()  # the connection is closed, and with it the thread's wait


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"user": "me"}, "user and password go together"),
        (
            {"host": "mail.ops.example", "user": "me", "password": SecretStr("x")},
            'tls = "none" would send the password in clear to mail.ops.example',
        ),
        ({"to": ()}, "at least 1"),
        ({"address": "x@y.example\r\nBcc: a@b.example"}, "must be a mail address"),
        ({"to": ("a@b.example, c@d.example",)}, "must be a mail address"),
    ],
)
def test_settings_that_cannot_work(other: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        channel(25, **other)


def test_its_ways_are_known() -> None:
    assert channel(25, host="mail.ops.example").mail_ways() == MailWays(
        frozenset({"ops.example"}), "mail.ops.example", "to", "host"
    )


PATH = """
[companies.acme.paths.hq]
to = "probe@mail.acme.example"
route = { via = "xclient", host = "gw.acme.example" }
mailbox = { via = "imap", host = "imap.acme.example", user = "probe", password = { env = "IMAP" } }
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Config]:
    monkeypatch.setenv("IMAP", "p")

    def read(text: str) -> Config:
        (tmp_path / "config.toml").write_text(text)
        return read_config(tmp_path / "config.toml")

    return read


@pytest.mark.parametrize(
    ("host", "to", "problem"),
    [
        ("mail.ops.example", "it@mail.acme.example", "config.toml:4: channels.mail.to: mail to mail.acme.example"),
        ("gw.acme.example", "it@ops.example", "config.toml:3: channels.mail.host: mail over gw.acme.example"),
    ],
)
def test_mail_by_a_monitored_path_is_refused(read: Callable[[str], Config], host: str, to: str, problem: str) -> None:
    lines = f'[channels.mail]\nvia = "smtp"\nhost = "{host}"\nto = ["{to}"]\naddress = "m@ops.example"\n'
    with pytest.raises(ConfigErrors) as refused:
        read(lines + PATH)
    assert str(refused.value).startswith(f"{problem} depends on the monitored path at companies.acme.paths.hq.")
    assert read(lines.replace(host, "mail.ops.example").replace(to, "it@ops.example") + PATH).channels


def test_the_preview_is_what_is_sent() -> None:
    told = replace(full_notice(), text="Größe")
    shown = channel(25).preview(told)
    mail = message(told, FROM, TO, BEGAN)
    assert shown.startswith("From: Mailpath <mailpath@ops.example>\nTo: oncall@ops.example, lead@ops.example\n")
    assert shown.endswith(mail.get_content().replace("\r\n", "\n"))
    assert "Größe" in shown
