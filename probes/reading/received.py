"""The Received chain of an arrived message, and who connected at the receiver's border.

Forms read (the address that the receiver saw, never the name that the client claimed):
`from HELO (rdns [IP])` Postfix and sendmail, `from [IP] (helo=x)` and `from rdns ([IP] helo=x)` Exim,
`from HELO (IP)` Exchange, `from rdns (HELO x) (IP)` qmail, `[IPv6:...]` anywhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

MOST_HOPS = 50  # RFC 5321, section 6.3, sets 100 as the loop limit; real chains are shorter
LONGEST = 4096

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_RECEIVED = re.compile(r"^received:(.*)$", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(r"^\s*from\s+(.*?)(?=\sby\s|\s*;|$)", re.IGNORECASE | re.DOTALL)
_CLAIMED = re.compile(r"\bhelo[= ][^\s)]+", re.IGNORECASE)
_BY = re.compile(r"\bby\s+([A-Za-z0-9._-]{1,253})", re.IGNORECASE)
_ADDRESS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]{3,45})\]|\(([0-9A-Fa-f.:]{3,45})(?:\s[^)]*)?\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received line. `ip` is the address that connected, "" where the line does not tell; `at` its date."""

    by: str
    ip: str
    at: datetime | None


@lru_cache(maxsize=64)  # judging, grading and dating one arrival ask for the same
def hops(headers: str) -> tuple[Hop, ...]:
    """The Received lines of a header section, topmost (latest) first. Never raises."""
    lines = _RECEIVED.findall(_FOLD.sub(" ", headers))[:MOST_HOPS]
    return tuple(_hop(line[:LONGEST]) for line in lines)


def border(headers: str, *, relayed: bool) -> Hop | None:
    """The hop at which the message entered the receiver's side.

    Our message leaves without a Received line, so the lowest one was written by the first server it met. When we spoke
    to the receiver itself that is its border. When it went through the sender's relay, the border is the lowest line
    written by another organisation than the relay's.
    """
    upwards = hops(headers)[::-1]
    if not upwards:
        return None
    if not relayed:
        return upwards[0]
    home = _organisation(upwards[0].by)
    return next((hop for hop in upwards if _organisation(hop.by) != home), None)


def latest(chain: Sequence[Hop]) -> datetime | None:
    """When the last server took the message, where it said so."""
    return next((hop.at for hop in chain if hop.at), None)


def _hop(line: str) -> Hop:
    by = _BY.search(line)
    sender = _FROM.match(line)
    return Hop(by[1].lower() if by else "", _address(sender[1]) if sender else "", _date(line.rpartition(";")[2]))


def _address(clause: str) -> str:
    """The last address in brackets: what comes first in a clause is what the client said of itself."""
    helo, _, seen = _CLAIMED.sub("", clause).partition(" ")
    for text in (*reversed([a or b for a, b in _ADDRESS.findall(seen)]), helo.strip("[]").removeprefix("IPv6:")):
        try:
            return str(ip_address(text))
        except ValueError:
            continue
    return ""


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text.strip()[:64])
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _organisation(host: str) -> str:
    return _suffixes().privatesuffix(host) or host
