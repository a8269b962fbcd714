"""DANE: TLSA records of the MX hosts of the bounce domain. RFC 7672.

They count only if they are signed, and that only a validating resolver can tell.
"""

import re
from collections.abc import Sequence

from probes.resolver import DnsAnswer, Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.mail_hosts import NULL_MX, mx_names

_TLSA = re.compile(r"(\d{1,3}) (\d{1,3}) (\d{1,3}) ([0-9A-Fa-f ]+)")
_DIGITS = {"1": 64, "2": 128}  # hexadecimal, of SHA-256 and SHA-512


async def read_dane(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the TLSA records of every MX host."""
    names = await mx_names(subject.bounce_domain, asker)
    if isinstance(names, Unresolved):
        return [asker.fact(Question.DANE, subject.bounce_domain, failed(names))]
    facts = []
    for name in (each for each in names if each != NULL_MX):
        found = await asker.lookup(f"_25._tcp.{name}", "TLSA")
        judged = failed(found) if isinstance(found, Unresolved) else assess(found, validating=asker.validating)
        facts.append(asker.fact(Question.DANE, name, judged))
    return facts


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
    usable = [record for record in records if is_usable(record)]
    if not usable:
        return Assessment(State.WEAK, Why.DANE_UNUSABLE, value, (records[0],))
    return Assessment(State.GOOD, Why.DANE_GOOD, value, (str(len(usable)),))


def is_usable(record: str) -> bool:
    """Test if a mail server can use the record: usages 2 and 3 only (RFC 7672, section 3.1)."""
    found = _TLSA.fullmatch(record)
    if found is None:
        return False
    usage, selector, kind, data = found.groups()
    length = len(data.replace(" ", ""))
    return usage in ("2", "3") and selector in ("0", "1") and (kind == "0" or length == _DIGITS.get(kind))
