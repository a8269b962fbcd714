"""The sender's standing for programs: facts, and changes of what is published."""

import pytest

from monitor.people.person import Rights
from tests.support.api_app import ApiApp, Program
from tests.support.standing_samples import ADDRESS, DOMAIN, RECORD, store_standing


@pytest.fixture
async def admin(api_app: ApiApp) -> Program:
    return await api_app.program(Rights.ADMIN)


@pytest.fixture
async def viewer(api_app: ApiApp) -> Program:
    await store_standing(api_app.store, api_app.pipeline_app.clock())
    return await api_app.program(Rights.VIEWER, ("acme",))


async def test_before_the_first_reading_there_are_no_facts(api_app: ApiApp, admin: Program) -> None:
    assert await admin.facts("/standing") == {"facts": [], "simulated": False, "next": None}
    assert await admin.facts("/standing/changes") == {"changes": [], "next": None}


async def test_a_fact_is_told_whole(viewer: Program) -> None:
    (spf,) = (await viewer.facts("/standing?check=spf"))["facts"]
    assert {name: spf[name] for name in ("check", "subject", "state", "suspected", "why", "value", "zone")} == {
        **{"check": "spf", "subject": DOMAIN, "state": "good", "suspected": False},
        **{"why": "spf_passes", "value": RECORD, "zone": None},
    }
    assert spf["servers"] == ["192.0.2.53", "192.0.2.54", "2001:db8::53"]
    assert spf["ttl_seconds"] == 300
    assert 60 <= spf["age_seconds"] < 120, "a minute, and what the test took"
    assert spf["tree"] == []
    assert spf["because"].startswith("the source IP passes by include:_spf0.mailservice.example")


async def test_a_listing_has_its_zone_and_its_beginning(viewer: Program) -> None:
    facts = (await viewer.facts("/standing?check=blocklist&state=bad"))["facts"]
    (listed,) = facts
    assert (listed["zone"], listed["subject"]) == ("zen.spamhaus.org", f"{ADDRESS} at zen.spamhaus.org")
    assert listed["since"] < listed["at"]


async def test_the_lists_are_paged(viewer: Program) -> None:
    whole = [(each["check"], each["subject"]) for each in (await viewer.facts("/standing"))["facts"]]
    assert len(whole) == 14
    assert whole == sorted(whole)
    found, where = [], ""
    while True:
        page = await viewer.facts(f"/standing?most=5{where}")
        found += [(each["check"], each["subject"]) for each in page["facts"]]
        if page["next"] is None:
            break
        where = f"&cursor={page['next']}"
    assert found == whole
    first = await viewer.facts("/standing/changes?most=1")
    second = await viewer.facts(f"/standing/changes?most=1&cursor={first['next']}")
    assert [each["item"] for page in (first, second) for each in page["changes"]] == ["addresses", "spf"]
    assert second["next"] is None


async def test_changes_are_of_so_many_days(viewer: Program) -> None:
    (change,) = (await viewer.facts("/standing/changes?days=10"))["changes"]
    assert (change["old"], change["new"], change["name"]) == (["104.130.122.49"], [ADDRESS], DOMAIN)
    assert set(change["companies"]) <= {"acme"}


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("/standing?check=weather", "400 check"),
        ("/standing?state=fine", "400 state"),
        ("/standing?cursor=nowhere", "400 cursor"),
        ("/standing/changes?days=0", "400 days"),
        ("/standing/changes?days=401", "400 days"),
    ],
)
async def test_a_wrong_question_names_the_field(viewer: Program, query: str, wrong: str) -> None:
    assert (await viewer.get(query)).wrong == wrong
