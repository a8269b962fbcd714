"""The requests to the message tracking of Cisco Secure Email. See `cisco`.

`GET /message-tracking/messages` (Cisco-Email-Security/docs, api.md, "Output query from Message Tracking"): the times
are in whole minutes, as "supports only 00 seconds". The parameter `messageIdHeader` is that of two public integrations,
not of a page of Cisco's; whether it takes angle brackets is not documented, so it is asked without, and if nothing is
found once more with them. An appliance that did not know the parameter would answer with other people's mail: then
nothing is said of the message.
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
from probes.traces.cisco_rows import MAX_ROWS, is_about, rows_of, statements

TARGET = "/message-tracking/messages"
BEFORE = timedelta(minutes=10)  # that the appliance's clock may be behind ours
AFTER = timedelta(days=1)  # after the handover in which it is looked for
NOBODY = "doctor@mailpath.invalid"  # RFC 2606: a Message-ID that no message has
EVERYWHERE = {"ciscoHost": "All_Hosts", "searchOption": "messages", "offset": "0", "limit": str(MAX_ROWS)}


async def ask(use: AccountUse, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Ask about each message. Raises TraceError."""
    try:
        api = outside.accounts.api(use)
        return {each.message_id: found for each in questions if (found := await _ask(api, each, outside.now()))}
    except AccountError as error:
        raise TraceError(f"Cisco Secure Email: {error}") from None


async def examine(use: AccountUse, outside: Outside) -> str:
    """Search for a message that there is not. Returns the finding. Raises TraceError."""
    now = outside.now()
    try:
        await _search(outside.accounts.api(use), NOBODY, NOBODY, now, now)
    except AccountError as error:
        raise TraceError(f"Cisco Secure Email: {error}") from None
    return "reads the message tracking of Cisco Secure Email"


async def _ask(api: Api, asked: TraceQuestion, now: datetime) -> list[Traced]:
    for written in (asked.message_id, f"<{asked.message_id}>"):
        rows = await _search(api, written, asked.message_id, asked.sent_at, now)
        if said := [each for row in rows for each in statements(row, asked.recipient, asked.number, now)]:
            return sorted(said, key=lambda each: each.happened_at or now)
    return []


async def _search(api: Api, written: str, message_id: str, sent_at: datetime, now: datetime) -> list[Mapping[str, Any]]:
    """Return the rows about this message. Raises AccountError."""
    end = max(sent_at, min(now, sent_at + AFTER))
    period = {"startDate": _minute(sent_at - BEFORE), "endDate": _minute(end)}
    query = {**period, **EVERYWHERE, "messageIdHeader": written}
    rows = rows_of(await api.require(ApiRequest("GET", TARGET, query, trace=True)))
    if rows is None:
        raise api.account.error(AccountFault.STRANGE, "no list of messages")
    own = [row for row in rows if is_about(row, message_id)]
    if rows and not own:
        raise api.account.error(AccountFault.STRANGE, "other messages than the one that was asked for")
    return own


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")
