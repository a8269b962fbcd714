"""Real mail by hour is written together with the place up to which the log is read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.real_mail.refusals import RealRefusals
from monitor.store import RealCount, Store, StoreError, schema
from probes.outcome import Cause
from probes.traced import TraceFate
from tests.monitor.store.conftest import Child
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import T0

HOUR = timedelta(hours=1)
NOON = T0.replace(hour=12, minute=0, second=0, microsecond=0)
TAKEN = ("acme", NOON, TraceFate.DELIVERED, "")
REFUSED = ("acme", NOON, TraceFate.REFUSED, "ip_listed")
REFUSALS = RealRefusals("acme", Cause.IP_LISTED, NOON - HOUR, NOON, "550 no", "mx.acme.test", "192.0.2.1")
REPLY = ("acme", NOON.replace(hour=0), Cause.IP_LISTED, "550 no")


async def test_counts_add_up(store: Store) -> None:
    assert await store.real_mail.position() is None
    await store.real_mail.add({TAKEN: 3, REFUSED: 1}, "first")
    await store.real_mail.add({TAKEN: 4, ("bolt", NOON, TraceFate.DELIVERED, ""): 9}, "second")
    await store.real_mail.add({("acme", NOON + HOUR, TraceFate.DEFERRED, "greylisted"): 2}, "third")
    await store.real_mail.add({}, "fourth")
    assert await store.real_mail.position() == "fourth"
    assert await store.real_mail.since("acme", NOON + timedelta(minutes=59)) == [
        RealCount(NOON, TraceFate.DELIVERED, None, 7),
        RealCount(NOON, TraceFate.REFUSED, Cause.IP_LISTED, 1),
        RealCount(NOON + HOUR, TraceFate.DEFERRED, Cause.GREYLISTED, 2),
    ]
    later = await store.real_mail.since("acme", NOON + HOUR)
    assert later == [RealCount(NOON + HOUR, TraceFate.DEFERRED, Cause.GREYLISTED, 2)]
    assert await store.real_mail.since("other", NOON) == []


async def test_old_hours_are_deleted(store: Store) -> None:
    await store.real_mail.add({TAKEN: 3, REFUSED: 1, ("acme", NOON + HOUR, TraceFate.DELIVERED, ""): 5}, "here")
    assert await store.real_mail.prune(NOON) == 0
    assert await store.real_mail.prune(NOON + timedelta(minutes=1)) == 2
    assert await store.real_mail.since("acme", NOON) == [RealCount(NOON + HOUR, TraceFate.DELIVERED, None, 5)]
    assert await store.real_mail.position() == "here", "the log is read on from there"


@pytest.mark.parametrize("table", ["real_hourly", "real_refusals", "real_replies", "facts"])
async def test_counts_and_place_are_one(store: Store, by_hand: StoreByHand, table: str) -> None:
    await store.real_mail.add({TAKEN: 3}, "before", refusals=[REFUSALS], replies={REPLY: 1})
    by_hand.refuse("UPDATE", table, "switched off")
    with pytest.raises(StoreError):
        await store.real_mail.add({TAKEN: 4}, "after", refusals=[replace(REFUSALS, taken=1)], replies={REPLY: 1})
    by_hand.allow(table)
    assert await store.real_mail.position() == "before"
    assert await store.real_mail.refusals() == [REFUSALS]
    assert [each.count for each in await store.real_mail.replies("acme", NOON)] == [1]
    assert await store.real_mail.since("acme", NOON) == [RealCount(NOON, TraceFate.DELIVERED, None, 3)]


async def test_refusals_are_kept_as_they_are_now(store: Store) -> None:
    other = replace(REFUSALS, company="bolt")
    await store.real_mail.add({}, "first", refusals=[REFUSALS, other])
    later = replace(REFUSALS, last_at=NOON + HOUR, taken=2, cause=Cause.CONTENT)
    await store.real_mail.add({}, "second", refusals=[later])
    assert sorted(await store.real_mail.refusals(), key=lambda each: each.company) == [later, other]
    assert await store.real_mail.prune(NOON + timedelta(minutes=1)) == 1
    assert await store.real_mail.refusals() == [later]


async def test_of_a_day_and_cause_five_replies_are_kept(store: Store) -> None:
    """The first ones; those that are known are counted on."""
    for number in range(9):
        await store.real_mail.add({}, "here", replies={("acme", NOON, Cause.CONTENT, f"no {number}"): 1})
    await store.real_mail.add(
        {},
        "here",
        replies={
            ("acme", NOON, Cause.CONTENT, "no 3"): 2,
            ("acme", NOON, Cause.POLICY, "another cause"): 1,
            ("acme", NOON + 24 * HOUR, Cause.CONTENT, "another day"): 1,
            ("bolt", NOON, Cause.CONTENT, "another company"): 1,
        },
    )
    day = NOON.replace(hour=0)
    await store.real_mail.add({}, "here", replies={("acme", day, Cause.CONTENT, "of midnight"): 1})
    found = await store.real_mail.replies("acme", NOON)
    assert [(each.reply, each.count) for each in found] == [
        *(("another day", 1), ("no 3", 3), ("another cause", 1)),
        *((f"no {number}", 1) for number in (0, 1, 2, 4)),
        ("of midnight", 1),
    ]
    assert await store.real_mail.prune(NOON + timedelta(minutes=1)) == 8
    assert [each.reply for each in await store.real_mail.replies("acme", NOON)] == ["another day"]


COUNTING = """
import asyncio, sys
from datetime import UTC, datetime
from monitor.store import Store
from probes.traced import TraceFate

HOURS = {("acme", datetime(2026, 7, 1, 12, tzinfo=UTC), fate, ""): 1 for fate in TraceFate}

async def main():
    async with Store.open(sys.argv[1]) as store:
        number = 0
        while True:
            number += 1
            await store.real_mail.add(HOURS, str(number))
            print(number, flush=True)

asyncio.run(main())
"""


async def test_after_a_kill_counts_and_place_agree(child: Child, store: Store, url: str) -> None:
    process = await child(COUNTING, url)
    assert process.stdout
    for _ in range(20):
        await process.stdout.readline()
    process.kill()
    rest, _ = await process.communicate()
    promised = max([20, *(int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n"))])
    position = int(await store.real_mail.position() or 0)
    assert position in (promised, promised + 1)
    counts = await store.real_mail.since("acme", T0 - timedelta(days=9999))
    assert {each.count for each in counts} == {position}
    assert len(counts) == len(TraceFate)


async def test_a_store_of_the_revision_before_is_upgraded(url: str, by_hand: StoreByHand) -> None:
    """Also in PostgreSQL, whose stores began as a whole."""
    async with Store.open(url):
        pass
    for table in ("real_hourly", "real_refusals", "real_replies", "workers", "buckets", "turns", "orders", "shares"):
        by_hand.change(f"DROP TABLE {table}")
    by_hand.change("UPDATE alembic_version SET version_num = '0021'")
    async with Store.open(url) as store:
        await store.real_mail.add({TAKEN: 1}, "here")
    assert by_hand.ask("SELECT version_num FROM alembic_version") == [(schema.HEAD,)]
