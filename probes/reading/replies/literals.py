"""Find which fixed texts of several tables occur in a reply, without a search for each.

A text stands only where its longest word stands. Which of these words stand in a piece of a reply is remembered,
because most pieces were seen before.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from probes.reading.replies.memory import Memory

_END = ""  # key of the end of a text; no character is empty
_Node = dict[str, Any]
Found = Mapping[str, list[int]]  # name of a table -> numbers of its texts
_NOTHING: Found = {}


class Literals:
    """Fixed texts in lower case, by the name of their table. A letter or digit at their beginning begins a word.

    `divide` divides texts into pieces, as the replies are divided that are searched.
    """

    def __init__(self, tables: Mapping[str, Sequence[str]], divide: Callable[[str], list[str]]) -> None:
        texts = {text for table in tables.values() for text in table}
        self._begun: dict[str, list[tuple[str, str, int]]] = defaultdict(list)  # by opening: table, text, number
        for name, table in tables.items():
            for number, text in enumerate(table):
                self._begun[_opening(text, texts)].append((name, text, number))
        longest = {opening: max(divide(opening), key=len) for opening in self._begun}
        self._divided = frozenset(opening for opening, word in longest.items() if opening != word)
        shortest = {word for word in longest.values() if _opening(word, {*longest.values()}) == word}
        self._holding: dict[str, list[tuple[str, str]]] = defaultdict(list)  # by a word's beginning: word, opening
        for opening, word in longest.items():
            self._holding[_opening(word, shortest)].append((word, opening))
        # An expression that begins with a set of characters passes fastest over all others.
        self._at_words = re.compile(rf"[^a-z0-9](?=({_expression(filter(_is_word, shortest))}))")
        self._at_signs = re.compile(_expression(word for word in shortest if not _is_word(word)) or r"(?!)")
        self._memory = Memory(self._suspected)

    def found(self, folded: str, pieces: Iterable[str]) -> Found:
        """Return the texts that occur in `folded`, which has these pieces, by table, as numbers in it, lowest first."""
        openings = {*chain.from_iterable(map(self._memory.__getitem__, pieces))}
        if not openings:
            return _NOTHING
        found: dict[str, list[int]] = {}
        for opening in openings:
            if opening in self._divided and (opening not in folded or not _stands(opening, folded)):
                continue
            for name, text, number in self._begun[opening]:
                if text is opening or text in folded:
                    found.setdefault(name, []).append(number)
        for numbers in found.values():
            numbers.sort()
        return found

    def _suspected(self, piece: str) -> tuple[str, ...]:
        """Return the openings that stand in a piece, and those whose longest word does."""
        begun = {*self._at_words.findall(" " + piece), *self._at_signs.findall(piece)}
        return tuple(
            opening for beginning in begun for word, opening in self._holding[beginning] if _stands(word, piece)
        )


def _is_word(text: str) -> bool:
    return text[0].isalnum()


def _stands(text: str, within: str) -> bool:
    """Test if a text occurs; one that begins with a letter or digit, at the beginning of a word."""
    at = within.find(text)
    while at > 0 and _is_word(text) and within[at - 1].isalnum() and within[at - 1].isascii():
        at = within.find(text, at + 1)
    return at >= 0


def _opening(text: str, texts: set[str]) -> str:
    """Return the shortest of `texts` that `text` begins with."""
    return next(text[:end] for end in range(1, len(text) + 1) if text[:end] in texts)


def _expression(texts: Iterable[str]) -> str:
    """Return the expression of any of these texts, which share their beginnings."""
    root: _Node = {}
    for text in texts:
        node = root
        for character in text:
            node = node.setdefault(character, {})
        node[_END] = {}
    return _branches(root)


def _branches(node: _Node) -> str:
    if not node or _END in node:
        return ""
    branches = [re.escape(character) + _branches(below) for character, below in sorted(node.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
