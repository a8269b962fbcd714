"""Asks the traces of a path about probes that are overdue, and passes their answers on as evidence.

That a question was put is evidence too, stored with what was answered: after a restart it is known what to ask next.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime

from monitor.config import WatchedPath
from monitor.probing.flights import Flight
from monitor.sources.traces import Tracer
from probes.outside import Outside
from probes.traced import TraceFate
from probes.traces import Trace, TraceQuestion
from probes.tracing import TracePlan, news, next_question, question_number, with_times


def plan_of(trace: Trace) -> TracePlan:
    """Return when to ask this trace."""
    return TracePlan(trace.via, trace.speaks_for, trace.lags)


class TraceDesk:
    """The tracers of all paths, and the probes about which they are being asked. `learn` stores what is answered."""

    def __init__(self, outside: Outside, learn: Callable[..., Awaitable[None]]) -> None:
        self._outside, self._learn = outside, learn
        self._tracers: dict[str, Tracer] = {}
        self._asking: set[tuple[str, str]] = set()  # probe and trace
        self._hinted: set[tuple[str, str]] = set()  # the same: they have news
        self.errors: Counter[tuple[str, str]] = Counter()  # by company and source

    async def configure(self, paths: Collection[WatchedPath]) -> None:
        """Use the traces of these paths from now on."""
        wanted = {trace.key: trace for path in paths for trace in path.traces}
        for path in paths:
            self.errors.update({(path.company, trace.via): 0 for trace in path.traces})
        for key, trace in wanted.items():
            if tracer := self._tracers.get(key):
                tracer.trace = trace
        for key in self._tracers.keys() - wanted.keys():
            await self._tracers.pop(key).close()

    def due(self, flight: Flight, path: WatchedPath, now: datetime) -> list[Trace]:
        """Return the traces to ask about this probe now."""
        keys = {(flight.probe.id, trace.key): trace for trace in path.traces}
        hinted = self._hinted & keys.keys()
        self._hinted -= hinted
        return [
            trace
            for key, trace in keys.items()
            if key not in self._asking
            and (moment := next_question(flight.probe, flight.case, plan_of(trace)))
            and (moment <= now or key in hinted)
        ]

    def hinted(self, flight: Flight, traces: Iterable[Trace]) -> None:
        """Note that these traces have news of the probe: they are due, if there is anything to ask."""
        self._hinted.update((flight.probe.id, trace.key) for trace in traces)

    def next_moment(self, flight: Flight, path: WatchedPath) -> datetime | None:
        """Return when to ask any of them next; None if they are being asked, or there is nothing to ask."""
        moments = [
            moment
            for trace in path.traces
            if (flight.probe.id, trace.key) not in self._asking
            and (moment := next_question(flight.probe, flight.case, plan_of(trace)))
        ]
        return min(moments, default=None)

    def asking(self, flight: Flight, path: WatchedPath) -> bool:
        """Test if any of them is being asked about this probe."""
        return any((flight.probe.id, trace.key) in self._asking for trace in path.traces)

    def begin(self, flight: Flight, trace: Trace) -> None:
        """Note that this trace is being asked about the probe."""
        self._asking.add((flight.probe.id, trace.key))

    async def ask(self, flight: Flight, trace: Trace, message_id: str) -> None:
        """Ask it, and learn what it says."""
        key = (flight.probe.id, trace.key)
        try:
            if (accepted := flight.case.accepted) is None:
                return
            number = question_number(flight.case.traces, trace.via)
            question = TraceQuestion(message_id, flight.probe.recipient, accepted.at + flight.set_since, number)
            said = await self._tracer(trace).ask(question)
            if any(each.fate is TraceFate.NOT_ASKED for each in said):
                self.errors[flight.probe.company, trace.via] += 1
            at = flight.time(self._outside.now())
            await self._learn(flight, *news(flight.case.traces, with_times(said, at, number, flight.set_since)))
        finally:
            self._asking.discard(key)

    async def close(self) -> None:
        """Ask no more."""
        for tracer in self._tracers.values():
            await tracer.close()

    def _tracer(self, trace: Trace) -> Tracer:
        if trace.key not in self._tracers:
            self._tracers[trace.key] = Tracer(trace, self._outside)
        return self._tracers[trace.key]
