"""Whether anybody was reached at all since a connection failed. Pure.

A company that cannot be connected to has a firewall, or is down, or our own line is cut. Only a connection to somebody
else tells one from the other.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.incidents.phrases import RUN_BY_THE_COMPANY
from monitor.incidents.ruling import Line, Ruling
from probes.answer import Answer
from probes.uplink import Uplink
from probes.verdict import Grade, Outcome, Verdict


class Reach(StrEnum):
    """What is known of our way out since a failure began."""

    OTHERS = "others"  # somebody was reached since
    NOBODY = "nobody"  # several unrelated ones were tried since, or a reference, and none was reached
    UNTOLD = "untold"  # nobody else was tried


OUTWARD: Mapping[str, frozenset[str]] = {
    "direct": frozenset({"direct"}),
    "xclient": frozenset({"xclient", "proxy", "direct"}),
    "proxy": frozenset({"xclient", "proxy", "direct"}),
}
"""For each route the routes over which a connection proves that its way out works. A gateway may stand in a private
network; port 25 of the world proves that our machine has a network at all. A relay is one host, whoever the recipient:
it tells nothing of companies, nor they of it."""

_BRACKETED = re.compile(r"\[([^\[\]]{1,64})\]")  # "mx.acme.example[192.0.2.25]:25"

SLACK = timedelta(minutes=1)  # a probe launched as long before the line was cut may have failed by the cut


@dataclass(frozen=True, slots=True)
class Unreached:
    """A line whose newest probes got no connection. `since`: launch of the first of them; `host`: as in `Answer`."""

    line: Line
    via: str
    mail_system: str
    host: str
    since: datetime


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
    """When somebody was last reached over each route: the launch of the newest probe that was spoken to."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    def hear(self, via: str, ruling: Ruling) -> None:
        """One more verdict of a probe that went this way."""
        before = self._at.get(via)
        if connected(ruling.verdict) and (before is None or before < ruling.launched_at):
            self._at[via] = ruling.launched_at

    def newest(self, via: str, uplink: Uplink) -> datetime | None:
        """When the way out over this route was last seen to work."""
        ways = OUTWARD.get(via, frozenset())
        times = [at for way, at in self._at.items() if way in ways]
        if "direct" in ways and uplink.succeeded_at:
            times.append(uplink.succeeded_at)
        return max(times, default=None)


def reach(unreached: Iterable[Unreached], contacts: Contacts, uplink: Uplink) -> dict[Unreached, Reach]:
    """What is known of our way out, for each of those that were not reached."""
    by_route: dict[frozenset[str], list[Unreached]] = {}
    for each in unreached:
        by_route.setdefault(OUTWARD.get(each.via, frozenset()), []).append(each)
    found: dict[Unreached, Reach] = {}
    for ways, alike in by_route.items():
        seen = contacts.newest(alike[0].via, uplink)
        cut = unrelated(each for each in alike if seen is None or each.since > seen)
        reference = uplink.failed_at if "direct" in ways else None
        for each in alike:
            found[each] = _reach(each.since, seen, reference, cut=cut)
    return found


def _reach(since: datetime, seen: datetime | None, reference: datetime | None, *, cut: bool) -> Reach:
    """`seen`: when the way out was last seen to work. `reference`: when one was last out of reach. `cut`: several
    unrelated ones were out of reach since it was seen to work."""
    works = seen is not None and seen >= since
    if cut and (seen is None or since >= seen - SLACK):
        return Reach.NOBODY
    if works:
        return Reach.OTHERS
    return Reach.NOBODY if reference is not None and reference >= since else Reach.UNTOLD


def unrelated(unreached: Iterable[Unreached]) -> bool:
    """Whether these are several that have nothing in common: neither the company, nor the host, nor a mail system that
    somebody runs for many."""
    out = list(unreached)
    return all(len({key(each) for each in out}) > 1 for key in (lambda each: each.line[0], _address, _system))


def _address(each: Unreached) -> str:
    found = _BRACKETED.search(each.host)
    return found[1] if found else each.host or each.line[0]


def _system(each: Unreached) -> str:
    own = each.mail_system in RUN_BY_THE_COMPANY or each.mail_system in ("", "unknown")
    return each.line[0] if own else each.mail_system
