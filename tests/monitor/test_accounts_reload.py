"""Accounts as a part of the whole service: imported once there is one, and those of the newest configuration."""

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.app import service
from monitor.config import read_config
from monitor.probing.outside import outside_of
from probes.accounts import AccountError
from tests.monitor.sources.inbound.test_inbound_service import written

ACCOUNT = """
[accounts.acme]
provider = "oauth"
token_url = "https://id.acme.example/token"
client = "mailpath"
secret = { env = "ACME_SECRET" }
mail_servers = ["imap.acme.example"]
"""


async def test_a_reload_changes_the_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_SECRET", "5ecret")
    file, _ = written(tmp_path)
    before = file.read_text()
    async with service(file, read_config(file)) as at_work:
        with pytest.raises(AccountError):
            at_work.outside.accounts.get("acme")
        file.write_text(before + ACCOUNT)
        await at_work.reload()
        account = at_work.outside.accounts.get("acme")
        await at_work.reload()
        assert at_work.outside.accounts.get("acme") is account
        file.write_text(before)
        await at_work.reload()
        with pytest.raises(AccountError):
            at_work.outside.accounts.get("acme")


async def test_a_command_has_the_accounts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_SECRET", "5ecret")
    (tmp_path / "config.toml").write_text(ACCOUNT)
    async with outside_of(read_config(tmp_path / "config.toml")) as outside:
        assert outside.accounts.get("acme").name == "acme"


def test_what_asks_for_tokens_is_not_imported_without_an_account() -> None:
    accounts = [f"probes.accounts.{name}" for name in ("account", "answers", "budget", "refusals", "requests")]
    accounts += [f"probes.accounts.{name}" for name in ("refreshing", "setup")]
    accounts += [f"probes.accounts.{name}_setup" for name in ("microsoft", "other", "gateway")]
    sessions = [f"probes.mailboxes.{name}_session" for name in ("graph", "gmail", "jmap")]
    gateways = ("cloudflare", "mimecast", "cisco")
    traces = [f"probes.traces.{name}_asking" for name in ("graph", "gmail_reports", *gateways)]
    names = [*accounts, *sessions, *traces]
    code = f"import sys, monitor.app; print([n for n in {names} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=True)
    assert done.stdout.strip() == "[]"
