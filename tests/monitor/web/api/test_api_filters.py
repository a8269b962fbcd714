"""Conditions of lists, paging through closed incidents, and who one is: GET /me, GET /config."""

from datetime import timedelta

import pytest

from monitor.incidents.incident import Severity
from monitor.people.person import Rights
from probes.outcome import Cause, Outcome
from tests.support.api_app import ApiApp, Program
from tests.support.pages_app import incident


async def fill(api_app: ApiApp) -> Program:
    """Two open and three closed incidents, of which two were opened at one time."""
    now = api_app.pipeline_app.clock()
    ages = [now - timedelta(hours=each) for each in (5, 5, 9)]
    closed = [incident(f"c{n}", "bolt", opened_at=at, closed_at=now - timedelta(hours=1)) for n, at in enumerate(ages)]
    spam = incident("s1", outcome=Outcome.SPAM, cause=Cause.CONTENT, severity=Severity.TICKET)
    await api_app.open(incident("a1"), spam, *closed)
    return await api_app.program()


async def test_incidents_are_narrowed(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    now = api_app.pipeline_app.clock()
    hours_ago = {each: f"{now - timedelta(hours=each):%Y-%m-%dT%H:%M:%SZ}" for each in (2, 6, 7)}
    for query, found in {
        "cause=content": ["s1"],
        "outcome=spam": ["s1"],
        "severity=ticket": ["s1"],
        "severity=note": [],
        "scope=everybody": [],
        "mail_system=m365": [],
        "mail_system=postfix&cause=content": ["s1"],
        "mail_system=m365&state=closed": ["c1", "c0", "c2"],
        f"state=closed&until={hours_ago[6]}": ["c2"],
        f"state=closed&since={hours_ago[2]}": ["c1", "c0", "c2"],
        f"state=closed&since={now + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}": [],
    }.items():
        facts = await admin.facts(f"/incidents?{query}")
        assert [each["incident"] for each in facts["incidents"]] == found, query


async def test_a_list_of_incidents_is_read_to_its_end(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    whole = [each["incident"] for each in (await admin.facts("/incidents?state=all"))["incidents"]]
    assert sorted(whole[:2]) == ["a1", "s1"]
    assert whole[2:] == ["c1", "c0", "c2"]
    for most in (1, 2, 3, 5):
        found, cursor = list[str](), ""
        while True:
            part = await admin.facts(f"/incidents?state=all&most={most}{cursor and f'&cursor={cursor}'}")
            assert len(part["incidents"]) <= most
            found += [each["incident"] for each in part["incidents"]]
            if (cursor := part["next"]) is None:
                break
        assert found == whole, most


async def test_the_place_of_an_incident_of_others_is_none(api_app: ApiApp) -> None:
    await fill(api_app)
    bound = await api_app.program(Rights.VIEWER, ("acme",))
    for query in ("state=closed&cursor=c1", "state=open&cursor=c1", "state=all&cursor=open.c1"):
        assert (await bound.get(f"/incidents?{query}")).wrong == "400 cursor"


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/companies?mail_system=m365", 1),
        ("/companies?worst=blocked", 0),
        ("/paths?mail_system=postfix", 2),
        ("/mutes?company=acme", 1),
        ("/mutes?cause=content", 0),
        ("/mutes?mail_system=m365", 0),
    ],
)
async def test_other_lists_are_narrowed(api_app: ApiApp, path: str, count: int) -> None:
    admin = await api_app.program()
    await admin.post("/mutes", {"company": "acme", "lasts": "1h", "why": "x"})
    facts = await admin.facts(path)
    [(_, listed)] = [each for each in facts.items() if each[0] != "next"]
    assert len(listed) == count


async def test_a_caller_learns_who_they_are(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.OPERATOR, ("bolt",), name="ci")
    me = await bound.facts("/me")
    assert me.pop("token")
    assert me == {"name": "ci", "way": "token ci", "rights": "operator", "companies": ["bolt"]}


async def test_the_configuration_is_read_without_secrets(api_app: ApiApp) -> None:
    admin = await api_app.program()
    tables = (await admin.facts("/config"))["tables"]
    assert "sender" in [each["table"] for each in tables]
    [sender] = [each for each in tables if each["table"] == "sender"]
    assert sender["values"]["source_ip"] == "104.130.122.50"
    part = await admin.facts("/config?most=1")
    rest = await admin.facts(f"/config?cursor={part['next']}")
    assert part["tables"] + rest["tables"] == tables
    bound = await api_app.program(Rights.ADMIN, ("bolt",))
    assert "web" not in [each["table"] for each in (await bound.facts("/config"))["tables"]]
    assert (await bound.get("/config?company=acme")).wrong == "404"
