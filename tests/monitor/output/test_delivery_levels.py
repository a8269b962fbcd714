"""Quantiles of delivery times of groups of checks."""

from monitor.output.delivery_levels import DeliveryLevel, delivery_levels
from monitor.store import DeliveryTimes
from probes.kinds import Kind
from probes.outcome import Grade

TIMES = [
    DeliveryTimes("acme", "hq", Kind.VERIFICATION, Grade.REAL, {5: 10}),
    DeliveryTimes("acme", "plant", Kind.VERIFICATION, Grade.REAL, {5: 80, 600: 10}),
    DeliveryTimes("acme", "hq", Kind.INVITATION, Grade.REAL, {1: 1}),
    DeliveryTimes("bolt", "hq", Kind.INVITATION, Grade.UNPROVEN, {}),
]


def test_each_company_and_kind_has_its_own() -> None:
    assert delivery_levels(TIMES, lambda each: (each.company, each.kind)) == {
        ("acme", Kind.VERIFICATION): DeliveryLevel(1 + 4 * 50 / 90, 570.0, 100),
        ("acme", Kind.INVITATION): DeliveryLevel(0.5, 0.95, 1),
    }


def test_what_belongs_nowhere_is_left_out() -> None:
    assert delivery_levels(TIMES, lambda _: None) == {}
    assert [*delivery_levels(TIMES, lambda each: each.path if each.path == "plant" else None)] == ["plant"]
