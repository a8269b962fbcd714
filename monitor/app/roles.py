"""The processes that commands run. `serve` is all roles in one process; the others share a PostgreSQL.

- `serve`    probes, listens, applies the rules, shows everything: alone on its store, by the lease of the leader
- `worker`   probes for the mailboxes that it owns; any number
- `rules`    incidents, notices, standing, diagnoses, housekeeping; one at a time, by the same lease
- `web`      pages and API, from the store; any number
- `inbound`  receives bounces, copies and reports; one
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import structlog

from monitor.app.hearing import Announcing, Hearing
from monitor.app.listener import Receiving
from monitor.app.pages import backend_of, show_all, show_health
from monitor.app.part import Configured, RolePart
from monitor.app.pipelines import pipeline_of
from monitor.app.probing import probing_of
from monitor.app.reading import Reading
from monitor.app.rules import rules_of
from monitor.app.service import TICK_INTERVAL, Service
from monitor.app.shard import Shard
from monitor.clock import Clock, ticking, utc_now
from monitor.company_setup.service import CompanySetup
from monitor.config import Config, WatchedPath
from monitor.config.simulated import make_folders, sandbox_of
from monitor.config.unchanged import read_again
from monitor.diagnosing.begin import begin
from monitor.diagnosing.service import TO_BE_RUN
from monitor.errors import UserError
from monitor.events import Listener
from monitor.incidents.signal import Signal
from monitor.leader import leading
from monitor.logs import log_verdict
from monitor.measures.loop_lag import LoopLag
from monitor.oncall.incident_reader import IncidentReader
from monitor.probing.current import Board
from monitor.probing.dispatch import ElsewhereLauncher, ProbeOrder, StoredDispatcher
from monitor.probing.following import SignalReader
from monitor.probing.inbound import inbound_of
from monitor.probing.outside import outside_of
from monitor.probing.pipeline import Pipeline
from monitor.store import Store, file_of
from monitor.store.diagnoses import Diagnosis
from monitor.supervised import kept_open
from monitor.web.backend import Backend
from monitor.web.broadcast import Live
from monitor.web.first_steps import tell_first_steps
from monitor.web.standby import answering
from probes.outside import Outside
from probes.probe import ProbePurpose
from probes.routes import comparison
from probes.settings import Endpoint
from probes.uplink import Uplink

log = structlog.get_logger("mailpath")


class NotForThisError(UserError):
    """The role is not for this configuration. The text says why, and what to do."""


@dataclass(eq=False)
class Ground:
    """The ground that every process stands on, and that its parts are made of."""

    file: Path
    config: Config
    store: Store
    house: AsyncExitStack
    clock: Clock
    outside: Outside
    signals: SignalReader
    live: Live
    board: Board

    @classmethod
    async def of(cls, file: Path, config: Config, store: Store, house: AsyncExitStack) -> Self:
        """Prepare it, until the house is left."""
        clock = Clock()
        outside = await house.enter_async_context(outside_of(config, clock.now, store.refresh_tokens))
        return cls(file, config, store, house, clock, outside, SignalReader(store), Live(), Board())

    def service(self, *parts: RolePart) -> Service:
        """Return the process with these parts."""
        return Service(
            file=self.file, config=self.config, store=self.store, clock=self.clock, outside=self.outside,
            board=self.board, signals=self.signals, live=self.live, loop_lag=LoopLag(), parts=parts,
        )  # fmt: skip

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """The listeners of a pipeline in every role that has one."""
        return log_verdict, self.signals.on_event, self.live.on_event

    async def receive(self, receiving: Receiving, pipeline: Pipeline, *, patient: bool) -> None:
        """Listen for mail, if that is configured."""
        listener = inbound_of(self.config, self.store, pipeline, patient=patient)
        receiving.router = await self.house.enter_async_context(listener)

    async def work(self, at_work: Service, backend: Backend) -> None:
        """Work until the house is left."""
        self.house.push_async_callback(at_work.stop)
        await at_work.start([backend.company_summaries.take])
        await self.house.enter_async_context(at_work.calendar.kept())
        await self.house.enter_async_context(ticking(at_work.tick, TICK_INTERVAL))
        log.info("started", paths=len(at_work.board.paths), page=f"{self.config.web.base_url}/")


@asynccontextmanager
async def service(file: Path, config: Config, *listeners: Listener) -> AsyncIterator[Service]:
    """Run the whole service, from the sandbox to the web server, while the block lasts.

    If another process works on the same store, the block begins once that has ended, perhaps after weeks.
    """
    async with AsyncExitStack() as house:
        make_folders(config)
        store = await house.enter_async_context(Store.open(config.store.url))
        stood_by = await house.enter_async_context(leading(store, utc_now, partial(answering, config)))
        config = (await read_again(file, config) if stood_by else None) or config
        await house.enter_async_context(kept_open(partial(sandbox_of, config), patient=stood_by))
        ground = await Ground.of(file, config, store, house)
        rules = rules_of(
            config, store, ground.outside, ground.clock.now, lambda: probing.pipeline,
            uplink=lambda: probing.network.uplink, compare=lambda path, signal: probing.planner.compare(path, signal),
        )  # fmt: skip
        heard_by = (*ground.listeners, *rules.listeners, *listeners)
        sends = probing_of(config, store, ground.outside, ground.clock.now, heard_by, alone=True)
        probing = await house.enter_async_context(sends)
        receiving = Receiving(wanted=config.inbound is not None)
        at_work = ground.service(rules, probing, receiving)

        def hinted(account: str, message_id: str) -> None:
            probing.pipeline.hinted(account, message_id)
            rules.real_mail.poke(account)

        backend = backend_of(
            at_work, rules.incident_engine, probing.dispatcher, admits=probing.planner.admits,
            give_back=probing.planner.give_back, diagnose=rules.diagnoses.begin, poke_remedies=rules.remedies.poke,
            hint=hinted, company_mx=rules.company_mx.of, company_setup=CompanySetup(at_work),
        )  # fmt: skip
        await house.enter_async_context(at_work.loop_lag.measured())
        await show_all(at_work, backend, house, patient=stood_by)
        await ground.receive(receiving, probing.pipeline, patient=stood_by)
        await ground.work(at_work, backend)
        await tell_first_steps(config, store, ground.clock.now)
        yield at_work


@asynccontextmanager
async def worker(file: Path, config: Config, listen: Endpoint | None = None) -> AsyncIterator[Service]:
    """Send, watch and judge for the mailboxes that this process owns, while the block lasts."""
    async with AsyncExitStack() as house:
        store = await house.enter_async_context(_server(config, "worker"))
        ground = await Ground.of(file, config, store, house)
        sends = probing_of(config, store, ground.outside, ground.clock.now, ground.listeners, alone=False)
        probing = await house.enter_async_context(sends)
        shard, hearing = Shard(store, ground.board, probing.ownership), Hearing(store, probing.pipeline)
        at_work = ground.service(probing, shard, hearing)
        backend = backend_of(at_work, IncidentReader(store, ground.clock.now), probing.dispatcher)
        await show_health(at_work, backend, house, listen)
        await ground.work(at_work, backend)
        yield at_work


@asynccontextmanager
async def rules(file: Path, config: Config, listen: Endpoint | None = None) -> AsyncIterator[Service]:
    """Apply the rules and notify people while the block lasts. It begins once no other process does."""
    here = _listening_at(config, listen)
    async with AsyncExitStack() as house:
        store = await house.enter_async_context(_server(config, "rules"))
        stood_by = await house.enter_async_context(leading(store, utc_now, partial(answering, here)))
        config = (await read_again(file, config) if stood_by else None) or config
        ground = await Ground.of(file, config, store, house)
        dispatcher = StoredDispatcher(store)
        launcher = ElsewhereLauncher(dispatcher, lambda check: ground.board.paths.get(check.place))

        def compare(path: WatchedPath, signal: Signal) -> None:
            if role := comparison(path.route, at_work.config.identities()):
                dispatcher.dispatch(ProbeOrder(signal.check, role, ProbePurpose.CONTROL))

        part = rules_of(
            config, store, ground.outside, ground.clock.now, lambda: launcher, uplink=Uplink, compare=compare
        )
        at_work = ground.service(part)
        backend = backend_of(at_work, part.incident_engine, dispatcher)
        await show_health(at_work, backend, house, listen)
        await ground.work(at_work, backend)
        yield at_work


@asynccontextmanager
async def web(file: Path, config: Config, listen: Endpoint | None = None) -> AsyncIterator[Service]:
    """Show pages and API, from the store, while the block lasts."""
    async with AsyncExitStack() as house:
        store = await house.enter_async_context(_server(config, "web"))
        ground = await Ground.of(file, config, store, house)
        incidents, dispatcher = IncidentReader(store, ground.clock.now), StoredDispatcher(store)

        async def diagnose(diagnosis: Diagnosis, who: str, way: str) -> None:
            await begin(store, diagnosis, TO_BE_RUN, who, way)

        at_work = ground.service(Reading(incidents))
        backend = backend_of(at_work, incidents, dispatcher, diagnose=diagnose)
        await show_all(at_work, backend, house, listen, patient=False)
        await ground.work(at_work, backend)
        await tell_first_steps(config, store, ground.clock.now)
        yield at_work


@asynccontextmanager
async def inbound(file: Path, config: Config, listen: Endpoint | None = None) -> AsyncIterator[Service]:
    """Receive bounces, copies and reports while the block lasts. Raises UserError where [inbound] is missing."""
    if config.inbound is None:
        raise NotForThisError("there is no [inbound] in the configuration, so there is nothing to listen to")
    async with AsyncExitStack() as house:
        store = await house.enter_async_context(_server(config, "inbound"))
        ground = await Ground.of(file, config, store, house)
        storing = pipeline_of(
            config, store, *ground.listeners, owns_orphans=True, outside=ground.outside, owns=lambda _: False
        )
        pipeline = await house.enter_async_context(storing)
        receiving = Receiving(wanted=True)
        announcing = Announcing(store, receiving, pipeline.presence, ground.clock.now)
        at_work = ground.service(Configured(pipeline.configure), receiving, announcing)
        backend = backend_of(at_work, IncidentReader(store, ground.clock.now), StoredDispatcher(store))
        await show_health(at_work, backend, house, listen)
        await ground.receive(receiving, pipeline, patient=False)
        await ground.work(at_work, backend)
        yield at_work


def _server(config: Config, role: str) -> AbstractAsyncContextManager[Store]:
    """Open the store, if several processes can share it. Raises UserError."""
    if file := file_of(config.store.url):
        raise NotForThisError(
            f"mailpath {role} shares its store with other processes, and that needs PostgreSQL: store.url is the file"
            f" {file}; `mailpath serve` does everything in one process, `mailpath migrate-store` copies a store"
        )
    return Store.open(config.store.url)


def _listening_at(config: Config, listen: Endpoint | None) -> Config:
    """Return the configuration, for HTTP at another address."""
    if listen is None:
        return config
    return config.model_copy(update={"web": config.web.model_copy(update={"listen": listen, "metrics_listen": None})})
