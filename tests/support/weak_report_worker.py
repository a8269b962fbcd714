"""The process that reads reports, with a library in it that falls to them: what it is sent says how."""

import os
import signal
import time
from tempfile import TemporaryFile

from probes.reading import report_worker
from probes.reading.reports import ReportError, ReportFacts


def read_report(content: bytes, source_ip: str, domain: str) -> ReportFacts:
    match content.decode():
        case "takes memory":
            taken = []
            while True:
                taken.append(bytearray(64 << 20))  # untouched: it costs no CPU time
        case "takes time":
            while True:
                pass
        case "hangs":
            time.sleep(3600)
        case "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "is stopped":
            os.kill(os.getpid(), signal.SIGTERM)
        case "prints":
            print("not an answer\n" * 1000, flush=True)
            os.write(2, b"nor this\n")
        case "writes a file":
            try:
                with TemporaryFile(buffering=0) as file:
                    file.write(b"x")
            except OSError as error:
                raise ReportError(f"no report: {error.strerror}") from None
    raise ReportError(f"no report: {content[:50]!r}")


def answer_line(content: bytes, source_ip: str, domain: str) -> bytes:
    """The line for what it is sent; that for "answers X" is X."""
    _, found, wanted = content.decode().partition("answers ")
    if found:
        return wanted.encode() + b"\n"
    return report_worker.answer_line(content, source_ip, domain, read_report)


report_worker.CPU_SECONDS = 1
if __name__ == "__main__":
    report_worker.main(answer_line)
