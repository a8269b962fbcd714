"""The last weights of one check: does it fail, and since when?

A single bad verdict may be chance, so a check fails only after several bad ones among the last, and recovers only after
several good ones in a row: the streak forgives. `unknown` neither raises nor calms: not being able to look says nothing
about the mail. Two good verdicts count as consecutive only if no probe between them is still undecided, because some
failures (`missing`) are known long after their launch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from monitor.incidents.incident import Failure
from monitor.incidents.reach import unanswered
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names, Weight, mark_of
from probes.sender import Role
from probes.verdict import Cause, Outcome, Verdict

MAX_GOOD_STREAK = 256  # good ones in a row are not counted any further: numbers up to it are shared, and few settle all

Row = TypeVar("Row", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class FailureLimits:
    """Thresholds: so many bad weights among the last `of_last` make a check fail, so many good ones in a row make it
    well again. After `telling` verdicts in a row that are not unknown we can judge again.

    Two probes launched further `apart` had another one between them. If failures are known late, as with `missing`,
    that one may still turn out bad; but not once the row is so old that it is `certain`. A failure that is known only
    when it is over lasts for longer than `settle`, or nobody would be notified.
    """

    bad: int
    of_last: int
    good: int
    telling: int
    apart: timedelta = timedelta.max
    certain: timedelta = timedelta(0)
    settle: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class FailureRate:
    """Thresholds of intermittent failure: so many of a check's last probes make it fail, and at so many it is over."""

    bad_probes: int
    of_last_probes: int
    ends_at_bad_probes: int


INTERMITTENT = FailureRate(bad_probes=6, of_last_probes=20, ends_at_bad_probes=2)
"""Every third or fourth mail is lost, and never two of three: nobody who waits for a code calls that healthy."""


@dataclass(frozen=True, slots=True)
class FailureState:
    """The state of one question: is it bad? `count` of the bad ones in the present stretch: the probe of the first was
    launched at `since`, `last` is the latest. `good` consecutive ones came since, the first and last of them launched
    at `good_since` and `good_at`; between the last `close` of them nothing is missing.

    It fails by the `FailureLimits`, which is `acute`, or now and then: `intermittent`. `window` is the basis of the
    latter: of each probe, when it was launched if it was bad, else None; failures of an acute stretch are not counted
    twice.
    `known_at`: when it was known that all of an acute stretch was bad. It is reported even if good ones came before
    that; then it is `over_before_known`.
    """

    recent: tuple[Weight, ...] = ()
    good: int = 0
    close: int = 0
    good_since: datetime | None = None
    good_at: datetime | None = None
    acute: bool = False
    since: datetime | None = None
    count: int = 0
    last: Signal | None = None
    mark: Weight | None = None  # that of `last`
    came_late: bool = False  # some of it came in the end, though late
    unreached_since: datetime | None = None  # launch of the first of those, up to `last`, that reached nobody
    intermittent: bool = False
    window: tuple[datetime | None, ...] = ()
    known_at: datetime | None = None
    over_before_known: bool = False

    @property
    def fails(self) -> bool:
        """True if it is failing."""
        return self.acute or self.intermittent

    @property
    def of_last(self) -> int:
        """Return the window size of which `count` were bad, if it fails only intermittently; else 0."""
        return len(self.window) if self.intermittent and not self.acute else 0

    def add(
        self, mark: Weight, signal: Signal, limits: FailureLimits, *, bad: bool, needed: int, rated: bool
    ) -> "FailureState":
        """Add one. `needed` consecutive good ones end it. `rated`: intermittent failures count."""
        recent = _one((*self.recent, mark if bad else Weight.GOOD)[-limits.of_last :])
        window = (*self.window, signal.launched_at if bad else None)[-INTERMITTENT.of_last_probes :] if rated else ()
        window = window if any(window) else _one(window)
        if not bad:
            return replace(self, window=window)._calmer(recent, signal, limits, needed)
        enough = mark is Weight.CONCLUSIVE or sum(each is not Weight.GOOD for each in recent) >= limits.bad
        acute = self.acute or enough
        intermittent = _is_intermittent(window, self.intermittent)
        if acute and not self.intermittent:  # it is told as what it is
            window, intermittent = (), False
        count, since = self.count + 1, self.since or signal.launched_at
        if intermittent and not acute:
            bad_ones = [at for at in window if at]
            count, since = len(bad_ones), min(bad_ones[0], since)
        return FailureState(
            recent=recent,
            acute=acute,
            since=since,
            count=count,
            last=signal,
            mark=mark,
            came_late=self.came_late or signal.verdict.outcome is Outcome.LATE,
            unreached_since=self._unreached_since(signal),
            intermittent=intermittent,
            window=window,
            known_at=self.known_at or (self._known_at(recent, signal, limits) if acute and rated else None),
        )

    def _known_at(self, recent: tuple[Weight, ...], signal: Signal, limits: FailureLimits) -> datetime | None:
        """Return when the stretch was known to be bad, if all of it is."""
        if Weight.GOOD in recent[-limits.bad :]:
            return None
        return max(signal.at, self.last.at) if self.last else signal.at

    def _unreached_since(self, signal: Signal) -> datetime | None:
        """Return since when no connection was made, including this one; a good one restarts it."""
        if not unanswered(signal.verdict):
            return None
        return (None if self.good else self.unreached_since) or signal.launched_at

    def _calmer(self, recent: tuple[Weight, ...], signal: Signal, limits: FailureLimits, needed: int) -> "FailureState":
        """Return the state after one more good one."""
        at = signal.launched_at
        since, before = self.good_since or at, self.good_at or at
        known_late = self.last is not None and self.last.at - self.last.launched_at > limits.apart
        close = self.close + 1 if not known_late or at - before <= limits.apart else 1
        good, close = min(self.good + 1, MAX_GOOD_STREAK), min(close, MAX_GOOD_STREAK)
        intermittent = self.intermittent and _is_intermittent(self.window, self.intermittent)
        after = replace(
            self, recent=recent, good=good, close=close, good_since=since, good_at=at, intermittent=intermittent
        )
        if not (close >= needed or (good >= needed and at - since >= limits.certain)):
            return after
        if self.acute and known_late and self.known_at and signal.at <= self.known_at + limits.settle:
            return replace(after, over_before_known=True)
        if intermittent:
            bad = sum(at is not None for at in self.window)
            return replace(after, acute=False, count=bad, known_at=None, over_before_known=False)
        return after.calm()

    def calm(self) -> "FailureState":
        """Return the same state, not failing."""
        return FailureState(
            self.recent, self.good, self.close, good_since=self.good_since, good_at=self.good_at, window=self.window
        )

    def forgiven(self) -> "FailureState":
        """Return the same state, not failing if the latest was good: nobody was notified of a failure known only
        now."""
        return self.calm() if self.fails and self.good and not self.over_before_known else self

    def known(self, failure: Failure | None) -> "FailureState":
        """Return the same state, if an incident says so about it; None: nothing does."""
        if failure is None:
            return self.forgiven()
        if not self.fails or self.since is None or self.since > failure.since:
            return self
        count = max(self.count, failure.bad) if self.since == failure.since else failure.bad
        return replace(self, since=failure.since, count=self.count if self.of_last else count)


@lru_cache(maxsize=1024)
def _one(row: Row) -> Row:
    """Return the one row that is equal to this: nearly all checks are well, and each would keep rows of its own."""
    return row


def _is_intermittent(window: Sequence[datetime | None], before: bool) -> bool:
    """Test if enough of the last ones were bad; once so, until few of a full window are."""
    bad = sum(at is not None for at in window)
    if bad >= INTERMITTENT.bad_probes:
        return True
    return before and (bad > INTERMITTENT.ends_at_bad_probes or len(window) < INTERMITTENT.of_last_probes)


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """History of a check: of its mail, and of our ability to judge. `well_at` is the launch of the last probe that
    reached the inbox."""

    mail: FailureState = FailureState()
    visibility: FailureState = FailureState()
    well_at: datetime | None = None

    @property
    def launched_at(self) -> datetime | None:
        """Return the launch of the newest probe that counts; None if there is none."""
        lasts = [state.last.launched_at for state in (self.mail, self.visibility) if state.last]
        goods = [state.good_at for state in (self.mail, self.visibility) if state.good_at]
        return max((*lasts, *goods), default=None)

    @property
    def undecided(self) -> bool:
        """True if the newest verdict was bad, and is not enough to say that it fails."""
        return any(
            not state.fails and state.recent and state.recent[-1] is not Weight.GOOD
            for state in (self.mail, self.visibility)
        )

    def add(self, signal: Signal, limits: FailureLimits, names: Names) -> "CheckHistory":
        """Add one verdict. `unknown` neither raises nor calms the mail's state; but mail moved by a rule was
        delivered."""
        mark = mark_of(signal.kind, signal.verdict, names)
        dark = mark is Weight.UNKNOWN
        visibility = self.visibility.add(mark, signal, limits, bad=dark, needed=limits.telling, rated=False)
        if dark and signal.verdict.cause is Cause.MOVED:
            mail = self.mail.add(Weight.GOOD, signal, limits, bad=False, needed=limits.good, rated=True)
            return replace(self, mail=mail, visibility=visibility)
        if dark:
            return replace(self, visibility=visibility)
        mail = self.mail.add(mark, signal, limits, bad=mark.bad, needed=limits.good, rated=True)
        return CheckHistory(mail, visibility, signal.launched_at if mark is Weight.GOOD else self.well_at)


def track_of(
    signals: Iterable[Signal], limits: FailureLimits, names: Names, before: Sequence[Failure] | None = None
) -> CheckHistory:
    """Build the history from these verdicts, one per probe, oldest first. `before` is what open incidents say about the
    check, None if they do not say all: a failure longer than these verdicts continues, and a recovery is no reason to
    open an incident."""
    past = list(signals)
    told = {failure.outcome is Outcome.UNKNOWN: failure for failure in before or ()}
    older = {dark: each for dark, each in told.items() if not past or each.since < past[0].launched_at}
    mail, visibility = (_failing(older[dark], names) if dark in older else FailureState() for dark in (False, True))
    track = CheckHistory(mail, visibility)
    for signal in past:
        track = track.add(signal, limits, names)
    if before is None:
        return track
    return replace(track, mail=track.mail.known(told.get(False)), visibility=track.visibility.known(told.get(True)))


def _failing(failure: Failure, names: Names) -> FailureState:
    """Return a failing state of which nothing more is known."""
    verdict = Verdict(failure.outcome, failure.cause, failure.grade, failure.because, failure.answer, failure.spam)
    last = Signal(0, failure.probe_id, *failure.check, Role.SENDER, failure.since, failure.at, verdict)
    mark = mark_of(failure.kind, verdict, names)
    rare = failure.of_last > 0
    return FailureState(acute=not rare, intermittent=rare, since=failure.since, last=last, mark=mark)
