"""Events of one probe: first the stored ones, then live ones, each once and in order.

The store is the truth; live events only say when to read it. So nothing is lost or sent twice, even if a follower was
away or slow, or another process did the work. Only the steps of a dialogue in progress are not in the store yet.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from aiohttp import web

from monitor.events import Event, Judged
from monitor.output.json import event_json
from monitor.store import ProbeRecord
from monitor.store.columns import all_legible, instant
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.operation import Call
from monitor.web.api.problem import ProblemError, Wrong
from monitor.web.api.stream import LAST, PING, Stream
from monitor.web.broadcast import Subscription
from probes.case import case_of
from probes.evidence import Attempt, Dialogue, Interrupted, Step
from probes.judge import delivery_time

PLACE = r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,17}$"


@dataclass(frozen=True, slots=True)
class ProbeCursor:
    """A reader's position: number of evidence, of steps of the attempt after it, and the time of the verdict (in
    microseconds since 1970, 0 for none)."""

    evidence: int = 0
    steps: int = 0
    judged: int = 0

    def __str__(self) -> str:
        return f"{self.evidence}.{self.steps}.{self.judged}"


def place_of(text: str | None) -> ProbeCursor:
    """The place that a reader names. Raises ProblemError."""
    if text is None:
        return ProbeCursor()
    if not re.fullmatch(PLACE, text):
        wrong = Wrong(LAST, "is no id of these events", "send the id of the last event that came, or nothing")
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{LAST} is no id of these events", wrong)
    return ProbeCursor(*map(int, text.split(".")))


def news(
    record: ProbeRecord, spoken: Sequence[Step], place: ProbeCursor
) -> Iterator[tuple[ProbeCursor, dict[str, Any]]]:
    """Yield the events after `place`, each with its position. `spoken`: the steps of a dialogue in progress."""
    for seen in record.evidence[place.evidence :]:
        if isinstance(seen, Dialogue):
            for step in seen.steps[place.steps :]:
                place = replace(place, steps=place.steps + 1)
                yield place, _facts(record, step)
        steps = 0 if isinstance(seen, Attempt | Dialogue | Interrupted) else place.steps
        place = replace(place, evidence=place.evidence + 1, steps=steps)
        yield place, _facts(record, seen)
    if case_of(record.probe, record.evidence).under_way:
        for step in spoken[place.steps :]:
            place = replace(place, steps=place.steps + 1)
            yield place, _facts(record, step)
    if record.verdict and record.judged_at and (judged := instant(record.judged_at)) > place.judged:
        delivery = delivery_time(record.probe, record.evidence)
        verdict = Judged(record.verdict, record.judged_at, delivery, amends=place.judged > 0)
        yield replace(place, judged=judged), _facts(record, verdict)


async def follow(call: Call[NoQuery, NoBody]) -> web.StreamResponse:
    """Send everything, until nothing more is expected. A client that reconnects after that is asked not to."""
    probe_id, view, live = call.part("probe"), call.view, call.view.backend.live
    place = place_of(call.request.headers.get(LAST))
    with live.subscribed(lambda each: each.probe_id == probe_id) as subscription:
        record = await view.record(probe_id)
        came_again = LAST in call.request.headers
        if came_again and record.closed_at and not list(news(record, (), place)):
            return web.Response(status=HTTPStatus.NO_CONTENT)
        stream = Stream()
        async with stream.to(call.request):
            while True:
                for reached, facts in list(news(record, live.spoken(probe_id), place)):
                    await stream.tell(str(reached), facts)
                    place = reached
                if record.closed_at or stream.over:
                    break
                if await stirred(subscription):
                    record = await view.record(probe_id)
            if record.closed_at:
                await stream.tell(str(place), {"event": "end", "probe": probe_id})
    return stream


async def stirred(subscription: Subscription) -> bool:
    """Wait until something happens, or for a while. Whether the store may know more: only a step is not in there."""
    try:
        async with asyncio.timeout(PING):
            events = [await subscription.queue.get()]
    except TimeoutError:
        return True
    while not subscription.queue.empty():
        events.append(subscription.queue.get_nowait())
    lost, subscription.lost = subscription.lost, False  # what was lost is in the store
    return lost or not all(isinstance(event, Event) and isinstance(event.what, Step) for event in events)


def _facts(record: ProbeRecord, what: Any) -> dict[str, Any]:
    return event_json(Event(record.probe, all_legible(what)))
