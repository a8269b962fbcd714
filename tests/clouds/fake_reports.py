"""Google's Reports API in memory, for Gmail's log, held to Google's own discovery document.

Source: developers.google.com/workspace/admin/reports/v1/appendix/activity/gmail (both times are required, at most 30
days apart), and .../guides/troubleshooting (errors).
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.clouds.documents import google_schema
from tests.clouds.fake_gmail import error
from tests.clouds.watch import SchemaWatch

SCOPE = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
Answer = Callable[["FakeReports", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeReports:
    """`user_of`: whose token it is, with the right scope, "" if it is none. `admins`: who may read. `records`: by the
    user whose records they are. `plan`: what comes next. `page`: most records of one answer."""

    watch: SchemaWatch
    user_of: Callable[[str], str]
    url: str = ""
    admins: set[str] = field(default_factory=set)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    plan: deque[Answer] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    page: int = 1000

    async def activities(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.raw_path)
        user = self.user_of(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if not user:
            return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "authError")
        if self.plan:
            return await self.plan.popleft()(self, request)
        if user not in self.admins:
            words = "Access denied. You are not authorized to read activity records."
            return error(401, "UNAUTHENTICATED", words, "authError")
        times = [request.query.get(name) for name in ("startTime", "endTime")]
        start, end = (datetime.fromisoformat(each) if each else None for each in times)
        if not start or not end or not timedelta() <= end - start <= timedelta(days=30):
            return error(400, "INVALID_ARGUMENT", "Start and end time are required, at most 30 days apart.", "invalid")
        wanted = request.match_info["user"]
        listed = [each for key, rows in self.records.items() if wanted in ("all", key) for each in rows]
        if filter_ := request.query.get("filters"):
            listed = [each for each in listed if _type(each) == filter_.rpartition("==")[2]]
        listed = [each for each in listed if start <= datetime.fromisoformat(each["id"]["time"]) <= end]
        at = int(request.query.get("pageToken", "0"))
        answer: dict[str, Any] = {"kind": "admin#reports#activities", "etag": '"x"'}
        if listed[at : at + self.page]:
            answer["items"] = listed[at : at + self.page]
        if at + self.page < len(listed):
            answer["nextPageToken"] = str(at + self.page)
        return web.json_response(answer)


def record(event_type: int, message_id: str, at: datetime, *, flat: bool = False) -> dict[str, Any]:
    """One record, nested as the document has it, or with names that have dots in them as real domains have."""
    number, text = {"intValue": str(event_type)}, {"value": message_id}
    parameters: list[dict[str, Any]] = [
        {"name": "event_info", "messageValue": {"parameter": [{"name": "mail_event_type", **number}]}},
        {"name": "message_info", "messageValue": {"parameter": [{"name": "rfc2822_message_id", **text}]}},
    ]
    if flat:
        parameters = [
            {"name": "event_info.mail_event_type", **number},
            {"name": "message_info.rfc2822_message_id", **text},
            {"name": "message_info.flattened_destinations", "value": "gmail-ui::probe@bolt.example"},
        ]
    return {
        "kind": "admin#reports#activity",
        "id": {"time": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "applicationName": "gmail", "customerId": "C03az79cb"},
        "actor": {"profileId": "105250506097979753968"},
        "events": [{"type": "delivery_type", "name": "delivery", "parameters": parameters}],
    }


def _type(row: dict[str, Any]) -> str:
    first = row["events"][0]["parameters"][0]
    value = first if "intValue" in first else first["messageValue"]["parameter"][0]
    return str(value["intValue"])


@asynccontextmanager
async def fake_reports(user_of: Callable[[str], str]) -> AsyncIterator[FakeReports]:
    """One that listens on a free port of this machine. At its end, every exchange has kept to the schema."""
    reports = FakeReports(SchemaWatch(google_schema("admin.reports_v1")), user_of)
    app = web.Application(middlewares=[reports.watch.middleware])
    app.router.add_get("/admin/reports/v1/activity/users/{user}/applications/gmail", reports.activities)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reports.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield reports
        reports.watch.verify()
    finally:
        await runner.cleanup()
