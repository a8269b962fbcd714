"""Probes, their evidence and verdicts, and the signals that these make."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from monitor.incidents.signal import Signal
from monitor.measures.time_slots import TimeSlots
from monitor.people.person import AuditEntry
from monitor.store import delivery_counts, list_reads, reads, result_counts, result_overview, result_series, rows
from monitor.store.access import StoreAccess
from monitor.store.columns import legible
from monitor.store.delivery_counts import DeliveryTimes
from monitor.store.ownership_tables import Turn
from monitor.store.packing import Packer
from monitor.store.records import Cursor, ListedProbe, Present, ProbeFilter, ProbePage, ProbeRecord, ProbeRow
from monitor.store.result_counts import ResultCount
from monitor.store.result_overview import DayCount, HourCount
from monitor.store.result_series import CompanySeries, CompanyWindows
from monitor.store.statements import SqlStatement
from probes.check import Check
from probes.evidence import Attempt, Evidence
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Outcome, Verdict

CHECKS_IN_BULK = 4  # fewer are read one by one


def _every(_probe_id: str, _bucket_key: str) -> bool:
    return True


class ProbeStore:
    """Probes in flight and of the past. What is written outlives the process. Raises StoreError."""

    def __init__(self, access: StoreAccess, packer: Packer) -> None:
        self._access, self._packer = access, packer

    async def launch(
        self,
        probe: Probe,
        mailbox: str,
        first: Attempt,
        *audit: AuditEntry,
        turn: Turn | None = None,
        order: str | None = None,
    ) -> bool:
        """Remember a new probe together with its first attempt and these lines of the audit log. `turn`: that of its
        check; `order`: by its id; false, and nothing is written, if that cannot be claimed."""
        new = (*rows.launched(probe, mailbox, first), *rows.noted(*audit))
        claim = (*(rows.claimed(turn, probe) if turn else ()), *(rows.ordered(order, probe) if order else ()))
        if claim:
            return await self._access.write(*claim, then=new) > 0
        await self._access.write(*new)
        return True

    async def add(self, probe_id: str, *evidence: Evidence) -> bool:
        """Keep what was seen. True if all of it is new; what has a name in `once` and is there is not stored again."""
        return await self._access.write(*rows.seen(probe_id, evidence)) == len(evidence)

    async def learn(
        self,
        probe_id: str,
        news: Sequence[Evidence],
        verdict: Verdict | None,
        at: datetime,
        *,
        closed: bool,
        delivery: timedelta | None,
    ) -> bool:
        """Keep news and what they mean, all of it or nothing. None: the verdict is what it was, or there is none yet.
        True if all news are new.

        Verdicts stand beside each other; the latest counts. `closed`: nothing is waited for any more. Evidence that has
        a name in `once` and is there is not stored again.
        """
        new = [*rows.seen(probe_id, news)]
        if verdict:
            new += rows.judged(probe_id, verdict, at, delivery)
        if closed:
            new.append((SqlStatement.CLOSE, {"probe": probe_id, "at": at}))
        return not new or await self._access.write(*new) == len(news)

    async def in_flight(self, wanted: reads.Wanted = _every, before: datetime | None = None) -> list[ProbeRecord]:
        """Every probe that is not closed, oldest first; those that are `wanted`, and were launched `before` a time."""
        return await self._access.read(reads.in_flight, self._packer, wanted, before)

    async def record(self, probe_id: str) -> ProbeRecord | None:
        """One probe with all that is known of it."""
        return await self._access.read(reads.record, self._packer, legible(probe_id))

    async def settled(self) -> None:
        """Wait until every earlier write of this process is committed or refused: one goes on after its caller was
        cancelled, and a read would overtake it."""
        await self._access.write()

    async def find(self, part: str) -> list[str]:
        """Ids of probes that begin with `part`, or else those that end with it, at most 10, in their order. Ids of
        probes that were launched together begin alike."""
        return await self._access.read(reads.find, legible(part))

    async def current(self) -> list[Present]:
        """The verdict on the newest probe that has one, for every company, path, kind and role there ever was."""
        return await self._access.read(reads.all_present)

    async def recent(self, company: str, path: str, limit: int = 50) -> list[ListedProbe]:
        """The newest probes of a path with their latest verdicts, newest first."""
        return await self._access.read(reads.recent, company, path, limit)

    async def launched_since(self, since: datetime) -> dict[tuple[str, str], int]:
        """Return the number of probes, of all roles, per (company, path) since then.

        Covers paths that have a verdict or a probe in flight.
        """
        return await self._access.read(reads.launched_since, since)

    async def attempts(self, since: datetime, until: datetime) -> list[tuple[str, str, datetime]]:
        """Company, path and time of each attempt to send from then until then, of probes that were in flight since."""
        return await self._access.read(reads.attempts, since, until)

    async def page(self, wanted: ProbeFilter, cursor: Cursor | None, most: int) -> ProbePage:
        """At most so many of the wanted probes, at least 1, of those that come after the cursor; newest first.

        Who goes on from `next` sees each probe once that was there at the beginning, and none that came since.
        """
        return await self._access.read(list_reads.page, wanted, cursor, most)

    async def history_of_company(self, company: str, since: datetime) -> list[ProbeRow]:
        """The sender's probes of a company launched since then, oldest first; the newest 20,000 if there are more."""
        return await self._access.read(list_reads.history_of_company, company, since)

    async def by_hand_of_company(self, company: str, since: datetime, most: int) -> list[ProbeRow]:
        """At most so many probes of a company that somebody asked for since then, newest first: by hand, of a
        diagnosis, or to test a remedy; in any role."""
        return await self._access.read(list_reads.by_hand_of_company, company, since, most)

    async def counts(self, since: datetime, companies: Sequence[str] | None) -> dict[tuple[str, Outcome], int]:
        """Count the sender's probes launched since then by latest (company, outcome).

        None: of all companies. Probes without a verdict are not counted.
        """
        return await self._access.read(list_reads.counts, since, companies)

    async def results(self, since: datetime, companies: Sequence[str] | None) -> list[ResultCount]:
        """Count the sender's probes launched since a `window_start`, by their latest verdicts; also those that are
        deleted. None: of all companies."""
        return await self._access.read(result_counts.results, since, companies)

    async def delivery_times(self, since: datetime, companies: Sequence[str] | None) -> list[DeliveryTimes]:
        """Return how long the sender's mail launched since a `window_start` took to the inbox, by path and kind; also
        of probes that are deleted. None: of all companies."""
        return await self._access.read(delivery_counts.delivery_times, result_counts.parts_of(since), companies)

    async def hours(self, since: datetime) -> list[HourCount]:
        """Count the sender's probes of all companies launched since a full hour, by hour; also those that are deleted.
        Hours are known for a year."""
        return await self._access.read(result_overview.hours, since)

    async def days(self, since: datetime, companies: Sequence[str] | None, *, by_path: bool) -> list[DayCount]:
        """Count the sender's probes launched since a midnight, by day and kind; also those that are deleted. None: of
        all companies, path by path only if `by_path`."""
        return await self._access.read(result_overview.days, since, companies, by_path)

    async def windows(self, company: str, starts: Sequence[datetime]) -> CompanyWindows:
        """Return the `results` of a company since each of these `window_start`s."""
        return await self._access.read(result_series.windows, company, starts)

    async def series(self, company: str, slots: TimeSlots) -> CompanySeries:
        """Return the sender's results and delivery times at a company in these slots; also of probes that are deleted.
        Slots that are not of full days are known for a year."""
        return await self._access.read(result_series.series, company, slots)

    async def signals(self, after: int, most: int = 500) -> list[Signal]:
        """The verdicts whose number is greater than `after`, in the order in which they were stored, at most so many.

        Numbers only grow, and nothing is ever stored below the last one of these. There are gaps.
        """
        return await self._access.read(reads.signals, after, most)

    async def last_signal(self) -> int:
        """The number of the newest verdict, 0 if there is none."""
        return await self._access.read(reads.last_signal)

    async def signal_before(self, many: int) -> int:
        """The number after which there are so many verdicts, 0 if there are not so many."""
        return await self._access.read(reads.signal_before, many)

    async def history(self, check: Check, role: Role, upto: int, most: int) -> list[Signal]:
        """Return the state when verdict `upto` was stored: the latest verdict until then of each of the newest `most`
        probes that had one, oldest probe first. Only the newest 1,000 probes of the path are examined."""
        return await self._access.read(reads.check, check, role, upto, most)

    async def histories(self, checks: Sequence[Check], role: Role, upto: int, most: int) -> dict[Check, list[Signal]]:
        """Return the `history` of each of these. Many are read at once, each hundred of them in one statement."""
        if len(checks) < CHECKS_IN_BULK:
            return {check: await self.history(check, role, upto, most) for check in checks}
        found: dict[Check, list[Signal]] = {}
        for start in range(0, len(checks), reads.CHECKS_AT_ONCE):
            some = checks[start : start + reads.CHECKS_AT_ONCE]
            found |= await self._access.read(reads.checks, some, role, upto, most)
        return found
