"""Results of all companies by hour, of whichever database."""

from monitor.measures.time_slots import HOUR
from monitor.store import HourCount, Store
from monitor.store.result_counts import hour_of
from probes.outcome import Cause, Outcome
from tests.monitor.store.test_store_result_counts import BLOCKED, judged
from tests.monitor.store.test_store_result_series import OFFSET, launched
from tests.support.store_samples import T0


async def test_hours_are_of_all_companies_and_begin_with_the_first_that_is_asked_for(store: Store) -> None:
    start = hour_of(T0)
    await launched(store, "before", -0.1)
    await launched(store, "a", 0)
    await launched(store, "b", 0.9)
    await judged(store, "blocked", BLOCKED, after=OFFSET + 3600)
    await launched(store, "theirs", 1, company="bolt")
    assert set(await store.probes.hours(start)) == {
        HourCount(start, "acme", Outcome.INBOX, None, 2),
        HourCount(start + HOUR, "acme", Outcome.BLOCKED, Cause.IP_BLOCKED, 1),
        HourCount(start + HOUR, "bolt", Outcome.INBOX, None, 1),
    }
