"""Parse the addresses in a header field such as From (RFC 5322, section 3.4). Bounded, and never raises.

Text in a display name, comment or encoded word is never taken for an address: people read it, servers do not.
"""

import re
from functools import lru_cache

VALUE_READ = 4096  # characters; who writes more into From is not who we are looking for
ADDRESSES_READ = 50

_TOKENS = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*+")|(?P<space>\s++)|(?P<special>[<>,:;()\[\]])|(?P<atom>[^\s<>,:;()\[\]"]++)|(?P<odd>")""",
    re.DOTALL,
)


@lru_cache(maxsize=16)  # all probes of one sender have the same From
def addresses_of(value: str) -> tuple[str, ...]:
    """Return the addresses without display names ("user@example.com"), in order, at most ADDRESSES_READ.

    A value longer than VALUE_READ, or one that ends inside a comment, a quotation or angle brackets, has none: parsers
    disagree about the address in it.
    """
    if len(value) > VALUE_READ:
        return ()
    reading = _Reading()
    for match in _TOKENS.finditer(value):
        if not reading.take(match.lastgroup or "", match[0]) or len(reading.found) > ADDRESSES_READ:
            return ()
    return tuple(reading.found) if reading.end() else ()


class _Reading:
    """One pass over the tokens of a value."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._comments = 0
        self._bare = ""  # of an address without angle brackets
        self._angle: str | None = None
        self._closed = False  # the mailbox had its angle brackets

    def take(self, kind: str, text: str) -> bool:
        """Read the next token; False if the value is invalid."""
        if text in "()" and kind == "special":
            self._comments += 1 if text == "(" else -1
            return self._comments >= 0
        if self._comments or kind == "space":
            return True
        if kind == "odd":
            return False
        return self._take_special(text) if kind == "special" else self._take_word(text)

    def _take_word(self, text: str) -> bool:
        if self._angle is not None:
            self._angle += text
        elif not self._closed:
            self._bare += text
        return True

    def _take_special(self, text: str) -> bool:
        if self._angle is not None and text != ">":
            return self._take_inside(text)
        match text:
            case "<":
                self._angle = ""
                return not self._closed
            case ">":
                self.found.append(self._angle or "")
                whole, self._angle, self._closed = self._angle is not None, None, True
                return whole
            case "," | ";":
                self._finish()
            case ":":  # what stood before it is the name of a group
                self._bare = ""
            case _:
                self._bare += text
        return True

    def _take_inside(self, text: str) -> bool:
        """Read inside angle brackets. A route in front of the address (obsolete, section 4.4) ends with a colon."""
        assert self._angle is not None
        self._angle = "" if text == ":" and "[" not in self._angle else self._angle + text
        return text not in "<;"

    def _finish(self) -> None:
        if not self._closed and "@" in self._bare:
            self.found.append(self._bare)
        self._bare, self._closed = "", False

    def end(self) -> bool:
        """Test if the value was complete."""
        self._finish()
        return not self._comments and self._angle is None
