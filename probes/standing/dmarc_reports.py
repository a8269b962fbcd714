"""DMARC reports: who is sent them, and do other domains agree to receive them? RFC 9990, section 4 (RFC 7489, 7.1)."""

import re
from collections.abc import Mapping, Sequence

from probes.reading.received import organisation
from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.dmarc import Found, policy_place, walk_up
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.tags import version_of

MAX_RECEIVERS = 10

_MAILTO = re.compile(r"mailto:[^@\s,!]{1,64}@([A-Za-z0-9._-]{1,253})(?:![0-9]{1,20}[kmgt]?)?", re.IGNORECASE)


async def read_dmarc_reports(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask every other domain that is to be sent reports whether it wants them."""
    place = policy_place(await walk_up(subject.domain, asker))
    if place is None:
        found = Assessment(State.NONE, Why.NO_REPORTS)
    elif isinstance(place, Unresolved):
        found = failed(place)
    else:
        found = await _judged(place, asker)
    return [asker.fact(Question.DMARC_REPORTS, subject.domain, found)]


async def _judged(place: Found, asker: Asker) -> Assessment:
    receivers = receivers_of(place.tags.get("rua", ""))
    agreed: dict[str, bool | Unresolved] = {}
    for domain in receivers:
        if organisation(domain) == organisation(place.domain):
            agreed[domain] = True
            continue
        answer = await asker.lookup(f"{place.domain}._report._dmarc.{domain}", "TXT")
        if isinstance(answer, Unresolved):
            agreed[domain] = answer
        else:
            agreed[domain] = any(version_of(text) == "DMARC1" for text in answer.records)
    return assess(place.tags.get("rua", ""), agreed)


def receivers_of(rua: str) -> tuple[str, ...]:
    """Return the domains of the mail addresses in `rua`; a size limit after "!" is left out."""
    found = (_MAILTO.fullmatch(part.strip()) for part in rua.split(",")[:MAX_RECEIVERS])
    return tuple(dict.fromkeys(match[1].lower().rstrip(".") for match in found if match))


def assess(rua: str, agreed: Mapping[str, bool | Unresolved]) -> Assessment:
    """Judge the domains that are to be sent reports, each with whether it agrees."""
    if not rua:
        return Assessment(State.NONE, Why.NO_REPORTS)
    if not agreed:
        return Assessment(State.WEAK, Why.REPORTS_UNREADABLE, rua)
    if refusing := [domain for domain, agrees in agreed.items() if agrees is False]:
        return Assessment(State.WEAK, Why.REPORTS_UNAUTHORISED, rua, (", ".join(refusing),))
    unread = [agrees for agrees in agreed.values() if isinstance(agrees, Unresolved)]
    return failed(unread[0]) if unread else Assessment(State.GOOD, Why.REPORTS_GOOD, rua, (", ".join(agreed),))
