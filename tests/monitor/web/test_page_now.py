"""Now: what the page says, to whom, and how heavy it is."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, Scope, Severity
from monitor.output.symbols import COLOURS, SIGNS
from monitor.people.person import Rights
from monitor.probing.current import Board, CurrentVerdict
from monitor.web.company_summaries import CompanySummaries
from monitor.web.pages.now import MAX_COMPANIES, MAX_INCIDENTS, MAX_MUTED, Ask, Now, asked, now_view
from monitor.web.rendering import assets
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
from tests.monitor.output.test_symbols import AA, contrast
from tests.support.incident_samples import OF_STANDING
from tests.support.incident_samples import incident as standing_incident
from tests.support.page_samples import (
    HOSTILE,
    KIND,
    NOW,
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


def view(*paths: str, ask: Ask = Ask(), incidents: Sequence[Incident] = (), **lines: str) -> Now:  # noqa: B008 - it is frozen
    return view_of([path(*name.split("/")) for name in paths or lines], current_verdicts(**lines), ask, incidents)


def view_of(
    paths: Sequence[WatchedPath],
    verdicts: Mapping[Check, CurrentVerdict],
    ask: Ask = Ask(),  # noqa: B008 - it is frozen
    incidents: Sequence[Incident] = (),
) -> Now:
    board = Board()
    board.configure(paths)
    board.current_verdicts.update(verdicts)
    seen = asyncio.run(CompanySummaries(board, lambda: NOW).seen_by(None))
    return now_view(seen, board.current_verdicts, incidents, ask, NOW)


# ---- What is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "shown", "healthy"),
    [
        ({"a": "i", "b": "b", "c": "s"}, ["b", "c"], ["a"]),
        ({"a": "?", "b": "l", "c": "m"}, ["c", "b", "a"], []),
        ({"a": "b", "c": "b"}, ["a", "c"], []),
        ({"a": "i"}, [], ["a"]),
    ],
)
def test_the_worst_comes_first_and_the_healthy_are_folded_away(lines, shown, healthy) -> None:
    seen = view(**lines)
    assert [row.key for row in seen.companies] == shown
    assert [row.key for row in seen.healthy] == healthy


def test_no_verdict_yet_hides_nobody_and_is_nobody_s_trouble() -> None:
    seen = view("a/hq", "b/hq", b="i")
    assert [(row.key, row.worst) for row in seen.companies] == [("a", None)]
    assert seen.troubled == 0


def test_what_could_not_be_looked_at_is_not_counted_against_the_sender_and_not_hidden() -> None:
    seen = view(a="?", b="b", c="i")
    assert (seen.troubled, seen.unseen, seen.watched) == (1, 1, 3)
    assert [row.key for row in seen.companies] == ["b", "a"]


def test_a_company_speaks_with_the_worst_of_its_paths_for_each_kind() -> None:
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    paths = [path("a", "hq", kinds=kinds), path("a", "lab", kinds=kinds[:1])]
    seen = {
        Check("a", "hq", Kind.VERIFICATION): standing("i"),
        Check("a", "hq", Kind.INVITATION): standing("s", Cause.CONTENT),
        Check("a", "lab", Kind.VERIFICATION): standing("b", because="554 go away"),
    }
    (row,) = view_of(paths, seen).companies
    assert [cell.outcome if cell else None for cell in row.cells] == [Outcome.BLOCKED, Outcome.SPAM]
    assert (row.worst, row.why) == (Outcome.BLOCKED, "Mail is blocked.")
    assert [(each.name, each.worst) for each in row.paths] == [("lab", Outcome.BLOCKED), ("hq", Outcome.SPAM)]
    assert row.paths[0].cells[1] is None, "it is not probed"


@pytest.mark.parametrize(
    ("minutes", "overdue"),
    [(1, False), (89, False), (91, True)],  # twice its time and an hour, in which a probe may still be out
)
def test_a_path_that_fell_silent_is_overdue_and_no_longer_healthy(minutes, overdue) -> None:
    seen = view_of([path("a")], {Check("a", "hq", KIND): standing("i", ago=minutes * 60)})
    assert [row.overdue for row in seen.companies] + [each.overdue for each in seen.healthy] == [overdue]
    assert bool(seen.healthy) is not overdue


def test_totals_count_each_path_once_by_its_worst() -> None:
    assert view(a="b", b="b", c="i", d="?").totals == ((Outcome.BLOCKED, 2), (Outcome.UNKNOWN, 1), (Outcome.INBOX, 1))


@pytest.mark.parametrize(
    ("words", "outcome", "found"),
    [
        ("", "", ["birch", "acme", "cork"]),
        ("BIR", "", ["birch"]),
        ("probe@acme.test", "", ["acme"]),
        ("postfix hq", "", ["birch", "acme", "cork"]),
        ("postfix nowhere", "", []),
        ("", "spam", ["acme"]),
        ("birch", "spam", []),
        ("", "inbox", ["cork"]),
        ("cork", "", ["cork"]),
    ],
)
def test_search_and_filter(words, outcome, found) -> None:
    seen = view(ask=Ask(words, outcome), acme="s", birch="b", cork="i")
    assert [row.key for row in seen.companies] + [each.key for each in seen.healthy] == found


def test_incidents_are_the_gravest_first_and_what_is_muted_comes_last() -> None:
    told = (
        incident("muted", severity=Severity.PAGE, muted_by=("m",)),
        incident("ticket", severity=Severity.TICKET),
        incident("wide", "a", "b", "c", "d", scope=Scope.EVERYBODY),
    )
    shown = view(incidents=told, a="b").incidents
    assert [(each.id, each.muted) for each in shown] == [("wide", False), ("ticket", False), ("muted", True)]
    assert (shown[0].many, shown[0].companies) == (4, ())
    assert shown[1].companies == (("acme", "acme"),)
    assert shown[1].runbook == "cause-address"


def test_the_senders_standing_is_no_verdict_of_mail() -> None:
    (shown,) = view(incidents=[standing_incident("i1", **OF_STANDING)], a="b").incidents
    assert (shown.problem, shown.scope, shown.look) == ("Standing: SPF", "everybody", Outcome.BLOCKED)
    assert shown.why.startswith(
        "SPF no longer passes for 104.130.122.50. It concerns everybody who receives the sender"
    )


def test_muted_incidents_have_room_of_their_own_and_are_all_counted() -> None:
    loud = [incident(f"l{number}") for number in range(MAX_INCIDENTS + 3)]
    muted = [incident(f"m{number}", muted_by=("m",)) for number in range(MAX_MUTED + 2)]
    shown = view(incidents=[*muted, *loud], a="b")
    assert [each.muted for each in shown.incidents] == [False] * MAX_INCIDENTS + [True] * MAX_MUTED
    assert (shown.more_incidents, shown.muted, shown.more_muted) == (3, MAX_MUTED + 2, 2)


async def test_whoever_is_on_call_sees_how_many_incidents_are_muted(sample_pages) -> None:
    sample_pages.watch(path("acme"), current_verdicts=current_verdicts(acme="b"))
    assert "muted" not in (await sample_pages.get("/")).words
    for number in range(MAX_INCIDENTS + 1):
        await sample_pages.open(incident(f"l{number}"))
    await sample_pages.open(incident("m", muted_by=("m1",)))
    page = await sample_pages.get("/")
    assert "1 muted: nobody is notified of it." in page.words
    assert "/incidents/m" in page.links


def test_paths_are_unfolded_where_it_is_asked_for() -> None:
    names = ("a/hq", "a/lab", "b/hq", "b/lab")
    rows = view(*names, ask=Ask(unfolded=frozenset({"b"})), a="b", b="s").companies
    assert [(row.key, row.unfolded) for row in rows] == [("a", False), ("b", True)]


def test_many_companies_in_trouble_are_shown_page_by_page() -> None:
    lines = {f"c{number:03}": "b" for number in range(2 * MAX_COMPANIES + 1)}
    shown, seen = [path(name) for name in lines], current_verdicts(**lines)
    pages = [view_of(shown, seen, Ask(page=number)).companies for number in (1, 2, 3, 4)]
    assert [len(rows) for rows in pages] == [MAX_COMPANIES, MAX_COMPANIES, 1, 1]
    assert len({row.key for rows in pages for row in rows}) == len(lines)


# ---- What is asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "ask"),
    [
        ({}, Ask()),
        ({"q": "  acme ", "outcome": "spam", "page": "3"}, Ask("acme", "spam", page=3)),
        ({"outcome": "none"}, Ask(outcome="none")),
        ({"open": "a,b,"}, Ask(unfolded=frozenset({"a", "b"}))),
        ({"outcome": "<script>", "page": "-1"}, Ask()),
        ({"page": "9" * 99}, Ask()),
        ({"page": "²"}, Ask()),
        ({"q": "x" * 5000}, Ask("x" * 100)),
    ],
)
def test_the_address_says_what_is_wanted_and_nonsense_wants_nothing(query, ask) -> None:
    assert asked(query) == ask


@pytest.mark.parametrize("ask", [Ask(), Ask("a&b=c", "late", frozenset({"x"}), 2)])
def test_a_link_leads_to_what_it_says(ask) -> None:
    there = dict(parse_qsl(urlsplit(ask.link(page=ask.page)).query))
    assert asked(there) == ask
    unfolded = asked(dict(parse_qsl(urlsplit(ask.fold("acme")).query)))
    assert unfolded.unfolded == ask.unfolded | {"acme"}
    assert asked(dict(parse_qsl(urlsplit(unfolded.fold("acme")).query))) == ask


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_every_outcome_is_shown_by_colour_sign_and_word(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="s"))
    page = await sample_pages.get("/")
    well_made(page)
    assert "✕ Blocked" in page.words
    assert "▲ Spam folder" in page.words
    assert 'class="outcome o-blocked"' in page.html
    assert "2 of 2 companies have delivery problems" in page.words


async def test_paths_unfold_without_a_script(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("acme", "lab"), current_verdicts=current_verdicts(acme="b"))
    folded, unfolded = await sample_pages.get("/"), await sample_pages.get("/?open=acme")
    assert 'data-line="acme/lab" hidden' in folded.html
    assert "/?open=acme" in folded.links
    assert 'data-line="acme/lab">' in unfolded.html
    assert 'aria-expanded="true"' in unfolded.html


async def test_the_list_of_companies_is_this_page(sample_pages) -> None:
    async with sample_pages.http.get(f"{sample_pages.url}/companies", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/")


async def test_nothing_of_another_company_is_on_the_page(sample_pages) -> None:
    sample_pages.watch(
        path("acme"), path("birch"), path("birch", "lab"), current_verdicts=current_verdicts(acme="b", birch="s")
    )
    await sample_pages.open(incident("both", "acme", "birch", scope=Scope.EVERYBODY), incident("theirs", "birch"))
    sample_pages.bind(("acme",))
    for where in ("/", "/?outcome=spam", "/?q=birch&open=all"):
        page = await sample_pages.get(where)
        seen = page.html.replace("q=birch", "").replace('value="birch"', "").replace("<q>birch</q>", "")
        assert "birch" not in seen.lower(), where
    page = await sample_pages.get("/")
    assert "of 1 company" in page.words
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
    assert {"/incidents/i1", "/runbooks/cause-address?incident=i1", "/companies/acme"} <= set(page.links)
    assert "muted" in page.words
    await sample_pages.get("/runbooks/cause-address?incident=i1")


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
    assert "No matching companies" in page.words
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


def test_the_script_has_the_signs_of_the_one_table() -> None:
    script = assets()["now.js"].body.decode()
    assert dict(re.findall(r'\["(\w+)", "(.)"\]', script)) == {str(each): sign for each, sign in SIGNS.items() if each}


def themes() -> list[dict[str, str]]:
    style = assets()["style.css"].body.decode()
    light, dark = re.findall(r":root \{([^}]*--back[^}]*)\}", style)[:2]
    first = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", light))
    return [whole(first), whole(first | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", dark)))]


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
