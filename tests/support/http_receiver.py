"""Somebody who is told: an HTTP server on loopback that keeps what it hears, and behaves as a test wants it to."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

PATIENCE = 20.0  # seconds a test waits for what must happen
HUGE = 64 * 1024 * 1024  # bytes of an answer that nobody should read to its end


@dataclass(frozen=True)
class ReceivedRequest:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """`answers` are used up one by one, then every answer is `answer`: a status, or what it does instead: "hang",
    "close", "huge", "garbage"; a text that begins with "/" redirects there."""

    def __init__(self) -> None:
        self.url = ""
        self.port = 0
        self.answer: int | str = 200
        self.answers: list[int | str] = []
        self.body = b"{}"
        self.heard: list[ReceivedRequest] = []
        self.sent = 0  # bytes of huge answers
        self._news = asyncio.Condition()
        self.over = asyncio.Event()

    async def told(self, count: int = 1) -> list[ReceivedRequest]:
        """What it heard, once that is so much."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.heard) >= count)
        return self.heard

    async def hear(self, request: web.Request) -> web.StreamResponse:
        said = ReceivedRequest(
            request.method, request.path, dict(request.query), dict(request.headers), await request.read()
        )
        self.heard.append(said)
        async with self._news:
            self._news.notify_all()
        match self.answers.pop(0) if self.answers else self.answer:
            case int(status):
                return web.Response(status=status, body=self.body)
            case "hang":
                await self.over.wait()
                raise ConnectionResetError
            case "close" | "garbage" as how:
                assert request.transport is not None
                request.transport.write(b"what?\r\n\r\n" if how == "garbage" else b"")
                request.transport.close()
                raise ConnectionResetError
            case "huge":
                return await self._on_and_on(request)
            case place:
                return web.Response(status=302, headers={"Location": str(place)})

    async def _on_and_on(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while self.sent < HUGE and not self.over.is_set():
            await response.write(b" " * 65536)
            self.sent += 65536
        return response


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver at work."""
    receiver = Receiver()
    app = web.Application(client_max_size=HUGE)
    app.router.add_route("*", "/{path:.*}", receiver.hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        receiver.port = runner.addresses[0][1]
        receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{receiver.port}"
        yield receiver
    finally:
        receiver.over.set()
        await runner.cleanup()
