"""DANE: TLSA records of the MX hosts of the bounce domain, against the certificates that those show. RFC 7672.

The records count only if they are signed, and that only a validating resolver can tell. A signed answer needs no second
opinion of the zone's own name servers, whose answers carry no AD bit.
"""

from collections.abc import Sequence
from datetime import datetime

from probes.resolver import DnsAnswer, Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.mail_hosts import NULL_MX, mx_names
from probes.standing.presented import presented
from probes.standing.tlsa import mismatch, tlsa_of


async def read_dane(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the TLSA records of every MX host, and compare those that count with its certificate."""
    names = await mx_names(subject.bounce_domain, asker)
    if isinstance(names, Unresolved):
        return [asker.fact(Question.DANE, subject.bounce_domain, failed(names))]
    facts = []
    for name in (each for each in names if each != NULL_MX):
        found = await asker.lookup(f"_25._tcp.{name}", "TLSA")
        judged = failed(found) if isinstance(found, Unresolved) else await _judged(found, name, asker)
        facts.append(asker.fact(Question.DANE, name, judged))
    return facts


async def _judged(found: DnsAnswer, host: str, asker: Asker) -> Assessment:
    judged = assess(found, validating=asker.validating)
    if judged.state is not State.GOOD:
        return judged
    return compare(judged, found.records, await presented(host, asker), host, asker.now())


def assess(answer: DnsAnswer, *, validating: bool) -> Assessment:
    """Judge the records of one host. `validating`: the AD bit of the answer is worth believing."""
    records = answer.records
    if not records:
        return Assessment(State.NONE, Why.NOT_PUBLISHED)
    value = "; ".join(records)
    if not validating:
        return Assessment(State.UNKNOWN, Why.AD_NOT_TRUSTED, value, (f"{len(records)} TLSA records",))
    if not answer.authentic:
        return Assessment(State.WEAK, Why.DANE_INSECURE, value)
    usable = [record for record in records if tlsa_of(record)]
    if not usable:
        return Assessment(State.WEAK, Why.DANE_UNUSABLE, value, (records[0],))
    return Assessment(State.GOOD, Why.DANE_GOOD, value, (str(len(usable)),))


def compare(
    judged: Assessment, records: Sequence[str], shown: tuple[bytes, ...] | str, host: str, now: datetime
) -> Assessment:
    """Judge the certificates that the host showed by usable records; a text says why it showed none."""
    if isinstance(shown, str):
        return Assessment(State.UNKNOWN, Why.DANE_UNSEEN, judged.value, (shown,))
    usable = [tlsa for record in records if (tlsa := tlsa_of(record))]
    if why := mismatch(usable, shown, host, now):
        return Assessment(State.BAD, Why.DANE_MISMATCH, judged.value, (why,))
    return judged
