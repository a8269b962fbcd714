"""`mailpath remedy`: what to change in a mail system."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app

CONFIG = """
[sender]
domain = "login.example"
address = "codes@login.example"
source_ip = "203.0.113.9"
[companies.acme]
mail_systems = ["mimecast", "m365"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "acme" }
[companies.dyke]
mail_system = "other:Acme Mail"
[companies.dyke.paths.hq]
to = "probe@dyke.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "dyke" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two companies, and no store."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return file


def run(config: Path, *args: str) -> Result:
    return CliRunner().invoke(app, ["remedy", *args, "-c", str(config)])


def test_the_names_of_the_sender_are_in_it(config: Path) -> None:
    done = run(config, "--system", "exchange-online", "--cause", "ip_blocked")
    assert done.exit_code == 0
    assert '@{Remove="203.0.113.9"}' in done.stdout
    assert "{ip}" not in done.stdout
    assert done.stdout.index("Look first") < done.stdout.index("Do\n") < done.stdout.index("Undo")


def test_where_nothing_helps_it_says_who_can(config: Path) -> None:
    done = run(config, "--system", "exchange-online", "--cause", "ip_listed")
    assert done.exit_code == 1
    assert "No entry of the tenant is known to help" in done.stdout
    assert "203.0.113.9 delisted" in done.stdout


def test_of_a_company_all_systems_of_its_chain_are_asked(config: Path) -> None:
    done = run(config, "--company", "acme", "--cause", "content", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["mail_system"] for row in rows} == {"mimecast", "m365"}
    assert [row["rung"] for row in rows] == sorted(row["rung"] for row in rows)
    assert all(row["undo"] and row["sources"] for row in rows)
    assert rows[0]["remedy"] == "m365-submit"


@pytest.mark.parametrize(
    ("factor", "others", "causes"),
    [
        ("ip", (), {"ip_blocked", "ip_listed", "reputation", "rdns", "firewall"}),
        ("from", (), {"domain_blocked"}),
        ("helo", ("--cause", "policy"), {"policy"}),
        ("content", (), {"content"}),
    ],
)
def test_of_a_factor_only_its_remedies_are_shown(
    config: Path, factor: str, others: tuple[str, ...], causes: set[str]
) -> None:
    rows = [
        json.loads(line)
        for line in run(config, "--company", "acme", "--factor", factor, *others, "--json").stdout.splitlines()
    ]
    assert rows
    assert all(set(row["causes"]) & causes and factor in row["factors"] for row in rows if row["remedy"])


def test_a_factor_rules_out_remedies_of_the_same_cause(config: Path) -> None:
    def shown(factor: str) -> set[str]:
        args = ("--system", "postfix", "--cause", "ip_blocked", "--json", "--factor", factor)
        return {json.loads(line)["remedy"] for line in run(config, *args).stdout.splitlines()}

    assert shown("envelope") < shown("ip")


def test_a_factor_that_does_not_exist_ends_with_the_names(config: Path) -> None:
    done = run(config, "--system", "m365", "--factor", "weather")
    assert done.exit_code == 2
    assert "authentication" in done.stderr


def test_a_general_remedy_is_marked(config: Path) -> None:
    done = run(config, "--company", "dyke", "--cause", "content")
    assert done.exit_code == 1
    assert "No remedy in terms of Acme Mail is known. In general:" in done.stdout
    assert "codes@login.example where DMARC passes" in done.stdout


def test_without_a_cause_all_of_a_system_are_shown(config: Path) -> None:
    rows = [json.loads(line) for line in run(config, "--system", "postfix", "--json").stdout.splitlines()]
    assert {"postfix-restriction-class", "postgrey-whitelist-client"} <= {row["remedy"] for row in rows}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--system", "mimcast"), "did you mean mimecast?"),
        (("--company", "acne"), "did you mean acme?"),
        ((), "give either --company or --system"),
        (("--company", "acme", "--system", "m365"), "give either"),
    ],
)
def test_a_wrong_name_ends_with_a_suggestion(config: Path, args: tuple[str, ...], said: str) -> None:
    done = run(config, *args)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_remedy_is_chosen_at_once_whatever_the_number_of_companies() -> None:
    from probes.mailsystems.choose import choose
    from probes.outcome import Cause

    began = time.process_time()
    for _ in range(1000):
        choose(("mimecast", "m365"), None, Cause.CONTENT)
    assert time.process_time() - began < 1.0
