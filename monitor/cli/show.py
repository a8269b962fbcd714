"""How events, evidence and verdicts look: as text for people, as flat facts for JSON."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, assert_never

from rich.markup import escape
from rich.table import Table

from monitor.cli.text import console, span
from monitor.config import WatchedPath
from monitor.events import Event, Judged
from monitor.signs import SIGNS
from monitor.store import Listed, Record
from probes.evidence import (
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
    encode,
)
from probes.judge import delivery_time
from probes.probe import Probe
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


def table_of(paths: Iterable[WatchedPath]) -> None:
    """The paths, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("PATH", "COMPANY", "TO", "BY", "MAILBOX", "KINDS", "RHYTHM"):
        table.add_column(column, no_wrap=True)
    for path in paths:
        facts = path_facts(path)
        rhythm = f"every {span(path.every)}" if path.every else f"cron {path.cron}"
        kinds = ",".join(facts["kinds"]) if len(path.kinds) < 5 else "all five"
        row = (path.key, path.company_name, path.to, facts["route"], facts["mailbox"], kinds, rhythm)
        table.add_row(*map(escape, row))
    out = console()
    out.width = 500 if not out.is_terminal else out.width
    out.print(table)


def path_facts(path: WatchedPath) -> dict[str, Any]:
    """The JSON of `paths`."""
    toward = path.route.toward(path.to)
    return {
        "company": path.company,
        "path": path.path,
        "name": path.company_name,
        "mail_system": path.mail_system,
        "to": path.to,
        "via": path.route.via,
        "route": f"{path.route.via} {toward}",
        "mailbox": path.mailbox.key,
        "kinds": [str(kind) for kind in path.kinds],
        "every_seconds": path.every.total_seconds() if path.every else None,
        "cron": path.cron,
    }


def event_facts(event: Event) -> dict[str, Any]:
    """The JSON of one event of `probe`; of a verdict, the documented line."""
    probe = event.probe
    named = {"probe": probe.id, "company": probe.company, "path": probe.path, "kind": str(probe.kind)}
    what = event.what
    if isinstance(what, Judged):
        return {"event": "verdict", **named, **verdict_facts(what.verdict), **delivery_facts(what.delivery)}
    if isinstance(what, Step):
        return {"event": "step", **named, **step_facts(what)}
    facts = evidence_facts(what)
    return {"event": facts.pop("type"), **named, **facts}


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """The four words of a verdict."""
    return {
        "outcome": str(verdict.outcome),
        "cause": str(verdict.cause) if verdict.cause else None,
        "grade": str(verdict.grade),
        "because": verdict.because,
    }


def delivery_facts(delivery: timedelta | None) -> dict[str, Any]:
    """How long it took, if it arrived."""
    return {"delivery_seconds": round(delivery.total_seconds(), 3) if delivery is not None else None}


def step_facts(step: Step) -> dict[str, Any]:
    """One stage of a dialogue."""
    return {
        "stage": str(step.stage),
        "at": step.at.isoformat(),
        "seconds": round(step.seconds, 6),
        "host": step.host,
        "code": step.code,
        "enhanced": step.enhanced,
        "text": step.text,
        "fault": str(step.fault) if step.fault else None,
    }


def evidence_facts(evidence: Evidence) -> dict[str, Any]:
    """Evidence as it is stored."""
    facts: dict[str, Any] = json.loads(encode(evidence))
    return facts


def record_facts(record: Record) -> dict[str, Any]:
    """The JSON of `explain`."""
    probe = record.probe
    return {
        "probe": probe.id,
        "company": probe.company,
        "path": probe.path,
        "kind": str(probe.kind),
        "as": str(probe.role),
        "via": probe.via,
        "to": probe.recipient,
        "created_at": probe.created_at.isoformat(),
        "code_dead_at": probe.code_dead_at.isoformat(),
        "give_up_at": probe.give_up_at.isoformat(),
        "verdict": verdict_facts(record.verdict) if record.verdict else None,
        **delivery_facts(delivery_time(probe, record.evidence)),
        "judged_at": record.judged_at.isoformat() if record.judged_at else None,
        "closed_at": record.closed_at.isoformat() if record.closed_at else None,
        "evidence": [evidence_facts(seen) for seen in record.evidence],
    }


def newest(path: WatchedPath, probes: Iterable[Listed], *, as_json: bool) -> None:
    """The newest probes of a path, a line each."""
    out = console()
    for probe in probes:
        facts = {
            "probe": probe.probe_id,
            "company": path.company,
            "path": path.path,
            "kind": str(probe.kind),
            "as": str(probe.role),
            "created_at": probe.launched_at.isoformat(),
            "verdict": verdict_facts(probe.verdict) if probe.verdict else None,
            **delivery_facts(probe.delivery),
        }
        if as_json:
            print(json.dumps(facts, ensure_ascii=False))
        else:
            said = conclusion(probe.verdict) if probe.verdict else "on its way"
            when = f"{probe.launched_at:%Y-%m-%d %H:%M:%S}"
            out.print(f"{when}  [dim]{probe.probe_id}[/]  {path.key}  {probe.kind}  {said}", overflow="ignore")


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


def explanation(record: Record) -> Iterable[str]:
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


def _when(probe: Probe, at: datetime) -> str:
    return f"{(at - probe.created_at).total_seconds():>9.3f}"


def _step(step: Step) -> str:
    said = " ".join(filter(None, (str(step.code or ""), step.enhanced, " ".join(step.text.split()))))
    fault = f"[red]{step.fault.replace('_', ' ')}[/] " if step.fault else ""
    style = "" if step.good else "[red]"
    where = f"[dim]{escape(step.host)}[/]  " if step.stage in ("connect", "lookup") else ""
    return f"{step.stage.replace('_', ' '):<12} {where}{fault}{style}{escape(said)}{'[/]' if style else ''}"


def _seen(evidence: Attempt | Interrupted | Arrival | Look | FailedLook | Bounce) -> str:
    match evidence:
        case Attempt():
            return f"{'attempt':<12} {evidence.number}"
        case Interrupted():
            return f"{'interrupted':<12} attempt {evidence.number}: the service stopped while sending"
        case Arrival():
            style = "green" if evidence.folder is Folder.INBOX else "yellow"
            marks = ", ".join(marker.replace("_", " ") for marker in evidence.markers)
            return f"[{style}]{'arrived':<12} in {escape(evidence.folder_name)}[/]  [dim]known by its {marks}[/]"
        case Look():
            return f"{'looked':<12} through {escape(', '.join(evidence.folders))}: not there"
        case FailedLook():
            return f"{'looked':<12} [red]{escape(evidence.reason)}[/]"
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
    return f"[{style}]{bounce.kind.replace('_', ' '):<12}[/]{cause}{by}  {escape(said)}"


def _after(probe: Probe, dialogue: Dialogue) -> str | None:
    match dialogue.handover:
        case Handover.ACCEPTED:
            return f"{_when(probe, dialogue.at)}  {'accepted':<12} now looking for it in the mailbox"
        case Handover.DEFERRED:
            wait = probe.retry[min(dialogue.number, len(probe.retry)) - 1]
            return (
                f"{_when(probe, dialogue.at)}  {'put off':<12} next attempt in {span(wait)}, as the real sender would"
            )
        case Handover.REFUSED | Handover.WITHHELD:
            return None
        case _:
            assert_never(dialogue.handover)
