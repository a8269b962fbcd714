"""The service level: which share of mail arrives in time, and how much of the error budget is left. Pure.

Results of different grades prove different things, and mail with a code has a deadline that other mail has not: they
are never added up.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from math import comb

from monitor.config import WatchedPath
from monitor.probing.code_counts import grade_of, in_time
from monitor.store import DeliveryTimes, ResultCount
from probes.outcome import Grade

OBJECTIVE = 0.99  # of the probes that tell; dashboards/prometheus/mailpath-slo.rules.yml has the same number
WINDOW = timedelta(days=30)
WINDOWS = {"24 hours": timedelta(days=1), "7 days": timedelta(days=7), "30 days": WINDOW}  # of pages
TENTHS_OF_PERCENT = 1000
UNLIKELY = 0.01  # what happens more seldom is not put down to chance


LevelKey = tuple[str, bool, Grade]
"""A group of companies, whether the mail carries a code, and the grade."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One service level. `of`: the key of the company or mail system; "" for all. `judged`: probes that tell."""

    of: str
    needs_code: bool
    grade: Grade
    judged: int
    in_time: int

    @property
    def key(self) -> LevelKey:
        """Return what of it is added up in one figure."""
        return self.of, self.needs_code, self.grade

    @property
    def share(self) -> float:
        """Return the share in time."""
        return self.in_time / self.judged

    @property
    def tenths(self) -> int:
        """Return the share in time in tenths of a percent, rounded down: what misses the objective never looks met."""
        return self.in_time * TENTHS_OF_PERCENT // self.judged

    @property
    def missed(self) -> int:
        """Return the number of probes that were not in time."""
        return self.judged - self.in_time

    @property
    def allowed(self) -> int:
        """Return the number of probes that may miss by the objective, in whole ones."""
        return int(round(self.judged * (1 - OBJECTIVE), 6))

    @property
    def enough(self) -> bool:
        """Test if there are enough probes to say whether the objective is met: so many that one may miss."""
        return self.allowed > 0

    @property
    def clearly_missed(self) -> bool:
        """Test if more missed than chance explains, where there are too few probes for a percentage: if the objective
        were met, fewer than one of a hundred such samples would have as many misses (the binomial distribution). So
        three of twenty tell, and one of twenty does not."""
        if self.enough:
            return False
        fewer = (self._chance_of(missed) for missed in range(self.missed))
        return 1 - sum(fewer) < UNLIKELY

    def _chance_of(self, missed: int) -> float:
        ways = comb(self.judged, missed)
        return ways * (1 - OBJECTIVE) ** missed * OBJECTIVE ** (self.judged - missed)

    @property
    def budget_left(self) -> float:
        """Return the share of the error budget that is left: 1 without failures, negative when overspent."""
        return 1 - (self.judged - self.in_time) / (self.judged * (1 - OBJECTIVE))


@dataclass(frozen=True, slots=True)
class CodeLevels:
    """The codes of one grade, for each of `WINDOWS`; None where there are none."""

    grade: Grade
    levels: tuple[ServiceLevel | None, ...]


def codes_of(windows: Iterable[Iterable[ServiceLevel]], companies: Container[str]) -> tuple[CodeLevels, ...]:
    """Add up the levels of these companies, window by window: codes only, and each grade by itself, best first."""
    sums = [_of_codes(level for level in levels if level.of in companies) for levels in windows]
    grades = [grade for grade in Grade if any(grade in each for each in sums)]
    return tuple(CodeLevels(grade, tuple(each.get(grade) for each in sums)) for grade in grades)


def _of_codes(levels: Iterable[ServiceLevel]) -> dict[Grade, ServiceLevel]:
    sums: dict[Grade, ServiceLevel] = {}
    for level in levels:
        if level.needs_code:
            before = sums.get(level.grade, ServiceLevel("", True, level.grade, 0, 0))
            judged, in_time = before.judged + level.judged, before.in_time + level.in_time
            sums[level.grade] = replace(before, judged=judged, in_time=in_time)
    return sums


def level_of(
    group: Callable[[str], str | None], paths: Iterable[WatchedPath]
) -> Callable[[ResultCount | DeliveryTimes], LevelKey | None]:
    """Return what tells in which level a result counts, see `service_levels`."""
    grades = {path.key: grade_of(path) for path in paths}

    def key_of(result: ResultCount | DeliveryTimes) -> LevelKey | None:
        of = group(result.company)
        grade = grades.get(f"{result.company}/{result.path}", result.grade)
        return None if of is None else (of, result.kind.facts.needs_code, grade)

    return key_of


def service_levels(
    results: Iterable[ResultCount], group: Callable[[str], str | None], paths: Iterable[WatchedPath]
) -> list[ServiceLevel]:
    """Add up results. `group`: where a company belongs; None: nowhere. Without a probe that tells there is no level.

    The grade is that of the route, as for the counters; of a path that is no longer configured, that of its verdicts.
    """
    key_of = level_of(group, paths)
    counts: dict[LevelKey, tuple[int, int]] = {}
    for result in results:
        good, key = in_time(result.outcome, result.cause), key_of(result)
        if good is None or key is None:
            continue
        judged, arrived = counts.get(key, (0, 0))
        counts[key] = judged + result.count, arrived + result.count * good
    order = list(Grade)
    return [
        ServiceLevel(*key, *counts[key])
        for key in sorted(counts, key=lambda key: (key[0], not key[1], order.index(key[2])))
    ]
