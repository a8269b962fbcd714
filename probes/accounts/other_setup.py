"""The steps of administrators at Google, at Mailgun, and of an OAuth 2 server of a company's own: sourced rows."""

from datetime import date

from probes.accounts import AccountService
from probes.accounts.google import SCOPES
from probes.accounts.setup import SetupStep
from probes.mailsystems.remedy import Certainty, FactSource

_SERVICE_ACCOUNTS = FactSource(
    "Using OAuth 2.0 for server to server applications",
    date(2026, 11, 28),
    "https://developers.google.com/identity/protocols/oauth2/service-account",
    Certainty.SECONDARY,
    "The menus were not seen; the requests are those of Google's own library.",
)
_CONSENT = FactSource(
    "Using OAuth 2.0 for web server applications",
    date(2026, 11, 28),
    "https://developers.google.com/identity/protocols/oauth2/web-server",
    Certainty.MEMORY,
)
_IMAP = FactSource(
    "OAuth 2.0 mechanism of Gmail",
    date(2026, 11, 28),
    "https://developers.google.com/workspace/gmail/imap/xoauth2-protocol",
    Certainty.MEMORY,
)
_RFC = FactSource("RFC 6749 and RFC 7523", date(2026, 12, 1), "https://www.rfc-editor.org/rfc/rfc7523")
_MAILGUN = FactSource(
    "Mailgun: API keys and their roles", date(2026, 11, 28), "https://documentation.mailgun.com", Certainty.SECONDARY
)

GOOGLE_RIGHTS: dict[AccountService, str] = {
    AccountService.IMAP: "Read, change and delete all mail by IMAP",
    AccountService.GMAIL: "Read and delete mail for good by Gmail's API (`remove = true`)",
    AccountService.GMAIL_TRASH: "Read mail and move it to the trash by Gmail's API",
    AccountService.GMAIL_READ: "Read mail by Gmail's API",
    AccountService.GMAIL_HEADERS: "Read header fields of mail by Gmail's API, and no text",
    AccountService.GMAIL_REPORTS: "Read the audit log of Gmail, as an administrator with that right",
}
"""The services of a Google account, and what their scopes allow."""

_API = "In the Google Cloud console enable the Gmail API in the project."
GOOGLE_FIRST: dict[AccountService, tuple[str, ...]] = {
    AccountService.IMAP: (),
    AccountService.GMAIL: (_API,),
    AccountService.GMAIL_TRASH: (_API,),
    AccountService.GMAIL_READ: (_API,),
    AccountService.GMAIL_HEADERS: (_API,),
    AccountService.GMAIL_REPORTS: (
        "In the Google Cloud console enable the Admin SDK API in the project.",
        "In the Google Admin console, under Account, Admin roles, create a role with the privilege Reports and nothing"
        " else, and assign it to {users}.",
    ),
}
"""What has to be done before the right can be given."""

GOOGLE_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Let the user of the mailbox consent",
        frozenset({"refresh"}),
        (
            "In the Google Cloud console create a project of the company, with an OAuth consent screen of the type"
            " Internal, and an OAuth client; its id is `client`, its secret `secret`. Of an app that is External and in"
            " testing a refresh token ends after seven days.",
        ),
        _CONSENT,
    ),
    SetupStep(
        "Create a service account",
        frozenset({"key"}),
        (
            "In the Google Cloud console create a service account without any role, and a key of the type JSON for it;"
            " store the file where `key` refers to.",
        ),
        _SERVICE_ACCOUNTS,
        "None yet.",
    ),
    *(
        SetupStep(
            f"Let the user consent: {what}",
            frozenset({service.value, "refresh"}),
            (
                *GOOGLE_FIRST[service],
                f"Let the user ({{users}}) sign in and consent to the one scope {SCOPES[service]}, and store the"
                " refresh token where `refresh` refers to. For several of these steps the user consents once to"
                " all scopes.",
            ),
            _CONSENT,
            f"{what}; of the one user who consents. Google has no smaller scope for it.",
        )
        for service, what in GOOGLE_RIGHTS.items()
    ),
    *(
        SetupStep(
            f"Delegate to the service account: {what}",
            frozenset({service.value, "key"}),
            (
                *GOOGLE_FIRST[service],
                "In the Google Admin console, under Security, API controls, Domain-wide delegation, add `client_id` of"
                f" the key file with the scope {SCOPES[service]}, and no scope that no step here names.",
            ),
            _SERVICE_ACCOUNTS,
            f"{what}; of EVERY user of the domain, for whoever has the key: Google cannot limit delegation to"
            " {users}. Prefer the consent of the mailbox's own user (`client`, `secret`, `refresh`), which reaches one"
            " mailbox only.",
        )
        for service, what in GOOGLE_RIGHTS.items()
    ),
    SetupStep(
        "Turn on IMAP",
        frozenset({"imap"}),
        ("In the Google Admin console, under Apps, Gmail, End User Access, IMAP must be on for {users}.",),
        _IMAP,
    ),
)

OAUTH_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Register the client",
        frozenset({"own_server"}),
        (
            "At the server of {token_url} register the client {client}. Let its tokens live about an hour, and be valid"
            " for the mail server alone (audience).",
        ),
        _RFC,
    ),
    SetupStep(
        "Let it prove itself by its secret",
        frozenset({"secret"}),
        ("Allow client_secret_basic, and store the secret where `secret` refers to.",),
        _RFC,
    ),
    SetupStep(
        "Let it prove itself by its certificate",
        frozenset({"certificate"}),
        (
            "Allow private_key_jwt with PS256 (ES256 for a key for P-256), and register the certificate's public key."
            " The audience of its assertions is {token_url}.",
        ),
        _RFC,
    ),
    SetupStep(
        "Let it act for itself",
        frozenset({"acts_for_itself"}),
        ("Allow the grant client_credentials and no other.",),
        _RFC,
        "Whatever the mail server opens to its tokens: let that be {users} only.",
    ),
    SetupStep(
        "Let the user of the mailbox consent",
        frozenset({"refresh"}),
        ("Let the user consent once, and store the refresh token where `refresh` refers to.",),
        _RFC,
        "The mailbox of the user who consents.",
    ),
)

MAILGUN_SETUP: tuple[SetupStep, ...] = (
    SetupStep(
        "Create an API key that reads",
        frozenset({"key"}),
        (
            "In Mailgun, under API keys, create a key with the role analyst, and store it where `key` refers to. The"
            " sending key of a domain cannot read.",
        ),
        _MAILGUN,
        "Reads logs, suppressions and IP addresses of the whole account; sends and changes nothing.",
    ),
    SetupStep(
        "If you like: let Mailgun say at once that there is news",
        frozenset({"key"}),
        (
            "In Mailgun, under Sending, Webhooks, add for delivered and for permanent failure the address of your pages"
            " with /hooks/mailgun/{account} behind it. Store the webhook signing key where `signing_key` refers to.",
        ),
        _MAILGUN,
    ),
)
