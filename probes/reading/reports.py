"""DMARC aggregate and SMTP TLS reports, reduced to our address and domain.

The format is read by parsedmarc, an extra: `pip install mailpath[reports]`. Its input is unpacked and counted here,
within bounds, so that it never sees an archive, a message, or a document that grows. Even so, a foreign library reads
hostile text: the service calls this through `report_reader`, in a process with limits of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from probes.reading.report_files import Packed, ReportError, one_line, unpack
from probes.reading.report_limits import check

__all__ = ["ReportError", "ReportFacts", "ReportKind", "ReportRow", "available", "read_report"]

MAX_ROWS = 1000  # kept of what concerns us; the rest is added up
MAX_COUNT = 1 << 53  # messages; a larger number is a lie, and no longer exact in JSON


class ReportKind(StrEnum):
    """Types of reports."""

    AGGREGATE = "dmarc_aggregate"  # RFC 7489 and RFC 9990
    FAILURE = "dmarc_failure"  # one message, RFC 6591
    TLS = "smtp_tls"  # RFC 8460


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A number of messages (for TLS, sessions) with the same result.

    DMARC: `source_ip` sent them as `domain`, `passed` is the verdict, `disposition` the treatment. TLS: `domain` is
    that of the policy, `result` the type of failure, "" for success, and `mx` the receiving host, if it is told.
    """

    source_ip: str
    domain: str
    count: int
    passed: bool
    disposition: str = ""
    spf: str = ""
    dkim: str = ""
    result: str = ""
    mx: str = ""


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report. `messages` and `passed` count all of it, `ours` are the rows about our address or domain.

    `begins` and `ends` in UTC, as `2026-11-22T00:00:00Z`; as written if that is no time. `policy` is the one that
    `domain` publishes (none, quarantine, reject; for TLS its type, sts or tlsa).
    """

    kind: ReportKind
    organisation: str
    report_id: str
    domain: str
    policy: str
    begins: str
    ends: str
    records: int
    messages: int
    passed: int
    ours: tuple[ReportRow, ...]

    @property
    def ours_passed(self) -> int:
        """Number of ours that passed."""
        return sum(row.count for row in self.ours if row.passed)

    @property
    def ours_failed(self) -> int:
        """Number of ours that failed."""
        return sum(row.count for row in self.ours if not row.passed)


def available() -> bool:
    """Test if the extra is installed, without loading it."""
    return find_spec("parsedmarc") is not None


def read_report(data: bytes, source_ip: str, domain: str) -> ReportFacts:
    """Read the report in a message, an archive, or by itself, as XML or JSON. Raises ReportError, and nothing else.

    Blocks: 5,000 records take a second, and the first call a second or two for loading the library.
    """
    packed = unpack(data)
    if packed.text:
        check(packed.text)
    try:
        import parsedmarc
    except ImportError:
        raise ReportError("reading reports needs an extra: pip install 'mailpath[reports]'") from None
    try:
        return _facts(packed, parsedmarc, source_ip, domain)
    except Exception as error:  # whatever a hostile report does to a foreign library stays in here
        raise ReportError(f"not a DMARC or TLS report: {one_line(error)}") from None


def _facts(packed: Packed, library: Any, source_ip: str, domain: str) -> ReportFacts:
    if packed.feedback:
        now = datetime.now(UTC)  # only where the report names no time
        report = library.parse_failure_report(packed.feedback, f"From: {packed.sender}\n\n", now, offline=True)
        return _failure(report, source_ip, domain)
    if packed.text.startswith("{"):
        return _tls(library.parse_smtp_tls_report_json(packed.text), source_ip, domain)
    return _aggregate(library.parse_aggregate_report_xml(packed.text, offline=True), source_ip, domain)


def _aggregate(report: Mapping[str, Any], source_ip: str, domain: str) -> ReportFacts:
    about, published, records = report["report_metadata"], report["policy_published"], report["records"]
    rows = [_record(record) for record in records]
    about_us = _belongs(one_line(published["domain"]).lower(), domain)
    return ReportFacts(
        kind=ReportKind.AGGREGATE,
        organisation=one_line(about["org_name"]),
        report_id=one_line(about["report_id"]),
        domain=one_line(published["domain"]).lower(),
        policy=one_line(published["p"]),
        begins=_utc(about["begin_date"]),
        ends=_utc(about["end_date"]),
        records=len(rows),
        messages=sum(row.count for row in rows),
        passed=sum(row.count for row in rows if row.passed),
        ours=_ours(rows, source_ip, domain, whole=about_us),
    )


def _record(record: Mapping[str, Any]) -> ReportRow:
    evaluated = record["policy_evaluated"]
    return ReportRow(
        source_ip=one_line(record["source"]["ip_address"]),
        domain=one_line(record["identifiers"]["header_from"]).lower(),
        count=_count(record["count"]),
        passed=bool(record["alignment"]["dmarc"]),
        disposition=one_line(evaluated["disposition"]),
        spf=one_line(evaluated["spf"]),
        dkim=one_line(evaluated["dkim"]),
    )


def _failure(report: Mapping[str, Any], source_ip: str, domain: str) -> ReportFacts:
    row = ReportRow(
        source_ip=one_line(report["source"]["ip_address"]),
        domain=one_line(report.get("reported_domain")).lower(),
        count=1,
        passed=False,
        disposition=one_line(report.get("delivery_result")),
        result=" ".join(one_line(each) for each in report.get("auth_failure") or ()),
    )
    at = _utc(report.get("arrival_date_utc"), local=False)
    return ReportFacts(
        kind=ReportKind.FAILURE,
        organisation=one_line(report.get("reporting_mta") or report.get("user_agent")),
        report_id=one_line(report.get("message_id")),
        domain=row.domain,
        policy="",
        begins=at,
        ends=at,
        records=1,
        messages=1,
        passed=0,
        ours=_ours([row], source_ip, domain),
    )


def _tls(report: Mapping[str, Any], source_ip: str, domain: str) -> ReportFacts:
    policies = report["policies"]
    rows = [row for policy in policies for row in _sessions(policy)]
    passed = sum(_count(each["successful_session_count"]) for each in policies)
    return ReportFacts(
        kind=ReportKind.TLS,
        organisation=one_line(report["organization_name"]),
        report_id=one_line(report["report_id"]),
        domain=one_line(policies[0]["policy_domain"]).lower() if policies else "",
        policy=one_line(policies[0]["policy_type"]) if policies else "",
        begins=_utc(report["begin_date"], local=False),
        ends=_utc(report["end_date"], local=False),
        records=len(policies),
        messages=passed + sum(_count(each["failed_session_count"]) for each in policies),
        passed=passed,
        ours=_ours(rows, source_ip, domain),
    )


def _sessions(policy: Mapping[str, Any]) -> Iterator[ReportRow]:
    domain = one_line(policy["policy_domain"]).lower()
    if well := _count(policy["successful_session_count"]):
        yield ReportRow("", domain, well, passed=True)
    details = policy.get("failure_details") or ()
    for each in details:
        ip, result = one_line(each.get("sending_mta_ip")), one_line(each.get("result_type"))
        mx = one_line(each.get("receiving_mx_hostname")).lower()
        yield ReportRow(ip, domain, _count(each["failed_session_count"]), passed=False, result=result, mx=mx)
    untold = _count(policy["failed_session_count"]) - sum(_count(each["failed_session_count"]) for each in details)
    if untold > 0:
        yield ReportRow("", domain, untold, passed=False, result="not told")


def _utc(written: Any, *, local: bool = True) -> str:
    """Return a time in UTC. `local`: without a zone it is in ours, as parsedmarc writes the times of aggregate
    reports; otherwise it is in UTC."""
    text = one_line(written)
    try:
        at = datetime.fromisoformat(text)
        known = at if at.tzinfo or local else at.replace(tzinfo=UTC)
        return f"{known.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return text


def _count(value: Any) -> int:
    return min(max(int(value), 0), MAX_COUNT)


def _ours(rows: list[ReportRow], source_ip: str, domain: str, *, whole: bool = False) -> tuple[ReportRow, ...]:
    """Return our rows (or all), equal ones added up, the largest first. Beyond MAX_ROWS, those of our address come
    before all others, and the rest are added up by whether they passed, so that no message is lost."""
    counts: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if not whole and row.source_ip != source_ip and not _belongs(row.domain, domain):
            continue
        key = (row.source_ip, row.domain, row.passed, row.disposition, row.spf, row.dkim, row.result, row.mx)
        counts[key] = counts.get(key, 0) + row.count
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    if len(ordered) > MAX_ROWS:
        ordered.sort(key=lambda item: item[0][0] != source_ip)
    rest: dict[bool, int] = {}
    for (_, _, passed, *_), count in ordered[MAX_ROWS:]:
        rest[passed] = rest.get(passed, 0) + count
    kept = sorted(ordered[:MAX_ROWS], key=lambda item: -item[1])
    return (
        *(
            ReportRow(ip, name, count, passed, disposition, spf, dkim, result, mx)
            for (ip, name, passed, disposition, spf, dkim, result, mx), count in kept
        ),
        *(ReportRow("", domain, count, passed) for passed, count in rest.items()),
    )


def _belongs(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
