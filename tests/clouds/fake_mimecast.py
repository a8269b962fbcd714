"""Mimecast's API 2.0 on loopback: its token endpoint, and the search of its tracking, over real HTTP.

The schema below is written from Mimecast's pages, which it names; a request that does not keep to it is refused.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.clouds.fake_mailgun import Mood
from tests.support.vendor_schemas import closed, problems, text

CLIENT = "client-of-the-fake"
SECRET = "secret-of-the-fake-0123456789abcdef"
SENDER_IP = "104.130.122.50"
_TIME = text(24, pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+0000$")

# integrations.mimecast.com/documentation/endpoint-reference/message-finder-formerly-tracking/search
SEARCH = closed(
    {
        "data": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": closed({"start": _TIME, "end": _TIME, "searchReason": text(500), "messageId": text(998)}),
        }
    },
    ["data"],
)


def failing_inside(code: str) -> Mood:
    """It refuses with HTTP 200, and says so in the answer."""

    async def mood(_: web.Request) -> web.StreamResponse:
        errors = [{"code": code, "message": "No", "retryable": False}]
        return web.json_response({"meta": {"status": 200}, "data": [], "fail": [{"key": {}, "errors": errors}]})

    return mood


@dataclass
class FakeMimecast:
    """`rows` are the messages by Message-ID. `bracketed`: one is found only with its angle brackets."""

    url: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bracketed: bool = False
    moods: deque[Mood] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        if form != {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens.append(f"token-{len(self.tokens)}-of-the-fake")
        return web.json_response({"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 1799})

    async def search(self, request: web.Request) -> web.StreamResponse:
        if not self.tokens or request.headers.get("Authorization") != f"Bearer {self.tokens[-1]}":
            return web.json_response({"fail": [{"code": "token_verification_failed"}]}, status=401)
        if self.moods:
            return await self.moods.popleft()(request)
        asked = await request.json()
        if wrong := problems(SEARCH, asked):
            self.objections += wrong
            return await failing_inside("err_validation_invalid_json")(request)
        self.asked.append(asked["data"][0])
        wanted = asked["data"][0]["messageId"]
        key = wanted.strip("<>") if self.bracketed == wanted.startswith("<") else ""
        return web.json_response(
            {"meta": {"status": 200}, "data": [{"trackedEmails": self.rows.get(key, [])}], "fail": []}
        )


def tracked(status: str, at: datetime, info: str = "", **more: Any) -> dict[str, Any]:
    """One message, with the fields of the page and the form of a real account's."""
    address = "no-reply@account.trimble.com"
    made: dict[str, Any] = {
        "id": "eNpNj9tugkAQ",
        "status": status,
        "info": info,
        "fromEnv": {"emailAddress": address},
        "fromHdr": {"displayableName": address, "emailAddress": address},
        "to": [{"displayableName": "", "emailAddress": "probe@acme.example"}],
        "received": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "sent": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "subject": "Your code",
        "senderIP": SENDER_IP,
        "attachments": False,
        "route": "inbound",
        "spamScore": 2,
        "detectionLevel": "relaxed",
    }
    return made | more


@asynccontextmanager
async def fake_mimecast() -> AsyncIterator[FakeMimecast]:
    """Run it."""
    fake = FakeMimecast()
    app = web.Application()
    app.router.add_post("/oauth/token", fake.token)
    app.router.add_post("/api/message-finder/search", fake.search)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
        assert not fake.objections, f"against Mimecast's pages: {fake.objections}"
