"""What happened to a probe, line by line, for people. The lines bear rich's marks for colours; `plain` has none."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from rich.markup import escape
from rich.text import Text

from monitor.events import Judged
from monitor.output.symbols import SIGNS
from monitor.store import ProbeRecord
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


def opening(probe: Probe) -> str:
    """The first line about a probe."""
    role = "" if probe.role == "sender" else f" as {probe.role}"
    what = f"{probe.kind}{role} to {probe.recipient} by {probe.via}"
    return f"{probe.company}/{probe.path}  {what}  [dim]probe {probe.id}[/]"


def told(probe: Probe, what: Step | Evidence | Judged) -> str | None:
    """An event as a line for people; None where its steps were shown already."""
    match what:
        case Step():
            return f"{_when(probe, what.at)}  {_step(what)}"
        case Dialogue():
            return _after(probe, what)
        case Judged():
            return conclusion(what.verdict)
        case _:
            return f"{_when(probe, what.at)}  {_seen(what)}"


def explanation(record: ProbeRecord) -> Iterable[str]:
    """All that is known of a probe, line by line."""
    probe = record.probe
    yield opening(probe)
    yield f"launched {probe.created_at:%Y-%m-%d %H:%M:%S} UTC; times below are seconds since then"
    for seen in record.evidence:
        if isinstance(seen, Dialogue):
            for step in seen.steps:
                yield f"{_when(probe, step.at)}  {_step(step)}"
        if line := told(probe, seen):
            yield line
    if record.verdict:
        yield conclusion(record.verdict)
    if record.closed_at is None:
        yield f"still on its way: given up at {probe.give_up_at:%H:%M:%S} UTC"


def conclusion(verdict: Verdict) -> str:
    """The verdict, as the last line."""
    style = STYLES[verdict.outcome]
    cause = f" · {verdict.cause}" if verdict.cause else ""
    head = f"[bold {style}]{SIGNS[verdict.outcome]} {verdict.outcome}{cause}[/] [dim]({verdict.grade})[/]"
    return f"{head}  {escape(verdict.because)}"


def plain(line: str) -> str:
    """A line without its marks."""
    return Text.from_markup(line, emoji=False).plain


def _when(probe: Probe, at: datetime) -> str:
    return f"{(at - probe.created_at).total_seconds():>9.3f}"


def _step(step: Step) -> str:
    said = " ".join(filter(None, (str(step.code or ""), step.enhanced, " ".join(step.text.split()))))
    fault = f"[red]{step.fault.replace('_', ' ')}[/] " if step.fault else ""
    style = "" if step.good else "[red]"
    where = f"[dim]{escape(step.host)}[/]  " if step.stage in ("connect", "lookup") else ""
    return f"{step.stage.replace('_', ' '):<12} {where}{fault}{style}{escape(said)}{'[/]' if style else ''}"


def _seen(evidence: Attempt | Interrupted | Arrival | Look | FailedLook | Absence | Bounce) -> str:
    match evidence:
        case Attempt():
            return f"{'attempt':<12} {evidence.number}"
        case Interrupted():
            return f"{'interrupted':<12} attempt {evidence.number}: the service stopped while sending"
        case Arrival():
            style = "green" if evidence.folder is Folder.INBOX else "yellow"
            marks = ", ".join(marker.replace("_", " ") for marker in evidence.markers)
            known = f"known by its {marks}; text {evidence.body}{_from(evidence.client_ip)}"
            return f"[{style}]{'arrived':<12} in {escape(evidence.folder_name)}[/]  [dim]{known}[/]"
        case Look():
            return f"{'looked':<12} through {escape(searched(evidence, 'and'))}: not there"
        case FailedLook():
            return f"{'looked':<12} [red]{escape(evidence.reason)}[/]"
        case Absence():
            return f"{'absent':<12} this machine or Mailpath was suspended for {duration(evidence.lasted)}"
        case Bounce():
            return _returned(evidence)
        case _:
            assert_never(evidence)


def _returned(bounce: Bounce) -> str:
    """A mail that came back. What it quotes is other people's text."""
    style = "red" if bounce.final else "yellow"
    cause = f" · {bounce.cause}" if bounce.final or bounce.reply else ""
    said = " ".join(filter(None, (bounce.status, " ".join(bounce.reply.split()))))
    by = f" [dim]by {escape(bounce.reporting_mta)}[/]" if bounce.reporting_mta else ""
    by += f"[dim]{_from(bounce.client_ip, bounce.client_name)}[/]" if bounce.client_ip else ""
    return f"[{style}]{bounce.kind.replace('_', ' '):<12}[/]{cause}{by}  {escape(said)}"


def _from(ip: str, name: str = "") -> str:
    """Who sent us a mail about a probe."""
    return f", sent to us by {escape(f'{name} [{ip}]' if name else ip)}" if ip else ""


def _after(probe: Probe, dialogue: Dialogue) -> str | None:
    match dialogue.handover:
        case Handover.ACCEPTED:
            return f"{_when(probe, dialogue.at)}  {'accepted':<12} now looking for it in the mailbox"
        case Handover.DEFERRED:
            wait = probe.retry[min(dialogue.number, len(probe.retry)) - 1]
            again = f"next attempt in {duration_text(wait)}, as the real sender would"
            return f"{_when(probe, dialogue.at)}  {'put off':<12} {again}"
        case Handover.REFUSED | Handover.WITHHELD:
            return None
        case _:
            assert_never(dialogue.handover)
