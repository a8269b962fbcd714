"""What the README of the dashboards tells people to do, done."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.dashboard_examples import DASHBOARDS

README = (DASHBOARDS / "README.md").read_text()
OF_BOARDS = (DASHBOARDS / "grafana" / "README.md").read_text()


def commands_of(readme: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


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
    told = [run(command, copies) for command in commands_of(README)]
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


def test_the_boards_get_the_address_of_mailpath_by_one_command(tmp_path: Path) -> None:
    for file in (DASHBOARDS / "grafana" / "boards").glob("*.json"):
        shutil.copy(file, tmp_path)
    (command,) = commands_of(OF_BOARDS)
    run(command, tmp_path)
    for file in tmp_path.glob("*.json"):
        before, after = (DASHBOARDS / "grafana" / "boards" / file.name).read_text(), file.read_text()
        assert after == before.replace("http://127.0.0.1:8025", "https://mailpath.example") != before
        (address,) = (each for each in json.loads(after)["templating"]["list"] if each["name"] == "mailpath")
        assert address["query"] == address["current"]["value"] == "https://mailpath.example"
