"""A service whose output nobody takes works all the same."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.service_process import MAILPATH, Folder, Process, folder

SHELL = "exec {command} serve --config {file} {streams}"


def begin(at: Folder, streams: str) -> Process:
    """Through a shell, which opens and closes its streams."""
    command = SHELL.format(command=" ".join(MAILPATH), file=at.file, streams=streams)
    process = subprocess.Popen(("/bin/sh", "-c", command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    at.processes.append(started := Process(process, at.path / "log"))
    return started


def nobody_reads(service: Process) -> None:
    assert service.process.stdout
    service.process.stdout.close()


def nothing(_: Process) -> None:
    """It is as it is."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("streams", "then"),
    [
        (">&- 2>log", nothing),
        ("2>&-", nothing),
        ("<&- >&- 2>&-", nothing),
        ("2>/dev/full >/dev/full", nothing),
        ("2>&1", nobody_reads),
    ],
)
def test_it_probes_on_and_ends_well(tmp_path: Path, streams: str, then: Callable[[Process], None]) -> None:
    (tmp_path / "log").touch()
    with folder(tmp_path, {"birch": "inbox"}, every="1s") as at:
        service = begin(at, streams.replace("log", str(tmp_path / "log")))
        then(service)
        at.until(at.ready)
        at.more_probes(3)
        links = {number: os.readlink(f"/proc/{service.process.pid}/fd/{number}") for number in (0, 1, 2)}
        assert not [link for link in links.values() if "mailpath.db" in link or link.startswith("socket")]
        assert service.end() == 0
        assert "Traceback" not in service.text()
        with closing(sqlite3.connect(at.store)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
