"""Reduce a DMARC or TLS report to the part that is stored: bounded, dated, and only what concerns the sender. Pure.

Anybody can send a report, so nothing in it is believed to be sensible. Whatever comes out of here may be stored as it
is: few rows, short texts without invisible characters, counts that can be added up, a day that is not in the future.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from probes.display import one_line
from probes.ip_addresses import parse_ip
from probes.reading.reports import ReportError, ReportFacts, ReportKind, ReportRow

MAX_STORED_ROWS = 100  # of one report; what is beyond is added up by source and result
MAX_STORED_COUNT = 10**9  # messages of one row, so that sums of all rows stay below 2^63
MAX_NAME_CHARS = 200  # of a reporter or an id
MAX_DOMAIN_CHARS = 253  # RFC 1035, section 2.3.4
MAX_WORD_CHARS = 60  # of a result or disposition
MAX_AHEAD = timedelta(days=1)  # of our clock: a reporter's may be wrong, and its day may be a local one
STORED_KINDS = frozenset({ReportKind.AGGREGATE, ReportKind.TLS})
MAX_PERIOD = timedelta(days=31)


class MailSource(StrEnum):
    """Sources of mail with the sender's name. OURS is the sender's own address on the day the report came."""

    OURS = "ours"
    OTHERS = "others"


class ReportReceipt(StrEnum):
    """Results of handing a report to the store."""

    NEW = "new"
    KNOWN = "known"  # it counts once
    NO_ROOM = "no_room"  # too many came today; it can be stored tomorrow


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A number of messages (for TLS, sessions) with the same result. `source_ip` is "" where rows were added up."""

    source: MailSource
    source_ip: str
    domain: str
    passed: bool
    disposition: str
    spf: str
    dkim: str
    result: str
    mx: str
    count: int


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """One report. `id` is the same whenever the same report comes again; `day` is the midnight (UTC) of the day that
    the middle of its period is in."""

    id: str
    kind: ReportKind
    reporter: str
    report_id: str
    domain: str
    policy: str
    begins_at: datetime
    ends_at: datetime
    day: datetime
    rows: tuple[SummaryRow, ...]

    @property
    def counts(self) -> Counter[tuple[MailSource, bool]]:
        """Return the messages by source and whether they passed."""
        counts: Counter[tuple[MailSource, bool]] = Counter()
        for row in self.rows:
            counts[row.source, row.passed] += row.count
        return counts


def summarise(facts: ReportFacts, source_ip: str, domain: str, now: datetime, keep: timedelta) -> ReportSummary | None:
    """Return what is kept of a report; None if it does not concern the sender's domain, or is of a kind that is not
    kept. Raises ReportError if its period is in the future or before everything that is kept."""
    related = _belongs(facts.domain, domain) or _belongs(domain, facts.domain)
    if facts.kind not in STORED_KINDS or not related:
        return None
    begins, ends = _period(facts)
    day = (begins + (ends - begins) / 2).replace(hour=0, minute=0, second=0, microsecond=0)
    if ends > now + MAX_AHEAD or day < now - keep:
        raise ReportError(f"its period, {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC, is not plausible")
    whole = facts.kind is ReportKind.AGGREGATE and _belongs(facts.domain, domain)
    rows = [row for row in facts.ours if row.count > 0 and (whole or _belongs(row.domain, domain))]
    reporter, report_id = _name(facts.organisation), _name(facts.report_id)
    about = one_line(facts.domain, MAX_DOMAIN_CHARS)
    return ReportSummary(
        id=_identity(facts.kind, reporter.casefold(), report_id, about, begins.isoformat()),
        kind=facts.kind,
        reporter=reporter,
        report_id=report_id,
        domain=about,
        policy=one_line(facts.policy, MAX_WORD_CHARS),
        begins_at=begins,
        ends_at=ends,
        day=day,
        rows=_bounded(_row(row, source_ip) for row in rows),
    )


def _period(facts: ReportFacts) -> tuple[datetime, datetime]:
    """Return begin and end. An end before the begin, or MAX_PERIOD after it, is a mistake of the reporter."""
    try:
        begins, ends = (datetime.fromisoformat(at).astimezone(UTC) for at in (facts.begins, facts.ends))
    except (ValueError, OverflowError, OSError):
        raise ReportError("it does not say which period it is about") from None
    return begins, ends if timedelta(0) <= ends - begins <= MAX_PERIOD else begins


def _identity(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _name(text: str) -> str:
    return one_line(text, MAX_NAME_CHARS) or "unnamed"


def _row(row: ReportRow, source_ip: str) -> SummaryRow:
    ip, ours = parse_ip(row.source_ip), parse_ip(source_ip)
    return SummaryRow(
        source=MailSource.OURS if ip is not None and ip == ours else MailSource.OTHERS,
        source_ip="" if ip is None else str(ip),
        domain=one_line(row.domain, MAX_DOMAIN_CHARS),
        passed=row.passed,
        disposition=one_line(row.disposition, MAX_WORD_CHARS),
        spf=one_line(row.spf, MAX_WORD_CHARS),
        dkim=one_line(row.dkim, MAX_WORD_CHARS),
        result=one_line(row.result, MAX_WORD_CHARS),
        mx=one_line(row.mx, MAX_DOMAIN_CHARS),
        count=min(row.count, MAX_STORED_COUNT),
    )


def _bounded(rows: Iterable[SummaryRow]) -> tuple[SummaryRow, ...]:
    """Keep ours and the largest; add up the others, so that sums stay what they are."""
    ordered = sorted(rows, key=lambda row: (row.source is MailSource.OTHERS, -row.count))
    kept, rest = ordered[:MAX_STORED_ROWS], ordered[MAX_STORED_ROWS:]
    counts: Counter[tuple[MailSource, bool]] = Counter()
    for row in rest:
        counts[row.source, row.passed] += row.count
    added = (
        SummaryRow(source, "", "", passed, "", "", "", "", "", min(count, MAX_STORED_COUNT))
        for (source, passed), count in counts.items()
    )
    return (*kept, *added)


def _belongs(name: str, domain: str) -> bool:
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))
