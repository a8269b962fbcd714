"""Counts for a service level objective: probes that tell whether mail arrives in time, and those that did.

A probe counts once, by its first verdict that tells. Unknown results, trouble of the mailbox of a probe, and trouble of
Mailpath tell nothing of the sender and are not counted.

Grades are counted apart, by what the route of a path can prove, not by what each verdict does: a mail that never comes
proves little by itself, and by its own grade it would be missing from the figure of those that came.
"""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, assert_never

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from probes.kinds import Kind
from probes.outcome import Cause, Concern, Grade, Outcome
from probes.route_traits import traits_of


def in_time(outcome: Outcome, cause: Cause | None) -> bool | None:
    """Test if mail arrives in time by this verdict; None if it does not tell."""
    match outcome:
        case Outcome.INBOX:
            return True
        case Outcome.UNKNOWN:
            return None
        case Outcome.LATE | Outcome.SPAM | Outcome.QUARANTINED | Outcome.BLOCKED | Outcome.DEFERRED | Outcome.MISSING:
            return None if cause and cause.concerns in (Concern.RECIPIENT, Concern.OURSELVES) else False
        case _:
            assert_never(outcome)


def counted(signal: Signal) -> bool | None:
    """Test if a signal counts as in time; None if it does not count: it does not tell, or its probe was counted."""
    if signal.before and in_time(*signal.before) is not None:
        return None
    return in_time(signal.verdict.outcome, signal.verdict.cause)


def grade_of(path: WatchedPath) -> Grade:
    """Return the best grade that the route of this path can have."""
    return traits_of(path.route.via).best_grade


class CodeCountKey(NamedTuple):
    """Labels of a counter. `mail_system`: the first that the mail reaches."""

    company: str
    mail_system: str
    needs_code: bool
    grade: Grade


class CodeCounts:
    """The counters of each configured company. `judged` and `in_time` have the same keys."""

    def __init__(self) -> None:
        self.judged: dict[str, dict[CodeCountKey, int]] = {}
        self.in_time: dict[str, dict[CodeCountKey, int]] = {}

    def configure(self, paths: Iterable[WatchedPath]) -> None:
        """Begin at 0 with all that these paths can have, and drop what belongs to none of them."""
        paths = list(paths)
        systems = {(path.company, path.mail_system) for path in paths}
        for counts in (self.judged, self.in_time):
            for company, each in list(counts.items()):
                kept = {key: count for key, count in each.items() if (company, key.mail_system) in systems}
                counts[company] = kept
                if not kept:
                    del counts[company]
        for path in paths:  # in their order: a company's lines must not move because others are there
            for kind in one_of_each(path.kinds):
                self._begin(_key(path, kind))

    def take(self, path: WatchedPath, signal: Signal) -> None:
        """Count a signal of the sender's on this path, if it counts."""
        good = counted(signal)
        if good is not None:
            key = _key(path, signal.kind)
            self._begin(key)
            self.judged[key.company][key] += 1
            self.in_time[key.company][key] += good

    def _begin(self, key: CodeCountKey) -> None:
        for counts in (self.judged, self.in_time):
            counts.setdefault(key.company, {}).setdefault(key, 0)


@cache
def one_of_each(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """Return one kind that needs a code and one that does not, of those that are there."""
    return tuple({kind.facts.needs_code: kind for kind in kinds}.values())


def _key(path: WatchedPath, kind: Kind) -> CodeCountKey:
    return CodeCountKey(path.company, path.mail_system, kind.facts.needs_code, grade_of(path))
