"""Asking by DNS and HTTP, within a time limit; answers become facts here.

The judging is apart and pure: each question turns what it read into an `Assessment`, and `Asker.fact` dates it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from probes.http import HttpReply, HttpSession
from probes.resolver import DnsAnswer, Resolver, Unresolved
from probes.standing.blocklists import NO_ACCESS
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.lists import ListAccess

LOOKUP_TIMEOUT = 5.0  # seconds for one DNS lookup
MAX_VALUE_CHARS = 500  # of what others publish, kept in a fact


@dataclass(frozen=True, slots=True)
class Subject:
    """The sender that is asked about. `selectors` are its DKIM selectors, for `domain`."""

    domain: str
    bounce_domain: str
    source_ip: str
    helo: str
    selectors: tuple[str, ...] = ()


@dataclass(slots=True)
class Asker:
    """Asks for one question, and remembers who answered and for how long the answers hold.

    `validating`: the AD bit of our resolver is believed. `authoritative`: ask the name servers of each zone, whose
    answers have no AD bit. `lists`: how blocklists are asked.
    """

    resolver: Resolver
    http: HttpSession
    now: Callable[[], datetime]
    validating: bool = False
    authoritative: bool = False
    lists: ListAccess = NO_ACCESS
    _servers: dict[str, None] = field(default_factory=dict)
    _ttls: list[int] = field(default_factory=list)

    def renewed(self, *, authoritative: bool) -> "Asker":
        """Return an asker for another question."""
        return replace(self, authoritative=authoritative, _servers={}, _ttls=[])

    async def lookup(self, name: str, kind: str) -> DnsAnswer | Unresolved:
        """Return the records of one type."""
        found = await self.resolver.lookup(name, kind, timeout=LOOKUP_TIMEOUT, authoritative=self.authoritative)
        if isinstance(found, DnsAnswer):
            if found.server:
                self._servers[found.server] = None
            if found.records:
                self._ttls.append(found.ttl)
        return found

    async def page(self, url: str, most: int) -> HttpReply | str:
        """Return the beginning of a page, or why there is none."""
        return await self.http.exchange("GET", url, most=most)

    def fact(self, question: Question, subject: str, found: Assessment) -> Fact:
        """Date and sign an assessment."""
        return Fact(
            question,
            subject,
            found.state,
            found.why,
            self.now(),
            found.value[:MAX_VALUE_CHARS],
            tuple(text[:MAX_VALUE_CHARS] for text in found.named),
            min(self._ttls, default=None),
            tuple(self._servers),
        )


Reader = Callable[[Subject, Asker], Awaitable[Sequence[Fact]]]
"""One question: reads and returns a fact for each name, key or host that it is about."""


def failed(answer: Unresolved) -> Assessment:
    """Return the assessment of a lookup that failed: nothing is known."""
    return Assessment(State.UNKNOWN, Why.LOOKUP_FAILED, named=(answer.text,))
