"""One verdict as the rules see it, and the few facts of the path it is about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.check import Check
from probes.kinds import Kind
from probes.mailsystems.words import Chain
from probes.sender import Role
from probes.verdict import Verdict

PathKey = tuple[str, str]
"""Company and path."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A verdict that was stored. `number` orders all verdicts of a store; `amends` tells that the same probe had
    another one before."""

    number: int
    probe_id: str
    company: str
    path: str
    kind: Kind
    role: Role
    launched_at: datetime
    at: datetime
    verdict: Verdict
    amends: bool = False

    @property
    def line(self) -> Check:
        """What it is about."""
        return Check(self.company, self.path, self.kind)

    @property
    def place(self) -> PathKey:
        """Company and path."""
        return self.company, self.path


@dataclass(frozen=True, slots=True)
class PathInfo:
    """What the rules need to know of a path. `every` is the time in which each kind is probed once; `give_up` after its
    launch a probe that was not seen is missing; `mailbox` is where it is looked for, "" if that is not told."""

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
        """The one that its mail reaches first."""
        return self.mail_systems[0]

    @property
    def checks(self) -> list[Check]:
        """All that is tested on it."""
        return [Check(self.company, self.path, kind) for kind in self.kinds]

    @property
    def key(self) -> PathKey:
        """Company and path."""
        return self.company, self.path
