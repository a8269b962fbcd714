"""How much a verdict proves, by what it rests on. Pure."""

from probes.attempts import IMPERSONATING, reached
from probes.case import SortedEvidence
from probes.evidence import Arrival, Bounce, Dialogue, Folder
from probes.probe import Probe
from probes.reading.headers import read_message
from probes.verdict import Grade


def grade_of_arrival(probe: Probe, arrival: Arrival) -> Grade:
    """A copy proves little: whoever sent it to us could have written its headers."""
    if arrival.folder is Folder.COPY:
        return Grade.UNPROVEN
    if read_message(arrival.headers, relayed=probe.via == "relay").connecting_ip != probe.source_ip:
        return Grade.UNPROVEN
    return Grade.IMPERSONATED if probe.via in IMPERSONATING else Grade.REAL


def grade_of_dialogue(probe: Probe, dialogue: Dialogue) -> Grade:
    """Without an arrival there are no headers: what we did ourselves must do. What never left proves nothing."""
    if not reached(dialogue):
        return Grade.UNPROVEN
    if probe.via in IMPERSONATING:
        return Grade.IMPERSONATED
    return Grade.REAL if probe.via == "direct" and dialogue.local_ip == probe.source_ip else Grade.UNPROVEN


def grade_of_bounce(probe: Probe, case: SortedEvidence, bounce: Bounce, handed_over: Dialogue | None) -> Grade:
    """That of the dialogue with those who took it, if the bounce is theirs."""
    if not case.proves(bounce):
        return Grade.UNPROVEN
    if handed_over:
        return grade_of_dialogue(probe, handed_over)
    return Grade.IMPERSONATED if probe.via in IMPERSONATING else Grade.UNPROVEN
