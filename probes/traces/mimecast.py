"""Mimecast's tracking: what a company's gateway did with a message."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService
from probes.outside import Outside
from probes.settings import Key
from probes.traces import Answers, TraceQuestion
from probes.traces.settings import ReceiverTrace


class MimecastTrace(ReceiverTrace):
    """The search of Mimecast's tracking."""

    service: ClassVar[AccountService] = AccountService.MIMECAST
    lag: ClassVar[timedelta] = timedelta(minutes=2)  # assumed: Mimecast states no delay

    via: Literal["mimecast"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "mimecast"`.')

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.mimecast_asking import examine

        return await examine(self.account_use, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.mimecast_asking import ask

        return await ask(self.account_use, questions, outside)
