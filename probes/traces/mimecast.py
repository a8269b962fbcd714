"""Mimecast's tracking: what a company's gateway did with a message."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Key, Settings
from probes.traced import Side
from probes.traces import Answers, TraceQuestion


class MimecastTrace(Settings):
    """The search of Mimecast's tracking."""

    speaks_for: ClassVar[Side] = Side.RECEIVER

    via: Literal["mimecast"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "mimecast"`.')

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"mimecast:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, "", service=AccountService.MIMECAST)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`. Mimecast states no delay; this one is assumed."""
        return (timedelta(minutes=2),)

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return 1

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.mimecast_asking import examine

        return await examine(self.account_use, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.mimecast_asking import ask

        return await ask(self.account_use, questions, outside)
