"""The last marks of one path and kind: does it fail, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.incidents.incident import Failure
from monitor.incidents.reach import unanswered
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names, Weight, mark_of
from probes.sender import Role
from probes.verdict import Cause, Outcome, Verdict

MAX_GOOD_STREAK = 1000  # good ones in a row are not counted any further


@dataclass(frozen=True, slots=True)
class FailureLimits:
    """So many bad marks among the last `of_last` make it fail; so many good ones in a row, and it is well again. After
    `telling` verdicts in a row that are not unknown we can tell again.

    Two probes that were launched further `apart` had another one between them. Where what is bad is known late, such as
    what is missing, that one may yet prove bad; but not once the row is so old that it is `certain`. What is known only
    when it is over fails on for longer than it takes to `settle`, or nobody would be told."""

    bad: int
    of_last: int
    good: int
    telling: int
    apart: timedelta = timedelta.max
    certain: timedelta = timedelta(0)
    settle: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class FailureRate:
    """How many probes of one check, of its last ones, make it fail now and then; and at how many that is over."""

    bad_probes: int
    of_last_probes: int
    ends_at_bad_probes: int


INTERMITTENT = FailureRate(bad_probes=6, of_last_probes=20, ends_at_bad_probes=2)
"""Every third or fourth mail is lost, and no two of three: nobody who waits for a code calls that well."""


@dataclass(frozen=True, slots=True)
class FailureState:
    """One question, asked again and again: is it bad? `count` of the bad ones of the present stretch: the probe of the
    first was launched at `since`, `last` is the latest. `good` ones came in a row since, the first and the last of them
    launched at `good_since` and `good_at`; between the last `close` of them nothing is missing.

    It fails by the `FailureLimits`, which is `acute`, or now and then: `intermittent`. `window` is what that is
    counted by: when each was launched, and whether it was bad; what an acute stretch told is not counted twice.
    `known_at`: when it was known that all of an acute stretch was bad. It is told even if good ones came before that;
    then it is `over_before_known`.
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
    window: tuple[tuple[datetime, bool], ...] = ()
    known_at: datetime | None = None
    over_before_known: bool = False

    @property
    def fails(self) -> bool:
        """Whether it is bad."""
        return self.acute or self.intermittent

    @property
    def of_last(self) -> int:
        """Of so many `count` were bad, if that is all that is wrong; else 0."""
        return len(self.window) if self.intermittent and not self.acute else 0

    def add(
        self, mark: Weight, signal: Signal, limits: FailureLimits, *, bad: bool, needed: int, rated: bool
    ) -> "FailureState":
        """With one more. So many good ones in a row are `needed`. `rated`: what fails now and then counts."""
        recent = (*self.recent, mark if bad else Weight.GOOD)[-limits.of_last :]
        window = (*self.window, (signal.launched_at, bad))[-INTERMITTENT.of_last_probes :] if rated else ()
        if not bad:
            return replace(self, window=window)._calmer(recent, signal, limits, needed)
        enough = mark is Weight.CONCLUSIVE or sum(each is not Weight.GOOD for each in recent) >= limits.bad
        acute = self.acute or enough
        intermittent = _is_intermittent(window, self.intermittent)
        if acute and not self.intermittent:  # it is told as what it is
            window, intermittent = (), False
        count, since = self.count + 1, self.since or signal.launched_at
        if intermittent and not acute:
            first = next(at for at, was_bad in window if was_bad)
            count, since = sum(was_bad for _, was_bad in window), min(first, since)
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
        """When the stretch was known to be bad, if all of it is."""
        if Weight.GOOD in recent[-limits.bad :]:
            return None
        return max(signal.at, self.last.at) if self.last else signal.at

    def _unreached_since(self, signal: Signal) -> datetime | None:
        """Since when no connection came about, with this one; what came after a good one began anew."""
        if not unanswered(signal.verdict):
            return None
        return (None if self.good else self.unreached_since) or signal.launched_at

    def _calmer(self, recent: tuple[Weight, ...], signal: Signal, limits: FailureLimits, needed: int) -> "FailureState":
        """With one more good one."""
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
            bad = [launched for launched, was_bad in self.window if was_bad]
            return replace(after, acute=False, count=len(bad), known_at=None, over_before_known=False)
        return after.calm()

    def calm(self) -> "FailureState":
        """The same, but not failing."""
        return FailureState(
            self.recent, self.good, self.close, good_since=self.good_since, good_at=self.good_at, window=self.window
        )

    def forgiven(self) -> "FailureState":
        """The same, but not failing if the latest was good. What is known only now nobody was told."""
        return self.calm() if self.fails and self.good and not self.over_before_known else self

    def known(self, failure: Failure | None) -> "FailureState":
        """The same, if that is what an incident says of it; None: nothing."""
        if failure is None:
            return self.forgiven()
        if not self.fails or self.since is None or self.since > failure.since:
            return self
        count = max(self.count, failure.bad) if self.since == failure.since else failure.bad
        return replace(self, since=failure.since, count=self.count if self.of_last else count)


def _is_intermittent(window: Sequence[tuple[datetime, bool]], before: bool) -> bool:
    """Whether so many of the last ones were bad; once it is so, until few of a full number are."""
    bad = sum(was_bad for _, was_bad in window)
    if bad >= INTERMITTENT.bad_probes:
        return True
    return before and (bad > INTERMITTENT.ends_at_bad_probes or len(window) < INTERMITTENT.of_last_probes)


@dataclass(frozen=True, slots=True)
class CheckHistory:
    """What is known of a line: of its mail, and of whether we could tell. `well_at` is when the last probe that reached
    the inbox was launched."""

    mail: FailureState = FailureState()
    visibility: FailureState = FailureState()
    well_at: datetime | None = None

    @property
    def launched_at(self) -> datetime | None:
        """When the newest probe of those that count was launched; None if there is none."""
        lasts = [streak.last.launched_at for streak in (self.mail, self.visibility) if streak.last]
        goods = [streak.good_at for streak in (self.mail, self.visibility) if streak.good_at]
        return max((*lasts, *goods), default=None)

    @property
    def undecided(self) -> bool:
        """Whether the newest verdict was bad, and is not enough to say that it fails."""
        return any(
            not streak.fails and streak.recent and streak.recent[-1] is not Weight.GOOD
            for streak in (self.mail, self.visibility)
        )

    def add(self, signal: Signal, limits: FailureLimits, names: Names) -> "CheckHistory":
        """With one more verdict. `unknown` neither raises nor calms what is said of the mail; but what a rule moved was
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
    """The track of these verdicts, one for each probe, oldest first. `before` is what open incidents say of the line,
    None where they do not say all: what fails for longer than these verdicts tell fails on, and what got better is no
    reason to open one."""
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
    """A streak of which no more is known than that."""
    verdict = Verdict(failure.outcome, failure.cause, failure.grade, failure.because, failure.answer)
    last = Signal(0, failure.probe_id, *failure.line, Role.SENDER, failure.since, failure.at, verdict)
    mark = mark_of(failure.kind, verdict, names)
    rare = failure.of_last > 0
    return FailureState(acute=not rare, intermittent=rare, since=failure.since, last=last, mark=mark)
