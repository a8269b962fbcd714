"""A probe that one process orders is sent by the one that owns the mailbox, once, and within its caps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import WatchedPath
from monitor.people.person import AuditAction
from monitor.probing import dispatch
from monitor.probing.buckets import bucket_of_path
from monitor.probing.caps import Caps
from monitor.probing.dispatch import InProcessDispatcher, ProbeOrder, StoredDispatcher
from monitor.probing.order_desk import OrderDesk
from monitor.probing.pipeline import LaunchError, Pipeline
from monitor.probing.planner import Planner
from monitor.probing.requester import Requester
from monitor.probing.schedule import Schedule
from monitor.store import Store
from monitor.store.ownership_tables import Hold
from probes.check import Check
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched
from tests.support.store_samples import probe

OURS = Hold("main", 7, "a", 1)
CHECK = Check("acme", "hq", Kind.TWO_STEP_CODE)
ORDER = ProbeOrder(CHECK, purpose=ProbePurpose.MANUAL, by=Requester("ann", "session"))


@dataclass
class Owner:
    """A process that owns the mailbox, and the desk in it; `other` is one that orders."""

    desk: OrderDesk
    pipeline: Pipeline
    store: Store
    route: ScriptedRoute
    other: StoredDispatcher
    hold: Hold | None = OURS

    async def ordered(self, order: ProbeOrder = ORDER, looks: int = 50) -> str:
        """Order it, and look; the id of its probe."""
        waiting = asyncio.create_task(self.other.launch(order))
        for _ in range(looks):
            await asyncio.sleep(0.01)
            await self.desk.look()
            if waiting.done():
                break
        return (await waiting).id


@asynccontextmanager
async def owner(app: PipelineApp, **facts: Any) -> AsyncIterator[Owner]:
    route = ScriptedRoute(mailbox=app.maildir)
    path = watched(route, app.mailbox, **facts)
    async with app.service(path) as (pipeline, _, store):
        pipeline.caps = caps = Caps(1, {}, app.clock())
        plan = Schedule([], caps, app.clock(), busy=lambda _: False)
        sends = InProcessDispatcher(pipeline)

        def hold(_: WatchedPath) -> Hold | None:
            return made.hold

        holder: Any = SimpleNamespace(hold=hold)
        planner = Planner(store, pipeline, sends, holder, app.clock, schedule=plan)
        desk = OrderDesk(store, sends, holder, planner, pipeline.path)
        made = Owner(desk, pipeline, store, route, StoredDispatcher(store, lambda _: asyncio.sleep(0.005)))
        yield made


async def test_the_owner_sends_it_and_the_audit_log_says_who_asked(pipeline_app: PipelineApp) -> None:
    async with owner(pipeline_app) as ours:
        probe_id = await ours.ordered()
        await ours.desk.look()
        record = await ours.store.probes.record(probe_id)
        assert record
        assert record.probe.purpose is ProbePurpose.MANUAL
        [(_, entry)] = await ours.store.people.audit_log(None, most=10)
        assert (entry.who, entry.what) == ("ann", AuditAction.PROBE_SENT)
        await ours.pipeline.idle()
    assert len(ours.route.sent) == 1


async def test_what_nobody_owns_is_withdrawn_in_time(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "HOLDS_BY_HAND", timedelta(seconds=0.2))
    async with owner(pipeline_app) as ours:
        ours.hold = None
        with pytest.raises(LaunchError, match="no worker has taken it, and it was not sent"):
            await ours.ordered()
        ours.hold = OURS
        await ours.desk.look()
    assert ours.route.sent == []


async def test_the_limits_of_the_path_and_its_host_hold_for_orders_too(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with owner(pipeline_app, per_path_per_day=2) as ours:
        await ours.ordered()
        monkeypatch.setattr(dispatch, "HOLDS_BY_HAND", timedelta(seconds=0.2))
        with pytest.raises(LaunchError, match="is there room in its caps"):
            await ours.ordered()
        pipeline_app.clock.pass_(minutes=1.1)
        monkeypatch.setattr(dispatch, "HOLDS_BY_HAND", timedelta(seconds=10))
        await ours.ordered()
        with pytest.raises(LaunchError, match="no more probes are sent there today"):
            await ours.ordered()
        await ours.pipeline.idle()
    assert len(ours.route.sent) == 2


async def test_why_it_cannot_be_sent_reaches_who_ordered_it(pipeline_app: PipelineApp) -> None:
    async with owner(pipeline_app) as ours:
        with pytest.raises(LaunchError, match="there is no neighbour"):
            await ours.ordered(ProbeOrder(CHECK, role=Role.NEIGHBOUR, purpose=ProbePurpose.MANUAL))
        assert not ours.pipeline.busy(CHECK)
        await ours.ordered()


async def test_what_the_last_owner_of_a_mailbox_sent_today_counts(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox, per_path_per_day=1)
    async with pipeline_app.service(path) as (pipeline, _, store):
        now = pipeline_app.clock()
        pipeline.caps = caps = Caps(10, {}, now)
        plan = Schedule([], caps, now, busy=lambda _: False)
        nobody: Any = SimpleNamespace(hold=lambda _: None)
        planner = Planner(store, pipeline, InProcessDispatcher(pipeline), nobody, pipeline_app.clock, schedule=plan)
        theirs = probe(company=path.company, path=path.path, created_at=now)
        await store.probes.launch(theirs, path.mailbox_key, Attempt(now, 1))
        assert not caps.full(path, now)
        planner.take({bucket_of_path(path)})
        await planner.close()
        assert caps.full(path, now)
