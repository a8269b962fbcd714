"""Public updates: comments on an incident that status pages of companies show to outsiders. Pure.

An incident may affect several companies, and may come to affect more after a comment was made public. So a comment is
shown to a company only as long as it names no other affected one.
"""

import re
from collections.abc import Iterable, Mapping

from monitor.incidents.incident import Incident
from monitor.incidents.work import IncidentAction, IncidentWork


def named_company(text: str, companies: Iterable[str], names: Mapping[str, str]) -> str:
    """Return the name of the first of these companies that a text names, by name or key; "" if it names none."""
    for company in companies:
        name = names.get(company, company)
        for word in (name, company):
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
                return name
    return ""


def public_updates(
    work: IncidentWork, incident: Incident, company: str, names: Mapping[str, str]
) -> tuple[IncidentAction, ...]:
    """Return the public comments as far as this company may read them, oldest first. `names`: of companies, by key."""
    others = [each for each in affected_ever(incident) if each != company]
    return tuple(each for each in work.public if not named_company(each.text, others, names))


def affected_ever(incident: Incident) -> tuple[str, ...]:
    """Return all companies that the incident affects or affected."""
    return tuple(dict.fromkeys((*incident.companies, *incident.touches, *incident.others)))
