"""`mailpath incidents`: what lasts, worst first, and one incident as a whole. From the store alone."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from rich.markup import escape
from rich.table import Table

from monitor.cli.exits import Exit
from monitor.cli.mute import configured
from monitor.cli.text import console
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.incident import Failure, HistoryEntry, Incident, Reason, Scope, Severity, worst_first
from monitor.incidents.mute import Mute, ends, muting
from monitor.incidents.phrases import decided_by
from monitor.notices.wording import left
from monitor.output.incident_json import entry_json, failure_json, incident_json, notice_json
from monitor.output.symbols import SIGNS
from monitor.output.text import STYLES
from monitor.store import NoticeRecord, Store
from probes.display import clock, counted, lasting, listed, one_line

MOST_CLOSED = 100  # of those that are over, in a list
LONGEST = 1000  # characters of one sentence; `explain` has all of it
LONGEST_NAME = 40
MOST_COMPANIES = 30
SEVERITIES = {Severity.PAGE: "bold red", Severity.TICKET: "yellow", Severity.NOTE: "blue"}


class NoAnswerError(UserError):
    """It cannot be told."""


@dataclass(frozen=True, slots=True)
class ListContext:
    """What else is known: the configuration's names, the mutes, the time, and of when the newest verdict is that the
    rules have seen."""

    config: Config
    mutes: Sequence[Mute]
    now: datetime
    seen_at: datetime | None

    def muted_by(self, incident: Incident) -> tuple[str, ...]:
        """The mutes that cover it now. Its mark may be older than they are, if no service runs; but of a storm not
        every failure is kept, and there the mark must agree."""
        if not incident.open:
            return ()
        found = muting(self.mutes, incident.failures, self._mail_system, self.now)
        return found if incident.failing <= len(incident.failures) or incident.muted_by else ()

    def name(self, company: str) -> str:
        """The company for people; by its key, where it is no longer watched."""
        known = self.config.companies.get(company)
        return one_line(known.name or company if known else company, LONGEST_NAME)

    def _mail_system(self, company: str) -> str:
        known = self.config.companies.get(company)
        return known.mail_system if known else ""


async def listing(config: Config, company: str, *, also_closed: bool, as_json: bool) -> Exit:
    """The open incidents, a line each; with `company`, those that touch it. Raises NoAnswerError, StoreError."""
    async with Store.open(config.store.url) as store:
        around = await _around(config, store)
        incidents = sorted(await store.open_incidents(), key=worst_first)
        if also_closed:
            found = await store.incidents(len(incidents) + MOST_CLOSED, open_only=False)
            incidents += [incident for incident in found if not incident.open]
    if company:
        _check(company, config, incidents)
        incidents = [each for each in incidents if company in (each.touches if each.open else each.companies)]
    if as_json:
        for incident in incidents:
            print(json.dumps(incident_json(incident, around.muted_by(incident), around.now)))
    else:
        _table(incidents, around, company)
    return _exit_of(incidents, around)


async def whole(config: Config, prefix: str, *, as_json: bool) -> Exit:
    """All that is known of the incident whose id begins so. Raises NoAnswerError, StoreError."""
    async with Store.open(config.store.url) as store:
        around = await _around(config, store)
        incident = _chosen(await store.find_incidents(prefix) if prefix else [], prefix)
        entries, notices = await store.entries(incident.id), await store.notices_of(incident.id)
    if as_json:
        facts = {
            **incident_json(incident, around.muted_by(incident), around.now),
            "failures": [failure_json(failure) for failure in incident.failures],
            "history": [entry_json(entry) for entry in entries],
            "notices": [notice_json(record) for record in notices],
        }
        print(json.dumps(facts))
    else:
        out = console()
        for line in _told(incident, entries, notices, around):
            out.print(line)
    return _exit_of([incident], around)


async def _around(config: Config, store: Store) -> ListContext:
    saw, now = await store.signals_seen(), utc_now()
    if saw is None:
        raise NoAnswerError(
            "nobody has looked for incidents in this store yet; start `mailpath serve`, or see store.url"
        )
    newest = await store.signals(saw - 1, 1)
    seen_at = newest[0].at if newest and newest[0].number == saw else None
    return ListContext(config, [*configured(config), *await store.mutes(active_at=now)], now, seen_at)


def _check(company: str, config: Config, incidents: Iterable[Incident]) -> None:
    known = {*config.companies, *(name for incident in incidents for name in incident.companies)}
    if company not in known:
        close = get_close_matches(company, known, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise NoAnswerError(f"no company {one_line(company, LONGEST_NAME)!r}{meant}")


def _chosen(found: Sequence[Incident], prefix: str) -> Incident:
    exact = [incident for incident in found if incident.id == prefix]
    if len(exact or found) != 1:
        shown = one_line(prefix, LONGEST_NAME)
        several = f"several incidents begin with {shown!r}: {', '.join(each.id for each in found)}"
        raise NoAnswerError(several if found else f"no incident {shown!r}")
    return (exact or found)[0]


def _exit_of(incidents: Iterable[Incident], around: ListContext) -> Exit:
    calls = any(incident.open and not around.muted_by(incident) for incident in incidents)
    return Exit.NOT_OK if calls else Exit.OK


def _table(incidents: Sequence[Incident], around: ListContext, company: str) -> None:
    out = console()
    if not any(incident.open for incident in incidents):
        out.print(escape(f"nothing is open{f' at {around.name(company)}' if company else ''}"))
    if incidents:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("", "SEVERITY", "SCOPE", "WHO", "WHAT", "SINCE", "FOR", "", "INCIDENT"):
            table.add_column(column, no_wrap=True)
        for incident in incidents:
            table.add_row(*_row(incident, around))
        width, out.width = out.width, 1000  # a terminal breaks long lines; nothing is cut
        out.print(table)
        out.width = width
    seen = f"{clock(around.seen_at)}, {lasting(around.now - around.seen_at)} ago" if around.seen_at else "not known"
    out.print(f"[dim]the newest verdict that was looked at: {seen}[/]")


def _row(incident: Incident, around: ListContext) -> tuple[str, ...]:
    severity = f"[{SEVERITIES[incident.severity]}]{incident.severity}[/]"
    return (
        f"[{STYLES[incident.outcome]}]{SIGNS[incident.outcome]}[/]",
        severity if incident.open else str(incident.severity),
        incident.scope.replace("_", " "),
        escape(_who(incident, around)),
        _what(incident),
        clock(incident.began_at),
        _length(incident, around),
        escape(_mark(incident, around)),
        f"[dim]{escape(incident.id)}[/]",
    )


def _who(incident: Incident, around: ListContext) -> str:
    companies = incident.touches or incident.companies
    if len(companies) > 3:
        return counted(len(companies), "company", "companies")
    paths = {failure.path for failure in incident.failures}
    path = f" ({', '.join(paths)})" if incident.scope is Scope.MAILBOX and len(paths) == 1 else ""
    return listed([around.name(company) for company in companies]) + path


def _what(of: Incident | Failure) -> str:
    return f"{of.outcome} · {of.cause}" if of.cause else str(of.outcome)


def _length(incident: Incident, around: ListContext) -> str:
    return lasting((incident.closed_at or around.now) - incident.began_at)


def _mark(incident: Incident, around: ListContext) -> str:
    if incident.open:
        return ", ".join(filter(None, ("muted" if around.muted_by(incident) else "", left(incident))))
    return f"in {incident.merged_into}" if incident.merged_into else str(incident.ending or "over")


def _told(
    incident: Incident, entries: Iterable[HistoryEntry], notices: Sequence[NoticeRecord], around: ListContext
) -> Iterator[str]:
    """One incident, line by line."""
    sign = f"[bold {STYLES[incident.outcome]}]{SIGNS[incident.outcome]} {_what(incident)}[/]"
    severity = f"[{SEVERITIES[incident.severity]}]{incident.severity}[/]"
    yield f"{sign}  {escape(_who(incident, around))}  {severity}, {incident.scope.replace('_', ' ')}"
    for name, value in _facts(incident, around):
        yield f"{name:<10} {escape(one_line(value, LONGEST))}"
    if incident.failures:
        yield "[bold]fails now[/]" if incident.open else "[bold]failed last[/]"
        yield from _failing(incident)
    yield "[bold]history[/] [dim](UTC)[/]"
    for entry in entries:
        yield f"  {_second(entry.at)}  {entry.turn.replace('_', ' '):<16} {escape(one_line(entry.said, LONGEST))}"
    yield "[bold]notices[/]" if notices else "[bold]notices[/] none"
    for record in notices:
        yield f"  {_second(record.notice.at)}  {_notice(record, notices)}"


def _facts(incident: Incident, around: ListContext) -> Iterator[tuple[str, str]]:
    yield "incident", incident.id
    yield "since", f"{clock(incident.began_at)}, known since {clock(incident.opened_at)}"
    length = _length(incident, around)
    if incident.closed_at:
        yield "over", f"{clock(incident.closed_at)}, after {length}: {_mark(incident, around)}"
    else:
        yield "lasts", length
    if incident.recovering and incident.recovering_since:
        yield "recovering", f"since {clock(incident.recovering_since)}: {left(incident)}"
    if incident.relapses:
        yield "came back", counted(incident.relapses, "time")
    recovered = len(set(incident.companies) - set(incident.touches)) if incident.open else 0
    names = listed(incident.touches if incident.open else incident.companies, MOST_COMPANIES)
    yield "companies", names + (f"; {recovered} more recovered" if recovered else "")
    for name in around.muted_by(incident):
        mute = next(mute for mute in around.mutes if mute.id == name)
        until = ends(mute, around.now)
        yield "muted", f"{f'until {clock(until)}' if until else 'without end'} by {mute.by}: {mute.why} ({name})"


def _failing(incident: Incident) -> Iterator[str]:
    for failure in incident.failures:
        style = STYLES[failure.outcome]
        line = escape(f"{failure.company}/{failure.path}")
        said = f"[{style}]{SIGNS[failure.outcome]} {_what(failure)}[/] [dim]({failure.grade})[/]"
        since = f"since {_second(failure.since)}, {failure.bad} bad"
        yield f"  {line}  {failure.kind}  {said}  {since}  [dim]mailpath explain {escape(failure.probe_id)}[/]"
        yield f"      {escape(one_line(failure.because, LONGEST))}"
        if failure.reason is not Reason.NOT_COMPARED and (by := decided_by(failure)):
            yield f"      {by}"
    if (rest := incident.failing - len(incident.failures)) > 0:
        yield f"  and {counted(rest, 'more path and kind', 'more paths and kinds')}"


def _notice(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> str:
    channel, news = one_line(record.notice.channel, LONGEST_NAME), record.notice.news.replace("_", " ")
    return f"{escape(channel):<12} {news:<14} {_fate(record, notices)}"


def _fate(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> str:
    """Whether it is delivered, and else why not."""
    if record.delivered_at:
        return f"[green]delivered[/] {_second(record.delivered_at)}"
    if record.fault:
        again = f", next {_second(record.next_try_at)}" if record.next_try_at else ""
        tries = counted(record.tries, "try", "tries")
        return f"[yellow]waits[/] after {tries}{again}: {escape(one_line(record.fault, LONGEST))}"
    mine = record.notice
    held_up = any(
        not other.delivered_at and other.notice.channel == mine.channel and other.notice.number < mine.number
        for other in notices
    )
    return "[yellow]waits[/] for the one before it" if held_up else "[yellow]waits[/] to be delivered"


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
