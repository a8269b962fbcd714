"""Three workers on one PostgreSQL, really killed, suspended, and cut off from their server: no turn is used twice, and
none is lost that can still be made up for."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitor.store.ownership import BUCKETS
from tests.support.postgresql import PostgreSQL

TTL, PATHS, EVERY = 3.0, 60, 12.0
AWAY_SECONDS = 10.0
SECONDS = 60.0
SLACK = 2.0  # after a lease has ended

pytestmark = [pytest.mark.timeout(240), pytest.mark.lab]  # which runs beside the others: these wait most of the time


@dataclass
class Workers:
    """Processes that share the paths of one store."""

    url: str
    folder: Path
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self) -> "subprocess.Popen[bytes]":
        """One more; it may own nothing yet."""
        log = self.folder / f"worker{len(self.processes)}"
        words = ("-m", "tests.support.worker_process", self.url, str(PATHS), str(EVERY), str(TTL))
        with log.open("wb") as out:
            self.processes.append(subprocess.Popen((sys.executable, *words), stdout=out, stderr=out))
        return self.processes[-1]

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """What the store says; nothing while it is away."""
        with suppress(psycopg.Error), closing(psycopg.connect(self.url, autocommit=True)) as server:
            return server.execute(sql.encode()).fetchall()
        return []

    def owned(self) -> Counter[str]:
        """How many buckets each living worker owns."""
        return Counter(
            dict(
                self.asked(
                    "SELECT owner, count(*) FROM buckets JOIN workers ON name = owner"
                    " WHERE until > extract(epoch FROM clock_timestamp()) * 1000000 GROUP BY owner"
                )
            )
        )

    def until(self, true: Callable[[], object], seconds: float = SECONDS) -> float:
        """Wait for it; how many seconds it took."""
        began = time.monotonic()
        while not true():
            logs = "".join(file.read_text(errors="replace")[-2000:] for file in self.folder.glob("worker*"))
            assert time.monotonic() - began < seconds, f"it does not come: {self.owned()}\n{logs}"
            time.sleep(0.05)
        return time.monotonic() - began

    def shared_by(self, number: int) -> bool:
        """Whether so many own everything together, in equal shares."""
        owned = self.owned()
        return len(owned) == number and owned.total() == BUCKETS and max(owned.values()) <= -(-BUCKETS // number)

    def turns(self) -> dict[str, list[float]]:
        """The slots that were used, by company, in their order."""
        slots: dict[str, list[float]] = {}
        for company, slot in self.asked("SELECT company, mailbox FROM probes ORDER BY company, mailbox"):
            slots.setdefault(company, []).append(float(slot))
        return slots


@pytest.fixture
def workers(tmp_path: Path, server: PostgreSQL) -> Iterator[Workers]:
    """Three, each with its share."""
    made = Workers(server.empty_store(), tmp_path)
    for _ in range(3):
        made.start()
    try:
        made.until(lambda: made.shared_by(3))
        yield made
    finally:
        for each in made.processes:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGCONT)
                each.kill()
            each.wait(SECONDS)


def no_turn_twice(workers: Workers) -> None:
    slots = workers.turns()
    assert len(slots) == PATHS
    assert [each for each in slots.values() if len({*each}) < len(each)] == []


def lost(workers: Workers) -> list[tuple[str, float]]:
    """Turns between the first and the last of each check that nobody used."""
    return [
        (company, earlier)
        for company, slots in workers.turns().items()
        for earlier, later in pairwise(slots)
        if later - earlier > EVERY * 1.5
    ]


def all_work(workers: Workers) -> None:
    """Wait until each path had another two turns."""
    before = {company: slots[-1] for company, slots in workers.turns().items()}
    workers.until(
        lambda: (
            len(now := workers.turns()) == PATHS
            and all(slots[-1] > before.get(company, 0) + 1.5 * EVERY for company, slots in now.items())
        )
    )


def test_others_take_over_from_one_that_is_killed(workers: Workers) -> None:
    all_work(workers)
    workers.processes[0].kill()
    took = workers.until(lambda: workers.shared_by(2))
    print(f"all owned {took:.1f} s after the kill")
    assert took <= TTL + SLACK
    all_work(workers)
    no_turn_twice(workers)
    assert lost(workers) == []


def test_one_that_was_suspended_gives_way_when_it_wakes(workers: Workers) -> None:
    all_work(workers)
    workers.processes[0].send_signal(signal.SIGSTOP)
    took = workers.until(lambda: workers.shared_by(2))
    print(f"all owned {took:.1f} s after it was suspended")
    assert took <= TTL + SLACK
    time.sleep(3 * TTL - took)
    workers.processes[0].send_signal(signal.SIGCONT)
    workers.until(lambda: workers.shared_by(3))
    all_work(workers)
    no_turn_twice(workers)
    assert lost(workers) == []


def test_all_go_on_when_the_server_is_back(workers: Workers, server: PostgreSQL) -> None:
    all_work(workers)
    server.stop("immediate")
    time.sleep(AWAY_SECONDS)
    server.start()
    took = workers.until(lambda: workers.shared_by(3))
    print(f"all owned {took:.1f} s after the server was back")
    assert took <= 5
    assert [each.poll() for each in workers.processes] == [None] * 3
    all_work(workers)
    no_turn_twice(workers)
