"""The pages of probes: one as a whole, and the list of all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from monitor.actions.names import UnknownNameError, company_named, names_of, path_named
from monitor.config import WatchedPath
from monitor.incidents.advice import NOTHING_BESIDE
from monitor.notices.context import SenderInfo
from monitor.output.text import EVIDENCE_DELETED, explanation, plain
from monitor.people.caller import NotThereError
from monitor.people.person import Companies, Rights
from monitor.store import Cursor, ProbeFilter, ProbePage, ProbeRecord
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.advice_card import verdicts_beside
from monitor.web.pages.diagnosis_card import card_of_arm, newest_cards
from monitor.web.pages.diagnosis_offers import offer_of_probe
from monitor.web.pages.probe_beside import requested_by, sent_message, twin_of
from monitor.web.pages.probe_checklist import (
    CHECK_SIGNS,
    CHECK_WORDS,
    ProbeCheck,
    checklist_of,
    counted_results,
)
from monitor.web.pages.probe_stations import SIGNS, STATE_WORDS, compared
from monitor.web.pages.probe_view import ProbeView, after, probe_view
from monitor.web.pages.suggestions import SuggestedName, suggestions
from monitor.web.rendering import page
from probes.display import exactly
from probes.kinds import Kind
from probes.labels import FAULTS, STAGES
from probes.sender import Role
from probes.verdict import Outcome

E = TypeVar("E", bound=StrEnum)
PAGE_PROBES = 50  # probes of one page of the list
MAX_PATHS_OFFERED = 100  # names of paths
MAX_INPUT_CHARS = 64  # characters of a name that is asked for
STEP_LABELS: dict[str, str] = {  # for steps that arrive while the page is open
    **{stage: row.title for stage, row in STAGES.items()},
    **{fault: row.label for fault, row in FAULTS.items()},
}
LOOKS = 20  # parts of a list that are read for one page, where little of it fits


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get("/probes", show_list), web.get("/probes/{probe}", show_probe)]


async def show_probe(request: web.Request) -> web.Response:
    """One probe."""
    view = caller_view_of(request)
    record = await view.record(request.match_info["probe"])
    before, following = await view.neighbours(record.probe)
    path = path_of(view, record.probe.company, record.probe.path)
    probe = record.probe
    fails = record.verdict and record.verdict.outcome is not Outcome.INBOX
    others = await verdicts_beside(view, probe.company, probe.path, probe.created_at) if fails else NOTHING_BESIDE
    offer = offer_of_probe(record)
    if probe.arm:
        diagnoses = await card_of_arm(view, probe.arm.diagnosis)
    else:
        diagnoses = await newest_cards(view, [(probe.company, probe.path)], probe.created_at) if offer else []
    good = await last_good(view, record) if fails else None
    twin, asked_by = await twin_of(view, probe), await requested_by(view, probe)
    shown = probe_view(record, path, sender_of(view), now_of(view), view.open_incidents(), others)
    return page(
        request,
        "probe.html",
        view=shown,
        checks=await _checks(view, record, shown),
        twin=twin,
        asked_by=asked_by,
        message=sent_message(record, view.backend.config(), await view.backend.store.key()),
        diagnoses=diagnoses,
        offer=offer,
        before=before,
        next=following,
        good=good.probe if good else None,
        differences=None
        if not good or good.evidence_deleted_at or record.evidence_deleted_at
        else compared(record, good),
        may_probe=view.caller.may(Rights.OPERATOR),
        step_labels=STEP_LABELS,
        check_signs=CHECK_SIGNS,
        check_words=CHECK_WORDS,
        counted=counted_results,
        exactly_of=exactly,
        station_signs=SIGNS,
        station_words=STATE_WORDS,
        evidence_deleted=EVIDENCE_DELETED,
        after=lambda at: after(record.probe, at),
        explained="\n".join(plain(line) for line in explanation(record)),
        now=now_of(view),
    )


async def _checks(view: CallerView, record: ProbeRecord, shown: ProbeView) -> tuple[ProbeCheck, ...]:
    """The checklist; none while the probe is in flight, and where its evidence is deleted."""
    if record.verdict is None or record.evidence_deleted_at:
        return ()
    backend = view.backend
    now, max_age = backend.now(), backend.config().standing.max_age
    known = [fact.at(now, max_age) for fact in await backend.store.standing.current()]
    return checklist_of(record, shown.way, known)


async def last_good(view: CallerView, record: ProbeRecord) -> ProbeRecord | None:
    """Return the last probe before this one, of the same path, kind and role, that reached the inbox."""
    probe = record.probe
    wanted = ProbeFilter(
        view.caller.companies,
        probe.company,
        probe.path,
        probe.kind,
        probe.role,
        Outcome.INBOX,
        until=probe.created_at,
        usual=True,
    )
    found = (await view.probes(wanted, None, 1)).probes
    return await view.record(found[0].probe_id) if found else None


def path_of(view: CallerView, company: str, path: str) -> WatchedPath | None:
    """The path as it is configured now, None where it is gone."""
    try:
        return view.path(company, path)
    except NotThereError:
        return None


def sender_of(view: CallerView) -> SenderInfo:
    """Return the sending identity."""
    sender = view.backend.config().sender
    return SenderInfo(sender.domain, sender.source_ip, sender.address)


def now_of(view: CallerView) -> datetime:
    """The service's time."""
    return view.backend.now()


@dataclass(frozen=True, slots=True)
class Asked:
    """The conditions of the list as typed; "" if not given. `wrong` names the invalid ones."""

    company: str
    path: str
    kind: str
    role: str
    outcome: str
    since: str
    until: str
    wrong: dict[str, str]

    @property
    def anything(self) -> bool:
        """True if it restricts the list."""
        return bool(self.company or self.path or self.kind or self.role or self.outcome or self.since or self.until)


def asked(query: dict[str, str], companies: Companies, paths: Sequence[WatchedPath] = ()) -> tuple[Asked, ProbeFilter]:
    """Parse the conditions, for people and for the store. Invalid ones match everything and are reported. Names are
    those of `paths`; any other is searched as typed, since it may no longer be configured."""
    wrong: dict[str, str] = {}
    said = {
        name: query.get(name, "").strip()[:MAX_INPUT_CHARS] for name in ("company", "path", "kind", "as", "outcome")
    }
    company, path = _place(said["company"], said["path"], paths, wrong)
    times = {name: query.get(name, "").strip()[:MAX_INPUT_CHARS] for name in ("since", "until")}
    moments = {name: _moment(name, text, wrong) for name, text in times.items()}
    wanted = ProbeFilter(
        companies=companies,
        company=company,
        path=path if company else "",
        kind=_chosen("kind", said["kind"], Kind, wrong),
        role=_chosen("as", said["as"], Role, wrong),
        outcome=_chosen("outcome", said["outcome"], Outcome, wrong),
        since=moments["since"],
        until=moments["until"],
    )
    if said["path"] and not said["company"]:
        wrong["path"] = "paths are named within a company: choose the company too"
    role = said.pop("as")
    return Asked(**said, role=role, **times, wrong=wrong), wanted


def _place(company: str, path: str, paths: Sequence[WatchedPath], wrong: dict[str, str]) -> tuple[str, str]:
    """The keys that are meant by these names."""
    try:
        company = company_named(company, names_of(paths)) if company else ""
    except UnknownNameError as error:
        wrong["company"] = str(error)
        return company, path
    try:
        return company, path_named(path, company, paths) if company and path else path
    except UnknownNameError as error:
        wrong["path"] = str(error)
        return company, path


def _chosen(name: str, text: str, choices: type[E], wrong: dict[str, str]) -> E | None:
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        wrong[name] = f"choose one of {', '.join(choices)}"
        return None


def _moment(name: str, text: str, wrong: dict[str, str]) -> datetime | None:
    """A time of a form, in UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        wrong[name] = "Write a time like 2026-11-26T08:00, in UTC"
        return None


async def show_list(request: web.Request) -> web.Response:
    """Probes, newest first."""
    view = caller_view_of(request)
    paths = view.paths()
    said, wanted = asked(dict(request.query), view.caller.companies, paths)
    found = await _part(view, wanted, cursor_of(request.query.get("cursor", "")))
    if found.probes:  # of a company or path that is not in the configuration any more
        said = replace(said, wrong={name: text for name, text in said.wrong.items() if name not in ("company", "path")})
    return page(
        request,
        "probes.html",
        asked=said,
        probes=found.probes,
        names=names_of(paths),
        offered=await suggestions(view, SuggestedName.COMPANY, said.company),
        paths=sorted({path.path for path in paths if wanted.company in ("", path.company)})[:MAX_PATHS_OFFERED],
        kinds=list(Kind),
        roles=list(Role),
        outcomes=list(Outcome),
        lasted=exactly,
        later=request.query.get("cursor", ""),
        older=_older(request, found.next),
        first=_address(request, ""),
        may_probe=view.caller.may(Rights.OPERATOR),
        now=now_of(view),
    )


async def _part(view: CallerView, wanted: ProbeFilter, cursor: Cursor | None) -> ProbePage:
    """One page of the list, as full as it gets with few looks."""
    found = await view.probes(wanted, cursor, PAGE_PROBES)
    rows = list(found.probes)
    for _ in range(LOOKS):
        if found.next is None or len(rows) >= PAGE_PROBES:
            break
        found = await view.probes(wanted, found.next, PAGE_PROBES - len(rows))
        rows += found.probes
    return ProbePage(tuple(rows), found.next)


def _older(request: web.Request, cursor: Cursor | None) -> str:
    return _address(request, written(cursor)) if cursor else ""


def _address(request: web.Request, cursor: str) -> str:
    """The same list, from there on."""
    query: dict[str, Any] = {name: text for name, text in request.query.items() if text and name != "cursor"}
    if cursor:
        query["cursor"] = cursor
    return f"/probes?{urlencode(query)}" if query else "/probes"


def written(cursor: Cursor) -> str:
    """A place in the list as an address names it."""
    return f"{cursor.created_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{cursor.probe_id}"


def cursor_of(text: str) -> Cursor | None:
    """Decode the result of `written`; None for anything else: the list then starts at its beginning."""
    moment, dash, probe_id = text.partition("-")
    try:
        return Cursor(datetime.strptime(moment, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), probe_id) if dash else None
    except ValueError:
        return None
