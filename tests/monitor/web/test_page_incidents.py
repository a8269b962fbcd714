"""The pages of incidents and mutes: pure views by tables, handlers on a real server over a real store."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config
from monitor.incidents.incident import Incident, Resolution, Scope, Severity
from monitor.incidents.mute import Mute
from monitor.notices.notice import Notice, NoticeKind
from monitor.output.mute_text import mute_times
from monitor.store import NoticeRecord
from monitor.web.pages.incident_view import choices
from monitor.web.pages.incidents_view import Chosen, PageContext, notice_delivery, rows, silent_because
from tests.support.incident_samples import OF_STANDING, SPF_PROBLEM
from tests.support.page_samples import ParsedPage
from tests.support.pages_app import CONFIG, START, PagesApp, but, incident, open_pages_app, opened, post

NOW = START + timedelta(minutes=30)
OVER: dict[str, Any] = {"closed_at": NOW, "ending": Resolution.RECOVERED}
HOOK = {"channels": {"hook": {"via": "webhook", "url": "https://hooks.example/x", "secret": {"env": "HOOK"}}}}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "hooksecret0123456789")


def around(folder: Path, *mutes: Mute) -> PageContext:
    return PageContext(Config.model_validate(CONFIG, context={"folder": folder}).paths(), mutes, NOW)


def mute(**facts: Any) -> Mute:
    said: dict[str, Any] = {
        "id": "m1",
        "company": "acme",
        "path": "",
        "mail_system": "",
        "cause": None,
        "begins_at": START,
        "ends_at": NOW + timedelta(hours=1),
        "weekly": "",
        "by": "ann",
        "why": "work on the gateway",
        "created_at": START,
    }
    return Mute(**(said | facts))


def notice(number: int = 1, **facts: Any) -> NoticeRecord:
    made = Notice(
        f"a1-hook-{number}",
        "a1",
        "hook",
        number,
        NoticeKind.OPENED,
        START,
        "Acme: blocked",
        "Since noon.\nFix it.",
        {},
        {},
    )
    said: dict[str, Any] = {"tries": 0, "next_try_at": None, "delivered_at": None, "fault": ""}
    return NoticeRecord(made, **(said | facts))


INCIDENTS = (
    incident("over", **OVER, severity=Severity.TICKET, highest_severity=Severity.PAGE),
    incident("note", severity=Severity.NOTE),
    incident("page"),
    incident("wide", "acme", "bolt"),
    incident("bolt", "bolt", severity=Severity.TICKET),
)


@pytest.mark.parametrize(
    ("chosen", "open_ones", "over"),
    [
        (Chosen(), ["wide", "page", "bolt", "note"], ["over"]),
        (Chosen(state="open"), ["wide", "page", "bolt", "note"], []),
        (Chosen(state="closed"), [], ["over"]),
        (Chosen(company="bolt"), ["wide", "bolt"], []),
        (Chosen(severity="note"), ["note"], []),
        (Chosen(severity="ticket"), ["bolt"], []),
        (Chosen(severity="page"), ["wide", "page"], ["over"]),
        (Chosen(company="nobody"), [], []),
    ],
)
def test_the_list_has_the_worst_first_and_what_is_chosen(
    chosen: Chosen, open_ones: list[str], over: list[str], tmp_path: Path
) -> None:
    found = rows(INCIDENTS, around(tmp_path), chosen)
    assert [[row.id for row in each] for each in found] == [open_ones, over]


def test_an_incident_is_muted_as_soon_as_its_mute_is_there(tmp_path: Path) -> None:
    assert around(tmp_path, mute()).muted_by(incident()) == ("m1",)
    assert around(tmp_path, mute(company="bolt")).muted_by(incident()) == ()
    assert around(tmp_path, mute()).muted_by(incident("a1", "acme", "bolt")) == ()
    assert around(tmp_path, mute()).muted_by(incident(**OVER)) == ()


@pytest.mark.parametrize(
    ("record", "others", "why"),
    [
        (notice(delivered_at=NOW), (), ""),
        (notice(delivered_at=NOW, sent_as="i1/ops/2"), (), "delivered as part of a later notice"),
        (notice(), (), "queued"),
        (notice(2), (notice(1),), "queued behind an earlier notice"),
        (notice(2), (notice(1, delivered_at=NOW),), "queued"),
        (
            notice(tries=1, fault="HTTP 500", next_try_at=NOW),
            (),
            "retrying after 1 attempt, next 12:30:00 UTC: HTTP 500",
        ),
    ],
)
def test_a_notice_says_why_it_has_not_reached_its_channel(
    record: NoticeRecord, others: tuple[NoticeRecord, ...], why: str
) -> None:
    assert notice_delivery(record, (*others, record)).why == why


@pytest.mark.parametrize(
    ("config", "facts", "muted", "why"),
    [
        ({}, {}, False, "no notification channels"),
        (HOOK, {}, True, "it is muted"),
        (HOOK, {"severity": Severity.NOTE}, False, "no channel receives incidents of this kind with severity note"),
        (HOOK, {"opened_at": NOW}, False, "once it has lasted 1 min"),
        (HOOK, OVER, False, "resolved before it had lasted long enough"),
        (HOOK, {}, False, ""),
    ],
)
def test_where_nobody_was_told_it_says_why(
    config: dict[str, Any], facts: dict[str, Any], muted: bool, why: str, tmp_path: Path
) -> None:
    loaded = Config.model_validate(CONFIG | config, context={"folder": tmp_path})
    said = silent_because(incident(**facts), loaded, muted, NOW)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("found", "sees_all", "values"),
    [
        (incident(), True, ["company=acme&path=hq+", "company=acme&path=hq", "company=acme+", "company=acme"]),
        (incident(cause=None), True, ["company=acme&path=hq", "company=acme"]),
        (incident("a1", "bolt"), True, ["company=bolt+", "company=bolt"]),  # it has one path
        (
            incident("a1", "acme", "bolt"),
            True,
            ["company=acme+", "company=acme", "company=bolt+", "company=bolt", "cause=ip_blocked"],
        ),
        (
            incident("a1", "acme", "bolt", mail_system="m365"),
            True,
            [
                "mail_system=m365+",
                "mail_system=m365",
                "company=acme+",
                "company=acme",
                "company=bolt+",
                "company=bolt",
                "cause=ip_blocked",
            ],
        ),
        (replace(incident(), **OF_STANDING), True, ["cause=authentication"]),  # which concerns everybody
        (replace(incident(), **OF_STANDING), False, []),
        (replace(incident(), **(OF_STANDING | {"cause": None})), True, []),
        (incident("a1", "acme", "bolt"), False, ["company=acme+", "company=acme", "company=bolt+", "company=bolt"]),
    ],
)
def test_what_can_be_muted_for_its_sake(found: Incident, sees_all: bool, values: list[str], tmp_path: Path) -> None:
    """A + stands for the incident's cause."""
    offered = [value for value, _ in choices(found, around(tmp_path), sees_all=sees_all)]
    assert offered == [value.replace("+", "&cause=ip_blocked") for value in values]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "until Wed 2026-11-25 13:30 UTC (1 h)"),
        ({"ends_at": None}, "until ended by hand"),
        ({"ended_at": NOW, "ended_by": "bob"}, "ended Wed 2026-11-25 12:30 UTC by bob"),
        (
            {"ends_at": None, "weekly": "sun 02:00-04:00 UTC"},
            "every sun 02:00-04:00 UTC (next Sun 2026-11-29 02:00 UTC)",
        ),
    ],
)
def test_a_mute_says_when_it_wants_silence(facts: dict[str, Any], words: str) -> None:
    assert mute_times(mute(**facts), NOW) == words


async def stored(pages_app: PagesApp, *incidents: Incident, records: tuple[NoticeRecord, ...] = ()) -> None:
    entries = [opened(each.id) for each in incidents]
    await pages_app.store.incidents.advance(1, incidents, entries, [record.notice for record in records])
    for record in records:
        if record.delivered_at:
            await pages_app.store.incidents.delivered(record.notice, record.delivered_at)


async def test_one_incident_tells_all_that_is_known_of_it(pages_app: PagesApp) -> None:
    await stored(pages_app, incident(), records=(notice(delivered_at=NOW), notice(2)))
    page = (await (await pages_app.viewer()).get("/incidents/a1")).text
    for said in (
        "Client host rejected",
        "two of the last three were bad",
        "/probes/probeofacme",
        "/runbooks/cause-address?incident=a1",
        "Since noon.",
        "delivered",
        "queued",
        "Remove 104.130.122.50 from the access map",
    ):
        assert said in page


async def test_an_incident_of_the_senders_standing_is_read_without_a_verdict_of_mail(pages_app: PagesApp) -> None:
    """It says what is wrong, for whom, what was published and is, what to change where, and how to verify."""
    await stored(pages_app, replace(incident(), **OF_STANDING))
    viewer = await pages_app.viewer()
    for where in ("/incidents/a1", "/incidents"):
        page = ParsedPage((await viewer.get(where)).text).words
        assert "Standing: SPF" in page
        assert "SPF no longer passes for 104.130.122.50. It concerns everybody who receives the sender" in page
        for wrong in ("Unknown", "at the receiver", "Many companies", "many companies", "No cause", "no cause"):
            assert wrong not in page, (where, wrong)
    page = ParsedPage((await viewer.get("/incidents/a1")).text).words
    for words in (
        "Scope everybody",
        "Affected Everybody: all who receive the sender's mail",
        "Before Now Severity Since",
        "the source IP passes by mx; the record needs 1 of 10 lookups; published: v=spf1 mx -all",
        "the source IP does not pass: fail, by <b>-all</b>; published: v=spf1 -all",
        "How to fix Add 104.130.122.50, or the include of the mail service that owns it, to the SPF record, a TXT",
        "How to verify mailpath standing --check spf --confirm reads it now and ten minutes later; see the page",
    ):
        assert words in page
    assert "Failing paths" not in page


async def test_standing_beside_mail_that_fails_has_its_own_next_step(pages_app: PagesApp) -> None:
    await stored(pages_app, replace(incident(), standing=(SPF_PROBLEM,)))
    page = ParsedPage((await (await pages_app.viewer()).get("/incidents/a1")).text).words
    step = "Add 104.130.122.50, or the include of the mail service that owns it, to the SPF record, a TXT record of"
    assert "SPF no longer passes for 104.130.122.50" in page
    assert f"Next step: {step} s.example." in page
    assert page.count(step) == 1
    assert "Failing paths" in page


async def test_both_lists_are_there_and_nothing_is_said_to_be_open_where_nothing_is(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    assert "No open incidents." in (await viewer.get("/incidents")).text
    await stored(pages_app, incident("a1"), incident("b2", "bolt", **OVER))
    page = (await viewer.get("/incidents")).text
    assert "/incidents/a1" in page
    assert "/incidents/b2" in page
    assert "recovered" in page
    assert "No matching open incidents" in (await viewer.get("/incidents?company=bolt")).text
    assert "/incidents/a1" in (await viewer.get("/incidents?company=ACME%20Steel")).text
    misspelt = (await viewer.get("/incidents?company=Bolt%20Bilders")).text
    assert "No company &#39;Bolt Bilders&#39;. Did you mean Bolt Builders (bolt)?" in misspelt
    assert "No matching open incidents" not in misspelt


async def test_every_page_says_the_same_of_how_long_an_incident_lasted(pages_app: PagesApp) -> None:
    began = NOW - timedelta(hours=1)
    ended = began + timedelta(minutes=12, seconds=40)
    await stored(pages_app, incident("a1", began_at=began, closed_at=ended, ending=Resolution.RECOVERED))
    viewer = await pages_app.viewer()
    for path in ("/incidents", "/incidents/a1", "/companies/acme"):
        page = (await viewer.get(path)).text
        assert ("13 min" in page, "12 min" in page) == (True, False), path


async def test_one_that_recovers_says_how_many_are_left_but_not_to_whom_they_are_nothing(pages_app: PagesApp) -> None:
    wide = {"subject": "*", "company": "", "scope": Scope.EVERYBODY, "touches": ("acme",), "recovering_since": START}
    await stored(pages_app, incident("a1", "acme", "bolt", **wide))
    viewer, of_acme = await pages_app.viewer(), await pages_app.operator("acme")
    for page in ("/incidents", "/incidents/a1"):
        assert "recovering, 1 of 2 companies still affected" in (await viewer.get(page)).text
        assert "recovering" not in (await of_acme.get(page)).text.lower()


async def test_an_incident_of_others_is_as_one_that_never_was(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("its-of-bolt", "bolt"))
    viewer = await pages_app.viewer("acme")
    foreign, never = await viewer.get("/incidents/its-of-bolt"), await viewer.get("/incidents/its-of-none")
    assert (foreign.status, never.status) == (404, 404)
    assert but(foreign.text, "its-of-bolt") == but(never.text, "its-of-none")
    assert "its-of-bolt" not in (await viewer.get("/incidents")).text


async def test_of_an_incident_that_touches_others_too_only_the_own_part_is_told(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("a1", "acme", "bolt"), records=(notice(),))
    page = (await (await pages_app.viewer("acme")).get("/incidents/a1")).text
    assert "This incident also affects other companies" in page
    for told in ("bolt", "Bolt", "Since noon", "two of the last three"):
        assert told not in page


async def test_an_operator_mutes_an_incident_and_ends_it_again(pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    operator = await pages_app.operator()
    answer = await post(
        operator,
        "/incidents/a1/mute",
        "/incidents/a1",
        about="company=acme",
        lasts="4h",
        lasts_other="",
        why="the gateway",
    )
    assert (answer.status, answer.way) == (303, "/incidents/a1#mutes")
    (made,) = await pages_app.store.incidents.mutes()
    assert (made.company, made.path, made.by, made.why) == ("acme", "", "op", "the gateway")
    assert made.ends_at is not None
    assert made.ends_at - made.begins_at == timedelta(hours=4)
    assert "the gateway" in (await operator.get("/incidents/a1")).text
    ended = await post(operator, f"/mutes/{made.id}/end", "/incidents/a1", incident="a1")
    assert (ended.status, ended.way) == (303, "/incidents/a1#mutes")
    (over,) = await pages_app.store.incidents.mutes()
    assert over.ended_by == "op"
    assert [entry.what for entry in await pages_app.audit_entries()][-2:] == ["mute created", "mute ended"]


async def test_an_incident_is_muted_for_its_cause_alone(pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    said = {"about": "company=acme&path=hq&cause=ip_blocked", "lasts": "1h", "why": "known"}
    answer = await post(await pages_app.operator(), "/incidents/a1/mute", "/incidents/a1", **said)
    assert answer.status == 303
    (made,) = await pages_app.store.incidents.mutes()
    assert (made.company, made.path, made.cause) == ("acme", "hq", "ip_blocked")


@pytest.mark.parametrize("where", ["/mutes", "/incidents/a1/mute"])
async def test_a_mute_has_an_end_or_comes_every_week(where: str, pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    operator, about = await pages_app.operator(), {"where": "acme", "about": "company=acme", "why": "x"}
    page = where.removesuffix("/mute") if "incidents" in where else where
    end = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    weekly = {"lasts": "weekly", "weekly": "sun 02:00-04:00 Europe/Berlin", "until": f"{end:%FT%H:%M}"}
    until = {"lasts": "until", "until": f"{end:%FT%H:%M}", "weekly": "ignored"}
    assert (await post(operator, where, page, **about, **weekly)).status == 303
    assert (await post(operator, where, page, **about, **until)).status == 303
    first, second = await pages_app.store.incidents.mutes()
    assert (first.weekly, first.ends_at) == ("sun 02:00-04:00 Europe/Berlin", None)
    assert (second.weekly, second.ends_at) == ("", end)
    for wrong in ({"lasts": "weekly", "weekly": "sunday"}, {"lasts": "until", "until": "2020-01-01T00:00"}):
        answer = await post(operator, where, page, **about, **wrong)
        assert (answer.status, 'id="lasts-wrong"' in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"where": "", "lasts": "1h", "why": "x"}, "where"),
        ({"where": "nope", "lasts": "1h", "why": "x"}, "where"),
        ({"where": "acme/nope", "lasts": "1h", "why": "x"}, "where"),
        ({"where": "acme", "everything": "yes", "lasts": "1h", "why": "x"}, "where"),
        ({"where": "acme", "mail_system": "m365", "lasts": "1h", "why": "x"}, "mail_system"),
        ({"where": "", "cause": "bad_luck", "lasts": "1h", "why": "x"}, "cause"),
        ({"where": "acme", "lasts": "", "why": "x"}, "lasts"),
        ({"where": "acme", "lasts": "other", "lasts_other": "soon", "why": "x"}, "lasts"),
        ({"where": "acme", "lasts": "other", "lasts_other": "99999d", "why": "x"}, "lasts"),
        ({"where": "acme", "lasts": "1h", "why": ""}, "why"),
        ({"where": "acme", "lasts": "1h", "why": "a\nb"}, "why"),
        ({"where": "acme", "lasts": "1h", "why": "long" * 60}, "why"),
    ],
)
async def test_what_makes_no_mute_stands_beside_its_field(
    said: dict[str, str], field: str, pages_app: PagesApp
) -> None:
    answer = await post(await pages_app.operator(), "/mutes", **said)
    assert answer.status == 422
    assert f'id="{field}-wrong"' in answer.text
    assert await pages_app.store.incidents.mutes() == []


@pytest.mark.parametrize(("where", "about"), [("ACME steel", ("acme", "")), ("acme steel/HQ", ("acme", "hq"))])
async def test_a_mute_takes_the_company_by_name_too(where: str, about: tuple[str, str], pages_app: PagesApp) -> None:
    answer = await post(await pages_app.operator(), "/mutes", where=where, lasts="1h", why="x")
    assert answer.status == 303
    (made,) = await pages_app.store.incidents.mutes()
    assert (made.company, made.path) == about


@pytest.mark.parametrize(
    "said",
    [
        {"where": "bolt"},
        {"where": "bolt/hq"},
        {"where": "", "mail_system": "m365"},
        {"where": "", "mail_system": "postfix"},
        {"where": "", "cause": "ip_blocked"},
        {"where": "", "everything": "yes"},
    ],
)
async def test_whoever_is_bound_to_a_company_mutes_nothing_else(said: dict[str, str], pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    answer = await post(operator, "/mutes", lasts="1h", why="x", **said)
    assert answer.status == 422
    assert "Bolt" not in answer.text
    assert await pages_app.store.incidents.mutes() == []


async def test_another_company_cannot_be_told_from_one_that_never_was(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    foreign = await post(operator, "/mutes", where="bolt", lasts="1h", why="x")
    never = await post(operator, "/mutes", where="nope", lasts="1h", why="x")
    assert but(foreign.text, "bolt") == but(never.text, "nope")


async def test_a_mute_of_others_is_as_one_that_never_was_and_a_wide_one_is_not_theirs_to_end(
    pages_app: PagesApp,
) -> None:
    for made in (mute(id="theirs", company="bolt"), mute(id="wide", company="", mail_system="postfix"), mute(id="own")):
        await pages_app.store.incidents.add_mute(
            replace(made, begins_at=pages_app.clock(), ends_at=pages_app.clock() + timedelta(hours=1))
        )
    operator = await pages_app.operator("acme")
    page = (await operator.get("/mutes")).text
    assert "theirs" not in page
    assert "/mutes/own/end" in page
    assert "/mutes/wide/end" not in page
    assert (await post(operator, "/mutes/theirs/end", "/mutes")).status == 404
    assert (await post(operator, "/mutes/never/end", "/mutes")).status == 404
    assert (await post(operator, "/mutes/wide/end", "/mutes")).status == 409
    assert (await post(operator, "/mutes/own/end", "/mutes")).status == 303
    assert [each.id for each in await pages_app.store.incidents.mutes() if each.ended_at] == ["own"]


async def test_a_viewer_neither_mutes_nor_sees_how(pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    viewer = await pages_app.viewer()
    page = (await viewer.get("/incidents/a1")).text
    assert "Mute it" not in page
    form = re.search('name="form" value="([^"]+)"', page)
    assert form
    said = {"form": form[1], "about": "company=acme", "lasts": "1h", "why": "x"}
    assert (await viewer.post("/incidents/a1/mute", said)).status == 403
    assert (await viewer.get("/mutes")).status == 403
    assert await pages_app.store.incidents.mutes() == []


async def test_what_others_wrote_is_only_text(pages_app: PagesApp) -> None:
    evil = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m"
    bad = incident()
    bad = replace(bad, failures=(replace(bad.failures[0], because=evil * 2000),))
    made = notice()
    told = NoticeRecord(replace(made.notice, title=evil, text=evil), 1, None, None, "")
    await pages_app.store.incidents.advance(1, [bad], [opened("a1", evil)], [told.notice])
    operator = await pages_app.operator()
    for path in ("/incidents", "/incidents/a1"):
        page = (await operator.get(path)).text
        assert "<script>alert" not in page
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


async def test_after_ending_a_mute_nobody_is_led_elsewhere(pages_app: PagesApp) -> None:
    await pages_app.store.incidents.add_mute(replace(mute(), ends_at=pages_app.clock() + timedelta(hours=1)))
    answer = await post(await pages_app.operator(), "/mutes/m1/end", "/mutes", incident="/evil.example")
    assert answer.way == "/mutes"
