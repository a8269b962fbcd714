"""What tests of the API share: all of it on a real server, over a real store and a pipeline that sends, for programs
with tokens."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, web

from monitor.actions.people import Access
from monitor.config import Config, WatchedPath
from monitor.incidents.incident import HistoryEntry, Incident
from monitor.notices.notice import Notice
from monitor.oncall.engine import IncidentEngine
from monitor.output.metrics import Metrics
from monitor.people.person import Companies, Rights
from monitor.probing.current import Board
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from monitor.web import rendering
from monitor.web.api import routes
from monitor.web.auth import add_gate, guard
from monitor.web.backend import BACKEND, Backend
from monitor.web.broadcast import Live
from monitor.web.errors import safe
from monitor.web.server import serving
from probes.evidence import Arrival, Attempt, Evidence, Folder, Handover, Marker
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.settings import Endpoint
from probes.verdict import Verdict
from tests.monitor.probing.test_current import GAUGES
from tests.support.pages_app import CONFIG, INBOX, probe_of
from tests.support.pipeline_app import PATIENCE, EventRecorder, PipelineApp, PipelineConfig, ScriptedRoute, watched

KINDS = (Kind.TWO_STEP_CODE, Kind.VERIFICATION)
API = "/api/v1"


@dataclass
class Reply:
    """What came back."""

    status: int
    text: str
    headers: Any

    @property
    def facts(self) -> Any:
        return json.loads(self.text)

    @property
    def wrong(self) -> str:
        """A problem in one line: its status and the fields that are wrong."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.text
        problem = self.facts
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        assert problem["type"].startswith("/api/#")
        fields = " ".join(error["field"] for error in problem.get("errors", ()))
        return f"{self.status} {fields}".strip()


@dataclass
class Program:
    """Asks with a token."""

    http: ClientSession
    url: str
    token: str

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more: dict[str, Any] = {}
        if isinstance(body, str):
            more = {"data": body.encode()}
            named.setdefault("Content-Type", "application/json")
        elif body is not None:
            more = {"json": body}
        async with self.http.request(method, self.url + API + path, headers=self.known | named, **more) as response:
            return Reply(response.status, await response.text(), response.headers)

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.ask("GET", path, **headers)

    async def facts(self, path: str) -> Any:
        """What is there."""
        reply = await self.get(path)
        assert reply.status == 200, reply.text
        return reply.facts

    async def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return await self.ask("POST", path, body, **headers)

    @asynccontextmanager
    async def follow(self, path: str, last: str = "") -> AsyncIterator["Reader"]:
        """A stream of events, while the block lasts."""
        headers = self.known | ({"Last-Event-ID": last} if last else {})
        async with self.http.get(self.url + API + path, headers=headers, timeout=ClientTimeout(None)) as response:
            yield Reader(response)

    @property
    def known(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Reader:
    """Reads events, as a browser does."""

    response: ClientResponse
    last: str = ""
    comments: int = 0

    async def next(self) -> dict[str, Any] | None:
        """The next event; None at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            while raw := await self.response.content.readline():
                line = raw.decode().rstrip("\r\n")
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    self.last = fields["id"]
                    facts: dict[str, Any] = json.loads(fields["data"])
                    assert fields["event"] == facts["event"]
                    return facts
        return None

    async def take(self, count: int) -> list[dict[str, Any]]:
        """So many events."""
        return [event for _ in range(count) if (event := await self.next())]

    async def until(self, name: str) -> list[dict[str, Any]]:
        """All events up to the first that is called so."""
        found: list[dict[str, Any]] = []
        while event := await self.next():
            found.append(event)
            if event["event"] == name:
                return found
        return found


@dataclass
class ApiApp:
    """Where programs come to."""

    pipeline_app: PipelineApp
    store: Store
    pipeline: Pipeline
    heard: EventRecorder
    board: Board
    incident_engine: IncidentEngine
    live: Live
    http: ClientSession
    url: str
    routes: dict[str, ScriptedRoute]
    admitted: list[str] = field(default_factory=list)
    full: set[str] = field(default_factory=set)  # paths that admit no probe
    given_back: list[str] = field(default_factory=list)
    backend: Backend = field(kw_only=True)

    async def program(self, rights: Rights = Rights.ADMIN, companies: Companies = None, name: str = "") -> Program:
        """A program with these rights."""
        access = Access(self.store, self.pipeline_app.clock, "root", "command")
        _, secret = await access.add_token(name or f"{rights}-{len(companies or ())}", rights, companies, None)
        return Program(self.http, self.url, secret)

    async def probe(
        self,
        *evidence: Evidence,
        company: str = "acme",
        verdict: Verdict | None = INBOX,
        ago: timedelta = timedelta(minutes=5),
        took: timedelta = timedelta(seconds=2),
        **facts: Any,
    ) -> str:
        """A stored probe that is over; its id."""
        made = probe_of(company, self.pipeline_app.clock() - ago, **facts)
        await self.store.probes.launch(made, "maildir:x", Attempt(made.created_at, 1))
        at = made.created_at + timedelta(seconds=3)
        await self.store.probes.learn(made.id, evidence, verdict, at, closed=True, delivery=took)
        return made.id

    async def open(
        self, *incidents: Incident, entries: Sequence[HistoryEntry] = (), notices: Sequence[Notice] = ()
    ) -> None:
        """Incidents that the rules have opened, or closed."""
        await self.store.incidents.advance(await self.store.probes.last_signal(), incidents, entries, notices)
        await self.incident_engine.recall([])


def arrival(at: Any, headers: str = "Subject: hello") -> Arrival:
    return Arrival(at, at, Folder.INBOX, "INBOX", headers, (Marker.HEADER,))


NAMES = {"acme": ("Acme Steel", "postfix"), "bolt": ("Bolt Builders", "m365")}


def path_of(key: str, route: ScriptedRoute, pipeline_app: PipelineApp) -> WatchedPath:
    """The path COMPANY/PATH of one of the companies."""
    company, _, path = key.partition("/")
    name, system = NAMES[company]
    facts = {"company": company, "company_name": name, "mail_systems": (system,), "path": path, "kinds": KINDS}
    return watched(route, pipeline_app.mailbox, **facts, to=f"probe@{company}.test")


@asynccontextmanager
async def serving_api(backend: Backend) -> AsyncIterator[tuple[ClientSession, str]]:
    """The API and the pages' parts over this backend: a client, and the address."""
    app = web.Application(middlewares=[safe, guard], client_max_size=64 * 1024)
    app[BACKEND] = backend
    add_gate(app)
    app.add_routes([*routes(), *rendering.routes()])
    async with serving(app, Endpoint("127.0.0.1", 0)) as port, ClientSession() as http:
        yield http, f"http://127.0.0.1:{port}"


@asynccontextmanager
async def open_api_app(pipeline_app: PipelineApp, **config: Any) -> AsyncIterator[ApiApp]:
    """Two companies: acme has hq, where mail arrives, and cloud, where it is refused; at bolt it arrives too."""
    told = Config.model_validate(CONFIG | config, context={"folder": pipeline_app.folder})
    routes_of = {
        "acme/hq": ScriptedRoute(mailbox=pipeline_app.maildir),
        "acme/cloud": ScriptedRoute(answers=[Handover.REFUSED]),
        "bolt/hq": ScriptedRoute(mailbox=pipeline_app.maildir),
    }
    paths = [path_of(key, route, pipeline_app) for key, route in routes_of.items()]
    board, live = Board(), Live()
    board.configure(paths)
    followers = [board.take, live.take]
    async with pipeline_app.service(*paths, listeners=[live.on_event], followers=followers) as (pipeline, heard, store):
        plan = PipelineConfig(*paths)
        plan.identities = told.identities
        await pipeline.configure(plan)  # type: ignore[arg-type]
        incident_engine = IncidentEngine(store, pipeline_app.clock)
        await incident_engine.configure(told)
        admitted: list[str] = []
        full: set[str] = set()
        given_back: list[str] = []

        def admits(path: WatchedPath) -> bool:
            admitted.append(path.key)
            return path.key not in full

        backend = Backend(
            config=lambda: told,
            store=store,
            board=board,
            incident_engine=incident_engine,
            metrics=Metrics(board, GAUGES),
            live=live,
            launch=lambda path, kind, role, by: pipeline.launch(path, kind, role, ProbePurpose.MANUAL, by),
            admits=admits,
            give_back=lambda path: given_back.append(path.key),
            ready=lambda: None,
            now=pipeline_app.clock,
            followed=pipeline_app.signals.read,
        )
        async with serving_api(backend) as (http, url):
            yield ApiApp(
                *(pipeline_app, store, pipeline, heard, board, incident_engine, live, http, url, routes_of),
                admitted=admitted,
                full=full,
                given_back=given_back,
                backend=backend,
            )
