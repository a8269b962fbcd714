"""What waits about one incident for one channel is one notice, about the incident as it is at delivery."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Incident, LastNotice, Resolution, Scope, Severity
from monitor.notices.combined import combined, news_of
from monitor.notices.context import NoticeRequest
from monitor.notices.next_notice import notice_of
from monitor.notices.notice import Notice, NoticeBasis, NoticeKind, NoticeQueue
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import T0, failure, incident, notice_request

K = NoticeKind


@pytest.mark.parametrize(
    ("waiting", "news"),
    [
        ([K.OPENED], K.OPENED),
        ([K.REMINDER], K.REMINDER),
        ([K.OPENED, K.GREW, K.CAUSE_CHANGED], K.OPENED),
        ([K.GREW, K.WIDENED, K.REMINDER], K.WIDENED),
        ([K.OPENED, K.RESOLVED], K.RESOLVED),
        ([K.GREW, K.MERGED], K.MERGED),
        ([K.RESOLVED, K.OPENED], K.OPENED),
        ([K.OPENED, K.RESOLVED, K.OPENED, K.GREW], K.OPENED),
        ([K.OPENED, K.RESOLVED, K.OPENED, K.RESOLVED], K.RESOLVED),
        ([K.WIDENED, K.RESOLVED, K.GREW], K.GREW),
    ],
)
def test_what_several_kinds_come_to(waiting: list[NoticeKind], news: NoticeKind) -> None:
    assert news_of(waiting) is news


def test_every_kind_has_its_strength() -> None:
    for kind in K:
        assert news_of([kind]) is kind


def due(news: NoticeKind, number: int, before: LastNotice | None = None, about: Incident | None = None) -> Notice:
    """A notice as it was rendered when it became due."""
    return replace(
        notice_of(notice_request(about or incident(), news, before=before), "ops"), number=number, id=f"n{number}"
    )


def before(**facts: Any) -> LastNotice:
    fields: dict[str, Any] = {
        "number": 1,
        "at": T0,
        "scope": Scope.COMPANY,
        "severity": Severity.PAGE,
        "cause": Cause.IP_BLOCKED,
        "labels": {"scope": "company"},
    }
    return LastNotice(**(fields | facts))


def delivered(queue: NoticeQueue, minutes: int = 40) -> Notice:
    def tell(about: Incident, news: NoticeKind, basis: NoticeBasis, missed: bool) -> NoticeRequest:
        visible = None if basis.visible is None else frozenset(basis.visible)
        return notice_request(
            about, news, now=T0 + timedelta(minutes=minutes), before=basis.before, visible=visible, missed=missed
        )

    return combined(queue, tell)


def now(*failures: Any, **facts: Any) -> dict[str, Incident]:
    about = incident(*failures, **facts)
    return {about.id: about}


def test_it_is_about_the_incident_as_it_is_now() -> None:
    spam = failure(outcome=Outcome.SPAM, cause=Cause.CONTENT)
    told = delivered(NoticeQueue([due(K.OPENED, 1)], None, now(spam)))
    assert (told.id, told.number, told.news) == ("n1", 1, K.OPENED)
    assert "are in the spam folder (content)" in told.title
    assert "08:04 UTC, 40 min" in told.text, "not as long as when it became due"


def test_several_are_one_with_the_id_of_the_last() -> None:
    queue = NoticeQueue([due(K.OPENED, 1), due(K.CAUSE_CHANGED, 2, before()), due(K.GREW, 3, before())], None, now())
    told = delivered(queue)
    assert (told.id, told.number, told.news) == ("n3", 3, K.OPENED)
    assert told.replaces is None


def test_a_change_is_told_against_what_the_channel_knows() -> None:
    knows = before(cause=Cause.UNCLEAR, severity=Severity.TICKET)
    meanwhile = before(cause=Cause.CONTENT, number=2)
    told = delivered(NoticeQueue([due(K.CAUSE_CHANGED, 2, knows), due(K.CAUSE_CHANGED, 3, meanwhile)], None, now()))
    assert "Was: cause unknown, ticket. Now: IP address, page." in told.text.splitlines()


def test_what_began_and_ended_meanwhile_is_one_line_that_it_is_over() -> None:
    over = now(closed_at=T0 + timedelta(minutes=11), ending=Resolution.RECOVERED, touches=(), failing=0)
    told = delivered(NoticeQueue([due(K.OPENED, 1), due(K.RESOLVED, 2, before())], None, over))
    assert told.news is K.RESOLVED
    assert told.title.startswith("Resolved after 11 min, while this channel could not be reached: Acme Steel")
    assert told.text.startswith("It began and ended while this channel could not be reached")


def test_the_end_of_what_a_channel_knew_is_told_as_ever() -> None:
    over = now(closed_at=T0 + timedelta(minutes=11), ending=Resolution.RECOVERED, touches=(), failing=0)
    told = delivered(NoticeQueue([due(K.GREW, 2, before()), due(K.RESOLVED, 3, before())], due(K.OPENED, 1), over))
    assert told.title.startswith("Resolved after 11 min: Acme Steel")
    assert "could not be reached" not in told.text


def test_it_replaces_what_was_delivered_last_and_brings_its_handle() -> None:
    last = replace(due(K.OPENED, 1), labels={"scope": "mailbox"}, handle="C1:17")
    told = delivered(NoticeQueue([due(K.WIDENED, 2, before())], last, now()))
    assert (told.replaces, told.handle) == ({"scope": "mailbox"}, "C1:17")
    same = delivered(NoticeQueue([due(K.GREW, 2, before())], due(K.OPENED, 1), now()))
    assert same.replaces is None
    again = delivered(NoticeQueue([due(K.OPENED, 3)], replace(last, news=K.RESOLVED), now()))
    assert again.replaces is None, "what was resolved is over"


def test_a_notice_of_an_older_release_is_delivered_as_it_was_stored() -> None:
    old = replace(due(K.OPENED, 1), basis=None, text="as it was")
    told = delivered(NoticeQueue([old, due(K.RESOLVED, 2, before())], None, now()))
    assert (told.id, told.text) == ("n1", "as it was")


def test_a_notice_whose_incident_is_gone_is_delivered_as_it_was_stored() -> None:
    stored = due(K.RESOLVED, 1)
    assert delivered(NoticeQueue([stored], None, {})) == stored


def test_the_end_is_as_severe_as_what_it_ends() -> None:
    page = replace(due(K.OPENED, 1), labels={"severity": "page", "scope": "company"})
    over = now(
        closed_at=T0 + timedelta(minutes=11),
        ending=Resolution.RECOVERED,
        touches=(),
        failing=0,
        severity=Severity.TICKET,
    )
    told = delivered(NoticeQueue([due(K.RESOLVED, 2, before())], page, over))
    assert told.labels == page.labels
    assert told.replaces is None
