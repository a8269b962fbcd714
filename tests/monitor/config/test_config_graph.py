"""Microsoft Graph in the configuration: whose account it takes, in which clouds, and what is refused in which words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.config import Config, ConfigErrors, read_config
from probes.accounts import AccountService
from probes.accounts.microsoft import MicrosoftAccount

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MICROSOFT = """
[accounts.acme365]
provider = "microsoft"
tenant = "acme.example"
client = "11111111-2222-3333-4444-555555555555"
secret = { env = "ACME_SECRET" }
"""
OTHER = """
[accounts.core]
provider = "oauth"
token_url = "https://id.core.example/token"
client = "mailpath"
secret = { env = "ACME_SECRET" }
mail_servers = ["imap.core.example"]
"""
PATH = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
"""
MAILBOX = 'mailbox = { via = "graph", account = "acme365", user = "probe@acme.example" }\n'
TRACE = 'trace = { via = "graph", account = "acme365" }\n'


def read(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("ACME_SECRET", "correct-horse")
    (folder / "config.toml").write_text(text)
    return read_config(folder / "config.toml")


def test_a_mailbox_and_a_trace_of_one_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, MICROSOFT + PATH + MAILBOX + TRACE, monkeypatch)
    (path,) = config.paths()
    assert path.mailbox is not None
    assert path.mailbox.key == "graph:probe@acme.example"
    assert path.mailbox.account_use is not None
    (trace,) = path.traces
    assert trace.key == "graph:acme365"
    assert trace.account_use.service.token_of is path.mailbox.account_use.service.token_of


@pytest.mark.parametrize(
    ("cloud", "sign_in", "graph"),
    [
        ("global", "login.microsoftonline.com", "graph.microsoft.com"),
        ("us_gov", "login.microsoftonline.us", "graph.microsoft.us"),
        ("us_dod", "login.microsoftonline.us", "dod-graph.microsoft.us"),
        ("china", "login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_own_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: str, sign_in: str, graph: str
) -> None:
    config = read(tmp_path, f'{MICROSOFT}cloud = "{cloud}"\n{PATH}{MAILBOX}', monkeypatch)
    account = config.accounts["acme365"]
    assert isinstance(account, MicrosoftAccount)
    request = account.request("probe@acme.example", NOW, "", AccountService.GRAPH)
    assert request.url == f"https://{sign_in}/acme.example/oauth2/v2.0/token"
    assert request.form["scope"] == f"https://{graph}/.default"
    assert account.base(AccountService.GRAPH) == f"https://{graph}/v1.0"
    assert bool(account.base(AccountService.GRAPH_TRACE)) is (cloud == "global")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            MICROSOFT + OTHER + PATH + MAILBOX.replace("acme365", "core"),
            'companies.acme.paths.hq.mailbox.account: must be an account with provider = "microsoft", and core has'
            ' "oauth"; did you mean acme365?',
        ),
        (
            MICROSOFT + OTHER + PATH + MAILBOX + TRACE.replace("acme365", "core"),
            'companies.acme.paths.hq.trace.account: must be an account with provider = "microsoft", and core has'
            ' "oauth"; did you mean acme365?',
        ),
        (
            MICROSOFT + PATH + MAILBOX.replace("acme365", "acme356"),
            "companies.acme.paths.hq.mailbox.account: unknown account acme356; did you mean acme365?",
        ),
        (
            MICROSOFT + 'cloud = "us_gov"\n' + PATH + MAILBOX + TRACE,
            'companies.acme.paths.hq.trace.account: must be an account with cloud = "global": Microsoft has no message'
            " trace in its national clouds",
        ),
        (
            MICROSOFT + PATH + MAILBOX.replace(" }", ', junk = "inbox" }'),
            "companies.acme.paths.hq.mailbox: junk must be another folder than inbox",
        ),
        (
            MICROSOFT + PATH + MAILBOX.replace("probe@acme", "x/probe@acme"),
            "companies.acme.paths.hq.mailbox.user: must be the user's principal name or object id like"
            ' "probe@acme.example", not "x/probe@acme.example"',
        ),
        (
            MICROSOFT + PATH + MAILBOX.replace("account", "acount"),
            "companies.acme.paths.hq.mailbox.acount: unknown key; expected one of account, user, inbox, junk, poll,"
            " remove; did you mean account?",
        ),
        (
            MICROSOFT + PATH + MAILBOX.replace('via = "graph", ', 'via = "graph", host = "graph.microsoft.com", '),
            "companies.acme.paths.hq.mailbox.host: unknown key; expected one of account, user, inbox, junk, poll,"
            " remove",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str) -> None:
    with pytest.raises(ConfigErrors) as found:
        read(tmp_path, text, monkeypatch)
    lines = [line.partition(": ")[2] for line in str(found.value).splitlines()]
    assert expected in lines
