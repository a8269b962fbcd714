"""The kinds of mailboxes. A new kind costs one file and one line here."""

from typing import Annotated

from pydantic import Field

from probes.mailboxes import Mailbox
from probes.mailboxes.gmail import GmailMailbox
from probes.mailboxes.graph import GraphMailbox
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.inbound import InboundMailbox
from probes.mailboxes.jmap import JmapMailbox
from probes.mailboxes.maildir import MaildirMailbox
from probes.settings import kinds_by_via

MailboxSettings = Annotated[
    ImapMailbox
    | MaildirMailbox
    | InboundMailbox
    | GraphMailbox
    | GmailMailbox
    | JmapMailbox,
    Field(discriminator="via"),
]  # fmt: skip

MAILBOXES: dict[str, type[Mailbox]] = kinds_by_via(MailboxSettings)
"""The kinds by their name in the configuration."""
