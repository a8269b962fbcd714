"""Contents of the page of one probe, as plain values. Pure: the record, the path and the time come in."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from monitor.config import WatchedPath
from monitor.incidents.advice import NOTHING_BESIDE, Beside
from monitor.incidents.incident import Incident
from monitor.notices.context import SenderInfo
from monitor.remedying.words import PARTS
from monitor.store import ProbeRecord
from monitor.web.pages.advice_card import AdviceCard, card_of_probe
from monitor.web.pages.probe_stations import Station, stations_of
from probes.case import case_of
from probes.describe import Description, describe
from probes.diagnosis.words import PART_OF_DIAGNOSIS
from probes.display import exactly
from probes.evidence import (
    Arrival,
    Attempt,
    Bounce,
    Dialogue,
    Evidence,
    Handover,
    Interrupted,
    Step,
    encode,
)
from probes.judge import next_attempt
from probes.labels import FAULTS, HANDOVERS, STAGES
from probes.mailsystems.signs import chain_sentence, check_passed, sign_sentence
from probes.mailsystems.table import UNKNOWN
from probes.mailsystems.words import chain_label
from probes.probe import Probe, ProbePurpose
from probes.reading.facts import AuthenticationFacts, FilterFacts, HopFacts
from probes.reading.headers import read_message
from probes.reading.probe_systems import systems_of_probe
from probes.verdict import Verdict

NUMBER = re.compile(r"\d+")
FAILED = frozenset({"fail", "hardfail", "softfail", "permerror", "policy", "reject", "quarantine"})
"""Results that are the sender's fault (RFC 8601, section 2.7). `none` is not one: probes are usually unsigned."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a dialogue. `after` is in seconds since the launch, `took` its length."""

    stage: str
    host: str
    code: str
    text: str
    fault: str
    after: str
    took: str
    at: datetime
    good: bool


@dataclass(frozen=True, slots=True)
class AttemptView:
    """The SMTP transcript of one attempt. `end` says how it ended; "" while it continues. `host` is the server if all
    lines name the same one, else ""; `last_reply` the reply that ended it. `first`: the number of the first of several
    attempts in a row that went alike, of which this is the last."""

    number: int
    lines: tuple[StepRow, ...]
    end: str
    good: bool
    tls: str
    local_ip: str
    host: str = ""
    last_reply: str = ""
    first: int = 0


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received line, the way the message went: the sender's side first."""

    by: str
    ip: str
    helo: str
    at: datetime | None
    delay: str
    tls: str


@dataclass(frozen=True, slots=True)
class HeaderCheck:
    """One thing that the receiver checked. `found` is "" where it did not say."""

    name: str
    found: str
    good: bool


@dataclass(frozen=True, slots=True)
class HeaderPath:
    """Facts from the headers of the arrived message."""

    connecting_ip: str
    expected: bool
    hops: tuple[Hop, ...]
    checks: tuple[HeaderCheck, ...]
    filters: tuple[FilterFacts, ...]
    notes: tuple[str, ...]
    headers: str


@dataclass(frozen=True, slots=True)
class ProbeView:
    """The page."""

    probe: Probe
    company_name: str
    mail_system: str
    systems: tuple[str, ...]  # the signs of those that the probe met, as sentences
    doubts: tuple[str, ...]  # about the configured ones
    verdict: Verdict | None
    judged_at: datetime | None
    closed_at: datetime | None
    delivery: str
    waits_for: str
    seen: int  # pieces of evidence on this page
    stations: tuple[Station, ...]
    talks: tuple[AttemptView, ...]
    events: tuple[Description, ...]
    way: HeaderPath | None
    bounces: tuple[Bounce, ...]
    advice: AdviceCard | None
    part: str  # in a diagnosis or in the test of a remedy, "" for none
    raw: str
    evidence_deleted_at: datetime | None

    @property
    def on_its_way(self) -> bool:
        """True if more evidence may come."""
        return self.closed_at is None


def probe_view(
    record: ProbeRecord,
    path: WatchedPath | None,
    sender: SenderInfo,
    now: datetime,
    incidents: Iterable[Incident] = (),
    beside: Beside = NOTHING_BESIDE,
) -> ProbeView:
    """All that the page of this probe shows. `path`: as it is configured now, None where it is gone. `incidents`: those
    that are open; `beside`: what other identities got on the path."""
    probe, verdict = record.probe, record.verdict
    chain = path.mail_systems if path else (UNKNOWN,)
    delivery = record.delivery
    arrivals = [seen for seen in record.evidence if isinstance(seen, Arrival)]
    systems = systems_of_probe(probe, record.evidence)
    tests = not probe.purpose.makes_signals  # what its mail meets is the answer of a test, not a failure
    return ProbeView(
        probe=probe,
        company_name=path.company_name if path else probe.company,
        mail_system=chain_label(path.mail_systems) if path else "",
        systems=tuple(map(sign_sentence, systems)),
        doubts=tuple(map(chain_sentence, check_passed(chain, systems))) if path else (),
        verdict=verdict,
        judged_at=record.judged_at,
        closed_at=record.closed_at,
        delivery=exactly(delivery) if delivery is not None else "",
        waits_for="" if record.closed_at else waits_for(record, now),
        seen=len(record.evidence),
        stations=() if record.evidence_deleted_at else stations_of(probe, record.evidence, verdict),
        talks=tuple(folded(talks(probe, record.evidence))),
        events=tuple(describe(each) for each in record.evidence if not isinstance(each, Attempt | Dialogue)),
        way=way(arrivals[0], probe) if arrivals else None,
        bounces=tuple(seen for seen in record.evidence if isinstance(seen, Bounce)),
        advice=card_of_probe(probe, verdict, sender, chain, incidents, beside) if verdict and not tests else None,
        part=_part(probe),
        raw=json.dumps([json.loads(encode(seen)) for seen in record.evidence], indent=2, ensure_ascii=False),
        evidence_deleted_at=record.evidence_deleted_at,
    )


def _part(probe: Probe) -> str:
    """Return what the mail is in a test; "" where it is in none."""
    match probe.purpose:
        case ProbePurpose.REMEDY if probe.arm:
            return PARTS.get(probe.arm.own, "")
        case ProbePurpose.DIAGNOSIS:
            return PART_OF_DIAGNOSIS
        case _:
            return ""


def after(probe: Probe, at: datetime) -> str:
    """Return the time in seconds since the launch."""
    return f"{(at - probe.created_at).total_seconds():+.3f} s"


def talks(probe: Probe, evidence: Sequence[Evidence]) -> list[AttemptView]:
    """The attempts in their order, with what was said in each as far as it is known."""
    spoken = {seen.number: seen for seen in evidence if isinstance(seen, Dialogue | Interrupted)}
    numbers = [seen.number for seen in evidence if isinstance(seen, Attempt)]
    return [_talk(probe, number, spoken.get(number)) for number in dict.fromkeys([*numbers, *spoken])]


def folded(attempts: Iterable[AttemptView]) -> list[AttemptView]:
    """Return the attempts with those in a row that went alike as one: the same steps, and replies that differ in
    numbers alone, such as how many seconds are left of a greylist."""
    found: list[AttemptView] = []
    for attempt in attempts:
        if found and attempt.lines and _course(found[-1]) == _course(attempt):
            alike = found.pop()
            attempt = replace(attempt, first=alike.first or alike.number)
        found.append(attempt)
    return found


def _course(attempt: AttemptView) -> tuple[object, ...]:
    """What is the same in attempts that went alike."""
    lines = ((line.stage, line.host, line.code, NUMBER.sub("", line.text), line.fault) for line in attempt.lines)
    return (*lines, attempt.end, attempt.tls, attempt.local_ip)


def _talk(probe: Probe, number: int, spoken: Dialogue | Interrupted | None) -> AttemptView:
    match spoken:
        case None:
            return AttemptView(number, (), "", True, "", "")
        case Interrupted():
            return AttemptView(number, (), "The service stopped while sending; it is not sent again.", False, "", "")
        case Dialogue():
            lines = tuple(line_of(probe, step) for step in spoken.steps)
            return AttemptView(
                number=number,
                lines=lines,
                end=HANDOVERS[spoken.handover].sentence,
                good=spoken.handover is Handover.ACCEPTED,
                tls=spoken.tls,
                local_ip=spoken.local_ip,
                host=_only(line.host for line in lines),
                last_reply=" ".join(filter(None, (lines[-1].code, lines[-1].text))) if lines else "",
            )
        case _:
            assert_never(spoken)


def _only(hosts: Iterable[str]) -> str:
    """The one host that all lines name; "" if there are several or one line names none."""
    found = set(hosts)
    return found.pop() if len(found) == 1 else ""


def line_of(probe: Probe, step: Step) -> StepRow:
    """One step, to be shown."""
    return StepRow(
        stage=STAGES[step.stage].title,
        host=step.host,
        code=" ".join(filter(None, (str(step.code or ""), step.enhanced))),
        text=step.text,
        fault=FAULTS[step.fault].label if step.fault else "",
        after=after(probe, step.at),
        took=f"{step.seconds:.3f} s",
        at=step.at,
        good=step.good,
    )


def way(arrival: Arrival, probe: Probe) -> HeaderPath:
    """Read the receiver's headers. They are hostile; `read_message` trusts only the receiver's side."""
    facts = read_message(arrival.headers, relayed=probe.traits.relayed)
    return HeaderPath(
        connecting_ip=facts.connecting_ip or "",
        expected=facts.connecting_ip == probe.source_ip,
        hops=tuple(_hop(hop) for hop in reversed(facts.hops)),
        checks=checks(facts.authentication),
        filters=facts.filters,
        notes=facts.notes,
        headers=arrival.headers,
    )


def _hop(hop: HopFacts) -> Hop:
    delay = "" if hop.delay is None else exactly(hop.delay)
    return Hop(hop.by, hop.ip, hop.helo or hop.rdns, hop.at, delay, hop.tls)


def checks(found: AuthenticationFacts) -> tuple[HeaderCheck, ...]:
    """SPF, DKIM, DMARC and ARC, as the receiver found them."""
    named = (("SPF", found.spf), ("DKIM", found.dkim), ("DMARC", found.dmarc), ("ARC", found.arc))
    return tuple(HeaderCheck(name, result or "", result not in FAILED) for name, result in named)


def waits_for(record: ProbeRecord, now: datetime) -> str:
    """Return what a probe in flight is waiting for."""
    probe = record.probe
    case = case_of(probe, record.evidence)
    until = f"until {probe.give_up_at:%H:%M:%S} UTC"
    if case.under_way:
        return "Sending now."
    if retry := next_attempt(probe, case):
        return f"Deferred: next attempt at {retry[1]:%H:%M:%S} UTC, on the real sender's schedule, {until}."
    if record.verdict:
        return f"The verdict can still change {until} if more evidence arrives."
    if now >= probe.give_up_at:
        return "Time is up; the verdict follows at once."
    if case.last is None:
        return "Not sent yet."
    if case.last.handover is Handover.DEFERRED:
        return f"Deferred; no further attempt before {probe.give_up_at:%H:%M:%S} UTC, when the verdict follows."
    return f"Accepted; looking for it in the mailbox {until}."
