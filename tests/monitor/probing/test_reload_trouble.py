"""A reload while the store takes nothing: it is done to its end, and what could not be stored is stored later."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.incidents.settings import IncidentSettings
from monitor.probing.pipeline import Pipeline
from monitor.store import StoreDownError
from probes.check import Check
from probes.evidence import Dialogue
from probes.kinds import Kind
from probes.verdict import Outcome
from tests.monitor.oncall.test_engine import config, open_engine_app
from tests.support.pipeline_app import Maildir, PipelineApp, PipelineConfig, ScriptedRoute, watched

KIND = Kind.TWO_STEP_CODE
FULL = StoreDownError("store: the disk is full")


@pytest.fixture
def pipeline_app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


async def fails(*_: object, **__: object) -> None:
    raise FULL


async def ticking(pipeline: Pipeline, pipeline_app: PipelineApp, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            pipeline_app.clock.pass_(seconds=5)
            pipeline.tick(pipeline_app.clock())
            await asyncio.sleep(0.01)


async def test_probes_of_a_path_that_is_gone_end_once_the_store_takes_it(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = watched(ScriptedRoute(), pipeline_app.mailbox)
    stays = watched(
        ScriptedRoute(), pipeline_app.mailbox.model_copy(update={"path": pipeline_app.folder / "other"}), path="stays"
    )
    Maildir(pipeline_app.folder / "other", pipeline_app.clock)
    async with pipeline_app.service(gone, stays) as (pipeline, heard, store):
        first, second = await pipeline.launch(gone, KIND), await pipeline.launch(gone, Kind.INVITATION)
        await heard.evidence(Dialogue, 2)
        with monkeypatch.context() as full:
            full.setattr(store.probes, "learn", fails)
            await pipeline.configure(PipelineConfig(stays))  # type: ignore[arg-type]
            assert gone.mailbox_key not in pipeline.watchers
            await pipeline.idle()
        await ticking(pipeline, pipeline_app, lambda: not pipeline.flights)
        await pipeline.idle()  # the last write may be under way
        for probe in (first, second):
            record = await store.probes.record(probe.id)
            assert record
            assert record.closed_at
            assert record.verdict
            assert record.verdict.because == "its path was taken out of the configuration"
        assert not pipeline.busy(Check("acme", "hq", KIND))


async def test_a_path_that_comes_back_before_its_probes_were_ended_is_watched_again(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        with monkeypatch.context() as full:
            full.setattr(store.probes, "learn", fails)
            await pipeline.configure(PipelineConfig())  # type: ignore[arg-type]
        await pipeline.configure(PipelineConfig(path))  # type: ignore[arg-type]
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        await heard.verdict()
        assert heard.verdicts[0].verdict.outcome is Outcome.INBOX


async def test_incidents_do_not_seem_to_be_over_where_the_store_could_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("iddd")
        assert len(engine_app.incident_engine.incidents) == 1
        with monkeypatch.context() as full:
            full.setattr(engine_app.store.probes, "history", fails)
            await engine_app.incident_engine.configure(config(incidents=IncidentSettings(settle=timedelta(seconds=30))))
            with pytest.raises(StoreDownError):
                await engine_app.incident_engine.step()
        await engine_app.settle()
        assert len(engine_app.incident_engine.incidents) == 1
