"""One TCP connection for commands and replies. Failures are returned as `WireFault`."""

import asyncio
import errno
import os
import socket
import ssl
from typing import cast

from probes.answer import Fault
from probes.routes.reply import Reply, ReplyReader, WireFault
from probes.tls import CertificateFacts, certificate_chain, certificate_facts

Heard = Reply | WireFault

BUFFER = 8192  # bytes; our own, because asyncio would make one of 256 KiB for every read

# Linux chooses the port when it connects, so that one source address has all ports toward each host, not for all hosts
_BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)

_FAULTS = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ECONNRESET: Fault.RESET,
    errno.EPIPE: Fault.RESET,
    errno.ETIMEDOUT: Fault.TIMED_OUT,
}


def has_local_address(address: str) -> bool:
    """Test if this machine has `address`, so that a connection can really come from it."""
    try:
        with _bound(address, address):
            return True
    except OSError as error:
        return error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # else the fault is another: see `connect`


def local_address_to(address: str) -> str:
    """Return the address that this machine would connect to `address` from; "" if there is no way. Nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))  # of a datagram socket: it only chooses a way
            return str(sock.getsockname()[0])
    except OSError:
        return ""


async def connect(address: str, port: int, until: float, *, source: str | None = None) -> "SmtpWire | WireFault":
    """Connect to `address`, only from `source` if given. `until` is by the loop's clock."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        sock = _bound(address, source)
    except OSError as error:
        return WireFault(Fault.UNREACHABLE, f"cannot leave from {source or 'this machine'}: {_error_text(error)}")
    try:
        async with asyncio.timeout_at(until):
            await loop.sock_connect(sock, (address, port))
        _, wire = await loop.create_connection(lambda: SmtpWire(loop), sock=sock)
    except TimeoutError as error:
        sock.close()
        return WireFault(Fault.TIMED_OUT, _error_text(error) or f"no connection in {loop.time() - began:.1f} s")
    except OSError as error:
        sock.close()
        return WireFault(_FAULTS.get(error.errno or 0, Fault.UNREACHABLE), _error_text(error))
    except BaseException:
        sock.close()
        raise
    return wire


def _bound(address: str, source: str | None) -> socket.socket:
    """Create a socket for `address`, bound to `source`. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        if source is not None:
            sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            sock.bind((source, 0))
    except OSError:
        sock.close()
        raise
    return sock


class SmtpWire(asyncio.BufferedProtocol):
    """See the module. One reader at a time; its creator calls `drop` at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reader = ReplyReader()
        self._buffer = memoryview(bytearray(BUFFER))  # a view, because TLS fills it by its slices
        self._end: WireFault | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self._late = False
        self._transport: asyncio.Transport

    @property
    def local_ip(self) -> str:
        """Our IP address of the connection."""
        name: tuple[str, int] | None = self._transport.get_extra_info("sockname")
        return name[0] if name else ""

    @property
    def local_port(self) -> int:
        """Our port."""
        name: tuple[str, int] | None = self._transport.get_extra_info("sockname")
        return name[1] if name else 0

    @property
    def tls(self) -> str:
        """The TLS version, "TLSv1.3"; "" in clear text."""
        engine: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return (engine.version() or "") if engine else ""

    @property
    def certificate(self) -> CertificateFacts:
        """The facts of the server's certificate; those of none in clear text."""
        engine: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return certificate_facts(engine) if engine else CertificateFacts()

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The certificates that the server showed, its own first, in DER; none in clear text."""
        engine: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return certificate_chain(engine) if engine else ()

    @property
    def ended(self) -> bool:
        """True if the connection is gone."""
        return self._end is not None

    def write(self, data: bytes) -> None:
        """Send; a lost connection is reported with the next reply."""
        if self._end is None:
            self._transport.write(data)

    def heard(self) -> Heard | None:
        """Return data received so far, without waiting."""
        return self._reader.take() or self._end

    async def reply(self, until: float) -> Heard:
        """Return the next reply, or why there is none by `until` on the loop's clock."""
        began = self._loop.time()
        while (heard := self.heard()) is None:
            if not await self._news(until):
                half = self._reader.half()
                had = f", only half of one: {half}" if half else ""
                return WireFault(Fault.TIMED_OUT, f"no reply in {self._loop.time() - began:.1f} s{had}")
        return heard

    def discard(self) -> str:
        """Discard unsolicited data, which has to be done right before `encrypt`. Returns it, or ""."""
        return self._reader.discard()

    async def encrypt(self, context: ssl.SSLContext, name: str, until: float) -> WireFault | None:
        """Start TLS with a server called `name`."""
        seconds = max(until - self._loop.time(), 0.001)
        try:
            if self._end is not None:
                return self._end
            transport = await self._loop.start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=seconds
            )
        except (OSError, ValueError) as error:
            self._end = self._end or _handshake_trouble(error, timed_out=self._loop.time() >= until)
            return self._end
        self._transport = cast(asyncio.Transport, transport)
        return None

    def drop(self) -> None:
        """Close at once; unsent data is lost."""
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()

    async def _news(self, until: float) -> bool:
        """Wait for data; False at `until`."""
        if until != self._until:
            self._limit(until)
        if self._late:
            return False
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return True

    def _limit(self, until: float) -> None:
        """Return the timeout. One timer serves all stages that end at the same time."""
        if self._timer is not None:
            self._timer.cancel()
        self._until, self._late = until, False
        self._timer = self._loop.call_at(until, self._expire)

    def _expire(self) -> None:
        self._late = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._reader.feed(bytes(self._buffer[:nbytes]))
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is None:
            self._end = _lost(exc, self._reader.half())
        self._wake()


def _lost(error: Exception | None, half: str) -> WireFault:
    after = f" after half a reply: {half}" if half else ""
    if isinstance(error, ssl.SSLError):
        return WireFault(Fault.TLS, f"{_tls_reason(error)}{after}")
    if isinstance(error, OSError):
        return WireFault(_FAULTS.get(error.errno or 0, Fault.RESET), f"{_error_text(error)}{after}")
    return WireFault(Fault.CLOSED, f"the server closed the connection{after}")


def _handshake_trouble(error: Exception, *, timed_out: bool) -> WireFault:
    """Say which side's handshake failed. asyncio reports an early end and a timeout by errors without a number."""
    if timed_out:
        return WireFault(Fault.TIMED_OUT, "the TLS handshake did not end in time")
    if isinstance(error, ssl.SSLError | ValueError):
        return WireFault(Fault.TLS, f"the TLS handshake failed: {_tls_reason(error)}")
    if isinstance(error, OSError) and error.errno:
        return WireFault(_FAULTS.get(error.errno, Fault.RESET), f"in the TLS handshake: {_error_text(error)}")
    return WireFault(Fault.CLOSED, "the server closed the connection in the TLS handshake")


def _error_text(error: OSError) -> str:
    """Return the system's text of an error; asyncio puts its own in the error's text."""
    return os.strerror(error.errno) if error.errno else str(error)


def _tls_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    reason = error.reason if isinstance(error, ssl.SSLError) else str(error)
    return (reason or str(error)).lower().replace("_", " ")
