"""What tests of pages share: all pages on a real server over a real store, with people who have rights."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar

from monitor.company_setup.service import CompanySetup
from monitor.config import Config, ConfigErrors, WatchedPath, read_config
from monitor.diagnosing.begin import begin
from monitor.incidents.incident import Failure, HistoryEntry, Incident, IncidentEvent, Nature, Scope, Severity
from monitor.oncall.engine import IncidentEngine
from monitor.output.metrics import Gauges, Metrics
from monitor.people.passwords import Passwords
from monitor.people.person import Companies, Rights
from monitor.probing.current import Board
from monitor.probing.outside import outside_of
from monitor.probing.requester import Requester
from monitor.store import Store
from monitor.web.auth.authenticator import GATE, Authenticator
from monitor.web.backend import Backend
from monitor.web.broadcast import Live
from monitor.web.server import application, serving
from probes.answer import Stage
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Folder, Handover, Marker, Step
from probes.http import HttpSession
from probes.judge import delivery_time
from probes.kinds import Kind
from probes.outside import Outside
from probes.probe import Probe
from probes.sender import Role
from probes.settings import Endpoint
from probes.token import new_probe_id
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.auth_app import QUICK, AuthApp, Browser
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import Clock

GAUGES = Gauges(in_flight=lambda: 0, lag=lambda: timedelta(0), skipped=dict, mailbox_errors=dict)
START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
INBOX = Verdict(Outcome.INBOX, None, Grade.IMPERSONATED, "in INBOX after 2 s")
BLOCKED = Verdict(
    Outcome.BLOCKED,
    Cause.IP_BLOCKED,
    Grade.IMPERSONATED,
    "rejected at RCPT TO by mx.acme.example: Client host rejected",
)


def path_settings(company: str, port: int, **more: Any) -> dict[str, Any]:
    """A path whose gateway nobody asks."""
    return {
        "to": f"probe@{company}.example",
        "route": {"via": "xclient", "host": "127.0.0.1", "port": port},
        "mailbox": {"via": "maildir", "path": company},
        **more,
    }


COMPANIES: dict[str, Any] = {
    "acme": {
        "name": "Acme Steel",
        "mail_system": "postfix",
        "paths": {"hq": path_settings("acme", 2501), "cloud": path_settings("acme", 2502)},
    },
    "bolt": {"name": "Bolt Builders", "mail_system": "m365", "paths": {"hq": path_settings("bolt", 2503)}},
}
CONFIG: dict[str, Any] = {
    "companies": COMPANIES,
    "control": {"address": "postmaster@control.example", "source_ip": "198.51.100.7"},
}


def step(
    stage: Stage, after: float, code: int = 250, text: str = "Ok", host: str = "mx.acme.example[192.0.2.1]:25"
) -> Step:
    """One step of a dialogue, so many seconds after the launch."""
    return Step(stage, START + timedelta(seconds=after), 0.1, host, code, None, text)


def arrival(headers: str, after: float = 2.0, folder: str = "INBOX") -> Arrival:
    at = START + timedelta(seconds=after)
    return Arrival(at, at, Folder.INBOX, folder, headers, (Marker.HEADER,))


def refused(text: str) -> tuple[Evidence, ...]:
    """A dialogue that ends with a refusal of these words."""
    steps = (step(Stage.CONNECT, 0.1), step(Stage.RCPT, 0.3, 554, text))
    return (Dialogue(START + timedelta(seconds=0.3), 1, Handover.REFUSED, steps, "192.0.2.99", "TLSv1.3"),)


def accepted() -> Dialogue:
    """A dialogue that ends well."""
    steps = (step(Stage.CONNECT, 0.1), step(Stage.END_OF_DATA, 0.5))
    return Dialogue(START + timedelta(seconds=0.5), 1, Handover.ACCEPTED, steps, "192.0.2.99", "TLSv1.3")


def incident(name: str = "a1", *companies: str, **facts: Any) -> Incident:
    """An open incident at these companies, acme without any."""
    touched = companies or ("acme",)
    failures = tuple(
        Failure(
            company=company,
            path="hq",
            kind=Kind.VERIFICATION,
            nature=Nature.MAIL,
            severity=Severity.PAGE,
            since=START,
            bad=3,
            probe_id=f"probeof{company}",
            at=START + timedelta(minutes=5),
            outcome=Outcome.BLOCKED,
            cause=Cause.IP_BLOCKED,
            grade=Grade.IMPERSONATED,
            because=f"rejected at RCPT TO by mx.{company}.example: Client host rejected",
        )
        for company in touched
    )
    said: dict[str, Any] = {
        "id": name,
        "nature": Nature.MAIL,
        "subject": touched[0],
        "scope": Scope.COMPANY if len(touched) == 1 else Scope.EVERYBODY,
        "severity": Severity.PAGE,
        "outcome": Outcome.BLOCKED,
        "cause": Cause.IP_BLOCKED,
        "company": touched[0] if len(touched) == 1 else "",
        "mail_system": "",
        "companies": touched,
        "touches": touched,
        "failing": len(failures),
        "failures": failures,
        "began_at": START,
        "opened_at": START + timedelta(minutes=1),
        "changed_at": START,
    }
    return Incident(**(said | facts))


def opened(name: str = "a1", said: str = "two of the last three were bad") -> HistoryEntry:
    return HistoryEntry(name, START + timedelta(minutes=1), IncidentEvent.OPENED, said)


@dataclass
class PagesApp(AuthApp):
    """The server with all its pages. `sent` are the probes that were launched by hand, `hints` those of webhooks."""

    backend: Backend = field(kw_only=True)
    hints: list[tuple[str, str]] = field(default_factory=list, kw_only=True)
    sent: list[Probe] = field(default_factory=list, kw_only=True)

    async def operator(self, *companies: str) -> Browser:
        return await self.person("op", Rights.OPERATOR, companies or None)

    async def viewer(self, *companies: str) -> Browser:
        return await self.person("eve", Rights.VIEWER, companies or None)

    async def admin(self, companies: Companies = None) -> Browser:
        return await self.person("root", Rights.ADMIN, companies)

    async def probe(
        self,
        *evidence: Evidence,
        verdict: Verdict | None = None,
        company: str = "acme",
        after: timedelta = timedelta(0),
        closed: bool = True,
        **facts: Any,
    ) -> str:
        """A stored probe; its id."""
        made = probe_of(company, START + after, **facts)
        first = Attempt(made.created_at, 1)
        taken = delivery_time(made, (first, *evidence))
        await self.store.probes.launch(made, "maildir:x", first)
        await self.store.probes.learn(made.id, evidence, verdict, made.created_at, closed=closed, delivery=taken)
        return made.id


def probe_of(company: str, at: datetime, **facts: Any) -> Probe:
    said: dict[str, Any] = {
        "id": new_probe_id(),
        "company": company,
        "path": "hq",
        "kind": Kind.VERIFICATION,
        "role": Role.SENDER,
        "via": "xclient",
        "recipient": f"probe@{company}.example",
        "source_ip": "104.130.122.50",
        "created_at": at,
        "code_dead_at": at + timedelta(minutes=10),
        "give_up_at": at + timedelta(hours=1),
        "retry": (timedelta(minutes=10),),
    }
    return Probe(**(said | facts))


def form_in(page: str) -> str:
    """The secret of the forms on a page."""
    found = re.search('<input type="hidden" name="form" value="([^"]+)">', page)
    assert found, page
    return found[1]


def but(page: str, *names: str) -> str:
    """A page without these names, and without the time at which it was made: two that are the same are equal then."""
    page = re.sub(r'name="form" value="[^"]*"', "", page)  # masked anew in each answer
    page = re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:.]+(\+00:00|Z)?", "", page)
    for name in names:
        page = page.replace(name, "")
    return page


async def post(browser: Browser, path: str, page: str = "", **said: Any) -> Any:
    """Fill in the form of a page, and send it."""
    secret = form_in((await browser.get(page or path)).text)
    return await browser.ask("POST", path, data=[("form", secret), *_pairs(said)])


def _pairs(said: dict[str, Any]) -> list[tuple[str, str]]:
    named = {name.removesuffix("_"): value for name, value in said.items()}
    return [(name, each) for name, value in named.items() for each in ([value] if isinstance(value, str) else value)]


@dataclass
class FileService:
    """A service as far as it loads its configuration."""

    file: Path
    config: Config
    outside: Outside
    store: Store
    board: Board

    async def reload(self) -> None:
        with suppress(ConfigErrors):
            self.config = read_config(self.file)
        self.board.configure(self.config.paths())


@asynccontextmanager
async def open_setup_app(file: Path) -> AsyncIterator[PagesApp]:
    """A `PagesApp` with the configuration of this file, which can be added to and loaded again."""
    async with open_pages_app(file.parent) as app, outside_of(read_config(file), app.clock) as outside:
        loaded = FileService(file, read_config(file), outside, app.store, app.backend.board)
        await loaded.reload()
        for name, part in {"config": lambda: loaded.config, "company_setup": CompanySetup(loaded)}.items():
            object.__setattr__(app.backend, name, part)
        yield app


@asynccontextmanager
async def open_pages_app(
    folder: Path, seconds: float = 60, /, *, diagnoses: bool = False, **config: Any
) -> AsyncIterator[PagesApp]:
    """A `PagesApp` with this configuration, for so many seconds at most. `diagnoses`: it begins them."""
    clock, told = Clock(), Config.model_validate(CONFIG | config, context={"folder": folder})
    sent: list[Probe] = []
    hints: list[tuple[str, str]] = []
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store, HttpSession() as outgoing:

        async def launch(path: WatchedPath, kind: Kind, role: Role, by: Requester) -> Probe:
            made = probe_of(path.company, clock(), path=path.path, kind=kind, role=role)
            await store.probes.launch(made, path.mailbox_key, Attempt(made.created_at, 1), by.audit(made))
            sent.append(made)
            return made

        board = Board()
        board.configure(told.paths())
        incident_engine = IncidentEngine(store, clock)
        backend = Backend(
            config=lambda: told,
            store=store,
            board=board,
            incident_engine=incident_engine,
            metrics=Metrics(board, GAUGES),
            live=Live(),
            launch=launch,
            admits=lambda _: True,
            ready=lambda: None,
            now=clock,
            hint=lambda account, message_id: hints.append((account, message_id)),
            deliver=lambda channel, notice: channel.deliver(notice, outside_world(now=clock, http=outgoing)),
        )
        if diagnoses:
            backend = replace(backend, diagnose=lambda made, who, way: begin(store, made, "tests", who, way))
        app = application(backend)
        app[GATE] = Authenticator(backend, Passwords(QUICK))
        async with (
            serving(app, Endpoint("127.0.0.1", 0)) as port,
            ClientSession(cookie_jar=DummyCookieJar()) as http,
            asyncio.timeout(seconds),
        ):
            yield PagesApp(store, clock, f"http://127.0.0.1:{port}", http, backend=backend, sent=sent, hints=hints)
