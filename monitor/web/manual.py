"""Probes that somebody sends by hand: the pages and the API send them here, so that both know the same limits.

What was sent is written into the audit log. All of one wish is sent, or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from monitor.config import WatchedPath
from monitor.people.person import Deed
from monitor.web.allowance import Limit, TooManyError
from monitor.web.sight import Sight
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role

SOON = timedelta(minutes=1)  # until the path's own limits may let another probe through


class CannotSendError(Exception):
    """This cannot be sent, now or ever. Its text is one line that says why and what to do; `field` is what is wrong."""

    def __init__(self, said: str, field: str) -> None:
        super().__init__(said)
        self.field = field


async def send(sight: Sight, company: str, path: str, kinds: Sequence[Kind], role: Role) -> list[Probe]:
    """Send a probe of each kind on this path, or with "" on each path of the company; without kinds, each path's first.

    Raises NotThereError, CannotSendError, TooManyError. LaunchError is not among them: what can be known is asked
    before anything is sent.
    """
    backend, caller = sight.backend, sight.caller
    sites = [sight.path(company, path)] if path else sight.paths(company)
    wishes = [(site, kind) for site in sites for kind in dict.fromkeys(kinds or site.kinds[:1])]
    _check(sight, sites, role)
    backend.manual.take(_limits(sight, wishes), backend.now())
    for site, _ in wishes:
        if not backend.admits(site):
            raise TooManyError(f"{site.key}: no more probes are sent there now, see probes.cap", SOON)
    sent = []
    for site, kind in wishes:
        probe = await backend.launch(site, kind, role)
        sent.append(probe)
        about = f"{site.key} {kind} as {role}, probe {probe.id}"
        await backend.store.note(Deed(backend.now(), caller.name, caller.way, "probe", about, company))
    return sent


def _check(sight: Sight, sites: Iterable[WatchedPath], role: Role) -> None:
    """Whether whom we compare with can speak here. Of the sender itself the probe tells why it cannot."""
    if role is Role.SENDER:
        return
    identity = sight.backend.config().identities().get(role)
    if identity is None:
        raise CannotSendError(f"there is no {role}; add a [{role}] table to the configuration", "as")
    for site in sites:
        if why := site.route.withholds(identity):
            raise CannotSendError(f"{site.key}: {why}", "as")


def _limits(sight: Sight, wishes: Sequence[tuple[WatchedPath, Kind]]) -> list[Limit]:
    """What one person may send in an hour, and what may come on one path."""
    most = sight.backend.config().web.manual
    counts: Mapping[str, int] = {site.key: sum(other is site for other, _ in wishes) for site, _ in wishes}
    person = Limit(
        key=("person", sight.caller.way, sight.caller.name),
        wanted=len(wishes),
        most=most.per_person_per_hour,
        said=f"by hand one person sends at most {most.per_person_per_hour} probes in an hour",
    )
    paths = [
        Limit(
            key=("path", key),
            wanted=wanted,
            most=most.per_path_per_hour,
            said=f"{key}: by hand at most {most.per_path_per_hour} probes are sent there in an hour",
        )
        for key, wanted in counts.items()
    ]
    return [person, *paths]
