"""Settings: the notification channels, and a button that sends a test notice through one of them."""

from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from monitor.actions.channel_tests import ChannelTestResult, UnknownChannelError, channels_of, tester_of
from monitor.actions.rate_limit import TooManyError
from monitor.oncall.routing_preview import routing_rows
from monitor.output.routing_text import RoutingLine, routing_lines
from monitor.people.person import Rights
from monitor.store.records import ChannelRecord
from monitor.web.auth.needs import needs
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page
from probes.display import roughly

MAX_INPUT_CHARS = 100


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel on the page. `last`: its deliveries; `waiting`: the number of undelivered notices; `oldest`: the age of
    the oldest."""

    name: str
    via: str
    last: ChannelRecord
    waiting: int
    oldest: timedelta


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [
        web.get("/settings/channels", show_channels),
        web.post("/settings/channels/test", test_channel),
    ]


@needs(Rights.ADMIN)
async def show_channels(request: web.Request) -> web.Response:
    """Show the channels."""
    return await _page(request)


@needs(Rights.ADMIN)
async def test_channel(request: web.Request) -> web.Response:
    """Send a test notice and show what came of it."""
    view = caller_view_of(request)
    form = await request.post()
    name = str(form.get("channel", ""))[:MAX_INPUT_CHARS]
    try:
        result = await tester_of(view).test(name, channels_of(view), view.backend.config().web.base_url)
    except UnknownChannelError as error:
        return await _page(request, problem=str(error), status=422)
    except TooManyError as error:
        return await _page(request, problem=f"{error}; try again in {roughly(error.retry_after)}", status=429)
    return await _page(request, result)


async def _page(
    request: web.Request, result: ChannelTestResult | None = None, problem: str = "", status: int = 200
) -> web.Response:
    view = caller_view_of(request)
    waiting = view.backend.incident_engine.waiting
    nothing, record = (0, timedelta(0)), view.backend.store.incidents.channel_record
    rows = [
        ChannelRow(name, channel.via, await record(name), *waiting.get(name, nothing))
        for name, channel in channels_of(view).items()
    ]
    return page(
        request,
        "channels.html",
        status=status,
        channels=rows,
        routing=_routing(view) if rows else [],
        result=result,
        problem=problem,
        now=now_of(view),
    )


def _routing(view: CallerView) -> list[RoutingLine]:
    """Return who is notified of what, as `mailpath channel routing` does."""
    config = view.backend.config()
    companies = [*config.companies]
    return [*routing_lines(routing_rows(config.routing, [*config.channels], companies, companies), len(companies))]
