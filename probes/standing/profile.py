"""Drift: the profile of what is published about the sender, and the changes between two of them. Pure.

A profile holds what a change of would matter to receivers, in a form in which equal meanings are equal: records without
their order, time to live, defaults and spelling; a key by its digest. What was not asked or could not be found out is
not in it, so a failure is never a change, and what changes during a failure is seen after it: `merge` keeps the last
known value.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from probes.ip_addresses import parse_ip
from probes.standing.fact import CONFIRMED_AFTER

DIGEST_CHARS = 16  # hexadecimal digits: 64 bits tell keys apart

_DMARC_DEFAULTS = {"adkim": "r", "aspf": "r", "fo": "0", "p": "none", "pct": "100", "psd": "u", "t": "n"}
_DMARC_TAGS = frozenset({*_DMARC_DEFAULTS, "np", "rua", "ruf", "sp"})  # others are ignored (RFC 9989)
_DMARC_LISTS = frozenset({"rua", "ruf"})
_DKIM_DEFAULTS = {"k": "rsa", "s": "*"}
_DKIM_TAGS = frozenset({*_DKIM_DEFAULTS, "h", "p", "t"})  # `n` is a note, `v` a constant (RFC 6376, 3.6.1)
_ALL = re.compile(r"[-+?~]?all", re.IGNORECASE)
_WHOLE_PREFIX = re.compile(r"(?:(?<=^ip4:)|(?<=^[-?~]ip4:))([\d.]+)/32$")


class ProfileItem(StrEnum):
    """Parts of a profile. Each is named by what was asked: a domain, a selector's name, an address."""

    SPF = "spf"  # of a domain, or of one that it includes: the terms
    SELECTORS = "selectors"  # of a domain: the selectors that sign its mail
    DKIM_KEY = "dkim_key"  # of a selector's name
    DMARC = "dmarc"  # of a domain: the policy
    ADDRESSES = "addresses"  # that the sender's mail comes from, or of a host
    PTR = "ptr"  # of an address
    MX = "mx"  # of a domain
    MTA_STS = "mta_sts"  # of a domain: the id of the policy


ITEMS: dict[ProfileItem, str] = {
    ProfileItem.SPF: "SPF record",
    ProfileItem.SELECTORS: "DKIM selectors",
    ProfileItem.DKIM_KEY: "DKIM key",
    ProfileItem.DMARC: "DMARC policy",
    ProfileItem.ADDRESSES: "IP addresses",
    ProfileItem.PTR: "reverse name",
    ProfileItem.MX: "mail hosts (MX)",
    ProfileItem.MTA_STS: "MTA-STS policy id",
}


class ProfileKey(NamedTuple):
    """The item and the name that a value belongs to."""

    item: ProfileItem
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A snapshot of the published records. An empty value: nothing was published; a missing one: it is not known."""

    at: datetime
    values: Mapping[ProfileKey, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `old` is what is no longer published and `new` what is published since; both are hostile text."""

    item: ProfileItem
    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    at: datetime


def profile(at: datetime, answers: Mapping[ProfileKey, Sequence[str] | None]) -> Profile:
    """Return the profile of these answers: the records as text, () if there are none, None if that is not known."""
    return Profile(
        at,
        {
            ProfileKey(key.item, _name(key.name)): frozenset(_FORMS[key.item](records))
            for key, records in answers.items()
            if records is not None
        },
    )


def changes(before: Profile, after: Profile) -> tuple[Change, ...]:
    """Return what changed, sorted by item and name. Only what both profiles know can have changed."""
    found = []
    for key in sorted(before.values.keys() & after.values.keys()):
        old, new = before.values[key], after.values[key]
        if old != new:
            found.append(Change(key.item, key.name, tuple(sorted(old - new)), tuple(sorted(new - old)), after.at))
    return tuple(found)


def lasting_changes(before: Profile, first: Profile, second: Profile) -> tuple[Change, ...]:
    """Return the changes since `before` that two profiles CONFIRMED_AFTER apart agree on, dated by the first:
    name servers of one zone differ for as long as a change takes to spread."""
    if second.at - first.at < CONFIRMED_AFTER:
        return ()
    seen = changes(before, Profile(first.at, second.values))
    return tuple(
        change for change in seen if first.values.get(key := ProfileKey(change.item, change.name)) == second.values[key]
    )


def merge(before: Profile, after: Profile) -> Profile:
    """Return what is known after both: the newer values, and the older ones of what is not known any more."""
    return Profile(after.at, {**before.values, **after.values})


def _spf(records: Iterable[str]) -> Iterable[str]:
    """Yield the terms up to `all`: what follows it is never evaluated (RFC 7208, section 5.1), except `exp`."""
    found = [record.split() for record in records if record.split()[:1] and record.split()[0].lower() == "v=spf1"]
    if len(found) > 1:  # an error for receivers (RFC 7208, section 4.5), so no union of the two
        return [" ".join(terms) for terms in found]
    terms: list[str] = []
    ended = False
    for term in found[0][1:] if found else ():
        if not ended or term.lower().startswith("exp="):
            terms.append(_term(term))
        ended = ended or _ALL.fullmatch(term) is not None
    return terms or (["v=spf1"] if found else [])


def _term(term: str) -> str:
    """Spell equal terms equally. The case of letters in a macro has a meaning (RFC 7208, section 7.3)."""
    plain = term if "%" in term else term.lower()
    return _WHOLE_PREFIX.sub(r"\1", plain.removeprefix("+"))


def _dkim_key(records: Iterable[str]) -> Iterable[str]:
    for record in records:
        tags = _tags(record)
        if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
            continue
        public = "".join(tags["p"].split())
        digest = hashlib.sha256(public.encode()).hexdigest()[:DIGEST_CHARS]
        yield f"key {digest}" if public else "revoked"
        for tag in sorted((_DKIM_TAGS - {"p"}) & tags.keys()):
            if (value := ":".join(sorted(tags[tag].lower().replace(" ", "").split(":")))) != _DKIM_DEFAULTS.get(tag):
                yield f"{tag}={value}"


def _dmarc(records: Iterable[str]) -> Iterable[str]:
    policies = [tags for tags in map(_tags, records) if tags.get("v", "").upper() == "DMARC1"]
    for tags in policies:
        if len(policies) == 1:
            yield f"p={tags.get('p', 'none').lower()}"
        else:
            yield f"one of {len(policies)} records, p={tags.get('p', 'none').lower()}"  # which receivers ignore
        for tag in sorted((_DMARC_TAGS - {"p"}) & tags.keys()):
            for value in tags[tag].split(",") if tag in _DMARC_LISTS else (tags[tag].lower(),):
                if value.strip() != _DMARC_DEFAULTS.get(tag):
                    yield f"{tag}={value.strip()}"


def _mta_sts(records: Iterable[str]) -> Iterable[str]:
    return [tags.get("id", "") for tags in map(_tags, records) if tags.get("v") == "STSv1"]


def _addresses(records: Iterable[str]) -> Iterable[str]:
    return [str(parse_ip(record) or record) for record in records]


def _names(records: Iterable[str]) -> Iterable[str]:
    return [_name(record) for record in records]


def _name(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(".")


def _tags(record: str) -> dict[str, str]:
    """Return the tags of a record "a=1; b=2", the first of each name."""
    pairs = (part.partition("=") for part in reversed(record.split(";")))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


_FORMS: dict[ProfileItem, Callable[[Iterable[str]], Iterable[str]]] = {
    ProfileItem.SPF: _spf,
    ProfileItem.SELECTORS: _names,
    ProfileItem.DKIM_KEY: _dkim_key,
    ProfileItem.DMARC: _dmarc,
    ProfileItem.ADDRESSES: _addresses,
    ProfileItem.PTR: _names,
    ProfileItem.MX: _names,
    ProfileItem.MTA_STS: _mta_sts,
}
