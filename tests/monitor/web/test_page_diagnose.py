"""A diagnosis from the pages: what it takes, its start, its progress, its end by hand."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.actions.people import Access
from monitor.people.person import Rights
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.arm import Arm
from probes.diagnosis.conclude import DiagnosisResult, NoFactor
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.verdict import Cause, Outcome
from tests.support.api_app import Program
from tests.support.pages_app import BLOCKED, INBOX, PagesApp, incident, open_pages_app, opened, post, probe_of

WHERE = "/diagnose?where=acme%2Fhq&kind=verification"
CONTROL = {"address": "check@control.example", "source_ip": "198.51.100.7"}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path, diagnoses=True, control=CONTROL) as pages_app:
        path = pages_app.backend.board.paths["acme", "hq"]
        assert path.route.via == "xclient"
        yield pages_app


async def running(pages_app: PagesApp) -> Diagnosis:
    (record,) = await pages_app.store.diagnoses.running()
    return record.diagnosis


async def test_before_anything_is_sent_it_says_what_it_takes(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    reply = await operator.get(WHERE)
    assert reply.status == 200
    for said in (
        "compared with the control",
        "if one property is the reason",
        "never more than 40",
        "At least ",
        "the company&#39;s own gateway",
        "0 of 1500",
        "IP address, HELO name, envelope domain, From domain",
        "the size: the same in both mails",
        "Nothing has been sent yet",
    ):
        assert said in reply.text, said
    assert await pages_app.store.diagnoses.running() == []


async def test_a_start_leads_to_its_progress_and_is_in_the_audit_log(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    reply = await post(operator, "/diagnose", WHERE, where="acme/hq", kind="verification")
    diagnosis = await running(pages_app)
    assert (reply.status, reply.headers["Location"]) == (303, f"/diagnoses/{diagnosis.id}")
    assert (diagnosis.kind, diagnosis.by) == (Kind.VERIFICATION, "op")
    assert [entry.what for _, entry in await pages_app.store.people.audit_log(None, 1)] == ["diagnosis started"]
    page = (await operator.get(f"/diagnoses/{diagnosis.id}")).text
    assert "0 of about " in page
    assert 'data-every="2"' in page
    arm = Arm(diagnosis.id, diagnosis.setup.whole, diagnosis.other)
    probe = probe_of("acme", pages_app.clock() + timedelta(seconds=1), purpose=ProbePurpose.DIAGNOSIS, arm=arm)
    await pages_app.store.probes.launch(probe, "maildir:x", Attempt(probe.created_at, 1))
    page = (await operator.get(f"/diagnoses/{diagnosis.id}")).text
    assert "1 of about " in page
    assert "Answer awaited" in page
    assert "A diagnosis runs on this path now" in (await operator.get(WHERE)).text
    again = await post(operator, "/diagnose", "/probe-now", where="acme/hq", kind="verification")
    assert again.status == 409
    assert "a diagnosis runs there already" in again.text


async def test_it_can_be_stopped_and_then_names_nothing(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    await post(operator, "/diagnose", WHERE, where="acme/hq", kind="verification")
    diagnosis = await running(pages_app)
    here = f"/diagnoses/{diagnosis.id}"
    assert (await post(operator, f"{here}/stop", here)).status == 303
    record = await pages_app.store.diagnoses.one(diagnosis.id)
    assert record
    assert record.conclusion
    assert (record.conclusion.result, record.conclusion.why) == (DiagnosisResult.VOID, NoFactor.STOPPED_BY_PERSON)
    page = (await operator.get(here)).text
    assert "stopped by a person" in page
    assert "data-every" not in page
    assert "Diagnose again" in page
    assert (await post(operator, f"{here}/stop", "/probe-now")).status == 303, "once more changes nothing"
    whats = [entry.what for _, entry in await pages_app.store.people.audit_log(None, 3)]
    assert whats[:2] == ["diagnosis stopped", "diagnosis started"]


async def test_a_program_sees_the_plan_before_it_starts_a_diagnosis_and_stops_it_again(pages_app: PagesApp) -> None:
    program = await program_of(pages_app, Rights.OPERATOR)
    plan = await program.facts("/paths/acme/hq/diagnoses/plan?kind=verification&factor=ip")
    assert plan["varied"][0] == ["ip"]  # all others together
    assert 0 < plan["probes"]["fewest"] <= plan["probes"]["usual"] <= plan["probes"]["most"] <= plan["most_probes"]
    assert (plan["sent_today"], plan["kind"]) == (0, "verification")
    assert await pages_app.store.diagnoses.running() == []
    begun = (await program.post("/paths/acme/hq/diagnoses", {"factors": ["ip", "helo"]})).facts["diagnosis"]
    stopped = await program.post(f"/diagnoses/{begun}/stop")
    assert (stopped.status, stopped.facts["conclusion"]["why"]) == (200, "stopped_by_person")
    assert (await program.post(f"/diagnoses/{begun}/stop")).status == 409
    assert (await program.post("/diagnoses/aaaaaaaaaaaaaaaa/stop")).status == 404
    viewer = await program_of(pages_app, Rights.VIEWER)
    assert (await viewer.get("/paths/acme/hq/diagnoses/plan")).status == 403
    assert (await viewer.post(f"/diagnoses/{begun}/stop")).status == 403
    strangers = await program_of(pages_app, Rights.OPERATOR, "bolt")
    assert (await strangers.post(f"/diagnoses/{begun}/stop")).status == 404


async def test_a_plan_that_is_not_allowed_says_what_to_change(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path, diagnosis={"within": "scan"}) as narrow:
        reply = await (await program_of(narrow, Rights.OPERATOR)).get("/paths/acme/hq/diagnoses/plan")
    assert reply.status == 409
    assert "within" in reply.facts["detail"]


async def program_of(pages_app: PagesApp, rights: Rights, *companies: str) -> Program:
    access = Access(pages_app.store, pages_app.clock, "root", "command")
    _, secret = await access.add_token(f"{rights}-{len(companies)}", rights, companies or None, None)
    return Program(pages_app.http, pages_app.url, secret)


async def test_viewers_watch_and_others_see_nothing(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    await post(operator, "/diagnose", WHERE, where="acme/hq", kind="verification")
    diagnosis = await running(pages_app)
    viewer = await pages_app.viewer("acme")
    page = (await viewer.get(f"/diagnoses/{diagnosis.id}")).text
    assert "Stop it" not in page
    assert (await viewer.get(WHERE)).status == 403
    stranger = await pages_app.person("bo", Rights.OPERATOR, ("bolt",))
    assert (await stranger.get(f"/diagnoses/{diagnosis.id}")).status == 404
    assert (await stranger.get(WHERE)).status == 422


async def test_without_the_secret_of_the_form_nothing_starts(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    reply = await operator.ask("POST", "/diagnose", data={"where": "acme/hq", "kind": "verification"})
    assert reply.status == 403
    assert await pages_app.store.diagnoses.running() == []


async def test_an_incident_and_a_failed_probe_offer_it_to_operators(pages_app: PagesApp) -> None:
    await pages_app.store.incidents.advance(0, [incident("a1")], [opened("a1")], [])
    failed = await pages_app.probe(verdict=BLOCKED)
    fine = await pages_app.probe(verdict=INBOX, after=timedelta(minutes=1))
    operator, viewer = await pages_app.operator("acme"), await pages_app.viewer("acme")
    link = "/diagnose?where=acme%2Fhq&amp;kind=verification"
    assert f'href="{link}&amp;incident=a1">Diagnose acme/hq</a>' in (await operator.get("/incidents/a1")).text
    assert f'href="{link}"' in (await operator.get(f"/probes/{failed}")).text
    assert link not in (await operator.get(f"/probes/{fine}")).text
    for address in ("/incidents/a1", f"/probes/{failed}"):
        assert link not in (await viewer.get(address)).text
    await post(operator, "/diagnose", f"{WHERE}&incident=a1", where="acme/hq", kind="verification", incident="a1")
    assert (await running(pages_app)).incident == "a1"
    everywhere = await pages_app.person("all", Rights.OPERATOR, None)
    elsewhere = await post(everywhere, "/diagnose", WHERE, where="bolt/hq", kind="verification", incident="a1")
    assert elsewhere.status == 404, "it is not an incident of that company"
    page = (await operator.get("/incidents/a1")).text
    assert "The diagnosis is running" in page
    assert 'data-every="3"' in page, "it follows by itself"


async def test_what_no_diagnosis_can_explain_offers_none(pages_app: PagesApp) -> None:
    late = incident("a1")
    failures = tuple(replace(each, outcome=Outcome.DEFERRED, cause=Cause.GREYLISTED) for each in late.failures)
    await pages_app.store.incidents.advance(0, [replace(late, failures=failures)], [opened("a1")], [])
    operator = await pages_app.operator("acme")
    assert "/diagnose?" not in (await operator.get("/incidents/a1")).text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"diagnosis": {"within": "scan"}}, "needs diagnosis.within = &#34;gateway&#34;"),
        ({"probes": {"cap": {"per_path_per_day": 5}}}, "of 5 probes a day 0 are sent"),
    ],
)
async def test_where_none_may_start_it_says_what_to_change(
    tmp_path: Path, config: dict[str, object], said: str
) -> None:
    async with open_pages_app(tmp_path, diagnoses=True, control=CONTROL, **config) as pages_app:
        operator = await pages_app.operator("acme")
        page = (await operator.get(WHERE)).text
        assert said in page
        assert "Start the diagnosis" not in page
        reply = await post(operator, "/diagnose", "/probe-now", where="acme/hq", kind="verification")
        assert reply.status == 409
        assert await pages_app.store.diagnoses.running() == []
