"""TCP connections to IMAP servers, made on the event loop."""

import asyncio
import socket

# A dead peer is noticed within two minutes, and imaplib's commands in two pieces do not wait for each other.
OPTIONS = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in (
        ("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)) if hasattr(socket, name)),
)  # fmt: skip


async def connected(sock: socket.socket, address: tuple[object, ...], seconds: float) -> socket.socket:
    """Connect this socket within so many seconds. Raises OSError; the socket is closed then."""
    try:
        sock.setblocking(False)
        for level, option, value in OPTIONS:
            sock.setsockopt(level, option, value)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock
