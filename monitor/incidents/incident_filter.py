"""Conditions of lists of incidents: one meaning of each, wherever incidents are listed. Pure."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from monitor.incidents.incident import Incident, Scope, Severity
from probes.verdict import Cause, Outcome


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Conditions, all of which must hold; None and "" match all. `at_companies`: those with the wanted `mail_system`.
    `since` and `until`: incidents that were open at some time from the one until before the other."""

    company: str = ""
    severity: Severity | None = None
    scope: Scope | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    mail_system: str = ""
    at_companies: Container[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, incident: Incident) -> bool:
        """Test if the incident is wanted. An open one is at the companies that it affects now, a closed one at all that
        it ever affected."""
        return (
            self.company in ("", *incident.named)
            and self.severity in (None, incident.listed_severity)
            and self.scope in (None, incident.scope)
            and self.outcome in (None, incident.outcome)
            and self.cause in (None, incident.cause)
            and self._is_of_system(incident)
            and (self.since is None or incident.closed_at is None or incident.closed_at >= self.since)
            and (self.until is None or incident.opened_at < self.until)
        )

    def _is_of_system(self, incident: Incident) -> bool:
        if not self.mail_system or incident.mail_system == self.mail_system:
            return True
        return any(company in self.at_companies for company in incident.named)
