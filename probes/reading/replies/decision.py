"""From probabilities to an answer: the most probable cause, unless it would accuse the sender by a hair."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from probes.answer import Stage
from probes.outcome import Cause, Concern
from probes.reading.facts import Rival
from probes.reading.replies.weights import CAUSES

LIKELY = 0.2  # of the best cause; below, nothing is told
LIKELY_SENDERS = 0.3  # the same of a cause that concerns the sender
SURE = 0.65  # that it concerns the sender at all, before a cause says so
NEVER = 1e-9  # what all possible causes together must exceed, or the stage was not what it seems
SHOWN = 0.02  # less probable rivals are not worth a line
MOST_SHOWN = 3
ALONE = 1 - SHOWN + NEVER  # a probability that leaves no rival worth a line

_RECIPIENTS = {Cause.NO_SUCH_USER, Cause.MAILBOX_FULL, Cause.MAILBOX_DISABLED}
_UNSEEN = _RECIPIENTS | {Cause.CONTENT, Cause.TOO_LARGE, Cause.RELAY_DENIED, Cause.DOMAIN_UNKNOWN, Cause.SUPPRESSED}
IMPOSSIBLE: dict[Stage, frozenset[Cause]] = {  # causes that a server cannot know yet at this stage
    **dict.fromkeys((Stage.CONNECT, Stage.XCLIENT, Stage.BANNER, Stage.EHLO, Stage.STARTTLS), frozenset(_UNSEEN)),
    Stage.MAIL: frozenset(_RECIPIENTS | {Cause.CONTENT}),
}

_POSSIBLE = {stage: [cause not in causes for cause in CAUSES] for stage, causes in IMPOSSIBLE.items()}
_SENDERS = tuple(place for place, cause in enumerate(CAUSES) if cause.concerns is Concern.SENDER)
_of_senders = itemgetter(*_SENDERS)
_UNCLEAR = CAUSES.index(Cause.UNCLEAR)


class Decision(NamedTuple):
    """The answer, the probability that it is right, and the other candidates, most probable first."""

    cause: Cause
    confidence: float
    rivals: tuple[Rival, ...]


def decide(chances: Sequence[float], stage: Stage | None = None) -> Decision:
    """Choose by the probability of each of CAUSES, of those that are possible at the stage.

    Which of the sender's causes it is may be close; that it concerns the sender may not: then it is unclear, and a
    control is asked.
    """
    if stage in _POSSIBLE:
        possible = [chance * mask for chance, mask in zip(chances, _POSSIBLE[stage], strict=True)]
        whole = sum(possible)
        chances = [chance / whole for chance in possible] if whole > NEVER else chances
    if (most := max(chances)) > ALONE:  # as with most replies
        return Decision(CAUSES[chances.index(most)], most, ())
    shown = [place for place, chance in enumerate(chances) if chance >= SHOWN]
    shown.sort(key=chances.__getitem__, reverse=True)
    best = shown[0]
    if best in _SENDERS:
        clear = chances[best] >= LIKELY_SENDERS and sum(_of_senders(chances)) >= SURE
    else:
        clear = chances[best] >= LIKELY
    if not clear:
        best = _UNCLEAR
    others = [place for place in shown if place != best][:MOST_SHOWN]
    return Decision(CAUSES[best], chances[best], tuple([Rival(CAUSES[place], chances[place]) for place in others]))
