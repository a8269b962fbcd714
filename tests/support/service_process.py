"""`mailpath serve` as real processes on one folder: make-believe companies, a store, logs, and what HTTP shows."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psycopg

from monitor.store.database import connect
from monitor.store.packing import Packer
from probes.evidence import Evidence, decode
from tests.monitor.cli.test_cli import free_ports

MAILPATH = (sys.executable, "-m", "monitor")
SECONDS = 60.0  # an end for every wait; on a quiet machine the longest takes 20

HEAD = """
[store]
url = "{address}"
[probes]
every     = "{every}"
jitter    = 0.0
kinds     = ["verification"]
code_life = "{code_life}"
give_up   = "{give_up}"
retry     = ["2s"]
cap       = {{ per_host_per_minute = {cap} }}
[incidents]
settle  = "1s"
control_every = "10s"
{standing}
[web]
listen = "127.0.0.1:{web}"
metrics_listen = "127.0.0.1:{metrics}"
"""
NO_STANDING = "[standing]\nenabled = false  # what simulated DNS shows would be an incident of its own"
SANDBOX = """
[sandbox]
slow_by = "3s"
greylist_for = "300d"
[sandbox.companies]
"""
COMPANY = """
[companies.{name}.paths.hq]
to      = "probe@{name}.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {port} }}
mailbox = {{ via = "maildir", path = "mail/{name}" }}
"""

FOR_MACHINES = ("/metrics", "/healthz", "/readyz")  # at an address of their own

T = TypeVar("T")


@dataclass(eq=False)
class Process:
    """One `mailpath` that was started, and what it wrote."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def code(self) -> int | None:
        """How it ended."""
        return self.process.poll()

    def send(self, number: signal.Signals) -> None:
        """A signal to this process alone."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Ended in its own good way."""
        self.send(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def text(self) -> str:
        """All it wrote."""
        return self.log.read_text(errors="replace")

    def said(self, words: str) -> int:
        """How often a line of its log holds these words."""
        return sum(words in line for line in self.text().splitlines())


@dataclass
class Folder:
    """A configuration with make-believe companies, {name: behaviour}, and the processes that work on it."""

    path: Path
    companies: Mapping[str, str]
    store: Path
    server: str = ""  # the address of a store that is no file
    every: str = "2s"
    code_life: str = "8s"
    give_up: str = "12s"
    cap: int = 1000
    more: str = ""
    standing: str = NO_STANDING
    program: Sequence[str] = MAILPATH
    apart: bool = False  # the simulated companies are a process of their own, and outlive the service
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.web, self.other_web, *ports = free_ports(len(self.companies) + 4)
        self.metrics_of = {self.web: ports.pop(), self.other_web: ports.pop()}
        self.ports = dict(zip(self.companies, ports, strict=True))
        self.file = self.write("config.toml", self.web, sandbox=not self.apart)

    @property
    def address(self) -> str:
        """The address of the store."""
        return self.server or f"sqlite:///{self.store}"

    def write(self, name: str, web: int, *, sandbox: bool = False) -> Path:
        """The configuration, with that address for its pages."""
        head = HEAD.format(
            **{key: getattr(self, key) for key in ("address", "every", "code_life", "give_up", "cap", "standing")},
            web=web,
            metrics=self.metrics_of[web],
        )
        behaviours = "".join(f'{name} = "{behaviour}"\n' for name, behaviour in self.companies.items())
        companies = "".join(COMPANY.format(name=name, port=port) for name, port in self.ports.items())
        file = self.path / name
        file.write_text(head + SANDBOX + (behaviours if sandbox else "") + companies + self.more)
        return file

    def sandbox(self) -> None:
        """Start the make-believe companies."""
        started = self.start("sandbox", "--config", str(self.write("sandbox.toml", self.web, sandbox=True)))
        self.until(lambda: started.said("sandbox mail systems are running"))

    def serve(self, *, file: Path | None = None, env: Mapping[str, str] | None = None) -> Process:
        """Start one; it may not be ready yet."""
        return self.start("serve", "--config", str(file or self.file), env=env)

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> Process:
        """Start a command that goes on."""
        log = self.path / f"log{len(self.processes)}"
        with log.open("ab") as out:
            process = subprocess.Popen(
                (*self.program, *words), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=_environment(env)
            )
        self.processes.append(started := Process(process, log))
        return started

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Another command, to its end."""
        command = (*MAILPATH, *words, "--config", str(self.file))
        return subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False, env=_environment(env)
        )

    def get(self, path: str, web: int | None = None) -> tuple[int, str]:
        """The status and text of a page; 0 while nobody answers."""
        try:
            asked = web or self.web
            port = self.metrics_of[asked] if path in FOR_MACHINES else asked
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except (URLError, OSError):
            return 0, ""

    def post(self, path: str, body: bytes) -> int:
        """The status of the answer; 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.web}{path}", body, timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except (URLError, OSError):
            return 0

    def metric(self, name: str) -> float | None:
        """A metric without labels."""
        found = re.search(rf"^{name} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else None

    def ready(self) -> bool:
        """Whether the service does its work."""
        return self.get("/readyz")[0] == 200

    def asked(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the store says."""
        if self.server:
            with suppress(psycopg.Error), closing(psycopg.connect(self.server, autocommit=True)) as server:
                return server.execute(query.replace("?", "%s"), values).fetchall()
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=5)) as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def attempts(self) -> Counter[tuple[str, str]]:
        """How often each attempt of each probe was begun."""
        return Counter(self.asked("SELECT probe_id, once FROM evidence WHERE type = 'attempt'"))

    def gaps(self, company: str) -> list[float]:
        """Seconds between the launches of a company's probes by schedule."""
        query = "SELECT created_at FROM probes WHERE company = ? AND purpose = 'scheduled' ORDER BY created_at, id"
        times = [at for (at,) in self.asked(query, company)]
        return [(later - earlier) / 1e6 for earlier, later in pairwise(times)]

    def probes(self) -> list[tuple[str, str | None]]:
        """Company and outcome of each probe, in the order in which they were stored."""
        return self.asked("SELECT company, outcome FROM probes ORDER BY created_at, id")

    def outcomes(self) -> set[tuple[str, str]]:
        """Every verdict that was ever given, by company."""
        return set(
            self.asked("SELECT company, verdicts.outcome FROM verdicts JOIN probes ON probes.id = verdicts.probe_id")
        )

    def evidence(self, company: str) -> list[list[Evidence]]:
        """What was seen of each of a company's probes."""
        found = self.asked(
            "SELECT probes.id, data FROM evidence JOIN probes ON probes.id = probe_id WHERE company = ?"
            " ORDER BY created_at, probes.id, evidence.id",
            company,
        )
        seen: dict[str, list[Evidence]] = {}
        engine, packer = connect(self.address), Packer()
        with engine.begin() as connection:
            for probe_id, data in found:
                seen.setdefault(probe_id, []).append(decode(packer.unpack(connection, data)))
        engine.dispose()
        return [*seen.values()]

    def until(self, true: Callable[[], T], seconds: float = SECONDS) -> T:
        """Wait for what a process will have done."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            time.sleep(0.05)
        logs = "\n".join(process.text()[-3000:] for process in self.processes)
        raise AssertionError(f"it does not come: {self.probes()[-20:]}\n{logs}")

    def more_probes(self, count: int) -> None:
        """Wait until so many more probes are judged than now."""
        judged = "SELECT count(*) FROM probes WHERE outcome IS NOT NULL"
        now = self.asked(judged)[0][0] if self.asked(judged) else 0
        self.until(lambda: (found := self.asked(judged)) and found[0][0] >= now + count)


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Ours and more; what is imported is compiled once, and not by each process anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {**(more or {})}


@contextmanager
def folder(path: Path, companies: Mapping[str, str], **settings: Any) -> Iterator[Folder]:
    """It, and in the end none of its processes."""
    made = Folder(path, companies, settings.pop("store", path / "mailpath.db"), **settings)
    try:
        yield made
    finally:
        for each in made.processes:
            with suppress(ProcessLookupError):
                each.send(signal.SIGCONT)
                each.send(signal.SIGKILL)
            each.process.wait(SECONDS)
