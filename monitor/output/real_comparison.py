"""The sender's real mail to a company beside our probes: what became of both, and whether they disagree. Pure.

The log of the sender's service knows what the company's server answered, and no more: "taken" is not "in the inbox".
So a probe is taken wherever it was found, or not found, after that.

They are compared hour by hour, because both may be right at different times: a block of an hour hits much real mail
and falls between two probes. Refusals that say nothing about the sender, such as those of a full mailbox, are people's
own, and those that a server means to take back may be of mail that was sent hours before: neither counts against real
mail.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from monitor.real_mail.mails import PASSES, concerns_the_sender
from monitor.store import ProbeRow, RealCount, RealReply
from probes.display import counted
from probes.outcome import Cause, Grade, Outcome
from probes.traced import TraceFate

WINDOW = timedelta(hours=24)
MIN_HOURS = 3  # in which they differ: the hour in which a block begins proves nothing
MIN_REAL = 10  # mails in these hours
MIN_PROBES = 5
FEW, MOST = 0.1, 0.5  # shares of real mail that is refused: taken up to the one, refused from the other on

FATES: dict[Outcome, TraceFate | None] = {
    Outcome.INBOX: TraceFate.DELIVERED,
    Outcome.LATE: TraceFate.DELIVERED,
    Outcome.SPAM: TraceFate.DELIVERED,
    Outcome.QUARANTINED: TraceFate.DELIVERED,
    Outcome.MISSING: TraceFate.DELIVERED,
    Outcome.BLOCKED: TraceFate.REFUSED,
    Outcome.DEFERRED: TraceFate.DEFERRED,
    Outcome.UNKNOWN: None,
}
"""What the sender's service would know of a probe; None if nothing."""

WORDS: dict[TraceFate | None, str] = {
    TraceFate.DELIVERED: "Taken by the company's server",
    TraceFate.REFUSED: "Refused",
    TraceFate.DEFERRED: "Deferred",
    TraceFate.SUPPRESSED: "Suppressed: not sent",
    None: "Not known",
}
"""The rows of the comparison, in their order."""


class Mismatch(StrEnum):
    """Disagreements of probes and real mail."""

    REAL_MAIL_REFUSED = "real_mail_refused"  # while probes are taken
    PROBES_REFUSED = "probes_refused"  # while real mail is taken


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One, with the `hours` in which it was seen, of how many in which both are known, and the mails in these: `real`
    and `probes`, those that were refused of the one and taken of the other."""

    kind: Mismatch
    hours: int
    of_hours: int
    real: int
    probes: int

    @property
    def said(self) -> str:
        """Say what was seen, as a sentence without its full stop."""
        real, probes = counted(self.real, "real message"), counted(self.probes, "probe")
        both = {
            Mismatch.REAL_MAIL_REFUSED: f"the company's server took {probes} and refused {real}",
            Mismatch.PROBES_REFUSED: f"the company's server took {real} and refused {probes}",
        }
        return f"In {self.hours} of {counted(self.of_hours, 'hour')} with both, {both[self.kind]}"

    @property
    def means(self) -> str:
        """Say what it means, and where to look."""
        return MEANINGS[self.kind]


MEANINGS: dict[Mismatch, str] = {
    Mismatch.REAL_MAIL_REFUSED: "The probes stand for something else than people's mail. Compare both: the address "
    "they leave from, their sender, their content, and the servers of the recipients' domains.",
    Mismatch.PROBES_REFUSED: "The probes' own path is probably broken, not the sender's mail. Check the address that "
    "they go to, their route, and the source IP that they have there.",
}


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """The number of mails with one fate and cause. `fate`: None if nobody knows. `real` is None where the log has no
    such row."""

    fate: TraceFate | None
    cause: Cause | None
    real: int | None
    probes: int

    @property
    def words(self) -> str:
        """Its name for people."""
        return WORDS[self.fate]


@dataclass(frozen=True, slots=True)
class RealComparison:
    """Real mail and probes since a full hour. `in_inbox`: of the probes that were taken. `replies`: what servers said
    to refused real mail of these days, masked, the newest day first."""

    since: datetime
    rows: tuple[ComparedRow, ...]
    in_inbox: int
    mismatch: Disagreement | None
    replies: tuple[RealReply, ...] = ()


class _Hour(NamedTuple):
    """How many of one hour were taken and refused."""

    taken: int = 0
    refused: int = 0


def window_of(now: datetime) -> datetime:
    """Return the full hour from which both are counted."""
    return (now - WINDOW).replace(minute=0, second=0, microsecond=0)


def compared(
    real: Iterable[RealCount], probes: Iterable[ProbeRow], since: datetime, replies: Iterable[RealReply] = ()
) -> RealComparison:
    """Compare the real mail and the sender's probes of a company since this full hour."""
    ours = [row for row in probes if row.launched_at >= since and row.verdict]
    theirs = [row for row in real if row.hour >= since]
    return RealComparison(
        since,
        tuple(_rows(theirs, ours)),
        sum(row.verdict.outcome is Outcome.INBOX for row in ours if row.verdict),
        _disagreement(_real_hours(theirs), _probe_hours(ours)),
        tuple(replies),
    )


def _rows(real: Iterable[RealCount], probes: Iterable[ProbeRow]) -> list[ComparedRow]:
    known, seen = Counter[tuple[TraceFate | None, Cause | None]](), Counter[tuple[TraceFate | None, Cause | None]]()
    for row in real:
        known[row.outcome, row.cause] += row.count
    for probe in probes:
        fate, cause = _fate(probe)
        seen[fate, None if fate is TraceFate.DELIVERED else cause] += 1
    keys = sorted({*known, *seen}, key=lambda key: (-known[key], -seen[key], str(key[1])))
    return [
        ComparedRow(fate, cause, None if fate is None else known[fate, cause], seen[fate, cause])
        for shown in WORDS
        for fate, cause in keys
        if fate is shown
    ]


def _fate(probe: ProbeRow) -> tuple[TraceFate | None, Cause | None]:
    if probe.verdict is None:
        return None, None
    cause = probe.verdict.cause
    return (TraceFate.SUPPRESSED if cause is Cause.SUPPRESSED else FATES[probe.verdict.outcome]), cause


def _real_hours(real: Iterable[RealCount]) -> Mapping[datetime, _Hour]:
    hours = defaultdict[datetime, _Hour](_Hour)
    for row in real:
        known = hours[row.hour]
        if row.outcome is TraceFate.DELIVERED:
            hours[row.hour] = known._replace(taken=known.taken + row.count)
        elif row.outcome is TraceFate.REFUSED and concerns_the_sender(row.cause):
            hours[row.hour] = known._replace(refused=known.refused + row.count)
    return hours


def _probe_hours(probes: Iterable[ProbeRow]) -> Mapping[datetime, _Hour]:
    hours = defaultdict[datetime, _Hour](_Hour)
    for probe in probes:
        hour = probe.launched_at.replace(minute=0, second=0, microsecond=0)
        (fate, cause), known = _fate(probe), hours[hour]
        if probe.verdict is None or probe.verdict.grade is Grade.SCANNED:  # handed over to nobody
            continue
        if fate is TraceFate.DELIVERED:
            hours[hour] = known._replace(taken=known.taken + 1)
        elif fate is TraceFate.REFUSED and cause not in PASSES:
            hours[hour] = known._replace(refused=known.refused + 1)
    return hours


def _was_taken(hour: _Hour, few: float, most: float) -> bool | None:
    """Test if what was sent in an hour was taken, False if it was refused; None if neither can be said."""
    whole = hour.taken + hour.refused
    if not whole or few < hour.refused / whole < most:
        return None
    return hour.refused <= few * whole


def _disagreement(real: Mapping[datetime, _Hour], probes: Mapping[datetime, _Hour]) -> Disagreement | None:
    both = {
        hour: (theirs, ours)
        for hour in real.keys() & probes.keys()
        if (theirs := _was_taken(real[hour], FEW, MOST)) is not None
        and (ours := _was_taken(probes[hour], 0, 1)) is not None  # a probe more or less is no share
    }
    for kind, differs in ((Mismatch.REAL_MAIL_REFUSED, (False, True)), (Mismatch.PROBES_REFUSED, (True, False))):
        hours = [hour for hour, answers in both.items() if answers == differs]
        if kind is Mismatch.REAL_MAIL_REFUSED:
            mails, sent = sum(real[hour].refused for hour in hours), sum(probes[hour].taken for hour in hours)
        else:
            mails, sent = sum(real[hour].taken for hour in hours), sum(probes[hour].refused for hour in hours)
        often = len(hours) >= MIN_HOURS and len(hours) > len(both) / 2
        if often and mails >= MIN_REAL and sent >= MIN_PROBES:
            return Disagreement(kind, len(hours), len(both), mails, sent)
    return None
