"""Standing in the store: the newest row of each fact and those before it, changes, names, and what is deleted."""

from dataclasses import replace
from datetime import timedelta

from monitor.standing.arrivals import NameKind, SeenName
from monitor.standing.drift import Drift
from monitor.standing.record import FactRecord, Settled, follow
from monitor.store import Store
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.profile import Change, Profile, ProfileItem, ProfileKey
from tests.support.store_samples import T0, at

AGE = timedelta(hours=6)
MINUTE = 60
DAY = 86_400


def fact(seconds: float, state: State = State.GOOD, subject: str = "acme.example") -> Fact:
    why = Why.SPF_PASSES if state is State.GOOD else Why.SPF_FAILS
    return Fact(Question.SPF, subject, state, why, at(seconds), "v=spf1 ☃", ("a", "b"), 60, ("192.0.2.53",))


def rows(*facts: Fact) -> list[FactRecord]:
    """The rows of these readings of one subject, in the order in which they are written."""
    written: list[FactRecord] = []
    before: FactRecord | None = None
    for each in facts:
        now = follow(before, each, AGE)
        if before and now.since != before.since:
            written.append(replace(before, current=False))
        written.append(now)
        before = now
    return written


async def test_nothing_is_known_at_first(store: Store) -> None:
    standing = store.standing
    assert await standing.current() == []
    assert await standing.drift() is None
    assert [*await standing.changes(T0), *await standing.names(T0), *await standing.history(T0)] == []


async def test_the_newest_row_is_what_is_known_and_the_others_are_the_history(store: Store) -> None:
    bad = [fact(minutes * MINUTE, State.BAD) for minutes in (60, 71)]
    written = rows(fact(0), fact(30 * MINUTE), *bad)
    for row in written:
        await store.standing.keep([row])
    assert await store.standing.current() == [written[-1]]
    assert [(row.since, row.reading.at, row.state, row.suspected) for row in await store.standing.history(T0)] == [
        (at(0), at(30 * MINUTE), State.GOOD, False),
        (at(60 * MINUTE), at(60 * MINUTE), State.UNKNOWN, True),
        (at(71 * MINUTE), at(71 * MINUTE), State.BAD, False),
    ]
    assert [row.state for row in await store.standing.history(at(65 * MINUTE))] == [State.BAD]


async def test_a_suspicion_is_kept(store: Store) -> None:
    written = rows(fact(0), fact(60 * MINUTE, State.BAD))
    await store.standing.keep(written)
    (known,) = await store.standing.current()
    assert known == written[-1]
    assert known.doubt
    assert known.settled == Settled(fact(0), at(0))


async def test_changes_come_with_the_profile_that_they_led_to(store: Store) -> None:
    profile = Profile(at(1), {ProfileKey(ProfileItem.MX, "acme.example"): frozenset({"mx.example"})})
    changes = [
        Change(ProfileItem.MX, "acme.example", ("old.example",), ("mx.example", "☃"), at(second)) for second in (2, 1)
    ]
    await store.standing.keep_drift(Drift(profile, {}), changes)
    assert await store.standing.drift() == Drift(profile, {})
    assert await store.standing.changes(T0) == changes[::-1]
    assert await store.standing.changes(at(2)) == changes[:1]


async def test_names_are_counted(store: Store) -> None:
    name = (NameKind.SELECTOR, "k1")
    await store.standing.keep_names([name, (NameKind.ADDRESS, "192.0.2.1")], at(0))
    await store.standing.keep_names([name], at(60))
    await store.standing.keep_names([], at(90))
    assert await store.standing.names(at(1)) == [SeenName(*name, at(0), at(60), 2)]
    assert len(await store.standing.names(T0)) == 2


async def test_what_is_long_over_is_deleted_and_what_is_known_stays(store: Store) -> None:
    await store.standing.keep(rows(fact(0), fact(DAY, State.BAD)))
    await store.standing.keep_drift(Drift(Profile(at(0), {}), {}), [Change(ProfileItem.MX, "x", (), ("y",), at(0))])
    await store.standing.keep_names([(NameKind.SELECTOR, "k1")], at(0))
    await store.prune(at(0), at(29 * DAY))
    assert len(await store.standing.names(T0)) == 1
    await store.prune(at(0), at(31 * DAY))
    assert len(await store.standing.names(T0)) == 0
    await store.prune(at(0), at(399 * DAY))
    assert len(await store.standing.history(T0)) == 2
    await store.prune(at(0), at(402 * DAY))
    assert [row.current for row in await store.standing.history(T0)] == [True]
    assert await store.standing.changes(T0) == []
    assert await store.standing.drift() is not None
