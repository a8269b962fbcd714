"""What was taken from another owner begins a moment earlier, and nothing else does."""

import random
from datetime import timedelta

from monitor.config import WatchedPath
from monitor.probing.caps import Caps
from monitor.probing.schedule import Schedule
from tests.monitor.probing.test_schedule import MIDNIGHT, SECOND, path


def sent(plan: Schedule, since: int, until: int) -> list[tuple[str, int]]:
    """Which companies had a turn in these seconds, and when it was due."""
    ticks = range(since, until)
    orders = [each for second in ticks for each in plan.due(MIDNIGHT + second * SECOND)]
    return [(each.path.company, round((each.due - MIDNIGHT) / SECOND)) for each in orders]


def test_turns_that_the_last_owner_may_have_missed_are_caught_up() -> None:
    paths = [path(f"c{number}", every=timedelta(minutes=1)) for number in range(60)]

    def fresh() -> Schedule:
        caps = Caps(10**6, {}, MIDNIGHT)
        return Schedule(paths, caps, MIDNIGHT, busy=lambda _: False, rng=random.Random(7))

    plan, untouched = fresh(), fresh()
    before = sent(plan, 0, 300)
    assert sent(untouched, 0, 300) == before
    ours = {company for company, due in before if 280 < due < 299}  # within two fifths of the interval
    one = next(iter(ours))

    def taken(each: WatchedPath) -> bool:
        return each.company == one

    plan.catch_up(taken, MIDNIGHT + 299 * SECOND)
    again = sent(plan, 299, 600)
    _, missed = next(each for each in reversed(before) if each[0] == one)
    assert sorted(again) == sorted([*sent(untouched, 299, 600), (one, missed + 24)]), "two fifths of the interval later"
