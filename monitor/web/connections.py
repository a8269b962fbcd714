"""HTTP connections: how many there may be, which of them make room for others, and how long each is waited for.

Whoever connects costs a file descriptor, and probes need descriptors too: so there is a limit for all connections and
one for each client. A client is an IPv4 address or an IPv6 network of 64 bits; trusted proxies carry many clients, and
the limit for one client does not hold for them. When all places are taken, a new connection takes the place of one that
waits for its client: a browser sends its request at once and is served, whoever only holds connections loses them.
Those that come by a proxy are the last to make room, but they do: else a crowd behind it would keep everybody out.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from monitor.web.backend import CALLER
from monitor.web.headers import safe_headers
from monitor.web.rejections import Rejection, Rejections
from probes.ip_addresses import CLIENT, block_of

HEADERS_SECONDS = 10.0  # for the headers of a request, from its first octet to its last
IDLE_SECONDS = 60.0  # that a connection may wait between two requests
SEND_SECONDS = 30.0  # in which a client must take LEAST_TAKEN octets of what waits for it
LEAST_TAKEN = 16 * 1024
LINGER_SECONDS = 2.0  # for the rest of a request that has its answer
MAX_CONNECTIONS = 2000
LEAST_CONNECTIONS = 8
CONNECTIONS_OF_MACHINES = 32  # where only metrics and health are: no crowd elsewhere takes these places
SHARE_OF_DESCRIPTORS = 3  # one in so many is for HTTP; the others are for probes, mailboxes, inbound mail, the store
SHARE_OF_ONE_CALLER = 4  # who has more than one in so many of all connections loses one before others are refused
UNREADABLE = "400 Bad Request: this is not HTTP that can be read\n"

log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Limits of connections: in total, and per client besides those of signed-in callers."""

    total: int
    per_client: int

    @classmethod
    def of(cls, descriptors: int, per_client: int) -> Self:
        """The limits where the process may have so many descriptors, and one client is meant to have so many."""
        total = max(LEAST_CONNECTIONS, min(MAX_CONNECTIONS, descriptors // SHARE_OF_DESCRIPTORS))
        return cls(total, min(per_client, total // 2))

    @classmethod
    def of_machines(cls) -> Self:
        """The limits where only metrics and health are asked for."""
        return cls(CONNECTIONS_OF_MACHINES, CONNECTIONS_OF_MACHINES // 2)


class Connection(web.RequestHandler):
    """One connection, as aiohttp serves it, with an end to each wait."""

    def __init__(self, connections: "Connections", server: web.Server, client: str, *, is_proxy: bool) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type] # None: there is none
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,  # nobody compresses what they send us but to fill our memory
        )
        self.client, self.is_proxy = client, is_proxy
        self.request: web.BaseRequest | None = None
        self.opening: asyncio.Task[None] | None = None
        self.served = False
        self._connections = connections
        self._link: asyncio.Transport | None = None
        self._headers_since: float | None = monotonic()
        self._unsent: tuple[int, float] | None = None  # octets that wait to be sent, and since when there are so many

    @property
    def caller(self) -> str:
        """The signed-in caller being served on it, "" if none."""
        caller = self.request.get(CALLER) if self.request else None
        return caller.account if caller and caller.way != "open" else ""

    @property
    def waits(self) -> bool:
        """True if the client should send a request: the last response has been sent."""
        return self.request is None and not (self._link and self._link.get_write_buffer_size())

    def begin(self, request: web.BaseRequest) -> None:
        """A request has come, and is being answered."""
        self.request, self._headers_since, self.served = request, None, True

    def end(self) -> None:
        """It has its answer."""
        self.request = None

    def overdue(self, now: float) -> Rejection | None:
        """Why it must not be waited for any longer, if so."""
        if self._headers_since is not None and now - self._headers_since > HEADERS_SECONDS:
            return Rejection.SLOW_REQUEST
        size = self._link.get_write_buffer_size() if self._link else 0
        if not size:
            self._unsent = None
        elif self._unsent is None or size <= self._unsent[0] - LEAST_TAKEN:
            self._unsent = size, now
        elif now - self._unsent[1] > SEND_SECONDS:
            return Rejection.SLOW_READER
        return None

    def reject(self, reason: Rejection) -> None:
        """Count a request of its that is refused."""
        self._connections.reject(reason)

    def cut(self, reason: Rejection) -> None:
        """End it at once, whatever waits to be sent."""
        self.reject(reason)
        self._connections.discard(self)
        if self._link:
            self._link.abort()
        elif self.opening:
            self.opening.cancel()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol; by TLS the handshake is over."""
        assert isinstance(transport, asyncio.Transport)
        self._link, self._headers_since = transport, monotonic()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. The first octets of a request begin its time."""
        if data and self.request is None and self._headers_since is None:
            self._headers_since = monotonic()
        super().data_received(data)

    def resume_writing(self) -> None:
        """See asyncio.Protocol: most of what waited was taken."""
        self._unsent = None
        super().resume_writing()

    def connection_lost(self, error: BaseException | None) -> None:
        """See asyncio.Protocol."""
        self._connections.discard(self)
        super().connection_lost(error)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Count anything but HTTP and answer it without quoting it; handle the rest as aiohttp does."""
        if not isinstance(exc, HttpProcessingError):
            response = super().handle_error(request, status, exc, message)
        else:
            self.reject(Rejection.MALFORMED)
            if request.writer.output_size > 0:
                raise ConnectionResetError("half of another answer was sent") from None
            response = web.Response(status=400, text=UNREADABLE)
            response.force_close()
        response.headers.update(safe_headers(response))
        return response

    def log_exception(self, *args: Any, **facts: Any) -> None:
        """A body that cannot be read is the client's fault, one that is gone is nobody's; anything else is ours."""
        error = facts.get("exc_info")
        if isinstance(error, HttpProcessingError | web.RequestPayloadError):
            self.reject(Rejection.MALFORMED)
        elif not isinstance(error, ConnectionError):
            log.error("HTTP connection failed", exc_info=error)


class Connections:
    """All connections of the servers of one process."""

    def __init__(self, limits: ConnectionLimits, rejections: Rejections, is_proxy: Callable[[str], bool]) -> None:
        self.limits = limits
        self._rejections, self._is_proxy = rejections, is_proxy
        self._all: dict[Connection, None] = {}  # the oldest first
        self._clients: dict[str, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Connection]:
        """The oldest first."""
        return iter(self._all)

    def admit(self, address: str, server: web.Server) -> Connection | None:
        """A connection for whoever connects from this address; None if they must be turned away."""
        is_proxy, client = self._is_proxy(address), block_of(address, CLIENT)
        if reason := self._make_room(client, is_proxy=is_proxy):
            self.reject(reason)
            return None
        connection = Connection(self, server, client, is_proxy=is_proxy)
        self._all[connection] = None
        self._clients.setdefault(client, {})[connection] = None
        return connection

    def discard(self, connection: Connection) -> None:
        """It is over."""
        self._all.pop(connection, None)
        theirs = self._clients.get(connection.client, {})
        theirs.pop(connection, None)
        if not theirs:
            self._clients.pop(connection.client, None)

    def reject(self, reason: Rejection) -> None:
        """Count it."""
        self._rejections.add(reason)

    def cut_overdue(self, now: float) -> None:
        """End those that nobody needs to wait for any longer."""
        for connection in list(self._all):
            if reason := connection.overdue(now):
                connection.cut(reason)

    def _make_room(self, client: str, *, is_proxy: bool) -> Rejection | None:
        """Why there is no room, if there is none."""
        theirs = self._clients.get(client, {})
        if not is_proxy and len(theirs) >= self.limits.per_client:
            strangers = [each for each in theirs if not each.caller]
            if len(strangers) >= self.limits.per_client and not _evict(_waiting(strangers)):
                return Rejection.CLIENT_FULL
        if len(self._all) >= self.limits.total and not _evict(self._expendable()):
            return Rejection.SERVER_FULL
        return None

    def _expendable(self) -> Connection | None:
        """The one that loses least: one that waits, or a request of nobody known, or one of whoever has very many."""
        direct = [each for each in self._all if not each.is_proxy]
        proxied = [each for each in self._all if each.is_proxy]  # only then: each may be anybody's
        if found := _of_nobody(direct) or _of_nobody(proxied):
            return found
        [(busiest, count)] = Counter(each.caller for each in self._all).most_common(1)
        if count * SHARE_OF_ONE_CALLER <= self.limits.total:
            return None
        return next(each for each in self._all if each.caller == busiest)


def _of_nobody(connections: list[Connection]) -> Connection | None:
    """One that waits for its client, else the oldest with a request of nobody known."""
    return _waiting(connections) or next((each for each in connections if not each.caller), None)


def _waiting(connections: Iterable[Connection]) -> Connection | None:
    """The oldest that waits for its client, rather one that never sent a request."""
    waiting = [each for each in connections if each.waits]
    return next((each for each in waiting if not each.served), waiting[0] if waiting else None)


def _evict(connection: Connection | None) -> bool:
    if connection:
        connection.cut(Rejection.EVICTED)
    return connection is not None
