"""Requests to one JMAP server: the login, the session, calls of methods, raw messages, and the stream of changes."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.http import HttpListenError, HttpReply, HttpSession, basic, on_same_server
from probes.mailboxes import MailboxError
from probes.mailboxes.excerpt import BODY_LIMIT, HEADER_LIMIT
from probes.mailboxes.jmap_answers import (
    CORE,
    MAIL,
    JmapFaultError,
    JmapServer,
    OtherAccountsError,
    as_object,
    failure_of,
    is_whole,
    problem,
    read_responses,
    read_session,
)
from probes.settings import MissingSecretError

if TYPE_CHECKING:
    from probes.accounts.account import Account
    from probes.mailboxes.jmap import JmapMailbox
    from probes.outside import Outside

MAX_ANSWER = 8 * 1024 * 1024  # bytes
REDIRECTS = 3  # from the well-known address to the session, on the same server
PING = 30  # seconds; RFC 8620, section 7.3: a server allows 30
SILENCE = 100.0  # seconds after which a stream with pings is taken for dead
MAX_WAIT = timedelta(hours=1)  # that a server may ask us to wait

Call = tuple[str, dict[str, Any]]
"""A method and its arguments, without the account."""

Group = Sequence[Call]
"""Calls that go into one request. One of them may refer to the result of another by its place in the group."""


class TooMuchError(Exception):
    """The answer is larger than MAX_ANSWER."""


class JmapLine:
    """Requests for one mailbox. At most one call of methods is under way. Every method raises MailboxError."""

    def __init__(self, mailbox: "JmapMailbox", outside: "Outside", check: Callable[[], None]) -> None:
        self.where = f"jmap {mailbox.place}"
        self._mailbox, self._outside = mailbox, outside
        self._check = check
        self._http: HttpSession = outside.http
        self._server: JmapServer | None = None
        self._turn = asyncio.Lock()
        self._downloads = asyncio.Semaphore(1)
        self._wait_until: datetime | None = None

    @property
    def server(self) -> JmapServer:
        """The session, after `connect`."""
        assert self._server is not None, "connect comes first"
        return self._server

    async def connect(self) -> None:
        """Read the session."""
        url = self._mailbox.session_url
        for _ in range(REDIRECTS + 1):
            reply = await self._send("GET", url)
            if reply.status not in (301, 302, 303, 307, 308):
                break
            if not (reply.location and (there := on_same_server(reply.location, url))):
                raise self.error(
                    f"HTTP {reply.status}: the session is on another server, and the login is not sent there;"
                    " put its address into `url`"
                )
            url = there
        if not reply.good:
            raise self._refusal(reply)
        try:
            self._server = read_session(as_object(reply.body), url, self._mailbox.owner)
        except JmapFaultError as fault:
            raise self.error(str(fault), unreachable=isinstance(fault, OtherAccountsError)) from None
        self._downloads = asyncio.Semaphore(max(1, min(4, self.server.requests)))

    async def call(self, *groups: Group) -> list[list[Mapping[str, Any]]]:
        """Call methods, all in one request if the server takes so many. Returns for each group the arguments of its
        answers; one that is an error is to be asked by `failure_of`. Raises TooMuchError."""
        answers: list[list[Mapping[str, Any]]] = []
        for together in _packed(groups, self.server.calls):
            calls = [_placed(call, start) for group, start in together for call in group]
            flat = await self._post(calls)
            answers += [flat[start : start + len(group)] for group, start in together]
        return answers

    async def ask(self, *groups: Group) -> list[list[Mapping[str, Any]]]:
        """As `call`, but an answer that is an error raises MailboxError."""
        answers = await self.call(*groups)
        for group, answered in zip(groups, answers, strict=True):
            for (method, _), answer in zip(group, answered, strict=True):
                self.unless_error(method, answer)
        return answers

    def unless_error(self, method: str, answer: Mapping[str, Any]) -> None:
        """Raise MailboxError if the answer of this method is an error, or only a part of one."""
        if fault := failure_of(answer):
            raise self.error(f"{method}: {fault}")
        if not is_whole(method, answer):
            raise self.error(f"{method}: half an answer", unreachable=True)

    async def _post(self, calls: Sequence[Call]) -> list[Mapping[str, Any]]:
        names = [str(number) for number in range(len(calls))]
        methods = [
            [method, {"accountId": self.server.account, **arguments}, name]
            for name, (method, arguments) in zip(names, calls, strict=True)
        ]
        body = json.dumps({"using": [CORE, MAIL], "methodCalls": methods}, separators=(",", ":")).encode()
        async with self._turn:
            reply = await self._send("POST", self.server.api_url, body, most=MAX_ANSWER)
        if not reply.good:
            raise self._refusal(reply)
        if len(reply.body) >= MAX_ANSWER:
            raise TooMuchError
        try:
            answers = read_responses(as_object(reply.body), names)
        except JmapFaultError as fault:
            raise self.error(str(fault), unreachable=True) from None
        return [answers[name] for name in names]

    async def raw(self, blob: str) -> bytes | None:
        """Return the beginning of a raw message; None if it is gone, or only another server has it."""
        if not self.server.download_url or not blob:
            return None
        url = _filled(
            self.server.download_url, accountId=self.server.account, blobId=blob, type="message/rfc822", name="mail"
        )
        async with self._downloads:
            reply = await self._send("GET", url, most=HEADER_LIMIT + BODY_LIMIT)
        if reply.status in (404, 410):
            return None
        if not reply.good:
            raise self._refusal(reply)
        return reply.body

    async def listen(self, opened: Callable[[], None], news: Callable[[], None]) -> bool:
        """Report changes until the stream ends; `opened` once it is open. False if the server does not push. Raises
        HttpListenError."""
        if not self.server.push_url:
            return False
        url = _filled(self.server.push_url, types="Email,Mailbox", closeafter="no", ping=str(PING))
        headers = {**await self._login(), "Accept": "text/event-stream"}
        async with self._http.listen(url, headers=headers, ca_file=self._mailbox.ca_file, silence=SILENCE) as lines:
            if lines.status == 401 or lines.status == 429 or lines.status >= 500:
                raise HttpListenError(f"HTTP {lines.status}")
            if lines.status != 200 or not lines.content_type.lower().startswith("text/event-stream"):
                return False
            opened()
            async for line in lines:
                if line.startswith(b"event:") and line[6:].strip() == b"state":
                    news()
        return True

    def error(self, text: str, *, unreachable: bool = False, fault: AccountFault | None = None) -> MailboxError:
        """Return the error with where it happened."""
        return MailboxError(f"{self.where}: {text}", unreachable=unreachable, fault=fault)

    async def _send(self, method: str, url: str, body: bytes | None = None, *, most: int = 1 << 20) -> HttpReply:
        """Send a request with the login. A token of an account that the server refuses is replaced once."""
        self._check()
        self._wait_over()
        secret = await self._token()
        reply = await self._exchange(method, url, body, secret, most)
        if reply.status == 401 and self._mailbox.account is not None:
            if (another := await self._token(refused=secret)) == secret:
                raise self._token_refused(reply)
            reply = await self._exchange(method, url, body, another, most)
            if reply.status == 401:
                raise self._token_refused(reply)
        if reply.status in (429, 503) and reply.retry_after:
            self._wait_until = self._outside.now() + min(timedelta(seconds=reply.retry_after), MAX_WAIT)
        return reply

    def _wait_over(self) -> None:
        if self._wait_until and timedelta() < self._wait_until - self._outside.now() <= MAX_WAIT:
            raise self.error(f"asked to wait until {self._wait_until.astimezone(UTC):%H:%M:%S} UTC")
        self._wait_until = None

    async def _exchange(self, method: str, url: str, body: bytes | None, secret: str, most: int) -> HttpReply:
        headers = {**self._header(secret), "Accept": "application/json"}
        try:
            reply = await self._http.exchange(
                method, url, body=body, headers=headers, ca_file=self._mailbox.ca_file, most=most
            )
        except OSError as error:  # its ca_file is gone
            raise self.error(f"ca_file: {error.strerror or type(error).__name__}") from None
        if not isinstance(reply, HttpReply):
            raise self.error(reply, unreachable=True)
        return reply

    async def _login(self) -> dict[str, str]:
        return self._header(await self._token())

    async def _token(self, refused: str = "") -> str:
        """Return the token, "" for a login with a password."""
        try:
            if self._mailbox.account is not None:
                return await self._account().token(self._mailbox.user or "", refused)
            return self._mailbox.token.get_secret_value() if self._mailbox.token else ""
        except AccountError as error:
            raise self.error(str(error), fault=error.fault) from None
        except MissingSecretError as error:
            raise self.error(str(error)) from None

    def _header(self, token: str) -> dict[str, str]:
        if token or self._mailbox.password is None:
            return {"Authorization": f"Bearer {token}"}
        try:
            return basic(self._mailbox.user or "", self._mailbox.password)
        except MissingSecretError as error:
            raise self.error(str(error)) from None

    def _token_refused(self, reply: HttpReply) -> MailboxError:
        try:
            words = self._account().error(AccountFault.TOKEN_REFUSED)
            return self.error(f"HTTP {reply.status}; {words}", fault=AccountFault.TOKEN_REFUSED)
        except AccountError as error:
            return self.error(str(error))

    def _refusal(self, reply: HttpReply) -> MailboxError:
        """Return the error for a status that is not 2xx."""
        if reply.status == 401:
            given = "`token`" if self._mailbox.token else "`user` and `password`"
            return self.error(f"HTTP 401: the login is refused; check {given}")
        if reply.status in (404, 405):
            return self.error(f"HTTP {reply.status}: no JMAP session there; check `url`")
        busy = reply.status == 429 or reply.status >= 500
        return self.error(str(problem(reply.status, reply.body)), unreachable=busy)

    def _account(self) -> "Account":
        return self._outside.accounts.get(self._mailbox.account or "")


def _packed(groups: Sequence[Group], most: int) -> list[list[tuple[Group, int]]]:
    """Return the groups of each request, each with the number of its first call."""
    requests: list[list[tuple[Group, int]]] = []
    length = 0
    for group in groups:
        if not requests or length + len(group) > most:
            requests.append([])
            length = 0
        requests[-1].append((group, length))
        length += len(group)
    return requests


def _placed(call: Call, start: int) -> Call:
    """Return the call with its reference by number in the request (RFC 8620, section 3.7)."""
    method, arguments = call
    if reference := arguments.get("#ids"):
        arguments = {**arguments, "#ids": {**reference, "resultOf": str(start + reference["resultOf"])}}
    return method, arguments


def ids_of(place: int, name: str, path: str) -> dict[str, Any]:
    """Return the reference to ids in the result of the call at this place of a group, a method of this name."""
    return {"resultOf": place, "name": name, "path": path}


def _filled(template: str, **values: str) -> str:
    """Return the URL of a template (RFC 6570, level 1)."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
