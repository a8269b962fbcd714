"""A memory, within bounds, of what was found in pieces of text: the same pieces stand in most replies."""

from collections.abc import Callable
from typing import TypeVar

KEPT, LONGEST_KEPT = 4096, 64  # pieces of text, and the characters of one

Found = TypeVar("Found")


class Memory(dict[str, Found]):
    """Results of `find` by piece of text. When it is full it begins anew, so that names and numbers, of which there is
    no end, neither fill it for good nor make it grow."""

    def __init__(self, find: Callable[[str], Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, piece: str) -> Found:
        found = self._find(piece)
        if len(piece) <= LONGEST_KEPT:
            if len(self) >= KEPT:
                self.clear()
            self[piece] = found
        return found
