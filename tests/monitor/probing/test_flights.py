"""A probe in flight: what is known of it is sorted once for all questions, and anew whenever it is not the same."""

from monitor.probing.flights import Flight
from tests.probes.test_judge import accepted, attempt, probe


def test_the_evidence_is_sorted_once_for_all_questions() -> None:
    flight = Flight(probe(), "maildir:/somewhere", [attempt(0)])
    assert flight.case is flight.case


def test_new_evidence_counts_and_what_was_not_stored_does_not() -> None:
    flight = Flight(probe(), "maildir:/somewhere", [attempt(0)])
    assert flight.case.under_way
    flight.evidence.append(accepted())
    assert flight.case.accepted is not None
    flight.evidence[:] = flight.evidence[:1]
    assert flight.case.accepted is None
