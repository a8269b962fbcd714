"""`direct`: only from the source IP, to the hosts that the domain names, in their order."""

import asyncio
import errno
import os
import resource
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from probes.evidence import Handover
from probes.resolver import DnsResolver
from probes.routes.direct import DirectRoute
from probes.sender import Role
from tests.support.hostile_smtp import closes, is_silent, resets, says_after
from tests.support.nameserver import TWO_HOSTS, Records, name_server
from tests.support.outgoing_mail import MESSAGE, SOURCE, Send
from tests.support.smtp_server import GOOD, Answer, MailServer, full_backlog, mail_server


@asynccontextmanager
async def two_hosts(
    first: Mapping[str, Answer] | None = None,
) -> AsyncIterator[tuple[MailServer, MailServer, DnsResolver]]:
    """The hosts of acme.example, the best by the script given, on one port; and a resolver that knows them."""
    async with (
        mail_server(first, host="127.0.0.11") as best,
        mail_server(host="127.0.0.12", port=best.port) as other,
        name_server(TWO_HOSTS) as dns,
    ):
        yield best, other, DnsResolver([dns.where])


@pytest.mark.parametrize(("source", "helo"), [("127.0.0.5", "account.trimble.com"), ("127.0.0.77", "control.example")])
async def test_it_leaves_from_the_identity_s_own_address(send: Send, source: str, helo: str) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port), identity={"source_ip": source, "helo": helo})
    assert server.visit.client == sent.dialogue.local_ip == source
    assert server.visit.lines[0] == f"EHLO {helo}"


async def test_an_address_that_is_not_ours_sends_nothing(send: Send) -> None:
    async with mail_server() as server, name_server(TWO_HOSTS) as dns:
        for route in (DirectRoute(host="127.0.0.1", port=server.port), DirectRoute()):
            sent = await send(route, identity={"source_ip": "104.130.122.50"}, resolver=DnsResolver([dns.where]))
            assert sent.end == ("withheld", "connect", None, "unreachable")
            assert "does not bear 104.130.122.50" in sent.dialogue.last.text
            assert "relay" in sent.dialogue.last.text
            assert sent.dialogue.local_ip == ""
    assert server.visits == []
    assert dns.asked == []


@pytest.mark.parametrize(
    ("role", "remedy"),
    [
        (Role.SENDER, 'use a route via "relay", "xclient" or "proxy"'),
        (Role.CONTROL, "name it in control.source_ip, or compare with a [neighbour]"),
    ],
)
async def test_who_cannot_be_sent_from_here_is_told_what_to_do(send: Send, role: Role, remedy: str) -> None:
    sent = await send(DirectRoute(host="127.0.0.1"), identity={"source_ip": "198.51.100.7", "role": role})
    assert sent.dialogue.handover is Handover.WITHHELD
    assert remedy in sent.dialogue.last.text


async def test_any_address_is_not_the_sender_s(send: Send) -> None:
    """The system takes 0.0.0.0 for "whichever": what the connection really has is asked again once it is made."""
    async with mail_server() as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port), identity={"source_ip": "0.0.0.0"})
    assert sent.end == ("withheld", "connect", None, "unreachable")
    assert "would leave from 127.0.0.1, not from 0.0.0.0" in sent.dialogue.last.text
    assert all(visit.lines == [] for visit in server.visits)


async def test_a_recipient_at_an_address(send: Send) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(port=server.port), replace(MESSAGE, rcpt_to="probe@[127.0.0.1]"))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert "RCPT TO:<probe@[127.0.0.1]> NOTIFY=FAILURE,DELAY" in server.visit.lines


async def test_the_best_host_gets_it(send: Send) -> None:
    async with two_hosts() as (first, second, resolver):
        sent = await send(DirectRoute(port=first.port), resolver=resolver)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.steps[0] == ("lookup", None, None)
    assert sent.dialogue.steps[0].text == "mx1.acme.example 127.0.0.11\nmx2.acme.example 127.0.0.12"
    assert sent.dialogue.last.host == f"mx1.acme.example[127.0.0.11]:{first.port}"
    assert second.visits == []


@pytest.mark.parametrize(
    ("script", "first_ends"),
    [
        ({"BANNER": b"554 5.7.1 no\r\n"}, ("banner", 554, None)),
        ({"BANNER": b"421 4.3.2 busy\r\n"}, ("banner", 421, None)),
        ({"BANNER": resets}, ("banner", None, "reset")),
        ({"BANNER": b"what?\r\n"}, ("banner", None, "nonsense")),
        ({"EHLO": b"421 4.7.0 later\r\n"}, ("ehlo", 421, None)),
        ({"EHLO": closes}, ("ehlo", None, "closed")),
    ],
)
async def test_a_host_that_does_not_listen_to_us_gives_way_to_the_next(
    send: Send, script: dict[str, Answer], first_ends: tuple[str, int | None, str | None]
) -> None:
    async with two_hosts(script) as (first, second, resolver):
        sent = await send(DirectRoute(port=first.port), resolver=resolver)
    assert sent.dialogue.handover is Handover.ACCEPTED
    place = sent.steps.index(first_ends)
    assert [step.host[:16] for step in sent.dialogue.steps[place : place + 2]] == [
        "mx1.acme.example",
        "mx2.acme.example",
    ]
    assert sent.steps[place + 1] == ("connect", None, None)
    assert second.visit.mail


@pytest.mark.parametrize(
    ("script", "handover"),
    [
        ({"EHLO": b"554 5.7.1 no\r\n", "HELO": b"554 5.7.1 no\r\n"}, "refused"),
        ({"MAIL": b"451 4.7.1 later\r\n"}, "deferred"),
        ({"RCPT": b"450 4.2.0 greylisted\r\n"}, "deferred"),
        ({"RCPT": closes}, "deferred"),
        ({"MESSAGE": closes}, "deferred"),
    ],
)
async def test_a_host_that_has_heard_of_the_mail_has_decided(
    send: Send, script: dict[str, Answer], handover: str
) -> None:
    async with two_hosts(script) as (first, second, resolver):
        sent = await send(DirectRoute(port=first.port), resolver=resolver)
    assert sent.dialogue.handover == handover
    assert second.visits == []


async def test_a_first_host_behind_a_wall_leaves_time_for_the_second(send: Send) -> None:
    async with (
        full_backlog("127.0.0.11") as port,
        mail_server(host="127.0.0.12", port=port),
        name_server(TWO_HOSTS) as dns,
    ):
        sent = await send(DirectRoute(port=port), resolver=DnsResolver([dns.where]), timeout=1.2)
    assert sent.steps[1] == ("connect", None, "timed_out")
    assert sent.dialogue.handover is Handover.ACCEPTED


async def test_a_first_host_that_never_greets_leaves_time_for_the_second(send: Send) -> None:
    async with two_hosts({"BANNER": is_silent}) as (first, _, resolver):
        sent = await send(DirectRoute(port=first.port), resolver=resolver, timeout=1.2)
    assert sent.steps[2] == ("banner", None, "timed_out")
    assert sent.dialogue.handover is Handover.ACCEPTED


async def test_a_host_that_has_heard_of_the_mail_has_all_the_time_that_is_left(send: Send) -> None:
    async with two_hosts({"RCPT": says_after(0.7, GOOD["RCPT"])}) as (first, second, resolver):
        sent = await send(DirectRoute(port=first.port), resolver=resolver, timeout=1.2)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert second.visits == []


async def test_the_last_host_decides_when_none_listens(send: Send, unused_port: int) -> None:
    async with mail_server({"BANNER": b"554 5.7.1 no\r\n"}, host="127.0.0.12") as second, name_server(TWO_HOSTS) as dns:
        sent = await send(DirectRoute(port=second.port), resolver=DnsResolver([dns.where]))
    assert sent.steps == [
        ("lookup", None, None),
        ("connect", None, "refused"),
        ("connect", None, None),
        ("banner", 554, None),
    ]
    assert sent.dialogue.handover is Handover.REFUSED


@pytest.mark.parametrize(
    ("records", "end", "says"),
    [
        ({}, ("refused", "lookup", None, "domain_unknown"), "acme.example does not exist"),
        ({("acme.example", "MX"): ["0 ."]}, ("refused", "lookup", None, "domain_unknown"), "null MX"),
        ({("acme.example", "TXT"): ["x"]}, ("refused", "lookup", None, "domain_unknown"), "has no address"),
        ({("acme.example", "MX"): "SERVFAIL"}, ("deferred", "lookup", None, "lookup_failed"), "SERVFAIL"),
        (
            {("acme.example", "AAAA"): ["::1"]},
            ("deferred", "connect", None, "unreachable"),
            "IPv4 and IPv6 do not meet",
        ),
    ],
)
async def test_a_domain_without_hosts(
    send: Send, records: Records, end: tuple[str, str, int | None, str | None], says: str
) -> None:
    async with name_server(records) as dns:
        sent = await send(DirectRoute(), resolver=DnsResolver([dns.where]))
    assert sent.end == end
    assert says in sent.dialogue.last.text


async def test_name_servers_that_are_silent_end_with_the_time(send: Send) -> None:
    async with name_server({("acme.example", "MX"): "SILENCE"}) as dns:
        sent = await send(DirectRoute(), resolver=DnsResolver([dns.where]), timeout=0.6)
    assert sent.end == ("deferred", "lookup", None, "lookup_failed")


async def test_a_domain_without_mx_is_its_own_host(send: Send) -> None:
    async with mail_server() as server, name_server({("acme.example", "A"): ["127.0.0.1"]}) as dns:
        sent = await send(DirectRoute(port=server.port), resolver=DnsResolver([dns.where]))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.dialogue.last.host == f"acme.example[127.0.0.1]:{server.port}"


async def test_a_host_by_name_is_looked_up_once_told(send: Send) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(host="gateway.example", port=server.port))
    assert sent.steps[0] == ("lookup", None, None)
    assert sent.dialogue.last.host == f"gateway.example[127.0.0.1]:{server.port}"


async def test_a_host_name_that_nobody_knows_is_no_word_about_the_recipient(send: Send) -> None:
    async with name_server({}) as dns:
        sent = await send(DirectRoute(host="nowhere.example"), resolver=DnsResolver([dns.where]))
    assert sent.end == ("deferred", "lookup", None, "lookup_failed")
    assert sent.dialogue.last.text == "nowhere.example does not exist"


async def test_ipv6_from_ipv6(send: Send) -> None:
    async with mail_server(host="::1") as server:
        sent = await send(DirectRoute(host="six.example", port=server.port), identity={"source_ip": "::1"})
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.dialogue.local_ip == server.visit.client == "::1"


async def test_many_at_once_from_one_address(send: Send) -> None:
    """Each has its own connection and its own steps."""
    async with mail_server({"BANNER": GOOD["BANNER"]}) as server:
        route = DirectRoute(host="127.0.0.1", port=server.port)
        together = await asyncio.gather(*(send(route, timeout=10.0) for _ in range(50)))
        await server.gone()
    assert all(sent.dialogue.handover is Handover.ACCEPTED for sent in together)
    assert len(server.visits) == 50
    assert {visit.client for visit in server.visits} == {SOURCE}


async def test_a_machine_without_file_handles_left_has_another_fault(send: Send) -> None:
    """It must not be told that it does not bear its address."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    route = DirectRoute(host="127.0.0.1")
    in_use = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + 1, limits[1]))
    taken = _all_handles()
    try:
        sent = await send(route)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for handle in taken:
            os.close(handle)
    assert sent.end == ("deferred", "connect", None, "unreachable")
    assert sent.dialogue.last.text == f"cannot leave from {SOURCE}: Too many open files"


def _all_handles() -> list[int]:
    taken = []
    with suppress(OSError):
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    return taken


def test_toward_is_the_host_or_the_domain() -> None:
    assert DirectRoute(host="mx.example").destination("probe@acme.example") == "mx.example"
    assert DirectRoute().destination("probe@acme.example") == "acme.example"


def test_this_machine_does_not_bear_the_sender_s_address() -> None:
    """What the tests above stand on."""
    with socket.socket() as sock, pytest.raises(OSError) as refused:
        sock.bind(("104.130.122.50", 0))
    assert refused.value.errno == errno.EADDRNOTAVAIL
