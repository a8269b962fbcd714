"""Grade a verdict by its evidence. Pure."""

from probes.attempts import reached
from probes.case import SortedEvidence
from probes.evidence import Arrival, Bounce, Dialogue, Folder
from probes.outcome import Grade
from probes.probe import Probe
from probes.reading.headers import connecting_ip


def grade_of_arrival(probe: Probe, arrival: Arrival) -> Grade:
    """Grade an arrival. A copy proves little: its sender could have written the headers."""
    if arrival.folder is Folder.COPY:
        return Grade.UNPROVEN
    if connecting_ip(arrival.headers, relayed=probe.traits.relayed) != probe.source_ip:
        return Grade.UNPROVEN
    return probe.traits.best_grade


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
