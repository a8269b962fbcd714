"""Compare a failure of the sender with another identity's result on the same path. Pure.

That two senders got the same answer in words is a fact, and one is enough. That the other one failed in another way, or
without a text, may be chance: it is judged like the sender, by the number of bad results among the last. Whatever stops
the other identity for its own sake, such as its address on a blocklist, proves nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.incidents.reach import never_connected
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names
from probes.answer import has_words, same_answer
from probes.verdict import Cause, Concern, Outcome, Verdict


class Differs(StrEnum):
    """Differences of another identity from the sender."""

    DOMAIN = "domain"
    IP = "ip"


NEUTRAL = frozenset(Differs)
"""An identity that differs in everything: whatever stops it too is not about the sender."""


class Got(StrEnum):
    """The other identity's result, relative to the sender's failure."""

    THROUGH = "through"
    SAME = "same"  # the same answer, in words
    ALIKE = "alike"  # the same fault, or the same code without words
    FAILED = "failed"  # in another way, and not for its own sake


@dataclass(frozen=True, slots=True)
class Comparison:
    """Conclusion from the other identity's last probes: it got the `SAME` answer, `FAILED`, or got `THROUGH`. The probe
    that shows it was launched at `at`. `lost`: the failed mail was accepted and never seen."""

    differs: frozenset[Differs]
    got: Got
    at: datetime
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Rigour:
    """Thresholds: `bad` among the `of_last` are a failure, `good` in a row end one; a probe launched longer than
    `around` before a failure began says nothing about it."""

    bad: int
    of_last: int
    good: int
    around: timedelta


@dataclass(frozen=True, slots=True)
class Failing:
    """The sender's failure: the latest failing verdict, its start, and whether a good one came after."""

    last: Signal
    since: datetime
    well_after: bool


def differs(sender: Names, other: Names) -> frozenset[Differs]:
    """Return the differences of the other identity. A domain below or above the sender's shares its fate."""
    one, two = sender.domain.casefold().rstrip("."), other.domain.casefold().rstrip(".")
    related = one == two or one.endswith(f".{two}") or two.endswith(f".{one}")
    found = set() if related else {Differs.DOMAIN}
    return frozenset(found | ({Differs.IP} if sender.source_ip != other.source_ip else set()))


def compared(
    failing: Failing, others: Iterable[Signal], differs: frozenset[Differs], rigour: Rigour
) -> Comparison | None:
    """Return the conclusion from the other identity's verdicts on this path, oldest launch first. None: nothing
    follows."""
    if not differs:
        return None
    at_the_time = [each for each in others if each.launched_at >= failing.since - rigour.around]
    told = [(each, got) for each in reversed(at_the_time) if (got := got_beside(failing.last.verdict, each.verdict))]
    same = next((number for number, (_, got) in enumerate(told) if got is Got.SAME), None)
    if same is not None and not _passes_since(told[:same], failing, rigour):
        return Comparison(differs, Got.SAME, told[same][0].launched_at)
    weak = [each for each, got in told[: rigour.of_last] if got in (Got.ALIKE, Got.FAILED)]
    if len(weak) >= rigour.bad:
        lost = all(each.verdict.outcome is Outcome.MISSING for each in weak)
        return Comparison(differs, Got.FAILED, weak[0].launched_at, lost=lost)
    for each, got in told:
        if got is Got.THROUGH and failing.since <= each.launched_at <= failing.last.launched_at:
            return Comparison(differs, Got.THROUGH, each.launched_at)
    return None


def undecided(failing: Failing, others: Iterable[Signal], rigour: Rigour) -> bool:
    """Test if the other identity's newest verdict is a weak sign that one more could confirm."""
    newest = max(others, key=lambda each: each.launched_at, default=None)
    if newest is None or newest.launched_at < failing.since - rigour.around:
        return False
    return got_beside(failing.last.verdict, newest.verdict) in (Got.ALIKE, Got.FAILED)


def _passes_since(newer: Sequence[tuple[Signal, Got]], failing: Failing, rigour: Rigour) -> bool:
    """Test if, after the same answer, the other identity got through often enough while the sender still failed.
    Otherwise a cluster with one broken host would accuse and clear the sender by turns."""
    passed = [each for each, got in newer if got is Got.THROUGH and each.launched_at <= failing.last.launched_at]
    return len(passed) >= rigour.good


HARD = frozenset({Outcome.BLOCKED, Outcome.DEFERRED, Outcome.MISSING})
"""Outcomes of mail that did not get through. Mail in the junk folder did, and so did late mail."""

TAKEN = frozenset({Outcome.LATE, Outcome.SPAM, Outcome.QUARANTINED})
"""Outcomes of mail that was accepted, though it did not reach the inbox in time."""


def got_beside(sender: Verdict, other: Verdict) -> Got | None:
    """Return what one verdict on another identity's mail means beside the sender's. None: nothing."""
    if sender.answer and other.answer and same_answer(sender.answer, other.answer):
        return Got.SAME if has_words(sender.answer) else Got.ALIKE
    if other.outcome is Outcome.UNKNOWN:
        return None
    if other.outcome is Outcome.INBOX or _connected(sender, other):
        return Got.THROUGH
    if other.outcome in HARD and sender.outcome in HARD:
        return None if _for_its_own_sake(other) else Got.FAILED
    if other.outcome in TAKEN and sender.outcome in (Outcome.BLOCKED, Outcome.MISSING):
        return Got.THROUGH
    return None


def _connected(sender: Verdict, other: Verdict) -> bool:
    """Test if the other one was connected where the sender got no connection at all."""
    if not never_connected(sender):
        return False
    return other.answer.reached if other.answer else other.outcome in {*TAKEN, Outcome.MISSING}


def _for_its_own_sake(other: Verdict) -> bool:
    cause = other.cause
    return cause is not None and cause is not Cause.FIREWALL and cause.concerns is Concern.SENDER
