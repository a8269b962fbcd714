"""The sender's real mail beside the probes, on a company's page and in the API: where it is counted, and to whom."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.output.labels import label_of
from monitor.people.person import Rights
from monitor.real_mail.refusals import WITHIN, RealRefusals
from probes.traced import TraceFate
from probes.verdict import Cause
from tests.monitor.web.test_page_triage import check, now_there
from tests.support.auth_app import Browser
from tests.support.page_samples import ParsedPage
from tests.support.pages_app import BLOCKED, INBOX, START, PagesApp, open_pages_app
from tests.support.rules_of_backend import engine_of

HEADING = "Real mail of the last 24 h beside our probes"
NOON = START
COUNTED: dict[str, Any] = {
    "accounts": {"identity": {"provider": "mailgun", "domain": "account.trimble.com", "key": {"env": "MAILGUN_KEY"}}},
    "sender": {"trace": {"via": "mailgun", "account": "identity"}},
    "real": {},
}


@pytest.fixture
async def pages_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PagesApp]:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")
    async with open_pages_app(tmp_path, **COUNTED) as pages_app:
        pages_app.clock.offset = NOON + timedelta(hours=3, minutes=30) - datetime.now(UTC)
        yield pages_app


async def count(pages_app: PagesApp, fate: TraceFate, cause: str, number: int, at: datetime = NOON) -> None:
    await pages_app.store.real_mail.add({("acme", at, fate, cause): number}, "here")


async def refused_while_probes_arrive(pages_app: PagesApp) -> None:
    for hour in range(3):
        await count(pages_app, TraceFate.REFUSED, "ip_listed", 4, NOON + timedelta(hours=hour))
        for minute in (5, 25):
            await pages_app.probe(verdict=INBOX, after=timedelta(hours=hour, minutes=minute))


async def words(browser: Browser, company: str = "acme") -> str:
    answer = await browser.get(f"/companies/{company}")
    assert answer.status == 200
    return " ".join(ParsedPage(answer.text).text.split())


async def facts(browser: Browser, company: str = "acme") -> Any:
    answer = await browser.ask("GET", f"/api/v1/companies/{company}", {"Accept": "application/json"})
    assert answer.status == 200, answer.text
    return json.loads(answer.text)["real_mail"]


async def test_both_stand_beside_each_other(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    await count(pages_app, TraceFate.DELIVERED, "", 1234)
    await count(pages_app, TraceFate.REFUSED, "mailbox_full", 3)
    await count(pages_app, TraceFate.DELIVERED, "", 9, NOON - timedelta(hours=30))  # too long ago
    await pages_app.probe(verdict=INBOX)
    await pages_app.probe(verdict=BLOCKED)
    said = await words(viewer)
    assert HEADING in said
    assert "Taken by the company's server – 1,234 1" in said
    assert f"Refused {label_of(Cause.MAILBOX_FULL).title} 3 0" in said
    assert f"Refused {label_of(Cause.IP_BLOCKED).title} 0 1" in said
    assert "does not mean in the inbox" in said
    assert "disagree" not in said
    found = await facts(viewer)
    assert found == {
        "since": "2026-11-24T15:00:00Z",
        "rows": [
            {"outcome": "delivered", "cause": None, "real": 1234, "probes": 1},
            {"outcome": "refused", "cause": "mailbox_full", "real": 3, "probes": 0},
            {"outcome": "refused", "cause": "ip_blocked", "real": 0, "probes": 1},
        ],
        "inbox": 1,
        "mismatch": None,
        "replies": [],
    }


async def test_a_mismatch_is_said(pages_app: PagesApp) -> None:
    await refused_while_probes_arrive(pages_app)
    viewer = await pages_app.viewer()
    said = await words(viewer)
    assert "Probes and real mail disagree. In 3 of 3 hours with both, the company's server took 6 probes" in said
    assert "The probes stand for something else than people's mail." in said
    found = (await facts(viewer))["mismatch"]
    assert (found["mismatch"], found["real"], found["probes"]) == ("real_mail_refused", 12, 6)


async def test_where_nothing_came_yet(pages_app: PagesApp) -> None:
    assert "Neither real mail nor a probe has had a result" in await words(await pages_app.viewer())


async def test_nobody_else_sees_it(pages_app: PagesApp) -> None:
    await refused_while_probes_arrive(pages_app)
    bound = await pages_app.viewer("bolt")
    assert (await bound.get("/companies/acme")).status == 404
    assert (await bound.ask("GET", "/api/v1/companies/acme", {"Accept": "application/json"})).status == 404
    said = await words(bound, "bolt")
    assert HEADING in said
    assert "disagree" not in said
    assert (await facts(bound, "bolt"))["rows"] == []


async def test_where_it_is_not_counted_there_is_no_word_of_it(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        pages_app.clock.offset = NOON + timedelta(hours=1) - datetime.now(UTC)
        await refused_while_probes_arrive(pages_app)  # counted before it was switched off
        viewer = await pages_app.viewer()
        assert "eal mail" not in await words(viewer)
        assert await facts(viewer) is None


async def test_what_servers_said_is_shown_without_anybody_and_as_text(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    hostile = "550 5.7.1 <script>alert(1)</script> blocked"
    midnight = NOON.replace(hour=0, minute=0, second=0, microsecond=0)
    await count(pages_app, TraceFate.REFUSED, "policy", 2)
    await pages_app.store.real_mail.add({}, "here", replies={("acme", midnight, Cause.POLICY, hostile): 2})
    said = await words(viewer)
    assert f"{hostile} {label_of(Cause.POLICY).title} {midnight:%Y-%m-%d} 2" in said
    assert "<script>alert" not in (await viewer.get("/companies/acme")).text
    assert (await facts(viewer))["replies"] == [
        {"day": midnight.isoformat(), "cause": "policy", "reply": hostile, "count": 2}
    ]


async def test_the_incident_of_refused_real_mail_says_what_is_known(pages_app: PagesApp) -> None:
    """To company IT and to the help desk, with no word of the sender's standing or of a failed probe."""
    now = pages_app.clock()
    found = RealRefusals(
        "acme", Cause.IP_LISTED, now, now, "550 5.7.1 blocked using bl.test", "mx.acme.test", "192.0.2.7"
    )
    await pages_app.store.real_mail.add({}, "here", refusals=[found])
    engine = engine_of(pages_app.backend)
    await engine.configure(pages_app.backend.config())
    await engine.recall([])
    await engine.step()
    [incident] = await pages_app.store.incidents.open()
    viewer = await pages_app.viewer("acme")
    page = " ".join(ParsedPage((await viewer.get(f"/incidents/{incident.id}")).text).text.split())
    for said in (
        "Real mail: refused",
        "refuses real mail",
        "Two real messages in a row, to different people",
        "were refused: 550 5.7.1 blocked using bl.test; the last left from 192.0.2.7, not from the source IP",
        "two messages in a row are taken",
    ):
        assert said in page, (said, page)
    assert "tanding" not in page, re.findall(r".{60}tanding.{60}", page)
    assert "Real mail: refused" in await words(viewer)
    other = await pages_app.person("joe", Rights.VIEWER, ("bolt",))
    assert (await other.get(f"/incidents/{incident.id}")).status == 404
    now_there(pages_app, INBOX)
    answer = " ".join(ParsedPage((await check(viewer, "eve@acme.example")).text).text.split())
    assert "If it is so, Trimble and its mail service must act." in answer
    assert "Most likely, the mail system of Acme Steel rejects mail" in answer
    assert "refuses real mail" in answer
    pages_app.clock.offset += WITHIN
    await engine.step()
    later = await pages_app.person("ann", Rights.VIEWER, ("acme",))
    page = " ".join(ParsedPage((await later.get(f"/incidents/{incident.id}")).text).text.split())
    assert "ended because two real messages in a row were taken; or no refusal was seen for a day" in page
    assert "delivered again" not in page
