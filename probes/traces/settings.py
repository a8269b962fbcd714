"""Settings that traces have in common. A kind overrides what is different about it."""

from datetime import timedelta
from typing import ClassVar

from probes.accounts import AccountService, AccountUse
from probes.settings import Key, Settings
from probes.traced import Side


class ReceiverTrace(Settings):
    """A trace of the company's mail system or gateway: asked late, and about one message with each request."""

    speaks_for: ClassVar[Side] = Side.RECEIVER
    service: ClassVar[AccountService]
    lag: ClassVar[timedelta]
    """The time after which its log usually has a message."""

    via: str
    account: Key

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"{self.via}:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, "", service=self.service)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`."""
        return (self.lag,)

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return 1
