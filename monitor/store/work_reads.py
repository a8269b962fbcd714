"""Queries of what people did about incidents, and of used links. Fixed statements, as in `reads`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from monitor.incidents.incident import IncidentEvent
from monitor.incidents.work import IncidentAction
from monitor.people.action_links import LinkAction
from monitor.store.records import LinkUse
from monitor.store.tables import incident_actions, incidents, used_links

_action = select(*(column for column in incident_actions.c if column is not incident_actions.c.id))

ACTIONS = _action.where(incident_actions.c.incident == bindparam("of")).order_by(incident_actions.c.id)
OPEN_ACTIONS = (
    _action.join(incidents, incidents.c.id == incident_actions.c.incident)
    .where(incidents.c.closed_at.is_(None), incident_actions.c.event != IncidentEvent.COMMENTED)
    .order_by(incident_actions.c.incident, incident_actions.c.id)
)
LINK_USE = select(used_links).where(
    used_links.c.notice == bindparam("of"),
    used_links.c.action == bindparam("by_action", type_=used_links.c.action.type),
)

STATEMENTS: dict[str, Select[Any]] = {"actions": ACTIONS, "open_actions": OPEN_ACTIONS, "link_use": LINK_USE}


def actions(connection: Connection, incident_id: str) -> list[IncidentAction]:
    """Return what people did about an incident, in this order."""
    return [IncidentAction(**row) for row in connection.execute(ACTIONS, {"of": incident_id}).mappings()]


def open_actions(connection: Connection) -> Mapping[str, Sequence[IncidentAction]]:
    """Return what people did about open incidents but their comments, by incident."""
    found: defaultdict[str, list[IncidentAction]] = defaultdict(list)
    for row in connection.execute(OPEN_ACTIONS).mappings():
        found[row["incident"]].append(IncidentAction(**row))
    return found


def link_use(connection: Connection, notice: str, action: LinkAction) -> LinkUse | None:
    """Return the use of this link."""
    row = connection.execute(LINK_USE, {"of": notice, "by_action": action}).mappings().one_or_none()
    return LinkUse(**row) if row else None
