"""What an action needs of the service and of whoever asks: the pages and the API bring it along."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from monitor.actions.rate_limit import Allowance
from monitor.config import Config, WatchedPath
from monitor.incidents.mute import Mute
from monitor.oncall.engine import IncidentEngine
from monitor.people.caller import Caller
from monitor.store import Store
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role


class ServicePort(Protocol):
    """The running service. `admits` counts one more probe against the limits of a path; `give_back` undoes that."""

    @property
    def config(self) -> Callable[[], Config]: ...
    @property
    def store(self) -> Store: ...
    @property
    def casebook(self) -> IncidentEngine: ...
    @property
    def launch(self) -> Callable[[WatchedPath, Kind, Role], Awaitable[Probe]]: ...
    @property
    def admits(self) -> Callable[[WatchedPath], bool]: ...
    @property
    def give_back(self) -> Callable[[WatchedPath], None]: ...
    @property
    def manual(self) -> Allowance: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class CallerScope(Protocol):
    """The service as far as one caller sees it. What is not theirs raises NotThereError, as what never was."""

    @property
    def backend(self) -> ServicePort: ...
    @property
    def caller(self) -> Caller: ...

    def paths(self, company: str = "") -> list[WatchedPath]:
        """The watched paths, all or those of one company."""

    def path(self, company: str, path: str) -> WatchedPath:
        """One watched path."""

    async def mutes(self) -> list[Mute]:
        """The mutes that the caller may know of."""
