"""Gmail's API, Google's log and JMAP in the configuration: whose account each takes, and what is refused in which
words."""

from pathlib import Path

import pytest

from monitor.config import Config, ConfigErrors, read_config
from probes.accounts import AccountService
from probes.accounts.google import GoogleAccount

GOOGLE = """
[accounts.bolt]
provider = "google"
client = "123-abc.apps.googleusercontent.com"
secret = { env = "BOLT_SECRET" }
refresh = { env = "BOLT_SECRET" }
"""
OAUTH = """
[accounts.core]
provider = "oauth"
token_url = "https://id.core.example/token"
client = "mailpath"
secret = { env = "BOLT_SECRET" }
mail_servers = ["mail.core.example"]
"""
PATH = """
[companies.bolt.paths.hq]
to = "probe@bolt.example"
route = { via = "direct" }
"""
MAILBOX = 'mailbox = { via = "gmail", account = "bolt", user = "probe@bolt.example" }\n'
TRACE = 'trace = { via = "gmail_reports", account = "bolt", admin = "auditor@bolt.example" }\n'
JMAP = 'mailbox = { via = "jmap", url = "https://mail.core.example/jmap", user = "probe", account = "core" }\n'
AT = "companies.bolt.paths.hq"


def read(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("BOLT_SECRET", "correct-horse")
    (folder / "config.toml").write_text(text)
    return read_config(folder / "config.toml")


def test_a_mailbox_at_google_and_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, GOOGLE + PATH + MAILBOX + TRACE, monkeypatch)
    (path,) = config.paths()
    assert path.mailbox is not None
    assert path.mailbox.account_use is not None
    assert path.mailbox.account_use.service is AccountService.GMAIL_TRASH
    (trace,) = path.traces
    assert (trace.key, trace.account_use.user) == ("gmail_reports:bolt", "auditor@bolt.example")
    account = config.accounts["bolt"]
    assert isinstance(account, GoogleAccount)
    assert account.base(path.mailbox.account_use.service) == "https://gmail.googleapis.com"
    assert account.base(trace.account_use.service) == "https://admin.googleapis.com"
    assert account.base(AccountService.IMAP) == account.base(AccountService.GRAPH) == ""


def test_a_mailbox_by_jmap_with_an_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = read(tmp_path, OAUTH + PATH + JMAP, monkeypatch).paths()
    assert path.mailbox is not None
    assert path.mailbox.key == "jmap:probe@mail.core.example:443/INBOX"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            GOOGLE + OAUTH + PATH + MAILBOX.replace('"bolt"', '"core"'),
            f'{AT}.mailbox.account: must be an account with provider = "google", and core has "oauth"; did you mean'
            " bolt?",
        ),
        (
            GOOGLE + PATH + MAILBOX.replace('"bolt"', '"bold"'),
            f"{AT}.mailbox.account: unknown account bold; did you mean bolt?",
        ),
        (
            GOOGLE + OAUTH + PATH + MAILBOX + TRACE.replace('"bolt"', '"core"'),
            f'{AT}.trace.account: must be an account with provider = "google", and core has "oauth"; did you mean'
            " bolt?",
        ),
        (
            GOOGLE + PATH + MAILBOX.replace(" }", ', remove = "bin" }'),
            f'{AT}.mailbox.remove: must be true, false or "trash", not "bin"',
        ),
        (
            GOOGLE + PATH + MAILBOX.replace(" }", ", bodies = false }"),
            f"{AT}.mailbox: bodies = false requires remove = false: whoever may delete mail may read it too",
        ),
        (
            GOOGLE + PATH + MAILBOX.replace("user", "usr"),
            f"{AT}.mailbox.usr: unknown key; expected one of account, user, poll, remove, bodies; did you mean user?",
        ),
        (
            GOOGLE + PATH + MAILBOX + TRACE.replace("admin", "admn"),
            f"{AT}.trace.admn: unknown key; expected one of account, admin; did you mean admin?",
        ),
        (
            OAUTH + PATH + JMAP.replace("https:", "http:"),
            f"{AT}.mailbox.url: must begin with https: credentials are sent there",
        ),
        (
            OAUTH + PATH + JMAP.replace("mail.core.example", "mail.other.example"),
            f"{AT}.mailbox.host: must be mail.core.example with account core, whose tokens are shown to no other"
            " server",
        ),
        (
            OAUTH + PATH + JMAP.replace(', account = "core"', ""),
            f"{AT}.mailbox: needs one of password, token, account",
        ),
        (
            OAUTH + PATH + JMAP.replace('account = "core"', 'password = "correct-horse"'),
            f'{AT}.mailbox.password: must be a reference, {{ env = "NAME" }} or {{ file = "path" }}: a secret is never'
            " in this file",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(tmp_path, text, monkeypatch)
    lines = [line.partition(": ")[2] for line in str(caught.value).splitlines()]
    assert expected in lines
    assert "correct-horse" not in str(caught.value).replace('password = "correct-horse"', "")


def test_two_companies_may_not_share_a_mailbox_by_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read(
            tmp_path, GOOGLE + PATH + MAILBOX + PATH.replace("companies.bolt", "companies.acme") + MAILBOX, monkeypatch
        )
    assert "each company needs its own mailbox" in str(caught.value)
