"""Three workers, the rules and the pages on one PostgreSQL, with real mail: killed, suspended, and without the store.

What counts is what the receiving servers saw: no message twice, and none of which there is no verdict.
"""

import asyncio
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest

from monitor.probing.dispatch import ProbeOrder, StoredDispatcher
from monitor.store import Store
from monitor.store.ownership import BUCKETS
from probes.check import Check
from probes.kinds import Kind
from probes.probe import ProbePurpose
from tests.lab import config
from tests.lab.companies import OTHER_USER, USER
from tests.lab.lab import Lab
from tests.lab.network import US
from tests.support.postgresql import PostgreSQL, obstacle, postgresql
from tests.support.short_ownership import SHORT_OWNERSHIP, TTL

pytestmark = [pytest.mark.usefixtures("inside"), pytest.mark.timeout(300)]

SECONDS = 90.0  # an end for every wait
SLACK = 2.0  # after a lease has ended
WORK_SECONDS = 4.0  # of work between two blows
AWAY_SECONDS = 4.0
BACK_SECONDS = 10.0  # two on a quiet machine
PACE = 'code_life = "10s"\ngive_up = "12s"'
SITES = ("clean", "gateway")
USERS = {"hq": USER, "branch": OTHER_USER}
FIRST_PORT = 9110
WHY = "SELECT outcome, because FROM verdicts WHERE outcome != 'inbox'"
LIVING = (
    "SELECT owner, count(*) FROM buckets JOIN workers ON name = owner"
    " WHERE until > extract(epoch FROM clock_timestamp()) * 1000000 GROUP BY owner"
)


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQL]:
    """A server of its own: it is stopped."""
    if reason := obstacle():
        pytest.skip(reason)
    with TemporaryDirectory(prefix="mailpath-postgresql-") as folder, postgresql(Path(folder)) as server:
        yield server


@dataclass
class Processes:
    """What runs on one store."""

    folder: Path
    url: str
    running: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self, name: str, role: str) -> None:
        """Start a process."""
        port = self.ports.setdefault(name, FIRST_PORT + len(self.ports))
        words = (role, "--config", str(self.folder / "config.toml"), "--listen", f"127.0.0.1:{port}")
        with (self.folder / name).open("ab") as out:
            self.running[name] = subprocess.Popen((*SHORT_OWNERSHIP, *words), stdout=out, stderr=out)

    def end(self) -> None:
        """End all of them."""
        for each in self.running.values():
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGCONT)
                each.kill()
            each.wait(SECONDS)

    def ready(self, name: str) -> bool:
        """Test if a process does its work."""
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """What the store says; nothing while it is away."""
        with suppress(psycopg.Error), closing(psycopg.connect(self.url, autocommit=True)) as server:
            return server.execute(sql.encode()).fetchall()
        return []

    def shared_by(self, number: int) -> bool:
        """Test if so many own everything together."""
        owned = Counter[str](dict(self.asked(LIVING)))
        return len(owned) == number and owned.total() == BUCKETS

    def until(self, true: Callable[[], object]) -> float:
        """Wait for it; how many seconds it took."""
        began = time.monotonic()
        while not true():
            logs = "".join(f"{name}: {(self.folder / name).read_text()[-1500:]}\n" for name in self.running)
            assert time.monotonic() - began < SECONDS, f"it does not come: {self.asked(LIVING)}\n{logs}"
            time.sleep(0.05)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def processes(lab: Lab, database: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Three workers, the rules and the pages."""
    made = Processes(tmp_path_factory.mktemp("workers"), database.database())
    companies = [
        config.company(lab[site], PACE, {key: config.path(lab, lab[site], user) for key, user in USERS.items()})
        for site in SITES
    ]
    text = config.head(every="2s") + "".join(companies) + f'\n[store]\nurl = "{made.url}"\n'
    (made.folder / "config.toml").write_text(text)
    try:
        with US.entered():
            made.start("rules", "rules")
            made.until(lambda: made.ready("rules"))
            for name in ("one", "two", "three"):
                made.start(name, "worker")
            made.start("web", "web")
            made.until(lambda: made.shared_by(3) and all(map(made.ready, made.running)))
        yield made
    finally:
        made.end()


def arrived(lab: Lab) -> Counter[str]:
    """How often each of our messages came to a receiving server, by its Message-ID."""
    logs = "".join(lab[site].postfix.log.read_text() for site in SITES)
    return Counter(re.findall(r"cleanup\[\d+\]: \w+: message-id=<(mp[^@]+)@", logs))


def work() -> None:
    """Let time pass in which probes are sent."""
    time.sleep(WORK_SECONDS)


def test_what_befalls_workers_costs_no_mail_and_no_verdict(
    lab: Lab, processes: Processes, database: PostgreSQL
) -> None:
    work()
    processes.running["one"].kill()
    killed = processes.until(lambda: processes.shared_by(2))
    work()
    processes.start("one", "worker")
    processes.until(lambda: processes.shared_by(3))
    processes.running["two"].send_signal(signal.SIGSTOP)
    suspended = processes.until(lambda: processes.shared_by(2))
    work()
    processes.running["two"].send_signal(signal.SIGCONT)
    processes.until(lambda: processes.shared_by(3))
    work()
    database.stop("immediate")
    time.sleep(AWAY_SECONDS)
    database.start()
    back = processes.until(lambda: processes.shared_by(3))
    by_hand = asyncio.run(ordered(processes.url))
    work()
    assert [each.poll() for name, each in processes.running.items()] == [None] * len(processes.running)
    for name in ("one", "two", "three"):
        processes.running[name].send_signal(signal.SIGTERM)
    assert [processes.running[name].wait(SECONDS) for name in ("one", "two", "three")] == [0, 0, 0]
    processes.start("last", "worker")  # it settles what the others left
    [(last,)] = processes.asked("SELECT max(created_at) FROM probes")
    processes.until(
        lambda: (
            processes.asked(f"SELECT count(*) FROM probes WHERE closed_at IS NULL AND created_at <= {last}") == [(0,)]
        )
    )
    judged = dict(processes.asked(f"SELECT id, outcome FROM probes WHERE created_at <= {last}"))
    messages = arrived(lab)
    print(f"{len(judged)} probes, {len(messages)} messages; {dict(Counter(judged.values()))};")
    print(Counter(processes.asked(WHY)))
    print(f"owned again {killed:.1f} s after a kill, {suspended:.1f} s after SIGSTOP, {back:.1f} s after the server")
    assert {name: times for name, times in messages.items() if times > 1} == {}, "sent twice"
    assert list(judged.values()).count("inbox") <= len(messages)
    assert set(judged.values()) <= {"inbox", "unknown"}, "a false verdict"
    unknown = [name for name, outcome in judged.items() if outcome == "unknown"]
    assert len(unknown) <= 4, "only what was cut short at the blow"
    assert judged[by_hand] == "inbox"
    assert len(judged) > 4 * WORK_SECONDS
    assert max(killed, suspended) <= TTL + SLACK
    assert back <= BACK_SECONDS


async def ordered(url: str) -> str:
    """The id of a probe that another process orders, as the pages do."""
    async with Store.open(url) as store:
        order = ProbeOrder(Check("clean", "hq", Kind.VERIFICATION), purpose=ProbePurpose.MANUAL)
        return (await StoredDispatcher(store).launch(order)).id
