"""The stations of a probe, what differs from the last good one, and attempts that went alike: by tables."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store import ProbeRecord
from monitor.web.pages.probe_stations import Station, compared, stations_of
from monitor.web.pages.probe_view import folded, talks
from probes.answer import Fault, Stage
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Folder, Handover, Interrupted
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pages_app import (
    BLOCKED,
    INBOX,
    START,
    PagesApp,
    accepted,
    arrival,
    open_pages_app,
    probe_of,
    refused,
    step,
)

PROBE = probe_of("acme", START)
RELAYED = replace(PROBE, via="relay")
FIRST = Attempt(START, 1)
REFUSED = refused("Client host rejected")


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(outcome, Cause.UNCLEAR, Grade.IMPERSONATED, "because")


def junk() -> Arrival:
    return replace(arrival(""), folder=Folder.JUNK, folder_name="Junk")


def deferred(number: int, after: float, text: str, stage: Stage = Stage.RCPT) -> Dialogue:
    steps = (step(Stage.CONNECT, after, 0), step(Stage.BANNER, after, 220), step(stage, after, 450, text))
    return Dialogue(START + timedelta(seconds=after), number, Handover.DEFERRED, steps)


def no_connection() -> Dialogue:
    failed = replace(step(Stage.CONNECT, 1, 0), code=None, fault=Fault.TIMED_OUT)
    return Dialogue(START + timedelta(seconds=1), 1, Handover.DEFERRED, (failed,))


def spelled(stations: tuple[Station, ...]) -> str:
    """A sign for each station: passed, stopped, waiting, not known, not reached."""
    signs = {"passed": "+", "stopped": "x", "waiting": ".", "not_known": "?", "not_reached": "-"}
    return "".join(signs[station.state] for station in stations)


@pytest.mark.parametrize(
    ("evidence", "outcome", "score", "said"),
    [
        ((accepted(), arrival("")), Outcome.INBOX, "+++++", ""),
        ((accepted(), arrival("", after=900)), Outcome.LATE, "++++x", "arrived after the code had expired"),
        ((accepted(), junk()), Outcome.SPAM, "+++x-", "moved to the spam folder"),
        ((accepted(),), Outcome.QUARANTINED, "+++x-", "held in quarantine"),
        ((accepted(),), Outcome.BLOCKED, "+++x-", "returned after it was accepted"),
        ((accepted(),), Outcome.MISSING, "+++?x", "not seen in any watched folder"),
        ((accepted(),), Outcome.UNKNOWN, "+++??", "Mailpath could not look"),
        ((accepted(),), None, "+++..", ""),
        (REFUSED, Outcome.BLOCKED, "++x--", "rejected at RCPT TO"),
        ((deferred(1, 1, "Greylisted"),), Outcome.DEFERRED, "++x--", "deferred at RCPT TO"),
        ((deferred(1, 1, "Greylisted"),), None, "++...", "deferred at RCPT TO"),
        ((no_connection(),), Outcome.BLOCKED, "+x---", "timed out"),
        ((), None, "+....", ""),
        ((Interrupted(START, 1),), Outcome.UNKNOWN, "+????", "Mailpath stopped while sending"),
    ],
)
def test_a_probe_passes_stations_up_to_the_one_that_stops_it(
    evidence: tuple[Evidence, ...], outcome: Outcome | None, score: str, said: str
) -> None:
    found = stations_of(PROBE, (FIRST, *evidence), verdict(outcome) if outcome else None)
    assert spelled(found) == score
    assert said in {station.said for station in found}


def test_a_station_says_when_it_was_passed() -> None:
    found = stations_of(PROBE, (FIRST, accepted(), arrival("")), INBOX)
    assert [station.after for station in found] == ["0.000 s", "0.500 s", "0.500 s", "", "2.000 s"]


def test_the_sender_s_own_service_is_not_the_company() -> None:
    """It accepts the mail; who stops it behind that is another question."""
    found = stations_of(RELAYED, (FIRST, accepted()), BLOCKED)
    assert found[2].said == "by the sender's mail service"
    assert found[3].said == "stopped behind that service"


def test_what_is_deleted_has_no_stations() -> None:
    assert stations_of(PROBE, (), BLOCKED) == ()


def test_attempts_that_went_alike_are_one_and_others_are_not() -> None:
    attempts = [Attempt(START + timedelta(seconds=n), n) for n in range(1, 6)]
    spoken = [deferred(n, n, f"Greylisted, try again in {300 - n} seconds") for n in range(1, 4)]
    spoken += [deferred(4, 4, "Busy"), deferred(5, 5, "Busy", Stage.MAIL)]
    found = folded(talks(PROBE, [*attempts, *spoken]))
    assert [(each.first, each.number) for each in found] == [(1, 3), (0, 4), (0, 5)]
    assert "297 seconds" in found[0].last_reply, "the last of them is shown"


def test_an_attempt_that_is_under_way_is_never_folded() -> None:
    attempts = [Attempt(START, 1), Attempt(START, 2)]
    assert [each.first for each in folded(talks(PROBE, attempts))] == [0, 0]


def record(*evidence: Evidence, said: Verdict) -> ProbeRecord:
    return ProbeRecord(PROBE, "", (FIRST, *evidence), said, START, None)


def test_only_what_differs_from_the_last_good_probe_is_shown() -> None:
    good = record(accepted(), arrival(""), said=INBOX)
    differences = {each.what: (each.this, each.good) for each in compared(record(*REFUSED, said=BLOCKED), good)}
    assert differences["Accepted"] == ("stopped, rejected at RCPT TO", "passed, 0.500 s")
    assert differences["Last reply"] == ("RCPT TO: 554", "end of message: 250")
    assert "Server" not in differences
    assert "Encryption" not in differences
    assert compared(good, good) == ()


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def test_the_page_draws_the_stations_and_leads_to_the_last_good_probe(pages_app: PagesApp) -> None:
    minute = timedelta(minutes=1)
    good = await pages_app.probe(accepted(), arrival(""), verdict=INBOX)
    other = await pages_app.probe(accepted(), arrival(""), verdict=INBOX, path="cloud", after=minute)
    bad = await pages_app.probe(*REFUSED, verdict=BLOCKED, after=2 * minute)
    later = await pages_app.probe(accepted(), arrival(""), verdict=INBOX, after=3 * minute)
    viewer = await pages_app.viewer("acme")
    page = (await viewer.get(f"/probes/{bad}")).text
    assert page.count("<li class=") >= 5
    assert '<li class="stopped"><strong>Accepted</strong>' in page
    assert "Rejected at RCPT TO" in page
    assert f'<a href="/probes/{good}">The last good probe</a>' in page
    assert other not in page
    assert f'<a href="/probes/{later}">The last' not in page
    assert "The last good probe" not in (await viewer.get(f"/probes/{good}")).text, "it is good itself"
