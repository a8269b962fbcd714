"""A store that refuses a write of the engine or of delivery: one incident stays one, and people are notified of it."""

import asyncio
from pathlib import Path

import pytest

from monitor.oncall.delivery import Delivery
from monitor.store import StoreDownError
from tests.monitor.oncall.test_engine import config, open_engine_app, told
from tests.support.delivery_app import RecordingChannel
from tests.support.outside_world import outside_world
from tests.support.refusing_store import Refusal, Refusals, refusals
from tests.support.verdict_score import QUARTER

__all__ = ["refusals"]
ENGINE, DELIVERY = ("MARK",), ("DELIVERED", "PUT_OFF")


async def again(work) -> None:
    """As the loop of each does: what failed is tried once more."""
    try:
        await work()
    except StoreDownError:
        await work()


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", range(1, 7))
async def test_an_incident_is_one_incident(tmp_path: Path, refusals: Refusals, nth: int, how: Refusal) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        refusals.refuse(nth, how, *ENGINE)
        for letter in "iddd.ii.":
            if letter != ".":
                await engine_app.judge(letter)
            await again(engine_app.incident_engine.step)
            engine_app.wait(QUARTER)
        assert refusals.refused, "so many writes there are"
        await again(engine_app.incident_engine.step)
        notices = await engine_app.notices()
        assert told(notices) == ["opened", "resolved"]
        assert len({notice.incident for notice in notices}) == 1
        [incident] = await engine_app.store.incidents.newest(9, open_only=False)
        assert not incident.open
        assert not engine_app.incident_engine.incidents
        assert not engine_app.store.replaced.is_set(), "nobody else leads"
        assert await engine_app.store.incidents.signals_seen() == await engine_app.store.probes.last_signal()


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("down", [False, True])
async def test_a_notice_is_delivered_and_marked(
    tmp_path: Path, refusals: Refusals, nth: int, how: Refusal, down: bool
) -> None:
    channel = RecordingChannel()
    async with open_engine_app(tmp_path, config()) as engine_app:
        delivery = Delivery(engine_app.store, outside_world(now=lambda: engine_app.now))
        delivery.configure({"hook": channel})
        refusals.refuse(nth, how, *DELIVERY)
        channel.down = "HTTP 503" if down else None
        for letter in "iddd.ii...":
            if letter != ".":
                await engine_app.judge(letter)
            await engine_app.incident_engine.step()
            for _ in range(3):
                await again(delivery.turn)
                await delivery.idle()
            engine_app.wait(QUARTER)
            channel.down = channel.down if letter == "d" else None
        assert await engine_app.store.incidents.queues() == {}
        notices = await engine_app.notices()
        assert [notice.id for notice in notices] == list(dict.fromkeys(channel.heard)), "each, in order"
        assert told(notices) == ["opened", "resolved"]
        await delivery.close()
        await asyncio.sleep(0)
