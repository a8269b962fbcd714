"""The rules are killed, or another process looks on: how far they are and what came of it never disagree."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.notices.notice import NoticeKind
from monitor.store import Store
from tests.monitor.store.conftest import Child
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import entry, incident, mute, notice
from tests.support.store_samples import T0, at

STORM = """
import asyncio, sys
from tests.support.incident_samples import entry, incident, notice
from tests.support.store_samples import FIRST, T0, probe
from monitor.store import Store

SIZE = int(sys.argv[2])

async def rules(store):
    step = 0
    while True:
        step += 1
        names = [f"s{step}-{number}" for number in range(SIZE)]
        changed = [incident("lasting", relapses=step), *map(incident, names)]
        entries, notices = [entry(each.id) for each in changed], [notice(1, name) for name in names]
        await store.incidents.advance(step, changed, entries, notices)
        print(step, flush=True)

async def probing(store):
    number = 0
    while True:
        number += 1
        await store.probes.launch(probe(id=f"p{number}"), "", FIRST)

async def main():
    async with Store.open(sys.argv[1]) as store:
        await asyncio.gather(rules(store), probing(store))

asyncio.run(main())
"""


@pytest.mark.parametrize(("size", "steps"), [(1, 200), (300, 3)])
async def test_a_kill_leaves_steps_whole(child: Child, tmp_path: Path, size: int, steps: int) -> None:
    file = tmp_path / "mailpath.db"
    process = await child(STORM, f"sqlite:///{file}", str(size))
    assert process.stdout
    said = [await process.stdout.readline() for _ in range(steps)]
    process.kill()
    rest, _ = await process.communicate()
    promised = int([line for line in (*said, *rest.splitlines(keepends=True)) if line.endswith(b"\n")][-1])

    async with Store.open(f"sqlite:///{file}") as store:
        saw = await store.incidents.signals_seen()
        assert saw
        assert saw in (promised, promised + 1), "what was promised, or one step that was not told any more"
        assert await store.incidents.find("lasting") == [incident("lasting", relapses=saw)]
        assert len(await store.incidents.entries("lasting")) == saw
        names = {f"s{step}-{number}" for step in range(1, saw + 1) for number in range(size)}
        assert {each.id for each in await store.incidents.open()} == {"lasting", *names}
        assert {record.notice.incident for record in await store.incidents.waiting(T0, 10**6)} == names
        assert await store.incidents.entries(f"s{saw}-{size - 1}") == [entry(f"s{saw}-{size - 1}")]
        assert await store.incidents.entries(f"s{saw + 1}-0") == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_another_process_sees_what_came_of_the_verdicts(store: Store, url: str) -> None:
    async with Store.open(url) as beside:
        await store.incidents.advance(4, [incident()], [entry()], [notice(1), notice(2, news=NoticeKind.RESOLVED)])
        assert await beside.incidents.signals_seen() == 4
        assert await beside.incidents.open() == [incident()]
        await mark_delivered(beside, "i1/ops/1", at(1))
        assert [record.notice.number for record in await store.incidents.waiting(at(2), 9)] == [2]
        assert await store.incidents.lasting("ops") == [notice(1)]
        await beside.incidents.add_mute(mute())
        assert await store.incidents.mutes(active_at=at(1)) == [mute()]
        assert await store.incidents.end_mute("m1", at(2), "me")
        assert not await beside.incidents.end_mute("m1", at(3), "somebody else")


ENDS = """
import asyncio, sys
from tests.support.store_samples import at
from monitor.store import Store

async def main():
    async with Store.open(sys.argv[1]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        print(*[int(await store.incidents.end_mute(f"m{number}", at(2), "theirs")) for number in range(100)])

asyncio.run(main())
"""


async def test_of_two_that_end_a_mute_one_was_first(child: Child, store: Store, url: str) -> None:
    await asyncio.gather(*(store.incidents.add_mute(mute(f"m{number}")) for number in range(100)))
    process = await child(ENDS, url)
    assert process.stdin
    assert process.stdout
    await process.stdout.readline()
    process.stdin.write(b"go\n")
    ours = [await store.incidents.end_mute(f"m{number}", at(1), "ours") for number in reversed(range(100))]
    out, _ = await process.communicate()
    theirs = [told == b"1" for told in out.split()]
    assert [our != their for our, their in zip(reversed(ours), theirs, strict=True)] == [True] * 100
    ended_by = {each.id: each.ended_by for each in await store.incidents.mutes()}
    assert [ended_by[f"m{number}"] == "theirs" for number in range(100)] == theirs
