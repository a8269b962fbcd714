"""Mutes: suppress notices for matching failures. Probing continues, the incident is marked."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from monitor.incidents.incident import Failure, Incident, Nature
from monitor.incidents.weekly import Weekly, weekly
from probes.mailsystems.words import current_word
from probes.verdict import Cause


@dataclass(frozen=True, slots=True)
class Mute:
    """A mute: its conditions, times and reason. Fields that are "" or None match everything; all others must match.

    `path` requires a company. Active from `begins_at` to `ends_at`; or, with `weekly`, at the times of its calendar,
    forever if `ends_at` is None. `ended_at`, `ended_by`: somebody ended it early.
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
    """Test if it is active now."""
    if over(mute, now) or now < mute.begins_at:
        return False
    return not mute.weekly or _calm(mute.weekly, now) is not None


def over(mute: Mute, now: datetime) -> bool:
    """Test if it will never be active again. A mute that somebody ended stays so, even if the clock is set back."""
    return mute.ended_at is not None or (mute.ends_at is not None and now >= mute.ends_at)


def ends(mute: Mute, now: datetime) -> datetime | None:
    """Return when the present active period ends. None: it is not active, or has no end."""
    if not active(mute, now):
        return None
    calm = _calm(mute.weekly, now) if mute.weekly else None
    return min((end for end in (calm, mute.ends_at) if end is not None), default=None)


def following(mute: Mute, now: datetime) -> datetime | None:
    """Return when it next becomes active; None if never again."""
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
    """Test if it matches this failure at a company with these mail systems, active or not. A mute stored with an alias
    matches the system that the alias stands for."""
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
    whole: Iterable[tuple[str, Cause | None]] = (),
) -> tuple[str, ...]:
    """Return the ids of the active mutes that together cover all failures, in the order of the mutes; () if some
    failure is not covered, or there is none. `whole`: the company, "" for all, and the cause of what no single path
    has, which no mute of a path covers. `mail_systems_of` returns the chain of a company."""
    now_active = [mute for mute in mutes if active(mute, now)]
    found: set[str] = set()
    for company, cause in whole:
        systems = mail_systems_of(company) if company else ()
        fitting = [mute.id for mute in now_active if _covers_all_of(mute, company, cause, systems)]
        if not fitting:
            return ()
        found.update(fitting)
    for failure in failures:
        fitting = [mute.id for mute in now_active if covers(mute, failure, mail_systems_of(failure.company))]
        if not fitting:
            return ()
        found.update(fitting)
    return tuple(dict.fromkeys(mute.id for mute in now_active if mute.id in found))


def whole_of(incident: Incident) -> tuple[tuple[str, Cause | None], ...]:
    """Return the company, "" for all, and the cause of an incident that no probe has to have shown; () of another."""
    return ((incident.company, incident.cause),) if incident.nature is Nature.STANDING else ()


def _covers_all_of(mute: Mute, company: str, cause: Cause | None, mail_systems: Collection[str]) -> bool:
    """Test if it matches this cause on all paths of a company, or of all companies."""
    return (
        not mute.path
        and mute.company in ("", company)
        and (not mute.mail_system or current_word(mute.mail_system) in mail_systems)
        and mute.cause in (None, cause)
    )


@lru_cache(maxsize=1000)
def calendar_of(text: str) -> Weekly | None:
    """Return a mute's calendar. If it cannot be parsed the mute is inactive: one notice too many is better."""
    try:
        return weekly(text)
    except ValueError:
        return None


@lru_cache(maxsize=1000)  # many mutes have the same calendar, and are asked at the same time
def _calm(text: str, now: datetime) -> datetime | None:
    calendar = calendar_of(text)
    return calendar.until(now) if calendar else None
