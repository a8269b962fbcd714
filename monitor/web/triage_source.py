"""The facts of triage, as one caller may see them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Incident
from monitor.incidents.mute import Mute
from monitor.incidents.work import IncidentWork
from monitor.probing.current import CurrentVerdict
from monitor.remedying.applied import AppliedRemedy
from monitor.standing.record import FactRecord
from monitor.store import ProbeFilter
from monitor.triage.facts import SenderLog
from monitor.web.caller_view import CallerView
from probes.check import Check
from probes.resolver import MailHosts, Unresolved
from probes.sender import Role
from probes.standing.fact import Fact
from probes.verdict import Outcome


class CallerTriage:
    """See `monitor.actions.triage.TriageSource`."""

    def __init__(self, view: CallerView) -> None:
        self._view, self._backend = view, view.backend

    @property
    def sees_all(self) -> bool:
        return self._view.caller.sees_all

    def config(self) -> Config:
        return self._backend.config()

    def now(self) -> datetime:
        return self._backend.now()

    def paths(self) -> Sequence[WatchedPath]:
        return self._view.paths()

    def current_verdicts(self, paths: Iterable[WatchedPath]) -> Mapping[Check, CurrentVerdict]:
        return self._view.current_verdicts(paths)

    def open_incidents(self) -> Sequence[Incident]:
        return self._view.open_incidents()

    async def mutes(self) -> Sequence[Mute]:
        return await self._view.mutes()

    async def work(self) -> Mapping[str, IncidentWork]:
        return await self._view.open_work()

    async def last_good(self, check: Check) -> datetime | None:
        wanted = ProbeFilter(None, *check, role=Role.SENDER, outcome=Outcome.INBOX, usual=True)
        found = (await self._view.probes(wanted, None, 1)).probes
        return found[0].launched_at if found else None

    async def remedies(self, company: str) -> Sequence[AppliedRemedy]:
        return await self._view.remedies(company)

    async def standing(self) -> Sequence[FactRecord]:
        return await self._backend.store.standing.current()

    async def mail_hosts(self, domain: str, seconds: float) -> MailHosts | Unresolved | None:
        async with self._backend.lookups:
            return await self._backend.mail_hosts(domain, seconds)

    async def stopping(self, domain: str, seconds: float) -> Sequence[Fact]:
        async with self._backend.lookups:
            return await self._backend.stopping(domain, seconds)

    async def sender_log(self, address: str, seconds: float) -> SenderLog | None:
        async with self._backend.lookups:
            return await self._backend.sender_log(address, seconds)
