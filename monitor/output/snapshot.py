"""All data of one scrape of `/metrics`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident
from monitor.probing.code_counts import CodeCountKey
from monitor.probing.current import CurrentVerdict
from monitor.probing.delivery_times import DeliveryTimes
from probes.check import Check


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All data of one scrape, copied at one moment."""

    current_verdicts: dict[Check, CurrentVerdict]
    probes: dict[tuple[str, str, str], int]
    deliveries: dict[tuple[str, bool], DeliveryTimes]
    codes: dict[CodeCountKey, int]
    codes_in_time: dict[CodeCountKey, int]
    mailbox_errors: dict[tuple[str, str], int]
    inbound: dict[str, int]
    turned_away: dict[int, int]
    in_flight: int
    lag: timedelta
    skipped: dict[str, int]
    paths: dict[tuple[str, str], WatchedPath]
    incidents: tuple[Incident, ...]
    rules_lag: timedelta
    notices: dict[tuple[str, str], int]
    waiting: dict[str, tuple[int, timedelta]]
    listening: bool | None
    reference: bool | None
    rejected: dict[str, int]
    tick_age: float
    clock_steps: int
    store_errors: int
    at: datetime
