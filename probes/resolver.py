"""DNS queries: the hosts that accept mail for a domain, and their addresses.

"Does not exist" and "could not find out" are never mixed: the first is an answer, the second is not.

A cache serves mail and hides the present, so `lookup` has none: it asks what the name servers say now, or what the
domain's own ones say.
"""

import asyncio
import ipaddress
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.nameserver
import dns.rdatatype
import dns.resolver

from probes.answer import Fault

MAX_HOSTS = 8  # mail servers look at a handful too; a hostile zone may name thousands
MAX_ADDRESSES = 8  # of one host
MAX_RECORDS = 100  # of one type
MAX_RECORD_CHARS = 4096  # DKIM keys and SPF records have some 500
CACHED_ANSWERS = 20_000
MAX_AUTHORITIES = 4  # name servers of one zone that are asked
MAX_LOOKUPS = 16  # at once; each answer costs half a millisecond of CPU, and the event loop has others to serve
MAX_ALIASES = 8  # CNAMEs in a row, over zones
EDNS_PAYLOAD = 1232  # octets, what no network cuts
TRY_SECONDS = 2.0  # one name server may be silent this long before the next is asked

_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class MailHost:
    """One host that accepts mail. `addresses` are IP literals, IPv4 first; empty if its name could not be resolved."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """No usable answer: DOMAIN_UNKNOWN if DNS says there is none, LOOKUP_FAILED if it does not answer.

    `text` explains it for people.
    """

    fault: Literal[Fault.DOMAIN_UNKNOWN, Fault.LOOKUP_FAILED]
    text: str


MailHosts = tuple[MailHost, ...]
Addresses = tuple[str, ...]
Records = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """An answer, which may be that there is nothing. `exists`: False if no such name exists (NXDOMAIN).

    `ttl` counts seconds, for what is missing by its zone's SOA record (RFC 2308, section 5), None if the answer has
    none; `authentic` is the AD bit, worth as much as the resolver that set it and the way to it; `server` answered;
    `target` is the name at the end of its CNAMEs.
    """

    records: Records
    exists: bool = True
    ttl: int | None = None
    authentic: bool = False
    server: str = ""
    target: str = ""


class Resolver(Protocol):
    """DNS queries. Nothing raises; everything ends within `timeout` seconds, of `lookup` from when it has its turn."""

    async def mail_hosts(self, domain: str, *, timeout: float) -> MailHosts | Unresolved:
        """Return the hosts that accept mail for `domain`, best first, at least one with an address (RFC 5321, 5.1)."""
        ...

    async def lookup(
        self, name: str, kind: str, *, timeout: float, authoritative: bool = False
    ) -> DnsAnswer | Unresolved:
        """Return the records of one type ("TXT", "PTR", "A") as they are published now, past our own cache, each as
        text: of TXT its content, of others the form of a zone file. Hostile answers are bounded: MAX_RECORDS of
        MAX_RECORD_CHARS. `authoritative`: ask the name servers of the zone itself. Unresolved always means that the
        lookup failed."""
        ...

    async def addresses(self, name: str, *, timeout: float) -> Addresses | Unresolved:
        """Return the addresses of a host as this machine knows it, IPv4 first, at least one; an IP literal is its
        own."""
        ...


@lru_cache(maxsize=4096)
def is_address(name: str) -> bool:
    """Test if `name` is an IP literal."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class DnsResolver:
    """DNS by the given name servers ("192.0.2.53", "127.0.0.1:5353", "[::1]:53") or the machine's.

    Answers are cached for their TTL. Hosts of equal preference are shuffled by `rng`, else sorted by name. The name
    servers of a zone are asked on `authority_port`.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        *,
        rng: random.Random | None = None,
        hosts_file: Path = Path("/etc/hosts"),
        authority_port: int = 53,
    ) -> None:
        self._nameservers = [_nameserver(where) for where in nameservers]
        self._rng = rng
        self._hosts_file = hosts_file
        self._authority_port = authority_port
        self._dns: dns.asyncresolver.Resolver | None = None
        self._turns = asyncio.Semaphore(MAX_LOOKUPS)

    async def mail_hosts(self, domain: str, *, timeout: float) -> MailHosts | Unresolved:
        """See `Resolver`."""
        until = asyncio.get_running_loop().time() + timeout
        answer = await self._ask(domain, "MX", until)
        if isinstance(answer, Unresolved):
            return answer
        names = self._in_order(answer)
        if answer and not names:
            return Unresolved(Fault.DOMAIN_UNKNOWN, f"{domain} takes no mail: its MX names no host (null MX, RFC 7505)")
        found = await self._resolve_all(names or [domain], until)  # no MX: the domain itself is the host
        hosts = tuple(MailHost(name, () if isinstance(at, Unresolved) else at) for name, at in found)
        if any(host.addresses for host in hosts):
            return hosts
        failed = [at for _, at in found if isinstance(at, Unresolved)]
        return next((at for at in failed if at.fault is Fault.LOOKUP_FAILED), failed[0])

    async def lookup(
        self, name: str, kind: str, *, timeout: float, authoritative: bool = False
    ) -> DnsAnswer | Unresolved:
        """See `Resolver`."""
        async with self._turns:
            until = asyncio.get_running_loop().time() + timeout
            if authoritative:
                return await self._from_authorities(name, kind, until)
            try:
                servers = self._resolver().nameservers
            except (dns.exception.DNSException, OSError) as error:
                return _failed(name, kind, error, timeout)
            return await _lookup(_Uncached(servers, dns.flags.RD | dns.flags.AD), name, kind, until)

    async def _from_authorities(self, name: str, kind: str, until: float) -> DnsAnswer | Unresolved:
        """Ask the name servers of the zone that holds `name`, and for the target of a CNAME those of its zone."""
        target = name
        for _ in range(MAX_ALIASES):
            servers = await self._authorities(target, until)
            if isinstance(servers, Unresolved):
                return servers
            answer = await _lookup(_Uncached(servers, 0), target, kind, until)
            if isinstance(answer, Unresolved) or answer.records or answer.target in ("", target):
                return answer
            target = answer.target
        return Unresolved(Fault.LOOKUP_FAILED, f"{name} has more than {MAX_ALIASES} aliases in a row")

    async def _authorities(self, name: str, until: float) -> Sequence[dns.nameserver.Nameserver] | Unresolved:
        """Return the name servers of the zone that holds `name`: the nearest parent that has NS records."""
        labels = name.rstrip(".").split(".")
        for place in range(len(labels)):
            zone = ".".join(labels[place:])
            found = await self._ask(zone, "NS", until)
            if isinstance(found, Unresolved) and found.fault is Fault.LOOKUP_FAILED:
                return found
            if isinstance(found, Unresolved) or not found:
                continue
            names = [record.target.to_text(omit_final_dot=True) for record in found[:MAX_AUTHORITIES]]
            addresses = [at[0] for _, at in await self._resolve_all(names, until) if not isinstance(at, Unresolved)]
            if not addresses:
                return Unresolved(Fault.LOOKUP_FAILED, f"no name server of {zone} has an address")
            return [dns.nameserver.Do53Nameserver(address, self._authority_port) for address in addresses]
        return Unresolved(Fault.LOOKUP_FAILED, f"no zone found for {name}")

    async def addresses(self, name: str, *, timeout: float) -> Addresses | Unresolved:
        """See `Resolver`. The machine's hosts file comes before DNS, as for other programs."""
        if is_address(name):
            return (name,)
        if known := _in_hosts_file(self._hosts_file, name):
            return known
        return await self._addresses(name, asyncio.get_running_loop().time() + timeout)

    def _in_order(self, records: Sequence[Any]) -> list[str]:
        """Return the names in MX records, best first, without those that cannot be hosts."""
        by_rank = [(mx.preference, mx.exchange.to_text(omit_final_dot=True).lower()) for mx in records]
        by_rank.sort()
        if self._rng is not None:
            draw = self._rng.random
            by_rank = [(rank, name) for rank, _, name in sorted((rank, draw(), name) for rank, name in by_rank)]
        names = dict.fromkeys(name for _, name in by_rank if _HOST_NAME.fullmatch(name))
        return list(names)[:MAX_HOSTS]

    async def _resolve_all(self, names: Sequence[str], until: float) -> list[tuple[str, Addresses | Unresolved]]:
        found = await asyncio.gather(*(self._addresses(name, until) for name in names))
        return list(zip(names, found, strict=True))

    async def _addresses(self, name: str, until: float) -> Addresses | Unresolved:
        v4, v6 = await asyncio.gather(self._ask(name, "A", until), self._ask(name, "AAAA", until))
        found = [
            record.address
            for answer in (v4, v6)
            if not isinstance(answer, Unresolved)
            for record in answer
            if _usable(record.address)
        ]
        failed = [answer for answer in (v4, v6) if isinstance(answer, Unresolved)]
        if found and not (isinstance(v4, Unresolved) and v4.fault is Fault.LOOKUP_FAILED):
            return tuple(found[:MAX_ADDRESSES])
        missing = Unresolved(Fault.DOMAIN_UNKNOWN, f"{name} has no address")
        return next((answer for answer in failed if answer.fault is Fault.LOOKUP_FAILED), (*failed, missing)[0])

    async def _ask(self, name: str, kind: str, until: float) -> Sequence[Any] | Unresolved:
        """Return the records of one type; empty if the name exists without them."""
        seconds = max(until - asyncio.get_running_loop().time(), 0.001)
        try:
            async with asyncio.timeout_at(until):  # dnspython's own limit leaves out its pauses between two tries
                answer = await self._resolver().resolve(name, kind, lifetime=seconds, search=False)
        except dns.resolver.NoAnswer:
            return ()
        except dns.resolver.NXDOMAIN:
            return Unresolved(Fault.DOMAIN_UNKNOWN, f"{name} does not exist")
        except (TimeoutError, dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
            return _failed(name, kind, error, seconds)
        records: Sequence[Any] = tuple(answer)
        return records

    def _resolver(self) -> dns.asyncresolver.Resolver:
        """Create the resolver on first use: a machine without name servers is evidence, not a reason not to start."""
        if self._dns is None:
            made = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers = self._nameservers
            made.cache = dns.resolver.LRUCache(CACHED_ANSWERS)
            made.timeout = TRY_SECONDS
            self._dns = made
        return self._dns


class _Witness(dns.nameserver.Do53Nameserver):
    """A name server that notes that it answered: the library does not say who denied a name."""

    def __init__(self, address: str, port: int, answered: list[str]) -> None:
        super().__init__(address, port)
        self._answered = answered

    async def async_query(self, *args: Any, **options: Any) -> dns.message.Message:
        """See the library."""
        reply = await super().async_query(*args, **options)
        self._answered.append(_place(self.address, self.port))
        return reply


class _Uncached(dns.asyncresolver.Resolver):
    """A resolver for one lookup, which remembers nothing and asks for the AD bit (RFC 6840, section 5.7). `answered`:
    the name servers that answered, the newest last."""

    def __init__(self, servers: Sequence[str | dns.nameserver.Nameserver], flags: int) -> None:
        super().__init__(configure=False)
        self.answered: list[str] = []
        self.nameservers = [_witness(each, self.answered) for each in servers]
        self.timeout = TRY_SECONDS
        self.flags = dns.flags.Flag(flags)
        self.use_edns(0, dns.flags.DO, EDNS_PAYLOAD)


def _witness(server: str | dns.nameserver.Nameserver, answered: list[str]) -> str | dns.nameserver.Nameserver:
    if isinstance(server, str):
        return _Witness(server, 53, answered) if is_address(server) else server
    if isinstance(server, dns.nameserver.Do53Nameserver):
        return _Witness(server.address, server.port, answered)
    return server


async def _lookup(by: _Uncached, name: str, kind: str, until: float) -> DnsAnswer | Unresolved:
    seconds = max(until - asyncio.get_running_loop().time(), 0.001)
    try:
        async with asyncio.timeout_at(until):
            answer = await by.resolve(name, kind, lifetime=seconds, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN as error:
        replies: list[dns.message.QueryMessage] = list((error.kwargs.get("responses") or {}).values())
        return DnsAnswer(
            (),
            exists=False,
            ttl=next(filter(None, map(_ttl, replies)), None),
            authentic=any(reply.flags & dns.flags.AD for reply in replies),
            server=by.answered[-1] if by.answered else "",
            target=name,
        )
    except (TimeoutError, dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
        return _failed(name, kind, error, seconds)
    return DnsAnswer(
        tuple(map(_text, (answer.rrset or ())[:MAX_RECORDS])),
        ttl=_ttl(answer.response),
        authentic=bool(answer.response.flags & dns.flags.AD),
        server=_place(answer.nameserver or "", answer.port),
        target=answer.canonical_name.to_text(omit_final_dot=True).lower(),
    )


def _ttl(reply: dns.message.QueryMessage) -> int | None:
    """Return for how many seconds a reply holds, None if it does not say: the library has a value of its own for what
    is missing without an SOA record."""
    try:
        found = reply.resolve_chaining()
    except dns.exception.DNSException:
        return None
    says = found.answer is not None or any(each.rdtype == dns.rdatatype.SOA for each in reply.authority)
    return found.minimum_ttl if says else None


def _place(address: str, port: int | None) -> str:
    """Return the address of a name server, with its port if that is not the usual one."""
    return address + (f":{port}" if port not in (None, 53) else "")


def _failed(name: str, kind: str, error: Exception, seconds: float) -> Unresolved:
    """Describe a failed lookup."""
    match error:
        case TimeoutError() | dns.resolver.LifetimeTimeout():
            text = f"no name server answered for {kind} of {name} in {seconds:.1f} s"
        case dns.resolver.NoNameservers():
            text = f"no name server could tell {kind} of {name}: {_codes(error)}"
        case dns.resolver.NoResolverConfiguration():
            text = "this machine has no name server configured"
        case _:
            text = f"{kind} of {name}: {type(error).__name__}: {error}"[:300]
    return Unresolved(Fault.LOOKUP_FAILED, text)


def _nameserver(where: str) -> dns.nameserver.Do53Nameserver:
    """Parse "192.0.2.53", "192.0.2.53:5353", "2001:db8::53" or "[2001:db8::53]:5353". Raises ValueError."""
    plain = is_address(where)
    address, _, port = (where, "", "53") if plain else where.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if not is_address(address) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f'must be a name server like "192.0.2.53" or "127.0.0.1:5353", not "{where}"')
    return dns.nameserver.Do53Nameserver(address, int(port))


def _text(record: Any) -> str:
    """Return a record as text. A TXT record is one text in several pieces (RFC 7208, section 3.3), of any octets."""
    if record.rdtype == dns.rdatatype.TXT:
        return b"".join(record.strings).decode("utf-8", "replace")[:MAX_RECORD_CHARS]
    text: str = record.to_text()
    return text[:MAX_RECORD_CHARS]


def _usable(address: str) -> bool:
    """False for 0.0.0.0, which would be ourselves, and for multicast."""
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_unspecified or parsed.is_multicast)


def _codes(error: dns.resolver.NoNameservers) -> str:
    """Return the response code of each name server: "SERVFAIL", "REFUSED"."""
    said = (attempt[3] for attempt in error.kwargs["errors"])  # rows of (name server, tcp, port, error, response)
    named = (what if isinstance(what, str) else type(what).__name__ for what in said)
    return ", ".join(dict.fromkeys(named)) or "no answer"


def _in_hosts_file(path: Path, name: str) -> Addresses:
    """Return the addresses of `name` in the machine's own hosts file, IPv4 first."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ()
    rows = (line.partition("#")[0].lower().split() for line in text.splitlines())
    found = [row[0] for row in rows if name.lower() in row[1:] and is_address(row[0])]
    return tuple(sorted(dict.fromkeys(found), key=lambda address: ":" in address))
