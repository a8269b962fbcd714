"""Alerts and silences as Alertmanager has them: what is posted for a notice, and what its answers mean."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.channels.alerts import LASTS, SILENT, SKEW, AlertmanagerSilence, alerts, silence, silences
from monitor.notices.notice import NoticeKind
from tests.support.channel_samples import BEGAN, labels, notice

NOW = BEGAN + timedelta(hours=1)


def posted(**other: Any) -> list[dict[str, Any]]:
    return list(alerts(notice(**other), NOW))


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("news", [NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.CAUSE_CHANGED, NoticeKind.REMINDER])
def test_what_lasts_ends_in_the_time_to_come(news: NoticeKind) -> None:
    [alert] = posted(news=news)
    assert time(alert["startsAt"]) == BEGAN
    assert time(alert["endsAt"]) == NOW + LASTS


@pytest.mark.parametrize("news", [NoticeKind.RESOLVED, NoticeKind.MERGED])
def test_what_is_over_ended_when_it_did(news: NoticeKind) -> None:
    [alert] = posted(news=news, age=3000)
    assert (time(alert["startsAt"]), time(alert["endsAt"])) == (BEGAN, BEGAN + timedelta(seconds=3000))


def test_an_end_of_this_moment_lies_in_the_past_of_clocks_that_are_late() -> None:
    [alert] = posted(news=NoticeKind.RESOLVED, age=3600)
    assert time(alert["endsAt"]) == NOW - SKEW


@pytest.mark.parametrize("began", [NOW, NOW + timedelta(days=1)])
def test_an_end_is_never_before_its_beginning(began: datetime) -> None:
    [alert] = posted(news=NoticeKind.RESOLVED, age=3600, facts={"began_at": began.isoformat()})
    assert time(alert["startsAt"]) == time(alert["endsAt"]) == NOW - SKEW


@pytest.mark.parametrize(
    ("began_at", "starts"),
    [
        ("2026-11-23T07:00:00+00:00", BEGAN - timedelta(hours=1)),
        ("2026-11-23T07:00:00", BEGAN - timedelta(hours=1)),
        ("yesterday", BEGAN),
        (None, BEGAN),
        (7, BEGAN),
    ],
)
def test_it_began_by_its_facts_or_else_when_it_was_told(began_at: Any, starts: datetime) -> None:
    [alert] = posted(facts={"began_at": began_at})
    assert time(alert["startsAt"]) == starts


def test_people_read_the_title_the_text_and_every_fact_that_is_a_text() -> None:
    [alert] = posted(facts={"fix": "Allow it.", "failing": 3, "closed_at": None, "not-a-name": "x", "title": ""})
    assert alert["annotations"] == {
        "summary": "Acme Steel: mail is blocked",
        "description": 'Since 08:00 UTC.\nIt stops at mx.acme.example: "550 5.7.1 blocked".',
        "fix": "Allow it.",
    }


def test_an_annotation_has_an_end() -> None:
    [alert] = posted(text="x" * 1_000_000)
    assert len(alert["annotations"]["description"]) == 4000


def test_labels_have_the_incident_and_none_is_empty() -> None:
    [alert] = posted(labels={"alertname": "MailpathMailStopped", "company": ""})
    assert alert["labels"] == {"alertname": "MailpathMailStopped", "incident": "i1"}


def test_what_is_replaced_ends_with_the_same_post() -> None:
    was = labels(scope="mailbox", company="acme")
    old, new = posted(news=NoticeKind.WIDENED, replaces=was, age=3000)
    assert (old["labels"], new["labels"]) == (was, labels())
    assert time(old["endsAt"]) < NOW < time(new["endsAt"])


def test_what_is_the_same_replaces_nothing() -> None:
    [alert] = posted(news=NoticeKind.WIDENED, replaces={**labels(), "empty": ""})
    assert time(alert["endsAt"]) == NOW + LASTS


def there(**other: Any) -> dict[str, Any]:
    """A silence as Alertmanager lists it."""
    return {
        "id": "s1",
        "status": {"state": "active"},
        "matchers": [{"name": "incident", "value": "i1", "isRegex": False, "isEqual": True}],
        "createdBy": "mailpath",
        "comment": "",
        "startsAt": "2026-11-23T08:00:00.000Z",
        "endsAt": "2026-11-23T09:30:00.123Z",
        "updatedAt": "2026-11-23T08:00:00.000Z",
    } | other


OURS = AlertmanagerSilence("s1", "2026-11-23T08:00:00.000Z", datetime(2026, 11, 23, 9, 30, 0, 123000, tzinfo=UTC))


@pytest.mark.parametrize(
    ("listed", "ours"),
    [
        ([], {}),
        ([there()], {"i1": OURS}),
        ([there(status={"state": "pending"})], {"i1": OURS}),
        ([there(status={"state": "expired"})], {}),
        ([there(createdBy="alice")], {}),
        ([there(matchers=[])], {}),
        ([there(matchers=[{"name": "incident", "value": "i.*", "isRegex": True, "isEqual": True}])], {}),
        ([there(matchers=[{"name": "incident", "value": "i1", "isRegex": False, "isEqual": False}])], {}),
        ([there(matchers=[{"name": "company", "value": "acme", "isRegex": False, "isEqual": True}])], {}),
        ([there(matchers=there()["matchers"] * 2)], {}),
    ],
)
def test_a_silence_is_ours_if_we_made_it_for_one_incident(listed: Any, ours: dict[str, AlertmanagerSilence]) -> None:
    assert silences(json.dumps(listed).encode()) == ours


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}x", b"3", b"[3]", b"[{}]", b"[" * 100_000, b'"text"', b"\xff"])
def test_what_is_no_list_of_silences_is_known(body: bytes) -> None:
    assert silences(body) is None


def test_a_silence_outlives_the_alert() -> None:
    new = silence("i1", None, NOW)
    assert time(new["endsAt"]) == NOW + SILENT > NOW + LASTS
    assert "id" not in new
    assert new["createdBy"] == "mailpath"


def test_one_that_is_there_gets_more_time() -> None:
    more = silence("i1", OURS, NOW)
    assert (more["id"], more["startsAt"]) == ("s1", "2026-11-23T08:00:00.000Z")
    assert time(more["endsAt"]) == NOW + SILENT
