"""The life of a probe: launch, send, watch, settle. The store has the state; here is its working copy.

`launch` composes and sends; the mailbox's watcher sees arrivals; `tick` takes care of probes whose time has come: a
retry, a last look, an expired code. All evidence enters by one door, `learn`: stored with its meaning, then known, and
only then published. Unsolicited evidence, a bounce or a copy, enters by `bounced` and `copied`, which lead there.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from monitor.clock import elapsed
from monitor.config import Config, WatchedPath
from monitor.events import Listener
from monitor.incidents.signal import Signal
from monitor.probing.arrivals import Arrivals
from monitor.probing.buckets import bucket_of
from monitor.probing.caps import Caps
from monitor.probing.filter_question import wants_filter
from monitor.probing.flight_book import FlightBook
from monitor.probing.flights import ABANDONED, Flight, end_of, probe_on
from monitor.probing.learning import Learner
from monitor.probing.mailer import Mailer
from monitor.probing.presence import Presence
from monitor.probing.requester import Requester
from monitor.probing.tracing import TraceDesk, plan_of
from monitor.probing.watching import Watchers
from monitor.store import NoSuchProbeError, ReplacedError, Store, StoreDownError
from monitor.store.ownership import BUCKETS
from monitor.store.ownership_tables import Turn
from monitor.supervised import asked_to_stop
from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.evidence import Attempt, Dialogue, Evidence, FailedLook, FilterScan, Interrupted, Look
from probes.judge import may_arrive, next_attempt, next_moment, wants_look
from probes.kinds import Kind
from probes.mailboxes import Sighting
from probes.origin import origin_of
from probes.outside import Outside
from probes.probe import Probe, ProbePurpose
from probes.reading.bounce_origin import SmtpClient
from probes.reading.facts import BounceFacts
from probes.recognise import came_back
from probes.routes import Route
from probes.sender import Role
from probes.token import verify

DIALOGUE_GRACE_SECONDS = 5.0  # for dialogues in progress when the service stops; one cut short is interrupted
ANSWER_SLACK = timedelta(seconds=30)  # for the answer of a trace, when nothing else is left to do
OWNER_UNKNOWN = timedelta(seconds=1)  # until a probe is looked at again whose mailbox this process does not own now
ATTEMPT_SLACK = timedelta(seconds=10)  # how long after its deadline an attempt without an end counts as interrupted

log = structlog.get_logger("pipeline")


class LaunchError(Exception):
    """This probe cannot be launched. The text says why."""


class TurnTakenError(LaunchError):
    """The turn of its check was claimed already, or the mailbox has another owner by now."""


class Pipeline:
    """All probes in flight. All parts are handed in; `configure` may be called again at any time."""

    def __init__(
        self,
        store: Store,
        outside: Outside,
        key: bytes,
        listeners: Sequence[Listener],
        *,
        owns: Callable[[int], bool] = lambda _: True,
        owns_orphans: bool = True,
    ) -> None:
        """`owns` a bucket of mailboxes: if this process does now. `owns_orphans`: see `Learner`."""
        self.flights = FlightBook()
        self.presence = Presence()
        self.caps: Caps | None = None  # where none are set, nothing is counted
        self._store, self._outside, self._key, self._owns = store, outside, key, owns
        self._now: Callable[[], datetime] = outside.now
        self._learner = Learner(
            store, self._now, self.flights, self.presence, listeners, self._go_on, owns=owns, owns_orphans=owns_orphans
        )
        self._arrivals = Arrivals(store, self._learner, self.presence, key, self._now, self._path)
        self.watchers = Watchers(outside, self._arrivals, self._report)
        self.paths: Mapping[tuple[str, str], WatchedPath] = {}
        self._mailer = Mailer(outside, key)
        self._our_domains: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self.traces = TraceDesk(outside, self._learner.learn)
        self._asking: set[str] = set()  # probes about which a filter is being asked

    async def configure(self, config: Config) -> None:
        """Use this configuration from now on. Probes on removed paths end as unknown."""
        self.paths = {(path.company, path.path): path for path in config.paths()}
        self._mailer.configure(config)
        self._arrivals.addresses = self._mailer.addresses
        self._our_domains = frozenset({config.inbound.domain} if config.inbound else ())
        await self.traces.configure(self.paths.values())
        for flight in self.flights.values():
            self._expect(flight)  # of a path that was gone, too, where the store did not take that
        gone = [flight for flight in self.flights.values() if self._path(flight) is None]
        await asyncio.gather(*(self._abandon(flight) for flight in gone))
        await self.watchers.configure(self.paths.values())

    async def adopt(self, buckets: Collection[int] = range(BUCKETS), before: datetime | None = None) -> None:
        """Take care of the probes in flight of these buckets, as far as they are launched `before` a time: of another
        owner, or of a run that has ended. What was sent is not sent again. Raises StoreError."""

        def wanted(probe_id: str, bucket_key: str) -> bool:
            return probe_id not in self.flights and bucket_of(bucket_key) in buckets

        found = await self._store.probes.in_flight(wanted, before)
        unknown = [each for each in found if each.probe.id not in self.flights]
        for flight in [self._enter(Flight.of(record, self._now())) for record in unknown]:
            if self._path(flight):
                self._expect(flight)
                self.flights.wake(flight, self._time(flight))
            else:
                await self._abandon(flight)

    def release(self, buckets: Collection[int]) -> None:
        """Leave the probes and mailboxes of these buckets to another owner. Dialogues go on to their end, and what was
        seen until now is stored."""
        for flight in [each for each in self.flights.values() if each.bucket in buckets]:
            self._leave(flight)
        self.watchers.leave(buckets)

    def busy(self, check: Check) -> bool:
        """Test if a scheduled probe of this kind must wait on this path; control and neighbour block nothing."""
        return self.flights.busy(check)

    def path(self, check: Check) -> WatchedPath | None:
        """The path of a check, as it is configured now."""
        return self.paths.get(check.place)

    async def launch(
        self,
        path: WatchedPath,
        kind: Kind,
        role: Role = Role.SENDER,
        purpose: ProbePurpose = ProbePurpose.SCHEDULED,
        by: Requester | None = None,
        arm: Arm | None = None,
        turn: Turn | None = None,
        order: str | None = None,
    ) -> Probe:
        """Start a probe; returns when it is stored and being sent. `by`: for the audit log. `arm`: of a diagnosis.
        `turn` of its check, or stored `order`: claimed with it. Raises LaunchError."""
        if (identity := self._mailer.identity(role, arm)) is None:
            raise LaunchError(f"there is no {role}; add a [{role}] table to the configuration")
        if arm and (why := path.route.withholds(identity)):
            raise LaunchError(why)
        probe = replace(probe_on(path, kind, identity, purpose, self._now()), arm=arm)
        first = Attempt(probe.created_at, 1)
        flight = Flight(probe, path.mailbox_key, [first], sending=True)
        self._enter(flight)
        try:
            audit = [by.audit(probe)] if by else ()
            ours, claim = self._owns(flight.bucket), partial(self._store.probes.launch, turn=turn, order=order)
            if not ours or not await claim(probe, flight.mailbox, first, *audit):
                raise TurnTakenError("it was claimed already, or its mailbox has another owner")
        except BaseException as error:
            self._leave(flight)
            if isinstance(error, TurnTakenError) and self.caps:
                self.caps.give_back(path)
            raise
        self._learner.publish(flight, first)
        self._expect(flight)
        self._spawn(flight, self._send(flight, path, first))
        return probe

    async def learn(self, probe_id: str, *evidence: Evidence) -> bool:
        """Store evidence of a probe. Returns, once stored, if the probe exists."""
        if flight := await self._learner.flight_of(probe_id):
            await self._learner.learn(flight, *evidence)
        return flight is not None

    async def bounced(self, probe_id: str, facts: BounceFacts, client: SmtpClient) -> bool:
        """Store a bounce. Returns, once stored, if the probe exists."""
        if (flight := await self._learner.flight_of(probe_id)) is None:
            return False
        origin = await origin_of(client, facts, flight.receiver, self._outside.resolver)
        if news := came_back(facts, flight.probe.recipient, self._our_domains, self._time(flight), origin):
            await self._learner.learn(flight, news, unless=lambda known: not known.has_room_for(news))
        return True

    async def copied(self, mailbox: str, sighting: Sighting) -> bool:
        """Store a copy of this mailbox's mail. Returns, once stored, if it is one of its probes."""
        return await self._arrivals.accept(mailbox, sighting)

    def hinted(self, account: str, named: str) -> None:
        """Ask the traces by this account now about the probe with this Message-ID, if one waits for it."""
        token = verify(named.partition("@")[0], self._key)
        flight = self.flights.get(token.probe_id) if token else None
        path = self._path(flight) if flight else None
        own = [trace for trace in path.traces if trace.account_use.name == account] if path else []
        if flight and own:
            self.traces.hinted(flight, own)
            self.flights.wake(flight, self._time(flight))

    def clock_was_set(self, step: timedelta) -> None:
        """Shift by `step`, the step of the system clock: remaining waits stay the same."""
        self.flights.clock_was_set(step)
        for flight in self.flights.values():
            self._expect(flight)
        self.presence.clock_was_set(step)

    def tick(self, now: datetime) -> None:
        """Take care of every probe whose time has come."""
        self.presence.tick(now)
        for flight in self.flights.due(now):
            if self._owns(flight.bucket):
                self._spawn(flight, self._attend(flight))
            else:  # until it is known to be another's, or ours again
                self.flights.wake(flight, self._time(flight) + OWNER_UNKNOWN)

    def take(self, signals: Sequence[Signal]) -> None:
        """Follow the store: what another process has judged of a probe in flight is looked at now."""
        for signal in signals:
            if (flight := self.flights.get(signal.probe_id)) and flight.verdict != signal.verdict:
                self.flights.wake(flight, self._time(flight))

    async def idle(self) -> None:
        """Wait until no work is in progress."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, grace: float = DIALOGUE_GRACE_SECONDS) -> None:
        """Stop working; dialogues in progress have `grace` seconds to end. Probes in flight stay in the store."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.traces.close()
        await self.watchers.close()

    async def _send(self, flight: Flight, path: WatchedPath, attempt: Attempt) -> None:
        flight.sending = True
        began = elapsed()
        try:
            end: Dialogue | Interrupted
            if self._owns(flight.bucket):
                now, note = partial(self._time, flight), partial(self._learner.publish, flight)
                dialogue = await self._mailer.send(flight.probe, path, attempt.number, now, note)
                end = end_of(dialogue, paused=self.presence.paused_since(began))
            else:  # we were suspended since it was stored, and another process may take it for cut short
                end = Interrupted(self._time(flight), attempt.number)
        finally:
            flight.sending = False
        await self._learner.keep(flight, end)

    async def _ask_filter(self, flight: Flight, path: WatchedPath, content_filter: Route) -> None:
        """Ask the company's filter about a message that was taken for spam. What fails is only logged: the verdict
        stands without it."""
        try:
            dialogue = await self._mailer.ask_filter(flight.probe, path, content_filter)
            if dialogue.scan:
                seen = FilterScan(self._time(flight), dialogue.scan, dialogue.last.host)
                await self._learner.learn(flight, seen)
            else:
                log.warning("filter not asked", company=path.company, reason=dialogue.last.text)
        except (StoreDownError, ReplacedError, NoSuchProbeError):  # of which the service tells
            pass
        finally:
            self._asking.discard(flight.probe.id)

    async def _attend(self, flight: Flight) -> None:
        """Do what is due for this probe, considering what another process may have stored."""
        if flight.sending or flight.keeping:
            return
        if (path := self._path(flight)) is None:
            await self._abandon(flight)
            return
        await self._learner.refresh(flight)
        now = self._time(flight)
        self._ask_traces(flight, path, now)
        if begun := flight.case.unfinished:
            await self._wait_for_the_end(flight, begun, begun.at + path.timeout + ATTEMPT_SLACK)
        elif (retry := next_attempt(flight.probe, flight.case)) and retry[1] <= now:
            await self._try_again(flight, path, retry[0])
        elif wants_look(flight.probe, flight.case, now):
            await self._last_look(flight, path)
        else:
            await self._learner.learn(flight)

    def _ask_traces(self, flight: Flight, path: WatchedPath, now: datetime) -> None:
        """Ask those traces that are due, beside all else."""
        named = self._mailer.message_id(flight.probe)
        for trace in self.traces.due(flight, path, now) if named else ():
            assert named
            self.traces.begin(flight, trace)
            self._spawn(flight, self.traces.ask(flight, trace, named))

    async def _wait_for_the_end(self, flight: Flight, begun: Attempt, deadline: datetime) -> None:
        """Wait for an attempt that is not ours, or was cut short: after its deadline it counts as interrupted."""
        if (now := self._time(flight)) < deadline:
            self.flights.wake(flight, min(deadline, now + ATTEMPT_SLACK))  # its end may be in the store before
        else:
            await self._learner.learn(flight, Interrupted(now, begun.number))

    async def _try_again(self, flight: Flight, path: WatchedPath, number: int) -> None:
        now = self._now()
        if self.caps and (free_at := self.caps.free_at(path.route.destination(path.to), now)) > now:
            self.flights.wake(flight, free_at - flight.set_since)
            return
        attempt = Attempt(self._time(flight), number)
        flight.sending = True
        try:
            ours = await self._learner.begin(flight, attempt)
        finally:
            flight.sending = False
        if ours:
            if self.caps:
                self.caps.count_message(path, now)
            await self._send(flight, path, attempt)
        else:  # another process on the same store was quicker
            self.flights.wake(flight, self._time(flight) + ATTEMPT_SLACK)

    async def _last_look(self, flight: Flight, path: WatchedPath) -> None:
        if path.received:
            look = self.presence.look(path.received, flight, self._now())
        elif path.visited:
            look = await self.watchers.of(path.visited).look()
        else:
            return
        await self._learner.learn(flight, flight.looked(look, self._now()), unless=lambda known: known.arrived)

    async def _report(self, probe_ids: Iterable[str], look: Look | FailedLook) -> None:
        known = [self.flights[probe_id] for probe_id in probe_ids if probe_id in self.flights]
        flights = [flight for flight in known if self._owns(flight.bucket)]
        works = (self._learner.keep(flight, flight.looked(look, self._now())) for flight in flights)
        for error in filter(None, await asyncio.gather(*works, return_exceptions=True)):
            raise error

    async def catch_up(self) -> None:
        """Read what another process on the same store has seen of our probes."""
        for flight in list(self.flights.values()):
            await self._learner.catch_up(flight)

    def _go_on(self, flight: Flight, *, over: bool) -> None:
        path, asking = self._path(flight), flight.probe.id in self._asking
        if path and path.filter and not asking and wants_filter(flight.probe, flight.verdict, flight.evidence):
            self._asking.add(flight.probe.id)
            self._tasks.add(task := asyncio.create_task(self._ask_filter(flight, path, path.filter)))
            task.add_done_callback(self._tasks.discard)
        if over or flight.probe.id not in self.flights:
            self._leave(flight)
            return
        if not may_arrive(flight.probe, flight.case):
            self.watchers.forget(flight)
        if not flight.sending:
            now = self._time(flight)
            moment = next_moment(flight.probe, flight.case, now)
            if path and (asks_at := self.traces.next_moment(flight, path)):
                moment = min(moment, asks_at)
            elif path and moment <= now and self.traces.asking(flight, path):
                moment = now + ANSWER_SLACK  # the answer itself wakes it
            self.flights.wake(flight, max(moment, now))

    async def _abandon(self, flight: Flight) -> None:
        """End a probe whose path was removed; later if the store refuses that now."""
        self._leave(flight)
        try:
            await self._learner.close(flight, ABANDONED)
        except StoreDownError:
            self.flights.wake(self._enter(flight), self._time(flight) + ATTEMPT_SLACK)
        except NoSuchProbeError:  # forgotten meanwhile
            pass

    def _enter(self, flight: Flight) -> Flight:
        flight.away = self.presence.away
        return self.flights.track(flight)

    def _leave(self, flight: Flight) -> None:
        self.flights.untrack(flight)
        self.watchers.forget(flight)

    def _expect(self, flight: Flight) -> None:
        path = self._path(flight)
        flight.plans = tuple(map(plan_of, path.traces)) if path else ()
        if path and path.visited and may_arrive(flight.probe, flight.case):
            self.watchers.expect(flight, path.visited)

    def _path(self, flight: Flight) -> WatchedPath | None:
        """Return the flight's path, if it is still the one that it was launched on."""
        path = self.paths.get(flight.check[:2])
        return path if path and path.mailbox_key == flight.mailbox else None

    def _time(self, flight: Flight) -> datetime:
        """Return the time of this probe."""
        return flight.time(self._now())

    def _spawn(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guard(flight, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        """Run a task of a probe: failures are logged and the work is retried; others continue."""
        try:
            await work
        except NoSuchProbeError:
            log.warning("probe in flight no longer in the store", probe=flight.probe.id)
            self._leave(flight)
        except (Exception, asyncio.CancelledError) as error:
            if asked_to_stop():
                raise
            self.flights.wake(flight, self._time(flight) + ATTEMPT_SLACK)
            known = self.flights.get(flight.probe.id) is flight  # else its mailbox was left meanwhile
            if known and not isinstance(error, StoreDownError | ReplacedError):  # of these the service tells
                log.exception("probe task failed", probe=flight.probe.id)
