"""A weekly calendar: at which times of the week something holds, by the clocks on the wall of some place.

It holds while those clocks show a time between the two that are written. Of an hour that they show twice, it holds from
the first to the last. Where they skip all of it, it holds from the skip on, as long as it is written.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from probes.settings import shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)
DAY = 24 * 60  # minutes
WEEK = 7 * DAY
FORM = '"sat 22:00 - sun 04:00 Europe/Berlin", or "mon-fri 01:00-03:00" in UTC'

_TIME = r"(\d{1,2}:\d{2})"
_ZONE = r"(?: (\S{1,64}))?"
_ACROSS = re.compile(rf"([a-z]+) {_TIME} ?- ?([a-z]+) {_TIME}{_ZONE}", re.ASCII | re.IGNORECASE)
_EACH = re.compile(rf"([a-z]+(?: ?[-,] ?[a-z]+)*) {_TIME} ?- ?{_TIME}{_ZONE}", re.ASCII | re.IGNORECASE)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """A part of every week: from `begins`, in minutes after Monday 00:00 on the wall, for `lasts` minutes."""

    begins: int
    lasts: int


@dataclass(frozen=True, slots=True)
class Weekly:
    """Parts of every week in their order, by the clocks of one zone."""

    stretches: tuple[WeeklyPeriod, ...]
    zone: tzinfo

    def until(self, now: datetime) -> datetime | None:
        """When what holds now ends, in UTC; parts that touch are one. None: nothing holds now."""
        end = now
        for begins, ends in self._around(now):
            if begins <= end < ends:
                end = ends
        return end if end > now else None

    def following(self, now: datetime) -> datetime:
        """When the next part begins, in UTC."""
        return next(begins for begins, _ in self._around(now) if begins > now)

    def _around(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Begin and end of each part in the weeks about now, in their order."""
        here = now.astimezone(self.zone).replace(tzinfo=None)
        monday = here.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=here.weekday())
        weeks = [monday + timedelta(weeks=number) for number in range(-1, 3)]
        return [self._instants(week, stretch) for week in weeks for stretch in self.stretches]

    def _instants(self, monday: datetime, stretch: WeeklyPeriod) -> tuple[datetime, datetime]:
        begins = monday + stretch.begins * MINUTE
        first = _first(begins, self.zone)
        last = _last(begins + stretch.lasts * MINUTE, self.zone)
        return first, last if last > first else first + stretch.lasts * MINUTE


def _first(wall: datetime, zone: tzinfo) -> datetime:
    """When the clocks first show `wall`, or have skipped it."""
    early, late = _offsets(wall, zone)
    return _skip(wall, zone) if early < late else (wall - early).replace(tzinfo=UTC)


def _last(wall: datetime, zone: tzinfo) -> datetime:
    """When the clocks no longer show what is before `wall`, and will not again."""
    minute = wall - MINUTE
    early, late = _offsets(minute, zone)
    return _skip(minute, zone) if early < late else (wall - late).replace(tzinfo=UTC)


def _offsets(wall: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """What the zone is ahead of UTC at this time on the wall: when it is shown first, and when last. The first is less
    where the clocks skip this time: PEP 495."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return early or timedelta(0), late or timedelta(0)


def _skip(wall: datetime, zone: tzinfo) -> datetime:
    """When the clocks were put forward over this time."""
    early, late = _offsets(wall, zone)
    before, seconds = (wall - late).replace(tzinfo=UTC), round((late - early).total_seconds())

    def ahead(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == late

    return before + timedelta(seconds=bisect_left(range(seconds), True, key=ahead))


def weekly(text: str) -> Weekly:
    """Reads "sat 22:00 - sun 04:00 Europe/Berlin", "mon-fri 01:00-03:00" or "sat,sun 23:00-01:00", in UTC where no zone
    is named. Raises ValueError, whose text says what is expected."""
    plain = " ".join(text.replace("–", "-").split()) if len(text) <= _LONGEST else ""
    if across := _ACROSS.fullmatch(plain):
        day, begin, last, end, zone = across.groups()
        start = _day(day) * DAY + _minute(begin)
        stretches = [WeeklyPeriod(start, (_day(last) * DAY + _minute(end) - start) % WEEK)]
    elif each := _EACH.fullmatch(plain):
        days, begin, end, zone = each.groups()
        lasts = _minute(end) - _minute(begin)
        lasts += DAY if lasts < 0 else 0
        stretches = [WeeklyPeriod(day * DAY + _minute(begin), lasts) for day in sorted(set(_days(days)))]
    else:
        raise ValueError(f"must be times of the week like {FORM}, not {shown(text)}")
    if not all(stretch.lasts for stretch in stretches):
        raise ValueError(f"must end at another time than it begins, not {shown(text)}; a whole day is 00:00-24:00")
    if sum(stretch.lasts for stretch in stretches) >= WEEK:
        raise ValueError(f"must leave some time of the week free, not {shown(text)}")
    return Weekly(tuple(stretches), _zone(zone))


def _days(text: str) -> Iterator[int]:
    """The days of "mon-wed,sat"; "fri-mon" goes over the week's end."""
    for part in text.replace(" ", "").split(","):
        first, *others = (_day(name) for name in part.split("-"))
        if len(others) > 1:
            raise ValueError(f'must name days like "mon-fri" or "sat,sun", not {shown(part)}')
        last = others[0] if others else first
        yield from ((first + number) % 7 for number in range((last - first) % 7 + 1))


def _day(name: str) -> int:
    if name.lower() not in DAYS:
        raise ValueError(f"must name days as {', '.join(DAYS)}, not {shown(name)}")
    return DAYS.index(name.lower())


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    minutes = int(hour) * 60 + int(minute)
    if int(minute) > 59 or minutes > DAY:
        raise ValueError(f"must have times from 00:00 to 24:00, not {shown(text)}")
    return minutes


def _zone(name: str | None) -> tzinfo:
    if name is None or name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, or one too long
        close = get_close_matches(name, available_timezones(), n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"must name a time zone like Europe/Berlin, not {shown(name)}{meant}") from None
