"""Exchange Online's message trace by Microsoft Graph: what the company's own mail system did with a message.

One question is one request, as `$filter` takes one value of each property; a second one asks why where a message was
kept from the reader. The tenant's requests are few, and shared with everybody in it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Key, Switch
from probes.traces import Answers, TraceQuestion
from probes.traces.settings import ReceiverTrace


class GraphTrace(ReceiverTrace):
    """The message trace of Exchange Online."""

    service: ClassVar[AccountService] = AccountService.GRAPH_TRACE
    lag: ClassVar[timedelta] = timedelta(minutes=5)  # assumed: Microsoft names none

    via: Literal["graph"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "microsoft"`.')

    defender: Switch = Field(
        False,
        description="Ask Defender for Office 365 too, which needs its Plan 2, why a probe was kept from its reader.",
    )

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(
            self.account, "", service=AccountService.GRAPH_TRACE, rights=("defender",) if self.defender else ()
        )

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.graph_asking import examine

        return await examine(self, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.graph_asking import ask

        return await ask(self, questions, outside)
