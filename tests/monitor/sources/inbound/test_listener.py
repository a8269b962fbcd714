"""The open port: what it takes, what it refuses, and what it survives."""

import asyncio
import smtplib
import ssl
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.sources.inbound import listener as listener_module
from monitor.sources.inbound import smtp as smtp_module
from monitor.sources.inbound.listener import InboundError, listening
from monitor.sources.inbound.settings import InboundSettings
from probes.token import mint, new_probe_id
from tests.monitor.sources.inbound.conftest import PATIENCE, InboundClient, line, open_inbound_client, until_closed
from tests.support.bounce_mails import bounce, probe
from tests.support.certificates import new_authority


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("bounce+{token}@probe.test", 250),
        ("bounce+{token}@account.trimble.com", 250),  # the sender's bounce domain, if its mail comes here
        ("BOUNCE+{upper}@PROBE.TEST", 250),  # some gateways change case
        ("anything-{token}@probe.test", 250),  # or rewrite the tag
        ("prvs=1234567890=bounce+{token}@probe.test", 250),
        ("bounce@probe.test", 250),
        ("acme@probe.test", 250),
        ("Acme@Probe.test", 250),
        ("bounce+{forged}@probe.test", 550),
        ("bounce+{altered}@probe.test", 550),
        ("bounce+{token}@victim.test", 550),  # no relaying
        ("bounce+{token}%victim.test@probe.invalid", 550),
        ("@probe.test:{token}@victim.test", 550),
        ("someone@victim.test", 550),
        ("postmaster@probe.test", 550),
        ("bounce+@probe.test", 550),
        ("bounce+mp@probe.test", 550),
        ('"acme@probe.test"@victim.test', 550),
        ("acme@probe.test@victim.test", 550),
    ],
)
async def test_whom_we_take_mail_for(inbound_client: InboundClient, address: str, code: int) -> None:
    altered = inbound_client.token[:-1] + ("a" if inbound_client.token[-1] != "a" else "b")
    words = {"token": inbound_client.token, "upper": inbound_client.token.upper(), "altered": altered}
    address = address.format(**words, forged=mint(new_probe_id(), b"another key" * 3))
    said = await inbound_client.rcpt(address)
    assert said[0] in ({550, 553, 501} if code == 550 else {code}), said
    if said[0] == 550:
        assert said[1].startswith("5.1.1 ")


async def test_a_bounce_is_read_and_told(inbound_client: InboundClient) -> None:
    assert await inbound_client.send(bounce(inbound_client.token)) == (250, "2.0.0 Ok")
    ((probe_id, facts),) = inbound_client.sink.returned
    assert probe_id == inbound_client.probe_id
    assert facts.is_bounce
    assert inbound_client.router.counts == {"bounce": 1}


async def test_what_could_not_be_stored_is_not_accepted(inbound_client: InboundClient) -> None:
    inbound_client.sink.deaf = RuntimeError("the store is full")
    assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 451
    inbound_client.sink.deaf = None
    assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 250


async def test_what_takes_too_long_is_put_off(inbound_client: InboundClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "READ_SECONDS", 0.05)
    inbound_client.sink.gate = asyncio.Event()
    assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 451


async def test_a_client_that_leaves_too_early_is_heard_to_the_end(inbound_client: InboundClient) -> None:
    inbound_client.sink.gate = asyncio.Event()
    reader, writer = await inbound_client.open()
    writer.write(b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n" % inbound_client.bounces_to.encode())
    while not (await line(reader)).startswith(b"354"):
        pass
    writer.write(bounce(inbound_client.token) + b".\r\n")
    await until(lambda: inbound_client.listener.load.mails > 0)
    writer.transport.abort()
    await until(lambda: not inbound_client.listener.load.conversations)
    inbound_client.sink.gate.set()
    await until(lambda: bool(inbound_client.sink.returned))


async def test_too_large_is_refused_before_and_after_it_is_sent() -> None:
    async with open_inbound_client(size_limit=65_536) as inbound_client:

        def declared(smtp: smtplib.SMTP) -> int:
            smtp.ehlo()
            return smtp.mail("", ["SIZE=70000"])[0]

        assert await inbound_client.client(declared) == 552
        assert (await inbound_client.send(b"A: b\r\n\r\n" + b"x" * 70_000 + b"\r\n"))[0] == 552
        assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 250
        assert inbound_client.listener.load.octets == 0


@pytest.mark.parametrize("endless", [b"x" * 1000, b"\r\n", b"x" * 998 + b"\r\n", b".\r\r\n", b"\0\n"])
async def test_a_mail_without_end_is_cut_off(endless: bytes) -> None:
    async with open_inbound_client(size_limit=65_536) as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n" % inbound_client.bounces_to.encode())
        while not (await line(reader)).startswith(b"354"):
            pass
        for _ in range(400_000 // len(endless)):
            writer.write(endless)
        await asyncio.wait_for(until_closed(reader), PATIENCE)
        await until(lambda: not inbound_client.listener.load.conversations)
        assert inbound_client.listener.load.octets == 0
        writer.close()


async def test_no_more_is_held_in_memory_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MAX_BYTES_IN_MEMORY", 1000)
    async with open_inbound_client() as inbound_client:
        assert (await inbound_client.send(b"A: b\r\n\r\n" + b"x\r\n" * 1000))[
            0
        ] == 452  # the server keeps it and comes again
        assert (await inbound_client.send(b"A: b\r\n\r\nx\r\n"))[0] == 250


@pytest.mark.parametrize(
    ("limit", "talk"),
    [
        ("COMMAND_TIMEOUT_SECONDS", b""),
        ("COMMAND_TIMEOUT_SECONDS", b"EHLO mx\r\n"),
        ("DATA_SECONDS", b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\nSubject: slo"),
        ("CONVERSATION_SECONDS", b"EHLO mx\r\nNOOP\r\n"),
    ],
)
async def test_a_slow_client_is_cut_off(monkeypatch: pytest.MonkeyPatch, limit: str, talk: bytes) -> None:
    monkeypatch.setattr(smtp_module, limit, 0.2)
    async with open_inbound_client() as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(talk.replace(b"%s", inbound_client.bounces_to.encode()))
        await asyncio.wait_for(until_closed(reader), PATIENCE)
        await until(lambda: not inbound_client.listener.load.conversations)
        writer.close()


async def test_a_client_that_drips_garbage_without_a_line_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_module, "COMMAND_TIMEOUT_SECONDS", 0.3)
    async with open_inbound_client() as inbound_client:
        reader, writer = await inbound_client.open()
        end = asyncio.create_task(until_closed(reader))
        while not end.done():
            writer.write(b"z")
            await asyncio.wait((end,), timeout=0.05)
        await until(lambda: not inbound_client.listener.load.conversations)
        writer.close()


Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]

GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS without STARTTLS
    b"GET / HTTP/1.1\r\nHost: probe.test\r\n\r\n",
    bytes(range(256)) * 40,
    b"EHLO " + b"a" * 5000 + b"\r\n",
    b"MAIL FROM:<>\r\nRCPT TO:<x@probe.test>\r\nDATA\r\n",
    b"EHLO \xff\xfe\r\nMAIL FROM:<\xff@x>\r\n",
    b"EHLO mx\r\nMAIL FROM:<<<<<>>>>>\r\nRCPT TO:((((((\r\nDATA\r\nRSET\r\n",
    b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<" + b"(" * 400 + b">\r\n",
    b"AUTH PLAIN AGEAYg==\r\nAUTH LOGIN\r\nVRFY root\r\nEXPN all\r\nTURN\r\nETRN x\r\nHELP\r\n",
    b"\r\n" * 500,
    b"NOOP\r\n" * 300,
    b"STARTTLS\r\nSTARTTLS\r\n",
    b"EHLO mx\r\nMAIL FROM:<> SIZE=99999999999999999999\r\nMAIL FROM:<> BODY=NONSENSE\r\n",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage[:20]))
async def test_garbage_does_no_harm(inbound_client: InboundClient, garbage: bytes) -> None:
    reader, writer = await inbound_client.open()
    writer.write(garbage)
    writer.write_eof()
    await asyncio.wait_for(until_closed(reader), PATIENCE)
    writer.close()
    assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 250
    assert len(inbound_client.sink.returned) == 1


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (b"MAIL FROM:<", b"553"),
        (b'MAIL FROM:<"', b"553"),
        (b'VRFY "', b"502"),
        (b"VRFY <", b"502"),
        (b"MAIL FROM:<> SIZE", b"501"),
        (b"\xff", b"500"),
        (b"", b"500"),
        (b"AUTH PLAIN AGEAYg==", b"502"),
    ],
)
async def test_who_says_what_cannot_be_read_is_sent_away_and_fills_no_log(
    inbound_client: InboundClient, command: bytes, code: bytes
) -> None:
    with capture_logs() as lines:
        reader, writer = await inbound_client.open()
        writer.write(b"EHLO mx\r\n" + (command + b"\r\n") * 200)
        said = (await until_closed(reader)).splitlines()
        writer.close()
        await until(lambda: not inbound_client.listener.load.conversations)
    assert sum(reply.startswith(code) for reply in said) < smtp_module.MAX_BAD_COMMANDS
    assert not said or said[-1].startswith((code, b"421 4.7.0", b"250"))
    assert lines == []
    assert inbound_client.router.turned_away.counts[421] == 0
    assert inbound_client.turned_away() == ""


async def test_what_cannot_be_read_is_answered(inbound_client: InboundClient) -> None:
    reader, writer = await inbound_client.open()
    said = []
    for command in (b"HELO mx", b"MAIL FROM:<", b'VRFY "', *[b"WHAT"] * 3, *[b"VRFY"] * 5):
        writer.write(command + b"\r\n")
        said.append((await line(reader))[:3])
    assert said == [b"250", b"553", b"502", *[b"500"] * 3, *[b"501"] * 4, b"421"]
    assert await line(reader) == b""
    writer.close()


async def test_a_fault_of_ours_is_logged_once_however_often_it_happens(
    inbound_client: InboundClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_client.router, "welcomes", lambda address: 1 // 0)
    with capture_logs() as lines:
        for _ in range(20):
            reader, writer = await inbound_client.open()
            writer.write(b"EHLO mx\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<acme@probe.test>\r\n" * 200)
            await until_closed(reader)
            writer.close()
    assert [each["event"] for each in lines] == ["invalid SMTP command"]


async def test_nothing_is_offered_that_we_do_not_want(inbound_client: InboundClient) -> None:
    offered = await inbound_client.client(lambda smtp: (smtp.ehlo(), dict(smtp.esmtp_features))[1])
    assert set(offered) == {"size", "8bitmime", "pipelining", "enhancedstatuscodes"}


async def named(inbound_client: InboundClient, recipient: str, source: str = "127.0.0.1") -> Client:
    """A client that has named a recipient, and waits."""
    client = await inbound_client.open(source)
    client[1].write(b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\n" % recipient.encode())
    while not (said := await line(client[0])).startswith(b"250 2.1.5"):
        assert said
    return client


async def test_connections_of_one_client_have_a_limit_and_are_given_back() -> None:
    async with open_inbound_client(connections_per_client=2) as inbound_client:
        first, second = (
            await named(inbound_client, inbound_client.bounces_to),
            await named(inbound_client, "acme@probe.test"),
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", inbound_client.listener.port)
        assert (await line(reader)).startswith(b"421 4.7.0")
        assert await line(reader) == b""
        writer.close()
        first[1].close()
        await until(lambda: inbound_client.listener.load.conversations == 1)
        assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 250
        second[1].close()


async def test_connections_of_all_clients_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 20)
    async with open_inbound_client(connections_per_client=1000) as inbound_client:
        busy = [await named(inbound_client, inbound_client.bounces_to) for _ in range(20)]
        banners = []
        for _ in range(40):
            reader, writer = await asyncio.open_connection("127.0.0.1", inbound_client.listener.port)
            banners.append((await line(reader))[:3])
            writer.close()
        assert banners == [b"421"] * 40
        assert inbound_client.router.turned_away.counts[421] == 40
        assert inbound_client.turned_away() == "12:00 UTC"
        for _, writer in busy:
            writer.close()


async def test_an_idle_connection_is_ended_before_a_new_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 3)
    async with open_inbound_client() as inbound_client:
        busy = await named(inbound_client, inbound_client.bounces_to)
        idle = [await inbound_client.open(), await inbound_client.open()]
        assert (await inbound_client.send(bounce(inbound_client.token)))[0] == 250
        assert (await line(idle[0][0])).startswith(b"421 4.7.0")  # the oldest
        await until(lambda: inbound_client.listener.load.conversations == 2)
        busy[1].write(b"NOOP\r\n")
        idle[1][1].write(b"NOOP\r\n")
        assert (await line(busy[0])).startswith(b"250")
        assert (await line(idle[1][0])).startswith(b"250")
        for _, writer in (busy, *idle):
            writer.close()


async def test_ten_addresses_with_ten_idle_connections_each_keep_nobody_out() -> None:
    """Each within its limits, and never silent for long."""
    async with open_inbound_client() as inbound_client:
        crowd = [await inbound_client.open(f"127.0.0.{address}") for address in range(2, 12) for _ in range(10)]
        assert inbound_client.listener.load.conversations == listener_module.MAX_CONVERSATIONS
        for _, writer in crowd:
            writer.write(b"NOOP\r\n")
        for number in range(30):
            source = f"127.0.1.{number + 1}"
            assert (await inbound_client.send(probe(inbound_client.token), "acme@probe.test", source=source))[0] == 250
        assert len(inbound_client.sink.copies) == 30
        assert inbound_client.turned_away() == ""
        for _, writer in crowd:
            writer.close()


async def test_who_holds_one_connection_is_not_ended_for_who_holds_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forwarder that is about to name its recipient, in the middle of a crowd that comes on and on."""
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 12)
    async with open_inbound_client() as inbound_client:
        forwarder = await inbound_client.open("127.0.1.1")
        crowd = [await inbound_client.open(f"127.0.0.{2 + number % 4}") for number in range(60)]
        forwarder[1].write(b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<acme@probe.test>\r\n")
        while not (said := await line(forwarder[0])).startswith(b"250 2.1.5"):
            assert said.startswith(b"250"), said
        assert inbound_client.turned_away() == ""
        for _, writer in (forwarder, *crowd):
            writer.close()


@pytest.mark.parametrize(
    ("greeting", "within", "stretch"),
    [
        (b"", PATIENCE, "12:00 UTC"),
        (b"", 0, ""),  # silent for longer than any server that has a mail to bring
        (b"EHLO mx\r\n", 0, "12:00 UTC"),
        (b"HELO mx\r\n", 0, "12:00 UTC"),
    ],
)
async def test_a_crowd_of_which_each_has_one_connection_is_told(
    monkeypatch: pytest.MonkeyPatch, greeting: bytes, within: float, stretch: str
) -> None:
    """Whom we ended may have been the forwarder: then nothing can be said of what did not come."""
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 5)
    monkeypatch.setattr(smtp_module, "GREETING_SECONDS", within)
    async with open_inbound_client() as inbound_client:
        await a_copy_came(inbound_client)
        crowd = [await inbound_client.open(f"127.0.{number}.2") for number in range(5)]
        for reader, writer in crowd if greeting else ():
            writer.write(greeting)
            assert (await line(reader)).startswith(b"250")
        crowd.append(await inbound_client.open("127.0.9.2"))
        assert inbound_client.turned_away() == stretch
        for _, writer in crowd:
            writer.close()


async def a_copy_came(inbound_client: InboundClient) -> None:
    """From a forwarder that is none of the crowd."""
    assert (await inbound_client.send(probe(inbound_client.token), "acme@probe.test", source="127.1.1.1"))[0] == 250
    await until(lambda: not inbound_client.listener.load.conversations)


async def test_a_crowd_of_one_block_is_ended_before_anybody_else_and_blinds_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each from an address of its own; the forwarder came before them all, and has not named its recipient."""
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 6)
    async with open_inbound_client() as inbound_client:
        await a_copy_came(inbound_client)
        forwarder = await inbound_client.open("127.1.1.1")
        crowd = [await inbound_client.open(f"127.0.0.{number}") for number in range(2, 30)]
        forwarder[1].write(b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<acme@probe.test>\r\n")
        while not (said := await line(forwarder[0])).startswith(b"250 2.1.5"):
            assert said.startswith(b"250"), said
        assert inbound_client.turned_away() == ""
        for _, writer in (forwarder, *crowd):
            writer.close()


class Silent:
    """A conversation in which nothing was said, with a client at any address."""

    scopes: frozenset[str] = frozenset()
    named = silent = False

    def __init__(self, client: str) -> None:
        self.client = client

    def drop(self, last_words: bytes = b"") -> None:
        pass


async def test_one_machine_with_all_the_networks_of_its_customer_blinds_nobody(inbound_client: InboundClient) -> None:
    crowd: list[Any] = [Silent(f"2001:db8:1:ff{number:02x}::1") for number in range(200)]
    assert all(inbound_client.listener.enter(each) for each in crowd)
    assert inbound_client.listener.load.conversations == listener_module.MAX_CONVERSATIONS
    assert inbound_client.turned_away() == ""
    for each in crowd:
        inbound_client.listener.leave(each)


async def test_addresses_that_everybody_knows_hold_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "MAX_CONVERSATIONS", 4)
    async with open_inbound_client(reports=["dmarc@probe.test"]) as inbound_client:
        crowd = [await named(inbound_client, "dmarc@probe.test") for _ in range(4)]
        assert (await inbound_client.send(probe(inbound_client.token), "acme@probe.test"))[0] == 250
        assert inbound_client.turned_away() == ""
        for _, writer in crowd:
            writer.close()


@pytest.mark.parametrize("talk", [b"", b"EHLO mx\r\n", b"EHLO mx\r\nMAIL FROM:<>\r\nRCPT TO:<x@probe.test>\r\n"])
async def test_who_names_no_recipient_in_time_is_cut_off_however_much_it_talks(
    monkeypatch: pytest.MonkeyPatch, talk: bytes
) -> None:
    monkeypatch.setattr(smtp_module, "RECIPIENT_SECONDS", 0.3)
    async with open_inbound_client() as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(talk)
        end = asyncio.create_task(until_closed(reader))
        while not end.done():
            writer.write(b"NOOP\r\n")
            await asyncio.wait((end,), timeout=0.05)
        assert b"421 4.4.2 Timeout" in end.result()
        assert inbound_client.turned_away() == ""
        writer.close()


async def test_who_names_one_has_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_module, "RECIPIENT_SECONDS", 0.2)
    monkeypatch.setattr(smtp_module, "CONVERSATION_SECONDS", 1.0)
    async with open_inbound_client() as inbound_client:
        started = asyncio.get_running_loop().time()
        reader, writer = await named(inbound_client, "acme@probe.test")
        end = asyncio.create_task(until_closed(reader))
        while not end.done():
            writer.write(b"NOOP\r\n")
            await asyncio.wait((end,), timeout=0.05)
        assert asyncio.get_running_loop().time() - started > 0.9
        assert inbound_client.turned_away() == "12:00 UTC"  # it had a copy for us
        writer.close()


async def test_mails_of_one_client_have_a_pace() -> None:
    async with open_inbound_client(messages_per_minute=3) as inbound_client:

        def four(smtp: smtplib.SMTP) -> list[int]:
            smtp.ehlo()
            codes = []
            for _ in range(4):
                smtp.mail("")
                codes.append(smtp.rcpt("acme@probe.test")[0])
                smtp.rset()
            return [*codes, smtp.mail("")[0], smtp.rcpt("nobody@probe.test")[0]]

        assert await inbound_client.client(four) == [250, 250, 250, 450, 250, 550]
        assert inbound_client.router.turned_away.counts[450] == 1
        assert inbound_client.turned_away() == "12:00 UTC"


async def test_one_client_that_is_too_fast_blinds_nobody_else() -> None:
    async with open_inbound_client(messages_per_minute=2) as inbound_client:
        assert (await inbound_client.send(probe(inbound_client.token), "acme@probe.test", source="127.0.1.1"))[
            0
        ] == 250  # our forwarder

        def many(smtp: smtplib.SMTP) -> list[int]:
            smtp.ehlo()
            codes = []
            for _ in range(5):
                smtp.mail("")
                codes.append(smtp.rcpt("acme@probe.test")[0])
                smtp.rset()
            return codes

        assert (await inbound_client.client(many, "127.0.0.9"))[-1] == 450
        assert inbound_client.turned_away() == ""
        assert (await inbound_client.client(many, "127.0.1.1"))[-1] == 450
        assert inbound_client.turned_away() == "12:00 UTC"


@pytest.mark.parametrize(
    ("limit", "code"),
    [("MAX_MAILS_BEING_READ", 452), ("MAX_BYTES_IN_MEMORY", 452), ("READ_SECONDS", 451)],
)
async def test_a_copy_that_we_could_not_take_is_remembered(
    monkeypatch: pytest.MonkeyPatch, limit: str, code: int
) -> None:
    monkeypatch.setattr(listener_module, limit, 0)
    async with open_inbound_client(reports=["dmarc@probe.test"]) as inbound_client:
        inbound_client.sink.gate = asyncio.Event()
        await inbound_client.send(probe(inbound_client.token), "dmarc@probe.test")
        assert inbound_client.turned_away() == ""
        assert (await inbound_client.send(probe(inbound_client.token), "acme@probe.test"))[0] == code
        assert inbound_client.turned_away() == "12:00 UTC"
        assert inbound_client.router.turned_away.counts[code] == 1


async def test_a_mail_that_is_too_large_is_no_copy() -> None:
    async with open_inbound_client(size_limit=65_536) as inbound_client:
        assert (await inbound_client.send(b"A: b\r\n\r\n" + b"x" * 70_000 + b"\r\n", "acme@probe.test"))[0] == 552
        assert inbound_client.router.turned_away.counts[552] == 1
        assert inbound_client.turned_away() == ""


async def test_help_lists_what_there_is(inbound_client: InboundClient) -> None:
    def ask(smtp: smtplib.SMTP) -> tuple[bytes, int]:
        smtp.ehlo()
        return smtp.help(), smtp.docmd("AUTH", "PLAIN AGEAYg==")[0]

    text, code = await inbound_client.client(ask)
    assert b"RCPT" in text
    assert b"AUTH" not in text
    assert code == 502


async def test_recipients_of_one_mail_have_a_limit(inbound_client: InboundClient) -> None:
    def many(smtp: smtplib.SMTP) -> list[int]:
        smtp.ehlo()
        smtp.mail("")
        return [smtp.rcpt(f"x{number}+{inbound_client.token}@probe.test")[0] for number in range(25)]

    codes = await inbound_client.client(many)
    assert codes == [250] * 20 + [452] * 5


async def test_who_guesses_addresses_is_sent_away(inbound_client: InboundClient) -> None:
    reader, writer = await inbound_client.open()
    writer.write(b"EHLO mx\r\nMAIL FROM:<>\r\n" + b"".join(b"RCPT TO:<u%d@probe.test>\r\n" % n for n in range(30)))
    said = await until_closed(reader)
    assert said.count(b"550 5.1.1") < 11
    writer.close()
    assert inbound_client.router.counts["refused"] == 10


async def test_one_mail_for_two_purposes_is_read_for_both(inbound_client: InboundClient) -> None:
    await inbound_client.send(
        probe(inbound_client.token), inbound_client.bounces_to, "acme@probe.test", mail_from="x@acme.test"
    )
    assert [mailbox for mailbox, _ in inbound_client.sink.copies] == ["inbound:acme@probe.test"]
    assert inbound_client.sink.returned == []


def certificate(folder: Path, **more: Any) -> dict[str, Any]:
    new_authority(folder).serve("probe.test")
    return {"tls": {"certificate": str(folder / "probe.test-False.pem")}, **more}


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def test_starttls(tmp_path: Path) -> None:
    async with open_inbound_client(**certificate(tmp_path)) as inbound_client:

        def talk(smtp: smtplib.SMTP) -> tuple[str | None, int]:
            smtp.ehlo()
            assert smtp.has_extn("starttls")
            smtp.starttls(context=trusting())
            smtp.ehlo()
            assert not smtp.has_extn("starttls")
            smtp.mail("")
            smtp.rcpt(inbound_client.bounces_to)
            version = smtp.sock.version()  # type: ignore[union-attr]
            return version, smtp.data(bounce(inbound_client.token))[0]

        version, code = await inbound_client.client(talk)
        assert (version, code) == ("TLSv1.3", 250)
        assert len(inbound_client.sink.returned) == 1


async def test_what_was_said_before_tls_is_forgotten(tmp_path: Path) -> None:
    """Commands slipped in behind STARTTLS in the clear are not carried out inside it (RFC 3207, section 6)."""
    async with open_inbound_client(**certificate(tmp_path)) as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(b"EHLO mx\r\nSTARTTLS\r\nRSET\r\nMAIL FROM:<>\r\n")
        while not (await line(reader)).startswith(b"220"):
            pass
        await writer.start_tls(trusting())
        writer.write(b"NOOP\r\nQUIT\r\n")
        said = await until_closed(reader)
        assert [each[:3] for each in said.splitlines()] == [b"250", b"221"]
        writer.close()


async def test_a_handshake_that_never_ends_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_module, "COMMAND_TIMEOUT_SECONDS", 0.3)
    async with open_inbound_client(**certificate(tmp_path)) as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(b"EHLO mx\r\nSTARTTLS\r\n")
        await asyncio.wait_for(until_closed(reader), PATIENCE)
        await until(lambda: not inbound_client.listener.load.conversations)
        writer.close()


async def test_a_client_that_goes_away_in_mid_handshake_leaves_nothing(tmp_path: Path) -> None:
    async with open_inbound_client(**certificate(tmp_path)) as inbound_client:
        reader, writer = await inbound_client.open()
        writer.write(b"EHLO mx\r\nSTARTTLS\r\n")
        while not (await line(reader)).startswith(b"220"):
            pass
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        writer.close()
        await until(lambda: not inbound_client.listener.load.conversations)


async def test_a_port_that_is_taken_is_told() -> None:
    async with open_inbound_client() as inbound_client:
        place = f"127.0.0.1:{inbound_client.listener.port}"
        settings = InboundSettings.model_validate({"domain": "probe.test", "listen": place})
        with pytest.raises(InboundError, match=f"cannot listen on {place}"):
            async with listening(settings, inbound_client.router):
                pass


async def test_the_end_of_the_service_ends_every_conversation() -> None:
    before = asyncio.all_tasks()
    async with open_inbound_client() as inbound_client:
        reader, writer = await inbound_client.open()
    assert await line(reader) in (b"", b"421 4.3.2 Shutting down\r\n")
    writer.close()
    await until(lambda: not asyncio.all_tasks() - before)


async def until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
