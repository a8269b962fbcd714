"""A mailbox at Google, read by Gmail's API: its settings. The visit is in `gmail_session`, imported for the first."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from probes.accounts import AccountService, AccountUse
from probes.mailboxes import MailboxSession, VisitedSettings
from probes.outside import Outside
from probes.settings import Address, Duration, Key, Switch, shown

TRASH: Final = "trash"


def _removal(value: Any) -> Any:
    if value is True or value is False or value == TRASH:
        return value
    raise ValueError(f'must be true, false or "trash", not {shown(value)}')


class GmailMailbox(VisitedSettings):
    """A mailbox at Google, read by Gmail's API. These fields are the config keys."""

    via: Literal["gmail"]
    account: Key = Field(description="The account of `[accounts.KEY]`, of the provider `google`.")
    user: Address = Field(description="The primary address of the mailbox's user.")
    poll: Duration = Field(timedelta(seconds=10), description="Interval of looks while probes are in flight.")
    remove: Annotated[bool | Literal["trash"], BeforeValidator(_removal)] = Field(
        TRASH,
        description='What becomes of probes after reading: `"trash"` moves them to the trash, `true` deletes them for'
        " good, for which the account needs all rights on the mailbox, `false` leaves them.",
    )
    bodies: Switch = Field(
        True, description="Read bodies. With `false`, and `remove = false`, the right to read headers is enough."
    )

    @model_validator(mode="after")
    def _least(self) -> "GmailMailbox":
        if not self.bodies and self.remove:
            raise ValueError("bodies = false requires remove = false: whoever may delete mail may read it too")
        return self

    @property
    def service(self) -> AccountService:
        """Return what the account's token must be good for: no more than the settings need."""
        if self.remove:
            return AccountService.GMAIL if self.remove is True else AccountService.GMAIL_TRASH
        return AccountService.GMAIL_READ if self.bodies else AccountService.GMAIL_HEADERS

    @property
    def account_use(self) -> AccountUse:
        """See `Mailbox`."""
        return AccountUse(self.account, self.user, service=self.service)

    @property
    def key(self) -> str:
        """The user."""
        return f"gmail:{self.user}"

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox."""
        from probes.mailboxes.gmail_session import visit

        return visit(self, outside)
