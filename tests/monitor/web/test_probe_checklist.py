"""The checklist of a probe, what stands beside it, and its message: what is not known is never held against anybody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.probing.requester import Requester
from monitor.standing.record import FactRecord
from monitor.store import ProbeRecord
from monitor.web.pages.filter_rules import explained_rules
from monitor.web.pages.probe_checklist import checklist_of
from monitor.web.pages.probe_stations import compared
from monitor.web.pages.probe_view import way
from probes.evidence import Arrival, Attempt, Evidence
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.standing.fact import Fact, Question, State, Why
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pages_app import (
    BLOCKED,
    INBOX,
    START,
    PagesApp,
    accepted,
    arrival,
    open_pages_app,
    probe_of,
    refused,
)

PROBE = probe_of("acme", START)
RECEIVED = "Received: from account.trimble.com ([104.130.122.50]) by mx.acme.example with ESMTPS\r\n"
GOOD = f"Authentication-Results: mx.acme.example; spf=pass; dkim=pass; dmarc=pass\r\n{RECEIVED}"
UNSIGNED = f"Authentication-Results: mx.acme.example; spf=pass; dkim=none; dmarc=fail\r\n{RECEIVED}"
FORGED = f"Authentication-Results: mx.acme.example; spf=fail; dkim=fail; dmarc=fail\r\n{RECEIVED}"


def record(*evidence: Evidence, verdict: Verdict = INBOX, delivery: float | None = 2.0, **facts: Any) -> ProbeRecord:
    took = None if delivery is None else timedelta(seconds=delivery)
    seen = (Attempt(START, 1), *evidence)
    return ProbeRecord(replace(PROBE, **facts), "maildir:x", seen, verdict, START, START, took)


def published(question: Question, state: State, why: Why, *named: str) -> FactRecord:
    return FactRecord(Fact(question, "account.trimble.com", state, why, START, named=named), START, state)


def results(made: ProbeRecord, *standing: FactRecord) -> dict[str, str]:
    arrived = next((seen for seen in made.evidence if isinstance(seen, Arrival)), None)
    found = checklist_of(made, way(arrived, made.probe) if arrived else None, standing)
    return {check.name: check.result.value for check in found}


def test_nothing_is_held_against_a_sender_of_whom_nothing_is_known() -> None:
    found = results(record(verdict=Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, ""), delivery=None))
    assert set(found.values()) == {"not_known"}
    assert list(found) == ["IP address", "SPF", "DKIM", "DMARC", "Reverse DNS", "TLS", "Filter", "Delivery time"]


@pytest.mark.parametrize(
    ("made", "name", "result"),
    [
        (record(*refused("listed"), verdict=replace(BLOCKED, cause=Cause.IP_LISTED)), "IP address", "failed"),
        (record(*refused("no"), verdict=replace(BLOCKED, cause=Cause.CONTENT)), "IP address", "not_known"),
        (record(*refused("no PTR"), verdict=replace(BLOCKED, cause=Cause.RDNS)), "Reverse DNS", "failed"),
        (record(accepted(), arrival(GOOD)), "SPF", "passed"),
        (record(accepted(), arrival(GOOD)), "DMARC", "passed"),
        (record(accepted(), arrival(FORGED)), "DKIM", "failed"),
        (record(accepted(), arrival(FORGED)), "DMARC", "failed"),
        (record(accepted(), arrival(UNSIGNED)), "DKIM", "not_known"),
        (record(accepted(), arrival(UNSIGNED)), "DMARC", "not_known"),
        (record(accepted()), "TLS", "passed"),
        (record(replace(accepted(), tls="")), "TLS", "weak"),
        (record(accepted(), delivery=2), "Delivery time", "passed"),
        (record(accepted(), delivery=400), "Delivery time", "weak"),
        (record(accepted(), delivery=700, verdict=replace(INBOX, outcome=Outcome.LATE)), "Delivery time", "failed"),
        (record(accepted(), delivery=4000, kind=Kind.INVITATION), "Delivery time", "passed"),
        (record(accepted(), arrival(f"X-Spam-Status: Yes, score=9.1 required=5.0 tests=BAYES_99\r\n{RECEIVED}")),
         "Filter", "failed"),
    ],
)  # fmt: skip
def test_what_the_probe_shows_decides(made: ProbeRecord, name: str, result: str) -> None:
    assert results(made)[name] == result


def test_where_the_receiver_says_nothing_the_standing_of_the_sender_does() -> None:
    spf = published(Question.SPF, State.BAD, Why.SPF_MISSING)
    assert results(record(accepted()), spf)["SPF"] == "failed"
    assert results(record(accepted(), arrival(GOOD)), spf)["SPF"] == "passed", "the receiver's word comes first"
    assert results(record(accepted(), role=Role.CONTROL), spf)["SPF"] == "not_known", "it is another sender"
    unknown = published(Question.SPF, State.UNKNOWN, Why.LOOKUP_FAILED)
    assert results(record(accepted()), unknown)["SPF"] == "not_known"


def test_only_what_is_wrong_has_a_fix_and_of_another_identity_nobody_fixes_it() -> None:
    made = record(accepted(), arrival(FORGED))
    fixes = [check.name for check in checklist_of(made, way(arrival(FORGED), made.probe), ()) if check.fix]
    assert fixes == ["SPF", "DKIM", "DMARC"]
    control = record(accepted(), arrival(FORGED), role=Role.CONTROL)
    assert not any(check.fix for check in checklist_of(control, way(arrival(FORGED), control.probe), ()))


def test_rules_that_are_known_come_first_and_others_keep_their_names() -> None:
    assert explained_rules(["X_LOCAL", "spf_fail", "X_LOCAL"]) == (
        ("spf_fail", "SPF fails: the IP address is not in the record"),
        ("X_LOCAL", ""),
    )


def test_headers_and_replies_are_compared_where_both_have_them() -> None:
    junk = Verdict(Outcome.SPAM, Cause.CONTENT, Grade.IMPERSONATED, "in Junk")
    this = record(accepted(), replace(arrival(FORGED), folder_name="Junk"), verdict=junk)
    found = {each.what: (each.this, each.good) for each in compared(this, record(accepted(), arrival(GOOD)))}
    assert found["SPF by the receiver"] == ("fail", "pass")
    assert found["Folder"] == ("Junk", "INBOX")
    assert "Hops" not in found
    only_refused = compared(record(*refused("no"), verdict=BLOCKED), record(accepted(), arrival(GOOD)))
    assert not any("receiver" in each.what for each in only_refused), "mail that was refused has no headers"


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def test_the_page_shows_the_control_beside_the_sender(pages_app: PagesApp) -> None:
    pages_app.clock.offset = START - pages_app.clock()
    sender = await pages_app.probe(*refused("no"), verdict=BLOCKED)
    operator = await pages_app.operator()
    page = (await operator.get(f"/probes/{sender}")).text
    assert "No probe as the control was sent" in page
    assert f"/probe-now?where=acme%2Fhq&amp;kind={Kind.VERIFICATION}&amp;as=control" in page
    control = await pages_app.probe(accepted(), verdict=INBOX, after=timedelta(minutes=3), role=Role.CONTROL)
    page = (await operator.get(f"/probes/{sender}")).text
    assert f'<a href="/probes/{control}">Control</a>' in page
    assert f'<a href="/probes/{sender}">Sender</a>' in (await operator.get(f"/probes/{control}")).text


async def test_the_page_says_who_sent_it_by_hand(pages_app: PagesApp) -> None:
    made = probe_of("acme", START, purpose=ProbePurpose.MANUAL)
    await pages_app.store.probes.launch(made, "maildir:x", Attempt(START, 1), Requester("ann", "session").audit(made))
    page = (await (await pages_app.viewer("acme")).get(f"/probes/{made.id}")).text
    assert "<dt>Sent by</dt><dd>ann, by hand</dd>" in page
    assert (
        "<dt>Sent by</dt>"
        not in (await (await pages_app.operator()).get(f"/probes/{await pages_app.probe(verdict=INBOX)}")).text
    )


async def test_the_message_is_text_and_shown_only_when_it_can_arrive_no_more(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    page = (await operator.get(f"/probes/{await pages_app.probe(verdict=INBOX)}")).text
    assert "X-Mailpath-Probe: " in page
    assert "&lt;html" in page.lower()
    assert "<iframe" not in page
    flying = (await operator.get(f"/probes/{await pages_app.probe(closed=False)}")).text
    assert "X-Mailpath-Probe: " not in flying
    moved = await pages_app.probe(verdict=INBOX, source_ip="192.0.2.77")
    assert "X-Mailpath-Probe: " not in (await operator.get(f"/probes/{moved}")).text, "sent by an earlier profile"
