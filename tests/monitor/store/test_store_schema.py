"""The tables of every version become ours, and quickly."""

import shutil
import sqlite3
from argparse import Namespace
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor.incidents.incident import Scope
from monitor.people.person import AuditEntry
from monitor.store import ProbeFilter, Remembered, Store, StoreError, schema
from monitor.store.database import connect
from monitor.store.people_tables import people
from probes.sender import Role
from probes.verdict import Outcome
from tests.monitor.store.conftest import Child
from tests.support.incident_samples import entry, incident, mute, notice
from tests.support.store_samples import BLOCKED, FIRST, REFUSED, SPAM, T0, probe

NEXT_REVISION = f"""
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{schema.HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("current_verdicts") as present:
        present.add_column(sa.Column("note", sa.Text))
        present.alter_column("because", nullable=True)
"""


@pytest.fixture(autouse=True)
def stores_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the migrations, each of them."""
    monkeypatch.setattr("monitor.store.store.prepare", schema.prepare)


async def test_revisions_lead_to_the_tables_of_the_code(store: Store, url: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, people.metadata) == []
    engine.dispose()


def test_a_developer_runs_alembic_by_hand(tmp_path: Path) -> None:
    config = Config(cmd_opts=Namespace(x=[f"url=sqlite:///{tmp_path / 'scratch.db'}"]))
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    command.upgrade(config, "head")
    command.check(config)  # raises if autogenerate finds something to do


def test_the_newest_revision_is_the_one_that_is_expected() -> None:
    assert ScriptDirectory(schema.MIGRATIONS).get_heads() == [schema.HEAD]


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    file = tmp_path / "mailpath.db"
    file.touch(0o600)
    async with Store.open(f"sqlite:///{file}") as store:
        assert await store.probes.in_flight() == []


async def test_an_older_store_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mailpath.db"
    one = probe()
    async with Store.open(f"sqlite:///{file}") as store:
        await store.probes.launch(one, "", FIRST)
        await store.probes.add(one.id, REFUSED)
        before = await store.probes.record(one.id)
    newer = tmp_path / "100% newer"
    shutil.copytree(schema.MIGRATIONS, newer)
    (newer / "versions" / "next.py").write_text(NEXT_REVISION)
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    monkeypatch.setattr(schema, "HEAD", "next")
    async with Store.open(f"sqlite:///{file}") as store:
        assert await store.probes.record(one.id) == before
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("next",)]
        assert "note" in [row[1] for row in connection.execute("PRAGMA table_info(current_verdicts)")]


RENAMED = {"present": "current_verdicts", "deeds": "audit_log", "remembered": "idempotency_keys"}


def as_of(revision: str, folder: Path) -> Path:
    """The migrations as they were when that revision was the newest."""
    shutil.copytree(schema.MIGRATIONS, folder)
    for file in (folder / "versions").glob("r[0-9]*.py"):
        if file.name[1:5] > revision:
            file.unlink()
    return folder


async def older(store: Path, revision: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same store, as it was when that revision was the newest: with what its tables had then."""
    file = store.with_name(f"as of {revision}.db")
    with monkeypatch.context() as before:
        before.setattr(schema, "MIGRATIONS", as_of(revision, store.with_name(revision)))
        before.setattr(schema, "HEAD", revision)
        async with Store.open(f"sqlite:///{file}"):
            pass
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("ATTACH ? AS now", (str(store),))
        for (table,) in connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
            if table not in ("alembic_version", "sqlite_sequence"):
                columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
                now = RENAMED.get(table, table)
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{now}")
    return file


@pytest.mark.parametrize("closed_at", [None, T0 + timedelta(hours=1)])  # it may reopen
async def test_incidents_of_a_mail_system_keep_their_scope_when_its_alias_becomes_a_key(
    closed_at: datetime | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As commit d1b6ab1 stored them, for which "office365" was a mail system of its own."""
    facts: dict[str, Any] = {
        "scope": Scope.MAIL_SYSTEM,
        "company": "",
        "companies": ("acme", "bolt"),
        "closed_at": closed_at,
    }
    wide = incident("w", subject="@office365", mail_system="office365", **facts)
    single = incident("s", subject="acme", company="acme", mail_system="o365")
    other = incident("o", subject="@mimecast", mail_system="mimecast")
    before = [wide, single, other]
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await store.incidents.advance(1, before, [entry(each.id) for each in before], [])
    file = await older(tmp_path / "mailpath.db", "0009", monkeypatch)
    async with Store.open(f"sqlite:///{file}") as store:
        found = [found for each in before for found in await store.incidents.find(each.id)]
    assert found == [
        replace(wide, subject="@m365", mail_system="m365"),
        replace(single, mail_system="m365"),
        other,
    ]


async def test_a_store_from_before_there_were_incidents_keeps_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await store.key()
        for number in range(5):
            await store.probes.launch(probe(number, id=f"p{number}"), "box", FIRST)
            await store.probes.learn(f"p{number}", [REFUSED], SPAM, T0, closed=number < 4, delivery=None)
        await store.probes.learn("p1", (), BLOCKED, T0, closed=True, delivery=None)
        kept = await everything(store)
    async with Store.open(f"sqlite:///{await older(tmp_path / 'mailpath.db', '0001', monkeypatch)}") as store:
        assert await everything(store) == kept
        signals = await store.probes.signals(0)
        assert [(each.number, each.probe_id, each.amends) for each in signals[3:]] == [
            (4, "p3", False),
            (5, "p4", False),
            (6, "p1", True),
        ]
        assert await store.incidents.signals_seen() is None
        assert await store.incidents.open() == []
        assert await store.incidents.mutes() == []
        await store.probes.learn("p4", (), BLOCKED, T0, closed=True, delivery=None)
        assert await store.probes.last_signal() == 7
        assert await store.prune(T0 + timedelta(hours=1)) == 5, "verdicts go with their probes, as before"
        assert await store.probes.last_signal() == 0


async def test_a_store_from_before_there_were_people_knows_the_outcomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        for number in range(5):
            await store.probes.launch(probe(number, id=f"p{number}"), "box", FIRST)
        for name, verdict in (("p1", SPAM), ("p2", BLOCKED), ("p3", SPAM), ("p2", SPAM), ("p3", BLOCKED)):
            await store.probes.learn(name, [REFUSED], verdict, T0, closed=name != "p1", delivery=None)
        await store.incidents.advance(5, [incident()], [entry()], [notice(1)])
        await store.incidents.add_mute(mute())
        kept = (
            await everything(store),
            await store.incidents.open(),
            await store.incidents.waiting(T0, 5),
            await store.incidents.mutes(),
        )
    file = await older(tmp_path / "mailpath.db", "0002", monkeypatch)
    async with Store.open(f"sqlite:///{file}") as store:
        assert kept == (
            *(await everything(store), await store.incidents.open()),
            *(await store.incidents.waiting(T0, 5), await store.incidents.mutes()),
        )
        for outcome, found in ((Outcome.SPAM, ["p2", "p1"]), (Outcome.BLOCKED, ["p3"]), (None, ["p4"])):
            page = await store.probes.page(ProbeFilter(None, outcome=outcome), None, len(found))
            assert [row.probe_id for row in page.probes] == found
        assert await store.people.all() == []
        assert await store.people.tokens() == []
        assert await store.people.audit_log(None, 5) == []
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.IntegrityError, match="in flight"):
        connection.execute("DELETE FROM probes WHERE id = 'p4'")  # what guarded the tables guards them still


async def test_a_store_from_before_there_were_signals_knows_why_probes_were_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"a" * 16: Role.SENDER, "b" * 16: Role.SENDER, "c" * 16: Role.CONTROL, "d" * 16: Role.NEIGHBOUR}
    said = f"acme/hq verification as sender, probe {'b' * 16}"
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        for number, (name, role) in enumerate(names.items()):
            await store.probes.launch(probe(number, id=name, role=role), "box", FIRST)
            await store.probes.learn(name, [], SPAM, T0, closed=name[0] == "d", delivery=None)
        await store.people.note(AuditEntry(T0, "ann", "session", "probe", said, "acme", "hq"))
        await store.requests.remember(Remembered("ann", "key", "print", 201, "{}", T0))
        await store.incidents.advance(4, (), (), ())
        kept = await store.probes.current(), await store.probes.signals(0), await store.people.audit_log(None, 9)
    file = await older(tmp_path / "mailpath.db", "0007", monkeypatch)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE facts SET name = 'rules_saw' WHERE name = 'signals_seen'")
    async with Store.open(f"sqlite:///{file}") as store:
        assert (
            await store.probes.current(),
            await store.probes.signals(0),
            await store.people.audit_log(None, 9),
        ) == kept
        assert (await store.incidents.signals_seen(), await store.probes.last_signal()) == (4, 4)
        assert await store.requests.remembered("ann", "key")
        purposes = [record.probe.purpose for name in names if (record := await store.probes.record(name))]
        assert purposes == ["scheduled", "manual", "control", "control"]
        assert await store.prune(T0 + timedelta(hours=1)) == 1, "signals go with their verdicts"
        await store.probes.learn("a" * 16, (), BLOCKED, T0, closed=True, delivery=None)
        assert [(each.number, each.amends) for each in await store.probes.signals(4)] == [(5, True)]


async def everything(store: Store) -> list[object]:
    records = [await store.probes.record(f"p{number}") for number in range(5)]
    return [await store.key(), await store.probes.current(), await store.probes.recent("acme", "hq"), *records]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mailpath.db"
    async with Store.open(f"sqlite:///{file}") as store:
        key = await store.key()
    broken = tmp_path / "broken"
    shutil.copytree(schema.MIGRATIONS, broken)
    (broken / "versions" / "next.py").write_text(f"{NEXT_REVISION}    op.execute('NONSENSE')\n")
    with monkeypatch.context() as newer:
        newer.setattr(schema, "MIGRATIONS", broken)
        newer.setattr(schema, "HEAD", "next")
        with pytest.raises(StoreError, match="NONSENSE"):
            async with Store.open(f"sqlite:///{file}"):
                pass
    async with Store.open(f"sqlite:///{file}") as store:
        assert await store.key() == key
    with closing(sqlite3.connect(file)) as connection:
        assert "note" not in [row[1] for row in connection.execute("PRAGMA table_info(current_verdicts)")]


OPEN = """
import asyncio, sys
from monitor.store import Store

async def main():
    async with Store.open(sys.argv[1]) as store:
        print((await store.key()).hex(), "alembic" in sys.modules)

asyncio.run(main())
"""

OPEN_AT_ONCE = """
import asyncio, os, sys
import alembic.command
from monitor.store import Store

async def main():
    async with Store.open(sys.argv[1]) as store:
        os.write(1, (await store.key()).hex().encode() + b" ")  # in one piece, whatever the others write

for _ in range(4):
    if os.fork() == 0:
        sys.stdin.read()  # until all of them are let go by its end
        asyncio.run(main())
        os._exit(0)
os.close(0)
codes = [os.wait()[1] for _ in range(4)]
sys.exit(any(codes))
"""


async def test_processes_that_open_a_new_store_at_once_make_one(child: Child, url: str) -> None:
    process = await child(OPEN_AT_ONCE, url)
    keys, _ = await process.communicate(b"")
    assert process.returncode == 0
    assert len(keys.split()) == 4
    assert len(set(keys.split())) == 1


async def test_alembic_is_loaded_only_when_there_is_something_to_migrate(child: Child, store: Store, url: str) -> None:
    out, _ = await (await child(OPEN, url)).communicate()
    assert out.split() == [(await store.key()).hex().encode(), b"False"]
