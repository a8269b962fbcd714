"""The refresh token of one account, where a provider may replace it with each use (RFC 6749, section 6).

Such a provider accepts each one once, and some end the whole consent when an old one is used again (RFC 9700, section
4.14). So the newest is kept before anybody works with the tokens that came with it, and a request is marked before it
is sent: a process that is killed between leaves the mark, and what was lost has a name. What is kept is sealed by a key
of the configured token: who has only the store cannot open it, and with another configured token it is nothing.
"""

import asyncio
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gethostname

from probes.accounts import AccessToken, NotKeptError, RefreshKeeper
from probes.accounts.answers import TokenRefusal
from probes.accounts.faults import AccountFault

OTHERS_TIME = timedelta(seconds=25)  # that another process may take for a request: longer than the HTTP client waits
LOOK_AGAIN = 0.2  # seconds until it is looked again whether that process is done
UNANSWERED = frozenset({AccountFault.UNREACHABLE})

Answer = AccessToken | TokenRefusal
Ask = Callable[[str], Awaitable[Answer]]
"""Sends a request with this refresh token, "" for the configured one."""


class MemoryKeeper:
    """Keeps as long as the process lives: where there is no store."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    async def kept(self, name: str) -> str:
        """See `RefreshKeeper`."""
        return self._values.get(name, "")

    async def keep(self, name: str, value: str) -> None:
        """See `RefreshKeeper`."""
        self._values[name] = value


@dataclass(frozen=True, slots=True)
class RequestMark:
    """The mark of a request that has no answer yet, or had none: the process that sent it, and when."""

    host: str
    pid: int
    at: datetime

    @classmethod
    def read(cls, kept: str) -> "RequestMark | None":
        """Return what `str` of a mark was kept as; None for nothing."""
        if not kept:
            return None
        host, _, rest = kept.partition(" ")
        pid, _, at = rest.partition(" ")
        try:
            return cls(host, int(pid), datetime.fromisoformat(at))
        except ValueError:
            return NOBODYS

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.at.isoformat()}"

    def holds(self, now: datetime) -> bool:
        """Test if an answer may still be on its way."""
        return timedelta() <= now - self.at < OTHERS_TIME

    @property
    def lives(self) -> bool:
        """Test if that process may live. One on this host with our own id had it before us."""
        if self.host != gethostname():
            return True
        return self.pid != os.getpid() and self.pid > 0 and Path(f"/proc/{self.pid}").exists()


NOBODYS = RequestMark("-", 0, datetime.min.replace(tzinfo=UTC))
"""The mark of a request whose answer nobody waits for."""


class RefreshToken:
    """The refresh token of one account. One request at a time, here and in other processes with the same keeper."""

    def __init__(
        self,
        account: str,
        configured: Callable[[], str],
        keeper: RefreshKeeper,
        now: Callable[[], datetime],
        lives: "Callable[[RequestMark], bool]" = lambda mark: mark.lives,
    ) -> None:
        """`configured`: gives the token of the configuration. `lives`: tests if whoever set a mark may still live."""
        self.current = ""
        self._account, self._configured, self._keeper, self._now = account, configured, keeper, now
        self._lives = lives
        self._turn = asyncio.Lock()
        self._unkept = ""

    async def use(self, ask: Ask) -> Answer:
        """Ask with the newest refresh token, and keep one that comes instead."""
        async with self._turn:
            try:
                lost = await self._begin()
                answer = await self._asked(ask)
                if _revoked(answer) and (newer := await self._newest()) != self.current:  # by another process
                    self.current = newer
                    answer = await self._asked(ask)
                return await self._done(answer, lost)
            except NotKeptError as error:
                return TokenRefusal(AccountFault.NOT_KEPT, str(error))

    async def _begin(self) -> bool:
        """Mark the request and read the newest token. Returns if an earlier request was left without an answer."""
        if self._unkept:
            await self._keep_token(self._unkept)
        mark = await self._mark()
        for _ in range(round(OTHERS_TIME.total_seconds() / LOOK_AGAIN)):
            if mark is None or not mark.holds(self._now()) or not self._lives(mark):
                break
            await asyncio.sleep(LOOK_AGAIN)
            mark = await self._mark()
        await self._keeper.keep(self._mark_name, str(RequestMark(gethostname(), os.getpid(), self._now())))
        self.current = await self._newest()
        return mark is not None

    async def _asked(self, ask: Ask) -> Answer:
        answer = await ask(self.current)
        if isinstance(answer, AccessToken) and answer.refresh and answer.refresh != self.current:
            self.current = self._unkept = answer.refresh
            with suppress(NotKeptError):  # the next request begins with it; this one's token is good
                await self._keep_token(answer.refresh)
        return answer

    async def _done(self, answer: Answer, lost: bool) -> Answer:
        """Take the mark away; where an answer may be lost, say that nobody waits for it."""
        if isinstance(answer, AccessToken):
            with suppress(NotKeptError):
                await self._keeper.keep(self._mark_name, "")
            return answer
        lost = lost or answer.fault in UNANSWERED
        if _revoked(answer) and self.current:
            await self._keep_token("")  # the next time that of the configuration
        await self._keeper.keep(self._mark_name, str(NOBODYS) if lost else "")
        return TokenRefusal(AccountFault.REFRESH_LOST, answer.error) if lost and _revoked(answer) else answer

    async def _mark(self) -> "RequestMark | None":
        return RequestMark.read(await self._keeper.kept(self._mark_name))

    async def _newest(self) -> str:
        if self._unkept:
            return self._unkept
        return opened(await self._keeper.kept(self._token_name), self._configured(), self._account)

    async def _keep_token(self, token: str) -> None:
        await self._keeper.keep(self._token_name, sealed(token, self._configured(), self._account) if token else "")
        self._unkept = ""

    @property
    def _token_name(self) -> str:
        return f"refresh token {self._account}"

    @property
    def _mark_name(self) -> str:
        return f"refresh token {self._account} in use"


def _revoked(answer: Answer) -> bool:
    return isinstance(answer, TokenRefusal) and answer.fault is AccountFault.REVOKED


def sealed(token: str, configured: str, account: str) -> str:
    """Return the token as only holders of the configured one can read it, for this account (AES-SIV, RFC 5297)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    return urlsafe_b64encode(AESSIV(_key(configured)).encrypt(token.encode(), [account.encode()])).decode()


def opened(kept: str, configured: str, account: str) -> str:
    """Return the token that was sealed; "" if there is none, or it was sealed for another configured one."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    try:
        return AESSIV(_key(configured)).decrypt(urlsafe_b64decode(kept), [account.encode()]).decode()
    except (InvalidTag, NotBase64Error, ValueError):
        return ""


def _key(configured: str) -> bytes:
    return hmac.digest(configured.encode(), b"mailpath: refresh tokens that came after this one", "sha256")
