"""The way by which workers know of the listener for copies, which is another process: a fact that it renews.

That no copy has come proves something only if the listener was open and took everything. So it says since when; each
client that it turned away begins that anew. One that says nothing is taken for closed.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from monitor.app.listener import Receiving
from monitor.app.part import Job, RolePart
from monitor.probing.pipeline import Pipeline
from monitor.probing.presence import Presence
from monitor.store import Store, StoreError
from probes.mailboxes.inbound import AWAY

FACT = "listening"
RENEW = timedelta(seconds=3)
SILENT_SECONDS = 15.0  # without a renewal, after which the listener counts as closed


@dataclass(eq=False)
class Announcing(RolePart):
    """Says since when the listener of this process has taken everything."""

    store: Store
    receiving: Receiving
    presence: Presence
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._turned_away = 0
        self._complete_since: datetime | None = None
        self._renewals = 0

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """See `RolePart`."""
        return {self.announce: RENEW}

    async def announce(self) -> None:
        """Renew the fact."""
        router, since = self.receiving.router, self.presence.listening_since
        if router is None or since is None:
            return
        if (turned_away := sum(router.turned_away.counts.values())) != self._turned_away:
            self._turned_away, self._complete_since = turned_away, self.now() + AWAY
        self._renewals += 1
        since = max(since, self._complete_since or since)
        with suppress(StoreError):  # of which the service tells
            await self.store.keep_fact(FACT, json.dumps({"since": since.isoformat(), "renewals": self._renewals}))


@dataclass(eq=False)
class Hearing(RolePart):
    """Lets a pipeline know since when the listener of another process has taken everything."""

    store: Store
    pipeline: Pipeline

    def __post_init__(self) -> None:
        self._said: str | None = None
        self._changed = float("-inf")

    @property
    def jobs(self) -> Mapping[Job, timedelta]:
        """See `RolePart`."""
        return {self.look: RENEW}

    async def look(self) -> None:
        """Read the fact. The first one that is seen may be old: it counts once it is renewed."""
        with suppress(StoreError):  # of which the service tells
            said = await self.store.fact(FACT)
            if said != self._said:
                self._changed = monotonic() if self._said is not None else self._changed
                self._said = said
        fresh = self._said is not None and monotonic() - self._changed < SILENT_SECONDS
        self.pipeline.presence.listening_since = (
            datetime.fromisoformat(json.loads(self._said)["since"]) if fresh and self._said else None
        )
