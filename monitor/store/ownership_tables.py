"""The tables of ownership, and the claim of a turn. The rules of `tables` hold here too.

A mailbox has one owner at a time: the worker that owns its bucket, which schedules, sends, and looks into it. A worker
lives until the time in its row; the epoch of a bucket grows with each new owner. A turn is a time at which a check is
due; whoever claims it sends, and nobody claims it twice.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Executable,
    Integer,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)

from monitor.store.columns import EnumText, Instant, Name
from monitor.store.dialect import Dialect
from monitor.store.tables import metadata
from probes.kinds import Kind

MICROSECONDS_AHEAD = 5_000_000  # a turn later than that was claimed by a clock that was wrong, and holds nobody up
CHECK = ("company", "path", "kind")


FIRST_EPOCH = 1  # of a bucket that nobody owned before


@dataclass(frozen=True, slots=True)
class Hold:
    """Proof that a worker owns a bucket of mailboxes: nobody else has owned it since it had this epoch."""

    site: str
    bucket: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The time of a check in its timetable, without jitter, and by what right it is claimed."""

    slot: datetime
    hold: Hold


workers = Table(
    "workers",
    metadata,
    Column("site", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("until", Instant, nullable=False),  # by the clock of the database
    PrimaryKeyConstraint("site", "name"),
)

buckets = Table(
    "buckets",
    metadata,
    Column("site", Name, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("owner", Name),  # the name of a worker
    Column("epoch", BigInteger, nullable=False),
    PrimaryKeyConstraint("site", "bucket"),
)

turns = Table(
    "turns",
    metadata,
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("slot", Instant, nullable=False),  # the last one that was claimed: a time of the timetable, without jitter
    Column("owner", Name, nullable=False),
    PrimaryKeyConstraint(*CHECK),
    sqlite_with_rowid=False,
)


def claim_turn(dialect: Dialect) -> Executable:
    """Claim a turn of a check, unless it or a later one was claimed, or the bucket is another worker's by now."""
    owned = exists().where(
        *(
            buckets.c[name] == bindparam(name, type_=buckets.c[name].type)
            for name in (field.name for field in fields(Hold))
        ),
        workers.c.site == buckets.c.site,
        workers.c.name == buckets.c.owner,
        workers.c.until > literal_column(dialect.now, Instant()),
    )
    columns = [*CHECK, "slot", "owner"]
    wanted = select(*(bindparam(name, type_=turns.c[name].type) for name in columns)).where(owned)
    into = dialect.insert(turns).from_select(columns, wanted)
    claimed: Executable = into.on_conflict_do_update(
        index_elements=[*CHECK],
        set_={"slot": into.excluded.slot, "owner": into.excluded.owner},
        where=or_(
            turns.c.slot < into.excluded.slot,
            turns.c.slot > literal_column(f"{dialect.now} + {MICROSECONDS_AHEAD}", Instant()),
        ),
    )
    return claimed
