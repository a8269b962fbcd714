"""The service as a process of its own, under attack by clients that have not signed in: it goes on probing, people get
in, and the log stays short and keeps secrets."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from monitor.process import raise_descriptor_limit
from tests.monitor.cli.test_cli import COMPANY, CONFIG, MAILPATH, Place

SECONDS = 30.0
IDLE_CLIENTS = 1100
MALFORMED = 9815
WRONG = re.compile(r'mailpath_path_outcome\{company="(\w+)",path="hq",kind="verification",outcome="(\w+)"')
RIGHT = {"birch": "inbox", "stone": "blocked"}


class Service(Place):
    """The sandbox, with times that a machine which has much else to do can keep."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        times = ('code_life = "2s"', 'code_life = "30s"'), ('give_up   = "4s"', 'give_up   = "30s"')
        self.head = CONFIG.format(web=self.web)
        for short, long in times:
            self.head = self.head.replace(short, long)
        self.write(self.head + self.companies)

    @property
    def companies(self) -> str:
        """Those of the sandbox."""
        return "".join(COMPANY.format(name=name, port=port) for name, port in self.ports.items())

    def until(self, true: Any) -> Any:
        """See Place, with more patience."""
        with suppress(AssertionError):
            return super().until(true)
        return super().until(true)

    @contextmanager
    def at_work(self, descriptors: int = 1024) -> Iterator["Service"]:
        """Running, with as many file descriptors as `ulimit -n` says."""
        command = ("sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *MAILPATH, "serve", "--config")
        with (self.folder / "log").open("a") as log:
            process = subprocess.Popen((*command, str(self.file)), stderr=log, text=True)
        try:
            self.until(lambda: "ready" in self.get("/readyz"))
            yield self
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0

    def metric(self, line: str) -> float:
        """The value of one line of /metrics."""
        found = re.search(rf"^{re.escape(line)} (\S+)$", self.get("/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def judged(self) -> float:
        """How many probes have a verdict."""
        return sum(map(float, re.findall(r"^mailpath_probes_total\{.*\} (\S+)$", self.get("/metrics"), re.MULTILINE)))

    def said(self) -> str:
        """The log without what it says of paths: what the attack has put there."""
        lines = (self.folder / "log").read_text().splitlines(keepends=True)
        return "".join(line for line in lines if not ('"path": ' in line or '"mailbox": ' in line))


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


async def _hold(port: int, number: int) -> None:
    """Connect from an address of one's own, say nothing, and connect again when cut."""
    while True:
        with suppress(OSError):
            source = f"127.{1 + number // 250}.0.{1 + number % 250}"
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            try:
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(1.0)


async def test_idle_clients_stop_no_probe(service: Service) -> None:
    """`ulimit -n 256`, and 1,100 addresses that hold a connection each."""
    raise_descriptor_limit()
    with service.at_work(descriptors=256):
        quiet = len(service.said())
        clients = [asyncio.create_task(_hold(service.web, number)) for number in range(IDLE_CLIENTS)]
        try:
            await asyncio.to_thread(
                service.until, lambda: service.metric('mailpath_http_rejected_total{reason="evicted"}') > IDLE_CLIENTS
            )
            before = await asyncio.to_thread(service.judged)
            await asyncio.to_thread(service.until, lambda: service.judged() >= before + 6)  # three of each that answers
            assert await asyncio.to_thread(service.get, "/healthz") == "alive\n"
            outcomes = dict(WRONG.findall(await asyncio.to_thread(service.get, "/metrics")))
        finally:
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
    assert outcomes | RIGHT == outcomes
    assert outcomes.keys() - RIGHT.keys() <= {"vault"}  # whose mailbox cannot be read, which takes long to be sure of
    told = {line["outcome"] for line in service.log() if line.get("path") == "birch/hq" and "outcome" in line}
    assert told == {"inbox"}
    assert len(service.said()) - quiet < 4000, service.said()


def test_malformed_requests_are_a_line(service: Service) -> None:
    with service.at_work():
        quiet = len(service.said())
        for _ in range(MALFORMED):
            with socket.create_connection(("127.0.0.1", service.web)) as sock:
                sock.sendall(b"GET /?key=SECRET HTTP/1.1\r\nHost x\r\n\r\n")
                assert sock.recv(100).startswith(b"HTTP/1.")
        assert service.metric('mailpath_http_rejected_total{reason="malformed"}') == MALFORMED
        said = service.said()[quiet:]
    assert len(said.splitlines()) <= 3, said
    assert len(said) < 1000
    assert "SECRET" not in said


# ---- Secrets --------------------------------------------------------------------------------------------------------

SECRET = "hush5QmXkeepout7"
IN_CONFIG = """
[channels.oncall]
via = "apprise"
url = {{ env = "ONCALL_URL" }}
[channels.hook]
via = "webhook"
url = "http://127.0.0.1:{nobody}/hook"
secret = {{ env = "HOOK_SECRET" }}
[companies.real.paths.hq]
to = "probe@real.example"
[companies.real.paths.hq.route]
via = "relay"
host = "127.0.0.1"
port = {nobody}
tls = "none"
user = "u"
password = {{ env = "RELAY" }}
[companies.real.paths.hq.mailbox]
via = "imap"
host = "127.0.0.1"
port = {nobody}
tls = "none"
user = "u"
password = {{ env = "IMAP" }}
"""


def test_no_secret_is_in_the_log(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"{SECRET}{name}" for name in ("HOOK_SECRET", "RELAY", "IMAP")}
    secrets["ONCALL_URL"] = f"jsons://user:{SECRET}password@127.0.0.1:9/{SECRET}path"
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    service.write(service.head + IN_CONFIG.format(nobody=nobody) + service.companies)
    with service.at_work():
        file = service.folder / "mailpath-first-admin-link"
        link = service.until(lambda: file.exists() and file.read_text().strip())
        assert file.stat().st_mode & 0o777 == 0o600
        _feed(service)
        service.until(lambda: [line for line in service.log() if line.get("path") == "real/hq"])
    said = (service.folder / "log").read_text()
    assert SECRET not in said
    key = link.partition("key=")[2]
    assert key
    assert key not in said
    assert str(file) in said


def _feed(service: Service) -> None:
    """Secrets in each place where a client can put one, in requests that are good and in such that are not."""
    base = f"http://127.0.0.1:{service.web}"
    form = f"name={SECRET}&password={SECRET}&key={SECRET}&again={SECRET}".encode()
    wishes: list[Any] = [
        Request(f"{base}/invitation?key={SECRET}"),
        Request(f"{base}/api/v1/probes?token={SECRET}"),
        Request(f"{base}/", headers={"Cookie": f"mailpath={SECRET}; mailpath-device={SECRET}"}),
        Request(f"{base}/api/v1/probes", headers={"Authorization": f"Bearer mailpath_{SECRET}"}),
        Request(f"{base}/metrics", headers={"Authorization": f"Basic {SECRET}"}),
        Request(f"{base}/sign-in", data=form),
        Request(f"{base}/invitation", data=form),
        Request(f"{base}/api/v1/probes", data=f'{{"{SECRET}": 1'.encode(), headers={"Content-Encoding": "gzip"}),
    ]
    for wish in wishes:
        with suppress(HTTPError):
            urlopen(wish, timeout=SECONDS).close()
    for raw in (
        f"GET /invitation?key={SECRET} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\nCookie mailpath={SECRET}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mailpath_{SECRET}\r\nbad header\r\n\r\n",
        f"{SECRET}\r\n\r\n",
        f"POST /sign-in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n\r\n",
        f"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 16\r\n\r\n{SECRET}",
    ):
        with socket.create_connection(("127.0.0.1", service.web), SECONDS) as sock, suppress(OSError):
            sock.sendall(raw.encode())
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass


def test_on_a_terminal_the_first_link_is_shown_and_written_nowhere(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    said = (
        "from monitor.first_admin import *; import sys; announce_first_link('http://x/invitation?key=K', sys.argv[1])"
    )
    store = f"sqlite:///{tmp_path}/mailpath.db"
    subprocess.run((sys.executable, "-c", said, store), stderr=theirs, timeout=SECONDS, check=True)
    os.close(theirs)
    assert b"http://x/invitation?key=K" in os.read(ours, 4096)
    os.close(ours)
    assert list(tmp_path.iterdir()) == []
