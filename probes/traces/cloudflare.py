"""Cloudflare Email Security: what a company's gateway, or the filter beside its mail system, did with a message."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from probes.accounts import AccountService, AccountUse
from probes.outside import Outside
from probes.settings import Key, Settings
from probes.traced import Side
from probes.traces import Answers, TraceQuestion


class CloudflareTrace(Settings):
    """The search for messages of Cloudflare Email Security."""

    speaks_for: ClassVar[Side] = Side.RECEIVER

    via: Literal["cloudflare"]
    account: Key = Field(description='The account of `[accounts.KEY]`, with `provider = "cloudflare"`.')

    @property
    def key(self) -> str:
        """See `Trace`."""
        return f"cloudflare:{self.account}"

    @property
    def account_use(self) -> AccountUse:
        """See `Trace`."""
        return AccountUse(self.account, "", service=AccountService.CLOUDFLARE)

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """See `Trace`. Cloudflare states no delay; this one is assumed."""
        return (timedelta(minutes=2),)

    @property
    def most_questions(self) -> int:
        """See `Trace`."""
        return 1

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """See `Trace`."""
        from probes.traces.cloudflare_asking import examine

        return await examine(self.account_use, outside)

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """See `Trace`."""
        from probes.traces.cloudflare_asking import ask

        return await ask(self.account_use, questions, outside)
