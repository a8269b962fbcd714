"""What came too late while this machine stood still is nobody's lateness. Times are seconds after the code was born; it
lives 10 s, and after 60 s we give up."""

from dataclasses import replace

import pytest

from probes.evidence import Absence, Evidence, FailedLook, decode, encode
from probes.judge import judge
from tests.probes.test_judge import accepted, arrival, at, attempt, copy, greylisted, probe

DOWN = FailedLook(
    at(40), "inbound:copies@probe.test: the listener is up since 08:00:39 UTC; a copy may have come before"
)


def absent(since: float, until: float) -> Absence:
    return Absence(at(until), until - since)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        ([attempt(0), accepted(32, begun=0), absent(1, 31), arrival(33)], "unknown"),  # asleep while it was handed over
        ([attempt(0), accepted(1), absent(2, 31), arrival(33)], "unknown"),  # asleep with the server in between
        ([attempt(0), accepted(1), absent(2, 8), arrival(33)], "late"),  # late by more than we slept
        ([attempt(0), accepted(1), absent(2, 12), absent(15, 30), arrival(33)], "unknown"),  # together
        ([attempt(0), accepted(1), arrival(33), absent(34, 300)], "late"),  # asleep only afterwards
        ([attempt(0), accepted(1), absent(2, 6), arrival(9)], "inbox"),
        ([attempt(0), greylisted(1), absent(2, 12), attempt(13, 2), accepted(14, 2), arrival(15)], "unknown"),
        ([attempt(0), accepted(1), copy(45)], "late"),
        ([attempt(0), accepted(1), DOWN, copy(45)], "unknown"),  # an earlier copy may have found nobody here
        ([attempt(0), accepted(1), DOWN, arrival(45)], "late"),  # a mailbox has a time of its own
    ],
)
def test_what_our_absence_may_have_caused_is_unknown(evidence: list[Evidence], outcome: str) -> None:
    verdict = judge(probe(), evidence, at(301))
    assert verdict
    assert verdict.outcome == outcome


def test_the_sentence_says_how_long_we_were_away() -> None:
    verdict = judge(probe(), [attempt(0), accepted(1), absent(2, 31), arrival(33)], at(34))
    assert verdict
    assert "this machine or Mailpath was suspended for 29 s" in verdict.because
    verdict = judge(probe(), [attempt(0), accepted(1), DOWN, copy(45)], at(46))
    assert verdict
    assert "the listener is up since" in verdict.because


def test_an_absence_is_kept_as_it_was() -> None:
    assert decode(encode(absent(1, 31))) == absent(1, 31)
    assert absent(1, 31).once is None
    assert replace(absent(1, 31), seconds=1.0) != absent(1, 31)
