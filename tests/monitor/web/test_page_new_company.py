"""The set-up of a company in the browser, up to the first probe: each step, what is wrong, and who may."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from monitor.company_setup.trying import MAX_TESTS_PER_HOUR
from monitor.people.person import AuditAction, Rights
from monitor.sandbox.internet import SimulatedSystem, internet
from monitor.sandbox.settings import Behaviour, SandboxSettings
from probes.answer import Fault
from probes.resolver import MailHost, Unresolved
from probes.sender import Identity, Role
from tests.support.auth_app import Answer, Browser
from tests.support.pages_app import PagesApp, form_in, open_setup_app

PAGE = "/settings/companies/new"
FIRST = '[companies.first.paths.hq]\nto = "p@first.example"\n' + (
    'route = { via = "xclient", host = "127.0.0.1", port = 9 }\nmailbox = { via = "maildir", path = "first" }\n'
)
SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    "104.130.122.50",
    "account.trimble.com",
    "[UNAVAILABLE]",
    "bounce@account.trimble.com",
)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('include = ["companies/*.toml"]\n')
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "first.toml").write_text(FIRST)
    return file


@pytest.fixture
async def app(main: Path) -> AsyncIterator[PagesApp]:
    async with open_setup_app(main) as app:
        yield app


@pytest.fixture
async def admin(app: PagesApp) -> Browser:
    return await app.admin()


@asynccontextmanager
async def mail_system(folder: Path, behaviour: Behaviour = Behaviour.INBOX) -> AsyncIterator[dict[str, str]]:
    """A mail system of a company, and what is typed for it."""
    maildir = folder / "acme-mail"
    plan = SimulatedSystem("acme/main", behaviour, "127.0.0.1", 0, "xclient", maildir, ".Junk", "acme.example")
    async with internet([plan], SENDER, SandboxSettings()) as ports:
        yield acme(str(maildir), ports["acme/main"])


def acme(maildir: str = "/nosuch", port: int = 9, **more: str) -> dict[str, str]:
    route = {"route": "xclient", "route_host": "127.0.0.1", "route_port": str(port)}
    mailbox = {"mailbox": "maildir", "mailbox_path": maildir}
    return {
        "name": "Acme Steel",
        "domain": "acme.example",
        "key": "acme",
        "system": "postfix",
        **route,
        **mailbox,
    } | more


def at(step: str, typed: dict[str, str]) -> str:
    return f"{PAGE}?{urlencode({**typed, 'step': step})}"


def shown(answer: Answer) -> str:
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", main)).split())


def current(answer: Answer) -> str:
    found = re.search(r'aria-current="step">(?:<a[^>]*>)?([^<]+)', answer.text)
    assert found, answer.text
    return found[1]


async def send(browser: Browser, do: str, typed: dict[str, str]) -> Answer:
    secret = form_in((await browser.get(at("review", acme()))).text)
    return await browser.ask("POST", PAGE, data={**typed, "do": do, "form": secret})


async def noted(app: PagesApp, what: AuditAction) -> list[str]:
    return [entry.about for _, entry in await app.store.people.audit_log(None, 100) if entry.what == what]


def narrow(main: Path) -> None:
    main.write_text('include = ["companies/f*.toml"]\n')


async def test_a_company_is_tested_added_and_probed(app: PagesApp, admin: Browser, main: Path) -> None:
    async with mail_system(main.parent) as typed:
        tested = await send(admin, "test", typed)
        assert tested.status == 200
        assert "acme/main by xclient" in shown(tested)
        assert "ready for mail" in shown(tested)
        assert "opened; looks in" in shown(tested)
        assert not (main.parent / "companies" / "acme.toml").exists()
        added = await send(admin, "add", typed)
    assert (added.status, added.way) == (303, f"/probes/{app.sent[0].id}"), added.text
    assert "acme" in app.backend.config().companies
    assert (main.parent / "companies" / "acme.toml").read_text().startswith("[companies.acme]\n")
    assert await noted(app, AuditAction.COMPANY_ADDED) == ["acme, companies/acme.toml"]
    assert await noted(app, AuditAction.COMPANY_TRIED) == ["acme by xclient, 127.0.0.1"]


async def test_a_gateway_and_a_mailbox_that_are_not_there_are_found_out(admin: Browser) -> None:
    text = shown(await send(admin, "test", acme(port=9)))
    assert "Bad" in text or "bad" in text
    assert "no answer at connect" in text
    assert "/nosuch" in text


async def test_each_step_follows_from_the_one_before_and_nothing_is_lost(admin: Browser) -> None:
    typed: dict[str, str] = {}
    for step, title, more in [
        ("company", "Company", {"name": "Acme <b>Steel</b>", "domain": "acme.example"}),
        ("system", "Mail system", {"system": "postfix"}),
        ("route", "Way in", {"route": "xclient", "route_host": "192.0.2.10", "route_port": "10525"}),
        ("mailbox", "Mailbox", {"mailbox": "imap", "mailbox_host": "imap.acme.example", "mailbox_user": "probe"}),
        ("review", "Test and add", {}),
    ]:
        answer = await admin.get(at(step, typed))
        assert (answer.status, current(answer)) == (200, title)
        assert "highlighted" not in shown(answer)
        for name, value in typed.items():
            assert f'name="{name}" value="{html.escape(value)}"' in answer.text, (step, name)
        assert "<b>Steel" not in answer.text
        typed |= more
    text = shown(answer)
    assert 'password = { file = "secrets/acme-b-steel-b.mailbox" }' in text
    assert "192.0.2.10:10525 inet n - n - - smtpd -o smtpd_authorized_xclient_hosts=" in text
    back = await admin.get(at("mailbox", typed))
    assert 'value="imap.acme.example"' in back.text
    assert "Not there yet" in shown(back)


async def test_a_step_with_an_error_is_shown_again_with_it(admin: Browser) -> None:
    answer = await admin.get(at("review", acme(domain="acme", route_port="smtp")))
    assert current(answer) == "Company"
    assert 'aria-describedby="domain-wrong"' in answer.text
    assert 'name="route_port" value="smtp"' in answer.text
    answer = await admin.get(at("review", acme(route_port="smtp")))
    assert current(answer) == "Way in"
    assert "Must be a whole number from 1 to 65535" in shown(answer)
    assert "GATEWAY" not in shown(await admin.get(at("route", acme())))
    assert "127.0.0.1:PORT inet" in shown(answer)  # what is wrong is in no line for a server


async def test_a_kind_that_was_just_chosen_has_no_errors_yet(admin: Browser) -> None:
    typed = {"name": "Acme", "domain": "acme.example", "system": "postfix", "route": "xclient"}
    answer = await admin.get(at("mailbox", typed))
    assert current(answer) == "Way in"
    assert 'name="route_host"' in answer.text
    assert "highlighted" not in shown(answer)
    answer = await admin.get(at("mailbox", typed | {"route_host": "", "route_port": "10525"}))
    assert "highlighted" in shown(answer)


async def test_a_scan_needs_no_mailbox(admin: Browser) -> None:
    typed = acme(route="scan", route_engine="rspamd", route_port="", mailbox="", mailbox_path="")
    answer = await admin.get(at("review", typed))
    assert current(answer) == "Test and add"
    assert "Mailbox" not in re.findall(r"<li[^>]*>(?:<a[^>]*>)?([^<]+)", answer.text)
    assert 'engine = "rspamd"' in shown(answer)


MX = [
    ((MailHost("acme.mail.protection.outlook.com", ("192.0.2.1",)),), "Recognised: Microsoft 365", "m365"),
    ((MailHost("mx.acme.example", ()),), "may run its own server", "unknown"),
    (Unresolved(Fault.DOMAIN_UNKNOWN, "there is no such domain"), "is not known: there is no such domain", "unknown"),
    (Unresolved(Fault.LOOKUP_FAILED, "no name server answered"), "is not known: no name server", "unknown"),
    (None, "DNS is simulated here", "unknown"),
]
"""What DNS answers, what the page says of it, and which mail system it chooses."""


async def test_the_mx_is_asked_and_what_it_shows_is_chosen(app: PagesApp, admin: Browser) -> None:
    asked: list[str] = []
    found: list[object] = []

    async def mail_hosts(domain: str, _: float) -> object:
        asked.append(domain)
        return found[-1]

    object.__setattr__(app.backend, "mail_hosts", mail_hosts)
    for answered, says, system in MX:
        found.append(answered)
        answer = await admin.get(at("system", {"name": "Acme", "domain": "acme.example"}))
        assert says in shown(answer)
        assert f'<option value="{system}" selected>' in answer.text
    assert asked == ["acme.example"] * len(MX)
    await admin.get(at("system", {"name": "Acme", "domain": "-"}))
    assert asked == ["acme.example"] * len(MX)  # what is no domain is not asked about


async def test_what_is_not_valid_with_all_the_others_is_not_added(admin: Browser, main: Path) -> None:
    taken = acme(str(main.parent / "companies" / "first"))
    answer = await send(admin, "add", taken)
    assert answer.status == 422
    assert "The company was not added" in shown(answer)
    assert "Mailbox : is already used by companies.first.paths.hq (companies/first.toml:4)" in shown(answer)
    assert sorted(each.name for each in (main.parent / "companies").iterdir()) == ["first.toml"]


async def test_two_admins_at_once_add_one_company_of_a_key(app: PagesApp, main: Path) -> None:
    first, second = await app.admin(), await app.person("ada", Rights.ADMIN, None)
    answers = await asyncio.gather(send(first, "add", acme("/nosuch/1")), send(second, "add", acme("/nosuch/2")))
    assert sorted(answer.status for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status == 422)
    assert "choose another" in shown(refused)
    assert len(await noted(app, AuditAction.COMPANY_ADDED)) == 1


async def test_a_file_that_cannot_be_loaded_is_taken_back(app: PagesApp, admin: Browser, main: Path) -> None:
    narrow(main)  # after it was loaded: it includes the new file no more
    answer = await send(admin, "add", acme())
    assert answer.status == 422
    assert "it was removed again" in shown(answer)
    assert not (main.parent / "companies" / "acme.toml").exists()
    assert await noted(app, AuditAction.COMPANY_ADDED) == []


async def test_where_nothing_can_be_written_there_is_a_text_to_copy_and_no_test(tmp_path: Path) -> None:
    main = tmp_path / "config.toml"
    main.write_text(FIRST)
    async with open_setup_app(main) as app:
        admin = await app.admin()
        answer = await admin.get(at("review", acme()))
        text = shown(answer)
        assert "includes no folder for companies" in text
        assert f"Save this as {tmp_path}/companies/acme.toml" in text
        assert 'include = ["companies/*.toml"]' in text
        assert 'value="add"' not in answer.text
        assert (await send(admin, "test", acme())).status == 409
        assert (await send(admin, "add", acme())).status == 422
        assert await noted(app, AuditAction.COMPANY_TRIED) == []


async def test_tests_are_limited(app: PagesApp, admin: Browser) -> None:
    answers = [await send(admin, "test", acme()) for _ in range(MAX_TESTS_PER_HOUR + 1)]
    assert [answer.status for answer in answers] == [200] * MAX_TESTS_PER_HOUR + [429]
    assert f"one admin can test {MAX_TESTS_PER_HOUR} set-ups in an hour" in shown(answers[-1])
    assert len(await noted(app, AuditAction.COMPANY_TRIED)) == MAX_TESTS_PER_HOUR


async def test_who_is_bound_to_companies_adds_none(app: PagesApp) -> None:
    bound = await app.admin(("first",))
    assert "You cannot add companies" in shown(await bound.get(PAGE))
    secret = form_in((await bound.get("/settings/people")).text)
    answer = await bound.ask("POST", PAGE, data={**acme(), "do": "add", "form": secret})
    assert "You cannot add companies" in shown(answer)
    assert "acme" not in app.backend.config().companies


async def test_a_form_of_another_site_adds_nothing(app: PagesApp, admin: Browser) -> None:
    assert (await admin.post(PAGE, {**acme(), "do": "add"})).status == 403
    assert "acme" not in app.backend.config().companies
