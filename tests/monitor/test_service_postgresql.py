"""`mailpath serve` on a real PostgreSQL: several on one store, a server that dies, and nothing twice or lost."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgresql import PostgreSQL
from tests.support.service_process import SECONDS, Folder, Process, folder
from tests.support.short_lease import SHORT_LEASE, TTL

COMPANIES = {"birch": "inbox", "stone": "blocks_ip"}
AWAY_SECONDS = 6.0


@pytest.fixture
def at(tmp_path: Path, server: PostgreSQL) -> Iterator[Folder]:
    """Companies that outlive the services, and an empty database."""
    with folder(tmp_path, COMPANIES, server=server.database(), apart=True, program=SHORT_LEASE) as made:
        made.sandbox()
        yield made


def leads(at: Folder, process: Process) -> bool:
    rows = at.asked("SELECT holder FROM leases")
    return bool(rows and rows[0][0] and f'"pid": {process.process.pid}' in rows[0][0])


def nothing_twice_or_wrong(at: Folder) -> None:
    assert set(at.attempts().values()) == {1}
    assert min(gap for company in COMPANIES for gap in at.gaps(company)) > 0.5
    assert at.outcomes() <= {("birch", "inbox"), ("stone", "blocked"), ("birch", "unknown"), ("stone", "unknown")}
    assert at.asked("SELECT count(*) FROM incidents") == [(1,)]
    assert at.asked("SELECT count(*) FROM history WHERE turn = 'opened'") == [(1,)]
    assert all(count == 1 for count in Counter(at.asked("SELECT verdict FROM signals WHERE verdict > 0")).values())


def test_another_takes_over_from_one_that_was_killed_or_suspended(at: Folder) -> None:
    first = at.serve()
    at.until(lambda: at.asked("SELECT id FROM incidents") and at.ready())
    second = at.serve(file=at.write("other.toml", at.other_web))
    at.until(lambda: second.said("standing by: process"))
    began = time.monotonic()
    first.send(signal.SIGKILL)
    at.until(lambda: leads(at, second))
    assert time.monotonic() - began < TTL + 2
    at.until(lambda: at.get("/readyz", at.other_web)[0] == 200)
    at.more_probes(2)

    third = at.serve()
    at.until(lambda: third.said("standing by: process"))
    began = time.monotonic()
    second.send(signal.SIGSTOP)
    at.until(lambda: leads(at, third))
    assert time.monotonic() - began < TTL + 12, "in the middle of a write it keeps the others waiting for ten seconds"
    at.more_probes(2)
    second.send(signal.SIGCONT)
    assert second.process.wait(SECONDS) == 2
    at.until(at.ready)
    nothing_twice_or_wrong(at)
    assert third.end() == 0
    assert at.asked("SELECT holder FROM leases") == [(None,)], "it is given back"


def test_nothing_is_sent_while_the_server_is_away_and_all_goes_on_when_it_is_back(
    at: Folder, server: PostgreSQL
) -> None:
    service = at.serve()
    at.until(lambda: at.asked("SELECT id FROM incidents") and at.ready())
    at.more_probes(2)
    server.stop("immediate")
    away = time.monotonic()
    at.until(lambda: not at.ready())
    assert at.get("/healthz")[0] in (200, 503), "its pages answer"
    time.sleep(max(away + AWAY_SECONDS - time.monotonic(), 0))
    server.start()
    back = time.monotonic()
    at.until(at.ready)
    print(f"ready {time.monotonic() - back:.1f} s after the server was back")
    at.more_probes(2)
    assert service.code is None
    assert service.said("it cannot be reached") or service.said("it is being shut down") or service.said("was lost")
    nothing_twice_or_wrong(at)
    assert service.end() == 0
