"""A mailbox at Microsoft 365, read by Microsoft Graph."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from probes.accounts import AccountService, AccountUse
from probes.mailboxes import MailboxSession, VisitedSettings
from probes.mailboxes.imap_login import Name
from probes.outside import Outside
from probes.settings import Duration, Key, Switch, shown

WELL_KNOWN_INBOX, WELL_KNOWN_JUNK = "inbox", "junkemail"  # learn.microsoft.com/graph/api/resources/mailfolder


def _user(value: str) -> str:
    if "/" in value or value != value.strip():
        raise ValueError(
            f'must be the user\'s principal name or object id like "probe@acme.example", not {shown(value)}'
        )
    return value


class GraphMailbox(VisitedSettings):
    """A mailbox at Microsoft 365, read by Microsoft Graph. These fields are the config keys."""

    via: Literal["graph"]
    account: Key = Field(description="The account of `[accounts.KEY]`, of the provider `microsoft`.")
    user: Annotated[Name, AfterValidator(_user)] = Field(
        description="The mailbox's user principal name, mostly its address."
    )
    inbox: Name = Field(WELL_KNOWN_INBOX, description="The inbox folder: a well-known name of Graph, or a folder's id.")
    junk: Name = Field(WELL_KNOWN_JUNK, description="The junk folder: a well-known name of Graph, or a folder's id.")
    poll: Duration = Field(timedelta(seconds=10), description="Interval of looks while probes are in flight.")
    remove: Switch = Field(
        True, description="Delete probes after reading; if not, the account needs no right to write."
    )

    @model_validator(mode="after")
    def _two_folders(self) -> "GraphMailbox":
        if self.junk == self.inbox:
            raise ValueError("junk must be another folder than inbox")
        return self

    @property
    def account_use(self) -> AccountUse:
        """See `Mailbox`."""
        return AccountUse(self.account, self.user, service=AccountService.GRAPH, deletes=self.remove)

    @property
    def key(self) -> str:
        """User and folder."""
        folder = "" if self.inbox == WELL_KNOWN_INBOX else f"/{self.inbox}"
        return f"graph:{self.user.lower()}{folder}"

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox."""
        from probes.mailboxes.graph_session import visit

        return visit(self, outside)
