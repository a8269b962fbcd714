"""Send a test notice through one channel, for the page, the API and the command line.

Each test is in the audit log, which also limits how many there are: whoever sends them, and from wherever. Where the
receiver keeps something open per incident, it is closed again at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Protocol

from monitor.actions.rate_limit import TooManyError
from monitor.channels.channel import Channel, DeliveryResult
from monitor.channels.sample import sample_end, sample_notice
from monitor.config import Config
from monitor.errors import UserError
from monitor.notices.notice import Notice
from monitor.people.caller import Caller
from monitor.people.person import AuditAction, AuditEntry
from monitor.people.secrets import new_id
from monitor.store import Store
from probes.display import one_line

TIMEOUT = 13.0  # seconds for each of two deliveries; a request of the API or a page must end within 30
HOUR = timedelta(hours=1)
MAX_TESTS_PER_HOUR = 10  # of one channel
MAX_AUDIT_ENTRIES = 2000  # that are read to tell when another test is possible
MAX_NAME_CHARS = 100

Deliver = Callable[[Channel, Notice], Awaitable[DeliveryResult]]
"""Delivers a notice now, past the queue."""


class UnknownChannelError(UserError):
    """No channel has this name. The text has a suggestion."""


@dataclass(frozen=True, slots=True)
class ChannelTestResult:
    """The result of a test. `answer`: the receiver's, in a few words; `fault`: why it failed, "" if it did not."""

    channel: str
    via: str
    answer: str
    fault: str

    @property
    def delivered(self) -> bool:
        """True if the receiver took it."""
        return not self.fault


@dataclass(frozen=True, slots=True)
class ChannelTester:
    """Somebody who tests channels. `who`, `way`: as in the audit log."""

    store: Store
    deliver: Deliver
    now: Callable[[], datetime]
    who: str
    way: str

    async def test(self, name: str, channels: Mapping[str, Channel], base_url: str) -> ChannelTestResult:
        """Send a test notice and return what came of it. Raises UnknownChannelError, TooManyError, StoreError."""
        channel = channel_named(name, channels)
        await self._count(name)
        sample = sample_notice(name, new_id(), self.who, self.now(), base_url)
        result = await self._deliver(channel, sample)
        fault = result.fault
        if channel.keeps_open and not result.refused:  # one that failed may have been received all the same
            ended = await self._deliver(channel, sample_end(sample, result.handle, self.now()))
            if ended.fault and fault:
                fault += "; if the receiver has the test all the same, close it there"
            elif ended.fault:
                fault = f"the test was delivered, but closing it failed: {ended.fault}; close it at the receiver"
        return ChannelTestResult(name, channel.via, result.answer, fault)

    async def _deliver(self, channel: Channel, notice: Notice) -> DeliveryResult:
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self.deliver(channel, notice)
        except TimeoutError:
            return DeliveryResult(f"no answer within {TIMEOUT:g} seconds")
        except Exception as error:  # its words may hold a token
            return DeliveryResult(f"internal error: {type(error).__name__}")

    async def _count(self, name: str) -> None:
        """Note one more test in the audit log. The count and the entry are one transaction, so that tests at the same
        moment, also of other processes, keep the limit. Raises TooManyError."""
        now, about = self.now(), f"channel {name}"
        entry = AuditEntry(now, self.who, self.way, AuditAction.CHANNEL_TESTED, about)
        if await self.store.people.note_within(entry, MAX_TESTS_PER_HOUR, now - HOUR):
            return
        entries = [each for _, each in await self.store.people.audit_log(None, MAX_AUDIT_ENTRIES)]
        alike = [each.at for each in entries if each.what == AuditAction.CHANNEL_TESTED and each.about == about]
        free_at = min((at for at in alike if now - at < HOUR), default=now) + HOUR
        said = f"channel {name}: at most {MAX_TESTS_PER_HOUR} test notices are sent in an hour"
        raise TooManyError(said, max(free_at - now, timedelta(seconds=1)))


class ChannelScope(Protocol):
    """The service and who asks."""

    @property
    def backend(self) -> "ChannelService": ...
    @property
    def caller(self) -> Caller: ...


class ChannelService(Protocol):
    """The parts of the running service that a test needs."""

    @property
    def config(self) -> Callable[[], Config]: ...
    @property
    def store(self) -> Store: ...
    @property
    def deliver(self) -> Deliver: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


def tester_of(view: ChannelScope) -> ChannelTester:
    """Return the caller as somebody who tests channels."""
    backend, caller = view.backend, view.caller
    return ChannelTester(backend.store, backend.deliver, backend.now, caller.name, caller.way)


def channels_of(view: ChannelScope) -> Mapping[str, Channel]:
    """Return the channels that the caller may see: all, or none, since they are shared by all companies."""
    return view.backend.config().channels if view.caller.sees_all else {}


def channel_named(name: str, channels: Mapping[str, Channel]) -> Channel:
    """Return the channel of this name. Raises UnknownChannelError."""
    if name in channels:
        return channels[name]
    close = get_close_matches(name[:MAX_NAME_CHARS], channels, n=1)
    known = f"configured: {', '.join(channels)}" if channels else "the configuration has no [channels]"
    suggestion = f"did you mean {close[0]}?" if close else known
    raise UnknownChannelError(f"no channel {one_line(name, MAX_NAME_CHARS)!r}; {suggestion}")
