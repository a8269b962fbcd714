"""Results of one company over time: in slots of hours and of days, of whichever database."""

from datetime import timedelta
from math import inf

from monitor.measures.time_slots import DAY, HOUR, TimeSlots
from monitor.store import SlotCount, SlotTimes, Store
from monitor.store.result_counts import day_of, hour_of
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from tests.monitor.store.test_store_result_counts import BLOCKED, INBOX, judged
from tests.support.store_samples import T0

START = hour_of(T0)
OFFSET = (START - T0).total_seconds()


def counted(slot: int, number: int, outcome: Outcome = Outcome.INBOX, cause: Cause | None = None) -> SlotCount:
    return SlotCount(slot, "hq", Kind.VERIFICATION, Grade.REAL, outcome, cause, number)


async def launched(store: Store, name: str, hours: float, verdict=INBOX, **facts) -> None:
    await judged(store, name, verdict, after=OFFSET + 3600 * hours, **facts)


async def test_results_fall_into_the_slot_of_their_launch_and_of_an_empty_slot_nothing_is_said(store: Store) -> None:
    for name, hours in (("before", -0.1), ("a", 0), ("b", 1.9), ("c", 2), ("d", 7.9), ("after", 8)):
        await launched(store, name, hours, took=3)
    await launched(store, "blocked", 2.5, BLOCKED)
    await launched(store, "theirs", 1, company="bolt")
    found = await store.probes.series("acme", TimeSlots(START, 2 * HOUR, 4))
    assert set(found.results) == {
        counted(0, 2),
        counted(1, 1),
        counted(1, 1, Outcome.BLOCKED, Cause.IP_BLOCKED),
        counted(3, 1),
    }
    assert {(each.slot, *each.counts.items()) for each in found.times} == {(0, (5.0, 2)), (1, (5.0, 1)), (3, (5.0, 1))}


async def test_slots_of_days_are_read_from_days(store: Store) -> None:
    midnight = day_of(T0)
    offset = (midnight - T0).total_seconds()
    for day in (0, 2, 3, 5):
        await judged(store, f"p{day}", INBOX, after=offset + 86400 * day + 7, took=4000)
    found = await store.probes.series("acme", TimeSlots(midnight, 3 * DAY, 2))
    assert set(found.results) == {counted(0, 2), counted(1, 2)}
    assert set(map(repr, found.times)) == {
        repr(SlotTimes(slot, "hq", Kind.VERIFICATION, Grade.REAL, {inf: 2})) for slot in (0, 1)
    }


async def test_windows_are_the_results_since_each_of_them(store: Store) -> None:
    for number in range(4):
        await launched(store, f"p{number}", number)
    await launched(store, "theirs", -50, company="bolt")
    starts = [START + timedelta(hours=3), START, START - DAY]
    found = await store.probes.windows("acme", starts)
    assert [[each.count for each in results] for results in found.results] == [[1], [4], [4]]
    assert found.results[1] == await store.probes.results(START, ["acme"])
    assert found.first_day == day_of(START)
    assert (await store.probes.windows("nobody", starts)).first_day is None
