"""The five stations of a probe: sent, server reached, accepted, filtered, in the inbox. Which it passed, and
which stopped it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.store import ProbeRecord
from probes.answer import Stage
from probes.display import exactly
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Handover, Interrupted, Step
from probes.labels import FAULTS, STAGES
from probes.probe import Probe
from probes.reading.facts import FilterFacts
from probes.reading.filters.names import filter_label
from probes.reading.headers import read_message
from probes.verdict import Outcome, Verdict


class StationState(StrEnum):
    """Knowledge of one station."""

    PASSED = "passed"
    STOPPED = "stopped"
    WAITING = "waiting"  # its result is awaited
    NOT_KNOWN = "not_known"  # nobody said, or we could not look
    NOT_REACHED = "not_reached"  # it was stopped before


@dataclass(frozen=True, slots=True)
class Station:
    """One station. `after`: when it was passed, since the probe was sent; "" if it was not. `said` explains a station
    that was not simply passed, in a few words."""

    name: str
    state: StationState
    after: str = ""
    said: str = ""


STATE_WORDS: dict[StationState, str] = {
    StationState.PASSED: "passed",
    StationState.STOPPED: "stopped",
    StationState.WAITING: "awaited",
    StationState.NOT_KNOWN: "not known",
    StationState.NOT_REACHED: "not reached",
}
SIGNS: dict[StationState, str] = {
    StationState.PASSED: "✓",
    StationState.STOPPED: "✕",
    StationState.WAITING: "…",
    StationState.NOT_KNOWN: "?",
    StationState.NOT_REACHED: "–",
}
SENT, REACHED, ACCEPTED, FILTERED, INBOX = "Sent", "Server reached", "Accepted", "Filtered", "Inbox"
NAMES = (SENT, REACHED, ACCEPTED, FILTERED, INBOX)
ANSWERS = frozenset({Stage.BANNER, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.END_OF_DATA})

BEYOND: dict[Outcome, tuple[str, str]] = {  # of accepted mail: the station that stopped it, and in which words
    Outcome.SPAM: (FILTERED, "moved to the spam folder"),
    Outcome.QUARANTINED: (FILTERED, "held in quarantine"),
    Outcome.BLOCKED: (FILTERED, "returned after it was accepted"),
    Outcome.DEFERRED: (FILTERED, "delayed after it was accepted"),
    Outcome.MISSING: (INBOX, "not seen in any watched folder"),
    Outcome.LATE: (INBOX, "arrived after the code had expired"),
}


def stations_of(probe: Probe, evidence: Sequence[Evidence], verdict: Verdict | None) -> tuple[Station, ...]:
    """Return the five stations; none for a probe that only asked a filter, or of which nothing is known. Of one whose
    evidence is deleted only the first attempt is left, which says nothing: do not ask."""
    dialogues = [seen for seen in evidence if isinstance(seen, Dialogue)]
    first = next((seen for seen in evidence if isinstance(seen, Attempt)), None)
    if first is None or any(dialogue.scan for dialogue in dialogues):
        return ()
    sent = Station(SENT, StationState.PASSED, _since(probe, first.at))
    if dialogues and dialogues[-1].handover is Handover.WITHHELD:
        return _rest((Station(SENT, StationState.STOPPED, said="Mailpath did not send it"),))
    if not dialogues and any(isinstance(seen, Interrupted) for seen in evidence):
        stopped = Station(REACHED, StationState.NOT_KNOWN, said="Mailpath stopped while sending")
        return _rest((sent, stopped), StationState.NOT_KNOWN)
    steps = [step for dialogue in dialogues for step in dialogue.steps]
    answered = next((step for step in steps if step.stage in ANSWERS and step.code is not None), None)
    if answered is None:
        return _not_yet((sent,), REACHED, _fault(steps), over=verdict is not None)
    reached = Station(REACHED, StationState.PASSED, _since(probe, answered.at))
    taken = next((dialogue for dialogue in dialogues if dialogue.handover is Handover.ACCEPTED), None)
    if taken is None:
        return _not_yet((sent, reached), ACCEPTED, _refusal(dialogues[-1]), over=verdict is not None)
    by = "by the sender's mail service" if probe.traits.relayed else ""
    accepted = Station(ACCEPTED, StationState.PASSED, _since(probe, taken.at), by)
    return _delivered(probe, (sent, reached, accepted), evidence, verdict)


def _delivered(
    probe: Probe, before: tuple[Station, ...], evidence: Sequence[Evidence], verdict: Verdict | None
) -> tuple[Station, ...]:
    arrival = next((seen for seen in evidence if isinstance(seen, Arrival)), None)
    at = _since(probe, arrival.at) if arrival else ""
    if verdict is None:
        return _rest((*before, Station(FILTERED, StationState.WAITING)), StationState.WAITING)
    if verdict.outcome is Outcome.INBOX:
        return (*before, Station(FILTERED, StationState.PASSED), Station(INBOX, StationState.PASSED, at))
    if verdict.outcome not in BEYOND:
        said = "found in another folder" if arrival else "Mailpath could not look"
        unknown = StationState.NOT_KNOWN
        return (*before, Station(FILTERED, unknown), Station(INBOX, unknown, at, said))
    where, words = BEYOND[verdict.outcome]
    if probe.traits.relayed and arrival is None and where == FILTERED:
        words = "stopped behind that service"
    if where == FILTERED:
        return _rest((*before, Station(FILTERED, StationState.STOPPED, at, words)))
    filtered = Station(FILTERED, StationState.PASSED if arrival else StationState.NOT_KNOWN)
    return (*before, filtered, Station(INBOX, StationState.STOPPED, at, words))


def _not_yet(before: tuple[Station, ...], name: str, said: str, *, over: bool) -> tuple[Station, ...]:
    state = StationState.STOPPED if over else StationState.WAITING
    rest = StationState.NOT_REACHED if over else StationState.WAITING
    return _rest((*before, Station(name, state, said=said)), rest)


def _rest(stations: tuple[Station, ...], rest: StationState = StationState.NOT_REACHED) -> tuple[Station, ...]:
    return (*stations, *(Station(name, rest) for name in NAMES[len(stations) :]))


def _fault(steps: Sequence[Step]) -> str:
    fault = next((step.fault for step in reversed(steps) if step.fault), None)
    return FAULTS[fault].label if fault else ""


def _refusal(dialogue: Dialogue) -> str:
    if not dialogue.steps:
        return ""
    last = dialogue.steps[-1]
    how = "rejected" if dialogue.handover is Handover.REFUSED else "deferred"
    return f"{how} at {STAGES[last.stage].label}" if last.code is not None else _fault(dialogue.steps)


def _since(probe: Probe, at: datetime) -> str:
    """Return the time since the launch; "" for a clock that runs behind ours."""
    passed = at - probe.created_at
    return exactly(passed) if passed.total_seconds() >= 0 else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison: what it is, of this probe and of the last good one."""

    what: str
    this: str
    good: str


def compared(this: ProbeRecord, good: ProbeRecord) -> tuple[Difference, ...]:
    """Return what differs between a probe and an earlier one that arrived: stations, server, encryption,
    replies, and what the receiver wrote into the headers."""
    pairs = zip(*(stations_of(each.probe, each.evidence, each.verdict) for each in (this, good)), strict=False)
    found = [
        Difference(mine.name, _in_words(mine), _in_words(other)) for mine, other in pairs if mine.state != other.state
    ]
    facts = zip(_facts(this.evidence).items(), _facts(good.evidence).items(), strict=True)
    found += [Difference(what, mine, other) for (what, mine), (_, other) in facts if mine != other]
    found += _both(_replies(this.evidence), _replies(good.evidence))
    found += _both(_headers(this), _headers(good))
    return tuple(found)


def _both(this: Mapping[str, str], good: Mapping[str, str]) -> list[Difference]:
    """Return what both have, and have differently: a step that one of them did not come to is no difference."""
    return [Difference(what, this[what], good[what]) for what in this if what in good and this[what] != good[what]]


def _replies(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Return the code of each reply of the last dialogue but its last one, which is compared by itself."""
    last = next((seen for seen in reversed(evidence) if isinstance(seen, Dialogue)), None)
    steps = last.steps[:-1] if last else ()
    return {f"Reply to {STAGES[step.stage].label}": _code(step) for step in steps if step.code is not None}


def _code(step: Step) -> str:
    return f"{step.code or ''} {step.enhanced or ''}".strip()


def _headers(record: ProbeRecord) -> dict[str, str]:
    """Return what the receiver wrote into the headers, as far as it can be compared; nothing of mail that was not
    seen in a mailbox."""
    arrival = next((seen for seen in record.evidence if isinstance(seen, Arrival)), None)
    if arrival is None:
        return {}
    facts = read_message(arrival.headers, relayed=record.probe.traits.relayed)
    found = facts.authentication
    named = {"SPF": found.spf, "DKIM": found.dkim, "DMARC": found.dmarc, "ARC": found.arc}
    filters = {f"Filter {filter_label(each.vendor)}": _verdict(each) for each in facts.filters if each.believed}
    results = {f"{name} by the receiver": result or "not reported" for name, result in named.items()}
    connecting = {"Connecting IP": facts.connecting_ip or "not reported", "Hops": str(len(facts.hops))}
    return {**connecting, **results, **filters, "Folder": arrival.folder_name}


def _verdict(found: FilterFacts) -> str:
    return found.verdict.value if found.score is None else f"{found.verdict.value}, score {found.score:g}"


def _in_words(station: Station) -> str:
    return ", ".join(filter(None, (STATE_WORDS[station.state], station.said, station.after)))


def _facts(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Return what of the last dialogue can be compared; the reply is the one that ended it, without numbers."""
    last = next((seen for seen in reversed(evidence) if isinstance(seen, Dialogue)), None)
    step = last.steps[-1] if last and last.steps else None
    reply = _code(step) if step else ""
    return {
        "Server": re.sub(r":\d+$", "", step.host) if step else "",
        "Encryption": last.tls if last else "",
        "Last reply": f"{STAGES[step.stage].label}: {reply}" if step and reply else "",
    }
