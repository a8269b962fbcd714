"""Records when the listener turned mail away, and whose: an absent copy may be one that we refused.

Only refusals that can have hit our mail may count, or anybody who connects to the port could turn every `missing` into
`unknown`:

- A recipient was named: counts for that recipient's mailbox or probe only. Strangers do not know the addresses that
  accept copies and bounces; the address for reports, which is public in the DNS, counts for nothing.
- No recipient was named, and the listener was full or failed: counts for everything. A client can cause this only with
  conversations that name such a recipient, or with so many at once that others do suffer; idle ones are ended first.
- A client exceeded its own limits (connections, messages per minute, time): affects nobody else. Counts for the
  mailboxes whose copies have come from this client's network, which is then their forwarder.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from probes.ip_addresses import OPERATOR, block_of
from probes.mailboxes import RefusedPeriod

REPLY_CODES = (421, 450, 451, 452, 552)
TRY_AGAIN = frozenset({421, 450, 451, 452})  # 552: larger than any probe
APART: timedelta = timedelta(minutes=1)  # what lies closer together is one stretch
MAX_STRETCHES = 60  # of one kind; then the two that are longest ago become one
MAX_SCOPES = 1000
MAX_NETWORKS = 200  # remembered as forwarders to one mailbox

EVERYTHING = ""


class TurnedAway:
    """Refusals since the listener was opened. Bounded, whatever clients do.

    A scope is what a recipient stands for: a mailbox by its key, or a probe by its id.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.counts: Counter[int] = Counter(dict.fromkeys(REPLY_CODES, 0))
        self._now = now
        self._stretches: OrderedDict[str, list[RefusedPeriod]] = OrderedDict()
        self._forwarders: dict[str, OrderedDict[str, None]] = {}

    def brought(self, mailbox: str, client: str) -> None:
        """Record that a copy for this mailbox came from this client."""
        _put(self._forwarders.setdefault(mailbox, OrderedDict()), block_of(client, OPERATOR), MAX_NETWORKS)

    def note(self, code: int, client: str, scopes: Collection[str] | None, *, own: bool) -> None:
        """Record a refusal. `scopes`: what the recipients stand for, None if none was named; `own`: because of
        the client's own limits. Only refusals that concern a mailbox or a probe are kept: scanners are turned
        away all day."""
        concerned = self._concerned(client, scopes, own)
        if concerned:
            self.counts[code] += 1
        if code in TRY_AGAIN:
            for scope in concerned:
                self._add(scope)

    def during(self, mailbox: str, probe_id: str, since: datetime, until: datetime) -> RefusedPeriod | None:
        """Return the last period in this time in which a copy for this mailbox or a bounce of this probe may have been
        refused."""
        found = [
            stretch
            for scope in (mailbox, probe_id, EVERYTHING)
            for stretch in self._stretches.get(scope, ())
            if stretch.start <= until and stretch.end >= since
        ]
        return max(found, key=lambda stretch: stretch.end, default=None)

    @property
    def periods(self) -> Mapping[str, Sequence[RefusedPeriod]]:
        """The stored periods of each scope, oldest first."""
        return self._stretches

    @property
    def forwarders(self) -> Mapping[str, Collection[str]]:
        """The networks from which copies came, for each mailbox."""
        return self._forwarders

    def _concerned(self, client: str, scopes: Collection[str] | None, own: bool) -> Collection[str]:
        if not own:
            return (EVERYTHING,) if scopes is None else scopes
        named = self._forwarders if scopes is None else scopes
        return [scope for scope in named if self._is_forwarder(client, scope)]

    def _is_forwarder(self, client: str, scope: str) -> bool:
        """Test if the client may forward to this mailbox. Before the first copy, and for a bounce, any client that
        knows the address may."""
        return scope not in self._forwarders or block_of(client, OPERATOR) in self._forwarders[scope]

    def _add(self, scope: str) -> None:
        now = self._now()
        stretches = self._stretches.pop(scope, [])
        self._stretches[scope] = stretches
        if stretches and now - stretches[-1].end <= APART:  # also of a clock that was set back
            last = stretches[-1]
            stretches[-1] = RefusedPeriod(min(last.start, now), max(last.end, now))
        else:
            stretches.append(RefusedPeriod(now, now))
        if len(stretches) > MAX_STRETCHES:
            stretches[:2] = [RefusedPeriod(stretches[0].start, stretches[1].end)]
        if len(self._stretches) > MAX_SCOPES:
            self._stretches.popitem(last=False)


def _put(known: OrderedDict[str, None], name: str, most: int) -> None:
    known[name] = None
    known.move_to_end(name)
    if len(known) > most:
        known.popitem(last=False)
