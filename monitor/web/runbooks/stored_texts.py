"""Texts to send about an incident in the store, for one caller: for the page and the API."""

from collections.abc import Sequence

from monitor.incidents.incident import Incident, leading
from monitor.notices.contact_texts import ContactText
from monitor.people.caller import NotThereError
from monitor.web.caller_view import CallerView
from monitor.web.runbooks.texts import incident_texts
from probes.evidence import Evidence


async def stored_texts(view: CallerView, incident_id: str, company: str = "") -> Sequence[ContactText]:
    """Return the texts. `company`: one that it affects, "" for the first. Raises NotThereError."""
    incident = (await view.incident(incident_id)).incident
    return await texts_about(view, incident, company)


async def texts_about(view: CallerView, incident: Incident, company: str = "") -> Sequence[ContactText]:
    """Return the texts about an incident, as far as it is the caller's."""
    lead = leading(incident, [each for each in incident.failures if company in ("", each.company)])
    evidence: Sequence[Evidence] = ()
    if lead:
        try:
            evidence = (await view.record(lead.probe_id)).evidence
        except NotThereError:  # deleted since
            evidence = ()
    return incident_texts(incident, view.paths(), view.backend.config(), company, evidence)
