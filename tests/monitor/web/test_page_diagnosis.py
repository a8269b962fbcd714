"""The matrix of a diagnosis on the pages of an incident and of a probe, and the same by the API."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from probes.answer import Answer, Stage
from probes.diagnosis.arm import Arm
from probes.diagnosis.conclude import Conclusion, Confidence, DiagnosisResult, How
from probes.diagnosis.factors import Factor, Untested
from probes.diagnosis.plan import Setup
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.api_app import ApiApp, open_api_app
from tests.support.pages_app import BLOCKED, INBOX, START, PagesApp, incident, open_pages_app, opened, probe_of
from tests.support.pipeline_app import PipelineApp

WHOLE = frozenset({Factor.IP, Factor.FROM})
SCRIPT = "<script>alert(1)</script>"
REFUSED = replace(
    BLOCKED, because=f"554 {SCRIPT}", answer=Answer(Stage.RCPT, 554, "5.7.1", "Your address is blocked"), detail=None
)
CONCLUSION = Conclusion(
    DiagnosisResult.TOLD,
    None,
    How.ALONE,
    ((frozenset({Factor.IP}),),),
    Confidence.CERTAIN,
    3,
    ((Factor.SIZE, Untested.SAME),),
)


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


@pytest.fixture
async def api_app(tmp_path: Path) -> AsyncIterator[ApiApp]:
    async with open_api_app(PipelineApp(tmp_path)) as api_app:
        yield api_app


async def diagnosed(store: Store, company: str = "acme") -> list[str]:
    """Store a diagnosis that has ended; the ids of its arms."""
    levers = tuple(frozenset({factor}) for factor in Factor if factor in WHOLE)
    diagnosis = Diagnosis(
        f"d-{company}", company, "hq", Kind.VERIFICATION, Role.CONTROL, "a1", "ann", START, timedelta(seconds=10),
        Setup(levers, WHOLE),
    )  # fmt: skip
    assert await store.diagnoses.begin(diagnosis, "test")
    ids: list[str] = []
    for number, own in enumerate((WHOLE, frozenset[Factor](), frozenset({Factor.IP})), 1):
        arm = Arm(diagnosis.id, own, Role.CONTROL)
        probe = probe_of(company, START + timedelta(seconds=number), purpose=ProbePurpose.DIAGNOSIS, arm=arm)
        await store.probes.launch(probe, "maildir:x", Attempt(probe.created_at, 1))
        verdict = REFUSED if Factor.IP in own else INBOX
        await store.probes.learn(probe.id, (), verdict, probe.created_at, closed=True, delivery=None)
        ids.append(probe.id)
    assert await store.diagnoses.end(diagnosis.id, CONCLUSION, START + timedelta(minutes=1))
    return ids


async def test_an_incident_shows_the_matrix(pages_app: PagesApp) -> None:
    arms = await diagnosed(pages_app.store)
    await pages_app.store.incidents.advance(0, [incident("a1")], [opened("a1")], [])
    viewer = await pages_app.viewer("acme")
    page = (await viewer.get("/incidents/a1")).text
    assert "It is the IP address alone." in page
    assert "Diagnosis of acme/hq" in page
    assert page.count('<span aria-label="the sender\'s">■</span>') == 3
    assert page.count('<span aria-label="the control\'s">□</span>') == 3
    assert '<span class="outcome t-bad">Stopped</span>' in page, "a word beside the colour"
    assert '<span class="outcome t-good">Passed</span>' in page
    assert "the size: the same in both mails" in page
    assert SCRIPT not in page
    assert all(f"/probes/{arm}" in page for arm in arms)


BY_ADDRESS, BY_CLASS = "Remove the address from the access table", "Let the domain from its address past the checks"


@pytest.mark.parametrize(
    ("factor", "remedies"),
    [(None, {BY_ADDRESS, BY_CLASS}), (Factor.IP, {BY_ADDRESS, BY_CLASS}), (Factor.HELO, {BY_CLASS})],
)
async def test_the_proven_factor_picks_the_remedies_of_an_incident(
    pages_app: PagesApp, factor: Factor | None, remedies: set[str]
) -> None:
    proven = incident("a1")
    proven = replace(proven, failures=tuple(replace(each, factor=factor) for each in proven.failures))
    await pages_app.store.incidents.advance(0, [proven], [opened("a1")], [])
    viewer = await pages_app.viewer("acme")
    page = (await viewer.get("/incidents/a1")).text
    assert {remedy for remedy in (BY_ADDRESS, BY_CLASS) if remedy in page} == remedies


async def test_a_probe_that_is_an_arm_shows_its_diagnosis(pages_app: PagesApp) -> None:
    arms = await diagnosed(pages_app.store)
    viewer = await pages_app.viewer("acme")
    assert "It is the IP address alone." in (await viewer.get(f"/probes/{arms[0]}")).text


async def test_programs_get_the_diagnoses_of_their_own_paths(api_app: ApiApp) -> None:
    await diagnosed(api_app.store)
    program = await api_app.program()
    (found,) = (await program.facts("/paths/acme/hq/diagnoses"))["diagnoses"]
    assert found["conclusion"]["sentence"] == "It is the IP address alone."
    assert [(arm["own"], arm["result"]) for arm in found["arms"]] == [
        (["ip", "from"], "stopped"),
        ([], "passed"),
        (["ip"], "stopped"),
    ]
    other = await api_app.program(companies=("bolt",))
    assert (await other.get("/paths/acme/hq/diagnoses")).status == 404


async def test_a_start_that_is_not_allowed_says_what_to_change(api_app: ApiApp) -> None:
    program = await api_app.program()
    reply = await program.post("/paths/acme/hq/diagnoses", {})
    assert reply.status == 409
    assert 'needs diagnosis.within = "open", and here it is "gateway"' in reply.facts["detail"]
