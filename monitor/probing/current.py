"""The present state of every path and kind, and what has been counted since the start. Metrics and pages read it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from monitor.config import WatchedPath
from monitor.events import Event, Judged
from monitor.store import Present
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Outcome, Verdict

LIVES = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)  # seconds; codes live 600


@dataclass(frozen=True, slots=True)
class CurrentVerdict:
    """The verdict that counts for a path and kind now, and the probe it is from."""

    verdict: Verdict
    at: datetime
    launched_at: datetime
    delivery: timedelta | None
    probe_id: str


class Histogram:
    """Counts of durations in buckets up to each of `LIVES` seconds and beyond."""

    def __init__(self) -> None:
        self.counts = [0] * (len(LIVES) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[next((i for i, limit in enumerate(LIVES) if seconds <= limit), len(LIVES))] += 1
        self.total += seconds


class Board:
    """Listens to the pipeline and keeps the score, of the paths that are configured and of no others."""

    def __init__(self) -> None:
        self.paths: dict[tuple[str, str], WatchedPath] = {}
        self.current_verdicts: dict[Check, CurrentVerdict] = {}
        self.control: dict[Check, CurrentVerdict] = {}
        self.neighbour: dict[Check, CurrentVerdict] = {}
        self.probes: Counter[tuple[str, str, str]] = Counter()  # company, outcome, cause
        self.deliveries: dict[tuple[str, Kind], Histogram] = {}

    def configure(self, paths: Iterable[WatchedPath]) -> None:
        """Show these paths; forget all others, so that no stale line stands for a path that is gone."""
        self.paths = {(path.company, path.path): path for path in paths}
        companies = {company for company, _ in self.paths}
        for current_verdicts in map(self._role, Role):
            for line in [line for line in current_verdicts if not self._shows(line)]:
                del current_verdicts[line]
        for key in [key for key in self.probes if key[0] not in companies]:
            del self.probes[key]
        for company_kind in [key for key in self.deliveries if key[0] not in companies]:
            del self.deliveries[company_kind]

    def recall(self, presents: Iterable[Present]) -> None:
        """Start from what the store remembers."""
        for now in presents:
            line = Check(now.company, now.path, now.kind)
            if self._shows(line):
                standing = CurrentVerdict(now.verdict, now.judged_at, now.launched_at, now.delivery, now.probe_id)
                self._role(now.role)[line] = standing

    def clock_was_set(self, now: datetime) -> None:
        """What seems to be from the future is from now: it is older than whatever comes."""
        for current_verdicts in (self.current_verdicts, self.control):
            for line, each in current_verdicts.items():
                if max(each.at, each.launched_at) > now:
                    at, launched_at = min(each.at, now), min(each.launched_at, now)
                    current_verdicts[line] = replace(each, at=at, launched_at=launched_at)

    def hear(self, event: Event) -> None:
        """Keep a verdict. One on an older probe than the present one is counted, and not shown."""
        judged, probe = event.what, event.probe
        if not isinstance(judged, Judged) or not self._shows(line := probe.check):
            return
        current_verdicts = self._role(probe.role)
        if line not in current_verdicts or current_verdicts[line].launched_at <= probe.created_at:
            current_verdicts[line] = CurrentVerdict(
                judged.verdict, judged.at, probe.created_at, judged.delivery, probe.id
            )
        if probe.role is Role.SENDER:
            self._count(probe.company, probe.kind, judged)

    def _count(self, company: str, kind: Kind, judged: Judged) -> None:
        if not judged.amends:
            self.probes[company, judged.verdict.outcome, judged.verdict.cause or ""] += 1
        if judged.delivery is not None and judged.verdict.outcome in (Outcome.INBOX, Outcome.LATE):
            histogram = self.deliveries.setdefault((company, kind), Histogram())
            histogram.observe(judged.delivery.total_seconds())

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

    def _shows(self, line: Check) -> bool:
        path = self.paths.get(line[:2])
        return path is not None and line[2] in path.kinds
