"""The parts of the service that the pages and the API use."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiohttp import web

from monitor.actions.channel_tests import Deliver
from monitor.actions.rate_limit import Allowance
from monitor.channels.channel import Channel, DeliveryResult
from monitor.company_setup.service import CompanySetup
from monitor.config import Config, WatchedPath
from monitor.config.real_plan import CountedCompanies
from monitor.diagnosing.preparing import NotAllowedError
from monitor.doctor.rounds import Doctor
from monitor.notices.notice import Notice
from monitor.oncall.incident_reader import IncidentsShown
from monitor.output.metrics import Metrics
from monitor.people.caller import Caller
from monitor.probing.current import Board
from monitor.probing.requester import Requester
from monitor.standing.company_mx import MxRecord
from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from monitor.triage.facts import SenderLog
from monitor.web.broadcast import Live
from monitor.web.codes_in_time import RecentLevels
from monitor.web.company_summaries import CompanySummaries
from monitor.web.link_limits import LinkLimits
from monitor.web.overview_figures import RecentFigures
from monitor.web.rejections import Rejections
from monitor.web.request_counts import RequestCounts
from monitor.web.share_limits import CachedSigner, ShareLimits
from monitor.web.shares import Shares
from probes.kinds import Kind
from probes.probe import Probe
from probes.resolver import MailHosts, Unresolved
from probes.sender import Role
from probes.standing.fact import Fact

CALLER = web.RequestKey("caller", Caller)
"""Who sent a request: set by the middleware of `auth`."""

EXPORTS_PER_CALLER = 2  # at the same time
MAX_EXPORTS = 6
EXPORT_RETRY = timedelta(seconds=5)
MAX_READINGS = 2  # of what callers paste, at the same time
MAX_LOOKUPS = 8  # of domains that callers ask for, at the same time

Launch = Callable[[WatchedPath, Kind, Role, Requester], Awaitable[Probe]]
"""Sends a probe now; the audit log names who asked. Raises LaunchError; `monitor.probing.pipeline` says why."""


async def _all_of_them() -> int:
    return sys.maxsize


async def _asks_no_dns(_domain: str, _seconds: float) -> None:
    return None


async def _diagnoses_nothing(_diagnosis: Diagnosis, _who: str, _way: str) -> None:
    raise NotAllowedError("this process runs no diagnoses")


async def _reads_nothing(domain: str, seconds: float) -> Sequence[Fact]:
    return ()


async def _asks_no_log(address: str, seconds: float) -> SenderLog | None:
    return None


async def _delivers_nothing(channel: Channel, notice: Notice) -> DeliveryResult:
    return DeliveryResult("this process delivers no notices")


@dataclass(frozen=True, slots=True)
class Backend:
    """The service as far as HTTP shows it. `ready` is None when it does its work, else the reason why not;
    `admits` tells whether one more may be sent on this path now, and counts it;
    `give_back` undoes that for one that was not sent after all; `deliver` sends a notice past the queue;
    `diagnose` starts a diagnosis for somebody who came by some way; `poke_remedies` says that a remedy was noted;
    `hint` that the log of an account has something new about a Message-ID;
    `company_mx` is what is known of the MX of a company's domains;
    `mail_hosts` asks DNS for those of a domain, within seconds; None where DNS is simulated; each in a turn of
    `lookups`, as do `stopping` for what stops mail to it and `sender_log` for what the sender's mail service knows of
    an address; what callers paste is read in a turn of `readings`;
    `followed` is the number of the last signal that `board` shows, read anew;
    `doctor` examines this installation, and `company_setup` adds companies to it, where a service runs;
    `manual` counts those that people send, `rejections` what was cut or refused, `link_limits` requests by links,
    `share_limits` those by share links, of which `share_signer` knows the real ones,
    `requests` what was answered;
    `exports` are those under way, and `export_turn` is for reading a page of one; `counted_companies`
    are those to which real mail is counted; `recent_levels`, `recent_figures` and `company_summaries` are of all
    companies."""

    config: Callable[[], Config]
    store: Store
    board: Board
    incident_engine: IncidentsShown
    metrics: Metrics
    live: Live
    launch: Launch
    ready: Callable[[], str | None]
    now: Callable[[], datetime]
    admits: Callable[[WatchedPath], bool] = lambda _: True
    followed: Callable[[], Awaitable[int]] = _all_of_them
    give_back: Callable[[WatchedPath], None] = lambda _: None
    deliver: Deliver = _delivers_nothing
    diagnose: Callable[[Diagnosis, str, str], Awaitable[None]] = _diagnoses_nothing
    poke_remedies: Callable[[], None] = lambda: None
    hint: Callable[[str, str], None] = lambda account, message_id: None
    company_mx: Callable[[str], Sequence[MxRecord]] = lambda _: ()
    mail_hosts: Callable[[str, float], Awaitable[MailHosts | Unresolved | None]] = _asks_no_dns
    stopping: Callable[[str, float], Awaitable[Sequence[Fact]]] = _reads_nothing
    sender_log: Callable[[str, float], Awaitable[SenderLog | None]] = _asks_no_log
    readings: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_READINGS))
    lookups: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_LOOKUPS))
    doctor: Doctor | None = None
    company_setup: CompanySetup | None = None
    manual: Allowance = field(default_factory=Allowance)
    rejections: Rejections = field(default_factory=Rejections)
    link_limits: LinkLimits = field(default_factory=LinkLimits)
    share_limits: ShareLimits = field(default_factory=ShareLimits)
    requests: RequestCounts = field(default_factory=RequestCounts)
    exports: Shares = field(default_factory=lambda: Shares("exports", EXPORTS_PER_CALLER, MAX_EXPORTS, EXPORT_RETRY))
    export_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    counted_companies: CountedCompanies = field(default_factory=CountedCompanies)
    share_signer: CachedSigner = field(init=False)
    recent_levels: RecentLevels = field(init=False)
    recent_figures: RecentFigures = field(init=False)
    company_summaries: CompanySummaries = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "share_signer", CachedSigner(self.store))
        object.__setattr__(self, "company_summaries", CompanySummaries(self.board, self.now))
        levels = RecentLevels(self.store, lambda: self.board.paths.values(), self.now)
        object.__setattr__(self, "recent_levels", levels)
        figures = RecentFigures(self.store, lambda: self.board.paths.values(), levels, self.now)
        object.__setattr__(self, "recent_figures", figures)


BACKEND = web.AppKey("backend", Backend)
