"""Names in the headers of real mail that standing asks about: selectors, envelope domains and addresses. Pure.

The sender's mail service chooses selector, bounce domain and address of a probe over the relay as it does for the mail
that people get; so does a probe from the source IP, with what is configured. Copies are left out: whoever sent them
could have written the headers. A name that is forged all the same only makes us ask DNS, and few are kept."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.evidence import Arrival, Folder
from probes.grading import grade_of_arrival
from probes.ip_addresses import parse_ip
from probes.outcome import Grade
from probes.probe import Probe
from probes.reading.header_addresses import addresses_of
from probes.reading.header_fields import fields, split
from probes.reading.headers import connecting_ip, sent_fields
from probes.sender import Role
from probes.settings import domain_name
from probes.standing.dkim_names import DkimName, key_name, named_key

RECENT = timedelta(days=7)  # for so long a name that was seen is asked about
MAX_NAMES = 10  # of each kind; the newest are kept
MAX_SIGNATURES = 10  # of one mail

_TAG = re.compile(r"(?:^|;)\s*([ds])\s*=\s*([A-Za-z0-9_.-]{1,180})\s*(?=;|$)")


class NameKind(StrEnum):
    """Kinds of names in the headers."""

    SELECTOR = "selector"  # of the From domain
    SIGNATURE = "signature"  # of another domain: the name of its key record
    ENVELOPE_DOMAIN = "envelope_domain"
    ADDRESS = "address"  # that connected to the receiver


@dataclass(frozen=True, slots=True)
class SeenName:
    """A name, and the arrivals that were read and had it: the first, the last, and their number."""

    kind: NameKind
    name: str
    first_at: datetime
    last_at: datetime
    count: int = 1


def names_in(probe: Probe, arrival: Arrival, domain: str) -> tuple[tuple[NameKind, str], ...]:
    """Return the names in a real mail of the sender, each once; none of other mail. `domain`: the From domain."""
    if probe.role is not Role.SENDER or arrival.folder is Folder.COPY or probe.traits.best_grade is not Grade.REAL:
        return ()
    if not probe.traits.relayed and grade_of_arrival(probe, arrival) is not Grade.REAL:
        return ()
    return tuple(dict.fromkeys(_names(probe, arrival.headers, domain)))


def _names(probe: Probe, headers: str, domain: str) -> Iterator[tuple[NameKind, str]]:
    if address := connecting_ip(headers, relayed=probe.traits.relayed):
        parsed = parse_ip(address)
        if parsed and not parsed.is_private:
            yield NameKind.ADDRESS, str(parsed)
    signatures = 0
    sent = frozenset(sent_fields(headers, relayed=probe.traits.relayed))
    for field in fields(split(headers)[0]):
        if field.name == "return-path":
            for sender in addresses_of(field.value)[:1]:
                if name := domain_name(sender.rpartition("@")[2]):
                    yield NameKind.ENVELOPE_DOMAIN, name
        elif field.name == "dkim-signature" and signatures < MAX_SIGNATURES:
            signatures += 1
            tags = {tag: value.lower() for tag, value in _TAG.findall(field.value)}
            selector, signer = tags.get("s", ""), domain_name(tags.get("d", ""))
            if selector and signer == domain:
                yield NameKind.SELECTOR, selector
            elif selector and signer and field in sent:  # what the receiver's side signs is not the sender's
                yield NameKind.SIGNATURE, key_name(DkimName(signer, selector))


def recent_names(seen: Iterable[SeenName], kind: NameKind, now: datetime) -> tuple[str, ...]:
    """Return the names of one kind in recent mail, sorted, so that the same names are always asked in one order."""
    newest = sorted((each for each in seen if each.kind is kind), key=lambda each: each.last_at, reverse=True)
    return tuple(sorted(each.name for each in newest[:MAX_NAMES] if now - each.last_at <= RECENT))


def recent_signatures(seen: Iterable[SeenName], now: datetime) -> tuple[DkimName, ...]:
    """Return the signatures of other domains than the From domain's in recent mail."""
    return tuple(named_key(name) for name in recent_names(seen, NameKind.SIGNATURE, now))


def add_seen(
    seen: Mapping[tuple[NameKind, str], SeenName], names: Iterable[tuple[NameKind, str]], at: datetime
) -> dict[tuple[NameKind, str], SeenName]:
    """Return the names with those of one more mail."""
    found = dict(seen)
    for kind, name in names:
        before = found.get((kind, name))
        first, count = (before.first_at, before.count) if before else (at, 0)
        found[kind, name] = SeenName(kind, name, first, max(at, before.last_at if before else at), count + 1)
    return found
