"""Misleading answers of IMAP servers: what each means, and what to do. A table of sourced rows."""

from typing import NamedTuple


class ImapSaying(NamedTuple):
    """Words of a server, in lower case, and what they mean with the remedy."""

    words: str
    meaning: str


SAYINGS = (
    # Exchange Online answers AUTHENTICATE with OK and the next command with BAD: jstedfast/MailKit#1494 and #1496,
    # simonrob/email-oauth2-proxy#74 and #275, postalsys/imapflow#314
    ImapSaying(
        "user is authenticated but not connected",
        "Exchange accepted the login but does not open this mailbox to it: for an account of an application grant"
        " Add-MailboxPermission -Identity MAILBOX -User SERVICE-PRINCIPAL -AccessRights FullAccess, which takes effect"
        " after up to an hour; check that `user` is the mailbox's own address, that it has a licence, and that IMAP is"
        " on for it (Set-CASMailbox -ImapEnabled $true)",
    ),
)


def explanation(text: str) -> str:
    """Return the meaning of what a server said, as a continuation of it; "" if it needs none."""
    lower = text.lower()
    return next((f"; {saying.meaning}" for saying in SAYINGS if saying.words in lower), "")
