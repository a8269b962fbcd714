"""Listening for HTTP: who connects is let in or turned away by `connections`, before anything is read."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from time import monotonic

from aiohttp import web

from monitor.supervised import supervised
from monitor.web.connections import HEADERS_SECONDS, Connection, Connections
from monitor.web.headers import HEADERS, NO_STORE
from monitor.web.rejections import Rejection
from probes.settings import Endpoint

BACKLOG = 128  # connections that the system keeps for us until we take them
SWEEP_SECONDS = 0.5  # between looks at who lets us wait
RETRY_SECONDS = 1.0  # until we try again to take a connection when the system has no resources
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
FULL = "".join(
    (
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n",
        *(f"{name}: {value}\r\n" for name, value in (HEADERS | NO_STORE).items()),
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 55\r\n\r\n",
        "503 Service Unavailable: too many connections just now\n",
    )
).encode()


async def bound(place: Endpoint) -> list[socket.socket]:
    """Sockets that listen there, one for each address that the name has. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    return sockets


@asynccontextmanager
async def accepting(
    sockets: list[socket.socket], server: web.Server, connections: Connections, context: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Take who connects to these sockets, while the block lasts; the sockets are closed after it."""
    acceptor = Acceptor(server, connections, context)
    try:
        async with AsyncExitStack() as tasks:
            for listener in sockets:
                await tasks.enter_async_context(supervised("accept", partial(acceptor.run, listener)))
            await tasks.enter_async_context(supervised("close idle connections", partial(_sweep, connections)))
            yield
    finally:
        for listener in sockets:
            listener.close()
        acceptor.close()


class Acceptor:
    """Takes connections one by one."""

    def __init__(self, server: web.Server, connections: Connections, context: ssl.SSLContext | None) -> None:
        self._server, self._connections, self._context = server, connections, context
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self, listener: socket.socket) -> None:
        """Without an end."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                taken, peer = await loop.sock_accept(listener)
            except OSError as error:  # also one that is gone before it was taken
                if error.errno in EXHAUSTED:
                    self._connections.reject(Rejection.NO_DESCRIPTORS)
                    await asyncio.sleep(RETRY_SECONDS)
            else:
                self._take(taken, str(peer[0]))
            await asyncio.sleep(0)  # many that wait do not hold up the rest of the service

    def close(self) -> None:
        """Leave those alone whose handshake is not over."""
        for task in self._opening:
            task.cancel()

    def _take(self, taken: socket.socket, address: str) -> None:
        connection = self._connections.admit(address, self._server)
        if connection is None:
            self._turn_away(taken)
            return
        connection.opening = task = asyncio.create_task(self._open(taken, connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        task.add_done_callback(lambda done: taken.close() if done.cancelled() else None)  # perhaps before it began

    def _turn_away(self, taken: socket.socket) -> None:
        """Without TLS there is time for a word."""
        with taken, suppress(OSError):
            if self._context is None:
                taken.send(FULL)

    async def _open(self, taken: socket.socket, connection: Connection) -> None:
        """Hand the socket over, by TLS after the handshake."""
        seconds = HEADERS_SECONDS if self._context else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, taken, ssl=self._context, ssl_handshake_timeout=seconds
            )
        except OSError as error:  # ssl.SSLError is one too
            self._connections.discard(connection)
            slow = isinstance(error, ConnectionAbortedError)
            self._connections.reject(Rejection.SLOW_REQUEST if slow else Rejection.MALFORMED)
        except asyncio.CancelledError:
            self._connections.discard(connection)
            raise


async def _sweep(connections: Connections) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        connections.cut_overdue(monotonic())
