"""Remedies as companies carried them out: list, say that one was, test, prolong, undo."""

from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.actions.remedies import FORBIDDEN, may_say_anywhere, remedy_worker_of, visible_remedy
from monitor.output.applied_remedy_json import AppliedRemedyJson, applied_remedy_json
from monitor.output.remedy_names import names_for
from monitor.proving.preparing import RemedyChange, RemedyError
from monitor.remedying.applied import AppliedRemedy, RemedyState
from monitor.remedying.lapse import state_at
from monitor.web.api.fields import Body, NoBody, NoQuery
from monitor.web.api.operation import ROOT, B, Call, Operation, OperationResult, answered, no_content
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.api.problem import ProblemError, Wrong
from monitor.web.caller_view import CallerView

NOT_THERE, CONFLICT, UNREADABLE = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY
WHO_MAY = "Operators may, and viewers that are limited to companies, for these."
FIXES = {
    "remedy": "give the key of a remedy, or leave it out for the one that is next to try",
    "company": "give the key of a company that the incident affects",
    "review": "give a date in the future, or leave it out",
    "note": "give one line of text, or leave it out",
}


class WhichRemedies(PageOfList):
    """The requested remedies."""

    company: str | None = Field(None, max_length=200, description="Remedies of this company.")
    incident: str | None = Field(None, max_length=200, description="Remedies of this incident.")
    state: RemedyState | None = Field(None, description="Remedies in this state now.")


class NewRemedy(Body):
    """A remedy that a company has carried out."""

    company: str | None = Field(
        None, max_length=200, description="Its key. It may be left out if the incident affects one company of yours."
    )
    remedy: str = Field(
        "",
        max_length=100,
        description="The key of the remedy, `other` for another change. Default: the one that is next to try.",
    )
    note: str = Field("", max_length=200, description="One line: a ticket, a name.")
    review_on: str | None = Field(
        None,
        pattern=r"^\d{4}-\d\d-\d\d$",
        description="When somebody should look whether it is still needed. Default: in 180 days.",
        examples=["2027-05-31"],
    )


class RemediesFacts(TypedDict):
    """Remedies as companies carried them out, newest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    remedies: list[AppliedRemedyJson]
    next: str | None


async def show_list(call: Call[WhichRemedies, NoBody]) -> web.Response:
    """The newest."""
    view, asked = call.view, call.query
    if asked.company:
        view.paths(asked.company)
    found = await view.remedies(asked.company or "")
    now = view.backend.now()
    wanted = [each for each in found if asked.incident in (None, each.incident)]
    wanted = [each for each in wanted if asked.state in (None, state_at(each, now))]
    remedies, following = page_of(wanted, lambda remedy: remedy.id, asked)
    return answered({"remedies": [_json(view, each) for each in remedies], "next": following})


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One."""
    applied = await visible_remedy(call.view.backend.store, call.view.caller, call.part("remedy"))
    return answered(_json(call.view, applied))


async def create(call: Call[NoQuery, NewRemedy]) -> web.Response:
    """The company has carried it out."""
    view, wish = call.view, call.body
    _check_may(view)
    try:
        incident, company = await view.incident_at(call.part("incident"), wish.company or "")
        change = RemedyChange(incident, company, wish.remedy, wish.note, _date(wish.review_on))
        applied = await remedy_worker_of(view).changed(change)
    except RemedyError as error:
        raise _problem(error) from None
    where = {"Location": f"{ROOT}/remedies/{applied.id}"}
    return answered(_json(view, applied), status=HTTPStatus.CREATED, headers=where)


async def test_now(call: Call[NoQuery, NoBody]) -> web.Response:
    """Test it now."""
    try:
        applied = await remedy_worker_of(call.view).test_now(await _remedy(call))
    except RemedyError as error:
        raise _problem(error) from None
    return answered(_json(call.view, applied), status=HTTPStatus.ACCEPTED)


async def renew(call: Call[NoQuery, NoBody]) -> web.Response:
    """It was prolonged."""
    try:
        applied = await remedy_worker_of(call.view).renewed(await _remedy(call))
    except RemedyError as error:
        raise _problem(error) from None
    return answered(_json(call.view, applied))


async def undo(call: Call[NoQuery, NoBody]) -> web.Response:
    """It was taken back."""
    try:
        await remedy_worker_of(call.view).undone(await _remedy(call))
    except RemedyError as error:
        raise _problem(error) from None
    return no_content()


def remedy_operations() -> list[Operation[Any, Any]]:
    """The rows."""
    one = OperationResult(HTTPStatus.OK, "The remedy.", AppliedRemedyJson)
    problems = (NOT_THERE, CONFLICT)
    return [
        Operation(
            *("GET", "/remedies", "list_remedies", "remedies", "List remedies that companies have carried out"),
            query=WhichRemedies,
            act=show_list,
            answer=OperationResult(HTTPStatus.OK, "The remedies.", RemediesFacts),
            problems=(NOT_THERE,),
        ),
        Operation(
            *(
                "POST",
                "/incidents/{incident}/remedies",
                "create_remedy",
                "remedies",
                "Say that a remedy was carried out",
            ),
            said="It is tested once the mail system has had its time: the sender's mail is sent again, with its forged "
            f"twin where the route can vary the IP address. {WHO_MAY}",
            body=NewRemedy,
            act=create,
            answer=OperationResult(
                HTTPStatus.CREATED,
                "The remedy.",
                AppliedRemedyJson,
                headers={"Location": "Address of the new resource."},
            ),
            problems=(*problems, UNREADABLE),
        ),
        Operation(
            *("GET", "/remedies/{remedy}", "get_remedy", "remedies", "Get a remedy that a company has carried out"),
            act=show,
            answer=one,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("POST", "/remedies/{remedy}/test", "test_remedy", "remedies", "Test a remedy now"),
            said=f"Sooner than planned, or once more. {WHO_MAY}",
            act=test_now,
            answer=OperationResult(HTTPStatus.ACCEPTED, "The remedy, which is being tested.", AppliedRemedyJson),
            problems=problems,
        ),
        Operation(
            *("POST", "/remedies/{remedy}/renew", "renew_remedy", "remedies", "Say that a remedy was prolonged"),
            said=f"Of one that lapses by itself. {WHO_MAY}",
            act=renew,
            answer=one,
            problems=problems,
        ),
        Operation(
            *("DELETE", "/remedies/{remedy}", "undo_remedy", "remedies", "Say that a remedy was taken back"),
            said=f"The record stays, as undone. {WHO_MAY}",
            act=undo,
            answer=OperationResult(HTTPStatus.NO_CONTENT, "It is noted as undone."),
            problems=problems,
        ),
    ]


async def _remedy(call: Call[NoQuery, B]) -> AppliedRemedy:
    _check_may(call.view)
    return await visible_remedy(call.view.backend.store, call.view.caller, call.part("remedy"))


def _check_may(view: CallerView) -> None:
    """What is not the caller's does not exist for them, so this is all that is left to check."""
    if not may_say_anywhere(view.caller):
        raise ProblemError(HTTPStatus.FORBIDDEN, FORBIDDEN)


def _date(text: str | None) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise RemedyError("review", "must be a date of the calendar, like 2027-05-31") from None


def _json(view: CallerView, applied: AppliedRemedy) -> AppliedRemedyJson:
    return applied_remedy_json(applied, names_for(view.backend.config(), applied.system), view.backend.now())


def _problem(error: RemedyError) -> ProblemError:
    if error.field in ("state", "company"):
        return ProblemError(HTTPStatus.CONFLICT, str(error))
    wrong = Wrong(error.field, str(error), FIXES[error.field])
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.field}: {error}", wrong)
