"""Acknowledge an incident, own it, comment on it (also in public), link a ticket: for the pages, the
API, the command line and links.

Every action is in the incident's history and in the audit log. A caller restricted to companies works only on incidents
that affect nobody else: an acknowledgement stops reminders for all who were notified.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.actions.ports import IncidentScope
from monitor.errors import UserError
from monitor.incidents.incident import Incident, IncidentEvent
from monitor.incidents.public_updates import affected_ever, named_company
from monitor.incidents.work import IncidentAction, IncidentWork, comment_id, work_of
from monitor.people.person import AuditAction, AuditEntry
from monitor.store import Store
from probes.display import clock, one_line

MAX_LINE_CHARS = 200  # of a note, an owner, a ticket
MAX_COMMENT_CHARS = 2000
MAX_ACTIONS = 500  # on one incident

AUDITED = {
    IncidentEvent.ACKNOWLEDGED: AuditAction.INCIDENT_ACKNOWLEDGED,
    IncidentEvent.RELEASED: AuditAction.INCIDENT_RELEASED,
    IncidentEvent.OWNER_SET: AuditAction.OWNER_SET,
    IncidentEvent.COMMENTED: AuditAction.COMMENT_ADDED,
    IncidentEvent.COMMENT_PUBLISHED: AuditAction.COMMENT_PUBLISHED,
    IncidentEvent.COMMENT_WITHDRAWN: AuditAction.COMMENT_WITHDRAWN,
    IncidentEvent.TICKET_LINKED: AuditAction.TICKET_LINKED,
}


class WorkError(UserError):
    """The action is not possible. The text gives reason and remedy; `field` is the wrong input: "note", "owner",
    "text", "ticket", or "incident" if its state does not allow it."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class IncidentWorker:
    """Somebody who works on incidents. `who`, `way`: as in the audit log. `poke` tells a running service."""

    store: Store
    now: Callable[[], datetime]
    who: str
    way: str
    poke: Callable[[], None] = lambda: None

    async def acknowledge(self, incident: Incident, note: str = "") -> None:
        """Take the incident: "I have it". Whoever had it before no longer owns it. Raises WorkError, StoreError."""
        self._must_be_open(incident, "acknowledge")
        line = _line("note", note, required=False)
        before = await self.work_on(incident)
        if before.held_by == self.who and not line:
            return
        await self._act(incident, IncidentEvent.ACKNOWLEDGED, line)

    async def release(self, incident: Incident) -> None:
        """Take the acknowledgement back: nobody has it. Raises WorkError, StoreError."""
        self._must_be_open(incident, "release")
        if not (await self.work_on(incident)).acknowledged:
            raise WorkError("incident", "nobody has acknowledged it; there is nothing to release")
        await self._act(incident, IncidentEvent.RELEASED, "")

    async def set_owner(self, incident: Incident, owner: str) -> None:
        """Hand the incident over. Does not acknowledge it. Raises WorkError, StoreError."""
        self._must_be_open(incident, "hand over")
        await self._act(incident, IncidentEvent.OWNER_SET, _line("owner", owner))

    async def comment(self, incident: Incident, text: str, public_among: Mapping[str, str] | None = None) -> None:
        """Add a comment, also to a closed incident. With the names of companies by key as `public_among`, status pages
        show it. Raises WorkError, StoreError."""
        written = text.replace("\r\n", "\n").strip()
        if not written or len(written) > MAX_COMMENT_CHARS:
            raise WorkError("text", f"must be a text of 1 to {MAX_COMMENT_CHARS:,} characters")
        if public_among is not None:
            _may_be_public(written, incident, public_among)
        comment = await self._act(incident, IncidentEvent.COMMENTED, written)
        if public_among is not None:
            await self._act(incident, IncidentEvent.COMMENT_PUBLISHED, comment_id(comment))

    async def publish(self, incident: Incident, which: str, names: Mapping[str, str]) -> None:
        """Let status pages show a comment, which `comment_id` identifies. `names`: of companies, by key. Raises
        WorkError, StoreError."""
        work = await self.work_on(incident)
        comment = _comment(work, which)
        _may_be_public(comment.text, incident, names)
        if comment not in work.public:
            await self._act(incident, IncidentEvent.COMMENT_PUBLISHED, which)

    async def withdraw(self, incident: Incident, which: str) -> None:
        """Let no status page show a comment any more. Raises WorkError, StoreError."""
        work = await self.work_on(incident)
        if _comment(work, which) in work.public:
            await self._act(incident, IncidentEvent.COMMENT_WITHDRAWN, which)

    async def link_ticket(self, incident: Incident, ticket: str) -> None:
        """Link a ticket of another system, also to a closed incident: an address or a number. One that is linked
        already stays so. Raises WorkError, StoreError."""
        line = _line("ticket", ticket)
        if line not in [each.text for each in (await self.work_on(incident)).tickets]:
            await self._act(incident, IncidentEvent.TICKET_LINKED, line)

    async def work_on(self, incident: Incident) -> IncidentWork:
        """Return the state of the work on it. Raises StoreError."""
        return work_of(incident, await self.store.incidents.actions(incident.id))

    def action(self, incident: Incident, event: IncidentEvent, text: str) -> IncidentAction:
        """Return the action, not yet stored."""
        state = (incident.severity, incident.scope, incident.relapses)
        return IncidentAction(incident.id, self.now(), event, self.who, self.way, text, *state)

    def audit(self, action: IncidentAction, incident: Incident) -> AuditEntry:
        """Return its line in the audit log."""
        about = f"incident {incident.id}" + (f": {one_line(action.text, MAX_LINE_CHARS)}" if action.text else "")
        return AuditEntry(action.at, self.who, self.way, AUDITED[action.event], about, only_company(incident))

    def _must_be_open(self, incident: Incident, verb: str) -> None:
        if incident.closed_at:
            raise WorkError(
                "incident",
                f"it has been closed since {clock(incident.closed_at)}; there is nothing to {verb}. If the problem "
                "returns, it opens again and people are notified",
            )

    async def _act(self, incident: Incident, event: IncidentEvent, text: str) -> IncidentAction:
        if len(await self.store.incidents.actions(incident.id)) >= MAX_ACTIONS:
            raise WorkError("incident", f"it has {MAX_ACTIONS} entries already; continue in a ticket")
        action = self.action(incident, event, text)
        await self.store.incidents.act(action, said_of(action), self.audit(action, incident))
        self.poke()
        return action


def said_of(action: IncidentAction) -> str:
    """Return the sentence of an action in the incident's history."""
    text = one_line(action.text, MAX_COMMENT_CHARS)
    if action.event is IncidentEvent.OWNER_SET:
        return f"{text}, set by {action.who}"
    if action.event in (IncidentEvent.COMMENT_PUBLISHED, IncidentEvent.COMMENT_WITHDRAWN):
        return f"by {action.who}: the comment of {clock(datetime.fromisoformat(action.text))}"
    return f"{action.who}: {text}" if text else f"by {action.who}"


def only_company(incident: Incident) -> str:
    """Return the key of the company if it ever affected only one, otherwise ""."""
    return incident.companies[0] if len(incident.companies) == 1 else ""


def worker_of(view: IncidentScope) -> IncidentWorker:
    """Return the caller as somebody who works on incidents."""
    backend, caller = view.backend, view.caller
    return IncidentWorker(backend.store, backend.now, caller.name, caller.way, backend.incident_engine.poke)


async def incident_to_work_on(view: IncidentScope, incident_id: str) -> Incident:
    """Return the incident, if it is the caller's to work on. Raises NotThereError, WorkError."""
    incident = await view.whole_incident(incident_id)
    if incident is None:
        raise WorkError(
            "incident", "it also affects companies that are not yours; somebody with access to all of them can do this"
        )
    return incident


def _comment(work: IncidentWork, which: str) -> IncidentAction:
    found = next((each for each in work.comments if comment_id(each) == which), None)
    if found is None:
        raise WorkError("incident", "it has no such comment")
    return found


def _may_be_public(text: str, incident: Incident, names: Mapping[str, str]) -> None:
    """Refuse what one affected company would tell another. Whether a single company is named does not matter: it reads
    only of itself."""
    affected = affected_ever(incident)
    if len(affected) > 1 and (name := named_company(text, affected, names)):
        raise WorkError("text", f"it names {name}, and others would read it: a public comment names no company")


def _line(field: str, typed: str, *, required: bool = True) -> str:
    line = typed.strip()
    if (required and not line) or len(line) > MAX_LINE_CHARS or not line.isprintable():
        raise WorkError(field, f"must be one line of text, at most {MAX_LINE_CHARS} characters")
    return line
