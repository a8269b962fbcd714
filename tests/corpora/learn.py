"""Learn the weights of the clues, and examine them on what was held out: `python -m tests.corpora.learn [--write]`.

The model is a multinomial logistic regression with a small penalty on every weight. Three things are particular:

- A label that accepts several causes is met by their sum: the model may choose, and stays calibrated.
- Clues that name a cause themselves (a phrase, a code's meaning, a blocklist) share one weight per family, added to the
  cause that they name, beside their own: so a phrase that no labelled reply holds weighs like its kind.
- A phrase counts for a labelled reply only if a reply of another family holds it, too. Phrases are written by people
  who have seen the labelled replies; weights learnt from their perfect score would trust every new text too much.
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from probes.outcome import Cause, Concern
from probes.reading.replies import weights as shipped
from probes.reading.replies.clues import clues_of, spoken
from probes.reading.replies.decision import decide
from probes.reading.replies.marks import LINKS
from probes.reading.replies.table import Phrase
from probes.reading.replies.weights import BIAS, CAUSES
from tests.corpora.examples import Example, corpora, families, lessons, phrase_lessons, said_by

PENALTY = 0.3
SHARED_PENALTY = 0.05
LESSON, TRAP, PHRASE = 0.15, 0.3, 0.3  # weight of one of our own examples, beside 1 for a real labelled reply
FRAME = 0.05  # of what stands around the reason in notices: more, and every brief reply would seem unclear
ROUNDS = 400
FOLDS = 5
SMALL = 6  # examples from which a group is left out alone
NAMED = {  # the causes that clues of these families can name, if not all
    "list:named": (Cause.IP_LISTED, Cause.CONTENT),
    "link:page": tuple({cause for _, cause in LINKS}),
}
RARE = 2  # words that fewer of our own lessons and phrases hold are no clues
_DIGIT = re.compile(r"\d").search
CERTAIN = {  # by their vendors' documents, or because nothing else is said: not learnt
    "phrase:code": 12.0,
    "link:page": 12.0,
    "phrase:vendor": 6.0,
    "meaning:alone": 6.0,
    "meaning:exit": 9.0,
}
SLIGHT = 0.15  # a smaller weight is not written, either
PLACE = {cause: place for place, cause in enumerate(CAUSES)}
HEAD = """\
# How much each clue of a reply speaks for each cause: natural logarithms of odds, added up.
# Made by `python -m tests.corpora.learn --write`; see probes/reading/replies/weights.py. Not to be edited.
"""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one example teaches: its clues, the causes that are right, and how much it counts."""

    clues: tuple[str, ...]
    causes: frozenset[Cause]
    weight: float


class Model:
    """The learnt weights: per clue and cause, and per family of clues that name a cause."""

    def __init__(self, taught: Sequence[Lesson]) -> None:
        learnt = {clue: 0 for one in taught for clue in one.clues if family(clue) not in CERTAIN}
        self._clues = {clue: place for place, clue in enumerate(learnt)}
        names = {family(clue) for clue in learnt} - {""}
        self._shared = {name: place for place, name in enumerate(sorted(names))}
        self._fit(taught)

    def rows(self) -> dict[str, np.ndarray]:
        """Return the weights of each clue, those of its family included."""
        found = {clue: self._weights[place].copy() for clue, place in self._clues.items()}
        for name in (*self._shared, *CERTAIN):
            weight = CERTAIN[name] if name in CERTAIN else self._families[self._shared[name]]
            for cause in NAMED.get(name, CAUSES):
                row = found.setdefault(f"{name} {cause}", np.zeros(len(CAUSES)))
                row[PLACE[cause]] += weight
        return found

    def _fit(self, taught: Sequence[Lesson]) -> None:
        clues, shared, fixed = self._matrix(taught), self._named(taught, self._shared), self._named(taught, CERTAIN)
        certain = np.tensordot(np.array(list(CERTAIN.values())), fixed, axes=1)
        right = np.array([[cause in one.causes for cause in CAUSES] for one in taught], dtype=float)
        counts = np.array([one.weight for one in taught])
        size = len(self._clues) * len(CAUSES)
        transposed = clues.T.tocsr()

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            own, common = flat[:size].reshape(-1, len(CAUSES)), flat[size:]
            scores = clues @ own + np.tensordot(common, shared, axes=1) + certain
            chances = np.exp(scores - scores.max(1, keepdims=True))
            chances /= chances.sum(1, keepdims=True)
            met = right * chances
            total = met.sum(1) + 1e-12
            slope = counts[:, None] * (chances - met / total[:, None])
            value = -(counts * np.log(total)).sum() + PENALTY / 2 * (own**2).sum()
            value += SHARED_PENALTY / 2 * (common**2).sum()
            steps = transposed @ slope + PENALTY * own
            common_steps = np.tensordot(shared, slope, axes=([1, 2], [0, 1])) + SHARED_PENALTY * common
            return value, np.concatenate([steps.ravel(), common_steps])

        start = np.zeros(size + len(self._shared))
        best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS}).x
        self._weights, self._families = best[:size].reshape(-1, len(CAUSES)), best[size:]

    def _matrix(self, taught: Sequence[Lesson]) -> csr_matrix:
        cells = [
            (row, self._clues[clue]) for row, one in enumerate(taught) for clue in one.clues if clue in self._clues
        ]
        rows, columns = zip(*cells, strict=True)
        return csr_matrix((np.ones(len(cells)), (rows, columns)), shape=(len(taught), len(self._clues)))

    @staticmethod
    def _named(taught: Sequence[Lesson], names: Iterable[str]) -> np.ndarray:
        """Return 1 for each family, lesson and cause where a clue of that family names the cause."""
        places = {name: place for place, name in enumerate(names)}
        values = np.zeros((len(places), len(taught), len(CAUSES)))
        for row, one in enumerate(taught):
            for clue in one.clues:
                if (name := family(clue)) in places:
                    values[places[name], row, PLACE[Cause(clue.rpartition(" ")[2])]] = 1
        return values


def family(clue: str) -> str:
    """Return the family of a clue that names a cause ("phrase:stated" of "phrase:stated tls"), else ""."""
    name, space, _ = clue.partition(" ")
    return name if space and ":" in name else ""


def own_lessons() -> list[Example]:
    """Return our lessons; traps, where one word makes another cause, count more, frames of notices less."""
    return lessons(LESSON, {"traps": TRAP, "frames": FRAME})


def taught_by(examples: Iterable[Example], known: Callable[[object], bool]) -> list[Lesson]:
    """Return what labelled replies teach; of their phrases only those that are `known`."""
    return [Lesson(clues(example, known), example.causes, example.weight) for example in examples]


def clues(example: Example, known: Callable[[object], bool]) -> tuple[str, ...]:
    hits = [hit for hit in example.said.hits if known(hit.phrase)]
    return (BIAS, *clues_of(example.said, hits))


def taught_by_phrases(left_out: Collection[Phrase] = ()) -> list[Lesson]:
    return [
        Lesson((BIAS, *dict.fromkeys(spoken(words))), frozenset({phrase.cause}), PHRASE)
        for phrase, words in phrase_lessons()
        if phrase not in left_out
    ]


@dataclass(frozen=True, slots=True)
class Answer:
    """One held-out reply as it was read."""

    example: Example
    cause: Cause
    confidence: float

    @property
    def right(self) -> bool:
        return self.cause in self.example.causes

    @property
    def accuses(self) -> bool:
        """True if it concerns the sender by mistake."""
        senders = [cause for cause in (self.cause, *self.example.causes) if cause.concerns is Concern.SENDER]
        return senders == [self.cause]


def held_out(
    examples: Sequence[Example], own: Sequence[Example], parts: Sequence[object], known_by: Sequence[object] = ()
) -> Iterator[Answer]:
    """Read every example with weights that were learnt without its part, nor any variant of one of its texts.

    A phrase counts for an example only if one with another mark in `known_by` (its family, if not given) holds it, too.
    """
    kin = families(examples)
    marks = known_by or kin
    holders = said_by(examples, marks)
    lone = {phrase: next(iter(found)) for phrase, found in holders.items() if len(found) == 1}

    def known(phrase: object) -> bool:
        return phrase not in lone

    lessons_taught = taught_by(own, lambda phrase: True)
    for part in sorted(set(parts), key=str):
        out = [place for place, mine in enumerate(parts) if mine == part]
        hidden = {kin[place] for place in out}
        rest = [example for place, example in enumerate(examples) if kin[place] not in hidden]
        own_marks = {marks[place] for place in out}
        phrases = taught_by_phrases({phrase for phrase, holder in lone.items() if holder in own_marks})
        rows = Model([*taught_by(rest, known), *lessons_taught, *phrases]).rows()
        for place in out:
            chances = _chances(rows, clues(examples[place], known))
            answer = decide(chances)
            yield Answer(examples[place], answer.cause, answer.confidence)


def _chances(rows: dict[str, np.ndarray], found: Iterable[str]) -> list[float]:
    scores = sum((rows[clue] for clue in found if clue in rows), np.zeros(len(CAUSES)))
    odds = np.exp(scores - np.max(scores))
    return list(map(float, odds / odds.sum()))


def folds(examples: Sequence[Example]) -> list[int]:
    """Divide the examples in FOLDS parts that share no family."""
    kin = families(examples)
    order = {number: place for place, number in enumerate(sorted(set(kin)))}
    return [order[number] * 7919 % 1009 % FOLDS for number in kin]


def groups_of(examples: Sequence[Example], least: int = SMALL) -> list[str]:
    """Return the group of each example; those of fewer than `least` are left out together."""
    sizes = Counter(example.group for example in examples)
    return [example.group if sizes[example.group] >= least else "small groups" for example in examples]


def calibration(answers: Sequence[Answer]) -> float:
    """Return the mean distance between confidence and share right, over ten steps of confidence."""
    steps: dict[int, list[Answer]] = defaultdict(list)
    for answer in answers:
        steps[min(9, int(answer.confidence * 10))].append(answer)
    apart = (
        abs(sum(answer.confidence for answer in step) - sum(answer.right for answer in step)) for step in steps.values()
    )
    return sum(apart) / max(1, len(answers))


def report(answers: Sequence[Answer]) -> Iterator[str]:
    """Describe how well held-out replies were read, as a whole, by corpus and by group."""
    yield _line("all", answers)
    yield f"calibration error {calibration(answers):.1%}"
    for title, key in (("corpus", "corpus"), ("group", "group")):
        yield f"\nby {title}"
        parts: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            parts[getattr(answer.example, key)].append(answer)
        yield from (_line(name, parts[name]) for name in sorted(parts, key=lambda name: (-len(parts[name]), name)))


def _line(name: str, answers: Sequence[Answer]) -> str:
    right, accused = sum(answer.right for answer in answers), sum(answer.accuses for answer in answers)
    share = right / len(answers)
    return (
        f"{name:34} {right:5}/{len(answers):<5} {share:6.1%} right, wrongly the sender's {accused / len(answers):.1%}"
    )


def learn(examples: Sequence[Example], own: Sequence[Example]) -> dict[str, np.ndarray]:
    """Return the weights to ship.

    Words are clues only if RARE of our own lessons and phrases hold them, and if they are no numbers or names with
    digits: what is peculiar to the labelled replies of others is not learnt.
    """
    holders = said_by(examples, families(examples))
    lone = {phrase for phrase, found in holders.items() if len(found) == 1}
    ours = [*taught_by(own, lambda phrase: True), *taught_by_phrases()]
    held = Counter(clue for one in ours for clue in one.clues)
    taught = [*taught_by(examples, lambda phrase: phrase not in lone), *ours]
    kept = {clue for one in taught for clue in one.clues if ":" in clue or (held[clue] >= RARE and not _DIGIT(clue))}
    return Model([replace(one, clues=tuple(filter(kept.__contains__, one.clues))) for one in taught]).rows()


def table(rows: dict[str, np.ndarray]) -> str:
    """Return the table's text, by clue; the causes of a clue by weight."""
    lines = []
    for clue in sorted(rows):
        weights = sorted(zip(rows[clue], CAUSES, strict=True), key=lambda pair: -abs(pair[0]))
        said = " ".join(f"{cause}={weight:+.2f}" for weight, cause in weights if abs(weight) >= SLIGHT)
        if said or clue == BIAS:
            lines.append(f"{clue}\t{said}")
    return HEAD + "\n".join(lines) + "\n"


def main() -> int:
    """Print the examination; with --write learn from everything and write the table."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--write", action="store_true", help="write probes/reading/replies/weights.tsv")
    options.add_argument("--by-group", action="store_true", help="leave out one provider or mail server at a time")
    asked = options.parse_args()
    examples, own = corpora(), own_lessons()
    if not examples:
        print("The labelled corpora are not beside this repository: nothing to learn from.", file=sys.stderr)
        return 1
    if asked.write:
        path = Path(shipped.__file__).with_name(shipped.TABLE)
        path.write_text(table(learn(examples, own)), "utf-8")
        print(f"{path}: {path.stat().st_size} bytes")
        return 0
    groups = groups_of(examples)
    answers = held_out(examples, own, groups, groups) if asked.by_group else held_out(examples, own, folds(examples))
    print("\n".join(report(list(answers))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
