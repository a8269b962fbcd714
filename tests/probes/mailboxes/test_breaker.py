"""When a server that answers nobody is left alone, and when it is tried again."""

import pytest

from probes.mailboxes.breaker import FIRST_PAUSE, MAX_PAUSE_SECONDS, Breaker


@pytest.mark.parametrize(
    ("story", "closed"),
    [
        ("", True),
        ("a", True),
        ("aaaaaaaa", True),  # one mailbox may be slow for reasons of its own
        ("abababab", True),
        ("abc", False),
        ("abcd", False),
        ("ab!c", True),  # the server answers somebody
        ("abc!", True),
        ("ab!abc", False),
    ],
)
def test_it_opens_when_different_mailboxes_failed_and_none_was_read(story: str, closed: bool) -> None:
    breaker = Breaker()
    for each in story:
        if each == "!":
            breaker.answered()
        else:
            breaker.failed(object(), each, 0.0)
    assert breaker.admits(object(), 0.0) is closed


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    assert [breaker.failed(object(), each, at) for each in "abc"] == [False, False, True]
    return breaker


def test_after_a_pause_one_visit_tries_it_and_the_others_wait() -> None:
    breaker, trial = opened(), object()
    assert not breaker.admits(trial, FIRST_PAUSE - 0.1)
    assert breaker.admits(trial, FIRST_PAUSE)
    assert breaker.admits(trial, FIRST_PAUSE + 1)
    assert not breaker.admits(object(), FIRST_PAUSE + 1)
    breaker.answered()
    assert breaker.admits(object(), FIRST_PAUSE + 1)


def test_each_trial_that_fails_makes_the_pause_longer_up_to_an_end() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(7):
        assert breaker.retry_at is not None
        pauses.append(breaker.retry_at - now)
        now, trial = breaker.retry_at, object()
        assert breaker.admits(trial, now)
        assert breaker.failed(trial, "a", now)
    assert pauses == [15, 30, 60, 120, 240, MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS]


def test_a_late_failure_of_a_visit_from_before_does_not_end_the_trial() -> None:
    breaker, trial = opened(), object()
    assert breaker.admits(trial, FIRST_PAUSE)
    assert not breaker.failed(object(), "d", FIRST_PAUSE)
    assert breaker.admits(trial, FIRST_PAUSE)


def test_a_trial_that_ends_for_its_own_reasons_leaves_its_place_to_the_next() -> None:
    breaker, trial = opened(), object()
    assert breaker.admits(trial, FIRST_PAUSE)
    breaker.left(trial)  # its password is wrong
    assert breaker.admits(object(), FIRST_PAUSE)
