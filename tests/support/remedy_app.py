"""A company behind a gateway whose filter can be changed, and the service that tests its remedies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.actions.remedies import RemedyWorker
from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Incident
from monitor.probing.caps import Caps
from monitor.proving.preparing import RemedyChange
from monitor.proving.service import RemedyTests
from monitor.remedying.applied import AppliedRemedy
from monitor.store import Store
from probes.message import Message
from tests.support.diagnosing_app import CONFIG, PropertyGateway, diagnoser_at, path_to
from tests.support.incident_samples import failure, incident
from tests.support.pipeline_app import PipelineApp

SENDER_IP = CONFIG.sender.source_ip
SENDER_ADDRESS = CONFIG.sender.address
CONTROL_ADDRESS = "check@control.example"
POSTFIX = "postfix-restriction-class"  # acts at once


def as_sender(message: Message) -> bool:
    """The sender's own mail."""
    return message.identity.source_ip == SENDER_IP and message.identity.address == SENDER_ADDRESS


def as_twin(message: Message) -> bool:
    """Its forged twin."""
    return message.identity.source_ip != SENDER_IP and message.identity.address == SENDER_ADDRESS


def in_its_name(message: Message) -> bool:
    """Both."""
    return message.identity.address == SENDER_ADDRESS


def nobody(_message: Message) -> bool:
    """No mail."""
    return False


def everybody(_message: Message) -> bool:
    """All mail."""
    return True


@dataclass
class RemedyApp:
    """The company, and who works there. `stops` of its gateway is what its filter does now."""

    app: PipelineApp
    stops: Callable[[Message], bool] = in_its_name
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path: WatchedPath = path_to(self.app, self.stops, **self.facts)
        self.config: Config = CONFIG.model_copy()
        self.config.__dict__["resolved_paths"] = (self.path,)

    @property
    def gateway(self) -> PropertyGateway:
        """Its gateway."""
        assert isinstance(self.path.route, PropertyGateway)
        return self.path.route

    @property
    def sent(self) -> list[str]:
        """Who wrote the mails that it got, in their order."""
        who = ((as_sender, "sender"), (as_twin, "twin"), (everybody, "control"))
        return [next(name for test, name in who if test(message)) for message in self.gateway.sent]

    def incident(self, **facts: Any) -> Incident:
        """Its incident."""
        return incident(mail_system="postfix", failures=(failure(kind=self.path.kinds[0], **facts),))

    @asynccontextmanager
    async def service(self, caps: Caps | None = None) -> AsyncIterator[tuple[RemedyTests, RemedyWorker]]:
        """A service that looks only when it is asked to, and somebody at the company."""
        parts: list[RemedyTests] = []
        async with diagnoser_at(self.app, self.path, self.config, lambda event: parts[0].on_event(event)) as at_work:
            _, pipeline, store = at_work
            pipeline.caps = caps
            tests = RemedyTests(store, lambda: pipeline, self.app.clock)
            parts.append(tests)
            tests.configure(self.config)
            worker = RemedyWorker(store, lambda: self.config, self.app.clock, "ann", "session")
            try:
                yield tests, worker
            finally:
                await tests.close()

    async def store_incident(self, store: Store, **facts: Any) -> Incident:
        """Store its incident and return it."""
        found = self.incident(**facts)
        await store.incidents.advance(0, [found], [], [])
        return found


async def finished(tests: RemedyTests, worker: RemedyWorker, applied: AppliedRemedy) -> AppliedRemedy:
    """Begin what is due, and return the remedy once its test has a result."""
    await tests.look()
    while True:
        found = await worker.store.remedies.one(applied.id)
        assert found
        if not found.awaited or found.test != applied.test:
            return found
        await asyncio.sleep(0.01)


def said(change: Incident, remedy: str = POSTFIX, **facts: Any) -> RemedyChange:
    """ "We have changed it"."""
    return replace(RemedyChange(change, "acme", remedy), **facts)
