"""SQLite: what the file is like, what it refuses, which indexes answer, and what people are told when it fails."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from sqlalchemy import BindParameter
from sqlalchemy.sql.visitors import iterate

from monitor.store import Store, StoreError, incident_reads, reads, sqlite
from monitor.store.database import connect
from monitor.store.statements import SqlStatement, statements
from probes.evidence import FailedLook
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import entry, incident, mute, notice
from tests.support.store_samples import ARRIVED, FIRST, INBOX, LOOKED, REFUSED, SPAM, T0, at, probe


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mailpath.db"


def address(file: Path) -> str:
    if file.is_file() and file.stat().st_mode & 0o077:
        file.chmod(0o600)  # as the store itself makes it
    return f"sqlite:///{file}"


async def filled(file: Path) -> Path:
    """Of probes and of incidents one that is open and one that is closed, with all that belongs to them; and a mute."""
    async with Store.open(address(file)) as store:
        for name, closed in (("open", False), ("closed", True)):
            await store.probes.launch(probe(id=name), "", FIRST)
            await store.probes.add(name, REFUSED)
            await store.probes.learn(name, (), SPAM, T0, closed=closed, delivery=None)
            case = incident(name, closed_at=T0 if closed else None)
            await store.incidents.advance(1, [case], [entry(name)], [notice(1, name), notice(2, name)])
            await mark_delivered(store, f"{name}/ops/1", T0)
        await mark_delivered(store, "closed/ops/2", T0)
        await store.incidents.add_mute(mute())
        await store.incidents.add_mute(mute("ended", ended_at=at(1), ended_by="me"))
    return file


# --- the database itself holds what was seen


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE evidence SET data = '{}'", "evidence is never changed"),
        ("UPDATE verdicts SET outcome = 'inbox'", "a verdict is never changed"),
        ("DELETE FROM evidence", "only with its probe"),
        ("DELETE FROM verdicts", "only with its probe"),
        ("UPDATE signals SET at = 0", "never changed"),
        ("DELETE FROM signals", "only with its verdict"),
        ("DELETE FROM probes WHERE id = 'open'", "in flight is never deleted"),
        ("INSERT OR REPLACE INTO evidence SELECT id, probe_id, at, type, once, '{}' FROM evidence", "with its probe"),
        ("DELETE FROM probes WHERE id = 'closed'", None),
        ("UPDATE probes SET closed_at = 1 WHERE id = 'open'", None),
        ("UPDATE history SET said = ''", "history is never changed"),
        ("DELETE FROM history", "only with its incident"),
        ("UPDATE notices SET text = ''", "what a delivered notice says is never changed"),
        ("UPDATE notices SET sent_as = 'x'", "what a delivered notice says is never changed"),
        ("UPDATE notices SET basis = '{}'", "what a notice is about is never changed"),
        ("UPDATE notices SET text = '', facts = '{}' WHERE id = 'open/ops/2'", None),
        ("UPDATE notices SET delivered_at = NULL", "what is delivered stays delivered"),
        ("UPDATE notices SET tries = 5, next_try_at = 1, fault = 'x', delivered_at = 1 WHERE id = 'open/ops/2'", None),
        ("DELETE FROM notices", "only with its incident"),
        ("DELETE FROM incidents WHERE id = 'open'", "never deleted while it is open or a notice of it waits"),
        ("DELETE FROM incidents WHERE id = 'closed'", None),
        ("UPDATE incidents SET closed_at = 1", None),
        ("DELETE FROM mutes", "never deleted, only ended"),
        ("UPDATE mutes SET ends_at = 1", "a mute is never changed"),
        ("UPDATE mutes SET why = ''", "a mute is never changed"),
        ("UPDATE mutes SET ended_at = 1, ended_by = 'x' WHERE id = 'ended'", "a mute ends once"),
        ("UPDATE mutes SET ended_at = 1, ended_by = 'x' WHERE id = 'm1'", None),
    ],
)
async def test_what_was_seen_and_said_is_not_changed(file: Path, statement: str, refusal: str | None) -> None:
    with closing(sqlite3.connect(await filled(file))) as connection:
        connection.executescript("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")
        if refusal is None:
            connection.execute(statement)
        else:
            with pytest.raises(sqlite3.IntegrityError, match=refusal):
                connection.execute(statement)


async def test_an_incident_with_a_waiting_notice_is_not_deleted(file: Path) -> None:
    async with Store.open(address(await filled(file))) as store:
        await store.incidents.advance(2, [], [], [notice(3, "closed")])
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        connection.execute("DELETE FROM incidents WHERE id = 'closed'")


async def test_what_is_deleted_leaves_nothing_behind(file: Path) -> None:
    async with Store.open(address(await filled(file))) as store:
        assert await store.prune(at(1)) == 1
    belongs = {"evidence": "probe_id", "verdicts": "probe_id", "history": "incident", "notices": "incident"}
    with closing(sqlite3.connect(file)) as connection:
        for table, column in belongs.items():
            assert {row[0] for row in connection.execute(f"SELECT {column} FROM {table}")} == {"open"}


async def test_the_file_is_its_owners_alone(file: Path) -> None:
    async with Store.open(address(file)) as store:
        await store.key()
        for name in ("mailpath.db", "mailpath.db-wal", "mailpath.db-shm"):
            assert stat.S_IMODE((file.parent / name).stat().st_mode) == 0o600, name


# --- every question is answered by an index

QUESTIONS = reads.STATEMENTS | incident_reads.STATEMENTS
WHOLE_TABLES = {"current", "mutes"}  # they are what is asked for
WALKS = {
    "SCAN watched",
    f"SCAN {reads.CHECKS_AT_ONCE} CONSTANT ROWS",
    "SCAN asked",  # what is asked for
    "SCAN current_verdicts USING COVERING INDEX sqlite_autoindex_current_verdicts_1",
    "SCAN probes USING COVERING INDEX sqlite_autoindex_probes_1",  # by hand, for the end of an id
    "SCAN incidents USING INDEX ix_incidents_opened_at",  # from the newest, and never far
}


PLANS: list[tuple[str | SqlStatement, list[str]]] = [
    ("in_flight", ["ix_probes_closed_at_created_at", "PRIMARY KEY"]),
    ("seen_in_flight", ["sqlite_autoindex_evidence_1 (probe_id=?)"]),
    ("one", ["sqlite_autoindex_probes_1", "PRIMARY KEY", "ix_verdicts_probe_id_id"]),
    ("seen", ["sqlite_autoindex_evidence_1"]),
    ("find", ["sqlite_autoindex_probes_1"]),
    ("find_by_end", ["SCAN probes USING COVERING INDEX sqlite_autoindex_probes_1"]),
    ("recent", ["ix_probes_company_path_created_at", "PRIMARY KEY", "ix_verdicts_probe_id_id"]),
    ("launched", ["COVERING INDEX ix_probes_company_path_created_at"]),
    ("attempts", ["ix_probes_closed_at_created_at (closed_at=?)", "(closed_at>?)", "sqlite_autoindex_evidence_1"]),
    ("fact", ["sqlite_autoindex_facts_1"]),
    ("signals", ["signals USING INTEGER PRIMARY KEY (rowid>?)", "autoindex_probes_1", "ix_verdicts_probe_id_id"]),
    ("last_signal", ["SEARCH signals"]),
    (
        "line",
        [
            "ix_probes_company_path_created_at (company=? AND path=? AND created_at>?)",
            "ix_verdicts_probe_id",
            "sqlite_autoindex_signals_1",
        ],
    ),
    (
        "lines",
        [
            "of_check USING INDEX ix_probes_company_path_created_at (company=? AND path=? AND created_at>?)",
            "probes USING INDEX sqlite_autoindex_probes_1 (id=?)",
            "COVERING INDEX ix_verdicts_probe_id_id (probe_id=?)",
            "signals USING INTEGER PRIMARY KEY (rowid=?)",
            "verdicts USING INTEGER PRIMARY KEY (rowid=?)",
        ],
    ),
    ("open", ["ix_incidents_closed_at_opened_at"]),
    ("closed_since", ["ix_incidents_closed_at_opened_at"]),
    ("newest_open", ["ix_incidents_closed_at_opened_at"]),
    ("newest_closed", ["ix_incidents_opened_at"]),
    ("closed_after", ["ix_incidents_opened_at"]),
    ("find_incidents", ["sqlite_autoindex_incidents_1"]),
    ("entries", ["ix_history_incident_id"]),
    ("notices_of", ["sqlite_autoindex_notices_2"]),
    (
        "waiting",
        [
            "notices USING INDEX ix_notices_delivered_at_channel_incident_number (delivered_at=?)",
            "(delivered_at=? AND channel=? AND incident=? AND number<?)",
        ],
    ),
    ("queue", ["notices_delivered_at_channel_incident_number (delivered_at=? AND channel=? AND incident=?)"]),
    ("last_delivered", ["sqlite_autoindex_notices_2 (incident=? AND channel=?)"]),
    ("queues", ["ix_notices_delivered_at_channel_incident_number"]),
    ("last_through", ["ix_notices_delivered_at_channel"]),
    ("last_fault", ["ix_notices_delivered_at_channel"]),
    ("lasting", ["ix_notices_lasts_channel"]),
    ("mutes_not_over", ["ix_mutes_ended_at_ends_at"]),
    (SqlStatement.DELIVERED, ["sqlite_autoindex_notices_1"]),
    (
        SqlStatement.SENT_AS,
        ["notices_delivered_at_channel_incident_number (delivered_at=? AND channel=? AND incident=? AND number<?)"],
    ),
    (SqlStatement.SUPERSEDE, ["sqlite_autoindex_notices_2 (incident=? AND channel=? AND number<?)"]),
    (SqlStatement.PUT_OFF, ["sqlite_autoindex_notices_1"]),
    (SqlStatement.END_MUTE, ["sqlite_autoindex_mutes_1"]),
    (
        SqlStatement.FORGET_INCIDENTS,
        ["ix_incidents_closed_at_opened_at", "sqlite_autoindex_notices_2 (incident=?)"],
    ),
    ("signal_before", ["signals USING INTEGER PRIMARY KEY (rowid>?)"]),
    (SqlStatement.SIGNAL, ["sqlite_autoindex_probes_1", "ix_verdicts_probe_id_id"]),
    (SqlStatement.SHOW, ["sqlite_autoindex_probes_1"]),
    (SqlStatement.CLOSE, ["sqlite_autoindex_probes_1"]),
    (SqlStatement.FORGET, ["ix_probes_closed_at_created_at"]),
]


@pytest.mark.parametrize(
    ("question", "indexes"),
    PLANS,
)
async def test_no_question_reads_a_whole_table(file: Path, question: str | SqlStatement, indexes: list[str]) -> None:
    engine = connect(address(await filled(file)))
    asked: Any = QUESTIONS[question] if isinstance(question, str) else statements(engine)[question]
    lists = {each.key: [""] for each in iterate(asked) if isinstance(each, BindParameter) and each.expanding}
    compiled = (asked.params(lists) if lists else asked).compile(engine, compile_kwargs={"render_postcompile": True})
    with closing(sqlite3.connect(file)) as connection:
        nothing = [1 if name == "most" or name.startswith("param_") else None for name in compiled.positiontup]
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}", nothing)]
    engine.dispose()
    scanned = {step for step in plan if step.startswith("SCAN")}
    assert scanned <= WALKS, plan
    for index in indexes:
        assert any(index in step for step in plan), plan


def test_every_question_has_its_plan() -> None:
    assert {question for question, _ in PLANS if isinstance(question, str)} == set(QUESTIONS) - WHOLE_TABLES


# --- what people are told


def a_text_file(file: Path) -> str:
    file.write_text("not a database, but long enough to look at, and then some more of it")
    return address(file)


def another_program(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE cookies (id)")
    return address(file)


def a_newer_version(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')"
        )
    return address(file)


def a_damaged_file(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE x (y)")
    content = bytearray(file.read_bytes())
    content[100:200] = b"\xff" * 100
    file.write_bytes(content)
    return address(file)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda file: address(file.parent / "none" / "x.db"), "none/x.db: cannot be opened: .*make its folder"),
        (lambda file: address(file.parent), "cannot be opened: .*[Ii]s a directory"),
        (lambda file: f"{address(file)}\0", "cannot be opened"),
        (a_text_file, "mailpath.db: it is not an SQLite database; move that file away"),
        (a_damaged_file, "mailpath.db: it is damaged"),
        (another_program, "mailpath.db: holds the tables of another program; change store.url"),
        (a_newer_version, r"mailpath.db: was written by a newer version of mailpath \(revision 9999"),
        (lambda _: "sqlite://", "a store in memory forgets everything"),
        (lambda _: "sqlite:///:memory:", "a store in memory forgets everything"),
        (lambda _: "mysql://me:secret@db/x", "store x on db: .*known: sqlite, postgresql$"),
        (lambda _: "mailpath.db", "'mailpath.db': is not the address of a store; expected sqlite:///"),
        (lambda file: f"{address(file)}?mode=ro", "takes no options; leave away what follows the question mark"),
    ],
)
async def test_a_store_that_cannot_be_opened_says_what_to_do(
    file: Path, monkeypatch: pytest.MonkeyPatch, make, told: str
) -> None:
    monkeypatch.chdir(file.parent)
    with pytest.raises(StoreError, match=told) as error:
        async with Store.open(make(file)):
            pass
    assert "\n" not in str(error.value)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a disk of its own needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_store_that_may_not_be_written_says_so(small_disk: Path) -> None:
    file = await filled(small_disk / "mailpath.db")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)  # noqa: ASYNC221
    with pytest.raises(
        StoreError, match=r"cannot be opened: .*Read-only file system.*; check the owner and the rights"
    ):
        async with Store.open(address(file)):
            pass


async def test_a_full_disk_is_told_and_survived(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400_000))
    async with Store.open(address(small_disk / "mailpath.db")) as store:
        await store.probes.launch(probe(id="p"), "", FIRST)
        with pytest.raises(StoreError, match="the disk is full; make room"):
            while True:
                await asyncio.gather(*(store.probes.add("p", FailedLook(T0, "x" * 20_000)) for _ in range(5)))
        before = await store.probes.record("p")
        ballast.unlink()
        assert await store.probes.add("p", ARRIVED)
        after = await store.probes.record("p")
    assert before
    assert after
    assert after.evidence == (*before.evidence, ARRIVED)


@pytest.mark.parametrize(
    "insertion",
    [
        """INSERT INTO evidence (probe_id, at, type, data) VALUES ('open', 1, 'odour', '{"type": "odour"}')""",
        "INSERT INTO verdicts (probe_id, at, outcome, grade, because) VALUES ('open', 1, 'smelly', 'real', '')",
    ],
)
async def test_what_only_a_newer_version_knows_is_told_in_one_line(file: Path, insertion: str) -> None:
    async with Store.open(address(await filled(file))) as store:
        with closing(sqlite3.connect(file)) as newer, newer:
            newer.execute(insertion)
        with pytest.raises(StoreError, match=r"^store /.*(odour|smelly).*Error\)$") as error:
            await store.probes.in_flight()
        assert "\n" not in str(error.value)


# --- beside other processes


def lock(file: Path) -> sqlite3.Connection:
    """Another process, in the middle of its writing."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


async def test_a_write_waits_for_another_process(file: Path) -> None:
    async with Store.open(address(await filled(file))) as store:
        other = lock(file)

        def let_go() -> None:
            other.rollback()
            other.close()

        Timer(0.2, let_go).start()
        began = time.monotonic()
        assert await store.probes.add("open", ARRIVED)
        assert time.monotonic() - began > 0.15


async def test_reading_waits_for_nobody(file: Path) -> None:
    async with Store.open(address(await filled(file))) as store:
        with closing(lock(file)):
            async with asyncio.timeout(2):
                assert [record.probe.id for record in await store.probes.in_flight()] == ["open"]


async def test_patience_has_an_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite.SQLITE.connect_args, "timeout", 0.1)
    async with Store.open(address(await filled(file))) as store:
        with closing(lock(file)):
            began = time.monotonic()
            told = await asyncio.gather(*(store.probes.add("open", LOOKED) for _ in range(50)), return_exceptions=True)
            assert time.monotonic() - began < 2, "they wait together, not one after the other"
        assert {str(error) for error in told} == {
            f"store {file}: another process keeps it locked; end that process, or try again (database is locked)"
        }
        assert await store.probes.add("open", ARRIVED)
        await store.probes.learn("open", (), INBOX, T0, closed=True, delivery=None)


async def test_a_reader_sees_one_moment(file: Path) -> None:
    """A record never shows a verdict without the evidence that was stored before it."""
    async with Store.open(address(file)) as store, Store.open(address(file)) as beside:
        for number in range(30):
            one = probe(id=f"r{number}")
            await store.probes.launch(one, "", FIRST)
            writing = asyncio.gather(
                store.probes.add(one.id, REFUSED), store.probes.learn(one.id, (), SPAM, T0, closed=False, delivery=None)
            )
            while (record := await beside.probes.record(one.id)) and record.verdict is None:
                assert record.evidence == (FIRST,)
            await writing
            assert record
            assert record.evidence == (FIRST, REFUSED)


def test_no_file_descriptor_is_left_open(file: Path) -> None:
    async def once() -> None:
        async with Store.open(address(file)) as store:
            await store.key()

    asyncio.run(once())
    before = os.listdir("/proc/self/fd")
    asyncio.run(once())
    assert len(os.listdir("/proc/self/fd")) == len(before)
