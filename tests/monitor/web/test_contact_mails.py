"""Texts to send about an incident: on its page, as files, over the API, on the command line."""

import asyncio
import email
import email.policy
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.incidents.incident import Nature
from monitor.notices.contact_texts import MAX_MAILTO_CHARS, ContactText, TextReceiver
from monitor.store import Store
from probes.answer import Answer, Stage
from probes.reading.queue_ids import queue_id_in
from probes.verdict import Cause, Outcome
from tests.support.pages_app import COMPANIES, PagesApp, accepted, incident, open_pages_app
from tests.support.rules_of_backend import engine_of

CONTACTS = COMPANIES | {
    "acme": COMPANIES["acme"] | {"contact": {"it": "it@acme.example", "trimble": "support@trimble.example"}}
}
REFUSED = Answer(Stage.RCPT, 554, "5.7.1", "Client host rejected: <script>", None, "mx.acme.example")


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path, companies=CONTACTS) as pages_app:
        yield pages_app


async def begin(pages_app: PagesApp, *companies: str, **facts: object) -> None:
    store = pages_app.store
    await store.incidents.advance(await store.probes.last_signal(), [incident("a1", *companies, **facts)], (), ())
    await engine_of(pages_app.backend).recall([])


async def texts_of(pages_app: PagesApp, name: str = "program", query: str = "") -> list[dict[str, str]]:
    token = await pages_app.token(name)
    program = pages_app.browser(Authorization=f"Bearer {token}")
    answer = await program.get(f"/api/v1/incidents/a1/texts{query}")
    assert answer.status == 200, answer.text
    found: list[dict[str, str]] = json.loads(answer.text)["texts"]
    return found


async def test_the_text_for_the_company_has_all_that_its_it_needs(pages_app: PagesApp) -> None:
    await begin(pages_app)
    text = (await texts_of(pages_app))[0]
    assert (text["receiver"], text["address"]) == ("company", "it@acme.example")
    for fact in ("no-reply@account.trimble.com", "104.130.122.50", "account.trimble.com", "probe@acme.example"):
        assert fact in text["body"]
    for label in ("HELO:", "Since:", "Reply:", "Do:", "Undo:", "Verify:", "Never:"):
        assert label in text["body"], label
    assert "forged" in text["body"] or "another IP address" in text["body"], "how it is verified"
    assert "Subject:" not in text["body"]
    assert text["body"].index("A probe, below, is a test message of ours") < text["body"].index(
        "A probe arrives in the inbox"
    )


async def test_trimble_and_the_vendor_are_asked_where_they_act(pages_app: PagesApp) -> None:
    await begin(pages_app, "acme", cause=Cause.IP_LISTED)
    receivers = {each["receiver"]: each for each in await texts_of(pages_app)}
    assert receivers["trimble"]["address"] == "support@trimble.example"
    assert "blocklist" in receivers
    await begin(pages_app, "bolt", cause=Cause.IP_BLOCKED)
    assert "vendor" in {each["receiver"] for each in await texts_of(pages_app, "other")}


@pytest.mark.parametrize(
    ("facts", "subject", "words", "never"),
    [
        ({}, "Please let mail from account.trimble.com through: sign-in codes do not arrive", "is rejected", "neutral"),
        (
            {"outcome": Outcome.SPAM, "cause": Cause.CONTENT},
            "go to the spam folder",
            "into the spam folder",
            "Rejected",
        ),
        (
            {"outcome": Outcome.LATE, "cause": Cause.UNCLEAR},
            "arrive too late",
            "after its codes have",
            "This mail is stopped",
        ),
        (
            {"nature": Nature.THEIR_SYSTEM, "cause": Cause.SERVER_FAULT},
            "Please look at your mail system: sign-in codes do not arrive",
            "Test mail from a neutral sender fails too",
            "let mail from",
        ),
    ],
)
async def test_a_text_says_what_happens_and_asks_for_no_more(
    pages_app: PagesApp, facts: dict[str, Any], subject: str, words: str, never: str
) -> None:
    made = incident("a1", **facts)
    failures = tuple(
        replace(each, outcome=made.outcome, cause=made.cause, nature=made.nature) for each in made.failures
    )
    made = replace(made, failures=failures)
    await pages_app.store.incidents.advance(await pages_app.store.probes.last_signal(), [made], (), ())
    await engine_of(pages_app.backend).recall([])
    text = next(each for each in await texts_of(pages_app) if each["receiver"] == "company")
    assert subject in text["subject"]
    assert words in text["body"]
    assert never not in text["subject"] + text["body"]
    assert re.search(r"^\d+\. Caution", text["body"], re.MULTILINE) is None


async def test_a_text_has_no_link_that_only_this_machine_can_open(pages_app: PagesApp) -> None:
    await begin(pages_app)
    body = (await texts_of(pages_app))[0]["body"]
    assert "http" not in body.partition("What we ask")[0]
    assert "without sign-in" not in body
    public = pages_app.backend.config().web.model_copy(update={"url": "https://mailpath.example"})
    config = pages_app.backend.config().model_copy(update={"web": public})
    object.__setattr__(pages_app.backend, "config", lambda: config)
    body = (await texts_of(pages_app, "other"))[0]["body"]
    assert "without sign-in: https://mailpath.example/runbooks/cause-address" in body


async def test_the_queue_id_is_that_of_the_accepted_message(pages_app: PagesApp) -> None:
    dialogue = accepted()
    step = dialogue.steps[-1]
    object.__setattr__(step, "text", "2.0.0 Ok: queued as 4Q1mXw7zT2z9sR")
    probe = await pages_app.probe(dialogue)
    made = incident("a1", outcome=Outcome.MISSING, cause=Cause.UNCLEAR)
    object.__setattr__(made.failures[0], "probe_id", probe)
    object.__setattr__(made.failures[0], "outcome", Outcome.MISSING)
    await pages_app.store.incidents.advance(await pages_app.store.probes.last_signal(), [made], (), ())
    await engine_of(pages_app.backend).recall([])
    assert "Queue id:    4Q1mXw7zT2z9sR" in (await texts_of(pages_app))[0]["body"]


async def test_the_page_copies_opens_and_saves_a_text(pages_app: PagesApp) -> None:
    await begin(pages_app)
    browser = await pages_app.viewer()
    shown = (await browser.get("/incidents/a1")).text
    assert "Texts to send" in shown
    assert 'data-copy="text-company"' in shown
    [address] = re.findall(r'href="(/incidents/a1/texts/company\.eml[^"]*)"', shown)
    saved = await browser.get(unescape(address))
    assert saved.headers["Content-Type"] == "message/rfc822"
    assert 'attachment; filename="mailpath-a1-company.eml"' in saved.headers["Content-Disposition"]
    message = email.message_from_string(saved.text, policy=email.policy.default)
    assert (message["To"], message["X-Unsent"]) == ("it@acme.example", "1")
    assert message["Subject"].startswith("Please let mail from account.trimble.com through")
    assert (await browser.get("/incidents/a1/texts/nobody.eml")).status == 404
    assert (await browser.get("/incidents/never/texts/company.eml")).status == 404


async def test_whoever_is_bound_gets_texts_of_their_own_company_only(pages_app: PagesApp) -> None:
    await begin(pages_app, "acme", "bolt")
    browser = await pages_app.viewer("bolt")
    shown = (await browser.get("/incidents/a1")).text
    saved = await browser.get("/incidents/a1/texts/company.eml?company=acme")
    assert "Acme" not in shown
    assert "acme" not in saved.text
    assert "probe@bolt.example" in saved.text


@pytest.mark.parametrize("length", [10, 5000])
def test_a_link_to_a_mail_program_is_whole_or_not_there(length: int) -> None:
    text = ContactText(TextReceiver.COMPANY, "them", "Säge & Söhne?", "x&y=z\n" * length, "it@acme.example")
    if length > MAX_MAILTO_CHARS // 6:
        assert not text.fits_link
        assert text.mailto.startswith("mailto:it@acme.example?subject=S%C3%A4ge")
        assert len(text.mailto) < MAX_MAILTO_CHARS
        return
    parts = urlsplit(text.mailto)
    assert (parts.scheme, parts.path) == ("mailto", "it@acme.example")
    assert parse_qs(parts.query) == {"subject": [text.subject], "body": [text.body]}


def test_a_name_cannot_add_a_header() -> None:
    text = ContactText(TextReceiver.COMPANY, "them", "Säge & Söhne", "body \u202e\n.\n", "it@acme.example")
    message = email.message_from_bytes(text.eml(), policy=email.policy.default)
    assert message["Subject"] == "Säge & Söhne"
    assert message.get_content().startswith("body")


@pytest.mark.parametrize(
    ("reply", "queue_id"),
    [
        ("2.0.0 Ok: queued as 4Q1mXw7zT2z9sR", "4Q1mXw7zT2z9sR"),
        ("Ok: queued as 3F9A21C0", "3F9A21C0"),
        ("OK id=1tFabc-0001Ab-2x", "1tFabc-0001Ab-2x"),
        ("2.6.0 <x@y> [InternalId=123456789, Hostname=A.prod.outlook.com] Queued mail for delivery", "123456789"),
        ("2.0.0 OK  1732536303 ffacd0b85a97d-3825fad4 - gsmtp", ""),
        ("2.0.0 OK 1732536303 a640c23a62f3a-aa50b57b4.123 - gsmtp", "a640c23a62f3a-aa50b57b4.123"),
        ("2.0.0 4ABC5xyz012345 Message accepted for delivery", "4ABC5xyz012345"),
        ("ok 1732536303 qp 12345", "1732536303 qp 12345"),
        ("2.0.0 Ok", ""),
        ("queued as", ""),
    ],
)
def test_a_queue_id_is_found_in_known_forms(reply: str, queue_id: str) -> None:
    assert queue_id_in(reply) == queue_id


def test_the_command_prints_the_texts(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[companies.acme]\nmail_system = "postfix"\ncontact = { it = "it@acme.example" }\n'
        'paths.hq = { to = "p@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }\n'
    )

    async def fill() -> None:
        async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
            await store.incidents.advance(0, [incident("a1")], (), ())

    asyncio.run(fill())
    words = ["text", "a1", "--config", str(config)]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "To: it@acme.example" in shown.stdout
    assert "Subject: Please let mail" in shown.stdout
    facts = [json.loads(line) for line in CliRunner().invoke(app, [*words, "--json"]).stdout.splitlines()]
    assert facts[0]["receiver"] == "company"
