"""Grade a verdict by its evidence. Pure."""

from collections.abc import Iterable

from probes.attempts import reached
from probes.case import SortedEvidence
from probes.evidence import Arrival, Bounce, Dialogue, Folder
from probes.outcome import Grade
from probes.probe import Probe
from probes.reading.headers import connecting_ip
from probes.traced import Traced


def grade_of_arrival(probe: Probe, arrival: Arrival, traces: Iterable[Traced] = ()) -> Grade:
    """Grade an arrival. A copy proves little: its sender could have written the headers. Where the headers do not show
    the source IP, a trace may: a gateway in front of the receiver hides it."""
    if arrival.folder is Folder.COPY:
        return Grade.UNPROVEN
    shown = connecting_ip(arrival.headers, relayed=probe.traits.relayed) == probe.source_ip
    if not shown and not any(traced.from_ip == probe.source_ip for traced in traces):
        return Grade.UNPROVEN
    return probe.traits.best_grade


def grade_of_trace(probe: Probe, traces: Iterable[Traced], handed_over: Dialogue | None) -> Grade:
    """Grade what is known from traces: one that saw the message leave, or come, from the source IP proves it."""
    if any(traced.from_ip == probe.source_ip for traced in traces):
        return probe.traits.best_grade
    return grade_of_dialogue(probe, handed_over) if handed_over else Grade.UNPROVEN


def grade_of_dialogue(probe: Probe, dialogue: Dialogue) -> Grade:
    """Grade a dialogue. Without an arrival there are no headers, so our own actions must do. A message that never left
    proves nothing."""
    if not reached(dialogue):
        return Grade.UNPROVEN
    own_doing = probe.traits.asserts_client or (probe.traits.from_source_ip and dialogue.local_ip == probe.source_ip)
    return probe.traits.best_grade if own_doing else Grade.UNPROVEN


def grade_of_bounce(probe: Probe, case: SortedEvidence, bounce: Bounce, handed_over: Dialogue | None) -> Grade:
    """Grade a bounce: as the dialogue with the hosts that accepted the message, if the bounce is theirs."""
    if not case.proves(bounce):
        return Grade.UNPROVEN
    if handed_over:
        return grade_of_dialogue(probe, handed_over)
    return probe.traits.best_grade if probe.traits.asserts_client else Grade.UNPROVEN
