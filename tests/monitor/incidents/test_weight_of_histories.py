"""What is kept of a check that is well is small, however long it has been so: a process has tens of thousands."""

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta

from monitor.incidents.history import CheckHistory, FailureLimits
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Grade, Outcome, Verdict

START = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
LIMITS = FailureLimits(bad=2, of_last=3, good=2, telling=2)
ARRIVED = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
CHECKS = 200
MAX_OCTETS = 600  # for each


def heard(number: int) -> Signal:
    at = START + timedelta(minutes=5 * number)
    return Signal(number, "a" * 16, "acme", "hq", Kind.VERIFICATION, Role.SENDER, at, at, ARRIVED)


def test_a_check_that_is_well_weighs_the_same_after_hours() -> None:
    at_first, later = weight(2), weight(300)
    assert later < MAX_OCTETS
    assert later < at_first + 60  # but for the rows that all of them share


def weight(verdicts: int) -> float:
    """Return how much a check weighs after so many good verdicts, in octets."""
    tracemalloc.start()
    kept = [CheckHistory() for _ in range(CHECKS)]
    for number in range(verdicts):
        kept = [each.add(heard(number), LIMITS, Names("account.trimble.com", "192.0.2.1")) for each in kept]
    gc.collect()  # which also empties the interpreter's lists of free tuples
    weighed = tracemalloc.get_traced_memory()[0] / CHECKS
    tracemalloc.stop()
    return weighed
