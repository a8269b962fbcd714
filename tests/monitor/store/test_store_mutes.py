"""Who wanted silence, when and why: kept for ever, ended once."""

import asyncio
from datetime import timedelta

import pytest

from monitor.incidents.mute import Mute
from monitor.people.person import AuditEntry
from monitor.store import Store, StoreError
from probes.verdict import Cause
from tests.support.incident_samples import mute
from tests.support.store_by_hand import TWICE
from tests.support.store_samples import T0, at


async def active(store: Store, seconds: float) -> list[str]:
    return [each.id for each in await store.incidents.mutes(active_at=at(seconds))]


async def test_a_mute_comes_back_as_it_was_made(url: str) -> None:
    made = [
        mute("a"),
        mute("b", 1, path="hq", cause=Cause.CONTENT, mail_system="m365", ends_at=None),
        mute("c", 2, ended_at=at(9), ended_by="ümläut", weekly="sat 22:00 - sun 04:00 Europe/Berlin"),
    ]
    async with Store.open(url) as store:
        assert await store.incidents.mutes() == []
        for each in reversed(made):
            await store.incidents.add_mute(each)
    async with Store.open(url) as store:
        assert await store.incidents.mutes() == made


@pytest.mark.parametrize(
    ("kept", "seconds", "not_over"),
    [
        (mute(), -10, True),  # it has not begun
        (mute(), 0, True),
        (mute(), 3599, True),
        (mute(), 3600, False),
        (mute(ends_at=None), 10**8, True),
        (mute(ends_at=None, weekly="sat 22:00 - sun 04:00 UTC"), 10**8, True),
        (mute(weekly="sat 22:00 - sun 04:00 UTC"), 3600, False),  # no more Saturdays
        (mute(ended_at=at(60), ended_by="me"), 59, False),  # ended is ended, also where the clock is put back
        (mute(ends_at=None, ended_at=at(60), ended_by="me"), 61, False),
    ],
)
async def test_a_mute_is_active_until_its_end(store: Store, kept: Mute, seconds: float, not_over: bool) -> None:
    await store.incidents.add_mute(kept)
    assert await active(store, seconds) == ["m1"] * not_over
    assert await store.incidents.mutes() == [kept]


async def test_a_mute_is_ended_once_and_kept(store: Store) -> None:
    await store.incidents.add_mute(mute())
    ends = [(at(number), f"person {number}") for number in range(1, 4)]
    told = await asyncio.gather(
        *(store.incidents.end_mute("m1", *end, AuditEntry(*end, "session", "mute ended", "m1")) for end in ends)
    )
    assert told == [True, False, False]
    assert [entry.who for _, entry in await store.people.audit_log(None, 5)] == ["person 1"]
    assert not await store.incidents.end_mute("m1", at(9), "somebody else")
    assert await store.incidents.mutes() == [mute(ended_at=at(1), ended_by="person 1")]
    assert await active(store, 2) == []


async def test_many_are_ended_in_one_moment_each_by_its_own_word(store: Store) -> None:
    for name in ("a", "b", "c"):
        await store.incidents.add_mute(mute(name))
    ends = [("a", True), ("nobody", False), ("b", True), ("a", False), ("\udcff\0", False), ("c", True)]
    assert await asyncio.gather(*(store.incidents.end_mute(name, at(1), "me") for name, _ in ends)) == [
        told for _, told in ends
    ]


async def test_what_is_over_cannot_be_ended(store: Store) -> None:
    await store.incidents.add_mute(mute())
    assert not await store.incidents.end_mute("m1", T0 + timedelta(hours=1), "late")
    assert await store.incidents.mutes() == [mute()]


async def test_a_mute_cannot_be_made_twice(store: Store) -> None:
    await store.incidents.add_mute(mute())
    with pytest.raises(StoreError, match=TWICE):
        await store.incidents.add_mute(mute(why="another reason"))
    assert await store.incidents.mutes() == [mute()]


async def test_pruning_leaves_mutes_alone(store: Store) -> None:
    await store.incidents.add_mute(mute())
    await store.prune(at(10**8))
    assert await store.incidents.mutes() == [mute()]


async def test_hostile_words_are_stored_in_a_form_that_can_be_read(store: Store) -> None:
    await store.incidents.add_mute(mute(why="\udcff\0", company="'; DROP TABLE mutes --"))
    assert await store.incidents.end_mute("m1", at(1), "\udcff")
    assert await store.incidents.mutes() == [
        mute(why="?\ufffd", company="'; DROP TABLE mutes --", ended_at=at(1), ended_by="?")
    ]
