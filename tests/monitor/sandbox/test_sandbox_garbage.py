"""Whatever is said to a simulated mail system, it serves the next client."""

import asyncio
import gc
import random
from contextlib import suppress
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sandbox.internet import SimulatedSystem, internet
from monitor.sandbox.rules import SandboxClient
from monitor.sandbox.settings import Behaviour, SandboxSettings
from monitor.sandbox.smtp import PROXY_HEADER_SECONDS, asserted
from probes.sender import Identity, Role

SENDER = Identity(Role.SENDER, "a@b.example", "104.130.122.50", "b.example", "[UNAVAILABLE]", "bounce@b.example")
NOISE = random.Random(1)

GARBAGE = [
    b"",
    b"\r\n",
    b"\x00" * 5000,
    b"A" * 100_000,
    b"A" * 100_000 + b"\r\n",
    b"PROXY\r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 99999 25\r\n",
    b"PROXY TCP9 \xff\xff\r\n",
    b"PROXY UNKNOWN" + b" x" * 5000 + b"\r\n",
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff" + b"\x01" * 100,
    b"\r\n\r\n\x00\r\nQUIT\n\xff\xff\x00\x00",
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x01\x00EHLO a\r\n",
    b"XCLIENT " + b"ADDR=1 " * 60 + b"\r\nXCLIENT ADDR=\xff\r\n",
    b"XCLIENT\r\nXCLIENT =\r\nXCLIENT ADDR=+\r\nXCLIENT ADDR=+ZZ\r\nXCLIENT NAME=+00\r\n",
    b"EHLO " + b"\xc3\x28" + b"\r\n",
    b"EHLO a\r\nMAIL FROM:<" + b"(" * 400 + b"\r\n",
    b'EHLO a\r\nMAIL FROM:<\r\nMAIL FROM:<>\r\nMAIL FROM:<a@b> SIZE=x\r\nRCPT TO:<"\r\n',
    b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<x@acme.example>\r\nDATA\r\n" + b"y" * 5000,
    b"MAIL\r\nRCPT\r\nDATA\r\nRSET x\r\nQUIT x\r\nAUTH PLAIN\r\nVRFY <\r\nHELP HELP\r\nEXPN\r\n",
    b"NOOP\r\n" * 500,
    b"PROXY UNKNOWN\r\n" + b"NOOP\r\n" * 150,
    b"PROXY UNKNOWN\r\n" + b"HELP\r\n" * 150 + b"QUIT\r\n" * 3,
    *(NOISE.randbytes(NOISE.randrange(1, 3000)) for _ in range(20)),
]


async def pour(port: int, garbage: bytes, *, abruptly: bool) -> None:
    """Send it and go away, at once or when the other side has had its say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(garbage)
    try:
        await writer.drain()
        if abruptly:
            writer.transport.abort()
        else:
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
    except OSError:
        pass  # it hung up on us, as it may
    finally:
        writer.close()


@pytest.mark.parametrize("via", ["xclient", "proxy"])
async def test_garbage_never_stops_a_server(
    via: Literal["xclient", "proxy"], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plan = SimulatedSystem("acme/hq", Behaviour.INBOX, "127.0.0.1", 0, via, tmp_path / "m", ".Junk", "acme.example")
    escaped: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: escaped.append(context))
    async with internet([plan], SENDER, SandboxSettings()) as ports:
        for garbage in GARBAGE:
            await pour(ports["acme/hq"], garbage, abruptly=False)
            await pour(ports["acme/hq"], garbage, abruptly=True)
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["acme/hq"])
        writer.write(b"PROXY UNKNOWN\r\n" if via == "proxy" else b"")
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"220 ")
        writer.close()
    gc.collect()  # a task that failed tells when it is collected
    assert escaped == []
    assert [r.getMessage() for r in caplog.records if r.exc_info] == []
    assert list((tmp_path / "m" / "new").iterdir()) == []


@pytest.mark.parametrize("start", [b"", b"PRO", b"PROXY TCP4 1.2.3.4", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11"])
async def test_a_client_that_leaves_before_its_proxy_header_is_whole_holds_nothing(
    start: bytes, tmp_path: Path
) -> None:
    plan = SimulatedSystem("acme/hq", Behaviour.INBOX, "127.0.0.1", 0, "proxy", tmp_path / "m", ".Junk", "acme.example")
    async with internet([plan], SENDER, SandboxSettings()) as ports:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports["acme/hq"])
        writer.write(start)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), PROXY_HEADER_SECONDS / 2) == b""
        writer.close()


@given(st.text(max_size=300))
def test_an_xclient_command_is_understood_or_refused(arg: str) -> None:
    with suppress(ValueError):
        client = asserted(arg, SandboxClient("192.0.2.1"))
        assert f"{client.ip}{client.name}{client.helo}".isprintable()


@given(st.lists(st.tuples(st.sampled_from(["ADDR", "NAME", "HELO", "PORT", "X"]), st.text(max_size=40)), max_size=6))
def test_what_xclient_asserts_never_breaks_a_line(pairs: list[tuple[str, str]]) -> None:
    arg = " ".join(f"{name}={''.join(f'+{ord(c) % 256:02X}' for c in value)}" for name, value in pairs)
    with suppress(ValueError):
        client = asserted(arg, SandboxClient("192.0.2.1"))
        assert not set("\r\n <>()") & set(f"{client.ip}{client.name}{client.helo}")
