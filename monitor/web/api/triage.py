"""Triage for the help desk. The address is in the query or the body of the request, and in nothing that is kept."""

from aiohttp import web
from pydantic import Field

from monitor.actions.triage import triage
from monitor.output.triage_json import triage_json
from monitor.triage.address import MAX_TYPED_CHARS
from monitor.web.api.fields import Body, Fields, NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.triage_source import CallerTriage

ADDRESS = Field(
    min_length=1, max_length=MAX_TYPED_CHARS, description="The address as it was typed.", examples=["jane@acme.example"]
)


class TriageQuery(Fields):
    """The address that somebody expects mail at."""

    address: str = ADDRESS


class TriageWish(Body):
    """The address that somebody expects mail at."""

    address: str = ADDRESS


async def show_triage(call: Call[TriageQuery, NoBody]) -> web.Response:
    """Answer for the address in the query."""
    return answered(triage_json(await triage(CallerTriage(call.view), call.query.address)))


async def create_triage(call: Call[NoQuery, TriageWish]) -> web.Response:
    """Answer for the address in the body."""
    return answered(triage_json(await triage(CallerTriage(call.view), call.body.address)))
