"""The result of one filter header, and the small readers that the tables of headers share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.outcome import Cause
from probes.reading.facts import Finding


@dataclass(frozen=True, slots=True)
class FilterResult:
    """A filter's explicit verdict.

    `outbound`: by a filter on its way out, so the sending side's. `placed`: it states the folder, not an opinion.
    `cause` is the reason of a verdict other than clean.
    """

    vendor: str
    verdict: Finding
    score: float | None = None
    threshold: float | None = None
    rules: tuple[str, ...] = ()
    outbound: bool = False
    placed: bool = False
    cause: Cause = Cause.CONTENT


Reader = Callable[[str], FilterResult | None]

MAX_RULES = 100
PAIRS_READ = 4096
_NUMBER = re.compile(r"[-+]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,2})?")
_RULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,80}")
_KEYED = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,40})\s{0,4}[=:]\s{0,4}([^\s;,\]]{1,200})")


def number(text: str | None) -> float | None:
    """Return the first number in the text; None if there is none."""
    found = _NUMBER.search(text) if text else None
    return float(found[0]) if found else None


def rule_names(text: str) -> tuple[str, ...]:
    """Return names such as BAYES_00 in a list of rules, each once, in order."""
    return tuple(dict.fromkeys(_RULE.findall(text)))[:MAX_RULES]


def keyed(value: str) -> dict[str, str]:
    """Return `key=word` and `key:word` pairs, keys in lower case; the first of a key counts."""
    pairs: dict[str, str] = {}
    for key, word in _KEYED.findall(value[:PAIRS_READ]):
        pairs.setdefault(key.lower(), word)
    return pairs


def first_word(value: str) -> str:
    """Return the first word, in lower case."""
    word = value.strip().split(None, 1)[:1]
    return word[0].strip(",;:").lower() if word else ""


def worded(vendor: str, words: Mapping[str, Finding], *, outbound: bool = False, placed: bool = False) -> Reader:
    """Make a reader for headers whose first word, or whole value, is the verdict. Other words say nothing."""

    def read(value: str) -> FilterResult | None:
        found = words.get(value.strip().lower()) or words.get(first_word(value))
        return FilterResult(vendor, found, outbound=outbound, placed=placed) if found else None

    return read


def scored(
    vendor: str, spam_from: float | None = None, *, clean_up_to: float = 0.0, worst: float | None = None
) -> Reader:
    """Make a reader for bare scores: without a threshold of the vendor's own, a score above `clean_up_to` is
    undecided."""

    def read(value: str) -> FilterResult | None:
        score = number(value)
        if score is None:
            return None
        if spam_from is not None and score >= spam_from:
            verdict = Finding.SPAM
        elif score <= clean_up_to:
            verdict = Finding.CLEAN
        else:
            verdict = Finding.UNSURE
        return FilterResult(vendor, verdict, score, spam_from if spam_from is not None else worst)

    return read


YES_NO: Mapping[str, Finding] = {
    "yes": Finding.SPAM,
    "true": Finding.SPAM,
    "1": Finding.SPAM,
    "spam": Finding.SPAM,
    "no": Finding.CLEAN,
    "false": Finding.CLEAN,
    "0": Finding.CLEAN,
    "ham": Finding.CLEAN,
}
