"""The open port: admits clients, limits them, and processes complete messages."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog

from monitor.errors import UserError
from monitor.repeated import Repeated
from monitor.sources.inbound.reports import Unread
from monitor.sources.inbound.router import InboundRouter
from monitor.sources.inbound.settings import InboundSettings
from monitor.sources.inbound.smtp import TOO_MANY, InboundConversation, ReceivedMail
from probes.ip_addresses import CLIENT, NEIGHBOURS, block_of
from probes.rate_limits import TokenBuckets

MAX_CONVERSATIONS = 100
MAX_CLIENTS = 10_000  # whose messages are counted; beyond, the one seen longest ago starts anew
MAX_MAILS_BEING_READ = 50  # being read at the same time
MAX_BYTES_IN_MEMORY = 100_000_000  # of mails in memory, of all conversations together
READ_SECONDS = 45.0  # seconds until what a mail tells is stored; a client waits for longer than that
CLOSE_SECONDS = 5.0  # seconds for the same, when the service stops
MAX_REASON_CHARS = 200  # characters in a reply

log = structlog.get_logger("inbound")


class InboundError(UserError):
    """The listener cannot be opened. The text is one line: the problem and the remedy."""


class ListenerLoad(NamedTuple):
    """Open conversations, mails that are being read, and the octets of mails in memory."""

    conversations: int
    mails: int
    octets: int


class Listener:
    """Serves every conversation; implements `smtp.InboundHost`."""

    def __init__(self, settings: InboundSettings, inbound_router: InboundRouter) -> None:
        self.hostname, self.size_limit = settings.hostname, settings.size_limit
        self.inbound_router = inbound_router
        self.port = 0
        self._most_of_one = settings.connections_per_client
        self._pace = TokenBuckets[str](settings.messages_per_minute, 60, MAX_CLIENTS)
        self._conversations: dict[InboundConversation, None] = {}  # in the order in which they came
        self._clients: Counter[str] = Counter()
        self._octets = 0
        self._letters: set[asyncio.Task[str]] = set()
        self._closed = False
        self._repeated = Repeated()

    @property
    def load(self) -> ListenerLoad:
        """Current load."""
        return ListenerLoad(len(self._conversations), len(self._letters), self._octets)

    def enter(self, conversation: InboundConversation) -> bool:
        """See `InboundHost`. Idle conversations are closed before a client is turned away."""
        client = block_of(conversation.client, CLIENT)
        self._conversations[conversation] = None
        self._clients[client] += 1
        if self._closed:
            return False
        if self._clients[client] > self._most_of_one:
            return self._make_room(conversation, own=True)
        return len(self._conversations) <= MAX_CONVERSATIONS or self._make_room(conversation, own=False)

    def _make_room(self, newcomer: InboundConversation, *, own: bool) -> bool:
        """End the oldest idle conversation of the address block that has most, and there of the client that has most,
        so that a client with one message is safe from those that hold many. Returns if one was ended. `own`: only among
        those of the newcomer's client."""
        client = block_of(newcomer.client, CLIENT)
        idle = [
            each
            for each in self._conversations
            if each is not newcomer and (not own or block_of(each.client, CLIENT) == client) and not each.scopes
        ]
        if not idle:
            self.inbound_router.turned_away.note(421, newcomer.client, None, own=own)
            return False
        blocks = Counter(block_of(each.client, NEIGHBOURS) for each in idle)
        clients = Counter(block_of(each.client, CLIENT) for each in idle)
        ended = max(
            idle, key=lambda each: (blocks[block_of(each.client, NEIGHBOURS)], clients[block_of(each.client, CLIENT)])
        )
        own = own or blocks[block_of(ended.client, NEIGHBOURS)] > 1 or ended.silent
        self.turned_away(ended, 421, own=own)
        ended.drop(TOO_MANY)
        self.leave(ended)
        return True

    def leave(self, conversation: InboundConversation) -> None:
        """See `InboundHost`."""
        if conversation in self._conversations:
            client = block_of(conversation.client, CLIENT)
            del self._conversations[conversation]
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

    def turned_away(
        self, conversation: InboundConversation, code: int, *, own: bool, scopes: set[str] | None = None
    ) -> None:
        """See `InboundHost`."""
        if scopes is None and conversation.named:
            scopes = conversation.scopes
        self.inbound_router.turned_away.note(code, conversation.client, scopes, own=own)

    def scope(self, recipient: str) -> str | None:
        """See `InboundHost`."""
        return self.inbound_router.scope(recipient)

    def bears(self, octets: int) -> bool:
        """See `InboundHost`."""
        self._octets += octets
        return self._octets <= MAX_BYTES_IN_MEMORY

    def allows(self, client: str) -> bool:
        """See `InboundHost`."""
        return self._pace.allows(block_of(client, CLIENT), time.monotonic())

    def welcomes(self, recipient: str) -> bool:
        """See `InboundHost`."""
        known = self.inbound_router.welcomes(recipient)
        if not known:
            self.inbound_router.counts["refused"] += 1
        return known

    async def take(self, letter: ReceivedMail) -> str:
        """See `InboundHost`. The work continues if the client does not wait for its end: half of it helps nobody."""
        if len(self._letters) >= MAX_MAILS_BEING_READ:
            return self._put_off(letter, "452 4.3.1 Too busy, try again later")
        task = asyncio.create_task(self._read(letter))
        self._letters.add(task)
        task.add_done_callback(self._letters.discard)
        return await asyncio.shield(task)

    def stumbled(self, error: Exception) -> None:
        """See `InboundHost`. Logged once, then counted."""
        kind = type(error).__name__
        self._repeated.tell(kind, log.warning, "invalid SMTP command", error=repr(error)[:MAX_REASON_CHARS])

    async def _read(self, letter: ReceivedMail) -> str:
        """Process a message. Failures are logged, and the client is asked to send it again."""
        try:
            async with asyncio.timeout(READ_SECONDS):
                unread = await self.inbound_router.read(letter)
        except TimeoutError:
            log.error("message not processed in time", client=letter.client, octets=len(letter.content))
        except Exception:
            log.exception("message processing failed", client=letter.client)
        else:
            return _reply(unread)
        return self._put_off(letter, "451 4.3.0 Could not be processed, try again later")

    def _put_off(self, letter: ReceivedMail, reply: str) -> str:
        scopes = {scope for each in letter.recipients if (scope := self.scope(each)) is not None}
        self.inbound_router.turned_away.note(int(reply[:3]), letter.client, scopes, own=False)
        return reply

    async def close(self) -> None:
        """Close every connection. Messages in progress have CLOSE_SECONDS to complete: they have had no reply yet."""
        self._closed = True
        talks = list(self._conversations)
        for talk in talks:
            talk.drop()
        await asyncio.gather(*(talk.ended() for talk in talks))
        if self._letters:
            await asyncio.wait(self._letters, timeout=CLOSE_SECONDS)


def _reply(unread: Unread | None) -> str:
    """Return the SMTP reply for a processed message, or one that could not be read."""
    if unread is None:
        return "250 2.0.0 Ok"
    if not unread.for_good:
        return "451 4.3.2 Not read now, try again later"
    reason = "".join(each if " " <= each <= "~" else "?" for each in unread.reason[:MAX_REASON_CHARS])
    return f"554 5.6.0 Not a report that we can read: {reason}"


@asynccontextmanager
async def listening(settings: InboundSettings, inbound_router: InboundRouter) -> AsyncIterator[Listener]:
    """Listen until the end of the block. Raises InboundError if the port is not available."""
    listener = Listener(settings, inbound_router)
    place = settings.listen
    try:
        tls = settings.tls.context() if settings.tls else None
        server = await asyncio.get_running_loop().create_server(
            lambda: InboundConversation(listener, tls), place.host, place.port
        )
    except OSError as error:
        raise InboundError(f"[inbound] cannot listen on {place}: {error.strerror or error}") from error
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        await listener.close()
