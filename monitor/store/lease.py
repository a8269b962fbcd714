"""Which process leads: of all `mailpath serve` on one store one sends probes and applies the incident rules.

The lease is a row. Its `epoch` grows with each new leader, and each write of a leader names its own: one that was
suspended, and replaced in the meantime, can store nothing any more and so sends nothing (a fencing token). No clock is
compared: the leader counts `renewals` up, and whoever waits watches that number by its own monotonic clock.
"""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, and_, bindparam, select, update

from monitor.store.database import place
from monitor.store.records import ReplacedError
from monitor.store.tables import leases

LEADER = "leader"  # the name of the lease of `mailpath serve`


@dataclass(frozen=True, slots=True)
class Process:
    """One process on one machine. A process id comes again; with its time of start, in ticks since `boot`, it does not.

    `namespace` is that of process ids: what lives in another container cannot be seen.
    """

    host: str
    pid: int
    started: int
    boot: str
    namespace: int

    @classmethod
    def this(cls) -> "Process":
        """The one that asks."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()) or 0, _boot(), _namespace())

    @property
    def alive(self) -> bool | None:
        """Whether it is still there, though perhaps suspended. None: it cannot be told from here."""
        if not self.boot or self.boot != _boot():
            return False if self.boot and self.host == socket.gethostname() else None
        return _started(self.pid) == self.started if self.namespace == _namespace() else None


@dataclass(frozen=True, slots=True)
class Lease:
    """The row. Nobody leads where `holder` is None."""

    epoch: int
    renewals: int
    holder: Process | None
    since: datetime

    @property
    def free(self) -> bool:
        """Whether nobody leads, for certain."""
        return self.holder is None or self.holder.alive is False


EPOCH = select(leases.c.epoch).where(leases.c.name == LEADER)
LEASE = select(leases).where(leases.c.name == LEADER)


def replaced(engine: Engine) -> ReplacedError:
    """What a leader is told that is none any more."""
    there = place(engine.url)
    return ReplacedError(f"{there}: another process leads on it now, and this one may write nothing any more")


def read(connection: Connection) -> Lease | None:
    """The lease, None where there never was one."""
    row = connection.execute(LEASE).one_or_none()
    return None if row is None else Lease(row.epoch, row.renewals, _decoded(row.holder), row.since)


def taken(me: Process, seen: Lease | None, at: datetime) -> dict[str, Any]:
    """The row that makes `me` the leader, if the lease is still as it was seen."""
    return {
        "name": LEADER,
        "epoch": seen.epoch + 1 if seen else 1,
        "renewals": 0,
        "holder": json.dumps(asdict(me)),
        "since": at,
        "seen_epoch": seen and seen.epoch,
        "seen_renewals": seen and seen.renewals,
    }


def take(upsert: Callable[..., Any]) -> Executable:
    """Takes a row of `taken`."""
    into = upsert(leases)
    seen = (bindparam(name, type_=leases.c.epoch.type) for name in ("seen_epoch", "seen_renewals"))
    statement: Executable = into.values(
        {name: bindparam(name) for name in ("name", "epoch", "renewals", "holder", "since")}
    ).on_conflict_do_update(
        index_elements=["name"],
        set_={name: into.excluded[name] for name in ("epoch", "renewals", "holder", "since")},
        where=and_(leases.c.epoch == next(seen), leases.c.renewals == next(seen)),
    )
    return statement


def renew() -> Executable:
    """Takes {"mine": epoch}: its leader still works."""
    return update(leases).where(*_mine()).values(renewals=leases.c.renewals + 1)


def release() -> Executable:
    """Takes {"mine": epoch}: its leader goes."""
    return update(leases).where(*_mine()).values(holder=None)


def _mine() -> tuple[Any, Any]:
    return leases.c.name == LEADER, leases.c.epoch == bindparam("mine")


def _decoded(holder: str | None) -> Process | None:
    return Process(**json.loads(holder)) if holder else None


def _started(pid: int) -> int | None:
    """When a process was started, in clock ticks since the machine was (proc(5), /proc/pid/stat, field 22)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(fields[18])


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
