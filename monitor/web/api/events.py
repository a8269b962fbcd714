"""Everything that the caller may see, as it happens: verdicts, and incidents as they change."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from monitor.incidents.signal import Signal
from monitor.output.json import verdict_json
from monitor.web.api.feed import Feed, FeedCursor
from monitor.web.api.fields import Fields, NoBody
from monitor.web.api.incidents import facts_of
from monitor.web.api.operation import Call
from monitor.web.api.places import Places
from monitor.web.api.problem import ProblemError, Wrong
from monitor.web.api.stream import LAST, Stream
from monitor.web.broadcast import Subscription
from monitor.web.caller_view import CallerView
from probes.display import timestamp

LOST = "00000000"  # of no run: who comes again from nowhere we know is told of all open incidents
LOOK = 1.0  # seconds between looks at the incidents


class Only(Fields):
    """The requested events."""

    only: Literal["verdict", "incident"] | None = Field(None, description="`verdict` or `incident`; else both.")


class Everything:
    """The stream of all, from one feed."""

    def __init__(self) -> None:
        self.feed = Feed()

    async def follow(self, call: Call[Only, NoBody]) -> web.StreamResponse:
        """Tell what was missed, and go on."""
        view, backend = call.view, call.view.backend
        places = Places(view.caller, await backend.store.key())
        asked, came_again = _asked_for(call.request, places)
        with backend.live.subscribed(lambda each: isinstance(each, Signal) and view.wants(each)) as news:
            now = await self.feed.now(backend)
            place = asked or (replace(now, run=LOST) if came_again else now)
            stream = Stream()
            async with stream.to(call.request):
                await stream.tell(places.id_of(place), {"event": "begin"})
                while not stream.over:
                    before, place = place, await self._tell(stream, view, place, places, call.query.only)
                    if before.signal != place.signal:
                        continue
                    if await _stirred(news):
                        await self.feed.read(backend)
                    else:
                        await self.feed.look(backend, LOOK)
        return stream

    async def _tell(
        self, stream: Stream, view: CallerView, place: FeedCursor, places: Places, only: str | None
    ) -> FeedCursor:
        """Tell what comes after this place, as far as it is known; the place after that."""
        batch = await self.feed.after(view.backend, place)
        for signal in batch.signals if only != "incident" else ():
            place = replace(place, signal=signal.number)
            if view.caller.sees(signal.company):
                await stream.tell(places.id_of(place), _verdict(signal))
        place = replace(place, signal=batch.place.signal)
        now, wanted = view.backend.now(), only != "verdict"
        if batch.anew is not None and wanted:
            own = [
                facts_of(mine, view.visible_work(each, work), now)
                for each, work in batch.anew
                if (mine := view.own(each))
            ]
            await stream.tell(places.id_of(batch.place), {"event": "incidents", "open": own})
        for change in batch.changes if wanted else ():
            place = replace(place, run=self.feed.run, change=change.number)
            if mine := view.own(change.incident):
                work = view.visible_work(change.incident, change.work)
                await stream.tell(places.id_of(place), {"event": "incident", **facts_of(mine, work, now)})
        return batch.place


def _verdict(signal: Signal) -> dict[str, Any]:
    return {
        "event": "verdict",
        "probe": signal.probe_id,
        "company": signal.company,
        "path": signal.path,
        "kind": signal.kind,
        "as": signal.role,
        **verdict_json(signal.verdict),
        "at": timestamp(signal.at),
        "amends": signal.amends,
    }


def _asked_for(request: web.Request, places: Places) -> tuple[FeedCursor | None, bool]:
    """The place to go on from, None if it is not known; and whether there was one. Raises ProblemError."""
    shown = request.headers.get(LAST)
    try:
        return (places.place_of(shown) if shown is not None else None), shown is not None
    except ValueError:
        wrong = Wrong(LAST, "is no id of these events", "send the id of the last event that came, or nothing")
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{LAST} is no id of these events", wrong) from None


async def _stirred(news: Subscription) -> bool:
    """Wait for a verdict, or for a while, since changes of incidents are not announced. Returns if there was one."""
    told = False
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK):
            await news.queue.get()
            told = True
    while not news.queue.empty():
        news.queue.get_nowait()
    news.lost = False  # what was lost is in the store
    return told
