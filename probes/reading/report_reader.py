"""Read reports in a child process that can be killed: `report_worker`.

One child reads one report at a time. Loading the library takes a second, so the child stays for further reports, until
it has read REPORTS_OF_ONE, was idle for IDLE_SECONDS, or failed. It is started by module name and not forked, so that
it has neither our memory nor our threads; it is in a process group of its own, so that we handle Ctrl-C, and it dies
with us however we die. Its answers are checked like any other hostile input.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from probes.reading.report_files import one_line
from probes.reading.report_worker import ANSWER_LIMIT, CPU_SECONDS, READY, WorkerReply
from probes.reading.reports import ReportError, ReportFacts

WORKER = "probes.reading.report_worker"

MAX_WAITING = 5  # reports at a time, with the one being read
TURN_SECONDS = 10.0  # until a report's turn comes
START_SECONDS = 30.0  # for loading the library, on a machine that has other things to do
READ_SECONDS = 30.0  # for one report; twice CPU_SECONDS, so that this tells of a busy machine, and that of a report
IDLE_SECONDS = 300.0  # the loaded library takes some 60 MB
REPORTS_OF_ONE = 100  # what leaks in a library has an end

INHERITED = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")  # of the environment; other variables may be secrets
STOPPED = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)  # by somebody who stops processes, not by a report

_ANSWER = TypeAdapter(WorkerReply)


class ReportBusyError(Exception):
    """The report was not read now, but can be later. The text says why, for people."""


class _GoneError(Exception):
    """The child ended without an answer."""


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    reports: int = 0


class ReportReader:
    """Reads reports, one after the other. The child is started when the first one comes; `aclose` ends it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._child: _Child | None = None
        self._killed: list[asyncio.subprocess.Process] = []
        self._idle: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, if there is one."""
        return self._child.process.pid if self._child else None

    async def read(self, data: bytes, source_ip: str, domain: str) -> ReportFacts:
        """Read the report in a message, an archive, or by itself; see `read_report`.

        Takes at most TURN_SECONDS, START_SECONDS and READ_SECONDS. Raises ReportError if it can never be read, and
        ReportBusyError if it may be tried again.
        """
        if self._waiting >= MAX_WAITING:
            raise ReportBusyError("too many reports at the same time")
        self._waiting += 1
        try:
            async with self._our_turn():
                return await self._read(data, source_ip, domain)
        finally:
            self._waiting -= 1

    async def aclose(self) -> None:
        """Kill the child, whatever it is doing. No more is read."""
        self._closed = True
        self._drop()
        for process in self._killed:
            await process.wait()

    @asynccontextmanager
    async def _our_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise ReportBusyError("other reports are being read") from None
        try:
            yield
        finally:
            self._turn.release()

    async def _read(self, data: bytes, source_ip: str, domain: str) -> ReportFacts:
        head = json.dumps({"octets": len(data), "source_ip": source_ip, "domain": domain}).encode()
        try:
            answer = await self._ask(head, data)
        except _GoneError:  # before it was asked: an idle process may be killed by anybody
            answer = await self._ask(head, data)
        if answer.facts is None:
            raise ReportError(one_line(answer.error))
        return answer.facts

    async def _ask(self, head: bytes, data: bytes) -> WorkerReply:
        """Ask the child. Raises _GoneError only if it was not this report that ended the child."""
        self._go_on()
        child = await self._ready_child()
        fresh = child.reports == 0
        child.reports += 1
        answer: WorkerReply | None = None
        try:
            line = await _exchange(child.process, head, data)
            if not line:
                self._go_on()
                raise await _why_gone(child.process, fresh)
            answer = worker_reply(line)
        finally:  # an error, a cancellation: what it is doing now nobody waits for
            if answer is None or answer.last or child.reports >= REPORTS_OF_ONE:
                self._drop()
            else:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._drop)
        return answer

    async def _ready_child(self) -> _Child:
        if self._idle:
            self._idle.cancel()
        if self._child and self._child.process.returncode is not None:
            self._drop()
        if self._child is None:
            self._child = child = _Child(await _started())
            try:
                self._go_on()  # for it may have been closed meanwhile
                await _until_ready(child.process)
                self._go_on()
            except BaseException:
                self._drop()
                raise
        return self._child

    def _go_on(self) -> None:
        if self._closed:
            raise ReportBusyError("the service stops")

    def _drop(self) -> None:
        """Kill the child, if any. asyncio waits for its end, so no zombie remains."""
        if self._idle:
            self._idle.cancel()
        child, self._child = self._child, None
        if child is None:
            return
        if child.process.stdin:
            child.process.stdin.close()
        with suppress(ProcessLookupError):
            child.process.kill()
        self._killed = [each for each in (*self._killed, child.process) if each.returncode is None]


async def _started() -> asyncio.subprocess.Process:
    """Return the child, started if necessary with our import path. Raises ReportBusyError."""
    paths = os.pathsep.join(each or os.getcwd() for each in sys.path)
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", WORKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**inherited, "PYTHONPATH": paths, "PYTHONUTF8": "1"},
            process_group=0,
            limit=ANSWER_LIMIT,
        )
    except OSError as error:
        raise ReportBusyError(f"the process that reads reports does not start: {error.strerror or error}") from None


async def _until_ready(process: asyncio.subprocess.Process) -> None:
    """Wait until the library is loaded. Raises ReportBusyError."""
    try:
        async with asyncio.timeout(START_SECONDS):
            if await _out(process).readline() == READY:
                return
    except (TimeoutError, ValueError):
        pass
    raise ReportBusyError("the process that reads reports does not start")


def _out(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert process.stdout is not None, "it was asked for"
    return process.stdout


async def _exchange(process: asyncio.subprocess.Process, head: bytes, data: bytes) -> bytes:
    """Return the line of the answer; b"" if there is none. Raises ReportError, and ReportBusyError if it takes too
    long."""
    assert process.stdin is not None, "it was asked for"
    try:
        async with asyncio.timeout(READ_SECONDS):
            with suppress(ConnectionError):  # that it is gone shows in what it says
                process.stdin.write(head + b"\n")
                process.stdin.write(data)
                await process.stdin.drain()
            return await _out(process).readline()
    except TimeoutError:
        raise ReportBusyError(f"it was not read within {READ_SECONDS:g} seconds") from None
    except ValueError:  # of readline: a line beyond the limit
        raise ReportError("what was read of it is too long") from None


async def _why_gone(process: asyncio.subprocess.Process, fresh: bool) -> Exception:
    """Explain why the child closed its output instead of answering."""
    try:
        async with asyncio.timeout(1):
            code = await process.wait()
    except TimeoutError:
        return ReportError("the process that read it failed")
    if code == -signal.SIGXCPU:
        return ReportError(f"it takes more than {CPU_SECONDS} seconds to read")
    if code in STOPPED:
        return ReportBusyError("the process that read it was stopped")
    return ReportError(f"the process that read it failed ({code})") if fresh else _GoneError()


def worker_reply(line: bytes) -> WorkerReply:
    """Parse a child's line. The child may have been taken over: ReportError for anything but an answer."""
    try:
        return _ANSWER.validate_json(line, strict=True)
    except ValidationError:
        raise ReportError("what was read of it makes no sense") from None
