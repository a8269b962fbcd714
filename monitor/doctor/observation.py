"""Observations, the premises they are made on, and the examinations that make them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.config import Config, WatchedPath
from probes.outside import Outside
from probes.standing.fact import State

SIMULATED = "simulated by [sandbox]: it fails on purpose, or nothing simulates it now (`mailpath serve` does)"


@dataclass(frozen=True, slots=True)
class Observation:
    """One part that was tried. `seen` is a sentence without its full stop; `advice`, what to do: "" where all is well.

    A state is that of a fact: weak works and should be improved, bad does not work, unknown could not be tried.
    """

    subject: str
    state: State
    seen: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Premises:
    """The installation. `file` is that of the configuration, `warnings` are those of `check-config`, `timeout` is in
    seconds, for one dialogue, lookup or mailbox."""

    config: Config
    file: Path
    warnings: tuple[str, ...]
    outside: Outside
    timeout: float

    def of_path(self, path: WatchedPath, finding: Observation) -> Observation:
        """Return what this says of a path: a simulated company has a mail system only while the sandbox runs."""
        if finding.state is not State.BAD or path.company not in self.config.sandbox.companies:
            return finding
        return Observation(finding.subject, State.NONE, SIMULATED)


Examine = Callable[[Premises], AsyncIterator[Observation]]
"""Yields a finding as soon as it is known. Raises nothing but cancellation."""


@dataclass(frozen=True, slots=True)
class Examination:
    """A row of the table: the word for `--only`, and the question that it answers."""

    name: str
    question: str
    examine: Examine
