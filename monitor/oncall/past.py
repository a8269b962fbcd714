"""Further input of the rules besides new signals: the paths, the newest verdicts, and the past of checks that fail."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from monitor.config import Config, WatchedPath
from monitor.incidents.diagnosed import HOLDS_FOR, DiagnosisFinding
from monitor.incidents.incident import Failure, Incident
from monitor.incidents.others import KEPT
from monitor.incidents.signal import PathInfo, PathKey, Signal
from monitor.incidents.tracker import HISTORY, FailureTracker
from monitor.incidents.weight import Names
from monitor.probing.schedule import interval
from monitor.store import Present, Store
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role

AT_ONCE = 100  # checks whose past is in memory before the tracker has it


class PastReader:
    """Reads from the store into a tracker what it needs to know of the past of checks."""

    def __init__(self, store: Store, tracker: FailureTracker) -> None:
        self._store, self._tracker = store, tracker
        self._kinds: dict[PathKey, tuple[Kind, ...]] = {}
        self._others: Collection[Role] = ()

    def configure(self, config: Config) -> None:
        """Read by this configuration from now on."""
        self._kinds = {(path.company, path.path): path.kinds for path in config.paths()}
        self._others = other_identities(config)

    async def read(self, checks: Sequence[Check], incidents: Iterable[Incident], upto: int, *, late: bool) -> None:
        """Load the past of these checks as it was at signal `upto`, and what `incidents` say is failing there. `late`:
        because a verdict came late, which may well open an incident. Raises StoreError."""
        if not checks:
            return
        failing: defaultdict[Check, list[Failure]] = defaultdict(list)
        cut: set[str] = set()  # companies of incidents that keep but a part of what fails
        for incident in incidents:
            for failure in incident.failures:
                failing[failure.check].append(failure)
            if incident.failing > len(incident.failures):
                cut.update(incident.touches)
        for start in range(0, len(checks), AT_ONCE):
            histories = await self._store.probes.histories(checks[start : start + AT_ONCE], Role.SENDER, upto, HISTORY)
            for check, past in histories.items():
                not_said = check not in failing and (late or check[0] in cut)
                self._tracker.recall(check, past, None if not_said else failing.get(check, ()))
        await self._read_others({check[:2] for check in checks if self._tracker.needs_others(check)}, upto)

    async def read_diagnosed(self, now: datetime) -> None:
        """Load the newest conclusion of each path's diagnoses. Raises StoreError."""
        found: dict[PathKey, DiagnosisFinding] = {}
        for record in await self._store.diagnoses.ended_since(now - HOLDS_FOR):
            diagnosis, conclusion, place = record.diagnosis, record.conclusion, record.place
            if conclusion and conclusion.sets and place not in found:  # they come newest first
                found[place] = DiagnosisFinding(place, diagnosis.kind, conclusion, diagnosis.began_at)
        self._tracker.set_diagnosed(found.values())

    async def _read_others(self, paths: Collection[PathKey], upto: int) -> None:
        """Load other identities' results on these paths, for mail of any kind."""
        checks = [Check(*path, kind) for path in paths for kind in self._kinds[path]]
        for start in range(0, len(checks), AT_ONCE):
            for role in self._others:
                histories = await self._store.probes.histories(checks[start : start + AT_ONCE], role, upto, KEPT)
                for past in histories.values():
                    self._tracker.recall_others(past)


def other_identities(config: Config) -> dict[Role, Names]:
    """Return the other identities and their distinguishing marks."""
    identities = config.identities().items()
    return {role: Names(each.domain, each.source_ip) for role, each in identities if role is not Role.SENDER}


def path_info(path: WatchedPath, now: datetime) -> PathInfo:
    """Describe a path for the rules."""
    return PathInfo(
        company=path.company,
        company_name=path.company_name,
        mail_systems=path.mail_systems,
        path=path.path,
        kinds=path.kinds,
        every=interval(path, now),
        via=path.route.via,
        code_life=path.code_life,
        give_up=path.give_up,
        mailbox=path.mailbox_key,
    )


def newest_signal(present: Present) -> Signal:
    """Describe the current verdict of a check for the rules, after a restart."""
    return Signal(
        number=0,
        probe_id=present.probe_id,
        company=present.company,
        path=present.path,
        kind=present.kind,
        role=present.role,
        launched_at=present.launched_at,
        at=present.judged_at,
        verdict=present.verdict,
    )
