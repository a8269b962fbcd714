"""Each simulated mail system, spoken to over a real connection as the sender and as the control."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from monitor.sandbox.internet import SandboxError, SimulatedSystem, internet
from monitor.sandbox.settings import Behaviour, SandboxSettings
from probes.sender import Identity, Role

SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    "104.130.122.50",
    "account.trimble.com",
    "[UNAVAILABLE]",
    "bounce+t0ken@account.trimble.com",
)
CONTROL = Identity(
    Role.CONTROL,
    "postmaster@control.example",
    "198.51.100.7",
    "control.example",
    "mx.control.example",
    "postmaster+t0ken@control.example",
)
WHO = {"sender": SENDER, "control": CONTROL}
TO = "probe@acme.example"
CONTENT = b"From: a@b.example\r\nSubject: hello\r\n\r\nline\r\n..dot\r\n"
DEADLINE = 5.0

Plan = Callable[..., SimulatedSystem]


@dataclass
class Client:
    """Speaks SMTP by hand. A reply is its code and text; "" where the connection ended instead."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def hear(self) -> str:
        lines = []
        try:
            while line := (await asyncio.wait_for(self.reader.readline(), DEADLINE)).decode():
                lines.append(line.rstrip())
                if line[3:4] != "-":
                    break
        except ConnectionError:
            return "reset"
        return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return await self.hear()

    async def converse(self, who: Identity, to: str = TO, content: bytes = CONTENT) -> str:
        """Hand a message over from EHLO on. The reply that decided it, after the name of its stage."""
        for line in (f"EHLO {who.helo}", f"MAIL FROM:<{who.bounces}>", f"RCPT TO:<{to}>", "DATA"):
            said = await self.say(line)
            if not said.startswith(("2", "3")):
                return f"{line.split()[0]}: {said}"
        return f"message: {await self.say(content + b'.')}"


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def hand_over(port: int, via: str, who: Identity, to: str = TO) -> str:
    async with connected(port) as client:
        match via:
            case "proxy1":
                client.writer.write(f"PROXY TCP4 {who.source_ip} 127.0.0.1 40000 25\r\n".encode())
            case "proxy2":
                addresses = socket.inet_aton(who.source_ip) + socket.inet_aton("127.0.0.1") + b"\x9c\x40\x00\x19"
                client.writer.write(b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + addresses)
        assert (await client.hear()).startswith("220 mx.acme.example ESMTP")
        if via == "xclient":
            assert "XCLIENT NAME ADDR" in await client.say("EHLO tester.example")
            said = await client.say(f"XCLIENT PROTO=ESMTP HELO={who.helo} NAME={who.ptr} ADDR={who.source_ip}")
            assert said.startswith("220 mx.acme.example ESMTP")
        return await client.converse(who, to)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    def one(behaviour: Behaviour = Behaviour.INBOX, via: Literal["xclient", "proxy"] = "xclient") -> SimulatedSystem:
        return SimulatedSystem("acme/hq", behaviour, "127.0.0.1", 0, via, tmp_path / "acme", ".Junk", "acme.example")

    return one


def opened(plan: SimulatedSystem, **settings: timedelta) -> AbstractAsyncContextManager[Mapping[str, int]]:
    return internet([plan], SENDER, SandboxSettings.model_validate(settings))


def messages(plan: SimulatedSystem) -> dict[str, list[str]]:
    """What lies in the folders, where there are any."""
    found = {"inbox": plan.maildir / "new", "junk": plan.maildir / plan.junk / "new"}
    return {name: [f.read_text() for f in path.iterdir()] for name, path in found.items() if path.is_dir()}


def place_of(plan: SimulatedSystem) -> str:
    return ",".join(name for name, mails in messages(plan).items() for _ in mails) or "nowhere"


BELIEFS = [  # what the mail system does, to whom: what it says, and where the message is
    ("inbox", "sender", "message: 250 2.0.0 Ok: queued as ", "inbox"),
    ("inbox", "control", "message: 250 2.0.0 Ok: queued as ", "inbox"),
    ("junk", "sender", "message: 250 ", "junk"),
    ("junk", "control", "message: 250 ", "inbox"),
    ("blocks_ip", "sender", "RCPT: 554 5.7.1 <unknown[104.130.122.50]>: Client host rejected: Access ", "nowhere"),
    ("blocks_ip", "control", "message: 250 ", "inbox"),
    (
        "blocks_domain",
        "sender",
        "MAIL: 554 5.7.1 <bounce+t0ken@account.trimble.com>: Sender address rejected: Access denied",
        "nowhere",
    ),
    ("blocks_domain", "control", "message: 250 ", "inbox"),
    ("listed", "sender", "RCPT: 554 5.7.1 Service unavailable; Client host [104.130.122.50] blocked using ", "nowhere"),
    ("listed", "control", "message: 250 ", "inbox"),
    ("refuses_content", "sender", "message: 554 5.7.1 Spam message rejected", "nowhere"),
    ("refuses_content", "control", "message: 250 ", "inbox"),
    ("greylists", "sender", "RCPT: 450 4.2.0 <probe@acme.example>: Recipient address rejected: Greylisted", "nowhere"),
    ("greylists", "control", "message: 250 ", "inbox"),
    ("hangs_up", "sender", "EHLO: reset", "nowhere"),
    ("hangs_up", "control", "message: 250 ", "inbox"),
    ("unknown_user", "sender", "RCPT: 550 5.1.1 <probe@acme.example>: Recipient address rejected: User un", "nowhere"),
    ("unknown_user", "control", "RCPT: 550 5.1.1 ", "nowhere"),
    ("filter_down", "sender", "MAIL: 451 4.7.1 Service unavailable - try again later", "nowhere"),
    ("filter_down", "control", "MAIL: 451 4.7.1 Service unavailable - try again later", "nowhere"),
    (
        "resolver_down",
        "sender",
        "RCPT: 450 4.1.8 <bounce+t0ken@account.trimble.com>: Sender address rejected: Domain not found",
        "nowhere",
    ),
    ("resolver_down", "control", "RCPT: 450 4.1.8 <", "nowhere"),
    ("loses", "sender", "message: 250 ", "nowhere"),
    ("loses", "control", "message: 250 ", "nowhere"),
    ("slow", "sender", "message: 250 ", "nowhere"),
    ("slow", "control", "message: 250 ", "nowhere"),
    ("unreadable", "sender", "message: 250 ", "nowhere"),
    ("unreadable", "control", "message: 250 ", "nowhere"),
]


@pytest.mark.parametrize("via", ["xclient", "proxy1", "proxy2"])
@pytest.mark.parametrize(("behaviour", "who", "said", "place"), BELIEFS)
async def test_what_is_said_and_where_the_message_is(
    plan: Plan, via: str, behaviour: str, who: str, said: str, place: str
) -> None:
    mail_system = plan(Behaviour(behaviour), via.rstrip("12"))
    async with opened(mail_system) as ports:
        heard = await hand_over(ports["acme/hq"], via, WHO[who])
    assert heard.startswith(said)
    assert place_of(mail_system) == place


def test_every_behaviour_has_its_rows() -> None:
    assert {(row[0], row[1]) for row in BELIEFS} == {(str(b), who) for b in Behaviour for who in WHO}


async def test_a_message_is_delivered_whole_under_the_trace_of_a_mail_server(plan: Plan) -> None:
    mail_system = plan()
    async with opened(mail_system) as ports:
        heard = await hand_over(ports["acme/hq"], "xclient", CONTROL)
    queue_id = heard.rpartition(" ")[2]
    (mail,) = messages(mail_system)["inbox"]
    head, _, date = mail.partition("; ")
    assert head.splitlines() == [
        "Return-Path: <postmaster+t0ken@control.example>",
        "Delivered-To: probe@acme.example",
        "Received: from control.example (mx.control.example [198.51.100.7])",
        f"\tby mx.acme.example (Mailpath sandbox) with ESMTP id {queue_id}",
        "\tfor <probe@acme.example>",
    ]
    assert date.partition("\n")[2] == "From: a@b.example\nSubject: hello\n\nline\n.dot\n"
    assert list((mail_system.maildir / "tmp").iterdir()) == []


async def test_junk_bears_the_signs_of_a_filter(plan: Plan) -> None:
    mail_system = plan(Behaviour.JUNK)
    async with opened(mail_system) as ports:
        await hand_over(ports["acme/hq"], "xclient", SENDER)
    (mail,) = messages(mail_system)["junk"]
    assert "\nX-Spam-Flag: YES\n" in mail
    assert "\nX-Spam-Status: Yes, score=" in mail


async def test_slow_mail_comes_and_says_when(plan: Plan) -> None:
    mail_system = plan(Behaviour.SLOW)
    async with opened(mail_system, slow_by=timedelta(milliseconds=50)) as ports, asyncio.timeout(DEADLINE):
        await hand_over(ports["acme/hq"], "xclient", SENDER)
        while place_of(mail_system) == "nowhere":  # noqa: ASYNC110 - a folder has no event
            await asyncio.sleep(0.01)
    (mail,) = messages(mail_system)["inbox"]
    first, second = (part.split("\n")[0] for part in mail.split("Received: ")[1:])
    assert first == "from mx.acme.example (localhost [127.0.0.1])"
    assert second == "from account.trimble.com (unknown [104.130.122.50])"


async def test_greylisting_ends_for_whom_it_knows_and_only_for_him(plan: Plan) -> None:
    mail_system = plan(Behaviour.GREYLISTS)
    async with opened(mail_system, greylist_for=timedelta(milliseconds=30)) as ports, asyncio.timeout(DEADLINE):
        port = ports["acme/hq"]
        while (await hand_over(port, "xclient", SENDER)).startswith("RCPT: 450"):  # noqa: ASYNC110 - as a mail server
            await asyncio.sleep(0.01)
        assert place_of(mail_system) == "inbox"
        assert (await hand_over(port, "xclient", SENDER, "other@acme.example")).startswith("RCPT: 450")


async def test_mail_for_others_is_not_relayed(plan: Plan) -> None:
    async with opened(plan()) as ports:
        heard = await hand_over(ports["acme/hq"], "xclient", CONTROL, "somebody@elsewhere.example")
    assert heard == "RCPT: 554 5.7.1 <somebody@elsewhere.example>: Relay access denied"


async def test_without_an_assertion_the_client_is_the_one_that_connected(plan: Plan) -> None:
    async with opened(plan(Behaviour.BLOCKS_IP)) as ports, connected(ports["acme/hq"]) as client:
        await client.hear()
        assert (await client.converse(SENDER)).startswith("message: 250 ")


@pytest.mark.parametrize(
    ("before", "command", "said"),
    [
        ([], "XCLIENT ADDR=104.130.122.50", "220 "),
        ([], "xclient addr=ipv6:2001:DB8::1 name=[tempunavail] helo=a port=25 proto=smtp", "220 "),
        ([], "XCLIENT ADDR=104.130.122.50+20", "501 5.5.4 "),
        ([], "XCLIENT", "501 5.5.4 "),
        ([], "XCLIENT ADDR", "501 5.5.4 "),
        ([], "XCLIENT ADDR=", "501 5.5.4 "),
        ([], "XCLIENT ADDR=104.130.122", "501 5.5.4 "),
        ([], "XCLIENT ADDR=2001:db8::1", "501 5.5.4 "),
        ([], "XCLIENT NAME=a+0D+0AX-Forged:+20yes", "501 5.5.4 "),
        ([], "XCLIENT NAME=<script>", "501 5.5.4 "),
        ([], "XCLIENT COLOUR=blue", "501 5.5.4 "),
        (["XCLIENT ADDR=1.2.3.4"], "XCLIENT ADDR=104.130.122.50", "550 5.7.0 "),
        (["EHLO a", "MAIL FROM:<a@b.example>"], "XCLIENT ADDR=104.130.122.50", "503 5.5.1 "),
        (["EHLO a", "XCLIENT ADDR=1.2.3.4"], "MAIL FROM:<a@b.example>", "503 "),
    ],
)
async def test_xclient(plan: Plan, before: list[str], command: str, said: str) -> None:
    async with opened(plan()) as ports, connected(ports["acme/hq"]) as client:
        await client.hear()
        for line in before:
            await client.say(line)
        assert (await client.say(command)).startswith(said)


async def test_xclient_is_not_taken_where_it_is_not_offered(plan: Plan) -> None:
    async with opened(plan(Behaviour.INBOX, "proxy")) as ports, connected(ports["acme/hq"]) as client:
        client.writer.write(b"PROXY UNKNOWN\r\n")
        await client.hear()
        assert "XCLIENT" not in await client.say("EHLO a")
        assert (await client.say("XCLIENT ADDR=104.130.122.50")).startswith("550 5.7.0 ")


async def test_what_a_client_says_of_itself_forges_no_header(plan: Plan) -> None:
    mail_system = plan()
    async with opened(mail_system) as ports, connected(ports["acme/hq"]) as client:
        await client.hear()
        forger = Identity(Role.CONTROL, "", "", "a\rX-Forged: yes\r", "", "a@b.example")
        assert (await client.converse(forger)).startswith("message: 250 ")
    (mail,) = messages(mail_system)["inbox"]
    assert "Received: from a?X-Forged: yes (unknown [127.0.0.1])" in mail


async def test_too_big_a_message_is_refused(plan: Plan) -> None:
    mail_system = plan()
    async with opened(mail_system) as ports, connected(ports["acme/hq"]) as client:
        await client.hear()
        assert (await client.converse(SENDER, content=b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 4000)).startswith(
            "message: 552 "
        )
    assert place_of(mail_system) == "nowhere"


async def test_a_full_mailbox_says_so(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sandbox.maildir.MAX_MESSAGES", 1)
    async with opened(plan()) as ports:
        port = ports["acme/hq"]
        assert (await hand_over(port, "xclient", SENDER)).startswith("message: 250 ")
        assert (await hand_over(port, "xclient", SENDER)).startswith("message: 452 4.2.2 ")


async def test_one_connection_too_many_is_reset(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sandbox.mailsystem.MAX_CONVERSATIONS", 1)
    async with opened(plan()) as ports, connected(ports["acme/hq"]) as one, connected(ports["acme/hq"]) as two:
        assert (await one.hear()).startswith("220 ")
        assert await two.hear() in ("reset", "")


async def test_a_mailbox_that_cannot_be_written_is_a_temporary_error(plan: Plan) -> None:
    mail_system = plan()
    async with opened(mail_system) as ports:
        (mail_system.maildir / "new").rmdir()
        assert (await hand_over(ports["acme/hq"], "xclient", SENDER)).startswith("message: 451 4.3.0 ")


async def test_the_end_leaves_no_task_no_connection_and_nothing_held_back(plan: Plan) -> None:
    before = asyncio.all_tasks()
    mail_system = plan(Behaviour.SLOW)
    async with opened(mail_system, slow_by=timedelta(milliseconds=50)) as ports:
        await hand_over(ports["acme/hq"], "xclient", SENDER)
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["acme/hq"])
        await reader.readline()
    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionError):
        await reader.readline()
    writer.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", ports["acme/hq"])
    await asyncio.sleep(0.1)  # the clock's turn, past the time of what was held back
    assert place_of(mail_system) == "nowhere"


async def test_a_taken_port_is_told_in_one_line(plan: Plan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mine = plan()
        with pytest.raises(SandboxError, match=rf"acme/hq: cannot listen on 127\.0\.0\.1:{port}: .*another sandbox"):
            async with opened(
                SimulatedSystem(mine.name, mine.behaviour, mine.host, port, mine.via, mine.maildir, "J", "d.e")
            ):
                pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "mx.acme.example", "::"])
async def test_it_listens_on_loopback_only(plan: Plan, host: str) -> None:
    mine = plan()
    with pytest.raises(SandboxError, match="loopback"):
        async with opened(
            SimulatedSystem(mine.name, mine.behaviour, host, 0, mine.via, mine.maildir, "J", "d.example")
        ):
            pass
