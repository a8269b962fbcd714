"""SMTP replies, read from bytes as they come: bytes in, a reply or trouble out. Nothing here touches the network.

A server is believed in nothing: a line, a reply and what waits to be read are all bounded, text is made safe to show,
and what is not SMTP is trouble, not an exception.
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
    """What a server said. `lines` are without basic and enhanced codes, and fit to be shown."""

    code: int
    enhanced: str | None
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines joined by "\\n"."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class WireFault:
    """What came instead of a reply. `text` is what this machine has to say of it."""

    fault: Fault
    text: str


class ReplyReader:
    """The server's half of a dialogue. After trouble nothing more is read."""

    __slots__ = ("_code", "_lines", "_rest", "_size", "_trouble", "_whole")

    def __init__(self) -> None:
        self._rest = b""
        self._whole: deque[Reply] = deque()
        self._trouble: WireFault | None = None
        self._begin()

    def feed(self, data: bytes) -> None:
        """Bytes from the server, cut anywhere."""
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
        """The next whole reply, once; then the trouble, for ever. None: more bytes are needed."""
        return self._whole.popleft() if self._whole else self._trouble

    def half(self) -> str:
        """What has come of a reply that is not whole, fit to be shown."""
        rest = [_show(self._rest)] if self._rest else []
        return "\n".join([*(f"{self._code}-{line}" for line in self._lines), *rest])

    def discard(self) -> str:
        """Forget all that came and was not taken. What it was, fit to be shown; "" when there was nothing."""
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
        """One line without its line feed. A line that ends in a bare line feed is taken too."""
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
    """What an EHLO reply offers: keyword in upper case -> its parameters. Old servers write AUTH=LOGIN."""
    offered: dict[str, str] = {}
    for line in hello.lines[1:]:
        keyword, _, parameters = line.strip().upper().replace("AUTH=", "AUTH ", 1).partition(" ")
        offered[keyword] = f"{offered[keyword]} {parameters}" if keyword in offered else parameters
    return offered


def _reply(code: int, lines: list[str]) -> Reply:
    """The enhanced code is repeated on every line by most servers; it is taken off where it is the same."""
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
    """The beginning of something that may be anything."""
    return f'"{escaped(raw[:EXCERPT].decode("latin-1"))}"' + ("..." if len(raw) > EXCERPT else "")
