"""The first account at a provider, as the pages for beginners show it: a configuration, and the steps that
`mailpath account setup` prints for it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.cli.account import lines_of
from monitor.config import read_config

MICROSOFT = """\
[accounts.acme365]
provider    = "microsoft"
tenant      = "acme.example"
client      = "11111111-2222-3333-4444-555555555555"      # the application (client) id
certificate = { file = "acme365.pem" }

[companies.acme]
trace = { via = "graph", account = "acme365" }            # leave it out if the company does not want that

[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "graph", account = "acme365", user = "probe@acme.example" }
"""
MICROSOFT_IMAP = """\
[accounts.acme365]
provider = "microsoft"
tenant   = "acme.example"
client   = "11111111-2222-3333-4444-555555555555"
secret   = { file = "/etc/mailpath/acme365-secret" }

[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "imap", host = "outlook.office365.com", user = "probe@acme.example", account = "acme365" }
"""
GOOGLE_CONSENT = """\
[accounts.bolt]
provider = "google"
client   = "123456-abc.apps.googleusercontent.com"
secret   = { file = "/etc/mailpath/bolt-secret" }
refresh  = { file = "/etc/mailpath/bolt-refresh" }

[companies.bolt.paths.hq]
to      = "probe@bolt.example"
route   = { via = "xclient", host = "192.0.2.30" }
mailbox = { via = "gmail", account = "bolt", user = "probe@bolt.example" }
"""
GOOGLE_KEY = """\
[accounts.bolt]
provider = "google"
key      = { file = "bolt.json" }

[companies.bolt]
trace = { via = "gmail_reports", account = "bolt", admin = "auditor@bolt.example" }

[companies.bolt.paths.hq]
to      = "probe@bolt.example"
route   = { via = "xclient", host = "192.0.2.30" }
mailbox = { via = "gmail", account = "bolt", user = "probe@bolt.example" }
"""


def microsoft() -> str:
    """Return it for a mailbox by Microsoft Graph, with the message trace."""
    return _shown(MICROSOFT, "powershell")


def microsoft_imap() -> str:
    """Return it for a mailbox at Microsoft 365 by IMAP."""
    return _shown(MICROSOFT_IMAP, "powershell")


def google_consent() -> str:
    """Return it for a mailbox at Google whose user consents."""
    return _shown(GOOGLE_CONSENT, "text")


def google_key() -> str:
    """Return it for a mailbox and the log of a domain at Google, by a service account."""
    return _shown(GOOGLE_KEY, "text")


def _shown(text: str, language: str) -> str:
    """Return the configuration and the steps of its account as blocks of code."""
    with TemporaryDirectory(prefix="mailpath-") as folder:
        file = Path(folder) / "config.toml"
        file.write_text(text)
        config = read_config(file, secrets_later=True)
    (name,) = config.accounts
    lines = "\n".join(lines_of(config, name))
    return f"```toml\n{text}```\n\n`mailpath account setup {name}` prints for it:\n\n```{language}\n{lines}\n```\n"
