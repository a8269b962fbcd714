"""The one writer: who comes while a transaction runs shares the next one."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, event

from monitor.store import NoSuchProbeError, Store, StoreError
from monitor.store.database import connect
from monitor.store.packing import Packer
from monitor.store.statements import SqlStatement
from monitor.store.writer import MAX_WRITES_PER_TRANSACTION, Writer
from monitor.store.writes import Transactions, Write
from tests.support.store_samples import FIRST, probe


def note(number: int) -> Write:
    return Write(((SqlStatement.KEEP, {"name": f"n{number}", "value": str(number)}),))


class Slow:
    """Commits when told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.begun = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def __call__(self, writes: Sequence[Write]) -> list[int | StoreError]:
        numbers = [int(write.rows[0][1]["value"]) for write in writes]
        self.batches.append(numbers)
        self.loop.call_soon_threadsafe(self.begun.set)
        self.go.wait(5)
        return [StoreError("seven") if number == 7 else number for number in numbers]


async def test_what_comes_in_the_meantime_is_committed_together_and_in_order() -> None:
    writer = Writer(slow := Slow())
    first = asyncio.create_task(writer.write(note(0)))
    await slow.begun.wait()
    others = [asyncio.create_task(writer.write(note(number))) for number in range(1, 11)]
    await asyncio.sleep(0)
    assert not first.done()
    slow.go.set()
    told = await asyncio.gather(first, *others, return_exceptions=True)
    assert slow.batches == [[0], list(range(1, 11))]
    assert [result if isinstance(result, int) else str(result) for result in told] == [*range(7), "seven", 8, 9, 10]
    await writer.close()


async def test_where_many_write_it_waits_a_moment_for_more() -> None:
    writer = Writer(slow := Slow(), gathering=0.5)
    many = [asyncio.create_task(writer.write(note(number))) for number in range(10, 16)]
    await slow.begun.wait()
    slow.go.set()
    await asyncio.gather(*many)
    one = asyncio.create_task(writer.write(note(20)))
    await asyncio.sleep(0.05)
    await asyncio.gather(one, writer.write(note(21)))
    assert slow.batches[-1] == [20, 21]
    await writer.close()


async def test_a_lone_caller_waits_for_nobody() -> None:
    writer = Writer(slow := Slow(), gathering=30.0)
    slow.go.set()
    async with asyncio.timeout(5):
        for number in range(10, 15):
            await writer.write(note(number))
    assert slow.batches == [[number] for number in range(10, 15)]
    await writer.close()


async def test_a_transaction_has_a_limit() -> None:
    writer = Writer(slow := Slow())
    writing = [
        asyncio.create_task(writer.write(note(number)))
        for number in range(100, 100 + 2 * MAX_WRITES_PER_TRANSACTION + 10)
    ]
    await slow.begun.wait()
    slow.go.set()
    await asyncio.gather(*writing)
    assert max(map(len, slow.batches)) == MAX_WRITES_PER_TRANSACTION
    assert [number for batch in slow.batches for number in batch] == list(
        range(100, 100 + 2 * MAX_WRITES_PER_TRANSACTION + 10)
    )
    await writer.close()


async def test_closing_commits_what_waits_and_takes_no_more() -> None:
    writer = Writer(slow := Slow())
    writing = [asyncio.create_task(writer.write(note(number))) for number in range(5)]
    await slow.begun.wait()
    closing = asyncio.create_task(writer.close())
    await asyncio.sleep(0)
    assert not closing.done()
    with pytest.raises(StoreError, match="closed"):
        await writer.write(note(9))
    slow.go.set()
    await closing
    assert await asyncio.gather(*writing) == [0, 1, 2, 3, 4]
    await writer.close()


def test_a_loop_that_ends_first_does_no_harm() -> None:
    slow: list[Slow] = []

    async def main() -> None:
        slow.append(Slow())
        writer = Writer(slow[0])
        writing = asyncio.create_task(writer.write(note(1)))
        await slow[0].begun.wait()
        writing.cancel()
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0)
        closing.cancel()

    asyncio.run(main())
    [thread] = [thread for thread in threading.enumerate() if thread.name == "store-writer"]
    slow[0].go.set()
    thread.join(5)
    assert not thread.is_alive()


async def test_one_bad_write_of_many_fails_alone_and_soon(store: Store, url: str) -> None:
    await store.probes.launch(probe(id="there"), "", FIRST)
    engine = connect(url)
    begun: list[Connection] = []
    event.listen(engine, "begin", begun.append)
    transactions = Transactions(engine, Packer())
    rows = [
        {
            "probe_id": "nobody" if number == 77 else "there",
            "at": FIRST.at,
            "type": "x",
            "once": str(number),
            "data": "",
        }
        for number in range(128)
    ]
    told = transactions.commit([Write(((SqlStatement.SEE, row),)) for row in rows])
    engine.dispose()
    assert [number for number, result in enumerate(told) if result != 1] == [77]
    assert isinstance(told[77], NoSuchProbeError)
    assert len(begun) == 15, "by halves: two for each of seven halvings, after the one with all"
