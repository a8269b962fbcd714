"""The help desk's page and the same over the API: what is answered, who may, and that the address stays nowhere."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from monitor.incidents.mute import Mute
from monitor.probing.current import CurrentVerdict
from monitor.triage.address import MAX_TYPED_CHARS
from probes.answer import Fault
from probes.check import Check
from probes.display import timestamp
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.resolver import MailHost, MailHosts, Unresolved
from probes.standing.fact import Fact, Question, State, Why
from probes.verdict import Verdict
from tests.support.auth_app import Answer, Browser
from tests.support.pages_app import (
    BLOCKED,
    COMPANIES,
    INBOX,
    START,
    PagesApp,
    accepted,
    form_in,
    incident,
    open_pages_app,
    post,
)
from tests.support.rules_of_backend import engine_of

NAME = "jane.doe-4711"
"""Before the @: found nowhere afterwards."""

ACME = COMPANIES["acme"] | {"domains": ["acme-steel.example"]}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path, companies=COMPANIES | {"acme": ACME}) as pages_app:
        yield pages_app


def now_there(
    pages_app: PagesApp, verdict: Verdict, company: str = "acme", kind: Kind = Kind.VERIFICATION, path: str = "hq"
) -> None:
    """Make it the current verdict of this path."""
    at = pages_app.clock()
    current = CurrentVerdict(verdict, at, at, timedelta(seconds=2), "p1")
    pages_app.backend.board.current_verdicts[Check(company, path, kind)] = current


async def begin(pages_app: PagesApp) -> None:
    """An incident at acme is open."""
    store, engine = pages_app.store, engine_of(pages_app.backend)
    await store.incidents.advance(await store.probes.last_signal(), [incident()], (), ())
    await engine.recall([])


async def check(browser: Browser, address: str) -> Answer:
    answer: Answer = await post(browser, "/triage", address=address)
    return answer


async def test_the_page_says_where_mail_stops_and_what_to_say(pages_app: PagesApp) -> None:
    now_there(pages_app, BLOCKED)
    await begin(pages_app)
    shown = await check(await pages_app.operator(), f"{NAME}@acme.example")
    assert shown.status == 200
    for text in ("Acme Steel rejects", "Tell the user", "Your IT team can fix", "Start a probe", "What is not known"):
        assert text in shown.text


async def test_all_is_well_at_the_company(pages_app: PagesApp) -> None:
    now_there(pages_app, INBOX)
    shown = await check(await pages_app.viewer(), f"{NAME}@acme-steel.example")
    assert "Most likely, it is about this one address or mailbox" in shown.text
    assert "Start a probe" not in shown.text, "a viewer may not"


async def test_a_probe_is_started_from_the_page(pages_app: PagesApp) -> None:
    browser = await pages_app.operator()
    shown = await check(browser, f"{NAME}@acme.example")
    wish = {"form": form_in(shown.text), "where": "acme/hq", "kind": "verification", "as": "sender"}
    for name in ("where", "kind", "as"):
        assert f'name="{name}" value="{wish[name]}"' in shown.text
    sent = await browser.post("/probe-now", wish)
    assert sent.status == 303
    assert [probe.path for probe in pages_app.sent] == ["hq"]


async def test_the_newest_good_probe_is_named(pages_app: PagesApp) -> None:
    await pages_app.probe(accepted(), verdict=INBOX, after=-timedelta(hours=5))
    now_there(pages_app, BLOCKED)
    program = await pages_app.token("program")
    facts = await facts_of(pages_app, program, f"{NAME}@acme.example")
    first = facts["checks"][0]
    assert first["last_good_at"] == timestamp(START - timedelta(hours=5))
    assert (facts["place"], facts["certainty"], facts["problem"]) == ("company", "likely", True)


@pytest.mark.parametrize("purpose", [ProbePurpose.REMEDY, ProbePurpose.DIAGNOSIS])
async def test_mail_that_was_varied_on_purpose_is_no_good_probe(pages_app: PagesApp, purpose: ProbePurpose) -> None:
    await pages_app.probe(accepted(), verdict=INBOX, after=-timedelta(hours=5), purpose=purpose)
    now_there(pages_app, BLOCKED)
    program = await pages_app.token("program")
    facts = await facts_of(pages_app, program, f"{NAME}@acme.example")
    assert facts["checks"][0]["last_good_at"] is None, "a forged twin that arrives is no mail of the sender"
    page = await (await pages_app.viewer()).get("/probes")
    assert purpose.label in page.text


async def facts_of(pages_app: PagesApp, token: str, address: str) -> dict:  # type: ignore[type-arg]
    browser = pages_app.browser(Authorization=f"Bearer {token}")
    by_query = await browser.get(f"/api/v1/triage?address={quote(address)}")
    by_body = await browser.ask("POST", "/api/v1/triage", json={"address": address})
    assert (by_query.status, by_body.status) == (200, 200), by_query.text
    found, other = json.loads(by_query.text), json.loads(by_body.text)
    assert found == other
    return found  # type: ignore[no-any-return]


async def test_whoever_is_bound_finds_only_their_companies(pages_app: PagesApp) -> None:
    now_there(pages_app, INBOX)
    browser = await pages_app.viewer("bolt")
    shown = await check(browser, f"{NAME}@acme.example")
    never = await check(browser, f"{NAME}@zcme.example")
    assert "none of your companies has the domain acme.example" in shown.text
    assert "Acme" not in shown.text
    assert "Did you mean" not in never.text, "a suggestion would name another's domain"


async def test_a_form_of_another_session_is_refused(pages_app: PagesApp) -> None:
    browser = await pages_app.viewer()
    assert (await browser.post("/triage", {"address": "a@acme.example"})).status == 403
    assert (await pages_app.browser().post("/triage", {"address": "a@acme.example"})).status == 303


async def test_an_address_in_the_query_of_the_page_is_not_read(pages_app: PagesApp) -> None:
    shown = await (await pages_app.viewer()).get(f"/triage?address={NAME}@acme.example")
    assert NAME not in shown.text


@pytest.mark.parametrize(
    "address",
    [
        "<script>alert(1)</script>@acme.example",
        '"><img src=x onerror=alert(1)>@acme.example',
        "\u202ejane@acme.example",
        "jane@acme.example\r\nBcc: x@y.example",
        "{{ 7 * 7 }}@acme.example",
        "x" * 60_000,
        "jane@" + "a." * 190 + "example",
        "\x00\x1b[31m@acme.example",
    ],
)
async def test_hostile_input_is_shown_as_text_or_cut(pages_app: PagesApp, address: str) -> None:
    shown = await check(await pages_app.viewer(), address)
    assert shown.status == 200
    for trace in ("<script>alert", "<img src=x", "\u202e", "\x1b", ">49@", "x" * (MAX_TYPED_CHARS + 20)):
        assert trace not in shown.text


async def test_a_failure_in_another_domain_of_the_company_is_not_theirs(tmp_path: Path) -> None:
    """Its test mailbox in the domain of the address gets all mail; the one in another domain gets none."""
    abroad = {**ACME["paths"]["hq"], "to": "probe@acme.test"}
    companies = COMPANIES | {"acme": {**ACME, "paths": {**ACME["paths"], "abroad": abroad}}}
    async with open_pages_app(tmp_path, companies=companies) as pages_app:
        now_there(pages_app, BLOCKED)
        now_there(pages_app, INBOX, path="abroad")
        await begin(pages_app)
        program = await pages_app.token("program")
        theirs = await facts_of(pages_app, program, f"{NAME}@acme.test")
        assert (theirs["place"], {check["path"] for check in theirs["checks"]}) == ("person", {"abroad"})
        assert any("is about other domains of this company" in line for line in theirs["because"])
        blocked = await facts_of(pages_app, program, f"{NAME}@acme.example")
        assert (blocked["place"], blocked["certainty"]) == ("company", "shown")
        either = await facts_of(pages_app, program, f"{NAME}@acme-steel.example")
        assert (either["place"], either["certainty"]) == ("company", "likely"), "nobody knows which way it goes"


HOSTS: dict[str, MailHosts | Unresolved] = {
    "m365.example": (MailHost("m365-example.mail.protection.outlook.com", ("192.0.2.1",)),),
    "atacme.example": (MailHost("mx1.acme-steel.example", ("192.0.2.2",)),),
    "gone.example": Unresolved(Fault.DOMAIN_UNKNOWN, "gone.example does not exist"),
}


@pytest.mark.parametrize(
    ("domain", "place", "words"),
    [
        ("m365.example", "not_monitored", "outlook.com, which is Microsoft 365"),
        ("atacme.example", "nothing_found", "concluded from its mail host mx1.acme-steel.example"),
        ("gone.example", "domain", "does not exist or accepts no mail"),
        ("silent.example", "not_monitored", "DNS gave no usable answer for silent.example"),
    ],
)
async def test_dns_is_asked_where_nobody_knows_the_domain(
    pages_app: PagesApp, domain: str, place: str, words: str
) -> None:
    asked = []

    async def mail_hosts(name: str, seconds: float) -> MailHosts | Unresolved:
        asked.append(name)
        return HOSTS.get(name, Unresolved(Fault.LOOKUP_FAILED, "timed out"))

    now_there(pages_app, INBOX)
    served = await with_dns(pages_app, mail_hosts)
    facts = await facts_of(served, await served.token("program"), f"{NAME}@{domain}")
    assert facts["place"] == place
    assert words in json.dumps(facts)
    assert set(asked) == {domain}, "the domain, and never the address"


async def test_what_the_domain_publishes_is_read_where_mail_to_it_may_fail(pages_app: PagesApp) -> None:
    """Of a domain that nobody knows, and of a company's whose mail fails; not where all arrives."""
    asked = []
    refuses = Fact(Question.MTA_STS, "m365.example", State.BAD, Why.MTA_STS_MISMATCH, START, named=("mx.m365.example",))

    async def mail_hosts(name: str, seconds: float) -> MailHosts | Unresolved:
        return HOSTS.get(name, Unresolved(Fault.LOOKUP_FAILED, "timed out"))

    async def stopping(name: str, seconds: float) -> list[Fact]:
        asked.append(name)
        return [refuses]

    now_there(pages_app, INBOX)
    served = await with_dns(pages_app, mail_hosts)
    object.__setattr__(served.backend, "stopping", stopping)
    program = await served.token("program")
    for domain in ("m365.example", "gone.example", "silent.example", "atacme.example"):
        facts = await facts_of(served, program, f"{NAME}@{domain}")
        assert bool(facts["stopping"]) is (domain == "m365.example")
    assert {*asked} == {"m365.example"}, "no DNS for what does not exist, does not answer, or receives mail"
    facts = await facts_of(served, program, f"{NAME}@m365.example")
    assert facts["stopping"][0]["question"] == "mta_sts"
    assert (
        "Published by the receiving domain, read once: MTA-STS of m365.example: mode enforce, and the policy does not "
        "allow mx.m365.example: servers that check send no mail there."
    ) in facts["because"]


async def with_dns(pages_app: PagesApp, mail_hosts: object) -> PagesApp:
    """The same application, with this way to ask DNS."""
    object.__setattr__(pages_app.backend, "mail_hosts", mail_hosts)
    return pages_app


async def test_the_address_is_in_no_log_and_not_in_the_store(
    pages_app: PagesApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Good and bad requests, each way of asking, with the logs of all libraries at their loudest."""
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)

    async def breaks(_: str, __: float) -> None:
        raise RuntimeError("a bug of ours")

    with capture_logs(processors=(format_exc_info,)) as logs:
        browser, token = await pages_app.operator(), await pages_app.token("program")
        program = pages_app.browser(Authorization=f"Bearer {token}")
        for address in (f"{NAME}@acme.example", f"{NAME}@gmial.com", f"{NAME} @acme,example", f"{NAME}@{'x' * 500}"):
            statuses = [
                (await check(browser, address)).status,
                (await program.get(f"/api/v1/triage?address={quote(address)}")).status,
                (await program.get(f"/api/v1/triage?adress={quote(address)}")).status,
                (await program.get(f"/api/v1/triage/{quote(address)}")).status,
                (await program.ask("POST", "/api/v1/triage", json={"address": address})).status,
                (await program.ask("POST", "/api/v1/triage", json={"adress": address})).status,
                (
                    await program.ask("POST", "/api/v1/triage", {"Idempotency-Key": "once"}, json={"address": address})
                ).status,
                (await pages_app.browser().get(f"/api/v1/triage?address={quote(address)}")).status,
            ]
            assert statuses[0] == 200
            assert 500 not in statuses
        await with_dns(pages_app, breaks)
        assert (await program.get(f"/api/v1/triage?address={NAME}@unknown.example")).status == 500
        assert (await check(browser, f"{NAME}@unknown.example")).status == 500
        await malformed(pages_app)
    assert "a bug of ours" in str(logs), "the logs are those that count"
    assert NAME not in f"{logs}{caplog.text}"
    kept = await asyncio.to_thread(contents, tmp_path)
    assert any(path.name == "mailpath.db" for path in kept)
    assert [path for path, content in kept.items() if NAME.encode() in content] == []


def contents(folder: Path) -> dict[Path, bytes]:
    """Return every file, the store's journal included."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def malformed(pages_app: PagesApp) -> None:
    """Requests that the HTTP parser refuses: it quotes what it cannot read."""
    host, port = pages_app.url.removeprefix("http://").split(":")
    for request in (
        f"GET /api/v1/triage?address={NAME}@acme.example HTTP/9.9\r\n\r\n",
        f"GET /api/v1/triage?address={NAME}@acme.example\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /api/v1/triage?address={NAME}@acme.example HTTP/1.1\r\nHost : {NAME}\r\nbad header {NAME}\r\n\r\n",
        f"BAD@ /api/v1/triage?address={NAME}@acme.example\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request.encode())
        await writer.drain()
        await reader.read(2_000)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_mute_and_who_has_it_are_said(pages_app: PagesApp) -> None:
    now_there(pages_app, BLOCKED)
    await begin(pages_app)
    at = pages_app.clock()
    mute = Mute("m1", "acme", "", "", None, at, at + timedelta(days=1), "", "ada", "maintenance", at)
    await pages_app.store.incidents.add_mute(mute)
    shown = await check(await pages_app.viewer(), f"{NAME}@acme.example")
    assert "its notices are muted" in shown.text
