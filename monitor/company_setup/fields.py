"""The fields of each kind of route and mailbox, as a table. A test holds it to the schema of the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class SecretPlace(StrEnum):
    """Places of a secret."""

    FILE = "file"
    ENV = "env"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `name` is the key of the configuration. `choices`: its words, none for free text; `default` is
    written into the form, not into the file. `account_of`: it names an account at this provider; `is_address`: it is
    usually the address of the probes."""

    name: str
    label: str
    hint: str = ""
    default: str = ""
    example: str = ""
    number: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()
    account_of: str = ""
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class KindForm:
    """One kind of route or mailbox. `secret`: the key of its secret, "" if it has none; `guide`: the page of the
    documentation that leads through it."""

    label: str
    says: str
    fields: tuple[FormField, ...] = ()
    secret: str = ""
    guide: str = ""


_GATEWAY = FormField("host", "Gateway", "Host name or IP address of the company's gateway.", example="192.0.2.10")
_PORT = FormField("port", "Port", "Of the listener for Mailpath, never the public one.", "10525", number=True)

ROUTE_FORMS: Mapping[str, KindForm] = {
    "xclient": KindForm(
        "Through the company's gateway, by XCLIENT",
        "The gateway trusts Mailpath's machine to state the sender's address. No mail leaves the company.",
        (_GATEWAY, _PORT),
    ),
    "proxy": KindForm(
        "Through the company's gateway, by a PROXY header",
        "A listener of the gateway takes the sender's address from a PROXY header.",
        (_GATEWAY, _PORT),
    ),
    "relay": KindForm(
        "Through the sender's own mail service",
        "The probe takes the whole way of real mail, from the real source IP.",
        (
            FormField("host", "Mail service", "Its submission host.", example="smtp.mailservice.example"),
            FormField("port", "Port", default="587", number=True, required=False),
            FormField("user", "User", "Of the account that may send for the sender."),
        ),
        "password",
    ),
    "direct": KindForm(
        "From this machine, which has the source IP",
        "Straight to the company's MX, as real mail goes.",
    ),
    "scan": KindForm(
        "Ask the company's content filter only",
        "The filter says what it thinks of the message. Nothing is delivered, and no mailbox is needed.",
        (
            FormField("engine", "Filter", choices=("rspamd", "spamassassin")),
            FormField("host", "Host", "Of the filter.", example="192.0.2.12"),
            FormField("port", "Port", "Empty: 11333 for rspamd, 783 for spamd.", number=True, required=False),
        ),
    ),
}  # fmt: skip

MAILBOX_FORMS: Mapping[str, KindForm] = {
    "imap": KindForm(
        "IMAP",
        "Any server with a login and a password.",
        (
            FormField("host", "IMAP server", example="imap.acme.example"),
            FormField("port", "Port", "Empty: 993.", number=True, required=False),
            FormField("tls", "Encryption", choices=("implicit", "starttls", "none"), required=False),
            FormField("user", "User", "The login name of the mailbox.", is_address=True),
        ),
        "password",
    ),
    "graph": KindForm(
        "Microsoft 365",
        "By Microsoft Graph, with an account of the company's tenant.",
        (
            FormField("account", "Account", account_of="microsoft"),
            FormField("user", "Mailbox", "Its address.", is_address=True),
        ),
        guide="/docs/start/microsoft-365",
    ),
    "gmail": KindForm(
        "Google Workspace",
        "By Gmail's API, with an account of the company's domain.",
        (
            FormField("account", "Account", account_of="google"),
            FormField("user", "Mailbox", "The primary address of its user.", is_address=True),
        ),
        guide="/docs/start/google",
    ),
    "jmap": KindForm(
        "JMAP",
        "Fastmail, Cyrus, Stalwart and others.",
        (
            FormField("host", "JMAP server", example="jmap.acme.example"),
            FormField("user", "User", "The login name of the mailbox.", is_address=True),
        ),
        "password",
        "/docs/start/jmap",
    ),
    "maildir": KindForm(
        "Maildir on this machine",
        "A folder with cur, new and tmp that Mailpath may read and write.",
        (FormField("path", "Folder", "Its full path.", example="/var/mail/probe/Maildir"),),
    ),
    "inbound": KindForm(
        "Forwarded copies",
        "The mailbox forwards or journals the probes to Mailpath's listener.",
        (FormField("address", "Address at the listener", example="acme@probe.example"),),
        guide="/docs/start/inbound",
    ),
}  # fmt: skip


def secret_reference(key: str, purpose: str, place: str) -> dict[str, str]:
    """Return the reference to a secret of this company. It follows from the key, which has no dots and no capitals: no
    company's can be another's."""
    if place == SecretPlace.ENV:
        return {"env": f"MAILPATH_{key.upper().replace('-', 'x')}_{purpose.upper()}"}
    return {"file": f"secrets/{key}.{purpose}"}
