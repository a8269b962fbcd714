"""Leadership: of all `mailpath serve` processes on one store only one sends probes and applies the incident rules.

Two processes may share a store: one leads, others stand by, and a suspended leader may wake up after it was replaced.
The lease is a row. Its `epoch` grows with each new leader, and each write of a leader names its own: a replaced one can
store nothing any more and so sends nothing (a fencing token). No clocks are compared: the leader increments `renewals`,
and a waiting process watches that number by its own monotonic clock.
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
    """One process on one machine. Process ids are reused; together with the start time, in ticks since `boot`, they are
    unique.

    `namespace` is that of process ids: processes in another container cannot be seen.
    """

    host: str
    pid: int
    started: int
    boot: str
    namespace: int

    @classmethod
    def this(cls) -> "Process":
        """Return this process."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()) or 0, _boot(), _namespace())

    @property
    def alive(self) -> bool | None:
        """Test if it still exists, though perhaps suspended. None: cannot be determined from here."""
        if not self.boot or self.boot != _boot():
            return False if self.boot and self.host == socket.gethostname() else None
        return _started(self.pid) == self.started if self.namespace == _namespace() else None


@dataclass(frozen=True, slots=True)
class Lease:
    """The row. Nobody leads if `holder` is None."""

    epoch: int
    renewals: int
    holder: Process | None
    since: datetime

    @property
    def free(self) -> bool:
        """True if certainly nobody leads."""
        return self.holder is None or self.holder.alive is False


EPOCH = select(leases.c.epoch).where(leases.c.name == LEADER)
EPOCH_KEPT = EPOCH.with_for_update(read=True)  # nobody takes the lead before the transaction is over
LEASE = select(leases).where(leases.c.name == LEADER)


def replaced(engine: Engine) -> ReplacedError:
    """Return the error for a former leader."""
    there = place(engine.url)
    return ReplacedError(f"{there}: another process leads on it now, and this one may write nothing any more")


def read(connection: Connection) -> Lease | None:
    """Read the lease, None if there never was one."""
    row = connection.execute(LEASE).one_or_none()
    return None if row is None else Lease(row.epoch, row.renewals, _decoded(row.holder), row.since)


def read_in_turn(connection: Connection) -> Lease | None:
    """Do the same in a transaction that writes: it answers only while writes work, and after what is being written."""
    row = connection.execute(LEASE.with_for_update()).one_or_none()
    return None if row is None else Lease(row.epoch, row.renewals, _decoded(row.holder), row.since)


def taken(me: Process, seen: Lease | None, at: datetime) -> dict[str, Any]:
    """Return the row that makes `me` the leader, if the lease is still as it was seen."""
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
    """Statement that takes a row of `taken`."""
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
    """Statement with {"mine": epoch}: renew."""
    return update(leases).where(*_mine()).values(renewals=leases.c.renewals + 1)


def release() -> Executable:
    """Statement with {"mine": epoch}: release."""
    return update(leases).where(*_mine()).values(holder=None)


def _mine() -> tuple[Any, Any]:
    return leases.c.name == LEADER, leases.c.epoch == bindparam("mine")


def _decoded(holder: str | None) -> Process | None:
    return Process(**json.loads(holder)) if holder else None


def _started(pid: int) -> int | None:
    """Return a process's start time in clock ticks since boot (proc(5), /proc/pid/stat, field 22)."""
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
