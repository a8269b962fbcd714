"""Reports in the store: each once, added up by what is asked, and deleted when they are old."""

import asyncio
from datetime import timedelta

from monitor.store import Store
from monitor.store.report_reads import DayShare, OtherSource, TlsFailure
from monitor.store.reports import ReportStore
from probes.reading.report_summary import MAX_STORED_COUNT, MailSource, ReportReceipt
from probes.reading.reports import ReportKind
from probes.standing.reports import ReportTotals, reporters_of
from tests.support.report_samples import DAY, DOMAIN, IP, NOW, report, row, tls_report, tls_row

OURS, OTHERS = MailSource
NEXT = DAY + timedelta(days=1)


async def shares(store: ReportStore, kind: ReportKind = ReportKind.AGGREGATE) -> list[DayShare]:
    return await store.shares(kind, DAY)


async def test_a_report_counts_once(store: Store, url: str) -> None:
    one = report(row(7), row(2, passed=False))
    assert await store.reports.add(one, NOW) is ReportReceipt.NEW
    assert await store.reports.add(one, NOW + timedelta(days=1)) is ReportReceipt.KNOWN
    async with Store.open(url) as beside:
        assert await beside.reports.add(one, NOW) is ReportReceipt.KNOWN
        assert await shares(beside.reports) == [DayShare(DAY, OURS, 7, 2)]


async def test_of_many_at_the_same_moment_one_is_new(store: Store) -> None:
    receipts = await asyncio.gather(*(store.reports.add(report(row(7)), NOW) for _ in range(20)))
    assert receipts.count(ReportReceipt.NEW) == 1
    assert receipts.count(ReportReceipt.KNOWN) == 19
    assert await shares(store.reports) == [DayShare(DAY, OURS, 7, 0)]


async def test_a_report_without_rows_tells_that_its_reporter_is_there(store: Store) -> None:
    assert await store.reports.add(report(), NOW) is ReportReceipt.NEW
    assert await shares(store.reports) == []
    assert [each.reporter for each in await store.reports.reporter_days(DAY)] == ["mail.example"]


async def test_more_than_a_days_limit_wait_for_tomorrow(store: Store) -> None:
    reports = [report(row(), number=number) for number in range(5)]
    receipts = await asyncio.gather(*(store.reports.add(each, NOW, 3) for each in reports))
    assert receipts == [ReportReceipt.NEW] * 3 + [ReportReceipt.NO_ROOM] * 2
    assert await store.reports.add(reports[0], NOW, 3) is ReportReceipt.KNOWN
    assert await store.reports.add(reports[4], NOW + timedelta(days=1), 3) is ReportReceipt.NEW


async def test_they_are_added_up_by_day_and_source(store: Store) -> None:
    await store.reports.add(report(row(5), row(1, OTHERS, passed=False), row(4, OTHERS, source_ip="192.0.2.9")), NOW)
    await store.reports.add(report(row(10), row(3, OTHERS, passed=False), reporter="b.example"), NOW)
    await store.reports.add(report(row(2, passed=False), reporter="b.example", day=NEXT), NOW)
    await store.reports.add(report(row(99), day=DAY - timedelta(days=1)), NOW)
    await store.reports.add(tls_report(tls_row(50), tls_row(1, "expired")), NOW)
    assert await shares(store.reports) == [
        DayShare(DAY, OTHERS, 4, 4),
        DayShare(DAY, OURS, 15, 0),
        DayShare(NEXT, OURS, 0, 2),
    ]
    assert await shares(store.reports, ReportKind.TLS) == [DayShare(DAY, OTHERS, 50, 1)]
    assert await store.reports.others(DAY) == [
        OtherSource("192.0.2.2", DOMAIN, 0, 4, 2, DAY),
        OtherSource("192.0.2.9", DOMAIN, 4, 0, 1, DAY),
    ]
    assert await store.reports.others(DAY, most=1) == [OtherSource("192.0.2.2", DOMAIN, 0, 4, 2, DAY)]
    found = await store.reports.totals(DAY)
    assert found[0] == ReportTotals("b.example", NEXT, 0, 2)
    assert sorted(found[1:], key=lambda each: each.reporter) == [
        ReportTotals("b.example", DAY, 10, 0),
        ReportTotals("mail.example", DAY, 5, 0),
    ]


async def test_tls_failures_are_told_by_host_and_result(store: Store) -> None:
    first = tls_row(2, "certificate-expired", "mx1.example"), tls_row(1, "starttls-not-supported", "mx2.example")
    await store.reports.add(tls_report(tls_row(100), *first), NOW)
    await store.reports.add(tls_report(tls_row(3, "certificate-expired", "mx1.example"), reporter="b.example"), NOW)
    assert await store.reports.tls_failures(DAY) == [
        TlsFailure("mx1.example", "certificate-expired", DOMAIN, 5, 2, DAY),
        TlsFailure("mx2.example", "starttls-not-supported", DOMAIN, 1, 1, DAY),
    ]


async def test_reporters_and_the_days_they_told_of(store: Store) -> None:
    later = NOW + timedelta(hours=2)
    await store.reports.add(report(row()), NOW)
    await store.reports.add(report(row(), number=2), later)
    await store.reports.add(report(row(), day=NEXT), NOW)
    await store.reports.add(tls_report(tls_row()), NOW)
    days = await store.reports.reporter_days(DAY)
    assert [(each.kind, each.day, each.reports) for each in days] == [
        (ReportKind.AGGREGATE, NEXT, 1),
        (ReportKind.AGGREGATE, DAY, 2),
        (ReportKind.TLS, DAY, 1),
    ]
    assert reporters_of(days, NOW)[0].received_at == later


async def test_old_reports_are_deleted_with_their_rows(store: Store) -> None:
    for number in range(120):
        await store.reports.add(report(row(), number=number, day=DAY - timedelta(days=number)), NOW)
    assert await store.reports.prune(DAY - timedelta(days=9)) == 110
    assert len(await store.reports.totals(DAY - timedelta(days=500))) == 10
    assert await store.reports.prune(DAY - timedelta(days=9)) == 0
    assert await store.reports.add(report(row(), number=110), NOW) is ReportReceipt.NEW, "its rows are gone as well"


async def test_the_greatest_counts_can_be_added_up(store: Store) -> None:
    for number in range(3):
        rows = [row(MAX_STORED_COUNT, source_ip=IP, disposition=str(each)) for each in range(100)]
        await store.reports.add(report(*rows, number=number), NOW)
    assert await shares(store.reports) == [DayShare(DAY, OURS, 300 * MAX_STORED_COUNT, 0)]


async def test_what_no_database_takes_is_replaced(store: Store) -> None:
    await store.reports.add(report(row(mx="\ud800"), reporter="nul\0 half\udc80"), NOW)
    (found,) = await store.reports.reporter_days(DAY)
    assert found.reporter == "nul\N{REPLACEMENT CHARACTER} half?"
