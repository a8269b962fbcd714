"""What one caller may see of the service. Pages and API ask only here, so that nothing of another company is anywhere.

What is not theirs is not there for them: it raises `NotThereError`, exactly as what never was.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.board import Line, Standing
from monitor.config import WatchedPath
from monitor.events import Event
from monitor.incidents.incident import Entry, Incident
from monitor.incidents.mute import Mute
from monitor.people.caller import Caller
from monitor.store import NoticeRecord, Record

if TYPE_CHECKING:
    from monitor.web.backend import Backend


class NotThereError(Exception):
    """There is no such thing for this caller. Its text names what was asked for."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One incident with its history and its notices, as the caller may see it."""

    incident: Incident
    entries: tuple[Entry, ...]
    notices: tuple[NoticeRecord, ...]


class Sight:
    """The service, for this caller."""

    def __init__(self, backend: "Backend", caller: Caller) -> None:
        self.backend, self.caller = backend, caller

    def paths(self, company: str = "") -> list[WatchedPath]:
        """The watched paths, all or those of one company; in the configuration's order."""
        found = [
            path
            for path in self.backend.board.paths.values()
            if self.caller.sees(path.company) and company in ("", path.company)
        ]
        if company and not found:
            raise NotThereError(f"company {company}")
        return found

    def path(self, company: str, path: str) -> WatchedPath:
        """One watched path. Raises NotThereError."""
        found = self.backend.board.paths.get((company, path)) if self.caller.sees(company) else None
        if found is None:
            raise NotThereError(f"path {company}/{path}")
        return found

    def standings(self, paths: Iterable[WatchedPath]) -> dict[Line, Standing]:
        """The present verdicts on these paths, as far as there are any."""
        board = self.backend.board.standings
        lines = [(path.company, path.path, kind) for path in paths for kind in path.kinds]
        return {line: board[line] for line in lines if line in board}

    async def record(self, probe_id: str) -> Record:
        """One probe with all that is known of it. Raises NotThereError."""
        record = await self.backend.store.record(probe_id)
        if record is None or not self.caller.sees(record.probe.company):
            raise NotThereError(f"probe {probe_id}")
        return record

    def open_incidents(self) -> list[Incident]:
        """Those that touch what is the caller's, as far as it is theirs."""
        found = (self._own(incident) for incident in self.backend.casebook.incidents)
        return [incident for incident in found if incident]

    async def incidents(self, most: int) -> list[Incident]:
        """Open ones and those that are over, the newest first among them."""
        found = await self.backend.store.incidents(most, open_only=False)
        return [own for incident in found if (own := self._own(incident))]

    async def incident(self, incident_id: str) -> Whole:
        """One incident. Of one that touches others too, its history and notices are not told: they name them."""
        similar = await self.backend.store.find_incidents(incident_id)
        found = next((each for each in similar if each.id == incident_id), None)
        own = self._own(found) if found else None
        if found is None or own is None:
            raise NotThereError(f"incident {incident_id}")
        if own is not found:
            return Whole(own, (), ())
        store = self.backend.store
        return Whole(own, tuple(await store.entries(found.id)), tuple(await store.notices_of(found.id)))

    async def mutes(self) -> list[Mute]:
        """Mutes that concern what is the caller's. What silences a mail system or everything concerns all."""
        stored = await self.backend.store.mutes()
        planned = [mute for each in self.backend.config().maintenance for mute in each.mutes()]
        return [mute for mute in (*planned, *stored) if not mute.company or self.caller.sees(mute.company)]

    def wants(self, event: Event) -> bool:
        """Whether what happened is the caller's to see."""
        return self.caller.sees(event.probe.company)

    def _own(self, incident: Incident) -> Incident | None:
        """The incident without what others have; None if nothing is left. The very same where nothing was left out."""
        caller = self.caller
        if caller.sees_all or all(caller.sees(company) for company in incident.companies):
            return incident
        if not caller.sees_incident(incident):
            return None
        failures = tuple(failure for failure in incident.failures if caller.sees(failure.company))
        return replace(
            incident,
            companies=caller.seen(incident.companies),
            touches=caller.seen(incident.touches),
            failures=failures,
            failing=len(failures),
            told={},
            merged_into="",
            muted_by=("muted",) if incident.muted_by else (),
        )
