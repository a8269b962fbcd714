"""Decide from our attempts whether the receiver can have the message. Pure.

Whoever saw a probe can send it again, and anybody can write a bounce. So a reported arrival or bounce is checked
against what we know ourselves: before DATA nobody has the message, and after it the receiver may have it whatever it
answers. Some servers answer 4xx or 5xx to the end of the data and deliver all the same.
"""

from collections.abc import Sequence
from enum import StrEnum

from probes.answer import Stage
from probes.evidence import Dialogue, Step


class Possession(StrEnum):
    """Degrees of possession, by our attempts."""

    POSSIBLE = "possible"  # accepted, or an attempt of which we do not know the end
    DECLINED = "declined"  # it was sent in full, and they said no
    IMPOSSIBLE = "impossible"  # it was never sent


def possession(dialogues: Sequence[Dialogue], *, open_end: bool) -> Possession:
    """Return what the receiver can have after these dialogues. `open_end`: there was an attempt with an unknown end,
    because it was interrupted or is in progress."""
    ends = [step for dialogue in dialogues for step in dialogue.steps if step.stage is Stage.END_OF_DATA]
    if open_end or any(step.good or step.fault is not None for step in ends):
        return Possession.POSSIBLE
    return Possession.DECLINED if ends else Possession.IMPOSSIBLE


def declined(dialogues: Sequence[Dialogue]) -> Step | None:
    """Return the last answer that declined the complete message."""
    ends = [step for dialogue in dialogues for step in dialogue.steps if step.stage is Stage.END_OF_DATA]
    return next((step for step in reversed(ends) if not step.good and step.fault is None), None)
