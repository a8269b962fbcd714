"""`check-config --online`: the domains of companies by a name server on loopback."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.cli.online import account_warnings, online_warnings
from monitor.config import read_config
from tests.clouds.fake_mailgun import KEY, fake_mailgun
from tests.support.nameserver import Records, name_server

COMPANIES = """
[companies.good.paths.hq]
to = "probe@good.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "good" }
[companies.null.paths.hq]
to = "probe@null.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "null" }
[companies.mute.paths.hq]
to = "probe@mute.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "mute" }
"""
ZONE: Records = {
    ("example", "NS"): ["ns.example."],
    ("good.example", "MX"): ["10 mx.good.example."],
    ("mx.good.example", "A"): ["192.0.2.20"],
    ("null.example", "MX"): ["0 ."],
    ("mute.example", "MX"): "SERVFAIL",
}


async def test_each_fact_that_may_stop_mail_is_a_warning(tmp_path: Path) -> None:
    async with name_server(ZONE) as dns:
        (tmp_path / "config.toml").write_text(f'[dns]\nnameservers = ["{dns.where}"]\n' + COMPANIES)
        found = await online_warnings(read_config(tmp_path / "config.toml"))
    assert not any(line.startswith("good") for line in found)
    assert "null: mail hosts of null.example: " in found[0]
    assert [line for line in found if line.startswith("mute: mail hosts") and "SERVFAIL" in line]


def test_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    default = Path(__file__).parents[3] / "config.toml"
    found = CliRunner().invoke(app, ["check-config", "--online", "--json", "-c", str(default)])
    (warning,) = json.loads(found.stdout)["warnings"]
    assert warning.startswith("DNS is simulated, because every company is: nothing was asked of the real DNS")
    assert found.exit_code == 0
    plain = CliRunner().invoke(app, ["check-config", "--json", "-c", str(default)])
    assert "warnings" not in json.loads(plain.stdout)


CHAINS = """
[companies.gate]
mail_systems = ["mimecast", "m365"]
[companies.gate.paths.hq]
to = "probe@gate.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "gate" }
[companies.moved]
mail_system = "m365"
[companies.moved.paths.hq]
to = "probe@moved.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "moved" }
"""


async def test_a_chain_that_does_not_begin_at_the_mx_is_a_warning(tmp_path: Path) -> None:
    mx = {
        ("example", "NS"): ["ns.example."],
        ("gate.example", "MX"): ["10 eu-smtp-inbound-1.mimecast.com."],
        ("moved.example", "MX"): ["10 eu-smtp-inbound-1.mimecast.com."],
        ("eu-smtp-inbound-1.mimecast.com", "A"): ["192.0.2.21"],
    }
    async with name_server(mx) as dns:
        (tmp_path / "config.toml").write_text(f'[dns]\nnameservers = ["{dns.where}"]\n' + CHAINS)
        found = await online_warnings(read_config(tmp_path / "config.toml"))
    about = [line for line in found if "belongs to" in line]
    assert about == [
        "moved: the MX eu-smtp-inbound-1.mimecast.com belongs to Mimecast, which is not configured: if mail enters "
        "there, put mimecast before Microsoft 365"
    ]


ACCOUNT = """
[sender]
trace = {{ via = "mailgun", account = "identity" }}
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = {{ env = "MAILGUN_KEY" }}
url = "{url}"
"""


@pytest.mark.parametrize("key", [KEY, "wrong"])
async def test_each_trace_is_tried_with_one_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MAILGUN_KEY", key)
    file = tmp_path / "config.toml"
    async with fake_mailgun() as fake, name_server(ZONE) as dns:
        file.write_text(ACCOUNT.format(url=fake.url) + f'[dns]\nnameservers = ["{dns.where}"]\n' + COMPANIES)
        words = ["check-config", "--online", "--json", "-c", str(file)]
        run = await asyncio.to_thread(CliRunner().invoke, app, words)
        asked = [path for path in fake.paths if path.startswith("POST")]
    found = [line for line in json.loads(run.stdout)["warnings"] if "mailgun" in line]
    assert (run.exit_code, len(asked)) == (0, 1)
    assert [line.partition(": account identity: ")[0] for line in found] == (
        [] if key == KEY else ["trace mailgun:identity"]
    )
    assert not any(key in line for line in found)


async def test_without_accounts_nobody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(COMPANIES)
    assert await account_warnings(tmp_path / "config.toml", read_config(tmp_path / "config.toml")) == []
