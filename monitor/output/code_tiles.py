"""The codes of one company in time, over a day to a quarter of a year, each beside the time before it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.output.service_level import WINDOWS, ServiceLevel, codes_of, service_levels
from monitor.store import ResultCount, window_start
from probes.outcome import Grade

COMPANY_WINDOWS = WINDOWS | {"90 days": timedelta(days=90)}


@dataclass(frozen=True, slots=True)
class CodeTile:
    """The codes of a window, and of as much time `before` it; None where there are none."""

    name: str
    level: ServiceLevel | None
    before: ServiceLevel | None

    @property
    def change(self) -> int | None:
        """Return by how many tenths of a percent the share grew since the time before; None where too few results would
        make chance look like a trend."""
        if self.level is None or self.before is None or not (self.level.enough and self.before.enough):
            return None
        return self.level.tenths - self.before.tenths


@dataclass(frozen=True, slots=True)
class GradeTiles:
    """The tiles of one grade, one for each of `COMPANY_WINDOWS`."""

    grade: Grade
    tiles: tuple[CodeTile, ...]


def window_starts(now: datetime) -> list[datetime]:
    """Return the begins of the windows, and then of those twice as long."""
    return [window_start(now - times * window, now) for times in (1, 2) for window in COMPANY_WINDOWS.values()]


def code_tiles(
    company: str, windows: Iterable[Sequence[ResultCount]], paths: Sequence[WatchedPath]
) -> list[GradeTiles]:
    """Return the tiles of a company's codes. `windows`: the results since each of `window_starts`."""
    levels = [service_levels(results, lambda key: key, paths) for results in windows]
    number = len(COMPANY_WINDOWS)
    return [
        GradeTiles(
            of.grade,
            tuple(
                CodeTile(name, level, _before(level, double))
                for name, level, double in zip(COMPANY_WINDOWS, of.levels[:number], of.levels[number:], strict=True)
            ),
        )
        for of in codes_of(levels, (company,))
    ]


def _before(level: ServiceLevel | None, double: ServiceLevel | None) -> ServiceLevel | None:
    if level is None or double is None:
        return double
    judged, in_time = double.judged - level.judged, double.in_time - level.in_time
    return replace(double, judged=judged, in_time=in_time) if judged > 0 else None
