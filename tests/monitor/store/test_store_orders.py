"""Orders of probes: launched once, or certainly never. On both databases."""

from datetime import timedelta

from monitor.store import Store
from monitor.store.orders import OrderResult, StoredOrder
from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.diagnosis.factors import Factor
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.store_samples import FIRST, probe

ARM = Arm("d1", frozenset({Factor.FROM}), Role.CONTROL, "neutral.test", signed=True)
CHECK = Check("acme", "hq", Kind.VERIFICATION)
HOLDS = timedelta(minutes=1)


def order(name: str, **other: str) -> StoredOrder:
    return StoredOrder(name, CHECK, Role.CONTROL, ProbePurpose.DIAGNOSIS, ARM, **other)


async def test_an_order_is_launched_once(store: Store) -> None:
    placed = order("o1", requester="ann", way="session")
    await store.orders.place(placed, HOLDS)
    assert await store.orders.open() == [placed]
    assert await store.orders.result("o1") == OrderResult(None, None)
    assert await store.probes.launch(probe(id="p1"), "", FIRST, order="o1")
    assert not await store.probes.launch(probe(id="p2"), "", FIRST, order="o1")
    assert await store.probes.record("p2") is None
    assert not await store.orders.refuse("o1", "too late"), "it is launched"
    assert (await store.orders.result("o1"), await store.orders.open()) == (OrderResult("p1", None), [])


async def test_one_that_is_withdrawn_or_refused_is_never_launched(store: Store) -> None:
    await store.orders.place(order("o1"), HOLDS)
    assert await store.orders.refuse("o1", "withdrawn")
    assert not await store.probes.launch(probe(id="p1"), "", FIRST, order="o1")
    assert await store.orders.result("o1") == OrderResult(None, "withdrawn")
    assert not await store.probes.launch(probe(id="p1"), "", FIRST, order="another")


async def test_one_that_is_too_old_is_seen_by_nobody_and_forgotten(store: Store) -> None:
    await store.orders.place(order("o1"), timedelta(hours=-2))
    assert await store.orders.open() == []
    await store.orders.place(order("o2"), HOLDS)
    assert (await store.orders.result("o1")).answered
    assert [each.id for each in await store.orders.open()] == ["o2"]
