"""`xclient`: we speak as the sender's client where the gateway lets us, and not at all where it does not."""

from dataclasses import replace
from typing import Any

import pytest

from probes.evidence import Handover
from probes.routes.xclient import XclientRoute, commands
from tests.support.certificates import Authority
from tests.support.hostile_smtp import closes, is_silent
from tests.support.outgoing_mail import GATEWAY, IDENTITY, Send
from tests.support.smtp_server import Answer, mail_server

SENDER: dict[str, Any] = {"source_ip": "104.130.122.50"}
EHLO = b"250-gw\r\n250-STARTTLS\r\n250 XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT\r\n"
WHOLE = "XCLIENT PROTO=ESMTP HELO=account.trimble.com NAME=mail50.static.mailgun.info ADDR=104.130.122.50"


async def test_the_gateway_sees_the_sender_s_client(send: Send) -> None:
    async with mail_server({"EHLO": EHLO, "STARTTLS": b"454 not now\r\n"}) as server:
        sent = await send(XclientRoute(host="127.0.0.1", port=server.port), identity=SENDER)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.verbs == ["EHLO", "STARTTLS", "XCLIENT", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert server.visit.lines[2] == WHOLE
    assert ("xclient", 220, None) in sent.steps
    assert sent.dialogue.local_ip == server.visit.client == "127.0.0.1"


async def test_under_tls_it_is_offered_again(send: Send, authority: Authority) -> None:
    async with mail_server({"EHLO": EHLO}, tls=authority.serve(GATEWAY)) as server:
        route = XclientRoute(host=GATEWAY, port=server.port, tls="require", ca_file=authority.file)
        sent = await send(route, identity=SENDER)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.verbs[:5] == ["EHLO", "STARTTLS", "EHLO", "XCLIENT", "EHLO"]
    assert server.visit.encrypted


@pytest.mark.parametrize(
    "ehlo",
    [
        b"250-gw\r\n250 SIZE 1\r\n",
        b"250-gw\r\n250 XCLIENT ADDR HELO\r\n",
        b"250-gw\r\n250 XCLIENT NAME\r\n",
        b"250-gw\r\n250 XCLIENT\r\n",
    ],
)
async def test_a_gateway_that_does_not_offer_it_is_told_what_to_do(send: Send, ehlo: bytes) -> None:
    async with mail_server({"EHLO": ehlo}) as server:
        sent = await send(XclientRoute(host="127.0.0.1", port=server.port), identity=SENDER)
    assert sent.end == ("withheld", "xclient", None, "not_offered")
    assert "smtpd_authorized_xclient_hosts=127.0.0.1" in sent.dialogue.last.text
    assert server.visit.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize(
    "refusal",
    [
        b"550 5.7.0 Error: insufficient authorization\r\n",
        b"501 5.5.4 Bad NAME syntax\r\n",
        b"502 5.5.2 Error: command not recognized\r\n",
        b"503 5.5.1 Error: MAIL transaction in progress\r\n",
    ],
)
async def test_a_refusal_of_us_is_no_result(send: Send, refusal: bytes) -> None:
    async with mail_server({"EHLO": EHLO, "XCLIENT": refusal}) as server:
        sent = await send(XclientRoute(host="127.0.0.1", port=server.port, tls="none"), identity=SENDER)
    assert sent.steps[-2:] == [("xclient", int(refusal[:3]), None), ("xclient", None, "not_offered")]
    assert sent.dialogue.handover is Handover.WITHHELD
    assert sent.dialogue.steps[-2].text == refusal.decode().split(" ", 2)[2].strip()
    assert "MAIL" not in server.visit.verbs


@pytest.mark.parametrize(
    ("refusal", "handover"),
    [
        (b"554 5.7.1 <x[104.130.122.50]>: Client host rejected: Access denied\r\n", "refused"),
        (b"550 5.7.1 <x[104.130.122.50]>: Client host rejected: no\r\n", "refused"),
        (b"521 5.7.1 no\r\n", "refused"),
        (b"450 4.7.25 Client host rejected: cannot find your hostname\r\n", "deferred"),
        (b"421 4.7.0 too many\r\n", "deferred"),
    ],
)
async def test_a_refusal_of_the_client_is_the_result(send: Send, refusal: bytes, handover: str) -> None:
    async with mail_server({"EHLO": EHLO, "XCLIENT": refusal}) as server:
        sent = await send(XclientRoute(host="127.0.0.1", port=server.port, tls="none"), identity=SENDER)
    assert sent.end == (handover, "xclient", int(refusal[:3]), None)


@pytest.mark.parametrize(
    ("answer", "fault"), [(closes, "closed"), (is_silent, "timed_out"), (b"250\x00\r\n", "nonsense")]
)
async def test_xclient_that_goes_wrong_is_evidence(send: Send, answer: Answer, fault: str) -> None:
    async with mail_server({"EHLO": EHLO, "XCLIENT": answer}) as server:
        sent = await send(XclientRoute(host="127.0.0.1", port=server.port, tls="none"), timeout=0.4)
    assert sent.end == ("deferred", "xclient", None, fault)


async def test_what_the_client_is_offered_may_differ_from_what_we_were(send: Send) -> None:
    async with mail_server({"EHLO": [EHLO + b"", b"250 gw\r\n"]}) as server:
        await send(XclientRoute(host="127.0.0.1", port=server.port, tls="none"))
    assert server.visit.lines[3] == "MAIL FROM:<bounce+token@account.trimble.com>"


@pytest.mark.parametrize(
    ("changes", "offered", "lines"),
    [
        ({}, "NAME ADDR PROTO HELO", [WHOLE]),
        ({}, "NAME ADDR", ["XCLIENT NAME=mail50.static.mailgun.info ADDR=104.130.122.50"]),
        ({"ptr": "[UNAVAILABLE]"}, "NAME ADDR", ["XCLIENT NAME=[UNAVAILABLE] ADDR=104.130.122.50"]),
        ({"ptr": "a b=c"}, "NAME ADDR", ["XCLIENT NAME=a+20b+3Dc ADDR=104.130.122.50"]),
        ({"source_ip": "2001:db8::1", "ptr": "x"}, "NAME ADDR", ["XCLIENT NAME=x ADDR=IPV6:2001:db8::1"]),
        (
            {"ptr": "n" * 250, "helo": "h" * 250},
            "NAME ADDR PROTO HELO",
            [f"XCLIENT PROTO=ESMTP HELO={'h' * 250}", f"XCLIENT NAME={'n' * 250} ADDR=104.130.122.50"],
        ),
    ],
)
def test_the_command(changes: dict[str, Any], offered: str, lines: list[str]) -> None:
    identity = replace(IDENTITY, **(SENDER | changes))
    assert commands(identity, offered.split()) == lines


async def test_a_command_on_two_lines(send: Send) -> None:
    async with mail_server({"EHLO": EHLO}) as server:
        route = XclientRoute(host="127.0.0.1", port=server.port, tls="none")
        sent = await send(route, identity={"ptr": "n" * 250, "helo": "h" * 250})
    assert [step for step in sent.steps if step[0] == "xclient"] == [("xclient", 220, None)] * 2
    assert sent.dialogue.handover is Handover.ACCEPTED


def test_toward_is_the_gateway() -> None:
    assert XclientRoute(host=GATEWAY).destination("probe@acme.example") == GATEWAY
