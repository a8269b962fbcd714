"""The form of the tables, phrases by source and cause, and the search in them.

A phrase is written as `listen` prepares a reply: lower case, no accents, single spaces. `…` stands for up to 90
characters in between, `*` for the rest of a word. `[mail]` before it requires that stage, digits before it that code.
Addresses, host names and IP addresses of a reply appear as `@`, `~` and `#`. Phrases end at " / " or a line's end.

The search is linear: phrases are found by their longest whole word, so a reply is compared with only a few of them, and
gaps are bounded, so that no hostile reply can make a pattern backtrack for long.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from probes.outcome import Cause
from probes.reading.replies.normalise import fold


class PhraseSource(NamedTuple):
    """The vendor of a phrase ("" if none in particular), and where it is documented."""

    vendor: str
    source: str


Rows = Mapping[PhraseSource, Mapping[Cause, str]]
"""Phrases by origin and cause. The order is policy: the first that occurs wins."""


class Phrase(NamedTuple):
    """One phrase. `place` is its rank in the table; `rare` its longest literal part."""

    place: int
    text: str
    rare: str
    cause: Cause
    vendor: str


_WORD = re.compile(r"(?<![a-z0-9*])[a-z0-9]{2,}(?![a-z0-9*])")
_SAID = re.compile(r"[a-z0-9]{2,}")


class PhraseTable:
    """Many phrases, found by their longest whole word, so that a reply is compared with only a few."""

    def __init__(self, *tables: Rows) -> None:
        self._by_word: dict[str, list[Phrase]] = defaultdict(list)
        self._loose: list[Phrase] = []  # without a whole word: other scripts, openings of words
        for phrase in _phrases(*tables):
            words = _WORD.findall(phrase.text)
            (self._by_word[max(words, key=len)] if words else self._loose).append(phrase)

    def first(self, said: str) -> Phrase | None:
        """Return the first phrase of the table that occurs in `said`."""
        words = self._by_word.keys() & _SAID.findall(said)
        near = [phrase for word in words for phrase in self._by_word[word]] + self._loose
        occurring = sorted(phrase for phrase in near if phrase.rare in said)
        return next((phrase for phrase in occurring if _pattern(phrase.text).search(said)), None)


def _phrases(*tables: Rows) -> Iterator[Phrase]:
    place = 0
    for rows in tables:
        for origin, causes in rows.items():
            for cause, block in causes.items():
                for written in filter(None, map(str.strip, re.split(r" / |\n", block))):
                    text = " … ".join(fold(part.strip()) for part in written.split("…"))
                    rare = max((part.strip() for part in re.split(r"…|\*", text)), key=len)
                    yield Phrase(place := place + 1, text, rare, cause, origin.vendor)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """Compile the phrase at word boundaries. Its gaps are bounded, so a search takes time linear in the reply."""
    return re.compile(r".{0,90}?".join(_part(part.strip()) for part in text.split("…")))


def _part(part: str) -> str:
    opening = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", part) else ""
    ending = r"(?![a-z0-9])" if re.match(r"[a-z0-9]", part[-1]) else ""
    return opening + re.escape(part).replace(r"\*", r"[^ ]{0,30}") + ending
