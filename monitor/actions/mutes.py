"""Create and end mutes, for the pages, the API and the command line: rules, names and audit log.

A caller restricted to companies can mute only those. The callers translate their input into a `MuteRequest`, and a
`MuteError` into their own words for its field.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.actions.audit import mute_created, mute_ended
from monitor.actions.ports import CallerScope
from monitor.config import WatchedPath
from monitor.errors import UserError
from monitor.incidents.maintenance import PREFIX, Times
from monitor.incidents.mute import Mute, active, following, over
from monitor.people.caller import NotThereError
from monitor.people.secrets import new_id
from monitor.store import Store
from probes.display import clock, listed, one_line
from probes.mailsystems.words import current_word
from probes.settings import Duration, Text
from probes.verdict import Cause

T = TypeVar("T")
MAX_WORD_CHARS = 60  # of what was typed, in an error
LENGTH: TypeAdapter[timedelta] = TypeAdapter(Duration)
CALENDAR: TypeAdapter[str] = TypeAdapter(Times)
LINE: TypeAdapter[str] = TypeAdapter(Text)

FIELD_WORDS = {"mail_system": "mail system"}  # fields of the form as people call them


class MuteError(UserError):
    """The mute is invalid or cannot be ended. The text gives the reason and what is expected; `field` is the input: a
    field of MuteRequest, "about" for the conditions together, "times" for length, end and calendar together, or "mute"
    for an existing mute."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class MuteRequest:
    """Conditions, times and reason of a new mute; "" matches everything. `path` requires a company. `lasts` is like
    "2h", `until` is RFC 3339; `weekly` is like "sun 02:00-04:00 Europe/Berlin", alone or with an end."""

    company: str = ""
    path: str = ""
    mail_system: str = ""
    cause: str = ""
    everything: bool = False
    lasts: str = ""
    until: str = ""
    weekly: str = ""
    why: str = ""


def planned(wish: MuteRequest, paths: Sequence[WatchedPath], now: datetime, by: str, *, sees_all: bool = True) -> Mute:
    """Build the requested mute, which begins now, for a caller who sees these paths. Raises MuteError, and
    NotThereError for a company or path that is not among them."""
    mail_system, cause = _subject(wish, paths, sees_all=sees_all)
    calendar, ends_at = _times(wish, now)
    mute = Mute(
        id=new_id(),
        company=wish.company,
        path=wish.path,
        mail_system=mail_system,
        cause=cause,
        begins_at=now,
        ends_at=ends_at,
        weekly=calendar,
        by=by,
        why=_read("why", LINE.validate_python, wish.why.strip()),
        created_at=now,
    )
    if not active(mute, now) and following(mute, now) is None:
        raise MuteError("times", "would be over before the first of its weekly times begins")
    return mute


async def keep(store: Store, made: Mute, way: str) -> None:
    """Store a new mute and note it in the audit log. Raises StoreError."""
    await store.incidents.add_mute(made, mute_created(made, way))


async def end(store: Store, found: Mute, who: str, way: str, now: datetime) -> None:
    """End a mute early and note it in the audit log. Raises MuteError, StoreError."""
    if found.id.startswith(PREFIX):
        name = found.id.removeprefix(PREFIX)
        raise MuteError("mute", f"it comes from the configuration; remove its [[maintenance]] table, {name}, there")
    if over(found, now) or not await store.incidents.end_mute(found.id, now, who, mute_ended(found, who, way, now)):
        raise MuteError("mute", "it has already ended")


async def mute(view: CallerScope, wish: MuteRequest) -> Mute:
    """Create a mute. Raises MuteError, and NotThereError for a company or path the caller may not see."""
    backend, caller = view.backend, view.caller
    made = planned(wish, view.paths(), backend.now(), caller.name, sees_all=caller.sees_all)
    await keep(backend.store, made, caller.way)
    backend.incident_engine.poke()
    return made


async def unmute(view: CallerScope, mute_id: str) -> Mute:
    """End a mute early. Raises NotThereError, MuteError."""
    backend, caller = view.backend, view.caller
    found = next((each for each in await view.mutes() if each.id == mute_id), None)
    if found is None:
        raise NotThereError(f"mute {mute_id}")
    if not may_end(view, found) and not found.id.startswith(PREFIX):
        raise MuteError("mute", "it covers more than your companies; somebody with access to all companies can end it")
    await end(backend.store, found, caller.name, caller.way, backend.now())
    backend.incident_engine.poke()
    return found


def may_end(view: CallerScope, found: Mute) -> bool:
    """Test if the mute is only about the caller's companies, and is not from the configuration."""
    ours = view.caller.sees_all or bool(found.company and view.caller.sees(found.company))
    return ours and not found.id.startswith(PREFIX)


def _subject(wish: MuteRequest, paths: Sequence[WatchedPath], *, sees_all: bool) -> tuple[str, Cause | None]:
    """Check that all names exist for this caller: a mute with a misspelt name would silently do nothing. Returns the
    mail system and the cause."""
    if wish.everything == bool(wish.company or wish.mail_system or wish.cause):
        said = (
            "everything and a choice exclude each other; leave one of them out"
            if wish.everything
            else "would mute everything; choose a company, a mail system or a cause, or say everything"
        )
        raise MuteError("about", said)
    if wish.path and not wish.company:
        raise MuteError("path", "choose the company of the path too")
    if not wish.company and not sees_all:
        raise MuteError("company", "choose one of your companies; you cannot mute more than those")
    theirs = [path for path in paths if wish.company in ("", path.company) and wish.path in ("", path.path)]
    if wish.company and not theirs:
        raise NotThereError(f"path {wish.company}/{wish.path}" if wish.path else f"company {wish.company}")
    mail_system = current_word(wish.mail_system)
    if mail_system:
        _known("mail_system", mail_system, {system for path in paths for system in path.mail_systems})
        chain = dict.fromkeys(system for path in theirs for system in path.mail_systems)
        if mail_system not in chain:
            said = (
                f"the mail system of {wish.company} is {', '.join(chain)}; no failure there would match {mail_system}"
            )
            raise MuteError("mail_system", said)
    return mail_system, Cause(_known("cause", wish.cause, list(Cause))) if wish.cause else None


def _known(field: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        instead = f"did you mean {close[0]}?" if close else f"there are: {listed(names, 30)}"
        raise MuteError(field, f"no {FIELD_WORDS.get(field, field)} {one_line(name, MAX_WORD_CHARS)!r}; {instead}")
    return name


def _times(wish: MuteRequest, now: datetime) -> tuple[str, datetime | None]:
    """Return the calendar and the end."""
    if wish.lasts and wish.until:
        raise MuteError("times", "a length and an end exclude each other; leave one of them out")
    if not (wish.lasts or wish.until or wish.weekly):
        raise MuteError(
            "times",
            'say for how long: a length like "2h", an end, or weekly times like "sun 02:00-04:00 Europe/Berlin"',
        )
    calendar = _read("weekly", CALENDAR.validate_python, wish.weekly.strip()) if wish.weekly else ""
    if wish.lasts:
        return calendar, now + _read("lasts", LENGTH.validate_python, wish.lasts.strip())
    return calendar, _moment(wish.until, now) if wish.until else None


def _moment(text: str, now: datetime) -> datetime:
    typed = one_line(text, MAX_WORD_CHARS)
    expected = f'must be a time like "2026-11-26T08:00Z", UTC where no zone is given, not {typed!r}'
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise MuteError("until", expected) from None
    if moment <= now:
        raise MuteError("until", f"must be after now, {clock(now)}, not {clock(moment)}")
    return moment


def _read(field: str, read: Callable[[object], T], text: str) -> T:
    """Read the text by a type of the configuration. Raises MuteError with that type's message."""
    try:
        return read(text)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False)[0]
        raise MuteError(field, str(error.get("ctx", {}).get("error", error["msg"]))) from None
