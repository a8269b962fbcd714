"""The service level: which share of mail arrives in time, and how much of the error budget is left. Pure.

Results of different grades prove different things, and mail with a code has a deadline that other mail has not: they
are never added up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from monitor.probing.code_counts import in_time
from monitor.store import ResultCount
from probes.outcome import Grade

OBJECTIVE = 0.99  # of the probes that tell
WINDOW = timedelta(days=30)


class Level(StrEnum):
    """Subjects of service levels."""

    ALL = "all"
    MAIL_SYSTEM = "mail_system"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """One service level. `of`: the key of the company or mail system; "" for all. `judged`: probes that tell."""

    of: str
    needs_code: bool
    grade: Grade
    judged: int
    in_time: int

    @property
    def share(self) -> float:
        """Return the share in time."""
        return self.in_time / self.judged

    @property
    def budget_left(self) -> float:
        """Return the share of the error budget that is left: 1 without failures, negative when overspent."""
        return 1 - (self.judged - self.in_time) / (self.judged * (1 - OBJECTIVE))


def service_levels(results: Iterable[ResultCount], group: Callable[[str], str | None]) -> list[ServiceLevel]:
    """Add up results. `group`: where a company belongs; None: nowhere. Without a probe that tells there is no level."""
    counts: dict[tuple[str, bool, Grade], tuple[int, int]] = {}
    for result in results:
        good, of = in_time(result.outcome, result.cause), group(result.company)
        if good is None or of is None:
            continue
        key = (of, result.kind.facts.needs_code, result.grade)
        judged, arrived = counts.get(key, (0, 0))
        counts[key] = judged + result.count, arrived + result.count * good
    order = list(Grade)
    return [
        ServiceLevel(*key, *counts[key])
        for key in sorted(counts, key=lambda key: (key[0], not key[1], order.index(key[2])))
    ]
