"""HTTP connections from hostile and from slow clients: who gets in, who is cut, and what is said of it."""

import asyncio
import os
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.web.backend import CALLER
from monitor.web.connections import ConnectionLimits, Connections
from monitor.web.errors import safe
from monitor.web.headers import HEADERS
from monitor.web.rejections import Rejection, Rejections
from monitor.web.server import serving
from probes.settings import Endpoint
from tests.support.certificates import new_authority

PATIENCE = 20.0
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
FEW = ConnectionLimits(8, 4)
BIG = 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("descriptors", "wanted", "total", "per_client"),
    [
        (256, 128, 85, 42),  # two thirds are left for probes and the store
        (1024, 128, 341, 128),
        (65_536, 128, 2000, 128),
        (65_536, 5000, 2000, 1000),  # whatever is configured, one client never has more than half
        (16, 128, 8, 4),
    ],
)
def test_limits_follow_what_the_process_may_have(descriptors: int, wanted: int, total: int, per_client: int) -> None:
    assert ConnectionLimits.of(descriptors, wanted) == ConnectionLimits(total, per_client)


@dataclass
class Server:
    """A server with few places, and what it rejected."""

    port: int
    rejected: Counter[str]
    connections: Connections
    stack: AsyncExitStack
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, source: str = "127.0.0.1") -> "Client":
        """A connection from this address of this machine."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self.stack.callback(writer.close)
        return Client(reader, writer)

    async def idle(self, count: int, source: Callable[[int], str]) -> list["Client"]:
        """So many that connect and say nothing."""
        return [await self.connect(source(number)) for number in range(count)]

    async def until(self, true: Callable[[], object]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - nothing there tells of it
                await asyncio.sleep(0.01)

    async def until_rejected(self, reason: Rejection) -> None:
        """Wait until it has rejected one."""
        await self.until(lambda: self.rejected[reason])

    async def busy(self, count: int) -> None:
        """Wait until so many requests are being answered."""
        await self.until(lambda: sum(each.request is not None for each in self.connections) >= count)


@dataclass
class Client:
    """The far end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes = ASK) -> bytes:
        """What comes back, up to the end of the first answer's headers and short body; b"" if it was cut."""
        try:
            self.writer.write(request)
            async with asyncio.timeout(PATIENCE):
                return await self.reader.readuntil(b"hello")
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionError:
            return b""

    async def end(self) -> bytes:
        """All that comes until the server closes."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


class _Counted(Rejections):
    def __init__(self) -> None:
        super().__init__()
        self.counts = Counter()


@asynccontextmanager
async def server(
    limits: ConnectionLimits = FEW, context: ssl.SSLContext | None = None, proxies: tuple[str, ...] = ()
) -> AsyncIterator[Server]:
    """A page, one that needs long, one that is big, and one for a caller who has signed in."""
    rejections = _Counted()
    connections = Connections(limits, rejections, lambda address: address in proxies)
    release = asyncio.Event()

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def big(_: web.Request) -> web.Response:
        return web.Response(body=os.urandom(BIG))

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(os.urandom(65536))

    async def slow(request: web.Request) -> web.Response:
        if name := request.query.get("name"):
            request[CALLER] = Caller(name, Rights.VIEWER, None, "session")
        await release.wait()
        return web.Response(text="hello")

    app = web.Application(middlewares=[safe])
    app.add_routes(
        [
            web.get("/", hello),
            web.get("/big", big),
            web.get("/slow", slow),
            web.get("/stream", stream),
            web.post("/", hello),
        ]
    )
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(
            serving(app, Endpoint("127.0.0.1", 0), context=context, connections=connections)
        )
        counts = rejections.counts
        assert isinstance(counts, Counter)
        there = Server(port, counts, connections, stack, release)
        stack.callback(release.set)
        yield there


def one(_: int) -> str:
    return "127.0.0.9"


def each_its_own(number: int) -> str:
    return f"127.0.1.{number + 1}"


# ---- Many connections -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [one, each_its_own], ids=["one address", "an address each"])
async def test_whoever_only_holds_connections_keeps_nobody_out(source: Callable[[int], str]) -> None:
    async with server() as there:
        await there.idle(60, source)
        answers = [await (await there.connect()).ask() for _ in range(5)]
        assert len(there.connections) <= 8
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert there.rejected[Rejection.EVICTED] >= 50


async def test_one_address_has_its_share_only() -> None:
    async with server() as there:
        others = [await there.connect("127.0.0.2") for _ in range(3)]
        await there.idle(20, one)
        assert [(await each.ask())[:12] for each in others] == [b"HTTP/1.1 200"] * 3


async def test_requests_without_an_end_make_room_as_well() -> None:
    """Nobody knows who sends them: whoever comes to sign in must get in."""
    async with server(ConnectionLimits(4, 4)) as there:
        for number in range(4):
            stranger = await there.connect(each_its_own(number))
            stranger.writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await there.busy(4)
        assert (await (await there.connect()).ask()).startswith(b"HTTP/1.1 200")


async def test_whoever_has_signed_in_keeps_their_place() -> None:
    async with server() as there:
        known = await there.connect("127.0.0.2")
        waiting = asyncio.create_task(known.ask(b"GET /slow?name=ann HTTP/1.1\r\nHost: x\r\n\r\n"))
        await there.busy(1)
        await there.idle(40, each_its_own)
        there.release.set()
        assert (await waiting).startswith(b"HTTP/1.1 200")


async def test_one_caller_with_very_many_requests_loses_one() -> None:
    async with server(ConnectionLimits(8, 8)) as there:
        for _ in range(8):
            client = await there.connect("127.0.0.2")
            client.writer.write(b"GET /slow?name=eve HTTP/1.1\r\nHost: x\r\n\r\n")
        await there.busy(8)
        assert (await (await there.connect()).ask()).startswith(b"HTTP/1.1 200")


async def test_one_client_that_has_all_its_places_in_use_is_turned_away_with_a_word() -> None:
    async with server(ConnectionLimits(8, 2)) as there:
        for _ in range(2):
            client = await there.connect()
            client.writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await there.busy(2)
        said = await (await there.connect()).end()
    assert said.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 5\r\n" in said
    assert there.rejected[Rejection.CLIENT_FULL] == 1


async def test_a_trusted_proxy_brings_many_clients() -> None:
    async with server(proxies=("127.0.0.9",)) as there:
        clients = await there.idle(7, one)
        assert [(await each.ask())[:12] for each in clients] == [b"HTTP/1.1 200"] * 7
        assert not there.rejected


@pytest.mark.parametrize("begun", [b"", b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["idle", "without an end"])
async def test_a_crowd_behind_a_proxy_keeps_nobody_out(begun: bytes) -> None:
    async with server(proxies=("127.0.0.9",)) as there:
        for client in await there.idle(8, one):
            client.writer.write(begun)
        await there.busy(8 if begun else 0)
        for source in ("127.0.0.9", "127.0.0.2"):
            assert (await (await there.connect(source)).ask()).startswith(b"HTTP/1.1 200")


async def test_whoever_has_signed_in_behind_a_proxy_keeps_their_place() -> None:
    async with server(proxies=("127.0.0.9",)) as there:
        known = await there.connect("127.0.0.9")
        waiting = asyncio.create_task(known.ask(b"GET /slow?name=ann HTTP/1.1\r\nHost: x\r\n\r\n"))
        await there.busy(1)
        await there.idle(40, one)
        there.release.set()
        assert (await waiting).startswith(b"HTTP/1.1 200")


async def test_those_of_one_ipv6_network_are_one_client() -> None:
    async with server(ConnectionLimits(20, 4)) as there:
        manager = web.Server(lambda _: None)  # type: ignore[arg-type,return-value]
        for number in range(10):
            there.connections.admit(f"2001:db8::{number:x}", manager)
        assert len(there.connections) == 4
        there.connections.admit("2001:db8:0:1::1", manager)
        assert len(there.connections) == 5


# ---- Slow clients ---------------------------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.connections.HEADERS_SECONDS", 0.4)
    monkeypatch.setattr("monitor.web.connections.SEND_SECONDS", 0.4)
    monkeypatch.setattr("monitor.web.listening.HEADERS_SECONDS", 0.4)
    monkeypatch.setattr("monitor.web.listening.SWEEP_SECONDS", 0.05)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("before", [b"", ASK], ids=["the first request", "a later one"])
async def test_headers_in_drops_are_cut_however_often_one_falls(before: bytes) -> None:
    async with server() as there:
        client = await there.connect()
        if before:
            await client.ask(before)
        client.writer.write(b"GET / HTTP/1.1\r\n")

        async def drip() -> None:
            while True:
                client.writer.write(b"X")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        await client.end()
        dripping.cancel()
    assert there.rejected == {Rejection.SLOW_REQUEST: 1}


@pytest.mark.usefixtures("soon")
async def test_an_answer_that_is_not_taken_is_cut() -> None:
    async with server() as there:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", there.port))
        await asyncio.get_running_loop().sock_sendall(sock, b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await there.until_rejected(Rejection.SLOW_READER)
        assert len(there.connections) == 0
        sock.close()


async def test_one_that_is_gone_in_the_middle_is_no_error_of_ours() -> None:
    async with server() as there:
        with capture_logs() as logs:
            client = await there.connect()
            client.writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            await there.until(lambda: any(each.writing_paused for each in there.connections))
            sock = client.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.writer.transport.abort()  # a reset, as SO_LINGER says
            await there.until(lambda: len(there.connections) == 0)
            await asyncio.sleep(0.1)  # what is not to come would come by now
    assert logs == []


async def test_one_that_reads_slowly_but_reads_gets_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.connections.SEND_SECONDS", 1.0)
    monkeypatch.setattr("monitor.web.listening.SWEEP_SECONDS", 0.05)
    size = 0
    async with (
        server() as there,
        ClientSession(read_bufsize=4096) as http,
        http.get(f"http://127.0.0.1:{there.port}/big") as answer,
    ):
        async for chunk in answer.content.iter_chunked(128 * 1024):
            size += len(chunk)
            await asyncio.sleep(0.03)
    assert size == BIG
    assert not there.rejected


@pytest.mark.usefixtures("soon")
async def test_a_handshake_that_never_comes_is_cut(tmp_path: Path) -> None:
    context = new_authority(tmp_path).serve("127.0.0.1")
    async with server(context=context) as there:
        silent = await there.connect()
        assert await silent.end() == b""
        await there.until_rejected(Rejection.SLOW_REQUEST)
        plain = await there.connect()
        plain.writer.write(ASK)
        await plain.end()
        await there.until_rejected(Rejection.MALFORMED)
        await there.until(lambda: len(there.connections) == 0)


# ---- What cannot be read --------------------------------------------------------------------------------------------

MALFORMED = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03SECRET\r\n\r\n",
    "no version": b"GET /?key=SECRET HTTP/x\r\n\r\n",
    "a bad header": b"GET / HTTP/1.1\r\nHost: x\r\nCookie SECRET\r\n\r\n",
    "a space in a name": b"GET / HTTP/1.1\r\nHost: x\r\nCook ie: SECRET\r\n\r\n",
    "a long line": b"GET /?key=SECRET" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: SECRET" + b"x" * 9000 + b"\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nSECRET",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nSECRET",
    "a coding nobody knows": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: SECRET\r\n\r\n",
}


@pytest.mark.parametrize("request_line", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_no_request_is_answered_safely(request_line: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    async with server() as there:
        client = await there.connect()
        client.writer.write(request_line)
        said = (await client.end()).decode()
    assert said.startswith(("HTTP/1.0 400 ", "HTTP/1.1 400 "))
    assert "SECRET" not in said
    for name, value in HEADERS.items():
        assert f"\r\n{name}: {value}\r\n" in said
    assert "\r\nCache-Control: no-store\r\n" in said
    assert "aiohttp" not in said
    assert there.rejected == {Rejection.MALFORMED: 1}
    out, err = capfd.readouterr()
    assert "SECRET" not in out + err
    assert "Traceback" not in out + err
