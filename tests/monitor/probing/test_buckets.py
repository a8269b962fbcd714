"""Which buckets a worker takes and leaves, as a table; and how workers that decide so come to their shares."""

from collections import Counter
from random import Random

import pytest

from monitor.probing.buckets import bucket_of, decide, fair_share, take_all
from monitor.store.ownership import BUCKETS, OwnershipChange, OwnershipView

ALL = tuple(range(BUCKETS))
HALF, THIRD = BUCKETS // 2, 171  # a third, rounded up


def view(mine: tuple[int, ...] = (), free: tuple[int, ...] = (), live: int = 1) -> OwnershipView:
    return OwnershipView(mine, free, live)


@pytest.mark.parametrize(
    ("found", "take", "leave"),
    [
        (view(free=ALL), ALL, ()),  # the first one owns everything
        (view(mine=ALL), (), ()),
        (view(mine=ALL, live=2), (), ALL[HALF:]),  # another one has come
        (view(free=ALL[HALF:], live=2), ALL[HALF:], ()),
        (view(free=ALL, live=2), ALL[:HALF], ()),  # both begin at once
        (view(mine=ALL[:HALF], live=3), (), ALL[THIRD:HALF]),
        (view(mine=ALL[:THIRD], free=ALL[-9:], live=3), (), ()),  # enough
        (view(mine=ALL[:THIRD], free=ALL[-THIRD:], live=2), ALL[-THIRD:][: HALF - THIRD], ()),  # one of three is gone
        (view(mine=ALL[:10], live=1), (), ()),  # the others' leases have not expired
        (view(live=600), (), ()),
        (view(free=(7, 8), live=600), (7,), ()),  # more workers than buckets
        (view(mine=(1,), free=(2,), live=0), (2,), ()),  # a clock that jumped counts not even this one
    ],
)
def test_a_worker_takes_its_share_and_leaves_the_rest(
    found: OwnershipView, take: tuple[int, ...], leave: tuple[int, ...]
) -> None:
    assert decide(found) == OwnershipChange(take, leave)


def test_the_only_one_takes_everything() -> None:
    assert take_all(view(mine=(1,), free=ALL[2:], live=9)) == OwnershipChange(ALL[2:], ())


def test_shares_cover_everything() -> None:
    assert [fair_share(live) for live in (1, 2, 3, 5, 512, 1000)] == [512, 256, 171, 103, 1, 1]
    assert all(fair_share(live) * live >= BUCKETS for live in range(1, 600))


@pytest.mark.parametrize("seed", range(20))
def test_workers_that_come_and_go_own_everything_and_nothing_twice(seed: int) -> None:
    rng, owners, live = Random(seed), dict[int, str | None](dict.fromkeys(ALL)), ["a"]
    for came in range(30):
        if len(live) > 1 and rng.random() < 0.4:
            gone = live.pop(rng.randrange(len(live)))
            owners = {bucket: None if owner == gone else owner for bucket, owner in owners.items()}
        else:
            live.append(f"w{came}")
        for _ in range(3):
            for me in rng.sample(live, len(live)):
                mine = tuple(bucket for bucket, owner in owners.items() if owner == me)
                free = tuple(bucket for bucket, owner in owners.items() if owner is None)
                change = decide(view(mine, free, len(live)))
                owners |= dict.fromkeys(change.take, me) | dict.fromkeys(change.leave)
        owned = Counter(owners.values())
        assert None not in owned
        assert max(owned.values()) <= fair_share(len(live))


def test_mailboxes_spread_over_the_buckets_the_same_everywhere() -> None:
    assert [bucket_of(key) for key in ("maildir:/var/mail/acme", "", "imap:\udcff@x")] == [334, 293, 366]
    filled = Counter(bucket_of(f"imap:probe@company{number}.example") for number in range(51_200))
    assert len(filled) == BUCKETS
    assert max(filled.values()) < 150
