"""The overview: what the page says, to whom, and how heavy it is."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, IncidentEvent, Scope, Severity
from monitor.incidents.work import IncidentAction, IncidentWork
from monitor.measures.time_slots import slots_until
from monitor.output.service_level import ServiceLevel
from monitor.output.symbols import COLOURS
from monitor.people.person import Rights
from monitor.probing.current import Board, CurrentVerdict
from monitor.store import HourCount
from monitor.web.company_summaries import CompanySummaries
from monitor.web.overview_figures import OverviewFigures, hour_states
from monitor.web.pages.overview import strip_paths
from monitor.web.pages.overview_filter import OverviewFilter, overview_filter
from monitor.web.pages.overview_list import LINES, RECOVERING, CompanyLine, OverviewFacts, overview_list
from monitor.web.rendering import assets
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.monitor.output.test_symbols import AA, contrast
from tests.monitor.web.test_page_codes_in_time import fill
from tests.support.incident_samples import OF_STANDING
from tests.support.incident_samples import incident as standing_incident
from tests.support.page_samples import (
    HOSTILE,
    KIND,
    NOW,
    ParsedPage,
    SamplePages,
    current_verdicts,
    incident,
    open_sample_pages,
    path,
    standing,
    well_made,
)

FIRST_PAINT = 200_000  # octets of the page and its style
WIDE = tuple(Kind)
REPLY = (
    "rejected at RCPT TO by mx1.mail.protection.example[192.0.2.25]:25: 550 5.7.606 Access denied, banned sending IP "
    * 3
)


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        yield sample_pages


def facts_of(
    paths: Sequence[WatchedPath],
    verdicts: Mapping[Check, CurrentVerdict],
    incidents: Sequence[Incident] = (),
    works: Mapping[str, IncidentWork] | None = None,
    **more: Any,
) -> OverviewFacts:
    board = Board()
    board.configure(paths)
    board.current_verdicts.update(verdicts)
    seen = asyncio.run(CompanySummaries(board, lambda: NOW).seen_by(None))
    return OverviewFacts(seen, board.current_verdicts, incidents, works or {}, more.pop("figures", None), **more)


def shown(
    *incidents: Incident,
    ask: OverviewFilter = OverviewFilter(),  # noqa: B008 - it is frozen
    works: Mapping[str, IncidentWork] | None = None,
    **companies: str,
) -> tuple[Any, ...]:
    facts = facts_of([path(name) for name in companies], current_verdicts(**companies), incidents, works, me="ann")
    return overview_list(facts, ask).lines


def names(lines: Sequence[Any]) -> list[str]:
    return [line.id.removeprefix("c-") for line in lines]


WIDE_ONE = incident("wide", "a", "b", "c", scope=Scope.MAIL_SYSTEM)


# ---- What is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("companies", "order"),
    [
        ({"a": "i", "b": "b", "c": "s"}, ["b", "c", "a"]),
        ({"a": "?", "b": "l", "c": "m"}, ["c", "b", "a"]),
        ({"a": "b", "c": "b"}, ["a", "c"]),
        ({"b": "i", "a": "i"}, ["a", "b"]),
    ],
)
def test_the_worst_comes_first_and_the_healthy_follow(companies, order) -> None:
    assert names(shown(**companies)) == order


def test_incidents_come_first_the_gravest_of_them_first_and_muted_ones_after_them() -> None:
    told = (
        incident("muted", "a", muted_by=("m",)),
        incident("ticket", "b", severity=Severity.TICKET),
        incident("page", "c"),
    )
    lines = shown(*told, a="b", b="b", c="b", d="b", e="i")
    assert names(lines) == ["c", "b", "a", "d", "e"]
    assert [(line.severity, line.muted) for line in lines[:3]] == [
        (Severity.PAGE, False),
        (Severity.TICKET, False),
        (Severity.PAGE, True),
    ]
    assert [line.severity for line in lines[3:]] == [None, None]


def test_companies_of_a_wide_incident_are_folded_into_it_and_those_with_an_own_one_are_not() -> None:
    lines = shown(WIDE_ONE, incident("own", "b"), a="b", b="b", c="b", d="i")
    assert names(lines) == ["i-wide", "b", "d"]
    assert (lines[0].name, lines[0].count, lines[0].companies[0]) == ("Postfix", 3, ("a", "A"))


@pytest.mark.parametrize("ask", [{"q": "postfix"}, {"state": "failing"}, {"outcome": "blocked"}, {"incident": "wide"}])
def test_whoever_filters_finds_folded_companies_by_themselves(ask) -> None:
    lines = shown(WIDE_ONE, ask=OverviewFilter(**ask), a="b", b="b", c="b", d="i", e="i")
    assert [name for name in names(lines) if name in "abc"] == ["a", "b", "c"]


def test_what_is_published_about_the_sender_is_a_line_without_companies() -> None:
    (line, _) = shown(standing_incident("i1", **OF_STANDING), a="b")
    assert (line.problem, line.scope, line.look, line.count) == ("Standing: SPF", "everybody", Outcome.BLOCKED, 0)
    assert line.means.startswith("SPF no longer passes for 104.130.122.50.")


def test_a_company_whose_newest_mail_arrives_is_said_to_recover() -> None:
    (line,) = shown(incident("i1", "a"), a="i")
    assert (line.look, line.problem, line.means, line.incident) == (Outcome.INBOX, "Inbox", RECOVERING, "i1")


def test_a_company_is_described_by_the_worst_of_its_paths() -> None:
    verdicts = {
        Check("a", "hq", KIND): standing("i"),
        Check("a", "lab", KIND): standing("b", Cause.IP_BLOCKED, probe_id="p9", ago=600),
    }
    (line,) = overview_list(facts_of([path("a"), path("a", "lab")], verdicts), OverviewFilter()).lines
    assert isinstance(line, CompanyLine)
    assert (line.paths, line.problem, line.probe_id) == (2, "Blocked: IP address", "p9")
    assert line.since == NOW - timedelta(minutes=10)


def test_no_verdict_yet_is_nobody_s_trouble_and_not_hidden() -> None:
    facts = facts_of([path("a"), path("b")], current_verdicts(b="i"))
    lines = overview_list(facts, OverviewFilter()).lines
    assert [(line.id, line.look) for line in lines] == [("c-a", None), ("c-b", Outcome.INBOX)]
    assert overview_list(facts, OverviewFilter(state="failing")).lines == ()


def test_who_has_an_incident_is_named() -> None:
    action = IncidentAction("i1", NOW, IncidentEvent.ACKNOWLEDGED, "ann", "page", "", Severity.PAGE, Scope.COMPANY, 0)
    work = IncidentWork(acknowledged=action, owner="ann")
    lines = shown(incident("i1", "a"), incident("i2", "b"), works={"i1": work}, a="b", b="b")
    assert [(line.id, line.owner) for line in lines] == [("c-a", "ann"), ("c-b", "")]
    assert names(shown(incident("i1", "a"), works={"i1": work}, ask=OverviewFilter(mine="1"), a="b", b="b")) == ["a"]


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        ({"q": "BIR"}, ["birch"]),
        ({"q": "acme.test"}, ["acme"]),
        ({"q": "postfix hq"}, ["acme", "birch", "dale", "cork"]),
        ({"q": "postfix nowhere"}, []),
        ({"outcome": "spam"}, ["acme"]),
        ({"outcome": "spam", "q": "birch"}, []),
        ({"state": "ok"}, ["cork"]),
        ({"state": "failing"}, ["acme", "birch"]),
        ({"state": "unknown"}, ["dale"]),
        ({"severity": "page"}, ["acme"]),
        ({"cause": "ip_blocked"}, ["acme"]),
        ({"system": "postfix", "sort": "name"}, ["acme", "birch", "cork", "dale"]),
        ({"system": "m365"}, []),
        ({"sort": "since"}, ["birch", "acme", "dale", "cork"]),
    ],
)
def test_search_filters_and_order(ask, found) -> None:
    lines = shown(incident("i1", "acme"), ask=OverviewFilter(**ask), acme="s", birch="l", cork="i", dale="?")
    assert names(lines) == found


def test_the_lowest_availability_can_come_first() -> None:
    figures = OverviewFigures(slots_until(NOW, "24h"), {}, {"a": (level(10, 10),), "b": (level(10, 4),)}, {})
    facts = facts_of([path("a"), path("b"), path("c")], current_verdicts(a="i", b="i", c="i"), figures=figures)
    lines = overview_list(facts, OverviewFilter(sort="availability")).lines
    assert names(lines) == ["b", "a", "c"], "what is not known comes last"


def level(judged: int, in_time: int) -> ServiceLevel:
    return ServiceLevel("x", True, Grade.REAL, judged, in_time)


def test_many_lines_are_shown_page_by_page() -> None:
    companies = {f"c{number:03}": "b" for number in range(2 * LINES + 1)}
    facts = facts_of([path(name) for name in companies], current_verdicts(**companies))
    pages = [overview_list(facts, OverviewFilter(page=number)) for number in (1, 2, 3, 4)]
    assert [len(each.lines) for each in pages] == [LINES, LINES, 1, 1]
    assert len({line.id for each in pages for line in each.lines}) == len(companies)


# ---- What is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "ask"),
    [
        ({}, OverviewFilter()),
        ({"q": "  acme ", "outcome": "spam", "page": "3"}, OverviewFilter("acme", outcome="spam", page=3)),
        ({"q": "jane@acme.test"}, OverviewFilter("acme.test")),
        ({"outcome": "none"}, OverviewFilter(outcome="none")),
        ({"outcome": "<script>", "page": "-1", "sort": "x", "state": "y", "mine": "2"}, OverviewFilter()),
        ({"page": "9" * 99}, OverviewFilter()),
        ({"page": "²"}, OverviewFilter()),
        ({"q": "x" * 5000}, OverviewFilter("x" * 100)),
    ],
)
def test_the_address_says_what_is_wanted_and_nonsense_wants_nothing(query, ask) -> None:
    assert overview_filter(query) == ask


@pytest.mark.parametrize("ask", [OverviewFilter(), OverviewFilter("a&b=c", "ok", "late", sort="name", page=2)])
def test_a_link_leads_to_what_it_says(ask) -> None:
    there = dict(parse_qsl(urlsplit(ask.link(page=ask.page)).query))
    assert overview_filter(there) == ask


# ---- Strips ---------------------------------------------------------------------------------------------------------


def test_an_hour_is_in_time_or_not_or_both_and_what_does_not_tell_hides_nothing() -> None:
    hour = NOW.replace(minute=0)
    rows = [
        HourCount(hour, "a", Outcome.INBOX, None, 3),
        HourCount(hour, "a", Outcome.UNKNOWN, None, 9),
        HourCount(hour, "b", Outcome.UNKNOWN, None, 1),
        HourCount(hour, "b", Outcome.LATE, None, 1),
        HourCount(hour, "c", Outcome.INBOX, None, 1),
        HourCount(hour, "c", Outcome.SPAM, Cause.CONTENT, 1),
        HourCount(hour, "d", Outcome.BLOCKED, Cause.MAILBOX_FULL, 1),
    ]
    assert hour_states(rows) == {hour: {"a": "+", "b": "-", "c": "~", "d": "?"}}


def test_a_strip_says_in_words_what_it_draws() -> None:
    drawn = strip_paths("." * 20 + "+-~?")
    assert (
        drawn.said
        == "1 hour in time, 1 hour partly in time, 1 hour not in time, 1 hour unknown, 20 hours without a test"
    )
    assert drawn.good == "M20 0h1v6h-1zM22 0h1v6h-1z"
    assert drawn.bad == "M21 6h1v4h-1zM22 6h1v4h-1z"


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_every_outcome_is_shown_by_colour_sign_and_word(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="s"))
    page = await sample_pages.get("/")
    well_made(page)
    assert "✕ Blocked" in page.words
    assert "▲ Spam folder" in page.words
    assert 'class="outcome o-blocked"' in page.html
    assert "2 of 2 companies have delivery problems" in page.words


async def test_whoever_is_on_call_sees_how_many_incidents_are_muted(sample_pages) -> None:
    sample_pages.watch(path("acme"), current_verdicts=current_verdicts(acme="b"))
    assert "muted" not in (await sample_pages.get("/")).words
    await sample_pages.open(incident("i1"), incident("m", "birch", muted_by=("m1",)))
    page = await sample_pages.get("/")
    assert "1 muted: nobody is notified of it" in page.words
    assert "/incidents/m" in page.links


async def test_the_figures_of_a_company_are_its_day_and_its_week(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="i", birch="i"))
    await fill(sample_pages.store, Outcome.INBOX, 99, ago=timedelta(hours=2))
    await fill(sample_pages.store, Outcome.LATE, 1, ago=timedelta(hours=3))
    page = await sample_pages.get("/")
    well_made(page)
    assert "1 hour in time, 1 hour not in time, 22 hours without a test" in page.html
    assert "Codes in time, 24 h 99.0 % 1 of 100 missed" in page.words
    assert "99.0 %" in row_of_page(page, "c-acme")
    assert "24 hours without a test" in row_of_page(page, "c-birch")


def row_of_page(page: ParsedPage, name: str) -> str:
    found = re.search(rf'data-row="{name}".*?</tbody>', page.html, re.DOTALL)
    assert found, page.words
    return found[0]


async def test_a_mistyped_company_is_asked_about(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="i"))
    page = await sample_pages.get("/?q=acmee")
    assert "Did you mean Acme?" in page.words
    assert "/?q=acme" in page.links


async def test_the_domain_of_an_address_finds_its_company(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="i", birch="i"))
    page = await sample_pages.get("/?q=jane%40mail.birch.test")
    assert "/companies/birch" in page.links
    assert "/companies/acme" not in page.links


# ---- What has changed -----------------------------------------------------------------------------------------------


async def changes(sample_pages: SamplePages, query: str = "", tag: str = "") -> tuple[int, str, Any]:
    url, headers = f"{sample_pages.url}/overview/changes?{query}", {"If-None-Match": tag} if tag else {}
    async with sample_pages.http.get(url, headers=headers) as answer:
        return answer.status, answer.headers["ETag"], await answer.json() if answer.status == 200 else None


async def test_only_what_has_changed_is_sent_again(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="i"))
    status, tag, answer = await changes(sample_pages)
    assert (status, [row[0] for row in answer["rows"]]) == (200, ["c-acme", "c-birch"])
    assert (await changes(sample_pages, tag=tag))[0] == 304
    known = "known=" + ".".join(row[1] for row in answer["rows"])
    await sample_pages.open(incident("i1", "birch"))
    status, other, answer = await changes(sample_pages, known, tag)
    assert status == 200
    assert other != tag
    assert [(row[0], row[2] is None) for row in answer["rows"]] == [("c-birch", False), ("c-acme", True)]
    assert "1 of 2 companies" in answer["parts"]["head"]


async def test_the_page_and_its_changes_have_the_same_rows(sample_pages) -> None:
    sample_pages.watch(path("acme"), current_verdicts=current_verdicts(acme="b"))
    page, (_, _, answer) = await sample_pages.get("/"), await changes(sample_pages)
    ((name, version, html),) = answer["rows"]
    assert f'data-row="{name}" data-version="{version}">{html}</tbody>' in page.html


async def test_nothing_of_another_company_is_on_the_page(sample_pages) -> None:
    sample_pages.watch(
        path("acme"), path("birch"), path("birch", "lab"), current_verdicts=current_verdicts(acme="b", birch="s")
    )
    await sample_pages.open(incident("both", "acme", "birch", scope=Scope.EVERYBODY), incident("theirs", "birch"))
    sample_pages.bind(("acme",))
    for where in ("/", "/?outcome=spam", "/?q=birch", "/?incident=both"):
        page = await sample_pages.get(where)
        seen = page.html.replace('value="birch"', "").replace("<q>birch</q>", "").replace("q=birch", "")
        assert "birch" not in seen.lower(), where
    page = await sample_pages.get("/")
    assert "1 of 1 company has" in page.words
    assert "/incidents/both" in page.links
    assert "/incidents/theirs" not in page.links


async def test_other_people_s_text_does_no_harm(sample_pages) -> None:
    sample_pages.watch(
        path("acme", company_name=HOSTILE), current_verdicts={Check("acme", "hq", KIND): standing("b", because=HOSTILE)}
    )
    await sample_pages.open(incident())
    page = await sample_pages.get(f"/?q={'%3Cscript%3E'}")
    well_made(page)
    page = await sample_pages.get("/")
    well_made(page)
    assert "[U+202E]gpj.exe[U+001B][31m[U+0000]" in page.text


async def test_an_incident_leads_to_its_page_and_to_what_to_do(sample_pages) -> None:
    sample_pages.watch(path("acme"), current_verdicts=current_verdicts(acme="b"))
    await sample_pages.open(incident(muted_by=("m1",)))
    page = await sample_pages.get("/")
    assert {"/incidents/i1", "/companies/acme"} <= set(page.links)
    assert "muted" in page.words
    await sample_pages.open(incident("w", "acme", "birch"))
    assert "/runbooks/cause-address?incident=w" in (await sample_pages.get("/")).links
    await sample_pages.get("/runbooks/cause-address?incident=w")


@pytest.mark.parametrize(
    ("bound", "said"),
    [(None, "Add a company with one path"), (("gone",), "No companies to show")],
)
async def test_where_nothing_is_watched_it_says_what_to_do_next(sample_pages, bound, said) -> None:
    sample_pages.bind(bound)
    page = await sample_pages.get("/")
    well_made(page)
    assert said in page.words


async def test_before_the_first_verdict_it_waits(sample_pages) -> None:
    sample_pages.watch(path("acme"))
    assert "Waiting for the first results" in (await sample_pages.get("/")).words


async def test_nothing_found_leads_back(sample_pages) -> None:
    sample_pages.watch(path("acme"), current_verdicts=current_verdicts(acme="i"))
    page = await sample_pages.get("/?q=nowhere&outcome=spam")
    assert "No matches" in page.words
    assert "/" in page.links


@pytest.mark.parametrize(
    ("rights", "places"),
    [
        (Rights.VIEWER, {"/", "/incidents", "/sender"}),
        (Rights.OPERATOR, {"/", "/incidents", "/sender", "/probe-now"}),
        (Rights.ADMIN, {"/", "/incidents", "/sender", "/probe-now", "/settings"}),
    ],
)
async def test_the_navigation_leads_only_where_the_caller_may_go(sample_pages, rights, places) -> None:
    sample_pages.bind(None, rights)
    links = set((await sample_pages.get("/")).links)
    assert links & {"/", "/incidents", "/sender", "/probe-now", "/settings"} == places


def crowd(companies: int, paths: int, letter: str):
    watched = [
        path(
            f"company-{number:04}",
            f"path-{each}",
            company_name=f"Company of a usual name {number}",
            to=f"mailpath-probe@company-{number:04}.example",
            kinds=WIDE,
        )
        for number in range(companies)
        for each in range(paths)
    ]
    verdict = standing(letter, Cause.IP_BLOCKED, because=REPLY, probe_id="abcdefghijklmnop")
    return watched, {(each.company, each.path, kind): verdict for each in watched for kind in WIDE}


@pytest.mark.parametrize("letter", ["b", "i", "?"])
@pytest.mark.parametrize(("companies", "paths"), [(1000, 1), (100, 10), (500, 2), (10, 100)])
async def test_a_thousand_paths_are_light(sample_pages, companies, paths, letter) -> None:
    watched, seen = crowd(companies, paths, letter)
    sample_pages.watch(*watched, current_verdicts=seen)
    await sample_pages.open(*(incident(f"i{number:012}", f"company-{number:04}") for number in range(10)))
    page = await sample_pages.get("/")
    well_made(page)
    weight = len(page.html.encode()) + len(assets()["style.css"].body)
    assert weight < FIRST_PAINT, f"{weight} octets"


# ---- Files that pages load ------------------------------------------------------------------------------------------


def test_the_style_has_the_colours_of_the_one_table() -> None:
    style = assets()["style.css"].body.decode()
    for outcome, colour in COLOURS.items():
        assert f".o-{outcome or 'none'}{{--fill:{colour.fill};--ink:{colour.ink}}}" in style


def themes() -> list[dict[str, str]]:
    style = assets()["style.css"].body.decode()
    light, dark = (
        re.search(rf":root{chosen} \{{([^}}]*--back[^}}]*)\}}", style) for chosen in ("", r"\[data-theme=dark\]")
    )
    assert light
    assert dark
    first = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", light[1]))
    return [whole(first), whole(first | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", dark[1])))]


def whole(theme: dict[str, str]) -> dict[str, str]:
    return {
        name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:]) for name, value in theme.items()
    }


@pytest.mark.parametrize("theme", themes(), ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["back", "card", "shade", "note"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "link", "bad"])
def test_text_can_be_read_in_both_themes(theme, ground, ink) -> None:
    assert contrast(theme[ink], theme[ground]) >= AA


@pytest.mark.parametrize("theme", themes(), ids=["light", "dark"])
def test_buttons_and_borders_can_be_seen_in_both_themes(theme) -> None:
    assert contrast(theme["on-act"], theme["act"]) >= AA
    for edge in ("strong", "act", "bad", "good", "note-edge"):
        assert contrast(theme[edge], theme["back"]) >= 3, edge  # WCAG 2, 1.4.11


async def test_files_are_kept_for_ever_under_the_name_of_what_is_in_them(sample_pages) -> None:
    address = f"/static/style.css?v={assets()['style.css'].version}"
    async with sample_pages.http.get(sample_pages.url + address) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.content_type == "text/css"
    async with sample_pages.http.get(sample_pages.url + "/static/style.css?v=old") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        tag = answer.headers["ETag"]
    async with sample_pages.http.get(sample_pages.url + "/static/style.css", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


@pytest.mark.parametrize(
    "name", ["gone.css", "..%2frendering.py", "%2e%2e%2frendering.py", "rendering.py", ".", "a%00b"]
)
async def test_no_other_file_is_ever_served(sample_pages, name) -> None:
    async with sample_pages.http.get(f"{sample_pages.url}/static/{name}") as answer:
        assert answer.status == 404


def test_times_are_told_by_their_largest_unit() -> None:
    from monitor.web.legible import ago
    from probes.display import roughly

    said = [roughly(each) for each in (-1, 59, 60, 3599, 7200, 200_000)]
    assert said == ["0 s", "59 s", "1 min", "59 min", "2 h", "2 d"]
    assert ago(NOW - timedelta(minutes=5), NOW) == "5 min ago"
