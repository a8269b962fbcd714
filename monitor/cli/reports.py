"""`mailpath standing reports`: DMARC and TLS reports that receivers sent, from the store. Works beside a service."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from rich.markup import escape
from rich.table import Table

from monitor.cli.exits import Exit
from monitor.cli.standing_text import STYLES
from monitor.cli.text import console
from monitor.clock import utc_now
from monitor.config import Config
from monitor.output.report_overview import ReportOverview, missing_reports, overview_json, read_overview
from monitor.store import Store
from monitor.store.report_reads import DayShare
from probes.display import one_line
from probes.reading.reports import ReportKind
from probes.standing.fact import State
from probes.standing.words import STATES, sentence

MAX_NAME_CHARS = 60  # of one name that others wrote
MAX_ROWS = 20  # of one table; JSON has all that the store tells
KINDS = {ReportKind.AGGREGATE: "DMARC", ReportKind.TLS: "TLS"}
EXITS = {State.GOOD: Exit.OK, State.WEAK: Exit.OK, State.BAD: Exit.NOT_OK}

Rows = Sequence[Sequence[str]]


async def reports(config: Config, days: int, *, as_json: bool, now: Callable[[], datetime] = utc_now) -> Exit:
    """Print what the reports about the last days say. Raises StoreError."""
    async with Store.open(config.store.url) as store:
        overview = await read_overview(store.reports, config.sender.source_ip, days, now())
    if as_json:
        for row in overview_json(overview):
            print(json.dumps(row, ensure_ascii=True))
    else:
        _print(overview, config)
    return EXITS.get(overview.fact.state, Exit.COULD_NOT_TELL)


def _print(overview: ReportOverview, config: Config) -> None:
    out, state = console(), overview.fact.state
    out.print(f"[{STYLES[state]}]{STATES[state].label}[/]  {escape(sentence(overview.fact))}")
    if missing := missing_reports(config):
        out.print(escape(missing))
    for title, head, rows in _tables(overview):
        if rows:
            out.print(f"\n[bold]{title}[/]")
            out.print(_table(head, rows[:MAX_ROWS]))
        if len(rows) > MAX_ROWS:
            out.print(f"[dim]and {len(rows) - MAX_ROWS} more; --json has them[/]")
    if overview.silent:
        out.print(
            "\n[dim]A silent reporter reported daily and does so no more. That says nothing about the mail: reports "
            "get lost, or it received none.[/]"
        )


def _tables(overview: ReportOverview) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    yield "Mail from the source IP, by day", ("DAY", "PASSED", "FAILED", "SHARE"), _days(overview.ours)
    yield (
        "Other sources that use the name",
        ("SOURCE", "AS", "PASSED", "FAILED", "REPORTERS", "LAST DAY"),
        [
            (
                each.source_ip or "(several)",
                _name(each.domain),
                *(str(count) for count in (each.passed, each.failed, each.reporters)),
                _day(each.last_day),
            )
            for each in overview.others
        ],
    )
    yield "TLS sessions to the sender's own domain, by day", ("DAY", "PASSED", "FAILED", "SHARE"), _days(overview.tls)
    yield (
        "TLS failures",
        ("HOST", "RESULT", "SESSIONS", "REPORTERS", "LAST DAY"),
        [
            (
                _name(each.mx) or "(not told)",
                _name(each.result),
                *(str(each.sessions), str(each.reporters)),
                _day(each.last_day),
            )
            for each in overview.tls_failures
        ],
    )
    yield (
        "Reporters",
        ("REPORTER", "KIND", "REPORTS", "LAST DAY", ""),
        [
            (
                _name(each.reporter),
                KINDS.get(each.kind, ""),
                str(each.reports),
                _day(each.last_day),
                "silent" if each.silent else "",
            )
            for each in overview.reporters
        ],
    )


def _days(shares: Iterable[DayShare]) -> Rows:
    """Return a row per day, newest first, over all sources in it."""
    passed, failed = Counter[datetime](), Counter[datetime]()
    for each in shares:
        passed[each.day] += each.passed
        failed[each.day] += each.failed
    return [
        (_day(day), str(passed[day]), str(failed[day]), _share(passed[day], failed[day]))
        for day in sorted(passed, reverse=True)
    ]


def _share(passed: int, failed: int) -> str:
    return f"{passed / (passed + failed):.1%}" if passed + failed else "-"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _name(text: str) -> str:
    return escape(one_line(text, MAX_NAME_CHARS))


def _table(head: Sequence[str], rows: Rows) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in head:
        table.add_column(name, justify="right" if name in ("PASSED", "FAILED", "SHARE", "SESSIONS") else "left")
    for row in rows:
        table.add_row(*row)
    return table
