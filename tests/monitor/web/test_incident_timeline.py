"""The time line of an incident: by tables."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import HistoryEntry, IncidentEvent, Scope, Severity
from monitor.incidents.work import NO_WORK, IncidentAction, IncidentWork
from monitor.notices.notice import Notice, NoticeKind
from monitor.store import NoticeRecord, ProbeRow
from monitor.web.pages.incident_timeline import PARTS, TimelinePart, by_day, chosen, timeline_of
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.pages_app import BLOCKED, INBOX, START

NAMES = {"acme": "Acme Steel"}


def event(minutes: float, turn: IncidentEvent, said: str = "so") -> HistoryEntry:
    return HistoryEntry("a1", START + timedelta(minutes=minutes), turn, said)


def comment(minutes: float, text: str) -> IncidentAction:
    at = START + timedelta(minutes=minutes)
    return IncidentAction("a1", at, IncidentEvent.COMMENTED, "ann", "session", text, Severity.PAGE, Scope.COMPANY, 0)


def notice(minutes: float, number: int = 1, **facts: Any) -> NoticeRecord:
    at = START + timedelta(minutes=minutes)
    made = Notice(f"n{number}", "a1", "hook", number, NoticeKind.OPENED, at, "Acme: blocked", "Since noon.", {}, {})
    return NoticeRecord(made, **({"tries": 0, "next_try_at": None, "delivered_at": None, "fault": ""} | facts))


def probe(minutes: float, purpose: ProbePurpose = ProbePurpose.MANUAL, **facts: Any) -> ProbeRow:
    at = START + timedelta(minutes=minutes)
    said: dict[str, Any] = {
        "probe_id": f"p{minutes}",
        "company": "acme",
        "path": "hq",
        "kind": Kind.VERIFICATION,
        "role": Role.SENDER,
        "via": "xclient",
        "launched_at": at,
        "closed_at": None,
        "verdict": BLOCKED,
        "judged_at": at,
        "delivery": None,
        "purpose": purpose,
    }
    return ProbeRow(**(said | facts))


def test_every_event_is_in_one_part() -> None:
    assert set(PARTS) == set(IncidentEvent)


def test_all_that_happened_is_in_one_list_newest_first() -> None:
    history = [event(0, IncidentEvent.OPENED), event(5, IncidentEvent.ACKNOWLEDGED, "by ann")]
    found = timeline_of(history, [notice(1)], IncidentWork(comments=(comment(6, "calling\nthem"),)), [probe(3)], NAMES)
    assert [entry.title for entry in found] == [
        "Comment by ann",
        "Acknowledged",
        "Probe by hand: verification code",
        "Notice to hook: opened",
        "Opened",
    ]
    assert [entry.part for entry in found] == ["people", "people", "probes", "notices", "incident"]
    assert found[0].full == "calling\nthem"
    assert found[2].href == "/probes/p3"
    assert len({entry.key for entry in found}) == 5


def test_a_notice_and_a_comment_stand_once_and_a_failed_delivery_is_never_hidden() -> None:
    history = [
        event(1, IncidentEvent.QUEUED),
        event(2, IncidentEvent.NOT_DELIVERED, "hook: HTTP 500"),
        event(3, IncidentEvent.TOLD),
        event(4, IncidentEvent.COMMENTED, "ann: hello"),
    ]
    with_records = timeline_of(
        history, [notice(1, delivered_at=START)], IncidentWork(comments=(comment(4, "hello"),)), [], NAMES
    )
    assert [entry.title for entry in with_records] == ["Comment by ann", "Not delivered", "Notice to hook: opened"]
    assert len(timeline_of(history, [], NO_WORK, [], NAMES)) == 4, "what is no longer kept is still in the history"


def test_a_notice_says_what_became_of_it() -> None:
    first, second = notice(1, delivered_at=START), notice(2, 2, tries=1, fault="HTTP 500")
    later, earlier = timeline_of([], [first, second], NO_WORK, [], NAMES)
    assert later.delivery
    assert later.delivery.why == "retrying after 1 attempt: HTTP 500"
    assert earlier.delivery
    assert earlier.delivery.delivered_at == START


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([probe(1), probe(2)], ["Probe by hand: verification code"] * 2),
        ([probe(1, role=Role.CONTROL)], ["Probe by hand: verification code, as the control"]),
        ([probe(n, ProbePurpose.DIAGNOSIS) for n in range(1, 13)], ["Diagnosis: 12 probes"]),
        ([probe(1, ProbePurpose.DIAGNOSIS), probe(60, ProbePurpose.DIAGNOSIS)], ["Diagnosis: 1 probe"] * 2),
        ([probe(1, ProbePurpose.REMEDY), probe(1.5, ProbePurpose.REMEDY, path="b")], ["Test of a remedy: 1 probe"] * 2),
    ],
)
def test_a_probe_by_hand_is_an_entry_and_a_diagnosis_is_one(rows: list[ProbeRow], titles: list[str]) -> None:
    assert [entry.title for entry in timeline_of([], [], NO_WORK, rows, NAMES)] == titles


def test_a_probe_says_where_and_how_it_went() -> None:
    rows = [probe(1, verdict=None), *(probe(n, ProbePurpose.DIAGNOSIS) for n in (2, 3))]
    rows.append(probe(4, ProbePurpose.DIAGNOSIS, verdict=INBOX))
    diagnosis, by_hand = timeline_of([], [], NO_WORK, rows, NAMES)
    assert by_hand.in_flight
    assert by_hand.text == "Acme Steel, path hq"
    assert diagnosis.text == "Acme Steel, path hq. 2 blocked, 1 inbox"
    assert not diagnosis.in_flight


def test_one_part_can_be_seen_alone_and_days_are_apart() -> None:
    history = [event(0, IncidentEvent.OPENED), event(60 * 13, IncidentEvent.CLOSED)]
    found = timeline_of(history, [notice(1)], NO_WORK, [], NAMES)
    assert [entry.title for entry in chosen(found, TimelinePart.NOTICES)] == ["Notice to hook: opened"]
    assert chosen(found, "") == found
    assert [(f"{day.day}", len(day.entries)) for day in by_day(found)] == [("2026-11-26", 1), ("2026-11-25", 2)]
