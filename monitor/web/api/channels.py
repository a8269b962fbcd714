"""Notification channels: the list, and a test."""

from datetime import timedelta

from aiohttp import web
from typing_extensions import TypedDict

from monitor.actions.channel_tests import UnknownChannelError, channels_of, tester_of
from monitor.people.caller import NotThereError
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, page_of


class ChannelFacts(TypedDict):
    """A channel. `via`: its kind. `waiting`: the number of undelivered notices; `oldest_seconds`: the age of the oldest
    of them."""

    channel: str
    via: str
    waiting: int
    oldest_seconds: float


class ChannelsFacts(TypedDict):
    """In the configuration's order; none for callers limited to companies.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    channels: list[ChannelFacts]
    next: str | None


class ChannelTestFacts(TypedDict):
    """The result of a test. `answer`: the receiver's, in a few words; `fault`: why it failed, "" if it did not."""

    channel: str
    via: str
    delivered: bool
    answer: str
    fault: str


async def show_channels(call: Call[PageOfList, NoBody]) -> web.Response:
    """The channels."""
    waiting = call.view.backend.incident_engine.waiting
    found = []
    part, following = page_of(list(channels_of(call.view).items()), lambda item: item[0], call.query)
    for name, channel in part:
        number, oldest = waiting.get(name, (0, timedelta(0)))
        found.append(ChannelFacts(channel=name, via=channel.via, waiting=number, oldest_seconds=oldest.total_seconds()))
    return answered({"channels": found, "next": following})


async def test_channel(call: Call[NoQuery, NoBody]) -> web.Response:
    """Send a test notice."""
    view, name = call.view, call.part("channel")
    try:
        result = await tester_of(view).test(name, channels_of(view), view.backend.config().web.base_url)
    except UnknownChannelError:
        raise NotThereError(f"channel {name}") from None
    facts = ChannelTestFacts(
        channel=result.channel,
        via=result.via,
        delivered=result.delivered,
        answer=result.answer,
        fault=result.fault,
    )
    return answered(facts)
