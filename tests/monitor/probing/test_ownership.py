"""What a process owns: as long as it can say so to the store, and not a moment longer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.probing import ownership
from monitor.probing.caps import Caps
from monitor.probing.dispatch import InProcessDispatcher, ProbeOrder
from monitor.probing.ownership import Ownership
from monitor.probing.pipeline import TurnTakenError
from monitor.probing.planner import Planner
from monitor.probing.schedule import Schedule
from monitor.store import Store, StoreDownError
from monitor.store.ownership import BUCKETS
from monitor.store.ownership_tables import Hold, Turn
from probes.check import Check
from probes.kinds import Kind
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

CHECK = Check("acme", "hq", Kind.TWO_STEP_CODE)
PATH = watched(ScriptedRoute(), None)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that ends soon."""
    monkeypatch.setattr(ownership, "TTL", timedelta(seconds=0.7))
    monkeypatch.setattr(ownership, "STOP_EARLY_SECONDS", 0.3)
    monkeypatch.setattr(ownership, "RENEW_SECONDS", 0.05)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as opened:
        yield opened


async def until(true: Callable[[], object]) -> None:
    """Wait for what a lease of some tenths of a second brings about."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - it is time itself that is waited for
            await asyncio.sleep(0.01)


async def test_the_only_process_owns_everything_from_the_start(store: Store) -> None:
    ours = Ownership(store, alone=True)
    assert ours.hold(PATH) is None
    await ours.begin()
    assert len(ours.buckets) == BUCKETS
    assert ours.hold(PATH)
    await ours.close()
    assert (ours.hold(PATH), ours.buckets) == (None, frozenset())


async def test_two_share_and_one_takes_over_what_the_other_leaves(store: Store) -> None:
    one, other = Ownership(store, alone=False), Ownership(store, alone=False)
    await one.begin()
    await other.begin()
    await until(lambda: len(one.buckets) == len(other.buckets) == BUCKETS // 2)
    await one.close()
    await until(lambda: len(other.buckets) == BUCKETS)
    await other.close()


async def test_while_the_store_is_away_the_lease_ends_early_and_is_there_again_afterwards(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Ownership(store, alone=False)
    await ours.begin()

    async def away(*_: object, **__: object) -> None:
        raise StoreDownError("away")

    with monkeypatch.context() as gone:
        gone.setattr(store.ownership, "renew", away)
        began = asyncio.get_running_loop().time()
        await until(lambda: ours.hold(PATH) is None)
        assert asyncio.get_running_loop().time() - began < 0.7, "before anybody else may take it"
    await until(lambda: ours.hold(PATH))
    await ours.close()


async def test_what_another_one_owns_is_not_ordered_and_not_counted(tmp_path: Path) -> None:
    path, now = watched(ScriptedRoute(), None, per_path_per_day=1), datetime(2026, 11, 23, 8, tzinfo=UTC)
    caps, orders = Caps(10, {}, now), list[ProbeOrder]()
    plan = Schedule([path], caps, now, busy=lambda _: False)
    held: dict[str, Hold] = {}
    around: Any = SimpleNamespace(
        health=SimpleNamespace(trouble=None), dispatch=orders.append, hold=lambda each: held.get(each.key)
    )
    planner = Planner(around, around, around, around, lambda: now, schedule=plan)
    for second in range(15 * 60):
        planner.tick(now + timedelta(seconds=second))
    assert orders == []
    assert not caps.full(path, now)
    held["acme/hq"] = Hold("main", 7, "a", 1)
    for second in range(15 * 60, 30 * 60):
        planner.tick(now + timedelta(seconds=second))
    assert [order.turn and order.turn.hold for order in orders] == [held["acme/hq"]]


async def test_a_turn_that_was_claimed_is_neither_sent_nor_counted_nor_an_error(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, heard, store):
        pipeline.caps = caps = Caps(1, {}, pipeline_app.clock())
        ours = Ownership(store, alone=True)
        await ours.renew()
        hold = ours.hold(watched(route, pipeline_app.mailbox))
        assert hold
        order = ProbeOrder(CHECK, turn=Turn(pipeline_app.clock(), hold))
        dispatcher = InProcessDispatcher(pipeline)
        await dispatcher.launch(order)
        await heard.verdict()
        path = pipeline.path(CHECK)
        assert path
        caps.count(path, pipeline_app.clock())
        with pytest.raises(TurnTakenError):
            await dispatcher.launch(order)
        assert caps.free_at("mx.acme.test", pipeline_app.clock()) <= pipeline_app.clock(), "given back"
        with capture_logs() as lines:
            dispatcher.dispatch(order)
            await dispatcher.close()
        assert [line for line in lines if line["log_level"] == "error"] == []
        assert len(route.sent) == 1
        assert not pipeline.busy(CHECK)
