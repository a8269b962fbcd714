"""Conditional requests, HEAD, OPTIONS, refused methods, and what of the API is public."""

from importlib.resources import files

import pytest

from monitor.people.person import Rights
from tests.support.api_app import API, ApiApp, Program
from tests.support.pages_app import incident

READ = (
    *("/companies", "/companies/acme", "/paths", "/paths/acme/hq", "/probes", "/incidents", "/incidents/a1", "/mutes"),
    *("/sender", "/standing", "/stats", "/tokens", "/people", "/audit", "/channels", "/openapi.json"),
)


async def fill(api_app: ApiApp) -> Program:
    await api_app.open(incident("a1"), incident("b1", "bolt"))
    await api_app.probe()
    await api_app.probe(company="bolt")
    return await api_app.program()


async def test_what_has_not_changed_is_not_sent_again(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    for path in READ:
        first = await admin.get(path)
        api_app.pipeline_app.clock.pass_(milliseconds=100)
        again = await admin.get(path, If_None_Match=f'"other", {first.headers["ETag"]}')
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", first.headers["ETag"]), path
        assert (await admin.get(path, If_None_Match='"other"')).status == 200, path
        for reply in (first, again):
            assert "Authorization" in reply.headers["Vary"], path
            assert reply.headers["Cache-Control"] == "private, no-cache", path


async def test_what_has_changed_is_sent_with_another_tag(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    before = await admin.get("/incidents")
    await admin.post("/incidents/a1/ack", {})
    after = await admin.get("/incidents", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    listed = (await admin.get("/probes")).headers["ETag"]
    await api_app.probe()
    assert (await admin.get("/probes", If_None_Match=listed)).status == 200


async def test_only_ages_are_left_out_of_a_tag(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    first = await admin.get("/incidents")
    api_app.pipeline_app.clock.pass_(seconds=7)
    later = await admin.get("/incidents")
    assert first.text != later.text, "the duration goes on"
    assert first.headers["ETag"] == later.headers["ETag"]


async def test_the_tag_of_one_caller_is_not_that_of_another_who_sees_less(api_app: ApiApp) -> None:
    admin, bound = await fill(api_app), await api_app.program(Rights.VIEWER, ("bolt",))
    for path in ("/companies", "/probes", "/incidents", "/paths"):
        tag = (await admin.get(path)).headers["ETag"]
        reply = await bound.get(path, If_None_Match=tag)
        assert reply.status == 200, path
        assert '"acme"' not in reply.text
    everything = (await admin.get("/incidents/a1")).headers["ETag"]
    assert (await bound.get("/incidents/a1", If_None_Match=everything)).wrong == "404"
    assert (await bound.get("/incidents/a1", If_None_Match="*")).wrong == "404"


async def test_a_problem_has_no_tag(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    for path in ("/probes?most=0", "/probes/nothing", "/nothing"):
        reply = await admin.get(path)
        assert reply.status in (400, 404)
        assert "ETag" not in reply.headers


async def test_head_answers_without_the_body(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    got, head = await admin.get("/companies"), await admin.ask("HEAD", "/companies")
    assert (head.status, head.text, head.headers["ETag"]) == (200, "", got.headers["ETag"])
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    for name in ("csv", "jsonl"):
        assert (await admin.ask("HEAD", f"/export/probes.{name}")).text == ""
    assert (await admin.get("/companies")).text == got.text, "the connection is still in step"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/probes", "GET, HEAD, OPTIONS, POST"),
        ("/mutes/m1", "DELETE, GET, HEAD, OPTIONS"),
        ("/incidents/a1/comments", "OPTIONS, POST"),
        ("/events", "GET, OPTIONS"),
    ],
)
async def test_options_and_problems_say_which_methods_there_are(api_app: ApiApp, path: str, methods: str) -> None:
    admin = await fill(api_app)
    asked = await admin.ask("OPTIONS", path)
    assert (asked.status, asked.text, asked.headers["Allow"]) == (204, "", methods)
    refused = await admin.ask("PUT", path, {})
    assert (refused.wrong, refused.headers["Allow"]) == ("405 method", methods)
    assert refused.facts["detail"] == "PUT is not supported here."
    words = methods.split(", ")
    assert refused.facts["errors"][0]["remedy"] == f"use {', '.join(words[:-1])} or {words[-1]}"


async def test_the_description_is_public_and_names_no_company(api_app: ApiApp) -> None:
    admin = await fill(api_app)
    async with api_app.http.get(f"{api_app.url}{API}/openapi.json") as document:
        text = await document.text()
        assert document.status == 200
    async with api_app.http.get(f"{api_app.url}/api/") as page:
        assert page.status == 200
        text += await page.text()
    examples = files("monitor.web.api").joinpath("examples.json").read_text()
    names = {company["name"] for company in (await admin.facts("/companies"))["companies"]}
    ours = {name for name in names if name not in examples}
    assert ours, "the examples must leave a name to look for"
    assert [name for name in ours if name in text] == []
    for path in ("/companies", "/nothing", "/openapi.yaml"):
        async with api_app.http.get(f"{api_app.url}{API}{path}") as refused:
            assert refused.status == 401, path
