"""Traces of mail gateways in the configuration: whose account each takes, and what is refused in which words."""

from base64 import b64encode
from pathlib import Path

import pytest

from monitor.config import Config, ConfigErrors, read_config
from probes.accounts import AccountService

CLOUDFLARE = """
[accounts.acme]
provider = "cloudflare"
account_id = "023e105f4ecef8ad9ca31a8372d0c353"
token = { env = "GATEWAY_SECRET" }
"""
MIMECAST = """
[accounts.acme]
provider = "mimecast"
client = "mailpath"
secret = { env = "GATEWAY_SECRET" }
"""
CISCO = """
[accounts.acme]
provider = "cisco"
url = "https://sma1.acme.example:4431"
appliance = "sma"
user = "mailpath"
password = { env = "GATEWAY_SECRET" }
"""
MAILGUN = """
[accounts.acne]
provider = "mailgun"
domain = "account.trimble.com"
key = { env = "GATEWAY_SECRET" }
"""
COMPANY = """
[companies.acme]
trace = { via = "cloudflare", account = "acme" }
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "box" }
"""


def read(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("GATEWAY_SECRET", "5ecret")
    (folder / "config.toml").write_text(text)
    return read_config(folder / "config.toml")


def test_a_companys_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, CLOUDFLARE + COMPANY, monkeypatch)
    (path,) = config.paths()
    (trace,) = path.traces
    assert (trace.key, trace.account_use.service) == ("cloudflare:acme", AccountService.CLOUDFLARE)
    account = config.accounts["acme"]
    base = "https://api.cloudflare.com/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353"
    assert account.base(AccountService.CLOUDFLARE) == base
    assert account.base(AccountService.IMAP) == account.base(AccountService.GRAPH) == ""
    assert "5ecret" not in repr(account)
    assert "5ecret" not in str(account.public_facts)


def test_a_companys_mimecast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, MIMECAST + COMPANY.replace("cloudflare", "mimecast"), monkeypatch)
    (trace,) = config.paths()[0].traces
    assert (trace.key, trace.account_use.service) == ("mimecast:acme", AccountService.MIMECAST)
    account = config.accounts["acme"]
    assert account.base(AccountService.MIMECAST) == "https://api.services.mimecast.com"
    assert account.base(AccountService.IMAP) == account.base(AccountService.CLOUDFLARE) == ""
    assert "5ecret" not in repr(account)
    assert "5ecret" not in str(account.public_facts)


def test_a_companys_cisco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = read(tmp_path, CISCO + COMPANY.replace("cloudflare", "cisco"), monkeypatch)
    (trace,) = config.paths()[0].traces
    assert (trace.key, trace.account_use.service) == ("cisco:acme", AccountService.CISCO)
    account = config.accounts["acme"]
    assert account.base(AccountService.CISCO) == "https://sma1.acme.example:4431/sma/api/v2.0"
    assert account.secrets == ("5ecret", b64encode(b"mailpath:5ecret").decode())  # none of them is in an error
    assert account.base(AccountService.IMAP) == account.base(AccountService.MIMECAST) == ""
    assert "5ecret" not in repr(account)
    assert "5ecret" not in str(account.public_facts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CLOUDFLARE + COMPANY.replace('account = "acme"', 'account = "acma"'),
            "companies.acme.trace.account: unknown account acma; did you mean acme?",
        ),
        (
            CLOUDFLARE + MAILGUN + COMPANY.replace('account = "acme"', 'account = "acne"'),
            'companies.acme.trace.account: must be an account with provider = "cloudflare", and acne has "mailgun"; did'
            " you mean acme?",
        ),
        (
            CLOUDFLARE + COMPANY + '[sender]\ntrace = { via = "cloudflare", account = "acme" }\n',
            "sender.trace.via: must",
        ),
        (MIMECAST + COMPANY, 'companies.acme.trace.account: must be an account with provider = "cloudflare", and acme'),
        (MIMECAST.replace("client", "cliemt"), "accounts.acme.cliemt: unknown key; expected one of client, "),
        (MIMECAST + 'url = "http://api.example"\n', "accounts.acme.url: must begin with https"),
        (CISCO + COMPANY, 'companies.acme.trace.account: must be an account with provider = "cloudflare", and acme'),
        (CISCO.replace("https", "http"), "accounts.acme.url: must begin with https"),
        (CISCO.replace(":4431", ":4431/sma/api/v2.0"), "accounts.acme.url: must be the appliance's address alone"),
        (CISCO.replace("sma1.", "mailpath:5ecret@sma1."), "accounts.acme.url: must not hold a user"),
        (CISCO.replace('"sma"', '"smA"'), "accounts.acme.appliance: must"),
        (CISCO.replace('"mailpath"', '"mail:path"'), "accounts.acme.user: must not hold a colon"),
        (CISCO.replace("appliance", "apliance"), "accounts.acme.apliance: unknown key"),
        (CISCO + 'ca_file = "nowhere.pem"\n', "accounts.acme.ca_file: "),
        (CLOUDFLARE.replace("023e", "x23e"), "accounts.acme.account_id: must"),
        (CLOUDFLARE.replace("account_id", "account"), "accounts.acme.account: unknown key"),
        (CLOUDFLARE + 'url = "http://api.example"\n', "accounts.acme.url: must begin with https"),
        (CLOUDFLARE.replace('{ env = "GATEWAY_SECRET" }', '"5ecret"'), "accounts.acme.token: must"),
    ],
)
def test_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: str) -> None:
    with pytest.raises(ConfigErrors) as found:
        read(tmp_path, text, monkeypatch)
    lines = [line.partition(": ")[2] for line in str(found.value).splitlines()]
    assert any(line.startswith(expected) for line in lines), lines
    assert "5ecret" not in str(found.value)


# -- several ----------------------------------------------------------------------------------------------------------

M365 = """
[accounts.acme365]
provider = "microsoft"
tenant = "acme.example"
client = "11111111-2222-3333-4444-555555555555"
secret = { env = "GATEWAY_SECRET" }
"""
BOTH = COMPANY.replace(
    'trace = { via = "cloudflare", account = "acme" }',
    'traces = [{ via = "cloudflare", account = "acme" }, { via = "graph", account = "acme365" }]',
)


def test_a_gateway_before_a_mail_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = read(tmp_path, CLOUDFLARE + M365 + BOTH, monkeypatch).paths()
    assert [trace.key for trace in path.traces] == ["cloudflare:acme", "graph:acme365"]


def test_a_path_has_its_own_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = BOTH + 'trace = { via = "graph", account = "acme365" }\n'
    (path,) = read(tmp_path, CLOUDFLARE + M365 + own, monkeypatch).paths()
    assert [trace.key for trace in path.traces] == ["graph:acme365"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            CLOUDFLARE + BOTH,
            "companies.acme.traces.account: unknown account acme365; did you mean acme?",
        ),
        (
            CLOUDFLARE + M365 + BOTH.replace('"graph", account = "acme365"', '"cloudflare", account = "acme"'),
            "companies.acme.traces: has two of cloudflare; write one of each kind",
        ),
        (
            CLOUDFLARE + M365 + BOTH.replace("traces =", 'trace = { via = "graph", account = "acme365" }\ntraces ='),
            "companies.acme.traces: stands beside trace; write one of them",
        ),
        (
            CLOUDFLARE + M365 + BOTH.replace('account = "acme365"', 'acount = "acme365"'),
            "companies.acme.traces.acount: unknown key",
        ),
        (
            CLOUDFLARE + MAILGUN + BOTH.replace('"graph", account = "acme365"', '"mailgun", account = "acne"'),
            "companies.acme.traces.via: must be",
        ),
    ],
)
def test_errors_in_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    with pytest.raises(ConfigErrors) as errors:
        read(tmp_path, text, monkeypatch)
    assert words in str(errors.value)
