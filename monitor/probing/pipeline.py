"""One probe's way: launch, send, watch, settle. What waits is in the store; what is here is its working copy.

`launch` composes and sends; the watcher of the mailbox hears of arrivals; `tick` attends to probes whose time has come:
an attempt to repeat, a last look to take, a code that died. Each piece of news goes through `_learn`: stored, judged,
the verdict stored, and only then told. What comes by itself, a bounce or a copy, comes in by `bounced` and `copied`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from monitor.clock import elapsed
from monitor.config import Config, WatchedPath
from monitor.events import Event, Judged, Listener, tell_all
from monitor.probing.alarms import Alarms
from monitor.probing.flights import ABANDONED, Flight, end_of, probe_on
from monitor.probing.presence import Presence
from monitor.probing.schedule import Caps
from monitor.sources.mailboxes import Watcher
from monitor.store import NoSuchProbeError, ReplacedError, Store, StoreDownError, StoreError
from probes.check import Check
from probes.evidence import Attempt, Evidence, FailedLook, Interrupted, Look, Step
from probes.judge import may_arrive, next_attempt, next_moment, wants_look
from probes.kinds import Kind
from probes.mailboxes import Sighting
from probes.mailboxes.inbound import InboundMailbox
from probes.mailboxes.threads import MailboxThreads
from probes.message import compose
from probes.origin import origin_of
from probes.probe import Probe
from probes.reading.bounce_origin import SmtpClient
from probes.reading.facts import BounceFacts
from probes.recognise import Recognised, came_back, recognise
from probes.routes import RouteContext
from probes.sender import Identity, Role

GRACE = 5.0  # seconds for dialogues under way when the service stops; one cut short counts as interrupted
FORGOTTEN = timedelta(days=1)  # a probe of which the store knows nothing, and that is older, is in nobody's care
STORE_RETRY = 1.0  # seconds until what a failing store did not take is given to it again
SLACK = timedelta(seconds=10)  # how long after its deadline an attempt without an end counts as interrupted

log = structlog.get_logger("pipeline")


class LaunchError(Exception):
    """This probe cannot be launched. Its text says why."""


class Pipeline:
    """All probes on their way. Everything it is made of is handed in; `configure` may be called again at any time."""

    def __init__(
        self,
        store: Store,
        around: RouteContext,
        pool: MailboxThreads,
        key: bytes,
        listeners: Sequence[Listener],
        *,
        owns_orphans: bool = True,
    ) -> None:
        self.flights: dict[str, Flight] = {}
        self.watchers: dict[str, Watcher] = {}
        self.presence = Presence()
        self.caps: Caps | None = None  # where none are set, nothing is counted
        self._store, self._around, self._pool, self._key = store, around, pool, key
        self._now: Callable[[], datetime] = around.now
        self._listeners = listeners
        self._owns_orphans = owns_orphans
        self._sites: Mapping[tuple[str, str], WatchedPath] = {}
        self._identities: Mapping[Role, Identity] = {}
        self._signer: Any = None
        self._our_domains: frozenset[str] = frozenset()
        self._alarms = Alarms()
        self._busy: Counter[Check] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def configure(self, config: Config) -> None:
        """Work by this configuration from now on. Probes on paths that are gone end as unknown."""
        self._sites = {(site.company, site.path): site for site in config.paths()}
        self._identities = config.identities()
        self._signer = config.sender.dkim.signer(config.sender.domain) if config.sender.dkim else None
        self._our_domains = frozenset({config.inbound.domain} if config.inbound else ())
        for site in self._sites.values():
            if watcher := self.watchers.get(site.mailbox.key):
                watcher.mailbox = site.mailbox
        for flight in self.flights.values():
            self._expect(flight)  # of a path that was gone, too, where the store did not take that
        gone = [flight for flight in self.flights.values() if self._site(flight) is None]
        await asyncio.gather(*(self._abandon(flight) for flight in gone))
        kept = {site.mailbox.key for site in self._sites.values()}
        await asyncio.gather(*(self.watchers.pop(key).close() for key in self.watchers.keys() - kept))

    async def resume(self) -> None:
        """Pick up what was on its way when the service stopped."""
        unknown = [each for each in await self._store.in_flight() if each.probe.id not in self.flights]
        for flight in [self._enter(Flight.of(record, self._now())) for record in unknown]:
            if self._site(flight):
                self._expect(flight)
                self._set_alarm(flight, self._time(flight))
            else:
                await self._abandon(flight)

    def busy(self, check: Check) -> bool:
        """Whether a scheduled probe of this kind must wait on this path; nobody waits for what it is compared with."""
        return self._busy[check] > 0

    async def launch(self, site: WatchedPath, kind: Kind, role: Role = Role.SENDER) -> Probe:
        """Start a probe; returns when it is stored and being sent. Raises LaunchError."""
        if (identity := self._identities.get(role)) is None:
            raise LaunchError(f"there is no {role}; add a [{role}] table to the configuration")
        probe = probe_on(site, kind, identity, self._now())
        first = Attempt(probe.created_at, 1)
        flight = self._enter(Flight(probe, site.mailbox.key, [first], sending=True))
        try:
            await self._store.launch(probe, flight.mailbox, first)
        except BaseException:
            self._leave(flight)
            raise
        self._tell(flight, first)
        self._expect(flight)
        self._spawn(flight, self._send(flight, site, first))
        return probe

    async def bounced(self, probe_id: str, facts: BounceFacts, client: SmtpClient) -> bool:
        """A mail about this probe came back. When this returns it is stored; whether there is such a probe."""
        flight = self.flights.get(probe_id) or await self._recall(probe_id)
        if flight is None:
            return False
        origin = await origin_of(client, facts, flight.receiver, self._around.resolver)
        news = came_back(facts, flight.probe.recipient, self._our_domains, self._time(flight), origin)
        if news and flight.has_room_for(news):
            await self._learn(flight, news)
        return True

    async def copied(self, mailbox: str, sighting: Sighting) -> bool:
        """A copy of what came into this mailbox. When this returns it is stored; whether it is one of its probes."""
        return await self._believe(mailbox, sighting)

    def clock_was_set(self, step: timedelta) -> None:
        """The system clock is `step` later. What waits for a time waits as long as before."""
        for flight in self.flights.values():
            flight.clock_was_set(step)
            self._expect(flight)
        self._alarms.clock_was_set(step)
        self.presence.clock_was_set(step)

    def tick(self, now: datetime) -> None:
        """Attend to every probe whose time has come."""
        self.presence.tick(now)
        for probe_id in self._alarms.due(now):
            if flight := self.flights.get(probe_id):
                self._spawn(flight, self._attend(flight))

    async def close(self, grace: float = GRACE) -> None:
        """Stop working; dialogues under way have `grace` seconds to end. Probes on their way stay in the store."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(watcher.close() for watcher in self.watchers.values()))

    async def _send(self, flight: Flight, site: WatchedPath, attempt: Attempt) -> None:
        flight.sending = True
        began = elapsed()
        try:
            message = compose(flight.probe, self._identities[flight.probe.role], self._key, self._signer)
            dialogue = await site.route.send(
                message,
                attempt.number,
                replace(self._around, now=partial(self._time, flight)),
                timeout=site.timeout.total_seconds(),
                note=partial(self._tell, flight),
            )
        finally:
            flight.sending = False
        await self._keep(flight, end_of(dialogue, paused=self.presence.paused_since(began)))

    async def _keep(self, flight: Flight, *news: Evidence) -> None:
        """Learn what cannot be seen again, however long the store takes nothing; until then nothing else is done."""
        flight.keeping += 1
        try:
            while True:
                try:
                    return await self._learn(flight, *news)
                except StoreDownError:
                    await asyncio.sleep(STORE_RETRY)
        finally:
            flight.keeping -= 1

    async def _attend(self, flight: Flight) -> None:
        """Do what is due for this probe, knowing what another process may have stored of it."""
        if flight.sending or flight.keeping:
            return
        if (site := self._site(flight)) is None:
            await self._abandon(flight)
            return
        await self._refresh(flight)
        now = self._time(flight)
        if begun := flight.unfinished:
            await self._wait_for_the_end(flight, begun, begun.at + site.timeout + SLACK)
        elif (retry := next_attempt(flight.probe, flight.evidence)) and retry[1] <= now:
            await self._try_again(flight, site, retry[0])
        elif wants_look(flight.probe, flight.evidence, now):
            await self._last_look(flight, site)
        else:
            await self._learn(flight)

    async def _wait_for_the_end(self, flight: Flight, begun: Attempt, deadline: datetime) -> None:
        """An attempt that is not ours, or was cut short: after its deadline it counts as interrupted."""
        if (now := self._time(flight)) < deadline:
            self._set_alarm(flight, deadline)
        else:
            await self._learn(flight, Interrupted(now, begun.number))

    async def _try_again(self, flight: Flight, site: WatchedPath, number: int) -> None:
        now = self._now()
        if self.caps and (free_at := self.caps.free_at(site.route.destination(site.to), now)) > now:
            self._set_alarm(flight, free_at - flight.set_since)
            return
        attempt = Attempt(self._time(flight), number)
        flight.sending = True
        try:
            ours = await self._store.add(flight.probe.id, attempt)
        finally:
            flight.sending = False
        if ours:
            if self.caps:
                self.caps.count_message(site, now)
            flight.evidence.append(attempt)
            self._tell(flight, attempt)
            await self._send(flight, site, attempt)
        else:  # another process on the same store was quicker
            self._set_alarm(flight, self._time(flight) + SLACK)

    async def _last_look(self, flight: Flight, site: WatchedPath) -> None:
        if isinstance(site.mailbox, InboundMailbox):
            look = self.presence.look(site.mailbox, flight, self._now())
        else:
            look = await self._watcher(site).look()
        if not flight.arrived:
            await self._learn(flight, flight.looked(look, self._now()))

    async def _hear(self, mailbox: str, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
        if len(sightings) == 1:  # as nearly always; a task for it would cost more than it does
            return sightings if await self._is_ours(mailbox, sightings[0]) else ()
        ours = await asyncio.gather(*(self._is_ours(mailbox, sighting) for sighting in sightings))
        return [sighting for sighting, is_ours in zip(sightings, ours, strict=True) if is_ours]

    async def _is_ours(self, mailbox: str, sighting: Sighting) -> bool:
        """Whether it is ours to delete. A message that we stumble over must not hide the others."""
        try:
            return await self._believe(mailbox, sighting) or await self._left_over(sighting)
        except StoreError:
            raise
        except Exception:
            log.exception("a message in a mailbox could not be understood", mailbox=mailbox)
            return False

    async def _left_over(self, sighting: Sighting) -> bool:
        """Whether this is a probe that nobody waits for any more: given up, wherever it was sent, or forgotten."""
        found = self._recognised(sighting) if self._owns_orphans else None
        if found is None or found.probe_id in self.flights:
            return False
        if record := await self._store.record(found.probe_id):
            return self._now() >= record.probe.give_up_at
        return sighting.mailbox_time is None or self._now() - sighting.mailbox_time > FORGOTTEN

    def _recognised(self, sighting: Sighting) -> Recognised | None:
        """The probe that this message is."""
        return recognise(sighting, self._key, {identity.address.lower() for identity in self._identities.values()})

    async def _believe(self, mailbox: str, sighting: Sighting) -> bool:
        """Whether this is a probe that belongs here. If so, and it is not a copy, it has arrived."""
        if (found := self._recognised(sighting)) is None:
            return False
        flight = self.flights.get(found.probe_id) or await self._recall(found.probe_id)
        if flight is None or flight.mailbox != mailbox:
            return False
        if not flight.arrived:
            site, now = self._site(flight), self._now()
            missed = self.presence.missed(site, flight, now) if site else ()
            await self._keep(flight, *missed, flight.arrival(sighting, found.body, now))
        return True

    async def _report(self, probe_ids: Iterable[str], look: Look | FailedLook) -> None:
        flights = [self.flights[probe_id] for probe_id in probe_ids if probe_id in self.flights]
        works = (self._keep(flight, flight.looked(look, self._now())) for flight in flights)
        for error in filter(None, await asyncio.gather(*works, return_exceptions=True)):
            raise error

    async def _recall(self, probe_id: str) -> Flight | None:
        """A probe that was over already, or another process's: of that only one of the processes takes care."""
        record = await self._store.record(probe_id) if self._owns_orphans else None
        return Flight.of(record, self._now()) if record else None

    async def catch_up(self) -> None:
        """Learn what another process on the same store has seen of our probes."""
        for flight in list(self.flights.values()):
            if await self._refresh(flight) and not flight.sending:
                await self._learn(flight)

    async def _refresh(self, flight: Flight) -> bool:
        """Take over what another process stored of this probe; whether there was anything."""
        record = await self._store.record(flight.probe.id)
        news = flight.take_over(record) if record else []
        for seen in news:
            self._tell(flight, seen)
        return bool(news)

    async def _learn(self, flight: Flight, *news: Evidence) -> None:
        """Store what was seen and what it means; when both are safe, tell."""
        at, now = self._now(), self._time(flight)
        absence = self.presence.absence(flight, at) if flight.probe.id in self.flights else ()
        news = (*absence, *news)
        flight.evidence.extend(news)
        probe = flight.probe
        verdict, over, delivery = flight.weighed(now)
        before, changed = flight.verdict, verdict is not None and verdict != flight.verdict
        if changed:
            flight.verdict = verdict
        try:
            new = verdict if changed else None
            await self._store.learn(probe.id, news, new, at, closed=over, delivery=delivery)
        except BaseException:  # what is not stored is not known: a later look at the store decides
            flight.evidence[:] = [seen for seen in flight.evidence if seen not in news]
            flight.verdict = before
            flight.away -= sum(each.seconds for each in absence)
            raise
        for seen in news:
            self._tell(flight, seen)
        if verdict and changed:
            self._tell(flight, Judged(verdict, at, delivery, amends=before is not None))
        self._go_on(flight, over)

    def _go_on(self, flight: Flight, over: bool) -> None:
        if over or flight.probe.id not in self.flights:
            self._leave(flight)
            return
        if not may_arrive(flight.probe, flight.evidence) and (watcher := self.watchers.get(flight.mailbox)):
            watcher.forget(flight.probe.id)
        if not flight.sending:
            now = self._time(flight)
            self._set_alarm(flight, max(next_moment(flight.probe, flight.evidence, now), now))

    async def _abandon(self, flight: Flight) -> None:
        """End a probe whose path is gone; where the store does not take that now, later."""
        self._leave(flight)
        try:
            await self._store.learn(flight.probe.id, (), ABANDONED, self._now(), closed=True, delivery=None)
        except StoreDownError:
            self._set_alarm(self._enter(flight), self._time(flight) + SLACK)
        except NoSuchProbeError:  # forgotten meanwhile
            pass

    def _enter(self, flight: Flight) -> Flight:
        flight.away = self.presence.away
        self.flights[flight.probe.id] = flight
        self._busy[flight.line] += flight.probe.role is Role.SENDER
        return flight

    def _leave(self, flight: Flight) -> None:
        self._alarms.cancel(flight.probe.id)
        if self.flights.pop(flight.probe.id, None):
            self._busy[flight.line] -= flight.probe.role is Role.SENDER
            if not self._busy[flight.line]:
                del self._busy[flight.line]
        if watcher := self.watchers.get(flight.mailbox):
            watcher.forget(flight.probe.id)

    def _expect(self, flight: Flight) -> None:
        site = self._site(flight)
        if site and may_arrive(flight.probe, flight.evidence) and not isinstance(site.mailbox, InboundMailbox):
            self._watcher(site).expect(flight.probe.id, flight.probe.created_at + min(flight.set_since, timedelta(0)))

    def _site(self, flight: Flight) -> WatchedPath | None:
        """The flight's path, if it is still the one that it was launched on."""
        site = self._sites.get(flight.line[:2])
        return site if site and site.mailbox.key == flight.mailbox else None

    def _watcher(self, site: WatchedPath) -> Watcher:
        key = site.mailbox.key
        if key not in self.watchers:
            self.watchers[key] = Watcher(
                site.mailbox, self._pool, hear=partial(self._hear, key), report=self._report, now=self._now
            )
        return self.watchers[key]

    def _time(self, flight: Flight) -> datetime:
        """What time it is for this probe."""
        return flight.time(self._now())

    def _set_alarm(self, flight: Flight, moment: datetime) -> None:
        """`moment` is by the probe's time."""
        self._alarms.set(flight.probe.id, moment + flight.set_since)

    def _tell(self, flight: Flight, what: Step | Evidence | Judged) -> None:
        tell_all(self._listeners, Event(flight.probe, what))

    def _spawn(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guard(flight, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, flight: Flight, work: Coroutine[Any, Any, None]) -> None:
        """The outermost frame of all work: what goes wrong is told and taken up again, and the rest goes on."""
        try:
            await work
        except Exception as error:
            self._set_alarm(flight, self._time(flight) + SLACK)
            if not isinstance(error, StoreDownError | ReplacedError):  # of these the service tells
                log.exception("work on a probe went wrong", probe=flight.probe.id)
