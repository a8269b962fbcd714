"""Parse SMTP replies: bytes in, a reply or a fault out. No network access.

Nothing the server sends is trusted: a line, a reply and unread data are all bounded, text is made safe to show, and
anything but SMTP is a fault, not an exception.
"""

import re
from collections import deque
from dataclasses import dataclass

from probes.answer import Fault
from probes.display import escaped

MAX_LINE = 4096  # bytes; RFC 5321, section 4.5.3.1.5, knows 512
MAX_LINES = 128  # in one reply
MAX_REPLY = 32_768  # bytes
MAX_WAITING = 16  # replies nobody asked for
EXCERPT = 120  # bytes shown of what was not SMTP
TOO_LONG = f"a line of more than {MAX_LINE} bytes"

_LINE = re.compile(rb"([2-5]\d\d)(?:([ \t-])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)")  # RFC 2034, section 4


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply. `lines` are without basic and enhanced codes, and safe to show."""

    code: int
    enhanced: str | None
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines joined by "\\n"."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class WireFault:
    """The fault in place of a reply. `text` is this machine's description."""

    fault: Fault
    text: str


class ReplyReader:
    """The server's half of a dialogue. After a fault nothing more is read."""

    __slots__ = ("_code", "_lines", "_rest", "_size", "_trouble", "_whole")

    def __init__(self) -> None:
        self._rest = b""
        self._whole: deque[Reply] = deque()
        self._trouble: WireFault | None = None
        self._begin()

    def feed(self, data: bytes) -> None:
        """Add bytes from the server, split anywhere."""
        if self._trouble is not None:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._read(line)
            if self._trouble is not None:
                return
        if len(self._rest) > MAX_LINE:
            self._fail(TOO_LONG, self._rest)

    def take(self) -> Reply | WireFault | None:
        """Return the next complete reply, once; then the fault, forever. None: more bytes are needed."""
        return self._whole.popleft() if self._whole else self._trouble

    def half(self) -> str:
        """The incomplete reply, safe to show."""
        rest = [_show(self._rest)] if self._rest else []
        return "\n".join([*(f"{self._code}-{line}" for line in self._lines), *rest])

    def discard(self) -> str:
        """Discard everything received and not taken. Returns it, safe to show; "" if there was nothing."""
        whole = [f"{reply.code} {reply.text}" for reply in self._whole]
        trouble = [self._trouble.text] if self._trouble else []
        dropped = "\n".join(part for part in (*whole, self.half(), *trouble) if part)
        self._rest, self._trouble = b"", None
        self._whole.clear()
        self._begin()
        return dropped

    def _begin(self) -> None:
        self._code = 0
        self._lines: list[str] = []
        self._size = 0

    def _read(self, raw: bytes) -> None:
        """Read one line without its line feed. A bare line feed ends a line too."""
        self._size += len(raw)
        if len(raw) > MAX_LINE:
            return self._fail(TOO_LONG, raw)
        raw = raw.rstrip(b"\r")
        match = _LINE.fullmatch(raw)
        if match is None:
            return self._fail("not an SMTP reply", raw)
        code = int(match[1])
        if self._lines and code != self._code and code < 400:  # postscreen greets by 220- and ends in the refusal
            return self._fail(f"a reply that began with {self._code} and went on with {code}", raw)
        if self._size > MAX_REPLY or len(self._lines) >= MAX_LINES:
            return self._fail("a reply without end", raw)
        self._code = code
        self._lines.append(escaped(_decode(match[3] or b"")))
        if match[2] != b"-":
            self._finish()
        return None

    def _finish(self) -> None:
        if len(self._whole) >= MAX_WAITING:
            return self._fail(f"more than {MAX_WAITING} replies that nobody asked for", b"")
        self._whole.append(_reply(self._code, self._lines))
        return self._begin()

    def _fail(self, what: str, raw: bytes) -> None:
        self._trouble = WireFault(Fault.NONSENSE, f"{what}: {_show(raw)}" if raw else what)
        self._rest = b""


def extensions(hello: Reply) -> dict[str, str]:
    """Parse an EHLO reply: keyword in upper case -> its parameters. Old servers write AUTH=LOGIN."""
    offered: dict[str, str] = {}
    for line in hello.lines[1:]:
        keyword, _, parameters = line.strip().upper().replace("AUTH=", "AUTH ", 1).partition(" ")
        offered[keyword] = f"{offered[keyword]} {parameters}" if keyword in offered else parameters
    return offered


def _reply(code: int, lines: list[str]) -> Reply:
    """Build the reply. Most servers repeat the enhanced code on every line; it is removed if it is the same."""
    enhanced = next((match[1] for line in lines if (match := _ENHANCED.match(line))), None)
    if enhanced is None:
        return Reply(code, None, tuple(lines))
    return Reply(code, enhanced, tuple(_without(enhanced, line) for line in lines))


def _without(enhanced: str, line: str) -> str:
    match = _ENHANCED.match(line)
    return line[match.end() :] if match and match[1] == enhanced else line


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # knows every byte


def _show(raw: bytes) -> str:
    """Return the beginning of arbitrary data, safe to show."""
    return f'"{escaped(raw[:EXCERPT].decode("latin-1"))}"' + ("..." if len(raw) > EXCERPT else "")
