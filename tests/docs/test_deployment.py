"""The files in docs/deploy/ agree with the code: commands, ports, addresses of health."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.reference import commands
from tests.support.documentation import DOCS, ROOT

DEPLOY = DOCS / "deploy"
SYSTEMD = DEPLOY / "systemd"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
UNITS = sorted(SYSTEMD.glob("*.service"))
DROP_INS = ("mailpath.service.d", "mailpath-.service.d")
NOBODY = 10001
METRICS_PORT = 9108
OPTIONS = (DOCS / "reference" / "commands.md").read_text()


# ---- The image ------------------------------------------------------------------------------------------------------


def test_the_image_runs_as_nobody_and_asks_for_its_health() -> None:
    assert f"\nUSER {NOBODY}:{NOBODY}\n" in CONTAINERFILE
    assert f"http://127.0.0.1:{METRICS_PORT}/healthz" in CONTAINERFILE
    assert "MAILPATH_CONFIG=/etc/mailpath/mailpath.toml" in CONTAINERFILE
    assert "MAILPATH_CONFIG" in OPTIONS


def test_the_image_is_made_of_what_is_there_and_of_nothing_secret() -> None:
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    copied = [name for line in sources for name in line.split()]
    assert all((ROOT / name).exists() for name in copied)
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert ignored.index("**/.env") > max(ignored.index(f"!{name}") for name in copied)  # the last match holds


def test_no_registry_is_named() -> None:
    for file in DEPLOY.rglob("*"):
        if file.is_file():
            assert not re.search(r"pypi\.|pythonhosted|index-url|docker\.io|ghcr\.|quay\.", file.read_text()), file


# ---- systemd --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_starts_a_command_with_options_that_it_has(file: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.+)", file.read_text(), re.MULTILINE)
    program, command, *options = shlex.split(line)
    usage = OPTIONS.partition(f"\nUsage: mailpath {command} ")[2].partition("\n```")[0]
    assert (program, command in commands.commands()) == ("/opt/mailpath/bin/mailpath", True)
    assert {option for option in options if option.startswith("--")} <= set(re.findall(r"--[a-z]+", usage))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_the_units_are_good_and_hardened(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "systemd" / "system"
    folder.mkdir(parents=True)
    for file in UNITS:
        text = file.read_text().replace("/opt/mailpath/bin/mailpath", "/bin/true")
        (folder / file.name.replace("@", "@1")).write_text(text)
    for drop_in in DROP_INS:
        (folder / drop_in).mkdir()
        shutil.copy(SYSTEMD / "hardening.conf", folder / drop_in)
    units = [file.name for file in folder.glob("*.service")]
    assert analyze("verify", "--man=no", *units, SYSTEMD_UNIT_PATH=f"{folder}:") == (0, "")
    for unit in units:  # exposure of at most 2.0, where 10 is a unit without any limits
        assert analyze("security", "--offline=yes", f"--root={tmp_path}", "--threshold=20", unit) == (0, "")


def analyze(*words: str, **environment: str) -> tuple[int, str]:
    """Run systemd-analyze; return its exit code and what it had to say against the units."""
    variables = {"PATH": "/usr/bin:/bin", "SYSTEMD_PAGER": "", **environment}
    done = subprocess.run(("systemd-analyze", *words), capture_output=True, text=True, env=variables, timeout=60)
    return done.returncode, done.stderr
