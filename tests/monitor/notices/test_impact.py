"""The first line of a notice says what people notice, and no more than was tested."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.notices.context import context_of
from monitor.notices.impact import impact
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.support.notice_samples import T0, failure, incident, notice_request, storm, town


def said(*failures: Any, **facts: Any) -> str:
    return impact(context_of(notice_request(incident(*failures, **facts))))


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (Outcome.BLOCKED, "Nobody at Acme Steel can receive a sign-in code."),
        (Outcome.MISSING, "Sign-in codes are accepted for Acme Steel and do not arrive."),
        (Outcome.DEFERRED, "Nobody at Acme Steel receives a sign-in code before it expires."),
        (Outcome.LATE, "Nobody at Acme Steel receives a sign-in code before it expires."),
        (Outcome.SPAM, "Sign-in codes for Acme Steel are in the spam folder."),
        (Outcome.QUARANTINED, "Sign-in codes for Acme Steel are held in quarantine."),
        (Outcome.UNKNOWN, "It is not known whether sign-in codes reach Acme Steel."),
    ],
)
def test_what_becomes_of_codes(outcome: Outcome, says: str) -> None:
    assert said(failure(outcome=outcome)) == says


@pytest.mark.parametrize(
    ("failures", "facts", "says"),
    [
        ([failure(kind=Kind.INVITATION)], {}, "Company invitations do not reach Acme Steel."),
        ([failure(kind=Kind.INVITATION, outcome=Outcome.LATE)], {}, "Company invitations reach Acme Steel late."),
        ([failure(cause=Cause.UNCLEAR)], {}, "Sign-in codes do not reach Acme Steel."),
        ([failure(cause=None)], {}, "Sign-in codes do not reach Acme Steel."),
        ([failure(cause=Cause.SERVER_FAULT)], {}, "Sign-in codes do not reach Acme Steel."),
        (
            [failure(cause=Cause.SERVER_FAULT, outcome=Outcome.DEFERRED)],
            {},
            "Sign-in codes for Acme Steel are delayed.",
        ),
        ([failure(cause=Cause.UNCLEAR, outcome=Outcome.LATE)], {}, "Sign-in codes reach Acme Steel late."),
        ([failure()], {"scope": Scope.KIND}, "2-step sign-in codes do not reach Acme Steel."),
        ([failure(kind=kind) for kind in [*Kind][:3]], {"scope": Scope.KIND}, "Sign-in codes do not reach Acme Steel."),
        ([failure()], {"scope": Scope.MAILBOX}, "Sign-in codes do not reach Acme Steel (path hq)."),
        ([failure(of_last=12, bad=7)], {}, "Some sign-in codes do not reach Acme Steel in time."),
        ([failure(grade=Grade.SCANNED)], {}, "The filter of Acme Steel would stop sign-in codes."),
    ],
)
def test_nobody_is_said_only_where_all_codes_of_a_company_are_stopped(
    failures: list[Any], facts: dict[str, Any], says: str
) -> None:
    assert said(*failures, **facts) == says


@pytest.mark.parametrize("reason", [Reason.ONLY_HERE, Reason.NOTHING_REACHED])
def test_without_a_connection_nobody_is_said_to_stop_anything(reason: Reason) -> None:
    stopped = failure(reason=reason, outcome=Outcome.DEFERRED, cause=Cause.NETWORK)
    assert said(stopped) == (
        "Sign-in codes may not reach Acme Steel: Mailpath cannot connect to the mail server there."
    )


@pytest.mark.parametrize(
    ("nature", "says"),
    [
        (
            Nature.THEIR_SYSTEM,
            "Sign-in codes do not reach Acme Steel, and the problem is not limited to this sender.",
        ),
        (
            Nature.MAILBOX,
            "Only the probe's own mailbox is known to be affected; this path is not monitored until it is fixed.",
        ),
        (Nature.OURS, "It is not known whether sign-in codes reach Acme Steel: Mailpath cannot test it."),
    ],
)
def test_where_the_problem_is_anothers(nature: Nature, says: str) -> None:
    assert said(failure(nature=nature)) == says


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (Reason.GATEWAY_DOWN, "It is not known whether sign-in codes reach Acme Steel: the gateway there does not "),
        (Reason.NOTHING_REACHED, "Sign-in codes may not reach Acme Steel: Mailpath cannot connect to the mail server"),
        (Reason.BOTH_LOST, "Sign-in codes may not reach Acme Steel: test mail is accepted and then lost, a neutral "),
        (Reason.NOT_ITS_DOMAIN, "Sign-in codes may not reach Acme Steel: the mail server does not accept the domain "),
    ],
)
def test_what_may_concern_the_probe_alone_is_not_said_to_stop_all_mail(reason: Reason, says: str) -> None:
    assert said(failure(nature=Nature.THEIR_SYSTEM, reason=reason)).startswith(says)


def test_many_companies_are_counted() -> None:
    told = notice_request(storm(7), companies=town(12))
    assert impact(context_of(told)) == "Nobody at 7 of 12 companies can receive a sign-in code."


def test_a_channel_of_one_company_hears_of_that_one() -> None:
    told = notice_request(storm(7), companies=town(12), visible=frozenset({"c3"}))
    assert impact(context_of(told)) == "Nobody at Company 3 can receive a sign-in code."


def test_one_that_fails_intermittently_and_late_is_not_everybody() -> None:
    late = failure(outcome=Outcome.LATE, of_last=12, bad=5, since=T0 + timedelta(minutes=1))
    assert said(late) == "Some sign-in codes do not reach Acme Steel in time."
