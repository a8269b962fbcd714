"""What the pages and the API ask of the service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from monitor.board import Board
from monitor.casebook import Casebook
from monitor.config import Config, WatchedPath
from monitor.metrics import Metrics
from monitor.people.caller import Caller
from monitor.store import Store
from monitor.web.allowance import Allowance
from monitor.web.live import Live
from monitor.web.rejections import Rejections
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role

CALLER = web.RequestKey("caller", Caller)
"""Who sent a request: set by the middleware of `auth`."""

Launch = Callable[[WatchedPath, Kind, Role], Awaitable[Probe]]
"""Sends a probe now. Raises LaunchError; `monitor.pipeline` says why."""


@dataclass(frozen=True, slots=True)
class Backend:
    """The service as far as HTTP shows it. `ready` is None when it does its work, else the reason why not; `in_flight`
    counts the probes on their way; `admits` tells whether one more may be sent on this path now, and counts it;
    `manual` counts those that people send, `rejections` what was refused before any handler saw it."""

    config: Callable[[], Config]
    store: Store
    board: Board
    casebook: Casebook
    metrics: Metrics
    live: Live
    launch: Launch
    admits: Callable[[WatchedPath], bool]
    in_flight: Callable[[], int]
    ready: Callable[[], str | None]
    now: Callable[[], datetime]
    manual: Allowance = field(default_factory=Allowance)
    rejections: Rejections = field(default_factory=Rejections)


BACKEND = web.AppKey("backend", Backend)
