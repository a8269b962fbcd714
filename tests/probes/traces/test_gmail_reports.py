"""Gmail's log in Google's Reports API: what each event means, what is asked, and what if it cannot be asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.evidence import decode, encode
from probes.traced import SOURCES, Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion
from probes.traces.gmail_reports import GmailReportsTrace
from probes.traces.gmail_reports_rows import MEANINGS, events_of, next_page, period, statements
from tests.clouds.documents import ABSENT, google_schema
from tests.clouds.fake_gmail import error
from tests.clouds.fake_reports import Answer, FakeReports, record
from tests.clouds.loopback_google import ACCOUNT, ADMIN, USER, ReportingDomain, reporting_domain
from tests.probes.accounts.conftest import SetClock

RECEIVED = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)
SENT = RECEIVED - timedelta(seconds=5)
NOW = RECEIVED + timedelta(minutes=5)
MESSAGE_ID = "mpabc@account.trimble.com"
ASKED = TraceQuestion(MESSAGE_ID, USER, SENT)
TRACE = GmailReportsTrace(via="gmail_reports", account=ACCOUNT, admin=ADMIN)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
async def domain(clock: SetClock) -> AsyncIterator[ReportingDomain]:
    """A domain whose log is empty."""
    async with reporting_domain(clock) as running:
        yield running


async def ask(domain: ReportingDomain) -> list[Traced]:
    """What the log says of the message."""
    return [*(await TRACE.ask([ASKED], domain.outside)).get(MESSAGE_ID, ())]


async def failure(domain: ReportingDomain) -> str:
    """What asking fails with, in one printable line without a secret."""
    with pytest.raises(TraceError) as caught:
        await ask(domain)
    text = str(caught.value)
    assert text.isprintable()
    assert not any(each in text for each in domain.server.issued)
    return text


# -- what an event means ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "fates"),
    [
        ([2], [TraceFate.HANDED_OVER]),  # received: into which folder is not said
        ([2, 5], [TraceFate.HANDED_OVER, TraceFate.QUARANTINED]),
        ([5, 6], [TraceFate.QUARANTINED, TraceFate.DELIVERED]),
        ([2, 4], [TraceFate.HANDED_OVER, TraceFate.JUNK]),
        ([2, 12], [TraceFate.HANDED_OVER, TraceFate.DELIVERED]),
        ([2, 13], [TraceFate.HANDED_OVER, TraceFate.DELIVERED]),  # there, until its user or a filter moved it
        ([13, 14], [TraceFate.DELIVERED, TraceFate.DELIVERED]),
        ([0, 1, 3, 8, 9, 10, 15, 35], []),  # nothing of where it is; a user's own judgement is not Google's
        ([], []),
    ],
)
@pytest.mark.parametrize("flat", [False, True])
async def test_what_the_log_says(
    domain: ReportingDomain, events: list[int], fates: list[TraceFate], flat: bool
) -> None:
    domain.reports.records[USER] = [
        record(each, f"<{MESSAGE_ID}>", RECEIVED + timedelta(seconds=number), flat=flat)
        for number, each in enumerate(events)
    ]
    found = await ask(domain)
    assert [each.fate for each in found] == fates
    for number, each in enumerate(found):
        assert (each.side, each.source, each.at, each.from_ip) == (Side.RECEIVER, "gmail_reports", NOW, "")
        assert each.happened_at is not None
        assert each.happened_at >= RECEIVED
        assert decode(encode(each)) == each, number


async def test_a_quarantined_message_is_found_under_another_user(domain: ReportingDomain) -> None:
    domain.reports.records["postmaster@bolt.example"] = [
        record(5, f"<{MESSAGE_ID}>", RECEIVED), record(2, f"<{MESSAGE_ID}>", RECEIVED),
    ]  # fmt: skip
    assert [each.fate for each in await ask(domain)] == [TraceFate.QUARANTINED]
    own, everybody = domain.reports.requests
    assert f"/users/{USER}/" in own
    assert "filters" not in own
    assert "/users/all/" in everybody
    assert "filters=event_info.mail_event_type%3D%3D5" in everybody


async def test_other_messages_say_nothing(domain: ReportingDomain) -> None:
    domain.reports.records[USER] = [record(5, "<other@account.trimble.com>", RECEIVED), record(5, "", RECEIVED)]
    assert await ask(domain) == []


async def test_a_record_that_comes_late_is_found_when_asked_again(domain: ReportingDomain, clock: SetClock) -> None:
    assert await ask(domain) == []
    clock.forward(minutes=7)
    domain.reports.records[USER] = [record(5, MESSAGE_ID, RECEIVED)]
    (said,) = await ask(domain)
    assert said.fate is TraceFate.QUARANTINED
    assert TRACE.lags[0] == timedelta(minutes=3)


async def test_records_of_many_pages(domain: ReportingDomain) -> None:
    domain.reports.page = 1
    domain.reports.records[USER] = [record(2, "<x@y>", RECEIVED), record(5, MESSAGE_ID, RECEIVED)]
    assert [each.fate for each in await ask(domain)] == [TraceFate.QUARANTINED]


def test_the_source_has_a_name() -> None:
    assert SOURCES["gmail_reports"] == "Google Workspace"
    assert {meaning.fate for meaning in MEANINGS.values()} <= {*TraceFate}


# -- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=3), timedelta(days=25), timedelta(days=100)])
def test_both_times_are_sent_and_no_more_than_30_days_apart(later: timedelta) -> None:
    query = period(SENT, SENT + later)
    start, end = (datetime.fromisoformat(query[name]) for name in ("startTime", "endTime"))
    assert start < SENT <= end <= SENT + later
    assert end - start < timedelta(days=30)


async def test_every_exchange_of_the_trace_is_held_to_googles_own_document(domain: ReportingDomain) -> None:
    if google_schema("admin.reports_v1") is None:
        pytest.skip(ABSENT)
    domain.reports.records[USER] = [record(5, MESSAGE_ID, RECEIVED)]
    await ask(domain)
    assert domain.reports.watch.checked == 1
    assert domain.reports.watch.problems == []


async def test_it_counts_in_the_budget_of_traces(domain: ReportingDomain) -> None:
    domain.use(budget={"traces_per_5_minutes": 1})
    domain.reports.records[USER] = [record(5, MESSAGE_ID, RECEIVED)]
    assert await ask(domain)
    assert "budget.traces_per_5_minutes" in await failure(domain)


# -- what cannot be asked ---------------------------------------------------------------------------------------------


async def test_the_doctor_asks_for_one_record(domain: ReportingDomain) -> None:
    assert await TRACE.examine("104.130.122.50", domain.outside) == "reads Gmail's log"
    assert "maxResults=1&" in f"{domain.reports.requests[0]}&"
    domain.reports.admins.clear()
    with pytest.raises(TraceError, match="the privilege Reports"):
        await TRACE.examine("104.130.122.50", domain.outside)


async def test_an_admin_without_the_right_is_told_which(domain: ReportingDomain) -> None:
    domain.reports.admins.clear()
    assert "an administrator with the privilege Reports" in await failure(domain)


def answers(status: int, name: str, words: str, reason: str, **headers: str) -> Answer:
    async def answer(reports: FakeReports, request: web.Request) -> web.StreamResponse:
        return error(status, name, words, reason, **headers)

    return answer


def says(content: bytes, status: int = 200) -> Answer:
    async def answer(reports: FakeReports, request: web.Request) -> web.StreamResponse:
        reports.watch.deviates(request, "planned")
        return web.Response(body=content, status=status, content_type="application/json")

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answers(403, "PERMISSION_DENIED", "Admin SDK API has not been used in project 7 before or it is disabled.",
                 "accessNotConfigured"), "enable the Admin SDK API"),
        (answers(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.",
                 "insufficientPermissions"), "admin.reports.audit.readonly"),
        (answers(403, "PERMISSION_DENIED", "Rate Limit Exceeded", "rateLimitExceeded"), "busy"),
        (answers(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "rateLimitExceeded"), "busy"),
        (answers(400, "INVALID_ARGUMENT", "Invalid value", "invalid"), "HTTP 400"),
        (says(b"[]"), "no list of activities"),
        (says(b'{"items": 5}'), "no list of activities"),
        (says(b"<html>"), "no JSON"),
        (says(b"", 500), "busy"),
    ],
)  # fmt: skip
async def test_a_log_that_cannot_be_asked_is_an_error_and_no_statement(
    domain: ReportingDomain, answer: Answer, said: str
) -> None:
    domain.reports.plan.append(answer)
    assert said in await failure(domain)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just(MESSAGE_ID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("items", "id", "time", "events", "parameters", "name", "value", "intValue", "messageValue")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_odd_records_never_raise(answer: Any) -> None:
    next_page(answer)
    statements(events_of(answer, MESSAGE_ID) or [], 1, NOW)
    statements(events_of({"items": [answer]}, MESSAGE_ID) or [], 1, NOW)


def test_the_admin_is_an_address() -> None:
    with pytest.raises(ValidationError, match="must be a mail address"):
        GmailReportsTrace.model_validate({"via": "gmail_reports", "account": ACCOUNT, "admin": "auditor"})
