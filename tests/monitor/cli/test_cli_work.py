"""`mailpath ack`, `owner`, `comment` and `ticket`, on a real store and without a service."""

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.incidents.incident import Incident, Resolution
from monitor.people.person import AuditEntry
from monitor.store import Store
from tests.support.pages_app import START, incident, opened

CONFIG = """
[companies.acme]
mail_system = "postfix"
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
"""
OVER = {"closed_at": START + timedelta(hours=2), "ending": Resolution.RECOVERED}


class WorkCommands:
    """A configuration, its store with incidents, and the commands as somebody types them."""

    def __init__(self, folder: Path, *incidents: Incident) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(CONFIG)
        self.url = f"sqlite:///{folder}/mailpath.db"
        asyncio.run(self._open(incidents))

    async def _open(self, incidents: tuple[Incident, ...]) -> None:
        async with Store.open(self.url) as store:
            await store.incidents.advance(0, incidents, [opened(each.id) for each in incidents], [])

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self.file)])

    def facts(self, *words: str) -> Any:
        done = self.type(*words, "--json")
        assert done.exit_code in (0, 1), done.stderr
        return json.loads(done.stdout)

    def audited(self) -> list[AuditEntry]:
        async def ask() -> list[AuditEntry]:
            async with Store.open(self.url) as store:
                return [entry for _, entry in (await store.people.audit_log(None, 50))[::-1]]

        return asyncio.run(ask())


@pytest.fixture
def work_cli(tmp_path: Path) -> WorkCommands:
    return WorkCommands(tmp_path, incident("a1b2"), incident("a1ff"), incident("dead", **OVER))


def test_an_incident_is_acknowledged_and_shown_so(work_cli: WorkCommands) -> None:
    done = work_cli.type("ack", "a1b", "--note", "calling them", "--by", "Ada of IT")
    assert (done.exit_code, done.stdout) == (0, "incident a1b2: Ada of IT has it\n")
    shown = work_cli.type("incidents", "a1b2").stdout
    assert re.search("has it     Ada of IT, since .* UTC: calling them\n", shown)
    assert re.search("acknowledged +Ada of IT: calling them\n", shown)
    assert "owner      Ada of IT" in shown
    assert "Ada of IT has it" in work_cli.type("incidents").stdout
    facts = work_cli.facts("incidents", "a1b2")
    assert (facts["acknowledged"], facts["acknowledged_by"], facts["owner"]) == (True, "Ada of IT", "Ada of IT")
    [entry] = work_cli.audited()
    assert (entry.who, entry.way, entry.what) == ("Ada of IT", "command", "incident acknowledged")
    assert (entry.about, entry.company) == ("incident a1b2: calling them", "acme")


def test_it_is_handed_over_commented_linked_and_released(work_cli: WorkCommands) -> None:
    assert work_cli.facts("owner", "a1b2", "Acme's IT", "--by", "ada")["acknowledged"] is False
    assert work_cli.type("owner", "a1b2", "bob").stdout == ("incident a1b2: nobody has acknowledged it; owner: bob\n")
    work_cli.type("ack", "a1b2", "--by", "ada")
    assert work_cli.facts("ticket", "a1b2", "https://tickets.example/INC-1")["tickets"] == [
        "https://tickets.example/INC-1"
    ]
    said = work_cli.facts("comment", "a1b2", "two [b]\nlines", "--by", "eve")["comments"]
    assert [(each["who"], each["text"]) for each in said] == [("eve", "two [b]\nlines")]
    shown = work_cli.type("incidents", "a1b2").stdout
    assert "ticket     https://tickets.example/INC-1" in shown
    assert "eve: two [b] lines" in shown
    assert work_cli.facts("incidents", "a1b2")["comments"] == said
    assert work_cli.type("ack", "a1b2", "--release").stdout.startswith("incident a1b2: nobody has acknowledged it")
    assert [entry.what for entry in work_cli.audited()] == [
        *("owner set", "owner set", "incident acknowledged"),
        *("ticket linked", "comment added", "incident released"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ack", "a1"), "several incidents begin with 'a1'"),
        (("ack", ""), "no incident ''"),
        (("ack", "zz"), "no incident 'zz'"),
        (("ack", "dead"), "incident dead: it has been closed since Wed 2026-11-25 14:00 UTC; there is nothing to"),
        (("ack", "a1b2", "--release"), "incident a1b2: nobody has acknowledged it"),
        (("ack", "a1b2", "--note", "two\nlines"), "--note: must be one line of text"),
        (("owner", "a1b2", " "), "NAME: must be one line of text"),
        (("comment", "a1b2", " "), "TEXT: must be a text of 1 to 2,000 characters"),
        (("ticket", "a1b2", "\x1b[2J"), "TICKET: must be one line of text"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    work_cli: WorkCommands, words: tuple[str, ...], said: str
) -> None:
    done = work_cli.type(*words)
    assert done.exit_code == 2
    assert said.replace("Wed ", "") in done.stderr
    assert work_cli.audited() == []


def test_what_is_over_can_be_commented(work_cli: WorkCommands) -> None:
    assert work_cli.facts("comment", "dead", "it was the gateway")["comments"][0]["text"] == "it was the gateway"
