"""The composition root: the only place that builds the parts and connects them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from monitor.actions.lookups import Lookups
from monitor.clock import Calendar, Clock, Pulse, ticking, utc_now
from monitor.company_setup.service import CompanySetup
from monitor.config import Config, WatchedPath
from monitor.config.real_plan import real_keep, real_plan
from monitor.config.secret_values import secret_values
from monitor.config.simulated import make_folders, sandbox_of
from monitor.config.standing_plan import mx_plan, plan_of
from monitor.config.unchanged import read_again
from monitor.diagnosing.service import Diagnoses
from monitor.doctor.config_warnings import config_warnings
from monitor.doctor.observation import Premises
from monitor.doctor.rounds import Doctor
from monitor.events import Listener
from monitor.leader import leading
from monitor.logs import hide, log_verdict
from monitor.measures.loop_lag import LoopLag
from monitor.oncall.delivery import Delivery
from monitor.oncall.engine import IncidentEngine
from monitor.output.metrics import Gauges, Metrics
from monitor.output.report_shares import ReportShares
from monitor.output.snapshot import ReloadResult
from monitor.people.person import token_ends
from monitor.probing.current import Board
from monitor.probing.dialogue_times import DialogueTimes
from monitor.probing.dispatch import Dispatcher, InProcessDispatcher, ProbeOrder
from monitor.probing.following import Follower, SignalReader
from monitor.probing.inbound import configure_inbound, inbound_of
from monitor.probing.network import Network
from monitor.probing.outside import outside_of
from monitor.probing.ownership import Ownership
from monitor.probing.pipeline import Pipeline
from monitor.probing.planner import Planner
from monitor.probing.requester import Requester
from monitor.proving.service import RemedyTests
from monitor.sources.company_mx import CompanyMx
from monitor.sources.inbound.router import InboundRouter
from monitor.sources.real_mail import RealMail
from monitor.sources.standing import StandingSource
from monitor.store import Store, StoreError
from monitor.supervised import kept_open, one_at_a_time
from monitor.web.backend import Backend
from monitor.web.broadcast import Live
from monitor.web.first_steps import tell_first_steps
from monitor.web.rejections import Rejections
from monitor.web.request_counts import RequestCounts
from monitor.web.server import servers
from monitor.web.standby import answering
from probes.kinds import Kind
from probes.outside import Outside
from probes.probe import Probe, ProbePurpose
from probes.sender import Role

TICK_INTERVAL = timedelta(milliseconds=250)
TICK_OVERDUE = 5.0  # seconds after the last tick
HOUSEKEEPING = timedelta(hours=1)
EACH_MINUTE = timedelta(minutes=1)
FORGOTTEN = timedelta(seconds=30)  # after which a probe in flight that is unknown here is in nobody's care
EXAMINATION_SECONDS = 10.0  # for one dialogue, lookup or mailbox that the doctor tries
log = structlog.get_logger("mailpath")


@asynccontextmanager
async def pipeline_of(
    config: Config,
    store: Store,
    *listeners: Listener,
    owns_orphans: bool,
    outside: Outside | None = None,
    owns: Callable[[int], bool] = lambda _: True,
) -> AsyncIterator[Pipeline]:
    """Run a pipeline for this configuration, with an outside world of its own unless one is given. `owns` a bucket of
    mailboxes, `owns_orphans`: see `Pipeline`."""
    async with AsyncExitStack() as house:
        if outside is None:
            outside = await house.enter_async_context(outside_of(config, keeper=store.refresh_tokens))
        pipeline = Pipeline(store, outside, await store.key(), listeners, owns=owns, owns_orphans=owns_orphans)
        await pipeline.configure(config)
        try:
            yield pipeline
        finally:
            await pipeline.close()


@dataclass(eq=False)
class Service:
    """`mailpath serve`: probes on schedule, stores and shows results until it is stopped. Its fields are its parts; it
    builds none of them."""

    file: Path
    config: Config
    store: Store
    clock: Clock
    board: Board
    network: Network
    pipeline: Pipeline
    ownership: Ownership
    planner: Planner
    dispatcher: Dispatcher
    signals: SignalReader
    incident_engine: IncidentEngine
    delivery: Delivery
    diagnoses: Diagnoses
    remedies: RemedyTests
    live: Live
    dialogue_times: DialogueTimes
    loop_lag: LoopLag
    outside: Outside
    standing: StandingSource
    company_mx: CompanyMx

    def __post_init__(self) -> None:
        self._now = self.clock.now
        self.real_mail = RealMail(self.store.real_mail, self.outside, self.incident_engine.poke_findings)
        self.report_shares = ReportShares(self.store.reports, self._now)
        each_minute = (self.read_token_ends, self.report_shares.read, self.follow_profile)
        seldom = (self.housekeeping, HOUSEKEEPING), (self.adopt_forgotten, FORGOTTEN)
        self.calendar = Calendar({**dict(seldom), **dict.fromkeys(each_minute, EACH_MINUTE)})
        self.metrics = Metrics(self.board, self._gauges())
        self.doctor = Doctor(self._premises, self._now)
        self._pulse, self._rejections, self._requests = Pulse(), Rejections(), RequestCounts()
        self._reload = ReloadResult(successful=True, loaded_at=self._now())
        self._token_ends: dict[str, datetime] = {}
        self._inbound_router: InboundRouter | None = None
        self._store_trouble: str | None = None

    def _gauges(self) -> Gauges:
        return Gauges(
            in_flight=lambda: len(self.pipeline.flights),
            lag=lambda: self.planner.schedule.lag if self.planner.schedule else timedelta(0),
            skipped=lambda: dict(self.planner.schedule.skipped) if self.planner.schedule else {},
            mailbox_errors=self._mailbox_errors,
            real_mail=lambda: self.real_mail.totals,
            trace_errors=lambda: dict(self.pipeline.traces.errors),
            inbound=lambda: dict(self._inbound_router.counts) if self._inbound_router else {},
            turned_away=lambda: dict(self._inbound_router.turned_away.counts) if self._inbound_router else {},
            incidents=lambda: self.incident_engine.incidents,
            acknowledged=lambda: self.incident_engine.acknowledged,
            rules_lag=lambda: self.incident_engine.lag,
            notices=lambda: dict(self.delivery.counts),
            waiting=lambda: self.incident_engine.waiting,
            listening=lambda: self._inbound_router is not None if self.config.inbound else None,
            reference=lambda: self.network.reference_up,
            rejected=lambda: dict(self._rejections.counts),
            tick_age=lambda: self._pulse.age,
            clock_steps=lambda: self.clock.steps,
            store_errors=lambda: self.store.health.errors,
            loop_lag=lambda: self.loop_lag.seconds,
            stages=lambda: self.dialogue_times.stages,
            store_seconds=lambda: self.store.seconds,
            certificate_ends=lambda: dict(self.dialogue_times.certificate_ends),
            http_requests=lambda: dict(self._requests.counts),
            http_seconds=lambda: self._requests.seconds,
            reload=lambda: self._reload,
            token_ends=lambda: self._token_ends,
            diagnoses=lambda: dict(self.diagnoses.concluded),
            diagnosis_probes=lambda: dict(self.diagnoses.probes),
            remedies=lambda: self.remedies.counts,
            dmarc_messages=lambda: self._inbound_router.report_messages if self._inbound_router else {},
            dmarc_pass_ratio=lambda: self.report_shares.pass_ratio,
            standing=self.standing.figures,
            now=self.clock.now,
        )

    @property
    def replaced(self) -> asyncio.Event:
        """Set once another process leads on the store instead of this one."""
        return self.store.replaced

    async def start(self, inbound_router: InboundRouter | None, *followers: Follower) -> None:
        """Continue where the last run stopped. `inbound_router`: that of the listener, if there is one; `followers` of
        signals come after those in here."""
        self._inbound_router = inbound_router
        self.board.configure(self.config.paths())
        await self.read_token_ends()
        await self.report_shares.read()
        await self.signals.begin(self.board.take, self.incident_engine.take, self.live.take, *followers)
        presents = await self.store.probes.current()  # read after that, so that nothing is missed in between
        self.board.recall(presents)
        self.network.configure(self.config)
        self.network.start()
        self.board.clock_was_set(self._now())  # perhaps while nothing ran
        await self.incident_engine.configure(self.config)
        await self.incident_engine.recall(presents)
        await self.ownership.begin()
        await self.planner.configure(self.config)
        self.signals.start()
        self.incident_engine.start()
        self._configure_parts(self.config)
        for part in (self.delivery, self.standing, self.company_mx, self.diagnoses, self.remedies, self.real_mail):
            part.start()

    def _configure_parts(self, config: Config) -> None:
        """Let the parts that only wait for their time use this configuration."""
        self.delivery.configure(config.channels)
        self.standing.configure(plan_of(config))
        self.company_mx.configure(mx_plan(config))
        self.diagnoses.configure(config)
        self.remedies.configure(config)
        self.real_mail.configure(real_plan(config))

    @one_at_a_time
    async def reload(self) -> None:
        """Reload the configuration. If it has errors, all are logged and nothing changes."""
        if (config := await read_again(self.file, self.config)) is None:
            self._reload = replace(self._reload, successful=False)
            return
        for table in ("store", "web", "inbound", "dns", "log", "sandbox"):
            if getattr(config, table) != getattr(self.config, table):
                log.warning(f"a change of [{table}] takes effect at the next start")
        self.config = config
        hide(secret_values(config))
        self.board.configure(config.paths())
        self.network.configure(config)
        self.outside.accounts.configure(config.accounts)
        await self.pipeline.configure(config)
        await self.incident_engine.configure(config)
        self._configure_parts(config)
        if self._inbound_router:
            configure_inbound(self._inbound_router, config)
        await self.planner.configure(config)
        self._reload = ReloadResult(successful=True, loaded_at=self._now())
        log.info("configuration loaded", paths=len(self.board.paths))

    async def stop(self) -> None:
        """Stop sending probes and notices; queued notices are sent at the next start. If stopping one part fails, the
        others are stopped all the same: none may use a store that is being closed."""
        log.info("stopping; probes in flight continue at the next start", in_flight=len(self.pipeline.flights))
        async with AsyncExitStack() as parts:
            waiting = (self.doctor, self.diagnoses, self.remedies, self.network, self.standing, self.company_mx)
            working = (self.real_mail, self.delivery, self.incident_engine, self.signals, self.planner)
            parts.push_async_callback(self.ownership.close)
            parts.push_async_callback(self.pipeline.close)  # dialogues end while their mailboxes are ours
            for part in (*waiting, *working):
                parts.push_async_callback(part.close)

    async def tick(self) -> None:
        """Launch due probes and handle everything else that is due."""
        self._pulse.beat()
        if step := self.clock.compare():
            self._clock_was_set(step)
        self._log_store()
        now = self._now()
        self.planner.tick(now)
        self.pipeline.tick(now)

    async def housekeeping(self) -> None:
        """Delete what is older than the configured retention."""
        now, kept = self._now(), self.config.store
        if forgotten := await self.store.prune(now - kept.keep, now):
            log.info("old probes deleted", probes=forgotten)
        if thinned := await self.store.prune_routine(now - kept.keep_all, now - kept.keep_verdicts, now):
            log.info("old routine probes deleted, or their evidence", probes=thinned)
        if dropped := await self.store.reports.prune(now - kept.keep_reports):
            log.info("old reports deleted", reports=dropped)
        await self.store.real_mail.prune(now - real_keep(self.config))
        if await self.store.learn_packing(now):
            log.info("learnt from the newest mail how to store evidence in fewer bytes")

    async def adopt_forgotten(self) -> None:
        """Take care of probes that nobody attends to: launched just when their mailbox got another owner."""
        with suppress(StoreError):  # of which the service tells
            await self.pipeline.adopt(self.ownership.buckets, before=self._now() - FORGOTTEN)

    async def follow_profile(self) -> None:
        """Reload the configuration once the next profile of the sender holds."""
        since = self.config.sender.next_profile_at(self._reload.loaded_at)
        if since and since <= self._now():
            await self.reload()

    async def read_token_ends(self) -> None:
        """Read when tokens expire."""
        with suppress(StoreError):  # of which the service tells
            self._token_ends = token_ends(await self.store.people.tokens(), self._now())

    def backend(self) -> Backend:
        """Return the parts of the service that the web server shows."""
        lookups = Lookups(lambda: self.config, self.outside)
        return Backend(
            config=lambda: self.config,
            store=self.store,
            board=self.board,
            incident_engine=self.incident_engine,
            metrics=self.metrics,
            live=self.live,
            launch=self._launch_by_hand,
            admits=self.planner.admits,
            give_back=self.planner.give_back,
            diagnose=self.diagnoses.begin,
            poke_remedies=self.remedies.poke,
            hint=self._hinted,
            deliver=lambda channel, notice: channel.deliver(notice, self.outside),
            followed=self.signals.read,
            mail_hosts=lookups.mail_hosts,
            doctor=self.doctor,
            company_setup=CompanySetup(self),
            stopping=lookups.stopping,
            sender_log=lookups.sender_log,
            company_mx=self.company_mx.of,
            in_flight=lambda: len(self.pipeline.flights),
            ready=self._not_ready,
            now=self._now,
            rejections=self._rejections,
            requests=self._requests,
        )

    def _premises(self) -> Premises:
        warnings = tuple(config_warnings(self.file, self.config))
        return Premises(self.config, self.file, warnings, self.outside, EXAMINATION_SECONDS)

    async def _launch_by_hand(self, path: WatchedPath, kind: Kind, role: Role, by: Requester) -> Probe:
        return await self.dispatcher.launch(ProbeOrder(path.check(kind), role, ProbePurpose.MANUAL, by))

    def _hinted(self, account: str, message_id: str) -> None:
        """Ask the log of this account now: it has something new about a message."""
        self.pipeline.hinted(account, message_id)
        self.real_mail.poke(account)

    def _clock_was_set(self, step: timedelta) -> None:
        """Shift all deadlines by the step of the system clock; nothing is made up for or done twice."""
        way, now = "forward" if step > timedelta(0) else "back", self._now()
        log.warning(f"the system clock was set {way} by {abs(step.total_seconds()):,.0f} s", now=f"{now:%F %T} UTC")
        self.pipeline.clock_was_set(step)
        self.board.clock_was_set(now)
        self.calendar.clock_was_set()
        self.planner.clock_was_set(step)

    def _log_store(self) -> None:
        """Log once when the store fails, and once when it works again."""
        before, self._store_trouble = self._store_trouble, self.store.health.trouble
        if self._store_trouble and not before:
            log.error("store refuses writes; sending is paused", reason=self._store_trouble)
        elif before and not self._store_trouble:
            log.info("store accepts writes again; sending resumes")

    def _not_ready(self) -> str | None:
        if self.planner.schedule is None:
            return "not ready: still taking up what was on its way"
        if self._pulse.age > TICK_OVERDUE:
            return f"not ready: the last tick was {self._pulse.age:.0f} s ago, so nothing is sent or looked for"
        trouble = self.store.health.trouble
        return f"not ready: {trouble}" if trouble else None

    def _mailbox_errors(self) -> dict[tuple[str, str], int]:
        watchers = self.pipeline.watchers
        keys = {key: path.mailbox_key for key, path in self.board.paths.items()}
        return {key: watchers[mailbox].failures for key, mailbox in keys.items() if mailbox in watchers}


@asynccontextmanager
async def service(file: Path, config: Config, *listeners: Listener) -> AsyncIterator[Service]:
    """Run the whole service, from the sandbox to the web server, while the block lasts.

    If another process works on the same store, the block begins once that has ended, perhaps after weeks.
    """
    board, clock, dialogue_times, loop_lag = Board(), Clock(), DialogueTimes(), LoopLag()
    async with AsyncExitStack() as house:
        make_folders(config)
        store = await house.enter_async_context(Store.open(config.store.url))
        stood_by = await house.enter_async_context(leading(store, utc_now, partial(answering, config)))
        config = (await read_again(file, config) if stood_by else None) or config
        await house.enter_async_context(kept_open(partial(sandbox_of, config), patient=stood_by))
        outside = await house.enter_async_context(outside_of(config, clock.now, store.refresh_tokens))
        network, signals, live, company_mx = Network(outside), SignalReader(store), Live(), CompanyMx(store, outside)
        standing = StandingSource(store.standing, store.reports, outside, lambda: incident_engine.poke_findings())
        diagnoses = Diagnoses(store, lambda: pipeline, clock.now, lambda: incident_engine)
        remedies = RemedyTests(store, lambda: pipeline, clock.now, on_result=lambda: incident_engine.poke())
        seers = (each.on_event for each in (network, signals, live, standing, dialogue_times, diagnoses, remedies))

        async def taken(buckets: Collection[int]) -> None:
            await pipeline.adopt(buckets)
            planner.take(buckets)

        ownership = Ownership(store, alone=True, on_taken=taken, on_lost=lambda buckets: pipeline.release(buckets))
        heard_by = (log_verdict, *seers, *listeners)
        flying = pipeline_of(config, store, *heard_by, owns_orphans=True, outside=outside, owns=ownership.owns)
        pipeline = await house.enter_async_context(flying)
        planner = Planner(store, pipeline, dispatcher := InProcessDispatcher(pipeline), ownership, clock.now)
        delivery = Delivery(
            store, outside, lambda: incident_engine.muted, lambda queue: incident_engine.composer.compose(queue)
        )
        incident_engine = IncidentEngine(
            store, clock.now, lambda: network.uplink, on_notices=delivery.poke, compare=planner.compare
        )
        at_work = Service(
            file=file, config=config, store=store, clock=clock, board=board, network=network, pipeline=pipeline,
            ownership=ownership, planner=planner, dispatcher=dispatcher, signals=signals,
            incident_engine=incident_engine, delivery=delivery, diagnoses=diagnoses, remedies=remedies, live=live,
            dialogue_times=dialogue_times, loop_lag=loop_lag, outside=outside, standing=standing, company_mx=company_mx,
        )  # fmt: skip
        await _begin(at_work, house, patient=stood_by)
        await tell_first_steps(config, store, clock.now)
        yield at_work


async def _begin(at_work: Service, house: AsyncExitStack, *, patient: bool) -> None:
    """Serve, listen for mail and work until the house is left. `patient`: see `kept_open`."""
    await house.enter_async_context(at_work.loop_lag.measured())
    backend, config = at_work.backend(), at_work.config
    for server in servers(backend, config):
        await house.enter_async_context(kept_open(server, patient=patient))
    receiving = inbound_of(config, at_work.store, at_work.pipeline, patient=patient)
    inbound_router = await house.enter_async_context(receiving)
    house.push_async_callback(at_work.stop)
    await at_work.start(inbound_router, backend.company_summaries.take)
    await house.enter_async_context(at_work.calendar.kept())
    await house.enter_async_context(ticking(at_work.tick, TICK_INTERVAL))
    log.info("started", paths=len(at_work.board.paths), page=f"{at_work.config.web.base_url}/")
