"""The last verdicts on other identities' probes, path by path: what the sender's failures are held against."""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.incidents.comparison import (
    NEUTRAL,
    TAKEN,
    Comparison,
    Differs,
    Failing,
    Got,
    Rigour,
    compared,
    differs,
    undecided,
)
from monitor.incidents.incident import Failure, Nature
from monitor.incidents.signal import PathKey, Signal
from monitor.incidents.weight import Names
from probes.check import Check
from probes.sender import Role
from probes.verdict import Outcome

KEPT = 20  # verdicts of each path and identity; more than are ever looked at together


class Others:
    """The control, and whoever else is sent beside the sender."""

    def __init__(self) -> None:
        self._differs: dict[Role, frozenset[Differs]] = {}
        self._rulings: dict[tuple[PathKey, Role], list[Signal]] = {}
        self._failed_too: dict[Check, Comparison] = {}  # the last that cleared the sender

    def configure(self, sender: Names, others: Mapping[Role, Names]) -> None:
        """These identities are compared with the sender. One that has nothing of its own tells nothing."""
        self._differs = {role: differs(sender, names) for role, names in others.items()}

    def hear(self, signal: Signal) -> None:
        """One more verdict, in any order; a probe's later one counts in place of its first."""
        kept = self._rulings.setdefault((signal.place, signal.role), [])
        kept[:] = [each for each in kept if each.probe_id != signal.probe_id]
        if signal.verdict.outcome is not Outcome.UNKNOWN:
            insort(kept, signal, key=lambda each: each.launched_at)
        del kept[:-KEPT]

    def newest(self, place: PathKey) -> Signal | None:
        """The newest verdict on whoever is compared with the sender on this path."""
        newest = (signals[-1] for role in Role if (signals := self._rulings.get((place, role))))
        return max(newest, key=lambda each: each.launched_at, default=None)

    def through_at(self, place: PathKey) -> datetime | None:
        """When the newest of their probes that this path took was launched; None if none is known."""
        taken = (
            signal.launched_at
            for role in self._differs
            for signal in self._rulings.get((place, role), ())
            if signal.verdict.outcome is Outcome.INBOX or signal.verdict.outcome in TAKEN
        )
        return max(taken, default=None)

    def beside(self, place: PathKey, failing: Failing, rigour: Rigour) -> tuple[Comparison, ...]:
        """What the others got on this path, as far as it tells anything of the failure.

        Where the sender is now stopped in other words than when it was compared, the others failed too as far as is
        known, until they are asked again: an outage changes its words while it lasts, and that accuses nobody.
        """
        line = failing.last.line
        all_that_tell = (compared(failing, signals, differing, rigour) for signals, differing in self._of(place))
        if found := tuple(each for each in all_that_tell if each):
            cleared = next((each for each in found if each.got is not Got.THROUGH and each.differs == NEUTRAL), None)
            if cleared:
                self._failed_too[line] = cleared
            else:
                self._failed_too.pop(line, None)
            return found
        before = self._failed_too.get(line) if self._differs else None
        if before and before.at >= failing.since - rigour.around:
            return (replace(before, got=Got.FAILED, lost=False),)
        self._failed_too.pop(line, None)
        return ()

    def recall(self, failures: Iterable[Failure]) -> None:
        """What open incidents say of earlier comparisons."""
        for each in failures:
            if each.nature is Nature.THEIR_SYSTEM and each.compared_at:
                self._failed_too[each.line] = Comparison(NEUTRAL, Got.FAILED, each.compared_at)

    def undecided(self, place: PathKey, failing: Failing, rigour: Rigour) -> bool:
        """Whether one more control soon would tell more: the newest failed, and that may be chance."""
        signals = self._rulings.get((place, Role.CONTROL), [])
        found = compared(failing, signals, self._differs.get(Role.CONTROL, frozenset()), rigour)
        decided = found is not None and found.got is not Got.THROUGH
        return not decided and undecided(failing, signals, rigour)

    def _of(self, place: PathKey) -> Iterator[tuple[list[Signal], frozenset[Differs]]]:
        for role, differing in self._differs.items():
            yield self._rulings.get((place, role), []), differing
