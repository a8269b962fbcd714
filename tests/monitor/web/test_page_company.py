"""Company: what the page says of one company, and to whom."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.incidents.incident import Nature, Resolution, Scope
from monitor.notices.context import SenderInfo
from monitor.output.labels import label_of
from monitor.people.person import Rights
from monitor.standing.company_mx import MxRecord
from monitor.web.pages.company import Company, company_view
from monitor.web.pages.company_charts import stretch_of
from probes.answer import Stage
from probes.check import Check
from probes.evidence import Attempt, Dialogue, Handover, Step
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
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
from tests.support.pages_app import probe_of

SENDER = SenderInfo("account.trimble.com", "104.130.122.50")


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        yield sample_pages


def view(*paths, seen=None, incidents=()) -> Company:
    return company_view(paths or (path(),), seen or {}, incidents, SENDER, NOW)


# ---- What to do -----------------------------------------------------------------------------------------------------


def test_an_open_incident_tells_what_to_do_in_the_words_of_the_company_s_mail_system() -> None:
    (todo,) = view(seen={("acme", "hq", KIND): standing("b", Cause.IP_BLOCKED)}, incidents=[incident()]).todo
    assert todo.incident == "i1"
    assert "104.130.122.50" in todo.advice.steps[0]
    assert todo.advice.runbook == "cause-address"
    assert not any(mark in " ".join(todo.advice.steps) for mark in "{}")


def test_what_fails_and_is_no_incident_yet_tells_it_too() -> None:
    seen = {("acme", "hq", KIND): standing("s", Cause.CONTENT)}
    (todo,) = view(seen=seen).todo
    assert (todo.outcome, todo.cause, todo.incident) == (Outcome.SPAM, Cause.CONTENT, "")
    assert todo.advice.runbook == "cause-content"
    assert todo.advice.for_users


def test_what_an_incident_speaks_for_is_not_advised_on_again_by_the_words_of_its_verdict() -> None:
    """A filter that is down is answered in the words of greylisting. The incident knows that everybody hears them."""
    line = ("acme", "hq", KIND)
    seen = {line: standing("b", Cause.GREYLISTED)}
    told = incident()
    cleared = tuple(replace(each, cause=Cause.SERVER_FAULT, nature=Nature.THEIR_SYSTEM) for each in told.failures)
    theirs = replace(told, nature=Nature.THEIR_SYSTEM, cause=Cause.SERVER_FAULT, failures=cleared)
    (todo,) = view(seen=seen, incidents=[theirs]).todo
    assert (todo.incident, todo.advice.runbook) == ("i1", "mailpath-their-system")


def test_each_thing_is_told_once() -> None:
    kinds = (Kind.VERIFICATION, Kind.INVITATION, Kind.PASSWORD_RESET)
    seen = {
        ("acme", "hq", Kind.VERIFICATION): standing("b", Cause.IP_BLOCKED),  # what the incident is about
        ("acme", "hq", Kind.INVITATION): standing("s", Cause.CONTENT),
        ("acme", "hq", Kind.PASSWORD_RESET): standing("s", Cause.CONTENT),
    }
    todo = view(path(kinds=kinds), seen=seen, incidents=[incident()]).todo
    assert [(each.outcome, each.incident) for each in todo] == [(Outcome.BLOCKED, "i1"), (Outcome.SPAM, "")]


@pytest.mark.parametrize("letter", ["i"])
def test_where_all_is_well_there_is_nothing_to_do(letter) -> None:
    assert view(seen=current_verdicts(acme=letter)).todo == ()


def test_our_own_trouble_is_not_the_company_s() -> None:
    told = incident(nature=Nature.OURS, outcome=Outcome.UNKNOWN, cause=None, scope=Scope.OURSELVES)
    (todo,) = view(incidents=[told]).todo
    assert todo.advice.who == "the operator of Mailpath"
    assert todo.advice.runbook == "cause-ours"


# ---- What was -------------------------------------------------------------------------------------------------------


def test_incidents_of_others_are_not_here_and_those_that_are_over_come_after() -> None:
    over = incident("old", closed_at=NOW, ending=Resolution.RECOVERED)
    left = incident("left", "acme", "birch", touches=("birch",))  # still open, but no longer here
    seen = view(incidents=[over, incident("theirs", "birch"), left, incident("mine")])
    assert [each.id for each in seen.opened] == ["mine"]
    assert [each.id for each in seen.over] == ["old", "left"]


@pytest.mark.parametrize(
    ("asked", "first_day", "drawn"),
    [
        ("", None, "24h"),
        ("", timedelta(hours=8), "24h"),
        ("", timedelta(days=1, hours=8), "24h"),
        ("", timedelta(days=2, hours=8), "7d"),
        ("90d", timedelta(hours=8), "90d"),
        ("<b>", timedelta(days=20), "7d"),
    ],
)
def test_a_week_is_drawn_unless_something_else_is_asked_for_or_the_company_is_new(asked, first_day, drawn) -> None:
    assert stretch_of(asked, NOW - first_day if first_day else None, NOW) == drawn


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_the_page_of_a_company_in_trouble(sample_pages) -> None:
    sample_pages.watch(
        path(), current_verdicts={("acme", "hq", KIND): standing("b", Cause.IP_BLOCKED, because="554 banned")}
    )
    await sample_pages.open(incident())
    page = await sample_pages.get("/companies/acme")
    well_made(page)
    assert "Take 104.130.122.50 off" in page.words or "104.130.122.50" in page.words
    assert {
        "/runbooks/cause-address?incident=i1&company=acme",
        "/incidents/i1",
        "/probes/probeb",
        "/probes?company=acme",
    } <= set(page.links)
    assert {"/api/v1/export/probes.csv?company=acme", "/api/v1/export/probes.jsonl?company=acme"} <= set(page.links)
    for value in (Outcome.BLOCKED, Cause.IP_BLOCKED, incident().severity, incident().scope):
        assert label_of(value).help in page.words, "help that needs no mouse"
    assert "No test in this time range." in page.words


async def test_before_the_first_verdict_the_page_says_what_will_come(sample_pages) -> None:
    sample_pages.watch(path())
    page = await sample_pages.get("/companies/acme")
    well_made(page)
    assert "No verdict yet" in page.words
    assert "No test had a result in this time range." in page.words
    assert "No incidents" in page.words


async def test_a_company_that_is_not_the_caller_s_is_as_one_that_never_was(sample_pages) -> None:
    sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="b"))
    await sample_pages.open(incident("both", "acme", "birch", scope=Scope.EVERYBODY))
    sample_pages.bind(("acme",))
    theirs = (await sample_pages.get("/companies/birch", status=404)).html.replace("birch", "?")
    nobody_s = (await sample_pages.get("/companies/nobody", status=404)).html.replace("nobody", "?")
    made = re.compile(r'data-made="[^"]*"|name="form" value="[^"]*"')
    assert made.sub("", theirs) == made.sub("", nobody_s)
    mine = await sample_pages.get("/companies/acme")
    assert "birch" not in mine.html.lower()


async def test_a_misspelt_company_leads_to_the_one_that_was_meant_if_it_is_theirs(sample_pages) -> None:
    sample_pages.watch(path("acme", company_name="Acme <Steel>"), path("birch"))
    page = await sample_pages.get("/companies/acne", status=404)
    assert "Did you mean Acme <Steel>?" in page.words
    assert "/companies/acme" in page.links
    sample_pages.bind(("acme",))
    assert "Did you mean" not in (await sample_pages.get("/companies/birck", status=404)).words


async def test_other_people_s_text_does_no_harm(sample_pages) -> None:
    sample_pages.watch(
        path(company_name=HOSTILE), current_verdicts={("acme", "hq", KIND): standing("b", because=HOSTILE * 50)}
    )
    await sample_pages.open(incident())
    page = await sample_pages.get("/companies/acme")
    well_made(page)
    assert "[U+202E]gpj.exe" in page.text
    assert "show all" in page.words


@pytest.mark.parametrize(("rights", "may"), [(Rights.VIEWER, False), (Rights.OPERATOR, True), (Rights.ADMIN, True)])
async def test_only_who_may_probe_is_led_to_it(sample_pages, rights, may) -> None:
    sample_pages.watch(path(), current_verdicts=current_verdicts(acme="b"))
    sample_pages.bind(None, rights)
    assert ("/probe-now?where=acme" in (await sample_pages.get("/companies/acme")).links) is may


@pytest.mark.parametrize("name", ["%3Cscript%3E", "..%2f..%2fetc", "a%00b", "x" * 3000])
async def test_nonsense_is_not_there(sample_pages, name) -> None:
    sample_pages.watch(path())
    well_made(await sample_pages.get(f"/companies/{name}", status=404))


def test_a_card_has_the_remedies_of_the_mail_system_filled_in() -> None:
    (todo,) = view(incidents=[incident()]).todo
    assert "<h4>Remove the address from the access table</h4>" in todo.remedies
    assert "104.130.122.50 expected_sender" in todo.remedies
    assert "{ip}" not in todo.remedies
    told = incident(nature=Nature.OURS, outcome=Outcome.UNKNOWN, cause=None, scope=Scope.OURSELVES)
    (ours,) = view(incidents=[told]).todo
    assert ours.remedies == ""


async def test_a_changed_mx_is_shown_and_a_doubt_about_the_configuration_to_those_who_can_change_it(
    sample_pages,
) -> None:
    sample_pages.watch(path())
    since, hosts = NOW - timedelta(days=3), ("eu-smtp-inbound-1.mimecast.com",)
    sample_pages.mx["acme"] = [MxRecord("acme", "acme.example", hosts, since, NOW, before=("<b>.old.example",))]
    page = await sample_pages.get("/companies/acme")
    assert "The MX of acme.example changed at" in page.words
    assert "from <b>.old.example to eu-smtp-inbound-1.mimecast.com." in page.words
    assert "<b>.old" not in page.html
    assert "Configuration: The MX eu-smtp-inbound-1.mimecast.com belongs to Mimecast" in page.words
    sample_pages.bind(frozenset({"acme"}))
    theirs = await sample_pages.get("/companies/acme")
    assert "The MX of acme.example changed at" in theirs.words
    assert "Configuration:" not in theirs.words
    sample_pages.mx["acme"] = [MxRecord("acme", "acme.example", ("mail.acme.example",), since, NOW)]
    assert "The MX" not in (await sample_pages.get("/companies/acme")).words


async def test_a_mail_system_that_the_last_probe_met_and_nobody_configured_is_shown_to_who_can_change_that(
    sample_pages: SamplePages,
) -> None:
    banner = Step(Stage.BANNER, NOW, 0.1, "gw:25", 220, None, "eu-smtp-1.mimecast.com ESMTP <b>")
    sent = probe_of("acme", NOW)
    await sample_pages.store.probes.launch(sent, "maildir:x", Attempt(NOW, 1))
    await sample_pages.store.probes.learn(
        sent.id, (Dialogue(NOW, 1, Handover.ACCEPTED, (banner,)),), None, NOW, closed=True, delivery=None
    )
    known = {Check("acme", "hq", KIND): standing("i", probe_id=sent.id)}
    sample_pages.watch(path(mail_systems=("m365",)), current_verdicts=known)
    page = await sample_pages.get("/companies/acme")
    assert (
        'Configuration: The greeting of the server names Mimecast ("eu-smtp-1.mimecast.com ESMTP <b>"), which is not '
        "configured: if the company's mail goes through it, add mimecast to mail_systems."
    ) in page.words
    assert "ESMTP <b>" not in page.html
    sample_pages.bind(("acme",))
    assert "Configuration:" not in (await sample_pages.get("/companies/acme")).words
    sample_pages.bind(None)
    sample_pages.watch(path(mail_systems=("mimecast", "m365")), current_verdicts=known)
    assert "Configuration:" not in (await sample_pages.get("/companies/acme")).words
