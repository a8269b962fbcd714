"""One company: its paths, the last days, how fast its mail arrives, its incidents, and what to do now."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType

from aiohttp import web

from monitor.actions.remedies import may_say
from monitor.config import WatchedPath
from monitor.incidents.advice import NOTHING_BESIDE, Beside
from monitor.incidents.incident import Incident, worst_first
from monitor.incidents.signal import Signal
from monitor.notices.context import SenderInfo
from monitor.output.symbols import WORST_FIRST
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.proving.preparing import may_be_recorded
from monitor.standing.company_mx import MxRecord
from monitor.store import ProbeRow
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.charts import Chart, Frame, Strip, Tick, chart_of, strip_of, times_of
from monitor.web.pages.advice_card import AdviceCard, card_at_company, card_of_signal, verdicts_beside
from monitor.web.pages.remedies import rows_of
from monitor.web.rendering import page
from probes.check import Check
from probes.display import clock, listed, roughly
from probes.kinds import Kind
from probes.mailsystems.signs import SystemSign, chain_sentence, check_passed
from probes.mailsystems.words import Chain, chain_label
from probes.reading.probe_systems import systems_of_probe
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome

SPANS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
USUAL = "7d"
MAX_REMEDIES = 30
MAX_INCIDENTS = 30  # of the company, of those that are over
LOOKED_THROUGH = 500  # incidents of all companies
MAX_PATHS_LOOKED_AT = 5  # whose last probe shows which mail systems it met


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind on one path: what is known of it now, and how it was. `outcome` is None before the first verdict."""

    kind: Kind
    outcome: Outcome | None
    cause: Cause | None
    grade: Grade | None
    why: str
    at: datetime | None
    probe_id: str
    strip: Strip


@dataclass(frozen=True, slots=True)
class PathPart:
    """One path, as it is configured, and its kinds."""

    name: str
    to: str
    route: str
    mailbox: str
    rhythm: str
    code_life: str
    kinds: tuple[KindRow, ...]


@dataclass(frozen=True, slots=True)
class Company:
    """The page. `over` includes open incidents of others from which this company has recovered. `stretch` names how
    much time is drawn; `probes` is how many were launched in it."""

    key: str
    name: str
    system: str
    worst: Outcome | None
    paths: tuple[PathPart, ...]
    todo: tuple[AdviceCard, ...]
    opened: tuple[Incident, ...]
    over: tuple[Incident, ...]
    stretch: str
    frame: Frame
    times: tuple[Tick, ...]
    chart: Chart
    probes: int


def company_view(
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    incidents: Iterable[Incident],
    history: Sequence[ProbeRow],
    sender: SenderInfo,
    stretch: str,
    now: datetime,
    controls: Mapping[str, Beside] = MappingProxyType({}),
) -> Company:
    """The page as it is now. `paths` are those of one company, at least one; `controls` tells for each path what other
    identities got there."""
    first, frame = paths[0], Frame(now - SPANS[stretch], now)
    mine = [incident for incident in incidents if first.company in (*incident.touches, *incident.companies)]
    opened = sorted((each for each in mine if each.open and first.company in each.touches), key=worst_first)
    drawn = [row for row in history if row.launched_at >= frame.since]
    lines = [current_verdicts[check] for path in paths for check in path.checks if check in current_verdicts]
    return Company(
        key=first.company,
        name=first.company_name,
        system=chain_label(first.mail_systems),
        worst=min((each.verdict.outcome for each in lines), key=WORST_FIRST.index, default=None),
        paths=tuple(_path(path, current_verdicts, drawn, frame) for path in paths),
        todo=tuple(_todo(opened, not_covered(paths, current_verdicts, opened), paths, sender, controls)),
        opened=tuple(opened),
        over=tuple(each for each in mine if not each.open or first.company not in each.touches)[:MAX_INCIDENTS],
        stretch=stretch,
        frame=frame,
        times=times_of(frame),
        chart=chart_of(drawn, frame, (path.code_life for path in paths)),
        probes=len(drawn),
    )


def stretch_of(asked: str, history: Sequence[ProbeRow], now: datetime) -> str:
    """Return the period to draw: the requested one, else the default, shorter if there is no more data."""
    if asked in SPANS or not history:
        return asked if asked in SPANS else USUAL
    known = now - history[0].launched_at
    return next((name for name, time in SPANS.items() if known < time), USUAL) if known < SPANS[USUAL] else USUAL


def routes() -> list[web.RouteDef]:
    """The route of the page; the list of companies is Now."""
    return [web.get("/companies/{company}", show), web.get("/companies", lead), web.get("/companies/", lead)]


async def lead(_: web.Request) -> web.Response:
    """To the list."""
    raise web.HTTPFound("/")


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = caller_view_of(request), request.app[BACKEND]
    key, asked, now = request.match_info["company"], request.query.get("span", ""), backend.now()
    paths = view.paths(key) if key else []
    history = await view.history(key, now - SPANS.get(asked, SPANS[USUAL]))
    opened = view.open_incidents()  # before those that are over: one that closes meanwhile is in both, not in neither
    ids = {incident.id for incident in opened}
    past = [each for each in await view.incidents(LOOKED_THROUGH) if not each.open and each.id not in ids]
    identity = backend.config().sender
    shown = await asyncio.to_thread(  # of many probes it takes its time
        company_view,
        paths,
        view.current_verdicts(paths),
        [*opened, *past],
        history,
        SenderInfo(identity.domain, identity.source_ip, identity.address),
        stretch_of(asked, history, now),
        now,
        await _beside(view, key, paths),
    )
    codes = await view.codes_in_time(key)
    mx = mx_notes(backend.company_mx(key), paths[0].mail_systems, now, await _passed(view, paths))
    return page(
        request,
        "company.html",
        view=shown,
        now=now,
        spans=tuple(SPANS),
        codes_in_time=codes,
        real_mail=await view.real_mail(key),
        mx=mx,
        changed=rows_of(view, (await view.remedies(key))[:MAX_REMEDIES]),
        may_remedy=may_say(view.caller, key),
        fixable={each.id for each in shown.opened if may_be_recorded(each, key)},
    )


@dataclass(frozen=True, slots=True)
class MxNotes:
    """Sentences about a company's MX: `changes` of the last weeks; `doubts` about the configured mail systems, for
    those who can change the configuration."""

    changes: tuple[str, ...]
    doubts: tuple[str, ...]


def mx_notes(records: Sequence[MxRecord], chain: Chain, now: datetime, passed: Iterable[SystemSign] = ()) -> MxNotes:
    """Return the notes about a company's MX, and about the systems that its last probes `passed`; there are none while
    all is as it was, and as it is configured."""
    changes = tuple(
        f"The MX of {each.domain} changed at {clock(each.since)}: from {listed(each.before)} to {listed(each.hosts)}. "
        "A new gateway may explain trouble that began then."
        for each in records
        if each.changed(now)
    )
    doubts = [doubt for each in records if (doubt := each.doubt(chain))]
    known = {doubt.seen.system for doubt in doubts}
    doubts += check_passed(chain, [sign for sign in passed if sign.system not in known])
    sentences = map(chain_sentence, doubts)
    return MxNotes(changes, tuple(f"{said[0].upper()}{said[1:]}." for said in dict.fromkeys(sentences)))


async def _passed(view: CallerView, paths: Sequence[WatchedPath]) -> list[SystemSign]:
    """The mail systems that the last probes of the first few paths met, each once; for those who can change the
    configuration."""
    if view.caller.companies is not None:
        return []
    found: dict[str, SystemSign] = {}
    verdicts = view.current_verdicts(paths)
    for path in paths[:MAX_PATHS_LOOKED_AT]:
        newest = max(
            (verdicts[check] for check in path.checks if check in verdicts), key=attrgetter("launched_at"), default=None
        )
        if newest is None:
            continue
        with suppress(NotThereError):  # deleted meanwhile
            record = await view.record(newest.probe_id)
            for sign in systems_of_probe(record.probe, record.evidence):
                found.setdefault(sign.system, sign)
    return list(found.values())


async def _beside(view: CallerView, company: str, paths: Sequence[WatchedPath]) -> dict[str, Beside]:
    """What other identities got on the paths that fail without an incident."""
    opened = [incident for incident in view.open_incidents() if company in incident.touches]
    failing = {
        check.path: current.launched_at
        for check, current in not_covered(paths, view.current_verdicts(paths), opened)
        if current.verdict.outcome is not Outcome.INBOX
    }
    return {path: await verdicts_beside(view, company, path, at) for path, at in failing.items()}


def _path(
    path: WatchedPath, current_verdicts: Mapping[Check, CurrentVerdict], history: Iterable[ProbeRow], frame: Frame
) -> PathPart:
    rows = [row for row in history if row.path == path.path]
    return PathPart(
        name=path.path,
        to=path.to,
        route=f"{path.route.via} {path.route.destination(path.to)}",
        mailbox=path.mailbox_key,
        rhythm=f"each kind every {roughly(path.every)}" if path.every else f"cron {path.cron}",
        code_life=roughly(path.code_life),
        kinds=tuple(
            _kind(kind, current_verdicts.get(path.check(kind)), rows, frame) for kind in path.kinds
        ),
    )  # fmt: skip


def _kind(kind: Kind, current: CurrentVerdict | None, rows: Iterable[ProbeRow], frame: Frame) -> KindRow:
    strip = strip_of((row for row in rows if row.kind is kind), frame)
    if current is None:
        return KindRow(kind, None, None, None, "", None, "", strip)
    said = current.verdict
    return KindRow(kind, said.outcome, said.cause, said.grade, said.because, current.at, current.probe_id, strip)


def not_covered(
    paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict], opened: Iterable[Incident]
) -> list[tuple[Check, CurrentVerdict]]:
    """Return current verdicts of checks outside open incidents: an incident knows more than the verdict."""
    covered = {failure.check for incident in opened for failure in incident.failures}
    lines = [check for path in paths for check in path.checks]
    return [(line, current_verdicts[line]) for line in lines if line in current_verdicts and line not in covered]


def _todo(
    opened: Iterable[Incident],
    lines: Iterable[tuple[Check, CurrentVerdict]],
    paths: Sequence[WatchedPath],
    sender: SenderInfo,
    controls: Mapping[str, Beside],
) -> Iterable[AdviceCard]:
    """What to do: about each open incident, and about what else fails now, each once."""
    seen: set[tuple[Outcome, Cause | None]] = set()
    chain, ways = paths[0].mail_systems, {path.path: path for path in paths}
    for incident in opened:
        seen |= {(incident.outcome, incident.cause), *((each.outcome, each.cause) for each in incident.failures)}
        yield card_at_company(incident, sender, paths[0].company, chain)
    for check, current in sorted(lines, key=lambda each: WORST_FIRST.index(each[1].verdict.outcome)):
        what = (current.verdict.outcome, current.verdict.cause)
        if current.verdict.outcome is not Outcome.INBOX and what not in seen:
            seen.add(what)
            times = current.launched_at, current.at
            signal = Signal(0, current.probe_id, *check[:3], Role.SENDER, *times, current.verdict)
            path = ways[check.path]
            yield card_of_signal(signal, path.route.via, sender, chain, controls.get(check.path, NOTHING_BESIDE))
