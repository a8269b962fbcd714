"""Create and end mutes. A caller restricted to companies can mute only those."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches

from pydantic import TypeAdapter, ValidationError

from monitor.actions.audit import mute_ended, mute_made
from monitor.actions.ports import CallerScope
from monitor.incidents.maintenance import PREFIX
from monitor.incidents.mute import Mute, over
from monitor.people.caller import NotThereError
from monitor.people.secrets import new_id
from probes.display import listed
from probes.settings import Duration, Text
from probes.verdict import Cause

LASTS: TypeAdapter[timedelta] = TypeAdapter(Duration)
LINE: TypeAdapter[str] = TypeAdapter(Text)


class MuteError(Exception):
    """The mute is invalid or cannot be ended. The text gives the reason and what is expected; `field` is the input."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class MuteRequest:
    """Conditions, duration and reason of a new mute; "" matches everything. `path` requires a company."""

    company: str = ""
    path: str = ""
    mail_system: str = ""
    cause: str = ""
    everything: bool = False
    lasts: str = ""
    why: str = ""


async def mute(view: CallerScope, wish: MuteRequest) -> Mute:
    """Create a mute that begins now. Raises MuteError, and NotThereError for a company or path the caller may not
    see."""
    caller, now = view.caller, view.backend.now()
    cause = _place(view, wish)
    lasts = _lasting(wish.lasts)
    made = Mute(
        id=new_id(),
        company=wish.company,
        path=wish.path,
        mail_system=wish.mail_system,
        cause=cause,
        begins_at=now,
        ends_at=now + lasts,
        weekly="",
        by=caller.name,
        why=_why(wish.why),
        created_at=now,
    )
    await view.backend.store.incidents.add_mute(made)
    await view.backend.store.people.note(mute_made(made, caller.way))
    view.backend.casebook.poke()
    return made


async def unmute(view: CallerScope, mute_id: str) -> Mute:
    """End a mute early. Raises NotThereError, MuteError."""
    caller, now = view.caller, view.backend.now()
    found = next((each for each in await view.mutes() if each.id == mute_id), None)
    if found is None:
        raise NotThereError(f"mute {mute_id}")
    if mute_id.startswith(PREFIX):
        raise MuteError("mute", "it stands in the configuration: take its [[maintenance]] table out there")
    if not may_end(view, found):
        raise MuteError("mute", "it is about more than your companies; somebody who is bound to none can end it")
    if over(found, now) or not await view.backend.store.incidents.end_mute(mute_id, now, caller.name):
        raise MuteError("mute", "it is over already")
    await view.backend.store.people.note(mute_ended(found, caller.name, caller.way, now))
    view.backend.casebook.poke()
    return found


def may_end(view: CallerScope, found: Mute) -> bool:
    """Test if the mute is only about the caller's companies, and is not from the configuration."""
    ours = view.caller.sees_all or bool(found.company and view.caller.sees(found.company))
    return ours and not found.id.startswith(PREFIX)


def _place(view: CallerScope, wish: MuteRequest) -> Cause | None:
    """Check that company and path exist for this caller: a mute with a misspelt name would silently do nothing."""
    if wish.everything == bool(wish.company or wish.mail_system or wish.cause):
        said = (
            "everything and a choice exclude each other; leave one of them out"
            if wish.everything
            else "would mute everything; choose a company, a mail system or a cause, or say everything"
        )
        raise MuteError("about", said)
    if wish.path and not wish.company:
        raise MuteError("path", "a path is named within a company: choose the company too")
    if wish.company:
        view.path(wish.company, wish.path) if wish.path else view.paths(wish.company)
    elif not view.caller.sees_all:
        raise MuteError("company", "choose one of your companies; what is wider is not yours to mute")
    if wish.mail_system:
        _known(
            "mail_system",
            wish.mail_system,
            {system for path in view.paths(wish.company) for system in path.mail_systems},
        )
    return Cause(_known("cause", wish.cause, list(Cause))) if wish.cause else None


def _known(field: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        raise MuteError(field, f"did you mean {close[0]}?" if close else f"must be one of {listed(names, 30)}")
    return name


def _lasting(text: str) -> timedelta:
    try:
        return LASTS.validate_python(text.strip())
    except ValidationError as wrong:
        raise MuteError("lasts", _words(wrong)) from None


def _why(text: str) -> str:
    try:
        return LINE.validate_python(text.strip())
    except ValidationError as wrong:
        raise MuteError("why", _words(wrong)) from None


def _words(wrong: ValidationError) -> str:
    error = wrong.errors(include_url=False)[0]
    return str(error.get("ctx", {}).get("error", error["msg"]))
