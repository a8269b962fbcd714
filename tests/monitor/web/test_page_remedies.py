"""The pages on which a company says what it has changed, and reads what came of it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.incidents.incident import Nature
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.remedying.applied import AppliedRemedy, MailFinding, PathProof, RemedyState, TwinFinding, TwinUntested
from monitor.remedying.lapse import state_at
from monitor.remedying.proof import TWIN
from probes.diagnosis.arm import Arm
from probes.diagnosis.factors import Factor
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pages_app import START, PagesApp, incident, open_pages_app, opened, post
from tests.support.rules_of_backend import engine_of

OVER = {"closed_at": START + timedelta(hours=2)}
ARRIVES = PathProof("hq", MailFinding.ARRIVES, TwinFinding.STOPPED, mail_probe="p1", twin_probe="p2")
STILL = PathProof(
    "hq", MailFinding.STOPPED, TwinFinding.STOPPED, outcome=Outcome.BLOCKED, cause=Cause.IP_BLOCKED, mail_probe="p1"
)
UNTESTED = replace(ARRIVES, twin=TwinFinding.NOT_TESTED, untested=TwinUntested.ROUTE)


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        await pages_app.store.incidents.advance(
            1, [incident(), incident("e1", "acme", "bolt"), incident("b2", **OVER)], [opened(), opened("b2")], []
        )
        await engine_of(pages_app.backend).recall(())
        yield pages_app


def section(page: str) -> str:
    """The words of the incident's section about remedies."""
    found = re.search('<section data-part="remedy".*?</section>', page, re.S)
    assert found, page
    return " ".join(re.sub("<.*?>", " ", found[0]).split())


async def decided(app: PagesApp, *proofs: PathProof, **facts: Any) -> AppliedRemedy:
    """A remedy at acme with this result."""
    found = (await app.store.remedies.of_company("acme"))[0]
    assert await app.store.remedies.decide(found, proofs, app.clock())
    return (await app.store.remedies.of_company("acme"))[0]


async def say(app: PagesApp, browser: Any, incident_id: str = "a1", **typed: str) -> Any:
    """Press "We have changed it"."""
    page = f"/incidents/{incident_id}?company=acme"
    return await post(browser, f"/incidents/{incident_id}/remedies", page, **{"company": "acme", **typed})


async def test_it_is_noted_then_tested_then_proven(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer("acme")
    assert "Nothing was noted so far." in section((await viewer.get("/incidents/a1")).text)
    review_on = f"{datetime.now(UTC) + timedelta(days=90):%F}"
    answer = await say(pages_app, viewer, remedy="m365-allow-domain", note="CHG-1 <b>", review_on=review_on)
    assert (answer.status, answer.way) == (303, "/incidents/a1?company=acme#remedy")
    page = section((await viewer.get(answer.way.partition("#")[0])).text)
    assert "It is tested at" in page
    assert "CHG-1 &lt;b&gt;" in page
    assert review_on in page
    assert "We have changed it" not in page, "one at a time"
    await decided(pages_app, ARRIVES)
    page = section((await viewer.get("/incidents/a1")).text)
    assert "The sender&#39;s mail arrives, and its forged twin is stopped." in page or "is stopped." in page
    assert "It may lapse at" in page
    assert "We have prolonged it" in page


async def test_what_has_no_effect_leads_to_the_undo_and_the_next_remedy(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    await say(pages_app, operator)
    await decided(pages_app, STILL)
    page = section((await operator.get("/incidents/a1")).text)
    assert "Undo it, and then try:" in page
    assert "How to undo it" in page


async def test_too_wide_is_an_alarm_with_its_undo_open(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    await say(pages_app, operator, remedy="m365-allow-domain")
    await decided(pages_app, replace(ARRIVES, twin=TwinFinding.ARRIVED))
    text = (await operator.get("/incidents/a1")).text
    assert "Undo it now, by the remedy&#39;s own steps." in section(text)
    assert re.search('<details open data-key="undo-[^>]*><summary>How to undo it', text)


async def test_what_was_not_tested_is_said(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    await say(pages_app, operator, remedy="other")
    await decided(pages_app, UNTESTED)
    page = section((await operator.get("/incidents/a1")).text)
    assert "It was not tested whether forged mail is still refused: this route cannot send it" in page
    assert "Arrives, not proven" in page


async def test_buttons_test_undo_and_prolong(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer("acme")
    await say(pages_app, viewer, remedy="m365-allow-domain")
    applied = (await pages_app.store.remedies.of_company("acme"))[0]
    for back, way in (
        ("incident", "/incidents/a1?company=acme#remedy"),
        ("company", "/companies/acme#remedies"),
        ("list", "/remedies?company=acme"),
    ):
        answer = await post(viewer, f"/remedies/{applied.id}", "/incidents/a1", do="renewed", back=back)
        assert (answer.status, answer.way) == (303, way)
    assert (await post(viewer, f"/remedies/{applied.id}", "/incidents/a1", do="test")).status == 303
    tested = await pages_app.store.remedies.one(applied.id)
    assert tested
    assert tested.test != applied.test
    assert (await post(viewer, f"/remedies/{applied.id}", "/incidents/a1", do="undone")).status == 303
    undone = await pages_app.store.remedies.one(applied.id)
    assert undone
    assert state_at(undone, pages_app.clock()) is RemedyState.UNDONE
    again = await post(viewer, f"/remedies/{applied.id}", "/incidents/a1", do="undone")
    assert again.status == 409
    assert "it was undone at" in again.text.lower()


async def test_a_wide_incident_asks_which_company(pages_app: PagesApp) -> None:
    operator, bound = await pages_app.operator(), await pages_app.viewer("acme")
    text = (await operator.get("/incidents/e1")).text
    assert "/incidents/e1?company=bolt#remedy" in text
    assert "We have changed it" not in section(text)
    assert "We have changed it" in section((await operator.get("/incidents/e1?company=bolt")).text)
    assert "We have changed it" in section((await bound.get("/incidents/e1")).text), "their part of it is one company's"
    assert (await say(pages_app, bound, "e1")).status == 303


async def test_who_is_bound_to_nothing_only_looks(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    page = (await viewer.get("/incidents/a1")).text
    assert "We have changed it" not in page
    answer = await post(viewer, "/incidents/a1/remedies", "/", company="acme", remedy="other")
    assert answer.status == 403
    assert await pages_app.store.remedies.every() == []


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"remedy": "no-such"}, 422, "No remedy"),
        ({"review_on": "2020-01-01"}, 422, "The review date must be in the future"),
        ({"review_on": "soon"}, 422, "must be a date of the calendar"),
        ({"company": "bolt"}, 404, "Not found"),
    ],
)
async def test_wrong_input_is_refused_with_the_reason(
    pages_app: PagesApp, typed: dict[str, str], status: int, words: str
) -> None:
    answer = await say(pages_app, await pages_app.operator(), **typed)
    assert answer.status == status
    assert words.casefold() in answer.text.casefold()
    assert await pages_app.store.remedies.every() == []


async def test_company_page_and_list_have_what_was_changed(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    assert "Nothing was noted so far." in (await operator.get("/companies/acme")).text
    assert "No company has carried out a remedy yet" in (await operator.get("/remedies")).text
    await say(pages_app, operator, remedy="m365-allow-domain")
    await decided(pages_app, ARRIVES)
    pages_app.clock.pass_(days=40)
    operator = await pages_app.admin()  # sessions have ended
    for page in ("/companies/acme", "/remedies", "/remedies?company=acme"):
        text = (await operator.get(page)).text
        assert "Lapses soon" in text, page
        assert "How to prolong it" in text, page
    assert "No company" in (await operator.get("/remedies?company=bolt")).text
    assert "Did you mean" in (await operator.get("/remedies?company=acne")).text
    bound = await pages_app.viewer("bolt")
    assert "Lapses soon" not in (await bound.get("/remedies")).text


async def test_the_page_of_a_forged_twin_says_that_it_must_be_stopped(pages_app: PagesApp) -> None:
    twin = Arm("test1", TWIN, Role.CONTROL, "account.trimble.com", signed=False)
    blocked = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "refused")
    probe = await pages_app.probe(verdict=blocked, purpose=ProbePurpose.REMEDY, arm=twin)
    page = (await (await pages_app.operator()).get(f"/probes/{probe}")).text
    assert "it must be stopped. That it is stopped is no fault." in page
    assert "How to fix it" not in page


async def test_the_page_of_an_arm_of_a_diagnosis_accuses_nobody(pages_app: PagesApp) -> None:
    arm = Arm("d1", frozenset({Factor.ENVELOPE}), Role.CONTROL, "account.trimble.com", signed=False)
    blocked = Verdict(Outcome.BLOCKED, Cause.DOMAIN_BLOCKED, Grade.IMPERSONATED, "refused")
    facts: dict[str, Any] = {"purpose": ProbePurpose.DIAGNOSIS, "arm": arm, "role": Role.CONTROL}
    probe = await pages_app.probe(verdict=blocked, **facts)
    page = (await (await pages_app.operator()).get(f"/probes/{probe}")).text
    assert "Part of a diagnosis" in page
    assert "How to fix it" not in page, "it is no mail of the control: no blocklist rejects a neutral sender"


async def test_the_incident_of_a_remedy_has_its_record_and_claims_no_stopped_mail(pages_app: PagesApp) -> None:
    operator, engine = await pages_app.operator(), engine_of(pages_app.backend)
    await engine.configure(pages_app.backend.config())
    await say(pages_app, operator, remedy="m365-allow-domain")
    await decided(pages_app, replace(ARRIVES, twin=TwinFinding.ARRIVED))
    engine.poke()
    await engine.step()
    [opened_now] = [each for each in engine.incidents if each.nature is Nature.STANDING]
    page = (await operator.get(f"/incidents/{opened_now.id}")).text
    assert "Undo it now, by the remedy&#39;s own steps." in page
    assert "The sender's standing" not in page
    assert "Texts to send" not in page
    card = (await operator.get("/companies/acme")).text
    assert "Remedy: too wide" in card
    assert "The remedy of Acme Steel" in card


async def test_the_help_desk_reads_what_is_under_way(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    before = (await post(operator, "/triage", "/triage", address="ann@acme.example")).text
    await say(pages_app, operator, remedy="m365-allow-domain")
    after = (await post(operator, "/triage", "/triage", address="ann@acme.example")).text
    assert "The company has changed something" not in before
    assert "The company has changed something at" in after
    assert "It is tested at" in after


async def test_the_metric_has_all_states_of_a_company_and_nothing_of_others() -> None:
    counts = {("acme", state): int(state is RemedyState.PROVEN) for state in RemedyState}
    metrics = Metrics(
        Board(), Gauges(in_flight=int, lag=timedelta, skipped=dict, mailbox_errors=dict, remedies=lambda: counts)
    )
    written = (await metrics.render()).decode()
    assert 'mailpath_remedies{company="acme",state="proven"} 1' in written
    assert 'mailpath_remedies{company="acme",state="too_wide"} 0' in written
    assert "acme" not in (await metrics.render(companies=frozenset({"bolt"}))).decode()
