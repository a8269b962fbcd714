"""Reads what a profile holds: the records themselves, of all names that the sender's mail depends on."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address

from probes.resolver import DnsAnswer
from probes.settings import domain_name
from probes.standing.asking import Asker, Subject
from probes.standing.dkim_names import key_name
from probes.standing.profile import Profile, ProfileItem, ProfileKey, profile

MAX_INCLUDES = 20  # domains whose SPF record is read; receivers stop at ten terms

_INCLUDE = re.compile(r"(?:[-+?~]?include:|redirect=)(\S+)", re.IGNORECASE)

Answers = dict[ProfileKey, Sequence[str] | None]


async def read_published(
    subject: Subject, asker: Asker, *, envelope_domains: Iterable[str] = (), addresses: Iterable[str] = ()
) -> Profile:
    """Return the profile as it is published now. `envelope_domains`: others than the bounce domain; `addresses`: those
    that the sender's mail comes from, as far as known. A lookup that fails leaves its part out."""
    domains = tuple(dict.fromkeys((subject.bounce_domain, *envelope_domains)))
    parts = await asyncio.gather(
        _spf(domains, asker),
        _texts(ProfileItem.DKIM_KEY, dict.fromkeys(map(key_name, subject.keys), ""), asker),
        _texts(ProfileItem.DMARC, dict.fromkeys(_with_parents(subject.domain), "_dmarc."), asker),
        _texts(ProfileItem.MTA_STS, dict.fromkeys(domains, "_mta-sts."), asker),
        _mx(domains, asker),
        _ptr(subject.source_ip, asker),
    )
    answers: Answers = {key: records for part in parts for key, records in part.items()}
    answers[ProfileKey(ProfileItem.ADDRESSES, subject.domain)] = tuple(dict.fromkeys((subject.source_ip, *addresses)))
    if subject.selectors:
        answers[ProfileKey(ProfileItem.SELECTORS, subject.domain)] = subject.selectors
    return profile(asker.now(), answers)


async def _texts(item: ProfileItem, names: Mapping[str, str], asker: Asker) -> Answers:
    """Read a TXT record of each name, which stands below it with a prefix."""
    found = await asyncio.gather(*(_records(f"{prefix}{name}", "TXT", asker) for name, prefix in names.items()))
    return {ProfileKey(item, name): records for name, records in zip(names, found, strict=True)}


async def _spf(domains: Iterable[str], asker: Asker) -> Answers:
    """Read the SPF records of the domains and of those that they include."""
    answers: Answers = {}
    wanted = list(domains)
    while wanted and len(answers) < MAX_INCLUDES:
        domain = wanted.pop(0)
        key = ProfileKey(ProfileItem.SPF, domain)
        if key in answers:
            continue
        answers[key] = records = await _records(domain, "TXT", asker)
        wanted += [name for record in records or () for name in _included(record)]
    return answers


def _included(record: str) -> list[str]:
    """Return the domains that an SPF record includes; those with macros depend on the mail."""
    if not record.lower().startswith("v=spf1"):
        return []
    return [name for found in _INCLUDE.findall(record) if (name := domain_name(found.rstrip(".")))]


async def _mx(domains: Iterable[str], asker: Asker) -> Answers:
    answers: Answers = {}
    for domain in domains:
        records = await _records(domain, "MX", asker)
        hosts = None if records is None else [record.rpartition(" ")[2] for record in records]
        answers[ProfileKey(ProfileItem.MX, domain)] = hosts
    return answers


async def _ptr(address: str, asker: Asker) -> Answers:
    return {ProfileKey(ProfileItem.PTR, address): await _records(ip_address(address).reverse_pointer, "PTR", asker)}


async def _records(name: str, kind: str, asker: Asker) -> Sequence[str] | None:
    found = await asker.lookup(name, kind)
    return found.records if isinstance(found, DnsAnswer) else None


def _with_parents(domain: str) -> list[str]:
    """Return the domain and its parents, but for the top-level domain."""
    labels = domain.split(".")
    return [".".join(labels[place:]) for place in range(len(labels) - 1)]
