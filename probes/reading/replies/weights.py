"""Weights of clues for causes: the table `weights.tsv`, learnt from labelled replies.

The model is a multinomial logistic regression: the weights of all clues are added per cause, and the probability of a
cause is proportional to the exponential of its sum. So the margin between two causes is the confidence, and every
answer can name the clues that made it. `tests/corpora/learn.py` makes the table and says how good it is.

The sums of all causes are kept in one integer, 32 bits for each, so one addition adds a clue to all of them.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from math import exp

from probes.outcome import Cause

NEVER_SAID = frozenset({Cause.CASE_SENSITIVE_USER, Cause.MOVED, Cause.FIREWALL})
CAUSES: tuple[Cause, ...] = tuple(cause for cause in Cause if cause not in NEVER_SAID)  # what a reply may mean
TABLE = "weights.tsv"
UNIT = 100  # weights are written with two decimals
BIAS = "bias:all"  # a clue that every reply has

_FARTHEST = 10 * UNIT  # behind the most probable cause; farther ones are impossible
_ODDS = tuple(exp(-distance / UNIT) for distance in range(_FARTHEST))
_BITS = 32
_FORM = struct.Struct(f"<{len(CAUSES)}I")
_MIDDLE = 1 << (_BITS - 1)
_MIDDLES = sum(_MIDDLE << (_BITS * place) for place in range(len(CAUSES)))


def probabilities(clues: Iterable[str]) -> list[float]:
    """Return the probability of each of CAUSES; they add up to 1. Clues without a row weigh nothing."""
    table = _packed()
    total = sum(filter(None, map(table.get, clues)), table[BIAS] + _MIDDLES)
    lanes = _FORM.unpack(total.to_bytes(_FORM.size, "little"))
    most = max(lanes)
    least = most - _FARTHEST
    odds = [_ODDS[most - lane] for lane in lanes if lane > least]
    whole, following = sum(odds), iter(odds)
    return [next(following) / whole if lane > least else 0.0 for lane in lanes]


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
def _packed() -> dict[str, int]:
    places = {cause: _BITS * place for place, cause in enumerate(CAUSES)}
    return {
        clue: sum(round(weight * UNIT) << places[cause] for cause, weight in weights.items())
        for clue, weights in _rows().items()
    }
