"""A small JMAP server in memory that pushes, and behaves as badly as a test wants it to.

It follows RFC 8620 and 8621 as far as Mailpath asks: session, Mailbox/get, Email/query, get, changes and set,
downloads, and EventSource, which Debian's Cyrus does not have.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import compat32
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from probes.evidence import Folder
from probes.http import basic
from probes.mailboxes import MailboxSession, VisitedMailbox
from probes.mailboxes.jmap import JmapMailbox
from probes.outside import Outside

KEYWORDS = {"S": "$seen", "F": "$flagged", "R": "$answered", "D": "$draft"}
CORE, MAIL = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"
Answer = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class StoredMail:
    """A mail, the number of the state in which it came, and that in which it was last changed."""

    id: str
    content: bytes
    folders: set[str]
    keywords: set[str]
    received_at: datetime
    came: int
    changed: int

    def get(self, properties: list[str]) -> Answer:
        whole: Answer = {
            "id": self.id, "blobId": f"b{self.id}", "size": len(self.content),
            "keywords": dict.fromkeys(self.keywords, True), "mailboxIds": dict.fromkeys(self.folders, True),
            "receivedAt": f"{self.received_at:%Y-%m-%dT%H:%M:%SZ}", "headers": [], "bodyValues": {},
        }  # fmt: skip
        if "headers" in properties:
            whole["headers"] = self.headers()
        if "bodyValues" in properties:
            body = self.content.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
            whole["bodyValues"] = {"1": {"value": body, "isTruncated": False, "isEncodingProblem": False}}
        return {name: whole[name] for name in properties}

    def headers(self) -> list[dict[str, str]]:
        head = self.content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\0", "")
        lines = head.replace("\r\n ", "\1 ").replace("\r\n\t", "\1\t").split("\r\n")
        pairs = (line.replace("\1", "\r\n").partition(":") for line in lines if ":" in line)
        return [{"name": name, "value": value} for name, _, value in pairs]


@dataclass
class JmapServer:
    """The server of one user. What a test may change: the fields, and `answers` and `statuses`."""

    url: str = ""
    user: str = "probe"
    password: str = "a word"
    tokens: Set[str] = field(default_factory=set)
    session: Answer = field(default_factory=dict)  # replaces parts of the session
    limits: Answer = field(default_factory=dict)
    pushes: bool = True
    oldest_state: int = 0  # older ones cannot be calculated
    answers: dict[str, Callable[[Answer], Any]] = field(default_factory=dict)  # by method; None: as it should be
    statuses: list[web.Response] = field(default_factory=list)  # that are answered to the next requests instead
    posts: list[list[Any]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    downloads: int = 0
    folders: dict[str, Answer] = field(default_factory=dict)
    mails: dict[str, StoredMail] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    state: int = 100
    broken: list[tuple[str, Handler]] = field(default_factory=list)  # what answers a path that contains this text, once
    streams: list[web.StreamResponse] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.folder("in", "Inbox", role="inbox")
        self.folder("ju", "Spam", role="junk")

    def folder(self, key: str, name: str, *, role: str | None = None, parent: str | None = None) -> str:
        self.folders[key] = {
            "id": key, "name": name, "role": role, "parentId": parent, "myRights": {"mayReadItems": True}
        }  # fmt: skip
        return key

    def put(self, content: bytes, *folders: str, at: datetime | None = None, keywords: set[str] | None = None) -> str:
        key = f"m{len(self.mails) + len(self.gone)}"
        self.moved()
        came = at or datetime.now(UTC)
        self.mails[key] = StoredMail(key, content, {*folders}, keywords or set(), came, self.state, self.state)
        return key

    def change(self, key: str, *, folders: set[str] | None = None, keywords: set[str] | None = None) -> None:
        self.moved()
        mail = self.mails[key]
        mail.folders, mail.keywords = folders or mail.folders, keywords or mail.keywords
        mail.changed = self.state

    def destroy(self, key: str) -> bool:
        if self.mails.pop(key, None) is None:
            return False
        self.moved()
        self.gone[key] = self.state
        return True

    def moved(self) -> None:
        self.state += 1
        self.changed.set()

    # -- requests

    @web.middleware
    async def gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if planned := next((each for each in self.broken if each[0] in request.path), None):
            self.broken.remove(planned)
            return await planned[1](request)
        return await handler(request)

    async def begin(self, request: web.Request) -> web.Response:
        self._authorized(request)
        if self.statuses:
            return self.statuses.pop(0)
        session = {
            "username": self.user, "apiUrl": "/api/", "state": "s",
            "downloadUrl": "/download/{accountId}/{blobId}/{name}?accept={type}", "uploadUrl": "/upload/{accountId}/",
            "eventSourceUrl": f"{self.url}/events?types={{types}}&closeafter={{closeafter}}&ping={{ping}}",
            "accounts": {"a1": {"name": self.user, "isPersonal": True, "isReadOnly": False}},
            "primaryAccounts": {MAIL: "a1"}, "capabilities": {CORE: self.limits, MAIL: {}},
        }  # fmt: skip
        return web.json_response(session | self.session)

    async def api(self, request: web.Request) -> web.StreamResponse:
        self._authorized(request)
        body = await request.json()
        self.posts.append(body["methodCalls"])
        if self.statuses:
            return self.statuses.pop(0)
        if len(body["methodCalls"]) > self.limits.get("maxCallsInRequest", 16):
            problem = {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxCallsInRequest", "status": 400}
            return web.json_response(problem, status=400, content_type="application/problem+json")
        responses: list[Any] = []
        for method, arguments, call in body["methodCalls"]:
            assert arguments.pop("accountId") in self.session.get("accounts", {"a1": None})
            name, answer = self._respond(method, self._resolved(arguments, responses))
            responses.append([name, answer, call])
        return web.json_response({"methodResponses": responses, "sessionState": "s"})

    async def download(self, request: web.Request) -> web.Response:
        self._authorized(request)
        self.downloads += 1
        mail = self.mails.get(request.match_info["blob"].removeprefix("b"))
        return web.Response(body=mail.content) if mail else web.Response(status=404)

    async def events(self, request: web.Request) -> web.StreamResponse:
        self._authorized(request)
        if not self.pushes:
            return web.Response(status=204)
        assert request.query["closeafter"] == "no"
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with suppress(ConnectionResetError):  # whoever listened has left
            await stream.prepare(request)
            self.streams.append(stream)
            while not stream.task or not stream.task.done():
                self.changed.clear()
                await self.changed.wait()
                news = {"@type": "StateChange", "changed": {"a1": {"Email": str(self.state)}}}
                await stream.write(f"event: state\ndata: {json.dumps(news)}\n\n".encode())
        return stream

    def _authorized(self, request: web.Request) -> None:
        login = request.headers.get("Authorization", "")
        self.logins.append(login)
        good = {
            basic(self.user, SecretStr(self.password))["Authorization"],
            *(f"Bearer {token}" for token in self.tokens),
        }
        if login not in good:
            raise web.HTTPUnauthorized

    def _resolved(self, arguments: Answer, responses: list[Any]) -> Answer:
        if reference := arguments.pop("#ids", None):
            answer = next(answer for _, answer, call in responses if call == reference["resultOf"])
            arguments["ids"] = answer.get(reference["path"].removeprefix("/"), [])
        return arguments

    def _respond(self, method: str, arguments: Answer) -> tuple[str, Any]:
        if (special := self.answers.get(method)) and (answer := special(arguments)) is not None:
            return ("error", answer) if isinstance(answer, dict) and "type" in answer else (method, answer)
        methods = {
            "Mailbox/get": self._folders, "Email/query": self._query, "Email/get": self._get,
            "Email/changes": self._changes, "Email/set": self._set,
        }  # fmt: skip
        answer = methods[method](arguments)
        return ("error" if "type" in answer else method), answer

    def _folders(self, asked: Answer) -> Answer:
        wanted = [*self.folders] if asked["ids"] is None else asked["ids"]
        there = [self.folders[key] for key in wanted if key in self.folders]
        return {"state": "1", "list": there, "notFound": [key for key in wanted if key not in self.folders]}

    def _query(self, asked: Answer) -> Answer:
        found = [mail for mail in self.mails.values() if _matches(mail, asked["filter"])]
        found.sort(key=lambda mail: mail.received_at, reverse=True)
        start = asked["position"]
        ids = [mail.id for mail in found[start : start + asked["limit"]]]
        return {"queryState": str(self.state), "canCalculateChanges": False, "position": start, "ids": ids}

    def _get(self, asked: Answer) -> Answer:
        if len(asked["ids"]) > self.limits.get("maxObjectsInGet", 500):
            return {"type": "requestTooLarge"}
        there = [self.mails[key].get(asked["properties"]) for key in asked["ids"] if key in self.mails]
        gone = [key for key in asked["ids"] if key not in self.mails]
        return {"state": str(self.state), "list": there, "notFound": gone}

    def _changes(self, asked: Answer) -> Answer:
        since = int(asked["sinceState"])
        if since < self.oldest_state:
            return {"type": "cannotCalculateChanges"}
        news = sorted((mail for mail in self.mails.values() if mail.changed > since), key=lambda mail: mail.changed)
        gone = [key for key, state in self.gone.items() if state > since]
        part = news[: asked["maxChanges"]]
        more = len(news) > len(part)
        return {
            "oldState": asked["sinceState"], "newState": str(part[-1].changed if more else self.state),
            "hasMoreChanges": more, "created": [mail.id for mail in part if mail.came > since],
            "updated": [mail.id for mail in part if mail.came <= since], "destroyed": gone,
        }  # fmt: skip

    def _set(self, asked: Answer) -> Answer:
        gone = {key: self.destroy(key) for key in asked["destroy"]}
        return {
            "destroyed": [key for key, done in gone.items() if done],
            "notDestroyed": {key: {"type": "notFound"} for key, done in gone.items() if not done},
        }


def _matches(mail: StoredMail, wanted: Answer) -> bool:
    if operator := wanted.get("operator"):
        parts = [_matches(mail, each) for each in wanted["conditions"]]
        return any(parts) if operator == "OR" else all(parts)
    if "header" in wanted:
        name, *text = wanted["header"]
        values = message_from_bytes(mail.content, policy=compat32).get_all(name) or []
        return any(not text or text[0] in str(value) for value in values)
    since = datetime.fromisoformat(wanted["after"]) if "after" in wanted else None
    return (wanted.get("inMailbox") is None or wanted["inMailbox"] in mail.folders) and (
        since is None or mail.received_at >= since
    )


@asynccontextmanager
async def jmap_server() -> AsyncIterator[JmapServer]:
    """A server at work."""
    server = JmapServer()
    app = web.Application(middlewares=[server.gate])
    app.router.add_get("/.well-known/jmap", server.begin)
    app.router.add_post("/api/", server.api)
    app.router.add_get("/download/a1/{blob}/{name}", server.download)
    app.router.add_get("/events", server.events)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


def jmap_mailbox(server: JmapServer, **more: Any) -> JmapMailbox:
    """The server's mailbox, as a configuration has it."""
    values: Answer = {"via": "jmap", "url": f"{server.url}/.well-known/jmap", "poll": "50ms"}
    login = {"user": server.user, "password": SecretStr(server.password)}
    return JmapMailbox.model_validate(values | (more if more.keys() & {"token", "account"} else login | more))


class PushedWorld:
    """See `MailboxWorld`."""

    junk_name = "Spam"
    known_by_time = False
    always_searched = frozenset[str]()

    def __init__(self, server: JmapServer, outside: Outside) -> None:
        self.server, self.outside = server, outside
        self.mailbox = jmap_mailbox(server, poll="1h")
        self.nowhere: VisitedMailbox = jmap_mailbox(server, inbox="Nowhere")

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        return self.mailbox.open(self.outside)

    def create(self, name: str) -> None:
        self.server.folder(_key(name), name)

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> str:
        own = {Folder.INBOX: "in", Folder.JUNK: "ju"}
        if not isinstance(folder, Folder):
            self.create(folder)
        key = own[folder] if isinstance(folder, Folder) else _key(folder)
        keywords = {KEYWORDS[flag] for flag in flags or "" if flag in KEYWORDS}
        return self.server.put(content, key, at=datetime.fromtimestamp(at, UTC) if at else None, keywords=keywords)

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        return {
            key: (mail.content, frozenset(mail.folders), frozenset(mail.keywords), mail.received_at)
            for key, mail in self.server.mails.items()
        }

    def discard(self, mail: str) -> None:
        self.server.destroy(mail)

    def mark_read(self, mail: str) -> None:
        self.server.change(mail, keywords={"$seen"})


def _key(name: str) -> str:
    return "f" + name.encode().hex()
