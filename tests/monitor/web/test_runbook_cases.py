"""Runbooks that know the case: an incident or a company, for those who may see it; the general page for everybody."""

import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from monitor.config import Config
from monitor.incidents.incident import Incident, Resolution
from monitor.people.person import Rights
from monitor.web.runbooks.commands import BY_HAND
from monitor.web.runbooks.document import runbooks
from monitor.web.runbooks.placeholders import MARK, filled, parent_domain, reversed_ip, values_of
from probes.mailsystems.choose import remedies_of
from probes.mailsystems.table import MAIL_SYSTEMS
from probes.verdict import Cause
from tests.support.auth_app import PASSWORD, Browser
from tests.support.pages_app import COMPANIES, START, PagesApp, but, incident, open_pages_app, path_settings
from tests.support.rules_of_backend import engine_of

NAME = 'Bolt & <b>Söhne</b> {ip} "GmbH"'
CONFIG: dict[str, Any] = {
    "sender": {"domain": "mail.login.example", "address": "codes@mail.login.example", "source_ip": "203.0.113.9"},
    "web": {"url": "https://watch.example"},
    "companies": {
        "acme": COMPANIES["acme"],
        "bolt": {"name": NAME, "mail_system": "m365", "paths": {"hq": path_settings("bolt", 2503)}},
        "crane": {"name": "Crane", "mail_systems": ["mimecast", "m365"], "paths": {"hq": path_settings("crane", 2504)}},
        "dyke": {"name": "Dyke", "mail_system": "other:Halon", "paths": {"hq": path_settings("dyke", 2505)}},
    },
}
OWNERS = re.compile(r'<details class="system" open><summary><h3>([^<]+)')
FOLDED = re.compile(r'<details class="system"><summary><h3>([^<]+)')
SIGN_IN = re.compile(r'href="(/sign-in[^"]*)"')
TEXTAREA = re.compile(r'<textarea readonly[^>]*aria-label="Text to ([^"]+)">\n(.*?)</textarea>', re.DOTALL)
LITERAL = re.compile(r"104\.130\.|account\.trimble|trimble\.com|127\.0\.0\.1(?!\d)|acme", re.IGNORECASE)
CAUSE_PAGES = sorted(name for name, each in runbooks().items() if each.family)


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    """A server of a sender and companies that are not those of other tests."""
    async with open_pages_app(tmp_path, **CONFIG) as pages_app:
        await pages_app.admin()
        yield pages_app


async def add(pages_app: PagesApp, *incidents: Incident) -> None:
    """Incidents that the rules have opened, or closed."""
    store = pages_app.store
    await store.incidents.advance(await store.probes.last_signal(), incidents, (), ())
    await engine_of(pages_app.backend).recall([])


async def page_of(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path)
    assert answer.status == status
    return answer.text


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


# ---- The general page -----------------------------------------------------------------------------------------------


async def test_every_page_has_the_configured_sender_and_no_other_installation(pages_app: PagesApp) -> None:
    for name in runbooks():
        page = await page_of(pages_app.browser(), f"/runbooks/{'' if name == 'index' else name}")
        assert LITERAL.findall(page) == [], name
        assert MARK.findall(main_of(page)) == [], name
        if name != "index":
            assert "The sender is the configured one: codes@mail.login.example at 203.0.113.9" in page


async def test_it_says_what_is_an_example(pages_app: PagesApp) -> None:
    page = await page_of(pages_app.browser(), "/runbooks/cause-unclear")
    assert "<code>COMPANY</code>, <code>PATH</code> and <code>company.example</code> are examples" in page
    assert "mailpath probe COMPANY" in page
    assert "dig +short MX company.example" in await page_of(pages_app.browser(), "/runbooks/cause-transport")


async def test_all_mail_systems_are_folded_and_each_with_steps_is_there(pages_app: PagesApp) -> None:
    for name in CAUSE_PAGES:
        page, family = await page_of(pages_app.browser(), f"/runbooks/{name}"), runbooks()[name].family
        assert OWNERS.findall(page) == []
        there = ", ".join(unescape(each) for each in FOLDED.findall(page))
        assert family
        for row in MAIL_SYSTEMS.values():
            assert not remedies_of(row.key, family) or row.label in there, (name, row.key)


@pytest.mark.parametrize("system", ["m365", "google", "postfix"])
async def test_the_part_of_a_mail_system_is_its_remedies(pages_app: PagesApp, system: str) -> None:
    for name in CAUSE_PAGES:
        page, family = unescape(await page_of(pages_app.browser(), f"/runbooks/{name}")), runbooks()[name].family
        assert family
        for remedy in remedies_of(system, family):
            assert f"<h4>{remedy.title}</h4>" in page
            assert all(place in page for place in remedy.where)
            assert all(script.text.splitlines()[0].partition("{")[0] in page for script in remedy.scripts)


def test_no_file_repeats_what_the_table_of_remedies_says() -> None:
    """So that there is one truth: a part about a mail system under "How to fix" is made of the table alone."""
    assert [name for name in CAUSE_PAGES for group in runbooks()[name].groups if group.fixes and group.parts] == []


# ---- The case -------------------------------------------------------------------------------------------------------


async def test_an_incident_brings_its_company_its_mail_system_and_its_sender(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt", subject="bolt"))
    page = await page_of(await pages_app.operator(), "/runbooks/cause-address?incident=i1")
    assert OWNERS.findall(page) == ["Microsoft 365 "]
    assert "Postfix" in FOLDED.findall(page)
    assert "Microsoft 365" not in FOLDED.findall(page)
    main = main_of(page)
    assert '@{Remove="203.0.113.9"}' in unescape(main)
    assert "mailpath probe bolt " in main
    assert '<a class="button" href="/probe-now?where=bolt/hq">Probe now</a>' in main
    assert '<a href="/incidents/i1">' in main
    assert "rejected at RCPT TO by mx.bolt.example" in main
    assert not re.search(r"COMPANY|PATH\b|company\.example", main)
    assert "The open incident has another cause" not in main


async def test_links_to_other_runbooks_keep_the_case(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    viewer = await pages_app.viewer()
    main = main_of(await page_of(viewer, "/runbooks/mailpath-company-stopped?incident=i1"))
    assert '<a href="/runbooks/cause-address?incident=i1">' in main
    assert set(re.findall(r'href="/runbooks/[\w-]+([^"]*)"', main)) == {"?incident=i1"}
    main = main_of(await page_of(viewer, "/runbooks/mailpath-company-stopped"))
    assert set(re.findall(r'href="/runbooks/[\w-]+([^"]*)"', main)) == {""}


async def test_a_gateway_in_front_stands_first_and_all_of_the_chain_is_open(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "crane"))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    assert OWNERS.findall(page) == ["Mimecast ", "Microsoft 365 "]


async def test_a_system_without_known_steps_gets_the_general_ones(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "dyke"))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    assert OWNERS.findall(page) == ["Halon "]
    assert "No steps in terms of Halon are known." in page
    assert "Remove 203.0.113.9 from the block list that the reply names." in page


async def test_the_steps_are_those_of_the_cause_if_it_is_known(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "crane", cause=Cause.IP_LISTED), incident("i2", "crane"))
    viewer = await pages_app.viewer()
    listed = await page_of(viewer, "/runbooks/cause-address?incident=i1")
    blocked = await page_of(viewer, "/runbooks/cause-address?incident=i2")
    steps = "Create a Permitted Senders policy for Emails From mail.login.example"
    assert steps in listed
    assert steps not in blocked
    assert "wins over every permit policy" in blocked
    general = await page_of(viewer, "/runbooks/cause-address")
    assert steps in general
    assert "wins over every permit policy" in general


async def test_a_company_is_enough_and_its_open_incident_is_found(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    alone = await page_of(viewer, "/runbooks/cause-address?company=crane")
    assert OWNERS.findall(alone) == ["Mimecast ", "Microsoft 365 "]
    assert "/incidents/" not in main_of(alone).replace('href="/incidents"', "")
    await add(pages_app, incident("i1", "crane"))
    assert '<a href="/incidents/i1">' in await page_of(viewer, "/runbooks/cause-address?company=crane")
    assert '<a href="/incidents/i1">' not in await page_of(viewer, "/runbooks/cause-content?company=crane")


async def test_of_a_wide_incident_one_chooses_the_company(pages_app: PagesApp) -> None:
    await add(pages_app, incident("w1", "acme", "bolt", "crane"))
    viewer = await pages_app.viewer()
    page = await page_of(viewer, "/runbooks/cause-address?incident=w1")
    assert "3 companies" in page
    assert '<a href="?incident=w1&amp;company=crane">Crane</a>' in page
    assert set(OWNERS.findall(page)) == {"Postfix ", "Microsoft 365 ", "Mimecast "}
    chosen = await page_of(viewer, "/runbooks/cause-address?incident=w1&company=crane")
    assert OWNERS.findall(chosen) == ["Mimecast ", "Microsoft 365 "]
    assert "mailpath probe crane" in chosen


async def test_another_cause_leads_to_the_right_page(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-content?incident=i1")
    assert '<a href="/runbooks/cause-address?incident=i1">its runbook</a>' in page


async def test_a_name_is_only_text(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    assert "<b>" not in page
    assert "Bolt &amp; &lt;b&gt;Söhne&lt;/b&gt; {ip}" in page


# ---- What others may not see ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["incident=i1", "company=bolt", "incident=i1&company=bolt", "incident=w1&company=bolt"]
)
async def test_a_case_is_shown_to_nobody_else(pages_app: PagesApp, query: str) -> None:
    await add(pages_app, incident("i1", "bolt"), incident("w1", "bolt", "crane"))
    for browser in (pages_app.browser(), await pages_app.operator("acme"), await pages_app.viewer("dyke")):
        pages = [
            SIGN_IN.sub("", await page_of(browser, f"/runbooks/cause-address?{each}"))
            for each in ("incident=never", query)
        ]
        assert but(pages[0]) == but(pages[1])
        assert OWNERS.findall(pages[1]) == []
        for secret in ("bolt", "Söhne", "crane", "i1", "w1"):
            assert secret not in main_of(pages[1])


async def test_who_has_not_signed_in_comes_back_to_the_case(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    stranger = pages_app.browser()
    page = await page_of(stranger, "/runbooks/cause-address?incident=i1&company=%22%3E%3Cb%3E")
    assert "<b>" not in page
    page = await page_of(stranger, "/runbooks/cause-address?incident=i1")
    way = unescape(SIGN_IN.findall(page)[0])
    form = {"key": await pages_app.access().add("ann", Rights.VIEWER, None), "password": PASSWORD, "again": PASSWORD}
    assert (await pages_app.browser().post("/invitation", form)).status == 303
    answer = await stranger.sign_in("ann", to=URL(way).query["to"])
    assert (answer.status, answer.way) == (303, "/runbooks/cause-address?incident=i1")
    assert OWNERS.findall(await page_of(stranger, answer.way)) == ["Microsoft 365 "]


async def test_of_a_wide_incident_only_the_own_part_is_shown(pages_app: PagesApp) -> None:
    await add(pages_app, incident("w1", "bolt", "crane", "acme"))
    page = main_of(await page_of(await pages_app.viewer("crane"), "/runbooks/cause-address?incident=w1"))
    assert OWNERS.findall(page) == ["Mimecast ", "Microsoft 365 "]
    for secret in ("bolt", "Söhne", "acme", "Acme"):
        assert secret not in page


async def test_the_form_offers_own_companies_only(pages_app: PagesApp) -> None:
    page = await page_of(await pages_app.viewer("crane"), "/runbooks/cause-address")
    assert re.findall(r'<option value="([^"]+)">', page) == ["crane"]
    assert "<datalist" not in await page_of(pages_app.browser(), "/runbooks/cause-address")


HOSTILE = (
    "incident=",
    "company=",
    "incident=%3Cscript%3Ealert(1)%3C/script%3E",
    "company=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "incident=" + "a" * 5000,
    "company=../../etc/passwd",
    "incident=%00",
    "incident=i1%27%20OR%201=1--",
    "incident=%25",
    "incident=i",  # the beginning of one
    "company=bolt%0d%0aSet-Cookie:%20a=b",
    "company=BOLT",
    "incident[]=i1",
    "company={ip}",
    "incident=never&incident=i1",
)


async def test_a_hostile_query_gets_the_general_page(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    viewer = await pages_app.viewer()
    general = but(await page_of(viewer, "/runbooks/cause-address"))
    for query in HOSTILE:
        assert but(await page_of(viewer, f"/runbooks/cause-address?{query}")) == general, query


# ---- Without a shell ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(runbooks()))
def test_every_command_has_a_page_and_a_request_beside_it_or_none_is_needed(name: str) -> None:
    body = unescape(re.sub(r"<[^>]+>", "", "".join(re.findall(r"<pre>.*?</pre>", runbooks()[name].body, re.DOTALL))))
    said = re.findall(r"^mailpath ([a-z-]+)", body, re.MULTILINE)
    assert len([each for each in said if each not in BY_HAND]) == sum(map(len, runbooks()[name].commands))


async def test_the_requests_do_what_the_commands_do(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    operator = await pages_app.operator()
    token = await pages_app.token("robot", Rights.OPERATOR)
    requests: set[str] = set()
    for name in runbooks():
        page = await page_of(operator, f"/runbooks/{name}?incident=i1" if name != "index" else "/runbooks/")
        for block in re.findall(r'<details class="api">.*?<code>(.*?)</code>', page, re.DOTALL):
            requests |= set(unescape(block).splitlines())
    assert len(requests) >= 8
    statuses = set()
    for line in sorted(requests):
        method, path, body = asked(line)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await pages_app.browser().ask(method, path, headers, **({"data": body} if body else {}))
        statuses.add((method, answer.status))
        assert answer.status in (200, 201, 202), (line, answer.text)
    assert statuses == {("GET", 200), ("POST", 202), ("POST", 201)}
    assert {probe.company for probe in pages_app.sent} == {"bolt"}


def asked(line: str) -> tuple[str, str, str]:
    """Method, path and body of a line for curl."""
    words = shlex.split(line)
    assert words[:4] == ["curl", "-s", "-H", "Authorization: Bearer $TOKEN"]
    assert words[-1].startswith("https://watch.example/api/v1/")
    body = words[words.index("-d") + 1] if "-d" in words else ""
    return (
        "POST" if body else "GET",
        words[-1].removeprefix("https://watch.example"),
        body and json.dumps(json.loads(body)),
    )


async def test_who_may_not_probe_is_offered_no_probe(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt"))
    page = main_of(await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1"))
    assert "/probe-now" not in page
    assert 'href="/probes?company=bolt&amp;path=hq"' in page
    stranger = main_of(await page_of(pages_app.browser(), "/runbooks/cause-address"))
    assert 'href="/probe-now"' in stranger  # where one is asked to sign in


# ---- What to send ---------------------------------------------------------------------------------------------------


async def test_the_text_for_the_company_stands_alone(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "crane"))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    texts = {to: unescape(text) for to, text in TEXTAREA.findall(page)}
    text = texts["the IT team of Crane"]
    for fact in (
        "codes@mail.login.example",
        "203.0.113.9",
        "probe@crane.example",
        f"{START:%Y-%m-%d %H:%M} UTC",
        "rejected at RCPT TO by mx.crane.example: Client host rejected",
        "Mimecast",
        "Blocked Sender - Take No Action",
        "https://watch.example/runbooks/cause-address",
    ):
        assert fact in text
    assert "[" not in text
    assert "Mimecast support" in texts
    assert "the operator of the blocklist" not in texts
    assert "First the IT team of Crane" in page


async def test_a_blocklist_is_asked_and_the_sender_first(pages_app: PagesApp) -> None:
    await add(pages_app, incident("i1", "bolt", cause=Cause.IP_LISTED))
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    to = [unescape(unescape(each)) for each, _ in TEXTAREA.findall(page)]
    assert to[0] == "Trimble and its mail service"
    assert "the operator of the blocklist" in to
    assert "Microsoft 365 support" in to


async def test_the_general_page_has_blanks_to_complete(pages_app: PagesApp) -> None:
    texts = TEXTAREA.findall(await page_of(pages_app.browser(), "/runbooks/cause-address"))
    assert texts[0][0] == "the company&#39;s IT team"
    assert "[the server&#39;s reply, word for word]" in texts[0][1]
    assert "203.0.113.9" in texts[0][1]


async def test_for_our_own_trouble_there_is_nothing_to_send(pages_app: PagesApp) -> None:
    assert TEXTAREA.findall(await page_of(pages_app.browser(), "/runbooks/cause-ours")) == []


async def test_an_incident_that_is_over_keeps_its_page(pages_app: PagesApp) -> None:
    over = replace(incident("i1", "bolt"), closed_at=START, ending=Resolution.RECOVERED)
    await add(pages_app, over)
    page = await page_of(await pages_app.viewer(), "/runbooks/cause-address?incident=i1")
    assert "resolved; it began at" in page


# ---- Values ---------------------------------------------------------------------------------------------------------


def test_a_value_is_never_searched_for_placeholders() -> None:
    assert filled("{company} {ip} {other} {a b}", {"company": "{ip}", "ip": "1"}) == "{ip} 1 {other} {a b}"


@pytest.mark.parametrize(
    ("address", "name"),
    [("192.0.2.1", "1.2.0.192"), ("2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2")],
)
def test_an_address_as_blocklists_are_asked(address: str, name: str) -> None:
    assert reversed_ip(address) == name


@pytest.mark.parametrize(
    ("listen", "sees_all", "said"),
    [
        (None, True, '-H "Authorization: Bearer $TOKEN" https://watch.example/metrics'),
        ("127.0.0.1:9108", True, "http://127.0.0.1:9108/metrics"),
        ("127.0.0.1:9108", False, '-H "Authorization: Bearer $TOKEN" https://watch.example/metrics'),
    ],
)
def test_where_metrics_need_no_token_is_for_those_who_see_all(listen: str | None, sees_all: bool, said: str) -> None:
    web = CONFIG["web"] | ({"metrics_listen": listen} if listen else {})
    config = Config.model_validate(CONFIG | {"web": web}, context={"folder": Path()})
    assert values_of(config, None, sees_all=sees_all)["metrics"] == said


@pytest.mark.parametrize(("domain", "above"), [("a.b.example", "b.example"), ("b.example", "b.example")])
def test_the_domain_above(domain: str, above: str) -> None:
    assert parent_domain(domain) == above
