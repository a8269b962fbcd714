"""`mailpath standing --as-of` and `standing diff`, of what a service has read."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.standing.record import FactRecord, follow
from monitor.store import Store
from probes.standing.fact import Fact, Question, State, Why

T0 = datetime(2026, 11, 20, 8, tzinfo=UTC)
MAX_AGE = timedelta(hours=6)
NAME = "a.mail.example"


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A configuration whose store has a reverse name that was good at 08:00 and gone at 10:00."""
    (tmp_path / "config.toml").write_text('[store]\nurl = "sqlite:///mailpath.db"\n')
    readings = [
        Fact(Question.PTR, "104.130.122.50", State.GOOD, Why.PTR_CONFIRMED, T0, value=NAME, named=(NAME,)),
        Fact(Question.PTR, "104.130.122.50", State.BAD, Why.PTR_MISSING, T0 + timedelta(hours=2)),
        Fact(Question.PTR, "104.130.122.50", State.BAD, Why.PTR_MISSING, T0 + timedelta(hours=3)),
    ]
    records: list[FactRecord] = []
    for reading in readings:
        records.append(follow(records[-1] if records else None, reading, MAX_AGE))

    async def fill() -> None:
        async with Store.open(f"sqlite:///{tmp_path}/mailpath.db") as store:
            await store.standing.keep(records)

    asyncio.run(fill())
    return str(tmp_path / "config.toml")


def run(file: str, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["standing", *words, "-c", file])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("at", "code", "state"),
    [
        ("2026-11-20T08:30", Exit.OK, "good"),
        ("2026-11-20T10:30Z", Exit.NOT_OK, "unknown"),  # bad once
        ("2026-11-20T12:00+01:00", Exit.NOT_OK, "bad"),
    ],
)
def test_as_of(file: str, at: str, code: Exit, state: str) -> None:
    done, output = run(file, "--as-of", at, "--json")
    (fact,) = [json.loads(line) for line in output.splitlines()]
    assert (done, fact["check"], fact["state"]) == (code, "ptr", state)


@pytest.mark.parametrize("at", ["2026-11-19", "2026-11-21"])
def test_before_the_first_reading_and_long_after_the_last_nothing_is_known(file: str, at: str) -> None:
    code, output = run(file, "--as-of", at)
    assert code == Exit.COULD_NOT_TELL
    assert f"nothing is known of the sender at {at} 00:00 UTC: its standing was not read in the 6 h before" in output


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "9999-01-01"])
def test_a_time_that_makes_no_sense(file: str, at: str) -> None:
    code, output = run(file, "--as-of", at)
    assert code == Exit.COULD_NOT_TELL
    assert "must" in output


def test_only_the_check_that_is_asked_for(file: str) -> None:
    code, output = run(file, "--as-of", "2026-11-20T08:30", "--check", "spf", "--json")
    assert code == Exit.COULD_NOT_TELL
    assert "nothing is known" in output
    assert run(file, "--as-of", "2026-11-20T08:30", "--explain", "spf")[0] == Exit.COULD_NOT_TELL


def test_the_difference_between_two_times(file: str) -> None:
    code, output = run(file, "diff", "2026-11-20T08:30", "2026-11-20T11:00")
    assert code == Exit.NOT_OK
    assert "104.130.122.50: good → bad" in output
    assert "was  a.mail.example" in output
    code, output = run(file, "diff", "2026-11-20T08:10", "2026-11-20T08:30")
    assert code == Exit.OK
    assert output.startswith("no difference between 2026-11-20 08:10")


def test_no_difference_is_claimed_where_nothing_is_known(file: str) -> None:
    for times in (("2026-11-18", "2026-11-19"), ("2026-11-18", "2026-11-20T11:00"), ("2026-11-20T11:00", "2026-11-22")):
        code, output = run(file, "diff", *times)
        assert code == Exit.COULD_NOT_TELL
        assert "nothing is known of the sender at" in output


def test_a_difference_backwards_is_refused(file: str) -> None:
    code, output = run(file, "diff", "2026-11-20T11:00", "2026-11-20T08:30")
    assert code == Exit.COULD_NOT_TELL
    assert "must be after the first" in output
