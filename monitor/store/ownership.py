"""Ownership of buckets of mailboxes by workers: one transaction a second, by the clock of the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, literal_column, select, update

from monitor.store.access import StoreAccess
from monitor.store.columns import Instant
from monitor.store.database import dialect_of
from monitor.store.ownership_tables import buckets, workers

BUCKETS = 512  # of a site
FORGOTTEN_AFTER = timedelta(days=1)  # the row of a worker that is gone


@dataclass(frozen=True, slots=True)
class Worker:
    """One process that sends from a site. `name` is never used again."""

    site: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnershipView:
    """The view of a worker: its own buckets, those that it may take, and how many workers live, itself included."""

    mine: tuple[int, ...]
    free: tuple[int, ...]
    live: int


@dataclass(frozen=True, slots=True)
class OwnershipChange:
    """The buckets that it takes, and those that it leaves to others."""

    take: tuple[int, ...]
    leave: tuple[int, ...]


Decide = Callable[[OwnershipView], OwnershipChange]


class OwnershipStore:
    """Ownership of buckets. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def renew(
        self,
        me: Worker,
        ttl: timedelta,
        decide: Decide,
        *,
        alone: bool,
        known: Mapping[int, int] = MappingProxyType({}),
    ) -> Mapping[int, int]:
        """Live on for `ttl`, and change what is owned as decided. Returns the epoch of each bucket that is owned.

        `known`: the answer before this one. Where as many are owned, they are the same, since others only take away;
        and where nothing is to be decided, no bucket is read. `alone`: this worker is the only one by right, and may
        take from all others, whether they seem to live or not.
        """
        ask = partial(_renew, me=me, ttl=ttl, decide=decide, alone=alone, known=known)
        return await self._access.ask_in_turn(self._access.leading(ask))

    async def ownerless(self, site: str) -> int:
        """Return how many buckets of a site nobody owns who lives."""
        return await self._access.read(_ownerless, site)

    async def release(self, me: Worker) -> None:
        """Own nothing any more: others need not wait until this worker is gone for sure."""
        await self._access.ask_in_turn(partial(_release, me=me))


def _renew(
    connection: Connection, me: Worker, ttl: timedelta, decide: Decide, alone: bool, known: Mapping[int, int]
) -> Mapping[int, int]:
    now: datetime = connection.scalars(select(literal_column(dialect_of(connection.engine).now, Instant()))).one()
    live = _live_on(connection, me, now, ttl)
    others_live = exists().where(workers.c.site == buckets.c.site, workers.c.name == buckets.c.owner, *_lives(now, ttl))
    is_free = and_(buckets.c.owner.is_distinct_from(me.name), *(() if alone else (~others_live,)))
    if known and _stays(connection, me, is_free, known, live, decide):
        return known
    connection.execute(delete(workers).where(workers.c.site == me.site, workers.c.until < now - FORGOTTEN_AFTER))
    mine = _mine(connection, me)
    if not mine:
        _make_buckets(connection, me.site)
    free = select(buckets.c.bucket, buckets.c.epoch).where(buckets.c.site == me.site, is_free)
    found = connection.execute(free.order_by(buckets.c.bucket).with_for_update(skip_locked=True)).all()
    takeable = {row.bucket: row.epoch for row in found}
    change = decide(OwnershipView(tuple(mine), tuple(takeable), live))
    _give(connection, me.site, change.leave, None)
    _give(connection, me.site, change.take, me.name)
    kept = {bucket: epoch for bucket, epoch in mine.items() if bucket not in {*change.leave}}
    return kept | {bucket: takeable[bucket] + 1 for bucket in change.take}


def _stays(
    connection: Connection,
    me: Worker,
    is_free: ColumnElement[bool],
    known: Mapping[int, int],
    live: int,
    decide: Decide,
) -> bool:
    """Test if this worker owns what it owned, and nothing is to be taken or left."""
    mine, free = func.count().filter(buckets.c.owner == me.name), func.count().filter(is_free)
    counted = connection.execute(select(mine.label("mine"), free.label("free")).where(buckets.c.site == me.site)).one()
    if counted.mine != len(known):
        return False
    return decide(OwnershipView(tuple(known), tuple(range(counted.free)), live)) == OwnershipChange((), ())


def _ownerless(connection: Connection, site: str) -> int:
    now = literal_column(dialect_of(connection.engine).now, Instant())
    lives = exists().where(workers.c.site == buckets.c.site, workers.c.name == buckets.c.owner, workers.c.until > now)
    owned = select(func.count()).select_from(buckets).where(buckets.c.site == site, lives)
    return BUCKETS - connection.scalars(owned).one()


def _lives(now: datetime, ttl: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """A time that no renewal gives is of a clock that was set back since."""
    return workers.c.until > now, workers.c.until <= now + ttl


def _live_on(connection: Connection, me: Worker, now: datetime, ttl: timedelta) -> int:
    into = dialect_of(connection.engine).insert(workers)
    connection.execute(
        into.on_conflict_do_update(index_elements=["site", "name"], set_={"until": into.excluded.until}),
        {"site": me.site, "name": me.name, "until": now + ttl},
    )
    live = select(func.count()).select_from(workers).where(workers.c.site == me.site, *_lives(now, ttl))
    return connection.scalars(live).one()


def _mine(connection: Connection, me: Worker) -> dict[int, int]:
    mine = select(buckets.c.bucket, buckets.c.epoch).where(buckets.c.site == me.site, buckets.c.owner == me.name)
    found = connection.execute(mine.order_by(buckets.c.bucket).with_for_update())
    return {row.bucket: row.epoch for row in found}


def _make_buckets(connection: Connection, site: str) -> None:
    rows = [{"site": site, "bucket": bucket, "owner": None, "epoch": 0} for bucket in range(BUCKETS)]
    connection.execute(dialect_of(connection.engine).insert(buckets).on_conflict_do_nothing(), rows)


def _give(connection: Connection, site: str, some: tuple[int, ...], to: str | None) -> None:
    """Give these, whose rows are locked, to a worker. None: to nobody."""
    if some:
        of_site = update(buckets).where(buckets.c.site == site, buckets.c.bucket.in_(some))
        connection.execute(of_site.values(owner=to, epoch=buckets.c.epoch + 1 if to else buckets.c.epoch))


def _release(connection: Connection, me: Worker) -> None:
    connection.execute(update(buckets).where(buckets.c.site == me.site, buckets.c.owner == me.name).values(owner=None))
    connection.execute(delete(workers).where(workers.c.site == me.site, workers.c.name == me.name))
