"""Incidents with their history, notices and their delivery, and mutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.incidents.incident import HistoryEntry, Incident
from monitor.incidents.mute import Mute
from monitor.incidents.work import IncidentAction
from monitor.notices.notice import Notice, NoticeQueue
from monitor.people.action_links import LinkAction
from monitor.people.person import AuditEntry
from monitor.store import incident_reads, reads, rows, work_reads
from monitor.store.access import StoreAccess
from monitor.store.columns import legible
from monitor.store.records import ChannelRecord, LinkUse, NoticeRecord
from monitor.store.statements import SAID, SIGNALS_SEEN, SqlStatement


class IncidentStore:
    """Incidents, notices and mutes. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def advance(
        self,
        upto: int,
        incidents: Sequence[Incident],
        entries: Sequence[HistoryEntry],
        notices: Sequence[Notice],
        *,
        saw: int | None = None,
    ) -> None:
        """The rules have seen all verdicts up to that number, and this is what came of it: all of it or nothing.

        Incidents take the place of those with the same id; entries and notices are added. `saw`: up to which verdict
        they had seen before; if somebody else applied the rules since, raises ReplacedError.
        """
        await self._access.write(*rows.advanced(upto, incidents, entries, notices), saw=saw)

    async def signals_seen(self) -> int | None:
        """The number of the last verdict that the rules have seen, None if they never saw any."""
        saw = await self._access.read(reads.fact, SIGNALS_SEEN)
        return None if saw is None else int(saw)

    async def open(self) -> list[Incident]:
        """Incidents that go on, oldest first."""
        return await self._access.read(incident_reads.open_incidents)

    async def recently_closed(self, since: datetime) -> list[Incident]:
        """Incidents that ended at that time or later, in the order of their ends."""
        return await self._access.read(incident_reads.closed_since, since)

    async def newest(self, most: int, *, open_only: bool) -> list[Incident]:
        """At most so many incidents: open ones first, and in both groups the newest first."""
        return await self._access.read(incident_reads.newest, most, open_only)

    async def closed_after(self, opened_at: datetime, incident_id: str, most: int) -> list[Incident]:
        """At most so many closed incidents that come after that one, newest first; of several opened at one time, by
        their ids."""
        return await self._access.read(incident_reads.closed_after, opened_at, legible(incident_id), most)

    async def find(self, prefix: str) -> list[Incident]:
        """Incidents whose id begins with `prefix`, at most 10, in the order of their ids."""
        return await self._access.read(incident_reads.find, legible(prefix))

    async def has(self, incident_id: str) -> bool:
        """Test if this incident is there; old ones are deleted."""
        return any(each.id == incident_id for each in await self.find(incident_id))

    async def entries(self, incident_id: str) -> list[HistoryEntry]:
        """The history of an incident, in the order in which it was written."""
        return await self._access.read(incident_reads.entries, legible(incident_id))

    async def notices_of(self, incident_id: str) -> list[NoticeRecord]:
        """All notices about an incident with what became of them, oldest first."""
        return await self._access.read(incident_reads.notices_of, legible(incident_id))

    async def waiting(self, now: datetime, most: int) -> list[NoticeRecord]:
        """At most so many notices that can be delivered now: of each incident and channel the first undelivered one, if
        its next try is due. What was tried least comes first, then what is oldest."""
        return await self._access.read(self._access.leading(incident_reads.waiting), now, most)

    async def queue(self, incident_id: str, channel: str) -> NoticeQueue:
        """All that waits for this channel about this incident, with what it needs to be rendered now."""
        return await self._access.read(
            self._access.leading(incident_reads.queue), legible(incident_id), legible(channel)
        )

    async def delivered(self, notice: Notice, at: datetime, *entries: HistoryEntry) -> None:
        """Keep that this notice has reached its channel, and what it said; those before it were delivered with it. The
        first time counts, and only then these lines of the history are written."""
        row = {"notice": notice.id, "tried": at}
        said = {f"said_{name}": getattr(notice, name) for name in SAID}
        await self._access.write(
            (SqlStatement.DELIVERED, row | said),
            (SqlStatement.SENT_AS, row),
            (SqlStatement.SUPERSEDE, row),
            then=rows.entered(*entries),
        )

    async def put_off(
        self, notice_id: str, at: datetime, next_try_at: datetime, reason: str, *entries: HistoryEntry
    ) -> None:
        """Keep that a try failed at `at` and why, and when to try again; with these lines of the history."""
        row = {"notice": notice_id, "tried": at, "next": next_try_at, "reason": reason}
        await self._access.write((SqlStatement.PUT_OFF, row), then=rows.entered(*entries))

    async def queues(self) -> dict[str, tuple[int, datetime]]:
        """Return the number of undelivered notices per channel, and the time of the oldest."""
        return await self._access.read(incident_reads.queues)

    async def channel_record(self, channel: str) -> ChannelRecord:
        """Return what a channel delivered last, and the fault of a notice that waits for it."""
        return await self._access.read(incident_reads.channel_record, legible(channel))

    async def lasting(self, channel: str) -> list[Notice]:
        """The last delivered notice of each incident on this channel, if it does not end it; oldest first."""
        return await self._access.read(self._access.leading(incident_reads.lasting), legible(channel))

    async def act(self, action: IncidentAction, said: str, *audit: AuditEntry) -> None:
        """Keep an action of a person on an incident, with its line in the history and these in the audit log."""
        await self._access.write(*rows.acted(action, said), *rows.noted(*audit))

    async def actions(self, incident_id: str) -> Sequence[IncidentAction]:
        """Return the actions of people on an incident, in this order."""
        return await self._access.read(work_reads.actions, legible(incident_id))

    async def open_actions(self) -> Mapping[str, Sequence[IncidentAction]]:
        """Return the actions of people on open incidents but their comments, by incident, in this order."""
        return await self._access.read(work_reads.open_actions)

    async def link_use(self, notice: str, action: LinkAction) -> LinkUse | None:
        """The use of a link in this notice, None if nobody has used it."""
        return await self._access.read(work_reads.link_use, legible(notice), action)

    async def act_by_link(self, use: LinkUse, action: IncidentAction, said: str, *audit: AuditEntry) -> bool:
        """As `act`, by a link. False, and nothing is written, if somebody has used it already."""
        follows = (*rows.acted(action, said), *rows.noted(*audit))
        return await self._access.write(*rows.used(use), then=follows) > 0

    async def mute_by_link(self, use: LinkUse, mutes: Sequence[Mute], *audit: AuditEntry) -> bool:
        """Keep new mutes, made by a link. False, and nothing is written, if somebody has used it already."""
        follows = (*(row for mute in mutes for row in rows.muted(mute)), *rows.noted(*audit))
        return await self._access.write(*rows.used(use), then=follows) > 0

    async def add_mute(self, mute: Mute, *audit: AuditEntry) -> None:
        """Keep a new mute, together with these lines of the audit log."""
        await self._access.write(*rows.muted(mute), *rows.noted(*audit))

    async def end_mute(self, mute_id: str, at: datetime, by: str, *audit: AuditEntry) -> bool:
        """End a mute before its time, together with these lines of the audit log. False, and nothing is written, if
        there is none, or it was over already."""
        row = {"mute": legible(mute_id), "over_at": at, "who": by}
        return await self._access.write((SqlStatement.END_MUTE, row), then=rows.noted(*audit)) > 0

    async def mutes(self, *, active_at: datetime | None = None) -> list[Mute]:
        """All mutes there ever were, or those that are not over at that time, oldest first.

        One that has not begun is not over, nor is a weekly one between two of its times.
        """
        if active_at is None:
            return await self._access.read(incident_reads.all_mutes)
        return await self._access.read(incident_reads.mutes_not_over, active_at)
