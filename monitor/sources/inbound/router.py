"""Select the addresses that accept mail, and process accepted messages."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar, assert_never

import structlog

from monitor.sources.inbound.reports import KEEP_REPORTS, ReportIntake, Unread
from monitor.sources.inbound.smtp import ReceivedMail
from monitor.sources.inbound.turned_away import TurnedAway
from probes.evidence import MailKind
from probes.mailboxes import ReceivedMailbox, Sighting
from probes.mailboxes.inbound import ENCLOSED, copy_of_probe
from probes.reading.bounce_origin import SmtpClient
from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts
from probes.token import Purpose as TokenPurpose
from probes.token import Verified, shaped, verify

T = TypeVar("T")

READERS = 4  # bounces and copies read at the same time
THREAD_SECONDS = 10.0  # for one of them; the worst takes less than one, but a thread cannot be ended

log = structlog.get_logger("inbound")


@dataclass(frozen=True, slots=True)
class Returned:
    """Bounces of one probe: the token is in the address, which is the envelope's unless somebody made it up."""

    probe_id: str
    to_envelope: bool


@dataclass(frozen=True, slots=True)
class AnyReturned:
    """Bounces of any probe: the token must be in the message."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of a mailbox's mail; the mailbox is given by its key."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports about our domain."""


Purpose = Returned | AnyReturned | Copies | Reports


class EvidenceSink(Protocol):
    """Receiver of evidence. When its methods return, the evidence is stored."""

    async def bounced(self, probe_id: str, facts: BounceFacts, client: SmtpClient) -> bool:
        """Store a bounce of this probe, brought by this client. Returns if the probe exists."""
        ...

    async def copied(self, mailbox: str, sighting: Sighting) -> bool:
        """Store a copy. Returns if it is a probe that was sent to this mailbox."""
        ...


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that accept mail, in lower case. `domains`: in these every address that carries a token is
    valid."""

    domains: Container[str] = frozenset()
    bounces: Container[str] = frozenset()
    reports: Collection[str] = frozenset()
    copies: Mapping[str, ReceivedMailbox] = field(default_factory=dict)

    def purpose(self, address: str, key: bytes) -> Purpose | None:
        """Return the purpose of an address; None if it does not accept mail."""
        address = address.lower()
        local, _, domain = address.rpartition("@")
        if mailbox := self.copies.get(address):
            return Copies(mailbox.key)
        if address in self.reports:
            return Reports()
        if domain in self.domains and (tag := _tagged(local, key)):
            return Returned(tag.probe_id, tag.purpose is TokenPurpose.ENVELOPE)
        return AnyReturned() if address in self.bounces else None


def _tagged(local: str, key: bytes) -> Verified | None:
    """Return the token in the local part. It is signed, so a rewritten address does no harm."""
    tags = {verify(match[0].decode(), key) for match in shaped(local.encode(errors="replace"))}
    return tags.pop() if len(tags) == 1 else None


class InboundRouter:
    """Reads accepted messages and passes them on. `counts`: messages by kind.

    Bounces and copies are read in threads of `pool`, which should have one per message that can be in progress: one
    that hangs is abandoned after THREAD_SECONDS. `reports` takes those of receivers; without it none are taken.
    """

    def __init__(
        self,
        key: bytes,
        ears: EvidenceSink,
        pool: Executor,
        reports: ReportIntake | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.addresses = Addresses()
        self.counts: Counter[str] = Counter()
        self.turned_away = TurnedAway(now)
        self._key, self._ears, self._pool, self._reports = key, ears, pool, reports
        self._places = asyncio.Semaphore(READERS)

    def configure(
        self, addresses: Addresses, source_ip: str, domain: str, keep_reports: timedelta = KEEP_REPORTS
    ) -> None:
        """Accept mail for these addresses from now on; reports are read for this sender."""
        self.addresses = addresses
        if self._reports:
            self._reports.configure(source_ip, domain, keep_reports)

    @property
    def report_messages(self) -> Mapping[tuple[str, str], int]:
        """Return the messages in DMARC reports stored since the start, by source and result."""
        return self._reports.messages if self._reports and self.addresses.reports else {}

    def welcomes(self, address: str) -> bool:
        """Test if mail for this address is accepted."""
        return self.addresses.purpose(address, self._key) is not None

    def scope(self, address: str) -> str | None:
        """Return the mailbox or probe that mail for this address concerns. None for addresses that are publicly known
        or whose mail proves nothing."""
        match self.addresses.purpose(address, self._key):
            case Copies(mailbox):
                return mailbox
            case Returned(probe_id):
                return probe_id
            case _:
                return None

    async def read(self, letter: ReceivedMail) -> Unread | None:
        """Process a message. None: it is stored. Raises what the sink raises: it is not processed then."""
        unread: Unread | None = None
        purposes = dict.fromkeys(self.addresses.purpose(address, self._key) for address in letter.recipients)
        for purpose in purposes:
            match purpose:
                case Returned(probe_id, to_envelope):
                    kind = await self._returned(letter, probe_id, to_envelope)
                case AnyReturned():
                    kind = await self._returned(letter, None)
                case Copies(mailbox):
                    kind = await self._copied(letter, mailbox)
                case Reports() if self._reports:
                    kind, unread = await self._reports.take(letter)
                case Reports():
                    kind, unread = "report_deferred", Unread("reports are not read here", for_good=False)
                case None:  # taken under a configuration that is gone
                    kind = "other"
                case _:
                    assert_never(purpose)
            self.counts[kind] += 1
            if unread is None:
                log.info("message received", kind=kind, client=letter.client, octets=len(letter.content))
        return unread

    async def _returned(self, letter: ReceivedMail, probe_id: str | None, to_envelope: bool = False) -> str:
        facts = await self._in_thread(read_bounce, letter.content)
        if probe_id is None and facts.token and (quoted := verify(facts.token, self._key)):
            probe_id = quoted.probe_id
        client = SmtpClient(letter.client, letter.helo, to_envelope, null_sender=not letter.mail_from)
        if probe_id is None or facts.kind is MailKind.OTHER or not await self._ears.bounced(probe_id, facts, client):
            return "other"
        return str(facts.kind)

    async def _copied(self, letter: ReceivedMail, mailbox: str) -> str:
        name = next((box.folder_name for box in self.addresses.copies.values() if box.key == mailbox), mailbox)
        seen = await self._in_thread(copy_of_probe, letter.content, name, letter.client)
        if seen is None or (seen.ref == ENCLOSED and await self._comes_back(letter)):
            return await self._returned(letter, None)
        if not await self._ears.copied(mailbox, seen):
            return "other"
        self.turned_away.brought(mailbox, letter.client)
        return "copy"

    async def _comes_back(self, letter: ReceivedMail) -> bool:
        """Test if the probe inside is quoted to report its fate."""
        facts = await self._in_thread(read_bounce, letter.content)
        return facts.kind is not MailKind.OTHER

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        async with self._places, asyncio.timeout(THREAD_SECONDS):
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
