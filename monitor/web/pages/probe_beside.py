"""Facts beside a probe on its page: the control's nearest probe, who asked for it, and the message as it was sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from monitor.config import Config
from monitor.people.person import AuditAction, AuditEntry
from monitor.store import ProbeFilter, ProbeRecord, ProbeRow
from monitor.web.caller_view import CallerView
from probes.message import compose
from probes.probe import Probe, ProbePurpose
from probes.sender import Role

NEAR = timedelta(hours=1)  # before and after: what is further apart may have met another state of the mail system
MOST_NEAR = 50


@dataclass(frozen=True, slots=True)
class Twin:
    """The probe of the other identity that is nearest in time on the same path, None where there is none. `wanted`: it
    can be sent."""

    role: Role
    row: ProbeRow | None
    wanted: bool


async def twin_of(view: CallerView, probe: Probe) -> Twin | None:
    """Return what the control got beside the sender, or the sender beside the control; None for other identities, and
    where no control is configured."""
    other = {Role.SENDER: Role.CONTROL, Role.CONTROL: Role.SENDER}.get(probe.role)
    if other is None or Role.CONTROL not in view.backend.config().identities() or probe.arm:
        return None
    since, until = probe.created_at - NEAR, probe.created_at + NEAR
    wanted = ProbeFilter(
        view.caller.companies, probe.company, probe.path, role=other, since=since, until=until, usual=True
    )
    rows = (await view.probes(wanted, None, MOST_NEAR)).probes
    return Twin(other, nearest(rows, probe), view.backend.now() - probe.created_at < NEAR)


def nearest(rows: Iterable[ProbeRow], probe: Probe) -> ProbeRow | None:
    """Return the one to compare with: of the same kind if there is one, then the nearest in time."""
    return min(
        rows, key=lambda row: (row.kind is not probe.kind, abs(row.launched_at - probe.created_at)), default=None
    )


async def requested_by(view: CallerView, probe: Probe) -> AuditEntry | None:
    """Return the line of the audit log that says who asked for a manual probe; None for others, and where none is
    kept."""
    if probe.purpose is not ProbePurpose.MANUAL:
        return None
    found = await view.backend.store.people.entries_at(AuditAction.PROBE_SENT, probe.created_at)
    return next((entry for entry in found if entry.about.endswith(f"probe {probe.id}")), None)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """The message as it was sent, but for its DKIM signature. `text` and `html`: its parts, decoded."""

    subject: str
    text: str
    html: str
    source: str


def sent_message(record: ProbeRecord, config: Config, key: bytes) -> SentMessage | None:
    """Compose the message of a probe again, which gives the same; None while it may still arrive, as its token would
    let others pretend that it did, and where another identity is configured by now."""
    probe = record.probe
    identity = config.identities().get(probe.role)
    if record.closed_at is None or identity is None or probe.arm or identity.source_ip != probe.source_ip:
        return None
    try:
        content = compose(probe, identity, key, size=config.sender.size or 0).content
    except ValueError:  # the address of a configuration that has changed
        return None
    message = message_from_bytes(content, policy=default)
    return SentMessage(
        subject=str(message["Subject"] or ""),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=content.decode("utf-8", "replace").replace("\r\n", "\n"),
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part else ""
