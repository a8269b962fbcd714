"""`proxy`: a header before anything else, and not a mail to a listener that did not take it."""

import pytest

from probes.answer import Stage
from probes.evidence import Handover
from probes.routes.proxy import ProxyRoute, header
from tests.support.certificates import Authority
from tests.support.hostile_smtp import closes, is_silent, resets, says_and_closes, until_seen
from tests.support.outgoing_mail import GATEWAY, Send
from tests.support.smtp_server import GOOD, Answer, SmtpConversation, mail_server

SENDER = {"source_ip": "104.130.122.50"}
BOTH = pytest.mark.parametrize("version", [1, 2])


@BOTH
async def test_the_listener_sees_the_sender_s_address(send: Send, version: int) -> None:
    async with mail_server(takes_proxy=True) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port, version=version), identity=SENDER)
    ours = server.visit.writer.get_extra_info("peername")[1]
    assert server.visit.lines[0] == f"{version} 104.130.122.50:{ours} 127.0.0.1:{server.port}"
    assert sent.steps[:4] == [
        ("connect", None, None),
        ("proxy", None, None),
        ("banner", 220, None),
        ("ehlo", 250, None),
    ]
    assert sent.dialogue.steps[1].text == "as 104.130.122.50"
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.mail


async def test_starttls_behind_the_header(send: Send, authority: Authority) -> None:
    script: dict[str, Answer] = {"EHLO": b"250-gw\r\n250 STARTTLS\r\n"}
    async with mail_server(script, tls=authority.serve(GATEWAY), takes_proxy=True) as server:
        sent = await send(ProxyRoute(host=GATEWAY, port=server.port), identity=SENDER)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.encrypted


def unknown_command(text: bytes) -> dict[str, Answer]:
    """A server without PROXY takes the header for commands: one for version 1, several for version 2."""
    return {"PROXY": text, "": text, "\0": text, "!": text}


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        b"502 5.5.2 Error: command not recognized\r\n",
        b"500 5.5.1 Command unrecognized\r\n",
        b'500 Error: command "PROXY" not recognized\r\n',
        b"550 5.7.1 go away\r\n",
        b"421 4.7.0 too many errors\r\n",
    ],
)
async def test_a_listener_that_takes_it_for_a_command_gets_no_mail(send: Send, version: int, text: bytes) -> None:
    async with mail_server(unknown_command(text)) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port, version=version), identity=SENDER)
    assert sent.dialogue.handover is Handover.WITHHELD
    assert sent.steps[-2:] == [("proxy", int(text[:3]), None), ("proxy", None, "not_offered")]
    assert "does not take a PROXY header" in sent.dialogue.last.text
    assert "smtpd_upstream_proxy_protocol" in sent.dialogue.last.text
    assert not {"MAIL", "RCPT", "DATA"} & set(server.visit.verbs)


@pytest.mark.parametrize("complaint", [b"502 5.5.2 what?\r\n", b"550 5.7.1 no\r\n", b"221 2.0.0 Bye\r\n"])
async def test_also_when_its_complaint_comes_with_the_greeting(send: Send, complaint: bytes) -> None:
    async with mail_server({"BANNER": GOOD["BANNER"] + complaint, "PROXY": b""}) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port, version=1), identity=SENDER)
    assert sent.steps[-2:] == [("proxy", int(complaint[:3]), None), ("proxy", None, "not_offered")]
    assert server.visit.verbs == ["PROXY", "QUIT"]
    assert sent.seconds < 1


@BOTH
@pytest.mark.parametrize(
    ("complaint", "then"),
    [
        (b"502 5.5.2 Error: command not recognized\r\n", GOOD["EHLO"]),
        (b"550 5.7.1 go away\r\n", GOOD["EHLO"]),
        (b"221 2.0.0 Bye\r\n", b""),
        (b"500 5.5.1 what?\r\n", b""),
    ],
)
async def test_also_when_its_complaint_comes_late(send: Send, version: int, complaint: bytes, then: bytes) -> None:
    """The reply to the header comes only after we have said EHLO, and looks like the one to that."""

    async def late(visit: SmtpConversation) -> None:
        await visit.reader.readuntil(b"EHLO account.trimble.com\r\n")
        visit.writer.write(complaint)
        await until_seen(visit)
        visit.writer.write(then)
        await (is_silent if then else closes)(visit)

    async with mail_server(dict.fromkeys(["PROXY", "", "\0"], late)) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port, version=version), identity=SENDER)
    assert sent.end == ("withheld", "proxy", None, "not_offered")
    assert sent.steps[-2] == ("proxy", int(complaint[:3]), None)
    assert sent.seconds < 1


@pytest.mark.parametrize(
    "banner",
    [
        b"554 SMTP synchronization error\r\n",
        b"220-mx.acme.example ESMTP\r\n521 5.5.1 Protocol error\r\n",
        b"554 5.5.0 account.trimble.com: pregreeting traffic\r\n",
    ],
)
async def test_a_listener_that_was_spoken_to_too_soon_takes_no_header(send: Send, banner: bytes) -> None:
    async with mail_server({"BANNER": banner}) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port), identity=SENDER)
    assert sent.steps[-2][0] == "banner"
    assert sent.end == ("withheld", "proxy", None, "not_offered")


async def test_a_listener_that_greets_us_by_our_own_address_took_no_header(send: Send) -> None:
    script: dict[str, Answer] = {
        "PROXY": b"",
        "EHLO": b"250-mx.acme.example Hello account.trimble.com [127.0.0.1]\r\n250 DSN\r\n",
    }
    async with mail_server(script) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port, version=1), identity=SENDER)
    assert sent.end == ("withheld", "proxy", None, "not_offered")
    assert "greets us as 127.0.0.1" in sent.dialogue.last.text
    assert "MAIL" not in server.visit.verbs


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ({"BANNER": b"554 5.7.1 blocked\r\n"}, ("refused", "banner", 554, None)),
        ({"BANNER": b"421 4.3.0 Server local error\r\n"}, ("deferred", "banner", 421, None)),
        ({"BANNER": resets}, ("deferred", "banner", None, "reset")),
        ({"BANNER": is_silent}, ("deferred", "banner", None, "timed_out")),
        ({"EHLO": says_and_closes(b"554 5.7.1 blocked\r\n")}, ("refused", "ehlo", 554, None)),
        ({"EHLO": b"504 5.5.2 Helo command rejected\r\n"}, ("refused", "ehlo", 504, None)),
        ({"EHLO": b"450 4.7.1 later\r\n"}, ("deferred", "ehlo", 450, None)),
        ({"EHLO": closes}, ("deferred", "ehlo", None, "closed")),
        ({"RCPT": b"554 5.7.1 blocked\r\n"}, ("refused", "rcpt", 554, None)),
    ],
)
async def test_what_a_listener_says_to_the_sender_s_client_is_the_result(
    send: Send, script: dict[str, Answer], end: tuple[str, str, int | None, str | None]
) -> None:
    async with mail_server(script, takes_proxy=True) as server:
        sent = await send(ProxyRoute(host="127.0.0.1", port=server.port), identity=SENDER, timeout=0.6)
    assert sent.end == end


async def test_a_header_has_both_addresses_of_one_family(send: Send) -> None:
    sent = await send(ProxyRoute(host="::1", port=25), identity=SENDER)
    assert sent.end == ("deferred", "connect", None, "unreachable")


@pytest.mark.parametrize(
    ("version", "source", "target", "sent"),
    [
        (1, "104.130.122.50", "192.0.2.25", b"PROXY TCP4 104.130.122.50 192.0.2.25 40000 25\r\n"),
        (1, "2001:db8::1", "2001:db8::2", b"PROXY TCP6 2001:db8::1 2001:db8::2 40000 25\r\n"),
        (
            2,
            "104.130.122.50",
            "192.0.2.25",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x68\x82\x7a\x32\xc0\x00\x02\x19\x9c\x40\x00\x19",
        ),
        (
            2,
            "2001:db8::1",
            "2001:db8::2",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24\x20\x01\x0d\xb8"
            + bytes(11)
            + b"\x01\x20\x01\x0d\xb8"
            + bytes(11)
            + b"\x02\x9c\x40\x00\x19",
        ),
    ],
)
def test_the_header(version: int, source: str, target: str, sent: bytes) -> None:
    assert header(version, source, 40000, target, 25) == sent  # type: ignore[arg-type]


def test_toward_is_the_listener() -> None:
    assert ProxyRoute(host=GATEWAY, port=26).destination("probe@acme.example") == GATEWAY
    assert Stage("proxy") is Stage.PROXY
