"""What happens now, passed on to whoever watches."""

import asyncio
from datetime import timedelta
from time import perf_counter

import pytest

from monitor.events import Event
from monitor.web.broadcast import MAX_WAITING, Live, News
from probes.answer import Stage
from probes.evidence import Attempt, Dialogue, Interrupted, Look
from tests.support.pages_app import START, accepted, probe_of, step

ACME, BOLT = probe_of("acme", START), probe_of("bolt", START)


def event(number: int = 0, probe: object = ACME) -> Event:
    return Event(probe, Look(START + timedelta(seconds=number), ("INBOX",)))  # type: ignore[arg-type]


def of_acme(told: News) -> bool:
    return told.company == "acme"


def test_a_watcher_is_told_what_it_wants_in_order() -> None:
    live = Live()
    with live.subscribed(of_acme) as watcher:
        for number in range(3):
            live.on_event(event(number))
            live.on_event(event(number, BOLT))
        assert [watcher.queue.get_nowait() for _ in range(3)] == [event(number) for number in range(3)]
        assert watcher.queue.empty()


def test_nobody_watches_after_the_block_also_where_it_failed() -> None:
    live = Live()
    with pytest.raises(ZeroDivisionError), live.subscribed(of_acme):
        assert live.watchers == 1
        _ = 1 / 0
    assert live.watchers == 0
    live.on_event(event())


def test_who_is_slow_loses_only_its_own_and_is_told() -> None:
    live = Live()
    with live.subscribed(of_acme) as slow, live.subscribed(of_acme) as quick:
        heard = []
        for number in range(MAX_WAITING + 5):
            live.on_event(event(number))
            heard.append(quick.queue.get_nowait())
        assert heard == [event(number) for number in range(MAX_WAITING + 5)]
        assert (slow.lost, quick.lost) == (True, False)
        assert slow.queue.qsize() == MAX_WAITING


async def test_the_events_of_who_was_too_slow_end_where_the_gap_begins() -> None:
    live = Live()
    with live.subscribed(of_acme) as slow:
        for number in range(MAX_WAITING + 1):
            live.on_event(event(number))
        told = []
        async with asyncio.timeout(5):
            async for each in slow:
                told.append(each)
                live.on_event(event(9999))  # there would be room for it, but one before it is lost
    assert told == [event(number) for number in range(MAX_WAITING)]


async def test_who_waits_is_woken() -> None:
    live = Live()
    with live.subscribed(of_acme) as watcher:
        waiting = asyncio.ensure_future(anext(aiter(watcher)))
        await asyncio.sleep(0)
        live.on_event(event())
        async with asyncio.timeout(5):
            assert await waiting == event()


def test_a_thousand_watchers_hold_nobody_up() -> None:
    live, watchers = Live(), 1000
    rooms = [live.subscribed(of_acme) for _ in range(watchers)]
    subscriptions = [room.__enter__() for room in rooms]
    began = perf_counter()
    for number in range(10):
        live.on_event(event(number))
    assert perf_counter() - began < 1.0
    assert {each.queue.qsize() for each in subscriptions} == {10}
    for room in rooms:
        room.__exit__(None, None, None)
    assert live.watchers == 0


@pytest.mark.parametrize(
    "ends", [accepted(), Interrupted(START, 1), Attempt(START, 2)], ids=["it ends", "it is cut off", "the next begins"]
)
def test_the_steps_of_a_dialogue_are_kept_until_it_is_stored(ends: Dialogue | Interrupted | Attempt) -> None:
    live, steps = Live(), [step(Stage.CONNECT, 0.1), step(Stage.RCPT, 0.2)]
    for each in steps:
        live.on_event(Event(ACME, each))
    assert list(live.spoken(ACME.id)) == steps
    assert list(live.spoken(BOLT.id)) == []
    live.on_event(Event(ACME, ends))
    assert list(live.spoken(ACME.id)) == []
