"""Real DNS lists of every sort, by rbldnsd on loopback: only the one that works, and lists the sender, accuses it."""

import os
import random
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from shutil import chown

import pytest

from probes.resolver import DnsResolver
from probes.standing.blocklists import Flaw, ListState, ask_lists
from probes.standing.lists import LISTS, DnsList, ListKind
from tests.lab.processes import Daemon, listens
from tests.support.let_in import let_others_in

pytestmark = pytest.mark.usefixtures("able")

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SENDER, OTHER = "104.130.122.50", "104.130.122.51"
DOMAIN = "account.trimble.example"
EVERYBODY = "0.0.0.0/1", "128.0.0.0/1"
ADDRESS_ROW = next(row for row in LISTS if row.zone == "zen.spamhaus.org")
DOMAIN_ROW = next(row for row in LISTS if row.zone == "multi.surbl.org")
ADDRESS_ZONES: Mapping[str, list[str]] = {  # the lines of an ip4set
    "working.test": [":127.0.0.3:", "127.0.0.2", SENDER],
    "parked.test": [":203.0.113.80:", *EVERYBODY],
    "closed.test": [":127.0.0.2:", *EVERYBODY],
    "emptied.test": [":127.0.0.2:"],
    "refusing.test": [":127.255.255.254:", *EVERYBODY],
    "rewritten.test": [":127.0.0.2:", "127.0.0.2", "127.0.0.1 :203.0.113.80:", f"{SENDER} :203.0.113.80:"],
}
DOMAIN_ZONES: Mapping[str, list[str]] = {  # of a dnset
    "links.test": ["test.surbl.org :127.0.0.254:", f".{DOMAIN} :127.0.0.72:"],
    "links-closed.test": [":127.0.0.64:", ".com", ".org", ".example"],
    "links-emptied.test": [":127.0.0.64:", "nobody.example"],
}


def row(zone: str) -> DnsList:
    return replace(DOMAIN_ROW if zone in DOMAIN_ZONES else ADDRESS_ROW, zone=zone, own_name=zone, keyed="")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def lists(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a name server that has all zones above, and REFUSED for all others."""
    folder = tmp_path_factory.mktemp("rbldnsd")
    let_others_in(folder)
    chown(folder, "rbldns", "rbldns")
    zones = []
    for kind, those in (("ip4set", ADDRESS_ZONES), ("dnset", DOMAIN_ZONES)):
        for zone, lines in those.items():
            (folder / zone).write_text("\n".join(lines) + "\n")
            zones.append(f"{zone}:{kind}:{zone}")
    port = free_port()
    command = ["/usr/sbin/rbldnsd", "-n", "-u", "rbldns", "-w", str(folder), "-b", f"127.0.0.1/{port}", *zones]
    here = os.stat("/proc/self/ns/net").st_ino
    daemon = Daemon("rbldnsd", command, folder / "rbldnsd.log", listens(here, port, protocol="udp"))
    with ExitStack() as stack:
        stack.callback(daemon.stop)
        daemon.start()
        yield f"127.0.0.1:{port}"


async def state(server: str, zone: str, subject: str, timeout: float = 3.0) -> tuple[ListState, Flaw | None]:
    """The state of one subject at one list."""
    addresses, domains = ([], [subject]) if row(zone).kind is ListKind.DOMAIN else ([subject], [])
    answers = await ask_lists(DnsResolver([server]), addresses, domains, NOW, lists=[row(zone)], timeout=timeout)
    return answers[0].state, answers[0].reading.flaw


@pytest.mark.parametrize(
    ("zone", "subject", "expected", "flaw"),
    [
        ("working.test", SENDER, ListState.LISTED, None),
        ("working.test", OTHER, ListState.CLEAR, None),
        ("parked.test", SENDER, ListState.BROKEN, Flaw.NO_LIST_ANSWER),
        ("closed.test", SENDER, ListState.BROKEN, Flaw.LISTS_ALL),
        ("emptied.test", SENDER, ListState.BROKEN, Flaw.TEST_MISSING),
        ("refusing.test", SENDER, ListState.REFUSED, None),
        ("rewritten.test", SENDER, ListState.BROKEN, Flaw.NO_LIST_ANSWER),
        ("rewritten.test", OTHER, ListState.BROKEN, Flaw.NO_LIST_ANSWER),
        ("not-served.test", SENDER, ListState.UNKNOWN, None),
        ("links.test", DOMAIN, ListState.LISTED, None),
        ("links.test", "other.example", ListState.CLEAR, None),
        ("links-closed.test", DOMAIN, ListState.BROKEN, Flaw.LISTS_ALL),
        ("links-emptied.test", DOMAIN, ListState.BROKEN, Flaw.TEST_MISSING),
    ],
)
async def test_a_list_of_each_sort(lists: str, zone: str, subject: str, expected: ListState, flaw: Flaw | None) -> None:
    assert await state(lists, zone, subject) == (expected, flaw)


async def test_a_server_that_is_silent_proves_nothing_and_holds_nobody_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        began = time.monotonic()
        found = await state(f"127.0.0.1:{silent.getsockname()[1]}", "working.test", SENDER, timeout=0.5)
    assert found == (ListState.UNKNOWN, None)
    assert time.monotonic() - began < 2


async def test_sixty_questions_take_less_than_two_seconds(lists: str) -> None:
    chance = random.Random(60)
    addresses = [f"10.{chance.randrange(256)}.{chance.randrange(256)}.{number}" for number in range(58)]
    resolver = DnsResolver([lists])
    began = time.monotonic()
    answers = await ask_lists(resolver, addresses, [], NOW, lists=[row("working.test")])  # and two of the self-test
    took = time.monotonic() - began
    assert {answer.state for answer in answers} == {ListState.CLEAR}
    assert len(answers) == 58
    assert took < 2
    print(f"60 questions in {took:.3f} s")
