"""The check itself: right exchanges pass, and each planted drift of a client or a fake is caught."""

import json
from functools import cache
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from tests.clouds.documents import ABSENT, DOCUMENTS, google_schema, graph_schema
from tests.clouds.schema import VendorExchange, VendorSchema
from tests.clouds.watch import SchemaWatch

pytestmark = pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=ABSENT)

USER = "/users/probe%40acme.example"
INBOX = f"{USER}/mailFolders/inbox/messages"
TRACES = "/admin/exchange/tracing/messageTraces"
DETAILS = f"{TRACES}/4f2a/getDetailsByRecipient(recipientAddress='probe%40acme.example')"
GMAIL = "/gmail/v1/users/me"
REPORTS = "/admin/reports/v1/activity/users/all/applications/gmail"

MAIL = {
    "@odata.etag": 'W/"CQ"', "id": "AAk=", "internetMessageId": "<1@account.trimble.com>",
    "receivedDateTime": "2026-11-23T08:00:00Z", "internetMessageHeaders": [{"name": "From", "value": "a@b.example"}],
}  # fmt: skip
TRACE = {
    "id": "4f2a", "messageId": "<1@account.trimble.com>", "senderAddress": "a@b.example", "subject": "x",
    "recipientAddress": "probe@acme.example", "receivedDateTime": "2026-11-23T08:00:00Z", "size": 5000,
    "fromIP": "104.130.122.50", "toIP": None, "status": "quarantined",
}  # fmt: skip
DETAIL = {
    "id": "1", "messageId": "<1@b.example>", "dateTime": "2026-11-23T08:00:00Z", "event": "Fail", "action": None,
    "description": "550 5.7.1", "data": "<root/>",
}  # fmt: skip
ERROR = {"error": {"code": "ErrorAccessDenied", "message": "no", "innerError": {"request-id": "1"}}}
GOOGLE_REFUSAL = {
    "error": {"code": 404, "message": "no", "errors": [{"message": "no", "domain": "global", "reason": "notFound"}]}
}
SELECT = "$select=id,internetMessageId,internetMessageHeaders,receivedDateTime"
SINCE = "$filter=receivedDateTime%20ge%202026-11-22T08:00:00Z"
LETTER = {"id": "1a", "threadId": "1a", "historyId": "123", "internalDate": "1795420800000", "labelIds": ["INBOX"]}


def exchange(method: str, target: str, answer: Any = None, status: int = 200, body: Any = None) -> VendorExchange:
    contents = [b"" if each is None else json.dumps(each).encode() for each in (answer, body)]
    return VendorExchange(method, target, status, *contents)


RIGHT = {
    "mail of a folder": ("graph", exchange("GET", f"{INBOX}?{SINCE}&{SELECT}&$top=50", {"value": [MAIL]})),
    "the newest first": (
        "graph",
        exchange("GET", f"{INBOX}?{SINCE}&$select=id&$orderby=receivedDateTime%20desc", {"value": [{"id": "A"}]}),
    ),
    "the next page": (
        "graph",
        exchange("GET", f"{INBOX}?$skiptoken=4", {"value": [], "@odata.nextLink": "https://graph.microsoft.com/x"}),
    ),
    "by Message-ID": (
        "graph",
        exchange("GET", f"{USER}/messages?$filter=internetMessageId%20eq%20'%3Cid%20ge%201@b%3E'", {"value": []}),
    ),
    "a body": (
        "graph",
        exchange("GET", f"{USER}/messages/A?$select=body", {"body": {"contentType": "text", "content": "x"}}),
    ),
    "folders": (
        "graph",
        exchange("GET", f"{USER}/mailFolders?includeHiddenFolders=true", {"value": [{"id": "A", "displayName": "X"}]}),
    ),
    "deleted for good": ("graph", exchange("POST", f"{USER}/messages/A/permanentDelete", None, 204)),
    "deleted": ("graph", exchange("DELETE", f"{USER}/messages/A", None, 204)),
    "no right": ("graph", exchange("GET", INBOX, ERROR, 403)),
    "their fault": ("graph", exchange("GET", INBOX, ERROR, 503)),
    "traces": (
        "graph",
        exchange("GET", f"{TRACES}?$filter=messageId%20eq%20'%3C1@b%3E'&$top=10", {"value": [TRACE]}),
    ),
    "details of a trace": ("graph", exchange("GET", DETAILS, {"value": [DETAIL]})),
    "letters": ("gmail.v1", exchange("GET", f"{GMAIL}/messages?labelIds=SPAM&maxResults=50&alt=json", {})),
    "one letter": ("gmail.v1", exchange("GET", f"{GMAIL}/messages/1a?format=metadata", LETTER)),
    "history": (
        "gmail.v1",
        exchange("GET", f"{GMAIL}/history?startHistoryId=1&historyTypes=messageAdded", {"historyId": "2"}),
    ),
    "history too old": ("gmail.v1", exchange("GET", f"{GMAIL}/history?startHistoryId=1", GOOGLE_REFUSAL, 404)),
    "a letter deleted": ("gmail.v1", exchange("DELETE", f"{GMAIL}/messages/1a", None, 204)),
    "a report": (
        "admin.reports_v1",
        exchange("GET", f"{REPORTS}?eventName=delivery&startTime=2026-11-23T08:00:00Z", {"items": []}),
    ),
}


def mail(**more: Any) -> dict[str, Any]:
    return {"value": [MAIL | more]}


LOOK = f"{INBOX}?{SELECT}"
DRIFTS = {
    "an unknown parameter": ("graph", exchange("GET", f"{LOOK}&$limit=5", mail()), "$limit: no such parameter"),
    "a page too large": ("graph", exchange("GET", f"{LOOK}&$top=1001", mail()), "1001 is greater than"),
    "a page of words": ("graph", exchange("GET", f"{LOOK}&$top=many", mail()), '"many" is not of type "integer"'),
    "a parameter twice": ("graph", exchange("GET", f"{LOOK}&$top=1&$top=2", mail()), "$top: more than once"),
    "an unknown property selected": ("graph", exchange("GET", f"{INBOX}?$select=id,headers", mail()), '"headers"'),
    "an unknown order": ("graph", exchange("GET", f"{LOOK}&$orderby=received%20desc", mail()), "received desc"),
    "an unknown property filtered": (
        "graph", exchange("GET", f"{INBOX}?$filter=messageId%20eq%20'1'", {"value": []}), "no such property: messageId",
    ),
    "not selected": ("graph", exchange("GET", f"{INBOX}?$select=id", mail()), "internetMessageId was not selected"),
    "headers unasked": ("graph", exchange("GET", INBOX, mail()), "internetMessageHeaders was not selected"),
    "an invented property": ("graph", exchange("GET", LOOK, mail(spamScore=5)), "spamScore"),
    "an invented annotation": ("graph", exchange("GET", LOOK, mail(**{"@odata.folder": "x"})), "@odata.folder"),
    "a misspelt property": ("graph", exchange("GET", LOOK, mail(InternetMessageId="x")), "InternetMessageId"),
    "a number for text": ("graph", exchange("GET", LOOK, mail(internetMessageId=5)), "internetMessageId"),
    "no date": ("graph", exchange("GET", LOOK, mail(receivedDateTime="yesterday")), '"yesterday"'),
    "headers as an object": (
        "graph", exchange("GET", LOOK, mail(internetMessageHeaders={"From": "x"})), 'is not of type "array"',
    ),
    "an object for a list": ("graph", exchange("GET", LOOK, {"value": MAIL}), 'is not of type "array"'),
    "an error without its code": ("graph", exchange("GET", LOOK, {"error": {"message": "x"}}, 403), '"code"'),
    "an error as text": ("graph", exchange("GET", LOOK, {"error": "denied"}, 403), 'is not of type "object"'),
    "an answer that is none": ("graph", exchange("GET", LOOK), "answer 200: there is none"),
    "a status of its own": ("graph", exchange("GET", LOOK, mail(), 206), "no such status: 206"),
    "deleted with a word": (
        "graph", exchange("POST", f"{USER}/messages/A/permanentDelete", {"ok": True}, 204), "there must be none",
    ),
    "a body that nobody takes": (
        "graph", exchange("POST", f"{USER}/messages/A/permanentDelete", None, 204, {}), "body: there must be none",
    ),
    "a misspelt key of a body": (
        "graph", exchange("PATCH", f"{USER}/messages/A", {"id": "A"}, body={"isread": True}), "isread",
    ),
    "a wrong path": ("graph", exchange("GET", f"{USER}/folders/inbox/messages", mail()), "no such path"),
    "a wrong method": ("graph", exchange("PUT", INBOX, mail()), "no such method: PUT"),
    "an invented status of a trace": (
        "graph", exchange("GET", TRACES, {"value": [TRACE | {"status": "held"}]}), '"held" is not one of',
    ),
    "a trace selected": ("graph", exchange("GET", f"{TRACES}?$select=id", {"value": []}), "$select: no such parameter"),
    "a trace deleted": ("graph", exchange("DELETE", f"{TRACES}/4f2a", None, 204), "no such path"),
    "a recipient without quotation marks": (
        "graph", exchange("GET", DETAILS.replace("'", ""), {"value": []}), "no such path",
    ),
    "an unknown format": ("gmail.v1", exchange("GET", f"{GMAIL}/messages/1a?format=headers", LETTER), '"headers"'),
    "a token in the URL": (
        "gmail.v1", exchange("GET", f"{GMAIL}/messages?access_token=x", {}), "access_token: no such parameter",
    ),
    "a 64-bit number": ("gmail.v1", exchange("GET", f"{GMAIL}/messages/1a", LETTER | {"historyId": 123}), "historyId"),
    "text for a 64-bit number": (
        "gmail.v1", exchange("GET", f"{GMAIL}/messages/1a", LETTER | {"historyId": "x"}), "answer 200: /historyId",
    ),
    "a wrong key of history": (
        "gmail.v1", exchange("GET", f"{GMAIL}/history", {"history": [{"added": []}]}), "'added'",
    ),
    "a wrong error": ("gmail.v1", exchange("GET", f"{GMAIL}/history", {"error": "x"}, 404), "answer 4XX: /error"),
    "an unknown application": (
        "admin.reports_v1", exchange("GET", REPORTS.replace("/gmail", "/mail"), {}), '"mail" is not one of',
    ),
}  # fmt: skip


@cache
def schema(name: str) -> VendorSchema:
    found = graph_schema() if name == "graph" else google_schema(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_exchange_passes(name: str) -> None:
    vendor, right = RIGHT[name]
    assert schema(vendor).problems(right) == []


@pytest.mark.parametrize("name", DRIFTS)
def test_a_drift_is_caught(name: str) -> None:
    vendor, wrong, words = DRIFTS[name]
    problems = schema(vendor).problems(wrong)
    assert any(words in each for each in problems), problems


async def test_every_exchange_of_a_fake_is_watched() -> None:
    watch = SchemaWatch(schema("graph"), "/v1.0")

    async def messages(request: web.Request) -> web.Response:
        if "odd" in request.query.get("$search", ""):
            watch.deviates(request, "half an answer")
        return web.json_response({"value": [{"Id": "A"}]} if "$search" in request.query else {"value": []})

    app = web.Application(middlewares=[watch.middleware])
    app.router.add_get("/v1.0/users/{user}/messages", messages)
    async with TestServer(app) as server, ClientSession() as http:
        for target, problems in (
            ("messages", 0),
            ("messages?$search=odd", 0),
            ("messages?$search=odd&$limit=5", 1),
            ("messages?$search=x", 2),
            ("nowhere", 3),
        ):
            await http.get(server.make_url(f"/v1.0/users/a@b.example/{target}"))
            assert len(watch.problems) == problems, watch.problems
    assert watch.checked == 5
    with pytest.raises(AssertionError, match="no such path"):
        watch.verify()
