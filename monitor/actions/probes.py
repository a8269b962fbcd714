"""Send manual probes, for the pages, the API and the command line, so that all share the same limits.

Every probe is written to the audit log, and counted from there: several processes may share a store. Either all probes
of a request are sent or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.actions.ports import CallerScope, ProbeScope
from monitor.actions.rate_limit import HOUR, Limit, TooManyError
from monitor.config import WatchedPath
from monitor.people.person import AuditAction
from monitor.probing.requester import Requester
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role

Wish = tuple[WatchedPath, Kind]
AUDIT_ENTRIES_PER_READ = 500  # lines of the audit log
RETRY_SOON = timedelta(minutes=1)  # until the path's own limits may let another probe through


class CannotSendError(Exception):
    """The probes cannot be sent. The text is one line with reason and remedy; `field` is the wrong input."""

    def __init__(self, said: str, field: str) -> None:
        super().__init__(said)
        self.field = field


async def send(view: CallerScope, company: str, path: str, kinds: Sequence[Kind], role: Role) -> list[Probe]:
    """Send a probe of each kind on this path, or with "" on each path of the company; without kinds, each path's first
    one.

    Raises NotThereError, CannotSendError, TooManyError, but not LaunchError: everything is checked before anything is
    sent.
    """
    paths = [view.path(company, path)] if path else view.paths(company)
    wishes = [(each, kind) for each in paths for kind in dict.fromkeys(kinds or each.kinds[:1])]
    return await send_each(view, wishes, role)


async def send_each(view: ProbeScope, wishes: Sequence[Wish], role: Role) -> list[Probe]:
    """Send a probe of each kind on its path. Raises CannotSendError, TooManyError; LaunchError where a path has no room
    after all."""
    backend, caller = view.backend, view.caller
    _check(view, [path for path, _ in wishes], role)
    await _recall(view)
    _reserve(view, wishes)
    sent: list[Probe] = []
    try:
        for path, kind in wishes:
            sent.append(await backend.launch(path, kind, role, Requester(caller.name, caller.way)))
            backend.manual.noted(_limits(view, [(path, kind)]))
    finally:
        _give_back(view, wishes[len(sent) :])
    return sent


def _reserve(view: ProbeScope, wishes: Sequence[Wish]) -> None:
    """Reserve room for all probes, or for none. Raises TooManyError."""
    backend, limits = view.backend, _limits(view, wishes)
    backend.manual.check(limits, backend.now())
    for number, (path, _) in enumerate(wishes):
        if not backend.admits(path):
            for admitted, _ in wishes[:number]:
                backend.give_back(admitted)
            raise TooManyError(f"{path.key}: no more probes are sent there now, see probes.cap", RETRY_SOON)
    backend.manual.count(limits, backend.now())


def _give_back(view: ProbeScope, unsent: Sequence[Wish]) -> None:
    """Give back the room of probes that were not sent."""
    for path, _ in unsent:
        view.backend.give_back(path)
    view.backend.manual.give_back(_limits(view, unsent) if unsent else ())


async def _recall(view: ProbeScope) -> None:
    """Count the probes of the last hour from the audit log, whichever process sent them."""
    backend, before = view.backend, None
    found: list[tuple[tuple[str, ...], datetime]] = []
    since = backend.now() - HOUR
    backend.manual.begin_recall()
    while True:
        part = await backend.store.people.audit_log(before, AUDIT_ENTRIES_PER_READ)
        for entry in (entry for _, entry in part if entry.what == AuditAction.PROBE_SENT and entry.at > since):
            found += [
                (key, entry.at) for key in (_person(entry.way, entry.who), _path(f"{entry.company}/{entry.path}"))
            ]
        if len(part) < AUDIT_ENTRIES_PER_READ or part[-1][1].at <= since:
            backend.manual.recall(found)
            return
        before = part[-1][0]


def _check(view: ProbeScope, paths: Iterable[WatchedPath], role: Role) -> None:
    """Check that control or neighbour can send here. For the sender itself the probe's verdict says why it cannot."""
    if role is Role.SENDER:
        return
    identity = view.backend.config().identities().get(role)
    if identity is None:
        raise CannotSendError(f"no {role} is configured", "as")
    for path in paths:
        if why := path.route.withholds(identity):
            raise CannotSendError(f"{path.key}: {why}", "as")


def _limits(view: ProbeScope, wishes: Sequence[Wish]) -> list[Limit]:
    """Return the hourly limits of a person and of a path."""
    most = view.backend.config().web.manual
    counts: Mapping[str, int] = {path.key: sum(other is path for other, _ in wishes) for path, _ in wishes}
    person = Limit(
        key=_person(view.caller.way, view.caller.name),
        wanted=len(wishes),
        most=most.per_person_per_hour,
        said=f"by hand one person sends at most {most.per_person_per_hour} probes in an hour",
    )
    paths = [
        Limit(
            key=_path(key),
            wanted=wanted,
            most=most.per_path_per_hour,
            said=f"{key}: by hand at most {most.per_path_per_hour} probes are sent there in an hour",
        )
        for key, wanted in counts.items()
    ]
    return [person, *paths]


def _person(way: str, name: str) -> tuple[str, ...]:
    return ("person", way, name)


def _path(key: str) -> tuple[str, ...]:
    return ("path", key)
