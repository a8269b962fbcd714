"""The diagnoses of the service: begun by incidents, and gone on with after their process is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.config import Config, WatchedPath
from monitor.config.diagnosis import DiagnosisSettings, StartOn
from monitor.diagnosing.service import DRIVER, Diagnoses
from monitor.incidents.incident import Incident, Reason
from monitor.store import Store
from probes.message import Message
from probes.verdict import Cause
from tests.support.diagnosing_app import CONFIG, diagnoser_at, diagnosis_of, path_to
from tests.support.incident_samples import failure, incident
from tests.support.pipeline_app import PipelineApp

SECONDS = 30.0
UNCLEAR = CONFIG.model_copy(
    update={"diagnosis": DiagnosisSettings(start=StartOn.UNCLEAR, spacing=CONFIG.diagnosis.spacing)}
)


class Rules:
    """Open incidents, and how often somebody woke the rules."""

    def __init__(self, *incidents: Incident) -> None:
        self.incidents = incidents
        self.poked = asyncio.Event()

    def poke(self) -> None:
        """Count."""
        self.poked.set()


@pytest.fixture
def app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


def by_address(message: Message) -> bool:
    return message.identity.source_ip == CONFIG.sender.source_ip


@asynccontextmanager
async def service_at(
    app: PipelineApp, rules: Rules, path: WatchedPath, config: Config = CONFIG
) -> AsyncIterator[tuple[Diagnoses, Store]]:
    """A service with its diagnoses, which looks only when it is told to."""
    parts: list[Diagnoses] = []
    async with diagnoser_at(app, path, config, lambda event: parts[0].on_event(event)) as (_, pipeline, store):
        diagnoses = Diagnoses(store, lambda: pipeline, app.clock, lambda: rules)
        parts.append(diagnoses)
        diagnoses.configure(config)
        try:
            yield diagnoses, store
        finally:
            await diagnoses.close()


async def test_an_incident_without_a_clear_cause_is_diagnosed(app: PipelineApp) -> None:
    path = path_to(app, by_address)
    unclear = failure(kind=path.kinds[0], cause=Cause.UNCLEAR, reason=Reason.CONTROL_THROUGH)
    rules = Rules(incident(failures=(unclear,)))
    config = UNCLEAR.model_copy()
    config.__dict__["resolved_paths"] = (path,)
    async with service_at(app, rules, path, config) as (diagnoses, store), asyncio.timeout(SECONDS):
        await diagnoses.look()
        await rules.poked.wait()
        (record,) = await store.diagnoses.of_path("acme", "hq")
        assert record.conclusion
        assert record.diagnosis.incident == "i1"
        assert diagnoses.concluded == {"told": 1}
        await diagnoses.look()
        assert len(await store.diagnoses.of_path("acme", "hq")) == 1, "once a day"


@pytest.mark.parametrize(
    ("driver", "passes", "resumed"),
    [(DRIVER, {}, True), ("command 1 ab", {}, False), ("command 1 ab", {"minutes": 3}, True)],
)
async def test_a_diagnosis_that_nobody_works_on_goes_on(
    app: PipelineApp, driver: str, passes: dict[str, float], resumed: bool
) -> None:
    path, rules = path_to(app, by_address), Rules()
    diagnosis = diagnosis_of(app, path)
    async with Store.open(app.url) as store:
        assert await store.diagnoses.begin(diagnosis, driver)
    app.clock.pass_(**passes)
    async with service_at(app, rules, path) as (diagnoses, store), asyncio.timeout(SECONDS):
        await diagnoses.look()
        if resumed:
            await rules.poked.wait()
        assert bool(await store.diagnoses.running()) is not resumed
