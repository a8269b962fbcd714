"""Orders: probes that one process wants, and the owner of the mailbox launches. A row is the whole conversation.

The owner claims an order in the transaction that stores its probe, so that it is launched once or never. Whoever
ordered it withdraws it in the same way: afterwards it is certain which of the two it was. The store's clock decides how
long an order holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, literal_column, select, update

from monitor.store.access import StoreAccess
from monitor.store.columns import Instant, legible
from monitor.store.database import dialect_of
from monitor.store.dialect import Dialect
from monitor.store.order_tables import UNANSWERED, orders
from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.probe import ProbePurpose
from probes.sender import Role

MICROSECOND = timedelta(microseconds=1)
KEPT_FOR = timedelta(hours=1)  # after its time


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """One probe that the owner of the mailbox is to send. `requester`, `way`: who asked for it, if it was a person."""

    id: str
    check: Check
    role: Role
    purpose: ProbePurpose
    arm: Arm | None = None
    requester: str | None = None
    way: str | None = None


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The answer to an order: the id of its probe, why there is none, or nothing yet."""

    probe_id: str | None
    refused: str | None

    @property
    def answered(self) -> bool:
        """Test if it is certain."""
        return self.probe_id is not None or self.refused is not None


class OrderStore:
    """Orders of probes. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access

    async def place(self, order: StoredOrder, holds: timedelta) -> None:
        """Order a probe. It may be launched for as long as the order `holds`."""
        await self._access.ask_in_turn(self._access.leading(partial(_place, order=order, holds=holds)))

    async def open(self) -> Sequence[StoredOrder]:
        """Return the orders that hold and are not answered, in the order in which they end."""
        return await self._access.read(_open)

    async def result(self, order_id: str) -> OrderResult:
        """Return what became of an order."""
        return await self._access.read(_result, order_id)

    async def refuse(self, order_id: str, why: str) -> bool:
        """Refuse or withdraw an order. False if it was answered before."""
        return await self._access.ask_in_turn(partial(_refuse, order_id=order_id, why=legible(why)))


def _now(dialect: Dialect, later: timedelta = timedelta(0)) -> Any:
    return literal_column(f"{dialect.now} + {later // MICROSECOND}", Instant())


def _place(connection: Connection, order: StoredOrder, holds: timedelta) -> None:
    dialect, (company, path, kind) = dialect_of(connection.engine), order.check
    connection.execute(delete(orders).where(orders.c.until < _now(dialect, -KEPT_FOR)))
    connection.execute(
        insert(orders).values(
            id=order.id, company=company, path=path, kind=kind, role=order.role, purpose=order.purpose, arm=order.arm,
            requester=order.requester, way=order.way, until=_now(dialect, holds),
        )
    )  # fmt: skip


def _open(connection: Connection) -> list[StoredOrder]:
    holds = select(orders).where(*UNANSWERED, orders.c.until > _now(dialect_of(connection.engine)))
    return [
        StoredOrder(
            row.id, Check(row.company, row.path, row.kind), row.role, row.purpose, row.arm, row.requester, row.way
        )
        for row in connection.execute(holds.order_by(orders.c.until, orders.c.id))
    ]


def _result(connection: Connection, order_id: str) -> OrderResult:
    found = connection.execute(select(orders.c.probe_id, orders.c.refused).where(orders.c.id == order_id)).one_or_none()
    return OrderResult(found.probe_id, found.refused) if found else OrderResult(None, "the order is forgotten")


def _refuse(connection: Connection, order_id: str, why: str) -> bool:
    done = connection.execute(update(orders).where(orders.c.id == order_id, *UNANSWERED).values(refused=why))
    return done.rowcount > 0
