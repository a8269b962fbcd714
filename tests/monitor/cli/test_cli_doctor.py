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
