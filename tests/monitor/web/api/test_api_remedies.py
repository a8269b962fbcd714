"""Remedies by the API: noted, listed, tested, prolonged, undone; and who may."""

from typing import Any

import pytest

from monitor.people.person import Rights
from monitor.remedying.applied import MailFinding, PathProof, TwinFinding, TwinUntested
from tests.support.api_app import ApiApp, Program
from tests.support.pages_app import incident, opened


@pytest.fixture
async def bound(api_app: ApiApp) -> Program:
    """A viewer of acme, with an incident there and one at both companies."""
    await api_app.open(incident("a1"), incident("e1", "acme", "bolt"), entries=[opened()])
    return await api_app.program(Rights.VIEWER, ("acme",), name="it")


async def test_a_remedy_is_noted_tested_prolonged_and_undone(api_app: ApiApp, bound: Program) -> None:
    wish = {"remedy": "m365-allow-domain", "note": "CHG-1", "review_on": "2099-05-31"}
    assert (await bound.post("/incidents/a1/remedies", wish)).status == 422, "too far away"
    noted = await bound.post("/incidents/a1/remedies", {**wish, "review_on": None})
    assert noted.status == 201, noted.text
    facts = noted.facts
    assert (facts["state"], facts["by"], facts["note"], facts["company"]) == ("waiting", "it", "CHG-1", "acme")
    assert (await bound.facts(f"/remedies/{facts['id']}"))["id"] == facts["id"]
    assert (await bound.post(f"/remedies/{facts['id']}/test", None)).status == 202
    stored = await api_app.store.remedies.one(facts["id"])
    assert stored
    proof = PathProof("hq", MailFinding.ARRIVES, TwinFinding.NOT_TESTED, untested=TwinUntested.ROUTE)
    assert await api_app.store.remedies.decide(stored, (proof,), stored.test_at)
    [listed] = (await bound.facts("/remedies?company=acme&state=arrives"))["remedies"]
    assert listed["lapses_at"]
    assert (listed["proofs"][0]["twin"], listed["proofs"][0]["untested"]) == ("not_tested", "route")
    assert (await bound.facts("/remedies?state=proven"))["remedies"] == []
    assert (await bound.post(f"/remedies/{facts['id']}/renew", None)).facts["renewed_by"] == "it"
    assert (await bound.ask("DELETE", f"/remedies/{facts['id']}")).status == 204
    assert (await bound.ask("DELETE", f"/remedies/{facts['id']}")).status == 409
    assert [entry.what for _, entry in await api_app.store.people.audit_log(None, 4)][::-1] == [
        "remedy carried out",
        "remedy test started",
        "remedy prolonged",
        "remedy undone",
    ]


async def test_their_part_of_a_wide_incident_is_theirs_to_say(api_app: ApiApp, bound: Program) -> None:
    assert (await bound.post("/incidents/e1/remedies", {"company": "bolt"})).status == 404
    assert (await bound.post("/incidents/e1/remedies", {})).facts["company"] == "acme"
    operator = await api_app.program(Rights.OPERATOR, name="olga")
    several = await operator.post("/incidents/e1/remedies", {})
    assert several.status == 409
    assert "name the one" in several.text
    assert (await operator.post("/incidents/e1/remedies", {"company": "bolt"})).status == 201
    other = await api_app.program(Rights.VIEWER, ("bolt",), name="bolt")
    assert {each["company"] for each in (await other.facts("/remedies"))["remedies"]} == {"bolt"}


@pytest.mark.parametrize(
    ("body", "status"),
    [({"remedy": "no-such"}, 422), ({"review_on": "2027-02-30"}, 422), ({"nonsense": 1}, 422), ({"company": "x"}, 404)],
)
async def test_wrong_input_is_refused(bound: Program, body: dict[str, Any], status: int) -> None:
    assert (await bound.post("/incidents/a1/remedies", body)).status == status
