"""Refusals of real mail, as findings of the incident rules. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from monitor.incidents.incident import StandingFinding, StandingRule
from monitor.incidents.standing_rules import ROWS
from monitor.real_mail.refusals import RealRefusals


def refusal_findings(
    known: Iterable[RealRefusals], companies: Mapping[str, str], source_ip: str, now: datetime
) -> Iterator[StandingFinding]:
    """Yield those that are not over. `companies`: the names of those whose mail is counted, by key; of another one
    nothing is known any more."""
    row = ROWS[StandingRule.REAL_MAIL_REFUSED]
    for refusals in known:
        if refusals.company in companies and not refusals.over(now):
            yield StandingFinding(
                *(StandingRule.REAL_MAIL_REFUSED, row.severity, row.scope, refusals.cause, refusals.since),
                companies[refusals.company],
                company=refusals.company,
                reply=refusals.reply,
                ip=refusals.from_ip if refusals.from_ip != source_ip else "",
            )
