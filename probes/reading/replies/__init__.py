"""Derive the cause of a refusal from the server's reply.

Text counts first, the enhanced code second, stage and basic code last: many hosts say 5.7.1 to everything.

- `normalise`  a reply's words, without the names and addresses that it quotes
- `codes`      finds codes and stage in a text
- `table`      the form of the phrase tables, and the search in them
- `webmail`, `carriers`, `gateways`   tables: phrases of single services and products
- `senders`, `recipients`, `messages`, `systems`   tables: phrases of all kinds of servers, by subject
- `languages`, `blocklists`, `marks`   tables: other languages, blocklists by name, vendors by their marks
- `meanings`   meanings of codes, if the words say nothing
- `waits`      the retry time that a reply offers
"""

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.facts import Confidence, ReplyFacts
from probes.reading.replies import carriers, gateways, languages, messages, recipients, senders, systems, webmail
from probes.reading.replies.blocklists import Listing, listing
from probes.reading.replies.codes import bare, find_codes, find_stage
from probes.reading.replies.marks import LINKS, MARKS
from probes.reading.replies.meanings import by_code, by_enhanced
from probes.reading.replies.normalise import fold, listen, quoted_address, repair
from probes.reading.replies.table import PhraseTable
from probes.reading.replies.waits import find_wait

MAX_REPLY_CHARS = 16 * 1024  # characters that are read; a reply has at most a few hundred

_CERTAIN = PhraseTable(  # the order is policy: a reply may say several things
    webmail.ROWS,
    carriers.ROWS,
    gateways.ROWS,
    senders.WAITING,
    recipients.FULL,
    senders.IDENTITY,
    senders.RULES,
    systems.BROKEN,
    recipients.NOBODY,
    messages.SIZE,
    senders.LIMITS,
)
_BLOCKING = PhraseTable(senders.BLOCKS, messages.CONTENTS)
_FOREIGN = PhraseTable(languages.ROWS)
_VAGUE = PhraseTable(systems.VAGUE)
_LATER = "try again later", "try later", "essayer plus tard"  # rspamd says only this after DATA when it greylists


def read_reply(
    text: str, *, stage: Stage | None = None, code: int | None = None, enhanced: str | None = None
) -> ReplyFacts:
    """Read one refusal: a live reply, or a bounce's Diagnostic-Code. Never raises, whatever the text.

    Missing codes and stage are looked for in the text. Only its first 16 KiB are read.
    """
    words = repair(bare(text[:MAX_REPLY_CHARS]))
    raw = fold(words)
    found = find_codes(words)
    code, enhanced, stage = code or found.code, enhanced or found.enhanced, stage or find_stage(raw)
    vendor = next((name for mark, name in MARKS if mark in raw), "")
    named = listing(raw)
    wait = find_wait(raw)
    head = f"[{stage or ''}] {code or ''} {enhanced or ''} "
    cause, owner = _by_words(head + listen(found.core), named, code, enhanced)
    if cause is None and len(found.core) < len(words):
        cause, owner = _by_words(head + listen(words), named, code, enhanced, core=False)
    if link := next((row for row in LINKS if row[0] in raw), None):
        _, cause, owner = link
    if cause is None and wait and code in (450, 451):
        cause = Cause.GREYLISTED
    confidence = Confidence.TEXT
    if cause is None:
        cause, confidence = _by_codes(raw, (stage, code, enhanced), vendor)
    return ReplyFacts(
        cause,
        confidence,
        permanent=_permanent(raw, code, enhanced),
        code=code,
        enhanced=enhanced,
        stage=stage,
        blocklist=named.name if named else None,
        retry_after=wait,
        address=quoted_address(words),
        vendor=vendor or owner,
    )


def cause_of(stage: Stage, code: int, enhanced: str | None, text: str) -> Cause:
    """Return why the server refused, `UNCLEAR` if neither text nor codes tell."""
    return read_reply(text, stage=stage, code=code, enhanced=enhanced).cause


def _by_words(
    said: str, named: Listing | None, code: int | None, enhanced: str | None, *, core: bool = True
) -> tuple[Cause | None, str]:
    """Return the meaning of the words and their vendor; None if no row matches."""
    if row := _CERTAIN.first(said):
        return row.cause, row.vendor
    if named:
        return named.cause, ""
    for table in (_BLOCKING, _FOREIGN) if said.isascii() else (_FOREIGN, _BLOCKING):
        if row := table.first(said):
            return row.cause, row.vendor
    if not core:  # vague words of a sending server's report are not the receiver's
        return None, ""
    if any(later in said for later in _LATER) and (code or 0) < 500 and "not going to try" not in said:
        return _put_off(code, enhanced), ""
    row = _VAGUE.first(said)
    return (row.cause, row.vendor) if row else (None, "")


def _by_codes(raw: str, spoken: tuple[Stage | None, int | None, str | None], vendor: str) -> tuple[Cause, Confidence]:
    stage, code, enhanced = spoken
    if enhanced and (cause := by_enhanced(enhanced, code or 0, vendor, raw)):
        return cause, Confidence.ENHANCED
    if code and (cause := by_code(code, stage)):
        return cause, Confidence.BASIC
    return Cause.UNCLEAR, Confidence.NONE


def _put_off(code: int | None, enhanced: str | None) -> Cause:
    """Return the meaning of "try again later" if nothing else is said."""
    detail = (enhanced or "").partition(".")[2]
    if detail.startswith("3."):
        return Cause.SERVER_FAULT
    return Cause.GREYLISTED if code in (450, 451) else Cause.RATE_LIMITED


def _permanent(raw: str, code: int | None, enhanced: str | None) -> bool | None:
    if code:
        return code >= 500
    if enhanced:
        return enhanced.startswith("5")
    if "permanent" in raw or "giving up" in raw or "will be deleted" in raw:
        return True
    return False if any(word in raw for word in ("temporar", "try again", "deferred", "will be retried")) else None
