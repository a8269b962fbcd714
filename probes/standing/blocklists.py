"""Blocklists: is the sender's address or domain on one, and can that list be believed.

Each list is tested in the same look in which it is asked, because lists die in two ways: one day a list is empty, and
"not listed" is worth nothing; or its domain is parked, and everybody is listed. Between those, a resolver of a provider
may rewrite "does not exist" into an address, and a list may answer "you may not ask", which is no listing. So an answer
counts only if the list's own test entry is there and its clear entry is not (RFC 5782, section 5).
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import chain

from probes.ip_addresses import parse_ip
from probes.reading.received import organisation
from probes.resolver import Records, Resolver, Unresolved
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.lists import COMMON_REFUSALS, LISTS, DnsList, ListAccess, ListKind, ListWeight

MAX_QUESTIONS_AT_ONCE = 32
LIST_TIMEOUT_SECONDS = 5.0  # of one question
KEY_SHOWN_AS = "KEY"
NO_ACCESS = ListAccess()

_ANSWERS = ip_network("127.0.0.0/8")
_SUMS = ip_network("127.0.0.0/24")
_REFUSALS = ip_network("127.255.255.0/24")
_REFUSAL_BIT = 1  # of lists whose answers are sums
_KEY = re.compile(r"[A-Za-z0-9]{1,63}")


class ListState(StrEnum):
    """Results of asking a list. Only LISTED says anything against the sender."""

    LISTED = "listed"
    CLEAR = "clear"
    REFUSED = "refused"  # the list does not let us ask
    BROKEN = "broken"  # it fails its own test: what it says proves nothing
    UNKNOWN = "unknown"  # no answer, or one that the table does not explain


class Flaw(StrEnum):
    """Reasons why a list, or the way to it, is broken."""

    TEST_MISSING = "test_missing"
    LISTS_ALL = "lists_all"
    NO_LIST_ANSWER = "no_list_answer"


FLAWS: dict[Flaw, str] = {
    Flaw.TEST_MISSING: "its own test entry is missing: the list is empty or closed, or hides from our resolver",
    Flaw.LISTS_ALL: "it lists what nobody can list: its domain is parked, or it was closed by listing everybody",
    Flaw.NO_LIST_ANSWER: "the answer is not of a list: its domain is parked, or our resolver rewrites answers",
}


@dataclass(frozen=True, slots=True)
class ListReading:
    """One answer of one list, by its row. `meanings` are the table's words; `text` explains what is no listing."""

    state: ListState
    codes: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    flaw: Flaw | None = None
    text: str = ""
    lesser: bool = False
    ttl: int | None = None
    server: str = ""


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """The answer of one list about one subject, an address or a domain, after its self-test."""

    dns_list: DnsList
    subject: str
    reading: ListReading
    at: datetime

    @property
    def state(self) -> ListState:
        """The state of the reading."""
        return self.reading.state

    @property
    def matters(self) -> bool:
        """Test if business gateways refuse mail for this listing."""
        listed = self.state is ListState.LISTED
        return listed and self.dns_list.weight is ListWeight.HIGH and not self.reading.lesser


def fact_of(answer: ListAnswer) -> Fact:
    """Return the fact that an answer is: bad only for a listing that business gateways refuse for. `fact.judge` wants
    to see that twice before it is said."""
    row, reading = answer.dns_list, answer.reading
    state, why = _FACTS[reading.state]
    said = ", ".join(reading.meanings) or (FLAWS[reading.flaw] if reading.flaw else reading.text)
    if reading.state is ListState.LISTED and not answer.matters:
        state, why = State.WEAK, Why.LISTED_MINOR
    if reading.state is ListState.CLEAR and reading.meanings:
        why = Why.LIST_NEUTRAL
    elif reading.state is ListState.CLEAR and not row.test:
        state, why = State.NONE, Why.NOT_LISTED_UNTESTED
    return Fact(
        Question.BLOCKLIST,
        row.fact_subject(answer.subject),
        state,
        why,
        answer.at,
        value=" ".join(reading.codes),
        named=(row.name, said, row.leave),
        ttl=reading.ttl,
        servers=(reading.server,) if reading.server else (),
    )


_FACTS: dict[ListState, tuple[State, Why]] = {
    ListState.LISTED: (State.BAD, Why.LISTED),
    ListState.CLEAR: (State.GOOD, Why.NOT_LISTED),
    ListState.REFUSED: (State.REFUSED, Why.LIST_REFUSES),
    ListState.BROKEN: (State.UNKNOWN, Why.LIST_BROKEN),
    ListState.UNKNOWN: (State.UNKNOWN, Why.LIST_SILENT),
}


def read_answer(dns_list: DnsList, answer: Records | Unresolved) -> ListReading:
    """Read an answer of a list: () if there is no such name. One refusal among several records is a refusal: nobody is
    accused by halves."""
    if isinstance(answer, Unresolved):
        return ListReading(ListState.UNKNOWN, text=dns_list.silence or answer.text)
    codes = tuple(sorted(answer))
    addresses = [parse_ip(code) for code in codes]
    found = [address for address in addresses if isinstance(address, IPv4Address) and address in _ANSWERS]
    if len(found) < len(codes):
        return ListReading(ListState.BROKEN, codes, flaw=Flaw.NO_LIST_ANSWER)
    refusals = tuple(filter(None, (_refusal(dns_list, address) for address in found)))
    if refusals:
        return ListReading(ListState.REFUSED, codes, text=refusals[0])
    meanings = tuple(dict.fromkeys(chain.from_iterable(_meanings(dns_list, address) for address in found)))
    if meanings:
        lesser = all(_octets(dns_list, address) <= dns_list.lesser for address in found)
        return ListReading(ListState.LISTED, codes, meanings, lesser=lesser)
    if unexplained := [code for code in codes if code not in dns_list.neutral]:
        return ListReading(ListState.UNKNOWN, codes, text=f"answers {unexplained[0]}, whose meaning is not known")
    return ListReading(ListState.CLEAR, codes, tuple(dict.fromkeys(dns_list.neutral[code] for code in codes)))


def self_test(dns_list: DnsList, test: ListReading, clear: ListReading) -> ListReading | None:
    """Judge a list by what it says of its test entry and of its clear entry. None if it works, else the reading that
    stands in place of whatever it says of anybody."""
    for reading in (test, clear):
        if reading.state is ListState.REFUSED or reading.flaw:
            return reading
    if test.state is ListState.CLEAR and not test.codes:
        return ListReading(ListState.BROKEN, flaw=Flaw.TEST_MISSING)
    if clear.codes:
        return ListReading(ListState.BROKEN, clear.codes, flaw=Flaw.LISTS_ALL)
    silent = [reading for reading in (test, clear) if reading.state is ListState.UNKNOWN and not reading.codes]
    return silent[0] if silent else None


async def ask_lists(
    resolver: Resolver,
    addresses: Iterable[str],
    domains: Iterable[str],
    now: datetime,
    *,
    access: ListAccess = NO_ACCESS,
    lists: Sequence[DnsList] = LISTS,
    timeout: float = LIST_TIMEOUT_SECONDS,
) -> tuple[ListAnswer, ...]:
    """Ask the lists about these addresses, and about these domains and the organisations they belong to.

    Nothing is asked about what is neither an IP address nor a domain. Raises ValueError for a malformed key.
    """
    key = access.key and checked_key(access.key)
    asker = _Asker(resolver, key, timeout)
    asked_domains = domains_to_ask(domains)
    asked_addresses = tuple(dict.fromkeys(addresses))
    wanted = [row for row in lists if row.asked_zone(key) and row.public_zone not in access.off]
    found = await asyncio.gather(
        *(asker.ask(row, asked_domains if row.kind is ListKind.DOMAIN else asked_addresses, now) for row in wanted)
    )
    return tuple(chain.from_iterable(found))


def checked_key(key: str) -> str:
    """Return the key of Spamhaus DQS, which becomes a part of names. Raises ValueError if it cannot."""
    if not _KEY.fullmatch(key.strip()):
        raise ValueError("must consist of letters and digits, as Spamhaus shows it")
    return key.strip()


def domains_to_ask(domains: Iterable[str]) -> tuple[str, ...]:
    """Return the domains and their organisations: most lists name the latter, which concerns its subdomains as well."""
    plain = [domain.lower().rstrip(".") for domain in domains]
    named = [domain for domain in plain if "." in domain and parse_ip(domain) is None]
    return tuple(dict.fromkeys(chain.from_iterable((domain, organisation(domain)) for domain in named)))


def question_name(subject: str, kind: ListKind, zone: str) -> str:
    """Return the name to ask: a domain as it is, an address backwards, IPv6 by hexadecimal digits (RFC 5782, 2.4).
    Raises ValueError for no address."""
    if kind is ListKind.DOMAIN:
        return f"{subject}.{zone}"
    backwards = (parse_ip(subject) or ip_address(subject)).reverse_pointer
    return f"{backwards.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


class _Asker:
    """Asks, so many questions at once, and takes the key out of all text."""

    def __init__(self, resolver: Resolver, key: str, timeout: float) -> None:
        self._resolver = resolver
        self._key = key
        self._timeout = timeout
        self._room = asyncio.Semaphore(MAX_QUESTIONS_AT_ONCE)

    async def ask(self, dns_list: DnsList, subjects: Sequence[str], now: datetime) -> list[ListAnswer]:
        """Ask one list about subjects, and test it meanwhile."""
        usable = [subject for subject in subjects if _may_be_asked(dns_list, subject)]
        tests = [dns_list.test, dns_list.clear] if dns_list.test else []
        names = usable and [*tests, *usable]
        readings = await asyncio.gather(*(self._read(dns_list, name) for name in names))
        fault = self_test(dns_list, readings[0], readings[1]) if tests and usable else None
        return [
            ListAnswer(dns_list, subject, reading if fault is None else fault, now)
            for subject, reading in zip(usable, readings[len(tests) :], strict=False)
        ]

    async def _read(self, dns_list: DnsList, subject: str) -> ListReading:
        name = question_name(subject, dns_list.kind, dns_list.asked_zone(self._key))
        async with self._room:
            answer = await self._resolver.lookup(name, "A", timeout=self._timeout)
        if isinstance(answer, Unresolved):
            text = answer.text.replace(self._key, KEY_SHOWN_AS) if self._key else answer.text
            return read_answer(dns_list, Unresolved(answer.fault, text))
        reading = read_answer(dns_list, answer.records)
        return replace(reading, ttl=answer.ttl, server=answer.server)


def _may_be_asked(dns_list: DnsList, subject: str) -> bool:
    """Test if this list has entries for such a subject."""
    if dns_list.kind is ListKind.DOMAIN:
        return True
    address = parse_ip(subject)
    return address is not None and (isinstance(address, IPv4Address) or dns_list.ipv6)


def _refusal(dns_list: DnsList, address: IPv4Address) -> str:
    """Return the reason of a refusal; "" if this answer is none."""
    code = str(address)
    if known := dns_list.refused.get(code) or COMMON_REFUSALS.get(code):
        return known
    if address in _REFUSALS:
        return f"refused with {code}"
    return "the question was refused" if dns_list.bits and address in _SUMS and int(address) & _REFUSAL_BIT else ""


def _meanings(dns_list: DnsList, address: IPv4Address) -> list[str]:
    """Return the meanings of an answer that is a listing; none if it is not."""
    if not dns_list.bits:
        return [dns_list.listed[str(address)]] if str(address) in dns_list.listed else []
    return [dns_list.bits[bit] for bit in sorted(_octets(dns_list, address))] if address in _SUMS else []


def _octets(dns_list: DnsList, address: IPv4Address) -> frozenset[int]:
    """Return the last octet, or the bits of it that the table explains."""
    octet = int(address) & 0xFF
    return frozenset(bit for bit in dns_list.bits if octet & bit) if dns_list.bits else frozenset({octet})
