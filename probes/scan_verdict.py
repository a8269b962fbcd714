"""The verdict on the answer of a content filter that was asked, and delivered nothing. Pure."""

from dataclasses import replace

from probes.details import Judgement, ScannedByFilter
from probes.evidence import Scan, ScanAction
from probes.outcome import Cause, Grade, Outcome
from probes.reading.scans import cause_of_scan

MAX_RULES_KEPT = 10  # of a filter's answer, in a verdict; the evidence has all

OUTCOMES: dict[ScanAction, Outcome] = {
    ScanAction.ACCEPT: Outcome.INBOX,
    ScanAction.MARK: Outcome.SPAM,
    ScanAction.QUARANTINE: Outcome.QUARANTINED,
    ScanAction.DISCARD: Outcome.MISSING,
    ScanAction.GREYLIST: Outcome.DEFERRED,
    ScanAction.DELAY: Outcome.DEFERRED,
    ScanAction.REJECT: Outcome.BLOCKED,
}


def judge_scan(scan: Scan) -> Judgement:
    """Judge the answer: it proves what the filter thinks, and no more."""
    outcome = OUTCOMES[scan.action]
    cause = Cause.GREYLISTED if scan.action is ScanAction.GREYLIST else cause_of_scan(scan)
    detail = ScannedByFilter(replace(scan, rules=scan.rules[:MAX_RULES_KEPT]))
    return Judgement(outcome, None if outcome is Outcome.INBOX else cause, Grade.SCANNED, detail)
