"""Microsoft Graph as far as Mailpath uses it: mail and message trace, in memory, on loopback.

Every exchange is held to Microsoft's schema. What the schema does not say is shown as documented or reported, each with
its source; `plan` holds what comes instead of an answer.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import web

from probes.mailboxes.excerpt import split
from tests.clouds.documents import graph_schema
from tests.clouds.watch import SchemaWatch

BASE = "/v1.0"
SELECTED_ONLY = frozenset({"internetMessageHeaders"})  # learn.microsoft.com/graph/api/resources/message
WINDOW = timedelta(days=10)  # of one question for traces: learn.microsoft.com, list messageTraces
NO_PRINCIPAL = "Service principal-less Authentication failed for the application."
"""learn.microsoft.com/graph/api/resources/exchangemessagetrace: without the service principal of message trace."""

Answer = Callable[["FakeGraph", web.Request], Awaitable[web.StreamResponse]]
_SERIAL = count(1)


@dataclass
class GraphMail:
    """A message in a mailbox."""

    id: str
    folder: str
    content: bytes
    received: datetime
    flags: str | None = None


@dataclass
class GraphBox:
    """A mailbox: its folders by id, each with its name and the id of the folder that it is in, and its mail by id."""

    folders: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            "AAinbox": ("Inbox", ""),
            "AAjunk": ("Junk Email", ""),
            "AAdeleted": ("Deleted Items", ""),
        }
    )
    mails: dict[str, GraphMail] = field(default_factory=dict)
    emptied: asyncio.Event = field(default_factory=asyncio.Event)  # the last mail was deleted

    def deliver(self, content: bytes, folder: str = "AAinbox", received: datetime | None = None) -> GraphMail:
        mail = GraphMail(f"AAMk-{next(_SERIAL)}=", folder, content, received or datetime.now(UTC))
        self.mails[mail.id] = mail
        return mail


WELL_KNOWN = {"inbox": "AAinbox", "junkemail": "AAjunk", "deleteditems": "AAdeleted"}


@dataclass
class FakeGraph:
    """`plan`: what comes next on a path that contains this text. `rights`: those of the app on mail. `requests`: method
    and target of each. `page`: most items of one answer. `permanent`: the cloud has permanentDelete."""

    watch: SchemaWatch
    authorised: Callable[[str], bool]
    url: str = ""
    boxes: dict[str, GraphBox] = field(default_factory=dict)
    plan: deque[tuple[str, Answer]] = field(default_factory=deque)
    rights: str = "ReadWrite"
    scope: set[str] | None = None  # mailboxes that a scope of Exchange leaves open; None: all
    page: int = 1000
    permanent: bool = True
    principal: bool = True
    concurrent: int | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    prefers: list[str] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    details: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    analyzed: list[dict[str, Any]] | None = None  # None: Defender is not licensed
    most_running: int = 0
    _running: int = 0

    @web.middleware
    async def gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Token, plan, and the limit of requests at once."""
        self.requests.append((request.method, request.raw_path))
        self.prefers.append(request.headers.get("Prefer", ""))
        self._running += 1
        self.most_running = max(self.most_running, self._running)
        try:
            if not self.authorised(request.headers.get("Authorization", "").removeprefix("Bearer ")):
                return error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
            if self.concurrent is not None and self._running > self.concurrent:
                return await busy()(self, request)
            if planned := next((each for each in self.plan if each[0] in request.raw_path), None):
                self.plan.remove(planned)
                return await planned[1](self, request)
            return await handler(request)
        finally:
            self._running -= 1

    async def folders(self, request: web.Request) -> web.StreamResponse:
        box, parent = self._box(request), request.match_info.get("folder", "")
        here = [key for key, (_, above) in box.folders.items() if above == _known(parent)]
        return self._listed(request, [_folder(box, key) for key in here])

    async def folder(self, request: web.Request) -> web.StreamResponse:
        box, key = self._box(request), _known(request.match_info["folder"])
        if key not in box.folders:
            return error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return web.json_response(_selected(request, _folder(box, key)))

    async def messages(self, request: web.Request) -> web.StreamResponse:
        box, folder = self._box(request), _known(request.match_info.get("folder", ""))
        if folder and folder not in box.folders:
            return error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        wanted = _filtered(request.query.get("$filter", ""))
        here = [each for each in box.mails.values() if not folder or each.folder == folder]
        rows = [row for row in map(_message, here) if wanted(row)]
        if "$orderby" in request.query:
            rows.sort(key=lambda row: str(row["receivedDateTime"]), reverse=request.query["$orderby"].endswith("desc"))
        return self._listed(request, rows)

    async def message(self, request: web.Request) -> web.StreamResponse:
        mail = self._box(request).mails.get(request.match_info["message"])
        if mail is None:
            return error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if self.rights == "ReadBasic" and "body" in request.query.get("$select", "body"):
            return error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return web.json_response(_selected(request, _message(mail)))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/permanentDelete") and not self.permanent:
            return error(400, "BadRequest", "Resource not found for the segment 'permanentDelete'.")
        if self.rights != "ReadWrite":
            return error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        box = self._box(request)
        if box.mails.pop(request.match_info["message"], None) is None:
            return error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if not box.mails:
            box.emptied.set()
        return web.Response(status=204)

    async def message_traces(self, request: web.Request) -> web.StreamResponse:
        if not self.principal:
            return error(401, "UnknownError", NO_PRINCIPAL)
        text = request.query.get("$filter", "")
        bounds = [datetime.fromisoformat(each) for each in re.findall(r"receivedDateTime [gl]e (\S+)", text)]
        if len(bounds) == 2 and not timedelta() <= max(bounds) - min(bounds) <= WINDOW:
            return error(400, "BadRequest", "The date range must be within 10 days.")
        wanted = _filtered(text)
        return self._listed(request, [row for row in self.traces if wanted(row)])

    async def trace_details(self, request: web.Request) -> web.StreamResponse:
        if not self.principal:
            return error(401, "UnknownError", NO_PRINCIPAL)
        found = self.details.get((request.match_info["trace"], request.match_info["recipient"].replace("''", "'")))
        return error(404, "NotFound", "No trace found.") if found is None else web.json_response({"value": found})

    async def analyses(self, request: web.Request) -> web.StreamResponse:
        if self.analyzed is None:
            return error(403, "Forbidden", "The tenant has no licence for this.")
        wanted = _filtered(request.query.get("$filter", ""))
        return web.json_response({"value": [row for row in self.analyzed if wanted(row)]})

    def _box(self, request: web.Request) -> GraphBox:
        user = request.match_info["user"]
        if user.lower() not in self.boxes:
            told = {"error": {"code": "ErrorInvalidUser", "message": f"The requested user '{user}' is invalid."}}
            raise web.HTTPNotFound(text=json.dumps(told), content_type="application/json")
        if (
            self.scope is not None and user.lower() not in self.scope
        ):  # learn.microsoft.com/graph/auth-limit-mailbox-access
            told = {"error": {"code": "ErrorAccessDenied", "message": "Access to OData is disabled."}}
            raise web.HTTPForbidden(text=json.dumps(told), content_type="application/json")
        return self.boxes[user.lower()]

    def _listed(self, request: web.Request, rows: Sequence[Mapping[str, Any]]) -> web.Response:
        """One page of it, with a link to the next one: learn.microsoft.com/graph/paging."""
        start = int(request.query.get("$skiptoken", "0"))
        most = min(int(request.query.get("$top", "10")), self.page)
        answer: dict[str, Any] = {"value": [_selected(request, row) for row in rows[start : start + most]]}
        if start + most < len(rows):
            query = {**request.query, "$skiptoken": str(start + most)}
            answer["@odata.nextLink"] = f"{self.url}{request.rel_url.with_query(query)}"
        return web.json_response(answer)


# -- what may come instead of an answer -------------------------------------------------------------------------------


def error(status: int, code: str, message: str, **headers: str) -> web.Response:
    """As learn.microsoft.com/graph/errors has it."""
    inner = {"date": "2026-11-23T08:00:00", "request-id": "f41fabda-5d81-44db-a3e6-a0fc43c9a5ac"}
    told = {"error": {"code": code, "message": message, "innerError": inner}}
    return web.json_response(told, status=status, headers=headers)


def refusal(status: int, code: str, message: str) -> Answer:
    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        return error(status, code, message)

    return answer


def busy(retry_after: str = "") -> Answer:
    """Outlook's limit of requests at once: learn.microsoft.com/answers/questions/1660054; sometimes without a time:
    OfficeDev/outlook-dev-docs#144."""

    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        headers = {"Retry-After": retry_after} if retry_after else {}
        return error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", **headers)

    return answer


def odd(content: bytes, status: int = 200, content_type: str = "application/json") -> Answer:
    """An answer against the schema, as proxies and faults make them: domainaware/parsedmarc#359."""

    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        graph.watch.deviates(request, "planned")
        return web.Response(body=content, status=status, content_type=content_type)

    return answer


def cut(content: bytes = b'{"value": [{"id": "AA') -> Answer:
    """A connection that breaks in the middle: domainaware/parsedmarc#337."""

    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        graph.watch.deviates(request, "planned")
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
        await response.prepare(request)
        await response.write(content)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def slow(seconds: float) -> Answer:
    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        graph.watch.deviates(request, "planned")
        await asyncio.sleep(seconds)
        return web.json_response({"value": []})

    return answer


def leading_to(link: str) -> Answer:
    """A first page whose next one is there."""

    async def answer(graph: FakeGraph, request: web.Request) -> web.StreamResponse:
        return web.json_response({"value": [], "@odata.nextLink": link})

    return answer


# -- rows -------------------------------------------------------------------------------------------------------------


def _known(folder: str) -> str:
    return WELL_KNOWN.get(folder.lower(), folder)


def _folder(box: GraphBox, key: str) -> dict[str, Any]:
    children = sum(above == key for _, above in box.folders.values())
    return {"id": key, "displayName": box.folders[key][0], "parentFolderId": box.folders[key][1] or "AAroot",
            "childFolderCount": children, "isHidden": False}  # fmt: skip


def _message(mail: GraphMail) -> dict[str, Any]:
    head, body = split(mail.content)
    fields = [*_fields(mail.content[: mail.content.find(b"\r\n\r\n")] if b"\r\n\r\n" in mail.content else head)]
    ids = [each["value"] for each in fields if each["name"].lower() == "message-id"]
    start = mail.content.find(b"\r\n\r\n")
    whole = mail.content[start + 4 :] if start >= 0 else body
    return {
        "id": mail.id, "internetMessageId": ids[0] if ids else None, "parentFolderId": mail.folder,
        "receivedDateTime": mail.received.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "internetMessageHeaders": fields,
        "body": {"contentType": "text", "content": whole.decode("utf-8", "replace")},
    }  # fmt: skip


def _fields(head: bytes) -> Iterator[dict[str, str]]:
    for line in re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace")).splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield {"name": name, "value": value.strip()}


def _selected(request: web.Request, row: Mapping[str, Any]) -> dict[str, Any]:
    if "$select" in request.query:
        return {name: row[name] for name in ("id", *request.query["$select"].split(",")) if name in row}
    return {name: value for name, value in row.items() if name not in SELECTED_ONLY}


def _filtered(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """Comparisons joined by "and"; times and texts compare as texts here."""
    terms = re.findall(r"(\w+) (eq|ge|le) (?:'((?:[^']|'')*)'|(\S+))", text)

    def fits(row: Mapping[str, Any]) -> bool:
        for name, operator, quoted, plain in terms:
            value, wanted = str(row.get(name)), quoted.replace("''", "'") or plain
            if not {"eq": value == wanted, "ge": value >= wanted, "le": value <= wanted}[operator]:
                return False
        return True

    return fits


def graph_app(graph: FakeGraph) -> web.Application:
    """The server of this cloud."""
    app = web.Application(middlewares=[graph.watch.middleware, graph.gate])
    user = f"{BASE}/users/{{user}}"
    app.router.add_get(f"{user}/mailFolders", graph.folders)
    app.router.add_get(f"{user}/mailFolders/{{folder}}", graph.folder)
    app.router.add_get(f"{user}/mailFolders/{{folder}}/childFolders", graph.folders)
    app.router.add_get(f"{user}/mailFolders/{{folder}}/messages", graph.messages)
    app.router.add_get(f"{user}/messages", graph.messages)
    app.router.add_get(f"{user}/messages/{{message}}", graph.message)
    app.router.add_delete(f"{user}/messages/{{message}}", graph.delete)
    app.router.add_post(f"{user}/messages/{{message}}/permanentDelete", graph.delete)
    app.router.add_get(f"{BASE}/security/collaboration/analyzedEmails", graph.analyses)
    traces = f"{BASE}/admin/exchange/tracing/messageTraces"
    app.router.add_get(traces, graph.message_traces)
    details = r"/getDetailsByRecipient(recipientAddress='{recipient:.+}')"
    app.router.add_get(f"{traces}/{{trace}}{details}", graph.trace_details)
    return app


@asynccontextmanager
async def fake_graph(authorised: Callable[[str], bool] = bool) -> AsyncIterator[FakeGraph]:
    """One that listens on a free port of this machine. At its end, every exchange has kept to the schema."""
    graph = FakeGraph(SchemaWatch(graph_schema(), BASE), authorised)
    runner = web.AppRunner(graph_app(graph), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        graph.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield graph
        graph.watch.verify()
    finally:
        await runner.cleanup()
