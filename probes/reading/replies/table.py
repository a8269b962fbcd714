"""The form of the tables, phrases by source and cause, and the search in them.

A phrase is written in plain lower case and compared by its words, as `words` reduces them: one row covers "mailbox is
full", "the mailbox was full" and "mailboxes full". `…` stands for up to 8 words in between, `*` for the rest of a
word. `[mail]` before it requires that stage, digits before it that code. Addresses, IP addresses and host names of a
reply are written `@`, `#` and `~`. Phrases end at " / " or a line's end.

All phrases are searched at once, in one pass over a reply's words: they share a tree by their first words, so the time
depends on the reply and hardly on the tables.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from probes.outcome import Cause
from probes.reading.replies.words import END, IN_ENGLISH, PLEASE, UNSPACED, Vocabulary, fold


class PhraseSource(NamedTuple):
    """The vendor of a phrase ("" if none in particular), and where it is documented."""

    vendor: str
    source: str


Rows = Mapping[PhraseSource, Mapping[Cause, str]]
"""Phrases by origin and cause."""


class PhraseKind(StrEnum):
    """Classes of phrases, by how much they say: each one's weight is learnt for all of its phrases together."""

    CODE = "code"  # one product's own reason code: it means one thing
    VENDOR = "vendor"  # one product's own wording
    STATED = "stated"  # any server's statement of a reason
    FOREIGN = "foreign"  # the same in other languages than English
    VAGUE = "vague"  # words that say little alone


class Phrase(NamedTuple):
    """One phrase. `parts` are its words between gaps, `conditions` the stage and codes that it requires; `clue` is its
    key in the table of weights."""

    text: str
    cause: Cause
    vendor: str
    kind: PhraseKind
    conditions: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    clue: str

    @property
    def length(self) -> int:
        """Number of words."""
        return sum(map(len, self.parts))


class Hit(NamedTuple):
    """A phrase found in a reply: `start` and `end` count words, the end is exclusive."""

    phrase: Phrase
    start: int
    end: int


_new_hit: Callable[[tuple[Phrase, int, int]], Hit] = partial(tuple.__new__, Hit)  # half the time of Hit(...)
GAP = "…"
_LONGEST_GAP = 8  # words
_NEVER = (0, -_LONGEST_GAP - 1)  # the place of a part that did not occur: too far before any other
_SEPARATOR = re.compile(r" / |\n")
_CONDITION = re.compile(r"\[\w+\]$|[245]\d\d$|[245]\.\d+\.\d+$", re.ASCII)
_OPENING = re.compile(r"(?<![a-z0-9])([a-z]{2,}\d*)\*_")
_KNOWN = re.compile(r"[a-z]{3,}")


class _Node(NamedTuple):
    """A place in the tree of words: the words that may follow, and what ends here; None if nothing does."""

    following: "Mapping[str, _Node] | None"
    ends: "_Ends | None"


class _Ends(NamedTuple):
    """What ends at a place in the tree.

    `plain`: whole phrases, without conditions; `others`: any other, of which few places have one.
    """

    plain: tuple[Phrase, ...]
    others: "_Others | None"


class _Others(NamedTuple):
    """Phrases with conditions or gaps that end at a place.

    `conditional`: whole ones; `opening`: the number of a part of phrases that go on behind a gap, None if none does;
    `closing`: later parts.
    """

    conditional: tuple[Phrase, ...]
    opening: int | None
    closing: "tuple[_Later, ...]"


class _Later(NamedTuple):
    """The part of a phrase behind a gap: the number of what must be before it, and its own; None if it is the last."""

    before: int
    opening: int | None
    phrase: Phrase


_Written = tuple[PhraseKind, PhraseSource, Cause, str]


class PhraseIndex:
    """Finds which of many phrases occur. `vocabulary` reduces texts to the words that are searched."""

    def __init__(self, tables: Iterable[tuple[PhraseKind, Rows]]) -> None:
        written = list(_written(tables))
        texts = [GAP.join(map(fold, text.split(GAP))) for *_, text in written]  # folded, it would be three full stops
        known = {word for text in texts for word in _KNOWN.findall(text)}
        openings = sorted({opening for text in texts for opening in _OPENING.findall(text)})
        self.vocabulary = Vocabulary(known, openings)
        once: dict[object, Phrase] = {}  # of phrases with the same words the first
        for row, text in zip(written, texts, strict=True):
            phrase = self._phrase(row, text)
            once.setdefault((phrase.cause, phrase.kind, phrase.conditions, phrase.parts), phrase)
        self.phrases = tuple(phrase for phrase in once.values() if not _is_english_now(phrase))
        self._unspaced = [(fold(phrase.text), phrase) for phrase in self.phrases if UNSPACED.search(phrase.text)]
        numbers: dict[tuple[tuple[str, ...], ...], int] = {}  # of the beginnings of phrases with gaps
        root = _tree(
            (phrase.parts[place], _Part(phrase, place, numbers))
            for phrase in self.phrases
            if not UNSPACED.search(phrase.text)
            for place in range(len(phrase.parts))
        )
        self._begins = (root.following or {}).get

    def hits(self, words: Sequence[str], folded: str, conditions: frozenset[str]) -> list[Hit]:
        """Return all phrases in `words`, in the order of their ends; `folded` is the same text before reduction.

        `conditions` are the stage in brackets and the codes of the reply.
        """
        found: list[Hit] = []
        opened: dict[int, tuple[int, int]] = {}  # number of a part -> start of its phrase, its own end
        ahead = [*words, ""]  # no phrase goes on with nothing
        for start, node in enumerate(map(self._begins, words)):
            place = start
            while node is not None:
                following, ends = node
                place += 1
                if ends is not None:
                    plain, others = ends
                    for phrase in plain:
                        found.append(_new_hit((phrase, start, place)))
                    if others is not None:
                        conditional, opening, closing = others
                        for phrase in conditional:
                            if conditions.issuperset(phrase.conditions):
                                found.append(Hit(phrase, start, place))
                        for before, goes_on, phrase in closing if opened else ():
                            begin, end = opened.get(before, _NEVER)
                            if end <= start <= end + _LONGEST_GAP:
                                if goes_on is not None:
                                    opened[goes_on] = (begin, place)
                                elif conditions.issuperset(phrase.conditions):
                                    found.append(Hit(phrase, begin, place))
                        if opening is not None:
                            opened[opening] = (start, place)
                if following is None:
                    break
                node = following.get(ahead[place])
        if not folded.isascii():
            found += [Hit(phrase, 0, 1) for text, phrase in self._unspaced if text in folded]
        return found

    def _phrase(self, row: _Written, folded: str) -> Phrase:
        kind, origin, cause, text = row
        pieces = [piece.split() for piece in folded.split(GAP)]
        conditions: list[str] = []
        while len(pieces[0]) + len(pieces) > 2 and pieces[0] and _CONDITION.match(pieces[0][0]):
            conditions.append(pieces[0].pop(0))
        coded = " " not in text or any(condition[0].isdigit() for condition in conditions)
        if kind is PhraseKind.VENDOR and coded:
            kind = PhraseKind.CODE
        reduced = (self._words(piece) for piece in pieces)
        parts = tuple(part for part in reduced if part)
        left, written = sum(map(len, parts)), sum(map(len, pieces))
        if left == 0 or (left == 1 < written and not conditions):
            raise ValueError(
                f"the phrase {text!r} of {origin.source!r} is reduced to {left} of its words, "
                "and would be found in what says something else: write more of it"
            )
        return Phrase(text, cause, origin.vendor, kind, tuple(conditions), parts, f"phrase:{kind} {cause}")

    def _words(self, piece: Sequence[str]) -> tuple[str, ...]:
        words = self.vocabulary.words(" ".join(piece))
        return tuple(word for word in (words[:-1] if words[-1:] == [END] else words) if word != PLEASE)


def _is_english_now(phrase: Phrase) -> bool:
    """Test if all words of a phrase of another language are read as English ones: then it would be found in English."""
    words = [word for part in phrase.parts for word in part]
    return phrase.kind is PhraseKind.FOREIGN and not UNSPACED.search(phrase.text) and IN_ENGLISH.issuperset(words)


class _Part:
    """One part of a phrase, and the numbers by which parts before and behind a gap know each other."""

    def __init__(self, phrase: Phrase, place: int, numbers: dict[tuple[tuple[str, ...], ...], int]) -> None:
        known = [numbers.setdefault(phrase.parts[:end], len(numbers)) for end in range(1, len(phrase.parts))]
        self.phrase = phrase
        self.before = known[place - 1] if place else None
        self.opening = known[place] if place < len(known) else None


def _tree(parts: Iterable[tuple[tuple[str, ...], _Part]]) -> _Node:
    """Arrange the parts of phrases by their first words, recursively."""
    ending: list[Phrase] = []
    opening: int | None = None
    closing: list[_Later] = []
    below: dict[str, list[tuple[tuple[str, ...], _Part]]] = defaultdict(list)
    for words, part in parts:
        if words:
            below[words[0]].append((words[1:], part))
        elif part.before is not None:
            closing.append(_Later(part.before, part.opening, part.phrase))
        elif part.opening is not None:
            opening = part.opening
        else:
            ending.append(part.phrase)
    following = {word: _tree(rest) for word, rest in below.items()} or None
    plain = tuple(phrase for phrase in ending if not phrase.conditions)
    conditional = tuple(phrase for phrase in ending if phrase.conditions)
    none = not conditional and opening is None and not closing
    others = None if none else _Others(conditional, opening, tuple(closing))
    return _Node(following, _Ends(plain, others) if plain or others else None)


def _written(tables: Iterable[tuple[PhraseKind, Rows]]) -> Iterator[_Written]:
    for kind, rows in tables:
        for origin, causes in rows.items():
            for cause, block in causes.items():
                for text in filter(None, map(str.strip, _SEPARATOR.split(block))):
                    yield kind, origin, cause, text


def telling(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits, leftmost first, without those whose words are explained by a longer phrase around them.

    "Your address is blocked" explains its "blocked".
    """
    if len(hits) < 2:
        return list(hits)
    kept: list[Hit] = []
    covered = 0  # the end of the longest phrase without gaps so far; it starts no later than the next hit
    opened = -1
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end <= covered and (hit.start > opened or hit.end < covered):
            continue
        kept.append(hit)
        if len(hit.phrase.parts) == 1 and hit.end > covered:
            opened, covered = hit.start, hit.end
    return kept
