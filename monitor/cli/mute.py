"""`mailpath mute`: create, list and end mutes. A running service reads them from the store within seconds."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.markup import escape
from rich.table import Table

from monitor.actions.audit import COMMAND, about
from monitor.actions.mutes import MuteError, MuteRequest, keep, planned
from monitor.actions.mutes import end as end_mute
from monitor.actions.names import UnknownNameError, place_named
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.mute import Mute, active, over
from monitor.output.incident_json import mute_json
from monitor.output.mute_text import mute_times
from monitor.store import Store
from probes.display import one_line

MAX_SHOWN = 60  # characters of a reason in the list
OPTIONS = {"lasts": "--lasts", "until": "--until", "weekly": "--weekly", "why": "--why"}
"""Fields of a request whose errors name the option."""


class MuteUsageError(UserError):
    """The mute is invalid, does not exist, or several fit."""


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
    """Create the requested mute. Raises UserError, StoreError."""
    now, paths = utc_now(), config.paths()
    try:
        company, path = place_named(wish.about, paths) if wish.about else ("", "")
        asked = MuteRequest(
            company, path, wish.mail_system, wish.cause, wish.everything, wish.lasts, wish.until, wish.weekly, wish.why
        )
        mute = planned(asked, paths, now, operator_name(wish.by))
    except UnknownNameError as error:
        raise MuteUsageError(str(error)) from None
    except MuteError as error:
        option = OPTIONS.get(error.field)
        raise MuteUsageError(f"{option}: {error}" if option else str(error)) from None
    async with Store.open(config.store.url) as store:
        await keep(store, mute, COMMAND)
    if as_json:
        print(json.dumps(mute_json(mute, now)))
        return Exit.OK
    console().print(escape(f"muted {about(mute)} {mute_times(mute, now)}, mute {mute.id}; probing goes on"))
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
    """End the mute whose id has this prefix. Raises UserError, StoreError."""
    now, who = utc_now(), operator_name(by)
    async with Store.open(config.store.url) as store:
        mute = _chosen([*configured(config), *await store.incidents.mutes()], prefix, now)
        try:
            await end_mute(store, mute, who, COMMAND, now)
        except MuteError as error:
            raise MuteUsageError(f"mute {mute.id}: {error}") from None
    console().print(escape(f"ended mute {mute.id} of {about(mute)}; it silences nothing any more"))
    return Exit.OK


def configured(config: Config) -> list[Mute]:
    """Return the mutes of the configuration."""
    return [mute for plan in config.maintenance for mute in plan.mutes()]


def _chosen(mutes: Iterable[Mute], prefix: str, now: datetime) -> Mute:
    """Return the only mute that has not ended and whose id has this prefix."""
    found = [mute for mute in mutes if prefix and mute.id.startswith(prefix)]
    left = [mute for mute in found if not over(mute, now)]
    if len(left) > 1:
        raise MuteUsageError(f"several mutes begin with {prefix!r}: {', '.join(mute.id for mute in left[:10])}")
    if not left and len(found) == 1:
        raise MuteUsageError(f"mute {found[0].id} has already ended")
    if not left:
        raise MuteUsageError(f"no mute {one_line(prefix, MAX_SHOWN)!r}; `mailpath mute list` shows them")
    return left[0]


def _table(mutes: Iterable[Mute], now: datetime) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "MUTE", "ABOUT", "WHEN", "BY", "WHY"):
        table.add_column(column, no_wrap=True)
    for mute in mutes:
        state = "over" if over(mute, now) else "silent" if active(mute, now) else "later"
        row = (state, mute.id, about(mute), mute_times(mute, now), mute.by, mute.why)
        table.add_row(*(escape(one_line(each, 2 * MAX_SHOWN)) for each in row))
    out = console()
    out.width = 1000  # a terminal breaks long lines; nothing is cut
    out.print(table)
