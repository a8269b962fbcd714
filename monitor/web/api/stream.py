"""Server-sent events: one writer for all streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web
from aiohttp_sse import EventSourceResponse

from monitor.people.caller import NotThereError
from monitor.store import StoreError
from monitor.web.auth import while_allowed

PING = 10.0  # seconds between comments that keep the connection known to be there
SEND_TIMEOUT_SECONDS = 30.0  # seconds that a reader may take no octet of what waits for it
LASTS = 900.0  # seconds of one stream; who follows comes again, and is asked again who they are
LAST = "Last-Event-ID"
AGAIN = 2000  # milliseconds until a reader that lost the stream comes again


BROKEN = (ConnectionError, TimeoutError, StoreError, NotThereError)
"""What ends a stream: the reader or the store does not go on, or it is about what was deleted. Readers come again."""


class Stream(EventSourceResponse):
    """One reader. Who takes nothing for `PATIENCE` is cut off, and goes on from where it was when it comes again."""

    def __init__(self) -> None:
        super().__init__(ping_interval=PING, send_timeout=SEND_TIMEOUT_SECONDS)
        self.headers["Cache-Control"] = "no-store"
        self.until = asyncio.get_running_loop().time() + LASTS

    @property
    def over(self) -> bool:
        """True if it has lasted long enough."""
        return asyncio.get_running_loop().time() >= self.until

    async def tell(self, place: str, facts: Mapping[str, Any]) -> None:
        """One event. It is named by its "event"; a reader that comes again says the place of the last it got."""
        text = json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace").decode()
        await self.send(text, id=place, event=str(facts["event"]))

    @asynccontextmanager
    async def to(self, request: web.Request) -> AsyncIterator[None]:
        """The stream at work, for as long as the caller may see it. What ends it before ends the block."""
        await self.prepare(request)
        async with self, while_allowed(request):
            await self.write(f"retry: {AGAIN}\r\n\r\n".encode())
            with suppress(*BROKEN):
                yield
