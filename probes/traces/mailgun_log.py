"""The questions to Mailgun's log, its lists of suppressed addresses and its list of IP addresses.

`POST /v1/analytics/logs` takes a filter by Message-ID without angle brackets, and pages by a token in the body
(documentation.mailgun.com, "List logs"; mailgun-mcp-server, src/custom-tools/investigate-message-delivery.ts). That one
filter takes several values is not documented; so if nothing is found for several messages, each is asked about alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from probes.accounts import AccountError, AccountUse
from probes.accounts.requests import Api, ApiRequest
from probes.outside import Outside
from probes.traced import Suppression, SuppressionReason, Traced
from probes.traces import AddressLog, Answers, SentMail, TraceError, TraceQuestion
from probes.traces.mailgun_rows import read_rows, read_suppression, sent_rows, suppression_list

LOGS = "/v1/analytics/logs"
EVENTS = ("accepted", "delivered", "failed", "rejected")
MARGIN = timedelta(minutes=2)  # by which a window begins before the first message: clocks differ
ROWS_PER_PAGE = 100
MAX_PAGES = 5
MAX_REAL_PAGES = 60  # of one reading; the next one goes on
MAX_TOKEN_CHARS = 8000
SUPPRESSION_LISTS = {
    "bounces": SuppressionReason.BOUNCED,
    "complaints": SuppressionReason.COMPLAINED,
    "unsubscribes": SuppressionReason.UNSUBSCRIBED,
}
NOT_LISTED = 404  # the address is not on this list
MAX_SUPPRESSIONS = 5  # looked up in one question


async def ask(use: AccountUse, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Return what the log says of these messages. Raises TraceError."""
    try:
        api = outside.accounts.api(use)
        found = await _rows(api, questions, outside)
        if not found and len(questions) > 1:
            for question in questions:
                found |= await _rows(api, [question], outside)
    except AccountError as error:
        raise TraceError(str(error)) from None
    return await _with_suppressions(api, questions, found)


async def sent(use: AccountUse, since: datetime, outside: Outside) -> tuple[list[SentMail], datetime | None]:
    """Return the rows of all mail of the domain since then; and from when to read on, None if these are all. Raises
    TraceError.

    These requests count in the account's budget, but not in that of traces: they must not keep a probe from its answer.
    """
    rows: list[SentMail] = []
    now, token = outside.now(), ""
    try:
        api = outside.accounts.api(use)
        domain = api.account.settings.sending_domain
        body = {"start": format_datetime(since), "filter": {"AND": [_is("domain", domain)]}}
        for _ in range(MAX_REAL_PAGES):
            answer = await api.require(replace(_request(body, token=token), trace=False))
            page = answer.get("items") if isinstance(answer, dict) else None
            rows += sent_rows(page, now)
            token = _next(answer, token)
            if not token or not isinstance(page, list) or len(page) < ROWS_PER_PAGE:
                return rows, None
    except AccountError as error:
        raise TraceError(str(error)) from None
    return rows, max((row.traced.happened_at or since for row in rows), default=since)


async def about(use: AccountUse, address: str, since: datetime, outside: Outside) -> AddressLog:
    """Return what the log and the lists of suppressed addresses say of an address. Raises TraceError.

    As for `sent`, the budget of traces is left to the probes.
    """
    try:
        api = outside.accounts.api(use)
        body = {"start": format_datetime(since), "filter": {"AND": [_is("recipient", address.lower())]}}
        answer = await api.require(replace(_request(body), trace=False))
        listed: Suppression | None = None
        for name, reason in SUPPRESSION_LISTS.items():
            reply = await api.call(ApiRequest("GET", _entry(api, name, address)))
            if reply.good:
                listed = Suppression(reason, read_suppression(reply.value))
                break
            if reply.status != NOT_LISTED:
                raise TraceError(f"{api.account.name}: the list of {name} answers with HTTP {reply.status}")
    except AccountError as error:
        raise TraceError(str(error)) from None
    rows = sent_rows(answer.get("items") if isinstance(answer, dict) else None, outside.now())
    own = sorted((each.traced for each in rows), key=lambda traced: traced.happened_at or traced.at)
    return AddressLog(tuple(own), listed)


async def examine(use: AccountUse, source_ip: str, outside: Outside) -> str:
    """Ask what any question needs, and what Mailgun says of the source IP. Returns the finding. Raises TraceError."""
    try:
        api = outside.accounts.api(use)
        await api.require(_request({"start": format_datetime(outside.now() - MARGIN)}, limit=1))
        reply = await api.call(ApiRequest("GET", f"/v3/ips/{quote(source_ip, safe='')}", trace=True))
    except AccountError as error:
        raise TraceError(str(error)) from None
    return f"reads the log; {_address(source_ip, reply.value if reply.good else None)}"


def _address(source_ip: str, value: Any) -> str:
    """Return what is known of an address: shared with other customers of Mailgun or not, and its reverse name."""
    if not isinstance(value, dict) or not isinstance(value.get("dedicated"), bool):
        return f"{source_ip} is not among the account's addresses, or the key may not read them"
    shared = "used by this account alone" if value["dedicated"] else "shared with other customers of Mailgun"
    name = value.get("rdns")
    named = f", its reverse name is {name}" if isinstance(name, str) and name.isprintable() and len(name) < 256 else ""
    return f"{source_ip} is {shared}{named}"


async def _rows(api: Api, questions: Sequence[TraceQuestion], outside: Outside) -> dict[str, list[Traced]]:
    """Return the statements about these messages, of all pages."""
    body: dict[str, Any] = {
        "start": format_datetime(min(question.sent_at for question in questions) - MARGIN),
        "filter": {"AND": [_is("message_id", *(question.message_id for question in questions))]},
    }
    items: list[Any] = []
    token = ""
    for _ in range(MAX_PAGES):
        answer = await api.require(_request(body, token=token))
        page = answer.get("items") if isinstance(answer, dict) else None
        items += page if isinstance(page, list) else []
        token = _next(answer, token)
        if not token or not isinstance(page, list) or len(page) < ROWS_PER_PAGE:
            break
    return read_rows(items, questions, outside.now())


def _is(attribute: str, *values: str) -> dict[str, Any]:
    return {"attribute": attribute, "comparator": "=", "values": [{"label": each, "value": each} for each in values]}


def _request(body: dict[str, Any], limit: int = ROWS_PER_PAGE, token: str = "") -> ApiRequest:
    paging: dict[str, Any] = {"sort": "timestamp:asc", "limit": limit} | ({"token": token} if token else {})
    asked = {"events": list(EVENTS), "include_subaccounts": True, "include_totals": False, "pagination": paging}
    return ApiRequest("POST", LOGS, body={**body, **asked}, trace=True)


def _next(answer: Any, last: str) -> str:
    """Return the token of the next page, "" if there is none, or only the same one again."""
    paging = answer.get("pagination") if isinstance(answer, dict) else None
    token = paging.get("next") if isinstance(paging, dict) else None
    usable = isinstance(token, str) and token != last and len(token) <= MAX_TOKEN_CHARS
    return token if isinstance(token, str) and usable else ""


async def _with_suppressions(api: Api, questions: Sequence[TraceQuestion], found: dict[str, list[Traced]]) -> Answers:
    """Add to suppressed messages what the list says of the address: by which failure it came onto it, and when."""
    left = MAX_SUPPRESSIONS
    for question in questions:
        rows = found.get(question.message_id, [])
        for place, traced in enumerate(rows):
            if (listed := suppression_list(traced)) and left:
                left -= 1
                rows[place] = await _explained(api, question.recipient, listed, traced)
    return found


def _entry(api: Api, listed: str, address: str) -> str:
    return f"/v3/{quote(api.account.settings.sending_domain, safe='')}/{listed}/{quote(address, safe='')}"


async def _explained(api: Api, address: str, listed: str, traced: Traced) -> Traced:
    try:
        reply = await api.call(ApiRequest("GET", _entry(api, listed, address), trace=True))
    except AccountError:  # that it is suppressed is known all the same
        return traced
    entry = read_suppression(reply.value) if reply.good else ""
    return replace(traced, rule=f"{listed}: {entry}") if entry else traced
