"""Who may do what, where: a table of every route, asked by everybody of every company; and that nobody reads anything
of a company that is not theirs, nor a secret."""

import asyncio
import json
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientTimeout, web
from structlog.testing import capture_logs
from yarl import URL

from monitor.people.person import Companies, Rights
from monitor.web.docs import DOCS, documents
from monitor.web.rendering import assets
from monitor.web.runbooks.document import runbooks
from monitor.web.server import application
from tests.support.auth_app import PASSWORD, Browser
from tests.support.pages_app import form_in
from tests.support.rights_app import (
    ENVIRONMENT,
    KIND,
    NOTHING,
    OF_OTHERS,
    OTHER,
    OWN,
    SECRETS,
    CompanyIds,
    RightsApp,
    open_rights_app,
)

TABLE = """
route                                             nobody  viewer  operator  admin  elsewhere

GET    /sign-in                                     200     303      303     303      -
POST   /sign-in                                     403     403      403     403      -
POST   /sign-out                                    303     303      303     303      -
GET    /invitation                                  200     200      200     200      -
POST   /invitation                                  422     422      422     422      -
GET    /link/{token}                                404     404      404     404     404
POST   /link/{token}                                404     404      404     404     404
GET    /static/{name}                               200     200      200     200      -
GET    /healthz                                     200     200      200     200      -
GET    /readyz                                      200     200      200     200      -
GET    /metrics                                     401     200      200     200     -

GET    /                                            303     200      200     200      -
GET    /?q={company}                                303     200      200     200     200
GET    /companies                                   303     302      302     302      -
GET    /companies/                                  303     302      302     302      -
GET    /companies/{company}                         303     200      200     200     404
GET    /sender                                      303     200      200     200      -
GET    /probes                                      303     200      200     200      -
GET    /probes?company={company}                    303     200      200     200     200
GET    /probes/{probe}                              303     200      200     200     404
GET    /probe-now                                   303     403      200     200      -
GET    /probe-now?where={company}/{path}            303     403      200     200     200
POST   /probe-now                                   303     403      303     303     422
GET    /probe-now/sent?probes={probe}               303     200      200     200     404
GET    /probe-now/sent                              303     404      404     404      -
GET    /incidents                                   303     200      200     200      -
GET    /incidents?company={company}                 303     200      200     200     200
GET    /incidents/{incident}                        303     200      200     200     404
POST   /incidents/{incident}/mute                   303     403      303     303     404
POST   /incidents/{incident}/work                   303     403      303     303     404
GET    /mutes                                       303     403      200     200      -
POST   /mutes                                       303     403      303     303     422
POST   /mutes/{mute}/end                            303     403      303     303     404
GET    /settings                                    303     403      403     200      -
GET    /settings?company={company}                  303     403      403     200     200
GET    /settings/people                             303     403      403     200      -
POST   /settings/people                             303     403      403     200     422
POST   /settings/people/change                      303     403      403     303     422
GET    /settings/tokens                             303     403      403     200      -
POST   /settings/tokens                             303     403      403     200     422
POST   /settings/tokens/revoke                      303     403      403     303     422
GET    /settings/channels                           303     403      403     200      -
POST   /settings/channels/test                      303     403      403     422      -
GET    /settings/audit                              303     403      403     200      -
GET    /docs                                        301     301      301     301      -
GET    /docs/                                       200     200      200     200      -
GET    /docs/{name}                                 200     200      200     200      -
GET    /runbooks                                    301     301      301     301      -
GET    /runbooks/                                   200     200      200     200      -
GET    /runbooks/{name}                             200     200      200     200      -

GET    /api                                         303     301      301     301      -
GET    /api/                                        401     200      200     200      -
GET    /api/v1/openapi.json                         401     200      200     200      -
GET    /api/v1/companies                            401     200      200     200      -
GET    /api/v1/companies/{company}                  401     200      200     200     404
GET    /api/v1/paths                                401     200      200     200      -
GET    /api/v1/paths?company={company}              401     200      200     200     404
GET    /api/v1/paths/{company}/{path}               401     200      200     200     404
GET    /api/v1/probes                               401     200      200     200      -
GET    /api/v1/probes?company={company}             401     200      200     200     404
POST   /api/v1/probes                               401     403      202     202     404
GET    /api/v1/probes/{probe}                       401     200      200     200     404
GET    /api/v1/probes/{probe}/events                401     200      200     200     404
GET    /api/v1/probes/{probe}/explain               401     200      200     200     404
GET    /api/v1/events                               401     200      200     200      -
GET    /api/v1/incidents                            401     200      200     200      -
GET    /api/v1/incidents?company={company}          401     200      200     200     404
GET    /api/v1/incidents/{incident}                 401     200      200     200     404
POST   /api/v1/incidents/{incident}/ack             401     403      200     200     404
DELETE /api/v1/incidents/{incident}/ack             401     403      204     204     404
PUT    /api/v1/incidents/{incident}/owner           401     403      200     200     404
POST   /api/v1/incidents/{incident}/comments        401     403      201     201     404
POST   /api/v1/incidents/{incident}/tickets         401     403      201     201     404
GET    /api/v1/mutes                                401     200      200     200      -
POST   /api/v1/mutes                                401     403      201     201     404
GET    /api/v1/mutes/{mute}                         401     200      200     200     404
DELETE /api/v1/mutes/{mute}                         401     403      204     204     404
GET    /api/v1/standing                             401     200      200     200      -
GET    /api/v1/sender                               401     200      200     200      -
GET    /api/v1/stats                                401     200      200     200     -
GET    /api/v1/stats?company={company}              401     200      200     200     404
GET    /api/v1/export/probes.csv                    401     200      200     200      -
GET    /api/v1/export/probes.csv?company={company}  401     200      200     200     404
GET    /api/v1/export/probes.jsonl                  401     200      200     200      -
GET    /api/v1/export/probes.jsonl?company={company} 401    200      200     200     404
GET    /api/v1/tokens                               401     403      403     200      -
POST   /api/v1/tokens                               401     403      403     201     404
GET    /api/v1/tokens/{token}                       401     403      403     200     404
DELETE /api/v1/tokens/{token}                       401     403      403     204     404
GET    /api/v1/people                               401     403      403     200      -
POST   /api/v1/people                               401     403      403     201     404
GET    /api/v1/people/{person}                      401     403      403     200     404
PATCH  /api/v1/people/{person}                      401     403      403     200     404
POST   /api/v1/people/{person}/link                 401     403      403     201     404
GET    /api/v1/channels                             401     403      403     200      -
POST   /api/v1/channels/{channel}/test              401     403      403     404     404
GET    /api/v1/audit                                401     403      403     200      -
"""
"""`elsewhere`: what those get whose rights reach, and who ask for what is another company's and they are bound, or for
what is not there; "-" where it is about no company. Nobody is asked for rights before they have said who they are."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of asking, and what each gets."""

    method: str
    target: str
    nobody: int
    by_rights: dict[Rights, int]
    elsewhere: int | None

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.target.partition("?")[0]

    @property
    def about_something(self) -> bool:
        """Whether it names what is a company's."""
        return self.elsewhere is not None

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who asks."""

    rights: Rights | None
    companies: Companies = None

    def __str__(self) -> str:
        return "nobody" if self.rights is None else f"{'bound ' if self.companies else ''}{self.rights}"


def _rows() -> Iterator[Row]:
    for line in TABLE.strip().splitlines()[1:]:
        if line.strip():
            method, target, nobody, *by_rights, elsewhere = line.split()
            statuses = dict(zip(Rights, map(int, by_rights), strict=True))
            yield Row(method, target, int(nobody), statuses, None if elsewhere == "-" else int(elsewhere))


ROWS = list(_rows())
EVERYBODY = [Who(None), *(Who(rights, companies) for rights in Rights for companies in (None, (OWN,)))]
BOUND = [Who(rights, (OWN,)) for rights in Rights]
FILES = {"/static/{name}": "style.css", "/docs/{name}": "guide/verdicts", "/runbooks/{name}": "cause-address"}


@pytest.fixture
async def rights_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RightsApp]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with open_rights_app(tmp_path) as rights_app:
        yield rights_app


def expected(row: Row, who: Who, things: CompanyIds) -> int:
    """What the table says."""
    if who.rights is None:
        return row.nobody
    status = row.by_rights[who.rights]
    if status == 403 or row.elsewhere is None:
        return status
    not_theirs = who.companies is not None and things.company not in who.companies
    return row.elsewhere if not_theirs or things is NOTHING else status


def target_of(row: Row, things: CompanyIds) -> str:
    named = things.named | {"name": FILES.get(row.target, ""), "channel": "missing"}
    return row.target.format(**named)


def sent_with(row: Row, things: CompanyIds, number: int) -> dict[str, Any]:
    """What is sent with it, all of it good but for whose it is."""
    company, mute = things.company, {"lasts": "1h", "why": "tests"}
    json_of: dict[str, Any] = {
        "POST /api/v1/probes": {"company": company, "kind": KIND},
        "POST /api/v1/mutes": {"company": company, **mute},
        "POST /api/v1/incidents/{incident}/ack": {"note": "tests"},
        "PUT /api/v1/incidents/{incident}/owner": {"owner": "somebody"},
        "POST /api/v1/incidents/{incident}/comments": {"text": "tests"},
        "POST /api/v1/incidents/{incident}/tickets": {"ticket": "T-1"},
        "POST /api/v1/tokens": {"name": f"made{number}", "companies": [company]},
        "POST /api/v1/people": {"name": f"made{number}", "companies": [company]},
        "PATCH /api/v1/people/{person}": {"disabled": True},
    }
    bound = {"rights": "viewer", "reach": "some", "companies": company}
    form_of: dict[str, dict[str, str]] = {
        "POST /sign-in": {"name": "nobody", "password": "wrong"},
        "POST /invitation": {"key": "wrong", "password": PASSWORD, "again": PASSWORD},
        "POST /probe-now": {"where": company, "kind": KIND, "as": "sender"},
        "POST /incidents/{incident}/mute": {"about": f"company={company}", **mute},
        "POST /incidents/{incident}/work": {"do": "ack"},
        "POST /mutes": {"where": company, **mute},
        "POST /settings/people": {"name": f"typed{number}", **bound},
        "POST /settings/people/change": {"name": things.person, "do": "disable"},
        "POST /settings/tokens": {"name": f"typed{number}", "lasts": "30d", **bound},
        "POST /settings/tokens/revoke": {"token": things.token},
    }
    if str(row) in json_of:
        return {"json": json_of[str(row)]}
    return {"data": form_of.get(str(row), {})} if row.method == "POST" and not row.target.startswith("/api/") else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """Bounces and reports, as far as there is an end to it."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...]

    @property
    def all(self) -> str:
        return f"{self.headers}\n{self.text}"


async def ask(
    browser: Browser,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    quiet: float = 0.5,
    begun: asyncio.Event | None = None,
    **sent: Any,
) -> Reply:
    """Ask; of a stream that has no end, take what comes until nothing did for `quiet` seconds. `begun` is set with the
    first that comes: a stream tells what happens after that."""
    patience = quiet if target.startswith("/api/v1/events") else 30
    said = browser.always | {"Accept": "text/html"} | (headers or {})
    if browser.cookies:
        said["Cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    url, wait = URL(browser.url + target, encoded=True), ClientTimeout(total=30)
    async with browser.http.request(method, url, headers=said, allow_redirects=False, timeout=wait, **sent) as response:
        told = b""
        with suppress(TimeoutError):
            while part := await asyncio.wait_for(response.content.readany(), patience):
                told += part
                if begun and b"event: begin" in told:
                    begun.set()
        kept = tuple(sorted((name, value) for name, value in response.headers.items() if name != "Date"))
        return Reply(response.status, told.decode(), kept)


async def comes(rights_app: RightsApp, who: Who) -> Browser:
    """Them, as a program with a token; nobody without."""
    if who.rights is None:
        return rights_app.pages_app.browser(Via="1.1 elsewhere.example")
    return await rights_app.token(f"caller-{who}".replace(" ", "-"), who.rights, who.companies)


# ---- The table ------------------------------------------------------------------------------------------------------


def routes_of(app: web.Application) -> set[tuple[str, str]]:
    """Every way to ask the application; a HEAD is a GET whose body is left out."""
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    return {(method, path) for method, path in found if method != "HEAD"}


async def test_the_table_has_every_route_and_no_other(rights_app: RightsApp) -> None:
    there, told = routes_of(application(rights_app.backend)), {row.route for row in ROWS}
    assert there - told == set(), "not in the table"
    assert told - there == set(), "not in the application"


def test_a_row_that_is_about_a_company_says_what_others_get() -> None:
    assert [str(row) for row in ROWS if "{" in row.target and row.elsewhere is None] == [
        "GET /static/{name}",
        "GET /docs/{name}",
        "GET /runbooks/{name}",
    ]


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
async def test_everybody_may_what_the_table_says(rights_app: RightsApp, who: Who) -> None:
    browser, wrong = await comes(rights_app, who), []
    for number, row in enumerate(ROWS):
        for things in (rights_app.own, rights_app.other, NOTHING) if row.about_something else (rights_app.own,):
            fresh = await rights_app.fresh(things) if row.method != "GET" else things
            sent = sent_with(row, fresh, 10 * number + len(things.company))
            reply = await ask(browser, row.method, target_of(row, fresh), **sent)
            if reply.status != (wanted := expected(row, who, things)):
                wrong.append(f"{who}: {row} of {things.company}: {reply.status}, not {wanted}: {reply.text[-300:]}")
    assert not wrong, "\n".join(wrong)


async def test_whoever_may_not_has_changed_nothing(rights_app: RightsApp) -> None:
    async def kept() -> Any:
        people = [(person.name, person.disabled_at) for person in await rights_app.store.people.all()]
        tokens = [(token.name, token.revoked_at) for token in await rights_app.store.people.tokens()]
        return (
            people,
            tokens,
            await rights_app.store.incidents.mutes(),
            len(await rights_app.store.people.audit_log(None, 1000)),
            len(rights_app.pages_app.sent),
        )

    callers = [await comes(rights_app, who) for who in (Who(None), Who(Rights.VIEWER), Who(Rights.VIEWER, (OWN,)))]
    admin_of_own = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    before = await kept()
    for row in ROWS:
        if row.method != "GET" and row.route[1] not in ("/sign-in", "/sign-out", "/invitation"):
            for browser in callers:
                await ask(browser, row.method, target_of(row, rights_app.own), **sent_with(row, rights_app.own, 1))
            if row.about_something:
                await ask(
                    admin_of_own, row.method, target_of(row, rights_app.other), **sent_with(row, rights_app.other, 1)
                )
    assert await kept() == before


async def test_a_head_is_answered_as_its_get_is(rights_app: RightsApp) -> None:
    browser = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    heads = {route.resource.canonical for route in application(rights_app.backend).router.routes()
             if route.method == "HEAD" and route.resource}  # fmt: skip
    assert heads
    for row in ROWS:
        if row.method == "GET" and row.route[1] in heads:
            for things in (rights_app.own, rights_app.other):
                got = await ask(browser, "GET", target_of(row, things))
                head = await ask(browser, "HEAD", target_of(row, things))
                assert (head.status, head.text) == (got.status, ""), str(row)


# ---- Nothing of another company -------------------------------------------------------------------------------------


def unnamed(text: str, things: CompanyIds, number: int) -> str:
    """It without what was asked for, the moment at which it was made, and the mask of the secret in its forms."""
    for name in sorted((*things.named.values(), f"{number}"), key=len, reverse=True):
        text = text.replace(name, "NAME")
    return re.sub(r"data-made=.[^\"]*.|name=.form. value=.[^\"]*.|'Content-Length', '\d+'", "", text)


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_what_is_not_theirs_is_as_what_never_was(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    nothing = CompanyIds(
        *(letter * len(name) for letter, name in zip("jkqvwxz", rights_app.other.named.values(), strict=True))
    )
    for row in ROWS:
        if row.about_something:
            replies = []
            for things in (rights_app.other, nothing):
                reply = await ask(browser, row.method, target_of(row, things), **sent_with(row, things, 1000))
                replies.append(
                    (reply.status, unnamed(reply.text, things, 1000), unnamed(str(reply.headers), things, 1000))
                )
            theirs, never = replies
            assert theirs == never, str(row)


def of_others(text: str, rights_app: RightsApp) -> list[str]:
    """What it tells of others."""
    ids = [
        rights_app.other.probe,
        rights_app.other.incident,
        rights_app.other.mute,
        rights_app.other.token,
        rights_app.other.person,
    ]
    return [word for word in (*OF_OTHERS, *ids) if word.casefold() in text.casefold()]


def asked_by_all(rights_app: RightsApp) -> Iterator[str]:
    """All that can be read without asking for anything of another company."""
    for row in ROWS:
        if row.method == "GET" and row.target not in ("/sign-in", *FILES):
            yield target_of(row, rights_app.own)
    yield from (f"/companies/{OWN}?span=1h", f"/companies/{OWN}?span=30d", "/?outcome=blocked&open=all", "/?page=2")
    yield from (f"/incidents/{rights_app.wide}", f"/incidents/{rights_app.merged}", "/incidents?state=over")
    yield from (
        f"/api/v1/incidents/{rights_app.wide}",
        f"/api/v1/incidents/{rights_app.merged}",
        "/api/v1/incidents?state=all",
    )
    yield from (
        "/api/v1/mutes?over=true",
        "/api/v1/probes?most=500",
        "/probes?outcome=blocked",
        "/nowhere",
        "/api/v1/no",
    )
    yield from (
        "/api/v1/probes?kind=no",
        "/api/v1/probes?nonsense=1",
        "/api/v1/paths?path=hq",
        "/static/no",
        "/docs/no",
        "/runbooks/no",
    )


@pytest.mark.parametrize("way", ["token", "session"])
@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_nothing_of_another_company_is_in_any_answer(rights_app: RightsApp, who: Who, way: str) -> None:
    assert who.rights
    browser = await (
        comes(rights_app, who) if way == "token" else rights_app.pages_app.person("ann", who.rights, who.companies)
    )
    for target in asked_by_all(rights_app):
        reply = await ask(browser, "GET", target)
        assert of_others(reply.all, rights_app) == [], target


async def test_whoever_sees_all_does_read_it(rights_app: RightsApp) -> None:
    """The words that are looked for are the right ones."""
    browser = await comes(rights_app, Who(Rights.ADMIN))
    told = "".join([(await ask(browser, "GET", target)).all for target in asked_by_all(rights_app)])
    assert set(of_others(told, rights_app)) == {*OF_OTHERS, *rights_app.other.named.values()} - {"bakehouse", OTHER} | {
        "bakehouse",
        OTHER,
    }


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_nor_is_it_in_what_is_said_of_a_mistake(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    close = CompanyIds("zenit", "bakehous", "0" * 16, "0" * 12, "0" * 12, "0" * 12, "perso")  # near to what is there
    for row in ROWS:
        if row.method != "GET" and row.about_something:
            reply = await ask(browser, row.method, target_of(row, close), **sent_with(row, close, 1))
            assert of_others(reply.all, rights_app) == [], str(row)


async def test_how_many_others_there_are_is_told_nowhere(rights_app: RightsApp) -> None:
    browser = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    now = (await ask(browser, "GET", "/")).text
    assert "1 of 1 company has delivery problems" in now
    assert len(json.loads((await ask(browser, "GET", "/api/v1/companies")).text)["companies"]) == 1
    for name in (rights_app.wide, rights_app.merged):
        facts = json.loads((await ask(browser, "GET", f"/api/v1/incidents/{name}")).text)
        assert facts["companies"] == [OWN]
        page = (await ask(browser, "GET", f"/incidents/{name}")).text
        assert not re.search(r"\b[2-9] (companies|in all)\b", page), name
    wide = json.loads((await ask(browser, "GET", f"/api/v1/incidents/{rights_app.wide}")).text)
    assert (wide["failing"], wide["touches"], wide["history"], wide["notices"]) == (1, [OWN], [], [])


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_events_are_of_their_company_alone(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    begun, came_again = asyncio.Event(), {"Last-Event-ID": "0.00000000.0"}
    follow = asyncio.create_task(ask(browser, "GET", "/api/v1/events", came_again, quiet=3, begun=begun))
    async with asyncio.timeout(30):
        await begun.wait()
    mine = [await rights_app.judge(letter, company, "hq" if company == OWN else "bakehouse") for letter, company in
            (("i", OTHER), ("i", OWN), ("d", OTHER))][1]  # fmt: skip
    told = (await follow).all
    assert of_others(told, rights_app) == []
    assert mine.id in told
    assert "event: incidents" in told


# ---- Secrets --------------------------------------------------------------------------------------------------------


async def test_no_secret_is_in_any_answer_log_or_store(
    rights_app: RightsApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        admin = await rights_app.pages_app.person("root", Rights.ADMIN)
        cookies = [*admin.cookies.values()]
        form = form_in((await admin.get("/")).text)
        token, link = await _made(admin, form)
        program = rights_app.pages_app.browser(Authorization=f"Bearer {token}")
        answers = [await ask(program, "GET", target) for target in asked_by_all(rights_app)]
        answers += [await ask(admin, "GET", target) for target in asked_by_all(rights_app)]
        answers += [
            await ask(program, row.method, target_of(row, rights_app.own), **sent_with(row, rights_app.own, 5))
            for row in ROWS
        ]
        answers.append(
            await ask(
                rights_app.pages_app.browser(), "POST", "/sign-in", data={"name": "root", "password": f"{PASSWORD}!"}
            )
        )
        answers.append(
            await ask(rights_app.pages_app.browser(Authorization=f"Bearer {token}x"), "GET", "/api/v1/probes")
        )
    secrets = [*SECRETS, PASSWORD, *cookies, token, link]
    told = "".join(answer.all for answer in answers)
    said = f"{logs}{caplog.text}"
    assert [secret for secret in secrets if secret in told] == [], "in an answer"
    assert [secret for secret in (*secrets, form) if secret in said] == [], "in the log"
    assert list(in_store(tmp_path, secrets)) == []


async def _made(admin: Browser, form: str) -> tuple[str, str]:
    """A token, and somebody with a link: both are shown once, also where the request is repeated."""
    said = {"X-Form": form, "Idempotency-Key": "once"}
    wish = {"name": "program", "rights": "admin"}
    first = await ask(admin, "POST", "/api/v1/tokens", said, json=wish)
    again = await ask(admin, "POST", "/api/v1/tokens", said, json=wish)
    token = json.loads(first.text)["secret"]
    assert (first.status, again.status) == (201, 201)
    assert token not in again.all
    asked = await ask(admin, "POST", "/api/v1/people", said | {"Idempotency-Key": "2"}, json={"name": "new"})
    repeated = await ask(admin, "POST", "/api/v1/people", said | {"Idempotency-Key": "2"}, json={"name": "new"})
    link = json.loads(asked.text)["link"].partition("key=")[2]
    assert link
    assert link not in repeated.all
    return token, link


def in_store(folder: Path, secrets: list[str]) -> Iterator[str]:
    """Where in the store they are, column by column."""
    with closing(sqlite3.connect(folder / "mailpath.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    yield from (f"{table}.{column}" for secret in secrets if secret in str(value))


def test_the_files_that_rows_ask_for_are_there() -> None:
    assert FILES["/static/{name}"] in assets()
    assert FILES["/docs/{name}"] in documents(DOCS)
    assert FILES["/runbooks/{name}"] in runbooks()
