"""Evidence in words: what was seen beside the SMTP dialogues, described once for terminal, page and API. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from probes.display import duration, named, quoted
from probes.evidence import (
    MAX_RULES_SHOWN,
    Absence,
    Arrival,
    Attempt,
    Bounce,
    FailedLook,
    FilterScan,
    Folder,
    Interrupted,
    Look,
)
from probes.labels import BODIES, CAUSES, MAIL_KINDS, MARKERS
from probes.sentences import scan_sentence, searched
from probes.trace_words import fate_in_words
from probes.traced import Traced, TraceFate, source_name


class Tone(StrEnum):
    """Tone of a statement: good, bad or neutral news."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Description:
    """One piece of evidence: its `label` ("Arrived"), a `text` that is partly other people's and may be hostile, and
    the `proof`, how we know it; "" where it needs none."""

    label: str
    text: str
    at: datetime
    tone: Tone = Tone.PLAIN
    proof: str = ""


def describe(
    evidence: Attempt | Interrupted | Arrival | Look | FailedLook | Absence | Bounce | FilterScan | Traced,
) -> Description:
    """Describe one piece of evidence."""
    match evidence:
        case Attempt():
            return Description("Attempt", str(evidence.number), evidence.at)
        case Interrupted():
            text = f"attempt {evidence.number}: the service stopped while sending"
            return Description("Interrupted", text, evidence.at, Tone.DOUBTFUL)
        case Arrival():
            return Description(
                "Arrived",
                f"in {named(evidence.folder_name)}",
                evidence.at,
                _FOLDERS[evidence.folder],
                _recognised(evidence),
            )
        case Look():
            return Description("Searched", f"{searched(evidence, 'and')}: not found", evidence.at)
        case FailedLook():
            return Description("Search failed", evidence.reason, evidence.at, Tone.BAD)
        case Absence():
            text = f"this machine or Mailpath was suspended for {duration(evidence.lasted)}"
            return Description("Suspended", text, evidence.at, Tone.DOUBTFUL)
        case Bounce():
            return _bounce(evidence)
        case FilterScan():
            rules = "; ".join(rule.line for rule in evidence.scan.rules[:MAX_RULES_SHOWN])
            said = scan_sentence(evidence.scan) + (f". All rules: {rules}" if rules else "")
            return Description("Filter asked", said, evidence.at, Tone.DOUBTFUL, f"by {named(evidence.host)}")
        case Traced():
            return _traced(evidence)
        case _:
            assert_never(evidence)


_FOLDERS = {Folder.INBOX: Tone.GOOD, Folder.COPY: Tone.GOOD, Folder.JUNK: Tone.DOUBTFUL, Folder.OTHER: Tone.DOUBTFUL}


def _recognised(arrival: Arrival) -> str:
    marks = ", ".join(MARKERS[marker].label for marker in arrival.markers)
    return f"identified by {marks}; text {BODIES[arrival.body].sentence}{_received_from(arrival.client_ip)}"


def _bounce(bounce: Bounce) -> Description:
    label, cause = MAIL_KINDS[bounce.kind].label, CAUSES[bounce.cause].label if bounce.final or bounce.reply else ""
    reply = " ".join(filter(None, (bounce.status, bounce.reply)))
    by = f"by {named(bounce.reporting_mta)}" if bounce.reporting_mta else ""
    proof = (by + _received_from(bounce.client_ip, bounce.client_name)).removeprefix(", ")
    text = ": ".join(filter(None, (cause, quoted(reply) if reply else "")))
    return Description(label, text, bounce.at, Tone.BAD if bounce.final else Tone.DOUBTFUL, proof)


_FATES = {
    TraceFate.DELIVERED: Tone.GOOD,
    TraceFate.HANDED_OVER: Tone.PLAIN,
    TraceFate.PENDING: Tone.PLAIN,
    TraceFate.NEVER_SEEN: Tone.PLAIN,
    TraceFate.NOT_ASKED: Tone.PLAIN,
    TraceFate.DEFERRED: Tone.DOUBTFUL,
    TraceFate.JUNK: Tone.DOUBTFUL,
    TraceFate.HELD: Tone.DOUBTFUL,
    TraceFate.QUARANTINED: Tone.BAD,
    TraceFate.REFUSED: Tone.BAD,
    TraceFate.SUPPRESSED: Tone.BAD,
    TraceFate.GONE: Tone.BAD,
}


def _traced(traced: Traced) -> Description:
    reply = traced.reply
    host = f" ({named(traced.to_host)})" if traced.to_host else ""
    rule = f"; rule: {quoted(traced.rule)}" if traced.rule else ""
    text = (
        f"{named(source_name(traced.source))} {fate_in_words(traced)}{host}"
        + (f": {quoted(reply)}" if reply else "")
        + rule
    )
    proof = ", ".join(
        part
        for part in (
            f"sent from {named(traced.from_ip)}" if traced.from_ip else "",
            f"at {traced.happened_at:%H:%M:%S} UTC by its clock" if traced.happened_at else "",
        )
        if part
    )
    return Description("Trace", text, traced.at, _FATES[traced.fate], proof)


def _received_from(ip: str, name: str = "") -> str:
    """Name the client that sent us a copy or bounce."""
    return f", received from {f'{named(name)} [{ip}]' if name else ip}" if ip else ""
