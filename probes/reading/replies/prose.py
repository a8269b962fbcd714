"""Prose for people around a reason: the sentences of a notice that state one.

A notice says much that is true of every failure, what the reader may do, and what often is the reason. It cannot be
known by its words alone, since every system has its own. So each sentence is read alone: those that tell nothing are
left out, those about possibilities count only if there is nothing else, and that time has run out is a reason only if
no other is given: it says how it ended, not why.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from probes.outcome import Cause
from probes.reading.facts import ReplyFacts, Rival
from probes.reading.replies.codes import find_codes
from probes.reading.replies.folding import lowered
from probes.reading.replies.words import fold

_ENDINGS = (  # in lower case
    r"this is a copy of (?:the|your) (?:message|mail)",  # Exim
    r"(?:below (?:this|the next) line is|enclosed is|below is|included is) a copy",  # qmail, OpenSMTPD, MXLogic
    r"(?:the |here is the |start of )?(?:headers?|text|copy|first \d+ k?(?:lines|bytes))(?: and .{1,40})? of "
    r"(?:the|your) (?:original )?(?:message|mail)\b",  # GMX, 1&1
    r"the header and top \d+ lines",
    r"original (?:message|mail)(?: info| headers?| text| as)?(?: is)?(?: follows| below)?[ \t.:-]*$",
    r"(?:unsent|undelivered|returned|old|bounced) (?:message|mail)(?: headers?)?(?: follows| below)?[ \t.:-]*$",
    r"message (?:headers?|text|header or text|contents?|body)(?: follows?| below)?[ \t.:|-]*$",  # sendmail, smail
    r"your message (?:reads|follows|begins)",
    r"mensaje original|message original|messaggio originale|mensagem original|urspr.{1,3}ngliche nachricht",
    r"oorspronkelijk bericht|исходное (?:письмо|сообщение)|原始邮件|元のメッセージ",
    r"(?:reporting-mta|final-recipient)[ \t]*:|content-type:[ \t]*message/",
)
_QUOTED = (
    r"[ \t]*[>|][ \t]?(?:from|to|subject|date|sent|von|an|betreff|de|objet|asunto)[ \t]?:"  # as mail programs quote
)
_HEADERS = r"[>|]?[ ]?(?:received|return-path|x-envelope-from|message-id):[ \t]"  # indented, it is a summary
# Each begins a line; a search for "^" would take ten times as long as one for the end of the line before.
_ENDING = re.compile(rf"\n(?:[ \t>|*=_/-]*(?:{'|'.join(_ENDINGS)})|{_QUOTED}|{_HEADERS})", re.MULTILINE)

SENTENCES_READ = 16
SHORTEST_PROSE = 60  # characters; a shorter text is read as a whole
TELLING = 0.5  # probability from which a sentence tells its cause

_FRAME = re.compile(
    r"\A\s{0,10}(?:host |server )?[\w.-]{1,253}\[[0-9A-Fa-f.:]{2,45}\](?::\d{1,5})?(?: ?\([^()]{0,60}\))? "
    r"(?:said|refused to talk to me):\s{0,10}"
)
_PARAGRAPH = re.compile(r"\n[ \t>]*\n")
_BECAUSE = (
    r"because|since|weil|denn|parce qu|car|puisque|porque|ya que|perch[eé]|poich[eé]|omdat|eftersom|fordi"
    r"|ponieważ|protože|çünkü"
    r"|, as|, da|потому что|так как|поскольку"
)
_STOP = r" (?<=[^.\d][.!?] )(?=[^\W\d_a-z]|[\"'<(\[*-])"
_STOPS = re.compile(_STOP)
_SENTENCE_ENDS = re.compile(rf"\s?\b(?:{_BECAUSE})\b\s+|{_STOP}|(?<=[。！？])\s*")
_OTHER_ENDS = (*_BECAUSE.replace("[eé]", "").split("|"), "。", "！", "？")  # without one, there are stops alone
_WORD = re.compile(r"[^\W\d_]{2}")
_LISTED = re.compile(r"\n(?=[ \t]*(?:[-*•·]|\d{1,2}[.)])[ \t])")
_MAYBE = re.compile(
    r"\b(?:(?<!\d )may(?! \d)|might|maybe|perhaps|possible (?:reason|cause)s?|probably|usually|often"
    r"|common(?:ly)?|typically|sometimes|for example|such as"
    r"|can be caused|could be|can mean|either|whether"
    r"|(?:some|many|most|other) (?:mail )?(?:servers|systems|providers|receivers|companies)"
    r"|(?:servers|systems|providers|receivers|we|they) (?:also |do not |always )?(?:reject|refuse|block|accept)s? "
    r"(?:all |any )?(?:mails?|messages?|e-?mails?|connections?|spam)"
    r"|(?:mails?|messages?|e-?mails?) (?:from [^.]{0,60})?(?:is|are|will be|gets?) (?:rejected|refused|blocked) "
    r"(?:when|if|unless|by our)"
    r"|moglicherweise|vielleicht|eventuell|haufig|kann sein"  # without accents, as `fold` returns them
    r"|peut-etre|il se peut|souvent|quizas?|puede que|posiblemente|forse|potrebbe|talvez|pode ser|mogelijk"
    r"|misschien)\b"
    r"|возможно|вероятно|かもしれ|可能性|可能是"
)
_ALTERNATIVES = re.compile(r"\b(?:or|oder|ou|oppure|eller|of|lub|nebo|veya)\b|[,:;][^,;]{0,200}[,;]|или|或").search


def notice_end(text: str) -> int:
    """Return where a notice ends, and the returned message begins."""
    start = len(text) - len(text.lstrip())
    found = _ENDING.finditer("\n" + lowered(text))
    return next((match.start() for match in found if match.start() > start), len(text))


def sentences(text: str) -> Iterator[str]:
    """Yield the first sentences of a text, lines that were broken in one piece."""
    left = SENTENCES_READ
    for paragraph in _PARAGRAPH.split(text):
        for item in _LISTED.split(paragraph):
            together = " ".join(item.split())
            ends = _SENTENCE_ENDS if any(word in together for word in _OTHER_ENDS) else _STOPS
            for sentence in ends.split(together):
                if _WORD.search(sentence) and (left := left - 1) >= 0:
                    yield sentence


def unframed(text: str) -> str:
    """Return a reply without what a mail server's log puts ahead of it: the host that gave it is none of its words."""
    return _FRAME.sub("", text, 1) if "[" in text else text


def is_notice_text(text: str) -> bool:
    """Test if a text has paragraphs, so that it is more than one server's answer."""
    return "\n" in text and ("\n\n" in text or "\r\n\r\n" in text)


class Deciding(NamedTuple):
    """The part of a text that its reading rests on. `only_possible`: it names reasons that there may be, no more."""

    text: str
    only_possible: bool = False


def read_prose(text: str, read: Callable[[str], ReplyFacts]) -> ReplyFacts:
    """Read the sentences that state a reason; all of the text if none does. `read` reads one reply."""
    part = deciding(text, read)
    return undecided(read(part.text)) if part.only_possible else read(part.text)


def deciding(text: str, read: Callable[[str], ReplyFacts]) -> Deciding:
    """Return the part of a text that `read_prose` reads."""
    if len(text) < SHORTEST_PROSE and "\n" not in text:
        return Deciding(text)
    told = [(one, said) for one in sentences(text) if _tells(said := read(one))]
    if not told:
        return Deciding(text)
    firm = [pair for pair in told if not _is_guess(pair[0])]
    if not firm and len(told) == 1 and _ALTERNATIVES(fold(told[0][0])) and told[0][0] != " ".join(text.split()):
        return Deciding(text, only_possible=True)
    firm = firm or told
    causal = [pair for pair in firm if pair[1].cause is not Cause.EXPIRED] or firm
    quoted = [pair for pair in causal if find_codes(pair[0]).code] or causal  # a server's own words
    return Deciding(" ".join(one for one, _ in quoted))


def undecided(facts: ReplyFacts) -> ReplyFacts:
    """Return what a text says that only tells what reasons there may be: which is this one's is unclear."""
    if facts.cause is Cause.UNCLEAR:
        return facts
    unclear = next((rival.probability for rival in facts.rivals if rival.cause is Cause.UNCLEAR), 0.0)
    others = tuple(rival for rival in facts.rivals if rival.cause is not Cause.UNCLEAR)
    return replace(
        facts, cause=Cause.UNCLEAR, confidence=unclear, rivals=(Rival(facts.cause, facts.confidence), *others)
    )


def _is_guess(sentence: str) -> bool:
    """Test if a sentence speaks of what may be."""
    return _MAYBE.search(fold(sentence)) is not None


def _tells(facts: ReplyFacts) -> bool:
    return facts.cause is not Cause.UNCLEAR and facts.confidence >= TELLING
