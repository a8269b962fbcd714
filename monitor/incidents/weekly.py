"""A weekly calendar: periods of the week in some place's local time.

A period lasts while the local clock shows a time within it. If an hour occurs twice (end of DST), it lasts from the
first to the last occurrence. If all of it is skipped, it lasts its full length from the skip on.
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
    """A period of every week: from `begins`, in minutes after Monday 00:00 local time, for `lasts` minutes."""

    begins: int
    lasts: int


@dataclass(frozen=True, slots=True)
class Weekly:
    """Weekly periods in order, in one time zone."""

    stretches: tuple[WeeklyPeriod, ...]
    zone: tzinfo

    def until(self, now: datetime) -> datetime | None:
        """Return when the present period ends, in UTC; adjoining ones count as one. None: none is active."""
        end = now
        for begins, ends in self._around(now):
            if begins <= end < ends:
                end = ends
        return end if end > now else None

    def following(self, now: datetime) -> datetime:
        """Return when the next period begins, in UTC."""
        return next(begins for begins, _ in self._around(now) if begins > now)

    def _around(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Return begin and end of each period in the weeks around now, in order."""
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
    """Return when the clocks first show `wall`, or have skipped it."""
    early, late = _offsets(wall, zone)
    return _skip(wall, zone) if early < late else (wall - early).replace(tzinfo=UTC)


def _last(wall: datetime, zone: tzinfo) -> datetime:
    """Return when the clocks no longer show a time before `wall`, and will not again."""
    minute = wall - MINUTE
    early, late = _offsets(minute, zone)
    return _skip(minute, zone) if early < late else (wall - late).replace(tzinfo=UTC)


def _offsets(wall: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """Return the zone's UTC offsets at this local time, at its first and last occurrence. The first is smaller if the
    time is skipped: PEP 495."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return early or timedelta(0), late or timedelta(0)


def _skip(wall: datetime, zone: tzinfo) -> datetime:
    """Return when the clocks were put forward over this time."""
    early, late = _offsets(wall, zone)
    before, seconds = (wall - late).replace(tzinfo=UTC), round((late - early).total_seconds())

    def ahead(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == late

    return before + timedelta(seconds=bisect_left(range(seconds), True, key=ahead))


def weekly(text: str) -> Weekly:
    """Parse "sat 22:00 - sun 04:00 Europe/Berlin", "mon-fri 01:00-03:00" or "sat,sun 23:00-01:00", in UTC without a
    zone. Raises ValueError, whose text says what is expected."""
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
    """Parse the days of "mon-wed,sat"; "fri-mon" wraps around the weekend."""
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
