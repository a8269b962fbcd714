"""PostgreSQL refuses what SQLite refuses, and its errors say what to do."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from monitor.store import Store, StoreDownError, StoreError
from monitor.store.checkup import check_up
from monitor.store.postgresql import UNREACHABLE
from monitor.store.postgresql_guards import GUARDS
from monitor.store.schema import HEAD
from monitor.store.sqlite import GUARDS as OF_SQLITE
from tests.support.postgresql import PostgreSQL
from tests.support.store_by_hand import StoreByHand

SAID = re.compile(r"RAISE\(ABORT, '([^']+)'\)|refuse\('([^']+)'\)|RAISE EXCEPTION '([^']+)'")
OLDER_WORDS = {  # of triggers that later revisions replaced
    "evidence is deleted only with its probe",
    "nothing of the audit log is ever deleted",
    "what a notice says is never changed",
}


def refusals(guards: object) -> set[str]:
    """What these triggers say."""
    return {next(filter(None, found)) for found in SAID.findall(str(guards).replace("\\'", "'"))}


def test_both_databases_refuse_the_same() -> None:
    of_sqlite = refusals([*OF_SQLITE.values()]) - OLDER_WORDS
    assert refusals([*GUARDS.values()]) == of_sqlite
    assert len(of_sqlite) > 20


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://{user}@/nothing?host={folder}", UNREACHABLE + r' \(.*database "nothing" does not exist'),
        ("postgresql://nobody@/postgres?host={folder}", UNREACHABLE + r' \(.*role "nobody" does not exist'),
        ("postgresql://{user}@/postgres?host={folder}/none", UNREACHABLE),
        ("postgresql://{user}@127.0.0.1:1/postgres", f"store postgres on 127.0.0.1:1: {UNREACHABLE}"),
    ],
)
async def test_what_cannot_be_opened_says_what_to_do(server: PostgreSQL, address: str, said: str) -> None:
    url = address.format(user=server.user, folder=server.folder)
    with pytest.raises(StoreDownError, match=said) as error:
        async with Store.open(url):
            pass
    assert "\n" not in str(error.value)


async def test_the_tables_of_another_program_are_left_alone(server: PostgreSQL) -> None:
    url = server.database()
    StoreByHand(url).change("CREATE TABLE theirs (a int)")
    with pytest.raises(StoreError, match="holds the tables of another program"):
        async with Store.open(url):
            pass


async def test_a_user_without_rights_is_told_so(server: PostgreSQL) -> None:
    url = server.database()
    server.sql("postgres", "CREATE ROLE guest LOGIN")
    with pytest.raises(StoreDownError, match="this user may not do that there; make it the owner of the database"):
        async with Store.open(url.replace(f"//{server.user}@", "//guest@")):
            pass


async def test_several_processes_may_make_the_tables_at_once(server: PostgreSQL) -> None:
    url = server.database()

    async def opened() -> bytes:
        async with Store.open(url) as store:
            return await store.key()

    assert len({*(await asyncio.gather(*(opened() for _ in range(4))))}) == 1
    assert StoreByHand(url).ask("SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_the_doctor_sees_its_size(server: PostgreSQL) -> None:
    async with Store.open(url := server.database()):
        pass
    found = check_up(url, 5)
    assert (found.damage, found.current, found.lease) == ("", True, None)
    assert found.size > 1_000_000


@pytest.mark.parametrize("name", ["PGPASSFILE", "passfile"])
async def test_the_password_comes_from_a_file(server: PostgreSQL, tmp_path: Path, name: str) -> None:
    """The server of the tests asks for none: what is tested is that libpq gets the file."""
    url, file = server.database(), tmp_path / "pgpass"
    file.write_text("*:*:*:*:secret\n")
    file.chmod(0o600)
    if name == "PGPASSFILE":
        os.environ[name] = str(file)
    try:
        async with Store.open(url if name == "PGPASSFILE" else f"{url}&passfile={file}") as store:
            assert "secret" not in store.place
    finally:
        os.environ.pop("PGPASSFILE", None)
