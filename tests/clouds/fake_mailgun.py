"""Mailgun on loopback: its log, its lists of suppressed addresses and its IP addresses, over real HTTP.

Mailgun publishes no schema in a package, so the schema below is written from its pages, which it names. A request that
does not keep to it is refused with 400. `moods` are what it does instead of answering: each is one that such services
really have.
"""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import web

from tests.support.vendor_schemas import closed, problems, text

KEY = "key-of-the-fake-0123456789abcdef"
SENDING_IP = "104.130.122.50"
DOMAIN = "account.trimble.com"

# documentation.mailgun.com, "List logs" (POST /v1/analytics/logs); the attribute "message_id" and the comparator as in
# mailgun-mcp-server, src/custom-tools/investigate-message-delivery.ts
LOGS_REQUEST = closed(
    {
        "start": text(40, pattern=r"^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}$"),
        "end": text(40),
        "events": {"type": "array", "items": {"enum": ["accepted", "delivered", "failed", "rejected", "complained"]}},
        "filter": closed(
            {
                "AND": {
                    "type": "array",
                    "minItems": 1,
                    "items": closed(
                        {
                            "attribute": {"enum": ["message_id", "recipient", "domain"]},
                            "comparator": {"enum": ["="]},
                            "values": {
                                "type": "array",
                                "minItems": 1,
                                "items": closed({"label": text(998), "value": text(998)}, ["label", "value"]),
                            },
                        },
                        ["attribute", "comparator", "values"],
                    ),
                }
            },
            ["AND"],
        ),
        "include_subaccounts": {"type": "boolean"},
        "include_totals": {"type": "boolean"},
        "pagination": closed(
            {
                "sort": {"enum": ["timestamp:asc", "timestamp:desc"]},
                "limit": {"type": "integer", "minimum": 1, "maximum": 1000},
                "token": text(8000),
            }
        ),
    }
)

Mood = Callable[[web.Request], Awaitable[web.StreamResponse]]


def failing(status: int, message: str = "no", **headers: str) -> Mood:
    """It refuses: 401 "Invalid private key" (documentation.mailgun.com, "Authentication"), 429 with and without
    Retry-After (docs of the Domains API; in the field without), 5xx."""

    async def mood(_: web.Request) -> web.StreamResponse:
        return web.json_response({"message": message}, status=status, headers=headers)

    return mood


def saying(body: bytes, status: int = 200) -> Mood:
    """It answers with this: an error page of a proxy, half an answer, what is no answer at all."""

    async def mood(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type="application/json")

    return mood


async def cut(request: web.Request) -> web.StreamResponse:
    """The connection ends in the middle of the answer."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"items": [')
    assert request.transport
    request.transport.abort()
    return response


async def silent(_: web.Request) -> web.StreamResponse:
    """It takes the request and does not answer."""
    await asyncio.sleep(3600)
    raise AssertionError


@dataclass
class FakeMailgun:
    """`rows` are its log, `lists` the suppressed addresses by list, `ips` its addresses. `page` rows are in an answer.
    `one_value`: a filter with several values finds nothing, which its pages leave open."""

    url: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    lists: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    ips: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    page: int = 100
    one_value: bool = False
    twice: bool = False
    next_token: object = None
    moods: deque[Mood] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)

    def say(self, event: str, message_id: str, recipient: str = "probe@acme.test", **more: Any) -> None:
        """Write a row, as documentation.mailgun.com, "Event structure", has it."""
        self.rows.append(row(event, message_id, recipient, id=f"event-{len(self.rows)}", **more))

    @web.middleware
    async def _watch(self, request: web.Request, handler: Mood) -> web.StreamResponse:
        self.paths.append(f"{request.method} {request.path}")
        given = request.headers.get("Authorization", "")
        if given != f"Basic {base64.b64encode(f'api:{KEY}'.encode()).decode()}":
            return web.Response(status=401, text="Forbidden")
        if self.moods:
            return await self.moods.popleft()(request)
        return await handler(request)

    async def logs(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.asked.append(asked)
        if wrong := problems(LOGS_REQUEST, asked):
            self.objections += wrong
            return web.json_response({"message": "; ".join(wrong)}, status=400)
        found = [row for row in self.rows if self._fits(asked, row)] * (2 if self.twice else 1)
        paging = asked.get("pagination", {})
        at, limit = int(paging.get("token", "0")), min(paging.get("limit", 100), self.page)
        more = str(at + limit) if at + limit < len(found) else None
        answer = {
            "start": asked.get("start"),
            "end": "",
            "items": found[at : at + limit],
            "pagination": {
                "next": self.next_token or more,
                "previous": "",
                "first": "0",
                "last": "",
                "total": len(found),
            },
            "aggregates": {},
        }
        return web.json_response(answer)

    def _fits(self, asked: dict[str, Any], row: dict[str, Any]) -> bool:
        if row["event"] not in asked.get("events", [row["event"]]):
            return False
        start = parsedate_to_datetime(asked["start"]) if "start" in asked else None
        if start and datetime.fromisoformat(row["@timestamp"]) < start:
            return False
        for one in asked.get("filter", {}).get("AND", ()):
            values = [each["value"] for each in one["values"]]
            has = {
                "message_id": row["message"]["headers"]["message-id"],
                "recipient": row["recipient"],
                "domain": DOMAIN,
            }
            if has[one["attribute"]] not in values or (self.one_value and len(values) > 1):
                return False
        return True

    async def _suppression(self, request: web.Request) -> web.StreamResponse:
        address = request.match_info["address"]
        entry = self.lists.get(request.match_info["list"], {}).get(address)
        if request.match_info["domain"] != DOMAIN or entry is None:
            return web.json_response({"message": "Address not found in bounces table"}, status=404)
        return web.json_response({"address": address, **entry})

    async def _ip(self, request: web.Request) -> web.StreamResponse:
        """mailgun-go, mtypes/ips.go."""
        known = self.ips.get(request.match_info["ip"])
        return web.json_response(known) if known else web.json_response({"message": "IP not found"}, status=404)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._watch])
        app.router.add_post("/v1/analytics/logs", self.logs)
        app.router.add_get("/v3/ips/{ip}", self._ip)
        app.router.add_get("/v3/{domain}/{list:bounces|complaints|unsubscribes}/{address}", self._suppression)
        return app


def row(event: str, message_id: str, recipient: str = "probe@acme.test", **more: Any) -> dict[str, Any]:
    """A row of the log. `reply` is "550 5.7.1 words" of the company's server."""
    code, _, rest = str(more.pop("reply", "")).partition(" ")
    enhanced, _, words = rest.partition(" ")
    status: dict[str, Any] = {"attempt-no": 1, "mx-host": "mx.acme.test", "tls": True, "session-seconds": 0.4}
    if code:
        status |= {"code": int(code), "enhanced-code": enhanced, "message": f"{enhanced} {words}", "description": ""}
    made = {
        "id": "event",
        "event": event,
        "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "account": {"id": "5e1"},
        "domain": {"name": DOMAIN},
        "recipient": recipient,
        "recipient-domain": recipient.rpartition("@")[2],
        "recipient-provider": "Other",
        "envelope": {"sender": f"bounce@{DOMAIN}", "sending-ip": SENDING_IP, "targets": recipient, "transport": "smtp"},
        "delivery-status": status,
        "message": {"headers": {"message-id": message_id, "to": recipient, "subject": "Your code"}, "size": 4000},
        "flags": {"is-delayed-bounce": False},
        "log-level": "info",
    }
    return made | more


@asynccontextmanager
async def fake_mailgun(port: int = 0) -> AsyncIterator[FakeMailgun]:
    """Run it."""
    fake = FakeMailgun()
    runner = web.AppRunner(fake.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
        assert not fake.objections, f"against Mailgun's pages: {fake.objections}"
