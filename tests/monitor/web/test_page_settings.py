"""Settings: what is masked, and people, tokens and the audit log on a real server over a real store."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.config import Config
from monitor.people.person import AuditEntry, Rights
from monitor.web.pages.config_view import MASK, company_tables, masked, tables, written
from probes.settings import Endpoint
from tests.support.pages_app import CONFIG, START, PagesApp, open_pages_app, path_settings, post

PAGES = ("/settings", "/settings?company=acme", "/settings/people", "/settings/tokens", "/settings/audit", "/mutes")
SECRETS = {
    "IMAP": "imapsecret-0123456789",
    "RELAY": "relaysecret-0123456789",
    "HOOK": "hooksecret-0123456789",
    "APPRISE": "json://user:apprisesecret@127.0.0.1:9/apprisepath",
    "MANAGER": "managersecret-0123456789",
}
HIDDEN = [*SECRETS.values(), "apprisesecret", "apprisepath", "hookpath", "hookquery", "managerpath"]
FULL: dict[str, Any] = {
    "channels": {
        "hook": {"via": "webhook", "url": "https://hooks.example/hookpath?key=hookquery", "secret": {"env": "HOOK"}},
        "oncall": {"via": "apprise", "url": {"env": "APPRISE"}},
        "manager": {
            "via": "alertmanager",
            "url": "https://alerts.example/managerpath",
            "user": "mailpath",
            "password": {"env": "MANAGER"},
        },
    },
    "companies": {
        **CONFIG["companies"],
        "acme": {
            "paths": {
                "hq": path_settings(
                    "acme",
                    25,
                    route={"via": "relay", "host": "relay.example", "user": "u", "password": {"env": "RELAY"}},
                    mailbox={"via": "imap", "host": "imap.example", "user": "p", "password": {"env": "IMAP"}},
                )
            }
        },
    },
}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("password", SecretStr("hunter2"), MASK),
        ("anything", SecretStr("hunter2"), MASK),
        ("password", "hunter2", MASK),
        ("api_key", "hunter2", MASK),
        ("token", "hunter2", MASK),
        ("user", "ann", "ann"),
        ("every", timedelta(minutes=15), "15m"),
        ("retry", (timedelta(minutes=10), timedelta(hours=1)), "[10m, 1h]"),
        ("listen", Endpoint("::1", 25), "[::1]:25"),
        ("path", Path("mail/probe"), "mail/probe"),
        ("starttls", True, "true"),
        ("extra", {"token": "hunter2", "name": "x"}, f"{{ token = {MASK}, name = x }}"),
        ("why", "see https://ann:hunter2@x.example/hunter2 please", f"see https://{MASK}@x.example/{MASK} please"),
    ],
)
def test_a_value_is_written_as_in_the_file_and_a_secret_is_not(name: str, value: Any, text: str) -> None:
    assert written(name, value) == text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://alerts.example", "https://alerts.example"),
        ("http://127.0.0.1:9093/", "http://127.0.0.1:9093"),
        ("https://hooks.example/T0/B0/xyz", f"https://hooks.example/{MASK}"),
        ("https://hooks.example?key=xyz", f"https://hooks.example/{MASK}"),
        ("postgresql://u:p@db.example:5432/mailpath", f"postgresql://{MASK}@db.example:5432/{MASK}"),
        ("https://token@[2001:db8::1]:8443", f"https://{MASK}@[2001:db8::1]:8443"),
        ("sqlite:////var/lib/mailpath.db", "sqlite:////var/lib/mailpath.db"),
        ("slack:///T0/B0/xyz", f"slack://{MASK}"),
        ("https://x:notaport/y", MASK),
    ],
)
def test_of_an_address_only_what_can_hold_no_token_is_shown(address: str, shown: str) -> None:
    assert masked(address) == shown


@pytest.mark.usefixtures("secrets")
def test_every_key_of_the_configuration_is_there_and_no_secret_is(tmp_path: Path) -> None:
    config = Config.model_validate(CONFIG | FULL, context={"folder": tmp_path})
    shown = [*tables(config, None), *company_tables(config, "acme")]
    names = [table.name for table in shown]
    for name in ("sender", "control", "store", "web", "web.manual", "channels.hook", "companies.acme.paths.hq.route"):
        assert name in names
    assert not [secret for secret in HIDDEN if secret in repr(shown)]


@pytest.mark.usefixtures("secrets")
async def test_no_secret_is_on_any_page(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path, **FULL) as pages_app:
        admin = await pages_app.admin()
        token = await pages_app.token("ci")
        stored = await pages_app.store.people.person("root")
        (kept,) = await pages_app.store.people.tokens()
        assert stored
        for path in PAGES:
            answer = await admin.get(path)
            assert answer.status == 200, path
            for secret in (*HIDDEN, token, stored.password, kept.digest, *admin.cookies.values()):
                assert secret not in html.unescape(answer.text), path
        assert MASK in (await admin.get("/settings?company=acme")).text


@pytest.mark.parametrize("rights", [Rights.VIEWER, Rights.OPERATOR])
async def test_only_admins_get_to_the_settings(rights: Rights, pages_app: PagesApp) -> None:
    browser = await pages_app.person("ann", rights)
    form = re.search('name="form" value="([^"]+)"', (await browser.get("/")).text)
    assert form
    for path in ("/settings", "/settings/people", "/settings/tokens", "/settings/audit"):
        assert (await browser.get(path)).status == 403
    for path in ("/settings/people", "/settings/people/change", "/settings/tokens", "/settings/tokens/revoke"):
        said = {"form": form[1], "name": "mallory", "rights": "admin", "reach": "all", "do": "link"}
        assert (await browser.post(path, said)).status == 403
    assert [person.name for person in await pages_app.store.people.all()] == ["ann"]


async def test_somebody_is_added_and_their_link_is_shown_once(pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    answer = await post(admin, "/settings/people", name="Bob", rights="operator", companies="acme", reach="some")
    link = re.search(r"(/invitation\?key=[\w-]+)", answer.text)
    assert link
    assert answer.headers["Cache-Control"] == "no-store"
    assert link[1] not in (await admin.get("/settings/people")).text
    bob = await pages_app.store.people.person("bob")
    assert bob
    assert (bob.rights, bob.companies) == (Rights.OPERATOR, ("acme",))
    assert (await pages_app.browser().get(link[1])).status == 200


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "root", "rights": "viewer", "reach": "all"}, "name"),
        ({"name": "not a name", "rights": "viewer", "reach": "all"}, "name"),
        ({"name": "", "rights": "viewer", "reach": "all"}, "name"),
        ({"name": "bob", "rights": "king", "reach": "all"}, "rights"),
        ({"name": "bob", "rights": "viewer", "reach": "some", "companies": ""}, "companies"),
        ({"name": "bob", "rights": "viewer", "reach": "some", "companies": "acme nope"}, "companies"),
    ],
)
async def test_what_makes_no_person_stands_beside_its_field(
    said: dict[str, str], field: str, pages_app: PagesApp
) -> None:
    answer = await post(await pages_app.admin(), "/settings/people", **said)
    assert answer.status == 422
    assert re.search(rf'id="{field}-wrong">[A-Z]', answer.text)
    assert [person.name for person in await pages_app.store.people.all()] == ["root"]


async def test_people_are_changed_disabled_enabled_and_get_new_links(pages_app: PagesApp) -> None:
    admin, ann = await pages_app.admin(), await pages_app.person("ann")
    change, page = "/settings/people/change", "/settings/people"
    assert (await ann.get("/probe-now")).status == 403
    assert (await post(admin, change, page, name="ann", do="rights", rights="operator", reach="all")).status == 303
    assert (await ann.get("/probe-now")).status == 200
    assert (await post(admin, change, page, name="ann", do="disable")).status == 303
    assert (await ann.get("/probes")).status == 303
    assert "disabled" in (await post(admin, change, page, name="ann", do="link")).text
    assert (await post(admin, change, page, name="ann", do="enable")).status == 303
    assert "/invitation?key=" in (await post(admin, change, page, name="ann", do="link")).text
    assert [each for each in await pages_app.told() if each.startswith("root: person")][-3:] == [
        "root: person changed",
        "root: person disabled",
        "root: person enabled",
    ]


@pytest.mark.parametrize("said", [{"do": "disable"}, {"do": "rights", "rights": "viewer", "reach": "all"}])
async def test_the_last_admin_stays(said: dict[str, str], pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    answer = await post(admin, "/settings/people/change", "/settings/people", name="root", **said)
    assert answer.status == 422
    assert "last admin" in answer.text
    assert (await admin.get("/settings")).status == 200


async def test_a_token_is_shown_once_works_and_is_revoked(pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    said = {"rights": "viewer", "reach": "some", "companies": "acme", "lasts": "30d"}
    answer = await post(admin, "/settings/tokens", name="ci", **said)
    secret = re.search(r"mailpath_[\w-]{40,}", answer.text)
    assert secret
    page = (await admin.get("/settings/tokens")).text
    assert secret[0] not in page
    assert secret[0][:13] in page
    program = pages_app.browser(Authorization=f"Bearer {secret[0]}")
    assert (await program.get("/probes")).status == 200
    (token,) = await pages_app.store.people.tokens()
    assert (token.companies, token.by) == (("acme",), "root")
    assert token.expires_at == token.created_at + timedelta(days=30)
    revoked = await post(admin, "/settings/tokens/revoke", "/settings/tokens", token=token.id)
    assert (revoked.status, revoked.way) == (303, "/settings/tokens")
    assert (await program.get("/probes")).status != 200
    again = await post(admin, "/settings/tokens/revoke", "/settings/tokens", token=token.id)
    assert (again.status, "revoked already" in again.text) == (422, True)


@pytest.mark.parametrize("typed", ["acme, bolt", "Acme Steel,BOLT", "acme bolt"])
async def test_companies_are_named_by_key_or_name(typed: str, pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    said = {"rights": "viewer", "reach": "some", "companies": typed, "lasts": "30d"}
    assert (await post(admin, "/settings/tokens", name="ci", **said)).status == 200
    assert (await pages_app.store.people.tokens())[-1].companies == ("acme", "bolt")
    answer = await post(admin, "/settings/people", name="eve", **(said | {"companies": "acme, Bolt Bilders"}))
    assert answer.status == 422
    assert "Did you mean Bolt Builders (bolt)?</span>" in answer.text
    assert 'value="acme, Bolt Bilders"' in answer.text


async def test_an_admin_who_is_bound_has_to_do_with_nobody_else(pages_app: PagesApp) -> None:
    await pages_app.person("boss", Rights.ADMIN)
    await pages_app.person("bolter", Rights.VIEWER, ("bolt",))
    await pages_app.token("bolt-ci", Rights.VIEWER, ("bolt",))
    await pages_app.store.people.note(
        AuditEntry(START, "boss", "session", "probe sent", "bolt/hq verification", "bolt")
    )
    await pages_app.store.people.note(
        AuditEntry(START, "boss", "session", "probe sent", "acme/hq verification", "acme")
    )
    admin = await pages_app.admin(("acme",))
    for path in (*PAGES, "/settings?company=bolt"):
        page = (await admin.get(path)).text.replace('value="bolt"', "").replace("No company bolt", "")
        for told in ("bolt", "Bolt", "boss"):
            assert told not in page.replace('boss</td><td data-of="through">web page', ""), path
    assert "acme/hq verification" in (await admin.get("/settings/audit")).text
    for said in ({"reach": "all"}, {"reach": "some", "companies": "bolt"}, {"reach": "some", "companies": "acme bolt"}):
        assert (await post(admin, "/settings/people", name="eve", rights="admin", **said)).status == 422
        assert (await post(admin, "/settings/tokens", name="eve", rights="admin", **said)).status == 422
    for name in ("boss", "bolter", "never"):
        answer = await post(admin, "/settings/people/change", "/settings/people", name=name, do="disable")
        assert (answer.status, "no such person:" in answer.text) == (422, True)
    assert (
        await post(admin, "/settings/people", name="eve", rights="viewer", companies="acme", reach="some")
    ).status == 200


async def test_the_audit_log_is_told_page_by_page_and_nothing_twice(pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    for number in range(230):
        await pages_app.store.people.note(
            AuditEntry(START, "ann", "session", "probe sent", f"number {number:03};", "acme")
        )
    path, told = "/settings/audit", []
    while path:
        page = (await admin.get(path)).text
        told += re.findall(r"number (\d{3});", page)
        older = re.search(r'href="(/settings/audit\?cursor=\d+)">Older', page)
        path = older[1] if older else ""
    assert told == [f"{number:03}" for number in reversed(range(230))]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 40, "", "1e3", "\N{ARABIC-INDIC DIGIT ONE}"])
async def test_a_place_in_the_log_that_nobody_wrote_is_its_beginning(cursor: str, pages_app: PagesApp) -> None:
    assert (
        "Person added"
        in (await (await pages_app.admin()).ask("GET", "/settings/audit", params={"cursor": cursor})).text
    )


async def test_what_others_wrote_is_only_text(pages_app: PagesApp) -> None:
    evil = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}"
    await pages_app.store.people.note(AuditEntry(START, evil, evil, evil, evil, "acme"))
    admin = await pages_app.admin()
    for path in ("/settings/audit", f"/settings?company={'%3Cscript%3Ealert'}"):
        page = (await admin.get(path)).text
        assert "<script>alert" not in page
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
