"""The requests to Google's Reports API. See `gmail_reports`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiRequest
from probes.outside import Outside
from probes.traced import Traced
from probes.traces import Answers, TraceError, TraceQuestion
from probes.traces.gmail_reports_rows import QUARANTINE_ONLY, MailEvent, events_of, next_page, period, statements

if TYPE_CHECKING:
    from probes.traces.gmail_reports import GmailReportsTrace

TARGET = "/admin/reports/v1/activity/users/{}/applications/gmail"
PAGES_LIMIT = 3
EVERYBODY = "all"
REPORTS_REMEDIES: tuple[tuple[str, str], ...] = (  # words of an error in lower case, the remedy; first hit wins
    # developers.google.com/workspace/admin/reports/v1/guides/troubleshooting and .../guides/prerequisites
    (
        "not authorized to read activity records",
        "let `admin` be an administrator with the privilege Reports: Google Admin console, Account, Admin roles",
    ),
    ("has not been used in project", "enable the Admin SDK API in the account's project in the Google Cloud console"),
    (
        "insufficient authentication scopes",
        "give the token the scope https://www.googleapis.com/auth/admin.reports.audit.readonly",
    ),
    ("http 403", "let `admin` be an administrator with the privilege Reports, and enable the Admin SDK API"),
)


async def ask(trace: "GmailReportsTrace", questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Ask about each message. Raises TraceError."""
    try:
        api = outside.accounts.api(trace.account_use, REPORTS_REMEDIES)
        return {each.message_id: found for each in questions if (found := await _ask(api, each, outside.now()))}
    except AccountError as error:
        raise TraceError(f"Gmail's log: {error}") from None


async def examine(trace: "GmailReportsTrace", outside: Outside) -> str:
    """Ask for one record, whatever it is about. Returns the finding. Raises TraceError."""
    try:
        api, now = outside.accounts.api(trace.account_use, REPORTS_REMEDIES), outside.now()
        query = {**period(now, now), "maxResults": "1"}
        await api.require(ApiRequest("GET", TARGET.format(EVERYBODY), query, trace=True))
    except AccountError as error:
        raise TraceError(f"Gmail's log: {error}") from None
    return "reads Gmail's log"


async def _ask(api: Api, asked: TraceQuestion, now: datetime) -> list[Traced]:
    """Return the statements of the recipient's own records, or else of what was quarantined from anybody: Google does
    not say whose record that is."""
    query = period(asked.sent_at, now)
    found = await _events(api, asked.recipient, query, asked)
    return statements(found or await _events(api, EVERYBODY, {**query, **QUARANTINE_ONLY}, asked), asked.number, now)


async def _events(api: Api, user: str, query: Mapping[str, str], asked: TraceQuestion) -> list[MailEvent]:
    """Return the events of this message."""
    target = TARGET.format(quote(user, safe="@"))
    found: list[MailEvent] = []
    more = dict(query)
    for _ in range(PAGES_LIMIT):
        answer = await api.require(ApiRequest("GET", target, more, trace=True))
        events = events_of(answer, asked.message_id)
        if events is None:
            raise api.account.error(AccountFault.STRANGE, "no list of activities")
        found += events
        if not (page := next_page(answer)):
            break
        more["pageToken"] = page
    return found
