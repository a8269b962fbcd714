"""The page of a probe and the list of probes: pure views by tables, handlers on a real server over a real store."""

import html
import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.incidents.advice import NOTHING_BESIDE, Beside
from monitor.incidents.incident import Incident, Nature, Reason, Scope
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names
from monitor.notices.context import SenderInfo
from monitor.output.text import explanation, plain
from monitor.store import Cursor, ProbeRecord
from monitor.web.pages.advice_card import AdviceCard, card_at_company, card_of_incident, card_of_probe
from monitor.web.pages.probe import asked, cursor_of, written
from monitor.web.pages.probe_view import probe_view, waits_for
from probes.answer import Fault, Stage
from probes.display import timestamp
from probes.evidence import Attempt, Bounce, Dialogue, Evidence, FailedLook, Handover, MailKind, Step
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.notice_samples import failure, incident
from tests.support.pages_app import (
    BLOCKED,
    INBOX,
    START,
    PagesApp,
    accepted,
    arrival,
    but,
    open_pages_app,
    probe_of,
    refused,
    step,
)

SENDER = SenderInfo("account.trimble.com", "104.130.122.50")
SCRIPT = "<script>alert(1)</script>"
OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


def record(*evidence: Evidence, verdict: Verdict | None = None, closed: bool = True) -> ProbeRecord:
    """A probe that was launched at noon."""
    judged = START + timedelta(seconds=3)
    return ProbeRecord(
        probe_of("acme", START),
        "maildir:x",
        (Attempt(START, 1), *evidence),
        verdict,
        judged if verdict else None,
        judged if closed else None,
    )


def deferred(number: int, minute: int = 0) -> Dialogue:
    steps = (step(Stage.RCPT, 1, 450, "try again later"),)
    return Dialogue(START + timedelta(minutes=minute, seconds=1), number, Handover.DEFERRED, steps)


@pytest.mark.parametrize(
    ("evidence", "verdict", "waits"),
    [
        ((), None, "Sending now."),
        ((accepted(),), None, "Accepted; looking for it in the mailbox until 13:00:00 UTC."),
        (
            (deferred(1),),
            None,
            "Deferred: next attempt at 12:10:01 UTC, on the real sender's schedule, until 13:00:00 UTC.",
        ),
        ((deferred(1), Attempt(START + timedelta(minutes=10), 2)), None, "Sending now."),
        (
            (deferred(1, minute=55),),
            None,
            "Deferred; no further attempt before 13:00:00 UTC, when the verdict follows.",
        ),
        ((accepted(),), INBOX, "The verdict can still change until 13:00:00 UTC if more evidence arrives."),
    ],
)
def test_a_probe_on_its_way_says_what_it_waits_for(
    evidence: tuple[Evidence, ...], verdict: Verdict | None, waits: str
) -> None:
    assert waits_for(record(*evidence, verdict=verdict, closed=False), START + timedelta(seconds=5)) == waits


def test_a_probe_that_waits_for_its_turn_is_not_sent_yet() -> None:
    waiting = replace(record(closed=False), evidence=())
    assert waits_for(waiting, START) == "Not sent yet."


@pytest.mark.parametrize(
    ("outcome", "cause", "runbook"),
    [
        (Outcome.BLOCKED, Cause.IP_BLOCKED, "/runbooks/cause-address"),
        (Outcome.SPAM, Cause.UNCLEAR, "/runbooks/cause-content"),
        (Outcome.UNKNOWN, None, "/runbooks/cause-ours"),
        (Outcome.BLOCKED, Cause.NO_SUCH_USER, "/runbooks/cause-recipient"),
        (Outcome.MISSING, Cause.UNCLEAR, "/runbooks/cause-unclear"),
        (Outcome.LATE, Cause.UNCLEAR, "/runbooks/cause-unclear"),
    ],
)
def test_what_to_do_leads_to_the_runbook_of_the_cause(outcome: Outcome, cause: Cause | None, runbook: str) -> None:
    todo = card(Verdict(outcome, cause, Grade.IMPERSONATED, "so it is"))
    assert todo
    assert f"/runbooks/{todo.advice.runbook}" == runbook
    assert "{" not in " ".join((todo.advice.explanation, *todo.advice.steps, todo.advice.do_not, todo.advice.for_users))


def card(verdict: Verdict, incidents: Iterable[Incident] = (), beside: Beside = NOTHING_BESIDE) -> AdviceCard | None:
    return card_of_probe(probe_of("acme", START), verdict, SENDER, ("postfix",), incidents, beside)


PUT_OFF = Verdict(Outcome.DEFERRED, Cause.GREYLISTED, Grade.REAL, "still deferred")


def held(**facts: Any) -> Incident:
    """An open incident that holds what the probe found: the control got the same answer."""
    known: dict[str, Any] = {
        **{"company": "acme", "path": "hq", "kind": probe_of("acme", START).kind, "since": START},
        **{"nature": Nature.THEIR_SYSTEM, "cause": Cause.SERVER_FAULT, "reason": Reason.SAME_ANSWER},
        "outcome": Outcome.DEFERRED,
    }
    return incident(failure(**known | facts), scope=Scope.THEIR_SYSTEM)


def test_what_an_open_incident_knows_of_the_failure_is_what_to_do() -> None:
    """The words sound like greylisting. The control got the same answer: nobody is asked to except the sender."""
    alone, known = card(PUT_OFF), card(PUT_OFF, [held()])
    assert alone
    assert known
    runbooks = (alone.advice.runbook, known.advice.runbook)
    assert runbooks == ("cause-greylisting", "mailpath-their-system")
    assert SENDER.source_ip not in " ".join(known.advice.steps)
    assert card(PUT_OFF, [held(since=START + timedelta(hours=1))]) == alone, "it was before the incident"


def test_all_pages_give_the_same_advice_for_one_failure() -> None:
    about = held()
    assert card(PUT_OFF, [about]) == card_at_company(about, SENDER, "acme", ("postfix",))
    assert card(PUT_OFF, [about]) == card_of_incident(about, SENDER, "postfix")


def test_of_mail_that_is_lost_everywhere_a_probe_says_what_the_incident_says() -> None:
    """The failure by itself is the company's mail system; all of them together are Mailpath's own problem."""
    lost = held(reason=Reason.BOTH_LOST, outcome=Outcome.MISSING, cause=Cause.UNCLEAR)
    ours = replace(lost, nature=Nature.OURS, scope=Scope.OURSELVES, subject="*")
    found = card(Verdict(Outcome.MISSING, Cause.UNCLEAR, Grade.REAL, "not seen"), [ours])
    assert found
    assert found.advice.who == "the operator of Mailpath"
    assert found.advice == card_of_incident(ours, SENDER, "postfix").advice


@pytest.mark.parametrize(
    ("control", "before", "who", "let_in"),
    [
        ("missing", timedelta(minutes=5), "the company's IT team", False),
        ("missing", -timedelta(minutes=5), "the company's IT team", False),  # it was sent because the probe failed
        ("inbox", timedelta(minutes=5), "the company's IT team", True),
        ("missing", timedelta(hours=3), "the company's IT team", True),  # that was another time
    ],
)
def test_without_an_incident_the_control_decides(control: str, before: timedelta, who: str, let_in: bool) -> None:
    """A control that is lost too says nothing against the sender: nobody is asked to let it in."""
    at = START - before
    verdict = Verdict(Outcome(control), None if control == "inbox" else Cause.UNCLEAR, Grade.REAL, "so it is")
    seen = Signal(0, "c", "acme", "hq", probe_of("acme", START).kind, Role.CONTROL, at, at, verdict)
    beside = Beside(((Names("control.example", "198.51.100.7"), seen),), timedelta(minutes=30))
    found = card(Verdict(Outcome.MISSING, Cause.UNCLEAR, Grade.REAL, "not seen"), (), beside)
    assert found
    assert found.advice.who == who
    assert any("Search the log for the queue id" in step for step in found.advice.steps) is let_in
    assert found.advice.runbook == ("cause-unclear" if let_in else "mailpath-their-system")


def test_where_all_is_well_there_is_nothing_to_do() -> None:
    assert card(INBOX) is None


def test_a_step_without_an_answer_says_what_went_wrong() -> None:
    steps = (Step(Stage.CONNECT, START, 30.0, "mx[192.0.2.1]:25", fault=Fault.TIMED_OUT),)
    view = probe_view(record(Dialogue(START, 1, Handover.DEFERRED, steps)), None, SENDER, START)
    (line,) = view.talks[0].lines
    assert (line.stage, line.fault, line.took, line.good) == ("Connect", "timed out", "30.000 s", False)


def test_headers_are_read_as_the_way_that_the_message_went() -> None:
    headers = (
        "Received: from mx.acme.example (mx.acme.example [192.0.2.1]) by box.acme.example with LMTP;"
        " Wed, 25 Nov 2026 12:00:05 +0000\r\n"
        "Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=account.trimble.com; dkim=fail; dmarc=pass\r\n"
        "Received: from account.trimble.com (account.trimble.com [104.130.122.50]) by mx.acme.example with ESMTPS;"
        " Wed, 25 Nov 2026 12:00:01 +0000\r\n"
        "X-Spam-Status: No, score=1.2 required=5.0 tests=DKIM_INVALID\r\nSubject: x\r\n"
    )
    view = probe_view(record(accepted(), arrival(headers), verdict=INBOX), None, SENDER, START)
    assert view.way
    assert [hop.by for hop in view.way.hops] == ["mx.acme.example", "box.acme.example"]
    assert view.way.hops[1].delay == "4.000 s"
    assert (view.way.connecting_ip, view.way.expected) == ("104.130.122.50", True)
    assert {check.name: check.found for check in view.way.checks} == {
        "SPF": "pass",
        "DKIM": "fail",
        "DMARC": "pass",
        "ARC": "",
    }
    assert [check.name for check in view.way.checks if check.found and not check.good] == ["DKIM"]


def test_a_probe_without_a_signature_is_no_fault() -> None:
    headers = "Authentication-Results: mx.acme.example; spf=none; dkim=none; dmarc=fail\r\nSubject: x\r\n"
    view = probe_view(record(accepted(), arrival(headers), verdict=INBOX), None, SENDER, START)
    assert view.way
    assert [check.name for check in view.way.checks if not check.good] == ["DMARC"]


async def test_a_transcript_names_the_server_once_and_shows_the_last_attempt(pages_app: PagesApp) -> None:
    greylisted = "450 4.7.1 Greylisted, try again"
    attempts = [
        Dialogue(START, number, Handover.DEFERRED, (step(Stage.CONNECT, 0, 0, ""), step(stage, 0, 450, greylisted)))
        for number, stage in ((1, Stage.MAIL), (2, Stage.RCPT))
    ]
    probe = await pages_app.probe(*attempts, verdict=BLOCKED)
    text = (await (await pages_app.viewer()).get(f"/probes/{probe}")).text
    dialogue = text[text.index('data-part="dialogue"') : text.index('id="hearing"')]
    assert dialogue.count("mx.acme.example[192.0.2.1]:25") == 2
    assert re.findall(r'<details class="attempt" data-key="attempt (\d)"( open)?>', dialogue) == [
        ("1", ""),
        ("2", " open"),
    ]
    assert dialogue.count(greylisted) == 4  # in each summary and each transcript
    assert "retried" not in dialogue  # the second was the last


async def test_a_transcript_shows_attempts_that_went_alike_once(pages_app: PagesApp) -> None:
    attempts = [
        Dialogue(START, number, Handover.DEFERRED, (step(Stage.RCPT, 0, 450, f"Greylisted for {300 - number} s"),))
        for number in (1, 2, 3)
    ]
    probe = await pages_app.probe(*attempts, verdict=BLOCKED)
    text = (await (await pages_app.viewer()).get(f"/probes/{probe}")).text
    dialogue = text[text.index('data-part="dialogue"') : text.index('id="hearing"')]
    assert "<strong>Attempts 1 to 3</strong>, all alike: this is the last one." in dialogue
    assert "Greylisted for 297 s" in dialogue
    assert "Greylisted for 299 s" not in dialogue


def test_a_probe_whose_evidence_is_deleted_has_no_stations() -> None:
    """All that is left of it is the first attempt, which is no proof that it reached nobody."""
    whole = record(Attempt(START, 1), accepted(), arrival(""), verdict=INBOX)
    assert len(probe_view(whole, None, SENDER, START).stations) == 5
    assert probe_view(replace(whole, evidence_deleted_at=START), None, SENDER, START).stations == ()


def test_the_summary_has_no_control_characters_of_others() -> None:
    hostile = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "could not look: \x1b[2J\u202enope")
    told = [plain(line) for line in explanation(record(FailedLook(START, "\x1b]0;taken\x07\r\nok"), verdict=hostile))]
    assert all(line.isprintable() for line in told)
    assert any("\\u001b]0;taken" in line for line in told)
    assert any("\\u001b[2J\\u202enope" in line for line in told)


async def test_a_transcript_of_several_servers_names_each(pages_app: PagesApp) -> None:
    steps = (step(Stage.CONNECT, 0, 0, "", host="mx1:25"), step(Stage.CONNECT, 1, 0, "", host="mx2:25"))
    probe = await pages_app.probe(Dialogue(START, 1, Handover.DEFERRED, steps), verdict=BLOCKED)
    text = (await (await pages_app.viewer()).get(f"/probes/{probe}")).text
    assert '<th scope="col">Server</th>' in text
    assert "mx1:25" in text
    assert "mx2:25" in text


@pytest.mark.parametrize("text", ["", "x", "20261125T120000.000000Z", "99999999T999999.0Z-abc", "-", "a-b", "\0-\0"])
def test_a_place_in_the_list_that_nobody_wrote_is_its_beginning(text: str) -> None:
    assert cursor_of(text) is None


def test_a_place_in_the_list_is_read_as_it_was_written() -> None:
    place = Cursor(datetime(2026, 11, 25, 12, 0, 1, 234567, tzinfo=UTC), "abcdefgh22222222")
    assert cursor_of(written(place)) == place


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"kind": "letter"}, "kind"),
        ({"outcome": "lost"}, "outcome"),
        ({"as": "me"}, "as"),
        ({"since": "yesterday"}, "since"),
        ({"until": "9999-99-99"}, "until"),
        ({"path": "hq"}, "path"),
    ],
)
def test_what_cannot_be_read_asks_for_nothing_and_is_told(query: dict[str, str], wrong: str) -> None:
    said, wanted = asked(query, ("acme",))
    assert list(said.wrong) == [wrong]
    assert (wanted.kind, wanted.outcome, wanted.role, wanted.since, wanted.path) == (None, None, None, None, "")
    assert wanted.companies == ("acme",)


async def test_the_page_begins_with_the_verdict_and_why(pages_app: PagesApp) -> None:
    probe = await pages_app.probe(*refused("Client host rejected"), verdict=BLOCKED)
    answer = await (await pages_app.viewer()).get(f"/probes/{probe}")
    assert answer.status == 200, answer.text
    assert answer.text.index("rejected at RCPT TO by mx.acme.example") < answer.text.index("SMTP transcript")


async def test_the_page_says_word_for_word_what_explain_says(pages_app: PagesApp) -> None:
    probe = await pages_app.probe(*refused("Client <host> rejected"), verdict=BLOCKED)
    stored = await pages_app.store.probes.record(probe)
    assert stored
    page = (await (await pages_app.viewer()).get(f"/probes/{probe}")).text
    told = "\n".join(plain(line) for line in explanation(stored))
    assert told in html.unescape(page)


MISSING = Verdict(Outcome.MISSING, Cause.UNCLEAR, Grade.REAL, "not seen")


async def test_the_page_says_when_and_why_evidence_was_deleted(pages_app: PagesApp) -> None:
    probe, *_ = [
        await pages_app.probe(accepted(), arrival("Subject: code\r\n"), verdict=INBOX, after=timedelta(minutes=minute))
        for minute in (15, 0, 30)
    ]
    later = START + timedelta(days=3)
    assert await pages_app.backend.store.prune_routine(later, START, later) == 1
    browser = await pages_app.viewer()
    shown = (await browser.get(f"/probes/{probe}")).text
    assert "The SMTP transcript and the headers were deleted on" in shown
    assert "this mail reached the inbox at once, and so did the one before it" in shown
    assert "Sending now" not in shown, "the first attempt is all that is left"
    assert "<dt>Delivered in</dt><dd>" in shown
    told = json.loads((await browser.get(f"/api/v1/probes/{probe}")).text)
    assert told["evidence_deleted_at"] == timestamp(later)
    assert told["delivery_seconds"] is not None


async def test_the_page_asks_what_the_control_got(pages_app: PagesApp) -> None:
    """It was lost too, so nothing is said against the sender, though no incident is open yet."""
    probe = await pages_app.probe(accepted(), verdict=MISSING)
    browser = await pages_app.viewer()
    alone = (await browser.get(f"/probes/{probe}")).text
    await pages_app.probe(accepted(), verdict=MISSING, role=Role.CONTROL, after=timedelta(minutes=1))
    beside = (await browser.get(f"/probes/{probe}")).text
    assert "Search the log for the queue id" in alone
    assert "Search the log for the queue id" not in beside
    assert "/runbooks/mailpath-their-system" in beside
    for label in ("Who acts", "How to fix", "Caution", "How to verify"):
        assert f"<dt>{label}" in beside


async def test_the_page_tells_a_bounce(pages_app: PagesApp) -> None:
    bounce = Bounce(
        START,
        MailKind.BOUNCE,
        "probe@acme.example",
        "failed",
        "5.1.1",
        "No such user",
        Cause.NO_SUCH_USER,
        True,
        "mta.x",
    )
    probe = await pages_app.probe(accepted(), bounce, verdict=BLOCKED)
    page = (await (await pages_app.viewer()).get(f"/probes/{probe}")).text
    assert "Bounces and reports" in page
    assert "No such user" in page


HOSTILE = [
    f"554 5.7.1 {SCRIPT} rejected",
    f"554 {OVERRIDE}gnihton si siht",
    "554 \x1b[31mred\x07 \x00 \x9b",
    "554 <img src=x onerror=alert(1)>\"'`{{ 7 * 7 }}",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_others_wrote_is_only_text(pages_app: PagesApp, text: str) -> None:
    verdict = Verdict(Outcome.BLOCKED, Cause.POLICY, Grade.IMPERSONATED, f"rejected at RCPT TO by mx: {text}")
    headers = f"Received: from {text} by {text}\r\nSubject: {text}\r\nX-Spam-Status: Yes, score=9 tests={text}\r\n"
    bounce = Bounce(START, MailKind.BOUNCE, text, text, "5.1.1", text, Cause.UNCLEAR, True, text, text)
    probe = await pages_app.probe(*refused(text), arrival(headers, folder=text), bounce, verdict=verdict)
    viewer = await pages_app.viewer()
    for path in (f"/probes/{probe}", "/probes"):
        page = (await viewer.get(path)).text
        assert SCRIPT not in page
        assert "<img src=x" not in page
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)
    if OVERRIDE in text:
        assert "[U+202E]" in page


async def test_a_header_of_a_megabyte_is_cut_and_says_so(pages_app: PagesApp) -> None:
    probe = await pages_app.probe(accepted(), arrival("X-Long: " + "a" * 1_000_000), verdict=INBOX)
    answer = await (await pages_app.viewer()).get(f"/probes/{probe}")
    assert answer.status == 200
    assert "more characters" in answer.text
    assert len(answer.text) < 600_000


async def test_nothing_on_the_page_is_style_or_script_in_line(pages_app: PagesApp) -> None:
    probe = await pages_app.probe(*refused("no"), arrival("Subject: x\r\n"), verdict=BLOCKED, closed=False)
    operator = await pages_app.operator()
    for path in (f"/probes/{probe}", "/probes", "/probe-now", "/incidents", "/mutes"):
        page = (await operator.get(path)).text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page), path


async def test_a_probe_on_its_way_can_be_reloaded_and_is_live(pages_app: PagesApp) -> None:
    on_its_way = await pages_app.probe(accepted(), closed=False)
    over = await pages_app.probe(accepted(), arrival("Subject: x\r\n"), verdict=INBOX)
    viewer = await pages_app.viewer()
    page = (await viewer.get(f"/probes/{on_its_way}")).text
    assert "data-on-its-way" in page
    assert f'href="/probes/{on_its_way}">Reload' in page
    assert "data-on-its-way" not in (await viewer.get(f"/probes/{over}")).text


async def test_each_probe_leads_to_those_beside_it_of_the_same_line(pages_app: PagesApp) -> None:
    hours = [0, 1, 5, 30]
    line = [await pages_app.probe(accepted(), verdict=INBOX, after=timedelta(hours=hour)) for hour in hours]
    await pages_app.probe(accepted(), verdict=INBOX, after=timedelta(hours=2), kind=Kind.INVITATION)
    await pages_app.probe(accepted(), verdict=INBOX, after=timedelta(hours=2), path="cloud")
    viewer = await pages_app.viewer()
    for place, probe in enumerate(line):
        page = (await viewer.get(f"/probes/{probe}")).text
        before = re.search('rel="prev" href="/probes/([^"]+)"', page)
        after = re.search('rel="next" href="/probes/([^"]+)"', page)
        assert (before and before[1]) == (line[place - 1] if place else None)
        assert (after and after[1]) == (line[place + 1] if place + 1 < len(line) else None)


async def test_the_mail_systems_that_a_probe_met_are_shown_as_text(pages_app: PagesApp) -> None:
    greeting = step(Stage.BANNER, 0, 220, f"eu-smtp-1.mimecast.com ESMTP {SCRIPT}")
    probe = await pages_app.probe(Dialogue(START, 1, Handover.ACCEPTED, (greeting,)), verdict=INBOX)
    admin, bound = await pages_app.admin(), await pages_app.viewer("acme")
    text = (await admin.get(f"/probes/{probe}")).text
    said = "the greeting of the server names Mimecast (&#34;eu-smtp-1.mimecast.com ESMTP &lt;script"
    assert said in text
    assert SCRIPT not in text
    assert "add mimecast to mail_systems" in text
    assert said in (await bound.get(f"/probes/{probe}")).text
    assert "add mimecast to mail_systems" not in (await bound.get(f"/probes/{probe}")).text
    facts = json.loads((await admin.get(f"/api/v1/probes/{probe}")).text)
    assert [(sign["mail_system"], sign["sign"]) for sign in facts["mail_systems_seen"]] == [("mimecast", "greeting")]


async def test_a_probe_of_another_company_is_as_one_that_never_was(pages_app: PagesApp) -> None:
    theirs = await pages_app.probe(accepted(), verdict=INBOX, company="bolt")
    viewer = await pages_app.viewer("acme")
    foreign, never = await viewer.get(f"/probes/{theirs}"), await viewer.get("/probes/aaaaaaaaaaaaaaaa")
    assert (foreign.status, never.status) == (404, 404)
    assert but(foreign.text, theirs) == but(never.text, "aaaaaaaaaaaaaaaa")


async def test_the_list_holds_nothing_of_another_company(pages_app: PagesApp) -> None:
    ours, theirs = await pages_app.probe(accepted(), verdict=INBOX), await pages_app.probe(accepted(), company="bolt")
    viewer = await pages_app.viewer("acme")
    for query in ("", "?company=bolt", "?outcome=inbox", "?company=acme"):
        page = (await viewer.get(f"/probes{query}")).text
        assert theirs not in page
        assert "Bolt" not in page
    assert ours in page


async def test_pages_of_the_list_lose_and_repeat_nothing(pages_app: PagesApp) -> None:
    made = [await pages_app.probe(accepted(), after=timedelta(seconds=number)) for number in range(120)]
    viewer, path, seen = await pages_app.viewer(), "/probes?company=acme", []
    while path:
        page = (await viewer.get(path)).text
        seen += re.findall('href="/probes/([a-z2-7]{16})"', page)
        older = re.search('rel="next" href="([^"]+)">Older', page)
        path = html.unescape(older[1]) if older else ""
    assert seen == made[::-1]


@pytest.mark.parametrize("asked", ["acme", "ACME", "Acme%20Steel", "acme%20steel"])
async def test_the_list_is_asked_for_a_company_by_key_or_name(asked: str, pages_app: PagesApp) -> None:
    made, theirs = await pages_app.probe(accepted()), await pages_app.probe(accepted(), company="bolt")
    page = (await (await pages_app.viewer()).get(f"/probes?company={asked}&path=HQ")).text
    assert (made in page, theirs in page) == (True, False)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("company=Acmee", "No company &#39;Acmee&#39;. Did you mean Acme Steel (acme)?"),
        ("company=acme&path=hqq", "No path at acme called &#39;hqq&#39;. Did you mean hq?"),
    ],
)
async def test_a_misspelt_name_is_no_empty_list(asked: str, said: str, pages_app: PagesApp) -> None:
    await pages_app.probe(accepted())
    page = (await (await pages_app.viewer()).get(f"/probes?{asked}")).text
    assert said in page
    assert "No matching probes" not in page


async def test_probes_of_a_company_that_left_the_configuration_are_found_by_its_key(pages_app: PagesApp) -> None:
    made = await pages_app.probe(accepted(), company="gone")
    page = (await (await pages_app.viewer()).get("/probes?company=gone")).text
    assert made in page
    assert "No company" not in page


async def test_an_empty_list_says_what_to_do_next(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    assert "send one now" in (await operator.get("/probes")).text
    assert "Clear filters" in (await operator.get("/probes?kind=invitation")).text
