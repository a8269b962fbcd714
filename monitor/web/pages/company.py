"""One company: what its people notice, what to do now, how its mail fared, its incidents."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType

from aiohttp import web

from monitor.actions.rate_limit import TooManyError
from monitor.actions.remedies import may_say
from monitor.config import WatchedPath
from monitor.incidents.advice import NOTHING_BESIDE, Beside
from monitor.incidents.incident import Incident, worst_first
from monitor.incidents.signal import Signal
from monitor.measures.time_slots import RANGES, slots_until
from monitor.notices.context import SenderInfo
from monitor.output.code_tiles import code_tiles, window_starts
from monitor.output.symbols import WORST_FIRST
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.probing.pipeline import LaunchError
from monitor.proving.preparing import may_be_recorded
from monitor.standing.company_mx import MxRecord
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.charts import LINE, slowest_said
from monitor.web.legible import about
from monitor.web.pages.advice_card import AdviceCard, card_at_company, card_of_signal, verdicts_beside
from monitor.web.pages.company_charts import company_charts, stretch_of
from monitor.web.pages.company_impact import Impact, impact_of
from monitor.web.pages.own_test import round_of, send_tests
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

MAX_REMEDIES = 30
MAX_INCIDENTS = 30  # of the company, of those that are over
LOOKED_THROUGH = 500  # incidents of all companies
MAX_PATHS_LOOKED_AT = 5  # whose last probe shows which mail systems it met


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind on one path, as it is known now. `outcome` is None before the first verdict."""

    kind: Kind
    outcome: Outcome | None
    cause: Cause | None
    grade: Grade | None
    why: str
    at: datetime | None
    probe_id: str


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
    """The page as it is now. `over` includes open incidents of others from which this company has
    recovered."""

    key: str
    name: str
    system: str
    impact: Impact
    paths: tuple[PathPart, ...]
    todo: tuple[AdviceCard, ...]
    opened: tuple[Incident, ...]
    over: tuple[Incident, ...]


def company_view(
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    incidents: Iterable[Incident],
    sender: SenderInfo,
    now: datetime,
    controls: Mapping[str, Beside] = MappingProxyType({}),
) -> Company:
    """The page as it is now. `paths` are those of one company, at least one; `controls` tells for each path what other
    identities got there."""
    first = paths[0]
    mine = [incident for incident in incidents if first.company in (*incident.touches, *incident.companies)]
    opened = sorted((each for each in mine if each.open and first.company in each.touches), key=worst_first)
    return Company(
        key=first.company,
        name=first.company_name,
        system=chain_label(first.mail_systems),
        impact=impact_of(paths, current_verdicts, opened, now),
        paths=tuple(_path(path, current_verdicts) for path in paths),
        todo=tuple(_todo(opened, not_covered(paths, current_verdicts, opened), paths, sender, controls)),
        opened=tuple(opened),
        over=tuple(each for each in mine if not each.open or first.company not in each.touches)[:MAX_INCIDENTS],
    )


def routes() -> list[web.RouteDef]:
    """The routes of the page; the list of companies is Now."""
    return [
        web.get("/companies/{company}", show),
        web.post("/companies/{company}/test", test_now),
        web.get("/companies", lead),
        web.get("/companies/", lead),
    ]


async def lead(_: web.Request) -> web.Response:
    """To the list."""
    raise web.HTTPFound("/")


async def show(request: web.Request) -> web.Response:
    """The page."""
    return await _page(request)


async def test_now(request: web.Request) -> web.Response:
    """Send test messages; the page says why, if that is not possible."""
    try:
        return await send_tests(request)
    except TooManyError as error:
        seconds = max(round(error.retry_after.total_seconds()), 1)
        response = await _page(request, 429, f"{error}; try again in {roughly(seconds)}")
        response.headers["Retry-After"] = str(seconds)
        return response
    except LaunchError as error:
        return await _page(request, 409, str(error))


async def _page(request: web.Request, status: int = 200, refused: str = "") -> web.Response:
    view, backend = caller_view_of(request), request.app[BACKEND]
    key, now, config = request.match_info["company"], backend.now(), backend.config()
    paths = view.paths(key) if key else []
    opened = view.open_incidents()  # before those that are over: one that closes meanwhile is in both, not in neither
    ids = {incident.id for incident in opened}
    past = [each for each in await view.incidents(LOOKED_THROUGH) if not each.open and each.id not in ids]
    shown = company_view(
        paths,
        view.current_verdicts(paths),
        [*opened, *past],
        SenderInfo(config.sender.domain, config.sender.source_ip, config.sender.address),
        now,
        await _beside(view, key, paths),
    )
    windows = await view.windows(key, window_starts(now))
    stretch = stretch_of(request.query.get("span", ""), windows.first_day, now)
    series = await view.series(key, slots_until(now, stretch))
    return page(
        request,
        "company.html",
        status=status,
        view=shown,
        now=now,
        spans=tuple(RANGES),
        line=LINE,
        times_of=about,
        slowest_said=slowest_said,
        charts=company_charts(paths, series, stretch, now, now - config.store.keep),
        tiles=code_tiles(key, windows.results, paths),
        first_day=windows.first_day,
        contact=config.companies[key].contact if key in config.companies else None,
        tested=await round_of(view, key, request.query.get("tested", "")),
        refused=refused,
        good=config.incidents.good,
        real_mail=await view.real_mail(key),
        mx=mx_notes(backend.company_mx(key), paths[0].mail_systems, now, await _passed(view, paths)),
        changed=rows_of(view, (await view.remedies(key))[:MAX_REMEDIES]),
        may_act=may_say(view.caller, key),
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


def _path(path: WatchedPath, current_verdicts: Mapping[Check, CurrentVerdict]) -> PathPart:
    return PathPart(
        name=path.path,
        to=path.to,
        route=f"{path.route.via} {path.route.destination(path.to)}",
        mailbox=path.mailbox_key,
        rhythm=f"each kind every {roughly(path.every)}" if path.every else f"cron {path.cron}",
        code_life=roughly(path.code_life),
        kinds=tuple(_kind(kind, current_verdicts.get(path.check(kind))) for kind in path.kinds),
    )


def _kind(kind: Kind, current: CurrentVerdict | None) -> KindRow:
    if current is None:
        return KindRow(kind, None, None, None, "", None, "")
    said = current.verdict
    return KindRow(kind, said.outcome, said.cause, said.grade, said.because, current.at, current.probe_id)


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
