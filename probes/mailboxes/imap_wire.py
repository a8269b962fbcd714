"""IMAPClient on a connection of our own: every step is bounded in time and bytes, and new mail is noticed.

Blocking, except `ImapWire.read_announcements`. Whatever the server sends, only FAILURES are raised.
"""

import imaplib
import re
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from time import monotonic
from typing import Any

from imapclient import DELETED, IMAPClient, SocketTimeout

__all__ = [
    "BEARER_MECHANISMS",
    "DELETED",
    "FAILURES",
    "Abort",
    "ImapWire",
    "Refusal",
    "WireClient",
    "bearer_response",
    "without_token",
]

Refusal: type[Exception] = IMAPClient.Error
Abort: type[Exception] = IMAPClient.AbortError

FAILURES: tuple[type[Exception], ...] = (
    Refusal,
    OSError,  # with it TimeoutError, ssl.SSLError and everything about sockets
    # What IMAPClient and imaplib fall over when an answer is no IMAP:
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)

BEARER_MECHANISMS = ("OAUTHBEARER", "XOAUTH2")


def bearer_response(mechanism: str, user: str, token: str) -> bytes:
    """Return what the mechanism says of user and token. A challenge that the server answers with is its error, and a
    response without content ends the exchange (RFC 7628, section 3.2.3)."""
    if mechanism == "OAUTHBEARER":
        name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801, section 4
        return f"n,a={name},\x01auth=Bearer {token}\x01\x01".encode()
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


def without_token(text: str, user: str, token: str) -> str:
    """Return what a server said without any piece of the token that it may have repeated, plain or as it was sent."""
    sent = (b64encode(bearer_response(each, user, token)).decode() for each in BEARER_MECHANISMS)
    forms = (token, *sent)
    return _RUN.sub(lambda run: "***" if any(run[0][:PIECE] in form for form in forms) else run[0], text)


PIECE = 8  # characters: a shorter one is of no use to anybody
_RUN = re.compile(rf"[A-Za-z0-9._~+/-]{{{PIECE},}}=*")
_AT_ONCE = 64 * 1024
_UNHEARD_LIMIT = 256 * 1024  # octets a server may say while we wait for news
_COUNT = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\r?\n", re.IGNORECASE)
_BYE = re.compile(rb"\* BYE ?([^\r\n]*)", re.IGNORECASE)


class ImapWire(imaplib.IMAP4):
    """imaplib over an open socket.

    `count` is the number of messages in the open folder as announced; `grown` is set when it grows.
    `leaving`: the server's BYE is expected.
    """

    def __init__(self, sock: socket.socket, host: str, deadline: float, allowance: int) -> None:
        self.deadline = deadline
        self.allowance = allowance
        self.count = 0
        self.grown = False
        self.leaving = False
        self._given = sock
        self._unread = bytearray()
        super().__init__(host)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Use the given socket: imaplib's own connect has no overall deadline."""
        self.host, self.port, self.sock = host, port, self._given

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """As imaplib's. Data sent before the handshake is discarded: anybody may have injected it."""
        assert ssl_context is not None, "ours, not one that trusts everybody"
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            self.sock = ssl_context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self._unread.clear()
            self.sock.settimeout(self._left())
            self.sock.do_handshake()
            self._tls_established = True
            self._get_capabilities()
        return self._untagged_response(kind, data, "STARTTLS")

    def shutdown(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def limit(self, deadline: float, allowance: int) -> None:
        """Set the limits of the next step: a deadline by time.monotonic(), and the bytes of its answer."""
        self.deadline, self.allowance = deadline, allowance

    def read(self, size: int) -> bytes:
        """Read a literal."""
        if size > self.allowance:
            raise self.abort(f"an answer of {size} octets is too long")
        while len(self._unread) < size:
            self._receive()
        return self._take(size)

    def readline(self) -> bytes:
        """Read a line with its end."""
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            self._receive()
        line = self._take(end + 1)
        self._note(line)
        return line

    def send(self, data: Any) -> None:
        """Send everything before the deadline."""
        self.sock.settimeout(self._left())
        self.sock.sendall(data)

    def read_announcements(self) -> None:
        """Read what the server sends while it idles, without waiting. Raises FAILURES."""
        ended = self._receive_all()
        while (end := self._unread.find(b"\n")) >= 0 and self._unread.startswith(b"* "):
            self._note(self._take(end + 1))
        if ended:
            raise self.abort("the server closed the connection")
        if end >= 0:  # a line that is no news
            raise self.abort(f"the server ended IDLE: {bytes(self._unread[:end]).decode('ascii', 'replace')}")

    def _receive_all(self) -> bool:
        """Read everything available; True if the connection has ended."""
        self.sock.settimeout(0)
        while len(self._unread) < _UNHEARD_LIMIT:
            try:
                data = self.sock.recv(_AT_ONCE)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            if not data:
                return True
            self._unread += data
        raise self.abort("the server talks without end")

    def _receive(self) -> None:
        self.sock.settimeout(self._left())
        data = self.sock.recv(_AT_ONCE)
        if not data:
            raise self.abort("the server closed the connection")
        self._unread += data
        if len(self._unread) > self.allowance:
            raise self.abort("the answer has no end")

    def _left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left

    def _take(self, size: int) -> bytes:
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        self.allowance -= size
        return taken

    def _note(self, line: bytes) -> None:
        if (bye := _BYE.match(line)) and not self.leaving:
            raise self.abort(f"the server said BYE: {bye[1].decode('ascii', 'replace')}")
        if news := _COUNT.fullmatch(line):
            number = int(news[1])
            if news[2].upper() == b"EXPUNGE":
                self.count -= 1
                return
            self.grown = self.grown or number > self.count
            self.count = number


class WireClient(IMAPClient):  # type: ignore[misc]  # it comes without types
    """IMAPClient over an `ImapWire`, with features that it lacks."""

    def __init__(self, sock: socket.socket, host: str, deadline: float, allowance: int) -> None:
        self._opened = (sock, deadline, allowance)
        left = max(0.001, deadline - monotonic())
        super().__init__(host, ssl=isinstance(sock, ssl.SSLSocket), timeout=SocketTimeout(left, left))
        self.normalise_times = False
        self._imap.debug = 0  # or else it formats every answer for a log that nobody reads

    def _create_IMAP4(self) -> ImapWire:  # noqa: N802
        sock, deadline, allowance = self._opened
        return ImapWire(sock, self.host, deadline, allowance)

    @property
    def wire(self) -> ImapWire:
        """The wire below."""
        wire: ImapWire = self._imap
        return wire

    def authenticate(self, user: str, password: str) -> None:
        """Log in with PLAIN if offered, which allows any characters; else with LOGIN."""
        offered = self.capabilities()
        if b"LOGINDISABLED" in offered:
            raise Refusal("the server takes no password in the clear; set `tls` to starttls or implicit")
        if b"AUTH=PLAIN" in offered:
            self.plain_login(user, password)
        elif user.isascii() and password.isascii():
            self.login('"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"', password)
        else:
            raise Refusal("the server offers LOGIN only, which takes no user or password beyond ASCII")

    def authenticate_by_token(self, user: str, token: str) -> None:
        """Log in with an OAuth 2 token by OAUTHBEARER (RFC 7628) if offered, else by XOAUTH2."""
        offered = self.capabilities()
        mechanism = next((each for each in BEARER_MECHANISMS if f"AUTH={each}".encode() in offered), None)
        if mechanism is None:
            raise Refusal("the server takes no token (it offers neither OAUTHBEARER nor XOAUTH2); use a password")
        answers = iter((bearer_response(mechanism, user, token), b"\x01" if mechanism == "OAUTHBEARER" else b""))
        self._command_and_check("authenticate", mechanism, lambda _: next(answers, None))

    def all_folders(self) -> list[tuple[tuple[bytes, ...], bytes | None, str]]:
        """Return flags, delimiter and name of each folder, asking for SPECIAL-USE flags where they are not given by
        default (RFC 6154, section 3: a plain LIST need not contain them)."""
        if not (self.has_capability("SPECIAL-USE") and self.has_capability("LIST-EXTENDED")):
            plain: list[tuple[tuple[bytes, ...], bytes | None, str]] = self.list_folders()
            return plain
        kind, data = self.wire._simple_command("LIST", '""', '"*"', "RETURN (SPECIAL-USE)")
        self._checkok("LIST", kind, data)
        kind, data = self.wire._untagged_response(kind, data, "LIST")
        extended: list[tuple[tuple[bytes, ...], bytes | None, str]] = self._proc_folder_list(data)
        return extended

    def idle(self) -> None:
        """As the library's, which mistakes news before the server's "+" for a refusal. Raises Refusal."""
        self._idle_tag = self.wire._command("IDLE")
        while self.wire._get_response() is not None:
            if answer := self.wire.tagged_commands[self._idle_tag]:
                raise Refusal(str(answer))
