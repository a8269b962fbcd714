"""`relay`: only after the relay has let us in, and the password only where nobody reads along."""

import base64

import pytest
from pydantic import SecretStr

from probes.answer import Stage
from probes.evidence import Handover
from probes.routes.relay import RelayRoute
from probes.sender import Role
from tests.support.certificates import Authority
from tests.support.hostile_smtp import closes, is_silent, says_and_closes
from tests.support.outgoing_mail import CONTENT, GATEWAY, Send
from tests.support.smtp_server import Answer, SmtpConversation, mail_server

USER, PASSWORD = "mailpath@relay.example", "s3cret-wörd"
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
EHLO = b"250-relay.example\r\n250-STARTTLS\r\n250 AUTH %b\r\n"


def relay(port: int, **settings: object) -> RelayRoute:
    """On this machine and in clear, unless said otherwise."""
    fields = {"via": "relay", "host": GATEWAY, "port": port, "user": USER, "password": SecretStr(PASSWORD)}
    return RelayRoute.model_validate(fields | {"host": "localhost", "tls": "none"} | settings)


async def login(visit: SmtpConversation) -> None:
    """AUTH LOGIN, of which only the end depends on what was said."""
    said = []
    for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
        visit.writer.write(prompt)
        said.append(base64.b64decode(await visit.reader.readline()).decode())
    visit.writer.write(b"235 2.7.0 ok\r\n" if said == [USER, PASSWORD] else b"535 5.7.8 wrong\r\n")


async def test_by_starttls(send: Send, authority: Authority) -> None:
    async with mail_server({"EHLO": EHLO % b"PLAIN LOGIN"}, tls=authority.serve(GATEWAY)) as server:
        route = relay(server.port, host=GATEWAY, tls="starttls", ca_file=str(authority.file))
        sent = await send(route)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert [stage for stage, _, _ in sent.steps] == [
        *("lookup", "connect", "banner", "ehlo", "starttls", "ehlo", "auth"),
        *("mail", "rcpt", "data", "end_of_data"),
    ]
    assert server.visit.verbs[:3] == ["EHLO", "STARTTLS", "EHLO"]
    assert server.visit.lines[3] == f"AUTH PLAIN {PLAIN}"
    assert server.visit.encrypted
    assert server.visit.mail.startswith(CONTENT[:20])
    assert sent.dialogue.tls.startswith("TLS")


async def test_by_tls_from_the_first_byte(send: Send, authority: Authority) -> None:
    script: dict[str, Answer] = {"EHLO": EHLO % b"PLAIN"}
    async with mail_server(script, tls=authority.serve(GATEWAY), implicit=True) as server:
        sent = await send(relay(server.port, host=GATEWAY, tls="implicit", ca_file=str(authority.file)))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert [stage for stage, _, _ in sent.steps][1:5] == ["connect", "starttls", "banner", "ehlo"]
    assert sent.dialogue.steps[2].text == "TLSv1.3"


async def test_login_where_plain_is_not_offered(send: Send) -> None:
    async with mail_server({"EHLO": EHLO % b"CRAM-MD5 LOGIN", "AUTH": login}) as server:
        sent = await send(relay(server.port))
        wrong = await send(relay(server.port, password=SecretStr("other")))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert ("auth", 235, None) in sent.steps
    assert wrong.steps[-2:] == [("auth", 535, None), ("auth", None, "not_offered")]


async def test_the_control_does_not_speak_through_the_senders_relay(send: Send) -> None:
    async with mail_server({"EHLO": EHLO % b"PLAIN"}) as server:
        sent = await send(relay(server.port), identity={"role": Role.CONTROL})
    assert sent.dialogue.handover is Handover.WITHHELD
    assert "sends for its own sender only" in sent.dialogue.last.text
    assert server.visits == []


async def test_the_neighbour_does_because_its_table_says_that_the_account_may_send_for_it(send: Send) -> None:
    async with mail_server({"EHLO": EHLO % b"PLAIN"}) as server:
        sent = await send(relay(server.port), identity={"role": Role.NEIGHBOUR})
    assert sent.dialogue.handover is Handover.ACCEPTED


@pytest.mark.parametrize(
    ("script", "last", "says"),
    [
        ({}, ("auth", None, "not_offered"), "offers no AUTH"),
        ({"EHLO": EHLO % b"GSSAPI"}, ("auth", None, "not_offered"), "offers only AUTH GSSAPI"),
        (
            {"EHLO": EHLO % b"PLAIN", "AUTH": b"535 5.7.8 no\r\n"},
            ("auth", None, "not_offered"),
            "does not take this user",
        ),
        ({"EHLO": b"502 what?\r\n"}, ("auth", None, "not_offered"), "offers no AUTH"),
    ],
)
async def test_nothing_is_sent_by_a_relay_that_does_not_let_us_in(
    send: Send, script: dict[str, Answer], last: tuple[str, int | None, str | None], says: str
) -> None:
    async with mail_server(script) as server:
        sent = await send(relay(server.port))
    assert sent.dialogue.handover is Handover.WITHHELD
    assert sent.steps[-1] == last
    assert says in sent.dialogue.last.text
    assert "MAIL" not in server.visit.verbs
    assert server.visit.verbs[-1] == "QUIT"


@pytest.mark.parametrize(
    ("auth", "end"),
    [
        (b"454 4.7.0 try later\r\n", ("deferred", "auth", 454, None)),
        (b"334 more\r\n", ("deferred", "auth", 334, "nonsense")),
        (closes, ("deferred", "auth", None, "closed")),
        (is_silent, ("deferred", "auth", None, "timed_out")),
    ],
)
async def test_a_relay_that_could_not_tell_is_tried_again(
    send: Send, auth: Answer, end: tuple[str, str, int | None, str | None]
) -> None:
    async with mail_server({"EHLO": EHLO % b"PLAIN", "AUTH": auth}) as server:
        sent = await send(relay(server.port), timeout=0.5)
    assert sent.end == end
    assert "MAIL" not in server.visit.verbs


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_the_password_stays_here_when_the_certificate_is_wrong(
    send: Send, authority: Authority, tls: str
) -> None:
    context = authority.serve("other.example")
    async with mail_server({"EHLO": EHLO % b"PLAIN"}, tls=context, implicit=tls == "implicit") as server:
        sent = await send(relay(server.port, host=GATEWAY, tls=tls, ca_file=str(authority.file)))
    assert sent.end == ("deferred", "starttls", None, "tls")
    assert "Hostname mismatch" in sent.dialogue.last.text
    assert not any("AUTH" in visit.verbs for visit in server.visits)


async def test_the_password_stays_here_when_starttls_is_not_offered(send: Send, authority: Authority) -> None:
    async with mail_server({"EHLO": b"250-relay\r\n250 AUTH PLAIN\r\n"}) as server:
        sent = await send(relay(server.port, host=GATEWAY, tls="starttls", ca_file=str(authority.file)))
    assert sent.end == ("deferred", "starttls", None, "not_offered")
    assert "AUTH" not in server.visit.verbs


@pytest.mark.parametrize("secret", [PLAIN, PASSWORD])
async def test_a_server_that_repeats_the_password_does_not_get_it_kept(send: Send, secret: str) -> None:
    answer = f"501 5.5.2 cannot parse {secret}\r\n".encode()
    async with mail_server({"EHLO": EHLO % b"PLAIN", "AUTH": answer}) as server:
        sent = await send(relay(server.port))
    texts = [step.text for step in sent.dialogue.steps if step.stage is Stage.AUTH]
    assert texts[0] == "cannot parse [secret]"
    assert not any(secret in step.text for step in sent.dialogue.steps)


async def test_a_refusal_by_the_relay_is_a_refusal(send: Send) -> None:
    async with mail_server({"EHLO": EHLO % b"PLAIN", "RCPT": b"554 5.7.1 suppressed\r\n"}) as server:
        sent = await send(relay(server.port))
    assert sent.end == ("refused", "rcpt", 554, None)


def test_toward_is_the_relay() -> None:
    assert relay(25).destination("probe@acme.example") == "localhost"


async def test_a_handshake_that_fails_is_not_followed_by_a_dialogue_in_clear(send: Send, authority: Authority) -> None:
    script: dict[str, Answer] = {"EHLO": EHLO % b"PLAIN", "STARTTLS": says_and_closes(b"220 go\r\n")}
    async with mail_server(script) as server:
        sent = await send(relay(server.port, host=GATEWAY, tls="starttls", ca_file=str(authority.file)))
    assert sent.end == ("deferred", "starttls", None, "closed")
    assert server.visit.verbs == ["EHLO", "STARTTLS"]
