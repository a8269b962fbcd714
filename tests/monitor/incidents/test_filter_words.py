"""What a filter wrote into a message reaches the notices, and outlasts a restart."""

import pytest

from monitor.notices.reply import reply_of
from probes.details import CopyMarkedAsSpam, InJunk
from probes.sentences import sentence
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.detail_samples import COPIED, JUNK, TOOK
from tests.support.verdict_score import Day, path_at

LINE = "X-Spam-Status: Yes, score=9.1"
DETAILS = [InJunk(JUNK, TOOK, LINE), CopyMarkedAsSpam(COPIED, TOOK, LINE)]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: detail.type)
@pytest.mark.parametrize("forgotten", [False, True], ids=["verdicts are kept", "verdicts are forgotten"])
def test_the_failure_keeps_the_header_line(detail: InJunk | CopyMarkedAsSpam, forgotten: bool) -> None:
    verdict = Verdict(Outcome.SPAM, Cause.CONTENT, Grade.REAL, sentence(detail), None, detail)
    day = Day((path_at("acme"),))
    for _ in range(5):
        day.judge("c", verdict=verdict)
    day.settle()
    (failure,) = day.only().failures
    assert failure.spam == detail
    if forgotten:
        day.past.clear()
    day.restart()
    day.settle()
    (failure,) = day.only().failures
    assert failure.spam == detail
    assert reply_of(failure).endswith(f': "{LINE}"')
