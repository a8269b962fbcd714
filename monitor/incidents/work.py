"""Work on an incident: who has it, comments and tickets. Pure: the actions of people come in, the state goes out.

The rules write an incident anew with every change, so actions of people are kept apart from it and only ever added.

Acknowledging says "I have it, as it is now". It no longer holds when the incident is more than that: it came back after
it was closed, it is more severe, or its scope is wider. People are then notified as if nobody had acknowledged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.incidents.incident import Incident, IncidentEvent, Scope, Severity


@dataclass(frozen=True, slots=True)
class IncidentAction:
    """One action of a person on an incident. `who`, `way`: as in the audit log. `text`: the note, the new owner, the
    comment or the ticket; the time of the comment that is published or withdrawn. `severity`, `scope`, `relapses`:
    those of the incident at that time."""

    incident: str
    at: datetime
    event: IncidentEvent
    who: str
    way: str
    text: str
    severity: Severity
    scope: Scope
    relapses: int


@dataclass(frozen=True, slots=True)
class IncidentWork:
    """The state of the work. `acknowledged`: the last acknowledgement, if it holds; `lapsed`: if it no longer does.
    `owner`: responsible for it, "" if nobody; named by an acknowledgement or by somebody else. `public`: the comments
    that status pages show."""

    acknowledged: IncidentAction | None = None
    lapsed: IncidentAction | None = None
    owner: str = ""
    comments: tuple[IncidentAction, ...] = ()
    public: tuple[IncidentAction, ...] = ()
    tickets: tuple[IncidentAction, ...] = ()

    @property
    def held_by(self) -> str:
        """The person who has it; "" if nobody has acknowledged it as it is now."""
        return self.owner if self.acknowledged else ""


NO_WORK = IncidentWork()


def work_of(incident: Incident, actions: Sequence[IncidentAction]) -> IncidentWork:
    """Return the state of the work after these actions, in their order."""
    acknowledged: IncidentAction | None = None
    owner = ""
    tickets: dict[str, IncidentAction] = {}
    public = set[str]()
    for action in actions:
        if action.event is IncidentEvent.ACKNOWLEDGED:
            acknowledged, owner = action, action.who
        elif action.event is IncidentEvent.RELEASED:
            acknowledged, owner = None, ""
        elif action.event is IncidentEvent.OWNER_SET:
            owner = action.text
        elif action.event is IncidentEvent.COMMENT_PUBLISHED:
            public.add(action.text)
        elif action.event is IncidentEvent.COMMENT_WITHDRAWN:
            public.discard(action.text)
        elif action.event is IncidentEvent.TICKET_LINKED:
            tickets.setdefault(action.text, action)
    holds = acknowledged is not None and covers_present_state(acknowledged, incident)
    comments = tuple(action for action in actions if action.event is IncidentEvent.COMMENTED)
    return IncidentWork(
        acknowledged=acknowledged if holds else None,
        lapsed=None if holds else acknowledged,
        owner=owner,
        comments=comments,
        public=tuple(comment for comment in comments if comment_id(comment) in public),
        tickets=tuple(tickets.values()),
    )


def comment_id(comment: IncidentAction) -> str:
    """Return what identifies a comment among those on its incident."""
    return comment.at.isoformat()


def without_names(work: IncidentWork) -> IncidentWork:
    """Return the state for whoever may see only a part of the incident: that it is acknowledged, and nothing else."""
    held = work.acknowledged
    return IncidentWork(acknowledged=replace(held, who="", way="", text="") if held else None)


def covers_present_state(acknowledged: IncidentAction, incident: Incident) -> bool:
    """Test if the incident is no more than it was when it was acknowledged."""
    return (
        acknowledged.relapses == incident.relapses
        and not incident.severity.graver_than(acknowledged.severity)
        and not incident.scope.wider_than(acknowledged.scope)
    )
