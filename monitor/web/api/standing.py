"""The sender's standing: facts, and changes of what is published. Public facts, for every caller; of the companies that
a change concerns only the caller's own are named."""

from hashlib import sha256

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.config.simulated import simulates_dns
from monitor.output.json import Time
from monitor.output.standing_json import fact_json
from monitor.web.api.fields import NoBody
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.sender_standing import HISTORY_DAYS, KnownFact, SeenChange, known_facts, seen_changes
from probes.display import timestamp
from probes.standing.fact import FactVerdict, Question, State, Why
from probes.standing.profile import ProfileItem

MAX_DAYS = 400  # so long changes are kept
CURSOR_CHARS = 32


class WhichFacts(PageOfList):
    """The requested facts."""

    check: Question | None = Field(None, description="Facts of this check only.")
    state: State | None = Field(None, description="Facts in this state only.")


class WhichChanges(PageOfList):
    """The requested changes."""

    days: int = Field(HISTORY_DAYS, ge=1, le=MAX_DAYS, description=f"Of so many days, at most {MAX_DAYS}.")


class BranchJson(TypedDict):
    """A part of a record that includes others: of SPF, a term that asks the DNS, and the record that it leads to; ""
    for a term without one. `lookups`: its own and those below it."""

    depth: int
    term: str
    record: str
    lookups: int


class StandingFactJson(TypedDict):
    """One fact, as `mailpath standing --json` prints it. `suspected`: bad once, not confirmed; `state` is then
    `unknown`. `value`, `named` and `tree` are what others publish, unchanged. `tree`: the SPF record with what it
    includes, each part followed by those below it; the first is the whole; empty if it was not counted. `since`: when
    the state began, as far as is known of the last 90 days. `zone`: that of the blocklist, else null."""

    check: Question
    subject: str
    state: State
    suspected: bool
    why: Why
    named: list[str]
    because: str
    value: str
    at: Time
    age_seconds: float
    ttl_seconds: int | None
    servers: list[str]
    tree: list[BranchJson]
    since: Time
    zone: str | None


class StandingFactsJson(TypedDict):
    """By check and subject; empty if nothing was read yet, or `standing.enabled` is false. `simulated`: every company
    is simulated, and so is DNS.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    facts: list[StandingFactJson]
    simulated: bool
    next: str | None


class StandingChangeJson(TypedDict):
    """One change: `old` is what is no longer published, `new` what is published since. `companies`: those of the
    caller's that may have an allow entry for what is gone."""

    item: ProfileItem
    name: str
    old: list[str]
    new: list[str]
    at: Time
    companies: list[str]


class StandingChangesJson(TypedDict):
    """The newest first.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    changes: list[StandingChangeJson]
    next: str | None


async def show_facts(call: Call[WhichFacts, NoBody]) -> web.Response:
    """Answer with the facts as they are now."""
    query, now = call.query, call.view.backend.now()
    found = [each for each in await known_facts(call.view) if _fits(each, query)]
    facts, following = page_of(found, lambda each: _digest(*each.record.key), query)
    shown = []
    for each in facts:
        record = each.record
        verdict = FactVerdict(record.reading, record.state, record.why, record.suspected)
        shown.append({**fact_json(verdict, now), "since": timestamp(each.since), "zone": record.zone or None})
    simulated = simulates_dns(call.view.backend.config())
    return answered({"facts": shown, "simulated": simulated, "next": following})


async def show_changes(call: Call[WhichChanges, NoBody]) -> web.Response:
    """Answer with the changes, the newest first."""
    found = await seen_changes(call.view, call.query.days)
    changes, following = page_of(found, _place, call.query)
    return answered({"changes": [_change(each) for each in changes], "next": following})


def _fits(known: KnownFact, query: WhichFacts) -> bool:
    record = known.record
    return query.check in (None, record.reading.question) and query.state in (None, record.state)


def _change(seen: SeenChange) -> StandingChangeJson:
    change = seen.change
    return {
        "item": change.item,
        "name": change.name,
        "old": list(change.old),
        "new": list(change.new),
        "at": timestamp(change.at),
        "companies": [key for key, _ in seen.companies],
    }


def _place(seen: SeenChange) -> str:
    change = seen.change
    return _digest(change.at.isoformat(), change.item, change.name)


def _digest(*parts: str) -> str:
    """Return a cursor: names of others may be long, and of any characters."""
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:CURSOR_CHARS]
