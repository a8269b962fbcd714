"""Work on incidents: acknowledge, release, hand over, comment, link a ticket."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from monitor.actions.incident_work import MAX_COMMENT_CHARS, WorkError, incident_to_work_on, worker_of
from monitor.incidents.incident import Incident
from monitor.output.incident_json import work_json
from monitor.web.api.fields import MAX_LINE, Body, Line, NoBody, NoQuery
from monitor.web.api.operation import B, Call, answered, no_content
from monitor.web.api.problem import ProblemError, Wrong

REMEDIES = {
    "note": "give one line of text, or leave it out",
    "owner": "give one line of text",
    "text": "give a text",
    "ticket": "give the address or the number of a ticket",
}


class Acknowledgement(Body):
    """An acknowledgement."""

    note: Annotated[str, StringConstraints(max_length=MAX_LINE)] = Field(
        "", description="One line for the history, such as what is being done."
    )


class NewOwner(Body):
    """The new owner of an incident."""

    owner: Line = Field(description="A person or a team: one line.", examples=["ada@example.com"])


class NewComment(Body):
    """A comment on an incident."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_COMMENT_CHARS, pattern=r"\S")] = Field(
        description="Plain text. Everybody who sees the incident's history reads it."
    )


class NewTicket(Body):
    """A ticket of another system."""

    ticket: Line = Field(description="Its address or number.", examples=["https://tickets.example/INC-4711"])


async def acknowledge(call: Call[NoQuery, Acknowledgement]) -> web.Response:
    """The caller has it."""
    try:
        incident = await _incident(call)
        await worker_of(call.view).acknowledge(incident, call.body.note)
    except WorkError as error:
        raise _problem(error) from None
    return await _answer(call, incident)


async def release(call: Call[NoQuery, NoBody]) -> web.Response:
    """Nobody has it."""
    try:
        await worker_of(call.view).release(await _incident(call))
    except WorkError as error:
        raise _problem(error) from None
    return no_content()


async def set_owner(call: Call[NoQuery, NewOwner]) -> web.Response:
    """Somebody else is responsible."""
    try:
        incident = await _incident(call)
        await worker_of(call.view).set_owner(incident, call.body.owner)
    except WorkError as error:
        raise _problem(error) from None
    return await _answer(call, incident)


async def comment(call: Call[NoQuery, NewComment]) -> web.Response:
    """One more comment."""
    try:
        incident = await _incident(call)
        await worker_of(call.view).comment(incident, call.body.text)
    except WorkError as error:
        raise _problem(error) from None
    return await _answer(call, incident, HTTPStatus.CREATED)


async def link_ticket(call: Call[NoQuery, NewTicket]) -> web.Response:
    """One more ticket."""
    try:
        incident = await _incident(call)
        await worker_of(call.view).link_ticket(incident, call.body.ticket)
    except WorkError as error:
        raise _problem(error) from None
    return await _answer(call, incident, HTTPStatus.CREATED)


async def _incident(call: Call[NoQuery, B]) -> Incident:
    return await incident_to_work_on(call.view, call.part("incident"))


async def _answer(call: Call[NoQuery, B], incident: Incident, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return answered(work_json(incident, await worker_of(call.view).work_on(incident)), status=status)


def _problem(error: WorkError) -> ProblemError:
    if error.field == "incident":
        return ProblemError(HTTPStatus.CONFLICT, str(error))
    wrong = Wrong(error.field, str(error), REMEDIES[error.field])
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.field}: {error}", wrong)
