"""Weights of clues for causes: the table `weights.tsv`, learnt from labelled replies.

The model is a multinomial logistic regression: the weights of all clues are added per cause, and the probability of a
cause is proportional to the exponential of its sum. So the margin between two causes is the confidence, and every
answer can name the clues that made it. `tests/corpora/learn.py` makes the table and says how good it is.

The sums of all causes are kept in one integer, 16 bits for each, so one addition adds a clue to all of them. No reply
has so many clues that a sum leaves its bits: a test adds up the heaviest.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from math import exp
from sys import intern

from probes.outcome import Cause

NEVER_SAID = frozenset({Cause.CASE_SENSITIVE_USER, Cause.MOVED, Cause.FIREWALL})
CAUSES: tuple[Cause, ...] = tuple(cause for cause in Cause if cause not in NEVER_SAID)  # what a reply may mean
TABLE = "weights.tsv"
UNIT = 100  # weights are written with two decimals
BIAS = "bias:all"  # a clue that every reply has

_FARTHEST = 10 * UNIT  # behind the most probable cause; farther ones are impossible
_ODDS = tuple(exp((nearness - _FARTHEST) / UNIT) for nearness in range(_FARTHEST + 1))
_BITS = 16
MOST = 1 << (_BITS - 1)  # that a sum may be from 0, in UNITs, or it would run into the next cause's
_FORM = struct.Struct(f"<{len(CAUSES)}H")
_MIDDLES = sum(MOST << (_BITS * place) for place in range(len(CAUSES)))

Clue = str | tuple[str, str]
"""A key of the table as it is looked up: neighbouring words as a pair, because joining them costs as much again."""


def looked_up(clue: str) -> Clue:
    """Return the key by which this clue of the table is looked up."""
    one, _, other = clue.partition(" ")
    return (intern(one), intern(other)) if other and ":" not in clue else intern(clue)


def total(clues: Iterable[Clue]) -> int:
    """Return the added weights of clues, those of all causes in one integer. Clues without a row weigh nothing."""
    return sum(filter(None, map(_packed().get, clues)))


def probabilities(added: int) -> list[float]:
    """Return the probability of each of CAUSES by the `total` of a reply's clues; they add up to 1."""
    lanes = _FORM.unpack((added + _start()).to_bytes(_FORM.size, "little"))
    least = max(lanes) - _FARTHEST
    odds = [_ODDS[lane - least] if lane > least else 0.0 for lane in lanes]
    whole = sum(odds)
    return [one / whole for one in odds]


def weights_of(clue: str) -> Mapping[Cause, float]:
    """Return a clue's weight for each cause that it speaks for or against; natural logarithms of odds."""
    return _rows().get(clue, {})


@cache
def _rows() -> dict[str, dict[Cause, float]]:
    """Return the table's rows, written as a clue, a tab, and `cause=weight` separated by spaces."""
    rows: dict[str, dict[Cause, float]] = {}
    for line in files(__package__).joinpath(TABLE).read_text("utf-8").splitlines():
        clue, tab, weights = line.partition("\t")
        if tab:  # the lines above the table have none
            pairs = (pair.partition("=") for pair in weights.split())
            rows[clue] = {Cause(name): float(weight) for name, _, weight in pairs}
    return rows


@cache
def _packed() -> dict[Clue, int]:
    places = {cause: _BITS * place for place, cause in enumerate(CAUSES)}
    return {
        looked_up(clue): sum(round(weight * UNIT) << places[cause] for cause, weight in weights.items())
        for clue, weights in _rows().items()
    }


@cache
def _start() -> int:
    return _packed()[BIAS] + _MIDDLES
