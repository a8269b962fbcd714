"""The tables of refusals of the sender's real mail, with their statements. The rules of `tables` hold here too.

What servers said is kept without what is of one mail or of one person, and of a day and cause at most `MAX_REPLIES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Executable,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
)

from monitor.real_mail.refusals import RealRefusals
from monitor.store.columns import EnumText, Instant, Name
from monitor.store.tables import metadata
from probes.outcome import Cause

MAX_REPLIES = 5  # of a company, day and cause

real_refusals = Table(
    "real_refusals",
    metadata,
    Column("company", Name, primary_key=True),
    Column("cause", EnumText(Cause), nullable=False),
    Column("since", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("reply", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("from_ip", Text, nullable=False),
    Column("taken", BigInteger, nullable=False),
)
FIELDS = tuple(column.name for column in real_refusals.columns)

REPLY_KEY = ("company", "day", "cause", "reply")

real_replies = Table(
    "real_replies",
    metadata,
    Column("company", Name, nullable=False),
    Column("day", Instant, nullable=False),  # its midnight, in UTC
    Column("cause", EnumText(Cause), nullable=False),
    Column("reply", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint(*REPLY_KEY),
    Index(None, "day"),  # what may be forgotten
)


@dataclass(frozen=True, slots=True)
class RealReply:
    """A reply of a company's servers to refused real mail of a day, masked, and how often it came."""

    day: datetime
    cause: Cause
    reply: str
    count: int


def keep_refusals(upsert: Callable[..., Any]) -> Executable:
    """Keep the refusals of a company as they are now."""
    into = upsert(real_refusals)
    kept: Executable = into.on_conflict_do_update(
        index_elements=["company"], set_={name: into.excluded[name] for name in FIELDS if name != "company"}
    )
    return kept


def add_reply(upsert: Callable[..., Any]) -> Executable:
    """Add to the count of a reply; a new one is kept where its day and cause have fewer than `MAX_REPLIES`."""
    given = {name: bindparam(f"the_{name}", type_=real_replies.c[name].type) for name in (*REPLY_KEY, "count")}
    of_day = [real_replies.c[name] == given[name] for name in ("company", "day", "cause")]
    known = select(func.count()).select_from(real_replies).where(*of_day).scalar_subquery()
    same = exists().where(*of_day, real_replies.c.reply == given["reply"])
    row = select(*given.values()).where(or_(known < MAX_REPLIES, same))
    into = upsert(real_replies).from_select([*given], row)
    added: Executable = into.on_conflict_do_update(
        index_elements=[*REPLY_KEY], set_={"count": real_replies.c.count + into.excluded["count"]}
    )
    return added


def forget_real_replies() -> Executable:
    """Delete the replies of days before this time."""
    return delete(real_replies).where(real_replies.c.day < bindparam("before", type_=Instant()))


def forget_real_refusals() -> Executable:
    """Delete refusals of which the last is from before this time."""
    return delete(real_refusals).where(real_refusals.c.last_at < bindparam("before", type_=Instant()))


STATEMENTS: dict[str, Select[Any]] = {
    "real_refusals": select(*(real_refusals.c[name] for name in FIELDS)),
    "real_replies": select(*(real_replies.c[name] for name in ("day", "cause", "reply", "count")))
    .where(
        real_replies.c.company == bindparam("of_company", type_=Name),
        real_replies.c.day >= bindparam("since", type_=Instant()),
    )
    .order_by(real_replies.c.day.desc(), real_replies.c.count.desc(), real_replies.c.reply),
}


def refusals(connection: Connection) -> list[RealRefusals]:
    """Return the refusals of all companies."""
    return [RealRefusals(*row) for row in connection.execute(STATEMENTS["real_refusals"])]


def replies(connection: Connection, company: str, since: datetime) -> list[RealReply]:
    """Return the replies of days from this midnight on, the newest day first, the most frequent first."""
    found = connection.execute(STATEMENTS["real_replies"], {"of_company": company, "since": since})
    return [RealReply(*row) for row in found]
