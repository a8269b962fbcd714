"""What a verdict counts for. Tables; what is not in them follows from the outcome alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from monitor.incidents.incident import Nature, Severity
from probes.kinds import Kind
from probes.verdict import Cause, Concern, Outcome, Verdict


class Mark(StrEnum):
    """What one verdict counts for, with the letter by which tests spell it."""

    GOOD = "i"
    BAD = "b"
    DAMNING = "d"  # a refusal for good that names the sender or its address: one is enough
    NOTE = "n"  # worth knowing, and nobody's sign-in depends on it
    UNKNOWN = "?"  # we could not ask or look: neither raises nor calms

    @property
    def bad(self) -> bool:
        """Whether it counts towards an incident of the mail."""
        return self in (Mark.BAD, Mark.DAMNING, Mark.NOTE)


@dataclass(frozen=True, slots=True)
class Names:
    """What a refusal says when it means the sender."""

    domain: str
    source_ip: str


LISTS_THE_SENDER = frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.DOMAIN_BLOCKED})
"""Causes that there are only because the sender or its address stands on a list."""

OF_THE_MAILBOX = frozenset({Cause.NO_SUCH_USER, Cause.CASE_SENSITIVE_USER, Cause.MAILBOX_FULL, Cause.MAILBOX_DISABLED})
"""Causes that say something of the probe's own mailbox, and nothing of anybody else's."""

IN_THE_SPAM_FOLDER = frozenset({Outcome.SPAM})


def mark_of(kind: Kind, verdict: Verdict, names: Names) -> Mark:
    """What this verdict on a mail of this kind counts for."""
    match verdict.outcome:
        case Outcome.INBOX:
            return Mark.GOOD
        case Outcome.UNKNOWN:
            return Mark.UNKNOWN
        case Outcome.LATE:
            return Mark.BAD if kind.facts.needs_code else Mark.NOTE
        case Outcome.DEFERRED:
            only_slow = verdict.cause is Cause.GREYLISTED and not kind.facts.needs_code
            return Mark.NOTE if only_slow else Mark.BAD
        case Outcome.BLOCKED:
            return Mark.DAMNING if _names_the_sender(verdict, names) else Mark.BAD
        case Outcome.SPAM | Outcome.QUARANTINED | Outcome.MISSING:
            return Mark.BAD
        case _:
            assert_never(verdict.outcome)


def _names_the_sender(verdict: Verdict, names: Names) -> bool:
    if verdict.cause in LISTS_THE_SENDER:
        return True
    about_the_sender = verdict.cause is not None and verdict.cause.concerns is Concern.SENDER
    return about_the_sender and (names.source_ip in verdict.because or names.domain in verdict.because)


def severity_of(kind: Kind, mark: Mark, outcome: Outcome) -> Severity:
    """What it would be worth if it were so for the whole company: without codes nobody can sign in."""
    if mark is Mark.NOTE:
        return Severity.NOTE
    return Severity.PAGE if kind.facts.needs_code and outcome not in IN_THE_SPAM_FOLDER else Severity.TICKET


def nature_of(mark: Mark, cause: Cause | None, *, control_fails: bool) -> Nature:
    """Whose trouble it is. A control that fails too clears the sender, unless the refusal names it."""
    if mark is Mark.UNKNOWN or cause is Cause.MALFORMED:
        return Nature.OURS
    if cause in OF_THE_MAILBOX:
        return Nature.MAILBOX
    return Nature.OURS if control_fails and mark is not Mark.DAMNING else Nature.MAIL


HARD = frozenset({Outcome.BLOCKED, Outcome.DEFERRED, Outcome.MISSING})
"""Outcomes of a control that did not get through. What lies in a spam folder did, and so did what came late: where all
mail is slow, codes die of it all the same."""


def control_fails(verdict: Verdict) -> bool:
    """Whether a control's verdict says that the path itself is broken. What stops the control for its own sake, such as
    its address or its domain, tells nothing."""
    if verdict.outcome not in HARD:
        return False
    cause = verdict.cause
    return cause is None or cause is Cause.FIREWALL or cause.concerns is not Concern.SENDER
