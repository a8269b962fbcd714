"""Events of probes, for listeners: the log, the metrics, a terminal."""

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
    """A verdict was stored. `amends`: the probe had another verdict before."""

    verdict: Verdict
    at: datetime
    delivery: timedelta | None
    amends: bool


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a probe: a completed step of a dialogue, stored evidence, or a stored verdict."""

    probe: Probe
    what: Step | Evidence | Judged

    @property
    def probe_id(self) -> str:
        """Of which probe."""
        return self.probe.id

    @property
    def company(self) -> str:
        """The company of its path."""
        return self.probe.company


Listener = Callable[[Event], None]

log = structlog.get_logger("events")


def tell_all(listeners: Iterable[Listener], event: Event) -> None:
    """Call every listener. One that fails, such as a log on a full disk, must not stop a probe."""
    for listen in listeners:
        try:
            listen(event)
        except Exception:
            with suppress(Exception):
                log.exception("event listener failed", probe=event.probe.id)
