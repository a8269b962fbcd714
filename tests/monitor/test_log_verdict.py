"""The line of the log about a verdict."""

import pytest
from structlog.testing import capture_logs

from monitor.events import Event, Judged
from monitor.logs import log_verdict
from probes.probe import ProbePurpose
from probes.verdict import Verdict
from tests.support.store_samples import BLOCKED, INBOX, T0, probe


@pytest.mark.parametrize(
    ("purpose", "verdict", "level"),
    [
        (ProbePurpose.SCHEDULED, INBOX, "info"),
        (ProbePurpose.SCHEDULED, BLOCKED, "warning"),
        (ProbePurpose.REMEDY, BLOCKED, "info"),  # perhaps a forged twin, which must be stopped
        (ProbePurpose.DIAGNOSIS, BLOCKED, "info"),
    ],
)
def test_a_verdict_is_logged_with_its_purpose(purpose: ProbePurpose, verdict: Verdict, level: str) -> None:
    with capture_logs() as lines:
        log_verdict(Event(probe(purpose=purpose), Judged(verdict, T0, None, amends=False)))
    [line] = lines
    assert (line["purpose"], line["log_level"]) == (purpose, level)
