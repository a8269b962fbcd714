"""The service as one caller may see it. Pages and API read only through this, so that nothing of another company leaks.

Anything else does not exist for the caller: it raises `NotThereError`, exactly like something that never existed.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiohttp import web

from monitor.actions.names import MAX_NAME_CHARS, UnknownNameError, company_named, names_of
from monitor.config import WatchedPath
from monitor.diagnosing.answers import ArmProbe, arm_probes
from monitor.incidents.incident import HistoryEntry, Incident
from monitor.incidents.mute import Mute
from monitor.incidents.public_updates import affected_ever, public_updates
from monitor.incidents.work import NO_WORK, IncidentAction, IncidentWork, without_names, work_of
from monitor.measures.time_slots import TimeSlots
from monitor.notices.notice import NoticeKind
from monitor.output.real_comparison import RealComparison, compared, window_of
from monitor.output.service_level import CodeLevels
from monitor.people.caller import Caller, NotThereError
from monitor.people.person import AuditEntry
from monitor.probing.current import CurrentVerdict
from monitor.proving.preparing import RemedyError
from monitor.remedying.applied import AppliedRemedy
from monitor.store import (
    CompanySeries,
    CompanyWindows,
    Cursor,
    DeliveryTimes,
    NoticeRecord,
    ProbeFilter,
    ProbePage,
    ProbeRecord,
    ProbeRow,
    ResultCount,
    window_start,
)
from monitor.store.diagnoses import DiagnosisRecord
from monitor.web.backend import BACKEND, CALLER, Backend
from monitor.web.broadcast import News
from monitor.web.company_summaries import SeenCompanies
from monitor.web.overview_figures import OverviewFigures
from monitor.web.sealed import Seal
from probes.check import Check
from probes.probe import Probe

SOON_AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))
AUDIT_OCTETS = 8  # of the number of a line of the audit log
CLOSED_READ_AT_ONCE = 200  # incidents
LOOKS = 20  # parts of a list that are read, at most


HIDDEN_MUTES = ("muted",)
"""In place of the ids of mutes, where those may be about what others have."""
WIDER = "it is about more than your companies"
"""In place of the reason of a mute, where that may name others."""


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """One incident with its history and its notices, as the caller may see it."""

    incident: Incident
    entries: tuple[HistoryEntry, ...]
    notices: tuple[NoticeRecord, ...]
    work: IncidentWork = NO_WORK


class CallerView:
    """The service, for this caller."""

    def __init__(self, backend: Backend, caller: Caller) -> None:
        self.backend, self.caller = backend, caller

    def paths(self, company: str = "") -> list[WatchedPath]:
        """The watched paths, all or those of one company; in the configuration's order."""
        companies = self.backend.board.companies
        if not company:
            return [path for key, paths in companies.items() if self.caller.sees(key) for path in paths]
        if company not in companies or not self.caller.sees(company):
            raise NotThereError(f"company {company}", self.meant_company(company))
        return list(companies[company])

    async def company_summaries(self) -> SeenCompanies:
        """Return the state of all companies. Use it before anything is awaited."""
        return await self.backend.company_summaries.seen_by(self.caller.companies)

    def meant_company(self, company: str) -> tuple[str, str] | None:
        """Key and name of the company of theirs that was probably meant."""
        names = names_of(self.paths())
        try:
            key = company_named(company[:MAX_NAME_CHARS], names)
        except UnknownNameError as error:
            key = error.close
        return (key, names[key]) if key else None

    def path(self, company: str, path: str) -> WatchedPath:
        """One watched path. Raises NotThereError."""
        found = self.backend.board.paths.get((company, path)) if self.caller.sees(company) else None
        if found is None:
            raise NotThereError(f"path {company}/{path}")
        return found

    def current_verdicts(self, paths: Iterable[WatchedPath]) -> dict[Check, CurrentVerdict]:
        """The present verdicts on these paths, as far as there are any."""
        board = self.backend.board.current_verdicts
        lines = [check for path in paths for check in path.checks]
        return {line: board[line] for line in lines if line in board}

    async def record(self, probe_id: str) -> ProbeRecord:
        """One probe with all that is known of it. Raises NotThereError."""
        record = await self.backend.store.probes.record(probe_id)
        if record is None or not self.caller.sees(record.probe.company):
            raise NotThereError(f"probe {probe_id}")
        return record

    async def diagnoses(self, company: str, path: str, most: int) -> list[tuple[DiagnosisRecord, list[ArmProbe]]]:
        """The newest diagnoses of a path with their arms, newest first. Raises NotThereError."""
        return [(record, await self.arms(record)) for record in await self.diagnosis_records(company, path, most)]

    async def diagnosis_records(self, company: str, path: str, most: int) -> list[DiagnosisRecord]:
        """The newest diagnoses of a path, newest first. Raises NotThereError."""
        self.path(company, path)
        return await self.backend.store.diagnoses.of_path(company, path, most)

    async def arms(self, record: DiagnosisRecord) -> list[ArmProbe]:
        """The probes of a diagnosis of the caller's."""
        return arm_probes(await self.backend.store.diagnoses.arms(record.diagnosis))

    async def diagnosis(self, diagnosis_id: str) -> tuple[DiagnosisRecord, list[ArmProbe]] | None:
        """One diagnosis with its arms; None if it is deleted, or of a company that the caller may not see."""
        store = self.backend.store.diagnoses
        record = await store.one(diagnosis_id)
        if record is None or not self.caller.sees(record.diagnosis.company):
            return None
        return record, arm_probes(await store.arms(record.diagnosis))

    async def remedies(self, company: str = "") -> list[AppliedRemedy]:
        """Remedies that the caller's companies have carried out, or one of these, newest first."""
        store = self.backend.store.remedies
        found = await (store.of_company(company) if company else store.every())
        return [each for each in found if self.caller.sees(each.company)]

    async def incident_at(self, incident_id: str, company: str) -> tuple[Incident, str]:
        """One incident as far as it is the caller's, and the company that is meant, by key: "" where it affects one.
        Raises NotThereError, RemedyError."""
        _, own = await self._found(incident_id)
        if company and company not in own.companies:
            raise NotThereError(f"company {company} in incident {incident_id}")
        if not company and len(own.named) != 1:
            raise RemedyError("company", "it affects several companies; name the one that has carried it out")
        return own, company or own.named[0]

    def open_incidents(self) -> list[Incident]:
        """Those that touch what is the caller's, as far as it is theirs."""
        found = (self.own(incident) for incident in self.backend.incident_engine.incidents)
        return [incident for incident in found if incident]

    async def incidents(self, most: int) -> list[Incident]:
        """Open ones and those that are over, the newest first among them."""
        found = await self.backend.store.incidents.newest(most, open_only=False)
        return [own for incident in found if (own := self.own(incident))]

    async def closed_incidents(
        self, after: str, most: int, wanted: Callable[[Incident], bool]
    ) -> tuple[list[Incident], str]:
        """The wanted closed incidents after that one, "" for the newest, newest first; and the id of the last one if
        there are more, else "". Raises NotThereError if there is no such incident."""
        last = (await self._found(after))[0] if after else None
        place = (last.opened_at, last.id) if last else (self.backend.now() + timedelta(days=1), "")
        found: list[Incident] = []
        while len(found) <= most:
            part = await self.backend.store.incidents.closed_after(*place, CLOSED_READ_AT_ONCE)
            found += [own for each in part if (own := self.own(each)) and wanted(own)]
            if len(part) < CLOSED_READ_AT_ONCE:
                break
            place = part[-1].opened_at, part[-1].id
        return found[:most], found[most - 1].id if len(found) > most else ""

    async def incident(self, incident_id: str) -> IncidentDetail:
        """One incident. If it affects other companies too, its history and notices are withheld: they name them."""
        found, own = await self._found(incident_id)
        store = self.backend.store
        work = work_of(found, await store.incidents.actions(found.id))
        if own is not found:
            return IncidentDetail(own, (), (), without_names(work))
        notices = (self._visible_notice(record) for record in await store.incidents.notices_of(found.id))
        return IncidentDetail(own, tuple(await store.incidents.entries(found.id)), tuple(notices), work)

    async def whole_incident(self, incident_id: str) -> Incident | None:
        """The incident, if all of it is the caller's; None if it affects others too. Raises NotThereError."""
        found, own = await self._found(incident_id)
        return own if own is found else None

    async def _found(self, incident_id: str) -> tuple[Incident, Incident]:
        """An incident, and it as far as it is the caller's. Raises NotThereError."""
        similar = await self.backend.store.incidents.find(incident_id)
        found = next((each for each in similar if each.id == incident_id), None)
        own = self.own(found) if found else None
        if found is None or own is None:
            raise NotThereError(f"incident {incident_id}")
        return found, own

    async def public_updates(self, incident_id: str, company: str) -> tuple[IncidentAction, ...]:
        """The public comments on an incident, as far as people of this company may read them. Raises NotThereError."""
        found, _ = await self._found(incident_id)
        work = work_of(found, await self.backend.store.incidents.actions(found.id))
        return public_updates(work, found, company, self.company_names(found))

    def company_names(self, incident: Incident) -> dict[str, str]:
        """The names of the monitored companies that an incident affects or affected, by key."""
        companies = self.backend.board.companies
        return {key: companies[key][0].company_name for key in affected_ever(incident) if key in companies}

    async def open_work(self) -> Mapping[str, IncidentWork]:
        """The work on open incidents of the caller's; on those that affect others too, without names."""
        actions = await self.backend.store.incidents.open_actions()
        return {
            incident.id: self.visible_work(incident, work_of(incident, actions.get(incident.id, ())))
            for incident in self.backend.incident_engine.incidents
            if self.caller.sees_incident(incident)
        }

    def visible_work(self, incident: Incident, work: IncidentWork) -> IncidentWork:
        """The work on this incident, as the caller may see it."""
        return work if all(map(self.caller.sees, incident.companies)) else without_names(work)

    async def mutes(self) -> list[Mute]:
        """Mutes that concern the caller's companies. If they concern others too, the reason is withheld: it may name
        them."""
        stored = await self.backend.store.incidents.mutes()
        planned = [mute for each in self.backend.config().maintenance for mute in each.mutes()]
        systems = {"", *(system for path in self.paths() for system in path.mail_systems)}
        found = [mute for mute in (*planned, *stored) if not mute.company or self.caller.sees(mute.company)]
        if self.caller.sees_all:
            return found
        return [
            mute if mute.company else replace(mute, why=WIDER)
            for mute in found
            if mute.company or mute.mail_system in systems
        ]

    def wants(self, news: News) -> bool:
        """Test if the caller may see this event."""
        return self.caller.sees(news.company)

    def own(self, incident: Incident) -> Incident | None:
        """The incident without what others have; None if nothing is left. The very same where nothing was left out."""
        caller = self.caller
        if caller.sees_all or (incident.companies and all(caller.sees(company) for company in incident.companies)):
            return incident  # one that names no company is about the sender, and for those who see all
        if not caller.sees_incident(incident):
            return None
        failures = tuple(failure for failure in incident.failures if caller.sees(failure.company))
        system = incident.mail_system
        return replace(
            incident,
            company=incident.company if caller.sees(incident.company) else "",
            mail_system=system if system and any(system in path.mail_systems for path in self.paths()) else "",
            companies=caller.seen(incident.companies),
            touches=caller.seen(incident.touches),
            others=caller.seen(incident.others),
            failures=failures,
            failing=len(failures) if incident.open else 0,
            standing=tuple(
                replace(found, companies=caller.seen(found.companies))
                for found in incident.standing
                if not found.company or caller.sees(found.company)
            ),
            told={},
            merged_into="",
            recovering_since=None,  # of all, which are not told
            muted_by=HIDDEN_MUTES if incident.muted_by else (),
        )

    async def probes(self, wanted: ProbeFilter, cursor: Cursor | None, most: int) -> ProbePage:
        """The newest of the wanted probes after the cursor, as far as they are the caller's."""
        return await self.backend.store.probes.page(replace(wanted, companies=self.caller.companies), cursor, most)

    async def history(self, company: str, since: datetime) -> list[ProbeRow]:
        """The sender's probes of one company launched since then, oldest first. Raises NotThereError."""
        self.paths(company)
        return await self.backend.store.probes.history_of_company(company, since)

    async def probes_by_hand(self, company: str, since: datetime, most: int) -> list[ProbeRow]:
        """The newest probes of one company that somebody asked for, newest first; none of one that is removed."""
        if not self.caller.sees(company):
            raise NotThereError(f"company {company}")
        return await self.backend.store.probes.by_hand_of_company(company, since, most)

    async def results(self, since: datetime, company: str = "") -> tuple[datetime, list[ResultCount]]:
        """Results of all or of one company since then, and since when exactly: see `window_start`. Raises
        NotThereError."""
        companies = self.caller.companies
        if company:
            self.paths(company)
            companies = (company,)
        begin = window_start(since, self.backend.now())
        return begin, await self.backend.store.probes.results(begin, companies)

    async def real_mail(self, company: str) -> RealComparison | None:
        """The sender's real mail to one company beside its probes, of the last day; None if it is not counted. Raises
        NotThereError."""
        self.paths(company)
        if company not in self.backend.counted_companies.of(self.backend.config()):
            return None
        since, store = window_of(self.backend.now()), self.backend.store
        real, replies = await store.real_mail.since(company, since), await store.real_mail.replies(company, since)
        history = await store.probes.history_of_company(company, since)
        return await asyncio.to_thread(compared, real, history, since, replies)

    async def delivery_times(self, since: datetime, company: str = "") -> list[DeliveryTimes]:
        """Delivery times of the same results; `since` as they began. Raises NotThereError."""
        companies = self.caller.companies
        if company:
            self.paths(company)
            companies = (company,)
        return await self.backend.store.probes.delivery_times(since, companies)

    async def windows(self, company: str, starts: Sequence[datetime]) -> CompanyWindows:
        """The results of one company since each of these times. Raises NotThereError."""
        self.paths(company)
        return await self.backend.store.probes.windows(company, starts)

    async def series(self, company: str, slots: TimeSlots) -> CompanySeries:
        """The results of one company in each slot of time. Raises NotThereError."""
        self.paths(company)
        return await self.backend.store.probes.series(company, slots)

    async def all_codes_in_time(self) -> tuple[CodeLevels, ...] | None:
        """The codes of all companies that the caller may see; None as long as the store cannot be read."""
        return await self.backend.recent_levels.of(self.caller.seen(self.backend.board.companies))

    async def overview_figures(self) -> OverviewFigures | None:
        """The figures of all companies, of which the caller may be shown theirs; None as long as the store cannot be
        read."""
        return await self.backend.recent_figures.read()

    async def neighbours(self, probe: Probe) -> tuple[str, str]:
        """Ids of the probes before and after this one, of the same path, kind and role; "" where there is none."""
        line = ProbeFilter(self.caller.companies, probe.company, probe.path, probe.kind, probe.role)
        before = await self.probes(line, Cursor(probe.created_at, probe.id), 1)
        after = ""
        for stretch in SOON_AFTER:  # a list begins with the newest: the nearest is the last of a short stretch
            found = replace(line, since=probe.created_at, until=probe.created_at + stretch)
            cursor: Cursor | None = None
            for _ in range(LOOKS):
                part = await self.probes(found, cursor, 200)
                later = [row.probe_id for row in part.probes if (row.launched_at, row.probe_id) > _place(probe)]
                after, cursor = (later or [after])[-1], part.next
                if cursor is None:
                    break
            if after:
                break
        return before.probes[0].probe_id if before.probes else "", after

    async def audit_entries(self, before: str, most: int) -> tuple[list[tuple[int | None, AuditEntry]], str]:
        """The newest lines of the audit log before that place, "" for the newest of all, and where the following ones
        begin, "" at the end. Whoever is bound to companies sees what was done to theirs, without the lines' numbers:
        these would tell how much others do. Raises NotThereError for what is no place."""
        seal = Seal(self.caller, await self.backend.store.key(), "audit log")
        number = self._audit_number(before, seal)
        found: list[tuple[int, AuditEntry]] = []
        for _ in range(LOOKS):
            part = await self.backend.store.people.audit_log(number, most)
            number = part[-1][0] if len(part) == most else None
            found += [line for line in part if self.caller.sees_all or self.caller.sees(line[1].company)]
            if number is None or len(found) >= most:
                break
        if len(found) > most:
            number = found[most - 1][0]
        if self.caller.sees_all:
            return list(found[:most]), "" if number is None else str(number)
        sealed = "" if number is None else seal.close(number.to_bytes(AUDIT_OCTETS))
        return [(None, entry) for _, entry in found[:most]], sealed

    def _audit_number(self, before: str, seal: Seal) -> int | None:
        if not before:
            return None
        if not self.caller.sees_all:
            opened = seal.open(before)
            if opened is None:
                raise NotThereError("place in the audit log of this name")
            return int.from_bytes(opened)
        if not (before.isascii() and before.isdigit() and len(before) < 18):
            raise NotThereError("place in the audit log of this name")
        return int(before)

    def _visible_notice(self, record: NoticeRecord) -> NoticeRecord:
        """The notice. One that another incident takes over says how wide that is: not the caller's to know."""
        if self.caller.sees_all or record.notice.news is not NoticeKind.MERGED:
            return record
        text = "It is not over: another incident, which is wider, speaks for it from now on."
        return replace(record, notice=replace(record.notice, text=text))


def _place(probe: Probe) -> tuple[datetime, str]:
    return probe.created_at, probe.id


def caller_view_of(request: web.Request) -> CallerView:
    """The service, for whoever sent this request."""
    return CallerView(request.app[BACKEND], request[CALLER])
