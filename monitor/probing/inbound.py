"""The listener for bounces, copies and reports, connected with the pipeline."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import partial

import structlog

from monitor.clock import utc_now
from monitor.config import Config
from monitor.config.received import addresses_of
from monitor.probing.pipeline import Pipeline
from monitor.sources.inbound.listener import MAX_MAILS_BEING_READ, listening
from monitor.sources.inbound.reports import ReportIntake, report_reader
from monitor.sources.inbound.router import InboundRouter
from monitor.sources.inbound.settings import InboundSettings
from monitor.store import Store
from monitor.supervised import kept_open

log = structlog.get_logger("mailpath")


@asynccontextmanager
async def inbound_of(
    config: Config, store: Store, pipeline: Pipeline, *, patient: bool = False
) -> AsyncIterator[InboundRouter | None]:
    """Run the listener of [inbound], if configured; reports go to the store, all else to the pipeline. `patient`: see
    `kept_open`."""
    inbound = config.inbound
    if inbound is None:
        yield None
        return
    reader = report_reader(wanted=bool(inbound.reports))
    with _leaving(ThreadPoolExecutor(MAX_MAILS_BEING_READ, "inbound")) as threads:
        intake = ReportIntake(reader, store.reports, utc_now)
        inbound_router = InboundRouter(await store.key(), pipeline, threads, intake)
        configure_inbound(inbound_router, config)
        pipeline.presence.turned_away = inbound_router.turned_away.during
        listener = partial(_listening, inbound, inbound_router, pipeline)
        async with aclosing(intake), kept_open(listener, patient=patient):
            yield inbound_router


def configure_inbound(inbound_router: InboundRouter, config: Config) -> None:
    """Use this configuration from now on."""
    sender, keep = config.sender, config.store.keep_reports
    inbound_router.configure(addresses_of(config), sender.source_ip, sender.domain, keep)


@asynccontextmanager
async def _listening(settings: InboundSettings, router: InboundRouter, pipeline: Pipeline) -> AsyncIterator[None]:
    async with listening(settings, router) as listener:
        pipeline.presence.listening_since = utc_now()
        log.info("listening for bounces and copies", host=settings.listen.host, port=listener.port)
        yield


@contextmanager
def _leaving(pool: Executor) -> Iterator[Executor]:
    """Run a thread pool for the block. Its threads are not joined: one may hang, and a stop has a time limit."""
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
