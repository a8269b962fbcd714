"""The requests to Cloudflare Email Security. See `cloudflare`.

`GET /accounts/{id}/email-security/investigate` takes a `message_id`. Whether with angle brackets or without is not
documented; so it is asked without, and if nothing is found once more with them. A search that takes long is answered
with 202 and a Location, at which the result is fetched later (hexdocs.pm/cloudflare, from Cloudflare's OpenAPI
document). That the answer there has the form of the search is assumed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.accounts import AccountError, AccountUse
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiRequest
from probes.outside import Outside
from probes.traced import Traced
from probes.traces import Answers, TraceError, TraceQuestion
from probes.traces.cloudflare_rows import MAX_ROWS, rows_of, statement

TARGET = "/email-security/investigate"
BEFORE = timedelta(minutes=10)  # that Cloudflare's clock may be behind ours
PAUSES = (1.0, 2.0, 4.0)  # seconds before each look for the result of a search that takes long
ALL_MAIL = {"detections_only": "false"}  # else only what was detected, such as spam
CLOUDFLARE_REMEDIES: tuple[tuple[str, str], ...] = (  # words of an error in lower case, the remedy; first hit wins
    # developers.cloudflare.com/fundamentals/api/troubleshooting, from memory: 10000, 9109, 6003, 7003
    ("authentication error", "give the API token the permission Cloud Email Security: Read for this account"),
    ("invalid access token", "check `token`: it is none of Cloudflare's, or it was revoked or rolled"),
    ("invalid request headers", "check `token`: it does not have the form of an API token"),
    ("could not route", "check `account_id`: Cloudflare knows no such account, or it has no Email Security"),
)


async def ask(use: AccountUse, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Ask about each message. Raises TraceError."""
    try:
        api = outside.accounts.api(use, CLOUDFLARE_REMEDIES)
        return {each.message_id: found for each in questions if (found := await _ask(api, each, outside.now()))}
    except AccountError as error:
        raise TraceError(f"Cloudflare Email Security: {error}") from None


async def examine(use: AccountUse, outside: Outside) -> str:
    """Search for one message, whatever it is. Returns the finding. Raises TraceError."""
    try:
        api = outside.accounts.api(use, CLOUDFLARE_REMEDIES)
        await _search(api, {"start": _text(outside.now() - BEFORE), "per_page": "1", **ALL_MAIL}, "")
    except AccountError as error:
        raise TraceError(f"Cloudflare Email Security: {error}") from None
    return "reads what Cloudflare Email Security did with mail"


async def _ask(api: Api, asked: TraceQuestion, now: datetime) -> list[Traced]:
    query = {"start": _text(asked.sent_at - BEFORE), "per_page": str(MAX_ROWS), "action_log": "true", **ALL_MAIL}
    for written in (asked.message_id, f"<{asked.message_id}>"):
        if rows := await _search(api, {"message_id": written, **query}, asked.message_id):
            said = (statement(row, asked.number, now) for row in rows)
            return sorted((each for each in said if each), key=lambda each: each.happened_at or now)
    return []


async def _search(api: Api, query: Mapping[str, str], message_id: str) -> list[Mapping[str, Any]]:
    """Return the rows about this message. Raises AccountError."""
    reply = await api.call(ApiRequest("GET", TARGET, query, trace=True))
    for pause in PAUSES:
        if reply.status != 202:
            break
        if not reply.location:
            raise api.account.error(AccountFault.STRANGE, "HTTP 202 without a Location")
        await asyncio.sleep(pause)
        reply = await api.call(ApiRequest("GET", reply.location, trace=True))
    if reply.status == 202:
        raise api.account.error(AccountFault.BUSY, f"the search takes longer than {sum(PAUSES):g} seconds")
    if not reply.good:
        raise api.error(reply)
    rows = rows_of(reply.value, message_id)
    if rows is None:
        raise api.account.error(AccountFault.STRANGE, "no list of messages")
    return rows


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
