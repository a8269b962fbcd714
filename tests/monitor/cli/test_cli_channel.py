"""`mailpath channel`, with real stores and receivers that check the vendors' formats."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.actions.channel_tests import MAX_TESTS_PER_HOUR
from monitor.cli.main import app
from monitor.incidents.incident import Incident, IncidentEvent
from monitor.incidents.work import IncidentAction
from monitor.people.action_links import LinkSigner
from monitor.people.person import AuditAction, AuditEntry
from monitor.store import Store
from tests.support.channel_samples import BEGAN, incident
from tests.support.notice_samples import failure
from tests.support.vendor_receivers import ROUTING_KEY, SLACK_TOKEN, VendorAnswer, pagerduty, slack, vendor

COMPANY = """
[companies.{0}]
mail_system = "postfix"
paths.hq = {{ to = "p@{0}.example", route = {{ via = "direct" }}, mailbox = {{ via = "maildir", path = "{0}" }} }}
"""
CONFIG = """
[web]
url = "https://mailpath.example"

[channels.oncall]
via = "pagerduty"
routing_key = { env = "PD" }
url = "URL"

[channels.room]
via = "slack"
token = { env = "SLACK" }
channel = "C0123456789"
url = "URL/api"

[[routing]]
to = ["oncall"]
severities = ["page"]

[[routing]]
to = ["room"]
companies = ["acme"]
""" + "".join(COMPANY.format(name) for name in ("acme", "bolt"))


class ChannelCommand:
    """A configuration, its store, and the command as somebody types it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.url = f"sqlite:///{folder}/mailpath.db"
        self.write("http://127.0.0.1:9")

    def write(self, url: str, text: str = CONFIG) -> None:
        self.file.write_text(text.replace("URL", url))

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["channel", *words, "--config", str(self.file)])

    async def typed(self, *words: str) -> Result:
        """The same while the test's receivers work."""
        return await asyncio.to_thread(self.type, *words)

    def audit(self) -> list[AuditEntry]:
        async def read() -> list[AuditEntry]:
            async with Store.open(self.url) as store:
                return [entry for _, entry in await store.people.audit_log(None, 100)]

        return asyncio.run(read())

    def keep(self, *incidents: Incident, actions: Sequence[IncidentAction] = ()) -> None:
        async def fill() -> None:
            async with Store.open(self.url) as store:
                await store.incidents.advance(0, incidents, [], [])
                for action in actions:
                    await store.incidents.act(action, "acknowledged")

        asyncio.run(fill())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelCommand:
    monkeypatch.setenv("PD", ROUTING_KEY)
    monkeypatch.setenv("SLACK", SLACK_TOKEN)
    return ChannelCommand(tmp_path)


async def test_a_test_is_delivered_and_closed_again(command: ChannelCommand) -> None:
    async with vendor(pagerduty) as receiver:
        command.write(receiver.url)
        done = await command.typed("test", "oncall", "--by", "Ada")
    assert (done.exit_code, done.stdout) == (0, "oncall (pagerduty): delivered; it answered: HTTP 202\n")
    trigger, resolve = (request.json for request in receiver.taken)
    assert trigger["payload"]["summary"] == "This is a test of Mailpath: nothing is wrong"
    assert trigger["payload"]["severity"] == "info", "it wakes nobody"
    assert "Ada sent this to test the channel oncall." in trigger["payload"]["custom_details"]["Text"]
    assert (resolve["event_action"], resolve["dedup_key"]) == ("resolve", trigger["dedup_key"])


async def test_a_test_in_a_chat_edits_its_own_message(command: ChannelCommand) -> None:
    async with vendor(slack) as receiver:
        command.write(receiver.url)
        done = await command.typed("test", "room", "--json")
    assert json.loads(done.stdout) == {
        "channel": "room", "via": "slack", "delivered": True, "answer": "ok", "fault": ""
    }  # fmt: skip
    [last] = [said for said in receiver.items.values() if "thread_ts" not in said]
    assert last["blocks"][0]["text"]["text"].startswith("✅ Test over.")


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([VendorAnswer(429, None, {"Retry-After": "9"})], "HTTP 429"),
        ([VendorAnswer(400, {"message": "Event object is invalid"})], "HTTP 400: Event object is invalid"),
        (
            [None, VendorAnswer(503)],
            "the test was delivered, but closing it failed: HTTP 503; close it at the receiver",
        ),
    ],
)
async def test_what_the_receiver_answers_is_printed(
    command: ChannelCommand, answers: Sequence[VendorAnswer | None], fault: str
) -> None:
    async with vendor(pagerduty) as receiver:
        receiver.next_answers.extend(answers)
        command.write(receiver.url)
        done = await command.typed("test", "oncall")
    assert (done.exit_code, done.stdout) == (1, f"oncall (pagerduty): not delivered: {fault}\n")


def test_every_test_is_in_the_audit_log_and_there_are_not_too_many(command: ChannelCommand) -> None:
    for _ in range(MAX_TESTS_PER_HOUR):
        assert command.type("test", "oncall", "--by", "Ada").exit_code == 1
    [last, *_] = found = command.audit()
    assert len(found) == MAX_TESTS_PER_HOUR
    assert (last.who, last.way, last.what, last.about) == (
        *("Ada", "command", AuditAction.CHANNEL_TESTED, "channel oncall"),
    )  # fmt: skip
    refused = command.type("test", "oncall", "--by", "Bob")
    assert refused.exit_code == 2
    assert refused.stderr == ("channel oncall: at most 10 test notices are sent in an hour; try again in 59 min\n")
    assert command.type("test", "room").exit_code == 1, "each channel has its own"
    assert len(command.audit()) == MAX_TESTS_PER_HOUR + 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("oncal", "no channel 'oncal'; did you mean oncall?"), ("x", "no channel 'x'; configured: oncall, room")],
)
def test_an_unknown_channel(command: ChannelCommand, name: str, said: str) -> None:
    done = command.type("test", name)
    assert (done.exit_code, done.stderr) == (2, f"{said}\n")
    assert command.type("preview", "--incident", "i", "--channel", name).stderr == f"{said}\n"


def test_a_missing_secret(command: ChannelCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PD")
    done = command.type("test", "oncall")
    assert done.exit_code == 2
    assert 'the environment variable "PD" is not set' in done.stderr


ACME = replace(
    incident("abc123", companies=("acme", "bolt"), touches=("acme", "bolt"), company="", failing=2),
    failures=(failure(company="acme"), failure(company="bolt")),
)


def sections(text: str) -> dict[str, Any]:
    parts = text.split("--- ")[1:]
    return {head: json.loads(body) for head, _, body in (part.partition("\n") for part in parts)}


def test_the_preview_is_what_each_channel_would_get(command: ChannelCommand) -> None:
    command.keep(ACME)
    done = command.type("preview", "--incident", "abc")
    assert done.exit_code == 0, done.stderr
    shown = sections(done.stdout)
    assert [*shown] == ["oncall (pagerduty)", "room (slack)"]
    event = shown["oncall (pagerduty)"]
    assert event["dedup_key"] == "abc123"
    assert event["client_url"] == "https://mailpath.example/incidents/abc123"
    assert event["payload"]["custom_details"]["Companies"] == "acme, bolt"
    assert "bolt" not in json.dumps(shown["room (slack)"]), "routed to acme's people only"
    assert not {ROUTING_KEY, SLACK_TOKEN} & set(done.stdout.split('"'))
    assert [*sections(command.type("preview", "--incident", "abc", "--channel", "room").stdout)] == ["room (slack)"]


def test_a_preview_has_placeholders_where_the_signed_links_stand(command: ChannelCommand) -> None:
    ack = IncidentAction(
        ACME.id, BEGAN, IncidentEvent.ACKNOWLEDGED, *("Ada", "command", ""), ACME.severity, ACME.scope, 0
    )
    command.keep(ACME, actions=[ack])
    done = command.type("preview", "--incident", "abc")
    shown = sections(done.stdout)
    links = {link["text"]: link["href"] for link in shown["oncall (pagerduty)"]["links"]}
    assert links["I have it"] == "https://mailpath.example/link/PREVIEW-ONLY-NOT-VALID-ack"
    assert links["Mute 2 h"] == "https://mailpath.example/link/PREVIEW-ONLY-NOT-VALID-mute"
    assert shown["oncall (pagerduty)"]["payload"]["custom_details"]["Acknowledged by"] == "Ada"
    room = json.dumps(shown["room (slack)"])
    assert "NOT-VALID-mute" in room
    assert "NOT-VALID-ack" not in room, "a part of an incident cannot be acknowledged"
    assert done.stderr == "note: a preview has no valid links: PREVIEW-ONLY-NOT-VALID stands for each signed one\n"
    assert LinkSigner(b"k" * 32).read("PREVIEW-ONLY-NOT-VALID-ack") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--incident", "zzz"), "no incident 'zzz'"),
        (("--incident", ""), "no incident ''"),
        (("--incident", "b"), "several incidents begin with 'b': bolt1, bolt2"),
        (
            ("--incident", "bolt1", "--channel", "room"),
            "room is not notified of incident bolt1; see mailpath channel routing",
        ),
    ],
)
def test_what_cannot_be_previewed(command: ChannelCommand, words: Sequence[str], said: str) -> None:
    bolts = [incident(name, companies=("bolt",), touches=("bolt",), company="bolt") for name in ("bolt1", "bolt2")]
    command.keep(*bolts)
    done = command.type("preview", *words)
    assert (done.exit_code, done.stderr) == (2, f"{said}\n")


def test_the_routing_says_who_is_notified_of_what(command: ChannelCommand) -> None:
    rows = [json.loads(line) for line in command.type("routing", "--json").stdout.splitlines()]
    everywhere = {"channel": "oncall", "sees": None, "escalated": False}
    acme_only = {"channel": "room", "sees": ["acme"], "escalated": False}
    single = ["mailbox", "kind", "company", "their_system"]
    assert rows[:4] == [
        {"severity": "page", "scopes": single, "companies": ["acme"], "channels": [everywhere, acme_only]},
        {"severity": "page", "scopes": single, "companies": ["bolt"], "channels": [everywhere]},
        {"severity": "page", "scopes": ["mail_system", "everybody"], "companies": None,
         "channels": [everywhere, acme_only]},
        {"severity": "page", "scopes": ["ourselves"], "companies": None, "channels": [everywhere]},
    ]  # fmt: skip
    assert [row["channels"] for row in rows if row["severity"] == "note"] == [[], []]


def test_the_routing_as_a_table(command: ChannelCommand) -> None:
    done = command.type("routing", "--company", "bolt")
    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "SEVERITY SCOPE COMPANY NOTIFIED"
    assert "page one mail system, many companies, Mailpath itself all together oncall" in lines
    assert any(line.startswith("ticket") and line.endswith("bolt nobody") for line in lines)
    assert "room" not in done.stdout
    wide = [" ".join(line.split()) for line in command.type("routing").stdout.splitlines()]
    assert "page one mail system, many companies all together oncall, room (sees only acme)" in wide
    assert command.type("routing", "--company", "blot").stderr.startswith("No company 'blot'")


def test_the_routing_says_who_is_notified_only_if_nobody_acknowledges(command: ChannelCommand) -> None:
    command.write("http://127.0.0.1:9", CONFIG.replace('companies = ["acme"]', 'after = "30m"'))
    rows = [json.loads(line) for line in command.type("routing", "--json").stdout.splitlines()]
    assert [(each["channel"], each["escalated"]) for each in rows[0]["channels"]] == [("oncall", False), ("room", True)]
    lines = [" ".join(line.split()) for line in command.type("routing").stdout.splitlines()]
    assert any("oncall; if nobody acknowledges: room" in line for line in lines)
    assert any("nobody; if nobody acknowledges: room" in line for line in lines)


def test_without_channels(command: ChannelCommand) -> None:
    command.write("", COMPANY.format("acme"))
    assert command.type("routing").stdout == "nobody is notified: the configuration has no [channels]\n"
    assert command.type("test", "x").stderr == "no channel 'x'; the configuration has no [channels]\n"
