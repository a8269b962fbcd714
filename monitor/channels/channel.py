"""The protocol of a notification channel."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from monitor.notices.notice import Notice
from probes import http
from probes.http import HttpReply, refusal
from probes.outside import Outside

TIMEOUT = http.TIMEOUT
REPEAT = 60.0  # seconds between two calls of `repeat`


class DeliveryResult(NamedTuple):
    """The result of one attempt. `fault`: why it was not delivered, "" if it was; in one line, without secrets.

    `refused`: the receiver takes other notices, but never this one. `wait`: how long it asks to be left alone.
    `handle`: its own name for what it keeps about the incident; it comes with the next notice about it. `answer`: its
    answer in a few words, for people who test the channel.
    """

    fault: str = ""
    refused: bool = False
    wait: timedelta | None = None
    handle: str = ""
    answer: str = ""


TAKEN = DeliveryResult()
AT_ONCE = timedelta(0)


def delivery_result(answer: HttpReply | str) -> DeliveryResult:
    """Return the result of an attempt from an HTTP answer, or the error instead of one.

    A 4xx status is the receiver's last word on this notice, except where the fault lies in the channel's address or
    secrets, which people correct, or in the moment.
    """
    if isinstance(answer, str):
        return DeliveryResult(answer)
    fault = refusal(answer)
    if fault is None:
        return DeliveryResult(answer=f"HTTP {answer.status}")
    wait = None if answer.retry_after is None else timedelta(seconds=answer.retry_after)
    return DeliveryResult(fault, refused=400 <= answer.status < 500 and answer.status not in NOT_FINAL, wait=wait)


NOT_FINAL = frozenset((401, 403, 404, 407, 408, 409, 410, 425, 429))
"""Statuses that say nothing about the notice: who asks, where, and when."""


def pretty(payload: Any) -> str:
    """Return JSON for people to read."""
    return json.dumps(payload, indent=2, ensure_ascii=False)


class MailWays(NamedTuple):
    """The mail domains and the mail server that a channel sends to; none and "" if it sends no mail. `domains_key` and
    `host_key` are the keys of the configuration that say so."""

    domains: frozenset[str] = frozenset()
    host: str = ""
    domains_key: str = "url"
    host_key: str = "url"


class Channel(Protocol):
    """A notification channel. Failures are values, in one line and without secrets.

    Both methods end within `TIMEOUT` seconds, whatever the other side does, and raise nothing but cancellation.
    """

    @property
    def via(self) -> str:
        """Name of this kind of channel in the configuration."""
        ...

    def mail_ways(self) -> MailWays:
        """Return how it sends mail, if it does. Blocks briefly."""
        ...

    @property
    def keeps_open(self) -> bool:
        """True if the receiver keeps something open per incident until it is closed. Others, such as chats, get no
        separate closing notice for an incident that was merged into another."""
        ...

    @property
    def end_delay(self) -> timedelta:
        """Time that a notice of an end waits before its delivery."""
        ...

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """Deliver a notice. The receiver may have had it already: `notice.id` is the same on every attempt."""
        ...

    def preview(self, notice: Notice) -> str:
        """Return the notice as this channel would send it, for people: without secrets. Blocks briefly."""
        ...

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """For channels that forget: post the last notice of each open incident again. `muted` ones must stay silent;
        they are not in `active`. Other channels do nothing. Returns None, or the reason of a failure."""
        ...
