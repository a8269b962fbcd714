"""Remedies for errors of Gmail's API: rows, each with its source."""

GMAIL_REMEDIES: tuple[tuple[str, str], ...] = (  # words of an error in lower case, the remedy; first hit wins
    # developers.google.com/workspace/gmail/api/guides/handle-errors, and the scopes of each method in the discovery
    # document of 5 October 2026
    (
        "insufficient authentication scopes",
        'give the token the right that `remove` needs: gmail.modify for "trash", https://mail.google.com/ for true,'
        " gmail.readonly for false",
    ),
    ("insufficient permission", "give the token the right that `remove` needs, see `docs/start/google.md`"),
    # "Gmail API has not been used in project N before or it is disabled", reason accessNotConfigured
    ("has not been used in project", "enable the Gmail API in the account's project in the Google Cloud console"),
    ("delegation denied", "check `user`: the token is another user's"),
    ("mail service not enabled", "turn Gmail on for this user in the Google Admin console"),
    ("failedprecondition", "turn Gmail on for this user in the Google Admin console"),
)
