"""DMARC of the mail as it is: does an SPF domain or a signature that passes belong to the From domain? RFC 9989, 4.4.

Mail passes DMARC by either way, and only both together last: a forwarder breaks SPF, a footer breaks the signature.
Relaxed alignment compares organisations. RFC 9989 finds them by a tree walk, RFC 7489 by the public suffix list; where
the two differ, receivers do.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from probes.reading.received import organisation
from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.dkim_keys import judged_key
from probes.standing.dmarc import Found, policy_place, walk_up
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.spf_engine import SpfResult, evaluate


class Way(StrEnum):
    """Results of one way to pass DMARC."""

    PASSES = "passes"
    SOME = "some"  # by one of the two definitions of an organisation
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ways:
    """SPF, and the best of the signatures. `unread`: why one of them is unknown."""

    spf: Way
    dkim: Way
    unread: str = ""


async def read_alignment(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Look at both ways, for the domains that the mail has."""
    own = await walk_up(subject.domain, asker, whole=True)
    return [asker.fact(Question.ALIGNMENT, subject.domain, await _judged(own, subject, asker))]


async def _judged(own: Sequence[Found], subject: Subject, asker: Asker) -> Assessment:
    place = policy_place(own)
    if isinstance(place, Unresolved):
        return failed(place)
    if place is None:
        return Assessment(State.NONE, Why.ALIGNED_TO_NOTHING)
    ways = await _ways(own, subject, asker, strict=(_strict(place, "aspf"), _strict(place, "adkim")))
    return assess(ways, subject)


def _strict(place: Found, tag: str) -> bool:
    return place.tags.get(tag, "r").lower() == "s"


async def _ways(own: Sequence[Found], subject: Subject, asker: Asker, *, strict: tuple[bool, bool]) -> Ways:
    domains = dict.fromkeys((subject.bounce_domain, *(key.domain for key in subject.keys)))
    walks = await asyncio.gather(*(walk_up(domain, asker, whole=True) for domain in domains if domain != own[0].domain))
    walked = {walk[0].domain: walk for walk in (own, *walks)}
    spf = await evaluate(subject.source_ip, subject.bounce_domain, subject.helo, asker.lookup)
    aligned = align(own, walked[subject.bounce_domain.lower()], strict=strict[0])
    by_spf, unread = aligned, ""
    if spf.result is not SpfResult.PASS:
        by_spf = Way.UNKNOWN if spf.failures or spf.result is SpfResult.TEMPERROR else Way.FAILS
        unread = (*spf.failures, spf.reason)[0]
    best = Way.FAILS
    for key in subject.keys:
        judged = await judged_key(key, asker)
        way = align(own, walked[key.domain.lower()], strict=strict[1])
        if judged.state is State.UNKNOWN and way is not Way.FAILS:
            way, unread = Way.UNKNOWN, judged.named[0]
        elif judged.state not in (State.GOOD, State.WEAK):
            way = Way.FAILS
        best = min(best, way, key=list(Way).index) if Way.UNKNOWN not in (best, way) else _known(best, way)
    return Ways(by_spf if aligned is not Way.FAILS else Way.FAILS, best, unread)


def _known(best: Way, way: Way) -> Way:
    """Return the better of two, where one is unknown: only a pass is better than not to know."""
    return Way.PASSES if Way.PASSES in (best, way) else Way.UNKNOWN


def align(own: Sequence[Found], other: Sequence[Found], *, strict: bool) -> Way:
    """Compare the From domain with another, both by their whole walk."""
    domain, compared = own[0].domain, other[0].domain
    if domain == compared:
        return Way.PASSES
    if strict:
        return Way.FAILS
    by_list = organisation(domain) == organisation(compared)
    mine, its = organisation_by_walk(own), organisation_by_walk(other)
    if isinstance(mine, Unresolved) or isinstance(its, Unresolved):
        return Way.UNKNOWN
    by_walk = mine == its
    if by_walk and by_list:
        return Way.PASSES
    return Way.SOME if by_walk or by_list else Way.FAILS


def organisation_by_walk(walk: Sequence[Found]) -> str | Unresolved:
    """Return the organisational domain by a whole walk (RFC 9989, section 4.10.2): psd=n names it, below psd=y it is
    one label longer, else it is the shortest name with a record, or the domain itself."""
    start = walk[0].domain
    for place, each in enumerate(walk):
        if each.tags.get("psd") == "n":
            return each.domain
        if each.tags.get("psd") == "y" and place > 0:
            return ".".join(start.split(".")[-(each.domain.count(".") + 2) :])
    unread = [each.answer for each in walk if isinstance(each.answer, Unresolved) and "." in each.domain]
    if unread:
        return unread[0]
    return next((each.domain for each in reversed(walk) if each.tags), start)


def assess(ways: Ways, subject: Subject) -> Assessment:
    """Judge the two ways."""
    value = ", ".join((subject.bounce_domain, *dict.fromkeys(f"d={key.domain}" for key in subject.keys)))
    match ways.spf, ways.dkim:
        case Way.PASSES, Way.PASSES:
            return Assessment(State.GOOD, Why.ALIGNED, value)
        case (Way.PASSES, _) if not subject.keys:
            return Assessment(State.GOOD, Why.ALIGNED_BY_SPF_AT_LEAST, value)
        case (Way.PASSES, Way.UNKNOWN) | (Way.UNKNOWN, Way.PASSES):
            return Assessment(State.GOOD, Why.ALIGNED_AT_LEAST, value, (ways.unread,))
        case Way.PASSES, _:
            return Assessment(State.WEAK, Why.ALIGNED_BY_SPF, value)
        case _, Way.PASSES:
            return Assessment(State.WEAK, Why.ALIGNED_BY_DKIM, value)
        case (Way.SOME, _) | (_, Way.SOME):
            return Assessment(State.WEAK, Why.ALIGNED_FOR_SOME, value)
        case (Way.UNKNOWN, _) | (_, Way.UNKNOWN):
            return Assessment(State.UNKNOWN, Why.LOOKUP_FAILED, value, (ways.unread,))
        case _ if not subject.keys:
            return Assessment(State.UNKNOWN, Why.NO_SELECTOR, value)
        case _:
            return Assessment(State.BAD, Why.NOT_ALIGNED, value)
