"""The message tracking of Cisco Secure Email: what a company's gateway did with a message."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Key, Settings
from probes.traced import Side
from probes.traces import Answers, TraceQuestion


class CiscoTrace(Settings):
    """The message tracking of Cisco Secure Email."""

    speaks_for: ClassVar[Side] = Side.RECEIVER

    via: Literal["cisco"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "cisco"`.')

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"cisco:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, "", service=AccountService.CISCO)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`. Cisco states no delay; this one is assumed. It is longer than the minute in which a search
        cannot yet end."""
        return (timedelta(minutes=3),)

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return 1

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.cisco_asking import examine

        return await examine(self.account_use, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.cisco_asking import ask

        return await ask(self.account_use, questions, outside)
