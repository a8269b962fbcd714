"""The reports of receivers on the page of the sender: shares by day, as graphs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.output.report_overview import ReportOverview
from monitor.store.report_reads import DayShare
from probes.display import counted

GAP = 10  # percent of a day between two bars
LEAST_SEEN = 4.0  # percent of the height that a failure has at least, so that one in a thousand is seen


@dataclass(frozen=True, slots=True)
class ShareBar:
    """One day with reports: place and heights in percent, and its figures in words."""

    x: float
    width: float
    passed: float
    failed: float
    said: str


@dataclass(frozen=True, slots=True)
class ShareGraph:
    """The share that passed, by day; `said` is the whole in words. Days without a report have no bar."""

    title: str
    begins: str
    ends: str
    said: str
    bars: tuple[ShareBar, ...]


def graphs_of(reports: ReportOverview) -> tuple[ShareGraph, ...]:
    """Return a graph of the mail of the source IP, and one of TLS sessions; none of what nobody reported."""
    wanted = (
        ("Messages of the source IP that passed DMARC", "message", _by_day(reports.ours)),
        ("TLS sessions to the domain that succeeded", "session", _by_day(reports.tls)),
    )
    return tuple(_graph(title, noun, reports, days) for title, noun, days in wanted if days)


def _by_day(shares: Sequence[DayShare]) -> list[DayShare]:
    """Return one share for each day: for TLS there may be several, by source."""
    found: dict[datetime, DayShare] = {}
    for each in shares:
        before = found.get(each.day, replace(each, passed=0, failed=0))
        found[each.day] = replace(before, passed=before.passed + each.passed, failed=before.failed + each.failed)
    return list(found.values())


def _graph(title: str, noun: str, reports: ReportOverview, days: Sequence[DayShare]) -> ShareGraph:
    passed, all_of_them = sum(day.passed for day in days), sum(day.passed + day.failed for day in days)
    return ShareGraph(
        title,
        f"{reports.since:%d %b}",
        f"{reports.now:%d %b}",
        f"{passed} of {counted(all_of_them, noun)} on {counted(len(days), 'day')} with reports",
        tuple(_bars(noun, reports, days)),
    )


def _bars(noun: str, reports: ReportOverview, days: Sequence[DayShare]) -> Iterator[ShareBar]:
    width = 100 / ((reports.now - reports.since) // timedelta(days=1) + 1)
    for day in days:
        count = day.passed + day.failed
        if not count:
            continue
        failed = max(100 * day.failed / count, LEAST_SEEN) if day.failed else 0.0
        x = width * ((day.day - reports.since) // timedelta(days=1))
        said = f"{day.day:%d %b}: {day.passed} of {counted(count, noun)} passed"
        bar = round(width * (100 - GAP) / 100, 2)
        yield ShareBar(round(x, 2), bar, round(100 - failed, 2), round(failed, 2), said)
