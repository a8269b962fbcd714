"""The kinds of mailboxes. A new kind costs one file and one line here."""

from typing import Annotated

from pydantic import Field

from probes.mailboxes import Mailbox
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.inbound import InboundMailbox
from probes.mailboxes.maildir import MaildirMailbox

MAILBOXES: dict[str, type[Mailbox]] = {"imap": ImapMailbox, "maildir": MaildirMailbox, "inbound": InboundMailbox}

MailboxSettings = Annotated[ImapMailbox | MaildirMailbox | InboundMailbox, Field(discriminator="via")]
