"""`mailpath serve` while its store takes nothing: locked by another process, or on a full disk. Really, both."""

import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.service_process import Folder, Process, folder

COMPANIES = {"birch": "inbox", "stone": "blocks_ip", "snail": "slow"}
TRUE = {("birch", "inbox"), ("stone", "blocked"), ("snail", "inbox")}
LOCKED_SECONDS = 30
FAILS, WORKS = "store refuses writes; sending is paused", "store accepts writes again; sending resumes"


def handed_over(at: Folder) -> int:
    """How many messages the make-believe mail systems were given, as the mailboxes and the store together know."""
    return sum(at.attempts().values())


def begin(at: Folder) -> Process:
    """A service that has judged a probe of each company."""
    service = at.serve()
    at.until(at.ready)
    at.until(lambda: {company for company, outcome in at.probes() if outcome} == set(COMPANIES))
    return service


def ready_text(at: Folder) -> str:
    """What /readyz says while it is not ready."""
    return at.until(lambda: answer[1] if (answer := at.get("/readyz"))[0] == 503 else "")


def assert_sound(at: Folder, service: Process) -> None:
    """It has recovered, and nothing is lost, doubled, invented or made up for."""
    at.until(at.ready)
    at.more_probes(6)
    assert (service.said(FAILS), service.said(WORKS)) == (1, 1)
    assert [line[-500:] for line in service.text().splitlines() if "Traceback" in line] == []
    assert set(at.attempts().values()) == {1}
    assert {outcome for outcome in at.outcomes() if outcome[1] != "unknown"} == TRUE
    launches = [
        at_ / 1e6 for (at_,) in at.asked("SELECT created_at FROM probes WHERE company = 'birch' ORDER BY rowid")
    ]
    assert max(sum(0 <= other - each < 2.0 for other in launches) for each in launches) <= 3, "no burst"
    at.until(lambda: not at.asked("SELECT id FROM probes WHERE closed_at IS NULL AND created_at < ?", _long_ago()))


def _long_ago() -> int:
    return int((time.time() - 30) * 1e6)


def test_while_the_store_is_locked_nothing_is_sent_and_readiness_says_why(tmp_path: Path) -> None:
    with folder(tmp_path, COMPANIES, every="1s") as at:
        service = begin(at)
        with closing(sqlite3.connect(at.store, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            text = ready_text(at)
            assert re.search("has not taken a write for|another process keeps it locked", text), text
            before = len(at.probes())
            ends = time.monotonic() + LOCKED_SECONDS
            at.until(lambda: time.monotonic() > ends)
            assert len(at.probes()) == before, "what cannot be stored is not sent"
            assert at.get("/readyz")[0] == 503
            assert at.get("/healthz")[0] == 200
            assert (at.metric("mailpath_store_errors_total") or 0) >= 1
            other.execute("ROLLBACK")
        assert_sound(at, service)
        assert service.end() == 0


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of twelve megabytes."""
    place.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", str(place)), check=True)
    try:
        yield place
    finally:
        subprocess.run(("umount", "-l", str(place)), check=True)


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_on_a_full_disk_nothing_is_sent_and_readiness_says_why(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, folder(tmp_path, COMPANIES, every="1s", store=disk / "m.db") as at:
        service = begin(at)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        assert "the disk is full; make room on it" in ready_text(at)
        assert (at.metric("mailpath_store_errors_total") or 0) >= 1
        sent = handed_over(at)
        ends = time.monotonic() + 10
        at.until(lambda: time.monotonic() > ends)
        assert handed_over(at) == sent
        ballast.unlink()
        assert_sound(at, service)
        assert service.end() == 0
