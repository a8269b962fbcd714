"""The links of a notice: the pages of Mailpath and the boards that show its incident. Pure."""

from urllib.parse import quote, urlencode

from monitor.incidents.incident import Scope
from monitor.notices.context import NoticeContext

OVERVIEW_BOARD, COMPANY_BOARD = "mailpath-overview", "mailpath-company"
"""Their ids in Grafana, see `dashboards`."""


def links(context: NoticeContext) -> dict[str, str]:
    """Return the links by name, those that lead somewhere: `incident_url`, `runbook_url`, `company_url` if one company
    is affected, `probe_url`, and `dashboard_url` if the address of Grafana is known."""
    request, incident = context.request, context.asked_about
    known = [company for company in context.companies if company in request.companies]
    company = known[0] if len(known) == 1 else ""
    found = {
        "incident_url": f"{request.url}/incidents/{quote(incident.id, safe='')}",
        "runbook_url": f"{request.url}/runbooks/{context.advice.runbook}?{urlencode({'incident': incident.id})}",
    }
    if company:
        found["company_url"] = f"{request.url}/companies/{quote(company, safe='')}"
    if context.lead:
        found["probe_url"] = f"{request.url}/probes/{quote(context.lead.probe_id, safe='')}"
    if request.grafana and incident.scope is not Scope.OURSELVES:
        board = f"{COMPANY_BOARD}?{urlencode({'var-company': company})}" if company else OVERVIEW_BOARD
        found["dashboard_url"] = f"{request.grafana}/d/{board}"
    return found | dict(request.actions)
