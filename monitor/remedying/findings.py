"""Remedies that somebody has to act on, as findings of the incident rules: too wide, or about to lapse. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from monitor.incidents.incident import Scope, StandingFinding, StandingRule
from monitor.incidents.standing_rules import ROWS
from monitor.remedying.applied import AppliedRemedy, RemedyState
from monitor.remedying.lapse import WARNED_BEFORE, lapses_at, last_result
from monitor.remedying.words import title_of
from probes.display import clock
from probes.mailsystems.remedy import RemedyNames, fill


def remedy_findings(
    records: Iterable[AppliedRemedy], companies: Mapping[str, str], names: RemedyNames, now: datetime
) -> Iterator[StandingFinding]:
    """Yield what somebody has to act on. `companies`: names by key; of one that is not configured nothing is said."""
    for applied in records:
        if applied.company not in companies:
            continue
        whose, title = f"the remedy of {companies[applied.company]}", fill(title_of(applied), names)
        match last_result(applied, now):
            case RemedyState.TOO_WIDE:
                since = applied.decided_at or applied.changed_at
                yield _finding(StandingRule.REMEDY_TOO_WIDE, applied, f"{whose} ({title})", since)
            case RemedyState.LAPSES_SOON | RemedyState.LAPSED if end := lapses_at(applied):
                when = f"{whose} that may lapse at {clock(end)} ({title})"
                yield _finding(StandingRule.REMEDY_LAPSES, applied, when, end - WARNED_BEFORE)
            case _:
                pass


def _finding(rule: StandingRule, applied: AppliedRemedy, subject: str, since: datetime) -> StandingFinding:
    return StandingFinding(
        *(rule, ROWS[rule].severity, Scope.COMPANY, None, since, subject),
        company=applied.company,
        remedy=applied.remedy,
    )
