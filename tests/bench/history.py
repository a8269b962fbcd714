"""Earlier runs: kept for each machine, outside the repository, and what has changed since.

A change counts only if it is larger than the noise: if the rounds of the two runs do not overlap. A figure of a single
round has no noise that could be told, so its change is shown and never judged.
"""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure, Finding, Key

KEPT = 50  # runs of a machine

Past = Mapping[Key, tuple[float, ...]]
"""The rounds of each figure."""


@dataclass(frozen=True, slots=True)
class Change:
    """From an earlier run to this one. `share`: 0.1 is ten percent more; `beyond_noise`: no round of one is among those
    of the other."""

    share: float
    beyond_noise: bool
    better: bool

    def __str__(self) -> str:
        text = f"{self.share * 100:+.0f} %"
        return f"{text} {'better' if self.better else 'worse'}" if self.beyond_noise else text


def folder() -> Path:
    """Where the runs of this machine are: below $XDG_STATE_HOME."""
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if state.startswith("/") else Path.home() / ".local/state"  # a relative one is to be ignored
    return home / "mailpath-bench" / f"{platform.node() or 'unnamed'}-{os.cpu_count()}-cores"


def keep(text: str, at: str, quick: bool, runs: Path) -> Path:
    """Keep a run, written as JSON; the oldest are deleted. `at`: its time, in ISO format."""
    runs.mkdir(parents=True, exist_ok=True)
    file = runs / f"{at.replace(':', '')}.{_mode(quick)}.json"
    file.write_text(text)
    for old in sorted(runs.glob("*.json"))[:-KEPT]:
        old.unlink()
    return file


def last(quick: bool, runs: Path) -> Past:
    """Each figure of the newest run that has it, among those as quick as this one."""
    found: dict[Key, tuple[float, ...]] = {}
    for file in sorted(runs.glob(f"*.{_mode(quick)}.json")):
        found |= read(file)
    return found


def read(file: Path) -> Past:
    """The figures of one run. Raises ValueError if the file is none, OSError if it cannot be read."""
    try:
        rows = json.loads(file.read_text())["figures"]
        return {(row["group"], row["name"], row["unit"]): tuple(map(float, row["values"])) for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: is no run of the bench: {error}") from error


def changes(findings: Iterable[Finding], past: Past) -> dict[Key, Change]:
    """What has changed of the figures that were measured before."""
    compared = [(found, past.get(found.key)) for found in findings if isinstance(found, Figure)]
    return {now.key: _change(now, before) for now, before in compared if before and min(before) > 0}


def _change(now: Figure, before: tuple[float, ...]) -> Change:
    """Of the best rounds: what else the machine does makes a round slower, never faster."""
    best = max if now.more_is_better else min
    share = best(now.values) / best(before) - 1
    apart = min(now.values) > max(before) or max(now.values) < min(before)
    several = len(now.values) > 1 and len(before) > 1
    return Change(share, apart and several, (share > 0) == now.more_is_better)


def _mode(quick: bool) -> str:
    return "quick" if quick else "full"
