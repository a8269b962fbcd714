"""`mailpath remedy changed`, `list`, `test`, `renewed`, `undone`, on a real store and without a service."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.people.person import AuditEntry
from monitor.remedying.applied import MailFinding, PathProof, TwinFinding
from monitor.store import Store
from tests.support.pages_app import incident, opened

CONFIG = """
[companies.acme]
mail_systems = ["m365"]
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
[companies.bolt]
mail_systems = ["m365"]
paths.hq = { to = "b@bolt.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "b" } }
"""


class RemedyCommands:
    """A configuration, its store with incidents, and the commands as somebody types them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(CONFIG)
        self.url = f"sqlite:///{folder}/mailpath.db"
        asyncio.run(self._open())

    async def _open(self) -> None:
        found = [incident("a1"), incident("e1", "acme", "bolt")]
        async with Store.open(self.url) as store:
            await store.incidents.advance(0, found, [opened(each.id) for each in found], [])

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["remedy", *words, "--config", str(self.file)])

    def facts(self, *words: str) -> Any:
        done = self.type(*words, "--json")
        assert done.exit_code in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def audited(self) -> list[AuditEntry]:
        async def ask() -> list[AuditEntry]:
            async with Store.open(self.url) as store:
                return [entry for _, entry in await store.people.audit_log(None, 20)][::-1]

        return asyncio.run(ask())

    def decide(self, *proofs: PathProof) -> None:
        async def write() -> None:
            async with Store.open(self.url) as store:
                applied = (await store.remedies.every())[0]
                assert await store.remedies.decide(applied, proofs, applied.test_at)

        asyncio.run(write())


@pytest.fixture
def commands(tmp_path: Path) -> RemedyCommands:
    return RemedyCommands(tmp_path)


def test_a_change_is_noted_tested_prolonged_and_undone(commands: RemedyCommands) -> None:
    [noted] = commands.facts("changed", "a1", "--remedy", "m365-allow-domain", "--note", "CHG-1", "--by", "ann")
    assert (noted["company"], noted["state"], noted["by"], noted["note"]) == ("acme", "waiting", "ann", "CHG-1")
    assert "It is tested at" in commands.type("list").stdout
    [tested] = commands.facts("test", noted["id"][:8], "--by", "ann")
    assert tested["state"] == "testing"
    commands.decide(PathProof("hq", MailFinding.ARRIVES, TwinFinding.STOPPED))
    done = commands.type("list", "acme")
    assert done.exit_code == 0
    assert "proven" in done.stdout
    assert "It may lapse at" in done.stdout
    [renewed] = commands.facts("renewed", noted["id"])
    assert renewed["renewed_at"]
    [undone] = commands.facts("undone", noted["id"], "--by", "bob")
    assert (undone["state"], undone["undone_by"]) == ("undone", "bob")
    assert commands.facts("list") == []
    assert [each["id"] for each in commands.facts("list", "--all")] == [noted["id"]]
    assert [(entry.what, entry.way, entry.company) for entry in commands.audited()] == [
        ("remedy carried out", "command", "acme"),
        ("remedy test started", "command", "acme"),
        ("remedy prolonged", "command", "acme"),
        ("remedy undone", "command", "acme"),
    ]


def test_a_company_means_its_incident_and_the_next_remedy(commands: RemedyCommands) -> None:
    [noted] = commands.facts("changed", "bolt")
    assert (noted["incident"], noted["company"]) == ("e1", "bolt")
    assert noted["remedy"].startswith("m365-")
    commands.decide(PathProof("hq", MailFinding.STOPPED, TwinFinding.NOT_TESTED))
    done = commands.type("list", "bolt", "--all")
    assert done.exit_code == 0
    assert "Undo it." in done.stdout


def test_a_note_is_shown_as_it_was_typed(commands: RemedyCommands) -> None:
    commands.facts("changed", "a1", "--remedy", "m365-allow-domain", "--note", "for {ip} of [b]{domain}[/b]")
    assert "for {ip} of [b]{domain}[/b]" in commands.type("list").stdout


def test_one_that_lets_forged_mail_in_ends_with_1(commands: RemedyCommands) -> None:
    commands.facts("changed", "a1", "--remedy", "other")
    commands.decide(PathProof("hq", MailFinding.ARRIVES, TwinFinding.ARRIVED))
    done = commands.type("list")
    assert done.exit_code == 1
    assert "too wide" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("changed", "a1", "--remedy", "no-such"), "--remedy: no remedy 'no-such'"),
        (("changed", "a1", "--review", "soon"), "--review: must be a date like"),
        (("changed", "e1"), "affects several companies: name one with --company"),
        (("changed", "e1", "--company", "acne"), "does not affect 'acne'"),
        (("changed", "zz"), "no incident 'zz'"),
        (("undone", "zz"), "no remedy begins with 'zz'"),
        (("list", "acne"), "no company 'acne'"),
    ],
)
def test_what_cannot_be_done_is_said(commands: RemedyCommands, words: tuple[str, ...], said: str) -> None:
    done = commands.type(*words)
    assert done.exit_code == 2
    assert said in done.stderr
