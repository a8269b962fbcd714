"""What servers do, and what a dialogue makes of it: never an exception, always in time, every step kept.

The route is `direct` to a host given, because it adds nothing to the dialogue but the source address.
"""

import asyncio

import pytest

from probes.answer import Stage
from probes.evidence import Handover
from probes.routes.direct import DirectRoute
from tests.support.hostile_smtp import (
    byte_by_byte,
    closes,
    drips,
    endless_lines,
    endless_replies,
    is_silent,
    resets,
    says_and_closes,
    says_and_resets,
    ten_megabytes_in_a_line,
)
from tests.support.outgoing_mail import CONTENT, SOURCE, Send
from tests.support.smtp_server import GOOD, Answer, SmtpConversation, full_backlog, mail_server

STAGE = {"BANNER": "banner", "EHLO": "ehlo", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "MESSAGE": "end_of_data"}
ORDER = list(STAGE)
WELL = {"BANNER": 220, "EHLO": 250, "MAIL": 250, "RCPT": 250, "DATA": 354, "MESSAGE": 250}
WAIT = 0.25  # seconds, where the server never answers

Row = tuple[str, int | None, str | None]


def until(verb: str) -> list[Row]:
    """The steps of a dialogue in which all went well before the answer to `verb`."""
    before = ORDER[: ORDER.index(verb)]
    return [("connect", None, None), *((STAGE[said], WELL[said], None) for said in before)]


async def test_a_mail_is_handed_over(send: Send) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.steps == [*until("MESSAGE"), ("end_of_data", 250, None)]
    assert sent.dialogue.last.text == "Ok: queued as 4ABC"
    assert sent.dialogue.last.enhanced == "2.0.0"
    assert {step.host for step in sent.dialogue.steps} == {f"127.0.0.1[127.0.0.1]:{server.port}"}
    assert sent.dialogue.local_ip == server.visit.client == SOURCE
    assert sent.dialogue.tls == ""
    assert server.visit.lines == [
        "EHLO account.trimble.com",
        f"MAIL FROM:<bounce+token@account.trimble.com> SIZE={len(CONTENT)} RET=HDRS",
        "RCPT TO:<probe@acme.example> NOTIFY=FAILURE,DELAY",
        "DATA",
        "QUIT",
    ]
    assert server.visit.mail == CONTENT.replace(b"\r\n.", b"\r\n..") + b".\r\n"


@pytest.mark.parametrize("verb", ORDER)
@pytest.mark.parametrize(
    ("reply", "handover", "code", "enhanced", "text"),
    [
        (
            b"421 4.7.0 Try again later, closing connection\r\n",
            "deferred",
            421,
            "4.7.0",
            "Try again later, closing connection",
        ),
        (b"451 4.7.1 Greylisted\r\n", "deferred", 451, "4.7.1", "Greylisted"),
        (
            b"550-5.7.1 Access denied,\r\n550 5.7.1 104.130.122.50\r\n",
            "refused",
            550,
            "5.7.1",
            "Access denied,\n104.130.122.50",
        ),
        (b"554 no\r\n", "refused", 554, None, "no"),
    ],
)
async def test_a_refusal_is_kept_word_for_word(
    send: Send, verb: str, reply: bytes, handover: str, code: int, enhanced: str | None, text: str
) -> None:
    async with mail_server({verb: reply, "HELO": reply}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    again = [(STAGE[verb], code, None)] if verb == "EHLO" and code >= 500 else []  # by HELO
    assert sent.steps == [*until(verb), (STAGE[verb], code, None), *again]
    assert (sent.dialogue.handover, sent.dialogue.last.enhanced, sent.dialogue.last.text) == (handover, enhanced, text)
    assert server.visit.verbs[-1] == "QUIT"


@pytest.mark.parametrize("verb", ORDER)
@pytest.mark.parametrize(
    ("answer", "code", "fault"),
    [
        (closes, None, "closed"),
        (resets, None, "reset"),
        (says_and_closes(b"250-half a reply"), None, "closed"),
        (says_and_closes(b"421 4.3.2 shutting down\r\n"), 421, None),
        (says_and_resets(b"421 4.3.2 shutting down\r\n"), 421, None),
        (b"\x16\x03\x01\x00\xa5\x01\x00\n", None, "nonsense"),
        (b"220-we\r\n200 differ\r\n", None, "nonsense"),
        (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", None, "nonsense"),
        (endless_lines, None, "nonsense"),
        (ten_megabytes_in_a_line, None, "nonsense"),
    ],
)
async def test_a_broken_answer_is_evidence(
    send: Send, verb: str, answer: Answer, code: int | None, fault: str | None
) -> None:
    async with mail_server({verb: answer}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.steps == [*until(verb), (STAGE[verb], code, fault)]
    assert sent.dialogue.handover is Handover.DEFERRED
    assert sent.dialogue.last.text


@pytest.mark.parametrize("verb", ORDER)
@pytest.mark.parametrize("answer", [is_silent, drips])
async def test_a_server_that_does_not_answer_ends_with_the_time(send: Send, verb: str, answer: Answer) -> None:
    async with mail_server({verb: answer}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port), timeout=WAIT)
    assert sent.steps == [*until(verb), (STAGE[verb], None, "timed_out")]
    assert sent.dialogue.handover is Handover.DEFERRED
    assert sent.seconds >= WAIT
    assert "no reply in" in sent.dialogue.last.text


@pytest.mark.parametrize(
    ("verb", "wrong"),
    [
        ("EHLO", b"354 go on\r\n"),
        ("MAIL", b"354 go on\r\n"),
        ("RCPT", b"334 go on\r\n"),
        ("DATA", b"250 ok\r\n"),
        ("MESSAGE", b"354 go on\r\n"),
    ],
)
async def test_a_yes_to_another_question_is_nonsense(send: Send, verb: str, wrong: bytes) -> None:
    async with mail_server({verb: wrong}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.end == ("deferred", STAGE[verb], int(wrong[:3]), "nonsense")
    assert (server.visit.mail == b"") == (verb != "MESSAGE")


async def test_endless_replies_are_not_read_for_ever(send: Send) -> None:
    async with mail_server({"BANNER": endless_replies}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.end == ("deferred", "ehlo", None, "nonsense")
    assert sent.dialogue.last.text == "answered before it was asked: 220 hello"


@pytest.mark.parametrize(
    ("script", "end", "text"),
    [
        ({"BANNER": b"220 hi\r\n554 5.7.1 no\r\n"}, ("refused", "ehlo", 554, None), "no"),
        ({"MAIL": b"250 ok\r\n421 4.3.2 bye\r\n"}, ("deferred", "rcpt", 421, None), "bye"),
        (
            {"RCPT": b"250 ok\r\n250 ok\r\n"},
            ("deferred", "data", None, "nonsense"),
            "answered before it was asked: 250 ok",
        ),
        (
            {"DATA": b"354 go\r\n250 queued\r\n"},
            ("deferred", "end_of_data", None, "nonsense"),
            "answered before it was asked: 250 queued",
        ),
        ({"MESSAGE": b"250 ok\r\n421 bye\r\n"}, ("accepted", "end_of_data", 250, None), "ok"),
    ],
)
async def test_a_second_reply_in_one_packet(
    send: Send, script: dict[str, Answer], end: tuple[str, str, int | None, str | None], text: str
) -> None:
    async with mail_server(script) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.end == end
    assert sent.dialogue.last.text == text
    assert (server.visit.mail != b"") == (sent.dialogue.handover is Handover.ACCEPTED)


async def test_replies_in_bits_are_whole_replies(send: Send) -> None:
    async with mail_server({verb: byte_by_byte(reply) for verb, reply in GOOD.items() if verb != "QUIT"}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.steps == [*until("MESSAGE"), ("end_of_data", 250, None)]


@pytest.mark.parametrize(
    ("ehlo", "helo", "end", "ehlos"),
    [
        (b"502 5.5.1 what?\r\n", GOOD["HELO"], ("accepted", "end_of_data", 250, None), [502, 250]),
        (b"550 5.7.1 no\r\n", b"550 5.7.1 no\r\n", ("refused", "ehlo", 550, None), [550, 550]),
        (b"502 5.5.1 what?\r\n", b"421 later\r\n", ("deferred", "ehlo", 421, None), [502, 421]),
        (says_and_closes(b"554 5.7.1 no\r\n"), b"", ("refused", "ehlo", 554, None), [554]),
        (b"554 5.7.1 no\r\n", closes, ("refused", "ehlo", 554, None), [554]),
        (b"421 later\r\n", GOOD["HELO"], ("deferred", "ehlo", 421, None), [421]),
    ],
)
async def test_helo_where_ehlo_is_refused(
    send: Send, ehlo: Answer, helo: Answer, end: tuple[str, str, int | None, str | None], ehlos: list[int]
) -> None:
    async with mail_server({"EHLO": ehlo, "HELO": helo}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.end == end
    assert [step.code for step in sent.dialogue.steps if step.stage is Stage.EHLO] == ehlos


async def test_after_helo_nothing_is_taken_for_offered(send: Send) -> None:
    async with mail_server({"EHLO": b"502-what?\r\n502 SIZE 9\r\n", "HELO": b"250-mx\r\n250 SIZE 9\r\n"}) as server:
        await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert server.visit.lines[2] == "MAIL FROM:<bounce+token@account.trimble.com>"


async def test_nobody_listens(send: Send, unused_port: int) -> None:
    sent = await send(DirectRoute(host="127.0.0.1", port=unused_port))
    assert sent.steps == [("connect", None, "refused")]
    assert sent.dialogue.handover is Handover.DEFERRED
    assert sent.dialogue.last.text == "Connection refused"
    assert sent.dialogue.local_ip == ""


async def test_no_way_there(send: Send) -> None:
    """A loopback address cannot reach the world: the system says so at once."""
    sent = await send(DirectRoute(host="192.0.2.1"))
    assert sent.end[:2] == ("deferred", "connect")
    assert sent.end[3] in ("unreachable", "timed_out")


async def test_a_full_backlog_is_a_connection_that_times_out(send: Send) -> None:
    """As a firewall that drops: the first packet is not answered."""
    async with full_backlog() as port:
        sent = await send(DirectRoute(host="127.0.0.1", port=port), timeout=WAIT)
    assert sent.end == ("deferred", "connect", None, "timed_out")
    assert sent.dialogue.last.text.startswith("no connection in 0.")


async def test_the_reply_after_the_message_may_be_the_last_word(send: Send) -> None:
    """Nothing is waited for once the mail is theirs."""
    async with mail_server({"QUIT": is_silent}) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.seconds < 1


async def test_cancelling_closes_the_connection(send: Send) -> None:
    asked = asyncio.Event()

    async def is_asked(visit: SmtpConversation) -> None:
        asked.set()
        await is_silent(visit)

    async with mail_server({"RCPT": is_asked}) as server:
        task = asyncio.ensure_future(send(DirectRoute(host="127.0.0.1", port=server.port)))
        async with asyncio.timeout(2):
            await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.gone()
