"""What a host outside tells of our own way out: yes, no, or nothing."""

import asyncio
import time

import pytest

from probes.reference import ask, ask_mail_hosts
from probes.resolver import DnsResolver
from probes.settings import Endpoint
from tests.support.hostile_smtp import closes, is_silent, resets, says_and_closes
from tests.support.nameserver import Records, name_server
from tests.support.outgoing_mail import SOURCE
from tests.support.smtp_server import Answer, SmtpConversation, full_backlog, mail_server

NOWHERE = DnsResolver(["127.0.0.1:9"])
OUTSIDE = "192.0.2.77"  # not this machine's


@pytest.mark.parametrize(
    ("greeting", "reached", "says"),
    [
        (b"220 mx.example ESMTP\r\n", True, "220 mx.example ESMTP"),
        (says_and_closes(b"421 4.3.2 busy\r\n"), True, "421 busy"),
        (b"554 5.7.1 not you\r\n", True, "554 not you"),  # a refusal has come from outside too
        (closes, False, "closed the connection"),
        (resets, False, "reset"),
        (is_silent, False, "no reply in 0.3 s"),  # as a firewall that takes every connection
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "HTTP/1.1"),
    ],
)
async def test_any_greeting_is_an_answer_and_a_connection_alone_is_not(
    greeting: Answer, reached: bool, says: str
) -> None:
    async with mail_server({"BANNER": greeting}) as server:
        answer = await ask(Endpoint("127.0.0.1", server.port), SOURCE, NOWHERE, timeout=0.3)
    assert (answer.reference, answer.reached) == (f"127.0.0.1:{server.port}", reached)
    assert says in answer.text
    assert server.visit.client == SOURCE
    assert server.visit.verbs in ([], ["QUIT"])


async def test_a_connection_that_does_not_come_about_ends_with_the_time(unused_port: int) -> None:
    refused = await ask(Endpoint("127.0.0.1", unused_port), SOURCE, NOWHERE, timeout=0.3)
    assert (refused.reached, refused.text) == (False, "Connection refused")
    began = time.monotonic()
    async with full_backlog() as port:
        silent = await ask(Endpoint("127.0.0.1", port), SOURCE, NOWHERE, timeout=0.3)
    assert (silent.reached, time.monotonic() - began < 1.5) == (False, True)


@pytest.mark.parametrize(
    ("records", "reached", "says"),
    [
        ({}, None, "does not exist"),  # somebody's mistake, and nothing about our line
        ({("mx.example", "A"): "SERVFAIL"}, False, "SERVFAIL"),
        ({("mx.example", "A"): "SILENCE"}, False, "no name server answered"),
        ({("mx.example", "AAAA"): ["2001:db8::1"]}, None, f"no address that {SOURCE} could reach"),
        ({("mx.example", "A"): ["127.0.0.1"]}, False, "Connection refused"),
    ],
)
async def test_a_reference_by_name(records: Records, reached: bool | None, says: str, unused_port: int) -> None:
    async with name_server(records) as dns:
        answer = await ask(Endpoint("mx.example", unused_port), SOURCE, DnsResolver([dns.where]), timeout=0.6)
    assert (answer.reference, answer.reached) == (f"mx.example:{unused_port}", reached)
    assert says in answer.text


@pytest.mark.parametrize(
    ("records", "reference", "reached"),
    [
        ({}, "the MX of our.example", None),
        ({("our.example", "A"): [OUTSIDE]}, "the MX of our.example", None),  # a web server, perhaps
        ({("our.example", "MX"): ["0 ."]}, "the MX of our.example", None),
        ({("our.example", "MX"): "SERVFAIL"}, "the MX of our.example", False),
        ({("our.example", "MX"): ["10 mx.our.example."], ("mx.our.example", "A"): ["127.0.0.9"]}, "the MX of", None),
        (
            {("our.example", "MX"): ["10 mx.our.example."], ("mx.our.example", "A"): [OUTSIDE]},
            "mx.our.example:25",
            False,  # loopback does not lead there
        ),
        (
            {
                ("our.example", "MX"): ["10 mx1.our.example.", "20 mx2.our.example."],
                ("mx1.our.example", "A"): ["127.0.0.9"],
                ("mx2.our.example", "A"): [OUTSIDE],
            },
            "mx2.our.example:25",
            False,
        ),
    ],
)
async def test_our_own_mx_is_a_reference_only_where_it_is_named_and_not_this_machine(
    records: Records, reference: str, reached: bool | None
) -> None:
    async with name_server(records) as dns:
        answer = await ask_mail_hosts("our.example", SOURCE, DnsResolver([dns.where]), timeout=0.6)
    assert answer.reference.startswith(reference)
    assert answer.reached is reached


async def test_one_address_of_several_that_answers_is_enough() -> None:
    records: Records = {("mx.example", "A"): ["127.0.0.11", "127.0.0.12"]}
    async with mail_server(host="127.0.0.12") as server, name_server(records) as dns:
        answer = await ask(Endpoint("mx.example", server.port), SOURCE, DnsResolver([dns.where]), timeout=1.0)
    assert answer.reached is True


async def test_cancelling_closes_the_connection() -> None:
    came = asyncio.Event()

    async def says_nothing(visit: SmtpConversation) -> None:
        came.set()
        await is_silent(visit)

    async with mail_server({"BANNER": says_nothing}) as server:
        task = asyncio.create_task(ask(Endpoint("127.0.0.1", server.port), SOURCE, NOWHERE, timeout=5))
        async with asyncio.timeout(3):
            await came.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.gone()
