"""Derive the cause of a refusal from the server's reply.

Every clue of a reply, a phrase, a word, a code, a blocklist, adds its learnt weight to the causes; the sums decide, and
the margin between them is the confidence.

- `words`      reduces a text to the words that its meaning depends on
- `translations`  words of other languages, and the English ones that they are read as
- `codes`      finds codes and stage in a text
- `table`      the form of the phrase tables, and the search in them; `phrases` all of them together
- `webmail`, `carriers`, `gateways`   tables: phrases of single services and products
- `senders`, `recipients`, `messages`, `systems`   tables: phrases of all kinds of servers, by subject
- `languages`, `blocklists`, `marks`   tables: other languages, blocklists by name, vendors by their marks
- `meanings`   meanings of codes
- `waits`      the retry time that a reply offers
- `clues`      everything in a reply that points to a cause
- `weights`    how much each clue speaks for each cause: the table that is learnt, and the sums
- `decision`   from sums to an answer
- `why`        explains an answer to people
- `literals`   finds fixed texts of several tables at once
- `memory`     what was found in pieces of text, kept within bounds
- `quoted`     the address that a reply is about
- `prose`      the sentences of a notice that state a reason
- `folding`    lower case for fast searches
"""

from collections.abc import Sequence
from functools import lru_cache

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.documents import is_document
from probes.reading.facts import ReplyFacts, Rival
from probes.reading.replies.clues import MAX_REPLY_CHARS, ReplyParts, take_apart, weigh
from probes.reading.replies.decision import Decision, decide
from probes.reading.replies.prose import deciding, is_notice_text, notice_end, read_prose, undecided, unframed
from probes.reading.replies.quoted import quoted_address
from probes.reading.replies.table import Hit
from probes.reading.replies.weights import probabilities

_OWN_FAULTS = {Cause.NETWORK: Cause.SERVER_FAULT, Cause.EXPIRED: Cause.SERVER_FAULT}
"""A server that answers was reached: what it says of networks, loops and queues is its own side's trouble."""


def read_reply(
    text: str,
    *,
    stage: Stage | None = None,
    code: int | None = None,
    enhanced: str | None = None,
    live: bool = False,
) -> ReplyFacts:
    """Read one refusal: a live reply, or a bounce's Diagnostic-Code. Never raises, whatever the text.

    Missing codes and stage are looked for in the text. Only its first 16 KiB are read. Of a notice, which has
    paragraphs and so is no server's answer, the sentences that state a reason are read; a document about mail states
    none, it only names them. `live`: it was said to us at
    this stage, so what the server could not know yet is ruled out. Others' reports are less certain: a server that
    sends several commands at once may take an answer for that to another one.
    """
    text = text[:MAX_REPLY_CHARS]
    if live:
        return _read(text, stage, code, enhanced, True)
    text = unframed(text)
    if is_notice_text(text):
        facts = read_prose(text[: notice_end(text)], lambda part: _read(part, stage, code, enhanced, False))
        return undecided(facts) if is_document(text) else facts
    return _read(text, stage, code, enhanced, False)


def deciding_text(text: str) -> str:
    """Return the part of a text that `read_reply` rests on, if it is no live reply."""
    text = unframed(text[:MAX_REPLY_CHARS])
    if not is_notice_text(text):
        return text
    return deciding(text[: notice_end(text)], lambda part: _read(part, None, None, None, False)).text


@lru_cache(maxsize=64)  # judging, grading and explaining one attempt ask for the same
def _read(text: str, stage: Stage | None, code: int | None, enhanced: str | None, live: bool) -> ReplyFacts:
    said = take_apart(text, stage, code, enhanced)
    chances = probabilities(weigh(said))
    answer = _of_its_own(decide(chances, stage)) if live else decide(chances)
    return ReplyFacts(
        answer.cause,
        answer.confidence,
        permanent=_permanent(said),
        code=said.code,
        enhanced=said.enhanced,
        stage=said.stage,
        blocklist=said.named.name if said.named else None,
        retry_after=said.wait,
        address=quoted_address(said.text),
        vendor=said.vendor or _vendor(said.hits, answer.cause),
        rivals=answer.rivals,
    )


def _vendor(hits: Sequence[Hit], cause: Cause) -> str:
    for hit in hits:
        if hit.phrase.vendor and hit.phrase.cause is cause:
            return hit.phrase.vendor
    return ""


def cause_of(stage: Stage, code: int, enhanced: str | None, text: str) -> Cause:
    """Return why the server that we talk to refused, `UNCLEAR` if neither text nor codes tell."""
    return read_reply(text, stage=stage, code=code, enhanced=enhanced, live=True).cause


def _of_its_own(answer: Decision) -> Decision:
    cause = _OWN_FAULTS.get(answer.cause, answer.cause)
    rivals: dict[Cause, float] = {}
    for rival in answer.rivals:
        own = _OWN_FAULTS.get(rival.cause, rival.cause)
        if own is not cause:
            rivals[own] = rivals.get(own, 0.0) + rival.probability
    ranked = sorted(rivals.items(), key=lambda pair: -pair[1])
    return Decision(cause, answer.confidence, tuple(Rival(*pair) for pair in ranked))


def _permanent(said: ReplyParts) -> bool | None:
    if said.code:
        return said.code >= 500
    if said.enhanced:
        return said.enhanced.startswith("5")
    spoken = said.text.lower()
    if "permanent" in spoken or "giving up" in spoken or "will be deleted" in spoken:
        return True
    return False if any(word in spoken for word in ("temporar", "try again", "deferred", "will be retried")) else None
