"""What tests of the pages share: paths, verdicts and incidents as few words, and a real server that shows them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Failure, Incident, Nature, Scope, Severity
from monitor.oncall.engine import IncidentEngine
from monitor.output.metrics import Gauges, Metrics
from monitor.people.caller import Caller
from monitor.people.person import Companies, Rights
from monitor.probing.current import Board, CurrentVerdict
from monitor.standing.company_mx import MxRecord
from monitor.store import ProbeRow, Store
from monitor.web import docs, pages, runbooks
from monitor.web.backend import BACKEND, CALLER, Backend
from monitor.web.broadcast import Live
from monitor.web.errors import safe
from monitor.web.server import serving
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Identity, Role
from probes.settings import Endpoint
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pipeline_app import watched

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KIND = Kind.VERIFICATION
GAUGES = Gauges(in_flight=lambda: 0, lag=lambda: timedelta(0), skipped=dict, mailbox_errors=dict)
HOSTILE = "<script>alert(1)</script>\u202egpj.exe\x1b[31m\x00&\"'"

OUTCOMES: dict[str, Outcome] = {
    "i": Outcome.INBOX,
    "l": Outcome.LATE,
    "s": Outcome.SPAM,
    "b": Outcome.BLOCKED,
    "m": Outcome.MISSING,
    "?": Outcome.UNKNOWN,
}


class Via:
    """As much of a route and of a mailbox as a page shows."""

    via = "xclient"
    host = ""
    key = "maildir:box"

    def destination(self, _: str) -> str:
        return "gate.test"

    def withholds(self, _: Identity) -> str:
        return ""


def path(company: str = "acme", name: str = "hq", **facts: Any) -> WatchedPath:
    called = {"company_name": company.title(), "to": f"probe@{company}.test", "kinds": (KIND,)}
    route = facts.pop("route", Via())
    return watched(route, Via(), company=company, path=name, **(called | facts))


def standing(letter: str, cause: Cause | None = None, *, ago: float = 60, **facts: Any) -> CurrentVerdict:
    grade, because = facts.get("grade", Grade.REAL), facts.get("because", f"because {letter}")
    at = NOW - timedelta(seconds=ago)
    verdict = Verdict(OUTCOMES[letter], cause, grade, because)
    return CurrentVerdict(verdict, at, at, facts.get("delivery"), facts.get("probe_id", f"probe{letter}"))


def current_verdicts(**lines: str) -> dict[Check, CurrentVerdict]:
    """Of each company, the first path's verdict on the first kind: acme="b"."""
    return {Check(company, "hq", KIND): standing(letter) for company, letter in lines.items()}


def incident(name: str = "i1", *companies: str, **facts: Any) -> Incident:
    touched = companies or ("acme",)
    failures = tuple(
        Failure(
            *(company, "hq", KIND, Nature.MAIL, Severity.PAGE, NOW - timedelta(hours=1), 2, f"p{company}", NOW),
            *(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, f"554 5.7.1 refused at {company}"),
        )
        for company in touched
    )
    fields: dict[str, Any] = {
        **{"id": name, "nature": Nature.MAIL, "subject": touched[0], "scope": Scope.COMPANY, "mail_system": "postfix"},
        **{"severity": Severity.PAGE, "outcome": Outcome.BLOCKED, "cause": Cause.IP_BLOCKED},
        **{"company": touched[0] if len(touched) == 1 else "", "companies": touched, "touches": touched},
        **{"failing": len(touched), "failures": failures, "began_at": NOW - timedelta(hours=2)},
        **{"opened_at": NOW - timedelta(hours=1), "changed_at": NOW},
    }
    return Incident(**(fields | facts))


def row(
    letter: str,
    ago: timedelta,
    delivery: float | None = None,
    kind: Kind = KIND,
    grade: Grade = Grade.REAL,
    **facts: Any,
) -> ProbeRow:
    """A probe of the past."""
    born = NOW - ago
    verdict = None if letter == "." else Verdict(OUTCOMES[letter], None, grade, "because")
    took = None if delivery is None else timedelta(seconds=delivery)
    where = (facts.get("company", "acme"), facts.get("path", "hq"))
    return ProbeRow(
        f"p{ago.total_seconds():.0f}", *where, kind, Role.SENDER, "xclient", born, born, verdict, born, took
    )


class ParsedPage(HTMLParser):
    """What a page is made of: its text, its links, and all that a policy forbids or a reader trips over."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.text, self.links, self.headings = html, "", list[str](), list[str]()
        self.scripts, self.inline, self.ids, self._open = list[dict[str, str | None]](), list[str](), list[str](), ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._open = tag
        self.text += " " if tag in ("dt", "dd", "td", "th", "li") else ""
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "script":
            self.scripts.append(given)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.inline.append(f"<{tag} {given}>")
        if (name := given.get("id")) is not None:
            self.ids.append(name)

    def handle_data(self, data: str) -> None:
        if self._open == "script" and data.strip():
            self.inline.append(data)
        self.text += data

    @property
    def words(self) -> str:
        """Its text on one line."""
        return " ".join(self.text.split())


def well_made(page: ParsedPage) -> None:
    """What holds for every page."""
    assert page.inline == [], "a strict policy lets none of it through"
    assert all("src" in script and "defer" in script for script in page.scripts), "nothing waits for a script"
    assert page.headings.count("h1") == 1
    assert page.headings[0] == "h1"
    assert len(page.ids) == len(set(page.ids))
    for end in ("<main id=", 'href="#main"', '<html lang="en">', "<title>", 'name="viewport"'):
        assert end in page.html
    assert not any(sign in page.text for sign in "\u202e\x1b\x00"), "what is hidden is shown by its number"
    assert "alert(1)</script>" not in page.html


class SamplePages:
    """A server with pages, and what they show."""

    def __init__(
        self, url: str, board: Board, store: Store, incident_engine: IncidentEngine, http: ClientSession
    ) -> None:
        self.url, self.board, self.store, self.incident_engine, self.http = url, board, store, incident_engine, http
        self.caller = Caller("ann", Rights.VIEWER, None, "session", "secret")
        self.mx: dict[str, list[MxRecord]] = {}

    def watch(self, *paths: WatchedPath, current_verdicts: Mapping[Check, CurrentVerdict] | None = None) -> None:
        self.board.configure(paths)
        self.board.current_verdicts.update(current_verdicts or {})

    async def open(self, *incidents: Incident) -> None:
        """Incidents that the rules have opened."""
        await self.store.incidents.advance(await self.store.probes.last_signal(), incidents, (), ())
        await self.incident_engine.recall([])

    def bind(self, companies: Companies, rights: Rights = Rights.VIEWER) -> None:
        self.caller = Caller("ann", rights, companies, "session", "secret")

    async def get(self, where: str, status: int = 200) -> ParsedPage:
        async with self.http.get(self.url + where, headers={"Accept": "text/html"}) as answer:
            text = await answer.text()
            assert answer.status == status, text
            assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
        return ParsedPage(text)


@asynccontextmanager
async def open_sample_pages(folder: Path, **config: Any) -> AsyncIterator[SamplePages]:
    told = Config.model_validate(config, context={"folder": folder})
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        board, incident_engine = Board(), IncidentEngine(store, lambda: NOW)
        backend = Backend(
            config=lambda: told,
            store=store,
            board=board,
            incident_engine=incident_engine,
            metrics=Metrics(board, GAUGES),
            live=Live(),
            launch=_never,
            admits=lambda _: True,
            ready=lambda: None,
            now=lambda: NOW,
            company_mx=lambda company: here[0].mx.get(company, ()),
        )
        here: list[SamplePages] = []

        @web.middleware
        async def sign_in(request: web.Request, handler: Any) -> web.StreamResponse:
            request[CALLER] = here[0].caller
            answer: web.StreamResponse = await handler(request)
            return answer

        app = web.Application(middlewares=[safe, sign_in])
        app[BACKEND] = backend
        app.add_routes([*pages.routes(), *docs.routes(), *runbooks.routes()])
        async with serving(app, Endpoint("127.0.0.1", 0)) as port, ClientSession() as http:
            here.append(SamplePages(f"http://127.0.0.1:{port}", board, store, incident_engine, http))
            yield here[0]


async def _never(*_: Any) -> Any:
    raise AssertionError("nothing is to be sent")
