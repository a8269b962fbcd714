"""From an order to a probe, in this process."""

import pytest
from structlog.testing import capture_logs

from monitor.probing.dispatch import InProcessDispatcher, ProbeOrder
from monitor.probing.pipeline import LaunchError
from probes.check import Check
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched
from tests.support.refusing_store import Refusal, Refusals, refusals

__all__ = ["refusals"]
CHECK = Check("acme", "hq", Kind.TWO_STEP_CODE)


@pytest.mark.parametrize("purpose", ProbePurpose)
async def test_an_order_becomes_a_probe_that_knows_why_it_was_sent(
    pipeline_app: PipelineApp, purpose: ProbePurpose
) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, _, store):
        launched = await InProcessDispatcher(pipeline).launch(ProbeOrder(CHECK, purpose=purpose))
        record = await store.probes.record(launched.id)
    assert record
    assert record.probe == launched
    assert (launched.check, launched.purpose) == (CHECK, purpose)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (ProbeOrder(Check("acme", "gone", Kind.TWO_STEP_CODE)), "acme/gone: there is no such path"),
        (ProbeOrder(CHECK, Role.NEIGHBOUR), "there is no neighbour; add a [neighbour] table"),
    ],
)
async def test_what_cannot_be_launched_is_told_to_who_waits_and_else_logged(
    pipeline_app: PipelineApp, order: ProbeOrder, reason: str
) -> None:
    async with pipeline_app.service(watched(ScriptedRoute(), pipeline_app.mailbox)) as (pipeline, _, store):
        dispatcher = InProcessDispatcher(pipeline)
        with pytest.raises(LaunchError) as raised:
            await dispatcher.launch(order)
        assert reason in str(raised.value)
        with capture_logs() as lines:
            dispatcher.dispatch(order)
            await dispatcher.close()
        assert [reason in line["reason"] for line in lines if line["log_level"] == "error"] == [True]
        assert await store.probes.in_flight() == []


async def test_what_the_store_does_not_take_is_not_sent_and_the_service_tells_of_it(
    pipeline_app: PipelineApp, refusals: Refusals
) -> None:
    route = ScriptedRoute()
    async with pipeline_app.service(watched(route, pipeline_app.mailbox)) as (pipeline, _, store):
        refusals.refuse(1, Refusal.NOT_WRITTEN)
        dispatcher = InProcessDispatcher(pipeline)
        with capture_logs() as lines:
            dispatcher.dispatch(ProbeOrder(CHECK))
            await dispatcher.close()
        assert lines == []
        assert not pipeline.flights
        assert await store.probes.in_flight() == []
    assert route.sent == []
