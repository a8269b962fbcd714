"""What the README of the dashboards tells people to do, done."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.dashboard_examples import DASHBOARDS

README = (DASHBOARDS / "README.md").read_text()
COMMANDS = [line.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


def run(command: str, folder: Path) -> str:
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    for file in (*DASHBOARDS.glob("prometheus/*.yml"), *DASHBOARDS.glob("alertmanager/*.yml")):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.usefixtures("able")
def test_the_addresses_are_put_in_by_the_commands_and_nothing_else_changes(copies: Path) -> None:
    told = [run(command, copies) for command in filter(None, COMMANDS)]
    assert told[-1].split() == ["on-call"]
    for file in copies.glob("*.rules.yml"):
        text = file.read_text()
        assert "127.0.0.1" not in text
        assert "https://mailpath.example/runbooks/mailpath-" in text
        run(f"promtool check rules {file.name}", copies)
    example = (copies / "alertmanager.example.yml").read_text()
    assert example.count("https://hooks.example/") == 5
    run("amtool check-config alertmanager.example.yml", copies)
    run("promtool check config scrape.example.yml", copies)


def test_the_files_that_it_names_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (DASHBOARDS / target).exists(), target
    for name in re.findall(r"`([\w./-]+\.(?:yml|py))`", README):
        if name != "prometheus.yml":
            assert list(DASHBOARDS.rglob(name.split("/")[-1])), name
