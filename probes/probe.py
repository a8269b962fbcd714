"""One probe: a test message of one kind on one path, from sending to verdict."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role


@dataclass(frozen=True, slots=True)
class Probe:
    """The decisions made at launch. They never change; what happens later is evidence.

    All times are aware and in UTC. The code is issued at `created_at` and expires at `code_dead_at`; a probe not seen
    by `give_up_at` is missing. `retry` are the waits after a temporary refusal; the last one is repeated. `source_ip`
    is the address that the receiver should see.
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
        """The check that it belongs to."""
        return Check(self.company, self.path, self.kind)
