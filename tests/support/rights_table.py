"""The table of who may ask for what, and somebody who asks."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientTimeout
from yarl import URL

from monitor.people.person import Companies, Rights
from tests.support.auth_app import PASSWORD, Browser
from tests.support.rights_app import (
    KIND,
    NOTHING,
    OWN,
    CompanyIds,
    RightsApp,
)

TABLE = """
route                                             nobody  viewer  operator  admin  elsewhere

GET    /sign-in                                     200     303      303     303      -
POST   /sign-in                                     403     403      403     403      -
POST   /sign-out                                    303     303      303     303      -
GET    /invitation                                  200     200      200     200      -
POST   /invitation                                  422     422      422     422      -
GET    /account                                     303     200      200     200      -
POST   /account/password                            303     409      409     409      -
POST   /account/sessions/end                        303     409      409     409      -
GET    /link/{token}                                404     404      404     404     404
POST   /link/{token}                                404     404      404     404     404
GET    /status/{secret}                             404     404      404     404     404
GET    /status/{secret}/feed                        404     404      404     404     404
GET    /status/{secret}/badge.svg                   404     404      404     404     404
GET    /static/{name}                               200     200      200     200      -
POST   /hooks/mailgun/{account}                     404     404      404     404      -
GET    /healthz                                     200     200      200     200      -
GET    /readyz                                      200     200      200     200      -
GET    /metrics                                     401     200      200     200     -

GET    /                                            303     200      200     200      -
GET    /?q={company}                                303     200      200     200     200
GET    /companies                                   303     302      302     302      -
GET    /companies/                                  303     302      302     302      -
GET    /companies/{company}                         303     200      200     200     404
POST   /companies/{company}/test                    303     403      303     303     404
GET    /companies/{company}/share                   303     403      200     200     404
POST   /companies/{company}/share                   303     403      200     200     404
GET    /badge/{company}.svg                         303     200      200     200     404
GET    /sender                                      303     200      200     200      -
GET    /probes                                      303     200      200     200      -
GET    /probes?company={company}                    303     200      200     200     200
GET    /probes/{probe}                              303     200      200     200     404
GET    /probe-now                                   303     403      200     200      -
GET    /probe-now?where={company}/{path}            303     403      200     200     200
POST   /probe-now                                   303     403      303     303     422
GET    /probe-now/sent?probes={probe}               303     200      200     200     404
GET    /probe-now/sent                              303     404      404     404      -
GET    /diagnose                                    303     403      200     200      -
GET    /diagnose?where={company}/{path}             303     403      200     200     422
POST   /diagnose                                    303     403      409     409     422
GET    /diagnoses/{diagnosis}                       303     200      200     200     404
POST   /diagnoses/{diagnosis}/stop                  303     403      303     303     404
GET    /overview/changes                            303     200      200     200      -
GET    /heat-map                                    303     200      200     200      -
GET    /search                                      303     200      200     200      -
GET    /search?q={company}                          303     200      200     200     200
GET    /display                                     303     200      200     200      -
POST   /display                                     303     303      303     303      -
GET    /suggestions                                 303     200      200     200      -
GET    /suggestions?q={company}                     303     200      200     200     200
GET    /incidents                                   303     200      200     200      -
GET    /incidents?company={company}                 303     200      200     200     200
GET    /incidents/{incident}                        303     200      200     200     404
GET    /incidents/{incident}/texts/{receiver}.eml   303     200      200     200     404
POST   /incidents/{incident}/mute                   303     403      303     303     404
POST   /incidents/{incident}/work                   303     403      303     303     404
POST   /incidents/{incident}/probe                  303     403      303     303     404
POST   /incidents/{incident}/remedies               303     403      409     409     404
GET    /remedies                                    303     200      200     200      -
GET    /remedies?company={company}                  303     200      200     200     200
POST   /remedies/{remedy}                           303     403      303     303     404
GET    /mutes                                       303     403      200     200      -
POST   /mutes                                       303     403      303     303     422
POST   /mutes/{mute}/end                            303     403      303     303     404
GET    /triage                                      303     200      200     200      -
POST   /triage                                      303     200      200     200     200
GET    /analyse                                     303     200      200     200      -
POST   /analyse                                     303     200      200     200      -
GET    /settings                                    303     403      403     200      -
GET    /settings?company={company}                  303     403      403     200     200
GET    /settings/people                             303     403      403     200      -
POST   /settings/people                             303     403      403     200     422
POST   /settings/people/change                      303     403      403     303     422
GET    /settings/tokens                             303     403      403     200      -
POST   /settings/tokens                             303     403      403     200     422
POST   /settings/tokens/revoke                      303     403      403     303     422
GET    /settings/companies/new                      303     403      403     200      -
POST   /settings/companies/new                      303     403      403     200      -
GET    /settings/shares                             303     403      200     200      -
POST   /settings/shares/revoke                      303     403      303     303     422
GET    /settings/channels                           303     403      403     200      -
POST   /settings/channels/test                      303     403      403     422      -
GET    /settings/doctor                             303     403      403     200      -
POST   /settings/doctor                             303     403      403     303      -
GET    /settings/audit                              303     403      403     200      -
GET    /docs                                        301     301      301     301      -
GET    /docs/                                       200     200      200     200      -
GET    /docs/{name}                                 200     200      200     200      -
GET    /runbooks                                    301     301      301     301      -
GET    /runbooks/                                   200     200      200     200      -
GET    /runbooks/{name}                             200     200      200     200      -

GET    /api                                         301     301      301     301      -
GET    /api/                                        200     200      200     200      -
GET    /api/v1/openapi.json                         200     200      200     200      -
GET    /api/v1/companies                            401     200      200     200      -
GET    /api/v1/companies/{company}                  401     200      200     200     404
GET    /api/v1/paths                                401     200      200     200      -
GET    /api/v1/paths?company={company}              401     200      200     200     404
GET    /api/v1/paths/{company}/{path}               401     200      200     200     404
GET    /api/v1/paths/{company}/{path}/diagnoses     401     200      200     200     404
POST   /api/v1/paths/{company}/{path}/diagnoses     401     403      409     409     404
GET    /api/v1/paths/{company}/{path}/diagnoses/plan  401   403      200     200     404
POST   /api/v1/diagnoses/{diagnosis}/stop           401     403      409     409     404
GET    /api/v1/triage?address=x@{company}.example   401     200      200     200     200
POST   /api/v1/triage                               401     200      200     200     200
POST   /api/v1/analyses                             401     200      200     200      -
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
GET    /api/v1/incidents/{incident}/texts           401     200      200     200     404
POST   /api/v1/incidents/{incident}/ack             401     403      200     200     404
DELETE /api/v1/incidents/{incident}/ack             401     403      204     204     404
PUT    /api/v1/incidents/{incident}/owner           401     403      200     200     404
POST   /api/v1/incidents/{incident}/comments        401     403      201     201     404
POST   /api/v1/incidents/{incident}/tickets         401     403      201     201     404
POST   /api/v1/incidents/{incident}/remedies        401     403      409     409     404
GET    /api/v1/remedies                             401     200      200     200      -
GET    /api/v1/remedies?company={company}           401     200      200     200     404
GET    /api/v1/remedies/{remedy}                    401     200      200     200     404
POST   /api/v1/remedies/{remedy}/test               401     403      202     202     404
POST   /api/v1/remedies/{remedy}/renew              401     403      200     200     404
DELETE /api/v1/remedies/{remedy}                    401     403      204     204     404
GET    /api/v1/mutes                                401     200      200     200      -
GET    /api/v1/mutes?company={company}              401     200      200     200     404
POST   /api/v1/mutes                                401     403      201     201     404
GET    /api/v1/mutes/{mute}                         401     200      200     200     404
DELETE /api/v1/mutes/{mute}                         401     403      204     204     404
GET    /api/v1/standing                             401     200      200     200      -
GET    /api/v1/standing/changes                     401     200      200     200      -
GET    /api/v1/sender                               401     200      200     200      -
GET    /api/v1/stats                                401     200      200     200     -
GET    /api/v1/stats?company={company}              401     200      200     200     404
GET    /api/v1/export/probes.csv                    401     200      200     200      -
GET    /api/v1/export/probes.csv?company={company}  401     200      200     200     404
GET    /api/v1/export/probes.jsonl                  401     200      200     200      -
GET    /api/v1/export/probes.jsonl?company={company} 401    200      200     200     404
GET    /api/v1/shares                               401     403      200     200      -
GET    /api/v1/shares?company={company}             401     403      200     200     404
POST   /api/v1/companies/{company}/shares           401     403      201     201     404
GET    /api/v1/shares/{share}                       401     403      200     200     404
DELETE /api/v1/shares/{share}                       401     403      204     204     404
GET    /api/v1/tokens                               401     403      403     200      -
POST   /api/v1/tokens                               401     403      403     201     404
GET    /api/v1/tokens/{token}                       401     403      403     200     404
DELETE /api/v1/tokens/{token}                       401     403      403     204     404
GET    /api/v1/people                               401     403      403     200      -
POST   /api/v1/people                               401     403      403     201     404
GET    /api/v1/people/{person}                      401     403      403     200     404
PATCH  /api/v1/people/{person}                      401     403      403     200     404
POST   /api/v1/people/{person}/link                 401     403      403     201     404
GET    /api/v1/me                                   401     200      200     200      -
GET    /api/v1/config                               401     403      403     200      -
GET    /api/v1/config?company={company}             401     403      403     200     404
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
OF_THEIR_IT = frozenset(
    {
        ("POST", "/companies/{company}/test"),
        ("POST", "/incidents/{incident}/remedies"),
        ("POST", "/remedies/{remedy}"),
        ("POST", "/api/v1/incidents/{incident}/remedies"),
        ("POST", "/api/v1/remedies/{remedy}/test"),
        ("POST", "/api/v1/remedies/{remedy}/renew"),
        ("DELETE", "/api/v1/remedies/{remedy}"),
    }
)
"""What viewers who are bound to companies may for these, as operators may: their IT carries remedies out."""
BOUND = [Who(rights, (OWN,)) for rights in Rights]
FILES = {"/static/{name}": "style.css", "/docs/{name}": "guide/verdicts", "/runbooks/{name}": "cause-address"}


def expected(row: Row, who: Who, things: CompanyIds) -> int:
    """What the table says."""
    if who.rights is None:
        return row.nobody
    own_it = who.companies is not None and row.route in OF_THEIR_IT
    status = row.by_rights[max(who.rights, Rights.OPERATOR, key=list(Rights).index) if own_it else who.rights]
    if status == 403 or row.elsewhere is None:
        return status
    not_theirs = who.companies is not None and things.company not in who.companies
    return row.elsewhere if not_theirs or things is NOTHING else status


def target_of(row: Row, things: CompanyIds) -> str:
    named = things.named | {
        "name": FILES.get(row.target, ""),
        "channel": "missing",
        "account": "nobody",
        "receiver": "company",
        "secret": "a-secret-of-nobody",
    }
    return row.target.format(**named)


def sent_with(row: Row, things: CompanyIds, number: int) -> dict[str, Any]:
    """What is sent with it, all of it good but for whose it is."""
    company, mute = things.company, {"lasts": "1h", "why": "tests"}
    json_of: dict[str, Any] = {
        "POST /api/v1/triage": {"address": f"x@{company}.example"},
        "POST /api/v1/analyses": {"text": "550 5.7.1 blocked"},
        "POST /api/v1/probes": {"company": company, "kind": KIND},
        "POST /api/v1/paths/{company}/{path}/diagnoses": {},
        "POST /api/v1/mutes": {"company": company, **mute},
        "POST /api/v1/incidents/{incident}/ack": {"note": "tests"},
        "PUT /api/v1/incidents/{incident}/owner": {"owner": "somebody"},
        "POST /api/v1/incidents/{incident}/comments": {"text": "tests"},
        "POST /api/v1/incidents/{incident}/tickets": {"ticket": "T-1"},
        "POST /api/v1/companies/{company}/shares": {"days": 7},
        "POST /api/v1/tokens": {"name": f"made{number}", "companies": [company]},
        "POST /api/v1/people": {"name": f"made{number}", "companies": [company]},
        "PATCH /api/v1/people/{person}": {"disabled": True},
    }
    json_of["POST /api/v1/incidents/{incident}/remedies"] = {"company": company, "remedy": "other"}
    bound = {"rights": "viewer", "reach": "some", "companies": company}
    form_of: dict[str, dict[str, str]] = {
        "POST /sign-in": {"name": "nobody", "password": "wrong"},
        "POST /invitation": {"key": "wrong", "password": PASSWORD, "again": PASSWORD},
        "POST /triage": {"address": f"x@{company}.example"},
        "POST /analyse": {"text": "550 5.7.1 blocked"},
        "POST /probe-now": {"where": company, "kind": KIND, "as": "sender"},
        "POST /diagnose": {"where": f"{company}/{things.path}", "kind": KIND},
        "POST /incidents/{incident}/mute": {"about": f"company={company}", **mute},
        "POST /incidents/{incident}/work": {"do": "ack"},
        "POST /incidents/{incident}/remedies": {"company": company, "remedy": "other"},
        "POST /remedies/{remedy}": {"do": "renewed"},
        "POST /mutes": {"where": company, **mute},
        "POST /settings/people": {"name": f"typed{number}", **bound},
        "POST /settings/people/change": {"name": things.person, "do": "disable"},
        "POST /settings/tokens": {"name": f"typed{number}", "lasts": "30d", **bound},
        "POST /settings/tokens/revoke": {"token": things.token},
        "POST /companies/{company}/share": {"days": "7"},
        "POST /settings/shares/revoke": {"share": things.share},
    }
    if str(row) in json_of:
        return {"json": json_of[str(row)]}
    return {"data": form_of.get(str(row), {})} if row.method == "POST" and not row.target.startswith("/api/") else {}


@dataclass(frozen=True, slots=True)
class RightsAnswer:
    """An answer, as far as there is an end to it."""

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
) -> RightsAnswer:
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
        return RightsAnswer(response.status, told.decode(), kept)


async def comes(rights_app: RightsApp, who: Who) -> Browser:
    """Them, as a program with a token; nobody without."""
    if who.rights is None:
        return rights_app.pages_app.browser(Via="1.1 elsewhere.example")
    return await rights_app.token(f"caller-{who}".replace(" ", "-"), who.rights, who.companies)


def asked_by_all(rights_app: RightsApp) -> Iterator[str]:
    """All that can be read without asking for anything of another company."""
    for row in ROWS:
        if row.method == "GET" and row.target not in ("/sign-in", *FILES):
            yield target_of(row, rights_app.own)
    yield from (f"/companies/{OWN}?span=24h", f"/companies/{OWN}?span=30d", "/?outcome=blocked&open=all", "/?page=2")
    yield from (f"/incidents/{rights_app.wide}", f"/incidents/{rights_app.merged}", "/incidents?state=closed")
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
