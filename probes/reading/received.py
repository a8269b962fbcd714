"""The Received chain of an arrived message, and the client at the receiver's border.

Supported forms (the address that the receiver saw, never the one that the client claimed): `from HELO (rdns [IP])`
Postfix, sendmail, Gmail and most others, `from [IP] (helo=x)`, `from rdns ([IP] helo=x)` Exim, `from HELO (IP)`
Exchange, `from rdns (HELO x) (IP)` qmail, `from IP (EHLO x)` Yahoo, `from [IP] (HELO x)` CommuniGate, `from
x(mailfrom:y ip:IP)` Alibaba.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import overload

from publicsuffixlist import PublicSuffixList

from probes.reading.facts import HopFacts
from probes.reading.header_fields import fields

MAX_HOPS = 200  # RFC 5321, section 6.3, asks servers to take 100 for a loop
MAX_HEADER_CHARS = 4096

INTERNAL: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",  # RFC 6598
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "2603:1000::/24",  # between the servers of Exchange Online: 2603:10a6, 2603:10b6
        "2002:a00::/24",  # 6to4 of 10.0.0.0/8: between the servers of Gmail
    )
)

OWN_BORDER = re.compile(  # hosts that meet clients only, other customers of the same provider too
    r"\.protection\.outlook\.com$|^mx\.google\.com$"
)
BEHIND_IT = re.compile(r"\.(?:outlook|office365)\.com$")  # and those that meet only its own


@lru_cache(maxsize=64)  # judging, grading and dating one arrival ask for the same
def hops(headers: str) -> tuple[HopFacts, ...]:
    """Return the Received lines of a header section, topmost (latest) first. Never raises."""
    return chain([field.value for field in fields(headers) if field.name == "received"])


def chain(values: Sequence[str]) -> tuple[HopFacts, ...]:
    """Return the hops of these Received values, each with the time since the hop below it."""
    found = [*ReceivedLines(values)]
    before: datetime | None = None
    for place in range(len(found) - 1, -1, -1):
        at = found[place].at
        if at and before:
            found[place] = replace(found[place], delay=at - before)
        before = at or before
    return tuple(found)


class ReceivedLines(Sequence[HopFacts]):
    """The hops of these Received values, each read when it is first asked for, and without `delay`.

    Who connected at the border is in one line of the ten that Exchange Online writes, and to read one takes longer than
    to find all.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self._values = values[:MAX_HOPS]
        self._known: dict[int, HopFacts] = {}

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, place: int) -> HopFacts: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[HopFacts, ...]: ...
    def __getitem__(self, place: int | slice) -> HopFacts | tuple[HopFacts, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        place = range(len(self))[place]
        if place not in self._known:
            self._known[place] = _hop(self._values[place][:MAX_HEADER_CHARS])
        return self._known[place]


def border_of(met: Sequence[HopFacts], *, relayed: bool | None = None, receiver: str | None = None) -> int | None:
    """Return the index of the hop at which the message entered the receiver's side; None if no line shows it.

    Our own message (`relayed` is not None) leaves without a Received line, so the lowest one was written by the first
    server it met. If we spoke to the receiver itself, that is its border. If it went through the sender's relay, the
    border is the lowest line written by another organisation than the relay's.

    For a message of unknown origin it is the topmost line whose client came from outside: not with an internal address,
    and not with a name that the receiver itself looked up and that is of the same organisation. `receiver` is the host
    or domain whose border is wanted, if not the last organisation on the way.
    """
    if not met:
        return None
    if relayed is False:
        return len(met) - 1
    if relayed is True:
        home = organisation(met[-1].by)
        return next((place for place in reversed(range(len(met))) if organisation(met[place].by) != home), None)
    places = written_by(met, receiver) if receiver else []
    return _entrance(met, places or range(len(met)))


@lru_cache(maxsize=4096)
def is_internal(ip: str) -> bool:
    """Test if this address is used only inside one organisation; also true if there is none."""
    try:
        address = ip_address(ip)
    except ValueError:
        return True
    return any(address.version == network.version and address in network for network in INTERNAL)


def latest(met: Sequence[HopFacts]) -> datetime | None:
    """Return when the last server accepted the message, if stated."""
    return next((hop.at for hop in met if hop.at), None)


@lru_cache(maxsize=4096)
def organisation(host: str) -> str:
    """Return the registrable domain of a host name, or the name itself if it has none."""
    return _suffixes().privatesuffix(host) or host


def written_by(met: Sequence[HopFacts], receiver: str) -> list[int]:
    """Return the indices of the hops that this host wrote; if none, those of its organisation."""
    name = receiver.strip().rstrip(".").lower()[:253]
    exact = [place for place, hop in enumerate(met) if hop.by == name]
    return exact or [place for place, hop in enumerate(met) if hop.by and organisation(hop.by) == organisation(name)]


def _entrance(met: Sequence[HopFacts], places: Sequence[int]) -> int | None:
    """Return the topmost of these hops that is known to be, or looks like, a border; else the lowest with an
    address."""
    outside = [place for place in places if not is_internal(met[place].ip) or OWN_BORDER.search(met[place].by)]
    if not outside:
        return next((place for place in reversed(places) if met[place].ip), None)
    return next((place for place in outside if _is_foreign(met[place])), outside[-1])


def _is_foreign(hop: HopFacts) -> bool:
    if OWN_BORDER.search(hop.by):
        return not hop.ip or not is_internal(hop.ip)
    if BEHIND_IT.search(hop.by):
        return False
    return not hop.rdns or organisation(hop.rdns) != organisation(hop.by)


_FROM = re.compile(r"\s*from\s+", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+\[?([A-Za-z0-9._:-]{1,253})", re.IGNORECASE)
_IP = r"(?:IPv6:)?([0-9A-Fa-f.:]{3,45})"
_BRACKETED = re.compile(rf"\[{_IP}\]", re.IGNORECASE)
_ALONE = re.compile(rf"\((?:[^\s()@]{{1,64}}@)?{_IP}(?:\s[^()]{{0,200}})?\)", re.IGNORECASE)  # Exchange, qmail
_LABELLED = re.compile(rf"\bip:{_IP}", re.IGNORECASE)  # Alibaba
_BARE = re.compile(rf"(?:^|[\s(]){_IP}(?=[\s)]|$)", re.IGNORECASE)
_SAID = re.compile(r"\(?\b(?:EHLO|HELO|ehlo|helo|Helo|Ehlo)[= ]\s*([^\s)]{1,253})")
_SEEN_FIRST = re.compile(r"^\((?:[eh](?:hlo|elo)[= ]|port=)", re.IGNORECASE)
_SAYS_NOTHING_OF_IT = re.compile(r"\((?:using|authenticated|no client|client)\b[^()]*\)", re.IGNORECASE)
_NAMED = re.compile(r"\(\s*(?:[^\s()@]{1,64}@)?([A-Za-z0-9._-]{1,253})\s*\[")
_NO_TCP_INFO_BUT_SEEN = re.compile(r"\(Exim\b|\b(?:with|via) https?\b", re.IGNORECASE)
_UNKNOWN = frozenset({"", "unknown", "unverified", "localhost", "localhost.localdomain"})


def _hop(line: str) -> HopFacts:
    start = _FROM.match(line)
    by = _by(line, start.end() if start else 0)
    clause = line[start.end() : by.start() if by else _semicolon(line)] if start else ""
    first, rest = _first_word(clause.strip())
    ip, helo, rdns = _client(first, rest, line)
    return HopFacts(by[1].lower().strip(".:") if by else "", ip, _date(line), helo, rdns, _tls(line))


def _by(line: str, start: int) -> re.Match[str] | None:
    """Return the clause of the server that writes. Tries its usual place first: much faster."""
    usual = line.find(" by ", start)
    return (_BY.match(line, usual) if usual >= 0 else None) or _BY.search(line, start)


def _semicolon(line: str) -> int:
    end = line.rfind(";")
    return end if end >= 0 else len(line)


def _first_word(clause: str) -> tuple[str, str]:
    """Return the client's own name for itself, which may contain brackets, and the text behind it."""
    word, _, rest = clause.partition(" ")
    if word.count("(") > word.count(")"):
        word, _, behind = word.partition("(")
        rest = f"({behind} {rest}"
    return word[:253], rest.strip()


def _client(first: str, rest: str, line: str) -> tuple[str, str, str]:
    """Return address, HELO and reverse name of the client."""
    seen = _SAYS_NOTHING_OF_IT.sub("", rest)
    said = _SAID.search(seen)
    bare = _SAID.sub("(", seen) if said else seen
    literal = _literal(first)
    ip = _seen(bare)
    if not ip and literal and (_SEEN_FIRST.match(rest) or _NO_TCP_INFO_BUT_SEEN.search(line)):
        ip = literal
    named = _NAMED.search(bare)
    if said:
        return ip, said[1], _name("" if literal else first)
    doubtful = "may be forged" in rest  # sendmail: the name does not lead back to the address
    return ip, first, "" if doubtful or not named else _name(named[1])


def _seen(clause: str) -> str:
    """Return the last address that the receiver wrote into brackets of its own."""
    for form in (_BRACKETED, _ALONE, _LABELLED, _BARE):
        for text in reversed(form.findall(clause)):
            if address := _address(text):
                return address
    return ""


def _literal(word: str) -> str:
    """Return the address if the first word is one: `[IP]`, `[IP]:port` or bare."""
    found = _BRACKETED.match(word)
    return _address(found[1] if found else word)


@lru_cache(maxsize=4096)
def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _name(word: str) -> str:
    name = word.strip().rstrip(".").lower()
    return "" if name in _UNKNOWN or _literal(name) else name


_TLS = re.compile(r"(TLS|SSL)[ _]?v?([123])(?:[._]([0-3]))?(?![0-9])")
_ENCRYPTED = re.compile(r"with\s+(?:e?smtps|lmtps|https|esmtpsa|lmtpsa|utf8smtpsa?)\b|_SHA(?:256|384)\b", re.IGNORECASE)


def _tls(line: str) -> str:
    """Return the version ("TLSv1.3"), "TLS" if only that is stated, else ""."""
    upper = line.upper()
    if ("TLS" in upper or "SSL" in upper) and (found := _TLS.search(upper.replace("V", "v"))):
        family, major, minor = found.groups()
        return f"{family}v{major}.{minor}" if minor else f"{family}v{major}"
    return "TLS" if ("TPS" in upper or "_SHA" in upper) and _ENCRYPTED.search(line) else ""


_MONTHS = {name.lower(): month for month, name in enumerate(calendar.month_abbr) if month}
_DATE = re.compile(
    r"(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]{0,6}[ -](?P<year>\d{4})\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?"
    r"\s*(?P<zone>[+-]\d\d:?\d\d|GMT\b|UTC?\b|Z\b|(?![\s\d:.]*[A-Za-z]))"  # a zone by another name: not by this form
)


def _date(line: str) -> datetime | None:
    """Return the time after the last semicolon (some omit it), in UTC."""
    _, semicolon, text = line.rpartition(";")
    text = text[:120] if semicolon else line[-60:]
    try:
        if found := _DATE.search(text):
            return _moment(**found.groupdict())
        at = parsedate_to_datetime(text.strip()[:64]) if semicolon else None
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC) if at else None
    except (ValueError, TypeError, OverflowError, IndexError, KeyError):
        return None


def _moment(day: str, month: str, year: str, hour: str, minute: str, second: str | None, zone: str) -> datetime:
    """Parse a time. Raises ValueError, OverflowError or KeyError if it does not exist."""
    at = datetime(
        int(year), _MONTHS[month.lower()], int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC
    )
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "")
        ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if ahead >= timedelta(days=1):
            raise ValueError(zone)
        return at - ahead if zone[0] == "+" else at + ahead
    return at


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
