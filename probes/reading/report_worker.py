"""The child process that reads reports: `python -m probes.reading.report_worker`. `report_reader` starts it.

A report is hostile, and a library this large may be exploitable. So it runs where it can do no harm: in a process
without our secrets, without files to write, with limits of memory and CPU time, and first to be killed when memory runs
out.

Protocol: on standard input, per report, a line of JSON (octets, source_ip, domain) and then the message; on standard
output "ready", then one line of JSON per report: a `WorkerReply`. End of input ends it.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from probes.reading.reports import ReportError, ReportFacts, read_report

MEMORY = 400 << 20  # octets beyond what the loaded library takes; MAX_RECORDS need some 250 million
CPU_SECONDS = 15  # for one report
ANSWER_LIMIT = 1 << 20  # octets; MAX_ROWS have some 150,000
HEAD_LIMIT = 4096  # octets
NICENESS = 10  # whoever waits for a bounce comes first
READY = b"ready\n"

ReportLibrary = Callable[[bytes, str, str], ReportFacts]
"""Reads a report from a source_ip for a domain; ReportError if it is none."""

_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True)
class WorkerReply:
    """The answer for one report: facts, or why there are none. `last`: this process must not be asked again."""

    facts: ReportFacts | None = None
    error: str = ""
    last: bool = False


def main(answer: Callable[[bytes, str, str], bytes] | None = None) -> None:
    """Read reports until there are no more. `answer` makes the line for a report, its source_ip and domain: usually
    `answer_line`."""
    answer = answer or answer_line
    _die_with_parent()
    answers = _standard_output()
    with suppress(ImportError):  # then each report is answered with what to install
        import parsedmarc  # noqa: F401
    os.nice(NICENESS)
    _limit_all_but_time()
    answers.write(READY)
    while head := sys.stdin.buffer.readline(HEAD_LIMIT):
        asked = json.loads(head)
        content = sys.stdin.buffer.read(asked["octets"])
        if len(content) < asked["octets"]:
            return
        _limit_time()
        answers.write(answer(content, asked["source_ip"], asked["domain"]))


def answer_line(content: bytes, source_ip: str, domain: str, read: ReportLibrary = read_report) -> bytes:
    """Return the line for one report; no longer than ANSWER_LIMIT, whatever `read` finds in it or raises."""
    return _line(_answer(content, source_ip, domain, read))


def _answer(content: bytes, source_ip: str, domain: str, read: ReportLibrary) -> WorkerReply:
    try:
        return WorkerReply(read(content, source_ip, domain))
    except ReportError as error:
        return WorkerReply(error=str(error))
    except MemoryError:
        return WorkerReply(error=f"it takes more than {MEMORY >> 20} MB to read", last=True)


def _line(answer: WorkerReply) -> bytes:
    line = json.dumps(asdict(answer)).encode() + b"\n"
    if len(line) > ANSWER_LIMIT:
        return _line(WorkerReply(error=f"what concerns us in it is more than {ANSWER_LIMIT} octets"))
    return line


def _standard_output() -> IO[bytes]:
    """Take over standard output; a library's prints go nowhere."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def _die_with_parent() -> None:
    """Have the kernel kill us when the parent dies. Where it cannot, the end of standard input does so a little
    later."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if somebody must die for want of memory, then this one


def _limit_all_but_time() -> None:
    """Limit everything but time once everything is loaded: the size of that differs between systems."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError):  # no /proc; or a limit that is tighter holds already
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _limit_time() -> None:
    """Have SIGXCPU end it when the present report has used its time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1, most))


if __name__ == "__main__":
    main()
