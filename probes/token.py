"""The signed marker of a probe: only holders of the key can tell an arrival from a forgery.

A token is "mp", the probe's id and a MAC over it: 34 letters and digits, one word in a message, a link or an address.
It survives gateways that change case. Only its shape is public: without the key nobody can make or alter one.

A probe has two. The message's token is in its headers and body, the envelope's in its bounce address alone. A host that
saw only the envelope (a server that refused it at RCPT, a log) cannot make a message that counts as the arrival; a
reader of the message without its Return-Path cannot write to the bounce address.
"""

import hmac
import re
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from time import time

_REST = "{32}(?![A-Za-z0-9])"  # before it there may be anything: links have "=", "%3D" and "-3D"
_LOWER = f"mp[a-z2-7]{_REST}"
_UPPER = f"MP[A-Z2-7]{_REST}"

TOKEN = re.compile(f"{_LOWER}|{_UPPER}")
"""Pattern of a token in text, in one case throughout. No proof of anything; see `verify`."""

TOKEN_BYTES = re.compile(TOKEN.pattern.encode())
"""The same in bytes."""

TOKEN_LENGTH = 34

_ONE_CASE = (re.compile(_LOWER.encode()), re.compile(_UPPER.encode()))
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [one + other for one in _LETTERS for other in _LETTERS]
_SORTED = "".join(sorted(_LETTERS))  # digits before letters, as they sort
_ORDER = str.maketrans(_LETTERS, _SORTED)
_TIME_MASK = 2**40 - 1  # it lasts until 2318
_ID = re.compile(r"[a-z2-7]{16}")
_WHOLE = re.compile(r"mp([a-z2-7]{16})[a-z2-7]{16}")


class Purpose(StrEnum):
    """Places of a token."""

    MESSAGE = "message"
    ENVELOPE = "envelope"


_CONTEXTS = {  # no other use of the key can ever yield a token
    Purpose.MESSAGE: b"mailpath token 1\0",  # before there were two it stood in the bounce address as well
    Purpose.ENVELOPE: b"mailpath envelope 1\0",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """The content of a token made with our key."""

    probe_id: str
    purpose: Purpose


def new_probe_id(at: datetime | None = None) -> str:
    """40 bits of the time of launch, in steps of 10 ms since 1970, and 40 random bits, as 16 characters a-z2-7.

    Ids sort by time, so that a store appends to its indexes where random ids would touch every page of them. `at`: now
    by default.
    """
    since = int((at.timestamp() if at else time()) * 100) & _TIME_MASK
    return _in_order((since << 40 | secrets.randbits(40)).to_bytes(10, "big"))


def mint(probe_id: str, key: bytes, purpose: Purpose = Purpose.MESSAGE) -> str:
    """Make the token of a probe. ValueError for an id that `new_probe_id` could not have made."""
    if _ID.fullmatch(probe_id) is None:
        raise ValueError("a probe id is 16 characters a-z2-7")
    return f"mp{probe_id}{_seal(probe_id, key, purpose)}"


def beginning(probe_id: str) -> str:
    """Return the beginning of this probe's token, whatever the key: enough to search for it, and no proof."""
    return f"mp{probe_id}"


def verify(token: str, key: bytes) -> Verified | None:
    """Return the probe and purpose of a token made with this key, in any case. Never raises."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    lowered = token.lower()
    match = _WHOLE.fullmatch(lowered)
    if match is None:
        return None
    fits = (each for each in Purpose if hmac.compare_digest(lowered[18:], _seal(match[1], key, each)))
    return Verified(match[1], purpose) if (purpose := next(fits, None)) else None


def shaped(data: bytes, end: int = sys.maxsize) -> Iterator[re.Match[bytes]]:
    """Find texts shaped like a token before `end`: those in lower case, then those in upper case.

    The same as TOKEN_BYTES, ten times as fast: a pattern with fixed first letters skips everything else.
    """
    for pattern in _ONE_CASE:
        yield from pattern.finditer(data, 0, end)


@lru_cache(1024)  # what was just minted comes back: a token of the message, and one of the envelope
def _seal(probe_id: str, key: bytes, purpose: Purpose) -> str:
    return base32(keyed_digest(key, _CONTEXTS[purpose] + probe_id.encode())[:10])


def keyed_digest(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA256. Every use of the key begins its text with a context of its own.

    `hmac.digest` lets other threads run for each call, and to get its turn back costs fifty times what the digest of a
    short text does. A copy of a keyed object computes without that.
    """
    copy = _keyed(key).copy()
    copy.update(text)
    return copy.digest()


@lru_cache(4)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _in_order(data: bytes) -> str:
    """The same with an alphabet that sorts as the octets do."""
    return base32(data).translate(_ORDER)


def base32(data: bytes) -> str:
    """RFC 4648, section 6, in lower case, of a multiple of 5 octets. Faster than the standard library's for a few."""
    bits = int.from_bytes(data, "big")
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(len(data) * 8 - 10, -1, -10)])
