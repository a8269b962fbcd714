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
from probes.describe import Tone, describe
from probes.display import escaped
from probes.evidence import (
    Absence,
    Arrival,
    Attempt,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    FilterScan,
    Handover,
    Interrupted,
    Look,
    Step,
)
from probes.labels import FAULTS, GRADES, KINDS, ROLES, STAGES, verdict_label
from probes.mailsystems.signs import sign_sentence
from probes.probe import Probe
from probes.reading.probe_systems import systems_of_probe
from probes.settings import duration_text
from probes.traced import Traced
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
TERMINAL_TONES = {Tone.GOOD: "green", Tone.DOUBTFUL: "yellow", Tone.BAD: "red", Tone.PLAIN: ""}


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


EVIDENCE_DELETED = "this mail reached the inbox at once, and so did the one before it"
"""Why a probe is routine."""


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
    if systems := systems_of_probe(probe, record.evidence):
        yield f"mail systems seen: {'; '.join(escape(escaped(sign_sentence(each))) for each in systems)}"
    if record.evidence_deleted_at:
        yield f"the rest of the evidence was deleted on {record.evidence_deleted_at:%Y-%m-%d}: {EVIDENCE_DELETED}"
    if record.verdict:
        yield verdict_line(record.verdict)
    if record.closed_at is None:
        yield f"in flight until {probe.give_up_at:%H:%M:%S} UTC at the latest"


def verdict_line(verdict: Verdict) -> str:
    """Return the last line: outcome, cause, grade and sentence."""
    style = STYLES[verdict.outcome]
    found = verdict_label(verdict.outcome, verdict.cause)
    head = f"[bold {style}]{SIGNS[verdict.outcome]} {found}[/] [dim]({GRADES[verdict.grade].label})[/]"
    return f"{head}  {escape(escaped(verdict.because))}"


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


def _evidence(
    evidence: Attempt | Interrupted | Arrival | Look | FailedLook | Absence | Bounce | FilterScan | Traced,
) -> str:
    seen = describe(evidence)
    proof = f"  [dim]{escape(escaped(seen.proof))}[/]" if seen.proof else ""
    text = f"{seen.label.lower():<14} {escape(escaped(seen.text))}"
    return f"[{style}]{text}[/]{proof}" if (style := TERMINAL_TONES[seen.tone]) else f"{text}{proof}"


def _handover(probe: Probe, dialogue: Dialogue) -> str | None:
    if dialogue.scan:
        return None
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
