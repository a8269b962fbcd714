"""An appliance of Cisco Secure Email on loopback: the search of its message tracking, over real HTTP, with TLS or not.

The schema below is written from Cisco's page and from public integrations, which it names; a request that does not keep
to it is refused. `moods` are what it does instead of answering.
"""

import base64
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.clouds.fake_mailgun import Mood
from tests.support.vendor_schemas import closed, problems, text

USER = "mailpath"
PASSWORD = "passphrase-of-the-fake-0123456789"
SENDER_IP = "104.130.122.50"
PATHS = tuple(f"/{each}/api/v2.0/message-tracking/messages" for each in ("esa", "sma"))
_MINUTE = text(24, pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000Z$")

# Cisco-Email-Security/docs, api.md, "Output query from Message Tracking"; opencybersecurityalliance/stix-shifter,
# cisco_secure_email, from_stix_map.json, for `messageIdHeader`, and its README for the limit
SEARCH = closed(
    {
        "startDate": _MINUTE,
        "endDate": _MINUTE,
        "ciscoHost": {"enum": ["All_Hosts"]},
        "searchOption": {"enum": ["messages"]},
        "offset": {"type": "string", "pattern": "^[0-9]+$"},
        "limit": {"type": "string", "pattern": "^([1-7]?[0-9]{1,2}|800)$"},
        "messageIdHeader": text(998),
    },
    ["startDate", "endDate", "searchOption"],
)


def refusing(status: int, message: str, **headers: str) -> Mood:
    """It refuses, in the form of all errors of the AsyncOS API."""

    async def mood(_: web.Request) -> web.StreamResponse:
        error = {"message": message, "code": str(status), "explanation": f"{status} = see the guide."}
        return web.json_response({"error": error}, status=status, headers=headers)

    return mood


@dataclass
class FakeCisco:
    """`rows` are the messages by Message-ID. `bracketed`: one is found only with its angle brackets. `deaf`: it does
    not know the parameter for a Message-ID, and answers with all mail."""

    url: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    bracketed: bool = False
    deaf: bool = False
    moods: deque[Mood] = field(default_factory=deque)
    asked: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)

    async def search(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            return await refusing(401, "Unauthorized.")(request)
        if self.moods:
            return await self.moods.popleft()(request)
        asked = dict(request.query)
        if wrong := problems(SEARCH, asked):
            self.objections += wrong
            return await refusing(404, "startDate and endDate attribute supports only 00 seconds.")(request)
        self.asked.append(asked)
        found = [each for rows in self.rows.values() for each in rows]
        if not self.deaf:
            wanted = asked["messageIdHeader"]
            found = self.rows.get(wanted.strip("<>"), []) if self.bracketed == wanted.startswith("<") else []
        return web.json_response({"meta": {"num_bad_records": 0, "totalCount": len(found)}, "data": found})


def tracked(message_id: str, status: str | dict[str, str], at: datetime, **more: Any) -> dict[str, Any]:
    """One message, with the fields of a real row. `status`: that of MID 315, or those of several."""
    statuses = {"315": status} if isinstance(status, str) else status
    address, recipient = "no-reply@account.trimble.com", "probe@acme.example"
    made: dict[str, Any] = {
        "hostName": "esa1.acme.example",
        "friendly_from": [address],
        "isCompleteData": "N/A",
        "messageStatus": statuses,
        "recipientMap": {mid: [recipient] for mid in statuses},
        "senderIp": SENDER_IP,
        "mailPolicy": ["DEFAULT"],
        "senderGroup": "UNKNOWNLIST",
        "subject": "Your code",
        "dcid": [],
        "mid": [int(mid) for mid in statuses],
        "senderDomain": "account.trimble.com",
        "direction": "incoming",
        "icid": 10767,
        "morDetails": {},
        "replyTo": "N/A",
        "timestamp": at.strftime("%d %b %Y %H:%M:%S (GMT +00:00)"),
        "messageID": {next(iter(statuses), "315"): f"<{message_id}>"},
        "verdictChart": dict.fromkeys(statuses, "11131210"),
        "recipient": [recipient],
        "sender": address,
        "serialNumber": "423ADC9EBD9C5F1A7A64-B81D2582608C",
        "allIcid": [10767],
        "sbrs": "2.7",
    }
    return {"attributes": made | more}


@asynccontextmanager
async def fake_cisco(tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeCisco]:
    """Run it."""
    fake = FakeCisco()
    app = web.Application()
    for path in PATHS:
        app.router.add_get(path, fake.search)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
        assert not fake.objections, f"against Cisco's pages: {fake.objections}"
