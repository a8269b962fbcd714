"""To a content filter of the company: what would it say of this message from the sender's client? Nothing is delivered.

rspamd is asked by HTTP (`/checkv2`, rspamd.com/doc/developers/protocol.html), SpamAssassin's spamd by its own protocol
(`REPORT`, spamd/PROTOCOL of SpamAssassin 4.0). The sender's client is asserted: to rspamd by headers of the request, to
spamd by the header lines that the company's own server would have written.
"""

import asyncio
from contextlib import suppress
from email.utils import format_datetime
from typing import Annotated, Literal

from pydantic import Field

from probes.answer import Fault, Stage
from probes.evidence import Dialogue, Handover, Note, Scan, Step
from probes.http import HttpReply
from probes.message import Message
from probes.outside import Outside
from probes.reading.scans import ScanError, read_rspamd, read_spamd
from probes.routes.dialogue import Target, Transcript
from probes.routes.reply import WireFault
from probes.sender import Identity
from probes.settings import Host, Port, Secret, Settings

MAX_ANSWER_BYTES = 256 * 1024
RSPAMD_PORT, SPAMD_PORT = 11333, 783
FAILED = "the filter gave no verdict"
NO_NAME = "[UNAVAILABLE]"  # as XCLIENT states a client without a reverse name


class ScanRoute(Settings):
    """A content filter that is asked and delivers nothing. These fields are the config keys."""

    via: Literal["scan"] = "scan"
    engine: Literal["rspamd", "spamassassin"] = Field(description="`rspamd`, or `spamassassin` for its spamd.")
    host: Host = Field(description="The filter's host.")
    port: Port = Field(
        default_factory=lambda data: SPAMD_PORT if data.get("engine") == "spamassassin" else RSPAMD_PORT,
        description="Its port; default: 11333 for rspamd's normal worker, 783 for spamd.",
    )
    password: Annotated[Secret | None, Field(description="Password of rspamd's worker, if it asks for one.")] = None

    def destination(self, recipient: str) -> str:
        """See `Route`."""
        return self.host

    def withholds(self, identity: Identity) -> str:
        """See `Route`. The filter is asked about any client."""
        return ""

    async def send(self, message: Message, number: int, outside: Outside, *, timeout: float, note: Note) -> Dialogue:
        """See `Route`."""
        record = Transcript(outside, number, timeout, note)
        targets = await record.find(self.host, self.port)
        if not targets:
            record.withheld = True  # nobody was asked: that says nothing of the sender
            return record.dialogue(record.steps[-1])
        began = record.time()
        try:
            async with asyncio.timeout(record.left):
                said = await self._ask(message, targets[0], outside)
        except TimeoutError:
            said = WireFault(Fault.TIMED_OUT, f"no answer within {timeout:g} seconds")
        host = str(targets[0])
        if isinstance(said, WireFault):
            return record.dialogue(record.withhold(Stage.SCAN, said.fault, f"{FAILED}: {said.text}", host=host))
        record.keep(Stage.SCAN, began, None, host=host, text=said.text)
        done = record.dialogue(None)
        return Dialogue(done.at, number, Handover.ACCEPTED, done.steps, scan=said)

    async def knock(self, message: Message, outside: Outside, *, timeout: float) -> Dialogue:
        """See `Route`: only connect."""
        record = Transcript(outside, 1, timeout, lambda _: None)
        stop: Step | None = record.steps[-1] if not (targets := await record.find(self.host, self.port)) else None
        for target in targets[:1]:
            began = record.time()
            try:
                async with asyncio.timeout(record.left):
                    _, writer = await asyncio.open_connection(target.address, target.port)
                writer.close()
                record.keep(Stage.CONNECT, began, None, host=str(target))
            except (OSError, TimeoutError) as error:
                stop = record.keep(Stage.CONNECT, began, _fault(error), host=str(target))
        return record.dialogue(stop)

    async def _ask(self, message: Message, target: Target, outside: Outside) -> Scan | WireFault:
        try:
            if self.engine == "rspamd":
                return await self._ask_rspamd(message, target, outside)
            return await self._ask_spamd(message, target, outside)
        except ScanError as error:
            return WireFault(Fault.NONSENSE, str(error))
        except OSError as error:
            return _fault(error)

    async def _ask_rspamd(self, message: Message, target: Target, outside: Outside) -> Scan | WireFault:
        identity = message.identity
        headers = {
            "Content-Type": "message/rfc822",
            "Ip": identity.source_ip,
            "Helo": identity.helo,
            "From": message.mail_from,
            "Rcpt": message.rcpt_to,
        }
        if identity.ptr != NO_NAME:
            headers["Hostname"] = identity.ptr
        if self.password:
            headers["Password"] = self.password.get_secret_value()
        place = f"[{target.address}]" if ":" in target.address else target.address
        url = f"http://{place}:{target.port}/checkv2"
        reply = await outside.http.exchange("POST", url, body=message.content, headers=headers, most=MAX_ANSWER_BYTES)
        if not isinstance(reply, HttpReply):
            return WireFault(Fault.REFUSED if "connect" in reply.lower() else Fault.CLOSED, reply)
        if not reply.good:
            said = reply.body[:200].decode("utf-8", "replace")
            return WireFault(Fault.NONSENSE, f"rspamd answered {reply.status}: {said}")
        return read_rspamd(reply.body)

    async def _ask_spamd(self, message: Message, target: Target, outside: Outside) -> Scan | WireFault:
        whole = self._as_received(message, outside) + message.content
        reader, writer = await asyncio.open_connection(target.address, target.port)
        try:
            writer.write(f"REPORT SPAMC/1.5\r\nContent-length: {len(whole)}\r\n\r\n".encode() + whole)
            writer.write_eof()
            await writer.drain()
            answer = bytearray()
            while len(answer) < MAX_ANSWER_BYTES and (chunk := await reader.read(65536)):
                answer += chunk
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return read_spamd(bytes(answer))

    def _as_received(self, message: Message, outside: Outside) -> bytes:
        """The header lines that the company's server would have written on top: spamd knows the client by them."""
        identity, domain = message.identity, message.rcpt_to.rpartition("@")[2]
        name = "unknown" if identity.ptr == NO_NAME else identity.ptr
        at = format_datetime(outside.now())
        return (
            f"Return-Path: <{message.mail_from}>\r\n"
            f"Received: from {identity.helo} ({name} [{identity.source_ip}])\r\n"
            f"\tby mx.{domain} with ESMTPS id scan for <{message.rcpt_to}>; {at}\r\n"
        ).encode()


def _fault(error: Exception) -> WireFault:
    if isinstance(error, TimeoutError):
        return WireFault(Fault.TIMED_OUT, "no connection in time")
    if isinstance(error, ConnectionRefusedError):
        return WireFault(Fault.REFUSED, "connection refused")
    if isinstance(error, ConnectionResetError):
        return WireFault(Fault.RESET, "connection reset")
    return WireFault(Fault.UNREACHABLE, getattr(error, "strerror", None) or type(error).__name__)
