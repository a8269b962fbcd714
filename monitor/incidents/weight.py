"""The weight of a verdict. Tables; everything else follows from the outcome alone."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from monitor.incidents.incident import Severity
from probes.kinds import Kind
from probes.verdict import Cause, Concern, Grade, Outcome, Verdict


class Weight(StrEnum):
    """Weight of one verdict, with the letter that tests use for it."""

    GOOD = "i"
    BAD = "b"
    CONCLUSIVE = "d"  # a refusal for good that names the sender or its address: one is enough
    NOTE = "n"  # worth knowing, and nobody's sign-in depends on it
    UNKNOWN = "?"  # we could not ask or look: neither raises nor calms

    @property
    def bad(self) -> bool:
        """True if it counts towards an incident of the mail."""
        return self in (Weight.BAD, Weight.CONCLUSIVE, Weight.NOTE)


@dataclass(frozen=True, slots=True)
class Names:
    """Distinguishing marks of a sending identity: the names by which a refusal refers to it."""

    domain: str
    source_ip: str


LISTS_THE_SENDER = frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.DOMAIN_BLOCKED})
"""Causes that exist only because the sender or its address is on a list."""

OF_THE_MAILBOX = frozenset({Cause.NO_SUCH_USER, Cause.CASE_SENSITIVE_USER, Cause.MAILBOX_FULL, Cause.MAILBOX_DISABLED})
"""Causes about the probe's own mailbox only."""

IN_THE_SPAM_FOLDER = frozenset({Outcome.SPAM})


def mark_of(kind: Kind, verdict: Verdict, names: Names) -> Weight:
    """Return the weight of this verdict on a mail of this kind."""
    match verdict.outcome:
        case Outcome.INBOX:
            return Weight.GOOD
        case Outcome.UNKNOWN:
            return Weight.UNKNOWN
        case Outcome.LATE:
            return Weight.BAD if kind.facts.needs_code else Weight.NOTE
        case Outcome.DEFERRED:
            only_slow = verdict.cause is Cause.GREYLISTED and not kind.facts.needs_code
            return Weight.NOTE if only_slow else Weight.BAD
        case Outcome.BLOCKED:
            return Weight.CONCLUSIVE if _is_damning(verdict, names) else Weight.BAD
        case Outcome.SPAM | Outcome.QUARANTINED | Outcome.MISSING:
            return Weight.BAD
        case _:
            assert_never(verdict.outcome)


def _is_damning(verdict: Verdict, names: Names) -> bool:
    """Test if one is enough. Anybody can write a bounce: one that is not proven to come from the receiver needs a
    second."""
    if verdict.answer is not None and verdict.answer.stage is None and verdict.grade is Grade.UNPROVEN:
        return False
    return verdict.cause in LISTS_THE_SENDER or names_the_sender(verdict, names)


def names_the_sender(verdict: Verdict, names: Names) -> bool:
    """Test if the reply gave a cause that concerns the sender, and named its address or domain: exactly, not as part of
    a longer number or a host below the domain."""
    if verdict.cause is None or verdict.cause.concerns is not Concern.SENDER or verdict.answer is None:
        return False
    return any(_named(name).search(verdict.answer.text) for name in (names.source_ip, names.domain) if name)


@lru_cache
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", re.IGNORECASE)


def severity_of(kind: Kind, mark: Weight, outcome: Outcome) -> Severity:
    """Return the severity if it held for the whole company: without codes nobody can sign in."""
    if mark is Weight.NOTE:
        return Severity.NOTE
    return Severity.PAGE if kind.facts.needs_code and outcome not in IN_THE_SPAM_FOLDER else Severity.TICKET
