"""A store in SQLite as a whole in PostgreSQL: equal, interrupted and gone on with, and used by nobody before."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.store import Store, StoreError
from monitor.store.copying import copy_store
from monitor.store.lease import Process
from tests.support.incident_samples import entry, incident, notice
from tests.support.postgresql import PostgreSQL
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import ARRIVED, BLOCKED, FIRST, INBOX, T0, at, probe

PROBES = 40


class CutError(Exception):
    """What interrupts a copy."""


def unseen(_table: str, _there: int, _rows: int) -> None:
    """Nobody watches."""


async def _filled(url: str) -> None:
    async with Store.open(url) as store:
        for number in range(PROBES):
            one = probe(number, id=f"p{number:02}", recipient="Zoë \N{GRINNING FACE} o'hara@acme.example")
            await store.probes.launch(one, "maildir:x", FIRST)
            seen = INBOX if number % 2 else BLOCKED
            await store.probes.learn(one.id, (ARRIVED,), seen, at(number), closed=True, delivery=None)
        await store.incidents.advance(1, [incident()], [entry()], [notice()])
        await store.key()


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A store with something of everything, that nobody works on."""
    url = f"sqlite:///{tmp_path / 'mailpath.db'}"
    asyncio.run(_filled(url))
    return url


@pytest.fixture
def target(server: PostgreSQL) -> str:
    return server.database()


async def _known(url: str) -> tuple[object, ...]:
    async with Store.open(url) as store:
        return (
            await store.probes.current(),
            [await store.probes.record(f"p{number:02}") for number in range(PROBES)],
            await store.incidents.open(),
            await store.incidents.entries("i1"),
            await store.incidents.notices_of("i1"),
            await store.incidents.signals_seen(),
            await store.probes.last_signal(),
            await store.key(),
        )


def known(url: str) -> tuple[object, ...]:
    """What the service would know from it."""
    return asyncio.run(_known(url))


async def _next_signal(url: str) -> tuple[int, int]:
    async with Store.open(url) as store:
        before = await store.probes.last_signal()
        await store.probes.launch(probe(99, id="new"), "maildir:x", FIRST)
        await store.probes.learn("new", (), INBOX, at(99), closed=True, delivery=None)
        return before, await store.probes.last_signal()


def test_all_of_it_is_there_afterwards_and_goes_on(source: str, target: str) -> None:
    before = known(source)
    tables = copy_store(source, target, unseen)
    assert {each.name: each.rows for each in tables}["probes"] == PROBES
    assert known(target) == before
    last, following = asyncio.run(_next_signal(target))
    assert following > last, "numbers go on"


def test_an_interrupted_copy_goes_on_and_is_used_by_nobody(
    source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.copying.ROWS_AT_ONCE", 7)

    def cut(table: str, there: int, rows: int) -> None:
        if table == "evidence" and there >= 14:
            raise CutError

    with pytest.raises(StoreError, match="CutError"):
        copy_store(source, target, cut)
    with pytest.raises(StoreError, match="holds an unfinished copy; `mailpath migrate-store`"):
        known(target)
    begun: dict[str, int] = {}
    copy_store(source, target, lambda table, there, _: (begun.setdefault(table, there), None)[1])
    assert (begun["probes"], begun["evidence"]) == (PROBES, 14), "what was there is not copied again"
    assert known(target) == known(source)


def test_what_is_not_equal_is_not_called_done(source: str, target: str) -> None:
    def change(table: str, _there: int, _rows: int) -> None:
        if table == "history":
            StoreByHand(target).change("UPDATE probes SET recipient = 'eve@acme.example' WHERE id = 'p07'")

    with pytest.raises(StoreError, match="table probes is not equal"):
        copy_store(source, target, change)
    with pytest.raises(StoreError, match="unfinished copy"):
        known(target)


async def test_a_store_in_use_is_not_copied_and_not_written_over(tmp_path: Path, server: PostgreSQL) -> None:
    source = f"sqlite:///{tmp_path / 'mailpath.db'}"
    async with Store.open(source) as store:
        await store.lead(Process.this(), None, T0)
        with pytest.raises(StoreError, match="works on it; stop that first"):
            await asyncio.to_thread(copy_store, source, server.database(), unseen)
        await store.release_lease()
    async with Store.open(other := server.database()) as store:
        await store.key()
    with pytest.raises(StoreError, match="is not empty; name an empty database"):
        await asyncio.to_thread(copy_store, source, other, unseen)


def test_the_command_says_what_it_did_and_what_is_next(source: str, target: str) -> None:
    done = CliRunner().invoke(app, ["migrate-store", source, target])
    assert done.exit_code == 0, done.stderr
    assert "copied and compared:" in done.stdout
    assert f'store.url = "{target}"' in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sqlite:///none.db", "postgresql://mailpath@/d?host=/nowhere"), "none.db: there is none in SQLite"),
        (("sqlite:///a.db", "sqlite:///b.db"), "a store is copied from SQLite to PostgreSQL"),
        (("a.db", "postgresql://mailpath@/d"), "an address must be a file like"),
        (("sqlite:///a.db", "postgresql://mailpath:x@/d"), "must not contain a password"),
    ],
)
def test_what_cannot_be_copied_is_said(words: tuple[str, str], said: str) -> None:
    done = CliRunner().invoke(app, ["migrate-store", *words])
    assert done.exit_code == 2
    assert said in done.stderr
