"""Two `mailpath serve` on one store: one leads, the other refuses or stands by. Real processes, really killed."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.service_process import SECONDS, Folder, Process, folder

BOTH = {"birch": "inbox", "stone": "blocks_ip"}
WAITS = "standby: another process leads on this store"


def leads(at: Folder, process: Process) -> bool:
    """Whether this process holds the lease."""
    rows = at.asked("SELECT holder FROM leases")
    return bool(rows and rows[0][0] and f'"pid": {process.process.pid}' in rows[0][0])


def standing_by(at: Folder) -> Process:
    """A second service that waits."""
    second = at.serve("--standby", file=at.write("other.toml", at.other_web))
    at.until(lambda: second.said(WAITS))
    return second


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


def test_the_second_refuses_and_after_a_kill_9_it_starts_at_once(tmp_path: Path) -> None:
    with folder(tmp_path, BOTH) as at:
        first = at.serve()
        at.until(at.ready)
        second = at.serve(file=at.write("other.toml", at.other_web))
        assert second.process.wait(SECONDS) == 2
        assert f"another `mailpath serve` works on it: process {first.process.pid} on " in second.text()
        assert second.text().rstrip().endswith("or start this one with --standby, to take over when it ends")
        assert "Traceback" not in second.text()
        assert at.ready()
        assert at.run("probe", "birch").returncode == 0, "a probe by hand is no second service"

        first.send(signal.SIGKILL)
        first.process.wait(SECONDS)
        third = at.serve()
        at.until(at.ready)
        assert leads(at, third)
        assert third.said(WAITS) == 0, "whoever is dead is not waited for until the lease expires"
        assert third.end() == 0
        assert at.asked("SELECT holder FROM leases") == [(None,)], "it is given back"


def test_one_that_stands_by_takes_over_when_the_leader_ends(tmp_path: Path) -> None:
    with folder(tmp_path, BOTH, every="1s", apart=True) as at:
        at.sandbox()
        first = at.serve()
        at.until(at.ready)
        second = standing_by(at)
        assert second.end() == 0, "told to end, it does"
        second = standing_by(at)
        at.more_probes(4)
        assert at.get("/readyz", at.other_web)[0] == 0, "it does nothing so far"
        assert first.end() == 0
        at.until(lambda: at.get("/readyz", at.other_web)[0] == 200)
        at.more_probes(4)
        assert len(at.asked("SELECT id FROM incidents")) == 1
        assert set(at.attempts().values()) == {1}
        assert second.end() == 0


def test_a_leader_that_was_suspended_sends_nothing_when_it_wakes(tmp_path: Path) -> None:
    with folder(tmp_path, BOTH, every="1s", apart=True) as at:
        at.sandbox()
        first = at.serve()
        at.until(at.ready)
        at.until(lambda: at.asked("SELECT id FROM incidents"))
        second = standing_by(at)
        suspend(at, first)
        at.until(lambda: leads(at, second))
        at.more_probes(4)
        first.send(signal.SIGCONT)
        assert first.process.wait(SECONDS) == 2
        assert first.said("another `mailpath serve` took over the store while this one was suspended") == 1
        at.more_probes(4)
        assert set(at.attempts().values()) == {1}
        assert min(at.gaps("birch")) > 0.5, "none of a slot that was used"
        assert len(at.asked("SELECT id FROM incidents")) == 1
        assert at.asked("SELECT count(*) FROM history WHERE turn = 'opened'") == [(1,)]
        assert {outcome for _, outcome in at.outcomes()} <= {"inbox", "blocked", "unknown"}
        assert second.end() == 0
