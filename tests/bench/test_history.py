"""What the bench says of an earlier run: the change, and whether it is more than noise."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.bench import history
from tests.bench.figures import Figure, Finding, Remark, as_json, show
from tests.bench.sink import REPOSITORY

KEY = ("Trip", "whole way", "ms")


def run(*values: float, unit: str = "ms", name: str = "whole way") -> list[Finding]:
    return [Figure("Trip", name, unit, values), Remark("Trip", "no root")]


def kept(folder: Path, hour: int, found: list[Finding], *, quick: bool = False) -> Path:
    at = f"2026-11-30T{hour:02}:00:00+00:00"
    return history.keep(as_json(found, 1.0, at), at, quick, folder)


@pytest.mark.parametrize(
    ("unit", "before", "now", "said"),
    [
        ("ms", (2.0, 2.2), (1.0, 1.1), "-50 % better"),
        ("ms", (1.0, 1.1), (2.0, 2.2), "+100 % worse"),
        ("ms", (1.0, 1.5), (1.2, 1.3), "+20 %"),  # the rounds overlap
        ("ms", (1.0,), (3.0,), "+200 %"),  # one round tells no noise
        ("ms", (1.0, 1.1), (3.0,), "+200 %"),
        ("probes/s", (100.0, 110.0), (200.0, 220.0), "+100 % better"),
        ("per s", (200.0, 220.0), (100.0, 110.0), "-50 % worse"),
    ],
)
def test_a_change_is_judged_only_beyond_the_noise_of_the_rounds(
    tmp_path: Path, unit: str, before: tuple[float, ...], now: tuple[float, ...], said: str
) -> None:
    past = history.read(kept(tmp_path, 1, run(*before, unit=unit)))
    assert [str(each) for each in history.changes(run(*now, unit=unit), past).values()] == [said]


def test_the_last_run_is_of_the_same_mode_and_each_figure_of_the_newest_that_has_it(tmp_path: Path) -> None:
    kept(tmp_path, 1, run(1.0, name="elsewhere"))
    kept(tmp_path, 2, run(2.0))
    kept(tmp_path, 3, run(3.0))
    kept(tmp_path, 4, run(4.0), quick=True)
    assert history.last(quick=False, runs=tmp_path) == {("Trip", "elsewhere", "ms"): (1.0,), KEY: (3.0,)}
    assert history.last(quick=True, runs=tmp_path) == {KEY: (4.0,)}


def test_a_figure_that_was_not_measured_before_or_was_nothing_has_no_change(tmp_path: Path) -> None:
    assert history.changes(run(1.0), {}) == {}
    assert history.changes(run(1.0), {KEY: (0.0,)}) == {}


def test_old_runs_are_deleted(tmp_path: Path) -> None:
    for number in range(history.KEPT + 3):
        history.keep(as_json(run(1.0), 1.0, ""), f"2026-11-30T00:00:{number:02}", quick=False, runs=tmp_path)
    assert len(list(tmp_path.iterdir())) == history.KEPT


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"figures": [{"group": "Trip"}]}'])
def test_another_file_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match="is no run"):
        history.read(tmp_path / "x.json")


def test_runs_are_kept_outside_the_repository_by_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history.folder().parent == tmp_path / "mailpath-bench"
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    assert history.folder().parent == Path.home() / ".local/state/mailpath-bench"


def test_the_table_has_the_change_in_its_line(tmp_path: Path) -> None:
    found = run(2.0, 2.1)
    with (tmp_path / "table").open("w") as file:
        show(found, 1.0, Console(file=file, width=140), history.changes(found, {KEY: (1.0, 1.1)}))
    line = next(line for line in (tmp_path / "table").read_text().splitlines() if "whole way" in line)
    assert "+100 % worse" in line


def test_the_parts_are_listed_and_nothing_is_measured() -> None:
    command = (sys.executable, "-m", "tests.bench", "--list")
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"round-trip", "start-up", "peers", "many-paths"} <= set(names)


def test_a_file_to_compare_with_that_is_none_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tests.bench", "--compare", str(tmp_path / "missing.json"))
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "missing.json" in done.stderr
