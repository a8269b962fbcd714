"""Texts of the audit log about mutes, the same for every interface."""

from datetime import datetime

from monitor.incidents.mute import Mute
from monitor.people.person import AuditAction, AuditEntry
from probes.labels import CAUSES
from probes.mailsystems.table import system_label
from probes.settings import duration_text

COMMAND = "command"  # the way of whoever types `mailpath` on the server


def mute_created(mute: Mute, way: str) -> AuditEntry:
    """A mute was created."""
    lasts = f" for {duration_text(mute.ends_at - mute.begins_at)}" if mute.ends_at else ""
    times = f" every {mute.weekly}" if mute.weekly else ""
    said = f"{about(mute)}{times}{lasts}, mute {mute.id}: {mute.why}"
    return AuditEntry(mute.created_at, mute.by, way, AuditAction.MUTE_CREATED, said, mute.company, mute.path)


def mute_ended(mute: Mute, who: str, way: str, at: datetime) -> AuditEntry:
    """A mute was ended early."""
    said = f"{about(mute)}, mute {mute.id}"
    return AuditEntry(at, who, way, AuditAction.MUTE_ENDED, said, mute.company, mute.path)


def about(mute: Mute) -> str:
    """Describe the conditions of a mute in a few words."""
    place = "/".join(filter(None, (mute.company, mute.path)))
    system = f"mail system {system_label(mute.mail_system)}" if mute.mail_system else ""
    cause = f"cause {CAUSES[mute.cause].label}" if mute.cause else ""
    return " · ".join(filter(None, (place, system, cause))) or "everything"
