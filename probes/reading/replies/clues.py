"""The clues of a reply: everything in it that points to a cause, as keys of the table of weights.

A word or two neighbouring words are a clue by themselves: `mailbox full`. All others have a colon: `code:550`,
`enhanced:7.26`, `stage:rcpt`. Those that name a cause themselves end with it: `phrase:stated no_such_user`,
`meaning:enhanced tls`, `list:named ip_listed`, `link:page content`; all causes of such a family weigh alike.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.replies import blocklists
from probes.reading.replies.blocklists import Listing, listing
from probes.reading.replies.codes import STAGES, bare, find_codes, is_enhanced
from probes.reading.replies.literals import Literals
from probes.reading.replies.marks import LINKS, MARKS
from probes.reading.replies.meanings import BEFORE_SENDER, EXIT_WORDS, Meaning, exit_cause, meaning_of
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.table import Hit, PhraseKind, telling
from probes.reading.replies.waits import WAIT_WORDS, find_wait
from probes.reading.replies.weights import Clue, total
from probes.reading.replies.words import END, PLACEHOLDERS, divided, fold, repair, without_advice

READ = 40  # words that are clues; phrases are searched in all
WORDS = 400
MAX_REPLY_CHARS = 16 * 1024  # characters that are read; a reply has at most a few hundred
_CONTINUED = re.compile(r"\s*\n\s*(?:[245]\d\d[ -]\s*(?:[245]\.\d{1,3}\.\d{1,3}\s)?\s*)?", re.ASCII)
_LITERALS = Literals(
    {
        "marks": [mark for mark, _ in MARKS],
        "links": [link for link, _ in LINKS],
        "stages": [phrase for phrase, _ in STAGES],
        "zones": [fragment for fragment, _ in blocklists.ZONES],
        "lists": blocklists.OTHER_WORDS,
        "waits": WAIT_WORDS,
        "exits": EXIT_WORDS,
    },
    divided,
)


class ReplyParts(NamedTuple):
    """A reply taken apart. `text` is repaired but verbatim, `words` are those of the reply itself.

    `hits` are the phrases of the reply, or, if it has none, of the sending server's report around it.
    """

    text: str
    code: int | None
    enhanced: str | None
    stage: Stage | None
    words: Sequence[str]
    hits: Sequence[Hit]
    vendor: str
    named: Listing | None
    linked: Cause | None
    wait: timedelta | None
    meaning: Meaning | None

    @property
    def meaning_is_all(self) -> bool:
        """True if codes are all that is said, and their meaning is documented: by an enhanced code, or by a refusal
        before anybody but the client was named."""
        if self.meaning is None or self.named or self.linked or not self.text.isascii():
            return False
        if not PLACEHOLDERS.issuperset(self.words):
            return False
        return self.meaning.source != "basic" or self.stage in BEFORE_SENDER


def take_apart(text: str, stage: Stage | None, code: int | None, enhanced: str | None) -> ReplyParts:
    """Find codes, stage, words, phrases and names. Codes and stage that are given are believed first."""
    whole = repair(text[:MAX_REPLY_CHARS])
    text = bare(whole)
    folded = _unfolded(fold(text)[:MAX_REPLY_CHARS])
    pieces = divided(folded)
    fixed, codes = _LITERALS.found(folded, pieces), find_codes(text)
    code = code or codes.code
    enhanced = enhanced if enhanced and is_enhanced(enhanced) else codes.enhanced
    if not stage and "stages" in fixed:
        stage = STAGES[fixed["stages"][0]][1]
    conditions = _conditions(code, enhanced, stage)
    if len(codes.core) == len(text):
        words, hits = _read(folded, pieces, conditions)
    else:
        words, hits = _read(_unfolded(fold(codes.core)), None, conditions)
        if not _states(hits):  # the reason may stand before the code
            around = _read(folded, pieces, conditions)
            words, hits = around if _states(around[1]) or not hits else (words, hits)
    vendor = MARKS[fixed["marks"][0]][1] if "marks" in fixed else ""
    zones = fixed.get("zones", [])
    exited = exit_cause(fold(whole)) if "exits" in fixed or text is not whole else None
    return ReplyParts(
        text,
        code,
        enhanced,
        stage,
        words,
        hits,
        vendor,
        listing(folded, zones) if zones or "lists" in fixed else None,
        LINKS[fixed["links"][0]][1] if "links" in fixed else None,
        find_wait(folded) if "waits" in fixed or not folded.isascii() else None,
        Meaning("exit", exited) if exited else meaning_of(code, enhanced, stage, vendor, folded),
    )


@lru_cache(maxsize=1024)
def _conditions(code: int | None, enhanced: str | None, stage: Stage | None) -> frozenset[str]:
    return frozenset((f"[{stage}]", str(code), enhanced or ""))


def _unfolded(folded: str) -> str:
    """Return a reply of several lines as one, without the codes that begin the others: a name may be folded between."""
    return _CONTINUED.sub(" ", folded) if "\n" in folded else folded


def _read(folded: str, pieces: list[str] | None, conditions: frozenset[str]) -> tuple[list[str], list[Hit]]:
    words = without_advice(PHRASES.vocabulary.words(folded, pieces)[:WORDS])
    return words, telling(PHRASES.hits(words, folded, conditions))


def _states(hits: Sequence[Hit]) -> bool:
    return any(hit.phrase.kind is not PhraseKind.VAGUE for hit in hits)


def clues_of(said: ReplyParts, hits: Sequence[Hit] | None = None) -> dict[str, str]:
    """Return the clues, each with the text that it was taken from ("" if it speaks for itself).

    `hits` are the phrases that count, if not all of the reply.
    """
    hits = said.hits if hits is None else hits
    clues = dict.fromkeys(spoken(said.words), "")
    clues |= _numbers(said.code, said.enhanced, said.stage)
    clues |= _meanings(said.meaning, said.meaning is not None and said.meaning_is_all)
    if said.named:
        clues[f"list:named {said.named.cause}"] = said.named.name
    if said.linked:
        clues[f"link:page {said.linked}"] = ""
    if said.wait:
        clues[_wait_clue(said.code)] = ""
    for phrase, *_ in hits:
        clues.setdefault(phrase.clue, phrase.text)
    if not hits:
        clues["phrase:none"] = ""
    return clues


def weigh(said: ReplyParts) -> int:
    """Return the total weight of `clues_of(said)`. It looks up without writing their names, which takes as long."""
    read = said.words[:READ]
    clues: set[Clue] = {*read, *pairwise(read)}
    if said.hits:
        clues.update([hit.phrase.clue for hit in said.hits])
    else:
        clues.add("phrase:none")
    if said.named:
        clues.add(f"list:named {said.named.cause}")
    if said.linked:
        clues.add(f"link:page {said.linked}")
    if said.wait:
        clues.add(_wait_clue(said.code))
    alone = said.meaning is not None and said.meaning_is_all
    return total(clues) + _weight_of_codes(said.code, said.enhanced, said.stage, said.meaning, alone)


def spoken(words: Sequence[str]) -> list[str]:
    """Return the words of a reply, and each two neighbours in a sentence."""
    read = words[:READ]
    if END not in read:
        return [*read, *map(" ".join, pairwise(read))]
    pairs = [f"{one} {other}" for one, other in pairwise(read) if one != END and other != END]
    return [word for word in read if word != END] + pairs


def _wait_clue(code: int | None) -> str:
    return "wait:temporary" if code in (450, 451) else "wait:other"


@lru_cache(maxsize=1024)  # a reply has one of few
def _weight_of_codes(
    code: int | None, enhanced: str | None, stage: Stage | None, meaning: Meaning | None, alone: bool
) -> int:
    return total([*_numbers(code, enhanced, stage), *_meanings(meaning, alone)])


def _numbers(code: int | None, enhanced: str | None, stage: Stage | None) -> Mapping[str, str]:
    keys: list[str] = []
    if code:
        keys += f"code:{code}", f"class:{code // 100}"
    if stage:
        keys.append(f"stage:{stage}")
        if code:
            keys.append(f"stage:{stage}/{code // 100}")
    if enhanced:
        _, subject, detail = enhanced.split(".", 2)
        keys += f"enhanced:{subject}.{detail}", f"subject:{subject}"
    elif not code:
        keys.append("code:none")
    return dict.fromkeys(keys, "")


def _meanings(meaning: Meaning | None, alone: bool) -> Mapping[str, str]:
    if meaning is None:
        return {}
    source, cause = meaning
    return dict.fromkeys([f"meaning:{source} {cause}", *([f"meaning:alone {cause}"] if alone else [])], "")
