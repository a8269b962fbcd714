"""Receivers that behave as vendors document: they check each request, and answer errors in the vendor's format."""

import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.vendor_schemas import PAGERDUTY_EVENT, problems

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class VendorAnswer:
    """An HTTP answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        text = self.body if isinstance(self.body, str) else "" if self.body is None else json.dumps(self.body)
        kind = "text/plain" if isinstance(self.body, str) else "application/json"
        return web.Response(status=self.status, text=text, headers=self.headers, content_type=kind)


@dataclass(frozen=True)
class VendorRequest:
    """A request that the vendor took."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    json: Any


Check = Callable[["VendorReceiver", VendorRequest], VendorAnswer]


class VendorReceiver:
    """Checks requests by `check`. `next_answers` come first, one for each request, unchecked; None: check this one."""

    def __init__(self, check: Check) -> None:
        self.url = ""
        self.check = check
        self.next_answers: deque[VendorAnswer | None] = deque()
        self.taken: list[VendorRequest] = []
        self.refused: list[VendorAnswer] = []
        self.items: dict[str, Any] = {}

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            said = json.loads(body) if body else None
        except ValueError:
            return VendorAnswer(400, {"message": "not JSON"}).response()
        asked = VendorRequest(request.method, request.path, dict(request.query), dict(request.headers), said)
        answer = (self.next_answers.popleft() if self.next_answers else None) or self.check(self, asked)
        if answer.status < 300 and not (isinstance(answer.body, dict) and answer.body.get("ok") is False):
            self.taken.append(asked)
        else:
            self.refused.append(answer)
        return answer.response()


@asynccontextmanager
async def vendor(check: Check) -> AsyncIterator[VendorReceiver]:
    """A receiver at work."""
    receiver = VendorReceiver(check)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        await runner.cleanup()


ROUTING_KEY = "R0UT1NGK3Y" + "a" * 22


def pagerduty(receiver: VendorReceiver, asked: VendorRequest) -> VendorAnswer:
    """https://developer.pagerduty.com/docs/events-api-v2/trigger-events/"""
    if (asked.method, asked.path) != ("POST", "/v2/enqueue"):
        return VendorAnswer(404, "Not Found")
    if found := problems(PAGERDUTY_EVENT, asked.json):
        invalid = {"status": "invalid event", "message": "Event object is invalid", "errors": found}
        return VendorAnswer(400, invalid)
    if asked.json["routing_key"] != ROUTING_KEY:
        wrong = {"status": "invalid event", "message": "Invalid routing key", "errors": ["Invalid routing key"]}
        return VendorAnswer(400, wrong)
    key, action = asked.json.get("dedup_key", "new"), asked.json["event_action"]
    before = receiver.items.get(key)
    match action:
        case "trigger":
            receiver.items[key] = before if before == "acknowledged" else "triggered"
        case "acknowledge" if before in ("triggered", "acknowledged"):
            receiver.items[key] = "acknowledged"
        case "resolve" if before:
            receiver.items[key] = "resolved"
    return VendorAnswer(202, {"status": "success", "message": "Event processed", "dedup_key": key})
