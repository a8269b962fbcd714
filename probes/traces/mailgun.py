"""Mailgun's log: what the sender's own service was answered for each message that it sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Key, Settings
from probes.traced import Side
from probes.traces import AddressLog, Answers, SentMail, TraceQuestion

MAX_QUESTIONS = 10  # of one request


class MailgunTrace(Settings):
    """The log of the sender's account at Mailgun."""

    speaks_for: ClassVar[Side] = Side.SENDER

    via: Literal["mailgun"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "mailgun"`.')

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"mailgun:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, "", service=AccountService.MAILGUN)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`. Refusals are in the log within seconds."""
        return tuple(timedelta(seconds=each) for each in (5, 15, 45, 150))

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return MAX_QUESTIONS

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.mailgun_log import ask

        return await ask(self.account_use, questions, outside)

    async def about(self, address: str, since: datetime, outside: Outside) -> AddressLog:
        """See `SentMailLog`."""
        from probes.traces.mailgun_log import about

        return await about(self.account_use, address, since, outside)

    async def sent(self, since: datetime, outside: Outside) -> tuple[Sequence[SentMail], datetime | None]:
        """See `SentMailLog`."""
        from probes.traces.mailgun_log import sent

        return await sent(self.account_use, since, outside)

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.mailgun_log import examine

        return await examine(self.account_use, source_ip, outside)
