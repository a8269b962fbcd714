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
from probes.settings import Address, Key
from probes.traces import Answers, TraceQuestion
from probes.traces.settings import ReceiverTrace


class GmailReportsTrace(ReceiverTrace):
    """The Gmail log of Google's Reports API."""

    service: ClassVar[AccountService] = AccountService.GMAIL_REPORTS
    lag: ClassVar[timedelta] = timedelta(minutes=3)  # most logs: support.google.com/a/answer/7061566

    via: Literal["gmail_reports"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "google"`.')
    admin: Address = Field(description="The administrator as whom it asks: one with the privilege Reports.")

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, self.admin, service=AccountService.GMAIL_REPORTS)

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.gmail_reports_asking import examine

        return await examine(self, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.gmail_reports_asking import ask

        return await ask(self, questions, outside)
