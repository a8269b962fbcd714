"""Diagnose a path: see what that would take, start it, watch it, stop it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from monitor.actions.diagnosis import DryRun, dry_run, prepare_for, start, stop
from monitor.actions.names import UnknownNameError, place_named
from monitor.config import WatchedPath
from monitor.config.diagnosis import needed_within
from monitor.diagnosing.preparing import NotAllowedError
from monitor.output.diagnosis_json import duration_of
from monitor.people.caller import NotThereError
from monitor.people.person import Rights
from monitor.store.diagnoses import Diagnosis, DiagnosisRecord
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.diagnosis_card import DiagnosisCard, card_of_diagnosis
from monitor.web.pages.diagnosis_offers import offer
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page
from probes.diagnosis.factors import FACTORS, Factor
from probes.diagnosis.within import Within
from probes.diagnosis.words import COSTS, own_factors, untested_words
from probes.display import roughly
from probes.kinds import Kind
from probes.labels import KINDS

MAX_INPUT_CHARS = 200  # characters of what is typed


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/diagnose", show_dry_run),
        web.post("/diagnose", start_diagnosis),
        web.get("/diagnoses/{diagnosis}", show_diagnosis),
        web.post("/diagnoses/{diagnosis}/stop", stop_diagnosis),
    ]


@dataclass(frozen=True, slots=True)
class DiagnosisForm:
    """The request as typed, cut to a sensible length."""

    where: str
    kind: str
    incident: str

    @classmethod
    def of(cls, form: "MultiMapping[Any]") -> "DiagnosisForm":
        """Read it."""
        return cls(*(str(form.get(name, "")).strip()[:MAX_INPUT_CHARS] for name in ("where", "kind", "incident")))


@dataclass(frozen=True, slots=True)
class DryRunCard:
    """A dry run in words. `most` is the limit of probes; `arms` are the first mails if one factor is the reason."""

    kind: str
    other: str
    probes: str
    most: int
    time: str
    costs: str
    today: str
    varied: tuple[str, ...]
    untested: tuple[str, ...]
    arms: tuple[str, ...]


def card_of_dry_run(run: DryRun) -> DryRunCard:
    """Return a dry run in words."""
    diagnosis, expected = run.diagnosis, run.expected
    setup, within = diagnosis.setup, needed_within(run.path.route.via)
    most = min(expected.most, setup.cap)
    times = [roughly(duration_of(diagnosis, probes)) for probes in (expected.fewest, most)]
    return DryRunCard(
        kind=KINDS[diagnosis.kind].label,
        other=diagnosis.other.value,
        probes=f"{_span(expected.fewest, expected.usual)} if one property is the reason, {most} if two are",
        most=setup.cap,
        time=f"at least {_span(*times)}",
        costs=COSTS[within],
        today="" if within is Within.SCAN else f"{run.sent_today} of {run.path.per_path_per_day}",
        varied=tuple(FACTORS[factor].label.removeprefix("the ") for factor in Factor if factor in setup.whole),
        untested=tuple(untested_words(setup.untested)),
        arms=tuple(own_factors(own, setup.whole) for own in expected.first),
    )


def _span(least: object, most: object) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


@needs(Rights.OPERATOR)
async def show_dry_run(request: web.Request) -> web.Response:
    """The plan of a diagnosis, before anything is sent."""
    return await _dry_run(request, DiagnosisForm.of(request.query))


async def _dry_run(request: web.Request, wish: DiagnosisForm, status: int = 200, wrong: str = "") -> web.Response:
    view, found = caller_view_of(request), None
    path = _path(view, wish)
    running = await _running(view, path) if isinstance(path, WatchedPath) else ""
    if isinstance(path, str):
        wrong, status = (path, 422) if wish.where else ("", status)
    else:
        try:
            diagnosis = await _prepared(view, wish, path)
            found = card_of_dry_run(await dry_run(view, diagnosis))
        except NotAllowedError as error:
            wrong = str(error)
    return page(
        request,
        "diagnose.html",
        status=status,
        wish=wish,
        path=path if isinstance(path, WatchedPath) else None,
        kind=_kind(wish, path) if isinstance(path, WatchedPath) else None,
        found=found,
        wrong=wrong,
        running=running,
        now=now_of(view),
    )


def _path(view: CallerView, wish: DiagnosisForm) -> WatchedPath | str:
    """The path that is meant; else why none."""
    try:
        company, path = place_named(wish.where, view.paths())
    except UnknownNameError as error:
        return str(error)
    return view.path(company, path) if path else view.paths(company)[0]


def _kind(wish: DiagnosisForm, path: WatchedPath) -> Kind:
    return Kind(wish.kind) if wish.kind in path.kinds else path.kinds[0]


async def _running(view: CallerView, path: WatchedPath) -> str:
    """The id of the diagnosis that runs on this path; "" if none does."""
    newest = await view.backend.store.diagnoses.of_path(path.company, path.path, 1)
    return next((each.diagnosis.id for each in newest if each.ended_at is None), "")


async def _prepared(view: CallerView, wish: DiagnosisForm, path: WatchedPath) -> Diagnosis:
    """The diagnosis that the form asks for. Raises NotAllowedError, NotThereError."""
    if wish.incident:
        found = await view.incident(wish.incident)
        if path.company not in found.incident.companies:
            raise NotThereError(f"{path.company} in incident {wish.incident}")
    return await prepare_for(view, path.company, path.path, _kind(wish, path), incident=wish.incident)


@needs(Rights.OPERATOR)
async def start_diagnosis(request: web.Request) -> web.Response:
    """Start what the form says, and lead to where it can be watched."""
    view, wish = caller_view_of(request), DiagnosisForm.of(await request.post())
    path = _path(view, wish)
    if isinstance(path, str):
        return await _dry_run(request, wish, 422)
    try:
        diagnosis = await _prepared(view, wish, path)
        await start(view, diagnosis)
    except NotAllowedError as error:
        return await _dry_run(request, wish, 409, str(error))
    raise web.HTTPSeeOther(f"/diagnoses/{diagnosis.id}")


async def show_diagnosis(request: web.Request) -> web.Response:
    """One diagnosis, under way or ended."""
    view = caller_view_of(request)
    record, card = await _found(view, request.match_info["diagnosis"])
    diagnosis = record.diagnosis
    return page(
        request,
        "diagnosis.html",
        diagnosis=diagnosis,
        running=record.ended_at is None,
        card=card,
        incidents=_incidents(view, diagnosis),
        again=offer(diagnosis.company, diagnosis.path, diagnosis.kind, diagnosis.incident).href,
        may_probe=view.caller.may(Rights.OPERATOR),
        now=now_of(view),
    )


def _incidents(view: CallerView, diagnosis: Diagnosis) -> Sequence[str]:
    """The open incidents in which this path fails."""
    place = (diagnosis.company, diagnosis.path)
    return [
        incident.id
        for incident in view.open_incidents()
        if place in {(failure.company, failure.path) for failure in incident.failures}
    ]


async def _found(view: CallerView, diagnosis_id: str) -> tuple[DiagnosisRecord, DiagnosisCard]:
    """Raises NotThereError."""
    found = await view.diagnosis(diagnosis_id)
    if found is None:
        raise NotThereError(f"diagnosis {diagnosis_id}")
    return found[0], card_of_diagnosis(*found)


@needs(Rights.OPERATOR)
async def stop_diagnosis(request: web.Request) -> web.Response:
    """Stop it."""
    view = caller_view_of(request)
    record, _ = await _found(view, request.match_info["diagnosis"])
    await stop(view, record.diagnosis)
    raise web.HTTPSeeOther(f"/diagnoses/{record.diagnosis.id}")
