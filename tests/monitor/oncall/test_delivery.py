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
from monitor.notices.notice import Notice, NoticeKind, NoticeQueue
from monitor.oncall import delivery as module
from monitor.oncall.delivery import BACKOFF_SECONDS, JITTER, MAX_BACKOFF, MAX_CONCURRENT_DELIVERIES
from monitor.store import NoticeRecord, StoreError
from tests.support.channel_samples import BEGAN, mark_delivered, notice
from tests.support.delivery_app import PATIENCE, DeliveryApp, RecordingChannel, RecordingLog, open_delivery_app
from tests.support.http_receiver import receiving


@pytest.fixture
async def delivery_app(tmp_path: Path) -> AsyncIterator[DeliveryApp]:
    async with open_delivery_app(tmp_path) as delivery_app:
        delivery_app.configure("ops")
        yield delivery_app


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> RecordingLog:
    log = RecordingLog()
    monkeypatch.setattr(module, "log", log)
    return log


async def test_what_waits_is_delivered_once_in_order(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(*(notice(name, number) for name in ("i1", "i2") for number in (1, 2, 3)))
    await delivery_app.settle()
    assert [each for each in delivery_app.ops.heard if each.startswith("i1")] == ["i1/ops/1", "i1/ops/2", "i1/ops/3"]
    assert [each for each in delivery_app.ops.heard if each.startswith("i2")] == ["i2/ops/1", "i2/ops/2", "i2/ops/3"]
    assert delivery_app.ops.tried == delivery_app.ops.heard
    assert await delivery_app.store.incidents.queues() == {}
    assert delivery_app.delivery.counts == {("ops", "delivered"): 6}


async def test_what_fails_is_tried_again_later_and_later(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.down = "HTTP 503"
    await delivery_app.keep(notice())
    waits = []
    for _ in range(8):
        await delivery_app.turn()
        record = await delivery_app.record("i1/ops/1")
        assert record.fault == "HTTP 503"
        assert record.next_try_at is not None
        waits.append((record.next_try_at - delivery_app.time()).total_seconds())
        delivery_app.time.now = record.next_try_at - timedelta(milliseconds=1)
        await delivery_app.turn()
        delivery_app.time.now = record.next_try_at
    for wait, seconds in zip(waits, (*BACKOFF_SECONDS, *[BACKOFF_SECONDS[-1]] * 4), strict=True):
        assert seconds <= wait <= seconds * (1 + JITTER)
    assert len(delivery_app.ops.tried) == 8, "never before its time, and never given up"
    assert delivery_app.delivery.counts == {("ops", "failed"): 8}


async def test_a_channel_that_is_down_for_an_hour(delivery_app: DeliveryApp) -> None:
    """All it missed comes in order, nothing is lost or twice; meanwhile it is left alone, and others hear all."""
    delivery_app.configure("ops", "chat")
    delivery_app.ops.down = "no connection"
    last = dict.fromkeys((f"i{number}" for number in range(5)), 0)
    for minute in range(60):
        name = f"i{minute % 5}"
        last[name] += 1
        await delivery_app.keep(*(notice(name, last[name], channel=to, age=60 * minute) for to in ("ops", "chat")))
        for _ in range(4):
            delivery_app.time.pass_(seconds=15)
            await delivery_app.settle()
    assert len(delivery_app.channels["chat"].heard) == 60
    assert delivery_app.ops.heard == []
    assert len(delivery_app.ops.tried) < 75, "about once a minute, whatever waits"
    delivery_app.ops.down = None
    delivery_app.time.pass_(minutes=11)
    await delivery_app.settle()
    for name, count in last.items():
        mine = [each for each in delivery_app.ops.heard if each.startswith(f"{name}/")]
        assert mine == [f"{name}/ops/{number}" for number in range(1, count + 1)]
    assert len(delivery_app.ops.heard) == 60


async def test_a_real_receiver_that_is_down_for_an_hour(delivery_app: DeliveryApp) -> None:
    async with receiving() as receiver:
        delivery_app.delivery.configure({"ops": WebhookChannel(url=receiver.url, secret=SecretStr("x"))})
        receiver.answer = 503
        for number in range(1, 61):
            await delivery_app.keep(notice("i1", number))
            delivery_app.time.pass_(minutes=1)
            await delivery_app.turn()
        tries = len(receiver.heard)
        assert 30 <= tries <= 60, "about once a minute"
        receiver.answer = 200
        delivery_app.time.pass_(minutes=11)
        for _ in range(60):
            await delivery_app.turn()
        taken = [each.headers["Idempotency-Key"] for each in receiver.heard[tries:]]
    assert taken == [f"i1/ops/{number}" for number in range(1, 61)]
    assert {each.headers["Idempotency-Key"] for each in receiver.heard[:tries]} == {"i1/ops/1"}


async def test_a_restart_in_between(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(*(notice("i1", number) for number in (1, 2, 3)))
    await delivery_app.turn()
    delivery_app.ops.down = "no connection"
    await delivery_app.turn()
    assert delivery_app.ops.heard == ["i1/ops/1"]
    await delivery_app.restart()
    delivery_app.ops.down = None
    delivery_app.configure("ops")
    await delivery_app.settle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/2", "i1/ops/3"], "and at once, although it was put off"


async def test_an_end_waits_for_as_long_as_its_channel_wants_and_nothing_else_does(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.end_delay = timedelta(minutes=2)
    age = (delivery_app.time() - BEGAN).total_seconds()
    await delivery_app.keep(
        notice("i1", 1, age=age - 60), notice("i1", 2, NoticeKind.RESOLVED, age=age), notice("i2", 1, age=age)
    )
    await delivery_app.settle()
    assert sorted(delivery_app.ops.heard) == ["i1/ops/1", "i2/ops/1"]
    delivery_app.time.pass_(seconds=90)
    await delivery_app.turn()
    assert delivery_app.ops.repeats[-1] == (["i1/ops/1", "i2/ops/1"], []), "until then it lasts"
    assert len(delivery_app.ops.heard) == 2
    await delivery_app.restart()
    delivery_app.configure("ops")
    await delivery_app.turn()
    assert len(delivery_app.ops.heard) == 2, "after a restart too"
    delivery_app.time.pass_(seconds=30)
    await delivery_app.turn()
    assert delivery_app.ops.heard[2:] == ["i1/ops/2"]


async def test_an_end_does_not_wait_for_hours_after_the_clock_was_set_back(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.end_delay = timedelta(minutes=2)
    await delivery_app.keep(notice("i1", 1, NoticeKind.RESOLVED, age=(delivery_app.time() - BEGAN).total_seconds()))
    delivery_app.time.pass_(hours=-3)
    await delivery_app.turn()
    assert delivery_app.ops.heard == ["i1/ops/1"]


async def test_a_crash_between_telling_and_marking_tells_again_with_the_same_id(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivery_app.keep(notice("i1", 1), notice("i1", 2))
    monkeypatch.setattr(delivery_app.store.incidents, "delivered", _fails)
    await delivery_app.turn()
    await delivery_app.restart()
    delivery_app.configure("ops")
    await delivery_app.settle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/1", "i1/ops/2"]


async def _fails(*_: Any) -> None:
    raise StoreError("mailpath.db: the disk is full")


async def test_what_could_not_be_marked_is_only_marked(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch, log: RecordingLog
) -> None:
    await delivery_app.keep(notice("i1", 1), notice("i1", 2))
    with monkeypatch.context() as patch:
        patch.setattr(delivery_app.store.incidents, "delivered", _fails)
        patch.setattr(delivery_app.store.incidents, "put_off", _fails)
        for _ in range(5):
            delivery_app.time.pass_(minutes=1)
            await delivery_app.turn()
    assert delivery_app.ops.heard == ["i1/ops/1"]
    assert log.lines == ["error notice delivery waits for the store mailpath.db: the disk is full ops"]
    delivery_app.time.pass_(minutes=11)
    await delivery_app.turn()
    assert delivery_app.ops.heard == ["i1/ops/1"]
    await delivery_app.settle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/2"]
    assert await delivery_app.store.incidents.queues() == {}


async def test_one_that_hangs_holds_up_no_other(delivery_app: DeliveryApp) -> None:
    delivery_app.configure("ops", "chat")
    delivery_app.ops.deaf.clear()
    await delivery_app.keep(*(notice("i1", number, channel=to) for number in (1, 2, 3) for to in ("ops", "chat")))
    delivery_app.delivery.start()
    await delivery_app.channels["chat"].until(tried=3)
    assert delivery_app.ops.tried == ["i1/ops/1"]
    delivery_app.ops.deaf.set()
    await delivery_app.ops.until(tried=3)
    await delivery_app.delivery.idle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/2", "i1/ops/3"]
    assert delivery_app.channels["chat"].heard == ["i1/chat/1", "i1/chat/2", "i1/chat/3"]


async def test_not_all_are_told_at_once(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(*(notice(f"i{number}") for number in range(50)))
    await delivery_app.settle()
    assert len(delivery_app.ops.heard) == 50
    assert 1 < delivery_app.ops.most_at_once <= MAX_CONCURRENT_DELIVERIES


async def test_a_dead_channel_is_asked_with_one_notice_however_many_wait(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(*(notice(f"i{number}") for number in range(50)))
    delivery_app.ops.down = "no connection"
    await delivery_app.settle()
    first = len(delivery_app.ops.tried)
    assert first <= MAX_CONCURRENT_DELIVERIES
    delivery_app.time.pass_(seconds=BACKOFF_SECONDS[0] * (1 + JITTER))
    await delivery_app.settle()
    assert len(delivery_app.ops.tried) == first + 1
    records = [(await delivery_app.store.incidents.notices_of(f"i{number}"))[0] for number in range(50)]
    assert {each.fault for each in records} <= {
        "no connection",
        "not tried, as the channel takes nothing: no connection",
    }
    delivery_app.ops.down = None
    delivery_app.time.pass_(minutes=1)
    await delivery_app.settle()
    assert len(set(delivery_app.ops.heard)) == len(delivery_app.ops.heard) == 50


async def test_one_that_is_never_taken_holds_up_its_own_incident_only(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.refuses = {"i0/ops/1"}
    await delivery_app.keep(*(notice(f"i{name}", number) for name in range(20) for number in (1, 2)))
    for _ in range(8):
        await delivery_app.settle()
        delivery_app.time.pass_(seconds=BACKOFF_SECONDS[0] * (1 + JITTER))
    assert len(delivery_app.ops.heard) == 38
    assert not any(each.startswith("i0/") for each in delivery_app.ops.heard)


async def test_one_that_is_never_taken_does_not_delay_what_is_new(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.refuses = {"i0/ops/1"}
    await delivery_app.keep(notice("i0"))
    for _ in range(100):
        delivery_app.time.pass_(minutes=1)
        await delivery_app.settle()
    tried = len(delivery_app.ops.tried)
    await delivery_app.settle()
    assert len(delivery_app.ops.tried) == tried, "the old one waits for its time"
    await delivery_app.keep(notice("i1"), notice("i2"))
    await delivery_app.settle()
    assert sorted(delivery_app.ops.heard) == ["i1/ops/1", "i2/ops/1"]


async def test_a_channel_that_is_not_configured_keeps_its_notices(delivery_app: DeliveryApp, log: RecordingLog) -> None:
    await delivery_app.keep(notice(channel="gone"), notice("i2", channel="gone"), notice("i3", channel="ops"))
    for _ in range(5):
        await delivery_app.settle()
        delivery_app.time.pass_(minutes=11)
    assert delivery_app.ops.heard == ["i3/ops/1"]
    assert log.lines == ["warning notices queued for an unknown channel gone"]
    assert (await delivery_app.store.incidents.queues())["gone"][0] == 2
    assert (await delivery_app.record("i1/gone/1")).fault == "no such channel is configured"
    delivery_app.configure("ops", "gone")
    await delivery_app.settle()
    assert sorted(delivery_app.channels["gone"].heard) == ["i1/gone/1", "i2/gone/1"]


async def test_notices_of_channels_that_are_gone_do_not_hide_others(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_NOTICES_PER_TURN", 10)
    monkeypatch.setattr(module, "MAX_NOTICES_PER_FULL_TURN", 10)
    await delivery_app.keep(*(notice(f"i{number}", channel="gone") for number in range(30)))
    await delivery_app.keep(notice("late", age=99))
    for _ in range(5):
        await delivery_app.turn()
    assert delivery_app.ops.heard == ["late/ops/1"]


@pytest.mark.parametrize("hours", [-3, -0.01, 3])
async def test_a_clock_that_jumps_makes_nothing_wait_for_hours(delivery_app: DeliveryApp, hours: float) -> None:
    delivery_app.ops.down = "no connection"
    await delivery_app.keep(notice())
    for _ in range(6):
        delivery_app.time.pass_(minutes=11)
        await delivery_app.settle()
    delivery_app.ops.down = None
    delivery_app.time.pass_(hours=hours)
    for _ in range(12):
        await delivery_app.settle()
        delivery_app.time.pass_(minutes=1)
    assert delivery_app.ops.heard == ["i1/ops/1"]
    assert timedelta(minutes=12) > MAX_BACKOFF


async def test_a_channel_that_was_put_right_is_tried_at_once(delivery_app: DeliveryApp) -> None:
    delivery_app.ops.down = "HTTP 401"
    await delivery_app.keep(notice())
    for _ in range(6):
        delivery_app.time.pass_(minutes=11)
        await delivery_app.settle()
    broken, delivery_app.channels["ops"] = delivery_app.ops, RecordingChannel()
    delivery_app.configure("ops")
    await delivery_app.settle()
    assert delivery_app.ops.heard == ["i1/ops/1"]
    assert broken.heard == []


async def test_what_is_on_its_way_is_not_told_by_the_new_channel_too(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(*(notice(f"i{number}") for number in range(MAX_CONCURRENT_DELIVERIES + 4)))
    before = delivery_app.ops
    before.deaf.clear()
    await delivery_app.delivery.turn()
    await before.until(tried=MAX_CONCURRENT_DELIVERIES)
    delivery_app.channels["ops"] = RecordingChannel()
    delivery_app.configure("ops")
    await delivery_app.delivery.turn()
    before.deaf.set()
    await delivery_app.delivery.idle()
    await delivery_app.settle()
    assert len(before.heard) == MAX_CONCURRENT_DELIVERIES
    assert sorted(before.heard + delivery_app.ops.heard) == sorted(
        f"i{number}/ops/1" for number in range(MAX_CONCURRENT_DELIVERIES + 4)
    )


async def test_an_answer_of_the_store_that_is_out_of_date_tells_nothing_twice(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked, go_on = delivery_app.store.incidents.waiting, asyncio.Event(), asyncio.Event()

    async def slowly(now: datetime, most: int) -> list[NoticeRecord]:
        found = await ask(now, most)
        asked.set()
        await go_on.wait()
        return found

    await delivery_app.keep(notice())
    delivery_app.ops.deaf.clear()
    await delivery_app.delivery.turn()
    await delivery_app.ops.until(tried=1)
    monkeypatch.setattr(delivery_app.store.incidents, "waiting", slowly)
    second = asyncio.create_task(delivery_app.delivery.turn())
    await asked.wait()
    delivery_app.ops.deaf.set()
    await delivery_app.delivery.idle()
    go_on.set()
    await second
    await delivery_app.delivery.idle()
    assert delivery_app.ops.tried == ["i1/ops/1"]


async def test_what_lasts_is_said_again_each_minute(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(notice("i1"), notice("i2"))
    await delivery_app.settle()
    delivery_app.ops.repeats.clear()
    for _ in range(10):
        delivery_app.time.pass_(seconds=REPEAT / 2)
        await delivery_app.turn()
    assert delivery_app.ops.repeats == [(["i1/ops/1", "i2/ops/1"], [])] * 5


async def test_what_is_over_is_said_no_more(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(notice("i1"), notice("i2"), notice("i1", 2, NoticeKind.RESOLVED))
    await delivery_app.settle()
    delivery_app.time.pass_(seconds=REPEAT)
    await delivery_app.turn()
    assert delivery_app.ops.repeats[-1] == (["i2/ops/1"], [])


async def test_a_mute_is_said_at_once(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(notice("i1"), notice("i2"))
    await delivery_app.settle()
    for muted in ({"i1"}, {"i1"}, set(), set()):
        delivery_app.muted = frozenset(muted)
        await delivery_app.turn()
    assert delivery_app.ops.repeats[-2:] == [(["i2/ops/1"], ["i1/ops/1"]), (["i1/ops/1", "i2/ops/1"], [])]


async def test_after_a_restart_what_lasts_is_said_again_at_once(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(notice())
    await delivery_app.settle()
    await delivery_app.restart()
    delivery_app.ops.repeats.clear()
    delivery_app.configure("ops")
    await delivery_app.settle()
    assert delivery_app.ops.repeats == [(["i1/ops/1"], [])]
    assert delivery_app.ops.heard == ["i1/ops/1"]


async def test_a_fault_is_told_once_and_so_is_its_end(delivery_app: DeliveryApp, log: RecordingLog) -> None:
    delivery_app.ops.down = "HTTP 503"
    await delivery_app.keep(notice("i1"), notice("i2"))
    for _ in range(10):
        delivery_app.time.pass_(minutes=5)
        await delivery_app.settle()
    delivery_app.ops.down = None
    for _ in range(4):
        delivery_app.time.pass_(minutes=11)
        await delivery_app.settle()
    assert log.lines == [
        "warning notice delivery failing ops HTTP 503",
        "info notice delivery works again ops",
    ]


async def test_a_channel_with_a_bug_is_a_channel_that_fails(delivery_app: DeliveryApp, log: RecordingLog) -> None:
    await delivery_app.keep(notice())
    delivery_app.ops.bug = RuntimeError("token c0rrecth0rse is wrong")
    await delivery_app.settle()
    assert (await delivery_app.record("i1/ops/1")).fault == "internal error: RuntimeError"
    assert log.lines == ["warning notice delivery failing ops internal error: RuntimeError"]


async def test_it_runs_by_itself_and_a_poke_makes_it_look_at_once(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 3600.0)
    await delivery_app.keep(notice("i1", 1), notice("i1", 2))
    delivery_app.delivery.start()
    await delivery_app.ops.until(tried=2)  # the first delivery makes it look for the second
    await delivery_app.keep(notice("i2"))
    delivery_app.delivery.poke()
    await delivery_app.ops.until(tried=3)
    await delivery_app.delivery.idle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/2", "i2/ops/1"]


async def test_without_a_poke_time_alone_makes_it_look(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    delivery_app.time.step = timedelta(seconds=1)
    delivery_app.ops.down = "no connection"
    delivery_app.delivery.start()
    await delivery_app.keep(notice())
    await delivery_app.ops.until(tried=3)


async def test_a_store_that_fails_is_told_once_and_asked_again(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch, log: RecordingLog
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    await delivery_app.keep(notice())
    ask, answers = delivery_app.store.incidents.waiting, [False, False, False]

    async def fails(now: datetime, most: int) -> list[NoticeRecord]:
        if answers:
            answers.pop()
            raise StoreError("mailpath.db: disk I/O error")
        return await ask(now, most)

    monkeypatch.setattr(delivery_app.store.incidents, "waiting", fails)
    delivery_app.delivery.start()
    await delivery_app.ops.until(tried=1)
    assert log.lines == ["error notice delivery waits for the store mailpath.db: disk I/O error looking"]


async def test_what_is_on_its_way_may_end_when_the_service_does(delivery_app: DeliveryApp) -> None:
    await delivery_app.keep(notice("i1", 1), notice("i1", 2))
    delivery_app.ops.deaf.clear()
    delivery_app.delivery.start()
    await delivery_app.ops.until(tried=1)
    closing = asyncio.create_task(delivery_app.delivery.close())
    await asyncio.sleep(0)
    delivery_app.ops.deaf.set()
    await closing
    assert (await delivery_app.record("i1/ops/1")).delivered_at is not None
    assert delivery_app.ops.tried == ["i1/ops/1"]


async def test_a_poke_at_the_last_moment_does_not_keep_it_from_ending(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> list[NoticeRecord]:
        return []

    monkeypatch.setattr(delivery_app.store.incidents, "waiting", nothing)
    delivery_app.delivery.configure({})
    delivery_app.delivery.start()
    for _ in range(20):
        await asyncio.sleep(0)  # by now it waits for something to do
    delivery_app.delivery.poke()
    async with asyncio.timeout(PATIENCE):
        await delivery_app.delivery.close()


async def test_what_hangs_is_left_at_the_end(delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHUTDOWN_GRACE_SECONDS", 0.05)
    await delivery_app.keep(notice())
    delivery_app.ops.deaf.clear()
    delivery_app.delivery.start()
    await delivery_app.ops.until(tried=1)
    async with asyncio.timeout(PATIENCE):
        await delivery_app.delivery.close()
    assert (await delivery_app.record("i1/ops/1")).delivered_at is None


async def test_what_cannot_be_rendered_is_delivered_as_it_was_stored(delivery_app: DeliveryApp) -> None:
    def fails(_: NoticeQueue) -> Notice:
        raise ValueError("no such word")

    delivery_app.compose = fails
    await delivery_app.keep(notice("i1", 1), notice("i1", 2))
    await delivery_app.settle()
    assert delivery_app.ops.heard == ["i1/ops/1", "i1/ops/2"]


async def test_what_somebody_else_delivered_in_the_meantime_is_not_delivered_again(
    delivery_app: DeliveryApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await delivery_app.keep(notice())
    waiting = await delivery_app.store.incidents.waiting(delivery_app.time(), 9)
    await mark_delivered(delivery_app.store, "i1/ops/1", delivery_app.time())

    async def stale(now: datetime, most: int) -> list[NoticeRecord]:
        return waiting

    monkeypatch.setattr(delivery_app.store.incidents, "waiting", stale)
    await delivery_app.turn()
    assert delivery_app.ops.heard == []
