"""Lists of the API are read part by part."""

import re
from typing import Any

import pytest

from monitor.people.person import Rights
from tests.support.api_app import ApiApp, Program
from tests.support.pages_app import incident

LISTS = {
    "/companies": "company",
    "/paths": "path",
    "/mutes": "id",
    "/incidents?state=all": "id",
    "/tokens": "id",
    "/people": "name",
}


async def fill(api_app: ApiApp, admin: Program) -> None:
    """Several of everything."""
    for number in range(3):
        await admin.post("/mutes", {"company": "acme", "lasts": "1h", "why": f"work {number}"})
        await admin.post("/people", {"name": f"ann{number}", "rights": "viewer"})
        await api_app.program(Rights.VIEWER, name=f"t{number}")
    await api_app.open(incident("a1"), incident("a2", "bolt"), incident("a3"))


def listed(facts: dict[str, Any]) -> list[Any]:
    [(_, found)] = [each for each in facts.items() if each[0] != "next"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("where", LISTS)
async def test_parts_of_one_make_the_whole(api_app: ApiApp, where: str) -> None:
    admin = await api_app.program(Rights.ADMIN)
    await fill(api_app, admin)
    whole = await admin.facts(where)
    assert whole["next"] is None
    assert len(listed(whole)) > 1
    found, cursor, sign = list[Any](), "", "&" if "?" in where else "?"
    while True:
        part = await admin.facts(f"{where}{sign}most=1{cursor and f'&cursor={cursor}'}")
        assert len(listed(part)) == 1
        found += listed(part)
        if part["next"] is None:
            break
        cursor = part["next"]
    assert [re.sub(r"\d\d:\d\d:\d\d[^']*", "", f"{each}") for each in found] == [
        re.sub(r"\d\d:\d\d:\d\d[^']*", "", f"{each}") for each in listed(whole)
    ]


@pytest.mark.parametrize("where", LISTS)
async def test_a_cursor_that_is_no_place_is_an_error_that_says_what_to_send(api_app: ApiApp, where: str) -> None:
    admin = await api_app.program(Rights.ADMIN)
    reply = await admin.get(f"{where}{'&' if '?' in where else '?'}cursor=nowhere")
    assert reply.status == 400
    assert "send the `next` of the page before" in f"{reply.facts}"


async def test_the_place_of_others_is_no_place_for_who_is_bound(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.ADMIN, ("acme",))
    for cursor in ("bolt", "nowhere"):
        assert (await bound.get(f"/companies?cursor={cursor}")).status == 400
