"""A process that is killed at any moment leaves a whole store, with everything in it that was promised."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.store import Store
from tests.monitor.store.conftest import Child
from tests.support.store_samples import ARRIVED, COPY, FIRST, REFUSED, probe

LOAD = """
import asyncio, sys
from datetime import timedelta
from tests.support.store_samples import ARRIVED, FIRST, INBOX, LOOKED, REFUSED, T0, probe
from monitor.store import Store

def say(*words):
    sys.stdout.write(" ".join(words) + "\\n")
    sys.stdout.flush()

async def trips(store, worker):
    number = 0
    while True:
        one = probe(id=f"{worker}-{number}")
        await store.probes.launch(one, "box", FIRST)
        say("launched", one.id)
        await store.probes.add(one.id, REFUSED, LOOKED)
        await store.probes.add(one.id, ARRIVED)
        say("arrived", one.id)
        await store.probes.learn(one.id, (), INBOX, T0, closed=True, delivery=timedelta(seconds=1))
        say("judged", one.id)
        number += 1

async def main():
    async with Store.open(sys.argv[1]) as store:
        await asyncio.gather(*(trips(store, worker) for worker in range(50)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 1503])
async def test_what_was_promised_is_there_after_a_kill(child: Child, tmp_path: Path, lines: int) -> None:
    file = tmp_path / "mailpath.db"
    process = await child(LOAD, f"sqlite:///{file}")
    assert process.stdout
    said = [await process.stdout.readline() for _ in range(lines)]
    process.kill()
    rest, _ = await process.communicate()
    promised = [line.decode().split() for line in (*said, *rest.splitlines(keepends=True)) if line.endswith(b"\n")]
    assert len(promised) >= lines

    async with Store.open(f"sqlite:///{file}") as store:
        in_flight = {record.probe.id: record for record in await store.probes.in_flight()}
        for what, probe_id in promised:
            record = in_flight.get(probe_id) or await store.probes.record(probe_id)
            assert record, probe_id
            assert record.evidence[0] == FIRST
            assert what == "launched" or record.evidence[-1] == ARRIVED
            assert what != "judged" or (record.verdict and record.closed_at)
        for record in in_flight.values():
            assert record.evidence[0] == FIRST, "never a probe without its attempt"
            assert record.verdict is None, "never half a verdict"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


RACE = """
import asyncio, sys
from tests.support.store_samples import COPY
from monitor.store import Store

async def main():
    async with Store.open(sys.argv[1]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        told = await asyncio.gather(*(store.probes.add(f"race-{number}", COPY) for number in range(300)))
        print(*map(int, told))

asyncio.run(main())
"""


async def test_of_two_processes_one_was_first(child: Child, store: Store, url: str) -> None:
    await asyncio.gather(*(store.probes.launch(probe(id=f"race-{number}"), "", FIRST) for number in range(300)))
    process = await child(RACE, url)
    assert process.stdin
    assert process.stdout
    await process.stdout.readline()
    process.stdin.write(b"go\n")
    ours = []
    for number in reversed(range(300)):
        ours.append(await store.probes.add(f"race-{number}", ARRIVED))
        if len(ours) == 20:
            await process.stdin.drain()
    out, _ = await process.communicate()
    theirs = [told == b"1" for told in out.split()]
    assert [our != their for our, their in zip(reversed(ours), theirs, strict=True)] == [True] * 300
    for number, their in enumerate(theirs):
        record = await store.probes.record(f"race-{number}")
        assert record
        assert record.evidence == (FIRST, COPY if their else ARRIVED)


async def test_another_process_sees_what_was_written(store: Store, url: str) -> None:
    one = probe()
    async with Store.open(url) as beside:
        await store.probes.launch(one, "", FIRST)
        assert await beside.probes.add(one.id, REFUSED)
        record = await store.probes.record(one.id)
    assert record
    assert record.evidence == (FIRST, REFUSED)
