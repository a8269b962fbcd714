"""`mailpath serve` as a process of its own, with a listener for bounces, copies and reports."""

import asyncio
import json
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from monitor.config import read_config
from monitor.store import ProbeRecord, Store
from probes.message import compose
from probes.token import mint
from tests.monitor.sources.inbound.test_inbound_service import free_ports

T = TypeVar("T")
SECONDS = 60.0  # an end for every wait, on a busy machine

CONFIG = """
[probes]
every = "10s"
kinds = ["verification"]
[web]
listen = "127.0.0.1:{web}"
metrics_listen = "127.0.0.1:{metrics}"
[inbound]
listen = "127.0.0.1:{inbound}"
domain = "probe.example"
reports = ["dmarc@probe.example"]
connections_per_client = 50
[sandbox.companies]
acme = "loses"
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {company} }}
mailbox = {{ via = "maildir", path = "mail" }}
"""
COPIES = """
[companies.birch.paths.{name}]
to      = "{name}@birch.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {company} }}
mailbox = {{ via = "inbound", address = "{name}@probe.example" }}
"""
RUN = "import sys; {before}; sys.argv[0] = 'mailpath'; from monitor.cli import main; main()"


class InboundService:
    """The process, and what is known of it from outside. `before` is Python that it runs first."""

    def __init__(self, folder: Path, copies: tuple[str, ...] = (), before: str = "pass") -> None:
        web, self.metrics_port, self.inbound, company = free_ports(4)
        self.file, self.log = folder / "config.toml", folder / "log"
        paths = "".join(COPIES.format(name=name, company=company) for name in copies)
        self.file.write_text(
            CONFIG.format(web=web, metrics=self.metrics_port, inbound=self.inbound, company=company) + paths
        )
        command = (sys.executable, "-c", RUN.format(before=before), "serve", "--config", str(self.file))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, cwd=folder)

    def told(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with this event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def until(self, true: Callable[[], T], seconds: float = SECONDS) -> T:
        """Wait for what the process will have done."""
        end = time.monotonic() + seconds
        while not (found := true()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(self.log.read_text()[-4000:])
            time.sleep(0.02)
        return found

    def metrics(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=SECONDS) as answer:
            return str(answer.read(), "utf-8")

    def memory(self) -> int:
        """Octets in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) << 10

    def probes(self) -> dict[str, tuple[ProbeRecord, str, bytes]]:
        """A probe of each path that has one, always the same: what is stored of it, its token and its bytes."""
        return asyncio.run(self._probes())

    async def _probes(self) -> dict[str, tuple[ProbeRecord, str, bytes]]:
        config = read_config(self.file)
        found: dict[str, tuple[ProbeRecord, str, bytes]] = {}
        async with Store.open(config.store.url) as store:
            self.key = key = await store.key()
            for path in config.paths():
                listed = await store.probes.recent(path.company, path.path)
                record = await store.probes.record(listed[-1].probe_id) if listed else None
                if record is None:
                    continue
                message = compose(record.probe, config.sender.identity(), key)
                found[record.probe.path] = (record, mint(record.probe.id, key), message.content)
        return found

    def send(self, content: bytes, recipient: str) -> tuple[int, str, float]:
        """Hand a mail over: the reply to it, and after how many seconds it came."""
        with smtplib.SMTP("127.0.0.1", self.inbound, timeout=SECONDS, local_hostname="mx.test") as smtp:
            smtp.ehlo()
            smtp.mail("")
            assert smtp.rcpt(recipient)[0] == 250
            began = time.monotonic()
            code, text = smtp.data(content)
            return code, text.decode(), time.monotonic() - began

    def children(self) -> list[int]:
        """The process ids of its children."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]


@contextmanager
def open_inbound_service(folder: Path, copies: tuple[str, ...] = (), before: str = "pass") -> Iterator[InboundService]:
    """A service that listens, and whose first probes are sent; for the block."""
    it = InboundService(folder, copies, before)
    try:
        it.until(lambda: it.told("listening for bounces and copies"))
        it.until(lambda: len(it.probes()) == 1 + len(copies))
        yield it
    finally:
        if it.process.poll() is None:
            it.process.send_signal(signal.SIGKILL)
        it.process.wait()
