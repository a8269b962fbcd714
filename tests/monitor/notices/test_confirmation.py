"""A notice says what is not certain yet, what will show it and when, and accuses nobody by it."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Incident, Nature, Reason
from monitor.notices.confirmation import comparison, confirmation
from monitor.notices.context import CompanyInfo, context_of
from probes.verdict import Cause
from tests.support.notice_samples import ACME, QUARTER, T0, closed, failure, incident, notice_request, text

CONTROL: dict[str, Any] = {"controls": {("acme", "hq"): timedelta(minutes=30)}}
NO_CONTROL: dict[str, Any] = {"controls": {("acme", "hq"): None}}
THROUGH = failure(reason=Reason.CONTROL_THROUGH, compared_at=T0)
ONCE = failure(bad=1)
UNREACHED = failure(cause=Cause.FIREWALL, reason=Reason.NOTHING_REACHED)
BOTH: dict[str, Any] = {"companies": {"acme": ACME, "bolt": CompanyInfo("Bolt", ("m365",), QUARTER)}}
LATER: dict[str, Any] = {"now": T0 + timedelta(hours=3)}
TOMORROW: dict[str, Any] = {"controls": {("acme", "hq"): timedelta(hours=20)}}


@pytest.mark.parametrize(
    ("about", "facts", "says"),
    [
        (incident(), {}, ""),
        (incident(), CONTROL, "The next control, sent by 08:55 UTC, shows whether a neutral sender gets through."),
        (incident(), CONTROL | LATER, "The next control shows whether a neutral sender gets through."),
        (
            incident(),
            TOMORROW,
            "The next control, sent by 2026-11-24 04:25 UTC, shows whether a neutral sender gets through.",
        ),
        (
            incident(),
            NO_CONTROL,
            "No control can be sent on this path, so it is not known whether other senders' mail gets through.",
        ),
        (incident(THROUGH), CONTROL, ""),
        (incident(ONCE), {}, "One probe failed so far; the next one, due by 08:40 UTC, shows whether it lasts."),
        (incident(ONCE), LATER, "One probe failed so far; the next one, due now, shows whether it lasts."),
        (incident(ONCE), {"companies": {}}, ""),
        (incident(UNREACHED), {}, ""),
        (
            incident(UNREACHED),
            BOTH,
            "Probes of other companies show whose it is; the next probe here is due by 08:40 UTC.",
        ),
        (incident(failure(nature=Nature.MAILBOX)), NO_CONTROL, ""),
        (incident(failure(of_last=12)), CONTROL, ""),
        (closed(incident(ONCE)), CONTROL, ""),
    ],
)
def test_what_is_awaited(about: Incident, facts: dict[str, Any], says: str) -> None:
    assert confirmation(context_of(notice_request(about, **facts))) == says


def test_it_stands_beside_what_is_known() -> None:
    told = notice_request(incident(), **CONTROL)
    line = (
        "The comparison with a neutral sender has been inconclusive so far. The next control, sent by 08:55 UTC, shows "
        "whether a neutral sender gets through."
    )
    assert line in text(told).splitlines()


def test_what_cannot_be_compared_is_not_said_to_have_been() -> None:
    assert "inconclusive" not in comparison(context_of(notice_request(incident(), **NO_CONTROL)))
