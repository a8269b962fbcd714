"""Does the sender's mail pass DMARC, as receivers report it, and who has stopped to report? Pure.

Reports are sent once a day, and by anybody who likes to: one report proves nothing. The share of messages that pass
counts over three days, since yesterday's reports still come in today, and it is bad only if two reports have failures.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from probes.reading.reports import ReportKind
from probes.standing.fact import Assessment, Fact, Question, State, Why

WINDOW = timedelta(days=3)
MIN_PASS_SHARE = 0.98  # of our own messages; forwarding alone costs less, since it comes from other addresses
MIN_MESSAGES = 50
MIN_FAILING_REPORTS = 2
MAX_NAMED_REPORTERS = 3

DAILY_FOR = timedelta(days=14)  # up to the last report
MIN_DAYS_REPORTED = 12  # of those: a reporter that misses a day still reports daily
SILENT_AFTER = timedelta(days=4)  # without a report, from the end of the last day: one comes up to two days later
REPORTERS_KNOWN_FOR = timedelta(days=60)  # without a report one is no reporter any more
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReportTotals:
    """The messages from the source IP in one aggregate report about this day (midnight, UTC)."""

    reporter: str
    day: datetime
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class ReporterDay:
    """A day (midnight, UTC) that a reporter sent reports about; `received_at` is when the last of them came."""

    kind: ReportKind
    reporter: str
    day: datetime
    reports: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reporter:
    """A reporter. `last_day` is the last day that it reported about; `silent`: it reported daily before, and does so no
    more."""

    kind: ReportKind
    reporter: str
    reports: int
    first_day: datetime
    last_day: datetime
    received_at: datetime
    silent: bool


def window_start(now: datetime) -> datetime:
    """Return the first day (midnight, UTC) that counts now."""
    return (now - WINDOW).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def reports_fact(totals: Sequence[ReportTotals], source_ip: str, now: datetime) -> Fact:
    """Return the fact about the source IP's mail; for senders whose reports come to us."""
    found = assess_reports(totals, now)
    return Fact(Question.REPORTS, source_ip, found.state, found.why, now, found.value, found.named)


def assess_reports(totals: Iterable[ReportTotals], now: datetime) -> Assessment:
    """Assess the share of messages that pass. The fact is as old as `now`: reports are of days, not of moments."""
    since = window_start(now)
    recent = [each for each in totals if each.day >= since]
    passed, failed = (sum(getattr(each, name) for each in recent) for name in ("passed", "failed"))
    messages = passed + failed
    if not messages:
        return Assessment(State.UNKNOWN, Why.NO_MAIL_REPORTED, named=(str(WINDOW.days),))
    named = str(passed), str(messages), str(len(recent)), str(WINDOW.days)
    value = f"{passed / messages:.1%} of {messages} messages"
    if messages < MIN_MESSAGES:
        return Assessment(State.UNKNOWN, Why.MAIL_TOO_LITTLE, value, named)
    if passed / messages >= MIN_PASS_SHARE:
        return Assessment(State.GOOD, Why.MAIL_PASSES, value, named)
    failing = sorted((each for each in recent if each.failed), key=lambda each: -each.failed)
    reporters = ", ".join(list(dict.fromkeys(each.reporter for each in failing))[:MAX_NAMED_REPORTERS])
    if len(failing) < MIN_FAILING_REPORTS:
        return Assessment(State.WEAK, Why.MAIL_FAILS_ONCE, value, (*named, reporters))
    return Assessment(State.BAD, Why.MAIL_FAILS, value, (*named, reporters))


def reporters_of(days: Iterable[ReporterDay], now: datetime) -> list[Reporter]:
    """Return the reporters, those with the newest report first."""
    known: defaultdict[tuple[ReportKind, str], list[ReporterDay]] = defaultdict(list)
    for each in days:
        known[each.kind, each.reporter].append(each)
    reporters = [_reporter(kind, name, own, now) for (kind, name), own in known.items()]
    return sorted(reporters, key=lambda each: (-each.last_day.timestamp(), each.reporter.casefold(), each.kind))


def _reporter(kind: ReportKind, name: str, days: Sequence[ReporterDay], now: datetime) -> Reporter:
    reported = {each.day for each in days}
    last = max(reported)
    daily = sum(last - day < DAILY_FOR for day in reported) >= MIN_DAYS_REPORTED
    return Reporter(
        kind=kind,
        reporter=name,
        reports=sum(each.reports for each in days),
        first_day=min(reported),
        last_day=last,
        received_at=max(each.received_at for each in days),
        silent=daily and now - (last + DAY) > SILENT_AFTER,
    )
