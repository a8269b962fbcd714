"""The words of standing, rendered last: labels, and the sentence of every reason. Pure."""

from probes.display import one_line
from probes.labels import Label
from probes.standing.fact import Fact, State, Why

MAX_NAMED_CHARS = 120  # of one name or text that others publish

STATES: dict[State, Label] = {
    State.GOOD: Label("good", "as it should be", "Nothing to do."),
    State.WEAK: Label("weak", "works, but weakly", "It works today; somebody should improve it."),
    State.BAD: Label("bad", "wrong", "Receivers have a reason to refuse mail. Seen twice, ten minutes apart."),
    State.NONE: Label("none", "not published", "Nothing is published, and no receiver asks for it."),
    State.UNKNOWN: Label("unknown", "not known", "The question got no usable answer. Never counted as bad."),
    State.REFUSED: Label("refused", "not answered to us", "The other side does not answer us. Never counted as bad."),
}

SENTENCES: dict[Why, str] = {  # {0}, {1}: Fact.named
    Why.LOOKUP_FAILED: "DNS gave no usable answer: {0}",
    Why.SERVERS_DISAGREE: "the resolver says otherwise than the domain's own name servers",
    Why.TOO_OLD: "the last reading is too old",
    Why.BAD_ONCE: "bad once, not confirmed",
    Why.LISTED: "{0} lists it: {1}. Removal: {2}",
    Why.LISTED_MINOR: "{0} lists it: {1}. Few gateways use that list or this part of it. Removal: {2}",
    Why.NOT_LISTED: "{0} does not list it, and passes its own test",
    Why.LIST_NEUTRAL: "{0} knows it, and that is no listing: {1}",
    Why.LIST_REFUSES: "{0} does not answer us: {1}",
    Why.LIST_BROKEN: "{0} cannot be believed: {1}",
    Why.LIST_SILENT: "{0} gave no usable answer: {1}",
}


def sentence(fact: Fact) -> str:
    """Render the reason of a reading."""
    return SENTENCES[fact.why].format(*(one_line(text, MAX_NAMED_CHARS) for text in fact.named))
