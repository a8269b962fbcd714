"""Workers on one store: who owns which buckets, and who may claim a turn. On both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.probing.buckets import decide, fair_share, take_all
from monitor.store import Store
from monitor.store.lease import Process
from monitor.store.ownership import BUCKETS, Worker
from monitor.store.ownership_tables import Hold, Turn
from monitor.store.records import ReplacedError
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import FIRST, T0, at, probe

A, B, C = (Worker("main", name) for name in "abc")
TTL = timedelta(seconds=60)


async def renewed(store: Store, *workers: Worker, rounds: int = 3) -> list[dict[int, int]]:
    """What each of them owns after so many renewals."""
    owned = {each: dict[int, int]() for each in workers}
    for _ in range(rounds):
        for each in workers:
            owned[each] = {**await store.ownership.renew(each, TTL, decide, alone=False)}
    return [*owned.values()]


def expire(by_hand: StoreByHand, worker: Worker, until: int = 0) -> None:
    """Let its lease end at this time."""
    assert by_hand.change(f"UPDATE workers SET until = {until} WHERE name = '{worker.name}'") == 1


def turn(owned: dict[int, int], seconds: float = 0, bucket: int = 7, owner: str = "a") -> Turn:
    return Turn(at(seconds), Hold("main", bucket, owner, owned.get(bucket, 1)))


async def launched(store: Store, name: str, its: Turn, **other: Any) -> bool:
    """Whether a probe was launched; nothing of it is stored otherwise."""
    done = await store.probes.launch(probe(id=name, **other), "", FIRST, turn=its)
    assert (await store.probes.record(name) is not None) == done
    return done


async def test_each_bucket_has_one_owner_and_each_worker_its_share(store: Store) -> None:
    [alone] = await renewed(store, A, rounds=1)
    assert alone == dict.fromkeys(range(BUCKETS), 1)
    ours = await renewed(store, A, B, C)
    assert sorted(bucket for each in ours for bucket in each) == [*range(BUCKETS)]
    assert max(map(len, ours)) <= fair_share(3)
    await store.ownership.release(C)
    first, second = await renewed(store, A, B)
    assert len(first) == len(second) == BUCKETS // 2
    assert await store.ownership.renew(Worker("elsewhere", "d"), TTL, decide, alone=False) == alone, "another site"


async def test_buckets_of_a_worker_that_is_silent_are_taken_when_its_lease_ends(
    store: Store, by_hand: StoreByHand
) -> None:
    await renewed(store, A, B)
    [before] = await renewed(store, B)
    assert len(before) == BUCKETS // 2
    expire(by_hand, A)
    [after] = await renewed(store, B)
    assert {after[bucket] - before.get(bucket, 0) for bucket in before} == {0}, "its own are not taken anew"
    assert len(after) == BUCKETS
    again, _ = await renewed(store, A, B, rounds=1)
    assert again == {}, "who wakes owns nothing, until something is left to it"


async def test_a_lease_that_no_renewal_gives_does_not_hold(store: Store, by_hand: StoreByHand) -> None:
    """The clock of the database was set back: nobody waits until it is there again."""
    await renewed(store, A)
    tomorrow = (datetime.now(UTC) + timedelta(days=1) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    expire(by_hand, A, tomorrow)
    [owned] = await renewed(store, B)
    assert len(owned) == BUCKETS


async def test_the_only_one_by_right_waits_for_no_lease(store: Store) -> None:
    await renewed(store, A)
    owned = await store.ownership.renew(B, TTL, take_all, alone=True)
    assert owned == dict.fromkeys(range(BUCKETS), 2)


async def test_a_leader_that_was_replaced_takes_nothing(store: Store, url: str) -> None:
    async with Store.open(url) as another:
        assert await store.lead(Process.this(), None, T0)
        assert await another.lead(Process.this(), await another.lease(), T0)
        await another.ownership.renew(B, TTL, take_all, alone=True)
        with pytest.raises(ReplacedError):
            await store.ownership.renew(A, TTL, take_all, alone=True)
        assert store.replaced.is_set()


async def test_a_leader_that_was_replaced_launches_nothing(store: Store, url: str) -> None:
    assert await store.lead(Process.this(), None, T0)
    owned = await store.ownership.renew(A, TTL, take_all, alone=True)
    async with Store.open(url) as another:
        assert await another.lead(Process.this(), await another.lease(), T0)
        with pytest.raises(ReplacedError):
            await store.probes.launch(probe(id="p1"), "", FIRST, turn=turn({**owned}))
        assert await another.probes.record("p1") is None


async def test_a_turn_is_claimed_once_and_with_the_probe_or_not_at_all(store: Store) -> None:
    [owned] = await renewed(store, A)
    assert await launched(store, "p1", turn(owned))
    assert not await launched(store, "p2", turn(owned)), "it is gone"
    assert not await launched(store, "p3", turn(owned, -60)), "so are those before it"
    assert await launched(store, "p4", turn(owned), path="lab"), "of another check"
    assert await launched(store, "p5", turn(owned, 60))


async def test_who_does_not_own_the_bucket_any_more_claims_nothing(store: Store, by_hand: StoreByHand) -> None:
    [owned] = await renewed(store, A)
    expire(by_hand, A)
    assert not await launched(store, "p1", turn(owned)), "its lease has ended, and nobody has taken it yet"
    [theirs] = await renewed(store, B)
    await renewed(store, A, rounds=1)
    assert not await launched(store, "p2", turn(owned)), "it lives again, and another one has it"
    assert not await launched(store, "p3", turn(owned, owner="b")), "with an older epoch"
    assert await launched(store, "p4", turn(theirs, owner="b"))


async def test_a_turn_claimed_by_a_clock_that_was_ahead_holds_nobody_up(store: Store) -> None:
    [owned] = await renewed(store, A)
    now = datetime.now(UTC)
    hold = turn(owned).hold
    assert await launched(store, "p1", Turn(now + timedelta(hours=1), hold))
    assert await launched(store, "p2", Turn(now, hold))
    assert not await launched(store, "p3", Turn(now, hold))


@pytest.fixture
async def beside(url: str) -> AsyncIterator[list[Store]]:
    """The same store in the hands of three others."""
    async with AsyncExitStack() as all_of_them:
        yield [await all_of_them.enter_async_context(Store.open(url)) for _ in range(3)]


async def test_many_at_once_own_nothing_twice_and_claim_each_turn_once(store: Store, beside: list[Store]) -> None:
    async def renew(into: Store, me: Worker) -> dict[int, int]:
        for _ in range(5):
            owned = {**await into.ownership.renew(me, TTL, decide, alone=False)}
        return owned

    owned = await asyncio.gather(*map(renew, beside, (A, B, C)))
    owned = await renewed(store, A, B, C)
    held = [bucket for each in owned for bucket in each]
    assert len(held) == len({*held})

    async def claim(into: Store, number: int) -> list[bool]:
        hold = turn(owned[0], bucket=next(iter(owned[0]))).hold
        return [await launched(into, f"p{number}-{slot}", Turn(at(slot), hold)) for slot in range(20)]

    claims = await asyncio.gather(*(claim(each, number) for number, each in enumerate(beside)))
    assert [sum(of_slot) <= 1 for of_slot in zip(*claims, strict=True)] == [True] * 20
    assert any(map(any, claims))


async def test_who_has_what_it_had_reads_no_bucket_and_sees_every_change(store: Store, by_hand: StoreByHand) -> None:
    known: dict[int, int] = {}

    async def renew() -> dict[int, int]:
        return {**await store.ownership.renew(A, TTL, decide, alone=False, known=known)}

    known = await renew()
    assert await renew() == known == dict.fromkeys(range(BUCKETS), 1)
    await renewed(store, B, rounds=1)
    known = await renew()
    assert len(known) == BUCKETS // 2, "another one has come"
    await renewed(store, B, rounds=1)
    assert await renew() == known
    expire(by_hand, A)
    await renewed(store, B, rounds=1)
    known = await renew()
    assert known == {}, "all were taken"
