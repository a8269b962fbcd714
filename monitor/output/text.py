"""Describe a probe's events in lines of text with rich's colour markup; `plain` removes the markup."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from rich.markup import escape
from rich.text import Text

from monitor.events import Judged
from monitor.output.symbols import SIGNS
from monitor.store import ProbeRecord
from probes.attempts import wait_after
from probes.display import duration
from probes.evidence import (
    Absence,
    Arrival,
    Attempt,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Folder,
    Handover,
    Interrupted,
    Look,
    Step,
)
from probes.labels import BODIES, CAUSES, FAULTS, GRADES, KINDS, MAIL_KINDS, MARKERS, ROLES, STAGES, verdict_label
from probes.probe import Probe
from probes.sentences import searched
from probes.settings import duration_text
from probes.verdict import Outcome, Verdict

STYLES = {
    Outcome.INBOX: "green",
    Outcome.LATE: "yellow",
    Outcome.SPAM: "yellow",
    Outcome.QUARANTINED: "yellow",
    Outcome.BLOCKED: "red",
    Outcome.DEFERRED: "yellow",
    Outcome.MISSING: "red",
    Outcome.UNKNOWN: "blue",
}


def header_line(probe: Probe) -> str:
    """Return the first line about a probe."""
    role = "" if probe.role == "sender" else f" as {ROLES[probe.role].sentence}"
    what = f"{KINDS[probe.kind].label}{role} to {probe.recipient} by {probe.via}"
    return f"{probe.company}/{probe.path}  {what}  [dim]probe {probe.id}[/]"


def event_line(probe: Probe, event: Step | Evidence | Judged) -> str | None:
    """Describe one event; None for a dialogue whose steps have been shown already."""
    match event:
        case Step():
            return f"{_offset(probe, event.at)}  {_step(event)}"
        case Dialogue():
            return _handover(probe, event)
        case Judged():
            return verdict_line(event.verdict)
        case _:
            return f"{_offset(probe, event.at)}  {_evidence(event)}"


def explanation(record: ProbeRecord) -> Iterable[str]:
    """Yield everything known about a probe, one line per event."""
    probe = record.probe
    yield header_line(probe)
    yield f"launched {probe.created_at:%Y-%m-%d %H:%M:%S} UTC; times below are seconds since then"
    for seen in record.evidence:
        if isinstance(seen, Dialogue):
            for step in seen.steps:
                yield f"{_offset(probe, step.at)}  {_step(step)}"
        if line := event_line(probe, seen):
            yield line
    if record.verdict:
        yield verdict_line(record.verdict)
    if record.closed_at is None:
        yield f"in flight until {probe.give_up_at:%H:%M:%S} UTC at the latest"


def verdict_line(verdict: Verdict) -> str:
    """Return the last line: outcome, cause, grade and sentence."""
    style = STYLES[verdict.outcome]
    found = verdict_label(verdict.outcome, verdict.cause)
    head = f"[bold {style}]{SIGNS[verdict.outcome]} {found}[/] [dim]({GRADES[verdict.grade].label})[/]"
    return f"{head}  {escape(verdict.because)}"


def plain(line: str) -> str:
    """Remove the markup from a line."""
    return Text.from_markup(line, emoji=False).plain


def _offset(probe: Probe, at: datetime) -> str:
    return f"{(at - probe.created_at).total_seconds():>9.3f}"


def _step(step: Step) -> str:
    reply = " ".join(filter(None, (str(step.code or ""), step.enhanced, " ".join(step.text.split()))))
    fault = f"[red]{FAULTS[step.fault].label}[/] " if step.fault else ""
    style = "" if step.good else "[red]"
    where = f"[dim]{escape(step.host)}[/]  " if step.stage in ("connect", "lookup") else ""
    return f"{STAGES[step.stage].label:<14} {where}{fault}{style}{escape(reply)}{'[/]' if style else ''}"


def _evidence(evidence: Attempt | Interrupted | Arrival | Look | FailedLook | Absence | Bounce) -> str:
    match evidence:
        case Attempt():
            return f"{'attempt':<14} {evidence.number}"
        case Interrupted():
            return f"{'interrupted':<14} attempt {evidence.number}: the service stopped while sending"
        case Arrival():
            style = "green" if evidence.folder is Folder.INBOX else "yellow"
            marks = ", ".join(MARKERS[marker].label for marker in evidence.markers)
            known = f"identified by {marks}; text {BODIES[evidence.body].sentence}{_from(evidence.client_ip)}"
            return f"[{style}]{'arrived':<14} in {escape(evidence.folder_name)}[/]  [dim]{known}[/]"
        case Look():
            return f"{'looked':<14} in {escape(searched(evidence, 'and'))}: not found"
        case FailedLook():
            return f"{'look failed':<14} [red]{escape(evidence.reason)}[/]"
        case Absence():
            return f"{'suspended':<14} this machine or Mailpath was suspended for {duration(evidence.lasted)}"
        case Bounce():
            return _bounce(evidence)
        case _:
            assert_never(evidence)


def _bounce(bounce: Bounce) -> str:
    """Describe a bounce. The reply it quotes is untrusted text."""
    style = "red" if bounce.final else "yellow"
    cause = f": {CAUSES[bounce.cause].label}" if bounce.final or bounce.reply else ""
    reply = " ".join(filter(None, (bounce.status, " ".join(bounce.reply.split()))))
    by = f" [dim]by {escape(bounce.reporting_mta)}[/]" if bounce.reporting_mta else ""
    by += f"[dim]{_from(bounce.client_ip, bounce.client_name)}[/]" if bounce.client_ip else ""
    return f"[{style}]{MAIL_KINDS[bounce.kind].label:<14}[/]{cause}{by}  {escape(reply)}"


def _from(ip: str, name: str = "") -> str:
    """Name the client that sent us a copy or bounce."""
    return f", received from {escape(f'{name} [{ip}]' if name else ip)}" if ip else ""


def _handover(probe: Probe, dialogue: Dialogue) -> str | None:
    match dialogue.handover:
        case Handover.ACCEPTED:
            return f"{_offset(probe, dialogue.at)}  {'accepted':<14} now looking for it in the mailbox"
        case Handover.DEFERRED:
            wait = wait_after(probe, (dialogue,), dialogue)
            again = f"next attempt in {duration_text(wait)}, as the real sender would"
            return f"{_offset(probe, dialogue.at)}  {'deferred':<14} {again}"
        case Handover.REFUSED | Handover.WITHHELD:
            return None
        case _:
            assert_never(dialogue.handover)
