"""Password rules and hashing. The one home of Argon2."""

import asyncio
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.people.secrets import new_secret
from probes.ip_addresses import CUSTOMER, block_of

MIN_PASSWORD_CHARS = 12  # characters
MAX_PASSWORD_CHARS = 200
MAX_CONCURRENT_HASHES = 2  # each takes 64 MiB and a tenth of a second of every core
MAX_WAITING = 40  # who comes then is sent away: so many take about as long as people wait
KEPT_FOR_THE_KNOWN = 10  # of these: a crowd of strangers does not keep out whoever has signed in before
MAX_WAITING_PER_BLOCK = 2  # strangers of one block of addresses that wait at a time
WORN = ("password", "passwort", "mailpath", "trimble", "qwerty", "qwertz", "letmein", "changeme", "welcome", "admin")
KEYS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
ROWS = (*KEYS, *(row[::-1] for row in KEYS))
RUN = 4  # keys in a row that count for nothing
CORE = 6  # letters and digits that must be somebody's own
DIFFERENT = 5  # characters


P = ParamSpec("P")
T = TypeVar("T")


class BusyError(Exception):
    """Too many passwords are being checked at the moment."""


def fault_of(password: str, name: str) -> str | None:
    """Return why this cannot be the password of `name`, in a sentence that does not quote it; None if it can."""
    plain = unicodedata.normalize("NFKC", password).casefold()
    if len(plain) < MIN_PASSWORD_CHARS:
        return f"A password has at least {MIN_PASSWORD_CHARS} characters; a few words in a row are easy to remember."
    if len(password) > MAX_PASSWORD_CHARS:
        return f"A password has at most {MAX_PASSWORD_CHARS} characters."
    if len(name) > 2 and name in plain and _core(plain.replace(name, "")) < CORE:
        return "That is little more than the name: choose something that others do not know."
    if len(set(plain)) < DIFFERENT or _core(plain) < CORE:
        return "That is among the first that others would try: choose something longer, or stranger."
    return None


def _core(plain: str) -> int:
    """Count the characters left without common words and keyboard sequences."""
    left = "".join(each for each in plain if each.isalnum())
    for word in WORN:
        left = left.replace(word, "")
    core, at = 0, 0
    while at < len(left):
        run = next((end for end in range(len(left), at, -1) if any(left[at:end] in row for row in ROWS)), at + 1)
        core += run - at < RUN and run - at
        at = run
    return core


class Passwords:
    """Hashes and checks passwords in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()  # RFC 9106, section 4: the second recommended choice
        self._nobodys = self._hasher.hash(new_secret())
        self._turns = asyncio.Semaphore(MAX_CONCURRENT_HASHES)
        self._waiting = 0
        self._blocks: Counter[str] = Counter()  # of strangers who wait

    @contextmanager
    def place(self, address: str = "", *, known: bool = False) -> Iterator[None]:
        """Wait for a slot, which hashing and checking require. Raises BusyError.

        `known`: they certainly signed in before, or were invited. `address`: "" if many share it.
        """
        theirs = "" if known or not address else block_of(address, CUSTOMER)
        most = MAX_WAITING if known else MAX_WAITING - KEPT_FOR_THE_KNOWN
        if self._waiting >= most or (theirs and self._blocks[theirs] >= MAX_WAITING_PER_BLOCK):
            raise BusyError
        self._waiting += 1
        self._blocks[theirs] += 1
        try:
            yield
        finally:
            self._waiting -= 1
            self._blocks -= Counter([theirs])  # this forgets those of whom nobody waits

    async def hashed(self, password: str) -> str:
        """Return the hash to store."""
        return await self._in_turn(self._hasher.hash, _bytes(password))

    async def fits(self, kept: str, password: str) -> bool:
        """Check a password against its hash. Against "", no hash, it takes as long to fail."""
        return await self._in_turn(self._verify, kept or self._nobodys, _bytes(password)) and bool(kept)

    def _verify(self, kept: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_turn(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._turns:
            return await asyncio.to_thread(work, *args, **kwargs)


def _bytes(password: str) -> bytes:
    """Normalise the text: the same letters are the same password (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFKC", password[: 4 * MAX_PASSWORD_CHARS]).encode("utf-8", "surrogatepass")
