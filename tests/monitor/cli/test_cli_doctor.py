"""`mailpath doctor`: its lines, its JSON and its exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.doctor.table import EXAMINATIONS

BOX = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "127.0.0.1", port = 9 }
mailbox = { via = "maildir", path = "mail" }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    (tmp_path / "config.toml").write_text(BOX)
    return str(tmp_path / "config.toml")


def test_what_is_good_ends_with_0_and_a_summary(file: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", file, "--only", "versions", "--only", "mailboxes"])
    assert run.exit_code == Exit.OK, run.output
    lines = run.output.splitlines()
    assert lines[0].startswith("good")
    assert "mailbox of acme/hq: opened" in lines[1]
    assert lines[-1] == "2 good"


def test_what_is_bad_ends_with_1_and_says_what_to_do(file: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", file, "--only", "routes"])
    assert run.exit_code == Exit.NOT_OK
    assert "bad" in run.output
    assert "to do: " in run.output


def test_each_finding_is_a_line_of_json(file: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", file, "--only", "mailboxes", "--json"])
    (finding,) = map(json.loads, run.output.splitlines())
    assert (finding["examination"], finding["state"], finding["advice"]) == ("mailboxes", "good", "")


def test_a_name_that_is_not_known_is_corrected(file: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", file, "--only", "mailbox"])
    assert run.exit_code == Exit.COULD_NOT_TELL
    assert "did you mean mailboxes?" in run.output


def test_every_examination_has_a_question() -> None:
    assert all(each.question.endswith("?") for each in EXAMINATIONS)
    assert len({each.name for each in EXAMINATIONS}) == len(EXAMINATIONS)


ACCOUNT = """
[accounts.acme]
provider = "oauth"
token_url = "http://127.0.0.1:9/token"
client = "mailpath"
secret = { env = "NO_SUCH_SECRET" }
mail_servers = ["127.0.0.1"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "127.0.0.1", port = 9 }
mailbox = { via = "imap", host = "127.0.0.1", port = 9, user = "probe", account = "acme" }
"""


@pytest.fixture
def with_account(tmp_path: Path) -> str:
    (tmp_path / "config.toml").write_text(ACCOUNT)
    return str(tmp_path / "config.toml")


def test_an_account_in_depth_ends_with_what_to_send_back(with_account: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", with_account, "--account", "acme"])
    assert run.exit_code == Exit.NOT_OK
    assert "token for imap as probe" in run.output
    assert "NO_SUCH_SECRET" in run.output
    assert "Whoever looks into it needs this" in run.output
    assert "  token_url: http://127.0.0.1:9/token" in run.output.splitlines()


def test_an_account_in_depth_as_json(with_account: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", with_account, "--account", "acme", "--outside", "chief", "--json"])
    *findings, last = map(json.loads, run.output.splitlines())
    assert run.exit_code == Exit.NOT_OK
    assert {each["examination"] for each in findings} == {"token", "clock", "rights", "scope", "budget"}
    assert "account: acme" in last["send_back"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--account", "acm"], "did you mean acme?"),
        (["--account", "acme", "--only", "routes"], "no examination 'routes'"),
        (["--account", "acme", "--outside", "probe"], "one of the account's own mailboxes"),
        (["--outside", "chief"], "needs --account NAME"),
    ],
)
def test_what_cannot_be_examined(with_account: str, words: list[str], says: str) -> None:
    run = CliRunner().invoke(app, ["doctor", "-c", with_account, *words])
    assert run.exit_code == Exit.COULD_NOT_TELL
    assert says in run.output
