"""The cause of a refusal, from what the server said.

Text speaks first, the enhanced code second, the stage last: many hosts say 5.7.1 to everything.

- `codes`     where a text holds its codes
- `phrases`   words and codes -> causes
"""

import re

from probes.evidence import Stage
from probes.reading.facts import Confidence, ReplyFacts
from probes.reading.replies.codes import find_codes
from probes.reading.replies.phrases import ENHANCED, PHRASES, STAGES
from probes.verdict import Cause

LONGEST = 16 * 1024  # characters that are read; a reply has at most a few hundred

TRY_LATER = "try again later"  # rspamd says only this after DATA when it greylists
_ADDRESS = re.compile(r"\S{1,320}@\S{1,320}")  # a reply quotes addresses, whose letters mean nothing
_PHRASES = tuple((re.compile(rf"\b{re.escape(phrase)}"), cause) for phrase, cause in PHRASES)


def read_reply(
    text: str, *, stage: Stage | None = None, code: int | None = None, enhanced: str | None = None
) -> ReplyFacts:
    """What one refusal says: a live reply, or a bounce's Diagnostic-Code. Never raises, whatever the text.

    Codes that are not given are looked for in the text. Only its first 16 KiB are read.
    """
    found = find_codes(text[:LONGEST])
    code, enhanced = code or found.code, enhanced or found.enhanced
    cause, confidence = _cause(stage, code or 0, enhanced, found.words)
    permanent = code >= 500 if code else enhanced.startswith("5") if enhanced else None
    return ReplyFacts(cause, confidence, permanent, code, enhanced, stage)


def cause_of(stage: Stage, code: int, enhanced: str | None, text: str) -> Cause:
    """Why the server refused, `UNCLEAR` where neither text nor codes tell."""
    return read_reply(text, stage=stage, code=code, enhanced=enhanced).cause


def _cause(stage: Stage | None, code: int, enhanced: str | None, text: str) -> tuple[Cause, Confidence]:
    said = _ADDRESS.sub(" ", text.lower())
    for phrase, cause in _PHRASES:
        if phrase.search(said):
            return cause, Confidence.TEXT
    detail = (enhanced or "").partition(".")[2]
    if detail in ENHANCED and not (code >= 500 and ENHANCED[detail] is Cause.GREYLISTED):
        return ENHANCED[detail], Confidence.ENHANCED
    if code >= 500 and stage in STAGES:
        return STAGES[stage], Confidence.BASIC
    if detail == "7.1" and TRY_LATER in said:
        return Cause.GREYLISTED, Confidence.TEXT
    if code == 451 and detail.startswith("3"):
        return Cause.SERVER_FAULT, Confidence.ENHANCED
    return Cause.UNCLEAR, Confidence.NONE
