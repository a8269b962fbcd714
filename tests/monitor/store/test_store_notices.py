"""Notices: each queue in its order, never twice, put off and tried again."""

import asyncio

import pytest

from monitor.notices.notice import Notice, NoticeKind
from monitor.store import NoticeRecord, Store
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import entry, incident, notice
from tests.support.store_samples import T0, at


async def keep(store: Store, *notices: Notice) -> None:
    await store.incidents.advance(1, [incident(name) for name in {each.incident for each in notices}], [], notices)


async def waiting(store: Store, seconds: float = 100, most: int = 99) -> list[str]:
    return [record.notice.id for record in await store.incidents.waiting(at(seconds), most)]


async def lasting(store: Store, channel: str = "ops") -> list[str]:
    return [each.id for each in await store.incidents.lasting(channel)]


async def test_a_notice_comes_back_as_it_was_made(store: Store) -> None:
    made = notice(facts={"a": [1, 2.5, None, True, {"ü": "\n"}]}, replaces={"company": "acme", "scope": "kind"})
    await keep(store, made)
    assert await store.incidents.waiting(T0, 9) == [NoticeRecord(made, 0, None, None, "")]
    assert await store.incidents.notices_of("i1") == [NoticeRecord(made, 0, None, None, "")]


async def test_what_replaces_nothing_says_so(store: Store) -> None:
    await keep(store, notice(1), notice(2, replaces={}))
    assert [record.notice.replaces for record in await store.incidents.notices_of("i1")] == [None, {}]


async def test_of_each_incident_and_channel_only_the_first_waits(store: Store) -> None:
    await keep(
        store,
        *(
            notice(number, name, channel)
            for name in ("i1", "i2")
            for channel in ("ops", "chat")
            for number in (3, 2, 1)
        ),
    )
    assert sorted(await waiting(store)) == ["i1/chat/1", "i1/ops/1", "i2/chat/1", "i2/ops/1"]
    await mark_delivered(store, "i1/ops/1", T0)
    assert sorted(await waiting(store)) == ["i1/chat/1", "i1/ops/2", "i2/chat/1", "i2/ops/1"]
    await store.incidents.put_off("i1/ops/2", T0, at(200), "down")
    assert sorted(await waiting(store)) == ["i1/chat/1", "i2/chat/1", "i2/ops/1"], "nothing overtakes"
    await mark_delivered(store, "i1/ops/2", at(200))
    await mark_delivered(store, "i1/ops/3", at(201))
    assert sorted(await waiting(store, 999)) == ["i1/chat/1", "i2/chat/1", "i2/ops/1"]


async def test_a_failed_try_is_kept_and_made_again_when_it_is_due(store: Store) -> None:
    await keep(store, notice())
    await store.incidents.put_off("i1/ops/1", T0, at(30), "the receiver said 503")
    assert await waiting(store, 29.9) == []
    assert await store.incidents.waiting(at(30), 9) == [
        NoticeRecord(notice(), 1, at(30), None, "the receiver said 503")
    ]
    await store.incidents.put_off("i1/ops/1", at(31), at(90), "no route to host")
    assert await store.incidents.notices_of("i1") == [NoticeRecord(notice(), 2, at(90), None, "no route to host")]
    await mark_delivered(store, "i1/ops/1", at(91))
    assert await store.incidents.notices_of("i1") == [NoticeRecord(notice(), 3, None, at(91), "")]
    assert await waiting(store, 999) == []


async def test_what_is_delivered_stays_delivered(store: Store) -> None:
    await keep(store, notice())
    await asyncio.gather(mark_delivered(store, "i1/ops/1", at(1)), mark_delivered(store, "i1/ops/1", at(2)))
    (first,) = await store.incidents.notices_of("i1")
    assert first in [NoticeRecord(notice(), 1, None, at(seconds), "") for seconds in (1, 2)], "either of them won"
    await mark_delivered(store, "i1/ops/1", at(3))
    await store.incidents.put_off("i1/ops/1", at(4), at(5), "too late")
    assert await store.incidents.notices_of("i1") == [first]


async def test_a_notice_that_is_forgotten_needs_no_delivery(store: Store) -> None:
    await mark_delivered(store, "nobody/ops/1", T0)
    await store.incidents.put_off("nobody/ops/1", T0, T0, "down")
    assert await store.incidents.waiting(at(9), 9) == []


async def test_what_was_tried_least_comes_first_then_what_is_oldest(store: Store) -> None:
    """A channel that is down must not keep the others waiting."""
    await keep(store, *(notice(1, name, seconds=age) for name, age in (("i1", 0), ("i2", 3), ("i3", 2), ("i4", 1))))
    for name in ("i1", "i4"):
        await store.incidents.put_off(f"{name}/ops/1", T0, at(10), "down")
    assert await waiting(store) == ["i3/ops/1", "i2/ops/1", "i1/ops/1", "i4/ops/1"]
    assert await waiting(store, most=3) == ["i3/ops/1", "i2/ops/1", "i1/ops/1"]
    assert await waiting(store, 9) == ["i3/ops/1", "i2/ops/1"]


async def test_queues_tell_how_many_wait_and_since_when(store: Store) -> None:
    assert await store.incidents.queues() == {}
    await keep(
        store,
        *(notice(number, channel="ops", seconds=number) for number in (1, 2, 3)),
        notice(1, channel="chat", seconds=7),
        notice(1, channel="told"),
    )
    await mark_delivered(store, "i1/told/1", T0)
    await mark_delivered(store, "i1/ops/1", T0)
    await store.incidents.put_off("i1/ops/2", T0, at(1000), "down")
    assert await store.incidents.queues() == {"ops": (2, at(2)), "chat": (1, at(7))}


async def test_what_lasts_is_the_last_that_the_channel_was_told_and_not_the_end(store: Store) -> None:
    await keep(
        store,
        notice(1, "i1", "ops"),
        notice(1, "i1", "chat"),
        notice(2, "i1", "ops", NoticeKind.WIDENED, 1),
        notice(3, "i1", "ops", NoticeKind.RESOLVED, 2),
        notice(1, "i2", "ops"),
        notice(2, "i2", "ops", NoticeKind.MERGED, 1),
    )
    assert await lasting(store) == []
    heard = []
    for told in ("i1/ops/1", "i1/chat/1", "i2/ops/1", "i1/ops/2", "i2/ops/2", "i1/ops/3"):
        await mark_delivered(store, told, at(3))
        heard.append(" ".join(await lasting(store)))
    assert heard == ["i1/ops/1", "i1/ops/1", "i1/ops/1 i2/ops/1", "i2/ops/1 i1/ops/2", "i1/ops/2", ""]
    assert await lasting(store, "chat") == ["i1/chat/1"]
    assert await lasting(store, "\udcff\0") == []


async def test_what_came_back_lasts_again(store: Store) -> None:
    await keep(store, notice(1), notice(2, news=NoticeKind.RESOLVED), notice(3, seconds=9))
    for number in (1, 2, 3):
        await mark_delivered(store, f"i1/ops/{number}", at(number))
    assert await lasting(store) == ["i1/ops/3"]


async def test_a_try_that_failed_changes_nothing_in_what_lasts(store: Store) -> None:
    await keep(store, notice(1), notice(2, news=NoticeKind.RESOLVED))
    await mark_delivered(store, "i1/ops/1", T0)
    await store.incidents.put_off("i1/ops/2", T0, at(1), "down")
    assert await lasting(store) == ["i1/ops/1"]


@pytest.mark.parametrize("together", [True, False])
async def test_deliveries_of_one_moment_are_all_kept(store: Store, together: bool) -> None:
    names = [f"i{number}" for number in range(40)]
    await keep(
        store, *(notice(1, name) for name in names), *(notice(2, name, news=NoticeKind.WIDENED) for name in names)
    )
    for number in (1, 2):
        writes = [mark_delivered(store, f"{name}/ops/{number}", at(number)) for name in names]
        if together:
            await asyncio.gather(*writes, store.incidents.advance(number, [], [entry("i0")], []))
        else:
            for write in writes:
                await write
        assert sorted(await lasting(store)) == sorted(f"{name}/ops/{number}" for name in names)
    assert await store.incidents.queues() == {}
