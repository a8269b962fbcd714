"""Notices say what decided whose problem it is, and what is not known."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.incidents.labels import REASONS
from probes.answer import Answer, Stage
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import (
    T0,
    failure,
    incident,
    notice_request,
    storm,
    text,
    title,
    town,
)


def test_a_mail_system_that_gives_a_neutral_sender_the_same_answer() -> None:
    """A milter is down. The company hears that it is its own affair, and the sender is not named."""
    broken = failure(
        nature=Nature.THEIR_SYSTEM,
        outcome=Outcome.DEFERRED,
        cause=Cause.SERVER_FAULT,
        reason=Reason.SAME_ANSWER,
        compared_at=T0 + timedelta(minutes=20),
        answer=Answer(Stage.MAIL, 451, "4.7.1", "Service unavailable", host="mx.acme.example"),
    )
    told = notice_request(incident(broken, scope=Scope.THEIR_SYSTEM))
    assert title(told) == "Acme Steel: its mail system accepts no mail at all (a neutral sender gets the same answer)"
    assert (
        text(told)
        == """\
Sign-in codes do not reach Acme Steel, and the problem is not limited to this sender. Since 2026-11-23 08:04 UTC, 25 \
min, 2 failed probes.
Latest failed probe (path hq, 2026-11-23 08:25 UTC): deferred at MAIL FROM by mx.acme.example: "451 4.7.1 Service \
unavailable"
Who acts: the company's IT team.
Why: The server gives a neutral sender the same answer.
Nothing points to a problem with account.trimble.com.
Details: https://mailpath.example/incidents/5d0c1f2e3a4b

A neutral sender got the same answer at 2026-11-23 08:24 UTC.
What to do:
  1. Find the error in the mail server's log at the time of the message.
  2. Check the filter or milter, the resolver, the disk, the server behind it, and whether a blocklist lists everybody.
Caution: Do not change filters or allow lists for the sender: another sender is stopped in the same way.
How to verify: the next probe is due within 15 min; the incident closes after 2 good probes in a row. To test now, \
use “Probe now” at https://mailpath.example/companies/acme
For users: Mail from outside does not reach the company: call its people.
Runbook: https://mailpath.example/runbooks/mailpath-their-system?incident=5d0c1f2e3a4b"""
    )


@pytest.mark.parametrize(
    ("nature", "reason", "facts", "headline", "compared"),
    [
        (
            *(Nature.THEIR_SYSTEM, Reason.SAME_ANSWER, {"outcome": Outcome.LATE, "cause": Cause.GREYLISTED}),
            "its mail system delays other senders' mail too (a neutral sender is deferred as well)",
            "A neutral sender got the same answer at 2026-11-23 08:04 UTC.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.CONTROL_FAILS, {"outcome": Outcome.MISSING, "cause": Cause.UNCLEAR}),
            "its mail system delivers no mail at all (a neutral sender fails too)",
            "A neutral sender's mail failed too, last at 2026-11-23 08:04 UTC.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.GATEWAY_DOWN, {"outcome": Outcome.UNKNOWN, "cause": Cause.SERVER_FAULT}),
            "its gateway does not answer",
            "Other companies answer.",
        ),
        (
            *(Nature.THEIR_SYSTEM, Reason.LOOKUP, {"cause": Cause.DOMAIN_UNKNOWN}),
            "no mail server found in DNS",
            "The sender plays no part in a DNS lookup.",
        ),
        (
            *(Nature.MAIL, Reason.CONTROL_THROUGH, {"cause": Cause.FIREWALL}),
            "sign-in codes are blocked (no connection)",
            "A control from a neutral sender got through at 2026-11-23 08:04 UTC, so mail in general gets through; the "
            "problem most likely concerns this sender.",
        ),
        (
            *(Nature.MAIL, Reason.ONLY_HERE, {"cause": Cause.FIREWALL}),
            "sign-in codes cannot be delivered (no connection)",
            "Other companies can be reached. It is not known whether this one rejects only this sender.",
        ),
        (
            *(Nature.MAIL, Reason.NOTHING_REACHED, {"cause": Cause.FIREWALL}),
            "sign-in codes cannot be delivered (no connection)",
            "No other server has been reached since, so the problem may be the company's connection or Mailpath's own.",
        ),
        (
            *(Nature.MAIL, Reason.NEIGHBOUR_THROUGH, {"cause": Cause.CONTENT}),
            "sign-in codes are blocked (content)",
            "Our other domain, from the same IP address, got through at 2026-11-23 08:04 UTC, so the "
            "problem is the domain or the content, not the IP address.",
        ),
    ],
)
def test_what_decided_whose_trouble_it_is(
    nature: Nature, reason: Reason, facts: dict[str, Any], headline: str, compared: str
) -> None:
    at = T0 if "{at}" in REASONS[reason].sentence else None
    one = failure(nature=nature, reason=reason, compared_at=at, **facts)
    scope = Scope.THEIR_SYSTEM if nature is Nature.THEIR_SYSTEM else Scope.COMPANY
    told = notice_request(incident(one, scope=scope))
    assert title(told) == f"Acme Steel: {headline}"
    assert compared in text(told).splitlines()
    assert ("Nothing points to a problem with account.trimble.com." in text(told)) is (nature is Nature.THEIR_SYSTEM)


def test_what_is_not_known_to_be_the_company_or_us_says_so_and_both_act() -> None:
    alone = failure(cause=Cause.FIREWALL, reason=Reason.NOTHING_REACHED, answer=Answer(Stage.CONNECT))
    lines = text(notice_request(incident(alone))).splitlines()
    assert "Who acts: the operator of Mailpath and the company's IT team." in lines
    assert not any(line.startswith("Confidence:") for line in lines)
    assert any(line.startswith("Why: Could not connect to the server, and no other") for line in lines)


def test_no_connection_to_most_companies_is_not_said_to_be_the_sender() -> None:
    told = notice_request(storm(12, cause=Cause.FIREWALL), companies=town(12))
    assert "suggest a shared network or firewall feed" not in text(told), "nothing was compared"
    assert "so the cause is the sender, a service that these companies share, or Mailpath itself" in text(told)
    lost = replace(told.incident, failures=tuple(replace(f, reason=Reason.ONLY_HERE) for f in told.incident.failures))
    assert "affected at once, so" not in text(replace(told, incident=lost))


def test_many_that_cannot_be_judged_are_most_likely_our_own_machine() -> None:
    ours = storm(12, nature=Nature.OURS, scope=Scope.OURSELVES, outcome=Outcome.UNKNOWN, cause=Cause.NETWORK)
    told = notice_request(ours, companies=town(12))
    assert title(told) == "Mailpath cannot test 12 companies (Mailpath's network)"
    assert (
        "So many at once suggest a problem of Mailpath itself: check its network, name server and machine first."
        in text(told)
    )
