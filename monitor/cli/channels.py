"""`mailpath channel`: test a channel, preview what channels would get of an incident, show the routing."""

import json
import sys
from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from monitor.actions.audit import COMMAND
from monitor.actions.channel_tests import ChannelTester, ChannelTestResult, channel_named
from monitor.actions.names import UnknownNameError, company_named
from monitor.actions.rate_limit import TooManyError
from monitor.channels.channel import Channel
from monitor.channels.content import WORK_LINKS
from monitor.cli.exits import Exit
from monitor.cli.incidents import chosen
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.incident import Incident
from monitor.incidents.work import work_of
from monitor.notices.notice import Notice, NoticeBasis, NoticeKind, NoticeQueue
from monitor.notices.routing import channels_for
from monitor.oncall.composer import NoticeComposer
from monitor.oncall.past import path_info
from monitor.oncall.routing_preview import RoutingRow, routing_rows
from monitor.output.routing_text import routing_lines
from monitor.people.action_links import PLACEHOLDER, LinkPlaceholders
from monitor.probing.outside import outside_of
from monitor.store import Store
from probes.display import roughly
from probes.settings import missing_secrets


class ChannelCommandError(UserError):
    """The command cannot do what it was asked for."""


async def test(config: Config, name: str, by: str, *, as_json: bool) -> Exit:
    """Send a test notice. Raises UserError, StoreError."""
    who = operator_name(by)
    _need_secrets(channel_named(name, config.channels))
    async with Store.open(config.store.url) as store, outside_of(config) as outside:
        tester = ChannelTester(store, lambda channel, notice: channel.deliver(notice, outside), utc_now, who, COMMAND)
        try:
            result = await tester.test(name, config.channels, config.web.base_url)
        except TooManyError as error:
            raise ChannelCommandError(f"{error}; try again in {roughly(error.retry_after)}") from None
    if as_json:
        print(json.dumps(result_json(result), ensure_ascii=False))
    elif result.delivered:
        print(f"{name} ({result.via}): delivered{f'; it answered: {result.answer}' if result.answer else ''}")
    else:
        print(f"{name} ({result.via}): not delivered: {result.fault}")
    return Exit.OK if result.delivered else Exit.NOT_OK


def result_json(result: ChannelTestResult) -> dict[str, object]:
    """Return the JSON of a test."""
    return {
        "channel": result.channel,
        "via": result.via,
        "delivered": result.delivered,
        "answer": result.answer,
        "fault": result.fault,
    }


async def preview(config: Config, prefix: str, name: str) -> Exit:
    """Print what each channel, or this one, would get of an incident if nobody had been notified of it. Raises
    UserError, StoreError."""
    if name:
        channel_named(name, config.channels)
    async with Store.open(config.store.url) as store:
        incident = chosen(await store.incidents.find(prefix) if prefix else [], prefix)
        incidents = await _with_merged(store, incident)
        composer = await _composer(store, config)
        routed = channels_for(incident, config.routing, config.channels, utc_now())
        notified = [each for each in routed if name in ("", each)]
        if not notified:
            whom = name or "no channel"
            raise ChannelCommandError(
                f"{whom} is {'not ' if name else ''}notified of incident {incident.id}; see mailpath channel routing"
            )
        placeholders = False
        for each in notified:
            _need_secrets(config.channels[each])
            visible = routed[each]
            notice = composer.compose(_queue(incident, each, visible, incidents))
            print(f"--- {each} ({config.channels[each].via})")
            print(config.channels[each].preview(notice))
            placeholders = placeholders or not notice.facts.keys().isdisjoint(WORK_LINKS)
    if placeholders:  # not among what is printed, which programs read
        print(f"note: a preview has no valid links: {PLACEHOLDER} stands for each signed one", file=sys.stderr)
    return Exit.OK


async def _composer(store: Store, config: Config) -> NoticeComposer:
    """Return what renders notices: as the service does, but without links that work."""
    composer = NoticeComposer(utc_now, LinkPlaceholders())
    composer.configure(config, [path_info(path, utc_now()) for path in config.paths()])
    actions = await store.incidents.open_actions()
    composer.works = {each.id: work_of(each, actions.get(each.id, ())) for each in await store.incidents.open()}
    return composer


def _queue(
    incident: Incident, channel: str, visible: frozenset[str] | None, incidents: Sequence[Incident]
) -> NoticeQueue:
    """Return a queue in which one notice about the incident waits."""
    news = NoticeKind.OPENED if incident.open else NoticeKind.MERGED if incident.merged_into else NoticeKind.RESOLVED
    basis = NoticeBasis(None, None if visible is None else tuple(sorted(visible)), ())
    waiting = Notice(
        f"{incident.id}-{channel}-1", incident.id, channel, 1, news, utc_now(), "", "", {}, {}, basis=basis
    )
    return NoticeQueue([waiting], None, {each.id: each for each in incidents})


async def _with_merged(store: Store, incident: Incident) -> list[Incident]:
    """Return the incident and the one that absorbed it."""
    into = await store.incidents.find(incident.merged_into) if incident.merged_into else []
    return [incident, *into]


async def routing(config: Config, company: str, *, as_json: bool) -> Exit:
    """Print who would be notified of what. Raises UserError."""
    names = {key: each.name or key for key, each in config.companies.items()}
    try:
        shown = [company_named(company, names)] if company else [*names]
    except UnknownNameError as error:
        raise ChannelCommandError(str(error)) from None
    rows = routing_rows(config.routing, [*config.channels], [*names], shown)
    if as_json:
        for row in rows:
            print(json.dumps(row_json(row)))
    elif not config.channels:
        print("nobody is notified: the configuration has no [channels]")
    else:
        _table(rows, len(shown))
    return Exit.OK


def row_json(row: RoutingRow) -> dict[str, object]:
    """Return the JSON of a row."""
    return {
        "severity": row.severity,
        "scopes": list(row.scopes),
        "companies": list(row.companies) or None,
        "channels": [
            {"channel": name, "sees": None if sees is None else sorted(sees), "escalated": name in row.escalated}
            for name, sees in row.channels.items()
        ],
    }


def _table(rows: Iterable[RoutingRow], all_of_them: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("SEVERITY", "SCOPE", "COMPANY", "NOTIFIED"):
        table.add_column(column, no_wrap=column == "SEVERITY")
    for line in routing_lines(rows, all_of_them):
        table.add_row(*(escape(each) for each in (line.severity, line.scopes, line.companies, line.notified)))
    out = console()
    out.width = max(out.width, 120)
    out.print(table)


def _need_secrets(channel: Channel) -> None:
    """Raises ChannelCommandError if a secret of the channel is missing."""
    if missing := list(dict.fromkeys(missing_secrets(channel))):
        raise ChannelCommandError("; ".join(missing))
