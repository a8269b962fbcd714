"""From a page of metrics to people: the real Prometheus with our rules, the real Alertmanager with our example."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, web

from tests.lab.processes import until
from tests.support.dashboard_examples import alertmanager_example, prometheus_example, rules_into
from tests.support.http_receiver import Receiver, receiving
from tests.support.prometheus_servers import alertmanager, prometheus

PATIENCE = 40.0  # seconds; each thing takes three to five

KINDS = ("verification", "two_step_code")
WELL = "".join(
    f'mailpath_path_outcome{{company="acme",path="hq",kind="{kind}",outcome="inbox",cause="",grade="real"}} 1\n'
    for kind in KINDS
)
BLOCKED = WELL.replace('outcome="inbox",cause=""', 'outcome="blocked",cause="ip_blocked"')
ALWAYS = (
    'mailpath_company_info{company="acme",name="Acme Steel",mail_system="postfix"} 1\n'
    'mailpath_build_info{version="0",python="3"} 1\n'
)


def incident(scope: str, severity: str = "page") -> str:
    labels = f'{{company="acme",scope="{scope}",cause="ip_blocked",severity="{severity}"}}'
    opened = "mailpath_incident_opened_timestamp_seconds" + labels.replace("{", '{incident="3f9a",')
    return f"mailpath_incidents{labels} 1\nmailpath_incident_companies{labels} 1\n{opened} {time.time() - 300}\n"


class Mailpath:
    """A page of metrics that shows what a test wants, or nothing."""

    def __init__(self) -> None:
        self.shows: str | None = WELL

    async def metrics(self, _: web.Request) -> web.Response:
        if self.shows is None:
            return web.Response(status=503)
        return web.Response(text=ALWAYS + self.shows)


@dataclass(frozen=True)
class MonitoredService:
    """All of it at work."""

    mailpath: Mailpath
    people: Receiver
    prometheus: str
    alertmanager: str
    http: ClientSession

    async def heard(self, who: str, count: int) -> list[dict[str, Any]]:
        """What a receiver of the example has heard, once that is so much."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [said.json for said in self.people.heard if said.path == f"/{who}"]) < count:
                await self.people.told(len(self.people.heard) + 1)
        return found

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        async with self.http.get(f"{self.prometheus}/api/v1/query", params={"query": query}) as answer:
            found: list[dict[str, Any]] = (await answer.json())["data"]["result"]
            return found

    async def post(self, *, over: bool) -> None:
        """Post the alert that Mailpath itself posts of the same incident to the same Alertmanager."""
        now = datetime.now(UTC)
        said = {
            "labels": {
                "alertname": "MailpathMailStopped",
                "severity": "page",
                "scope": "company",
                "company": "acme",
                "mail_system": "postfix",
                "incident": "3f9a",
            },
            "startsAt": (now - timedelta(minutes=5)).isoformat(),
            "endsAt": (now if over else now + timedelta(minutes=30)).isoformat(),
        }
        async with self.http.post(f"{self.alertmanager}/api/v2/alerts", json=[said]) as answer:
            assert answer.status == 200, await answer.text()

    async def knows(self, query: str) -> None:
        """Wait until Prometheus has an answer."""
        for _ in until(PATIENCE, 0.05):
            if await self.ask(query):
                return
        raise AssertionError(f"Prometheus has no answer to {query}")


@asynccontextmanager
async def page(mailpath: Mailpath) -> AsyncIterator[str]:
    """Where it can be scraped: host and port."""
    app = web.Application()
    app.router.add_get("/metrics", mailpath.metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def monitored(able: None, tmp_path: Path) -> AsyncIterator[MonitoredService]:
    rules_into(tmp_path)
    mailpath = Mailpath()
    async with AsyncExitStack() as stack:
        people = await stack.enter_async_context(receiving())
        metrics = await stack.enter_async_context(page(mailpath))
        tells = stack.enter_context(alertmanager(alertmanager_example(people.url), tmp_path))
        config = prometheus_example(metrics, urlsplit(tells).netloc)
        asks = stack.enter_context(prometheus(config, tmp_path, "--rules.alert.resend-delay=1s"))
        http = await stack.enter_async_context(ClientSession())
        monitored = MonitoredService(mailpath, people, asks, tells, http)
        await monitored.knows('up{job="mailpath"} == 1 and on () mailpath:codes_objective:ratio')
        yield monitored


async def test_a_blocked_company_is_one_message_while_it_lasts_and_one_at_its_end(monitored: MonitoredService) -> None:
    await monitored.heard("heartbeat", 1)
    monitored.mailpath.shows = BLOCKED + incident("kind") + incident("mailbox")
    (firing,) = await monitored.heard("on-call", 1)
    assert firing["status"] == "firing"
    assert firing["groupLabels"] == {"company": "acme", "mail_system": "postfix"}
    names = {alert["labels"]["alertname"] for alert in firing["alerts"]}
    assert names == {"MailpathKindStopped", "MailpathMailboxStopped"}
    for alert in firing["alerts"]:
        assert (
            "path hq, 2-step sign-in codes: blocked (IP address); path hq, verification codes: blocked (IP address)."
            " Why: According to its reply, the mail system blocks the sender's IP address."
        ) in alert["annotations"]["description"]
    monitored.mailpath.shows = WELL
    _, resolved = await monitored.heard("on-call", 2)
    assert resolved["status"] == "resolved"
    assert {alert["labels"]["alertname"] for alert in resolved["alerts"]} == names
    assert len(await monitored.heard("on-call", 2)) == 2


@pytest.mark.parametrize("end_delay", [True, False])
async def test_the_alert_of_a_rule_pages_after_mailpaths_own_has_ended_unless_that_ends_later(
    monitored: MonitoredService, end_delay: bool
) -> None:
    """Why an end waits for `end_delay`, longer than until the next scrape and evaluation."""
    await monitored.post(over=False)
    monitored.mailpath.shows = BLOCKED + incident("company")
    (own,) = await monitored.heard("on-call", 1)
    assert own["commonLabels"]["incident"] == "3f9a"
    await monitored.knows('ALERTS{alertname="MailpathCompanyStopped",alertstate="firing"}')
    if end_delay:
        monitored.mailpath.shows = WELL
        await monitored.knows('absent(ALERTS{alertname="MailpathCompanyStopped"})')
    await monitored.post(over=True)
    told = await monitored.heard("on-call", 2 if end_delay else 3)
    names = {(each["status"], each["commonLabels"]["alertname"]) for each in told[1:]}
    leaked = {("firing", "MailpathCompanyStopped")}
    assert names == {("resolved", "MailpathMailStopped")} | (set() if end_delay else leaked)


async def test_a_mailpath_that_is_gone_is_told_to_its_own_people_and_ends_nothing(monitored: MonitoredService) -> None:
    monitored.mailpath.shows = BLOCKED + incident("company")
    await monitored.heard("on-call", 1)
    monitored.mailpath.shows = None
    (down,) = await monitored.heard("mailpath-page", 1)
    assert {alert["labels"]["alertname"] for alert in down["alerts"]} == {"MailpathDown"}
    assert len(await monitored.heard("on-call", 1)) == 1
    assert await monitored.ask('ALERTS{alertname="MailpathCompanyStopped",alertstate="firing"}')
    monitored.mailpath.shows = WELL
    firing, resolved = await monitored.heard("on-call", 2)
    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    _, up_again = await monitored.heard("mailpath-page", 2)
    assert up_again["status"] == "resolved"


async def test_what_widens_is_told_once_more_and_ends(monitored: MonitoredService) -> None:
    """Whether the end of the narrow one, which is held back by then, is told as well is Alertmanager's affair."""
    monitored.mailpath.shows = BLOCKED + incident("company")
    await monitored.heard("on-call", 1)
    monitored.mailpath.shows = BLOCKED + incident("everybody")
    told = await monitored.heard("on-call", 2)
    await monitored.knows('absent(ALERTS{alertname="MailpathCompanyStopped"})')
    monitored.mailpath.shows = WELL
    while (told[-1]["status"], told[-1]["commonLabels"]["scope"]) != ("resolved", "everybody"):
        told = await monitored.heard("on-call", len(told) + 1)
    firing = [each["commonLabels"]["alertname"] for each in told if each["status"] == "firing"]
    assert firing == ["MailpathCompanyStopped", "MailpathEverybodyStopped"]
