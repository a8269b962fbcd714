"""`mailpath ack`, `owner`, `comment`, `ticket`: work on an incident. A running service reads it from the store within
seconds."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.markup import escape

from monitor.actions.audit import COMMAND
from monitor.actions.incident_work import IncidentWorker, WorkError
from monitor.cli.exits import Exit
from monitor.cli.incidents import chosen
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.incident import Incident
from monitor.output.incident_json import work_json
from monitor.store import Store

OPTIONS = {"note": "--note: ", "owner": "NAME: ", "text": "TEXT: ", "ticket": "TICKET: "}
"""Fields whose errors name the argument."""

Act = Callable[[IncidentWorker, Incident], Awaitable[None]]


class WorkUsageError(UserError):
    """The action is not possible."""


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """Options that all these commands share. `by`: a name, "" for the login name."""

    by: str
    as_json: bool


async def ack(config: Config, prefix: str, options: WorkOptions, note: str, *, release: bool) -> Exit:
    """Acknowledge the incident, or take that back. Raises UserError, StoreError."""
    if release:
        return await _act(config, prefix, options, lambda worker, incident: worker.release(incident))
    return await _act(config, prefix, options, lambda worker, incident: worker.acknowledge(incident, note))


async def owner(config: Config, prefix: str, options: WorkOptions, name: str) -> Exit:
    """Hand the incident over. Raises UserError, StoreError."""
    return await _act(config, prefix, options, lambda worker, incident: worker.set_owner(incident, name))


async def comment(config: Config, prefix: str, options: WorkOptions, text: str) -> Exit:
    """Comment on the incident. Raises UserError, StoreError."""
    return await _act(config, prefix, options, lambda worker, incident: worker.comment(incident, text))


async def ticket(config: Config, prefix: str, options: WorkOptions, reference: str) -> Exit:
    """Link a ticket. Raises UserError, StoreError."""
    return await _act(config, prefix, options, lambda worker, incident: worker.link_ticket(incident, reference))


async def _act(config: Config, prefix: str, options: WorkOptions, act: Act) -> Exit:
    who = operator_name(options.by)
    async with Store.open(config.store.url) as store:
        incident = chosen(await store.incidents.find(prefix) if prefix else [], prefix)
        worker = IncidentWorker(store, utc_now, who, COMMAND)
        try:
            await act(worker, incident)
        except WorkError as error:
            place = OPTIONS.get(error.field, f"incident {incident.id}: ")
            raise WorkUsageError(f"{place}{error}") from None
        work = await worker.work_on(incident)
    if options.as_json:
        print(json.dumps(work_json(incident, work)))
        return Exit.OK
    held = f"{work.held_by} has it" if work.held_by else "nobody has acknowledged it"
    owned = f"; owner: {work.owner}" if work.owner and not work.held_by else ""
    tickets = f"; tickets: {', '.join(each.text for each in work.tickets)}" if work.tickets else ""
    console().print(escape(f"incident {incident.id}: {held}{owned}{tickets}"))
    return Exit.OK
