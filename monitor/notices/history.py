"""Lines of an incident's history about its notices: queued, delivered, or not accepted. Pure.

A notice has notified nobody until its channel has accepted it, so each step is a line of its own.
"""

from datetime import datetime

from monitor.incidents.incident import HistoryEntry, IncidentEvent
from monitor.notices.labels import NOTICE_KINDS
from monitor.notices.notice import Notice
from probes.display import one_line

MAX_FAULT_CHARS = 300


def queued(notice: Notice, at: datetime) -> HistoryEntry:
    """The notice waits for its channel."""
    return HistoryEntry(notice.incident, at, IncidentEvent.QUEUED, _about(notice))


def queued_together(incident: str, channel: str, at: datetime, into: str) -> HistoryEntry:
    """The queued notice of the wider incident speaks for this one, too."""
    return HistoryEntry(incident, at, IncidentEvent.QUEUED, f"{channel}: together with incident {into}")


def delivered(notice: Notice, at: datetime) -> HistoryEntry:
    """The channel accepted the notice."""
    return HistoryEntry(notice.incident, at, IncidentEvent.TOLD, _about(notice))


def not_delivered(notice: Notice, at: datetime, fault: str) -> HistoryEntry:
    """The first attempt failed; those that follow are no news."""
    said = f"{_about(notice)}: {one_line(fault, MAX_FAULT_CHARS)}; it will be retried"
    return HistoryEntry(notice.incident, at, IncidentEvent.NOT_DELIVERED, said)


def _about(notice: Notice) -> str:
    return f"{notice.channel}: {NOTICE_KINDS[notice.news].label}"
