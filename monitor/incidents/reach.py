"""Decide whether anything was reached since a connection failed. Pure.

A company that cannot be connected to has a firewall, or is down, or our own network is down. Only a connection to
somebody else can tell.
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
    """State of our own connection while a failure lasted."""

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

MAX_SLACK = timedelta(seconds=10)  # a probe launched as long before the line was cut may have failed by the cut
A_SECOND = timedelta(seconds=1)
CONTACTS_KEPT = 20_000  # of each route, at least a second apart: five and a half hours, where probes never cease


@dataclass(frozen=True, slots=True)
class Unreached:
    """A check whose newest probes got no connection. `since` and `newest`: launches of the first and last of them;
    `host`: as in `Answer`; `every`: as in `PathInfo`."""

    check: Check
    via: str
    mail_system: str
    host: str
    since: datetime
    newest: datetime
    every: timedelta

    @property
    def certain_since(self) -> datetime:
        """Return the time from which our connection cannot have been down while its first probe was in flight."""
        return self.since + min(MAX_SLACK, self.every / 10)


def never_connected(verdict: Verdict) -> bool:
    """Test if no attempt got a connection. Late mail had one in the end, whatever delayed it."""
    return verdict.answer is not None and not verdict.answer.reached and verdict.outcome is not Outcome.LATE


def connected(verdict: Verdict) -> bool:
    """Test if, for this verdict, a mail server was reached. Anybody can write a bounce: an unproven one does not
    count."""
    answer = verdict.answer
    if verdict.outcome is Outcome.UNKNOWN:
        return False
    if answer is None or verdict.outcome is Outcome.LATE:
        return verdict.outcome not in (Outcome.BLOCKED, Outcome.DEFERRED)
    return answer.reached and (answer.stage is not None or verdict.grade is not Grade.UNPROVEN)


def unanswered(verdict: Verdict) -> Answer | None:
    """Return a verdict's answer that states that there was no connection, or that nobody was asked."""
    answer = verdict.answer
    if answer is None or answer.stage is None:
        return None
    return answer if never_connected(verdict) or verdict.outcome is Outcome.UNKNOWN else None


class Contacts:
    """Launches of probes that reached somebody, per way out, to the second."""

    def __init__(self) -> None:
        self._at: dict[WayOut, list[datetime]] = {}

    def add(self, via: str, signal: Signal) -> None:
        """Add a verdict of a probe that used this route."""
        if connected(signal.verdict):
            self.note(via, signal.launched_at)

    def note(self, via: str, at: datetime) -> None:
        """Record that somebody was reached over this route."""
        times = self._at.setdefault(traits_of(via).way_out, [])
        place = bisect_left(times, at)
        if any(abs(each - at) < A_SECOND for each in times[max(place - 1, 0) : place + 1]):
            return
        times.insert(place, at)
        del times[:-CONTACTS_KEPT]

    def between(self, via: str, begin: datetime, end: datetime) -> bool:
        """Test if our connection over this route was seen to work in that time."""
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
    """Return the state of our connection for each of the unreached. `before`: the previous result.

    A connection elsewhere counts against a company only if its own probe failed before *and after* it. When our
    connection recovers, all companies count as out of reach until each is tried again: that somebody was reached by
    then says nothing about them. For the same reason a problem of ours stays ours until the check is tried again.
    """
    ours = {(each.check, each.since) for each, told in before.items() if told is Reach.NOBODY}
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
            out = cut or (each.check, each.since) in ours or (reference is not None and reference >= each.since)
            found[each] = Reach.NOBODY if out else Reach.UNTOLD
    return found


def unrelated(unreached: Iterable[Unreached]) -> bool:
    """Test if these are several with nothing in common: neither the company, nor the host, nor a shared mail system."""
    out = list(unreached)
    return all(len({key(each) for each in out}) > 1 for key in (lambda each: each.check[0], _address, _system))


def _address(each: Unreached) -> str:
    found = _BRACKETED.search(each.host)
    return found[1] if found else each.host or each.check[0]


def _system(each: Unreached) -> str:
    return each.mail_system if is_shared(each.mail_system) else each.check[0]
