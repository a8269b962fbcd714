"""`mailpath account setup`: a script that can be piped, JSON, and exit codes. It needs no secret."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app

CONFIG = """
[accounts.acme365]
provider = "microsoft"
tenant = "acme.example"
client = "11111111-2222-3333-4444-555555555555"
secret = { env = "NO_SUCH_SECRET" }
[accounts.bolt]
provider = "google"
key = { env = "NO_SUCH_SECRET" }
[accounts.idle]
provider = "google"
key = { env = "NO_SUCH_SECRET" }
[companies.acme]
trace = { via = "graph", account = "acme365" }
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "127.0.0.1" }
mailbox = { via = "graph", account = "acme365", user = "probe@acme.example", remove = false }
[companies.bolt.paths.hq]
to = "probe@bolt.example"
route = { via = "xclient", host = "127.0.0.1" }
mailbox = { via = "imap", host = "imap.gmail.com", account = "bolt", user = "probe@bolt.example" }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "config.toml").write_text(CONFIG)
    return str(tmp_path / "config.toml")


def test_a_script_in_which_all_else_is_a_comment(file: str) -> None:
    run = CliRunner().invoke(app, ["account", "setup", "acme365", "-c", file])
    assert run.exit_code == Exit.OK, run.output
    commands = [line for line in run.output.splitlines() if line and not line.startswith("#")]
    assert commands[0].startswith("Connect-MgGraph -TenantId 'acme.example' ")
    assert any('"Application Mail.Read"' in line for line in commands)
    assert not any("Mail.ReadWrite" in line for line in commands)
    assert all(line.startswith(("$", "Connect-", "New-", "Test-")) for line in commands)
    assert "# Right: Reads mail of probe@acme.example only" in run.output
    assert "# Source: " in run.output
    assert "mailpath doctor --account acme365" in run.output


def test_google_has_no_script(file: str) -> None:
    run = CliRunner().invoke(app, ["account", "setup", "bolt", "-c", file])
    assert run.exit_code == Exit.OK
    assert all(line.startswith("#") for line in run.output.splitlines() if line)
    assert "EVERY user of the domain" in run.output


def test_the_steps_as_json(file: str) -> None:
    run = CliRunner().invoke(app, ["account", "setup", "acme365", "-c", file, "--json"])
    steps = [json.loads(line) for line in run.output.splitlines()]
    assert [each["step"] for each in steps] == [*range(1, len(steps) + 1)]
    assert steps[0].keys() == {"step", "title", "right", "parts", "source"}
    assert {"title", "on", "address", "certainty", "unsure"} == steps[0]["source"].keys()


def test_an_account_that_nobody_uses(file: str) -> None:
    run = CliRunner().invoke(app, ["account", "setup", "idle", "-c", file])
    assert run.exit_code == Exit.OK
    assert "Create a service account" in run.output
    assert "Delegate" not in run.output


def test_no_such_account(file: str) -> None:
    run = CliRunner().invoke(app, ["account", "setup", "acme", "-c", file])
    assert run.exit_code == Exit.COULD_NOT_TELL
    assert "did you mean acme365?" in run.output
