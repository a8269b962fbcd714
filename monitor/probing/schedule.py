"""Decide when to probe. Pure: time comes in, due probes go out; the clock is elsewhere.

Each path and kind has its own offset on the clock, derived from its name, so that many paths spread evenly and a
restart neither moves them nor makes up for missed ones.
"""

import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from apscheduler.triggers.cron import CronTrigger

from monitor.config import WatchedPath
from monitor.probing.caps import MINUTE, Caps
from probes.check import Check
from probes.kinds import Kind

STALE = timedelta(seconds=30)  # a time that passed this long ago, while asleep or busy, is skipped
NEARLY = 0.9  # of its wait must have passed since the last probe, where a clock that was set makes the next one due
CATCH_UP = 0.4  # of its wait may have passed since a turn that is caught up: the next one does not follow at once
CRON_TIMES = 50  # of a cron that are looked at, to know how long one waits for it

Launched = tuple[datetime, timedelta]
"""When the last probe of a check was launched, and the wait from then to the next."""


@dataclass(frozen=True, slots=True)
class DueProbe:
    """A probe to launch, due at `due`. `slot`: that time without jitter, the same in every process."""

    path: WatchedPath
    kind: Kind
    due: datetime
    slot: datetime


class Timetable:
    """The times of one path and kind: a grid of the interval, or cron times, shifted by an offset of its own. A process
    has tens of thousands: it keeps the path, and of its own the offset alone."""

    __slots__ = ("_path", "_phase")

    def __init__(self, path: WatchedPath, kind: Kind) -> None:
        self._path = path
        if path.every:
            place = (_share(path.key) + path.kinds.index(kind) / len(path.kinds)) % 1.0
            self._phase = place * path.every
        else:
            self._phase = _share(f"{path.key}/{kind}") * MINUTE

    def holds(self, path: WatchedPath) -> bool:
        """Test if these are still the times of the path, as it is configured now."""
        return _pace(self._path) == _pace(path)

    def after(self, now: datetime, rng: random.Random) -> datetime:
        """Return the next time after `now`."""
        path, chance = self._path, rng.random()
        if not path.every:
            return self._next_by_cron(now)
        return self._next_on_grid(now, path.every) + chance * (path.every * path.jitter / len(path.kinds))

    def slot(self, due: datetime) -> datetime:
        """Return the time of the timetable to which this one belongs."""
        every = self._path.every
        return due - (due - datetime.fromtimestamp(0, UTC) - self._phase) % every if every else due

    def wait_after(self, due: datetime) -> timedelta:
        """Return the time from this one to the next, without jitter."""
        return self._path.every or self._next_by_cron(due) - due

    def missed(self, now: datetime) -> timedelta:
        """Return how long ago a turn may have been that is caught up now."""
        return min(STALE, CATCH_UP * self.wait_after(now))

    def _next_on_grid(self, now: datetime, every: timedelta) -> datetime:
        since = now - datetime.fromtimestamp(0, UTC) - self._phase
        return now + every - since % every

    def _next_by_cron(self, now: datetime) -> datetime:
        trigger = _trigger(str(self._path.cron))
        fire: datetime = trigger.get_next_fire_time(None, now - self._phase + timedelta(microseconds=1))
        return fire + self._phase


def _pace(path: WatchedPath) -> tuple[object, ...]:
    """Return what the times of a path depend on, besides its name."""
    return path.kinds, path.every, path.cron, path.jitter


def interval(path: WatchedPath, now: datetime) -> timedelta:
    """Return the interval in which each kind of the path is probed once; with cron, the longest of the next few."""
    return path.every or _longest_wait(str(path.cron), now.date())


@lru_cache(maxsize=1024)  # many paths have the same cron
def _trigger(cron: str) -> CronTrigger:
    return CronTrigger.from_crontab(cron, timezone=UTC)


@lru_cache(maxsize=1024)
def _longest_wait(cron: str, day: date) -> timedelta:
    trigger = _trigger(cron)
    times = [datetime.combine(day, time(), UTC)]
    while len(times) < CRON_TIMES and (fire := trigger.get_next_fire_time(None, times[-1] + timedelta(seconds=1))):
        times.append(fire)
    return max(later - earlier for earlier, later in pairwise(times[1:] if len(times) > 2 else times))


def _share(name: str) -> float:
    """Derive a number from 0 up to 1 from a name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest()) / 2**48


class Schedule:
    """Due probes. `busy` tests if a probe of this path and kind is still in flight: then its turn is skipped.

    With the schedule `before` a reload, what has the same times keeps them: its next one is neither moved nor left out,
    also if it is due already, or waits for its host. `catch_up`: paths whose turns of the last moments were another's,
    who may have missed them.
    """

    def __init__(
        self,
        paths: Iterable[WatchedPath],
        caps: Caps,
        now: datetime,
        *,
        busy: Callable[[Check], bool],
        rng: random.Random | None = None,
        before: "Schedule | None" = None,
        catch_up: Callable[[WatchedPath], bool] = lambda _: False,
    ) -> None:
        self._caps, self._busy, self._rng = caps, busy, rng or random.Random()  # noqa: S311 - jitter is no secret
        self._plan: list[tuple[datetime, int, WatchedPath, Kind]] = []
        self._tables: list[Timetable] = []
        self._launched: list[Launched | None] = []  # the last of each table
        self._made_up: dict[int, datetime] = {}  # the slot of a turn that comes late, by the number of its table
        self.lag = timedelta(0)
        self.skipped: dict[str, int] = {"late": 0, "busy": 0, "cap": 0, "store": 0} | (before.skipped if before else {})
        planned = before._planned() if before else {}
        for path in paths:
            for kind in path.kinds:
                due, table, launched, slot = planned.get(path.check(kind), (now, None, None, None))
                if table is None or not table.holds(path):
                    table, slot = Timetable(path, kind), None
                    due = table.after(now, self._rng)
                    if catch_up(path) and (late := self._missed_by(table, now)):
                        due, slot = late
                if slot:
                    self._made_up[len(self._tables)] = slot
                self._plan.append((due, len(self._tables), path, kind))
                self._tables.append(table)
                self._launched.append(launched)
        heapq.heapify(self._plan)

    def _planned(self) -> dict[Check, tuple[datetime, Timetable, "Launched | None", datetime | None]]:
        return {
            path.check(kind): (due, self._tables[number], self._launched[number], self._made_up.get(number))
            for due, number, path, kind in self._plan
        }

    def due(self, now: datetime, *, stored: bool = True) -> Iterator[DueProbe]:
        """Return the probes to launch now. Missed ones are skipped, never made up for in a burst; so are those due
        while nothing can be `stored`."""
        self.lag = now - self._plan[0][0] if self._plan and self._plan[0][0] <= now else timedelta(0)
        while self._plan and self._plan[0][0] <= now:
            due, number, path, kind = self._plan[0]
            put_off = self._caps.free_at(path.route.destination(path.to), now)
            reason = self._reason_to_skip(due, path, kind, now) if stored else "store"
            if put_off > now and not reason:
                heapq.heapreplace(self._plan, (put_off, number, path, kind))
                continue
            heapq.heapreplace(self._plan, (self._tables[number].after(now, self._rng), number, path, kind))
            slot = self._made_up.pop(number, None) or self._tables[number].slot(due)
            if reason:
                self.skipped[reason] += 1
            else:
                self._caps.count(path, now)
                self._launched[number] = now, self._tables[number].wait_after(due)
                yield DueProbe(path, kind, due, slot)

    def catch_up(self, taken: Callable[[WatchedPath], bool], now: datetime) -> None:
        """Make up for the turns of the last moments on those paths that were taken from another owner."""
        for place, (due, number, path, kind) in enumerate(self._plan):
            if taken(path) and (late := self._missed_by(self._tables[number], now)) and late[0] < due:
                self._plan[place], self._made_up[number] = (late[0], number, path, kind), late[1]
        heapq.heapify(self._plan)

    def _missed_by(self, table: Timetable, now: datetime) -> tuple[datetime, datetime] | None:
        """Return when to make up for a turn of the last moments, and its slot; None if there was none. They keep their
        distances: thousands at once would hold everything else up."""
        missed = table.missed(now)
        due = table.after(now - missed, self._rng)
        return (due + missed, table.slot(due)) if due <= now else None

    def clock_was_set(self, step: timedelta, now: datetime) -> None:
        """Plan again from `now`, after the system clock stepped by `step`. A check that has just had its turn has none
        again."""
        self._made_up.clear()
        self._launched = [last and (last[0] + step, last[1]) for last in self._launched]
        for place, (_, number, path, kind) in enumerate(self._plan):
            launched, wait = self._launched[number] or (now, timedelta(0))
            due = self._tables[number].after(max(now, launched + NEARLY * wait), self._rng)
            self._plan[place] = due, number, path, kind
        heapq.heapify(self._plan)

    def admits(self, path: WatchedPath, now: datetime) -> bool:
        """Test if an additional probe may be sent here now, and count it."""
        if self._caps.full(path, now) or self._caps.free_at(path.route.destination(path.to), now) > now:
            return False
        self._caps.count(path, now)
        return True

    def give_back(self, path: WatchedPath) -> None:
        """Give back an admitted probe that was not sent."""
        self._caps.give_back(path)

    def _reason_to_skip(self, due: datetime, path: WatchedPath, kind: Kind, now: datetime) -> str:
        if now - due > STALE:
            return "late"
        if self._busy(path.check(kind)):
            return "busy"
        return "cap" if self._caps.full(path, now) else ""
