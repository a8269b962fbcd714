"""A listener on a free port, and clients of every sort."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from monitor.sources.inbound.listener import Listener, listening
from monitor.sources.inbound.reports import ReportIntake
from monitor.sources.inbound.router import Addresses, InboundRouter
from monitor.sources.inbound.settings import InboundSettings
from probes.mailboxes import Sighting
from probes.mailboxes.inbound import InboundMailbox
from probes.reading.bounce_origin import SmtpClient
from probes.reading.facts import BounceFacts
from probes.reading.report_reader import ReportReader
from probes.reading.report_summary import ReportReceipt, ReportSummary
from probes.token import Purpose, mint, new_probe_id

PATIENCE = 10.0
SMTP_SECONDS = 60.0  # of a client: a report takes as long as loading the library does on a busy machine
KEY = b"k" * 32
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
COPIES = InboundMailbox(via="inbound", address="acme@probe.test")
T = TypeVar("T")


class RecordingSink:
    """What the pipeline is to the router: it keeps what it is told. What it is told to raise, it raises."""

    def __init__(self) -> None:
        self.returned: list[tuple[str, BounceFacts]] = []
        self.clients: list[SmtpClient] = []
        self.copies: list[tuple[str, Sighting]] = []
        self.deaf: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def bounced(self, probe_id: str, facts: BounceFacts, client: SmtpClient) -> bool:
        await self._listen()
        self.clients.append(client)
        self.returned.append((probe_id, facts))
        return True

    async def copied(self, mailbox: str, sighting: Sighting) -> bool:
        await self._listen()
        self.copies.append((mailbox, sighting))
        return True

    async def _listen(self) -> None:
        if self.gate:
            await self.gate.wait()
        if self.deaf:
            raise self.deaf


class RecordingReportSink:
    """What the store is to reports: it keeps them, each once, and has no room when it is told so."""

    def __init__(self) -> None:
        self.reports: dict[str, ReportSummary] = {}
        self.full = False

    async def add(self, report: ReportSummary, received_at: datetime) -> ReportReceipt:
        if report.id in self.reports:
            return ReportReceipt.KNOWN
        if self.full:
            return ReportReceipt.NO_ROOM
        self.reports[report.id] = report
        return ReportReceipt.NEW


class InboundClient:
    """A listener and what was told to it."""

    def __init__(
        self, listener: Listener, router: InboundRouter, sink: RecordingSink, reports: RecordingReportSink
    ) -> None:
        self.listener, self.router, self.sink, self.reports = listener, router, sink, reports
        self.probe_id = new_probe_id()
        self.token = mint(self.probe_id, KEY)
        self.tag = mint(self.probe_id, KEY, Purpose.ENVELOPE)
        self.bounces_to = f"bounce+{self.tag}@probe.test"

    async def client(self, work: Callable[[smtplib.SMTP], T], source: str = "127.0.0.1") -> T:
        """Be an ordinary client with this address, in a thread."""

        def talk() -> T:
            where, us = ("127.0.0.1", self.listener.port), (source, 0)
            with smtplib.SMTP(*where, timeout=SMTP_SECONDS, local_hostname="mx.test", source_address=us) as smtp:
                return work(smtp)

        return await asyncio.to_thread(talk)

    async def rcpt(self, address: str, mail_from: str = "") -> tuple[int, str]:
        """What is said to RCPT."""

        def ask(smtp: smtplib.SMTP) -> tuple[int, str]:
            smtp.ehlo()
            assert smtp.mail(mail_from)[0] == 250
            code, text = smtp.rcpt(address)
            return code, text.decode()

        return await self.client(ask)

    async def send(
        self, content: bytes, *recipients: str, mail_from: str = "", source: str = "127.0.0.1"
    ) -> tuple[int, str]:
        """Hand a mail over; the reply to it."""

        def hand(smtp: smtplib.SMTP) -> tuple[int, str]:
            smtp.ehlo()
            smtp.mail(mail_from)
            for each in recipients or (self.bounces_to,):
                assert smtp.rcpt(each)[0] == 250
            code, text = smtp.data(content)
            return code, text.decode()

        return await self.client(hand, source)

    def turned_away(self, mailbox: str = COPIES.key) -> str:
        """When copies for this mailbox may have been turned away."""
        found = self.router.turned_away.during(mailbox, "", NOON - timedelta(days=1), NOON + timedelta(days=1))
        return str(found) if found else ""

    async def open(self, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Be a client that keeps to no rule; the banner is read."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port, local_addr=(source, 0))
        await line(reader)
        return reader, writer


async def line(reader: asyncio.StreamReader) -> bytes:
    """The next line; b"" at the end, however it came."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await reader.readline()
    except ConnectionError:
        return b""


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """All that is still said, up to the end of the connection."""
    said = b""
    while more := await line(reader):
        said += more
    return said


@asynccontextmanager
async def open_inbound_client(**settings: Any) -> AsyncIterator[InboundClient]:
    said = {"domain": "probe.test", "listen": "127.0.0.1:0", "bounces": ["bounce@probe.test"], **settings}
    inbound = InboundSettings.model_validate(said)
    sink = RecordingSink()
    reader = ReportReader()
    with ThreadPoolExecutor(2) as pool:
        reports = RecordingReportSink()
        intake = ReportIntake(reader, reports, lambda: NOON)
        router = InboundRouter(KEY, sink, pool, intake, now=lambda: NOON)
        addresses = Addresses(
            domains={"probe.test", "account.trimble.com"},
            bounces=set(inbound.bounces),
            reports=set(inbound.reports),
            copies={COPIES.address: COPIES},
        )
        router.configure(addresses, "104.130.122.50", "account.trimble.com")
        async with listening(inbound, router) as listener, aclosing(reader):
            yield InboundClient(listener, router, sink, reports)


@pytest.fixture
async def inbound_client() -> AsyncIterator[InboundClient]:
    async with open_inbound_client() as it:
        yield it
