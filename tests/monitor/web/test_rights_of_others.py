"""Nobody reads anything of a company that is not theirs, nor whether there is any."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.people.person import Rights
from tests.support.rights_app import (
    ENVIRONMENT,
    OF_OTHERS,
    OTHER,
    OWN,
    CompanyIds,
    RightsApp,
    open_rights_app,
)
from tests.support.rights_table import (
    BOUND,
    ROWS,
    Who,
    ask,
    asked_by_all,
    comes,
    sent_with,
    target_of,
)


@pytest.fixture
async def rights_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RightsApp]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with open_rights_app(tmp_path) as rights_app:
        yield rights_app


def unnamed(text: str, things: CompanyIds, number: int) -> str:
    """It without what was asked for, the moment at which it was made, and the mask of the secret in its forms."""
    for name in sorted((*things.named.values(), f"{number}"), key=len, reverse=True):
        text = text.replace(name, "NAME")
    return re.sub(r"data-made=.[^\"]*.|name=.form. value=.[^\"]*.|'Content-Length', '\d+'|'E[Tt]ag', '[^']*'", "", text)


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_what_is_not_theirs_is_as_what_never_was(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    nothing = CompanyIds(
        *(letter * len(name) for letter, name in zip("jkqvwxzypf", rights_app.other.named.values(), strict=True))
    )
    for row in ROWS:
        if row.about_something:
            replies = []
            for things in (rights_app.other, nothing):
                reply = await ask(browser, row.method, target_of(row, things), **sent_with(row, things, 1000))
                replies.append(
                    (reply.status, unnamed(reply.text, things, 1000), unnamed(str(reply.headers), things, 1000))
                )
            theirs, never = replies
            assert theirs == never, str(row)


def of_others(text: str, rights_app: RightsApp) -> list[str]:
    """What it tells of others."""
    ids = [
        rights_app.other.probe,
        rights_app.other.incident,
        rights_app.other.mute,
        rights_app.other.token,
        rights_app.other.person,
        rights_app.other.diagnosis,
        rights_app.other.remedy,
        rights_app.other.share,
    ]
    return [word for word in (*OF_OTHERS, *ids) if word.casefold() in text.casefold()]


@pytest.mark.parametrize("way", ["token", "session"])
@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_nothing_of_another_company_is_in_any_answer(rights_app: RightsApp, who: Who, way: str) -> None:
    assert who.rights
    browser = await (
        comes(rights_app, who) if way == "token" else rights_app.pages_app.person("ann", who.rights, who.companies)
    )
    for target in asked_by_all(rights_app):
        reply = await ask(browser, "GET", target)
        assert of_others(reply.all, rights_app) == [], target


async def test_whoever_sees_all_does_read_it(rights_app: RightsApp) -> None:
    """The words that are looked for are the right ones."""
    browser = await comes(rights_app, Who(Rights.ADMIN))
    told = "".join([(await ask(browser, "GET", target)).all for target in asked_by_all(rights_app)])
    assert set(of_others(told, rights_app)) == {*OF_OTHERS, *rights_app.other.named.values()} - {"bakehouse", OTHER} | {
        "bakehouse",
        OTHER,
    }


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_nor_is_it_in_what_is_said_of_a_mistake(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    close = CompanyIds(
        "zenit", "bakehous", "0" * 16, "0" * 12, "0" * 12, "0" * 12, "perso", "0" * 16, "0" * 12
    )  # near to what is there
    for row in ROWS:
        if row.method != "GET" and row.about_something:
            reply = await ask(browser, row.method, target_of(row, close), **sent_with(row, close, 1))
            assert of_others(reply.all, rights_app) == [], str(row)


async def test_how_many_others_there_are_is_told_nowhere(rights_app: RightsApp) -> None:
    browser = await comes(rights_app, Who(Rights.ADMIN, (OWN,)))
    now = (await ask(browser, "GET", "/")).text
    assert "1 of 1 company has delivery problems" in now
    assert len(json.loads((await ask(browser, "GET", "/api/v1/companies")).text)["companies"]) == 1
    for name in (rights_app.wide, rights_app.merged):
        facts = json.loads((await ask(browser, "GET", f"/api/v1/incidents/{name}")).text)
        assert facts["companies"] == [OWN]
        page = (await ask(browser, "GET", f"/incidents/{name}")).text
        assert not re.search(r"\b[2-9] (companies|in all)\b", page), name
    wide = json.loads((await ask(browser, "GET", f"/api/v1/incidents/{rights_app.wide}")).text)
    assert (wide["failing"], wide["touches"], wide["history"], wide["notices"]) == (1, [OWN], [], [])


@pytest.mark.parametrize("who", BOUND, ids=str)
async def test_events_are_of_their_company_alone(rights_app: RightsApp, who: Who) -> None:
    browser = await comes(rights_app, who)
    begun, came_again = asyncio.Event(), {"Last-Event-ID": "0.00000000.0"}
    follow = asyncio.create_task(ask(browser, "GET", "/api/v1/events", came_again, quiet=3, begun=begun))
    async with asyncio.timeout(30):
        await begun.wait()
    mine = [await rights_app.judge(letter, company, "hq" if company == OWN else "bakehouse") for letter, company in
            (("i", OTHER), ("i", OWN), ("d", OTHER))][1]  # fmt: skip
    told = (await follow).all
    assert of_others(told, rights_app) == []
    assert mine.id in told
    assert "event: incidents" in told
