"""Delivery times in buckets around the life of a code."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS
from monitor.measures.histogram import Exemplar, Histogram
from monitor.probing.current import Board, DeliveryKey
from monitor.probing.delivery_times import bounds_with
from probes.kinds import Kind
from probes.verdict import Outcome
from tests.monitor.probing.test_current import probe, signal
from tests.support.pipeline_app import watched

T0 = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ACME = DeliveryKey("acme", "postfix", needs_code=True)


def took(seconds: float, number: int = 1) -> Exemplar:
    return Exemplar(str(number), seconds, T0 + timedelta(seconds=number))


@pytest.mark.parametrize(
    ("lives", "added"), [((), ()), ((600,), ()), ((420, 450), (450,)), ((0.5, 7200, 450), (0.5, 450, 7200))]
)
def test_each_life_of_a_code_is_a_bound(lives: tuple[float, ...], added: tuple[float, ...]) -> None:
    found = bounds_with(timedelta(seconds=life) for life in lives)
    assert set(found) == {*DELIVERY_BOUNDS_SECONDS, *added}
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, 0), (1, 0), (1.001, 1), (600, 13), (600.5, 14), (3600, 17), (3600.5, 18), (1e9, 18)]
)
def test_a_duration_is_in_the_first_bucket_that_it_does_not_exceed(seconds: float, bucket: int) -> None:
    histogram = Histogram(DELIVERY_BOUNDS_SECONDS)
    histogram.observe(seconds, took(seconds))
    times = histogram.frozen()
    assert [number for number, count in enumerate(times.counts) if count] == [bucket]
    assert [number for number, newest in enumerate(times.newest) if newest] == [bucket]


def test_a_bucket_names_its_newest() -> None:
    histogram = Histogram((10.0,))
    for number, seconds in enumerate((3.0, 4.0, 20.0)):
        histogram.observe(seconds, took(seconds, number))
    times = histogram.frozen()
    assert (times.counts, times.total) == ((2, 1), 27.0)
    assert times.newest == (took(4.0, 1), took(20.0, 2))


def test_a_company_has_a_histogram_from_the_start_for_what_it_is_sent() -> None:
    board = Board()
    board.configure([watched(None, None, kinds=(Kind.INVITATION, Kind.VERIFICATION)), watched(None, None, company="b")])
    assert {tuple(key): sum(each.frozen().counts) for key, each in board.deliveries.items()} == {
        ("acme", "postfix", False): 0,
        ("acme", "postfix", True): 0,
        ("b", "postfix", True): 0,
    }


def test_a_reload_keeps_the_counts_while_the_bounds_stay() -> None:
    board = Board()
    board.configure([watched(None, None)])
    board.take([signal(probe(), Outcome.INBOX, after=3.0)])
    board.configure([watched(None, None), watched(None, None, company="b")])
    assert sum(board.deliveries[ACME].frozen().counts) == 1
    board.configure([watched(None, None, code_life=timedelta(seconds=450))])
    times = board.deliveries[ACME].frozen()
    assert 450 in times.bounds
    assert sum(times.counts) == 0, "no count can be divided afterwards: a new start, as after a restart"
    assert list(board.deliveries) == [ACME]


def test_mail_of_all_companies_of_a_mail_system_is_in_one_histogram() -> None:
    board = Board()
    google = watched(None, None, company="cole", mail_systems=("google",))
    board.configure([watched(None, None), watched(None, None, company="bolt"), google])
    for number, company in enumerate(("acme", "bolt", "bolt", "cole")):
        board.take([signal(probe(number, company), Outcome.INBOX, after=3.0 + number)])
    found = {key: each.frozen() for key, each in board.deliveries_of_systems.items()}
    assert {key: sum(each.counts) for key, each in found.items()} == {("postfix", True): 3, ("google", True): 1}
    board.configure([watched(None, None), google])
    kept = board.deliveries_of_systems["postfix", True].frozen()
    assert kept.counts == found["postfix", True].counts, "a counter does not go back because a company has gone"
    board.configure([google])
    assert list(board.deliveries_of_systems) == [("google", True)]


def test_two_distributions_added_up_name_the_newer_probe_of_each_bucket() -> None:
    one, other = Histogram((10.0,)), Histogram((10.0,))
    for number, (histogram, seconds) in enumerate(((one, 3.0), (other, 4.0), (one, 20.0), (other, 21.0), (one, 5.0))):
        histogram.observe(seconds, took(seconds, number))
    both = one.frozen().plus(other.frozen())
    assert (both.counts, both.total) == ((3, 2), 53.0)
    assert both.newest == (took(5.0, 4), took(21.0, 3))
