"""The caller: name, rights, companies."""

from aiohttp import web
from typing_extensions import TypedDict

from monitor.people.person import Rights
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.operation import Call, answered


class MeFacts(TypedDict):
    """The caller, as the audit log names them: `way` is how the request came, such as `token NAME`. `token`: the id of
    the token, null without one. `companies`: null is all."""

    name: str
    way: str
    token: str | None
    rights: Rights
    companies: list[str] | None


async def show_me(call: Call[NoQuery, NoBody]) -> web.Response:
    """Answer with the caller."""
    caller = call.view.caller
    facts = MeFacts(
        name=caller.name,
        way=caller.way,
        token=caller.id or None,
        rights=caller.rights,
        companies=None if caller.companies is None else list(caller.companies),
    )
    return answered(facts)
