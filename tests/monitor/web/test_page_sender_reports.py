"""Graphs of what receivers report, on the page of the sender."""

from datetime import UTC, datetime, timedelta

from monitor.output.report_overview import ReportOverview
from monitor.store.report_reads import DayShare
from monitor.web.pages.sender_reports import LEAST_SEEN, graphs_of
from probes.reading.report_summary import MailSource
from probes.standing.reports import reports_fact

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SINCE = datetime(2026, 11, 14, tzinfo=UTC)
OURS, OTHERS = MailSource.OURS, MailSource.OTHERS


def share(day: int, passed: int, failed: int, source: MailSource = OURS) -> DayShare:
    return DayShare(SINCE + timedelta(days=day), source, passed, failed)


def overview(dmarc: tuple[DayShare, ...] = (), tls: tuple[DayShare, ...] = ()) -> ReportOverview:
    return ReportOverview(SINCE, NOW, reports_fact([], "192.0.2.1", NOW), dmarc, (), tls, (), ())


def test_what_nobody_reported_has_no_graph() -> None:
    assert graphs_of(overview()) == ()
    assert graphs_of(overview((share(0, 5, 5, OTHERS),))) == ()


def test_a_day_is_a_bar_whose_failures_hang_from_the_top() -> None:
    (graph,) = graphs_of(overview((share(0, 75, 25), share(9, 10, 0), share(4, 0, 0))))
    assert [(bar.x, bar.width, bar.passed, bar.failed) for bar in graph.bars] == [(0, 9, 75, 25), (90, 9, 100, 0)]
    assert [bar.said for bar in graph.bars] == ["14 Nov: 75 of 100 messages passed", "23 Nov: 10 of 10 messages passed"]
    assert (graph.begins, graph.ends, graph.said) == ("14 Nov", "23 Nov", "85 of 110 messages on 3 days with reports")


def test_one_failure_in_a_thousand_is_seen() -> None:
    (graph,) = graphs_of(overview((share(0, 999, 1),)))
    assert (graph.bars[0].failed, graph.bars[0].passed) == (LEAST_SEEN, 100 - LEAST_SEEN)


def test_tls_sessions_of_all_sources_are_one_bar_a_day() -> None:
    (graph,) = graphs_of(overview(tls=(share(1, 5, 0), share(1, 2, 3, OTHERS))))
    assert [bar.said for bar in graph.bars] == ["15 Nov: 7 of 10 sessions passed"]
