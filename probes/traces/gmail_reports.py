"""Google's Reports API: what Gmail did with a message, from the log that administrators see.

Its records name a message by its Message-ID, but no sender and no IP address: it tells of probes, not of real mail. One
question is one request for the recipient's own records, and a second one for all that was quarantined if there are
none.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Address, Key, Settings
from probes.traced import Side
from probes.traces import Answers, TraceQuestion


class GmailReportsTrace(Settings):
    """The Gmail log of Google's Reports API."""

    speaks_for: ClassVar[Side] = Side.RECEIVER

    via: Literal["gmail_reports"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "google"`.')
    admin: Address = Field(description="The administrator as whom it asks: one with the privilege Reports.")

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"gmail_reports:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, self.admin, service=AccountService.GMAIL_REPORTS)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`. Most of Google's logs are a couple of minutes late, without a promise:
        support.google.com/a/answer/7061566."""
        return (timedelta(minutes=3),)

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return 1

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.gmail_reports_asking import examine

        return await examine(self, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.gmail_reports_asking import ask

        return await ask(self, questions, outside)
