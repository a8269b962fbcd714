"""Of several processes on one store one leads, and whoever was replaced can write nothing any more."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.leader import Standby, Watch, leading
from monitor.store import ReplacedError, Store
from monitor.store.health import LATELY, SLOW, Health
from monitor.store.lease import Lease, Process
from monitor.store.records import StoreDownError, StoreError
from tests.support.store_samples import FIRST, INBOX, REFUSED, T0, probe

ME = Process.this()
ELSEWHERE = replace(ME, host="other", boot="another boot")
DEAD = replace(ME, started=ME.started - 1)


def now():
    return T0


@pytest.fixture
async def second(url: str, store: Store) -> AsyncIterator[Store]:
    """The same store, as another process has it."""
    async with Store.open(url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("holder", "alive"),
    [
        (ME, True),
        (DEAD, False),  # the number of its process was given to another one
        (replace(ME, pid=2**22 + 1), False),
        (replace(ME, boot="before"), False),  # the machine was started again since
        (replace(ME, namespace=1), None),  # in another container
        (ELSEWHERE, None),
    ],
)
def test_whether_a_process_is_alive(holder: Process, alive: bool | None) -> None:
    assert holder.alive is alive
    assert Lease(1, 0, holder, T0).free is (alive is False)


@asynccontextmanager
async def nothing(_: Standby) -> AsyncIterator[None]:
    """Stand by in silence."""
    yield


@asynccontextmanager
async def unexpected(_: Standby) -> AsyncIterator[None]:
    """Nobody stands by."""
    raise AssertionError("it stands by")
    yield


async def test_the_second_stands_by_until_the_first_gives_the_lease_back(
    store: Store, second: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.leader.LOOK", 0.01)
    stands_by, end = asyncio.Event(), asyncio.Event()
    reasons: list[str] = []

    @asynccontextmanager
    async def meanwhile(standby: Standby) -> AsyncIterator[None]:
        reasons.append(standby.reason)
        stands_by.set()
        yield
        end.set()

    async def follow() -> bool:
        async with leading(second, now, meanwhile) as stood_by:
            assert end.is_set()
            return stood_by

    async with asyncio.timeout(5):
        async with leading(store, now, unexpected) as stood_by:
            assert not stood_by
            following = asyncio.create_task(follow())
            await stands_by.wait()
        assert await following
    assert re.fullmatch(rf"standing by: process {ME.pid} on {ME.host} leads on .*, since 2026-.* 15 s", reasons[0])
    async with leading(second, now, unexpected):
        pass


async def test_a_new_leader_has_time_to_take_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.leader.SETTLED", 0.05)
    lease = Lease(1, 0, ELSEWHERE, T0)
    standby = Standby("a store", lease)
    async with asyncio.timeout(5):
        another = await standby.settled()
        standby.saw(replace(lease, renewals=5))
        assert not another.is_set()
        standby.saw(replace(lease, epoch=2))
        assert another.is_set()
        assert not (await standby.settled()).is_set()


async def test_two_that_begin_at_once_do_not_both_lead(store: Store, second: Store) -> None:
    seen = await store.lease()
    assert sorted(await asyncio.gather(store.lead(ME, seen, T0), second.lead(ME, seen, T0))) == [False, True]


async def test_the_lease_of_a_dead_process_is_taken_at_once(store: Store, second: Store) -> None:
    await store.lead(DEAD, None, T0)
    async with asyncio.timeout(5), leading(second, now, unexpected):
        pass


async def test_one_of_whom_nothing_is_known_is_watched(
    store: Store, second: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.leader.LOOK", 0.01)
    monkeypatch.setattr("monitor.leader.EXPIRES", 0.2)
    await store.lead(ELSEWHERE, None, T0)
    async with asyncio.timeout(5), leading(second, now, nothing):
        lease = await second.lease()
        assert lease
        assert lease.holder == ME


async def test_whoever_was_replaced_writes_nothing_any_more(store: Store, second: Store) -> None:
    one, other = probe(1, id="one"), probe(2, id="other")
    await store.lead(ME, None, T0)
    await store.probes.launch(one, "box", FIRST)
    await second.lead(ME, await second.lease(), T0)
    for write in (
        lambda: store.probes.launch(other, "box", FIRST),
        lambda: store.probes.add(one.id, REFUSED),
        lambda: store.probes.learn(one.id, [REFUSED], INBOX, T0, closed=True, delivery=None),
        lambda: store.incidents.advance(1, (), (), ()),
        lambda: store.renew_lease(),
        lambda: store.release_lease(),
        lambda: store.incidents.waiting(T0, 10),
        lambda: store.incidents.queue("an incident", "a channel"),
        lambda: store.incidents.lasting("a channel"),
    ):
        with pytest.raises(ReplacedError, match="another process leads on it now"):
            await write()
    assert store.replaced.is_set()
    record = await second.probes.record("one")
    assert record
    assert (record.evidence, record.verdict) == ((FIRST,), None)
    assert await second.probes.find("other") == []
    await second.probes.launch(other, "box", FIRST)
    assert not second.replaced.is_set()


async def test_who_does_not_lead_writes_beside_the_leader(store: Store, second: Store) -> None:
    await store.lead(ME, None, T0)
    await second.probes.launch(probe(1, id="by hand"), "box", FIRST)
    assert await store.probes.find("by hand") == ["by hand"]


async def test_the_rules_advance_from_where_they_were(store: Store) -> None:
    await store.incidents.advance(3, (), (), ())
    await store.incidents.advance(5, (), (), (), saw=3)
    with pytest.raises(ReplacedError):
        await store.incidents.advance(6, (), (), (), saw=3)
    assert await store.incidents.signals_seen() == 5


@pytest.mark.parametrize(
    ("looks", "expired"),  # seconds from one look to the next, and how long it took; "r": the lease was renewed
    [
        ([(1, 0)] * 20, True),
        ([(1, 0)] * 10, False),
        ([(1, 0)] * 10 + ["r"] + [(1, 0)] * 10, False),
        ([(1, 0)] * 10 + [(1, 8)] + [(1, 0)] * 10, False),  # nobody could write, its holder neither
    ],
)
def test_a_lease_expires_when_it_is_not_renewed_though_it_could_be(
    monkeypatch: pytest.MonkeyPatch, looks: list[tuple[float, float] | str], expired: bool
) -> None:
    at, lease = 1000.0, Lease(1, 0, ELSEWHERE, T0)
    monkeypatch.setattr("monitor.leader.monotonic", lambda: at)
    watch = Watch()
    for look in looks:
        if isinstance(look, str):
            lease = replace(lease, renewals=lease.renewals + 1)
            continue
        began = at = at + look[0]
        at += look[1]
        watch.saw(lease, began)
    assert watch.expired is expired


def test_the_store_is_in_trouble_while_it_fails_and_for_a_moment_after() -> None:
    at, waited = 0.0, 0.0
    health = Health(lambda: waited, lambda: at)
    assert health.trouble is None
    health.failed(StoreError("it does not take this one"))
    assert [health.trouble, health.errors] == [None, 0]
    health.failed(StoreDownError("the disk is full"))
    assert [health.trouble, health.errors] == ["the disk is full", 1]
    at = LATELY + 1
    assert health.trouble is None
    waited = SLOW + 1
    assert (health.trouble or "").startswith("the store has not taken a write for 4 s")


async def test_attempts_are_counted_of_what_is_in_flight_or_just_was(store: Store) -> None:
    minute = timedelta(minutes=1)
    await store.probes.launch(probe(1, id="flies"), "box", FIRST)
    await store.probes.launch(probe(2, id="landed"), "box", FIRST)
    await store.probes.learn("landed", [REFUSED], INBOX, FIRST.at + minute / 2, closed=True, delivery=None)
    found = await store.probes.attempts(FIRST.at - minute / 2, FIRST.at + minute)
    assert [at for _, _, at in found] == [FIRST.at, FIRST.at]
    assert await store.probes.attempts(FIRST.at + minute / 4, FIRST.at + minute) == []
    assert await store.probes.attempts(FIRST.at - minute, FIRST.at - minute / 2) == [], (
        "nor what seems to be yet to come"
    )
