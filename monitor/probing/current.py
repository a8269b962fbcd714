"""The current state of every path and kind, and what was counted since the start. It follows the store's signals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar, assert_never

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.measures.histogram import Exemplar, Histogram
from monitor.probing.code_counts import CodeCountKey, CodeCounts, one_of_each
from monitor.probing.delivery_times import bounds_with
from monitor.store import Present
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class CurrentVerdict:
    """The verdict in force for a path and kind, and its probe."""

    verdict: Verdict
    at: datetime
    launched_at: datetime
    delivery: timedelta | None
    probe_id: str


class DeliveryKey(NamedTuple):
    """Key of a histogram of delivery times. `mail_system`: the first that the mail reaches."""

    company: str
    mail_system: str
    needs_code: bool


DELIVERED = (Outcome.INBOX, Outcome.LATE)
K = TypeVar("K", DeliveryKey, tuple[str, bool])


@dataclass(frozen=True, slots=True)
class CompanyState:
    """State of one company on the board. `probes`: by outcome and cause. To be read before the board goes on."""

    paths: Sequence[WatchedPath]
    current_verdicts: Sequence[tuple[Check, CurrentVerdict]]
    control: Sequence[tuple[Check, CurrentVerdict]]
    probes: Mapping[tuple[str, str], int]
    codes: Mapping[CodeCountKey, int]
    codes_in_time: Mapping[CodeCountKey, int]


class Board:
    """Keeps the current verdicts and counts, of the paths that are configured and of no others. `companies` has the
    paths of each."""

    def __init__(self) -> None:
        self.paths: dict[tuple[str, str], WatchedPath] = {}
        self.companies: dict[str, tuple[WatchedPath, ...]] = {}
        self.current_verdicts: dict[Check, CurrentVerdict] = {}
        self.control: dict[Check, CurrentVerdict] = {}
        self.neighbour: dict[Check, CurrentVerdict] = {}
        self.probes: dict[str, Counter[tuple[str, str]]] = {}  # by company: outcome, cause
        self.codes = CodeCounts()
        self.deliveries: dict[DeliveryKey, Histogram] = {}
        self.deliveries_of_systems: dict[tuple[str, bool], Histogram] = {}  # of all companies: mail system, needs code
        self.revisions: dict[str, int] = {}  # by company: another number after each change
        self._in_order: dict[str, int] = {}  # the same, the last changed last
        self.revision = 0  # of the last change

    def configure(self, paths: Iterable[WatchedPath]) -> None:
        """Show these paths; drop all others, so that no stale line remains for a removed path."""
        self.paths = {(path.company, path.path): path for path in paths}
        companies: dict[str, list[WatchedPath]] = {}
        for path in self.paths.values():
            companies.setdefault(path.company, []).append(path)
        self.companies = {company: tuple(members) for company, members in companies.items()}
        for current_verdicts in map(self._role, Role):
            for check in [check for check in current_verdicts if not self._shows(check)]:
                del current_verdicts[check]
        self.probes = {company: self.probes.get(company, Counter()) for company in companies}
        self._configure_deliveries()
        self.codes.configure(self.paths.values())
        self.revisions, self._in_order = {}, {}
        self._changed(self.companies)

    def _configure_deliveries(self) -> None:
        """All histograms exist from the start, empty. If bounds have changed, they begin anew, as at a restart."""
        bounds = bounds_with(path.code_life for path in self.paths.values())
        shown = {_delivery_key(path, kind) for path in self.paths.values() for kind in one_of_each(path.kinds)}
        self.deliveries = _kept(self.deliveries, shown, bounds)
        self.deliveries_of_systems = _kept(self.deliveries_of_systems, {key[1:] for key in shown}, bounds)

    def recall(self, presents: Iterable[Present]) -> None:
        """Load current verdicts from the store."""
        for now in presents:
            check = Check(now.company, now.path, now.kind)
            if self._shows(check):
                current = CurrentVerdict(now.verdict, now.judged_at, now.launched_at, now.delivery, now.probe_id)
                self._role(now.role)[check] = current
                self._changed((check.company,))

    def clock_was_set(self, now: datetime) -> None:
        """Move times in the future to now: they are older than whatever comes."""
        for current_verdicts in map(self._role, Role):
            for check, each in current_verdicts.items():
                if max(each.at, each.launched_at) > now:
                    at, launched_at = min(each.at, now), min(each.launched_at, now)
                    current_verdicts[check] = replace(each, at=at, launched_at=launched_at)
                    self._changed((check.company,))

    def take(self, signals: Sequence[Signal]) -> None:
        """Keep verdicts, in their order. One on an older probe than the current one is counted, and not shown."""
        for signal in signals:
            if self._shows(check := signal.check):
                self._keep(check, signal)
                self._changed((check.company,))

    def company(self, company: str) -> CompanyState:
        """Return what is known of a configured company."""
        checks = [check for path in self.companies[company] for check in path.checks]
        return CompanyState(
            paths=self.companies[company],
            current_verdicts=[(check, now) for check in checks if (now := self.current_verdicts.get(check))],
            control=[(check, now) for check in checks if (now := self.control.get(check))],
            probes=self.probes[company],
            codes=self.codes.judged.get(company, {}),
            codes_in_time=self.codes.in_time.get(company, {}),
        )

    def changed_since(self, revision: int) -> Iterator[str]:
        """Return the companies that have changed since that revision, the last changed first."""
        for company, changed in reversed(self._in_order.items()):
            if changed <= revision:
                return
            yield company

    def _changed(self, companies: Iterable[str]) -> None:
        for company in companies:
            self.revision += 1
            self._in_order.pop(company, None)
            self.revisions[company] = self._in_order[company] = self.revision

    def _keep(self, check: Check, signal: Signal) -> None:
        current_verdicts = self._role(signal.role)
        if check not in current_verdicts or current_verdicts[check].launched_at <= signal.launched_at:
            current_verdicts[check] = CurrentVerdict(
                signal.verdict, signal.at, signal.launched_at, signal.delivery, signal.probe_id
            )
        if signal.role is Role.SENDER:
            self._count(signal)

    def _count(self, signal: Signal) -> None:
        path, verdict = self.paths[signal.place], signal.verdict
        self.codes.take(path, signal)
        if not signal.amends:
            self.probes[signal.company][verdict.outcome, verdict.cause or ""] += 1
        if signal.delivery is not None and verdict.outcome in DELIVERED:
            seconds = signal.delivery.total_seconds()
            key, exemplar = _delivery_key(path, signal.kind), Exemplar(signal.probe_id, seconds, signal.at)
            self.deliveries[key].observe(seconds, exemplar)
            self.deliveries_of_systems[key.mail_system, key.needs_code].observe(seconds, exemplar)

    def _role(self, role: Role) -> dict[Check, CurrentVerdict]:
        match role:
            case Role.SENDER:
                return self.current_verdicts
            case Role.CONTROL:
                return self.control
            case Role.NEIGHBOUR:
                return self.neighbour
            case _:
                assert_never(role)

    def _shows(self, check: Check) -> bool:
        path = self.paths.get(check[:2])
        return path is not None and check[2] in path.kinds


def _delivery_key(path: WatchedPath, kind: Kind) -> DeliveryKey:
    return DeliveryKey(path.company, path.mail_system, kind.facts.needs_code)


def _kept(histograms: Mapping[K, Histogram], shown: Iterable[K], bounds: tuple[float, ...]) -> dict[K, Histogram]:
    """Return a histogram for each that is shown: what it was, if its bounds stay."""
    kept = {key: each for key, each in histograms.items() if each.bounds == bounds}
    return {key: kept.get(key) or Histogram(bounds) for key in shown}
