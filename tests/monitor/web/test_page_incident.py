"""The page of one incident: what it says first, its buttons, its time line, and what it says when all is over."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.incidents.incident import HistoryEntry, Incident, IncidentEvent, Resolution
from monitor.store import NoticeRecord
from probes.probe import ProbePurpose
from tests.support.page_samples import ParsedPage
from tests.support.pages_app import BLOCKED, INBOX, START, PagesApp, incident, open_pages_app, opened, post

OVER: dict[str, Any] = {"closed_at": START + timedelta(minutes=134), "ending": Resolution.RECOVERED}


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def stored(pages_app: PagesApp, *incidents: Incident, records: tuple[NoticeRecord, ...] = ()) -> None:
    entries = [opened(each.id) for each in incidents]
    await pages_app.store.incidents.advance(1, incidents, entries, [record.notice for record in records])


def words_of(text: str, part: str) -> str:
    """The words of one part of the page."""
    found = re.search(rf'data-part="{part}".*?(?=data-part="|</main>)', text, re.S)
    assert found, part
    return ParsedPage("<main>" + found[0].split(">", 1)[1]).words


async def test_first_it_says_what_since_when_how_bad_who_and_what_next(pages_app: PagesApp) -> None:
    began = pages_app.clock() - timedelta(minutes=31)
    await stored(pages_app, incident(began_at=began, opened_at=began))
    for minutes in (1, 2, 3):
        await pages_app.probe(verdict=BLOCKED, after=began - START + timedelta(minutes=minutes))
    text = (await (await pages_app.viewer()).get("/incidents/a1")).text
    head = words_of(text, "head")
    for said in (
        "Acme Steel: sign-in codes are blocked (IP address)",
        "Nobody at Acme Steel can receive a sign-in code.",
        "Since 31 min",
        "Codes not in time 3 of 3 tested at the gateway",
        "Affected Acme Steel verification code",
        "Who acts The company's IT team",
        "Has it Nobody",
        "Next step Remove 104.130.122.50 from the access map",
    ):
        assert said in head
    assert text.index('data-part="head"') < text.index('data-part="work"') < text.index('data-part="why"')


async def test_it_says_why_in_the_server_s_words_and_how_sure_it_is(pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    why = words_of((await (await pages_app.viewer()).get("/incidents/a1")).text, "why")
    assert "The receiver says that its own block list contains the sender's IP address." in why
    assert "rejected at RCPT TO by mx.acme.example: Client host rejected" in why
    assert "The comparison with a neutral sender has been inconclusive so far." in why
    assert "Confidence: Tested inside the company's gateway; the network and firewall in front of it were not" in why


async def test_a_company_has_its_strip_and_turns_good_when_its_mail_arrives(pages_app: PagesApp) -> None:
    began = pages_app.clock() - timedelta(minutes=31)
    wide = incident("a1", "acme", "bolt", began_at=began, opened_at=began, subject="*", company="")
    await stored(pages_app, wide)
    for company in ("acme", "bolt"):
        await pages_app.probe(company=company, verdict=BLOCKED, after=began - START + timedelta(minutes=1))
    viewer = await pages_app.viewer()
    page = (await viewer.get("/incidents/a1")).text
    assert re.findall(r'<li data-key="(\w+)" class="(\w+)">', page)[:2] == [("acme", "fails"), ("bolt", "fails")]
    assert page.count('<svg class="strip"') == 2
    await pages_app.probe(company="bolt", verdict=INBOX, after=began - START + timedelta(minutes=20))
    await pages_app.store.incidents.advance(2, [replace(wide, touches=("acme",))], [], [])
    page = (await viewer.get("/incidents/a1")).text
    assert re.findall(r'<li data-key="(\w+)" class="(\w+)">', page)[:2] == [("acme", "fails"), ("bolt", "well")]
    assert "✓ Recovered" in page
    assert "; 1 more recovered" in page


async def test_one_that_is_over_speaks_in_the_past_and_asks_for_nothing(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("b2", **OVER))
    operator = await pages_app.operator()
    text = (await operator.get("/incidents/b2")).text
    head = words_of(text, "head")
    assert "Acme Steel: sign-in codes were blocked (IP address) Resolved" in head
    assert "✓ Resolved was Blocked: IP address (page)" in head
    assert "It lasted 2 h 14 min and ended because mail is delivered again." in head
    assert 'class="verdict o-inbox"' in text
    for present in ("Who acts", "Next step", "Has it", "Since", "can receive"):
        assert present not in head
    assert "How to fix it" not in text
    assert "Why we think so" not in text
    assert "Failing paths" not in text
    for button in ("I have it", "Hand over…", "Mute…"):
        assert button not in text
    for button in ("Comment…", "Ticket…", "Probe now"):
        assert button in text
    advice = re.search('<h2 id="todo">What was advised</h2>\n<details .*?</details>', text, re.S)
    assert advice, "the steps are folded"
    assert "Remove 104.130.122.50" in advice[0]
    rest = re.sub("<textarea.*?</textarea>", "", text.replace(advice[0], ""), flags=re.S)
    assert "Remove 104.130.122.50" not in rest


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        (Resolution.MERGED, "It lasted 2 h 14 min and ended because it continues as part of a wider incident."),
        (Resolution.UNWATCHED, "It lasted 2 h 14 min and ended because its paths were removed from the configuration."),
    ],
)
async def test_what_ended_without_being_well_is_not_shown_as_good(
    ending: Resolution, says: str, pages_app: PagesApp
) -> None:
    await stored(pages_app, incident("b2", **(OVER | {"ending": ending})))
    text = (await (await pages_app.viewer()).get("/incidents/b2")).text
    assert says in words_of(text, "head")
    assert 'class="verdict o-none"' in text
    assert "✓ Resolved" not in words_of(text, "head")


async def test_what_fails_is_probed_by_one_button_and_shows_where_it_was_pressed(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("a1", "acme", "bolt"))
    operator = await pages_app.operator()
    answer = await post(operator, "/incidents/a1/probe", "/incidents/a1")
    assert (answer.status, answer.way) == (303, "/incidents/a1#work")
    assert [(probe.company, probe.path) for probe in pages_app.sent] == [("acme", "hq"), ("bolt", "hq")]
    assert "probe sent" in [entry.what for entry in await pages_app.audit_entries()]


async def test_probes_by_hand_are_in_the_time_line_and_live_while_in_flight(pages_app: PagesApp) -> None:
    began = pages_app.clock() - timedelta(minutes=31)
    await stored(pages_app, incident(began_at=began, opened_at=began))
    just_now = began - START + timedelta(minutes=30)
    sent = await pages_app.probe(after=just_now, closed=False, purpose=ProbePurpose.MANUAL)
    viewer = await pages_app.viewer()
    page = (await viewer.get("/incidents/a1")).text
    assert f'/probes/{sent}"' in page
    assert "In flight" in words_of(page, "sent")
    assert 'data-every="3"' in page
    await pages_app.probe(after=just_now, verdict=INBOX, purpose=ProbePurpose.MANUAL)
    assert "✓ Inbox" in words_of((await viewer.get("/incidents/a1")).text, "sent")
    scheduled = await pages_app.probe(after=just_now, verdict=BLOCKED)
    assert scheduled not in words_of((await viewer.get("/incidents/a1")).text, "timeline")


@pytest.mark.parametrize(("by", "status"), [("viewer", 403), ("other", 404)])
async def test_whoever_may_not_probe_sends_nothing(by: str, status: int, pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    who = await (pages_app.viewer() if by == "viewer" else pages_app.operator("bolt"))
    assert "/incidents/a1/probe" not in (await who.get("/incidents/a1")).text
    assert (await post(who, "/incidents/a1/probe", "/triage")).status == status
    assert pages_app.sent == []


async def test_a_bound_operator_probes_the_own_part_of_a_wide_one(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("a1", "acme", "bolt"))
    bound = await pages_app.operator("acme")
    assert (await post(bound, "/incidents/a1/probe", "/incidents/a1")).status == 303
    assert [probe.company for probe in pages_app.sent] == ["acme"]
    assert "olt" not in words_of((await bound.get("/incidents/a1")).text, "timeline")


async def test_the_limit_of_probes_by_hand_is_said_on_the_page(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"web": {"manual": {"per_person_per_hour": 1, "per_path_per_hour": 1}}}
    async with open_pages_app(tmp_path, **limits) as pages_app:
        await stored(pages_app, incident())
        operator = await pages_app.operator()
        assert (await post(operator, "/incidents/a1/probe", "/incidents/a1")).status == 303
        answer = await post(operator, "/incidents/a1/probe", "/incidents/a1")
        assert answer.status == 429
        assert "at most 1 probes" in answer.text
        assert len(pages_app.sent) == 1


async def test_what_is_no_longer_monitored_is_not_probed(pages_app: PagesApp) -> None:
    await stored(pages_app, incident("a1", "gone"))
    operator = await pages_app.operator()
    page = (await operator.get("/incidents/a1")).text
    assert "/incidents/a1/probe" not in page
    answer = await post(operator, "/incidents/a1/probe", "/incidents/a1")
    assert answer.status == 409
    assert "None of its paths is monitored any more" in answer.text


async def test_the_time_line_is_filtered_and_long_ones_are_cut(pages_app: PagesApp) -> None:
    much = [
        HistoryEntry("a1", START + timedelta(minutes=n), IncidentEvent.SEVERITY_CHANGED, f"number {n}")
        for n in range(70)
    ]
    await pages_app.store.incidents.advance(1, [incident()], [opened(), *much], [])
    operator = await pages_app.operator()
    await post(operator, "/incidents/a1/work", "/incidents/a1", do="comment", text="calling them")
    page = (await operator.get("/incidents/a1")).text
    timeline = words_of(page, "timeline")
    assert "Comment by op calling them" in timeline
    assert timeline.index("Comment by op") < timeline.index("number 69") < timeline.index("number 11 ")
    assert "number 10 " not in timeline
    assert "Show 12 earlier entries" in timeline
    assert "number 0" in words_of((await operator.get("/incidents/a1?all=yes")).text, "timeline")
    page = (await operator.get("/incidents/a1?show=people")).text
    assert "calling them" in words_of(page, "timeline")
    assert "number 69" not in words_of(page, "timeline")
    assert 'data-url="/incidents/a1?show=people"' in page, "it stays so while it is live"
    assert "number 69" in words_of((await operator.get("/incidents/a1?show=%3Cb%3E")).text, "timeline")


async def test_the_steps_can_be_copied(pages_app: PagesApp) -> None:
    await stored(pages_app, incident())
    page = (await (await pages_app.viewer()).get("/incidents/a1")).text
    copied = re.search('<span id="steps" hidden>(.*?)</span>', page, re.S)
    assert copied
    assert copied[1].startswith("1. Remove 104.130.122.50")
    assert "\nCaution: " in copied[1]
    assert 'data-copy="steps"' in page
