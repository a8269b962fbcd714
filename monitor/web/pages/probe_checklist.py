"""The checklist of a probe: what receivers look at, as far as this probe or the sender's standing tells. Pure.

What the receiver itself said of this mail comes first; where it said nothing, what is published now. What neither tells
is not known, and never counts against the sender. The standing is the sender's: of mail as anybody else only what this
mail showed counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from monitor.standing.record import FactRecord
from monitor.store import ProbeRecord
from monitor.web.pages.filter_rules import explained_rules
from monitor.web.pages.probe_view import FAILED, HeaderPath
from probes.display import exactly, lasting, one_line
from probes.evidence import Dialogue
from probes.reading.facts import FilterFacts, Finding
from probes.reading.filters.names import filter_label
from probes.sender import Role
from probes.standing.fact import Question, State
from probes.standing.words import sentence
from probes.verdict import Cause, Outcome

MAX_SAID_CHARS = 300
HURRY = 0.5  # of a code's life: later than that, the code is often gone before somebody reads the mail


class CheckResult(StrEnum):
    """Results of a check."""

    PASSED = "passed"
    WEAK = "weak"
    FAILED = "failed"
    NOT_KNOWN = "not_known"


CHECK_SIGNS: dict[CheckResult, str] = {
    CheckResult.PASSED: "✓",
    CheckResult.WEAK: "▲",
    CheckResult.FAILED: "✕",
    CheckResult.NOT_KNOWN: "?",
}
CHECK_WORDS: dict[CheckResult, str] = {
    CheckResult.PASSED: "passed",
    CheckResult.WEAK: "could be better",
    CheckResult.FAILED: "failed",
    CheckResult.NOT_KNOWN: "not known",
}
OF_STATES: dict[State, CheckResult] = {
    State.GOOD: CheckResult.PASSED,
    State.WEAK: CheckResult.WEAK,
    State.BAD: CheckResult.FAILED,
    State.NONE: CheckResult.NOT_KNOWN,
    State.UNKNOWN: CheckResult.NOT_KNOWN,
    State.REFUSED: CheckResult.NOT_KNOWN,
}
WORST_FIRST = (CheckResult.FAILED, CheckResult.WEAK, CheckResult.PASSED, CheckResult.NOT_KNOWN)
FINDINGS: dict[Finding, CheckResult] = {
    Finding.CLEAN: CheckResult.PASSED,
    Finding.UNSURE: CheckResult.WEAK,
    Finding.BULK: CheckResult.WEAK,
    Finding.SPAM: CheckResult.FAILED,
    Finding.PHISHING: CheckResult.FAILED,
    Finding.QUARANTINED: CheckResult.FAILED,
}
FIXES = {  # by the name of a check: who can do what
    "IP address": "The operator of the list removes it on request, once the reason is gone. Until then a company can "
    "allow this IP address together with the sender's domain.",
    "SPF": "Trimble publishes the IP address in the SPF record of the bounce domain.",
    "DKIM": "Trimble signs with a key that is published. A gateway that changes mail must not change signed parts.",
    "DMARC": "SPF or DKIM must pass for the domain that people see as From.",
    "Reverse DNS": "Whoever holds the IP address publishes a PTR record, whose name leads back to the same address.",
    "TLS": "The receiving server offers STARTTLS with a certificate that is valid.",
    "Filter": "The company's IT allows the sender where its filter decides, only for mail that passes DMARC.",
    "Delivery time": "Find the hop that waits, in the headers below: greylisting, a sandbox or a full queue. Exempt "
    "this sender from it.",
}


OF_SENDER = frozenset({"IP address", "SPF", "DKIM", "DMARC", "Reverse DNS"})
"""Checks of the identity: of another one than the sender's nobody has to fix them."""


@dataclass(frozen=True, slots=True)
class ProbeCheck:
    """One line. `said`: what was found, and where; `fix` what to do about it, "" where nothing is wrong. `rules`: of a
    filter, each with what it means, "" where that is not known."""

    name: str
    result: CheckResult
    said: str
    fix: str = ""
    rules: tuple[tuple[str, str], ...] = ()


def checklist_of(
    record: ProbeRecord, headers: HeaderPath | None, standing: Sequence[FactRecord]
) -> tuple[ProbeCheck, ...]:
    """Return the checklist. `standing`: what is known of the sender now; what is too old is unknown."""
    known = standing if record.probe.role is Role.SENDER else ()
    found = [
        _address(record, known),
        _authentication("SPF", headers, Question.SPF, known),
        _authentication("DKIM", headers, Question.DKIM, known),
        _authentication("DMARC", headers, Question.DMARC, known),
        _reverse(record, known),
        _encryption(record),
        _filter(headers),
        _time(record),
    ]
    if record.probe.role is Role.SENDER:
        return tuple(found)
    return tuple(replace(check, fix="") if check.name in OF_SENDER else check for check in found)


def _check(name: str, result: CheckResult, said: str, rules: tuple[tuple[str, str], ...] = ()) -> ProbeCheck:
    fix = FIXES[name] if result in (CheckResult.FAILED, CheckResult.WEAK) else ""
    return ProbeCheck(name, result, one_line(said, MAX_SAID_CHARS), fix, rules)


def _address(record: ProbeRecord, standing: Sequence[FactRecord]) -> ProbeCheck:
    name, verdict = "IP address", record.verdict
    if verdict and verdict.cause is Cause.IP_LISTED:
        return _check(name, CheckResult.FAILED, "The receiver says that a blocklist has it")
    if verdict and verdict.cause is Cause.IP_BLOCKED:
        return _check(name, CheckResult.FAILED, "The receiver says that its own list has it")
    lists = [each for each in standing if each.reading.question is Question.BLOCKLIST]
    listed = [each.zone or each.reading.subject for each in lists if each.state is State.BAD]
    clean = sum(each.state is State.GOOD for each in lists)
    if listed:
        return _check(name, CheckResult.FAILED, f"Now listed by {', '.join(listed)}")
    if clean:
        return _check(name, CheckResult.PASSED, f"Now on none of {clean} blocklists that answered")
    return _check(name, CheckResult.NOT_KNOWN, "No blocklist was asked about it")


def _authentication(
    name: str, headers: HeaderPath | None, question: Question, standing: Sequence[FactRecord]
) -> ProbeCheck:
    found = next((check.found for check in headers.checks if check.name == name), "") if headers else ""
    if name == "DMARC" and found in FAILED and not _signed(headers):
        said = (
            f"The receiver found: {found}. Real mail is signed and this test message is not, so this says nothing of it"
        )
        return _check(name, CheckResult.NOT_KNOWN, said)
    if found and found != "none":
        result = CheckResult.FAILED if found in FAILED else CheckResult.PASSED if found == "pass" else CheckResult.WEAK
        return _check(name, result, f"The receiver found: {found}")
    known = _published(name, question, standing)
    if found == "none":
        here = "The receiver found none in this mail"
        return _check(name, CheckResult.NOT_KNOWN, here if known is None else f"{here}. {known.said}")
    return known or _check(name, CheckResult.NOT_KNOWN, "The receiver did not say, and DNS was not asked")


def _signed(headers: HeaderPath | None) -> bool:
    """Test if the receiver saw a DKIM signature."""
    found = next((check.found for check in headers.checks if check.name == "DKIM"), "") if headers else ""
    return found not in ("", "none")


def _published(name: str, question: Question, standing: Sequence[FactRecord]) -> ProbeCheck | None:
    """The worst that is published now; None where nothing is known."""
    facts = [each for each in standing if each.reading.question is question]
    decided = [each for each in facts if OF_STATES[each.state] is not CheckResult.NOT_KNOWN]
    if not decided:
        return None
    worst = min(decided, key=lambda each: WORST_FIRST.index(OF_STATES[each.state]))
    return _check(name, OF_STATES[worst.state], f"Published now: {sentence(worst.reading)}")


def _reverse(record: ProbeRecord, standing: Sequence[FactRecord]) -> ProbeCheck:
    name = "Reverse DNS"
    if record.verdict and record.verdict.cause is Cause.RDNS:
        return _check(name, CheckResult.FAILED, "The receiver refused the mail for it")
    return _published(name, Question.PTR, standing) or _check(name, CheckResult.NOT_KNOWN, "DNS was not asked")


def _encryption(record: ProbeRecord) -> ProbeCheck:
    name = "TLS"
    if record.verdict and record.verdict.cause is Cause.TLS:
        return _check(name, CheckResult.FAILED, "The connection could not be encrypted as required")
    spoken = [seen for seen in record.evidence if isinstance(seen, Dialogue) and len(seen.steps) > 1 and not seen.scan]
    if not spoken:
        return _check(name, CheckResult.NOT_KNOWN, "No server was reached")
    to = "to the sender's mail service" if record.probe.traits.relayed else "to the first server"
    if spoken[-1].tls:
        return _check(name, CheckResult.PASSED, f"{spoken[-1].tls} {to}")
    if any(seen.tls for seen in spoken):
        return _check(name, CheckResult.WEAK, f"Not in every attempt {to}")
    return _check(name, CheckResult.WEAK, f"Not encrypted {to}")


def _filter(headers: HeaderPath | None) -> ProbeCheck:
    name, believed = "Filter", [each for each in headers.filters if each.believed] if headers else []
    if not believed:
        said = "No filter wrote its verdict into the headers" if headers else "The mail was not seen in a mailbox"
        return _check(name, CheckResult.NOT_KNOWN, said)
    worst = min(believed, key=lambda each: WORST_FIRST.index(FINDINGS[each.verdict]))
    rules = explained_rules(worst.rules)
    return _check(name, FINDINGS[worst.verdict], "; ".join(map(_score, believed)), rules)


def _score(found: FilterFacts) -> str:
    score = "" if found.score is None else f", score {found.score:g}"
    limit = "" if found.threshold is None or not score else f" of {found.threshold:g}"
    return f"{filter_label(found.vendor)}: {found.verdict.value}{score}{limit}"


def _time(record: ProbeRecord) -> ProbeCheck:
    name, probe = "Delivery time", record.probe
    life = probe.code_dead_at - probe.created_at
    needs_code = probe.kind.facts.needs_code
    if record.verdict and record.verdict.outcome in (Outcome.LATE, Outcome.DEFERRED):
        return _check(name, CheckResult.FAILED, f"Not within {lasting(life)}")
    if record.delivery is None:
        return _check(name, CheckResult.NOT_KNOWN, "It was not seen in a mailbox")
    took = f"In the mailbox within {exactly(record.delivery)}"
    if not needs_code:
        return _check(name, CheckResult.PASSED, f"{took}; this kind of mail carries no code")
    return _check(name, _in_time(record.delivery, life), f"{took}; the code lives {lasting(life)}")


def _in_time(delivery: timedelta, life: timedelta) -> CheckResult:
    if delivery > life:
        return CheckResult.FAILED
    return CheckResult.WEAK if delivery > HURRY * life else CheckResult.PASSED


def counted_results(checks: Iterable[ProbeCheck]) -> str:
    """Return how many checks had each result, in words."""
    results = [check.result for check in checks]
    return ", ".join(f"{results.count(each)} {CHECK_WORDS[each]}" for each in CheckResult if each in results)
