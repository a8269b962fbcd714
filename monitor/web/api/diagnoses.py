"""Diagnoses of a path: the newest with their arms, the plan of one, and its start and stop."""

from http import HTTPStatus

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.actions.diagnosis import dry_run, prepare_for, start, stop
from monitor.diagnosing.preparing import NotAllowedError
from monitor.output.diagnosis_json import DiagnosisWholeJson, DryRunJson, diagnosis_whole_json, forecast_json
from monitor.people.caller import NotThereError
from monitor.store.diagnoses import DiagnosisRecord
from monitor.web.api.fields import Body, Fields, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, answered
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.api.problem import ProblemError
from probes.diagnosis.factors import Factor
from probes.diagnosis.within import Within
from probes.kinds import Kind

MAX_LISTED = 1000  # of a path, the newest
MAX_DIAGNOSES = 10  # of one answer: each has some 20 arms


class NewestDiagnoses(PageOfList):
    """The requested diagnoses."""

    most: int = Field(3, ge=1, le=MAX_DIAGNOSES, description=f"Page size, at most {MAX_DIAGNOSES}.")


class PlanQuery(Fields):
    """The diagnosis that is planned."""

    kind: Kind | None = Field(None, description="The kind of mail; by default the first kind of the path.")
    factor: Factor | None = Field(None, description="Separate only this one; by default all.")
    within: Within | None = Field(None, description="Go no further than this; it can only narrow the configuration.")


class PlanFacts(DryRunJson):
    """The plan. `sent_today`: probes of all purposes on this path, which count toward its daily limit."""

    sent_today: int


class NewDiagnosis(Body):
    """The diagnosis to start."""

    kind: Kind | None = Field(None, description="The kind of mail; by default the first kind of the path.")
    factors: list[Factor] = Field([], max_length=len(Factor), description="Separate only these; by default all.")
    within: Within | None = Field(None, description="Go no further than this; it can only narrow the configuration.")


class DiagnosesFacts(TypedDict):
    """Diagnoses of a path, newest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    diagnoses: list[DiagnosisWholeJson]
    next: str | None


async def show_diagnoses(call: Call[NewestDiagnoses, NoBody]) -> web.Response:
    """The newest of a path."""
    records = await call.view.diagnosis_records(call.part("company"), call.part("path"), MAX_LISTED)
    part, following = page_of(records, lambda record: record.diagnosis.id, call.query)
    found = [diagnosis_whole_json(record, await call.view.arms(record)) for record in part]
    return answered({"diagnoses": found, "next": following})


async def show_plan(call: Call[PlanQuery, NoBody]) -> web.Response:
    """The plan of one; nothing is sent."""
    company, path, wish = call.part("company"), call.part("path"), call.query
    try:
        factors = (wish.factor,) if wish.factor else ()
        diagnosis = await prepare_for(call.view, company, path, wish.kind, factors, wish.within)
    except NotAllowedError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    run = await dry_run(call.view, diagnosis)
    return answered({**forecast_json(diagnosis, run.expected), "sent_today": run.sent_today})


async def stop_diagnosis(call: Call[NoQuery, NoBody]) -> web.Response:
    """Stop one, which has no conclusion then."""
    diagnosis_id = call.part("diagnosis")
    found = await call.view.diagnosis(diagnosis_id)
    if found is None:
        raise NotThereError(f"diagnosis {diagnosis_id}")
    if not await stop(call.view, found[0].diagnosis):
        raise ProblemError(HTTPStatus.CONFLICT, "it has ended already")
    stopped = await call.view.diagnosis(diagnosis_id) or found
    return answered(diagnosis_whole_json(*stopped))


async def start_diagnosis(call: Call[NoQuery, NewDiagnosis]) -> web.Response:
    """Start one."""
    company, path, wish = call.part("company"), call.part("path"), call.body
    try:
        diagnosis = await prepare_for(call.view, company, path, wish.kind, tuple(wish.factors), wish.within)
        await start(call.view, diagnosis)
    except NotAllowedError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    record = DiagnosisRecord(diagnosis, "", diagnosis.began_at, None, None)
    where = {"Location": f"{ROOT}/paths/{company}/{path}/diagnoses"}
    return answered(diagnosis_whole_json(record, ()), status=HTTPStatus.ACCEPTED, headers=where)
