"""Diagnoses of a path: the newest with their arms, and one that is started now."""

from http import HTTPStatus

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.actions.diagnosis import prepare_for, start
from monitor.diagnosing.preparing import NotAllowedError
from monitor.output.diagnosis_json import DiagnosisWholeJson, diagnosis_whole_json
from monitor.store.diagnoses import DiagnosisRecord
from monitor.web.api.fields import Body, Fields, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, answered
from monitor.web.api.problem import ProblemError
from probes.diagnosis.factors import Factor
from probes.diagnosis.within import Within
from probes.kinds import Kind

MAX_DIAGNOSES = 10  # of one answer: each has some 20 arms


class NewestDiagnoses(Fields):
    """The requested diagnoses."""

    most: int = Field(3, ge=1, le=MAX_DIAGNOSES, description=f"How many, at most {MAX_DIAGNOSES}.")


class NewDiagnosis(Body):
    """The diagnosis to start."""

    kind: Kind | None = Field(None, description="The kind of mail; by default the first kind of the path.")
    factors: list[Factor] = Field([], max_length=len(Factor), description="Separate only these; by default all.")
    within: Within | None = Field(None, description="Go no further than this; it can only narrow the configuration.")


class DiagnosesFacts(TypedDict):
    """The newest diagnoses of a path, newest first."""

    diagnoses: list[DiagnosisWholeJson]


async def show_diagnoses(call: Call[NewestDiagnoses, NoBody]) -> web.Response:
    """The newest of a path."""
    found = await call.view.diagnoses(call.part("company"), call.part("path"), call.query.most)
    return answered({"diagnoses": [diagnosis_whole_json(record, arms) for record, arms in found]})


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
