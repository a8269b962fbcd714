"""From stored verdicts to stored incidents and notices: the shell around the rules in `incidents`.

It follows the store by number: what the rules have seen is written down together with what came of it, so that a signal
counts once, whoever stored it, and however often the service is stopped in between.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from monitor.config import Config, WatchedPath
from monitor.incidents.incident import HistoryEntry, Incident, IncidentEvent, Nature, StandingFinding
from monitor.incidents.mute import Mute, active, muting, whole_of
from monitor.incidents.rules import Moment, reconcile
from monitor.incidents.scope import Problem
from monitor.incidents.settings import IncidentSettings
from monitor.incidents.signal import Signal
from monitor.incidents.standing_groups import with_standing
from monitor.incidents.tracker import FailureTracker
from monitor.incidents.weight import Names
from monitor.incidents.work import NO_WORK, IncidentAction, work_of
from monitor.notices.due import Audience, Due
from monitor.notices.notice import Notice
from monitor.oncall.composer import NoticeComposer
from monitor.oncall.findings import FindingsReader
from monitor.oncall.incident_reader import waiting_of
from monitor.oncall.past import PastReader, newest_signal, other_identities, path_info
from monitor.people.action_links import LinkSigner
from monitor.store import Present, Store, StoreDownError
from monitor.supervised import SupervisedTask
from probes.check import Check
from probes.uplink import Uplink

MAX_VERDICTS_PER_STEP = 500  # verdicts that are taken in one step
TIMER_SECONDS = 1.0  # seconds between looks at what time alone changes: mutes, reminders, what has settled
MAX_STEP_DELAY_SECONDS = (
    0.1  # seconds at most from a verdict to the next step, so that what comes at once is seen at once
)
LONG_MUTE = timedelta(days=30)  # a mute that lasts longer than this hides the end of an incident for good
RETRY_SECONDS = 5.0  # seconds until the next step after one that failed

log = structlog.get_logger("incidents")

Compare = Callable[[WatchedPath, Signal], None]
"""Requests a control on a path because of this verdict."""


def _nobody(*_: object) -> None:
    """Who is not there."""


@dataclass
class _Turned:
    """The result of one step, before it is stored."""

    incidents: dict[str, Incident]
    problems: dict[str, Problem] = field(default_factory=dict)  # by the id of the incident
    entries: list[HistoryEntry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


class IncidentEngine:
    """Runs the incident rules and keeps the open incidents. `composer` renders their notices."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        uplink: Callable[[], Uplink] = Uplink,
        *,
        on_notices: Callable[[], None] = _nobody,
        compare: Compare = _nobody,
    ) -> None:
        """`uplink` tells what is known of our own way out. `on_notices` is called when notices wait, `compare` when a
        control should tell more of a failing path."""
        self._store, self._now = store, now
        self.composer = NoticeComposer(now)
        self._on_notices, self._compare = on_notices, compare
        self._tracker = FailureTracker()
        self._tracker.follow(uplink)
        self._past = PastReader(store, self._tracker)
        self._findings = FindingsReader(store)
        self._settings = IncidentSettings()
        self._config = Config()
        self._paths: dict[tuple[str, str], WatchedPath] = {}
        self._incidents: dict[str, Incident] = {}
        self._problems: dict[str, Problem] = {}  # of the last step, by the id of the incident
        self._maintenance: list[Mute] = []
        self._to_read_up = False  # what open incidents are about, before anything is concluded from it
        self._saw = 0  # as the store knows it
        self._took = 0  # what the picture holds: more than that, after a step that could not be stored
        self._unsure = False  # a step has no answer from the store, which may know more than we do
        self._asked: dict[tuple[str, str], datetime] = {}
        self._news = asyncio.Event()
        self._turns = asyncio.Lock()  # a reload makes the picture anew, and half of it is not to be looked at
        self._behind_since: datetime | None = None
        self._looked_at = now()
        self._queues: Mapping[str, tuple[int, datetime]] = {}
        self._task = SupervisedTask("incidents", self._run)

    @property
    def incidents(self) -> Sequence[Incident]:
        """The open incidents."""
        return [incident for incident in self._incidents.values() if incident.open]

    @property
    def acknowledged(self) -> dict[str, datetime]:
        """Times at which incidents were acknowledged, by their ids; without those of which that no longer holds."""
        return {name: held.at for name, work in self.composer.works.items() if (held := work.acknowledged)}

    @property
    def muted(self) -> frozenset[str]:
        """Ids of muted incidents; of closed ones, those that nobody was notified of."""
        return frozenset(incident.id for incident in self._incidents.values() if incident.muted_by)

    @property
    def lag(self) -> timedelta:
        """Age of the oldest verdict that the rules have not seen."""
        return max(self._now() - self._behind_since, timedelta(0)) if self._behind_since else timedelta(0)

    @property
    def waiting(self) -> dict[str, tuple[int, timedelta]]:
        """For each channel the number of undelivered notices, and the age of the oldest."""
        return waiting_of(self._config, self._queues, self._now())

    async def configure(self, config: Config) -> None:
        """Use this configuration from now on; incidents of removed paths close with the next step. That step reads the
        store, so that a reload completes even while the store fails."""
        async with self._turns:
            self._configure(config)
        self._news.set()

    def _configure(self, config: Config) -> None:
        self._config, self._settings = config, config.incidents
        self._paths = {(path.company, path.path): path for path in config.paths()}
        paths = [path_info(path, self._now()) for path in self._paths.values()]
        self.composer.configure(config, paths)
        self._maintenance = [mute for planned in config.maintenance for mute in planned.mutes()]
        self._tracker.configure(
            paths, config.incidents, Names(config.sender.domain, config.sender.source_ip), other_identities(config)
        )
        self._past.configure(config)
        self._findings.configure(config)
        self._to_read_up = True

    async def recall(self, presents: Sequence[Present]) -> None:
        """Continue where the last run stopped."""
        self.composer.links = LinkSigner(await self._store.key())
        saw = await self._store.incidents.signals_seen()
        if saw is None:  # the rules begin with what is judged from now on
            saw = await self._store.probes.last_signal()
            await self._store.incidents.advance(saw, (), (), ())
        self._saw = self._took = saw
        self._tracker.wake(self._now())
        for present in presents:
            self._tracker.recall_newest(newest_signal(present))
        await self._recall_incidents()
        await self._read_up()

    async def _recall_incidents(self) -> None:
        closed = await self._store.incidents.recently_closed(self._now() - max(self._settings.reopen, LONG_MUTE))
        self._incidents = {each.id: each for each in (*closed, *await self._store.incidents.open())}
        self._forget_what_is_over()

    def start(self) -> None:
        """Apply the rules from now on."""
        self._task.start()

    async def close(self) -> None:
        """Finish the current step."""
        await self._task.close()

    def poke(self) -> None:
        """Wake up soon: something may have changed, such as a mute."""
        self._findings.poke_remedies()
        self._news.set()

    def poke_findings(self) -> None:
        """Wake up soon: the sender's standing, or what is known of its real mail, may have changed in the store."""
        self._findings.poke_sources()
        self._news.set()

    def take(self, signals: Sequence[Signal]) -> None:
        """These are in the store now: look soon. They are read again, together with what the rules had seen before."""
        if signals[-1].number > self._saw:
            self._behind_since = self._behind_since or self._now()
            self._news.set()

    async def step(self) -> bool:
        """Process new verdicts and store the result. Returns if there are more."""
        async with self._turns:
            return await self._step()

    async def _step(self) -> bool:
        behind, self._behind_since = self._behind_since, None
        try:
            if self._unsure:
                await self._begin_anew()
            if self._to_read_up:
                await self._read_up()
            signals = await self._store.probes.signals(self._saw, MAX_VERDICTS_PER_STEP)
            await self._take(signals)
            now = self._now()
            await self._past.read_diagnosed(now)
            mutes = [*self._maintenance, *await self._store.incidents.mutes(active_at=now)]
            self._queues = await self._store.incidents.queues()
            actions = await self._store.incidents.open_actions()
            standing = await self._findings.found(now)
            in_force = [mute for mute in mutes if active(mute, now)]
            turned = self._turn(now, in_force, actions, frozenset(self._queues), standing)
            upto = signals[-1].number if signals else self._saw
            changed = [each for each in turned.incidents.values() if self._incidents.get(each.id) is not each]
            if signals or changed or turned.notices:
                self._unsure = True
                await self._store.incidents.advance(upto, changed, turned.entries, turned.notices, saw=self._saw)
                self._unsure = False
        except BaseException:
            self._behind_since = behind
            raise
        self._saw, self._incidents, self._problems, self._looked_at = upto, turned.incidents, turned.problems, now
        self._forget_what_is_over()
        if turned.notices:
            self._on_notices()
        self._ask_for_controls(signals, now)
        if more := len(signals) == MAX_VERDICTS_PER_STEP:
            self._behind_since = behind or now
        return more

    async def _begin_anew(self) -> None:
        """After a write that had no good answer, and may have been committed all the same: what the store knows counts.
        Else an incident would be opened twice, or our own step be taken for that of another process."""
        self._saw, self._problems = await self._store.incidents.signals_seen() or self._saw, {}
        await self._recall_incidents()
        self._unsure = False

    async def _run(self) -> None:
        while True:
            self._news.clear()
            began = monotonic()
            try:
                more = await self.step()
            except StoreDownError:  # of which the service tells
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                log.exception("incident rules failed")
                await asyncio.sleep(RETRY_SECONDS)
                continue
            took = monotonic() - began
            if not more:
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(self._until_something_settles() - took, 0.0)):
                        await self._news.wait()
                await asyncio.sleep(
                    min(took, MAX_STEP_DELAY_SECONDS)
                )  # many verdicts share a step, a lone one does not wait

    def _until_something_settles(self) -> float:
        """Return seconds from the last step until time alone may change something."""
        settle, looked = self._settings.settle, self._looked_at
        waits = [settle - (looked - each.opened_at) for each in self.incidents if not each.told and not each.muted_by]
        soon = [wait.total_seconds() for wait in waits if timedelta(0) < wait < timedelta(seconds=TIMER_SECONDS)]
        return min(soon, default=TIMER_SECONDS)

    async def _take(self, signals: Sequence[Signal]) -> None:
        new = [signal for signal in signals if signal.number > self._took]
        unread, late = self._tracker.unread(new), self._tracker.out_of_order(new)
        upto = new[-1].number if new else self._took
        await self._read(unread, upto)
        await self._read([check for check in late if check not in unread], upto, late=True)
        self._tracker.take(new, frozenset((*unread, *late)))
        self._took = upto
        await self._read(self._tracker.unread_beside_failures(), upto)

    async def _read(self, checks: Sequence[Check], upto: int, *, late: bool = False) -> None:
        await self._past.read(checks, self.incidents, upto, late=late)

    async def _read_up(self) -> None:
        """Load the past of everything in open incidents; without it they would seem to be over."""
        self._set_relapses()
        touched = dict.fromkeys(company for incident in self.incidents for company in incident.touches)
        await self._read(self._tracker.unread_of(touched), self._took)
        self._to_read_up = False

    def _turn(
        self,
        now: datetime,
        mutes: Sequence[Mute],
        actions: Mapping[str, Sequence[IncidentAction]],
        waiting: frozenset[str],
        standing: Sequence[StandingFinding],
    ) -> _Turned:
        """Compute the result of the present state. `actions`: of people, by incident. `waiting`: channels with
        undelivered notices."""
        groups = with_standing(self._tracker.groups(self.incidents, now), standing, self.incidents)
        asks = self._findings.asks
        moment = Moment(now, self._tracker.watches, _new_id, self._settings.reopen, self._problems, asks)
        after = reconcile(self._incidents.values(), groups, moment)
        turned = _Turned({**self._incidents, **after.incidents}, after.problems, after.entries)
        for incident in list(turned.incidents.values()):
            self._mute(turned, incident, mutes, now)
        self.composer.works = {
            name: work_of(turned.incidents[name], done) for name, done in actions.items() if name in turned.incidents
        }
        for incident in list(turned.incidents.values()):
            self._wait_for_somebody(turned, incident, now)
        keeps_open = {name: channel.keeps_open for name, channel in self._config.channels.items()}
        held = {name: who for name in self.composer.works if (who := self.composer.held_by(name))}
        audience = Audience(keeps_open, self._config.routing, self._settings, waiting, held)
        due = Due(turned.incidents, audience, now, partial(self.composer.request, turned.incidents, now))
        turned.incidents, turned.notices = due.incidents, due.notices
        turned.entries += due.entries
        return turned

    def _wait_for_somebody(self, turned: _Turned, incident: Incident, now: datetime) -> None:
        """Note since when nobody has the incident. While it is muted, nobody is asked to."""
        held = self.composer.works.get(incident.id, NO_WORK).acknowledged
        waits = incident.open and not incident.muted_by and not held
        since = (incident.unacknowledged_since or now) if waits else None
        if since != incident.unacknowledged_since:
            turned.incidents[incident.id] = replace(incident, unacknowledged_since=since)

    def _mute(self, turned: _Turned, incident: Incident, mutes: Sequence[Mute], now: datetime) -> None:
        if not mutes and not incident.muted_by:
            return
        problem = turned.problems.get(incident.id) if incident.open else None
        failures = problem.failures if problem else incident.failures
        muted_by = muting(mutes, failures, self.composer.mail_systems, now, whole_of(incident))
        if muted_by == incident.muted_by:
            return
        turned.incidents[incident.id] = replace(incident, muted_by=muted_by)
        if bool(muted_by) != bool(incident.muted_by):
            turn, said = (
                (IncidentEvent.MUTED, "; ".join(f"by {mute.by}: {mute.why}" for mute in mutes if mute.id in muted_by))
                if muted_by
                else (IncidentEvent.UNMUTED, "the mute is over")
            )
            turned.entries.append(HistoryEntry(incident.id, now, turn, said))

    def _ask_for_controls(self, signals: Sequence[Signal], now: datetime) -> None:
        for path, signal in self._tracker.needing_control(signals, now, self._asked):
            self._asked[path.key] = now
            self._compare(self._paths[path.key], signal)

    def _forget_what_is_over(self) -> None:
        """Keep open incidents, those that may reopen, and those whose end must still be notified."""
        now = self._now()
        for incident in list(self._incidents.values()):
            if incident.closed_at is None or now - incident.closed_at <= self._settings.reopen:
                continue
            if all(told.over or name not in self._config.channels for name, told in incident.told.items()):
                del self._incidents[incident.id]
        self._set_relapses()

    def _set_relapses(self) -> None:
        relapses: dict[tuple[str, Nature], int] = {}
        for incident in self.incidents:
            for key in ((company, incident.nature) for company in incident.touches if incident.relapses):
                relapses[key] = max(incident.relapses, relapses.get(key, 0))
        self._tracker.set_relapses(relapses)


def _new_id() -> str:
    return secrets.token_hex(6)
