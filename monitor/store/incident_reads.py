"""Queries of incidents, their history and notices, and of mutes. Fixed statements, as in `reads`."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, func, or_, select, true

from monitor.incidents.incident import HistoryEntry, Incident
from monitor.incidents.mute import Mute
from monitor.notices.notice import Notice, NoticeQueue
from monitor.store.columns import Instant, Number
from monitor.store.reads import LAST
from monitor.store.records import ChannelRecord, NoticeRecord
from monitor.store.tables import history, incidents, mutes, notices

_most = bindparam("most", type_=Number)
_now = bindparam("now", type_=Instant())
_opened = bindparam("opened", type_=Instant())
_NOTICE = tuple(field.name for field in fields(Notice))
_DELIVERY = ("tries", "next_try_at", "delivered_at", "fault", "sent_as")
_incident = select(incidents.c.data)
_notice = select(*(notices.c[name] for name in (*_NOTICE, *_DELIVERY)))
_waits = notices.c.delivered_at.is_(None)

OPEN = _incident.where(incidents.c.closed_at.is_(None)).order_by(incidents.c.opened_at)
CLOSED_SINCE = _incident.where(incidents.c.closed_at >= bindparam("since", type_=Instant())).order_by(
    incidents.c.closed_at
)
NEWEST_OPEN = _incident.where(incidents.c.closed_at.is_(None)).order_by(incidents.c.opened_at.desc()).limit(_most)
NEWEST_CLOSED = _incident.where(incidents.c.closed_at.is_not(None)).order_by(incidents.c.opened_at.desc()).limit(_most)
CLOSED_AFTER = (
    _incident.where(
        incidents.c.closed_at.is_not(None),
        incidents.c.opened_at <= _opened,
        or_(incidents.c.opened_at < _opened, incidents.c.id < bindparam("id")),
    )
    .order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
    .limit(_most)
)
FIND_INCIDENTS = (
    _incident.where(incidents.c.id >= bindparam("prefix"), incidents.c.id <= bindparam("last"))
    .order_by(incidents.c.id)
    .limit(10)
)
ENTRIES = (
    select(history.c.incident, history.c.at, history.c.turn, history.c.said)
    .where(history.c.incident == bindparam("of"))
    .order_by(history.c.id)
)
NOTICES_OF = _notice.where(notices.c.incident == bindparam("of")).order_by(
    notices.c.at, notices.c.channel, notices.c.number
)
_before = notices.alias("before")
_held_up = exists().where(
    _before.c.delivered_at.is_(None),
    _before.c.channel == notices.c.channel,
    _before.c.incident == notices.c.incident,
    _before.c.number < notices.c.number,
)
WAITING = (
    _notice.where(_waits, or_(notices.c.next_try_at.is_(None), notices.c.next_try_at <= _now), ~_held_up)
    .order_by(notices.c.tries, notices.c.at, notices.c.id)  # so that a dead channel holds up no other
    .limit(_most)
)
QUEUE = _notice.where(_waits, notices.c.incident == bindparam("of"), notices.c.channel == bindparam("to")).order_by(
    notices.c.number
)
LAST_DELIVERED = (
    _notice.where(~_waits, notices.c.incident == bindparam("of"), notices.c.channel == bindparam("to"))
    .order_by(notices.c.number.desc())
    .limit(1)
)
INCIDENTS_BY_ID = _incident.where(incidents.c.id.in_(bindparam("ids", expanding=True)))
QUEUES = (
    select(notices.c.channel, func.count(), func.min(notices.c.at, type_=Instant()))
    .where(_waits)
    .group_by(notices.c.channel)
)
LAST_THROUGH = (
    select(notices.c.delivered_at, notices.c.incident, notices.c.title)
    .where(~_waits, notices.c.channel == bindparam("to"))
    .order_by(notices.c.delivered_at.desc())
    .limit(1)
)
LAST_FAULT = (
    select(notices.c.tried_at, notices.c.fault)
    .where(_waits, notices.c.channel == bindparam("to"), notices.c.fault != "")
    .order_by(notices.c.tried_at.desc())
    .limit(1)
)
LASTING = _notice.where(notices.c.lasts == true(), notices.c.channel == bindparam("to")).order_by(notices.c.at)
MUTES = select(mutes).order_by(mutes.c.created_at, mutes.c.id)
MUTES_NOT_OVER = MUTES.where(mutes.c.ended_at.is_(None), or_(mutes.c.ends_at.is_(None), mutes.c.ends_at > _now))

STATEMENTS: dict[str, Select[Any]] = {
    "open": OPEN,
    "closed_since": CLOSED_SINCE,
    "newest_open": NEWEST_OPEN,
    "newest_closed": NEWEST_CLOSED,
    "closed_after": CLOSED_AFTER,
    "find_incidents": FIND_INCIDENTS,
    "entries": ENTRIES,
    "notices_of": NOTICES_OF,
    "waiting": WAITING,
    "queue": QUEUE,
    "last_delivered": LAST_DELIVERED,
    "queues": QUEUES,
    "last_through": LAST_THROUGH,
    "last_fault": LAST_FAULT,
    "lasting": LASTING,
    "mutes": MUTES,
    "mutes_not_over": MUTES_NOT_OVER,
}


def channel_record(connection: Connection, channel: str) -> ChannelRecord:
    """Return what a channel delivered last, and why its last try failed if the notice waits still."""
    sent = connection.execute(LAST_THROUGH, {"to": channel}).one_or_none()
    failed = connection.execute(LAST_FAULT, {"to": channel}).one_or_none()
    return ChannelRecord(*(sent or (None, "", "")), *(failed or (None, "")))


def open_incidents(connection: Connection) -> list[Incident]:
    """Return open incidents, oldest first."""
    return list(connection.scalars(OPEN))


def closed_since(connection: Connection, since: datetime) -> list[Incident]:
    """Return those closed at this time or later, in this order."""
    return list(connection.scalars(CLOSED_SINCE, {"since": since}))


def newest(connection: Connection, most: int, open_only: bool) -> list[Incident]:
    """Return open ones, then closed ones, each newest first."""
    found = list(connection.scalars(NEWEST_OPEN, {"most": most}))
    if not open_only and len(found) < most:
        found += connection.scalars(NEWEST_CLOSED, {"most": most - len(found)})
    return found


def closed_after(connection: Connection, opened_at: datetime, incident_id: str, most: int) -> list[Incident]:
    """Return closed ones that were opened before that one, newest first; of several at one time, by their ids."""
    return list(connection.scalars(CLOSED_AFTER, {"opened": opened_at, "id": incident_id, "most": most}))


def find(connection: Connection, prefix: str) -> list[Incident]:
    """Return those whose id has this prefix, at most 10."""
    return list(connection.scalars(FIND_INCIDENTS, {"prefix": prefix, "last": prefix + LAST}))


def entries(connection: Connection, incident_id: str) -> list[HistoryEntry]:
    """Return the history of an incident."""
    return [HistoryEntry(*row) for row in connection.execute(ENTRIES, {"of": incident_id})]


def notices_of(connection: Connection, incident_id: str) -> list[NoticeRecord]:
    """Return all notices about an incident, in order of time."""
    return [_record(row) for row in connection.execute(NOTICES_OF, {"of": incident_id})]


def waiting(connection: Connection, now: datetime, most: int) -> list[NoticeRecord]:
    """Return notices to deliver now; least attempts first, then oldest."""
    return [_record(row) for row in connection.execute(WAITING, {"now": now, "most": most})]


def queue(connection: Connection, incident_id: str, channel: str) -> NoticeQueue:
    """Return what waits for a channel about an incident, what was delivered last, and the incidents that it names."""
    of = {"of": incident_id, "to": channel}
    waiting = [_record(row).notice for row in connection.execute(QUEUE, of)]
    last = next((_record(row).notice for row in connection.execute(LAST_DELIVERED, of)), None)
    named = {incident_id, *(id_ for notice in waiting if notice.basis for id_ in notice.basis.took_in)}
    known = _by_id(connection, named)
    if (about := known.get(incident_id)) and about.merged_into:
        known |= _by_id(connection, {about.merged_into})
    return NoticeQueue(waiting, last, known)


def _by_id(connection: Connection, ids: Collection[str]) -> dict[str, Incident]:
    return {each.id: each for each in connection.scalars(INCIDENTS_BY_ID, {"ids": list(ids)})}


def queues(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """Return the number of undelivered notices per channel, and the time of the oldest."""
    return {channel: (count, oldest) for channel, count, oldest in connection.execute(QUEUES)}


def lasting(connection: Connection, channel: str) -> list[Notice]:
    """Return the channel's last notice of each incident, unless it ended it."""
    return [_record(row).notice for row in connection.execute(LASTING, {"to": channel})]


def all_mutes(connection: Connection) -> list[Mute]:
    """Return all mutes, oldest first."""
    return [Mute(**row) for row in connection.execute(MUTES).mappings()]


def mutes_not_over(connection: Connection, now: datetime) -> list[Mute]:
    """Return mutes that have not ended, oldest first."""
    return [Mute(**row) for row in connection.execute(MUTES_NOT_OVER, {"now": now}).mappings()]


def _record(row: Row[Any]) -> NoticeRecord:
    cut = len(_NOTICE)
    return NoticeRecord(Notice(*row[:cut]), *row[cut:])
