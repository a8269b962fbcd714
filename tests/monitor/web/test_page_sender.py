"""Sender: the profile, how it fares by mail system, and what receivers say of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import Config
from monitor.store import ProbeRecord
from monitor.web.pages.sender import sender_view
from monitor.web.sender_facts import HeaderResults, header_results_of, newest_arrivals
from probes.check import Check
from probes.evidence import Arrival, Attempt, Folder, Marker
from probes.kinds import Kind
from probes.probe import Probe
from probes.reading.report_summary import MailSource
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.page_samples import (
    HOSTILE,
    KIND,
    NOW,
    SamplePages,
    current_verdicts,
    open_sample_pages,
    path,
    standing,
    well_made,
)
from tests.support.report_samples import report, row

HEADERS = (
    "Return-Path: <bounce@account.trimble.com>\n"
    "Authentication-Results: mx.acme.test; spf=pass smtp.mailfrom=account.trimble.com;\n"
    " dkim=fail header.d=account.trimble.com; dmarc=pass header.from=account.trimble.com\n"
    "Received: from account.trimble.com (m [104.130.122.50]) by mx.acme.test (Postfix) with ESMTP id 1;\n"
    " Mon, 23 Nov 2026 08:00:00 +0000\n"
    "From: no-reply@account.trimble.com\n"
)


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(
        tmp_path, control={"address": "postmaster@control.example", "source_ip": "198.51.100.7"}
    ) as sample_pages:
        yield sample_pages


def record(headers: str = HEADERS, *, company: str = "acme", arrived: bool = True) -> ProbeRecord:
    probe = Probe(
        *("a" * 16, company, "hq", KIND, Role.SENDER, "xclient", f"probe@{company}.test", "104.130.122.50"),
        *(NOW, NOW + timedelta(minutes=10), NOW + timedelta(hours=1), ()),
    )
    came = Arrival(NOW, NOW, Folder.INBOX, "INBOX", headers, (Marker.HEADER,))
    verdict = Verdict(Outcome.INBOX, None, Grade.IMPERSONATED, "arrived")
    return ProbeRecord(probe, "box", (came,) if arrived else (), verdict, NOW, NOW)


def said(company: str = "acme", spf: str = "pass", dkim: str = "", dmarc: str = "fail") -> HeaderResults:
    found = ("104.130.122.50", spf, dkim, dmarc, "")
    return HeaderResults(company, company.title(), "hq", "postfix", Grade.REAL, "p", NOW, *found)


def test_outcomes_are_counted_by_mail_system_and_never_across_grades() -> None:
    paths = [path("acme"), path("birch"), path("cork", mail_systems=("m365",))]
    seen = current_verdicts(acme="i", birch="b", cork="i") | {
        Check("birch", "hq", KIND): standing("b", grade=Grade.UNPROVEN)
    }
    systems = sender_view(Config(), paths, seen, ()).systems
    assert [(row.system, row.grade, row.companies, row.outcomes) for row in systems] == [
        ("Microsoft 365", Grade.REAL, 1, ((Outcome.INBOX, 1),)),
        ("Postfix", Grade.REAL, 1, ((Outcome.INBOX, 1),)),
        ("Postfix", Grade.UNPROVEN, 1, ((Outcome.BLOCKED, 1),)),
    ]


def test_causes_tell_whom_they_concern_and_where_to_read_on() -> None:
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    seen = {
        Check("acme", "hq", Kind.VERIFICATION): standing("b", Cause.NO_SUCH_USER),
        Check("birch", "hq", Kind.VERIFICATION): standing("s", Cause.CONTENT),
        Check("birch", "hq", Kind.INVITATION): standing("s", Cause.CONTENT),
    }
    causes = sender_view(Config(), [path("acme"), path("birch", kinds=kinds)], seen, ()).causes
    assert [(row.cause, row.concerns, row.number, row.companies, row.runbook) for row in causes] == [
        (Cause.CONTENT, "Sender", 2, 1, "cause-content"),
        (Cause.NO_SUCH_USER, "Recipient", 1, 1, "cause-recipient"),
    ]


def test_the_receiver_s_own_headers_are_read() -> None:
    told = header_results_of(record(), path())
    assert told is not None
    assert (told.spf, told.dkim, told.dmarc) == ("pass", "fail", "pass")
    assert told.connecting_ip == "104.130.122.50"


@pytest.mark.parametrize("headers", ["", "\x00" * 100, "Received: " + "x" * 60_000, HOSTILE])
def test_headers_that_tell_nothing_tell_nothing(headers) -> None:
    told = header_results_of(record(headers), path())
    assert told is not None
    assert (told.spf, told.dkim, told.dmarc, told.arc) == ("", "", "", "")


def test_what_did_not_arrive_says_nothing() -> None:
    assert header_results_of(record(arrived=False), path()) is None


def test_of_each_path_the_newest_arrival_is_read_and_of_no_more_than_a_few() -> None:
    came = timedelta(seconds=1)
    seen = {
        Check("acme", "hq", Kind.VERIFICATION): standing("i", ago=100, delivery=came, probe_id="old"),
        Check("acme", "hq", Kind.INVITATION): standing("i", ago=10, delivery=came, probe_id="new"),
        Check("acme", "branch", KIND): standing("i", ago=70, delivery=came, probe_id="branch"),
        Check("birch", "hq", KIND): standing("b", ago=1, probe_id="refused"),
        Check("cork", "hq", KIND): standing("i", ago=50, delivery=came, probe_id="cork"),
    }
    assert newest_arrivals(seen) == ["new", "cork", "branch"]
    assert newest_arrivals(seen, 1) == ["new"]


def test_results_are_counted_and_silence_is_one_of_them() -> None:
    view = sender_view(Config(), [path()], {}, [said("acme"), said("birch", "pass", "pass", "")])
    assert dict(view.totals) == {"spf": (("pass", 2),), "dkim": (("", 1), ("pass", 1)), "dmarc": (("fail", 1), ("", 1))}


# ---- The page -------------------------------------------------------------------------------------------------------


async def test_the_page_says_who_is_watched(sample_pages) -> None:
    sample_pages.watch(path(), current_verdicts={Check("acme", "hq", KIND): standing("b", Cause.IP_BLOCKED)})
    page = await sample_pages.get("/sender")
    well_made(page)
    for fact in (
        "no-reply@account.trimble.com",
        "104.130.122.50",
        "postmaster@control.example",
    ):
        assert fact in page.words
    assert "/runbooks/cause-address" in page.links
    assert "No mail of the current probes was delivered" in page.words


async def test_the_headers_of_stored_arrivals_are_read(sample_pages) -> None:
    stored = record()
    await sample_pages.store.probes.launch(stored.probe, "box", Attempt(NOW, 1))
    await sample_pages.store.probes.add(stored.probe.id, *stored.evidence)
    seen = standing("i", delivery=timedelta(seconds=1), probe_id=stored.probe.id)
    sample_pages.watch(path(), current_verdicts={Check("acme", "hq", KIND): seen})
    page = await sample_pages.get("/sender")
    well_made(page)
    assert "SPF 1 × pass DKIM 1 × fail DMARC 1 × pass" in page.words
    assert f"/probes/{stored.probe.id}" in page.links


async def test_nothing_of_another_company_is_on_the_page(sample_pages) -> None:
    stored = record(company="birch")
    await sample_pages.store.probes.launch(stored.probe, "box", Attempt(NOW, 1))
    await sample_pages.store.probes.add(stored.probe.id, *stored.evidence)
    theirs = standing("i", delivery=timedelta(seconds=1), probe_id=stored.probe.id)
    sample_pages.watch(
        path("acme"),
        path("birch", mail_systems=("m365",)),
        current_verdicts=current_verdicts(acme="b") | {Check("birch", "hq", KIND): theirs},
    )
    sample_pages.bind(("acme",))
    page = await sample_pages.get("/sender")
    assert "birch" not in page.html.lower()
    assert "Microsoft 365" not in page.html.partition('data-part="fares"')[2]


async def test_before_the_first_verdict_it_says_what_will_come(sample_pages) -> None:
    page = await sample_pages.get("/sender")
    well_made(page)
    assert "No verdict yet" in page.words


async def test_the_page_says_what_receivers_report(sample_pages: SamplePages) -> None:
    store = sample_pages.store
    rows = row(95), row(5, MailSource.OTHERS, passed=False, domain="<b>x</b>\u202e")
    await store.reports.add(report(*rows, reporter="<i>evil</i>", day=NOW.replace(hour=0)), NOW)
    page = await sample_pages.get("/sender")
    well_made(page)
    places = [page.html.index(f'id="{part}"') for part in ("standing", "reports", "elsewhere")]
    assert places == sorted(places), "beside what is published, not at the end"
    assert "Messages of the source IP that passed DMARC: 95 of 95 messages on 1 day with reports" in page.html
    assert "<title>23 Nov: 95 of 95 messages passed</title>" in page.html
    for words in ("95 of 95 messages passed DMARC", "2026-11-23 95 0", "192.0.2.2 <b>x</b>", "0 5", "<i>evil</i>"):
        assert words in page.words
    assert "\u202e" not in page.words
    assert "no address" in page.words, "and why no more come in"
    sample_pages.bind(("acme",))
    page = await sample_pages.get("/sender")
    assert "What receivers report" not in page.words, "which is about the mail of all companies"


async def test_the_page_says_why_there_are_no_reports(sample_pages: SamplePages) -> None:
    page = await sample_pages.get("/sender")
    well_made(page)
    assert "inbound.reports names no address that receivers could send them to. How to receive reports" in page.words
    assert ".md" not in page.words, "whoever reads a page has no files"
