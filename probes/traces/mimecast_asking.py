"""The requests to Mimecast's tracking. See `mimecast`.

`POST /api/message-finder/search` takes "the internet message id of the message to track" (integrations.mimecast.com,
Message Finder, Search). Whether with angle brackets or without is not documented; so it is asked without, and if
nothing is found once more with them. A refusal may be HTTP 200 with a list `fail`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.accounts import AccountError, AccountUse
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiRequest
from probes.outside import Outside
from probes.traced import Traced
from probes.traces import Answers, TraceError, TraceQuestion
from probes.traces.mimecast_rows import failure_of, rows_of, statement

TARGET = "/api/message-finder/search"
BEFORE = timedelta(minutes=10)  # that Mimecast's clock may be behind ours
AFTER = timedelta(days=1)  # after the handover in which it is looked for
NOBODY = "doctor@mailpath.invalid"  # RFC 2606: a Message-ID that no message has
SEARCH_REASON = "Mailpath: what became of a probe"  # Mimecast keeps it in the log of its administrators


async def ask(use: AccountUse, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Ask about each message. Raises TraceError."""
    try:
        api = outside.accounts.api(use)
        return {each.message_id: found for each in questions if (found := await _ask(api, each, outside.now()))}
    except AccountError as error:
        raise TraceError(f"Mimecast: {error}") from None


async def examine(use: AccountUse, outside: Outside) -> str:
    """Search for a message that there is not. Returns the finding. Raises TraceError."""
    now = outside.now()
    try:
        await _search(outside.accounts.api(use), NOBODY, now, now)
    except AccountError as error:
        raise TraceError(f"Mimecast: {error}") from None
    return "reads Mimecast's tracking"


async def _ask(api: Api, asked: TraceQuestion, now: datetime) -> list[Traced]:
    for written in (asked.message_id, f"<{asked.message_id}>"):
        rows = await _search(api, written, asked.sent_at, now)
        said = [each for row in rows if (each := statement(row, asked.recipient, asked.number, now))]
        if said:
            return sorted(said, key=lambda each: each.happened_at or now)
    return []


async def _search(api: Api, message_id: str, sent_at: datetime, now: datetime) -> list[Mapping[str, Any]]:
    """Return the rows about this message. Raises AccountError."""
    end = max(sent_at, min(now, sent_at + AFTER))
    period = {"start": _text(sent_at - BEFORE), "end": _text(end)}
    wanted = {"messageId": message_id, "searchReason": SEARCH_REASON, **period}
    answer = await api.require(ApiRequest("POST", TARGET, body={"data": [wanted]}, trace=True))
    if failed := failure_of(answer):
        raise api.account.error(AccountFault.NOT_DONE, failed)
    if (rows := rows_of(answer)) is None:
        raise api.account.error(AccountFault.STRANGE, "no list of messages")
    return rows


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
