"""Delivery: in order, at least once, whatever channels, clocks, the store and restarts do to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.channels.channel import REPEAT
from monitor.channels.webhook import WebhookChannel
from monitor.notices.notice import NoticeKind
from monitor.oncall import delivery as module
from monitor.oncall.delivery import AT_ONCE, BACKOFF, JITTER, LONGEST
from monitor.store import NoticeRecord, StoreError
from tests.support.channel_samples import notice
from tests.support.delivery_app import PATIENCE, Ear, House, Said, keeping_house
from tests.support.http_receiver import receiving


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with keeping_house(tmp_path) as house:
        house.configure("ops")
        yield house


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    said = Said()
    monkeypatch.setattr(module, "log", said)
    return said


async def test_what_waits_is_delivered_once_in_order(house: House) -> None:
    await house.keep(*(notice(name, number) for name in ("i1", "i2") for number in (1, 2, 3)))
    await house.settle()
    assert [each for each in house.ops.heard if each.startswith("i1")] == ["i1/ops/1", "i1/ops/2", "i1/ops/3"]
    assert [each for each in house.ops.heard if each.startswith("i2")] == ["i2/ops/1", "i2/ops/2", "i2/ops/3"]
    assert house.ops.tried == house.ops.heard
    assert await house.store.queues() == {}
    assert house.delivery.counts == {("ops", "delivered"): 6}


async def test_what_fails_is_tried_again_later_and_later(house: House) -> None:
    house.ops.down = "HTTP 503"
    await house.keep(notice())
    waits = []
    for _ in range(8):
        await house.turn()
        record = await house.record("i1/ops/1")
        assert record.fault == "HTTP 503"
        assert record.next_try_at is not None
        waits.append((record.next_try_at - house.time()).total_seconds())
        house.time.now = record.next_try_at - timedelta(milliseconds=1)
        await house.turn()
        house.time.now = record.next_try_at
    for wait, seconds in zip(waits, (*BACKOFF, BACKOFF[-1], BACKOFF[-1], BACKOFF[-1]), strict=True):
        assert seconds <= wait <= seconds * (1 + JITTER)
    assert len(house.ops.tried) == 8, "never before its time, and never given up"
    assert house.delivery.counts == {("ops", "failed"): 8}


async def test_a_channel_that_is_down_for_an_hour(house: House) -> None:
    """All it missed comes in order, nothing is lost or twice; meanwhile it is left alone, and others hear all."""
    house.configure("ops", "chat")
    house.ops.down = "no connection"
    last = dict.fromkeys((f"i{number}" for number in range(5)), 0)
    for minute in range(60):
        name = f"i{minute % 5}"
        last[name] += 1
        await house.keep(*(notice(name, last[name], channel=to, age=60 * minute) for to in ("ops", "chat")))
        for _ in range(4):
            house.time.pass_(seconds=15)
            await house.settle()
    assert len(house.ears["chat"].heard) == 60
    assert house.ops.heard == []
    assert len(house.ops.tried) < 25
    house.ops.down = None
    house.time.pass_(minutes=11)
    await house.settle()
    for name, count in last.items():
        mine = [each for each in house.ops.heard if each.startswith(f"{name}/")]
        assert mine == [f"{name}/ops/{number}" for number in range(1, count + 1)]
    assert len(house.ops.heard) == 60


async def test_a_real_receiver_that_is_down_for_an_hour(house: House) -> None:
    async with receiving() as receiver:
        house.delivery.configure({"ops": WebhookChannel(url=receiver.url, secret=SecretStr("x"))})
        receiver.answer = 503
        for number in range(1, 61):
            await house.keep(notice("i1", number))
            house.time.pass_(minutes=1)
            await house.turn()
        tries = len(receiver.heard)
        assert 5 <= tries < 20
        receiver.answer = 200
        house.time.pass_(minutes=11)
        for _ in range(60):
            await house.turn()
        taken = [each.headers["Idempotency-Key"] for each in receiver.heard[tries:]]
    assert taken == [f"i1/ops/{number}" for number in range(1, 61)]
    assert {each.headers["Idempotency-Key"] for each in receiver.heard[:tries]} == {"i1/ops/1"}


async def test_a_restart_in_between(house: House) -> None:
    await house.keep(*(notice("i1", number) for number in (1, 2, 3)))
    await house.turn()
    house.ops.down = "no connection"
    await house.turn()
    assert house.ops.heard == ["i1/ops/1"]
    await house.restart()
    house.ops.down = None
    house.configure("ops")
    await house.settle()
    assert house.ops.heard == ["i1/ops/1", "i1/ops/2", "i1/ops/3"], "and at once, although it was put off"


async def test_a_crash_between_telling_and_marking_tells_again_with_the_same_id(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.keep(notice("i1", 1), notice("i1", 2))
    monkeypatch.setattr(house.store, "delivered", _fails)
    await house.turn()
    await house.restart()
    house.configure("ops")
    await house.settle()
    assert house.ops.heard == ["i1/ops/1", "i1/ops/1", "i1/ops/2"]


async def _fails(*_: Any) -> None:
    raise StoreError("mailpath.db: the disk is full")


async def test_what_could_not_be_marked_is_only_marked(
    house: House, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    await house.keep(notice("i1", 1), notice("i1", 2))
    with monkeypatch.context() as patch:
        patch.setattr(house.store, "delivered", _fails)
        patch.setattr(house.store, "put_off", _fails)
        for _ in range(5):
            house.time.pass_(minutes=1)
            await house.turn()
    assert house.ops.heard == ["i1/ops/1"]
    assert said.lines == ["error notice delivery waits for the store mailpath.db: the disk is full ops"]
    house.time.pass_(minutes=11)
    await house.turn()
    assert house.ops.heard == ["i1/ops/1"]
    await house.settle()
    assert house.ops.heard == ["i1/ops/1", "i1/ops/2"]
    assert await house.store.queues() == {}


async def test_one_that_hangs_holds_up_no_other(house: House) -> None:
    house.configure("ops", "chat")
    house.ops.deaf.clear()
    await house.keep(*(notice("i1", number, channel=to) for number in (1, 2, 3) for to in ("ops", "chat")))
    house.delivery.start()
    await house.ears["chat"].until(tried=3)
    assert house.ops.tried == ["i1/ops/1"]
    house.ops.deaf.set()
    await house.ops.until(tried=3)
    await house.delivery.idle()
    assert house.ops.heard == ["i1/ops/1", "i1/ops/2", "i1/ops/3"]
    assert house.ears["chat"].heard == ["i1/chat/1", "i1/chat/2", "i1/chat/3"]


async def test_not_all_are_told_at_once(house: House) -> None:
    await house.keep(*(notice(f"i{number}") for number in range(50)))
    await house.settle()
    assert len(house.ops.heard) == 50
    assert 1 < house.ops.most_at_once <= AT_ONCE


async def test_a_dead_channel_is_asked_with_one_notice_however_many_wait(house: House) -> None:
    await house.keep(*(notice(f"i{number}") for number in range(50)))
    house.ops.down = "no connection"
    await house.settle()
    first = len(house.ops.tried)
    assert first <= AT_ONCE
    house.time.pass_(seconds=BACKOFF[0] * (1 + JITTER))
    await house.settle()
    assert len(house.ops.tried) == first + 1
    records = [(await house.store.notices_of(f"i{number}"))[0] for number in range(50)]
    assert {each.fault for each in records} <= {
        "no connection",
        "not tried, as the channel takes nothing: no connection",
    }
    house.ops.down = None
    house.time.pass_(minutes=1)
    await house.settle()
    assert len(set(house.ops.heard)) == len(house.ops.heard) == 50


async def test_one_that_is_never_taken_holds_up_its_own_incident_only(house: House) -> None:
    house.ops.refuses = {"i0/ops/1"}
    await house.keep(*(notice(f"i{name}", number) for name in range(20) for number in (1, 2)))
    for _ in range(8):
        await house.settle()
        house.time.pass_(seconds=BACKOFF[0] * (1 + JITTER))
    assert len(house.ops.heard) == 38
    assert not any(each.startswith("i0/") for each in house.ops.heard)


async def test_one_that_is_never_taken_does_not_delay_what_is_new(house: House) -> None:
    house.ops.refuses = {"i0/ops/1"}
    await house.keep(notice("i0"))
    for _ in range(100):
        house.time.pass_(minutes=1)
        await house.settle()
    tried = len(house.ops.tried)
    await house.settle()
    assert len(house.ops.tried) == tried, "the old one waits for its time"
    await house.keep(notice("i1"), notice("i2"))
    await house.settle()
    assert house.ops.heard == ["i1/ops/1", "i2/ops/1"]


async def test_a_channel_that_is_not_configured_keeps_its_notices(house: House, said: Said) -> None:
    await house.keep(notice(channel="gone"), notice("i2", channel="gone"), notice("i3", channel="ops"))
    for _ in range(5):
        await house.settle()
        house.time.pass_(minutes=11)
    assert house.ops.heard == ["i3/ops/1"]
    assert said.lines == ["warning notices queued for an unknown channel gone"]
    assert (await house.store.queues())["gone"][0] == 2
    assert (await house.record("i1/gone/1")).fault == "no such channel is configured"
    house.configure("ops", "gone")
    await house.settle()
    assert sorted(house.ears["gone"].heard) == ["i1/gone/1", "i2/gone/1"]


async def test_notices_of_channels_that_are_gone_do_not_hide_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    monkeypatch.setattr(module, "ALL", 10)
    await house.keep(*(notice(f"i{number}", channel="gone") for number in range(30)))
    await house.keep(notice("late", age=99))
    for _ in range(5):
        await house.turn()
    assert house.ops.heard == ["late/ops/1"]


@pytest.mark.parametrize("hours", [-3, -0.01, 3])
async def test_a_clock_that_jumps_makes_nothing_wait_for_hours(house: House, hours: float) -> None:
    house.ops.down = "no connection"
    await house.keep(notice())
    for _ in range(6):
        house.time.pass_(minutes=11)
        await house.settle()
    house.ops.down = None
    house.time.pass_(hours=hours)
    for _ in range(12):
        await house.settle()
        house.time.pass_(minutes=1)
    assert house.ops.heard == ["i1/ops/1"]
    assert timedelta(minutes=12) > LONGEST


async def test_a_channel_that_was_put_right_is_tried_at_once(house: House) -> None:
    house.ops.down = "HTTP 401"
    await house.keep(notice())
    for _ in range(6):
        house.time.pass_(minutes=11)
        await house.settle()
    broken, house.ears["ops"] = house.ops, Ear()
    house.configure("ops")
    await house.settle()
    assert house.ops.heard == ["i1/ops/1"]
    assert broken.heard == []


async def test_what_is_on_its_way_is_not_told_by_the_new_channel_too(house: House) -> None:
    await house.keep(*(notice(f"i{number}") for number in range(AT_ONCE + 4)))
    before = house.ops
    before.deaf.clear()
    await house.delivery.turn()
    await before.until(tried=AT_ONCE)
    house.ears["ops"] = Ear()
    house.configure("ops")
    await house.delivery.turn()
    before.deaf.set()
    await house.delivery.idle()
    await house.settle()
    assert len(before.heard) == AT_ONCE
    assert sorted(before.heard + house.ops.heard) == sorted(f"i{number}/ops/1" for number in range(AT_ONCE + 4))


async def test_an_answer_of_the_store_that_is_out_of_date_tells_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked, go_on = house.store.waiting, asyncio.Event(), asyncio.Event()

    async def slowly(now: datetime, most: int) -> list[NoticeRecord]:
        found = await ask(now, most)
        asked.set()
        await go_on.wait()
        return found

    await house.keep(notice())
    house.ops.deaf.clear()
    await house.delivery.turn()
    await house.ops.until(tried=1)
    monkeypatch.setattr(house.store, "waiting", slowly)
    second = asyncio.create_task(house.delivery.turn())
    await asked.wait()
    house.ops.deaf.set()
    await house.delivery.idle()
    go_on.set()
    await second
    await house.delivery.idle()
    assert house.ops.tried == ["i1/ops/1"]


async def test_what_lasts_is_said_again_each_minute(house: House) -> None:
    await house.keep(notice("i1"), notice("i2"))
    await house.settle()
    house.ops.repeats.clear()
    for _ in range(10):
        house.time.pass_(seconds=REPEAT / 2)
        await house.turn()
    assert house.ops.repeats == [(["i1/ops/1", "i2/ops/1"], [])] * 5


async def test_what_is_over_is_said_no_more(house: House) -> None:
    await house.keep(notice("i1"), notice("i2"), notice("i1", 2, NoticeKind.RESOLVED))
    await house.settle()
    house.time.pass_(seconds=REPEAT)
    await house.turn()
    assert house.ops.repeats[-1] == (["i2/ops/1"], [])


async def test_a_mute_is_said_at_once(house: House) -> None:
    await house.keep(notice("i1"), notice("i2"))
    await house.settle()
    for muted in ({"i1"}, {"i1"}, set(), set()):
        house.muted = frozenset(muted)
        await house.turn()
    assert house.ops.repeats[-2:] == [(["i2/ops/1"], ["i1/ops/1"]), (["i1/ops/1", "i2/ops/1"], [])]


async def test_after_a_restart_what_lasts_is_said_again_at_once(house: House) -> None:
    await house.keep(notice())
    await house.settle()
    await house.restart()
    house.ops.repeats.clear()
    house.configure("ops")
    await house.settle()
    assert house.ops.repeats == [(["i1/ops/1"], [])]
    assert house.ops.heard == ["i1/ops/1"]


async def test_a_fault_is_told_once_and_so_is_its_end(house: House, said: Said) -> None:
    house.ops.down = "HTTP 503"
    await house.keep(notice("i1"), notice("i2"))
    for _ in range(10):
        house.time.pass_(minutes=5)
        await house.settle()
    house.ops.down = None
    for _ in range(4):
        house.time.pass_(minutes=11)
        await house.settle()
    assert said.lines == [
        "warning notice delivery failing ops HTTP 503",
        "info notice delivery works again ops",
    ]


async def test_a_channel_with_a_bug_is_a_channel_that_fails(house: House, said: Said) -> None:
    await house.keep(notice())
    house.ops.bug = RuntimeError("token c0rrecth0rse is wrong")
    await house.settle()
    assert (await house.record("i1/ops/1")).fault == "internal error: RuntimeError"
    assert said.lines == ["warning notice delivery failing ops internal error: RuntimeError"]


async def test_it_runs_by_itself_and_a_poke_makes_it_look_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TURN", 3600.0)
    await house.keep(notice("i1", 1), notice("i1", 2))
    house.delivery.start()
    await house.ops.until(tried=2)  # the first delivery makes it look for the second
    await house.keep(notice("i2"))
    house.delivery.poke()
    await house.ops.until(tried=3)
    await house.delivery.idle()
    assert house.ops.heard == ["i1/ops/1", "i1/ops/2", "i2/ops/1"]


async def test_without_a_poke_time_alone_makes_it_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN", 0.01)
    house.time.step = timedelta(seconds=1)
    house.ops.down = "no connection"
    house.delivery.start()
    await house.keep(notice())
    await house.ops.until(tried=3)


async def test_a_store_that_fails_is_told_once_and_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    monkeypatch.setattr(module, "TURN", 0.01)
    await house.keep(notice())
    ask, answers = house.store.waiting, [False, False, False]

    async def fails(now: datetime, most: int) -> list[NoticeRecord]:
        if answers:
            answers.pop()
            raise StoreError("mailpath.db: disk I/O error")
        return await ask(now, most)

    monkeypatch.setattr(house.store, "waiting", fails)
    house.delivery.start()
    await house.ops.until(tried=1)
    assert said.lines == ["error notice delivery waits for the store mailpath.db: disk I/O error looking"]


async def test_what_is_on_its_way_may_end_when_the_service_does(house: House) -> None:
    await house.keep(notice("i1", 1), notice("i1", 2))
    house.ops.deaf.clear()
    house.delivery.start()
    await house.ops.until(tried=1)
    closing = asyncio.create_task(house.delivery.close())
    await asyncio.sleep(0)
    house.ops.deaf.set()
    await closing
    assert (await house.record("i1/ops/1")).delivered_at is not None
    assert house.ops.tried == ["i1/ops/1"]


async def test_a_poke_at_the_last_moment_does_not_keep_it_from_ending(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> list[NoticeRecord]:
        return []

    monkeypatch.setattr(house.store, "waiting", nothing)
    house.delivery.configure({})
    house.delivery.start()
    for _ in range(20):
        await asyncio.sleep(0)  # by now it waits for something to do
    house.delivery.poke()
    async with asyncio.timeout(PATIENCE):
        await house.delivery.close()


async def test_what_hangs_is_left_at_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE", 0.05)
    await house.keep(notice())
    house.ops.deaf.clear()
    house.delivery.start()
    await house.ops.until(tried=1)
    async with asyncio.timeout(PATIENCE):
        await house.delivery.close()
    assert (await house.record("i1/ops/1")).delivered_at is None
