"""The composition root: here everything is built and put together, and nowhere else."""

import asyncio
import gc
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

import structlog

from monitor.access import first_link
from monitor.board import Board
from monitor.casebook import Casebook
from monitor.clock import ticking, utc_now
from monitor.config import Config, ConfigErrors, WatchedPath, read_config
from monitor.config.secret_values import secret_values
from monitor.delivery import Delivery
from monitor.events import Listener
from monitor.first_admin import tell_first_link
from monitor.inbound.desk import Addresses, Desk
from monitor.inbound.listener import InboundError, listening
from monitor.incidents.ruling import Ruling
from monitor.logs import hide, tell
from monitor.metrics import Gauges, Metrics
from monitor.pipeline import LaunchError, Pipeline
from monitor.sandbox.internet import MakeBelieve, internet
from monitor.schedule import Caps, Order, Schedule
from monitor.store import Store
from monitor.web.auth import make_believe
from monitor.web.backend import Backend
from monitor.web.live import Live
from monitor.web.rejections import Rejections
from monitor.web.server import serving_all
from probes.mailboxes.inbound import InboundMailbox
from probes.mailboxes.maildir import MaildirMailbox
from probes.reading import reports
from probes.resolver import DnsResolver
from probes.routes import Surroundings
from probes.routes.proxy import ProxyRoute
from probes.routes.xclient import XclientRoute
from probes.sender import Role

TICK = timedelta(milliseconds=250)
HOUSEKEEPING = timedelta(hours=1)
READERS = 2  # threads that read what came in by SMTP
MAILBOX_THREADS = 32  # a visit's steps are short, but a server that hangs holds one up to its time-out

log = structlog.get_logger("mailpath")


@asynccontextmanager
async def pipeline_of(config: Config, store: Store, *listeners: Listener, adopts: bool) -> AsyncIterator[Pipeline]:
    """A pipeline at work by this configuration. `adopts`: it also takes care of other processes' probes."""
    resolver = DnsResolver([str(place) for place in config.dns.nameservers])
    with _pool() as pool:
        pipeline = Pipeline(store, Surroundings(resolver, utc_now), pool, await store.key(), listeners, adopts=adopts)
        await pipeline.configure(config)
        try:
            yield pipeline
        finally:
            await pipeline.close()


@asynccontextmanager
async def sandbox_of(config: Config) -> AsyncIterator[None]:
    """The make-believe internet of the configuration's [sandbox], if it has one."""
    companies = config.sandbox.companies
    systems = [system_of(config, path) for path in config.paths() if path.company in companies]
    async with internet(systems, config.sender.identity(), config.sandbox):
        yield


def system_of(config: Config, path: WatchedPath) -> MakeBelieve:
    """The make-believe mail system that stands at the end of this path."""
    route, mailbox = path.route, path.mailbox
    if not (isinstance(route, XclientRoute | ProxyRoute) and isinstance(mailbox, MaildirMailbox)):
        raise TypeError(f"{path.key}: a make-believe path is xclient or proxy, and ends in a maildir")
    return MakeBelieve(
        name=path.key,
        behaviour=config.sandbox.companies[path.company],
        host=route.host,
        port=route.port,
        via=route.via,
        maildir=mailbox.path,
        junk=str(mailbox.junk or ".Junk"),
        domain=path.to.rpartition("@")[2],
    )


def addresses_of(config: Config) -> Addresses:
    """The addresses that the listener takes mail for: those that are configured, and those with a token in them."""
    inbound = config.inbound
    if inbound is None:
        return Addresses()
    identities = [config.sender.identity(), *([config.control.identity()] if config.control else [])]
    boxes = {path.mailbox.address: path.mailbox for path in config.paths() if isinstance(path.mailbox, InboundMailbox)}
    return Addresses(
        domains=frozenset({inbound.domain, *(identity.bounces.rpartition("@")[2] for identity in identities)}),
        bounces=frozenset(inbound.bounces),
        reports=frozenset(inbound.reports),
        copies=boxes,
    )


@asynccontextmanager
async def inbound_of(config: Config, key: bytes, pipeline: Pipeline) -> AsyncIterator[Desk | None]:
    """The listener of the configuration's [inbound], if it has one; what comes in is told to the pipeline."""
    inbound = config.inbound
    if inbound is None:
        yield None
        return
    if inbound.reports and not reports.available():
        raise InboundError("inbound.reports: reading reports needs an extra: pip install 'mailpath[reports]'")
    with ThreadPoolExecutor(READERS, thread_name_prefix="inbound") as readers:
        desk = Desk(key, pipeline, readers)
        desk.configure(addresses_of(config), config.sender.source_ip, config.sender.domain)
        async with listening(inbound, desk) as listener:
            pipeline.listening_since = utc_now()
            log.info("listening for bounces and copies", host=inbound.listen.host, port=listener.port)
            yield desk


def _pool() -> Executor:
    return ThreadPoolExecutor(MAILBOX_THREADS, thread_name_prefix="mailbox")


class Service:
    """`mailpath serve`: probes on schedule, remembers, shows, until it is told to stop."""

    def __init__(
        self,
        file: Path,
        config: Config,
        store: Store,
        board: Board,
        pipeline: Pipeline,
        casebook: Casebook,
        delivery: Delivery,
    ) -> None:
        self._file, self._config, self._store = file, config, store
        self._board, self._pipeline = board, pipeline
        self._casebook, self._delivery = casebook, delivery
        self._schedule: Schedule | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._desk: Desk | None = None
        self._rejections = Rejections()
        self.metrics = Metrics(
            board,
            Gauges(
                in_flight=lambda: len(pipeline.flights),
                lag=lambda: self._schedule.lag if self._schedule else timedelta(0),
                skipped=lambda: dict(self._schedule.skipped) if self._schedule else {},
                mailbox_errors=self._mailbox_errors,
                inbound=lambda: dict(self._desk.counts) if self._desk else {},
                incidents=lambda: casebook.incidents,
                rules_lag=lambda: casebook.lag,
                notices=lambda: dict(delivery.counts),
                waiting=lambda: casebook.waiting,
                listening=lambda: self._desk is not None if self._config.inbound else None,
                rejected=lambda: dict(self._rejections.counts),
            ),
        )

    async def start(self, desk: Desk | None) -> None:
        """Take up where the last run stopped. `desk`: where mail comes in, if it does."""
        self._desk = desk
        presents = await self._store.present()
        self._board.configure(self._config.paths())
        self._board.recall(presents)
        await self._casebook.configure(self._config)
        await self._casebook.recall(presents)
        await self._pipeline.resume()
        await self._plan(self._config)
        self._casebook.start(on_notices=self._delivery.poke, compare=self._compare)
        self._delivery.configure(self._config.channels)
        self._delivery.start()

    async def reload(self) -> None:
        """Read the configuration again. A bad one changes nothing, and every error of it is told."""
        try:
            config = await asyncio.to_thread(read_config, self._file)
        except ConfigErrors as errors:
            for error in errors.errors:
                log.error("configuration not loaded", error=str(error))
            return
        for table in ("store", "web", "inbound", "dns", "log", "sandbox"):
            if getattr(config, table) != getattr(self._config, table):
                log.warning(f"a change of [{table}] takes effect at the next start")
        self._config = config
        hide(secret_values(config))
        self._board.configure(config.paths())
        await self._pipeline.configure(config)
        await self._casebook.configure(config)
        self._delivery.configure(config.channels)
        if self._desk:
            self._desk.configure(addresses_of(config), config.sender.source_ip, config.sender.domain)
        await self._plan(config)
        log.info("configuration loaded", paths=len(self._board.paths))

    async def stop(self) -> None:
        """Launch nothing more, tell nobody anything more: what waits is told at the next start."""
        self._schedule = None
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._casebook.close()
        await self._delivery.close()

    async def tick(self) -> None:
        """Launch what is due and attend to what waits."""
        now = utc_now()
        for order in self._schedule.due(now) if self._schedule else ():
            self._spawn(order)
        self._pipeline.tick(now)

    async def housekeeping(self) -> None:
        """Forget what is older than the configuration wants it kept."""
        now = utc_now()
        forgotten = await self._store.prune(now - self._config.store.keep, now)
        if forgotten:
            log.info("old probes deleted", probes=forgotten)

    def backend(self, live: Live) -> Backend:
        """The service, as far as it is shown by HTTP."""
        return Backend(
            config=lambda: self._config,
            store=self._store,
            board=self._board,
            casebook=self._casebook,
            metrics=self.metrics,
            live=live,
            launch=self._pipeline.launch,
            admits=lambda path: self._schedule is not None and self._schedule.admits(path, utc_now()),
            give_back=lambda path: self._schedule.give_back(path) if self._schedule else None,
            in_flight=lambda: len(self._pipeline.flights),
            ready=lambda: None if self._schedule else "not ready: still taking up what was on its way",
            now=utc_now,
            rejections=self._rejections,
        )

    async def _plan(self, config: Config) -> None:
        now = utc_now()
        midnight = datetime.combine(now.date(), time(), now.tzinfo)
        sent_today = await self._store.launched_since(midnight)
        caps = Caps(config.probes.cap.per_host_per_minute, sent_today, now)
        self._schedule = Schedule(config.paths(), caps, now, busy=self._pipeline.busy)
        gc.collect()
        gc.freeze()  # what lives as long as the configuration is not to be gone through again and again

    def _compare(self, path: WatchedPath, ruling: Ruling) -> None:
        """Send a control where the sender failed: is it the path? A relay speaks for the sender alone."""
        now = utc_now()
        if self._config.control and path.route.via != "relay" and self._schedule and self._schedule.admits(path, now):
            self._spawn(Order(path, ruling.kind, now), Role.CONTROL)

    def _spawn(self, order: Order, role: Role = Role.SENDER) -> None:
        task = asyncio.create_task(self._launch(order, role))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _launch(self, order: Order, role: Role) -> None:
        try:
            await self._pipeline.launch(order.path, order.kind, role)
        except LaunchError as error:
            log.error("probe not launched", path=order.path.key, kind=order.kind, reason=str(error))
        except Exception:
            log.exception("probe not launched", path=order.path.key, kind=order.kind)

    def _mailbox_errors(self) -> dict[tuple[str, str], int]:
        watchers = self._pipeline.watchers
        keys = {key: path.mailbox.key for key, path in self._board.paths.items()}
        return {key: watchers[mailbox].failures for key, mailbox in keys.items() if mailbox in watchers}


@asynccontextmanager
async def service(file: Path, config: Config, *listeners: Listener) -> AsyncIterator[Service]:
    """The whole service at work, from the make-believe internet up to the web server, while the block lasts."""
    board = Board()
    async with AsyncExitStack() as house:
        await house.enter_async_context(sandbox_of(config))
        store = await house.enter_async_context(Store.open(config.store.url))
        casebook, live = Casebook(store, utc_now), Live()
        delivery = Delivery(store, utc_now, lambda: casebook.muted)
        pipeline = await house.enter_async_context(
            pipeline_of(config, store, board.hear, tell, casebook.hear, live.hear, *listeners, adopts=True)
        )
        at_work = Service(file, config, store, board, pipeline, casebook, delivery)
        await house.enter_async_context(serving_all(at_work.backend(live), config))
        desk = await house.enter_async_context(inbound_of(config, await store.key(), pipeline))
        await at_work.start(desk)
        await house.enter_async_context(ticking({at_work.tick: TICK, at_work.housekeeping: HOUSEKEEPING}))
        log.info("watching", paths=len(board.paths), page=f"{config.web.base_url}/")
        link = None if make_believe(config) else await first_link(store, utc_now, config.web.base_url)
        tell_first_link(link, config.store.url)
        if config.sandbox.companies:
            log.warning("the companies of [sandbox] are make-believe; the README shows how to watch a real one")
        yield at_work
        await at_work.stop()
        log.info("stopping; what is on its way is taken up again at the next start", in_flight=len(pipeline.flights))
