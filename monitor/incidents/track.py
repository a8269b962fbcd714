"""The last marks of one path and kind: does it fail, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.incidents.marks import Mark, Names, mark_of
from monitor.incidents.ruling import Ruling

ENOUGH = 1000  # good ones in a row are not counted any further


@dataclass(frozen=True, slots=True)
class Limits:
    """So many bad marks among the last `of_last` make it fail; so many good ones in a row, and it is well again."""

    bad: int
    of_last: int
    good: int


@dataclass(frozen=True, slots=True)
class Streak:
    """One question, asked again and again: is it bad? `count` of the bad ones of the present stretch: the probe of the
    first was launched at `since`, `last` is the latest."""

    recent: tuple[Mark, ...] = ()
    good: int = 0
    fails: bool = False
    since: datetime | None = None
    count: int = 0
    last: Ruling | None = None
    mark: Mark | None = None  # that of `last`

    def add(self, mark: Mark, ruling: Ruling, limits: Limits, *, bad: bool) -> "Streak":
        """With one more."""
        recent = (*self.recent, mark if bad else Mark.GOOD)[-limits.of_last :]
        if not bad:
            good = min(self.good + 1, ENOUGH)
            if good < limits.good:
                return replace(self, recent=recent, good=good)
            return Streak(recent=recent, good=good)
        enough = mark is Mark.DAMNING or sum(each is not Mark.GOOD for each in recent) >= limits.bad
        return Streak(recent, 0, self.fails or enough, self.since or ruling.launched_at, self.count + 1, ruling, mark)

    def forgiven(self) -> "Streak":
        """The same, without a grudge if the latest was good."""
        return Streak(recent=self.recent, good=self.good) if self.good else self


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of a line: of its mail, and of whether we could tell. `well_at` is when the last probe that reached
    the inbox was launched."""

    mail: Streak = Streak()
    sight: Streak = Streak()
    well_at: datetime | None = None

    def add(self, ruling: Ruling, limits: Limits, names: Names) -> "Track":
        """With one more verdict. `unknown` neither raises nor calms what is said of the mail."""
        mark = mark_of(ruling.kind, ruling.verdict, names)
        dark = mark is Mark.UNKNOWN
        sight = self.sight.add(mark, ruling, limits, bad=dark)
        if dark:
            return replace(self, sight=sight)
        mail = self.mail.add(mark, ruling, limits, bad=mark.bad)
        return Track(mail, sight, ruling.launched_at if mark is Mark.GOOD else self.well_at)


def track_of(rulings: Iterable[Ruling], limits: Limits, names: Names) -> Track:
    """The track of these verdicts, one for each probe, oldest first."""
    track = Track()
    for ruling in rulings:
        track = track.add(ruling, limits, names)
    return track
