"""Asking by DNS and HTTP, within a time limit; answers become facts here.

The judging is apart and pure: each question turns what it read into an `Assessment`, and `Asker.fact` dates it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from probes.answer import Fault
from probes.http import HttpFailure, HttpReply, HttpSession
from probes.resolver import MAX_ADDRESSES, DnsAnswer, Resolver, Unresolved
from probes.standing.blocklists import NO_ACCESS
from probes.standing.dkim_names import DkimName
from probes.standing.fact import Assessment, Branch, Fact, Question, State, Why
from probes.standing.lists import ListAccess

LOOKUP_TIMEOUT = 5.0  # seconds for one DNS lookup
MAX_VALUE_CHARS = 500  # of what others publish, kept in a fact
MAX_BRANCHES = 50  # of a record that includes others; receivers stop at ten
MAX_BRANCH_CHARS = 250


@dataclass(frozen=True, slots=True)
class Subject:
    """The sender that is asked about. `selectors` are its DKIM selectors, for `domain`; `signatures` are those seen on
    real mail, of any domain."""

    domain: str
    bounce_domain: str
    source_ip: str
    helo: str
    selectors: tuple[str, ...] = ()
    signatures: tuple[DkimName, ...] = ()

    @property
    def keys(self) -> tuple[DkimName, ...]:
        """All signatures that are known."""
        configured = (DkimName(self.domain, selector) for selector in self.selectors)
        return tuple(dict.fromkeys((*configured, *self.signatures)))


@dataclass(slots=True)
class Asker:
    """Asks for one question, and remembers who answered and for how long the answers hold.

    `validating`: the AD bit of our resolver is believed. `authoritative`: ask the name servers of each zone, whose
    answers have no AD bit. `lists`: how blocklists are asked. `ca_file`: whom to trust instead of the machine's
    authorities.
    """

    resolver: Resolver
    http: HttpSession
    now: Callable[[], datetime]
    validating: bool = False
    authoritative: bool = False
    lists: ListAccess = NO_ACCESS
    ca_file: Path | None = None
    https_port: int = 443
    smtp_port: int = 25
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
            if found.ttl is not None:
                self._ttls.append(found.ttl)
        return found

    async def addresses(self, name: str) -> tuple[str, ...] | Unresolved:
        """Return the addresses of a host, IPv4 first, at least one."""
        found = [await self.lookup(name, kind) for kind in ("A", "AAAA")]
        known = [record for answer in found if isinstance(answer, DnsAnswer) for record in answer.records]
        unread = next((answer for answer in found if isinstance(answer, Unresolved)), None)
        missing = Unresolved(Fault.DOMAIN_UNKNOWN, f"{name} has no address")
        return tuple(known[:MAX_ADDRESSES]) or unread or missing

    async def page(self, host: str, path: str, most: int) -> HttpReply | HttpFailure | Unresolved:
        """Return the beginning of a page that is read by HTTPS, from the first address of the host."""
        found = await self.addresses(host)
        if isinstance(found, Unresolved):
            return found
        return await self.http.fetch(
            host, path, address=found[0], port=self.https_port, ca_file=self.ca_file, most=most
        )

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
            tuple(_bounded(each) for each in found.tree[:MAX_BRANCHES]),
        )


def _bounded(branch: Branch) -> Branch:
    return replace(branch, term=branch.term[:MAX_BRANCH_CHARS], record=branch.record[:MAX_BRANCH_CHARS])


Reader = Callable[[Subject, Asker], Awaitable[Sequence[Fact]]]
"""One question: reads and returns a fact for each name, key or host that it is about."""


def failed(answer: Unresolved) -> Assessment:
    """Return the assessment of a lookup that failed: nothing is known."""
    return Assessment(State.UNKNOWN, Why.LOOKUP_FAILED, named=(answer.text,))
