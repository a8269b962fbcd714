"""Whether anybody was reached at all since a connection failed. Pure.

A company that cannot be connected to has a firewall, or is down, or our own line is cut. Only a connection to somebody
else tells one from the other.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from monitor.incidents.signal import Signal
from probes.answer import Answer
from probes.check import Check
from probes.mailsystems.table import is_shared
from probes.route_traits import WayOut, traits_of
from probes.uplink import Uplink
from probes.verdict import Grade, Outcome, Verdict


class Reach(StrEnum):
    """What is known of our way out while a failure lasted."""

    OTHERS = "others"  # somebody was reached, and then it failed again
    NOBODY = "nobody"  # several unrelated ones were tried, or a reference, and none was reached
    UNTOLD = "untold"  # nobody else was tried


PROVEN_BY: Mapping[WayOut, frozenset[WayOut]] = {
    WayOut.INTERNET: frozenset({WayOut.INTERNET}),
    WayOut.GATEWAY: frozenset({WayOut.GATEWAY, WayOut.INTERNET}),
    WayOut.RELAY: frozenset(),
    WayOut.UNKNOWN: frozenset(),
}
"""For each way out those over which a connection proves that it works. A gateway may stand in a private network; port
25 of the world proves that our machine has a network at all."""

_BRACKETED = re.compile(r"\[([^\[\]]{1,64})\]")  # "mx.acme.example[192.0.2.25]:25"

MOST_SLACK = timedelta(seconds=10)  # a probe launched as long before the line was cut may have failed by the cut
A_SECOND = timedelta(seconds=1)
CONTACTS_KEPT = 20_000  # of each route, at least a second apart: five and a half hours, where probes never cease


@dataclass(frozen=True, slots=True)
class Unreached:
    """A line whose newest probes got no connection. `since` and `newest`: launch of the first and of the last of them;
    `host`: as in `Answer`; `every`: as in `Site`."""

    line: Check
    via: str
    mail_system: str
    host: str
    since: datetime
    newest: datetime
    every: timedelta

    @property
    def certain_since(self) -> datetime:
        """From when on the line cannot have been cut while its first probe was on its way."""
        return self.since + min(MOST_SLACK, self.every / 10)


def never_connected(verdict: Verdict) -> bool:
    """Whether no attempt got a connection. What came late had one in the end, whatever held it up."""
    return verdict.answer is not None and not verdict.answer.reached and verdict.outcome is not Outcome.LATE


def connected(verdict: Verdict) -> bool:
    """Whether, for this verdict, a mail server was spoken to. Anybody can write a bounce: one that is not proven says
    nothing of it."""
    answer = verdict.answer
    if verdict.outcome is Outcome.UNKNOWN:
        return False
    if answer is None or verdict.outcome is Outcome.LATE:
        return verdict.outcome not in (Outcome.BLOCKED, Outcome.DEFERRED)
    return answer.reached and (answer.stage is not None or verdict.grade is not Grade.UNPROVEN)


def unanswered(verdict: Verdict) -> Answer | None:
    """The answer of a verdict that says that there was no connection, or that nobody was asked."""
    answer = verdict.answer
    if answer is None or answer.stage is None:
        return None
    return answer if never_connected(verdict) or verdict.outcome is Outcome.UNKNOWN else None


class Contacts:
    """When somebody was reached over each way out: launches of probes that were spoken to, to the second."""

    def __init__(self) -> None:
        self._at: dict[WayOut, list[datetime]] = {}

    def hear(self, via: str, signal: Signal) -> None:
        """One more verdict of a probe that went this way."""
        if connected(signal.verdict):
            self.note(via, signal.launched_at)

    def note(self, via: str, at: datetime) -> None:
        """Somebody was reached over this route."""
        times = self._at.setdefault(traits_of(via).way_out, [])
        place = bisect_left(times, at)
        if any(abs(each - at) < A_SECOND for each in times[max(place - 1, 0) : place + 1]):
            return
        times.insert(place, at)
        del times[:-CONTACTS_KEPT]

    def between(self, via: str, begin: datetime, end: datetime) -> bool:
        """Whether the way out over this route was seen to work in that time."""
        for way in PROVEN_BY[traits_of(via).way_out]:
            times = self._at.get(way, [])
            if (place := bisect_left(times, begin)) < len(times) and times[place] <= end:
                return True
        return False


def reach(
    unreached: Iterable[Unreached],
    contacts: Contacts,
    uplink: Uplink,
    before: Mapping[Unreached, Reach] = MappingProxyType({}),
) -> dict[Unreached, Reach]:
    """What is known of our way out, for each of those that were not reached. `before`: what this said the last time.

    A connection counts against a company only if its own probe failed before *and after* it. When our line is mended,
    all are out of reach as far as is known, until each is tried again: that somebody was reached by then says nothing
    of them. For the same reason what was ours stays ours until the line is tried again.
    """
    ours = {(each.line, each.since) for each, told in before.items() if told is Reach.NOBODY}
    by_route: dict[frozenset[WayOut], list[Unreached]] = {}
    found: dict[Unreached, Reach] = {}
    for each in unreached:
        if contacts.between(each.via, each.certain_since, each.newest):
            found[each] = Reach.OTHERS
        else:
            by_route.setdefault(PROVEN_BY[traits_of(each.via).way_out], []).append(each)
    for ways, alone in by_route.items():
        cut = unrelated(alone)
        reference = uplink.failed_at if WayOut.INTERNET in ways else None
        for each in alone:
            out = cut or (each.line, each.since) in ours or (reference is not None and reference >= each.since)
            found[each] = Reach.NOBODY if out else Reach.UNTOLD
    return found


def unrelated(unreached: Iterable[Unreached]) -> bool:
    """Whether these are several that have nothing in common: neither the company, nor the host, nor a mail system that
    somebody runs for many."""
    out = list(unreached)
    return all(len({key(each) for each in out}) > 1 for key in (lambda each: each.line[0], _address, _system))


def _address(each: Unreached) -> str:
    found = _BRACKETED.search(each.host)
    return found[1] if found else each.host or each.line[0]


def _system(each: Unreached) -> str:
    return each.mail_system if is_shared(each.mail_system) else each.line[0]
