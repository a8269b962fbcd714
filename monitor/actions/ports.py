"""The parts of the service and of the caller that an action needs; supplied by the pages and the API."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from monitor.actions.rate_limit import Allowance
from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Incident
from monitor.incidents.mute import Mute
from monitor.oncall.incident_reader import IncidentsShown
from monitor.people.caller import Caller
from monitor.probing.requester import Requester
from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role


class ProbeService(Protocol):
    """Sends probes: the running service, or a command beside it. `admits` counts one more probe against the limits of a
    path; `give_back` undoes that."""

    @property
    def config(self) -> Callable[[], Config]: ...
    @property
    def store(self) -> Store: ...
    @property
    def launch(self) -> Callable[[WatchedPath, Kind, Role, Requester], Awaitable[Probe]]: ...
    @property
    def admits(self) -> Callable[[WatchedPath], bool]: ...
    @property
    def give_back(self) -> Callable[[WatchedPath], None]: ...
    @property
    def manual(self) -> Allowance: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class ServicePort(ProbeService, Protocol):
    """The running service."""

    @property
    def incident_engine(self) -> IncidentsShown: ...
    @property
    def diagnose(self) -> Callable[[Diagnosis, str, str], Awaitable[None]]: ...
    @property
    def poke_remedies(self) -> Callable[[], None]: ...


class ProbeScope(Protocol):
    """A service that sends probes, and who asks for them."""

    @property
    def backend(self) -> ProbeService: ...
    @property
    def caller(self) -> Caller: ...


class CallerScope(Protocol):
    """The service as one caller sees it. Anything else raises NotThereError, as if it did not exist."""

    @property
    def backend(self) -> ServicePort: ...
    @property
    def caller(self) -> Caller: ...

    def paths(self, company: str = "") -> list[WatchedPath]:
        """Return the monitored paths, all or those of one company."""

    def path(self, company: str, path: str) -> WatchedPath:
        """Return one monitored path."""

    async def mutes(self) -> list[Mute]:
        """Return the mutes that the caller may see."""


class IncidentScope(Protocol):
    """The incidents of the service as one caller sees them."""

    @property
    def backend(self) -> ServicePort: ...
    @property
    def caller(self) -> Caller: ...

    async def whole_incident(self, incident_id: str) -> Incident | None:
        """Return an incident if all of it is the caller's; None if it affects others too. Raises NotThereError."""
