"""What is said of the machine, the store and DNS: each by the real thing, whole and broken."""

import os
import sqlite3
from collections import UserDict
from pathlib import Path

import pytest

from monitor.clock import utc_now
from monitor.doctor import machine, names, the_store
from monitor.doctor.observation import Examine, Observation
from monitor.store import Store
from monitor.store.lease import Process
from probes.standing.fact import State
from tests.monitor.doctor.conftest import House
from tests.support.nameserver import Records, name_server

STORE = '[store]\nurl = "sqlite:///mailpath.db"\n'


async def found(house: House, examine: Examine, text: str = STORE) -> list[Observation]:
    async with house(text) as premises:
        return [finding async for finding in examine(premises)]


async def one(house: House, examine: Examine, text: str = STORE) -> Observation:
    (finding,) = await found(house, examine, text)
    return finding


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A store that this release made."""
    file = tmp_path / "mailpath.db"
    async with Store.open(f"sqlite:///{file}"):
        return file


@pytest.mark.parametrize(
    ("text", "database"),
    [(STORE, "SQLite "), ('[store]\nurl = "postgresql://mailpath@db.example/mailpath"\n', "psycopg ")],
)
async def test_the_versions_name_what_the_store_uses(house: House, text: str, database: str) -> None:
    assert f", {database}" in (await one(house, machine.versions, text)).seen


async def test_the_clock_is_good_weak_or_unknown_and_never_bad(house: House) -> None:
    assert (await one(house, machine.clock)).state in (State.GOOD, State.WEAK, State.UNKNOWN)


async def test_a_secret_that_others_can_read_is_bad(house: House, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    text = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "relay", host = "relay.example", user = "u", password = { file = "password" } }
mailbox = { via = "maildir", path = "mail" }
"""
    (tmp_path / "password").chmod(0o600)
    assert [each.state for each in await found(house, machine.files, text)] == [State.GOOD]
    (tmp_path / "password").chmod(0o644)
    (finding,) = await found(house, machine.files, text)
    assert finding.state is State.BAD
    assert "chmod o-rwx,g-w" in finding.seen


async def test_a_folder_that_is_not_there_is_bad(house: House) -> None:
    finding = await one(house, machine.disk, '[store]\nurl = "sqlite:///gone/mailpath.db"\n')
    assert (finding.state, finding.advice) == (State.BAD, "make the folder, or change store.url")


async def test_a_store_that_is_not_there_is_not_made(house: House, tmp_path: Path) -> None:
    assert (await one(house, the_store.store)).state is State.NONE
    assert not (tmp_path / "mailpath.db").exists()


async def test_a_whole_store_and_nobody_at_work(house: House, file: Path) -> None:
    whole, service = await found(house, the_store.store)
    assert (whole.subject, whole.state) == (str(file), State.GOOD)
    assert (service.state, service.advice) == (
        State.WEAK,
        "start `mailpath serve`, or look at its log if it should run",
    )


async def test_the_process_that_leads_is_named(house: House, file: Path) -> None:
    async with Store.open(f"sqlite:///{file}") as store:
        assert await store.lead(Process.this(), None, utc_now())
        _, service = await found(house, the_store.store)
    assert service.state is State.GOOD
    assert f"process {os.getpid()} on " in service.seen


async def test_a_damaged_store_is_bad(house: House, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with file.open("r+b") as data:
        for page in range(4, pages - 4):
            data.seek(page * 4096)
            data.write(os.urandom(4096))
    finding, *_ = await found(house, the_store.store)
    assert finding.state is State.BAD


async def test_a_store_of_an_older_release_is_whole_and_not_touched(house: House, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0015'")
    whole, _ = await found(house, the_store.store)
    assert whole.state is State.WEAK
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0015",)


async def test_too_little_time_for_the_integrity_is_said(
    house: House, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(the_store, "INTEGRITY_SECONDS", -1.0)
    monkeypatch.setattr("monitor.store.sqlite.STEPS", 1)
    whole, _ = await found(house, the_store.store)
    assert whole.state is State.UNKNOWN


HONEST: Records = {("com", "NS"): ["ns.trimble.com."]}


class Inventing(UserDict[tuple[str, str], list[str]]):
    """A zone in which every name has an address."""

    def __missing__(self, asked: tuple[str, str]) -> list[str]:
        if asked[1] == "A":
            return ["192.0.2.80"]
        raise KeyError(asked)

    def __contains__(self, asked: object) -> bool:
        return super().__contains__(asked) or (isinstance(asked, tuple) and asked[1] == "A")


@pytest.mark.parametrize(
    ("zone", "state", "said"),
    [
        (HONEST, State.GOOD, "invents nothing"),
        ({("example", "NS"): ["ns.example."]}, State.BAD, 'no top-level domain "com"'),
        ({("com", "NS"): "SERVFAIL"}, State.BAD, "SERVFAIL"),
        (Inventing({("com", "NS"): ["ns.trimble.com."]}), State.BAD, "it invents answers"),
    ],
)
async def test_the_resolver(house: House, zone: Records, state: State, said: str) -> None:
    async with name_server(zone) as dns:
        finding = await one(house, names.resolver, f'[dns]\nnameservers = ["{dns.where}"]')
    assert finding.state is state
    assert said in finding.seen


@pytest.mark.parametrize("server", ["8.8.8.8", "1.1.1.1:53", "[2606:4700:4700::1111]:53"])
async def test_a_public_resolver_is_named(house: House, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(f'[dns]\nnameservers = ["{server}"]') as premises:
        finding = await anext(names.resolver(premises))
    assert finding.state is State.WEAK
    assert "blocklists refuse" in finding.seen


async def test_lists_that_cannot_be_asked_from_here_accuse_nobody(house: House) -> None:
    async with name_server(HONEST) as dns:
        finding = await one(house, names.blocklists, f'[dns]\nnameservers = ["{dns.where}"]')
    assert finding.state is not State.BAD
    assert "answer" in finding.seen
