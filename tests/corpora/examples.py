"""Labelled replies to learn from and to be examined with: corpora of others, our own lessons, the tables' phrases."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.replies.clues import ReplyParts, take_apart
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.table import Phrase
from probes.reading.replies.weights import CAUSES
from probes.reading.replies.words import PLACEHOLDERS, UNSPACED
from tests.corpora import scores_replies
from tests.corpora.scores_replies import Labelled

LESSONS = Path(__file__).parent / "lessons"
SHINGLE = 4  # words
ALIKE = 0.45  # share of common shingles from which two replies are variants of one text


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled reply. `group` is the provider or mail server that said it; `weight` how much it counts."""

    corpus: str
    group: str
    causes: frozenset[Cause]  # each is right
    said: ReplyParts
    text: str
    weight: float = 1.0


def lessons(weight: float, special: Mapping[str, float] = {}) -> list[Example]:
    """Return our own examples, each with the weight of its file in `special`, or else `weight`.

    They are files of `cause<TAB>reply`, with `[stage] ` before a reply if the stage matters. Raises ValueError with
    file and line of a bad one.
    """
    found: list[Example] = []
    for file in sorted(LESSONS.glob("*.tsv")):
        for number, line in enumerate(file.read_text("utf-8").split("\n"), 1):
            if not line:
                continue
            name, tab, text = line.partition("\t")
            if not tab or name not in CAUSES:
                raise ValueError(f"{file.name}, line {number}: wanted a cause, a tab and a reply, read {line[:60]!r}")
            stage, reply = _at_stage(text)
            said = take_apart(reply, stage, None, None)
            found.append(
                Example("lessons", file.stem, frozenset({Cause(name)}), said, reply, special.get(file.stem, weight))
            )
    return found


def _at_stage(text: str) -> tuple[Stage | None, str]:
    opening, _, reply = text.partition("] ")
    return (Stage(opening[1:]), reply) if opening[:1] == "[" and opening[1:] in [*Stage] else (None, text)


def corpora() -> list[Example]:
    """Return the labelled replies beside this repository, [] if there are none."""
    if not scores_replies.CORPORA.is_dir():
        return []
    return [_example(row) for rows in scores_replies.LABELLED.values() for row in rows()]


def _example(row: Labelled) -> Example:
    causes = frozenset(cause for cause in row.causes if cause in CAUSES)
    return Example(row.corpus, row.group, causes, take_apart(row.text, None, row.code, row.enhanced), row.text)


def families(examples: Sequence[Example]) -> list[int]:
    """Return for each example the number of its family: variants of one text, which must not be learnt and examined."""
    shingles = [_shingles(example.said.words) for example in examples]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    parents = list(range(len(examples)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    for place, mine in enumerate(shingles):
        shared = Counter(other for shingle in mine for other in holders[shingle])
        for other, count in shared.items():
            if count / len(mine | shingles[other]) >= ALIKE:
                parents[root(place)] = root(other)
        for shingle in mine:
            holders[shingle].append(place)
    return [root(place) for place in range(len(examples))]


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    plain = [word for word in words if word not in PLACEHOLDERS]
    return {tuple(plain[place : place + SHINGLE]) for place in range(max(1, len(plain) - SHINGLE + 1))}


def said_by(examples: Iterable[Example], marks: Sequence[object]) -> dict[Phrase, set[object]]:
    """Return for each phrase the marks (families or groups) of the examples in which it occurs."""
    found: dict[Phrase, set[object]] = defaultdict(set)
    for example, mark in zip(examples, marks, strict=True):
        for hit in example.said.hits:
            found[hit.phrase].add(mark)
    return found


def phrase_lessons() -> Iterator[tuple[Phrase, tuple[str, ...]]]:
    """Return each phrase of the tables and its words.

    Those with conditions or open words teach nothing, nor do those of scripts without spaces: a piece of one would be
    taught what all of it means.
    """
    for phrase in PHRASES.phrases:
        words = tuple(word for part in phrase.parts for word in part)
        if not phrase.conditions and not UNSPACED.search(phrase.text) and not any("*" in word for word in words):
            yield phrase, words
