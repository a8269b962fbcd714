"""MAIL, RCPT and DATA in one packet, where the server offers PIPELINING: the same evidence as one by one."""

import asyncio
import socket

import pytest

from probes.evidence import Handover
from probes.routes.direct import DirectRoute
from tests.support.hostile_smtp import closes, is_silent, resets, says_and_closes, says_and_resets
from tests.support.outgoing_mail import Send
from tests.support.smtp_server import GOOD, Answer, MailServer, SmtpConversation, mail_server

OFFER = b"250-mx.acme.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
BEFORE: list[tuple[str, int | None, str | None]] = [("connect", None, None), ("banner", 220, None), ("ehlo", 250, None)]
GROUP = {"MAIL": ("mail", 250), "RCPT": ("rcpt", 250), "DATA": ("data", 354)}
REFUSED = b"550 5.7.1 not from you\r\n"
WAIT = 0.3


def until(verb: str) -> list[tuple[str, int | None, str | None]]:
    """The steps before the answer to `verb`."""
    names = list(GROUP)
    return [*BEFORE, *((*GROUP[said], None) for said in names[: names.index(verb)])]


def route(server: MailServer) -> DirectRoute:
    return DirectRoute(host="127.0.0.1", port=server.port)


class TogetherServer:
    """At MAIL it looks whether RCPT and DATA are there without its answer."""

    def __init__(self) -> None:
        self.came: list[bytes] = []

    async def __call__(self, visit: SmtpConversation) -> None:
        try:
            async with asyncio.timeout(WAIT):
                while len(self.came) < 2:
                    self.came.append(await visit.reader.readline())
        except TimeoutError:
            pass
        visit.writer.write(GOOD["MAIL"] + (GOOD["RCPT"] + GOOD["DATA"] if self.came else b""))
        if self.came:
            visit.mail = await visit.reader.readuntil(b"\r\n.\r\n")
            visit.writer.write(GOOD["MESSAGE"])


@pytest.mark.parametrize(("ehlo", "together"), [(OFFER, True), (GOOD["EHLO"], False)])
async def test_commands_go_together_only_where_that_is_offered(send: Send, ehlo: bytes, together: bool) -> None:
    looks = TogetherServer()
    async with mail_server({"EHLO": ehlo, "MAIL": looks}) as server:
        sent = await send(route(server))
    assert [line.split(b":")[0].strip() for line in looks.came] == ([b"RCPT TO", b"DATA"] if together else [])
    assert sent.steps == [*until("DATA"), ("data", 354, None), ("end_of_data", 250, None)]
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.mail


@pytest.mark.parametrize("verb", GROUP)
@pytest.mark.parametrize(
    ("reply", "handover", "code"), [(REFUSED, "refused", 550), (b"451 4.7.1 later\r\n", "deferred", 451)]
)
async def test_what_was_refused_is_the_last_step_and_the_dialogue_ends_in_order(
    send: Send, verb: str, reply: bytes, handover: str, code: int
) -> None:
    rest = dict.fromkeys(list(GROUP)[list(GROUP).index(verb) + 1 :], b"503 5.5.1 out of order\r\n")
    async with mail_server({"EHLO": OFFER, verb: reply, **rest}) as server:
        sent = await send(route(server))
        await server.gone()
    assert sent.steps == [*until(verb), (GROUP[verb][0], code, None)]
    assert sent.dialogue.handover.value == handover
    assert server.visit.verbs == ["EHLO", *GROUP, "QUIT"]
    assert server.visit.mail == b""


@pytest.mark.parametrize("verb", GROUP)
@pytest.mark.parametrize(
    ("answer", "code", "fault"),
    [
        (closes, None, "closed"),
        (resets, None, "reset"),
        (is_silent, None, "timed_out"),
        (says_and_closes(REFUSED), 550, None),
        (says_and_resets(REFUSED), 550, None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", None, "nonsense"),
    ],
)
async def test_a_broken_answer_is_that_of_its_command(
    send: Send, verb: str, answer: Answer, code: int | None, fault: str | None
) -> None:
    async with mail_server({"EHLO": OFFER, verb: answer}) as server:
        sent = await send(route(server), timeout=1.0)
    assert sent.steps == [*until(verb), (GROUP[verb][0], code, fault)]


async def test_nobody_gets_a_mail_that_was_refused_though_the_server_takes_data(send: Send) -> None:
    async with mail_server({"EHLO": OFFER, "RCPT": REFUSED}) as server:
        sent = await send(route(server))
        await server.gone()
    assert sent.dialogue.handover is Handover.REFUSED
    assert server.visit.mail == b""


async def test_replies_that_decide_nothing_are_not_waited_for_long(send: Send) -> None:
    async with mail_server({"EHLO": OFFER, "RCPT": REFUSED, "DATA": is_silent}) as server:
        sent = await send(route(server), timeout=WAIT)
    assert sent.end == ("refused", "rcpt", 550, None)
    assert sent.seconds < 3


async def test_a_refusal_before_we_spoke_is_no_answer_to_mail(send: Send) -> None:
    async with mail_server({"EHLO": OFFER + b"421 4.3.2 going down\r\n"}) as server:
        sent = await send(route(server))
    assert sent.end == ("deferred", "mail", 421, None)
    assert server.visit.verbs == ["EHLO", "QUIT"]


async def test_a_refusal_is_read_though_the_server_closed_with_the_rest_unread(send: Send) -> None:
    """The system answers what was not read with a reset."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        port = listening.getsockname()[1]
        serving = asyncio.create_task(_refuse_at_mail(listening))
        sent = await send(DirectRoute(host="127.0.0.1", port=port))
        await serving
    assert sent.end == ("refused", "mail", 550, None)


async def _refuse_at_mail(listening: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    sock, _ = await loop.sock_accept(listening)
    with sock:
        await loop.sock_sendall(sock, b"220 hi\r\n")
        await loop.sock_recv(sock, 1000)
        await loop.sock_sendall(sock, OFFER)
        assert (await loop.sock_recv(sock, 4)) == b"MAIL"
        await loop.sock_sendall(sock, REFUSED)
