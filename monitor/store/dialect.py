"""The facts about one kind of database. Everything else in this package is the same for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, make_url


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database, such as `sqlite.SQLITE`.

    `engine` are its settings of SQLAlchemy's engine. `insert` is its INSERT that can say what to do about a conflict.
    `settle_in` prepares each new connection of the driver. Where writers take turns, `begin_to_write` takes the turn at
    once, so that a transaction cannot fail half-way for want of it; `begin_alone` begins one while no other such is
    open. `lock_paths` is SQL that takes a lock for each path of the probes in a list of ids, until the transaction
    ends; "" where writers take turns. `signal_number` is SQL for the number of a new signal, "" if the table counts;
    `settled` is SQL for the smallest number that a signal which is not seen yet may have, "" where numbers are seen in
    their order. `numbering` is the statement without which the next signal would get a number below one that was given,
    "" if it would not. `now` is SQL for the database's own clock in microseconds since 1970. `gave_way`: the
    transaction failed only because of another one, and may be tried again. `touch` makes what is not there yet and
    raises StoreError where the store cannot or must not be used. `identity` tells one store from another at the same
    address. `meaning` of an error of the driver that concerns the whole store, None where it does not;
    `refers_to_nothing`: a row was written that belongs to one that is not there. `guards` are the triggers of each
    revision of the tables. `born_at`: the revision at which stores of this kind began, so that a new one is made whole
    instead of by all revisions; "" for the first. `counts_added` is the SQL that adds up two columns with numbers by
    name as JSON, of which each may be null and the second has one number at most. `damage` of the database, known
    within so many seconds: "" for none, None if the time was too short. `size` in octets.
    """

    driver: str
    engine: Mapping[str, Any]
    insert: Callable[..., Any]
    connect_args: Mapping[str, Any]
    settle_in: Callable[[Any], None]
    begin_to_read: str
    begin_to_write: str
    begin_alone: str
    now: str
    lock_paths: str
    signal_number: str
    settled: str
    numbering: Callable[[Connection], str]
    gave_way: Callable[[BaseException | None], bool]
    touch: Callable[[URL], None]
    identity: Callable[[URL], object]
    meaning: Callable[[BaseException | None], str | None]
    refers_to_nothing: Callable[[BaseException | None], bool]
    guards: Mapping[str, Sequence[str]]
    born_at: str
    counts_added: Callable[[str, str], str]
    damage: Callable[[Any, float], str | None]
    size: Callable[[Any], int]


def file_of(url: str) -> Path | None:
    """Return the file of the store at this address; None for one that has no file here."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.drivername.startswith("sqlite") and parsed.database else None


def place_of(url: str) -> str:
    """Name the store at this address for people."""
    return place(make_url(url))


def place(url: URL) -> str:
    """Name the store for people: a file by its full path, a database by its name and server."""
    if url.drivername.startswith("sqlite") and url.database:
        return f"store {Path(url.database).absolute()}"
    host = url.host or str(url.query.get("host", "this machine"))
    return f"store {url.database} on {host}{f':{url.port}' if url.port else ''}"
