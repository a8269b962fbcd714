"""Signals: the numbered facts that the rules see, and the few facts of the path that each is about.

The store numbers them in the order in which it took them; whoever follows reads what comes after the last number that
it knows. So nothing is lost or counted twice, whichever process learned it, and whatever was stopped in between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.check import Check
from probes.kinds import Kind
from probes.mailsystems.words import Chain
from probes.sender import Role
from probes.verdict import Cause, Outcome, Verdict

PathKey = tuple[str, str]
"""Company and path."""


class SignalSource(StrEnum):
    """Sources of signals. A new source is a word here, its rows in the store, and its handling in the rules."""

    PROBE = "probe"  # a verdict on a probe


@dataclass(frozen=True, slots=True)
class Signal:
    """A verdict that was stored. `before` is what the verdict on the same probe was until then, None for the first;
    `delivery` is how long it took to the mailbox, None where it was not seen there."""

    number: int
    probe_id: str
    company: str
    path: str
    kind: Kind
    role: Role
    launched_at: datetime
    at: datetime
    verdict: Verdict
    before: tuple[Outcome, Cause | None] | None = None
    delivery: timedelta | None = None
    source: SignalSource = SignalSource.PROBE

    @property
    def amends(self) -> bool:
        """True if the same probe had another verdict before."""
        return self.before is not None

    @property
    def check(self) -> Check:
        """The check."""
        return Check(self.company, self.path, self.kind)

    @property
    def place(self) -> PathKey:
        """Company and path."""
        return self.company, self.path


@dataclass(frozen=True, slots=True)
class PathInfo:
    """The facts of a path that the rules need. `every`: the interval in which each kind is probed once; `give_up`: a
    probe not seen within this time after its launch is missing; `mailbox`: its key, "" if unknown."""

    company: str
    company_name: str
    mail_systems: Chain
    path: str
    kinds: tuple[Kind, ...]
    every: timedelta
    via: str = "direct"
    code_life: timedelta = timedelta(minutes=10)
    give_up: timedelta = timedelta(hours=1)
    mailbox: str = ""

    @property
    def mail_system(self) -> str:
        """The first mail system of the chain."""
        return self.mail_systems[0]

    @property
    def checks(self) -> list[Check]:
        """All checks of the path."""
        return [Check(self.company, self.path, kind) for kind in self.kinds]

    @property
    def key(self) -> PathKey:
        """Company and path."""
        return self.company, self.path
