"""Symbols and colours of outcomes. Each outcome has its own shape, so that none depends on colour alone."""

from dataclasses import dataclass

from monitor.incidents.incident import Incident, Nature, Scope, Severity
from monitor.remedying.applied import RemedyState
from probes.describe import Tone
from probes.standing.fact import State
from probes.verdict import Outcome

SIGNS: dict[Outcome | None, str] = {
    Outcome.INBOX: "✓",
    Outcome.LATE: "◷",
    Outcome.SPAM: "▲",
    Outcome.QUARANTINED: "▣",
    Outcome.BLOCKED: "✕",
    Outcome.DEFERRED: "◔",
    Outcome.MISSING: "∅",
    Outcome.UNKNOWN: "?",
    None: "·",
}


WORST_FIRST: tuple[Outcome | None, ...] = (
    Outcome.BLOCKED,
    Outcome.MISSING,
    Outcome.QUARANTINED,
    Outcome.SPAM,
    Outcome.DEFERRED,
    Outcome.LATE,
    Outcome.UNKNOWN,
    None,
    Outcome.INBOX,
)


@dataclass(frozen=True, slots=True)
class Colour:
    """A fill colour and the colour of text on it."""

    fill: str
    ink: str


PALE, DARK = "#f7f8fa", "#202226"  # Grafana's two text colours; it chooses by the brightness of the fill

COLOURS: dict[Outcome | None, Colour] = {
    Outcome.INBOX: Colour("#0b6bd0", PALE),
    Outcome.LATE: Colour("#ebe4c8", DARK),
    Outcome.SPAM: Colour("#f7e018", DARK),
    Outcome.QUARANTINED: Colour("#efa877", DARK),
    Outcome.BLOCKED: Colour("#c4281f", PALE),
    Outcome.DEFERRED: Colour("#dd96f3", DARK),
    Outcome.MISSING: Colour("#b8208e", PALE),
    Outcome.UNKNOWN: Colour("#4d5155", PALE),
    None: Colour("#bfc5d0", DARK),
}
"""Distinguishable with red-green colour blindness, and readable; `tests/monitor/test_signs.py` measures both."""

TONES: dict[Tone, Outcome | None] = {
    Tone.GOOD: Outcome.INBOX,
    Tone.DOUBTFUL: Outcome.UNKNOWN,
    Tone.BAD: Outcome.BLOCKED,
    Tone.PLAIN: None,
}
"""The outcome whose colour a piece of evidence has."""

REMEDY_LOOKS: dict[RemedyState, Outcome | None] = {
    RemedyState.WAITING: Outcome.DEFERRED,
    RemedyState.TESTING: Outcome.LATE,
    RemedyState.PROVEN: Outcome.INBOX,
    RemedyState.ARRIVES: Outcome.UNKNOWN,
    RemedyState.NO_EFFECT: Outcome.BLOCKED,
    RemedyState.TOO_WIDE: Outcome.BLOCKED,
    RemedyState.NOT_DECIDED: Outcome.UNKNOWN,
    RemedyState.LAPSES_SOON: Outcome.SPAM,
    RemedyState.LAPSED: Outcome.QUARANTINED,
    RemedyState.UNDONE: None,
}
"""The outcome whose colour and sign a remedy's state has."""

STATE_COLOURS: dict[State, Outcome | None] = {
    State.GOOD: Outcome.INBOX,
    State.WEAK: Outcome.SPAM,
    State.BAD: Outcome.BLOCKED,
    State.NONE: None,
    State.UNKNOWN: Outcome.UNKNOWN,
    State.REFUSED: Outcome.DEFERRED,
}
"""The outcome whose colour and sign a state of standing has."""


def look_of(incident: Incident) -> Outcome:
    """Return the outcome whose colour and sign an incident has: of the sender's standing, which has no outcome, that of
    a weak or a bad state."""
    if incident.nature is not Nature.STANDING or incident.scope is Scope.OURSELVES:
        return incident.outcome
    return Outcome.SPAM if incident.listed_severity is Severity.NOTE else Outcome.BLOCKED
