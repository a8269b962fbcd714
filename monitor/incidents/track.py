"""The last marks of one path and kind: does it fail, and since when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.incidents.incident import Failure
from monitor.incidents.marks import Mark, Names, mark_of
from monitor.incidents.reach import unanswered
from monitor.incidents.ruling import Ruling
from probes.sender import Role
from probes.verdict import Outcome, Verdict

ENOUGH = 1000  # good ones in a row are not counted any further


@dataclass(frozen=True, slots=True)
class Limits:
    """So many bad marks among the last `of_last` make it fail; so many good ones in a row, and it is well again. After
    `telling` verdicts in a row that are not unknown we can tell again.

    Two probes that were launched further `apart` had another one between them. Where what is bad is known late, such as
    what is missing, that one may yet prove bad; but not once the row is so old that it is `certain`."""

    bad: int
    of_last: int
    good: int
    telling: int
    apart: timedelta = timedelta.max
    certain: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Streak:
    """One question, asked again and again: is it bad? `count` of the bad ones of the present stretch: the probe of the
    first was launched at `since`, `last` is the latest. `good` ones came in a row since, the first and the last of them
    launched at `good_since` and `good_at`; between the last `close` of them nothing is missing."""

    recent: tuple[Mark, ...] = ()
    good: int = 0
    close: int = 0
    good_since: datetime | None = None
    good_at: datetime | None = None
    fails: bool = False
    since: datetime | None = None
    count: int = 0
    last: Ruling | None = None
    mark: Mark | None = None  # that of `last`
    came_late: bool = False  # some of it came in the end, though late
    unreached_since: datetime | None = None  # launch of the first of those, up to `last`, that reached nobody

    def add(self, mark: Mark, ruling: Ruling, limits: Limits, *, bad: bool, needed: int) -> "Streak":
        """With one more. So many good ones in a row are `needed`."""
        recent = (*self.recent, mark if bad else Mark.GOOD)[-limits.of_last :]
        if not bad:
            return self._calmer(recent, ruling, limits, needed)
        enough = mark is Mark.DAMNING or sum(each is not Mark.GOOD for each in recent) >= limits.bad
        return Streak(
            recent=recent,
            fails=self.fails or enough,
            since=self.since or ruling.launched_at,
            count=self.count + 1,
            last=ruling,
            mark=mark,
            came_late=self.came_late or ruling.verdict.outcome is Outcome.LATE,
            unreached_since=self._unreached_since(ruling),
        )

    def _unreached_since(self, ruling: Ruling) -> datetime | None:
        """Since when no connection came about, with this one; what came after a good one began anew."""
        if not unanswered(ruling.verdict):
            return None
        return (None if self.good else self.unreached_since) or ruling.launched_at

    def _calmer(self, recent: tuple[Mark, ...], ruling: Ruling, limits: Limits, needed: int) -> "Streak":
        """With one more good one."""
        at = ruling.launched_at
        since, before = self.good_since or at, self.good_at or at
        known_late = self.last is not None and self.last.at - self.last.launched_at > limits.apart
        close = self.close + 1 if not known_late or at - before <= limits.apart else 1
        good, close = min(self.good + 1, ENOUGH), min(close, ENOUGH)
        after = replace(self, recent=recent, good=good, close=close, good_since=since, good_at=at)
        well = close >= needed or (good >= needed and at - since >= limits.certain)
        return after.calm() if well else after

    def calm(self) -> "Streak":
        """The same, but not failing."""
        return Streak(self.recent, self.good, self.close, self.good_since, self.good_at)

    def forgiven(self) -> "Streak":
        """The same, but not failing if the latest was good."""
        return self.calm() if self.fails and self.good else self

    def known(self, failure: Failure | None) -> "Streak":
        """The same, if that is what an incident says of it; None: nothing."""
        if failure is None:
            return self.forgiven()
        if not self.fails or self.since is None or self.since > failure.since:
            return self
        count = max(self.count, failure.bad) if self.since == failure.since else failure.bad
        return replace(self, since=failure.since, count=count)


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of a line: of its mail, and of whether we could tell. `well_at` is when the last probe that reached
    the inbox was launched."""

    mail: Streak = Streak()
    sight: Streak = Streak()
    well_at: datetime | None = None

    @property
    def launched_at(self) -> datetime | None:
        """When the newest probe of those that count was launched; None if there is none."""
        lasts = [streak.last.launched_at for streak in (self.mail, self.sight) if streak.last]
        goods = [streak.good_at for streak in (self.mail, self.sight) if streak.good_at]
        return max((*lasts, *goods), default=None)

    @property
    def undecided(self) -> bool:
        """Whether the newest verdict was bad, and is not enough to say that it fails."""
        return any(
            not streak.fails and streak.recent and streak.recent[-1] is not Mark.GOOD
            for streak in (self.mail, self.sight)
        )

    def add(self, ruling: Ruling, limits: Limits, names: Names) -> "Track":
        """With one more verdict. `unknown` neither raises nor calms what is said of the mail."""
        mark = mark_of(ruling.kind, ruling.verdict, names)
        dark = mark is Mark.UNKNOWN
        sight = self.sight.add(mark, ruling, limits, bad=dark, needed=limits.telling)
        if dark:
            return replace(self, sight=sight)
        mail = self.mail.add(mark, ruling, limits, bad=mark.bad, needed=limits.good)
        return Track(mail, sight, ruling.launched_at if mark is Mark.GOOD else self.well_at)


def track_of(rulings: Iterable[Ruling], limits: Limits, names: Names, before: Sequence[Failure] | None = None) -> Track:
    """The track of these verdicts, one for each probe, oldest first. `before` is what open incidents say of the line,
    None where they do not say all: what fails for longer than these verdicts tell fails on, and what got better is no
    reason to open one."""
    past = list(rulings)
    told = {failure.outcome is Outcome.UNKNOWN: failure for failure in before or ()}
    older = {dark: each for dark, each in told.items() if not past or each.since < past[0].launched_at}
    mail, sight = (_failing(older[dark], names) if dark in older else Streak() for dark in (False, True))
    track = Track(mail, sight)
    for ruling in past:
        track = track.add(ruling, limits, names)
    if before is None:
        return track
    return replace(track, mail=track.mail.known(told.get(False)), sight=track.sight.known(told.get(True)))


def _failing(failure: Failure, names: Names) -> Streak:
    """A streak of which no more is known than that."""
    verdict = Verdict(failure.outcome, failure.cause, failure.grade, failure.because, failure.answer)
    last = Ruling(0, failure.probe_id, *failure.line, Role.SENDER, failure.since, failure.at, verdict)
    mark = mark_of(failure.kind, verdict, names)
    return Streak(fails=True, since=failure.since, last=last, mark=mark)
