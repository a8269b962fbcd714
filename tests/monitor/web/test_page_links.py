"""Links in notices: only the button acts, once, for whoever has the link, and shows nothing of others."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.incidents.incident import Incident, LastNotice, Nature, Resolution, Scope, Severity
from monitor.incidents.mute import Mute, active
from monitor.people.action_links import ActionLink, LinkAction, LinkSigner
from monitor.web import link_limits
from probes.verdict import Cause
from tests.support.auth_app import Answer
from tests.support.pages_app import START, PagesApp, incident, open_pages_app, opened

HOOK = {"via": "webhook", "url": "https://hooks.example/x", "secret": {"env": "HOOK"}}
CONFIG: dict[str, Any] = {
    "channels": {"oncall": HOOK, "acmes": HOOK},
    "routing": [{"to": ["oncall"]}, {"to": ["acmes"], "companies": ["acme"]}],
}
OVER: dict[str, Any] = {"closed_at": START + timedelta(hours=2), "ending": Resolution.RECOVERED, "touches": ()}
HOUR = timedelta(hours=1)


def told(*channels: str) -> dict[str, LastNotice]:
    """These channels heard of it; acme's people of no other company."""
    last = LastNotice(1, START, Scope.COMPANY, Severity.PAGE, Cause.IP_BLOCKED, {}, nature=Nature.MAIL)
    return {name: replace(last, visible=("acme",) if name == "acmes" else None) for name in channels}


def known(name: str, *companies: str, **facts: Any) -> Incident:
    return incident(name, *companies, **{"told": told("oncall", "acmes")} | facts)


@pytest.fixture
async def pages_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PagesApp]:
    monkeypatch.setenv("HOOK", "hooksecret0123456789")
    async with open_pages_app(tmp_path, **CONFIG) as pages_app:
        incidents = [
            known("a1"),
            known("e1", "acme", "bolt"),
            known("b1", "bolt", told=told("oncall")),
            known("c1", **OVER),
        ]
        await pages_app.store.incidents.advance(1, incidents, [opened(each.id) for each in incidents], [])
        yield pages_app


async def link_to(
    pages_app: PagesApp, name: str = "a1", action: str = "ack", channel: str = "oncall", number: int = 1, **other: Any
) -> str:
    """The address of a link, valid for an hour."""
    link = ActionLink(LinkAction(action), name, channel, f"{name}-{channel}-{number}", pages_app.clock() + HOUR)
    return f"/link/{LinkSigner(await pages_app.store.key()).token(replace(link, **other))}"


async def press(pages_app: PagesApp, address: str, **typed: str) -> Answer:
    """Press the button on the page, as somebody who is not signed in."""
    stranger = pages_app.browser()
    page = (await stranger.get(address)).text
    assert page.count("<button") == 1, page
    assert "<script" not in page
    return await stranger.post(address, typed)


def heading(page: str) -> str:
    found = re.search("<h1>(.*?)</h1>", page)
    assert found, page
    return found[1]


async def done(pages_app: PagesApp) -> tuple[Any, ...]:
    """Everything that links can do."""
    incidents = pages_app.store.incidents
    return (
        [await incidents.actions(name) for name in ("a1", "e1", "b1", "c1")],
        await incidents.mutes(),
        await pages_app.store.people.audit_log(None, 99),
    )


NOTHING: tuple[Any, ...] = ([[], [], [], []], [], [])


async def test_the_button_acknowledges(pages_app: PagesApp) -> None:
    answer = await press(pages_app, await link_to(pages_app))
    assert (answer.status, heading(answer.text)) == (200, "You have it")
    assert '<strong>Next:</strong> the <a href="/runbooks/cause-address">runbook</a> says who must act' in answer.text
    assert "<nav" not in answer.text, "its pages need a sign-in"
    [action] = await pages_app.store.incidents.actions("a1")
    assert (action.event, action.who, action.way) == (
        "acknowledged",
        "somebody by link of channel oncall",
        "link of channel oncall",
    )
    [(_, entry)] = await pages_app.store.people.audit_log(None, 9)
    assert (entry.who, entry.way, entry.what, entry.about, entry.company) == (
        action.who,
        "link of channel oncall",
        "incident acknowledged",
        "incident a1",
        "acme",
    )
    assert [each.said for each in await pages_app.store.incidents.entries("a1")][-1] == f"by {action.who}"


async def test_whoever_presses_it_may_say_their_name(pages_app: PagesApp) -> None:
    answer = await press(pages_app, await link_to(pages_app), name=" Ada\u202e <b>\n" + "x" * 100)
    assert heading(answer.text) == "You have it"
    assert "Ada &lt;b&gt; xxx" in answer.text
    [action] = await pages_app.store.incidents.actions("a1")
    assert re.fullmatch(r"Ada <b> x{49}\.\.\. \(by link of channel oncall\)", action.who)


async def test_whoever_only_reads_does_nothing(pages_app: PagesApp) -> None:
    stranger = pages_app.browser()
    for action in LinkAction:
        address = await link_to(pages_app, action=action)
        for method in ("GET", "HEAD", "GET"):
            answer = await stranger.ask(method, address, {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"})
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "no-store"
        for method in ("PUT", "DELETE", "PATCH"):
            assert (await stranger.ask(method, address)).status in (403, 405)
        assert (await stranger.ask("OPTIONS", address)).status == 204
    assert await done(pages_app) == NOTHING


async def test_a_link_works_once_and_says_who_used_it(pages_app: PagesApp) -> None:
    address = await link_to(pages_app)
    await press(pages_app, address, name="Ada")
    used_at = f"{pages_app.clock():%Y-%m-%d %H:%M}"
    stranger = pages_app.browser()
    for answer, status in ((await stranger.get(address), 200), (await stranger.post(address, {"name": "Eve"}), 409)):
        assert (answer.status, heading(answer.text)) == (status, "This link was already used")
        assert "Ada (by link of channel oncall)" in answer.text
        assert used_at in answer.text
        assert "<button" not in answer.text
    assert len(await pages_app.store.incidents.actions("a1")) == 1
    # the other action of the notice, and the same action of the next notice, are links of their own
    await press(pages_app, await link_to(pages_app, action="mute"))
    await press(pages_app, await link_to(pages_app, number=2), name="Eve")
    assert [each.who[:3] for each in await pages_app.store.incidents.actions("a1")] == ["Ada", "Eve"]


async def test_of_many_who_press_at_once_one_does_it(pages_app: PagesApp) -> None:
    address, stranger = await link_to(pages_app), pages_app.browser()
    answers = await asyncio.gather(*(stranger.post(address, {"name": f"n{number}"}) for number in range(8)))
    assert sorted(answer.status for answer in answers) == [200, *[409] * 7]
    assert len(await pages_app.store.incidents.actions("a1")) == 1


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"expires_at": START}, 410, "This link has expired"),
        ({"incident": "gone"}, 410, "This link no longer works"),
        ({"channel": "removed"}, 410, "This link no longer works"),
        ({"incident": "b1", "channel": "acmes"}, 410, "This link no longer works"),
        ({"incident": "c1"}, 409, "This incident is resolved"),
    ],
)
async def test_a_link_that_leads_nowhere_says_why(
    pages_app: PagesApp, change: dict[str, Any], status: int, said: str
) -> None:
    stranger, address = pages_app.browser(), await link_to(pages_app, **change)
    answer = await stranger.post(address)
    assert (answer.status, heading(answer.text)) == (status, said)
    shown = await stranger.get(address)
    assert (shown.status, heading(shown.text)) == (200 if status == 409 else status, said)
    assert "<button" not in shown.text + answer.text
    assert await done(pages_app) == NOTHING


async def test_a_link_of_an_incident_that_became_part_of_another_says_so(pages_app: PagesApp) -> None:
    merged = known("f1", **OVER | {"ending": Resolution.MERGED, "merged_into": "e1"})
    await pages_app.store.incidents.advance(2, [merged], [opened("f1")], [])
    page = (await pages_app.browser().get(await link_to(pages_app, "f1"))).text
    assert heading(page) == "This incident is part of a wider one"
    assert "It continues as part of a wider incident" in page
    assert "<button" not in page


async def test_a_forged_link_is_none(pages_app: PagesApp) -> None:
    good = await link_to(pages_app)
    content, _, mac = good.removeprefix("/link/").partition(".")
    other, _, _ = (await link_to(pages_app, "e1")).removeprefix("/link/").partition(".")
    of_another_key = LinkSigner(bytes(32)).token(
        ActionLink(LinkAction.ACK, "a1", "oncall", "a1-oncall-1", pages_app.clock() + HOUR)
    )
    stranger = pages_app.browser()
    for token in (
        f"{other}.{mac}",
        f"{content}.",
        content,
        ".",
        f"{content}.{mac}x",
        of_another_key,
        "x" * 5000,
        "%00",
    ):
        for answer in (await stranger.get(f"/link/{token}"), await stranger.post(f"/link/{token}")):
            assert answer.status == 404
            assert "acme" not in answer.text.lower()
    assert heading((await stranger.get(f"/link/{content}.{mac}x")).text) == "This link is not valid"
    assert await done(pages_app) == NOTHING


async def test_a_page_of_another_site_cannot_press_it(pages_app: PagesApp) -> None:
    address, stranger = await link_to(pages_app), pages_app.browser()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert (await stranger.ask("POST", address, headers)).status == 403
    assert await done(pages_app) == NOTHING
    own = {"Sec-Fetch-Site": "same-origin", "Origin": pages_app.url}
    assert (await stranger.ask("POST", address, own)).status == 200


async def test_too_many_requests_are_refused(pages_app: PagesApp, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = pages_app.browser()
    answers = [await stranger.get("/link/forged") for _ in range(link_limits.PER_CLIENT + 1)]
    assert [answer.status for answer in answers] == [404] * link_limits.PER_CLIENT + [429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert (await stranger.post(await link_to(pages_app))).status == 429
    assert await done(pages_app) == NOTHING


# ---- Of one company --------------------------------------------------------------------------------------------------


async def test_a_link_of_a_company_shows_nothing_of_others_and_does_not_speak_for_them(pages_app: PagesApp) -> None:
    stranger = pages_app.browser()
    for action in LinkAction:
        page = (await stranger.get(await link_to(pages_app, "e1", action, "acmes"))).text
        assert "bolt" not in page.lower()
        assert "2 companies" not in page
        assert "Acme Steel" in page
    address = await link_to(pages_app, "e1", channel="acmes")
    answer = await stranger.post(address)
    assert (answer.status, heading(answer.text)) == (409, "This incident also affects others")
    assert "bolt" not in answer.text.lower()
    assert await done(pages_app) == NOTHING


async def test_it_does_not_show_who_of_all_has_it(pages_app: PagesApp) -> None:
    await press(pages_app, await link_to(pages_app, "e1"), name="Bolt's neighbour")
    page = (await pages_app.browser().get(await link_to(pages_app, "e1", "mute", "acmes"))).text
    assert "Bolt" not in page
    assert "Somebody, since" in page


async def test_a_channel_that_may_see_less_now_sees_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "hooksecret0123456789")
    config = CONFIG | {"routing": [{"to": ["oncall"], "companies": ["acme"]}]}
    async with open_pages_app(tmp_path, **config) as pages_app:
        await pages_app.store.incidents.advance(1, [known("e1", "acme", "bolt")], [opened("e1")], [])
        page = (await pages_app.browser().get(await link_to(pages_app, "e1", "mute"))).text
        assert "Acme Steel" in page
        assert "bolt" not in page.lower()


# ---- Mute ------------------------------------------------------------------------------------------------------------


def about(mutes: Sequence[Mute]) -> list[tuple[str, str, str, Cause | None]]:
    """What they match, in any order."""
    return sorted((each.company, each.path, each.mail_system, each.cause) for each in mutes)


async def test_the_button_mutes_for_two_hours(pages_app: PagesApp) -> None:
    answer = await press(pages_app, await link_to(pages_app, action="mute"))
    assert (answer.status, heading(answer.text)) == (200, "Muted for 2 hours")
    assert '<span class="tag">muted</span>' in answer.text
    [mute] = await pages_app.store.incidents.mutes()
    assert about([mute]) == [("acme", "hq", "", Cause.IP_BLOCKED)]
    assert (mute.why, mute.by) == ("by link from a notice", "somebody by link of channel oncall")
    now = pages_app.clock()
    assert active(mute, now)
    assert timedelta(hours=2) - timedelta(minutes=1) < (mute.ends_at or now) - now <= timedelta(hours=2)
    assert f"until <time datetime={mute.ends_at:%Y}" in answer.text.replace('"', "")
    [(_, entry)] = await pages_app.store.people.audit_log(None, 9)
    assert (entry.way, entry.what, entry.company) == ("link of channel oncall", "mute created", "acme")


FAILURE = incident().failures[0]
BOTH: dict[str, Any] = {
    "companies": ("acme", "bolt"),
    "touches": ("acme", "bolt"),
    "failures": incident("x", "acme", "bolt").failures,
    "failing": 2,
}
TWO_CAUSES = (FAILURE, replace(FAILURE, path="cloud", cause=Cause.TLS))


@pytest.mark.parametrize(
    ("facts", "channel", "muted"),
    [
        ({"failures": TWO_CAUSES, "failing": 2}, "oncall", [
            ("acme", "cloud", "", Cause.TLS), ("acme", "hq", "", Cause.IP_BLOCKED)]),
        ({"failing": 70}, "oncall", [("acme", "", "", None)]),  # not all of them are known
        (BOTH, "acmes", [("acme", "hq", "", Cause.IP_BLOCKED)]),
        (BOTH, "oncall", [("acme", "hq", "", Cause.IP_BLOCKED), ("bolt", "hq", "", Cause.IP_BLOCKED)]),
        ({"subject": "@m365", "mail_system": "m365"}, "oncall", [("", "", "m365", Cause.IP_BLOCKED)]),
        ({"subject": "@m365", "mail_system": "m365"}, "acmes", [("acme", "hq", "", Cause.IP_BLOCKED)]),
        ({"subject": "*"}, "oncall", [("", "", "", Cause.IP_BLOCKED)]),
        ({"subject": "*", "failures": (replace(FAILURE, cause=None),)}, "oncall", [("acme", "hq", "", None)]),
    ],
)  # fmt: skip
async def test_it_mutes_what_the_incident_covers_for_the_channel(
    pages_app: PagesApp, facts: dict[str, Any], channel: str, muted: list[Any]
) -> None:
    await pages_app.store.incidents.advance(2, [known("f1", **facts)], [opened("f1")], [])
    answer = await press(pages_app, await link_to(pages_app, "f1", "mute", channel))
    assert heading(answer.text) == "Muted for 2 hours"
    assert about(await pages_app.store.incidents.mutes()) == muted
    wider = channel == "acmes" and len(facts.get("companies", ())) > 1
    assert ("are sent until those are muted too" in answer.text) == wider


async def test_where_nothing_is_left_to_mute_the_link_stays_unused(pages_app: PagesApp) -> None:
    """The channel's company has recovered, the other one has not."""
    left: dict[str, Any] = BOTH | {"touches": ("bolt",), "failures": incident("x", "bolt").failures, "failing": 1}
    await pages_app.store.incidents.advance(2, [known("f1", **left)], [opened("f1")], [])
    address = await link_to(pages_app, "f1", "mute", "acmes")
    page = await pages_app.browser().get(address)
    assert heading(page.text) == "Nothing is left to mute"
    assert "<button" not in page.text
    assert "bolt" not in page.text.lower()
    assert (await pages_app.browser().post(address)).status == 409
    await pages_app.store.incidents.advance(3, [known("f1", **BOTH)], [], [])
    assert heading((await press(pages_app, address)).text) == "Muted for 2 hours"


async def test_a_link_is_not_in_the_log_when_it_fails(pages_app: PagesApp, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await link_to(pages_app)

    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(pages_app.store.incidents, "find", broken)
    with capture_logs() as lines:
        assert (await pages_app.browser().get(address)).status == 500
    (line,) = [line for line in lines if line["event"] == "request failed"]
    assert line["path"] == "/link/..."
