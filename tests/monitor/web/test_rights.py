"""Who may do what, where: a table of every route, asked by everybody of every company."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from monitor.people.person import Rights
from monitor.web.docs import DOCS, documents
from monitor.web.rendering import assets
from monitor.web.runbooks.document import runbooks
from monitor.web.server import application
from tests.support.rights_app import (
    ENVIRONMENT,
    NOTHING,
    OWN,
    RightsApp,
    open_rights_app,
)
from tests.support.rights_table import (
    EVERYBODY,
    FILES,
    OF_THEIR_IT,
    ROWS,
    Who,
    ask,
    comes,
    expected,
    sent_with,
    target_of,
)


@pytest.fixture
async def rights_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RightsApp]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with open_rights_app(tmp_path) as rights_app:
        yield rights_app


def routes_of(app: web.Application) -> set[tuple[str, str]]:
    """Every way to ask the application; a HEAD is a GET whose body is left out."""
    found = {(route.method, route.resource.canonical) for route in app.router.routes() if route.resource}
    return {(method, path) for method, path in found if method != "HEAD"}


async def test_the_table_has_every_route_and_no_other(rights_app: RightsApp) -> None:
    there, told = routes_of(application(rights_app.backend)), {row.route for row in ROWS}
    assert there - told == set(), "not in the table"
    assert told - there == set(), "not in the application"


def test_a_row_that_is_about_a_company_says_what_others_get() -> None:
    assert [str(row) for row in ROWS if "{" in row.target and row.elsewhere is None] == [
        "GET /static/{name}",
        "POST /hooks/mailgun/{account}",
        "GET /docs/{name}",
        "GET /runbooks/{name}",
    ]


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
async def test_everybody_may_what_the_table_says(rights_app: RightsApp, who: Who) -> None:
    browser, wrong = await comes(rights_app, who), []
    for number, row in enumerate(ROWS):
        for things in (rights_app.own, rights_app.other, NOTHING) if row.about_something else (rights_app.own,):
            fresh = await rights_app.fresh(things) if row.method != "GET" else things
            sent = sent_with(row, fresh, 10 * number + len(things.company))
            reply = await ask(browser, row.method, target_of(row, fresh), **sent)
            if reply.status != (wanted := expected(row, who, things)):
                wrong.append(f"{who}: {row} of {things.company}: {reply.status}, not {wanted}: {reply.text[-300:]}")
    assert not wrong, "\n".join(wrong)


async def test_whoever_may_not_has_changed_nothing(rights_app: RightsApp) -> None:
    async def kept() -> Any:
        people = [(person.name, person.disabled_at) for person in await rights_app.store.people.all()]
        tokens = [(token.name, token.revoked_at) for token in await rights_app.store.people.tokens()]
        return (
            people,
            tokens,
            await rights_app.store.incidents.mutes(),
            await rights_app.store.remedies.every(),
            len(await rights_app.store.people.audit_log(None, 1000)),
            len(rights_app.pages_app.sent),
            [each.diagnosis.id for each in await rights_app.store.diagnoses.running()],
        )

    callers = [await comes(rights_app, who) for who in (Who(None), Who(Rights.VIEWER), Who(Rights.VIEWER, (OWN,)))]
    admin_of_own = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    before = await kept()
    for row in ROWS:
        if row.method != "GET" and row.route[1] not in ("/sign-in", "/sign-out", "/invitation"):
            for browser in callers[:-1] if row.route in OF_THEIR_IT else callers:
                await ask(browser, row.method, target_of(row, rights_app.own), **sent_with(row, rights_app.own, 1))
            if row.about_something:
                await ask(
                    admin_of_own, row.method, target_of(row, rights_app.other), **sent_with(row, rights_app.other, 1)
                )
    assert await kept() == before


async def test_a_head_is_answered_as_its_get_is(rights_app: RightsApp) -> None:
    browser = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    heads = {route.resource.canonical for route in application(rights_app.backend).router.routes()
             if route.method == "HEAD" and route.resource}  # fmt: skip
    assert heads
    for row in ROWS:
        if row.method == "GET" and row.route[1] in heads:
            for things in (rights_app.own, rights_app.other):
                got = await ask(browser, "GET", target_of(row, things))
                head = await ask(browser, "HEAD", target_of(row, things))
                assert (head.status, head.text) == (got.status, ""), str(row)


def test_the_files_that_rows_ask_for_are_there() -> None:
    assert FILES["/static/{name}"] in assets()
    assert FILES["/docs/{name}"] in documents(DOCS)
    assert FILES["/runbooks/{name}"] in runbooks()
