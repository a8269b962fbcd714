"""One probe: a test message of one kind on one path, from sending to verdict."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role


@dataclass(frozen=True, slots=True)
class Probe:
    """What was decided when the probe was launched. It never changes; what happens to it is evidence.

    All times are aware and in UTC. The code the mail stands for is born at `created_at`, dead at `code_dead_at`;
    a probe not seen by `give_up_at` is missing. `retry` are the waits after a temporary refusal; the last one is
    repeated. `source_ip` is the address the receiver is meant to see.
    """

    id: str
    company: str
    path: str
    kind: Kind
    role: Role
    via: str
    recipient: str
    source_ip: str
    created_at: datetime
    code_dead_at: datetime
    give_up_at: datetime
    retry: tuple[timedelta, ...]

    @property
    def check(self) -> Check:
        """What it tests."""
        return Check(self.company, self.path, self.kind)
