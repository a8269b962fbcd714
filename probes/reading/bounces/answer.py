"""The server's answer quoted in a notice: its codes, the stage, the host."""

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from probes.answer import Stage
from probes.reading.replies.folding import lowered

MAX_ANSWER_CHARS = 8192  # characters of one answer
MAX_TOTAL_ANSWER_CHARS = 2 * MAX_ANSWER_CHARS  # for all recipients: some 30 expressions search each answer
SHORTEST = 100
CODES_READ = 24

# An expression that begins with a digit passes fastest over all else: what may not stand before is asked behind it.
_DETAILS = r"\.[0-7]\.\d{1,3}(?![\w-]|\.\d)"  # RFC 3463 knows the subjects 0 to 7
_PAIR = re.compile(rf"([245](?<![\w.][245])\d\d)[\s\-:;<>,('\"#]{{1,8}}([245]{_DETAILS})", re.ASCII)
_DIGITS = re.compile(
    r"([245](?<![\w.][245])(?<!\dZ-[245])(?<!\d/[245])[0-5]\d)(?=[\s\-:;,<)\]'\"(]|\.\s|\.?$)"
    r"(?!\s+(?:bytes|kb|mb|sec|min|hour|day|mess|recip|octet|port|attempt|times))",
    re.ASCII | re.IGNORECASE,
)
_OPENING = re.compile(  # what stands before a reply: the beginning, or a word or sign that announces it
    r"(?:\A|said:?|says:?|reason:?|code:?|failure:|was:|error:?|<<<|[:(\[#\n/-]|\.\.\.|\s')[\s>\"']{0,4}\Z",
    re.ASCII | re.IGNORECASE,
)
_MEASURED = re.compile(r"(?:bytes|size|lines|length|port)\)?[:= ]{0,3}\Z", re.ASCII | re.IGNORECASE)
_GOES_ON = re.compile(r"[\s-]+[A-Za-z<\"'(\[]")  # a reply has words, a plain number in prose may, too
_DETAIL = re.compile(rf"([245](?<![\w.@/=-][245]){_DETAILS})", re.ASCII)

STAGES = tuple(  # the words of Postfix, Exim, qmail, sendmail, Yahoo, DragonFly, Gmail (its states), in lower case
    (words, re.compile(pattern), stage)  # each match has one of the words: a search for those takes a tenth of the time
    for words, pattern, stage in (
        (
            ("talk to me", "greeting", "banner", "state 0"),
            r"refused to talk to me|greeting (?:failed|wait)|initial greeting|banner|state 0\b",
            Stage.BANNER,
        ),
        (
            ("ehlo", "helo", "state "),
            r"(?:in reply to|after|performing the|our) (?:ehlo|helo)|state [1-9]\b",
            Stage.EHLO,
        ),
        (("tls", "state 1"), r"starttls|tls (?:handshake|session)|state 1[0-2]\b", Stage.STARTTLS),
        (
            ("end of ", "final data", "sent the message", "state 1", "text command"),
            r"end of (?:data|message)|final data|after i sent the message|state 1[78]\b|\btext command",
            Stage.END_OF_DATA,
        ),
        (
            (" mail", ">mail", ":mail", "mail_from", "sender was rejected", "state 13"),
            r"(?:in reply to|like our|>>>|performing the|smtp:) ?mail\b|(?:after|for) mail (?:from\b"
            r"|command)|\[mail_from\]"
            r"|sender was rejected"
            r"|state 13\b",
            Stage.MAIL,
        ),
        (
            ("rcpt", "does not like recipient", "state 14"),
            r"(?:in reply to|after|our|for|>>>|smtp:) ?rcpt\b|\[rcpt_to\]|does not like recipient|state 14\b",
            Stage.RCPT,
        ),
        (("data", "state 1"), r"(?:in reply to|like our|>>>|after) ?data\b|\[data\]|state 1[56]\b", Stage.DATA),
        (("connect",), r"connect to \S+: |connection (?:timed out|refused)", Stage.CONNECT),
    )
)

_HOST_WORDS = ("host", "talking to ", "did not like", "responded", "by ", "does not like", "failed after")
_HOST = re.compile(  # in lower case
    r"\bhost:?\s+([a-z0-9][\w.-]{0,252})[ ]?[\[(][0-9a-f.:]{2,45}[\])]"  # Postfix, Exim
    r"|while talking to ([a-z0-9][\w.-]{0,252}?)\.?:"  # sendmail
    r"|^([a-z0-9][\w.-]{0,252}) ?\[[0-9a-f.:]{2,45}\] (?:did not like|responded)"  # DragonFly, MailFoundry
    r"|\bby ([a-z0-9][\w.-]{0,252}?)\.? \[[0-9a-f.:]{2,45}\]"  # Gmail
    r"|^(\d{1,3}(?:\.\d{1,3}){3}) (?:does not like|failed after)"  # qmail
    r"|\bhost:?\s+([a-z0-9][\w-]{0,62}(?:\.[\w-]{1,62}){1,8})",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class ReportedReply:
    """The quoted answer. `text` is verbatim, white space folded; `words` is the part from its code on.

    `paired`: the two codes are next to each other, so both are the server's.
    """

    text: str
    words: str = ""
    code: int | None = None
    enhanced: str | None = None
    stage: Stage | None = None
    host: str = ""
    paired: bool = False


def share(recipients: int) -> int:
    """Return how many characters are read of the text about each of so many recipients: this bounds the cost of a
    message."""
    return max(SHORTEST, min(MAX_ANSWER_CHARS, MAX_TOTAL_ANSWER_CHARS // max(1, recipients)))


def answer_in(text: str, expected: str = "") -> ReportedReply:
    """Read an answer. `expected` is the class of the status, "2", "4" or "5": codes of that class come first.

    A positive answer, class 2, counts only if expected.
    """
    return _answer(text[:MAX_ANSWER_CHARS], _codes(text[:MAX_ANSWER_CHARS], expected))


_PARAGRAPH_END = re.compile(r"\n[ \t]*\n|\n(?=Giving up on \S+\.\s|I'm not going to try again)")  # qmail's own words


def answer_in_prose(prose: str, expected: str = "") -> ReportedReply:
    """Read an answer out of prose: the same, with `text` cut to the server's own words if its code starts them."""
    prose = prose[:MAX_ANSWER_CHARS]
    codes = _codes(prose, expected)
    told = _answer(prose, codes)
    if codes.code is None:
        return told
    end = _PARAGRAPH_END.search(prose, codes.start)
    words = _folded(prose[codes.start : end.start() if end else None])
    return replace(told, text=words, words=words)


class _Codes(NamedTuple):
    """Reply code, enhanced code, start of the reply, and whether the codes are next to each other."""

    code: int | None
    enhanced: str | None
    start: int
    paired: bool


def _answer(text: str, codes: _Codes) -> ReportedReply:
    said = lowered(text)
    host = _HOST.search(said) if any(word in said for word in _HOST_WORDS) else None
    return ReportedReply(
        _folded(text),
        _folded(text[codes.start :]),
        codes.code,
        codes.enhanced,
        _stage(said),
        next(filter(None, host.groups()), "") if host else "",
        codes.paired,
    )


def _stage(said: str) -> Stage | None:
    for words, pattern, stage in STAGES:
        for word in words:
            if word in said:
                if pattern.search(said):
                    return stage
                break
    return None


def _folded(text: str) -> str:
    return " ".join(text.split())


def _codes(text: str, expected: str) -> _Codes:
    classes = "245" if expected == "2" else "45"
    pairs = (m for m in islice(_PAIR.finditer(text), CODES_READ) if m[1][0] == m[2][0] and m[1][0] in classes)
    if pair := _best(list(pairs), expected):
        return _Codes(int(pair[1]), pair[2], pair.start(), True)
    digits = [m for m in islice(_DIGITS.finditer(text), CODES_READ) if m[1][0] in classes]
    opening = [m for m in digits if _opens(text[max(0, m.start() - 20) : m.start()])]
    code = _best([*opening, *(m for m in digits if _GOES_ON.match(text, m.end()))], expected)
    details = [m for m in islice(_DETAIL.finditer(text), CODES_READ) if m[1][0] in classes]
    detail = _best(details, code[1][0] if code else expected)
    return _Codes(int(code[1]) if code else None, detail[1] if detail else None, code.start() if code else 0, False)


def _opens(before: str) -> bool:
    return _OPENING.search(before) is not None and _MEASURED.search(before) is None


def _best(found: list[re.Match[str]], expected: str) -> re.Match[str] | None:
    return next((one for one in found if one[1][0] == expected), found[0] if found else None)
