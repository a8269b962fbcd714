"""The requester of a manual probe. The audit log names them in the same write that stores the probe."""

from dataclasses import dataclass

from monitor.people.person import AuditAction, AuditEntry
from probes.probe import Probe


@dataclass(frozen=True, slots=True)
class Requester:
    """A person or token by name, and the way they came: "session", "token NAME", "command", …"""

    name: str
    way: str

    def audit(self, probe: Probe) -> AuditEntry:
        """The line of the audit log about their probe."""
        said = f"{probe.company}/{probe.path} {probe.kind} as {probe.role}, probe {probe.id}"
        what = AuditAction.PROBE_SENT
        return AuditEntry(probe.created_at, self.name, self.way, what, said, probe.company, probe.path)
