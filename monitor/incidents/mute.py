"""About what nobody is to be told now. Probing goes on, the incident is marked."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from monitor.incidents.incident import Failure
from monitor.incidents.weekly import Weekly, weekly
from probes.mailsystems.words import current_word
from probes.verdict import Cause


@dataclass(frozen=True, slots=True)
class Mute:
    """Who wants silence about what, when and why. Fields that are "" or None say nothing; all others must fit.

    `path` is only with a company. From `begins_at` to `ends_at`; or, with `weekly`, at the times of its calendar, for
    ever where `ends_at` is None. `ended_at`, `ended_by`: somebody ended it before its time.
    """

    id: str
    company: str
    path: str
    mail_system: str
    cause: Cause | None
    begins_at: datetime
    ends_at: datetime | None
    weekly: str  # "sat 22:00 - sun 04:00 Europe/Berlin", "" for none
    by: str
    why: str
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""


def active(mute: Mute, now: datetime) -> bool:
    """Whether it wants silence now."""
    if over(mute, now) or now < mute.begins_at:
        return False
    return not mute.weekly or _calm(mute.weekly, now) is not None


def over(mute: Mute, now: datetime) -> bool:
    """Whether it will never want silence again. What somebody ended stays so, also where the clock is put back."""
    return mute.ended_at is not None or (mute.ends_at is not None and now >= mute.ends_at)


def ends(mute: Mute, now: datetime) -> datetime | None:
    """When the present silence ends, unless somebody ends it before. None: there is none now, or it has no end."""
    if not active(mute, now):
        return None
    calm = _calm(mute.weekly, now) if mute.weekly else None
    return min((end for end in (calm, mute.ends_at) if end is not None), default=None)


def following(mute: Mute, now: datetime) -> datetime | None:
    """When it next begins to want silence; None if never again, or not after now."""
    if over(mute, now):
        return None
    if not mute.weekly:
        return mute.begins_at if mute.begins_at > now else None
    if now < mute.begins_at and active(mute, mute.begins_at):
        return mute.begins_at
    calendar = calendar_of(mute.weekly)
    begins = calendar.following(max(now, mute.begins_at)) if calendar else None
    return begins if begins and (mute.ends_at is None or begins < mute.ends_at) else None


def covers(mute: Mute, failure: Failure, mail_systems: Collection[str]) -> bool:
    """Whether it is about this failure, at a company with these mail systems. Whether it is active is not asked. A mute
    that was stored with an alias is about the system that the alias stands for."""
    return (
        mute.company in ("", failure.company)
        and mute.path in ("", failure.path)
        and (not mute.mail_system or current_word(mute.mail_system) in mail_systems)
        and mute.cause in (None, failure.cause)
    )


def muting(
    mutes: Sequence[Mute],
    failures: Iterable[Failure],
    mail_systems_of: Callable[[str], Collection[str]],
    now: datetime,
) -> tuple[str, ...]:
    """The ids of the active mutes that together cover all failures, in the order of the mutes; () where one failure is
    not covered, or there is none. `mail_systems_of` is asked for the chain of a company."""
    now_active = [mute for mute in mutes if active(mute, now)]
    found: set[str] = set()
    for failure in failures:
        fitting = [mute.id for mute in now_active if covers(mute, failure, mail_systems_of(failure.company))]
        if not fitting:
            return ()
        found.update(fitting)
    return tuple(dict.fromkeys(mute.id for mute in now_active if mute.id in found))


@lru_cache(maxsize=1000)
def calendar_of(text: str) -> Weekly | None:
    """The calendar of a mute. One that cannot be read wants no silence: better to tell once too often."""
    try:
        return weekly(text)
    except ValueError:
        return None


@lru_cache(maxsize=1000)  # many mutes have the same calendar, and are asked at the same time
def _calm(text: str, now: datetime) -> datetime | None:
    calendar = calendar_of(text)
    return calendar.until(now) if calendar else None
