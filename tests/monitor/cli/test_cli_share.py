"""`mailpath share`, on a real store."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.people.share_links import SECRET_CHARS
from monitor.store import Store

CONFIG = """
[web]
url = "https://mailpath.example"
[companies.acme]
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path / "config.toml"


def typed(file: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["share", *words, "--config", str(file)])


def test_a_link_is_created_listed_and_revoked(file: Path) -> None:
    said, url = typed(file, "acme", "--days", "30", "--by", "ann").stdout.splitlines()
    share = said.split()[1]
    assert said.startswith(f"share {share} of acme, valid until ")
    assert url.startswith("https://mailpath.example/status/")
    assert len(url.rpartition("/")[2]) == SECRET_CHARS
    [facts] = map(json.loads, typed(file, "list", "--json").stdout.splitlines())
    assert (facts["share"], facts["company"], facts["state"], facts["by"]) == (share, "acme", "valid", "ann")
    assert url.rpartition("/")[2] not in json.dumps(facts)
    assert typed(file, "revoke", share[:6], "--by", "bob").stdout == f"share {share} of acme revoked\n"
    assert typed(file, "list").stdout.startswith("no share links")
    assert "revoked" in typed(file, "list", "acme", "--all").stdout
    again = typed(file, "revoke", share)
    assert (again.exit_code, again.stderr) == (2, f"share {share} is revoked already\n")

    async def audit() -> list[tuple[str, str, str]]:
        async with Store.open(f"sqlite:///{file.parent}/mailpath.db") as store:
            return [(entry.who, entry.what, entry.way) for _, entry in await store.people.audit_log(None, 9)]

    assert asyncio.run(audit()) == [
        ("bob", "share link revoked", "command"),
        ("ann", "share link created", "command"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("amce",), "no company 'amce'; configured: acme"),
        (("--days", "8", "acme"), "must be 7 or 30"),
        (("revoke", "nosuch"), "there is no share nosuch"),
    ],
)
def test_what_is_not_possible_says_why(file: Path, words: tuple[str, ...], said: str) -> None:
    done = typed(file, *words)
    assert (done.exit_code, done.stderr.strip()) == (2, said)
