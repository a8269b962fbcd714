"""Cloudflare Email Security on loopback: its search for messages, over real HTTP.

The schema below is written from Cloudflare's pages, which it names; a request that does not keep to it is refused with
400. `moods` are what it does instead of answering.
"""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.clouds.fake_mailgun import Mood
from tests.support.vendor_schemas import closed, problems, text

ACCOUNT_ID = "023e105f4ecef8ad9ca31a8372d0c353"
TOKEN = "token-of-the-fake-0123456789abcdefghijkl"
PATH = f"/client/v4/accounts/{ACCOUNT_ID}/email-security/investigate"
LATER = f"{PATH}/searches/1"  # where the result of a long search is, is not documented
BOOLEAN = {"enum": ["true", "false"]}

# developers.cloudflare.com/api/resources/email_security/subresources/investigate/methods/list, query parameters
SEARCH = closed(
    {
        "action_log": BOOLEAN,
        "cursor": text(2000),
        "detections_only": BOOLEAN,
        "end": {"type": "string", "format": "date-time"},
        "message_id": text(998),
        "per_page": {"type": "string", "pattern": "^(1000|[1-9][0-9]{0,2})$"},
        "recipient": text(320),
        "sender": text(320),
        "start": {"type": "string", "format": "date-time"},
    }
)


def refusing(status: int, code: int, message: str, **headers: str) -> Mood:
    """It refuses, in the form of all errors of Cloudflare's API."""

    async def mood(_: web.Request) -> web.StreamResponse:
        errors = [{"code": code, "message": message}]
        answer = {"success": False, "errors": errors, "messages": [], "result": None}
        return web.json_response(answer, status=status, headers=headers)

    return mood


def accepted(**headers: str) -> Mood:
    """It goes on searching: 202, with or without a Location."""

    async def mood(_: web.Request) -> web.StreamResponse:
        return web.json_response({"success": True, "errors": [], "messages": []}, status=202, headers=headers)

    return mood


@dataclass
class FakeCloudflare:
    """`rows` are the messages. `bracketed`: a search finds a Message-ID only with its angle brackets. `loose`: it
    finds what was not asked for too."""

    url: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    bracketed: bool = False
    loose: bool = False
    moods: deque[Mood] = field(default_factory=deque)
    asked: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)

    async def search(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return await refusing(403, 10000, "Authentication error")(request)
        if self.moods:
            return await self.moods.popleft()(request)
        asked = dict(request.query)
        self.asked.append(asked)
        if request.path == PATH and (wrong := problems(SEARCH, asked)):
            self.objections += wrong
            return await refusing(400, 1001, "; ".join(wrong))(request)
        wanted, start = asked.get("message_id"), asked.get("start", "1970-01-01T00:00:00Z")
        found = [each for each in self.rows if wanted is None or self.loose or self._has(each, wanted)]
        found = [each for each in found if _at(each["scanned_at"]) >= _at(start)]
        if request.path == PATH and asked.get("detections_only", "true") == "true":
            found = [each for each in found if each["final_disposition"] != "NONE"]
        limit = int(asked.get("per_page", "20"))
        info = {"count": len(found), "per_page": limit, "page": 1, "total_count": len(found)}
        answer = {"success": True, "errors": [], "messages": [], "result": found[:limit], "result_info": info}
        return web.json_response(answer)

    def _has(self, row: dict[str, Any], wanted: str) -> bool:
        known = row["message_id"]
        return bool(known == wanted if self.bracketed else known.strip("<>") == wanted)


def row(message_id: str, at: datetime, *status: str, **more: Any) -> dict[str, Any]:
    """One message, with the fields that the page of the search has."""
    made: dict[str, Any] = {
        "id": "4Njp3P0STMz2c02Q-2026-12-01T10:00:05-12345678",
        "postfix_id": "4Njp3P0STMz2c02Q",
        "postfix_id_outbound": None,
        "message_id": message_id,
        "ts": at.isoformat(),
        "scanned_at": at.isoformat(),
        "sent_at": at.isoformat(),
        "subject": "Your code",
        "from": "no-reply@account.trimble.com",
        "envelope_to": ["probe@acme.example"],
        "to": ["probe@acme.example"],
        "client_recipients": ["probe@acme.example"],
        "delivery_mode": "DIRECT",
        "delivery_status": list(status),
        "final_disposition": "NONE",
        "detection_reasons": [],
        "is_quarantined": "quarantined" in status,
        "is_phish_submission": False,
        "properties": {"blocklisted_message": False},
        "validation": {"spf": "pass", "dkim": "pass", "dmarc": "pass", "comment": None},
        "action_log": [],
    }
    return made | more


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@asynccontextmanager
async def fake_cloudflare() -> AsyncIterator[FakeCloudflare]:
    """Run it."""
    fake = FakeCloudflare()
    app = web.Application()
    app.router.add_get(PATH, fake.search)
    app.router.add_get(LATER, fake.search)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
        assert not fake.objections, f"against Cloudflare's pages: {fake.objections}"
