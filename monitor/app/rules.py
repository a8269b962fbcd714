"""The part of incidents and notices, and of all that there is once on a store: standing, diagnoses, housekeeping."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.app.part import Job, RolePart
from monitor.config import Config
from monitor.config.real_plan import real_keep, real_plan
from monitor.config.standing_plan import mx_plan, plan_of
from monitor.diagnosing.service import Diagnoses
from monitor.events import Listener
from monitor.oncall.delivery import Delivery
from monitor.oncall.engine import Compare, IncidentEngine
from monitor.output.report_shares import ReportShares
from monitor.probing.dispatch import Launcher
from monitor.probing.following import Follower
from monitor.probing.ownership import SITE
from monitor.proving.service import RemedyTests
from monitor.sources.company_mx import CompanyMx
from monitor.sources.real_mail import RealMail
from monitor.sources.standing import StandingSource
from monitor.store import Present, Store, StoreError
from probes.outside import Outside
from probes.uplink import Uplink

HOUSEKEEPING = timedelta(hours=1)
EACH_MINUTE = timedelta(minutes=1)
OWNERS_COUNTED = timedelta(seconds=10)

log = structlog.get_logger("mailpath")


@dataclass(eq=False)
class Rules(RolePart):
    """Incidents, notices, and what is asked of the world beside probing."""

    config: Config
    store: Store
    incident_engine: IncidentEngine
    delivery: Delivery
    standing: StandingSource
    company_mx: CompanyMx
    diagnoses: Diagnoses
    remedies: RemedyTests
    real_mail: RealMail
    report_shares: ReportShares
    now: Callable[[], datetime]
    ownerless: int | None = None

    @property
    def gauges(self) -> Mapping[str, Callable[[], Any]]:
        """See `RolePart`."""
        engine = self.incident_engine
        return {
            "leads": lambda: True,
            "ownerless": lambda: self.ownerless,
            "incidents": lambda: engine.incidents,
            "acknowledged": lambda: engine.acknowledged,
            "rules_lag": lambda: engine.lag,
            "waiting": lambda: engine.waiting,
            "notices": lambda: dict(self.delivery.counts),
            "real_mail": lambda: self.real_mail.totals,
            "diagnoses": lambda: dict(self.diagnoses.concluded),
            "diagnosis_probes": lambda: dict(self.diagnoses.probes),
            "remedies": lambda: self.remedies.counts,
            "dmarc_pass_ratio": lambda: self.report_shares.pass_ratio,
            "standing": self.standing.figures,
        }

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """See `RolePart`."""
        return {
            self.housekeeping: HOUSEKEEPING,
            self.report_shares.read: EACH_MINUTE,
            self.count_ownerless: OWNERS_COUNTED,
        }

    @property
    def followers(self) -> Sequence[Follower]:
        """See `RolePart`."""
        return (self.incident_engine.take,)

    @property
    def listeners(self) -> Sequence[Listener]:
        """The listeners of a pipeline, where it is in the same process."""
        return tuple(each.on_event for each in (self.standing, self.diagnoses, self.remedies))

    async def begin(self, config: Config, presents: Sequence[Present]) -> None:
        """See `RolePart`."""
        await self.report_shares.read()
        await self.incident_engine.configure(config)
        await self.incident_engine.recall(presents)
        self._configure(config)

    def start(self) -> None:
        """See `RolePart`."""
        for part in (*self._waiting, self.incident_engine, self.delivery, self.real_mail):
            part.start()

    async def configure(self, config: Config) -> None:
        """See `RolePart`."""
        await self.incident_engine.configure(config)
        self._configure(config)

    def _configure(self, config: Config) -> None:
        self.config = config
        self.delivery.configure(config.channels)
        self.standing.configure(plan_of(config))
        self.company_mx.configure(mx_plan(config))
        self.diagnoses.configure(config)
        self.remedies.configure(config)
        self.real_mail.configure(real_plan(config))

    @property
    def _waiting(self) -> tuple[Diagnoses | RemedyTests | StandingSource | CompanyMx, ...]:
        return self.diagnoses, self.remedies, self.standing, self.company_mx

    async def housekeeping(self) -> None:
        """Delete what is older than the configured retention."""
        now, kept = self.now(), self.config.store
        if forgotten := await self.store.prune(now - kept.keep, now):
            log.info("old probes deleted", probes=forgotten)
        if thinned := await self.store.prune_routine(now - kept.keep_all, now - kept.keep_verdicts, now):
            log.info("old routine probes deleted, or their evidence", probes=thinned)
        if dropped := await self.store.reports.prune(now - kept.keep_reports):
            log.info("old reports deleted", reports=dropped)
        await self.store.real_mail.prune(now - real_keep(self.config))
        if await self.store.learn_packing(now):
            log.info("learnt from the newest mail how to store evidence in fewer bytes")

    async def count_ownerless(self) -> None:
        """Count the mailboxes that nobody owns."""
        with suppress(StoreError):  # of which the service tells
            self.ownerless = await self.store.ownership.ownerless(SITE)

    async def close(self) -> None:
        """Queued notices are sent at the next start."""
        async with AsyncExitStack() as parts:
            for part in (*self._waiting, self.real_mail, self.delivery, self.incident_engine):
                parts.push_async_callback(part.close)


def rules_of(
    config: Config,
    store: Store,
    outside: Outside,
    now: Callable[[], datetime],
    launcher: Callable[[], Launcher],
    *,
    uplink: Callable[[], Uplink],
    compare: Compare,
) -> Rules:
    """Build the part. `launcher` sends the probes of diagnoses, `compare` controls; `uplink`: of our own way out."""
    delivery = Delivery(store, outside, lambda: engine.muted, lambda queue: engine.composer.compose(queue))
    engine = IncidentEngine(store, now, uplink, on_notices=delivery.poke, compare=compare)
    return Rules(
        config=config,
        store=store,
        incident_engine=engine,
        delivery=delivery,
        standing=StandingSource(store.standing, store.reports, outside, engine.poke_findings),
        company_mx=CompanyMx(store, outside),
        diagnoses=Diagnoses(store, launcher, now, lambda: engine),
        remedies=RemedyTests(store, launcher, now, on_result=engine.poke),
        real_mail=RealMail(store.real_mail, outside, engine.poke_findings),
        report_shares=ReportShares(store.reports, now),
        now=now,
    )
