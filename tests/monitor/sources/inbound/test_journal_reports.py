"""Journal reports by anybody: `X-MS-Journal-Report` is a field like any other, and proves nothing."""

from probes.evidence import Arrival, Bounce, Dialogue, Folder
from probes.token import Purpose, mint
from tests.monitor.sources.inbound.conftest import COPIES
from tests.monitor.sources.inbound.test_amended import FAR_AWAY, KIND, open_inbound_pipeline
from tests.support import bounce_mails as mails
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched


async def test_a_journal_report_of_a_stranger_proves_no_inbox(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(host=FAR_AWAY), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        assert await talks.about(probe.id, mails.journal, to="acme@probe.test") == 250
        assert await heard.verdict() == "inbox - unproven"
        assert "does not prove" in heard.verdicts[0].verdict.because
        (arrival,) = await talks.evidence(probe.id, Arrival)
        assert (arrival.folder, arrival.client_ip) == (Folder.COPY, "127.0.0.1")


async def test_nor_is_a_bounce_inside_of_it_one(pipeline_app: PipelineApp) -> None:
    """It comes from the network that took the probe, and quotes all tokens; but it came to the address of copies."""
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        tag = mint(probe.id, await talks.store.key(), Purpose.ENVELOPE)
        said = {"recipient": "probe@acme.test", "action": "failed", "status": "5.7.1", "reply": "550 5.7.1 no"}
        report = mails.JOURNAL.format(inside=mails.BOUNCE.format(token=tag, **said))
        assert (await talks.send(mails.wire(report), "acme@probe.test"))[0] == 250
        assert not any(bounce.to_envelope for bounce in await talks.evidence(probe.id, Bounce))
        assert await talks.evidence(probe.id, Arrival) == []


async def test_nor_does_it_undo_what_the_receiver_said(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.bounce)
        assert await heard.verdict() == "blocked ip_listed real"
        await talks.about(probe.id, mails.journal, to="acme@probe.test")
        assert await heard.verdict(2) == "blocked ip_listed real"
