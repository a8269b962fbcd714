"""Receivers that behave as vendors document: they check each request, and answer errors in the vendor's format."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.vendor_schemas import (
    OPSGENIE_CREATE,
    OPSGENIE_UPDATES,
    PAGERDUTY_EVENT,
    SLACK_POST,
    SLACK_UPDATE,
    TEAMS_MESSAGE,
    problems,
)

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class VendorAnswer:
    """An HTTP answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0  # seconds

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
        await asyncio.sleep(answer.after)
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


SLACK_TOKEN = "xoxb-123456789012-abcdefABCDEF"
SLACK_ROOM = "C0123456789"


def slack(receiver: VendorReceiver, asked: VendorRequest) -> VendorAnswer:
    """https://docs.slack.dev/reference/methods/chat.postMessage and chat.update"""

    def wrong(error: str, **more: Any) -> VendorAnswer:
        return VendorAnswer(200, {"ok": False, "error": error, **more})

    method = asked.path.removeprefix("/api/")
    if asked.method != "POST" or method not in ("chat.postMessage", "chat.update"):
        return wrong("unknown_method")
    if asked.headers.get("Content-Type") != "application/json; charset=utf-8":
        return wrong("missing_charset")
    if asked.headers.get("Authorization") != f"Bearer {SLACK_TOKEN}":
        return wrong("invalid_auth")
    said = asked.json
    if found := problems(SLACK_POST if method == "chat.postMessage" else SLACK_UPDATE, said):
        return wrong("invalid_blocks" if "blocks" in str(found) else "invalid_arguments", errors=found)
    names = [
        element["action_id"] for block in said["blocks"] for element in block.get("elements", []) if "url" in element
    ]
    if len(names) != len(set(names)):
        return wrong("invalid_blocks", errors=["action_id is not unique"])
    if said["channel"] != SLACK_ROOM:
        return wrong("channel_not_found")
    if method == "chat.update":
        if said["ts"] not in receiver.items:
            return wrong("message_not_found")
        receiver.items[said["ts"]] = said
        return VendorAnswer(200, {"ok": True, "channel": SLACK_ROOM, "ts": said["ts"], "message": said})
    if said.get("thread_ts", "") not in {"", *receiver.items}:
        return wrong("thread_not_found")
    ts = f"1700000000.{len(receiver.items):06d}"
    receiver.items[ts] = said
    return VendorAnswer(200, {"ok": True, "channel": SLACK_ROOM, "ts": ts, "message": said})


TEAMS_PATH = "/workflows/0123abcd/triggers/manual/paths/invoke"
TEAMS_SIGNATURE = "s1gnature-of-the-workflow"


def teams(receiver: VendorReceiver, asked: VendorRequest) -> VendorAnswer:
    """A workflow "Send webhook alerts to a channel" of Power Automate, and what Teams makes of its card."""

    def wrong(status: int, code: str, message: str) -> VendorAnswer:
        return VendorAnswer(status, {"error": {"code": code, "message": message}})

    if asked.path != TEAMS_PATH:
        return wrong(404, "WorkflowNotFound", "The workflow could not be found.")
    if asked.query.get("sig") != TEAMS_SIGNATURE:
        return wrong(401, "DirectApiAuthorizationRequired", "The request must be authenticated.")
    if asked.method != "POST" or not asked.headers.get("Content-Type", "").startswith("application/json"):
        return wrong(400, "TriggerInputSchemaMismatch", "The input body is not JSON.")
    if found := problems(TEAMS_MESSAGE, asked.json):
        return wrong(400, "TriggerInputSchemaMismatch", "; ".join(found))
    if len(json.dumps(asked.json, ensure_ascii=False).encode()) > 28 * 1024:
        return wrong(413, "RequestEntityTooLarge", "The message is larger than 28 KB.")
    return VendorAnswer(202)


OPSGENIE_KEY = "eb243592-faa2-4ba2-a551-1afdf565c889"


def opsgenie(receiver: VendorReceiver, asked: VendorRequest) -> VendorAnswer:
    """https://docs.opsgenie.com/docs/alert-api; all requests are processed later, here at once."""

    def wrong(status: int, message: str, **more: Any) -> VendorAnswer:
        return VendorAnswer(status, {"message": message, "took": 0.01, "requestId": "r1", **more})

    if asked.headers.get("Authorization") != f"GenieKey {OPSGENIE_KEY}":
        return wrong(401, "Could not authenticate")
    alias, _, what = asked.path.removeprefix("/v2/alerts").lstrip("/").partition("/")
    schema = OPSGENIE_UPDATES.get((asked.method, what)) if alias else OPSGENIE_CREATE
    if not asked.path.startswith("/v2/alerts") or schema is None:
        return wrong(404, "No such resource")
    if found := problems(schema, asked.json):
        return wrong(422, "Request body is not processable. Please check the errors.", errors=dict(enumerate(found)))
    done = VendorAnswer(202, {"result": "Request will be processed", "took": 0.302, "requestId": "r1"})
    if not alias:
        if sum(len(key) + len(value) for key, value in asked.json.get("details", {}).items()) > 8000:
            return wrong(422, "Request body is not processable. Please check the errors.", errors={"details": "long"})
        known = receiver.items.get(asked.json["alias"])
        if known and known["status"] == "open":
            known["count"] += 1
        else:
            receiver.items[asked.json["alias"]] = {**asked.json, "status": "open", "count": 1, "notes": []}
        return done
    if asked.query.get("identifierType") != "alias":
        return wrong(422, "The identifier is not an id")
    alert = receiver.items.get(alias)
    if alert is None or alert["status"] == "closed":
        return wrong(404, f"Alert with alias [{alias}] does not exist")
    match what:
        case "close":
            alert["status"] = "closed"
        case "acknowledge":
            alert["acknowledged"] = True
        case "notes":
            alert["notes"].append(asked.json["note"])
        case _:
            alert |= asked.json
    return done
