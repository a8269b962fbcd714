"""Results by hour and day: written with the verdict, moved when it is amended, kept when its probe is gone."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.store import ResultCount, Store, window_start
from monitor.store.result_counts import HOURS_READ_FOR, day_of, hour_of
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Verdict
from tests.monitor.store.test_store_schema import older
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import FIRST, T0, probe

HOUR = 3600.0
INBOX = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
BLOCKED = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "blocked")
UNKNOWN = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "could not look")
LONG_AGO = T0 - timedelta(days=400)


async def judged(
    store: Store, name: str, *verdicts: Verdict, after: float = 0, took: float | None = None, **facts: Any
) -> None:
    """A probe of that name, launched so many seconds after T0, with these verdicts one after the other."""
    await store.probes.launch(probe(after, id=name, **facts), "", FIRST)
    delivery = None if took is None else timedelta(seconds=took)
    for verdict in verdicts:
        await store.probes.learn(name, (), verdict, T0, closed=True, delivery=delivery)


async def counts(store: Store, since: Any = LONG_AGO, companies: list[str] | None = None) -> dict[str, int]:
    found = await store.probes.results(since, companies)
    return {f"{each.company} {each.grade} {each.outcome} {each.cause or '-'}": each.count for each in found}


async def test_a_probe_counts_by_its_latest_verdict(store: Store) -> None:
    await judged(store, "a", INBOX)
    await judged(store, "b", UNKNOWN, BLOCKED)
    await judged(store, "c", BLOCKED, UNKNOWN, INBOX)
    await judged(store, "d")
    assert await counts(store) == {"acme real inbox -": 2, "acme real blocked ip_blocked": 1}
    assert await store.probes.results(LONG_AGO, ["acme"]) == [
        ResultCount("acme", "hq", Kind.VERIFICATION, Grade.REAL, Outcome.BLOCKED, Cause.IP_BLOCKED, 1),
        ResultCount("acme", "hq", Kind.VERIFICATION, Grade.REAL, Outcome.INBOX, None, 2),
    ]


async def test_only_the_sender_s_usual_mail_counts(store: Store) -> None:
    await judged(store, "control", INBOX, role=Role.CONTROL, purpose=ProbePurpose.CONTROL)
    await judged(store, "varied", BLOCKED, purpose=ProbePurpose.DIAGNOSIS)
    await judged(store, "by hand", INBOX, purpose=ProbePurpose.MANUAL)
    assert await counts(store) == {"acme real inbox -": 1}


async def test_a_window_begins_with_an_hour_and_knows_companies(store: Store) -> None:
    start = hour_of(T0)
    for number in range(3):
        await judged(store, f"acme{number}", INBOX, after=number * HOUR)
        await judged(store, f"bolt{number}", BLOCKED, after=number * HOUR, company="bolt")
    later = window_start(start + timedelta(minutes=119), start)
    assert await counts(store, later) == {"acme real inbox -": 2, "bolt real blocked ip_blocked": 2}
    assert await counts(store, later, ["bolt"]) == {"bolt real blocked ip_blocked": 2}
    assert await counts(store, start + timedelta(hours=3)) == {}
    assert await counts(store, LONG_AGO, []) == {}


async def test_many_at_once_are_all_counted(store: Store) -> None:
    await asyncio.gather(*(judged(store, f"p{number}", UNKNOWN, INBOX) for number in range(100)))
    assert await counts(store) == {"acme real inbox -": 100}


async def test_every_window_is_exact(store: Store) -> None:
    """Whether it is read from days and the hours before them, or from days without the first hours."""
    start = day_of(T0)
    first = (start - T0) / timedelta(seconds=1)
    for number in range(60):
        await judged(store, f"p{number}", INBOX if number % 7 else BLOCKED, after=first + number * HOUR + 59)
    await judged(store, "amended", INBOX, BLOCKED, after=first + 30 * HOUR)
    for number in range(61):
        found = await counts(store, start + timedelta(hours=number))
        assert found.get("acme real inbox -", 0) == len([each for each in range(number, 60) if each % 7])
        bad = len([each for each in range(number, 60) if each % 7 == 0]) + (number <= 30)
        assert found.get("acme real blocked ip_blocked", 0) == bad
        assert await counts(store, start + timedelta(hours=number), ["acme"]) == found


async def test_counts_outlive_their_probes_and_their_hours(store: Store, by_hand: StoreByHand) -> None:
    """Of what is older than a year there are days: a window that begins before that begins at midnight."""
    midnight = await hours_filled(store, 48)
    now = midnight + HOURS_READ_FOR + timedelta(days=2)
    assert await store.prune(T0 + timedelta(days=90), now) == 48
    assert await store.probes.record("p0") is None
    assert hours_in(by_hand) == 24
    for asked, start, count in ((0, 0, 48), (20, 0, 48), (47, 24, 24), (48, 48, 0)):
        begin = window_start(midnight + timedelta(hours=asked, minutes=7), now)
        assert begin == midnight + timedelta(hours=start)
        assert await counts(store, begin) == ({"acme real inbox -": count} if count else {})
    assert window_start(midnight + timedelta(days=2, hours=5, minutes=7), now) == midnight + timedelta(days=2, hours=5)
    await store.prune(T0, now + timedelta(days=4000))
    assert hours_in(by_hand) == 0
    assert await counts(store, midnight) == {"acme real inbox -": 48}


async def test_housekeeping_that_was_interrupted_has_changed_no_answer(store: Store, by_hand: StoreByHand) -> None:
    midnight = await hours_filled(store, 24)
    now = midnight + HOURS_READ_FOR + timedelta(days=3)
    by_hand.refuse("DELETE", "hourly_results", "switched off", "(SELECT count(*) FROM hourly_results) = 13")
    with pytest.raises(Exception, match="switched off"):
        await store.prune(LONG_AGO, now)
    assert hours_in(by_hand) == 13, "each hour went by itself"
    begin = window_start(midnight + timedelta(hours=3), now)
    assert await counts(store, begin) == {"acme real inbox -": 24}
    by_hand.allow("hourly_results")
    await store.prune(LONG_AGO, now)
    assert hours_in(by_hand) == 0
    assert await counts(store, begin) == {"acme real inbox -": 24}


async def test_a_verdict_on_a_probe_whose_hour_is_gone_counts_by_day(store: Store) -> None:
    await judged(store, "a", INBOX)
    now = T0 + HOURS_READ_FOR + timedelta(days=3)
    await store.prune(LONG_AGO, now)
    await store.probes.learn("a", (), BLOCKED, now, closed=True, delivery=None)
    assert await counts(store, window_start(T0, now)) == {"acme real blocked ip_blocked": 1}


async def hours_filled(store: Store, number: int) -> datetime:
    """So many hours with a probe in each, and the midnight at which they begin."""
    midnight = day_of(T0)
    first = (midnight - T0) / timedelta(seconds=1)
    for hour in range(number):
        await judged(store, f"p{hour}", INBOX, after=first + hour * HOUR)
    return midnight


def hours_in(by_hand: StoreByHand) -> int:
    [(count,)] = by_hand.ask("SELECT count(*) FROM hourly_results")
    return int(count)


@pytest.mark.parametrize("table", ["hourly_results", "daily_results"])
async def test_a_verdict_that_is_refused_is_not_counted(store: Store, by_hand: StoreByHand, table: str) -> None:
    """Both are one write: what refuses the count refuses the verdict."""
    await store.probes.launch(probe(id="a"), "", FIRST)
    by_hand.refuse("INSERT", table, "no room")
    with pytest.raises(Exception, match="no room"):
        await store.probes.learn("a", (), INBOX, T0, closed=True, delivery=None)
    record = await store.probes.record("a")
    assert record
    assert record.verdict is None


@pytest.mark.parametrize("revision", ["0012", "0013"])
async def test_an_older_store_is_filled_from_its_verdicts_or_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await judged(store, "a", UNKNOWN, BLOCKED)
        await judged(store, "b", INBOX, after=2 * HOUR)
        await judged(store, "c", INBOX, after=2 * HOUR + 60)
        await judged(store, "control", INBOX, role=Role.CONTROL)
        await judged(store, "varied", INBOX, purpose=ProbePurpose.DIAGNOSIS)
        whole = await counts(store)
        recent = await counts(store, hour_of(T0) + timedelta(hours=2))
    old = await older(tmp_path / "mailpath.db", revision, monkeypatch)
    async with Store.open(f"sqlite:///{old}") as store:
        assert await counts(store) == whole == {"acme real inbox -": 2, "acme real blocked ip_blocked": 1}
        assert await counts(store, hour_of(T0) + timedelta(hours=2)) == recent == {"acme real inbox -": 2}
        await store.probes.learn("a", (), INBOX, T0, closed=True, delivery=None)
        assert await counts(store) == {"acme real inbox -": 3}
