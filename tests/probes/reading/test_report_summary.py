"""What is kept of a report, however hostile: bounded, dated, and about the sender."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.report_summary import (
    MAX_DOMAIN_CHARS,
    MAX_NAME_CHARS,
    MAX_STORED_COUNT,
    MAX_STORED_ROWS,
    MailSource,
    ReportSummary,
    summarise,
)
from probes.reading.reports import MAX_COUNT, ReportError, ReportFacts, ReportKind, ReportRow
from tests.support.report_samples import DAY, DOMAIN, IP, NOW

KEEP = timedelta(days=400)
OURS, OTHERS = MailSource


def facts(*rows: ReportRow, **other: Any) -> ReportFacts:
    said: dict[str, Any] = {
        "kind": ReportKind.AGGREGATE,
        "organisation": "mail.example",
        "report_id": "r1",
        "domain": DOMAIN,
        "policy": "reject",
        "begins": "2026-11-22T00:00:00Z",
        "ends": "2026-11-22T23:59:59Z",
    }
    return ReportFacts(**{**said, **other}, records=len(rows), messages=0, passed=0, ours=rows)


def sent(ip: str = IP, count: int = 1, domain: str = DOMAIN, **other: Any) -> ReportRow:
    return ReportRow(ip, domain, count, **{"passed": True, **other})


def summary(*rows: ReportRow, **other: Any) -> ReportSummary:
    found = summarise(facts(*rows, **other), IP, DOMAIN, NOW, KEEP)
    assert found
    return found


def test_rows_are_ours_or_of_others() -> None:
    found = summary(sent(), sent("192.0.2.9", 4), sent("::ffff:104.130.122.50", 2), sent("nonsense", 8, passed=False))
    assert [(row.source, row.source_ip, row.count) for row in found.rows] == [
        (OURS, IP, 2),
        (OURS, IP, 1),
        (OTHERS, "", 8),
        (OTHERS, "192.0.2.9", 4),
    ]
    assert found.counts == {(OURS, True): 3, (OTHERS, True): 4, (OTHERS, False): 8}
    assert found.day == DAY


@pytest.mark.parametrize(
    ("about", "row", "kept"),
    [
        ({"domain": DOMAIN}, sent(domain="other.example"), True),  # the name in its policy is ours
        ({"domain": "trimble.com"}, sent(), True),
        ({"domain": "trimble.com"}, sent(domain="news.trimble.com"), False),  # the same address, another sender
        ({"domain": "news.trimble.com"}, sent(), None),
        ({"domain": ""}, sent(), None),
        ({"kind": ReportKind.FAILURE}, sent(), None),
        ({"kind": ReportKind.TLS}, sent(domain="other.example"), False),
        ({}, sent(count=0), False),
    ],
)
def test_only_what_concerns_the_sender_is_kept(about: dict[str, Any], row: ReportRow, kept: bool | None) -> None:
    found = summarise(facts(row, **about), IP, DOMAIN, NOW, KEEP)
    assert (found and bool(found.rows)) is kept


@pytest.mark.parametrize(
    ("begins", "ends", "day"),
    [
        ("2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", "2026-11-22"),
        ("2026-11-21T23:00:00Z", "2026-11-22T22:59:59Z", "2026-11-22"),  # a day of Berlin
        ("2026-11-22T08:00:00Z", "2026-11-23T07:59:59Z", "2026-11-22"),  # and of Los Angeles
        ("2026-11-22T00:00:00Z", "1970-01-01T00:00:00Z", "2026-11-22"),
        ("2026-11-22T00:00:00Z", "2999-01-01T00:00:00Z", "2026-11-22"),
        ("2025-10-22T00:00:00Z", "2025-10-22T23:59:59Z", "2025-10-22"),
    ],
)
def test_a_report_is_about_the_day_of_its_middle(begins: str, ends: str, day: str) -> None:
    assert f"{summary(sent(), begins=begins, ends=ends).day:%Y-%m-%d}" == day


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"),
        ("2025-10-01T00:00:00Z", "2025-10-02T00:00:00Z"),  # longer ago than anything that is kept
        ("2026-11-26T00:00:00Z", "2026-11-27T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59"),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_a_period_that_cannot_be_is_an_error(begins: str, ends: str) -> None:
    with pytest.raises(ReportError, match="period"):
        summary(sent(), begins=begins, ends=ends)


def test_the_same_report_is_the_same_and_others_are_not() -> None:
    one = summary(sent())
    assert summary(sent(), organisation="MAIL.example").id == one.id
    assert summary(sent(count=2), policy="none").id == one.id  # the first one stays
    different = (
        {"organisation": "mail2.example"},
        {"report_id": "r2"},
        {"domain": f"sub.{DOMAIN}"},
        {"kind": ReportKind.TLS},
        {"begins": "2026-11-22T00:00:01Z"},
    )
    assert len({one.id, *(summary(sent(), **other).id for other in different)}) == 1 + len(different)


def test_a_long_report_keeps_ours_and_the_largest_and_its_sums() -> None:
    rows = [sent(f"192.0.2.{n % 256}", n, f"{n}.{DOMAIN}", passed=n % 3 > 0) for n in range(1, 1000)]
    found = summary(*rows, sent(count=1))
    assert len(found.rows) == MAX_STORED_ROWS + 2
    assert found.rows[0].source is OURS
    assert [row.count for row in found.rows[1:4]] == [999, 998, 997]
    expected = Counter({(OURS, True): 1})
    for row in rows:
        expected[OTHERS, row.passed] += row.count
    assert found.counts == expected


@given(
    st.builds(
        ReportFacts,
        kind=st.sampled_from(ReportKind),
        begins=st.one_of(st.text(), st.datetimes().map(lambda at: f"{at.isoformat()}Z")),
        ends=st.one_of(st.text(), st.datetimes().map(lambda at: f"{at.isoformat()}Z")),
        domain=st.sampled_from([DOMAIN, "trimble.com", f"a.{DOMAIN}"]),
        ours=st.lists(st.builds(ReportRow, count=st.integers(0, MAX_COUNT)), max_size=300).map(tuple),
    )
)
def test_whatever_it_says_what_is_kept_is_bounded(hostile: ReportFacts) -> None:
    for read in (hostile, replace(hostile, begins="2026-11-22T00:00:00Z", ends="2026-11-22T23:59:59Z")):
        try:
            found = summarise(read, IP, DOMAIN, NOW, KEEP)
        except ReportError:
            continue
        if found is None:
            continue
        assert len(found.rows) <= MAX_STORED_ROWS + 4
        assert all(0 < row.count <= MAX_STORED_COUNT for row in found.rows)
        texts = [found.reporter, found.report_id, found.domain, found.policy]
        texts += [text for row in found.rows for text in (row.domain, row.result, row.mx, row.spf, row.disposition)]
        assert all(text.isprintable() and len(text) <= max(MAX_NAME_CHARS, MAX_DOMAIN_CHARS) for text in texts)
        assert found.reporter
        assert NOW - KEEP - timedelta(days=1) <= found.day <= NOW + timedelta(days=1)
        assert found.day.tzinfo is UTC
        assert found.day == datetime(found.day.year, found.day.month, found.day.day, tzinfo=UTC)


def test_a_reporters_name_is_one_line_without_hidden_characters() -> None:
    found = summary(sent(), organisation="mail\x1b[2J\u202eexample\r\n\0 " + "x" * 5000)
    assert found.reporter.startswith("mail [2J example x")
    assert found.reporter.isprintable()
    assert len(found.reporter) == MAX_NAME_CHARS
    assert summary(sent(), organisation="\0\u200b").reporter == "unnamed"
