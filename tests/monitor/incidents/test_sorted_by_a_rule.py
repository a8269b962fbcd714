"""A rule that moves mail out of the inbox is the business of that mailbox: nobody is blocked, and Mailpath can look."""

from monitor.incidents.advice import incident_advice
from monitor.incidents.incident import Nature, Scope, Severity
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from probes.mailsystems.advice import Actor
from tests.support.notice_samples import notice_request
from tests.support.verdict_score import CODE, Day, path_at

COMPANIES = ("acme", "bolt", "crux", "dune")


def played(*scores: str) -> Day:
    day = Day(tuple(path_at(company) for company in COMPANIES[: len(scores)]))
    day.play({(company, "hq", CODE): score for company, score in zip(COMPANIES, scores, strict=False)})
    return day


def test_it_is_the_mailbox_s() -> None:
    incident = played("iiSSS").only()
    assert (incident.nature, incident.scope, incident.severity) == (Nature.MAILBOX, Scope.MAILBOX, Severity.TICKET)
    assert (
        headline(context_of(notice_request(incident, companies={})))
        == "acme, path hq: probe mailbox problem (mailbox rule)"
    )
    advice = incident_advice(incident, "")
    assert advice.actor is Actor.MAILBOX_OWNER
    assert advice.steps[0].startswith("Remove the rule from the probe's mailbox.")


def test_several_companies_with_such_a_rule_have_nothing_in_common() -> None:
    assert {each.scope for each in played("iiSSS", "iiSSS", "iiSSS", "iiSSS").open} == {Scope.MAILBOX}


def test_it_ends_when_the_rule_is_gone() -> None:
    assert not played("iiSSSii").open


def test_when_we_cannot_look_that_is_ours_as_before() -> None:
    assert played("ii???").only().nature is Nature.OURS
