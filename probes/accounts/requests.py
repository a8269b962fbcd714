"""Authorised requests to an API of a provider, as mailboxes and traces make them.

All requests of an account share its tokens and its budget. After a refusal nobody asks that API as that user until the
provider may be asked again. A refused token is replaced once. A URL that an answer gives is followed only to the server
of the API itself, because the credentials would go with it. Answers are bounded in size and time, and hostile.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin

from probes.accounts import AccountError, AccountUse
from probes.accounts.account import Account
from probes.accounts.answers import masked
from probes.accounts.faults import AccountFault
from probes.display import one_line
from probes.http import HttpReply, same_server

MAX_REPLY_BYTES = 4 * 1024 * 1024
MARGIN_SECONDS = 0.01  # after a pause: a timer may be early
WORDS_LIMIT = 200  # characters of a provider's own words
PASSING = frozenset({AccountFault.BUSY, AccountFault.API_UNREACHABLE})  # faults that may be over soon
BUSY = frozenset({408, 425, 429})  # and all from 500 on: the same request may succeed later
QUOTA_REASONS = ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded")
"""Reasons of Google's 403 that pass: developers.google.com/workspace/gmail/api/guides/handle-errors."""


ApiRemedies = Sequence[tuple[str, str]]
"""Words of an API's errors in lower case, "http 403" among them, and for each the remedy. The first hit wins."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request. `target`: a path below the API's base, with a slash before it, or a whole URL that an answer gave.
    `body`: any JSON. `trace`: it asks what became of a message, and counts in that budget too. `patience`: seconds that
    may be waited, once, until an API that was busy or broke off may be asked again."""

    method: str
    target: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    trace: bool = False
    patience: float = 0.0
    most: int = MAX_REPLY_BYTES


@dataclass(frozen=True, slots=True)
class ApiReply:
    """The answer: its status, and its JSON, None if it has none. Of a refusal only the words are safe to show.
    `location`: the whole URL that a 2xx answer gives for its result, "" without one; hostile, as all of it."""

    status: int
    value: Any
    location: str = ""

    @property
    def good(self) -> bool:
        """True for a 2xx status."""
        return 200 <= self.status < 300


class Api:
    """One API of an account, as one user. Errors name the account, what is wrong, and what to do."""

    def __init__(self, account: Account, use: AccountUse, remedies: ApiRemedies = ()) -> None:
        self.account, self._use, self._remedies = account, use, remedies
        self._key = f"api:{use.service}:{use.user}"

    async def call(self, request: ApiRequest) -> ApiReply:
        """Send the request and return the answer, also a refusal of it (4xx): what that means, only the caller knows.

        Raises AccountError if the API cannot be asked: no token, over budget, unreachable, busy, credentials refused,
        or an answer that is none of this API.
        """
        try:
            return await self._call(request)
        except AccountError as error:
            pause = self.account.refusals.seconds(self._key, self.account.now())
            if error.fault not in PASSING or not 0 < pause <= request.patience:
                raise
        await asyncio.sleep(pause + MARGIN_SECONDS)
        return await self._call(request)

    async def _call(self, request: ApiRequest) -> ApiReply:
        url = self._url(request)
        if error := self.account.refusals.holds(self._key, now=self.account.now()):
            raise error
        token = await self._token()
        reply = await self._exchange(request, url, token)
        if reply.status == 401:
            if (another := await self._token(refused=token)) == token:
                raise self._refused(reply, AccountFault.TOKEN_REFUSED)
            reply = await self._exchange(request, url, another)
        return self._read(reply, request.most, url)

    async def require(self, request: ApiRequest) -> Any:
        """Send the request and return the JSON of its answer. Raises AccountError for anything but a 2xx status."""
        reply = await self.call(request)
        if not reply.good:
            raise self.error(reply)
        return reply.value

    def error(self, reply: ApiReply) -> AccountError:
        """Return the error for a refusal of what was asked."""
        fault = AccountFault.NO_RIGHT if reply.status == 403 else AccountFault.NOT_DONE
        return self._error(fault, reply.status, reply.value)

    async def _token(self, refused: str = "") -> str:
        return await self.account.token(self._use.user, refused, self._use.service)

    def _url(self, request: ApiRequest) -> str:
        base = self.account.settings.base(self._use.service)
        url = f"{base}{request.target}" if request.target.startswith("/") else request.target
        if not base or not same_server(url, base):
            raise self.account.error(AccountFault.OTHER_HOST)
        return f"{url}{'&' if '?' in url else '?'}{urlencode(request.query)}" if request.query else url

    async def _exchange(self, request: ApiRequest, url: str, token: str) -> HttpReply:
        self.account.spend(trace=request.trace)
        headers = {"Accept": "application/json", **request.headers, **self.account.settings.authorization(token)}
        body = None if request.body is None else json.dumps(request.body).encode()
        reply = await self.account.ask(request.method, url, body=body, headers=headers, most=request.most + 1)
        if not isinstance(reply, HttpReply):
            raise self._pause(self.account.error(AccountFault.API_UNREACHABLE, reply), None)
        return reply

    def _read(self, reply: HttpReply, most: int, url: str) -> ApiReply:
        if reply.status == 401:
            raise self._refused(reply, AccountFault.TOKEN_REFUSED)
        if reply.status in BUSY or reply.status >= 500 or (reply.status == 403 and _over_quota(_json(reply.body))):
            raise self._refused(reply, AccountFault.BUSY)
        if 300 <= reply.status < 400:
            raise self.account.error(AccountFault.OTHER_HOST, f"HTTP {reply.status}")
        if len(reply.body) > most:
            raise self.account.error(AccountFault.TOO_LONG, f"more than {most} bytes")
        value = _json(reply.body)
        if value is None and reply.good and reply.body:
            raise self.account.error(AccountFault.STRANGE, f"HTTP {reply.status}, no JSON")
        self.account.refusals.end(self._key, now=self.account.now())
        return ApiReply(reply.status, value, _whole(reply.location, url))

    def _refused(self, reply: HttpReply, fault: AccountFault) -> AccountError:
        return self._pause(self._error(fault, reply.status, _json(reply.body)), reply.retry_after)

    def _error(self, fault: AccountFault, status: int, value: Any) -> AccountError:
        words = self._words(status, value)
        remedy = next((each for phrase, each in self._remedies if phrase in words.lower()), "")
        return self.account.error(fault, words, remedy)

    def _pause(self, error: AccountError, wait: float | None) -> AccountError:
        self.account.refusals.add(self._key, error, self.account.now(), wait)
        return error

    def _words(self, status: int, value: Any) -> str:
        words = masked(one_line(words_of(value), WORDS_LIMIT), self.account.secrets)
        return f"HTTP {status}: {words}" if words else f"HTTP {status}"


def words_of(value: Any) -> str:
    """Return the words of an error: Graph's and Google's {"error": {"code", "message"}}, Mailgun's {"message"}, problem
    details (RFC 9457), the first of Cloudflare's {"errors": [{"code", "message"}]}, or "" if it has none."""
    if not isinstance(value, dict):
        return ""
    if isinstance(listed := value.get("errors"), list) and listed and isinstance(listed[0], dict):
        value = listed[0]
    if isinstance(inner := value.get("error"), dict):
        value = inner
    parts = (value.get(name) for name in ("code", "error", "message", "title", "detail", "error_description"))
    return ": ".join(str(part) for part in parts if isinstance(part, str) and part)


def _whole(location: str, url: str) -> str:
    """Return the whole URL of a Location header in the answer from this URL; unreadable ones as they are."""
    try:
        return urljoin(url, location) if location else ""
    except ValueError:
        return location


def _over_quota(value: Any) -> bool:
    """Test if this error of Google says that a quota is used up."""
    error = value.get("error") if isinstance(value, dict) else None
    listed = error.get("errors") if isinstance(error, dict) else None
    rows = (each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    return any(each.get("reason") in QUOTA_REASONS for each in rows)


def _json(body: bytes) -> Any:
    """Return the JSON, None for anything else."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, or a number of too many digits
        return None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")  # RFC 8259, section 6
