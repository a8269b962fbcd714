"""Accounts in the configuration: each provider's keys, what is refused in which words, and that no secret is shown."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args

import pytest

from monitor.config import Config, ConfigErrors, read_config
from monitor.config.secret_values import secret_values
from monitor.doctor.config_warnings import config_warnings
from monitor.web.pages.config_view import tables
from probes.accounts.google import GoogleAccount
from probes.accounts.microsoft import IDENTITY_URL, MicrosoftAccount
from probes.accounts.oauth import OAuthAccount
from probes.accounts.table import ProviderSettings
from probes.settings import missing_secrets
from tests.support.client_keys import certificate, ec_key, google_key_file, pem, rsa_key

SECRET = "correct-horse-battery"
APP = 'tenant = "acme.example"\nclient = "11111111-2222-3333-4444-555555555555"\n'
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With files of all kinds of credentials."""
    monkeypatch.setenv("SECRET", SECRET)
    key, other, short = rsa_key(), ec_key(), rsa_key(1024)
    files = {
        "app.pem": certificate(key) + pem(key),
        "ec.pem": certificate(other) + pem(other),
        "short.pem": certificate(short) + pem(short),
        "alone.pem": pem(key),
        "strange.pem": certificate(key) + pem(other),
        "broken.pem": certificate(key)
        + f"-----BEGIN PRIVATE KEY-----\n{SECRET.replace('-', '')}\n-----END PRIVATE KEY-----\n",
        "sa.json": google_key_file(key),
        "elsewhere.json": google_key_file(key, token_uri="https://evil.example/token"),
        "no-mail.json": google_key_file(key, client_email=None),
        "user.json": google_key_file(key, type="authorized_user"),
        "half.json": google_key_file(key)[:200],
        "bad-key.json": google_key_file(key, private_key=SECRET),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def read(folder: Path) -> Any:
    """Reads a configuration with the account "acme" of these keys, and perhaps more."""

    def read(account: str, more: str = "") -> Config:
        text = f"[accounts.acme]\n{dedent(account)}\n{dedent(more)}"
        (folder / "config.toml").write_text(text)
        return read_config(folder / "config.toml")

    return read


@pytest.fixture
def errors(read: Any) -> Any:
    """The errors of such a configuration, without file and line."""

    def errors(account: str, more: str = "") -> list[str]:
        with pytest.raises(ConfigErrors) as found:
            read(account, more)
        text = str(found.value)
        assert SECRET not in text
        assert "PRIVATE KEY" not in text
        return [line.partition(": ")[2] for line in text.splitlines()]

    return errors


MAILBOX = """
    [companies.acme.paths.hq]
    to = "probe@acme.example"
    route = { via = "direct" }
    mailbox = { via = "imap", host = "outlook.office365.com", user = "probe@acme.example", account = "acme" }
"""
MICROSOFT = f'provider = "microsoft"\n{APP}secret = {{ env = "SECRET" }}'


OWN = 'token_url = "https://id.acme.example/token"\nclient = "mailpath"\nmail_servers = ["imap.acme.example"]\n'


# -- what is right ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "grant"),
    [
        (f'{APP}secret = {{ env = "SECRET" }}', "client_credentials"),
        (f'{APP}certificate = {{ file = "app.pem" }}', "client_credentials"),
        (f'{APP}refresh = {{ env = "SECRET" }}', "refresh_token"),
        (f'{APP}refresh = {{ env = "SECRET" }}\nsecret = {{ env = "SECRET" }}', "refresh_token"),
    ],
)
def test_microsoft(read: Any, keys: str, grant: str) -> None:
    account = read(f'provider = "microsoft"\n{keys}', MAILBOX).accounts["acme"]
    assert isinstance(account, MicrosoftAccount)
    request = account.request("probe@acme.example", NOW, "")
    assert request.url == "https://login.microsoftonline.com/acme.example/oauth2/v2.0/token"
    assert request.form["grant_type"] == grant
    host = "outlook.office.com" if grant == "refresh_token" else "outlook.office365.com"
    assert request.form["scope"].startswith(f"https://{host}/")
    assert request.asserts is ("certificate" in keys)
    assert account.hosts == ("outlook.office365.com",)


def test_a_managed_identity(read: Any) -> None:
    account = read('provider = "microsoft"\nmanaged = true\ncloud = "china"').accounts["acme"]
    request = account.request("x", NOW, "")
    assert (request.method, request.body, dict(request.headers)) == ("GET", None, {"Metadata": "true"})
    assert request.url == f"{IDENTITY_URL}?api-version=2018-02-01&resource=https%3A%2F%2Fpartner.outlook.cn"


@pytest.mark.parametrize(
    ("cloud", "sign_in", "mail"),
    [
        ("us_gov", "login.microsoftonline.us", "outlook.office365.us"),
        ("us_dod", "login.microsoftonline.us", "outlook-dod.office365.us"),
        ("china", "login.partner.microsoftonline.cn", "partner.outlook.cn"),
    ],
)
def test_both_hosts_of_a_cloud(read: Any, cloud: str, sign_in: str, mail: str) -> None:
    account = read(f'{MICROSOFT}\ncloud = "{cloud}"').accounts["acme"]
    request = account.request("x", NOW, "")
    assert request.url.startswith(f"https://{sign_in}/")
    assert request.form["scope"] == f"https://{mail}/.default"
    assert account.hosts == (mail,)


def test_google(read: Any) -> None:
    account = read('provider = "google"\nkey = { file = "sa.json" }').accounts["acme"]
    assert isinstance(account, GoogleAccount)
    assert (account.per_user, account.refreshes, account.hosts) == (True, False, ("imap.gmail.com",))
    assert account.request("probe@acme.example", NOW, "").url == "https://oauth2.googleapis.com/token"
    keys = 'client = "c"\nsecret = { env = "SECRET" }\nrefresh = { env = "SECRET" }'
    account = read(f'provider = "google"\n{keys}').accounts["acme"]
    assert (account.per_user, account.refreshes) == (False, True)


def test_a_server_of_our_own(read: Any) -> None:
    keys = 'token_url = "https://id.acme.example/token"\nclient = "mailpath"\nmail_servers = ["imap.acme.example"]\n'
    account = read(f'provider = "oauth"\n{keys}scope = "imap mail"\ncertificate = {{ file = "ec.pem" }}').accounts[
        "acme"
    ]
    assert isinstance(account, OAuthAccount)
    assert account.request("x", NOW, "").form["scope"] == "imap mail"
    assert account.certificate_ends_at is not None
    assert account.certificate_ends_at - datetime.now(UTC) > timedelta(days=29)


# -- what is wrong ----------------------------------------------------------------------------------------------------


BOTH = "must not have both {} and {}; keep one of them"
NO_TENANT = 'must be a tenant\'s domain or id like "acme.onmicrosoft.com", not '
NO_CLIENT = 'must be the application (client) id like "11111111-2222-3333-4444-555555555555", not '
NO_REFERENCE = 'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'
NO_KEY_FILE = 'must be the JSON file of a service account\'s key, with "type": "service_account"'
ELSEWHERE = "names another token_uri than Google's, https://oauth2.googleapis.com/token; create the key file anew"
PROVIDERS = ", ".join(
    get_args(kind.model_fields["provider"].annotation)[0] for kind in get_args(get_args(ProviderSettings)[0])
)
SENT_THERE = "must begin with https: credentials are sent there"


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ("", ".provider", f"missing; expected one of {PROVIDERS}"),
        ('provider = "gogle"', ".provider",
         f'must be one of {PROVIDERS}, not "gogle"; did you mean google?'),
        (f'provider = "microsoft"\n{APP}', "", "needs one of secret, certificate, refresh, managed"),
        (f'{MICROSOFT}\ncertificate = {{ file = "app.pem" }}', "", BOTH.format("secret", "certificate")),
        (f"{MICROSOFT}\nmanaged = true", "", BOTH.format("managed", "secret")),
        ('provider = "microsoft"\nsecret = { env = "SECRET" }', "", "needs tenant and client"),
        (MICROSOFT.replace('"acme.example"', '"common"'), ".tenant", f'{NO_TENANT}"common"'),
        (MICROSOFT.replace('"acme.example"', '"a/../b"'), ".tenant", f'{NO_TENANT}"a/../b"'),
        (MICROSOFT.replace("-555555555555", ""), ".client", f'{NO_CLIENT}"11111111-2222-3333-4444"'),
        (f'provider = "microsoft"\n{APP}secret = "{SECRET}"', ".secret", NO_REFERENCE),
        (f"{MICROSOFT}\nbudget.per_5_minutes = 0", ".budget.per_5_minutes", "must be a whole number from 1 to"
         " 1000000000, not 0"),
        ('provider = "google"', "", "needs key, or all of client, secret, refresh"),
        ('provider = "google"\nkey = { file = "sa.json" }\nclient = "c"', "", BOTH.format("key", "client")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_account(errors: Any, keys: str, where: str, words: str) -> None:
    assert errors(keys) == [f"accounts.acme{where}: {words}"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("ec.pem", "must have an RSA key; Entra ID takes no other"),
        ("short.pem", "an RSA key of 1024 bits is too short; use 2048 or more"),
        ("alone.pem", "must hold a certificate and its private key, both in PEM"),
        ("strange.pem", "holds a private key that does not belong to its certificate"),
        ("broken.pem", "holds a private key that cannot be read"),
        ("sa.json", "holds a certificate that cannot be read"),
    ],
)
def test_what_is_wrong_with_a_certificate(errors: Any, folder: Path, file: str, words: str) -> None:
    if file == "sa.json":
        broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        (folder / file).write_text(broken + (folder / "alone.pem").read_text())
    keys = f'provider = "microsoft"\n{APP}certificate = {{ file = "{file}" }}'
    assert errors(keys) == [f"accounts.acme.certificate: {words}"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("elsewhere.json", ELSEWHERE),
        ("no-mail.json", "has no client_email; create the key file anew"),
        ("user.json", NO_KEY_FILE),
        ("half.json", NO_KEY_FILE),
        ("app.pem", NO_KEY_FILE),
        ("bad-key.json", "holds a private key that cannot be read"),
    ],
)
def test_what_is_wrong_with_a_key_file(errors: Any, file: str, words: str) -> None:
    assert errors(f'provider = "google"\nkey = {{ file = "{file}" }}') == [f"accounts.acme.key: {words}"]


@pytest.mark.parametrize(
    ("changed", "where", "words"),
    [
        (("https:", "http:"), "token_url", SENT_THERE),
        (('["imap.acme.example"]', "[]"), "mail_servers", "must contain at least 1, not 0"),
        (('"mailpath"', '"mail path"'), "client", "must be one word of printable ASCII characters"),
    ],
)
def test_what_is_wrong_with_a_server_of_our_own(errors: Any, changed: tuple[str, str], where: str, words: str) -> None:
    keys = f'provider = "oauth"\n{OWN}secret = {{ env = "SECRET" }}'
    assert errors(keys.replace(*changed)) == [f"accounts.acme.{where}: {words}"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (('account = "acme"', 'account = "akme"'), "mailbox.account: unknown account akme; did you mean acme?"),
        (('account = "acme"', 'account = "x"'), "mailbox.account: unknown account x; add [accounts.x]"),
        (('account = "acme"', 'account = "acme", password = { env = "SECRET" }'),
         "mailbox.password: must not stand beside account; keep one of them"),
        ((', account = "acme"', ""),
         "mailbox.password: missing; expected: the mailbox's password. Either it or `account` is required"),
        (('account = "acme"', 'account = "acme", tls = "none"'),
         'mailbox.account: requires tls = "implicit" or "starttls": a token is not sent in the clear'),
        (("outlook.office365.com", "imap.evil.example"),
         "mailbox.host: must be outlook.office365.com with account acme, whose tokens are shown to no other server"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_mailbox(errors: Any, changed: tuple[str, str], words: str) -> None:
    assert errors(MICROSOFT, MAILBOX.replace(*changed)) == [f"companies.acme.paths.hq.{words}"]


def test_an_account_with_an_error_is_there_all_the_same(errors: Any) -> None:
    assert errors(MICROSOFT + "\ncolour = 1", MAILBOX) == [
        "accounts.acme.colour: unknown key; expected one of budget, tenant, client, secret, certificate, refresh, "
        "managed, cloud, ca_file; did you mean cloud?"
    ]


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_no_secret_is_on_the_page_of_the_configuration(read: Any, folder: Path) -> None:
    config = read(f'provider = "microsoft"\n{APP}certificate = {{ file = "app.pem" }}\nrefresh = {{ env = "SECRET" }}')
    shown = repr(tables(config, None))
    assert "accounts.acme" in shown
    for hidden in (SECRET, "PRIVATE KEY"):
        assert hidden not in shown
        assert hidden not in repr(config)
    assert {SECRET, (folder / "app.pem").read_text().rstrip("\n")} <= {*secret_values(config)}
    assert "acme.example" not in repr(tables(config, ("bolt",)))


def test_an_account_that_nobody_uses_is_warned_about(read: Any, folder: Path) -> None:
    def warned(config: Config) -> list[str]:
        return [each for each in config_warnings(folder / "config.toml", config) if "accounts" in each]

    assert warned(read(MICROSOFT, MAILBOX)) == []
    [words] = warned(read(MICROSOFT))
    assert words.startswith("nobody uses the accounts acme; ")


def test_a_secret_may_be_missing_until_it_is_used(folder: Path) -> None:
    text = f'[accounts.acme]\nprovider = "microsoft"\n{APP}certificate = {{ file = "none.pem" }}'
    (folder / "config.toml").write_text(text)
    config = read_config(folder / "config.toml", secrets_later=True)
    assert [*missing_secrets(config.accounts)] == [
        'the secret file "none.pem" cannot be read: No such file or directory'
    ]
