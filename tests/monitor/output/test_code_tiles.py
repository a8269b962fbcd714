"""The tiles of a company: four windows, each beside the time before it."""

import pytest

from monitor.output.code_tiles import COMPANY_WINDOWS, CodeTile, code_tiles, window_starts
from monitor.store import ResultCount
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.support.page_samples import NOW, path


def counts(good: int, bad: int = 0, kind: Kind = Kind.VERIFICATION, cause: Cause | None = None) -> list[ResultCount]:
    labels = ("acme", "hq", kind, Grade.IMPERSONATED)
    found = [ResultCount(*labels, Outcome.INBOX, None, good), ResultCount(*labels, Outcome.BLOCKED, cause, bad)]
    return [each for each in found if each.count]


def tiles(*windows: list[ResultCount]) -> tuple[CodeTile, ...]:
    (grade,) = code_tiles("acme", [*windows, *([[]] * (2 * len(COMPANY_WINDOWS) - len(windows)))], (path(),))
    assert grade.grade is Grade.IMPERSONATED
    return grade.tiles


def test_the_windows_begin_a_day_to_half_a_year_ago() -> None:
    assert [(NOW - start).days for start in window_starts(NOW)] == [1, 7, 30, 90, 2, 14, 60, 180]


@pytest.mark.parametrize(
    ("now", "double", "change"),
    [
        (counts(100), counts(195, 5), 50),  # 95 % before
        (counts(95, 5), counts(195, 5), -50),
        (counts(100), counts(200), 0),
        (counts(100), counts(100), None),  # nothing before
        (counts(99), counts(199), None),  # too few now
        (counts(100), counts(199), None),  # too few before
        (counts(100), counts(200, 50, cause=Cause.MAILBOX_FULL), 0),  # the probe's own mailbox does not count
        ([], counts(100), None),
    ],
)
def test_a_trend_is_the_difference_to_the_time_before_and_never_that_of_a_few(now, double, change) -> None:
    day = tiles(now, [], [], [], double)[0]
    assert day.change == change
    assert day.name == "24 hours"


def test_only_codes_count() -> None:
    day = tiles(counts(3) + counts(9, 9, Kind.INVITATION))[0]
    assert day.level
    assert (day.level.judged, day.level.in_time) == (3, 3)
    assert code_tiles("acme", [counts(9, 9, Kind.INVITATION)] * 8, (path(),)) == []
