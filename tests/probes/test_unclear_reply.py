"""A reply that may mean two things is unclear, and the verdict names both; it never accuses the sender by a hair."""

import json

import pytest

from probes.answer import Stage
from probes.details import DialogueStopped, decode, encode
from probes.judge import judge
from probes.outcome import Cause
from tests.probes.test_judge import at, attempt, probe, refused

CLOSE = "5.7.1 Blocked sender, over quota"


def test_the_verdict_on_a_reply_that_may_mean_two_things() -> None:
    verdict = judge(probe(), [attempt(0), refused(Stage.RCPT, 550, CLOSE)], at(2))
    assert verdict
    assert (verdict.outcome, verdict.cause) == ("blocked", Cause.UNCLEAR)
    assert verdict.because.endswith("; the reply may mean: domain or mailbox full")
    assert isinstance(verdict.detail, DialogueStopped)
    assert set(verdict.detail.candidates) == {Cause.DOMAIN_BLOCKED, Cause.MAILBOX_FULL}
    assert decode(encode(verdict.detail)) == verdict.detail


@pytest.mark.parametrize("text", ["5.1.1 User unknown", "5.7.1 Your IP address is blocked here", "5.0.0 xyzzy plugh"])
def test_the_verdict_on_any_other_reply_names_no_candidates(text: str) -> None:
    verdict = judge(probe(), [attempt(0), refused(Stage.RCPT, 550, text)], at(2))
    assert verdict
    assert "may mean" not in verdict.because
    assert isinstance(verdict.detail, DialogueStopped)
    assert verdict.detail.candidates == ()


def test_a_detail_of_a_release_without_candidates_has_none() -> None:
    verdict = judge(probe(), [attempt(0), refused(Stage.RCPT, 550, CLOSE)], at(2))
    assert verdict
    assert verdict.detail
    stored = json.loads(encode(verdict.detail))
    del stored["candidates"]
    known = decode(json.dumps(stored))
    assert isinstance(known, DialogueStopped)
    assert known.candidates == ()
