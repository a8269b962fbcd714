"""The forms on an incident's page: acknowledge, release, hand over, comment (also in public), link a ticket."""

from collections.abc import Mapping

from aiohttp import web

from monitor.actions.incident_work import IncidentWorker, WorkError, incident_to_work_on, worker_of
from monitor.incidents.incident import Incident
from monitor.people.person import Rights
from monitor.web.auth.needs import needs
from monitor.web.caller_view import caller_view_of
from monitor.web.pages.incident_page import incident_page

MAX_INPUT_CHARS = 4000  # of a field; more than any action takes


def routes() -> list[web.RouteDef]:
    """Their route."""
    return [web.post("/incidents/{incident}/work", work_on_incident)]


@needs(Rights.OPERATOR)
async def work_on_incident(request: web.Request) -> web.Response:
    """Do what the pressed button says."""
    view = caller_view_of(request)
    form = await request.post()
    typed = {name: value[:MAX_INPUT_CHARS] for name, value in form.items() if isinstance(value, str) and name != "form"}
    try:
        incident = await incident_to_work_on(view, request.match_info["incident"])
        await _act(worker_of(view), incident, typed, view.company_names(incident))
    except WorkError as error:
        status = 409 if error.field == "incident" else 422
        said = str(error) if error.field == "incident" else f"{error.field}: {error}"
        return await incident_page(request, status=status, work_typed=typed, work_wrong=said)
    raise web.HTTPSeeOther(f"/incidents/{request.match_info['incident']}#work")


async def _act(worker: IncidentWorker, incident: Incident, typed: Mapping[str, str], names: Mapping[str, str]) -> None:
    match typed.get("do", ""):
        case "ack":
            await worker.acknowledge(incident, typed.get("note", ""))
        case "release":
            await worker.release(incident)
        case "owner":
            await worker.set_owner(incident, typed.get("owner", ""))
        case "comment":
            await worker.comment(incident, typed.get("text", ""), names if typed.get("public") else None)
        case "publish":
            await worker.publish(incident, typed.get("comment", ""), names)
        case "withdraw":
            await worker.withdraw(incident, typed.get("comment", ""))
        case "ticket":
            await worker.link_ticket(incident, typed.get("ticket", ""))
        case _:
            raise WorkError("incident", "press one of the buttons")
