"""What happens to probes, for whoever listens: the log, the metrics, a person at a terminal."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from probes.evidence import Evidence, Step
from probes.probe import Probe
from probes.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, stored. `amends` tells that the probe had another one before."""

    verdict: Verdict
    at: datetime
    delivery: timedelta | None
    amends: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to a probe: a step of a dialogue as it ended, evidence stored, or a verdict stored."""

    probe: Probe
    what: Step | Evidence | Judged


Listener = Callable[[Event], None]

log = structlog.get_logger("events")


def tell_all(listeners: Iterable[Listener], event: Event) -> None:
    """Tell whoever listens. One that fails, as a log on a full disk does, must not hold up a probe."""
    for listen in listeners:
        try:
            listen(event)
        except Exception:
            with suppress(Exception):
                log.exception("a listener failed", probe=event.probe.id)
