"""`mailpath mute`: create, list and end mutes. A running service reads them from the store within seconds."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from rich.table import Table

from monitor.actions.audit import COMMAND, about, mute_ended, mute_made
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.cli.who import LINE, whoever
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.maintenance import PREFIX, Times
from monitor.incidents.mute import Mute, active, ends, following, over
from monitor.incidents.weekly import DAYS
from monitor.output.incident_json import mute_json
from monitor.store import Store
from probes.display import clock, lasting, listed, one_line
from probes.mailsystems.words import current_word
from probes.settings import Duration
from probes.verdict import Cause

T = TypeVar("T")
MOST_SHOWN = 60  # characters of a reason in the list
DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
TIMES: TypeAdapter[str] = TypeAdapter(Times)


class MuteUsageError(UserError):
    """The mute is invalid, or does not exist."""


@dataclass(frozen=True, slots=True)
class MuteOptions:
    """The options of a new mute as typed; "" if not given."""

    about: str  # COMPANY or COMPANY/PATH
    mail_system: str
    cause: str
    everything: bool
    lasts: str
    until: str
    weekly: str
    why: str
    by: str


async def add(config: Config, wish: MuteOptions, *, as_json: bool) -> Exit:
    """Create the requested mute. Raises MuteError, StoreError."""
    now = utc_now()
    mute = made(config, wish, now, secrets.token_hex(6))
    async with Store.open(config.store.url) as store:
        await store.incidents.add_mute(mute)
        await store.people.note(mute_made(mute, COMMAND))
    if as_json:
        print(json.dumps(mute_json(mute, now)))
        return Exit.OK
    console().print(escape(f"muted {about(mute)} {_when(mute, now)}, mute {mute.id}; probing goes on"))
    return Exit.OK


async def show(config: Config, *, also_over: bool, as_json: bool) -> Exit:
    """List the mutes of the store and the configuration, active ones first."""
    now = utc_now()
    async with Store.open(config.store.url) as store:
        mutes = [
            *configured(config),
            *(await store.incidents.mutes() if also_over else await store.incidents.mutes(active_at=now)),
        ]
    mutes.sort(key=lambda mute: (over(mute, now), not active(mute, now)))
    if as_json:
        for mute in mutes:
            print(json.dumps(mute_json(mute, now)))
    elif mutes:
        _table(mutes, now)
    else:
        print("nothing is muted")
    return Exit.OK


async def end(config: Config, prefix: str, by: str) -> Exit:
    """End the mute whose id has this prefix. Raises MuteError, StoreError."""
    if any(mute.id == prefix for mute in configured(config)):
        name = prefix.removeprefix(PREFIX)
        raise MuteUsageError(f"{prefix} stands in the configuration: take its [[maintenance]] table, {name}, out there")
    now = utc_now()
    async with Store.open(config.store.url) as store:
        mute = _chosen(await store.incidents.mutes(), prefix, now)
        who = whoever(by)
        if not await store.incidents.end_mute(mute.id, now, who):
            raise MuteUsageError(f"mute {mute.id} is over already")
        await store.people.note(mute_ended(mute, who, COMMAND, now))
    console().print(escape(f"ended mute {mute.id} of {about(mute)}; it silences nothing any more"))
    return Exit.OK


def configured(config: Config) -> list[Mute]:
    """Return the mutes of the configuration."""
    return [mute for plan in config.maintenance for mute in plan.mutes()]


def made(config: Config, wish: MuteOptions, now: datetime, name: str) -> Mute:
    """Build the requested mute with this id. Raises MuteError, which says what is expected."""
    company, path, mail_system, cause = _place(config, wish)
    calendar, ends_at = _times(wish, now)
    mute = Mute(
        id=name,
        company=company,
        path=path,
        mail_system=mail_system,
        cause=cause,
        begins_at=now,
        ends_at=ends_at,
        weekly=calendar,
        by=whoever(wish.by),
        why=_read("--why", LINE.validate_python, wish.why),
        created_at=now,
    )
    if not active(mute, now) and following(mute, now) is None:
        raise MuteUsageError("would be over before the first of its weekly times begins")
    return mute


def _place(config: Config, wish: MuteOptions) -> tuple[str, str, str, Cause | None]:
    """Check that company and path exist: a mute with a misspelt name would silently do nothing."""
    if wish.everything == bool(wish.about or wish.mail_system or wish.cause):
        raise MuteUsageError(
            "--everything and a choice exclude each other; leave one of them out"
            if wish.everything
            else "would mute everything; name COMPANY[/PATH], --mail-system or --cause, or say --everything"
        )
    company, _, path = wish.about.partition("/")
    if wish.about:
        _known("company", company, config.companies)
    if "/" in wish.about:
        _known(f"path at {company} called", path, config.companies[company].paths)
    mail_system = current_word(wish.mail_system)
    if mail_system:
        _known("mail system", mail_system, {system for each in config.companies.values() for system in each.chain})
        if company and mail_system not in (chain := config.companies[company].chain):
            others = ", ".join(chain)
            raise MuteUsageError(f"--mail-system: that of {company} is {others}; with {mail_system} nothing would fit")
    if wish.cause:
        _known("cause", wish.cause, list(Cause))
    return company, path, mail_system, Cause(wish.cause) if wish.cause else None


def _known(what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are: {listed(names, 30) or 'none'}"
        raise MuteUsageError(f"no {what} {one_line(name, MOST_SHOWN)!r}; {meant}")


def _times(wish: MuteOptions, now: datetime) -> tuple[str, datetime | None]:
    """Return the calendar and the end."""
    if wish.lasts and wish.until:
        raise MuteUsageError("--for and --until exclude each other; leave one of them out")
    if not (wish.lasts or wish.until or wish.weekly):
        raise MuteUsageError(
            'say for how long: --for 2h, --until 2026-11-26T08:00Z or --weekly "sun 02:00-04:00 Europe/Berlin"'
        )
    calendar = _read("--weekly", TIMES.validate_python, wish.weekly) if wish.weekly else ""
    if wish.lasts:
        return calendar, now + _read("--for", DURATION.validate_python, wish.lasts)
    return calendar, _moment(wish.until, now) if wish.until else None


def _moment(text: str, now: datetime) -> datetime:
    expected = (
        f'--until: must be a time like "2026-11-26T08:00Z", UTC where no zone is given, not {one_line(text, 60)!r}'
    )
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise MuteUsageError(expected) from None
    if moment <= now:
        raise MuteUsageError(f"--until: must be after now, {clock(now)}, not {clock(moment)}")
    return moment


def _read(option: str, read: Callable[[object], T], text: str) -> T:
    """Parse an option with a type of the configuration. Raises MuteError with that type's message."""
    try:
        return read(text)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False)[0]
        raise MuteUsageError(f"{option}: {error.get('ctx', {}).get('error', error['msg'])}") from None


def _chosen(mutes: Iterable[Mute], prefix: str, now: datetime) -> Mute:
    """Return the only mute that has not ended and whose id has this prefix."""
    found = [mute for mute in mutes if prefix and mute.id.startswith(prefix)]
    left = [mute for mute in found if not over(mute, now)]
    if len(left) > 1:
        raise MuteUsageError(f"several mutes begin with {prefix!r}: {', '.join(mute.id for mute in left[:10])}")
    if not left and len(found) == 1:
        raise MuteUsageError(f"mute {found[0].id} is over already")
    if not left:
        raise MuteUsageError(f"no mute {one_line(prefix, MOST_SHOWN)!r}; `mailpath mute list` shows them")
    return left[0]


def _when(mute: Mute, now: datetime) -> str:
    """Describe the mute's times relative to now."""
    until = f"until {_day(mute.ends_at)}" if mute.ends_at else ""
    if not mute.weekly:
        return f"{until} ({lasting(mute.ends_at - now)})" if mute.ends_at else "until it is ended"
    present, coming = ends(mute, now), following(mute, now)
    turn = f"now until {_day(present)}" if present else f"next {_day(coming)}" if coming else ""
    return " ".join(filter(None, (f"every {mute.weekly}", until, turn and f"({turn})")))


def _day(at: datetime) -> str:
    return f"{DAYS[at.weekday()].capitalize()} {clock(at)}"


def _table(mutes: Iterable[Mute], now: datetime) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "MUTE", "ABOUT", "WHEN", "BY", "WHY"):
        table.add_column(column, no_wrap=True)
    for mute in mutes:
        state = "over" if over(mute, now) else "silent" if active(mute, now) else "later"
        row = (state, mute.id, about(mute), _history(mute, now), mute.by, mute.why)
        table.add_row(*(escape(one_line(each, 2 * MOST_SHOWN)) for each in row))
    out = console()
    out.width = 1000  # a terminal breaks long lines; nothing is cut
    out.print(table)


def _history(mute: Mute, now: datetime) -> str:
    if mute.ended_at:
        return f"ended {_day(mute.ended_at)} by {mute.ended_by}"
    return f"until {_day(mute.ends_at)}" if mute.ends_at and over(mute, now) else _when(mute, now)
