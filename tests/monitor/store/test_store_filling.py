"""An upgrade that moves much data goes on where it was interrupted, and says how far it is."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.store import Store, filling, schema
from probes.outcome import Cause, Grade, Outcome
from probes.verdict import Verdict
from tests.monitor.store.conftest import Child
from tests.monitor.store.test_store_schema import older
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import FIRST, T0, probe

PROBES = 3000
MINUTE = 60_000_000
TABLES = ("hourly_results", "daily_results")
VERDICTS = (
    Verdict(Outcome.INBOX, None, Grade.REAL, "arrived"),
    Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "blocked"),
)
KILLED = """
import asyncio, os, signal, sys
from monitor.store import Store, filling

filling.ROWS_AT_ONCE = 100
left, part = int(sys.argv[2]), filling.Fill.part

def killed(*arguments):
    global left
    result = part(*arguments)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

filling.Fill.part = killed

async def main():
    async with Store.open(sys.argv[1]):
        print("finished")

asyncio.run(main())
"""


def rows(file: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5, 6, 7").fetchall()


def many(file: Path) -> None:
    """Repeat what is there, a minute later each time."""
    with closing(sqlite3.connect(file)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(probes)")]
        changed = {"id": "printf('%s%05d', id, n)", "created_at": f"created_at + n * {MINUTE}"}
        connection.execute(f"CREATE TABLE numbers AS {SERIES}", (PROBES // len(VERDICTS),))
        said = ", ".join(changed.get(name, name) for name in columns)
        connection.execute(f"INSERT INTO probes ({', '.join(columns)}) SELECT {said} FROM probes, numbers")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(verdicts)") if row[1] != "id"]
        said = ", ".join("printf('%s%05d', probe_id, n)" if name == "probe_id" else name for name in columns)
        connection.execute(f"INSERT INTO verdicts ({', '.join(columns)}) SELECT {said} FROM verdicts, numbers")
        connection.execute("DROP TABLE numbers")


SERIES = "WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ?) SELECT n FROM series"


@pytest.fixture
async def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with many probes and none of the tables that are filled."""
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        for number, verdict in enumerate(VERDICTS):
            await store.probes.launch(probe(number, id=f"p{number}"), "", FIRST)
            await store.probes.learn(f"p{number}", (), verdict, T0, closed=True, delivery=None)
    file = await older(tmp_path / "mailpath.db", "0012", monkeypatch)
    many(file)
    return file


async def test_an_upgrade_that_is_killed_again_and_again_comes_to_the_same_end(
    old: Path, tmp_path: Path, child: Child, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = tmp_path / "whole.db"
    shutil.copy2(old, whole)
    async with Store.open(f"sqlite:///{whole}"):
        pass
    for killed_at in (3, 12, 5):
        out, _ = await (await child(KILLED, f"sqlite:///{old}", str(killed_at))).communicate()
        assert out == b"", "it was killed before the store could be used"
    with closing(sqlite3.connect(old)) as connection:
        marks = connection.execute("SELECT name, value > 0 FROM facts WHERE name LIKE 'filling:%'").fetchall()
    assert [mark[1] for mark in marks] == [1], "it was in the middle"
    monkeypatch.setattr(filling, "SAID_EVERY", -1.0)
    monkeypatch.setattr(filling, "ROWS_AT_ONCE", 100)
    async with Store.open(f"sqlite:///{old}") as store:
        await store.key()
    for table in TABLES:
        assert rows(old, table) == rows(whole, table)
    assert sum(row[7] for row in rows(old, "daily_results")) == PROBES + len(VERDICTS)
    percents = [int(found[1]) for found in re.finditer(r"(\d+)%, [\d,]+ rows/s, \d+ s left", caplog.text)]
    assert percents[0] > 20, "what was done is not done again"
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT * FROM facts WHERE name LIKE 'filling:%'").fetchall() == []


async def test_a_part_is_whole_spans_however_many_rows_one_has(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "ROWS_AT_ONCE", 7)
    async with Store.open(f"sqlite:///{old}"):
        pass
    assert {row[7] for row in rows(old, "hourly_results")[2:-2]} == {60}


async def test_an_interrupted_upgrade_of_a_newer_version_is_not_taken_up(
    store: Store, url: str, by_hand: StoreByHand
) -> None:
    by_hand.change("UPDATE alembic_version SET version_num = '9999'")
    by_hand.change("INSERT INTO facts VALUES ('filling:9999', '5')")
    with pytest.raises(Exception, match=rf"newer version of mailpath \(revision 9999 .* knows {schema.HEAD}\)"):
        async with Store.open(url):
            pass


def test_progress_is_said_in_numbers_that_help() -> None:
    assert filling.progress("0013", 1000, 250, 50, 1) == (
        "upgrading its tables to revision 0013: 25%, 50 rows/s, 15 s left; interrupted, it goes on from here"
    )
    assert "no row done yet" in filling.progress("0013", 1000, 0, 0, 1)
