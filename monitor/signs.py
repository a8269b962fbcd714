"""How an outcome looks, everywhere: a shape for each, so that nothing depends on telling colours apart."""

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
