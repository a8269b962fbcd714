"""A Gmail in memory, held to Google's own discovery document, and the behaviours that it does not tell.

Sources: the discovery document of 5 October 2026; developers.google.com/workspace/gmail/api/guides/sync (history),
/guides/handle-errors, /reference/quota.
"""

import base64
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiohttp import web

from tests.clouds.documents import google_schema
from tests.clouds.watch import SchemaWatch

FULL = "https://mail.google.com/"
MODIFY, READ, HEADERS = (f"https://www.googleapis.com/auth/gmail.{name}" for name in ("modify", "readonly", "metadata"))
READERS = {FULL, MODIFY, READ, HEADERS}
SYSTEM = ("INBOX", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "SENT", "DRAFT", "CATEGORY_PROMOTIONS")
UNITS = {"GET profile": 1, "GET labels": 1, "GET history": 2, "GET messages": 5, "GET message": 20, "POST message": 20,
         "DELETE message": 10}  # fmt: skip

Answer = Callable[["FakeGmail", web.Request], Awaitable[web.StreamResponse]]
_SERIAL = count(0x18F0000000000001)


@dataclass
class GmailMail:
    """A message of a mailbox."""

    id: str
    content: bytes
    labels: set[str]
    received: datetime


@dataclass
class GmailBox:
    """A mailbox: its labels by id, its mail by id, and its history: each entry with its number, kind, message, labels
    that were added, and the message's labels then. `oldest`: the first number that the history still has."""

    labels: dict[str, str] = field(default_factory=dict)
    mails: dict[str, GmailMail] = field(default_factory=dict)
    history: list[tuple[int, str, str, list[str], list[str]]] = field(default_factory=list)
    number: int = 9_007_199_254_740_993  # more than a JSON number holds
    oldest: int = 0

    def deliver(self, content: bytes, *labels: str, received: datetime | None = None) -> GmailMail:
        mail = GmailMail(f"{next(_SERIAL):x}", content, {*labels}, received or datetime.now(UTC))
        self.mails[mail.id] = mail
        self._happened("messagesAdded", mail, [])
        return mail

    def relabel(self, mail: GmailMail, *, add: str = "", remove: str = "") -> None:
        if remove:
            mail.labels.discard(remove)
            self._happened("labelsRemoved", mail, [remove])
        if add:
            mail.labels.add(add)
            self._happened("labelsAdded", mail, [add])

    def delete(self, key: str) -> bool:
        if (mail := self.mails.pop(key, None)) is None:
            return False
        self._happened("messagesDeleted", mail, [])
        return True

    def trash(self, mail: GmailMail) -> None:
        for label in ("INBOX", "SPAM"):
            if label in mail.labels:
                self.relabel(mail, remove=label)
        self.relabel(mail, add="TRASH")

    def _happened(self, kind: str, mail: GmailMail, labels: list[str]) -> None:
        self.number += 3
        self.history.append((self.number, kind, mail.id, labels, sorted(mail.labels)))


@dataclass
class FakeGmail:
    """`plan`: what comes next on a path that contains this text. `scope_of`: the scope of a token, "" if it is none.
    `units`: spent so far. `page`: most messages of one answer."""

    watch: SchemaWatch
    scope_of: Callable[[str], str]
    url: str = ""
    boxes: dict[str, GmailBox] = field(default_factory=dict)
    plan: deque[tuple[str, Answer]] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    units: int = 0
    page: int = 500

    @web.middleware
    async def gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Token, plan, and count of units."""
        self.requests.append((request.method, request.raw_path))
        kind = "message" if "message" in request.match_info else request.path.rpartition("/")[2]
        self.units += UNITS[f"{request.method} {kind}"]
        if not self._scope(request):
            return error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "authError")
        if planned := next((each for each in self.plan if each[0] in request.raw_path), None):
            self.plan.remove(planned)
            return await planned[1](self, request)
        return await handler(request)

    async def profile(self, request: web.Request) -> web.Response:
        box = self._box(request, READERS)
        user = request.match_info["user"]
        return web.json_response({"emailAddress": user, "messagesTotal": len(box.mails), "historyId": str(box.number)})

    async def labels(self, request: web.Request) -> web.Response:
        box = self._box(request, READERS)
        rows = [{"id": each, "name": each, "type": "system"} for each in SYSTEM]
        rows += [{"id": key, "name": name, "type": "user"} for key, name in box.labels.items()]
        return web.json_response({"labels": rows})

    async def messages(self, request: web.Request) -> web.Response:
        box = self._box(request, READERS)
        if "q" in request.query and self._scope(request) == HEADERS:
            raise _raised(error(403, "PERMISSION_DENIED", "Metadata scope does not support 'q' parameter", "forbidden"))
        wanted = set(request.query.getall("labelIds", []))
        hidden = set() if request.query.get("includeSpamTrash") == "true" else {"SPAM", "TRASH"}
        found = [each for each in box.mails.values() if wanted <= each.labels and not hidden & each.labels]
        found.sort(key=lambda each: each.received, reverse=True)
        start, most = int(request.query.get("pageToken", "0")), int(request.query.get("maxResults", "100"))
        end = start + min(most, self.page)
        answer: dict[str, Any] = {"resultSizeEstimate": len(found)}
        if found[start:end]:
            answer["messages"] = [{"id": each.id, "threadId": each.id} for each in found[start:end]]
        if end < len(found):
            answer["nextPageToken"] = str(end)
        return web.json_response(answer)

    async def message(self, request: web.Request) -> web.Response:
        box, form = self._box(request, READERS), request.query.get("format", "full")
        if self._scope(request) == HEADERS and form not in ("metadata", "minimal"):
            raise _raised(error(403, "PERMISSION_DENIED", "Metadata scope doesn't allow format RAW", "forbidden"))
        if (mail := box.mails.get(request.match_info["message"])) is None:
            return _not_found()
        row: dict[str, Any] = {
            "id": mail.id, "threadId": mail.id, "labelIds": sorted(mail.labels), "snippet": "",
            "historyId": str(box.number), "internalDate": str(int(mail.received.timestamp() * 1000)),
            "sizeEstimate": len(mail.content),
        }  # fmt: skip
        if form == "raw":
            row["raw"] = base64.urlsafe_b64encode(mail.content).decode()
        else:
            row["payload"] = {"partId": "", "mimeType": "text/plain", "headers": [*_fields(mail.content)]}
        return web.json_response(row)

    async def history(self, request: web.Request) -> web.Response:
        box = self._box(request, READERS)
        since = int(request.query["startHistoryId"])
        if since < box.oldest or since == 0:
            return _not_found()
        entries = [each for each in box.history if each[0] > since]
        start = int(request.query.get("pageToken", "0"))
        end = start + min(int(request.query.get("maxResults", "100")), self.page)
        answer: dict[str, Any] = {"historyId": str(box.number)}
        if entries[start:end]:
            answer["history"] = [_entry(*each) for each in entries[start:end]]
        if end < len(entries):
            answer["nextPageToken"] = str(end)
        return web.json_response(answer)

    async def trash(self, request: web.Request) -> web.Response:
        box = self._box(request, {FULL, MODIFY})
        if (mail := box.mails.get(request.match_info["message"])) is None:
            return _not_found()
        box.trash(mail)
        return web.json_response({"id": mail.id, "threadId": mail.id, "labelIds": sorted(mail.labels)})

    async def delete(self, request: web.Request) -> web.Response:
        if not self._box(request, {FULL}).delete(request.match_info["message"]):
            return _not_found()
        return web.Response(status=204)

    def _scope(self, request: web.Request) -> str:
        return self.scope_of(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def _box(self, request: web.Request, scopes: set[str]) -> GmailBox:
        if self._scope(request) not in scopes:
            words = "Request had insufficient authentication scopes."
            raise _raised(error(403, "PERMISSION_DENIED", words, "insufficientPermissions"))
        if (box := self.boxes.get(request.match_info["user"])) is None:
            words = f"Delegation denied for {request.match_info['user']}"
            raise _raised(error(403, "PERMISSION_DENIED", words, "forbidden"))
        return box


# -- what may come instead of an answer -------------------------------------------------------------------------------


def error(status: int, name: str, message: str, reason: str, **headers: str) -> web.Response:
    """As developers.google.com/workspace/gmail/api/guides/handle-errors has it."""
    rows = [{"message": message, "domain": "global", "reason": reason}]
    body = {"error": {"code": status, "message": message, "status": name, "errors": rows}}
    return web.json_response(body, status=status, headers=headers)


def refusal(status: int, name: str, message: str, reason: str, **headers: str) -> Answer:
    async def answer(gmail: FakeGmail, request: web.Request) -> web.StreamResponse:
        return error(status, name, message, reason, **headers)

    return answer


def odd(content: bytes, status: int = 200) -> Answer:
    """An answer against the schema, as proxies and faults make them."""

    async def answer(gmail: FakeGmail, request: web.Request) -> web.StreamResponse:
        gmail.watch.deviates(request, "planned")
        return web.Response(body=content, status=status, content_type="application/json")

    return answer


def cut() -> Answer:
    """A connection that breaks in the middle."""

    async def answer(gmail: FakeGmail, request: web.Request) -> web.StreamResponse:
        gmail.watch.deviates(request, "planned")
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b'{"history": [{"id"')
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def _raised(response: web.Response) -> web.HTTPException:
    class Refused(web.HTTPException):
        status_code = response.status

    return Refused(text=response.text, content_type="application/json")


def _not_found() -> web.Response:
    return error(404, "NOT_FOUND", "Requested entity was not found.", "notFound")


def _entry(number: int, kind: str, key: str, labels: list[str], then: list[str]) -> dict[str, Any]:
    message = {"id": key, "threadId": key, "labelIds": then}
    event: dict[str, Any] = {"message": message} | ({"labelIds": labels} if labels else {})
    return {"id": str(number), "messages": [{"id": key, "threadId": key}], kind: [event]}


def _fields(content: bytes) -> Iterator[Mapping[str, str]]:
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0].decode("utf-8", "replace")
    for line in re.sub(r"\r?\n[ \t]+", " ", head).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield {"name": name, "value": value.strip()}


def gmail_app(gmail: FakeGmail) -> web.Application:
    """It, below /gmail, as an application of aiohttp's."""
    app = web.Application(middlewares=[gmail.watch.middleware, gmail.gate])
    user = "/v1/users/{user}"
    app.router.add_get(f"{user}/profile", gmail.profile)
    app.router.add_get(f"{user}/labels", gmail.labels)
    app.router.add_get(f"{user}/messages", gmail.messages)
    app.router.add_get(f"{user}/history", gmail.history)
    app.router.add_get(f"{user}/messages/{{message}}", gmail.message)
    app.router.add_post(f"{user}/messages/{{message}}/trash", gmail.trash)
    app.router.add_delete(f"{user}/messages/{{message}}", gmail.delete)
    return app


@asynccontextmanager
async def fake_gmail(scope_of: Callable[[str], str]) -> AsyncIterator[FakeGmail]:
    """One that listens on a free port of this machine. At its end, every exchange has kept to the schema."""
    gmail = FakeGmail(SchemaWatch(google_schema("gmail.v1")), scope_of)
    app = web.Application()
    app.add_subapp("/gmail", gmail_app(gmail))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gmail.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield gmail
        gmail.watch.verify()
    finally:
        await runner.cleanup()
