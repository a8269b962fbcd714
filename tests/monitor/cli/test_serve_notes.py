"""Notes that `mailpath serve` logs once about what is no mistake and may surprise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config import read_config
from monitor.doctor.config_warnings import config_notes, config_warnings

TENANT = """
[store]
url = "sqlite:////nowhere/mailpath.db"
[accounts.acme365]
provider = "microsoft"
cloud = "{cloud}"
tenant = "acme.example"
client = "11111111-2222-3333-4444-555555555555"
secret = {{ env = "ACME_SECRET" }}
[companies.acme.paths.hq]
to = "probe@acme.example"
route = {{ via = "xclient", host = "127.0.0.1", port = 9 }}
mailbox = {{ via = "graph", account = "acme365", user = "probe@acme.example"{more} }}
[companies.acme.paths.branch]
to = "branch@acme.example"
route = {{ via = "xclient", host = "127.0.0.1", port = 9 }}
mailbox = {{ via = "graph", account = "acme365", user = "branch@acme.example"{more} }}
"""
NOTE = "account acme365: its cloud cannot delete for good: the user of a mailbox can recover deleted probes for a while"


@pytest.mark.parametrize(
    ("cloud", "more", "notes"),
    [("global", "", []), ("us_gov", "", [NOTE]), ("china", "", [NOTE]), ("us_dod", ", remove = false", [])],
)
def test_where_deleted_probes_can_be_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: str, more: str, notes: list[str]
) -> None:
    monkeypatch.setenv("ACME_SECRET", "a-secret")
    file = tmp_path / "config.toml"
    file.write_text(TENANT.format(cloud=cloud, more=more))
    config = read_config(file)
    assert config_notes(config) == notes
    assert config_warnings(file, config) == []


def test_it_is_logged_once(tmp_path: Path) -> None:
    """The start ends there: its store cannot be opened."""
    file = tmp_path / "config.toml"
    file.write_text(TENANT.format(cloud="us_gov", more=""))
    words = (sys.executable, "-m", "monitor", "serve", "--config", str(file))
    env = {**os.environ, "ACME_SECRET": "a-secret"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=env)
    assert done.returncode != 0
    assert (done.stdout + done.stderr).count(NOTE) == 1
