"""`mailpath person` and `mailpath token`, on a real store."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.people.person import Rights
from monitor.people.secrets import digest_of
from monitor.store import Store

T = TypeVar("T")
CONFIG = """
[web]
url = "https://mailpath.example"
[companies.acme]
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
[companies.bolt]
paths.hq = { to = "b@bolt.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "b" } }
"""
LINK = "https://mailpath.example/invitation?key="


class PeopleCommands:
    """A configuration, its store, and the commands as somebody types them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(CONFIG)
        self.url = f"sqlite:///{folder}/mailpath.db"

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.file)])

    def done(self, *words: str) -> str:
        done = self.type(*words)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def facts(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.done(*words, "--json").splitlines()]

    def ask(self, what: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
        async def asking() -> T:
            async with Store.open(self.url) as store:
                return await what(store)

        return asyncio.run(asking())


@pytest.fixture
def people_cli(tmp_path: Path) -> PeopleCommands:
    return PeopleCommands(tmp_path)


def test_a_person_is_made_and_gets_a_link(people_cli: PeopleCommands) -> None:
    said = people_cli.done("person", "add", "Ann", "--rights", "operator", "--company", "acme", "--company", "bolt")
    first, link = said.splitlines()
    assert first.startswith("ann: added as an operator for acme, bolt; link to set a password, valid once, until 20")
    assert link.startswith(LINK)
    person = people_cli.ask(lambda store: store.people.person("ann"))
    assert person
    assert (person.rights, person.companies) == (Rights.OPERATOR, ("acme", "bolt"))
    now, digest = datetime.now(UTC), digest_of(link.removeprefix(LINK))
    invitation = people_cli.ask(lambda store: store.people.accept_invitation(digest, now, "hash"))
    assert invitation
    assert invitation.person == "ann"


def test_without_a_word_it_is_a_viewer_of_all(people_cli: PeopleCommands) -> None:
    assert people_cli.done("person", "add", "ann").startswith("ann: added as a viewer for all companies;")


def test_a_link_for_a_program(people_cli: PeopleCommands) -> None:
    [facts] = people_cli.facts("person", "add", "ann")
    assert [*facts] == ["person", "link", "expires_at"]
    assert timedelta(hours=23) < datetime.fromisoformat(facts["expires_at"]) - datetime.now(UTC) < timedelta(hours=25)
    [again] = people_cli.facts("person", "link", "ANN")
    assert again["person"] == "ann"
    assert again["link"] != facts["link"]


def test_people_are_listed(people_cli: PeopleCommands) -> None:
    assert people_cli.done("person", "list").startswith("no people yet; ")
    people_cli.done("person", "add", "root", "--rights", "admin")
    people_cli.done("person", "add", "ann", "--company", "acme")
    people_cli.done("person", "disable", "ann")
    table = people_cli.done("person", "list").splitlines()
    assert table[0].split() == ["PERSON", "RIGHTS", "COMPANIES", "STATE", "CREATED"]
    assert table[1].split()[:4] == ["ann", "viewer", "acme", "disabled"]
    assert table[2].split()[:6] == ["root", "admin", "all", "no", "password", "yet"]
    ann, root = people_cli.facts("person", "list")
    assert ann["disabled_at"]
    assert (root["companies"], root["has_password"], root["disabled_at"]) == (None, False, None)
    assert "ann: enabled" in people_cli.done("person", "enable", "ann")


def test_a_token_is_shown_once(people_cli: PeopleCommands) -> None:
    first, secret = people_cli.done("token", "add", "grafana", "--rights", "viewer", "--company", "acme").splitlines()
    assert first.startswith("token grafana added as a viewer for acme, valid until 20")
    token = people_cli.ask(lambda store: store.people.token_by_digest(digest_of(secret)))
    assert token
    assert token.expires_at
    assert timedelta(days=89) < token.expires_at - datetime.now(UTC) < timedelta(days=91)
    for listing in (people_cli.done("token", "list"), people_cli.done("token", "list", "--json")):
        assert secret not in listing
        assert token.hint in listing
    kept = b"".join(file.read_bytes() for file in people_cli.file.parent.glob("mailpath.db*"))
    assert secret.encode() not in kept


@pytest.mark.parametrize(("lasts", "said"), [("12h", "until 20"), ("never", "until it is revoked;")])
def test_how_long_a_token_lasts(people_cli: PeopleCommands, lasts: str, said: str) -> None:
    assert said in people_cli.done("token", "add", "x", "--lasts", lasts)


def test_a_token_for_a_program(people_cli: PeopleCommands) -> None:
    [facts] = people_cli.facts("token", "add", "x", "--lasts", "never")
    assert facts["secret"].startswith(facts["hint"])
    assert (facts["good"], facts["expires_at"], facts["companies"]) == (True, None, None)
    [listed] = people_cli.facts("token", "list")
    assert listed == {key: value for key, value in facts.items() if key != "secret"}


def test_a_revoked_token_is_listed_only_when_asked_for(people_cli: PeopleCommands) -> None:
    [facts] = people_cli.facts("token", "add", "x")
    assert people_cli.done("token", "revoke", facts["token"][:5]) == f"token x ({facts['hint']}...) revoked\n"
    assert people_cli.done("token", "list").startswith("no tokens; ")
    assert "revoked 20" in people_cli.done("token", "list", "--all")
    [listed] = people_cli.facts("token", "list", "--all")
    assert not listed["good"]


def test_who_it_was_is_kept(people_cli: PeopleCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "carol")
    people_cli.done("token", "add", "x")
    people_cli.done("token", "revoke", "x", "--by", "Dave of IT")
    entries = people_cli.ask(lambda store: store.people.audit_log(None, 10))
    assert [(entry.who, entry.way, entry.what) for _, entry in entries] == [
        ("Dave of IT", "command", "token revoked"),
        ("carol", "command", "token created"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("person", "add", "ann", "--company", "acne"), "no company 'acne'; did you mean acme?"),
        (("person", "add", "ann", "--company", "zzz"), "no company 'zzz'; configured: acme"),
        (("person", "add", "a b"), "a name consists of a-z"),
        (("person", "link", "bob"), "no such person: bob"),
        (("person", "disable", "bob"), "no such person: bob"),
        (
            ("token", "add", "x", "--lasts", "1y"),
            '--lasts: must be a time like "90s", "15m" or "1h", not "1y"; or "never"',
        ),
        (("token", "add", "x", "--by", "a\nb"), "--by: must be one line of text, at most 200 characters"),
        (("token", "revoke", "x"), "there is no token x"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_can(
    people_cli: PeopleCommands, words: tuple[str, ...], said: str
) -> None:
    done = people_cli.type(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
