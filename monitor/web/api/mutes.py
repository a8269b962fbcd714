"""Mutes: the list, one more, and the end of one."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from monitor.actions.mutes import MuteError, MuteRequest, mute, unmute
from monitor.incidents.mute import Mute, over
from monitor.output.incident_json import MuteJson, mute_json
from monitor.people.caller import NotThereError
from monitor.web.api.fields import Body, Key, Lasts, Line, Moment, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, answered, no_content
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.api.problem import ProblemError, Wrong
from probes.mailsystems.words import MailSystemKey
from probes.verdict import Cause

REMEDIES = {
    "about": "give company, path, mail_system or cause; or everything alone",
    "mute": "see GET /api/v1/mutes",
    "lasts": 'give a time like "90m", "2h" or "3d"',
    "times": "give lasts or until, or weekly with or without one of them",
    "until": 'give a time like "2026-11-26T08:00Z"',
    "weekly": 'give times like "sun 02:00-04:00 Europe/Berlin"',
    "why": "give one line of text",
}


class WhichMutes(PageOfList):
    """The requested mutes."""

    company: Key | None = Field(None, description="Mutes of this company.")
    mail_system: MailSystemKey | None = Field(None, description="Mutes of this mail system.")
    cause: Cause | None = Field(None, description="Mutes of this cause.")
    ended: bool = Field(False, description="`true` includes mutes that have ended.")

    def wants(self, mute: Mute, now: datetime) -> bool:
        """Test if the mute meets all conditions."""
        return (
            (self.ended or not over(mute, now))
            and self.company in (None, mute.company)
            and self.mail_system in (None, mute.mail_system)
            and self.cause in (None, mute.cause)
        )


class NewMute(Body):
    """Suppress notices for failures that match all given conditions, from now on. Probing continues."""

    company: Key | None = Field(None, description="Failures at this company.")
    path: Key | None = Field(None, description="Failures on this path; give the company too.")
    mail_system: MailSystemKey | None = Field(None, description="Failures at companies with this mail system.")
    cause: Cause | None = Field(None, description="Failures with this cause.")
    everything: bool = Field(False, description="`true` mutes everything; give no other filter.")
    lasts: Lasts | None = Field(
        None, description='For how long: "90m", "2h", "3d". This, `until` or `weekly` is needed.'
    )
    until: Moment | None = Field(None, description="When it ends, instead of `lasts`.")
    weekly: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description='Only at these times of each week, such as "sun 02:00-04:00 Europe/Berlin".'
    )
    why: Line = Field(description="The reason, shown to the team: one line.")


class MutesFacts(TypedDict):
    """Those of the configuration first, then the oldest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    mutes: list[MuteJson]
    next: str | None


async def show_list(call: Call[WhichMutes, NoBody]) -> web.Response:
    """Those that concern the caller."""
    now = call.view.backend.now()
    if call.query.company:
        call.view.paths(call.query.company)
    found = [each for each in await call.view.mutes() if call.query.wants(each, now)]
    mutes, following = page_of(found, lambda each: each.id, call.query)
    return answered({"mutes": [mute_json(each, now) for each in mutes], "next": following})


async def create(call: Call[NoQuery, NewMute]) -> web.Response:
    """One more."""
    body = call.body
    wish = MuteRequest(
        company=body.company or "",
        path=body.path or "",
        mail_system=body.mail_system or "",
        cause=body.cause or "",
        everything=body.everything,
        lasts=body.lasts or "",
        until=body.until.isoformat() if body.until else "",
        weekly=body.weekly or "",
        why=body.why,
    )
    try:
        made = await mute(call.view, wish)
    except MuteError as error:
        raise _problem(error, HTTPStatus.UNPROCESSABLE_ENTITY) from None
    headers = {"Location": f"{ROOT}/mutes/{made.id}"}
    return answered(mute_json(made, call.view.backend.now()), status=HTTPStatus.CREATED, headers=headers)


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One."""
    name = call.part("mute")
    found = next((each for each in await call.view.mutes() if each.id == name), None)
    if found is None:
        raise NotThereError(f"mute {name}")
    return answered(mute_json(found, call.view.backend.now()))


async def end(call: Call[NoQuery, NoBody]) -> web.Response:
    """End it now."""
    try:
        await unmute(call.view, call.part("mute"))
    except MuteError as error:
        raise _problem(error, HTTPStatus.CONFLICT) from None
    return no_content()


def _problem(error: MuteError, status: HTTPStatus) -> ProblemError:
    wrong = Wrong(error.field, str(error), REMEDIES.get(error.field, "choose another"))
    return ProblemError(status, f"{error.field}: {error}", wrong)
