"""Find the line of a key in a file. Used only for errors: this parser is slow."""

import re
from bisect import bisect_left
from functools import cached_property
from typing import Any

import spanned_toml

from monitor.config.schema import Keys

# The parser's tables define no __contains__, so `key in table` iterates over all keys: three minutes for 10,000
# companies instead of three seconds.
_Spanned: Any = type(spanned_toml.loads(""))
_Spanned.__contains__ = lambda table, key: key in table.inner()


class Lines:
    """Maps the keys of one text to lines. Text that the slow parser rejects has no known lines."""

    def __init__(self, text: str) -> None:
        self._text = text = text.replace("\r\n", "\n")  # the parser counts offsets this way
        self._breaks = [offset for offset, character in enumerate(text) if character == "\n"]
        self._names: dict[int, dict[str, int]] = {}
        try:
            self._root: Any = spanned_toml.loads(text)
        except (ValueError, TypeError, AttributeError, RecursionError):  # a missing line must not hide the error
            self._root = None

    def line(self, keys: Keys) -> int | None:
        """Return the line, from 1, of the last of `keys` that is in the text."""
        here, offset = self._root, None
        for key in keys:
            step = self._step(here, key)
            if step is None:
                break
            offset, here = step
        return None if offset is None else bisect_left(self._breaks, offset) + 1

    def _step(self, here: Any, key: str | int) -> tuple[int, Any] | None:
        """Return the offset and value of `key` in a table or list."""
        match here and here.inner():
            case dict() as table if isinstance(key, str) and key in table:
                return self._starts(table)[key], table[key]
            case list() as items if isinstance(key, int) and key < len(items):
                start = self._start(items[key])
                return None if start is None else (start, items[key])
            case _:
                return None

    def _start(self, item: Any) -> int | None:
        """Return the offset of a list item. A table with a header has no span of its own: its first key locates it."""
        if item.span().stop or not isinstance(item.inner(), dict):
            return int(item.span().start)
        first = min(self._starts(item).values(), default=0)
        return self._headers[bisect_left(self._headers, first) - 1] if first and self._headers else None

    @cached_property
    def _headers(self) -> list[int]:
        """Return the offsets of the headers of arrays of tables: [[name]]."""
        return [header.start(1) for header in re.finditer(r"^[ \t]*(\[\[)", self._text, re.MULTILINE)]

    def _starts(self, table: dict[Any, Any]) -> dict[str, int]:
        """Return the offset of each key: a value that is a table with a header has no span."""
        if id(table) not in self._names:
            self._names[id(table)] = {str(name): name.span().start for name in table}
        return self._names[id(table)]
