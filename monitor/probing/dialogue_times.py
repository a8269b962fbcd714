"""Durations of the stages of SMTP dialogues, and ends of the certificates of gateways. A listener of the pipeline."""

from datetime import datetime

from monitor.events import Event
from monitor.measures.histogram import Exemplar, Histogram
from probes.answer import Stage
from probes.evidence import Dialogue

BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class DialogueTimes:
    """Counts the dialogues of this process."""

    def __init__(self) -> None:
        self.stages: dict[Stage, Histogram] = {stage: Histogram(BOUNDS_SECONDS) for stage in Stage}
        self.certificate_ends: dict[tuple[str, str], datetime] = {}  # by company and path, of the last one

    def on_event(self, event: Event) -> None:
        """Count the stages of a dialogue that has ended."""
        if isinstance(event.what, Dialogue):
            if event.what.certificate_ends:
                self.certificate_ends[event.probe.company, event.probe.path] = event.what.certificate_ends
            for step in event.what.steps:
                exemplar = Exemplar(event.probe_id, step.seconds, step.at)
                self.stages[step.stage].observe(step.seconds, exemplar)
