"""Traces in the configuration: whose they are, what is refused in which words, and who uses an account."""

from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config, ConfigErrors, read_config
from monitor.config.account_uses import account_uses
from monitor.doctor.config_warnings import config_warnings
from probes.accounts import AccountService, AccountUse
from probes.settings import missing_secrets

MAILGUN = """
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = { env = "MAILGUN_KEY" }
"""
SENDER = '[sender]\ntrace = { via = "mailgun", account = "identity" }\n'
PATHS = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "relay", host = "smtp.mailgun.org", user = "x", password = { env = "MAILGUN_KEY" } }
mailbox = { via = "maildir", path = "box" }
[companies.acme.paths.gateway]
to = "probe@acme.example"
route = { via = "xclient", host = "192.0.2.1" }
mailbox = { via = "maildir", path = "box" }
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")

    def read(text: str) -> Config:
        (tmp_path / "config.toml").write_text(text)
        return read_config(tmp_path / "config.toml")

    return read


def test_the_senders_trace_is_for_what_its_service_sends(read: Any) -> None:
    config = read(SENDER + MAILGUN + PATHS)
    relay, gateway = config.paths()
    assert relay.traces == (config.sender.trace,)
    assert gateway.traces == ()
    assert set(account_uses(config)) == {AccountUse("identity", "", "", AccountService.MAILGUN)}


def test_an_account_that_only_a_trace_uses_is_used(read: Any, tmp_path: Path) -> None:
    assert not any("accounts" in each for each in config_warnings(tmp_path / "c", read(SENDER + MAILGUN)))
    [unused] = [each for each in config_warnings(tmp_path / "c", read(MAILGUN)) if "accounts" in each]
    assert unused == "nobody uses the accounts identity; name them as `account` of a mailbox or a trace, or remove them"


@pytest.mark.parametrize(("region", "base"), [("us", "https://api.mailgun.net"), ("eu", "https://api.eu.mailgun.net")])
def test_the_regions_have_servers_of_their_own(read: Any, region: str, base: str) -> None:
    account = read(MAILGUN + f'region = "{region}"\n').accounts["identity"]
    assert account.base(AccountService.MAILGUN) == base
    assert account.base(AccountService.IMAP) == ""
    assert account.hosts == ()


OAUTH = """
[accounts.own]
provider = "oauth"
token_url = "https://id.example/token"
client = "x"
secret = { env = "MAILGUN_KEY" }
mail_servers = ["imap.acme.example"]
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            SENDER.replace("identity", "identiti") + MAILGUN,
            "sender.trace.account: unknown account identiti; did you mean identity?",
        ),
        (SENDER, "sender.trace.account: unknown account identity; add [accounts.identity]"),
        (
            SENDER.replace("identity", "own") + OAUTH,
            'sender.trace.account: must be an account with provider = "mailgun", and own has "oauth"',
        ),
        (
            SENDER.replace("identity", "own") + OAUTH + MAILGUN,
            'sender.trace.account: must be an account with provider = "mailgun", and own has "oauth"; did you mean '
            "identity?",
        ),
        (
            SENDER.replace("mailgun", "mailgum", 1) + MAILGUN,
            "sender.trace.via: must be one of mailgun, ",
        ),
        (SENDER.replace("account", "acount", 1) + MAILGUN, "sender.trace.acount: unknown key"),
        (
            MAILGUN + PATHS + 'trace = { via = "mailgun", account = "identity" }\n',
            "companies.acme.paths.gateway.trace.via: must",
        ),
        (
            MAILGUN + '[companies.acme]\ntrace = { via = "mailgun", account = "identity" }\n' + PATHS,
            "companies.acme.trace.via: must",
        ),
        (
            MAILGUN + PATHS.replace(
                'mailbox = { via = "maildir", path = "box" }',
                'mailbox = { via = "imap", host = "imap.acme.example", user = "x", account = "identity" }',
                1,
            ),
            "companies.acme.paths.hq.mailbox.account: must be an account for imap, and identity has provider mailgun",
        ),
        (MAILGUN.replace('domain = "account.trimble.com"\n', ""), "accounts.identity.domain: missing"),
        (MAILGUN + 'region = "uk"\n', 'accounts.identity.region: must be one of us, eu, not "uk"'),
        (MAILGUN + 'url = "http://api.example"\n', "accounts.identity.url: must begin with https"),
        (MAILGUN.replace('{ env = "MAILGUN_KEY" }', '"5ecret"'), "accounts.identity.key: must"),
    ],
)  # fmt: skip
def test_what_is_wrong(read: Any, text: str, words: str) -> None:
    with pytest.raises(ConfigErrors) as found:
        read(text)
    lines = [line.partition(": ")[2] for line in str(found.value).splitlines()]
    assert any(line.startswith(words) for line in lines), lines
    assert "5ecret" not in str(found.value)


def test_a_key_may_be_missing_until_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(SENDER + MAILGUN)
    config = read_config(tmp_path / "config.toml", secrets_later=True)
    assert len([*missing_secrets([config.accounts["identity"]])]) == 1
