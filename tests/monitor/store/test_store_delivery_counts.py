"""Histograms of delivery times by hour and day: kept as the counts of results are, for as long."""

from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from monitor.store import Store, window_start
from monitor.store.result_counts import HOURS_READ_FOR, day_of
from probes.kinds import Kind
from probes.outcome import Grade, Outcome
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Verdict
from tests.monitor.store.test_store_result_counts import BLOCKED, HOUR, INBOX, LONG_AGO, judged
from tests.monitor.store.test_store_schema import older
from tests.support.store_samples import T0

LATE = Verdict(Outcome.LATE, None, Grade.REAL, "late")
SPAM = Verdict(Outcome.SPAM, None, Grade.REAL, "in spam")
Counts = dict[float, int]


async def times(store: Store, since: object = LONG_AGO, companies: list[str] | None = None) -> dict[str, Counts]:
    found = await store.probes.delivery_times(since, companies)  # type: ignore[arg-type]
    return {f"{each.company}/{each.path} {each.kind}": each.counts for each in found}


async def test_times_to_the_inbox_are_counted_by_bucket_for_each_kind(store: Store) -> None:
    for number, took in enumerate((0.2, 1.0, 1.1, 59.9, 60.0, 3600.0, 3601.0)):
        await judged(store, f"p{number}", INBOX, took=took)
    await judged(store, "late", LATE, took=700)
    await judged(store, "invitation", INBOX, took=5, kind=Kind.INVITATION)
    await judged(store, "spam", SPAM, took=5)
    await judged(store, "blocked", BLOCKED)
    await judged(store, "no time", INBOX)
    await judged(store, "control", INBOX, took=5, role=Role.CONTROL)
    await judged(store, "varied", INBOX, took=5, purpose=ProbePurpose.DIAGNOSIS)
    found = await times(store)
    assert {type(count) for counts in found.values() for count in counts.values()} == {int}
    assert found == {
        "acme/hq verification": {1: 2, 5: 1, 60: 2, 900: 1, 3600: 1, inf: 1},
        "acme/hq invitation": {5: 1},
    }


async def test_an_amended_verdict_takes_its_time_with_it(store: Store) -> None:
    await judged(store, "a", INBOX, BLOCKED, took=3)
    await judged(store, "b", INBOX, LATE, INBOX, took=3)
    assert await times(store) == {"acme/hq verification": {5: 1}}


async def test_times_of_any_window_outlive_their_probes_and_their_hours(store: Store) -> None:
    midnight = day_of(T0)
    first = (midnight - T0) / timedelta(seconds=1)
    for number in range(48):
        await judged(store, f"p{number}", INBOX, after=first + number * HOUR, took=2 if number % 2 else 20)
        await judged(store, f"b{number}", INBOX, after=first + number * HOUR, took=2, company="bolt")
    for hour in (0, 5, 13, 24, 40, 47):
        found = await times(store, midnight + timedelta(hours=hour), ["acme"])
        assert sum(found["acme/hq verification"].values()) == 48 - hour
    now = midnight + HOURS_READ_FOR + timedelta(days=3)
    assert await store.prune(T0 + timedelta(days=90), now) == 96
    assert await times(store, window_start(midnight, now)) == {
        "acme/hq verification": {5: 24, 30: 24},
        "bolt/hq verification": {5: 48},
    }


@pytest.mark.parametrize("revision", ["0012", "0016"])
async def test_an_older_store_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await judged(store, "a", LATE, INBOX, took=3)
        await judged(store, "b", INBOX, after=2 * HOUR, took=3)
        await judged(store, "c", INBOX, after=2 * HOUR + 60, took=4000)
        await judged(store, "d", BLOCKED)
        whole = await times(store)
    old = await older(tmp_path / "mailpath.db", revision, monkeypatch)
    async with Store.open(f"sqlite:///{old}") as store:
        assert await times(store) == await times(store, T0 - timedelta(days=2)) == whole
        assert whole == {"acme/hq verification": {5: 2, inf: 1}}
        await store.probes.learn("a", (), BLOCKED, T0, closed=True, delivery=None)
        assert await times(store) == {"acme/hq verification": {5: 1, inf: 1}}
