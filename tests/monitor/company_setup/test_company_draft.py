"""What was typed, as a file: hostile texts stay texts, and each error is at its field."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from monitor.company_setup.adding import write_new
from monitor.company_setup.checking import errors_alone, errors_within, field_of_key
from monitor.company_setup.destination import Destination, destination
from monitor.company_setup.draft import draft_diff, draft_text
from monitor.company_setup.fields import MAILBOX_FORMS, ROUTE_FORMS, secret_reference
from monitor.company_setup.form import FIELDS, CompanyForm, form_of, suggested_key
from monitor.company_setup.relays import relay_in_use
from monitor.company_setup.toml_text import table_text
from monitor.config import read_config
from probes.mailboxes.table import MAILBOXES
from probes.routes.table import ROUTES

ACME = {
    "name": "Acme Steel",
    "domain": "Acme.example",
    "system": "postfix",
    "route": "xclient",
    "route_host": "192.0.2.10",
    "route_port": "10525",
    "mailbox": "maildir",
    "mailbox_path": "/var/mail/probe",
}
FIRST = '[companies.first.paths.hq]\nto = "p@first.example"\n' + (
    'route = { via = "xclient", host = "192.0.2.1" }\nmailbox = { via = "maildir", path = "first" }\n'
)
HOSTILE = (
    'Acme"\n[sender]\naddress = "evil@account.trimble.com',
    "a.b",
    '"]\n[web]\nlisten = "0.0.0.0:80"\n#',
    "../../etc/passwd",
    "\\",
    "\x00\x1b[31m\x7f\u2028\ud800",
    "'''",
    "x" * 100_000,
)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('include = ["companies/*.toml"]\n')
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "first.toml").write_text(FIRST)
    return file


def place_of(main: Path, form: CompanyForm) -> Destination:
    return destination(main, ("companies/*.toml",), form.key)


def test_a_form_becomes_a_file_that_reads_like_one_written_by_hand(main: Path) -> None:
    form = form_of(ACME)
    assert draft_text(form) == (
        "[companies.acme-steel]\n"
        'name         = "Acme Steel"\n'
        'mail_systems = ["postfix"]\n'
        'domains      = ["acme.example"]\n'
        "\n"
        "[companies.acme-steel.paths.main]\n"
        'to      = "probe@acme.example"\n'
        'route   = { via = "xclient", host = "192.0.2.10", port = 10525 }\n'
        'mailbox = { via = "maildir", path = "/var/mail/probe" }\n'
    )
    assert draft_diff("companies/a.toml", "[a]\n") == "--- /dev/null\n+++ companies/a.toml\n@@ -0,0 +1 @@\n+[a]\n"
    config, errors = errors_within(form, place_of(main, form))
    assert not errors
    assert config is not None
    assert [path.key for path in config.paths()] == ["first/hq", "acme-steel/main"]


@given(st.text(), st.text(), st.text())
def test_a_text_stays_a_text_whatever_it_contains(key: str, name: str, value: str) -> None:
    text = table_text(("companies", key), {name: value, f"{name}2": {"inside": [value, 7]}})
    sound = [each.encode("utf-8", "replace").decode() for each in (key, name, value)]
    read = tomllib.loads(text)["companies"][sound[0]]
    assert read == {sound[1]: sound[2], f"{sound[1]}2": {"inside": [sound[2], 7]}}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_field_reaches_beyond_its_company(main: Path, hostile: str) -> None:
    """Whatever is typed, the file holds one company, or it is refused at a field."""
    for field in FIELDS:
        form = form_of(ACME | {field: hostile})
        place = place_of(main, form)
        data = tomllib.loads(draft_text(form))
        assert list(data) == ["companies"], field
        assert list(data["companies"]) == [form.key], field
        assert os.path.realpath(place.path.parent) == str(main.parent / "companies"), field
        alone = errors_alone(form, place, ())
        assert not alone.others, field
        if not alone:
            config, _ = errors_within(form, place, secrets_later=True)
            assert config is None or config.sender.address == "no-reply@account.trimble.com"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"key": "A.b"}, "key"),
        ({"key": "first"}, "key"),
        ({"domain": "acme"}, "domain"),
        ({"domain": "gmail.com", "to": "probe@acme.example"}, "domain"),
        ({"to": "probe"}, "to"),
        ({"it": "nobody"}, "it"),
        ({"system": "postfiks"}, "system"),
        ({"system": "postfix", "behind": "postfix"}, "system"),
        ({"route": "carrier pigeon"}, "route"),
        ({"route": ""}, "route"),
        ({"route_host": ""}, "route_host"),
        ({"route_host": "-"}, "route_host"),
        ({"route_port": "smtp"}, "route_port"),
        ({"route_port": "99999999999"}, "route_port"),
        ({"mailbox": ""}, "mailbox"),
        ({"mailbox": "imap", "mailbox_user": "probe"}, "mailbox_host"),
        ({"mailbox": "graph", "mailbox_account": "nosuch", "mailbox_user": "p@acme.example"}, "mailbox_account"),
        ({"mailbox_path": "first"}, "mailbox"),
    ],
)
def test_each_error_is_at_its_field(main: Path, typed: dict[str, str], field: str) -> None:
    if field == "mailbox" and "mailbox_path" in typed:
        typed = {"mailbox_path": str(main.parent / "companies" / "first")}
    form = form_of(ACME | typed)
    place = place_of(main, form)
    errors = errors_alone(form, place, ["first"]) or errors_within(form, place)[1]
    assert (set(errors.fields), errors.others) == ({field}, ()), errors


def test_a_secret_is_referred_to_by_the_key_and_must_be_there(main: Path) -> None:
    imap = {"mailbox": "imap", "mailbox_host": "imap.acme.example", "mailbox_user": "probe"}
    form = form_of(ACME | imap | {"mailbox_password": "hunter22"})
    assert "hunter22" not in draft_text(form)
    assert 'password = { file = "secrets/acme-steel.mailbox" }' in draft_text(form)
    place = place_of(main, form)
    assert not errors_alone(form, place, ())
    assert list(errors_within(form, place)[1].fields) == ["secret"]
    (place.path.parent / "secrets").mkdir()
    (place.path.parent / "secrets" / "acme-steel.mailbox").write_text("hunter22\n")
    assert not errors_within(form, place)[1]


@pytest.mark.parametrize("place", ["file", "env"])
def test_no_secret_is_that_of_another_company(place: str) -> None:
    keys = ("a", "a-b", "a_b", "axb", "a--b", "a-_b", "a_-b", "a__b", "a_mailbox", "a-mailbox")
    found = {str(secret_reference(key, purpose, place)) for key in keys for purpose in ("route", "mailbox")}
    assert len(found) == 2 * len(keys)


def test_errors_elsewhere_are_named_with_their_file(main: Path) -> None:
    main.write_text(main.read_text() + "[proobes]\n")
    form = form_of(ACME)
    errors = errors_within(form, place_of(main, form))[1]
    assert errors.fields == {}
    assert "config.toml:2: proobes: unknown key" in errors.others[0]


def test_a_file_is_never_replaced(main: Path) -> None:
    form = form_of(ACME | {"key": "second"})
    place = place_of(main, form)
    place.path.symlink_to(main.parent / "elsewhere")
    assert "exists already" in errors_within(form, place)[1].fields["key"]
    with pytest.raises(FileExistsError):
        write_new(place.path, "x", main)
    assert not (main.parent / "elsewhere").exists()
    assert sorted(each.name for each in place.path.parent.iterdir()) == ["first.toml", "second.toml"]


def test_a_file_has_the_mode_of_the_main_file(main: Path) -> None:
    main.chmod(0o640)
    write_new(main.parent / "companies" / "new.toml", "x = 1\n", main)
    assert (main.parent / "companies" / "new.toml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("include", "name", "trouble"),
    [
        (("companies/*.toml",), "companies/acme.toml", ""),
        (("companies/first.toml", "companies/*.toml"), "companies/acme.toml", ""),
        (("*/*.toml", "companies/*.toml"), "companies/acme.toml", ""),
        (("companies/[b-z]*.toml",), "companies/acme.toml", "includes no folder"),
        (("nosuch/*.toml",), "nosuch/acme.toml", "does not exist"),
        ((), "companies/acme.toml", "includes no folder"),
    ],
)
def test_the_place_follows_from_include(main: Path, include: tuple[str, ...], name: str, trouble: str) -> None:
    found = destination(main, include, "acme")
    assert found.name == name
    assert trouble in found.trouble
    assert found.writable == (not trouble)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_to_be(main: Path) -> None:
    (main.parent / "companies").chmod(0o500)
    assert "may not write" in destination(main, ("companies/*.toml",), "acme").trouble


def test_the_relay_of_another_path_is_taken_as_it_is(main: Path) -> None:
    (main.parent / "relay-password").write_text("relay secret")
    more = FIRST.replace("first", "second").replace(
        '{ via = "xclient", host = "192.0.2.1" }',
        '{ via = "relay", host = "smtp.example.net", user = "p", password = { file = "../relay-password" } }',
    )
    (main.parent / "companies" / "second.toml").write_text(more)
    relay = relay_in_use(main, read_config(main))
    form = form_of({**ACME, "route": "relay", "route_host": "", "route_port": ""}, relay)
    assert form.reuses_relay
    assert "relay secret" not in draft_text(form)
    config, errors = errors_within(form, place_of(main, form))
    assert config is not None, errors
    assert config.companies["acme-steel"].paths["main"].route == config.companies["second"].paths["hq"].route
    assert not form_of({**ACME, "route": "relay"}, relay).reuses_relay  # a host was typed


@pytest.mark.parametrize(
    ("name", "domain", "key"),
    [
        ("Acme Steel", "", "acme-steel"),
        ("Ünïon & Söhne", "", "union-sohne"),
        ("漢字", "", ""),
        ("", "acme.example", "acme"),
    ],
)
def test_a_key_is_suggested(name: str, domain: str, key: str) -> None:
    assert suggested_key(name, domain) == key


def test_every_kind_can_be_chosen_and_asks_for_keys_that_there_are() -> None:
    for forms, kinds in ((ROUTE_FORMS, ROUTES), (MAILBOX_FORMS, MAILBOXES)):
        assert forms.keys() == kinds.keys()
        for via, form in forms.items():
            kind: type[BaseModel] = kinds[via]  # type: ignore[assignment]
            asked = {each.name for each in form.fields} | ({form.secret} if form.secret else set())
            needed = {name for name, field in kind.model_fields.items() if field.is_required()}
            assert asked <= kind.model_fields.keys()
            assert needed <= asked | {"via"}, via


def test_a_key_of_another_company_has_no_field() -> None:
    assert field_of_key("companies.acme2.name", "acme") == ""
    assert field_of_key("companies.acme.paths.main.route.host", "acme") == "route_host"
    assert field_of_key("companies.acme.paths.main.mailbox", "acme") == "mailbox"
