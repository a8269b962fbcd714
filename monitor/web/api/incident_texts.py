"""Texts to send about an incident."""

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.output.text_json import TextJson, text_json
from monitor.web.api.fields import Fields, Key, NoBody
from monitor.web.api.operation import Call, answered
from monitor.web.runbooks.stored_texts import stored_texts


class TextsQuery(Fields):
    """The company that the texts are for."""

    company: Key | None = Field(None, description="One of those that the incident affects; by default the first.")


class TextsFacts(TypedDict):
    """The texts, those who act first; none where Mailpath itself is at fault."""

    texts: list[TextJson]


async def show_texts(call: Call[TextsQuery, NoBody]) -> web.Response:
    """Those about an incident, as far as the caller sees it."""
    found = await stored_texts(call.view, call.part("incident"), call.query.company or "")
    return answered({"texts": [text_json(each) for each in found]})
