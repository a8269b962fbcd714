"""What one caller may see: incidents that touch others too, mutes that are wider, and what is not theirs."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.events import Event
from monitor.incidents.incident import Incident, Nature, Resolution, Scope, Severity, StandingFinding, StandingRule
from monitor.notices.notice import Notice, NoticeKind
from monitor.people.caller import Caller, NotThereError
from monitor.people.person import AuditEntry, Rights
from monitor.store import ProbeFilter
from monitor.web.caller_view import HIDDEN_MUTES, WIDER, CallerView
from probes.evidence import Look
from probes.verdict import Cause
from tests.monitor.incidents.test_mutes import a_mute
from tests.support.pages_app import BLOCKED, INBOX, START, PagesApp, incident, open_pages_app, opened, probe_of

ALL = None


def real_mail_refused(company: str) -> StandingFinding:
    facts = (StandingRule.REAL_MAIL_REFUSED, Severity.TICKET, Scope.COMPANY, Cause.POLICY, START, company)
    return StandingFinding(*facts, company=company, reply=f"550 {company} says no")


ACME = ("acme",)
BOTH = ("acme", "bolt")


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


def sight_of(pages_app: PagesApp, companies: tuple[str, ...] | None) -> CallerView:
    return CallerView(pages_app.backend, Caller("eve", Rights.VIEWER, companies, "session"))


# ---- Incidents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("companies", "touched", "seen"),
    [
        (ALL, BOTH, BOTH),
        (BOTH, BOTH, BOTH),
        (ACME, ACME, ACME),
        (ACME, BOTH, ACME),
        (ACME, ("bolt",), None),
        ((), ACME, None),
    ],
)
async def test_an_incident_is_seen_as_far_as_it_is_theirs(
    pages_app: PagesApp, companies: Any, touched: Any, seen: Any
) -> None:
    own = sight_of(pages_app, companies).own(incident("w", *touched))
    assert (own and own.companies) == seen


@pytest.mark.parametrize(("companies", "seen"), [(ALL, True), (ACME, False), ((), False)])
async def test_one_that_names_no_company_is_for_those_who_see_all(
    pages_app: PagesApp, companies: Any, seen: bool
) -> None:
    about_the_sender = replace(incident("w", *ACME), companies=(), touches=(), failures=(), nature=Nature.STANDING)
    assert (sight_of(pages_app, companies).own(about_the_sender) is not None) is seen


async def test_of_a_wide_one_nothing_is_told_that_others_have(pages_app: PagesApp) -> None:
    wide = incident("w", "bolt", "acme", muted_by=("m1",), failing=900, merged_into="x")
    own = sight_of(pages_app, ACME).own(wide)
    assert own
    assert (own.companies, own.touches, own.failing) == (ACME, ACME, 1)
    assert {failure.company for failure in own.failures} == {"acme"}
    assert (own.muted_by, own.merged_into, own.told) == (HIDDEN_MUTES, "", {})


async def test_what_servers_of_others_said_to_real_mail_is_not_told(pages_app: PagesApp) -> None:
    found = [real_mail_refused(company) for company in BOTH]
    own = sight_of(pages_app, ACME).own(replace(incident("w", *BOTH), standing=tuple(found)))
    assert own
    assert own.standing == (real_mail_refused("acme"),)


async def test_one_that_narrowed_to_others_does_not_name_them(pages_app: PagesApp) -> None:
    narrowed = incident("w", *BOTH, company="bolt", mail_system="m365", touches=("bolt",))
    own = sight_of(pages_app, ACME).own(narrowed)
    assert own
    assert (own.company, own.mail_system, own.touches) == ("", "", ())


async def test_the_mail_system_that_theirs_runs_is_told(pages_app: PagesApp) -> None:
    own = sight_of(pages_app, ACME).own(incident("w", *BOTH, mail_system="postfix"))
    assert own
    assert own.mail_system == "postfix"


async def test_what_is_all_theirs_is_the_very_same(pages_app: PagesApp) -> None:
    mine = incident("a", "acme")
    assert sight_of(pages_app, ACME).own(mine) is mine


async def test_of_one_that_is_over_nothing_fails(pages_app: PagesApp) -> None:
    over = incident("w", *BOTH, touches=(), failing=0, closed_at=START, ending=Resolution.RECOVERED)
    own = sight_of(pages_app, ACME).own(over)
    assert own
    assert own.failing == 0


async def _kept(pages_app: PagesApp, *incidents: Incident) -> None:
    notices = [
        Notice(f"{each.id}{number}", each.id, "hook", number, news, START, "title", "Everybody, 7 companies", {}, {})
        for each in incidents
        for number, news in ((1, NoticeKind.OPENED), (2, NoticeKind.MERGED))
    ]
    await pages_app.store.incidents.advance(0, incidents, [opened(each.id) for each in incidents], notices)


async def test_history_and_notices_are_told_where_it_is_all_theirs(pages_app: PagesApp) -> None:
    await _kept(pages_app, incident("a1", "acme"), incident("w1", *BOTH))
    view = sight_of(pages_app, ACME)
    mine, wide = await view.incident("a1"), await view.incident("w1")
    assert (len(mine.entries), len(mine.notices)) == (1, 2)
    assert (wide.entries, wide.notices) == ((), ())
    assert len((await sight_of(pages_app, ALL).incident("w1")).notices) == 2


async def test_how_wide_the_one_is_that_took_theirs_in_is_not_told(pages_app: PagesApp) -> None:
    await _kept(pages_app, incident("a1", "acme"))
    texts = [record.notice.text for record in (await sight_of(pages_app, ACME).incident("a1")).notices]
    assert texts[0] == "Everybody, 7 companies"
    assert "companies" not in texts[1]
    assert [each.notice.text for each in (await sight_of(pages_app, ALL).incident("a1")).notices] == [texts[0]] * 2


@pytest.mark.parametrize("name", ["b1", "b", "", "a", "nothing", "a1%", "\0"])
async def test_what_is_not_theirs_or_not_there_is_not_there(pages_app: PagesApp, name: str) -> None:
    await _kept(pages_app, incident("a1", "acme"), incident("b1", "bolt"))
    with pytest.raises(NotThereError, match=f"^incident {name}$"):
        await sight_of(pages_app, ACME).incident(name)


# ---- Mutes, paths, probes, the audit log -----------------------------------------------------------------------------


async def test_mutes_are_seen_that_concern_what_is_theirs(pages_app: PagesApp) -> None:
    mutes: dict[str, dict[str, Any]] = {
        "own": {"company": "acme"},
        "others": {"company": "bolt"},
        "system": {"company": "", "mail_system": "postfix"},
        "another": {"company": "", "mail_system": "m365"},
        "cause": {"company": "", "cause": Cause.IP_BLOCKED},
    }
    for name, facts in mutes.items():
        await pages_app.store.incidents.add_mute(replace(a_mute(), id=name, why=f"why {name}", **facts))
    seen = {each.id: each.why for each in await sight_of(pages_app, ACME).mutes()}
    assert seen == {"own": "why own", "system": WIDER, "cause": WIDER}
    assert {each.why for each in await sight_of(pages_app, ALL).mutes()} == {
        f"why {name}" for name in ("own", "others", "system", "another", "cause")
    }


@pytest.mark.parametrize("company", ["bolt", "nobody", "acm"])
async def test_a_company_that_is_not_theirs_has_no_paths(pages_app: PagesApp, company: str) -> None:
    view = sight_of(pages_app, ACME)
    with pytest.raises(NotThereError, match=f"^company {company}$"):
        view.paths(company)
    with pytest.raises(NotThereError, match=f"^path {company}/hq$"):
        view.path(company, "hq")
    with pytest.raises(NotThereError, match=f"^company {company}$"):
        await view.history(company, START)
    assert {path.company for path in view.paths()} == {"acme"}


async def test_probes_are_listed_that_are_theirs_whatever_is_asked_for(pages_app: PagesApp) -> None:
    mine = await pages_app.probe(verdict=INBOX)
    other = await pages_app.probe(verdict=BLOCKED, company="bolt")
    view = sight_of(pages_app, ACME)
    for companies in (None, BOTH, ("bolt",)):
        page = await view.probes(ProbeFilter(companies), None, 10)
        assert [row.probe_id for row in page.probes] == [mine]
    assert (await view.probes(ProbeFilter(None, "bolt"), None, 10)).probes == ()
    with pytest.raises(NotThereError, match=f"^probe {other}$"):
        await view.record(other)


async def test_whoever_is_bound_to_none_that_is_there_sees_nothing(pages_app: PagesApp) -> None:
    await pages_app.probe(verdict=INBOX)
    view = sight_of(pages_app, ())
    assert (view.paths(), view.open_incidents(), await view.mutes()) == ([], [], [])
    assert (await view.probes(ProbeFilter(None), None, 10)).probes == ()


async def test_the_neighbours_of_a_probe_are_of_its_own_line(pages_app: PagesApp) -> None:
    ids = [await pages_app.probe(after=timedelta(minutes=number)) for number in range(3)]
    await pages_app.probe(after=timedelta(seconds=90), path="cloud")
    await pages_app.probe(after=timedelta(seconds=90), company="bolt")
    record = await sight_of(pages_app, ACME).record(ids[1])
    assert await sight_of(pages_app, ACME).neighbours(record.probe) == (ids[0], ids[2])


async def test_of_the_audit_log_they_see_what_was_done_to_theirs(pages_app: PagesApp) -> None:
    for number in range(60):
        company = ("bolt", "", "acme")[number % 3]
        await pages_app.store.people.note(AuditEntry(START, "olga", "session", "probe sent", f"{number}", company))
    view, seen, before = sight_of(pages_app, ACME), [], ""
    while True:
        part, before = await view.audit_entries(before, 7)
        seen += [int(entry.about) for _, entry in part]
        assert len(part) <= 7
        if not before:
            break
    assert seen == [number for number in reversed(range(60)) if number % 3 == 2]


async def test_events_are_wanted_that_are_theirs(pages_app: PagesApp) -> None:
    view = sight_of(pages_app, ACME)
    told = [Event(probe_of(company, START), Look(START, ())) for company in BOTH]
    assert [view.wants(each) for each in told] == [True, False]
