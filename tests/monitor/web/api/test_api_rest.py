"""What else the API does: companies and paths, incidents, mutes, the sender, people and tokens, its document."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.people.person import Rights
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.api_app import API, ApiApp, Program
from tests.support.pages_app import incident, opened


@pytest.fixture
async def admin(api_app: ApiApp) -> Program:
    return await api_app.program(Rights.ADMIN)


async def judged(api_app: ApiApp, path: str = "hq") -> str:
    """The id of a probe that was sent and judged."""
    program = await api_app.program(Rights.OPERATOR, name="sends")
    sent: str = (await program.post("/probes", {"company": "acme", "path": path})).facts["probes"][0]["probe"]
    await api_app.heard.verdict()
    await api_app.pipeline_app.signals.read()  # what is shown follows the store
    return sent


# ---- Companies and paths --------------------------------------------------------------------------------------------


async def test_companies_tell_how_they_fare(api_app: ApiApp, admin: Program) -> None:
    await judged(api_app, "cloud")
    await api_app.open(incident("a1"))
    acme, bolt = (await admin.facts("/companies"))["companies"]
    assert acme == {
        "company": "acme",
        "name": "Acme Steel",
        "mail_system": "postfix",
        "mail_systems": ["postfix"],
        "paths": ["hq", "cloud"],
        "worst": "blocked",
        "incidents": ["a1"],
    }
    assert (bolt["company"], bolt["worst"], bolt["incidents"]) == ("bolt", None, [])


async def test_a_path_tells_the_verdict_that_counts_now(api_app: ApiApp, admin: Program) -> None:
    probe = await judged(api_app)
    path = await admin.facts("/paths/acme/hq")
    assert (path["to"], path["code_life_seconds"]) == ("probe@acme.test", 600)
    [present] = path["present"]
    assert (present["kind"], present["probe"], present["verdict"]["outcome"]) == ("two_step_code", probe, "inbox")
    assert (await admin.facts("/companies/acme"))["paths"][0] == path
    assert path in (await admin.facts("/paths?company=acme"))["paths"]
    assert len((await admin.facts("/paths"))["paths"]) == 3


async def test_the_sender_is_told_with_what_receivers_say_of_it(api_app: ApiApp, admin: Program) -> None:
    probe = await judged(api_app)
    sender = await admin.facts("/sender")
    assert sender["sender"]["source_ip"] == "104.130.122.50"
    grades = [{"grade": "real", "companies": 1, "outcomes": {"inbox": 1}}]
    assert {"mail_system": "postfix", "grades": grades} in sender["mail_systems"]
    [check] = sender["checks"]
    assert (check["probe"], check["connecting_ip"], check["spf"]) == (probe, "104.130.122.50", None)
    assert "receivers wrote" in sender["note"]


async def test_outcomes_of_several_grades_are_never_added_up(api_app: ApiApp, admin: Program) -> None:
    await judged(api_app)
    [system] = [each for each in (await admin.facts("/sender"))["mail_systems"] if each["mail_system"] == "postfix"]
    board = api_app.backend.board
    (check, known), *_ = board.current_verdicts.items()
    other = Check(check.company, check.path, Kind.INVITATION)
    blocked = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.UNPROVEN, "refused")
    path = board.paths[check.company, check.path]
    changed = {(check.company, check.path): replace(path, kinds=(*path.kinds, Kind.INVITATION))}
    board.configure((board.paths | changed).values())
    board.current_verdicts[other] = replace(known, verdict=blocked)
    [system] = [each for each in (await admin.facts("/sender"))["mail_systems"] if each["mail_system"] == "postfix"]
    assert system["grades"] == [
        {"grade": "real", "companies": 1, "outcomes": {"inbox": 1}},
        {"grade": "unproven", "companies": 1, "outcomes": {"blocked": 1}},
    ]


# ---- Incidents ------------------------------------------------------------------------------------------------------


async def test_an_incident_is_told_with_its_history(api_app: ApiApp, admin: Program) -> None:
    await api_app.open(incident("a1"), entries=[opened("a1")])
    [listed] = (await admin.facts("/incidents"))["incidents"]
    whole = await admin.facts("/incidents/a1")
    assert {name: whole[name] for name in listed if name != "seconds"} == {
        name: value for name, value in listed.items() if name != "seconds"
    }
    assert [entry["turn"] for entry in whole["history"]] == ["opened"]
    assert whole["failures"][0]["probe"] == "probeofacme"
    assert whole["notices"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["a1"]),
        ("?state=all", ["a1", "b2"]),
        ("?state=closed", ["b2"]),
        ("?company=acme", ["a1"]),
        ("?company=bolt&state=all", ["b2"]),
        ("?state=all&most=1", ["a1"]),
    ],
)
async def test_incidents_are_filtered(api_app: ApiApp, admin: Program, query: str, found: list[str]) -> None:
    over = api_app.pipeline_app.clock()
    await api_app.open(incident("a1"), incident("b2", "bolt", closed_at=over))
    assert [each["incident"] for each in (await admin.facts(f"/incidents{query}"))["incidents"]] == found


async def test_of_an_incident_that_touches_others_too_only_the_callers_part_is_told(api_app: ApiApp) -> None:
    await api_app.open(incident("e1", "acme", "bolt", muted_by=("m1",)), entries=[opened("e1", "acme and bolt")])
    bound = await api_app.program(Rights.VIEWER, ("bolt",))
    reply = await bound.get("/incidents/e1")
    assert "acme" not in reply.text
    facts = reply.facts
    assert (facts["touches"], facts["failing"], facts["history"]) == (["bolt"], 1, [])
    assert (facts["muted"], facts["muted_by"]) == (True, [])


# ---- Mutes ----------------------------------------------------------------------------------------------------------


async def test_a_mute_is_made_and_ended(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    made = await program.post("/mutes", {"company": "acme", "path": "hq", "lasts": "2h", "why": "their\u202e work\n"})
    assert made.status == 201, made.text
    mute = made.facts
    assert (mute["active"], mute["by"], mute["why"]) == (True, "operator-0", "their work")
    assert made.headers["Location"] == f"{API}/mutes/{mute['mute']}"
    assert (await program.facts("/mutes"))["mutes"] == [mute]
    assert (await program.ask("DELETE", f"/mutes/{mute['mute']}")).status == 204
    assert (await program.ask("DELETE", f"/mutes/{mute['mute']}")).wrong == "409 mute"
    assert (await program.facts("/mutes"))["mutes"] == []
    assert [each["ended_by"] for each in (await program.facts("/mutes?ended=true"))["mutes"]] == ["operator-0"]
    assert [entry.what for _, entry in await api_app.store.people.audit_log(None, 2)] == ["mute ended", "mute created"]


async def test_a_mute_has_an_end_or_comes_every_week(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    about = {"company": "acme", "why": "x"}
    until = (await program.post("/mutes", {**about, "until": "2199-01-01T02:00:00+02:00"})).facts
    assert (until["ends_at"], until["weekly"]) == ("2199-01-01T00:00:00Z", None)
    weekly = (await program.post("/mutes", {**about, "weekly": "sun 02:00-04:00 Europe/Berlin"})).facts
    assert (weekly["ends_at"], weekly["weekly"]) == (None, "sun 02:00-04:00 Europe/Berlin")


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        ({"lasts": "1h", "why": "x"}, "422 about"),
        ({"everything": True, "company": "bolt", "lasts": "1h", "why": "x"}, "422 about"),
        ({"company": "bolt", "lasts": "soon", "why": "x"}, "422 lasts"),
        ({"company": "bolt", "lasts": "1h", "why": " \t"}, "422 why"),
        ({"company": "bolt", "lasts": "1h"}, "422 why"),
        ({"company": "bolt", "why": "x"}, "422 times"),
        ({"company": "bolt", "lasts": "1h", "until": "2199-01-01T00:00:00Z", "why": "x"}, "422 times"),
        ({"company": "bolt", "until": "2001-01-01T00:00:00Z", "why": "x"}, "422 until"),
        ({"company": "bolt", "weekly": "sunday", "why": "x"}, "422 weekly"),
        ({"company": "bolt", "path": "nowhere", "lasts": "1h", "why": "x"}, "404"),
        ({"company": "nobody", "lasts": "1h", "why": "x"}, "404"),
        ({"company": "bolt", "cause": "ip_blokked", "lasts": "1h", "why": "x"}, "422 cause"),
        ({"company": "acme", "lasts": "1h", "why": "x"}, "404"),  # not theirs
        ({"mail_system": "m365", "lasts": "1h", "why": "x"}, "422 company"),  # wider than theirs
        ({"everything": True, "lasts": "1h", "why": "x"}, "422 company"),
    ],
)
async def test_a_bound_operator_mutes_only_what_is_there_and_theirs(
    api_app: ApiApp, wish: dict[str, Any], wrong: str
) -> None:
    bound = await api_app.program(Rights.OPERATOR, ("bolt",))
    assert (await bound.post("/mutes", wish)).wrong == wrong
    assert await api_app.store.incidents.mutes() == []


# ---- People and tokens ----------------------------------------------------------------------------------------------


async def test_the_secret_of_a_token_is_shown_once(api_app: ApiApp, admin: Program) -> None:
    wish = {"name": "ci", "rights": "viewer", "companies": ["bolt"], "lasts": "7d"}
    made = await admin.post("/tokens", wish, Idempotency_Key="a")
    assert made.status == 201, made.text
    secret, token = made.facts["secret"], made.facts["token"]
    program = Program(api_app.http, api_app.url, secret)
    assert [each["company"] for each in (await program.facts("/companies"))["companies"]] == ["bolt"]
    again = await admin.post("/tokens", wish, Idempotency_Key="a")
    assert (again.status, again.facts["token"], again.facts["secret"]) == (201, token, None)
    assert secret not in (await admin.get(f"/tokens/{token}")).text + (await admin.get("/tokens")).text
    assert secret not in (await admin.get("/audit")).text
    stored = b"".join(file.read_bytes() for file in api_app.pipeline_app.folder.glob("mailpath.db*"))
    assert secret.encode() not in stored


async def test_a_token_ends_when_it_is_revoked_or_its_time_is_up(api_app: ApiApp, admin: Program) -> None:
    made = (await admin.post("/tokens", {"name": "ci"})).facts
    short = (await admin.post("/tokens", {"name": "short", "lasts": "24h"})).facts
    assert (await admin.ask("DELETE", f"/tokens/{made['token']}")).status == 204
    assert (await admin.ask("DELETE", f"/tokens/{made['token']}")).wrong == "409"
    api_app.pipeline_app.clock.pass_(days=1)
    for secret in (made["secret"], short["secret"]):
        assert (await Program(api_app.http, api_app.url, secret).get("/companies")).wrong == "401"


async def test_a_person_is_made_kept_out_and_let_in_again(api_app: ApiApp, admin: Program) -> None:
    made = await admin.post("/people", {"name": "ada@example.com", "rights": "operator"})
    assert made.status == 201, made.text
    assert "/invitation?key=" in made.facts["link"]
    assert (await admin.post("/people", {"name": "ada@example.com"})).wrong == "409"
    for disabled in (True, True, False):
        changed = await admin.ask("PATCH", "/people/ada@example.com", {"disabled": disabled})
        assert (changed.status, bool(changed.facts["disabled_at"])) in ((200, disabled), (409, False)), changed.text
    assert (await admin.post("/people/ada@example.com/link")).facts["link"] != made.facts["link"]
    assert (await admin.post("/people/nobody/link")).wrong == "404"


async def test_the_audit_log_is_read_page_by_page(api_app: ApiApp, admin: Program) -> None:
    for number in range(5):
        await admin.post("/tokens", {"name": f"t{number}"})
    found, query = [], "?most=2"
    while True:
        page = await admin.facts(f"/audit{query}")
        found += [entry["about"].partition(",")[0] for entry in page["entries"] if entry["what"] == "token created"]
        if page["next"] is None:
            break
        query = f"?most=2&cursor={page['next']}"
    assert found[:5] == ["t4", "t3", "t2", "t1", "t0"]


async def test_a_bound_admin_gives_no_more_than_they_have(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.ADMIN, ("bolt",))
    assert (await bound.post("/tokens", {"name": "wide", "rights": "viewer"})).wrong == "409"
    assert (await bound.post("/tokens", {"name": "acmes", "companies": ["acme"]})).wrong == "404 companies.0"
    assert (await bound.post("/tokens", {"name": "own", "companies": ["bolt"]})).status == 201


# ---- What is wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "wrong"),
    [
        ("{", "application/json", "400 body"),
        ("", "application/json", "400 body"),
        ('{"company": "\\ud800"}', "application/json", "400 body"),
        ("null", "application/json", "422 body"),
        ("company=acme", "application/x-www-form-urlencoded", "415 Content-Type"),
        ("[" * 10000, "application/json", "400 body"),
        ("x" * 70_000, "application/json", "413"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_problem(api_app: ApiApp, body: str, kind: str, wrong: str) -> None:
    program = await api_app.program(Rights.OPERATOR)
    assert (await program.post("/probes", body, Content_Type=kind)).wrong == wrong


async def test_what_is_no_part_of_the_api_is_a_problem_too(api_app: ApiApp, admin: Program) -> None:
    assert (await admin.get("/nothing")).wrong == "404"
    assert (await admin.ask("PUT", "/probes")).wrong == "405 method"
    assert (await Program(api_app.http, api_app.url, "mailpath_x").get("/companies")).wrong == "401"
    viewer = await api_app.program(Rights.VIEWER)
    assert (await viewer.post("/probes", {"company": "acme"})).wrong == "403"


@pytest.mark.parametrize(
    ("query", "example"),
    [
        ("/probes?since=yesterday", '"2026-11-26T08:00:00Z"'),
        ("/probes?cursor=here", '"1795680000000000.hdbeeakl4pwcjli3"'),
        ("/probes?company=A!", '"acme"'),
        ("/probes?most=many", "50"),
        ("/stats?days=0", "30"),
        ("/triage", '"jane@acme.example"'),
    ],
)
async def test_the_remedy_of_a_bad_parameter_shows_a_good_one(admin: Program, query: str, example: str) -> None:
    [error] = (await admin.get(query)).facts["errors"]
    assert f"a value such as {example}" in error["remedy"]
    assert "^" not in error["problem"] + error["remedy"], "no regular expression"


# ---- The document ---------------------------------------------------------------------------------------------------


async def test_the_document_is_there_and_a_page_to_read_it(api_app: ApiApp, admin: Program) -> None:
    document = await admin.facts("/openapi.json")
    assert document["openapi"] == "3.1.0"
    async with api_app.http.get(f"{api_app.url}/api/", headers=admin.known) as page:
        text = await page.text()
        assert page.status == 200, text
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in text
            assert f'id="{operation["operationId"]}"' in text
    assert "style=" not in text
    assert "<script>" not in text
