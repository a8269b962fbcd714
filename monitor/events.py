"""What happens to probes, for whoever listens: the log, the metrics, a person at a terminal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

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
