"""The last verdicts on other identities' probes, by path: the basis of comparison for the sender's failures."""

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
from monitor.incidents.diagnosed import DiagnosisFinding, ProvenCause
from monitor.incidents.incident import Failure, Nature
from monitor.incidents.signal import PathKey, Signal
from monitor.incidents.weight import Names
from probes.check import Check
from probes.sender import Role
from probes.verdict import Outcome

KEPT = 20  # verdicts of each path and identity; more than are ever looked at together


class Others:
    """Results of the control and of other identities sent beside the sender."""

    def __init__(self) -> None:
        self._differs: dict[Role, frozenset[Differs]] = {}
        self._rulings: dict[tuple[PathKey, Role], list[Signal]] = {}
        self._diagnosed: dict[PathKey, DiagnosisFinding] = {}
        self._failed_too: dict[Check, Comparison] = {}  # the last that cleared the sender

    def configure(self, sender: Names, others: Mapping[Role, Names]) -> None:
        """Set the identities to compare with. One that does not differ from the sender proves nothing."""
        self._differs = {role: differs(sender, names) for role, names in others.items()}

    def add(self, signal: Signal) -> None:
        """Add a verdict, in any order; a later verdict on a probe replaces its first."""
        kept = self._rulings.setdefault((signal.place, signal.role), [])
        kept[:] = [each for each in kept if each.probe_id != signal.probe_id]
        if signal.verdict.outcome is not Outcome.UNKNOWN:
            insort(kept, signal, key=lambda each: each.launched_at)
        del kept[:-KEPT]

    def set_diagnosed(self, findings: Iterable[DiagnosisFinding]) -> list[PathKey]:
        """Replace the newest conclusions of diagnoses, one for each path; return the paths where they changed."""
        before, self._diagnosed = self._diagnosed, {finding.place: finding for finding in findings}
        return [place for place in {*before, *self._diagnosed} if before.get(place) != self._diagnosed.get(place)]

    def diagnosed(self, failing: Failing) -> ProvenCause | None:
        """Return what a diagnosis proved of the failure; None if none did."""
        last, found = failing.last, self._diagnosed.get(failing.last.place)
        return found.proves(last.kind, failing.since, last.verdict.cause) if found else None

    def newest(self, place: PathKey) -> Signal | None:
        """Return the newest verdict of a compared identity on this path."""
        newest = (signals[-1] for role in Role if (signals := self._rulings.get((place, role))))
        return max(newest, key=lambda each: each.launched_at, default=None)

    def through_at(self, place: PathKey) -> datetime | None:
        """Return the launch of their newest probe that this path accepted; None if unknown."""
        taken = (
            signal.launched_at
            for role in self._differs
            for signal in self._rulings.get((place, role), ())
            if signal.verdict.outcome is Outcome.INBOX or signal.verdict.outcome in TAKEN
        )
        return max(taken, default=None)

    def beside(self, place: PathKey, failing: Failing, rigour: Rigour) -> tuple[Comparison, ...]:
        """Return the others' results on this path, as far as they say anything about the failure.

        If the sender is now refused with another text than when it was compared, the others count as failed too until
        they are tried again: an outage changes its text while it lasts, and that accuses nobody.
        """
        check = failing.last.check
        all_that_tell = (compared(failing, signals, differing, rigour) for signals, differing in self._of(place))
        if found := tuple(each for each in all_that_tell if each):
            cleared = next((each for each in found if each.got is not Got.THROUGH and each.differs == NEUTRAL), None)
            if cleared:
                self._failed_too[check] = cleared
            else:
                self._failed_too.pop(check, None)
            return found
        before = self._failed_too.get(check) if self._differs else None
        if before and before.at >= failing.since - rigour.around:
            return (replace(before, got=Got.FAILED, lost=False),)
        self._failed_too.pop(check, None)
        return ()

    def recall(self, failures: Iterable[Failure]) -> None:
        """Restore earlier comparisons from open incidents."""
        for each in failures:
            if each.nature is Nature.THEIR_SYSTEM and each.compared_at:
                self._failed_too[each.check] = Comparison(NEUTRAL, Got.FAILED, each.compared_at)

    def undecided(self, place: PathKey, failing: Failing, rigour: Rigour) -> bool:
        """Test if one more control soon would help: the newest failed, which may be chance."""
        signals = self._rulings.get((place, Role.CONTROL), [])
        found = compared(failing, signals, self._differs.get(Role.CONTROL, frozenset()), rigour)
        decided = found is not None and found.got is not Got.THROUGH
        return not decided and undecided(failing, signals, rigour)

    def _of(self, place: PathKey) -> Iterator[tuple[list[Signal], frozenset[Differs]]]:
        for role, differing in self._differs.items():
            yield self._rulings.get((place, role), []), differing
