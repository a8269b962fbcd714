"""The message tracking of Cisco Secure Email: what a company's gateway did with a message."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService
from probes.outside import Outside
from probes.settings import Key
from probes.traces import Answers, TraceQuestion
from probes.traces.settings import ReceiverTrace


class CiscoTrace(ReceiverTrace):
    """The message tracking of Cisco Secure Email."""

    service: ClassVar[AccountService] = AccountService.CISCO
    lag: ClassVar[timedelta] = timedelta(
        minutes=3
    )  # longer than the minute in which a search cannot yet end; else assumed

    via: Literal["cisco"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "cisco"`.')

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.cisco_asking import examine

        return await examine(self.account_use, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.cisco_asking import ask

        return await ask(self.account_use, questions, outside)
