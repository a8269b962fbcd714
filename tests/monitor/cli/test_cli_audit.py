"""What is typed on the server stands in the audit log, as what is done on a page does."""

import asyncio
import getpass
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.people.person import AuditEntry
from monitor.store import Store
from tests.monitor.cli.test_cli_mute import CONFIG
from tests.support.service_process import folder


def logged(url: str) -> list[AuditEntry]:
    """The audit log, oldest first."""

    async def ask() -> list[AuditEntry]:
        async with Store.open(url) as store:
            return [entry for _, entry in reversed(await store.people.audit_log(None, 100))]

    return asyncio.run(ask())


def typed(file: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["mute", *words, "--config", str(file)])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("acme/hq", "--for", "2h"), "acme/hq for 2h"),
        (("--cause", "greylisted", "--weekly", "sun 02:00-04:00"), "cause greylisting every sun 02:00-04:00"),
    ],
)
def test_a_mute_is_in_the_audit_log_when_it_is_made_and_when_it_is_ended(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    name = json.loads(typed(file, "add", *words, "--why", "a new gateway", "--by", "ann", "--json"))["mute"]
    typed(file, "end", name, "--by", "ben")
    made, ended = logged(f"sqlite:///{tmp_path}/mailpath.db")
    assert (made.who, made.way, made.what) == ("ann", "command", "mute created")
    assert made.about == f"{said}, mute {name}: a new gateway"
    assert (ended.who, ended.way, ended.what) == ("ben", "command", "mute ended")
    assert name in ended.about


def test_a_probe_is_in_the_audit_log_with_its_path(tmp_path: Path) -> None:
    with folder(tmp_path, {"birch": "inbox"}) as at:
        at.serve()
        at.until(at.ready)
        assert at.run("probe", "birch").returncode == 0
        entry = logged(f"sqlite:///{at.store}")[-1]
    assert (entry.who, entry.way, entry.what) == (getpass.getuser(), "command", "probe sent")
    assert (entry.company, entry.path) == ("birch", "hq")
    assert entry.about.startswith("birch/hq ")
