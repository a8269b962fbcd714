"""Reports read in a child process: the same facts, and whatever becomes of the child, an answer within bounds."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from probes.reading import report_reader
from probes.reading.report_reader import ReportBusyError, ReportReader
from probes.reading.reports import ReportError, read_report
from tests.probes.reading.test_reports import DOMAIN, FAILURE, IP, aggregate, mail, record, tls

pytest.importorskip("parsedmarc")
pytestmark = pytest.mark.timeout(300)
SECONDS = 120.0  # an end for every wait, on a busy machine


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child may be slow without it being the child's fault."""
    for name in ("TURN_SECONDS", "START_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(report_reader, name, SECONDS)


@pytest.fixture
async def reader() -> AsyncIterator[ReportReader]:
    async with aclosing(ReportReader()) as it:
        yield it


@pytest.fixture
async def weak(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ReportReader]:
    """A reader whose library falls to what it is sent."""
    monkeypatch.setattr(report_reader, "WORKER", "tests.support.weak_report_worker")
    async with aclosing(ReportReader()) as it:
        yield it


async def told(reader: ReportReader, content: bytes) -> str:
    """Why there are no facts."""
    try:
        await reader.read(content, IP, DOMAIN)
    except ReportError as error:
        return f"never: {error}"
    except ReportBusyError as error:
        return f"later: {error}"
    raise AssertionError(content)


def gone(pid: int | None) -> bool:
    """Whether there is no such process, not even as a zombie."""
    return not Path(f"/proc/{pid}").exists()


def proc(pid: int, name: str) -> str:
    """What the system says of a process; "" when there is none."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


async def until_gone(pid: int | None, *, reaped: bool = True) -> None:
    async with asyncio.timeout(SECONDS):
        while not gone(pid) and (reaped or " Z " not in proc(pid or 0, "stat")):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_same_facts_as_in_this_process(reader: ReportReader) -> None:
    for report in (aggregate(record(count=7), record("192.0.2.1", 2, "\u00fc.example")), tls(), FAILURE, mail(tls())):
        assert await reader.read(report, IP, DOMAIN) == read_report(report, IP, DOMAIN)
    assert await told(reader, b"hello") == "never: no DMARC or TLS report in it"


async def test_one_child_reads_many_and_is_replaced_in_time(
    reader: ReportReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_reader, "REPORTS_OF_ONE", 3)
    assert reader.pid is None
    pids: list[int | None] = []
    for _ in range(4):
        await reader.read(tls(), IP, DOMAIN)
        pids.append(reader.pid)
    first, second, third, fourth = pids
    assert first == second
    assert third is None
    assert fourth not in (None, first)
    await until_gone(first)


async def test_an_idle_child_ends(reader: ReportReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_reader, "IDLE_SECONDS", 0.0)
    await reader.read(tls(), IP, DOMAIN)
    pid = reader.pid
    await until_gone(pid)
    assert (await reader.read(tls(), IP, DOMAIN)).passed == 10


@pytest.mark.parametrize(
    ("report", "answer"),
    [
        (b"takes memory", "never: it takes more than 400 MB to read"),
        (b"takes time", "never: it takes more than 15 seconds to read"),  # here 1
        (b"crashes", "never: the process that read it failed (-11)"),
        (b"is stopped", "later: the process that read it was stopped"),
        (b"answers hello", "never: what was read of it makes no sense"),
        (b"answers []", "never: what was read of it makes no sense"),
        (b'answers {"facts": {"kind": "smtp_tls"}}', "never: what was read of it makes no sense"),
        (b'answers {"error": 1}', "never: what was read of it makes no sense"),
        (b'answers {"error": "a\\u000ab"}', "never: a b"),
    ],
)
async def test_whatever_becomes_of_the_child_there_is_an_answer_and_the_next_report_is_read(
    weak: ReportReader, report: bytes, answer: str
) -> None:
    assert await told(weak, report) == answer
    assert await told(weak, b"a good one") == "never: no report: b'a good one'"


async def test_a_child_that_hangs_is_killed(weak: ReportReader, monkeypatch: pytest.MonkeyPatch) -> None:
    await told(weak, b"so that it is there")
    pid = weak.pid
    monkeypatch.setattr(report_reader, "READ_SECONDS", 0.2)
    assert await told(weak, b"hangs") == "later: it was not read within 0.2 seconds"
    await until_gone(pid)


async def test_an_answer_without_end_is_not_read_to_its_end(
    weak: ReportReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_reader, "ANSWER_LIMIT", 16)  # of what asyncio reads
    assert await told(weak, b"answers " + b"x" * 40) == "never: what was read of it is too long"


async def test_what_a_library_prints_is_no_answer(weak: ReportReader) -> None:
    assert await told(weak, b"prints") == "never: no report: b'prints'"


async def test_the_child_writes_no_files_has_no_secrets_and_is_not_in_our_process_group(
    weak: ReportReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "hunter2")
    assert await told(weak, b"good") == "never: no report: b'good'"
    assert weak.pid is not None
    assert "hunter2" not in proc(weak.pid, "environ")
    assert os.getpgid(weak.pid) == weak.pid
    limits = proc(weak.pid, "limits")
    assert "Max core file size        0                    0" in limits
    assert "Max address space         unlimited" not in limits
    assert proc(weak.pid, "oom_score_adj") == "1000\n"
    assert "No usable temporary directory" in await told(weak, b"writes a file")


async def test_a_child_that_was_killed_while_idle_is_not_the_next_reports_fault(reader: ReportReader) -> None:
    await reader.read(tls(), IP, DOMAIN)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    assert (await reader.read(tls(), IP, DOMAIN)).passed == 10


async def test_who_comes_when_too_many_wait_is_told_at_once(weak: ReportReader) -> None:
    waiting = [asyncio.create_task(told(weak, b"hangs")) for _ in range(report_reader.MAX_WAITING)]
    await asyncio.sleep(0)
    began = time.monotonic()
    assert await told(weak, b"x") == "later: too many reports at the same time"
    assert time.monotonic() - began < 1
    await weak.aclose()
    assert set(await asyncio.gather(*waiting)) == {"later: the service stops"}


async def test_who_has_waited_too_long_comes_later(weak: ReportReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_reader, "TURN_SECONDS", 0.05)
    first = asyncio.create_task(told(weak, b"hangs"))
    await asyncio.sleep(0)
    assert await told(weak, b"x") == "later: other reports are being read"
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert await told(weak, b"x") == "never: no report: b'x'"


async def test_a_child_nobody_waits_for_any_more_is_killed(weak: ReportReader) -> None:
    await told(weak, b"so that it is there")
    pid = weak.pid
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await weak.read(b"hangs", IP, DOMAIN)
    await until_gone(pid)


async def test_no_child_no_report(reader: ReportReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_reader, "WORKER", "probes.no_such_module")
    assert await told(reader, tls()) == "later: the process that reads reports does not start"
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert (
        await told(reader, tls()) == "later: the process that reads reports does not start: No such file or directory"
    )


LEFT_ALONE = """
import asyncio, sys
from probes.reading import report_reader
report_reader.WORKER = "tests.support.weak_report_worker"

async def main():
    reader = report_reader.ReportReader()
    task = asyncio.create_task(reader.read(b"hangs", "", ""))
    while reader.pid is None:
        await asyncio.sleep(0.01)
    print(reader.pid, flush=True)
    await task

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_the_child_dies_with_its_parent(how: signal.Signals) -> None:
    child = await asyncio.to_thread(_left_alone, how)
    await until_gone(child, reaped=False)


def _left_alone(how: signal.Signals) -> int:
    """The child of a process that ended while the child was reading."""
    with subprocess.Popen([sys.executable, "-c", LEFT_ALONE], stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            _until_ready(child)
        finally:
            parent.send_signal(how)
    return child


def _until_ready(pid: int) -> None:
    """Until it has its limits: then it is about to read what hangs."""
    end = time.monotonic() + SECONDS
    while "Max core file size        0" not in proc(pid, "limits"):
        assert time.monotonic() < end
        time.sleep(0.01)
