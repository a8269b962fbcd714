"""Several `mailpath serve` on one store: one leads, the others stand by. Real processes, really killed."""

import json
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.sandbox_process import saying
from tests.support.service_process import SECONDS, Folder, Process, folder
from tests.support.short_lease import SHORT_LEASE, TTL

BOTH = {"birch": "inbox", "stone": "blocks_ip"}
WAITS = "standing by: process"
TAKEOVER_SECONDS = TTL + 2
HOOK = '\n[channels.desk]\nvia = "webhook"\nurl = "{url}"\nsecret = {{ file = "secret" }}\n'
Told = list[dict[str, str]]
"""What the channel received."""


@contextmanager
def notified(path: Path) -> Iterator[tuple[Folder, Told]]:
    """Companies that outlive the services, and a channel."""
    told: Told = []
    (path / "secret").write_text("a secret of the tests, long enough\n")
    with (
        saying("", lambda body: told.append(json.loads(body))) as url,
        folder(path, BOTH, every="2s", apart=True, program=SHORT_LEASE, more=HOOK.format(url=url)) as at,
    ):
        at.sandbox()
        yield at, told


def leads(at: Folder, process: Process) -> bool:
    """Whether this process holds the lease."""
    rows = at.asked("SELECT holder FROM leases")
    return bool(rows and rows[0][0] and f'"pid": {process.process.pid}' in rows[0][0])


def standing_by(at: Folder, *, elsewhere: bool = False) -> Process:
    """Another service that waits, with the same addresses or others."""
    another = at.serve(file=at.write("other.toml", at.other_web) if elsewhere else None)
    at.until(lambda: another.said(WAITS))
    return another


def suspend(at: Folder, process: Process) -> None:
    """Stop it where it holds no lock: in the middle of a write, SQLite lets nobody else write until it goes on."""

    def stopped_between_writes() -> bool:
        process.send(signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(at.store, timeout=1, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            process.send(signal.SIGCONT)
            return False
        return True

    at.until(stopped_between_writes)


def taken_over(at: Folder, second: Process, began: float) -> None:
    """Wait until it leads, and is not late."""
    at.until(lambda: leads(at, second))
    assert time.monotonic() - began < TAKEOVER_SECONDS


def nothing_twice(at: Folder, told: Told) -> None:
    """No probe, incident or notice twice."""
    assert set(at.attempts().values()) == {1}
    assert min(gap for company in BOTH for gap in at.gaps(company)) > 0.5, "none of a slot that was used"
    assert at.asked("SELECT count(*) FROM history WHERE turn = 'opened'") == [(1,)]
    assert len(at.asked("SELECT id FROM incidents")) == 1
    assert {outcome for _, outcome in at.outcomes()} <= {"inbox", "blocked", "unknown"}
    assert [*Counter((each["incident"], each["news"]) for each in told).values()] == [1]


def says_whom_it_waits_for(at: Folder, leader: Process) -> None:
    """At an address of its own, one that stands by answers all that is asked."""
    at.until(lambda: at.get("/healthz", at.other_web)[0] == 200)
    code, text = at.get("/readyz", at.other_web)
    assert code == 503
    assert text.startswith(f"not ready: standing by: process {leader.process.pid} on ")
    assert f"leads on store {at.store}, since " in text
    assert "this process takes over when that one ends, or writes nothing for 4 s" in text
    assert at.get("/", at.other_web) == (503, text)
    code, text = at.get("/metrics", at.other_web)
    assert code == 200, "a scrape that fails would be reported as a failed service"
    assert "\nmailpath_" not in text


def test_others_stand_by_and_take_over_one_after_the_other_without_losing_or_doubling_anything(tmp_path: Path) -> None:
    with notified(tmp_path) as (at, told):
        first = at.serve()
        at.until(lambda: told)
        others = [standing_by(at), standing_by(at, elsewhere=True)]
        says_whom_it_waits_for(at, first)
        assert at.ready()
        assert at.run("probe", "birch").returncode == 0, "a probe by hand is no second service"

        began = time.monotonic()
        first.send(signal.SIGKILL)
        at.until(lambda: any(leads(at, each) for each in others))
        second, third = sorted(others, key=lambda each: not leads(at, each))
        assert time.monotonic() - began < 2, "whoever is dead is not waited for until the lease expires"
        webs = dict(zip(others, (at.web, at.other_web), strict=True))
        at.until(lambda: at.get("/readyz", webs[second])[0] == 200)
        at.more_probes(2)

        assert third.said(WAITS) == 1
        assert second.end() == 0
        at.until(lambda: leads(at, third) and at.get("/readyz", webs[third])[0] == 200)
        at.more_probes(2)
        nothing_twice(at, told)
        assert all(outcome for _, outcome in at.probes()[:-6])
        waiting = standing_by(at)
        assert waiting.end() == 0, "told to end, it does"
        assert third.end() == 0
        assert at.asked("SELECT holder FROM leases") == [(None,)], "it is given back"


def test_a_leader_that_was_suspended_sends_nothing_when_it_wakes(tmp_path: Path) -> None:
    with notified(tmp_path) as (at, told):
        first = at.serve()
        at.until(lambda: told)
        second = standing_by(at)
        began = time.monotonic()
        suspend(at, first)
        taken_over(at, second, began)
        at.more_probes(2)
        assert second.said("cannot listen on"), "the one that sleeps has the port"
        first.send(signal.SIGCONT)
        assert first.process.wait(SECONDS) == 2
        assert first.said(f"process {second.process.pid} on ") == 1
        assert first.said(f"took over store {at.store} while this one was suspended") == 1
        at.until(at.ready)
        at.more_probes(2)
        nothing_twice(at, told)
        assert second.end() == 0
