"""Several processes write to one store in PostgreSQL at the same time, and whoever follows it misses nothing."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import pytest
from sqlalchemy import Connection, text

from monitor.people.person import AuditAction, AuditEntry
from monitor.store import Store
from monitor.store.database import connect, writing
from monitor.store.postgresql_guards import signal_place
from tests.monitor.store.conftest import Child
from tests.support.postgresql import PostgreSQL
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import BLOCKED, FIRST, INBOX, SPAM, T0, at, probe

WRITERS, VERDICTS = 4, 7_500

WRITER = """
import asyncio, sys
from tests.support.store_samples import FIRST, INBOX, T0, probe
from monitor.store import Store

URL, NAME, VERDICTS = sys.argv[1], sys.argv[2], int(sys.argv[3])

async def judge(store, number):
    name = f"{NAME}-{number}"
    await store.probes.launch(probe(id=name, path=f"{NAME}{number % 50}"), "", FIRST)
    await store.probes.learn(name, (), INBOX, T0, closed=True, delivery=None)

async def some(store, first):
    for number in range(first, VERDICTS, 20):
        await judge(store, number)

async def main():
    async with Store.open(URL) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(some(store, first) for first in range(20)))

asyncio.run(main())
"""


@pytest.fixture
def url(server: PostgreSQL) -> str:
    """The address of an empty store."""
    return server.empty_store()


@pytest.fixture
async def stores(url: str) -> AsyncIterator[list[Store]]:
    """The same store, in the hands of several."""
    async with AsyncExitStack() as all_of_them:
        yield [await all_of_them.enter_async_context(Store.open(url)) for _ in range(WRITERS)]


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """Somebody's own, that writes."""
    engine = connect(url)
    with writing(engine) as connection:
        yield connection
    engine.dispose()


async def judged(store: Store, name: str, path: str = "hq") -> None:
    await store.probes.launch(probe(id=name, path=path), "", FIRST)
    await store.probes.learn(name, (), INBOX, T0, closed=True, delivery=None)


async def test_of_thirty_thousand_verdicts_by_four_processes_a_follower_misses_none(
    child: Child, store: Store, url: str
) -> None:
    """Whoever asks simply for what has a greater number than the last one that he saw does miss some."""
    processes = [await child(WRITER, url, f"w{number}", str(VERDICTS)) for number in range(WRITERS)]
    for process in processes:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write(b"go\n")
    ended = asyncio.gather(*(process.wait() for process in processes))
    by_hand, last, numbers, simply, last_simply = StoreByHand(url), 0, list[int](), 0, 0
    done = False
    while not done:
        done = ended.done()
        while found := [each.number for each in await store.probes.signals(last)]:
            numbers += found
            last = found[-1]
        rows = by_hand.ask(f"SELECT id FROM signals WHERE id > {last_simply} ORDER BY id")
        if rows:
            simply, last_simply = simply + len(rows), rows[-1][0]
    assert await ended == [0] * WRITERS
    assert len(numbers) == WRITERS * VERDICTS
    assert numbers == sorted({*numbers}), "in order, each once"
    assert simply < WRITERS * VERDICTS, "the test would notice"


async def test_a_verdict_waits_for_an_older_transaction_that_may_still_store_one(store: Store, url: str) -> None:
    with transaction(url) as older:
        assert older.scalar(text("SELECT pg_current_xact_id()")) is not None
        await judged(store, "a")
        assert (await store.probes.signals(0), await store.probes.last_signal()) == ([], 0)
    assert [each.probe_id for each in await store.probes.signals(0)] == ["a"]
    assert await store.probes.last_signal() == (await store.probes.signals(0))[0].number


async def test_writers_do_not_wait_for_each_other_but_on_one_path(store: Store, url: str) -> None:
    await judged(store, "a", "hq")
    with transaction(url) as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('acme/hq', 0))"))
        await asyncio.wait_for(judged(store, "b", "lab"), 5)
        waiting = asyncio.create_task(store.probes.learn("a", (), SPAM, at(1), closed=True, delivery=None))
        assert not (await asyncio.wait([waiting], timeout=0.3))[0]
    await asyncio.wait_for(waiting, 5)


async def test_verdicts_on_one_probe_are_counted_and_numbered_in_one_order(stores: list[Store], url: str) -> None:
    names = [f"p{number}" for number in range(20)]
    for name in names:
        await judged(stores[0], name)

    async def amend(store: Store) -> None:
        for verdict in (SPAM, BLOCKED, INBOX, SPAM):
            await asyncio.gather(
                *(store.probes.learn(name, (), verdict, at(9), closed=True, delivery=None) for name in names)
            )

    await asyncio.gather(*map(amend, stores))
    by_hand = StoreByHand(url)
    [(count,)] = by_hand.ask("SELECT sum(count) FROM hourly_results")
    assert (count, by_hand.ask("SELECT * FROM hourly_results WHERE count < 0")) == (len(names), [])
    by_number = by_hand.ask("SELECT verdict FROM signals ORDER BY id")
    of_each = by_hand.ask("SELECT probe_id, id FROM verdicts ORDER BY probe_id, id")
    probe_of = {verdict: name for name, verdict in of_each}
    assert sorted(probe_of[verdict] for (verdict,) in by_number) == [name for name, _ in of_each]
    seen = [(probe_of[verdict], verdict) for (verdict,) in by_number]
    assert sorted(seen, key=lambda each: each[0]) == of_each, "the last signal of a probe is of its last verdict"


async def test_a_limit_holds_for_all_together(stores: list[Store]) -> None:
    entry = AuditEntry(T0, "eve", "session", AuditAction.SIGN_IN_REFUSED, "eve")

    async def refused(store: Store) -> int:
        return sum([await store.people.note_within(entry, 10, at(-60)) for _ in range(10)])

    assert sum(await asyncio.gather(*map(refused, stores))) == 10


async def test_a_store_that_was_moved_to_another_server_goes_on_with_its_numbers(url: str) -> None:
    """Its transactions begin anew there."""
    by_hand = StoreByHand(url)
    by_hand.change(signal_place(after=10**9))
    async with Store.open(url) as store:
        await judged(store, "a")
        last = await store.probes.last_signal()
    by_hand.change(signal_place())
    async with Store.open(url) as store:
        await judged(store, "b")
        assert [each.probe_id for each in await store.probes.signals(last)] == ["b"]
        last = await store.probes.last_signal()
        await store.incidents.advance(last, (), (), ())
    by_hand.change("UPDATE probes SET closed_at = created_at")
    async with Store.open(url) as store:
        assert await store.prune(at(10**6)) == 2, "nothing is left but how far the rules were"
    by_hand.change(signal_place())
    async with Store.open(url) as store:
        await judged(store, "c")
        assert [each.probe_id for each in await store.probes.signals(last)] == ["c"]
