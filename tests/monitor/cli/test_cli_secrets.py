"""Commands need only the secrets that they use: who mutes something at night has none of them in the environment."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.support.service_process import Folder, folder

HOOK = """
[channels.hook]
via    = "webhook"
url    = "http://127.0.0.1:9/hook"
secret = { env = "MAILPATH_TEST_HOOK" }
[companies.vault.paths.hq]
to      = "probe@vault.example"
route   = { via = "xclient", host = "127.0.0.1", port = 9 }
mailbox = { via = "imap", host = "127.0.0.1", user = "probe", password = { file = "vault.password" } }
"""
ACCOUNT = """
[accounts.cloud]
provider = "microsoft"
tenant   = "cloud.example"
client   = "11111111-2222-3333-4444-555555555555"
secret   = { file = "cloud.secret" }
[companies.cloud.paths.hq]
to      = "probe@cloud.example"
route   = { via = "xclient", host = "127.0.0.1", port = 9 }
mailbox = { via = "imap", host = "outlook.office365.com", user = "probe@cloud.example", account = "cloud" }
"""
SECRETS = {"MAILPATH_TEST_HOOK": "swordfish-swordfish-swordfish-sw"}


@pytest.fixture
def at(tmp_path: Path):
    with folder(tmp_path, {"birch": "inbox"}, more=HOOK) as made:
        yield made


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("paths", 0),
        ("incidents", 2),  # no service has ever run here, which is what it says
        ("explain birch", 0),
        ("mute add birch --why night --for 1h", 0),
        ("mute list", 0),
        ("person add anna", 0),
        ("token add wall", 0),
    ],
)
def test_what_uses_no_secret_works_without_any(at: Folder, words: str, code: int) -> None:
    done = at.run(*words.split())
    assert done.returncode == code, done.stderr
    assert "secret" not in done.stderr
    assert "environment" not in done.stderr


def test_a_probe_needs_the_secrets_of_its_own_path(at: Folder) -> None:
    done = at.run("probe", "vault")
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r'the secret file "vault.password" cannot be read: No such file or directory\n', done.stderr)


@pytest.mark.parametrize("command", ["probe cloud", "diagnose cloud/hq"])
def test_a_probe_needs_the_secrets_of_its_mailboxs_account(tmp_path: Path, command: str) -> None:
    with folder(tmp_path, {"birch": "inbox"}, more=ACCOUNT) as made:
        done = made.run(*command.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'the secret file "cloud.secret" cannot be read: No such file or directory\n'


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_whoever_uses_all_of_them_tells_all_that_are_missing_with_their_lines(at: Folder, command: str) -> None:
    done = at.run(command)
    assert done.returncode in (1, 2)
    lines = at.file.read_text().splitlines()
    for number, line in enumerate(lines, start=1):
        if "MAILPATH_TEST_HOOK" in line or "vault.password" in line:
            assert f"config.toml:{number}: " in done.stderr


def test_a_reload_without_a_secret_keeps_what_there_was(at: Folder) -> None:
    (at.path / "vault.password").write_text("pw")
    (at.path / "vault.password").chmod(0o600)
    service = at.serve(env=SECRETS)
    at.until(at.ready)
    (at.path / "vault.password").unlink()
    service.send(signal.SIGHUP)
    at.until(lambda: service.said("configuration not loaded"))
    assert at.ready()
    assert service.end() == 0


def test_a_secret_that_everybody_can_read_is_told_and_used(at: Folder) -> None:
    password = at.path / "vault.password"
    password.write_text("pw")
    password.chmod(0o640)
    os.environ.update(SECRETS)
    try:
        assert at.run("check-config").stderr == "", "a group may be meant to read it"
        password.chmod(0o644)
        done = at.run("check-config")
    finally:
        for name in SECRETS:
            del os.environ[name]
    assert done.returncode == 0
    assert re.fullmatch(
        rf"warning: config.toml:\d+: others can read {password}; make it private: chmod o-rwx,g-w {password}\n",
        done.stderr,
    )


def test_the_service_logs_what_check_config_warns_of(at: Folder) -> None:
    """What is read in a terminal once, and what the log of the host has."""
    password = at.path / "vault.password"
    password.write_text("pw")
    password.chmod(0o644)
    before = at.file.read_text()
    at.file.write_text(before.replace("[web]\n", '[web]\nurl = "https://mailpath.example"\n'))
    service = at.serve(env=SECRETS)
    at.until(at.ready)
    assert service.said("others can read") == 1
    assert service.said("web.url names another host, but no proxy is trusted: set web.trusted_proxies") == 1
    assert service.end() == 0
