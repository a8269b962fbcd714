"""`mailpath standing --watch` and `--company`."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.text import Text
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.cli.standing import CannotReadError, StandingOptions, domains_of, standing
from monitor.cli.standing_text import change_lines
from monitor.cli.standing_watch import LISTS_EVERY, StandingWatch, follow
from monitor.config import read_config
from monitor.output.standing_json import change_json
from probes.standing.fact import CONFIRMED_AFTER, Fact, FactVerdict, Question, State, Why
from probes.standing.words import QUESTIONS
from tests.probes.standing.test_fact import START

DEFAULT = Path(__file__).parents[3] / "config.toml"
STEP = timedelta(minutes=5)


def fact(state: State, why: Why, at: datetime = START, value: str = "", question: Question = Question.PTR) -> Fact:
    return Fact(question, "192.0.2.1", state, why, at, value, (value,))


def good(at: datetime, value: str = "mta.example") -> Fact:
    return fact(State.GOOD, Why.PTR_CONFIRMED, at, value)


def bad(at: datetime) -> Fact:
    return fact(State.BAD, Why.PTR_MISSING, at)


async def watched(readings: Sequence[Fact]) -> list[tuple[FactVerdict | None, FactVerdict]]:
    """What is shown of these readings after the first."""
    watch = StandingWatch({(Question.PTR, "192.0.2.1"): readings[:1]}, readings[0].at)
    left, found = list(readings[1:]), []
    clock = [readings[0].at]

    async def read(questions: Sequence[Question]) -> Sequence[Fact]:
        clock[0] = left[0].at
        return [left.pop(0)]

    async def pause() -> bool:
        return bool(left)

    await follow(watch, [Question.PTR], read, lambda *each: found.append(each), pause, lambda: clock[0])
    return found


async def test_only_what_is_different_is_shown_and_bad_needs_ten_minutes() -> None:
    at = [START + number * STEP for number in range(6)]
    shown = await watched([good(at[0]), good(at[1]), bad(at[2]), bad(at[3]), bad(at[4]), good(at[5], "new.example")])
    assert at[4] - at[2] == CONFIRMED_AFTER
    assert [(after.reading.at, after.state, after.suspected) for _, after in shown] == [
        (at[2], State.UNKNOWN, True),
        (at[4], State.BAD, False),
        (at[5], State.GOOD, False),
    ]
    assert [before.state for before, _ in shown if before] == [State.GOOD, State.UNKNOWN, State.BAD]


async def test_another_value_is_a_difference() -> None:
    ((before, after),) = await watched([good(START), good(START + STEP, "other.example")])
    lines = [Text.from_markup(line).plain for line in change_lines(before, after, QUESTIONS)]
    assert lines[0] == f"{START + STEP:%Y-%m-%d %H:%M:%S}  reverse name of 192.0.2.1: good → good"
    assert [line.split() for line in lines[2:]] == [["was", "mta.example"], ["is", "other.example"]]
    was = change_json(before, after, START)["was"]
    assert was == {"state": "good", "suspected": False, "why": "ptr_confirmed", "value": "mta.example"}


async def test_blocklists_are_asked_less_often() -> None:
    asked: list[bool] = []
    clock, turns = [START], 5

    async def read(questions: Sequence[Question]) -> Sequence[Fact]:
        asked.append(Question.BLOCKLIST in questions)
        return []

    async def pause() -> bool:
        clock[0] += STEP
        return len(asked) < turns

    await follow(StandingWatch({}, START), list(Question), read, lambda *_: None, pause, lambda: clock[0])
    assert LISTS_EVERY == 3 * STEP
    assert asked == [False, False, True, False, False]


def test_ctrl_c_ends_it_cleanly() -> None:
    command = (sys.executable, "-m", "monitor", "standing", "--watch", "--json", "--check", "ptr", "-c", str(DEFAULT))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=30)
    assert (first["check"], first["suspected"], rest) == ("ptr", True, "")
    assert "Traceback" not in error
    assert process.returncode == Exit.NOT_OK  # as the facts were when it ended


async def test_a_companys_domains_are_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    config = read_config(DEFAULT)
    assert domains_of(config, "birchline") == domains_of(config, "Birchline Surveying (simulated)")
    options = StandingOptions(("bounces",), "", False, False, company="birchline")
    assert await standing(config, options) is Exit.OK
    out = capsys.readouterr().out
    assert "mail hosts" in out
    assert "mail to the domain goes to mx.birchline.example" in out
    with pytest.raises(CannotReadError, match="Did you mean Birchline"):
        domains_of(config, "birchlin")
    with pytest.raises(CannotReadError, match="one of bounces, mta_sts"):
        await standing(config, StandingOptions(("spf",), "", False, False, company="birchline"))


@pytest.mark.parametrize(
    "arguments", [["--watch", "--every", "5s"], ["--watch", "--every", "soon"], ["--explain", "spf", "--watch"]]
)
def test_what_cannot_be_meant_is_said(arguments: list[str]) -> None:
    found = CliRunner().invoke(app, ["standing", "-c", str(DEFAULT), *arguments])
    assert found.exit_code == Exit.COULD_NOT_TELL
    assert "--e" in found.output
