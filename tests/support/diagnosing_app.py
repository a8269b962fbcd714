"""A path to a gateway that stops mail by its properties, and the parts that diagnose it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from monitor.config import Config, WatchedPath
from monitor.config.diagnosis import DiagnosisSettings
from monitor.config.model import ControlSettings
from monitor.diagnosing.diagnoser import Diagnoser
from monitor.diagnosing.preparing import DiagnosisRequest, prepare
from monitor.events import Listener
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from probes.dkim import Dkim
from probes.evidence import Dialogue, Handover
from probes.kinds import Kind
from probes.message import Message
from probes.outside import Outside
from tests.support.pipeline_app import REPLIES, PipelineApp, ScriptedRoute, watched

CONFIG = Config(
    control=ControlSettings(address="check@control.example", source_ip="198.51.100.7"),
    diagnosis=DiagnosisSettings(spacing=timedelta(microseconds=1)),
)


class PropertyGateway(ScriptedRoute):
    """Refuses a message if `stops` says so of it; anything else is delivered."""

    def __init__(self, app: PipelineApp, stops: Callable[[Message], bool]) -> None:
        super().__init__(mailbox=app.maildir, via="xclient")
        self.stops = stops

    async def send(self, message: Message, number: int, around: Outside, *, timeout: float, note: Any) -> Dialogue:
        """Answer as a gateway does after RCPT, or at `stage`."""
        self.sent.append(message)
        handover = Handover.REFUSED if self.stops(message) else Handover.ACCEPTED
        usual = REPLIES[handover]
        step = replace(usual, at=around.now(), stage=self.stage or usual.stage)
        note(step)
        if handover is Handover.ACCEPTED and self.mailbox:
            self.mailbox.deliver(message.content, return_path=message.mail_from)
        return Dialogue(around.now(), number, handover, (step,), "104.130.122.50")


class DiagnosisConfig:
    """As much of a configuration as pipeline and diagnoser read."""

    def __init__(self, *paths: WatchedPath, config: Config = CONFIG) -> None:
        self._paths = paths
        self.sender, self.inbound, self.identities = config.sender, config.inbound, config.identities

    def paths(self) -> tuple[WatchedPath, ...]:
        """The paths."""
        return self._paths


def path_to(app: PipelineApp, stops: Callable[[Message], bool], **facts: Any) -> WatchedPath:
    """A path through such a gateway."""
    return watched(PropertyGateway(app, stops), app.mailbox, **{"kinds": (Kind.VERIFICATION,), **facts})


def config_for_every_factor() -> Config:
    """A sender that differs from the control in every factor: it signs, and its real mail is larger than a probe."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    dkim = Dkim(selector="s1", key=SecretStr(pem.decode()))
    return CONFIG.model_copy(update={"sender": CONFIG.sender.model_copy(update={"dkim": dkim, "size": 24_000})})


def diagnosis_of(app: PipelineApp, path: WatchedPath, config: Config = CONFIG) -> Diagnosis:
    """A diagnosis of the path's first kind."""
    return prepare(config, DiagnosisRequest(path, path.kinds[0]), (), "ann", app.clock())


@asynccontextmanager
async def diagnoser_at(
    app: PipelineApp, path: WatchedPath, config: Config = CONFIG, *listeners: Listener
) -> AsyncIterator[tuple[Diagnoser, Pipeline, Store]]:
    """A process with pipeline and diagnoser, which ticks until it ends."""
    parts: list[Diagnoser] = []
    hearing = [lambda event: parts[0].on_event(event), *listeners]
    async with app.service(path, listeners=hearing) as (pipeline, _, store):
        await pipeline.configure(DiagnosisConfig(path, config=config))  # type: ignore[arg-type]
        parts.append(Diagnoser(store, lambda: pipeline, lambda: config, app.clock, "test"))
        await pipeline.adopt()
        ticking = asyncio.create_task(_tick(app, pipeline))
        try:
            yield parts[0], pipeline, store
        finally:
            ticking.cancel()


async def _tick(app: PipelineApp, pipeline: Pipeline) -> None:
    while True:
        pipeline.tick(app.clock())
        await asyncio.sleep(0.02)
