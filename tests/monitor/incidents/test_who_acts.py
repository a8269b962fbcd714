"""A mail system's trouble: who can mend it, and what a server's words about relaying mean."""

import pytest

from monitor.incidents.advice import incident_advice
from monitor.incidents.attribution import Attribution, FailureCase, attribute
from monitor.incidents.comparison import NEUTRAL, Comparison, Got
from monitor.incidents.incident import Nature, Reason, Scope, Severity
from monitor.incidents.weight import Weight
from probes.answer import Answer, Stage
from probes.mailsystems.advice import ACTORS, Actor
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.notice_samples import failure, incident, notice_request, text, title, town
from tests.support.verdict_score import CODE, NAMES, T0, Day, path_at, signal

STOPPED = {"nature": Nature.THEIR_SYSTEM, "outcome": Outcome.DEFERRED, "cause": Cause.SERVER_FAULT}


def at_several(mail_system: str, reason: Reason = Reason.SAME_ANSWER):
    failures = (failure(company=f"c{n}", reason=reason, **STOPPED) for n in range(4))
    return incident(*failures, scope=Scope.MAIL_SYSTEM, mail_system=mail_system, subject=f"@{mail_system}")


@pytest.mark.parametrize("reason", [Reason.SAME_ANSWER, Reason.CONTROL_FAILS, Reason.BOTH_LOST, Reason.GATEWAY_DOWN])
def test_what_a_vendor_runs_for_many_the_vendor_mends(reason: Reason) -> None:
    told = notice_request(at_several("m365", reason), companies=town(9))
    said = text(told)
    assert "Who acts: Microsoft 365 support." in said
    assert "Microsoft 365" in said[said.index("What to do:") : said.index("Runbook: ")]
    assert "Until then, by a company's IT:" in said
    assert "Who acts: the company's IT team" not in said


def test_one_companys_own_trouble_stays_its_own() -> None:
    one = incident(failure(reason=Reason.SAME_ANSWER, **STOPPED), scope=Scope.THEIR_SYSTEM, mail_system="m365")
    assert incident_advice(one, "m365").actor is Actor.COMPANY_IT


@pytest.mark.parametrize("mail_system", ["postfix", ""])
def test_where_there_is_no_vendor_nobody_is_sent_to_one(mail_system: str) -> None:
    assert incident_advice(at_several(mail_system), mail_system).actor is Actor.COMPANY_IT


def test_every_actor_has_a_name_for_people() -> None:
    assert set(ACTORS) == set(Actor)
    assert len(set(ACTORS.values())) == len(Actor)


# ---- "unable to relay" ----------------------------------------------------------------------------------------------

RELAYING = Answer(Stage.RCPT, 550, "5.7.54", "SMTP; Unable to relay recipient in non-accepted domain", host="mx:25")
NOT_OURS = Verdict(Outcome.BLOCKED, Cause.RELAY_DENIED, Grade.REAL, "rejected at RCPT TO by mx: 550 5.7.54", RELAYING)


def judged(*comparisons: Comparison, via: str = "direct") -> Attribution:
    return attribute(FailureCase(Weight.BAD, NOT_OURS, NAMES, comparisons, via=via))


@pytest.mark.parametrize("via", ["direct", "xclient", "proxy"])
def test_a_server_that_does_not_know_the_domain_blocks_nobody(via: str) -> None:
    found = judged(via=via)
    assert (found.nature, found.reason, found.at_most) == (
        *(Nature.THEIR_SYSTEM, Reason.NOT_ITS_DOMAIN),
        Severity.TICKET,
    )


def test_the_control_that_is_told_the_same_makes_it_everybodys() -> None:
    found = judged(Comparison(NEUTRAL, Got.SAME, T0))
    assert (found.reason, found.at_most) == (Reason.NOT_ITS_DOMAIN, Severity.PAGE)


def test_a_control_that_gets_through_makes_it_the_senders() -> None:
    """The opposite: some servers say so to clients that they do not like."""
    assert judged(Comparison(NEUTRAL, Got.THROUGH, T0)).nature is Nature.MAIL


def test_it_says_what_to_look_at() -> None:
    day = Day((path_at("acme"),))
    for _ in range(2):
        day.judge("u", verdict=NOT_OURS)
    day.settle()
    told = notice_request(day.only())
    takes = "Acme Steel: its mail server accepts no mail for the probe's domain (not an accepted domain there)"
    assert title(told) == takes
    assert "block" not in title(told) + text(told)
    assert "accepted domain" in text(told)
    newest = signal("u", day.now, verdict=NOT_OURS, line=("acme", "hq", CODE), probe_id=day.shown[-1].probe_id)
    assert day.tracker.needing_control([newest], day.now, {}), "a control can tell whether it is about the sender"
