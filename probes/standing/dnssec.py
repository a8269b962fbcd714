"""DNSSEC: is the sender's domain signed? RFC 4033.

That a resolver sets the AD bit means as much as the resolver and the way to it; so it is believed only if the
configuration says that it validates.
"""

from collections.abc import Sequence

from probes.resolver import DnsAnswer, Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why


async def read_dnssec(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the keys of the zone that holds the domain."""
    labels = subject.domain.split(".")
    found: DnsAnswer | Unresolved = DnsAnswer(())
    zone = subject.domain
    for place in range(len(labels) - 1):
        zone = ".".join(labels[place:])
        found = await asker.lookup(zone, "SOA")
        if isinstance(found, Unresolved) or found.records:
            break
    if not isinstance(found, Unresolved) and found.records:
        found = await asker.lookup(zone, "DNSKEY")
    judged = failed(found) if isinstance(found, Unresolved) else assess(zone, found, validating=asker.validating)
    return [asker.fact(Question.DNSSEC, subject.domain, judged)]


def assess(zone: str, keys: DnsAnswer, *, validating: bool) -> Assessment:
    """Judge the keys of the zone. Keys alone prove nothing: the parent must name them."""
    if not keys.records:
        return Assessment(State.NONE, Why.NOT_SIGNED, named=(zone,))
    if not validating:
        return Assessment(State.UNKNOWN, Why.AD_NOT_TRUSTED, zone, (f"{zone} publishes keys",))
    if not keys.authentic:
        return Assessment(State.NONE, Why.NOT_SIGNED, zone, (zone,))
    return Assessment(State.GOOD, Why.DNSSEC_GOOD, zone)
