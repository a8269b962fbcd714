"""`mailpath incidents`: list incidents, worst first, or show one in full. Reads only the store."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from monitor.incidents.advice import incident_advice, system_of_incident
from monitor.incidents.incident import (
    HistoryEntry,
    Incident,
    Nature,
    Reason,
    Scope,
    Severity,
    worst_first,
)
from monitor.incidents.labels import EVENTS, NATURES, RESOLUTIONS, SEVERITIES, decided_by
from monitor.incidents.mute import Mute, ends, muting, whole_of
from monitor.incidents.standing_words import about_of, affected, before, described, now
from monitor.incidents.summary import problem_label, scope_label
from monitor.incidents.work import IncidentAction, IncidentWork, work_of
from monitor.notices.labels import NOTICE_KINDS
from monitor.notices.wording import left
from monitor.output.incident_json import (
    comments_json,
    entry_json,
    failure_json,
    finding_json,
    incident_json,
    notice_json,
)
from monitor.output.symbols import SIGNS, look_of
from monitor.output.text import STYLES
from monitor.store import NoticeRecord, Store
from probes.display import clock, counted, lasting, listed, one_line
from probes.labels import GRADES, KINDS
from probes.mailsystems.words import Chain

MAX_CLOSED = 100  # closed incidents in a list
MAX_LINE_CHARS = 1000  # of one sentence; `explain` shows all of it
MAX_NAME_CHARS = 40
MAX_COMPANIES = 30
SEVERITY_STYLES = {Severity.PAGE: "bold red", Severity.TICKET: "yellow", Severity.NOTE: "blue"}


class NoAnswerError(UserError):
    """The incidents asked for cannot be shown."""


@dataclass(frozen=True, slots=True)
class ListContext:
    """Context for showing incidents. `seen_at`: time of the newest verdict that the incident rules have evaluated.
    `actions`: what people did about them, by incident."""

    config: Config
    mutes: Sequence[Mute]
    now: datetime
    seen_at: datetime | None
    actions: Mapping[str, Sequence[IncidentAction]]

    def work(self, incident: Incident) -> IncidentWork:
        """Return the state of the work on it."""
        return work_of(incident, self.actions.get(incident.id, ()))

    def muted_by(self, incident: Incident) -> tuple[str, ...]:
        """Return the ids of the mutes that cover it now.

        Computed here because `incident.muted_by` is stale while no service runs. Of a large incident only some failures
        are stored, so a mute that matches all of those counts only if `muted_by` agrees.
        """
        if not incident.open:
            return ()
        found = muting(self.mutes, incident.failures, self._mail_systems, self.now, whole_of(incident))
        return found if incident.failing <= len(incident.failures) or incident.muted_by else ()

    def name(self, company: str) -> str:
        """Return the company's name, or its key if it is no longer configured."""
        known = self.config.companies.get(company)
        return one_line(known.name or company if known else company, MAX_NAME_CHARS)

    def _mail_systems(self, company: str) -> Chain:
        known = self.config.companies.get(company)
        return known.chain if known else ()


async def list_incidents(config: Config, company: str, *, also_closed: bool, as_json: bool) -> Exit:
    """List open incidents; with `company`, those that affect it. Raises NoAnswerError, StoreError."""
    async with Store.open(config.store.url) as store:
        around = await _around(config, store)
        incidents = sorted(await store.incidents.open(), key=worst_first)
        if also_closed:
            found = await store.incidents.newest(len(incidents) + MAX_CLOSED, open_only=False)
            incidents += [incident for incident in found if not incident.open]
    if company:
        _check(company, config, incidents)
        incidents = [each for each in incidents if company in (each.touches if each.open else each.companies)]
    if as_json:
        for incident in incidents:
            print(json.dumps(incident_json(incident, around.muted_by(incident), around.work(incident), around.now)))
    else:
        _table(incidents, around, company)
    return _exit_of(incidents, around)


async def show_incident(config: Config, prefix: str, *, as_json: bool) -> Exit:
    """Show everything about the incident whose id has this prefix. Raises NoAnswerError, StoreError."""
    async with Store.open(config.store.url) as store:
        around = await _around(config, store)
        incident = chosen(await store.incidents.find(prefix) if prefix else [], prefix)
        around = replace(around, actions={incident.id: await store.incidents.actions(incident.id)})
        entries, notices = await store.incidents.entries(incident.id), await store.incidents.notices_of(incident.id)
    if as_json:
        facts = {
            **incident_json(incident, around.muted_by(incident), around.work(incident), around.now),
            "findings": [finding_json(found) for found in incident.standing],
            "failures": [failure_json(failure) for failure in incident.failures],
            "history": [entry_json(entry) for entry in entries],
            "notices": [notice_json(record) for record in notices],
            "comments": comments_json(around.work(incident)),
        }
        print(json.dumps(facts))
    else:
        out = console()
        for line in _incident_lines(incident, entries, notices, around):
            out.print(line)
    return _exit_of([incident], around)


async def _around(config: Config, store: Store) -> ListContext:
    saw, now = await store.incidents.signals_seen(), utc_now()
    if saw is None:
        raise NoAnswerError(
            "the incident rules have not run on this store yet; start `mailpath serve`, or check store.url"
        )
    newest = await store.probes.signals(saw - 1, 1)
    seen_at = newest[0].at if newest and newest[0].number == saw else None
    mutes = [*configured(config), *await store.incidents.mutes(active_at=now)]
    return ListContext(config, mutes, now, seen_at, await store.incidents.open_actions())


def _check(company: str, config: Config, incidents: Iterable[Incident]) -> None:
    known = {*config.companies, *(name for incident in incidents for name in incident.companies)}
    if company not in known:
        close = get_close_matches(company, known, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise NoAnswerError(f"no company {one_line(company, MAX_NAME_CHARS)!r}{meant}")


def chosen(found: Sequence[Incident], prefix: str) -> Incident:
    """Return the only incident whose id has this prefix, of those found. Raises NoAnswerError."""
    exact = [incident for incident in found if incident.id == prefix]
    if len(exact or found) != 1:
        shown = one_line(prefix, MAX_NAME_CHARS)
        several = f"several incidents begin with {shown!r}: {', '.join(each.id for each in found)}"
        raise NoAnswerError(several if found else f"no incident {shown!r}")
    return (exact or found)[0]


def _exit_of(incidents: Iterable[Incident], around: ListContext) -> Exit:
    calls = any(incident.open and not around.muted_by(incident) for incident in incidents)
    return Exit.NOT_OK if calls else Exit.OK


def _table(incidents: Sequence[Incident], around: ListContext, company: str) -> None:
    out = console()
    if not any(incident.open for incident in incidents):
        out.print(escape(f"no open incidents{f' at {around.name(company)}' if company else ''}"))
    if incidents:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("", "SEVERITY", "SCOPE", "AFFECTED", "FAILURE", "SINCE", "DURATION", "", "INCIDENT"):
            table.add_column(column, no_wrap=True)
        for incident in incidents:
            table.add_row(*_row(incident, around))
        width, out.width = out.width, 1000  # let the terminal wrap long lines instead of truncating them
        out.print(table)
        out.width = width
    seen = f"{clock(around.seen_at)}, {lasting(around.now - around.seen_at)} ago" if around.seen_at else "unknown"
    out.print(f"[dim]newest evaluated verdict: {seen}[/]")


def _row(incident: Incident, around: ListContext) -> tuple[str, ...]:
    name = SEVERITIES[incident.listed_severity].label
    severity = f"[{SEVERITY_STYLES[incident.listed_severity]}]{name}[/]"
    return (
        _sign(incident),
        severity if incident.open else name,
        scope_label(incident),
        escape(_affected(incident, around)),
        problem_label(incident),
        clock(incident.began_at),
        _length(incident, around),
        escape(_mark(incident, around)),
        f"[dim]{escape(incident.id)}[/]",
    )


def _sign(incident: Incident) -> str:
    look = look_of(incident)
    return f"[{STYLES[look]}]{SIGNS[look]}[/]"


def _affected(incident: Incident, around: ListContext) -> str:
    companies = incident.touches or incident.companies
    if incident.nature is Nature.STANDING and not companies:
        return NATURES[incident.nature].label
    if len(companies) > 3:
        return counted(len(companies), "company", "companies")
    paths = {failure.path for failure in incident.failures}
    path = f" ({', '.join(paths)})" if incident.scope is Scope.MAILBOX and len(paths) == 1 else ""
    return listed([around.name(company) for company in companies]) + path


def _length(incident: Incident, around: ListContext) -> str:
    return lasting((incident.closed_at or around.now) - incident.began_at)


def _mark(incident: Incident, around: ListContext) -> str:
    if incident.open:
        held_by = around.work(incident).held_by
        held = f"{one_line(held_by, MAX_NAME_CHARS)} has it" if held_by else ""
        return ", ".join(filter(None, (held, "muted" if around.muted_by(incident) else "", left(incident))))
    ending = RESOLUTIONS[incident.ending].label if incident.ending else "closed"
    return f"merged into {incident.merged_into}" if incident.merged_into else ending


def _incident_lines(
    incident: Incident, entries: Iterable[HistoryEntry], notices: Sequence[NoticeRecord], around: ListContext
) -> Iterator[str]:
    """Yield the lines that describe one incident."""
    sign = f"{_sign(incident)} [bold]{problem_label(incident)}[/]"
    severity = f"[{SEVERITY_STYLES[incident.listed_severity]}]{SEVERITIES[incident.listed_severity].label}[/]"
    yield f"{sign}  {escape(_affected(incident, around))}  {severity}, {scope_label(incident)}"
    for name, value in _facts(incident, around):
        yield f"{name:<10} {escape(one_line(value, MAX_LINE_CHARS))}"
    for name, value in _work(incident, around.work(incident)):
        yield f"{name:<10} {escape(one_line(value, MAX_LINE_CHARS))}"
    if incident.standing:
        yield f"[bold]{' and '.join(dict.fromkeys(about_of([each]).word.lower() for each in incident.standing))}[/]"
        for found in incident.standing:
            yield f"  {escape(one_line(described(found), MAX_LINE_CHARS))}"
            if found.fact and (was := before(found)):
                yield f"    [dim]before[/]  {escape(one_line(was, MAX_LINE_CHARS))}"
                yield f"    [dim]now[/]     {escape(one_line(now(found), MAX_LINE_CHARS))}"
    if incident.nature is Nature.STANDING and incident.standing:
        yield from _todo(incident, around.config)
    if incident.failures:
        yield "[bold]failing now[/]" if incident.open else "[bold]last failures[/]"
        yield from _failing(incident)
    yield "[bold]history[/] [dim](UTC)[/]"
    for entry in entries:
        event = EVENTS[entry.turn].label
        yield f"  {_second(entry.at)}  {event:<17} {escape(one_line(entry.said, MAX_LINE_CHARS))}"
    yield "[bold]notices[/]" if notices else "[bold]notices[/] none"
    for record in notices:
        yield f"  {_second(record.notice.at)}  {_notice(record, notices)}"


def _todo(incident: Incident, config: Config) -> Iterator[str]:
    """Yield what to do about what no probe has to have shown. Of mail that fails, `mailpath explain` says it."""
    company = config.companies.get(incident.company)
    system = system_of_incident(incident, [company.chain] if company and company.chain else [])
    todo = incident_advice(incident, system).filled(config.sender.domain, config.sender.source_ip, system)
    yield f"[bold]what to do[/] [dim]({escape(todo.who)})[/]"
    for step in todo.steps:
        yield f"  {escape(step)}"
    yield f"  Caution: {escape(todo.do_not)}"
    yield f"  How to verify: {escape(todo.verify)}"


def _facts(incident: Incident, around: ListContext) -> Iterator[tuple[str, str]]:
    yield "incident", incident.id
    yield "since", f"{clock(incident.began_at)}, detected {clock(incident.opened_at)}"
    length = _length(incident, around)
    if incident.closed_at:
        yield "closed", f"{clock(incident.closed_at)}, after {length}: {_mark(incident, around)}"
    else:
        yield "duration", length
    if incident.recovering and incident.recovering_since:
        yield "recovering", f"since {clock(incident.recovering_since)}: {left(incident)}"
    if incident.relapses:
        yield "recurred", counted(incident.relapses, "time")
    recovered = len(set(incident.companies) - set(incident.touches)) if incident.open else 0
    names = listed(incident.touches if incident.open else incident.companies, MAX_COMPANIES)
    if incident.nature is Nature.STANDING and not names:
        yield "concerns", affected(incident.standing)
    else:
        yield "companies", names + (f"; {recovered} more recovered" if recovered else "")
    for name in around.muted_by(incident):
        mute = next(mute for mute in around.mutes if mute.id == name)
        until = ends(mute, around.now)
        yield "muted", f"{f'until {clock(until)}' if until else 'indefinitely'} by {mute.by}: {mute.why} ({name})"


def _work(incident: Incident, work: IncidentWork) -> Iterator[tuple[str, str]]:
    if work.acknowledged:
        note = f": {work.acknowledged.text}" if work.acknowledged.text else ""
        yield "has it", f"{work.acknowledged.who}, since {clock(work.acknowledged.at)}{note}"
    elif incident.open:
        lapsed = f"; {work.lapsed.who} had it before it came back, got worse or widened" if work.lapsed else ""
        yield "has it", f"nobody{lapsed}"
    if work.owner:
        yield "owner", work.owner
    for ticket in work.tickets:
        yield "ticket", ticket.text


def _failing(incident: Incident) -> Iterator[str]:
    for failure in incident.failures:
        style = STYLES[failure.outcome]
        line = escape(f"{failure.company}/{failure.path}")
        result = (
            f"[{style}]{SIGNS[failure.outcome]} {problem_label(failure)}[/] [dim]({GRADES[failure.grade].label})[/]"
        )
        since = f"since {_second(failure.since)}, {counted(failure.bad, 'failure')}"
        explain = f"[dim]mailpath explain {escape(failure.probe_id)}[/]"
        yield f"  {line}  {KINDS[failure.kind].label}  {result}  {since}  {explain}"
        yield f"      {escape(one_line(failure.because, MAX_LINE_CHARS))}"
        if failure.reason is not Reason.NOT_COMPARED and (by := decided_by(failure)):
            yield f"      {by}"
    if (rest := incident.failing - len(incident.failures)) > 0:
        yield f"  and {counted(rest, 'more path and kind', 'more paths and kinds')}"


def _notice(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> str:
    channel, news = one_line(record.notice.channel, MAX_NAME_CHARS), NOTICE_KINDS[record.notice.news].label
    return f"{escape(channel):<12} {news:<14} {_delivery_state(record, notices)}"


def _delivery_state(record: NoticeRecord, notices: Iterable[NoticeRecord]) -> str:
    """Describe the delivery of a notice: delivered, retrying, or queued."""
    if record.delivered_at:
        within = " as part of a later notice" if record.sent_as else ""
        return f"[green]delivered[/] {_second(record.delivered_at)}{within}"
    if record.fault:
        again = f", next {_second(record.next_try_at)}" if record.next_try_at else ""
        attempts = counted(record.tries, "attempt")
        return f"[yellow]retrying[/] after {attempts}{again}: {escape(one_line(record.fault, MAX_LINE_CHARS))}"
    mine = record.notice
    held_up = any(
        not other.delivered_at and other.notice.channel == mine.channel and other.notice.number < mine.number
        for other in notices
    )
    return "[yellow]queued[/] behind an earlier notice" if held_up else "[yellow]queued[/]"


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
