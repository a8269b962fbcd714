"""What tests of the ways in share: a real server over a real store, and browsers that tell what they were given."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, DummyCookieJar, TCPConnector, web
from argon2 import PasswordHasher
from yarl import URL

from monitor.actions.people import Access
from monitor.config import Config
from monitor.oncall.engine import IncidentEngine
from monitor.output.metrics import Gauges, Metrics
from monitor.people.caller import Caller
from monitor.people.passwords import Passwords
from monitor.people.person import AuditEntry, Companies, Rights
from monitor.probing.current import Board
from monitor.store import Store
from monitor.web import rendering
from monitor.web.auth import guard, needs, routes
from monitor.web.auth.authenticator import GATE, Authenticator
from monitor.web.backend import BACKEND, CALLER, Backend
from monitor.web.broadcast import Live
from monitor.web.errors import safe
from monitor.web.server import serving
from probes.settings import Endpoint
from tests.support.certificates import Authority
from tests.support.pipeline_app import Clock

PASSWORD = "four words in a row"
IDLE = Gauges(in_flight=lambda: 0, lag=timedelta, skipped=dict, mailbox_errors=dict)
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def _show(request: web.Request) -> web.Response:
    """Who it is, and the page's own form."""
    caller = request.get(CALLER)
    if caller is None:
        return web.Response(text="nobody")
    return web.Response(text=f"{caller.name}|{caller.rights}|{caller.companies}|{caller.way}|{caller.form}")


@needs(Rights.OPERATOR)
async def _do(request: web.Request) -> web.Response:
    return web.Response(text=f"done by {request[CALLER].name}")


@needs(Rights.ADMIN)
async def _rule(_: web.Request) -> web.Response:
    return web.Response(text="ruled")


class _View(web.View):
    async def get(self) -> web.Response:
        return web.Response(text="seen")

    @needs(Rights.OPERATOR)
    async def post(self) -> web.Response:
        return web.Response(text="done")


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]
    given: dict[str, Morsel[str]]  # cookies

    @property
    def way(self) -> str:
        return self.headers.get("Location", "")


@dataclass
class Browser:
    """Keeps cookies, whatever their flags are, and sends them back."""

    http: ClientSession
    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)  # headers

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        said = self.always | {"Accept": "text/html"} | dict(headers or {})
        if self.cookies:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = URL(self.url + path, encoded=True)
        async with self.http.request(method, url, headers=said, allow_redirects=False, **more) as response:
            answer = Answer(response.status, await response.text(), response.headers, _given(response))
        for name, morsel in answer.given.items():
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, _dashed(headers))

    async def post(self, path: str, data: Mapping[str, str] | None = None, **headers: str) -> Answer:
        return await self.ask("POST", path, _dashed(headers), data=data or {})

    async def sign_in(self, name: str, password: str = PASSWORD, **more: str) -> Answer:
        return await self.post("/sign-in", {"name": name, "password": password, **more})

    async def whoami(self) -> Caller | None:
        """Who the server takes it for; None if it is sent to sign in."""
        answer = await self.get("/")
        if answer.status == 303:
            return None
        assert answer.status == 200, answer.text
        name, rights, companies, way, form = answer.text.split("|")
        return Caller(name, Rights(rights), eval(companies), way, form)


def _given(response: ClientResponse) -> dict[str, Morsel[str]]:
    cookies = SimpleCookie()
    for line in response.headers.getall("Set-Cookie", ()):
        cookies.load(line)
    return dict(cookies)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class AuthApp:
    """The server, its store and its clock."""

    store: Store
    clock: Clock
    url: str
    http: ClientSession

    def browser(self, **always: str) -> Browser:
        return Browser(self.http, self.url, always=_dashed(always))

    def access(self, who: str = "root", companies: Companies = None) -> Access:
        return Access(self.store, self.clock, who, "command", companies)

    async def person(
        self, name: str, rights: Rights = Rights.VIEWER, companies: Companies = None, password: str = PASSWORD
    ) -> Browser:
        """Somebody with a password, and a browser in which they have just set it."""
        browser = self.browser()
        answer = await browser.post("/invitation", await self.invited(name, rights, companies, password))
        assert answer.status == 303, answer.text
        return browser

    async def invited(
        self, name: str, rights: Rights = Rights.VIEWER, companies: Companies = None, password: str = PASSWORD
    ) -> dict[str, str]:
        """What somebody fills in who has just been made."""
        key = await self.access().add(name, rights, companies)
        return {"key": key, "password": password, "again": password}

    async def token(
        self, name: str, rights: Rights = Rights.VIEWER, companies: Companies = None, lasts: timedelta | None = None
    ) -> str:
        return (await self.access().add_token(name, rights, companies, lasts))[1]

    async def audit_entries(self) -> list[AuditEntry]:
        """The audit log, oldest first."""
        return [entry for _, entry in reversed(await self.store.people.audit_log(None, 1000))]

    async def told(self) -> list[str]:
        """What it says, a line for each entry."""
        return [f"{entry.who}: {entry.what}" for entry in await self.audit_entries()]


SANDBOX: dict[str, Any] = {
    "companies": {
        "acme": {
            "paths": {
                "hq": {
                    "to": "probe@acme.example",
                    "route": {"via": "xclient", "host": "127.0.0.1", "port": 2501},
                    "mailbox": {"via": "maildir", "path": "acme"},
                }
            }
        }
    },
    "sandbox": {"companies": {"acme": "inbox"}},
}


@asynccontextmanager
async def open_auth_app(
    folder: Path, hasher: PasswordHasher = QUICK, *, tls: Authority | None = None, **config: Any
) -> AsyncIterator[AuthApp]:
    """An `AuthApp` with this configuration; with an authority it speaks HTTPS."""
    clock, told = Clock(), Config.model_validate(config, context={"folder": folder})
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        board = Board()
        backend = Backend(
            config=lambda: told,
            store=store,
            board=board,
            incident_engine=IncidentEngine(store, clock),
            metrics=Metrics(board, IDLE),
            live=Live(),
            launch=_never,
            admits=lambda _: True,
            ready=lambda: None,
            now=clock,
        )
        app = web.Application(middlewares=[safe, guard], client_max_size=64 * 1024)
        app[BACKEND], app[GATE] = backend, Authenticator(backend, Passwords(hasher))
        app.add_routes([*routes(), *rendering.routes()])
        for path in ("/", "/page", "/healthz", "/readyz", "/metrics", "/api/v1/things"):
            app.router.add_get(path, _show)
        for path in ("/do", "/api/v1/do"):
            app.router.add_post(path, _do)
            app.router.add_get(path, _do)
        app.router.add_get("/rule", _rule)
        app.router.add_view("/view", _View)
        async with (
            serving(app, Endpoint("127.0.0.1", 0), context=tls.serve("127.0.0.1") if tls else None) as port,
            ClientSession(cookie_jar=DummyCookieJar(), connector=TCPConnector(ssl=_trusting(tls))) as http,
            asyncio.timeout(60),
        ):
            yield AuthApp(store, clock, f"{'https' if tls else 'http'}://127.0.0.1:{port}", http)


def _trusting(authority: Authority | None) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=authority.file) if authority else True


async def _never(*_: Any) -> Any:
    raise AssertionError("nothing is to be sent")


def all_of(folder: Path) -> bytes:
    """Every byte that the store has written."""
    return b"".join(file.read_bytes() for file in folder.glob("mailpath.db*"))
