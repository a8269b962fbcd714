"""One account at work: it asks for tokens, keeps each while it lives, and replaces one that a server refused.

However many mailboxes ask at once, one request is sent for all of them. After a refusal the provider is left alone for
a while, and everybody gets the same answer (see `refusals`).
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from probes.accounts import AccessToken, AccountError, AccountService, AccountSettings, RefreshKeeper
from probes.accounts.answers import AskedFor, TokenRefusal, read_answer
from probes.accounts.budget import Budget
from probes.accounts.faults import FAULTS, AccountFault, remedy_of
from probes.accounts.refreshing import MemoryKeeper, RefreshToken
from probes.accounts.refusals import ProviderRefusals
from probes.http import HttpReply, HttpSession
from probes.settings import MissingSecretError

MAX_ANSWER_BYTES = 128 * 1024
MARGIN = timedelta(minutes=5)  # before its end at which a token is replaced, but at most a fifth of its life
NEW = timedelta(minutes=1)  # age below which a refused token is not replaced: another one would be as good
USERS_LIMIT = 10_000  # of which tokens are kept
OF_ONE_USER = frozenset(
    {AccountFault.WRONG_USER, AccountFault.NO_DELEGATION, AccountFault.POLICY, AccountFault.REFUSED}
)
"""Faults that may concern one user only; others stop the whole account."""

EVERYBODY = ""


class Account:
    """An account of the configuration, shared by all mailboxes that name it. `ahead`: how far our clock was before the
    provider's at its last answer to a request for a token; None if that is unknown."""

    def __init__(
        self,
        name: str,
        settings: AccountSettings,
        http: HttpSession,
        now: Callable[[], datetime],
        keeper: RefreshKeeper | None = None,
    ) -> None:
        self.name, self.settings = name, settings
        self._http, self._now = http, now
        self.refusals = ProviderRefusals()
        self._budget, self._traces = Budget(settings.requests_limit), Budget(settings.traces_limit)
        self._turns = asyncio.Semaphore(settings.requests_at_once)
        self._tokens: dict[str, AccessToken] = {}
        self._asking: dict[str, asyncio.Task[AccessToken]] = {}
        self._quotas: dict[str, Budget] = {}
        self.ahead: timedelta | None = None
        self._refresh = RefreshToken(name, lambda: settings.configured_refresh, keeper or MemoryKeeper(), now)

    async def token(self, user: str, refused: str = "", service: AccountService = AccountService.IMAP) -> str:
        """Return a token for this service as this user, or the account's key. `refused`: one that a server refused,
        which is replaced unless it is new. Raises AccountError."""
        try:
            if fixed := self.settings.fixed_key:
                return fixed
        except MissingSecretError as error:
            raise self.error(AccountFault.MISSING_SECRET, str(error)) from None
        key = f"{service.token_of}:{user if self.settings.per_user else EVERYBODY}"
        held = self._tokens.get(key)
        if held and _lives(held, self._now()) and (held.value != refused or self._now() - held.asked_at < NEW):
            return held.value
        if (asking := self._asking.get(key)) is None:
            if refusal := self.refusals.holds(EVERYBODY, key, now=self._now()):
                raise refusal
            asking = self._asking[key] = asyncio.create_task(self._ask(key, user, service))
            asking.add_done_callback(lambda done: self._asked(key, done))
        return (await asyncio.shield(asking)).value

    def spend(self, *, trace: bool) -> None:
        """Count one request to an API; `trace`: one that asks what became of a message. Raises AccountError."""
        now = self._now()
        for budget, key in ((self._traces, "traces_per_5_minutes"), (self._budget, "per_5_minutes")):
            if (trace or budget is self._budget) and (again_at := budget.spend(now)):
                raise self.error(AccountFault.OVER_BUDGET, f"budget.{key}, until {again_at:%H:%M:%S} UTC")

    def quota(self, key: str, limit: int, period: timedelta) -> Budget:
        """Return the budget of this key, which lives as long as the account: such as one user's share of a provider's
        quota."""
        return self._quotas.setdefault(key, Budget(limit, period))

    async def exchange(
        self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], most: int
    ) -> HttpReply | str:
        """Send a request as it is, with the account's CA certificates. See `HttpSession.exchange`."""
        try:
            return await self._http.exchange(
                method, url, body=body, headers=headers, ca_file=self.settings.ca_file, most=most
            )
        except OSError as error:  # its ca_file is gone
            return error.strerror or type(error).__name__

    async def ask(
        self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], most: int
    ) -> HttpReply | str:
        """Send a request to an API when it is its turn. See `exchange`."""
        async with self._turns:
            return await self.exchange(method, url, body=body, headers=headers, most=most)

    @property
    def spent(self) -> int:
        """Return how many requests it has sent in the last five minutes."""
        return self._budget.sent(self._now())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no error may show."""
        return (*self.settings.secrets, self._refresh.current, *(token.value for token in self._tokens.values()))

    def now(self) -> datetime:
        """Return the time."""
        return self._now()

    def error(self, fault: AccountFault, detail: str = "", remedy: str = "") -> AccountError:
        """Return the error for this fault: what is wrong, and what to do. `remedy`: one that is better than the
        account's own."""
        words = FAULTS[fault].sentence + (f" ({detail})" if detail else "")
        to_do = remedy or remedy_of(fault, self.settings.remedies)
        return AccountError(f"account {self.name}: {words}; {to_do}", fault)

    async def close(self) -> None:
        """Ask no more."""
        asking = [*self._asking.values()]
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def _asked(self, key: str, done: asyncio.Task[AccessToken]) -> None:
        self._asking.pop(key, None)
        if not done.cancelled():
            done.exception()  # seen, also if all who wait have left

    async def _ask(self, key: str, user: str, service: AccountService) -> AccessToken:
        answer = await self._answer(user, service)
        if isinstance(answer, AccessToken):
            self.refusals.end(key, EVERYBODY)
            if len(self._tokens) >= USERS_LIMIT:
                self._tokens.clear()
            self._tokens[key] = answer
            return answer
        stopped = key if answer.fault in OF_ONE_USER else EVERYBODY
        error = self.error(answer.fault, _detail(answer))
        self.refusals.add(stopped, error, self._now(), answer.wait)
        raise error

    async def _answer(self, user: str, service: AccountService) -> AccessToken | TokenRefusal:
        if self.settings.refreshes:
            return await self._refresh.use(lambda refresh: self._exchanged(user, service, refresh))
        return await self._exchanged(user, service, "")

    async def _exchanged(self, user: str, service: AccountService, refresh: str) -> AccessToken | TokenRefusal:
        at = self._now()
        if again_at := self._budget.spend(at):
            return TokenRefusal(
                AccountFault.OVER_BUDGET, f"until {again_at:%H:%M:%S} UTC", wait=(again_at - at).total_seconds()
            )
        try:
            request = self.settings.request(user, at, refresh, service)
        except MissingSecretError as error:
            return TokenRefusal(AccountFault.MISSING_SECRET, str(error))
        if request is None:
            return TokenRefusal(AccountFault.MISSING_SECRET, "its key is empty")
        headers = {"Accept": "application/json", **request.headers}
        if request.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        reply = await self.exchange(
            request.method, request.url, body=request.body, headers=headers, most=MAX_ANSWER_BYTES
        )
        if not isinstance(reply, HttpReply):
            return TokenRefusal(AccountFault.NO_IDENTITY if request.managed else AccountFault.UNREACHABLE, reply)
        if reply.clock:
            self.ahead = at + (self._now() - at) / 2 - reply.clock
        ends = self.settings.certificate_ends_at
        asked = AskedFor(at, request.asserts, self.settings.refreshes, ends, request.managed)
        return read_answer(reply, asked, self.secrets)


def _lives(token: AccessToken, now: datetime) -> bool:
    margin = min(MARGIN, (token.expires_at - token.asked_at) / 5)
    return token.asked_at <= now < token.expires_at - margin


def _detail(refusal: TokenRefusal) -> str:
    """Return the provider's words, and how far our clock is off where that is the reason."""
    parts = [refusal.error] if refusal.error else []
    if refusal.ahead is not None:
        seconds = round(refusal.ahead.total_seconds())
        parts.append(
            f"this machine's clock is {abs(seconds)} s {'ahead of' if seconds >= 0 else 'behind'} the server's"
        )
    return ", ".join(parts)
