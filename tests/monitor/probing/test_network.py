"""When connections fail, hosts outside are asked whether it is our own line; else nobody is bothered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from monitor.config import Config
from monitor.events import Event
from monitor.probing.network import Network
from probes.answer import Fault, Stage
from probes.evidence import Dialogue, Handover, Look, Step
from probes.kinds import Kind
from probes.probe import Probe
from probes.resolver import DnsResolver
from probes.sender import Role
from tests.support.outside_world import outside_world

SOURCE, CONTROL = "127.0.0.5", "127.0.0.6"  # both are this machine's
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=1)
MX = "mx.acme.example[192.0.2.11]:25"


@dataclass
class ReferenceHost:
    """A mail host outside. `clients` are the addresses that came."""

    port: int = 0
    clients: list[str] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer.get_extra_info("peername")[0])
        writer.write(b"220 mx.example\r\n")
        self.came.set()
        await reader.read()
        writer.close()

    async def asked(self) -> None:
        async with asyncio.timeout(5):
            await self.came.wait()
        self.came.clear()


@asynccontextmanager
async def outside() -> AsyncIterator[ReferenceHost]:
    host = ReferenceHost()
    server = await asyncio.start_server(host.greet, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    async with server:
        yield host


ROUTES = {
    "direct": {"via": "direct"},
    "other": {"via": "direct", "host": "gate.example", "port": 2525},
    "gateway": {"via": "xclient", "host": "gate.example"},
}


def config(*references: str, source: str = SOURCE) -> Config:
    paths = {
        name: {"to": "p@acme.example", "route": route, "mailbox": {"via": "maildir", "path": f"/nowhere/{name}"}}
        for name, route in ROUTES.items()
    }
    return Config.model_validate(
        {
            "sender": {"source_ip": source},
            "network": {"references": list(references)},
            "companies": {"acme": {"paths": paths}},
        }
    )


def network(*references: str, rest: float = 20.0, source: str = SOURCE) -> Network:
    made = Network(outside_world(now=lambda: NOW, resolver=DnsResolver(["127.0.0.1:9"])), rest=rest)
    made.configure(config(*references, source=source))
    return made


def event(*steps: Step, path: str = "direct", handover: Handover = Handover.DEFERRED, source: str = SOURCE) -> Event:
    role = Role.SENDER if source == SOURCE else Role.CONTROL
    probe = Probe("a" * 16, "acme", path, Kind.VERIFICATION, role, "", "p@acme.example", source, NOW, NOW, NOW, ())
    return Event(probe, Dialogue(NOW, 1, handover, steps, source))


def step(stage: Stage, fault: Fault | None = None, at: datetime = EARLIER) -> Step:
    return Step(stage, at, 0.1, MX, fault=fault)


NO_CONNECTION = step(Stage.CONNECT, Fault.TIMED_OUT)
CONNECTED = step(Stage.CONNECT)


@pytest.mark.parametrize(
    ("heard", "succeeded", "asks"),
    [
        (event(NO_CONNECTION), False, True),
        (event(step(Stage.CONNECT, Fault.REFUSED)), False, True),
        (event(step(Stage.LOOKUP, Fault.LOOKUP_FAILED)), False, True),
        (event(step(Stage.LOOKUP, Fault.DOMAIN_UNKNOWN), handover=Handover.REFUSED), False, False),  # DNS did answer
        (event(CONNECTED, step(Stage.BANNER, Fault.TIMED_OUT)), True, False),
        (event(NO_CONNECTION, CONNECTED, step(Stage.MAIL)), True, False),  # the second MX
        (event(CONNECTED, step(Stage.BANNER, Fault.CLOSED), NO_CONNECTION), True, False),
        (event(NO_CONNECTION, handover=Handover.WITHHELD), False, False),  # not our line: not our address
        (event(CONNECTED, source=CONTROL), False, False),  # from another address it proves nothing
        (event(NO_CONNECTION, source=CONTROL), False, False),
        (event(NO_CONNECTION, path="gateway"), False, False),  # inside, and from any address
        (event(CONNECTED, path="other"), False, False),  # another port may be open
        (Event(event().probe, Look(NOW, ("INBOX",))), False, False),
    ],
)
async def test_what_a_dialogue_tells_of_our_line(heard: Event, succeeded: bool, asks: bool) -> None:
    async with outside() as host:
        line = network(f"127.0.0.1:{host.port}")
        line.start()
        line.on_event(heard)
        assert (line.uplink.succeeded_at == EARLIER) is succeeded
        assert line.reference_up is None
        if asks:
            await host.asked()
        else:
            await asyncio.sleep(0)  # the task has seen that there is nothing to do
            await asyncio.sleep(0)
            assert host.clients == []
        await line.close()
    assert host.clients == [SOURCE] * asks


async def test_a_line_that_is_down_is_told_by_the_reference_and_up_again_by_a_probe(unused: str) -> None:
    line = network(unused)
    await line.check()
    assert (line.uplink.failed_at, line.uplink.reference, line.reference_up) == (NOW, unused, False)
    assert line.uplink.reachable_since(EARLIER) is False
    line.on_event(event(step(Stage.CONNECT, at=NOW + timedelta(minutes=1)), step(Stage.MAIL)))
    assert line.reference_up is True


async def test_one_reference_that_answers_is_enough(unused: str) -> None:
    async with outside() as host:
        line = network(unused, f"127.0.0.1:{host.port}")
        await line.check()
    assert (line.reference_up, line.uplink.failed_at) == (True, None)


async def test_a_reference_that_tells_nothing_is_no_news() -> None:
    line = network("[2001:db8::1]:25")  # of another family than the source IP
    await line.check()
    assert [line.reference_up, line.uplink.up] == [None, None]


async def test_a_machine_without_the_source_ip_asks_nobody() -> None:
    async with outside() as host:
        line = network(f"127.0.0.1:{host.port}", source="104.130.122.50")
        await line.check()
    assert (host.clients, line.reference_up) == ([], None)


async def test_failures_that_come_in_heaps_ask_once_and_once_more_after_the_rest() -> None:
    async with outside() as host:
        line = network(f"127.0.0.1:{host.port}", rest=0.2)
        line.start()
        began = asyncio.get_running_loop().time()
        for _ in range(100):
            line.on_event(event(NO_CONNECTION))
        await host.asked()
        for _ in range(100):
            line.on_event(event(NO_CONNECTION))
        await host.asked()
        assert asyncio.get_running_loop().time() - began >= 0.2
        await line.close()
    assert len(host.clients) == 2


async def test_a_check_that_goes_wrong_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    async with outside() as host:
        line = network(f"127.0.0.1:{host.port}", rest=0.0)
        check, broken = line.check, asyncio.Event()

        async def breaks() -> None:
            monkeypatch.setattr(line, "check", check)
            broken.set()
            raise RuntimeError

        monkeypatch.setattr(line, "check", breaks)
        line.start()
        line.on_event(event(NO_CONNECTION))
        async with asyncio.timeout(5):
            await broken.wait()
        line.on_event(event(NO_CONNECTION))
        await host.asked()
        await line.close()


async def test_what_was_known_of_another_source_ip_is_forgotten(unused: str) -> None:
    line = network(unused)
    await line.check()
    line.configure(config(unused))
    assert line.reference_up is False
    line.configure(config(unused, source=CONTROL))
    assert [line.reference_up, line.uplink.up] == [None, None]


@pytest.fixture
async def unused() -> str:
    """A place where nobody listens any more."""
    async with outside() as host:
        port = host.port
    return f"127.0.0.1:{port}"
