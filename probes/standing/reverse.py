"""The reverse name of the source IP, and whether it leads back (RFC 8601, section 2.7.3: iprev)."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why

MAX_NAMES = 10  # receivers look at no more


async def read_ptr(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the names of the address, and for the addresses of each name."""
    address = ip_address(subject.source_ip)
    names = await asker.lookup(address.reverse_pointer, "PTR")
    if isinstance(names, Unresolved):
        return [asker.fact(Question.PTR, subject.source_ip, failed(names))]
    kind = "A" if address.version == 4 else "AAAA"
    leads: dict[str, tuple[str, ...] | Unresolved] = {}
    for name in (record.rstrip(".").lower() for record in names.records[:MAX_NAMES]):
        found = await asker.lookup(name, kind)
        leads[name] = found if isinstance(found, Unresolved) else found.records
    return [asker.fact(Question.PTR, subject.source_ip, assess(subject.source_ip, leads))]


def assess(address: str, leads: Mapping[str, Sequence[str] | Unresolved]) -> Assessment:
    """Judge the names of `address`, each with the addresses that it leads to."""
    if not leads:
        return Assessment(State.BAD, Why.PTR_MISSING)
    shown = ", ".join(leads)
    for name, found in leads.items():
        if not isinstance(found, Unresolved) and same_address(address, found):
            return Assessment(State.GOOD, Why.PTR_CONFIRMED, shown, (name,))
    unread = [found for found in leads.values() if isinstance(found, Unresolved)]
    if unread:
        return failed(unread[0])
    return Assessment(State.BAD, Why.PTR_UNCONFIRMED, shown, (shown,))


def same_address(address: str, found: Sequence[str]) -> bool:
    """Test if `address` is among the addresses."""
    return ip_address(address) in {ip_address(each) for each in found}
