"""From a domain to the companies that have it, as the configuration says. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.triage.public_domains import PUBLIC_DOMAINS
from probes.mailsystems.words import Chain


class DomainBasis(StrEnum):
    """Reasons to count a domain as a company's, the surest first."""

    CONFIGURED = "configured"  # it is among the company's `domains`
    PATH = "path"  # a path of the company ends in a mailbox there
    PARENT = "parent"  # it is below such a domain: its mail may take another way
    MAIL_HOST = "mail_host"  # its mail goes to a host of such a company


@dataclass(frozen=True, slots=True)
class CompanyEntry:
    """A company as it is looked up. `tested`: domains of its test mailboxes. `hosts`: those that its paths send to."""

    key: str
    name: str
    chain: Chain
    domains: tuple[str, ...]
    tested: tuple[str, ...]
    hosts: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[str, ...]:
        """Return its domains, without those of mail providers for the public, where anybody may have a mailbox."""
        return (*self.domains, *(domain for domain in self.tested if domain not in PUBLIC_DOMAINS))


@dataclass(frozen=True, slots=True)
class CompanyMatch:
    """A company, and why the domain counts as its own: `by` is the domain or the host that says so."""

    entry: CompanyEntry
    basis: DomainBasis
    by: str


def companies_of(domain: str, entries: Iterable[CompanyEntry]) -> list[CompanyMatch]:
    """Return the companies that have this domain on the surest basis that any has; several if it is not clear which."""
    found = [match for entry in entries if (match := _match(domain, entry))]
    return _surest(found)


def companies_at(hosts: Sequence[str], entries: Iterable[CompanyEntry]) -> list[CompanyMatch]:
    """Return the companies that these mail hosts are known to belong to: their own, never those of a service."""
    found = []
    for entry in entries:
        own = set(entry.own)
        by = next((host for host in hosts if host in entry.hosts or any(_below(host, domain) for domain in own)), "")
        if by:
            found.append(CompanyMatch(entry, DomainBasis.MAIL_HOST, by))
    return found


def known_domains(entries: Iterable[CompanyEntry], sender: str) -> tuple[str, ...]:
    """Return the domains that somebody may have meant: companies', the sender's and its parents', public ones."""
    labels = sender.split(".")
    ours = (".".join(labels[place:]) for place in range(len(labels) - 1))
    companies = (domain for entry in entries for domain in entry.own)
    return tuple(dict.fromkeys((*companies, *ours, *PUBLIC_DOMAINS)))


def _match(domain: str, entry: CompanyEntry) -> CompanyMatch | None:
    if domain in entry.domains:
        return CompanyMatch(entry, DomainBasis.CONFIGURED, domain)
    if domain in PUBLIC_DOMAINS:
        return None
    if domain in entry.tested:
        return CompanyMatch(entry, DomainBasis.PATH, domain)
    above = max((each for each in entry.own if _below(domain, each)), key=len, default="")
    return CompanyMatch(entry, DomainBasis.PARENT, above) if above else None


def _below(name: str, domain: str) -> bool:
    return name.endswith(f".{domain}") and domain.count(".") > 0


def _surest(found: Sequence[CompanyMatch]) -> list[CompanyMatch]:
    if not found:
        return []
    order = list(DomainBasis)
    best = min(found, key=lambda match: (order.index(match.basis), -len(match.by)))
    return [match for match in found if (match.basis, len(match.by)) == (best.basis, len(best.by))]
