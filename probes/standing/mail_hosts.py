"""The MX hosts of the bounce domain: can bounces come back? RFC 5321, section 5.1; RFC 7505."""

from collections.abc import Mapping, Sequence

from probes.resolver import MAX_HOSTS, Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why

NULL_MX = "."


async def mx_names(domain: str, asker: Asker) -> tuple[str, ...] | Unresolved:
    """Return the names that accept mail for a domain, best first: the domain itself if it has no MX, (".",) if it
    accepts none."""
    found = await asker.lookup(domain, "MX")
    if isinstance(found, Unresolved):
        return found
    ranked = sorted((_rank(record), record.split()[-1].lower()) for record in found.records if record.split()[1:])
    names = tuple(dict.fromkeys(name.rstrip(".") or NULL_MX for _, name in ranked))
    return names[:MAX_HOSTS] or (domain,)


def _rank(record: str) -> int:
    first = record.split()[0]
    return int(first) if first.isdecimal() else 0


async def read_bounces(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the MX hosts of the bounce domain and their addresses."""
    names = await mx_names(subject.bounce_domain, asker)
    if isinstance(names, Unresolved):
        return [asker.fact(Question.BOUNCES, subject.bounce_domain, failed(names))]
    hosts: dict[str, bool | Unresolved] = {}
    for name in names if names != (NULL_MX,) else ():
        hosts[name] = await _has_address(name, asker)
    return [asker.fact(Question.BOUNCES, subject.bounce_domain, assess(hosts))]


async def _has_address(name: str, asker: Asker) -> bool | Unresolved:
    answers = [await asker.lookup(name, kind) for kind in ("A", "AAAA")]
    if any(not isinstance(answer, Unresolved) and answer.records for answer in answers):
        return True
    return next((answer for answer in answers if isinstance(answer, Unresolved)), False)


def assess(hosts: Mapping[str, bool | Unresolved]) -> Assessment:
    """Judge the hosts, each with whether it has an address; {} for a null MX."""
    if not hosts:
        return Assessment(State.BAD, Why.BOUNCES_NULL_MX)
    shown = ", ".join(hosts)
    usable = [name for name, has in hosts.items() if has is True]
    if usable:
        return Assessment(State.GOOD, Why.BOUNCES_GOOD, shown, (", ".join(usable),))
    unread = [has for has in hosts.values() if isinstance(has, Unresolved)]
    return failed(unread[0]) if unread else Assessment(State.BAD, Why.BOUNCES_NO_HOST, shown)
