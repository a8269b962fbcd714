"""The sender's standing as one caller may see it, shared by the page of the sender and the API.

Facts about the sender are public, so everybody who is signed in may see them. Which companies a change concerns is not:
only the caller's own are named.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config.allow_entries import companies_that_may_allow
from monitor.standing.record import FactKey, FactRecord
from monitor.standing.spans import StateSpan, lasting_since
from monitor.web.caller_view import CallerView
from probes.standing.profile import Change, ProfileItem

HISTORY_DAYS = 90  # of a strip, of changes on the page, and of what the beginning of a state is looked for in


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One fact as it is now. `since`: when its state began. `spans`: its states before, the newest last."""

    record: FactRecord
    since: datetime
    spans: tuple[StateSpan, ...]


@dataclass(frozen=True, slots=True)
class SeenChange:
    """One change of what is published. `companies`: those of the caller's (key, name) that may have an allow entry for
    what is gone; others may be concerned too."""

    change: Change
    companies: tuple[tuple[str, str], ...]


async def known_facts(view: CallerView) -> list[KnownFact]:
    """Return all that is known, by question and subject. What is too old is unknown. Raises StoreError."""
    backend = view.backend
    now, max_age = backend.now(), backend.config().standing.max_age
    records = [record.at(now, max_age) for record in await backend.store.standing.current()]
    if not records:
        return []
    spans = await backend.store.standing.spans(now - timedelta(days=HISTORY_DAYS))
    return await asyncio.to_thread(_joined, records, spans)


async def seen_changes(view: CallerView, days: int) -> list[SeenChange]:
    """Return the changes of the last days, the newest first. Raises StoreError."""
    backend = view.backend
    changes = await backend.store.standing.changes(backend.now() - timedelta(days=days))
    names = {path.company: path.company_name for path in view.paths()}
    bound = tuple((each, names[each]) for each in companies_that_may_allow(backend.config(), view.paths()))
    return [SeenChange(each, bound if _needs_new_entries(each) else ()) for each in reversed(changes)]


def _needs_new_entries(change: Change) -> bool:
    """Test if allow entries name what is gone. They name addresses; what else changes is looked up by receivers."""
    return change.item is ProfileItem.ADDRESSES and bool(change.old)


def _joined(records: Sequence[FactRecord], spans: Sequence[StateSpan]) -> list[KnownFact]:
    of: dict[FactKey, list[StateSpan]] = {}
    for span in spans:
        of.setdefault(span.key, []).append(span)
    found = ((record, tuple(of.get(record.key, ()))) for record in records)
    return [KnownFact(record, lasting_since(record, own), own) for record, own in found]
