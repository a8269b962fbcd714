"""A company scrapes /metrics with a token of its own: all that is its own, nothing of another, nothing over all."""

import random
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.measures.histogram import Histogram
from monitor.output.company_metrics import COMPANY_FAMILIES, COMPANY_HISTOGRAMS
from monitor.output.exposition import Format
from monitor.output.metrics import Gauges, Metrics
from monitor.output.process_metrics import process_families
from monitor.output.service_metrics import SERVICE_FAMILIES
from monitor.people.person import Rights
from monitor.probing.current import Board
from monitor.web.server import serving_all
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.sender import Role
from probes.verdict import Verdict
from tests.monitor.web.test_auth_ways import bearer
from tests.monitor.web.test_server import told
from tests.support.pages_app import START, PagesApp, incident, open_pages_app
from tests.support.pipeline_app import watched

OWN = "birchline"
OTHERS = ("quarrystone", "zephyrworks")
LIFE_OF_OTHERS = timedelta(seconds=477)
SECRETS = (*OTHERS, "Quarrystone Ltd", "Zephyrworks Ltd", "pager-of-quarrystone", "othersystem", "477")
NAMES = {family.name for family in COMPANY_FAMILIES} | {family.name for family in COMPANY_HISTOGRAMS}
INSIDE = {family.name for family in (*SERVICE_FAMILIES, *process_families())}


def paths(others: Sequence[str] = OTHERS) -> list[WatchedPath]:
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    own = watched(None, None, company=OWN, company_name="Birchline Ltd", kinds=kinds)
    more = {"kinds": kinds, "mail_systems": ("other:othersystem",), "code_life": LIFE_OF_OTHERS}
    return [own, *(watched(None, None, company=name, company_name=f"{name.title()} Ltd", **more) for name in others)]


def signal(company: str, number: int, seconds: float | None) -> Signal:
    verdict = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
    if seconds is None:
        verdict = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "blocked")
    took = timedelta(seconds=seconds) if seconds is not None else None
    at = START + timedelta(minutes=number)
    kind = (Kind.VERIFICATION, Kind.INVITATION)[number % 2]
    return Signal(number, f"{company}{number}", company, "hq", kind, Role.SENDER, at, at, verdict, delivery=took)


OWN_SIGNALS = [signal(OWN, number, seconds) for number, seconds in enumerate((3.0, 470.0, None, 480.0, 15.0))]


def metrics(of_others: Sequence[Signal], *, others: Sequence[str] = OTHERS, **gauges: Any) -> Metrics:
    board = Board()
    board.configure(paths(others))
    board.take([*OWN_SIGNALS, *of_others])
    now = {"now": lambda: START + timedelta(hours=1)}
    mailboxes = {(OWN, "hq"): 3} | {(name, "hq"): len(of_others) for name in others}
    return Metrics(board, Gauges(lambda: 7, timedelta, dict, lambda: mailboxes, **(now | gauges)))


def busy() -> Metrics:
    """All families have series, of all companies."""
    wide = incident("w1", OWN, *OTHERS, muted_by=())
    theirs = incident("t1", OTHERS[0])
    muted = incident("m1", OWN, muted_by=("m",))
    return metrics(
        [signal(name, number, 400.0 + number) for number in range(40) for name in OTHERS],
        incidents=lambda: (wide, theirs, muted),
        acknowledged=lambda: {"w1": START, "t1": START},
        http_seconds=lambda: {"/": Histogram((1.0,))},
        waiting=lambda: {"pager-of-quarrystone": (2, timedelta(minutes=3))},
        notices=lambda: {("pager-of-quarrystone", "failed"): 2},
        inbound=lambda: {"bounce": 4},
        listening=lambda: True,
        reference=lambda: True,
    )


@pytest.fixture
async def scraped(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        object.__setattr__(pages_app.backend, "metrics", busy())
        yield pages_app


async def scrape(pages_app: PagesApp, *companies: str, rights: Rights = Rights.VIEWER, **headers: str) -> str:
    secret = await pages_app.token(f"graf{len(companies)}{rights}", rights, companies or None)
    answer = await pages_app.browser(**bearer(secret)).ask("GET", "/metrics", headers)
    assert answer.status == 200
    return answer.text


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
@pytest.mark.parametrize("rights", [Rights.VIEWER, Rights.ADMIN])
async def test_a_company_gets_its_own_metrics_and_no_other_name(scraped: PagesApp, accept: str, rights: Rights) -> None:
    text = await scrape(scraped, OWN, rights=rights, Accept=accept)
    assert [word for word in SECRETS if word.lower() in text.lower()] == []
    assert set(re.findall(r'company="([^"]*)"', text)) == {OWN, ""}  # "": a wide incident, which affects them too
    written = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    assert written == {name if accept == "text/plain" else name.removesuffix("_total") for name in NAMES}
    whole = await scrape(scraped, rights=rights, Accept=accept)
    assert [word for word in SECRETS if word.lower() not in whole.lower()] == [], "they are there to be hidden"


async def test_nothing_of_the_service_is_told_to_a_company(scraped: PagesApp) -> None:
    text = await scrape(scraped, OWN)
    assert [name for name in INSIDE if name in text] == []
    whole = await scrape(scraped)
    assert [name for name in INSIDE if name not in whole] == []


async def test_a_company_is_told_since_when_its_own_incidents_are_acknowledged(scraped: PagesApp) -> None:
    text = await scrape(scraped, OWN)
    found = re.findall(r"^mailpath_incident_acknowledged_timestamp_seconds(.*)", text, re.MULTILINE)
    labels = f'{{incident="w1",company="{OWN}",scope="everybody",cause="ip_blocked",severity="page"}}'
    assert found == [f"{labels} {START.timestamp()}"]


async def test_what_is_told_of_a_wide_incident_is_only_that_it_affects_them(scraped: PagesApp) -> None:
    text = await scrape(scraped, OWN)
    told_of = {line for line in text.splitlines() if re.match(r"mailpath_(muted_)?incident", line)}
    wide = 'scope="everybody",cause="ip_blocked",severity="page"} 1'
    assert {line for line in told_of if "timestamp" not in line} == {
        f'mailpath_incidents{{company="",{wide}',
        f'mailpath_incident_companies{{company="{OWN}",{wide}',
        f'mailpath_muted_incidents{{company="{OWN}",scope="company",cause="ip_blocked",severity="page"}} 1',
    }


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_others_have_changes_nothing_that_a_company_is_told(seed: int) -> None:
    """Nothing in it counts over all companies, not even as a sum, a bound or the order of its lines."""
    chance = random.Random(seed)
    others = [f"other{number}" for number in range(chance.randrange(5))]
    signals = [
        signal(chance.choice(others), number, chance.choice((None, chance.uniform(0, 5000))))
        for number in range(chance.randrange(60) if others else 0)
    ]
    theirs = [incident(f"i{number}", name) for number, name in enumerate(others)]
    changed = metrics(signals, others=others, incidents=lambda: theirs, waiting=lambda: {"x": (seed, timedelta(1))})
    for form in Format:
        alone = await metrics([], others=()).render(form, frozenset({OWN}))
        assert await changed.render(form, frozenset({OWN})) == alone


async def test_a_code_life_of_others_moves_no_mail_between_buckets() -> None:
    text = (await busy().render(Format.OPENMETRICS, frozenset({OWN}))).decode()
    rows = [each for family in text_string_to_metric_families(text) for each in family.samples]
    below = {
        row.labels["le"]: (row.value, row.exemplar.labels["probe"] if row.exemplar else "")
        for row in rows
        if row.name == "mailpath_delivery_seconds_bucket" and row.labels["code"] == "0"
    }
    assert (below["420.0"], below["480.0"], below["540.0"]) == ((0, ""), (2, f"{OWN}3"), (2, ""))


async def test_delivery_times_by_mail_system_are_those_of_the_own_probes() -> None:
    board = Board()
    names = (OWN, *OTHERS, "fourth")
    system = {"fourth": ("google",)}
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    board.configure([watched(None, None, company=n, kinds=kinds, mail_systems=system.get(n, ("m365",))) for n in names])
    board.take([signal(name, 2 * number, 10.0) for name in names for number in range(3)])

    async def delivered(*companies: str) -> dict[str, float]:
        text = (
            await Metrics(board, Gauges(lambda: 7, timedelta, dict, dict)).render(companies=frozenset(companies))
        ).decode()
        return {
            system: float(count)
            for system, count in re.findall(
                r'^mailpath_delivery_seconds_count{mail_system="(.*)",code="1"} (.*)$', text, re.M
            )
        }

    assert await delivered(OWN) == {"m365": 3}
    assert await delivered(OWN, OTHERS[0]) == {"m365": 6}
    assert await delivered("fourth", OTHERS[0]) == {"google": 3, "m365": 3}
    assert await delivered("gone") == {}


async def test_several_companies_may_share_a_token(scraped: PagesApp) -> None:
    text = await scrape(scraped, OWN, OTHERS[0])
    assert set(re.findall(r'company="([^"]*)"', text)) == {OWN, OTHERS[0], ""}
    assert OTHERS[1] not in text


async def test_a_company_that_is_not_there_has_no_series(scraped: PagesApp) -> None:
    lines = (await scrape(scraped, "gone")).splitlines()
    assert [line for line in lines if not line.startswith("#")] == []


async def test_a_company_scrapes_where_the_pages_are_though_the_service_is_scraped_elsewhere(tmp_path: Path) -> None:
    """`metrics_listen` needs no sign-in and tells all; at the address of the pages everybody says who they are."""
    async with open_pages_app(tmp_path) as pages_app:
        bound = await pages_app.token("graf", Rights.VIEWER, ("acme",))
        config = told(pages_app, listen="127.0.0.1:0", metrics_listen="127.0.0.1:0")
        async with serving_all(pages_app.backend, config) as port:
            elsewhere = replace(pages_app, url=f"http://127.0.0.1:{port}")
            assert (await elsewhere.browser().get("/metrics")).status == 401
            answer = await elsewhere.browser(**bearer(bound)).get("/metrics")
    assert 'company="acme"' in answer.text
    assert "bolt" not in answer.text
