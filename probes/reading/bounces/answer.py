"""The server's answer inside what a mail system tells about it: its codes, the stage, the host."""

import re
from dataclasses import dataclass, replace
from itertools import islice

from probes.evidence import Stage

LONGEST = 8192  # characters of one answer
CODES_READ = 24

_ENHANCED = r"([245]\.\d{1,3}\.\d{1,3})(?![\w-]|\.\d)"
_PAIR = re.compile(rf"(?<![\w.])([245]\d\d)[\s\-:;<>,('\"#]{{1,8}}{_ENHANCED}", re.ASCII)
_CODE = re.compile(
    r"(?:^|said:|says:|reason:|code:?|failure:|returned was:|error:|error|<<<|:|\(|\[|\#|\.\.\.|-|\n|\s'|/|said)[\s>\"']{0,4}"
    r"((?:4[2-5]|5[0-5]|2[0-5])\d)(?=[\s\-:;,<)\]'\"(]|\.\s|$)(?!\s+(?:bytes|kb|mb|sec|min|hour|day|message|recip|octet|port))",
    re.ASCII | re.IGNORECASE,
)
_BARE_CODE = re.compile(
    r"(?<![\w.:/@=+-])([45][0-5]\d)(?=\s+[A-Za-z<\"'(\[])(?!\s+(?:bytes|kb|mb|sec|min|hour|day|mess|recip))", re.ASCII
)
_DETAIL = re.compile(rf"(?<![\w.@/=-])#?\(?\#?{_ENHANCED}", re.ASCII)

STAGES = tuple(  # the words of Postfix, Exim, qmail, sendmail, Yahoo, DragonFly, Gmail (its states); first hit wins
    (re.compile(pattern, re.IGNORECASE), stage)
    for pattern, stage in (
        (r"refused to talk to me|greeting (?:failed|wait)|initial greeting|banner|state 0\b", Stage.BANNER),
        (r"(?:in reply to|after|performing the|our) (?:EHLO|HELO)|state [1-9]\b", Stage.EHLO),
        (r"STARTTLS|TLS (?:handshake|session)|state 1[0-2]\b", Stage.STARTTLS),
        (
            r"end of (?:data|message)|final DATA|after I sent the message|state 1[78]\b|\bTEXT command",
            Stage.END_OF_DATA,
        ),
        (
            r"(?:in reply to|after|our|for|>>>|performing the|SMTP:) ?MAIL\b|\[MAIL_FROM\]|sender was rejected|state 13\b",
            Stage.MAIL,
        ),
        (
            r"(?:in reply to|after|our|for|>>>|SMTP:) ?RCPT\b|\[RCPT_TO\]|does not like recipient|state 14\b",
            Stage.RCPT,
        ),
        (r"(?:in reply to|after|our|for|>>>) ?DATA\b|\[DATA\]|state 1[56]\b", Stage.DATA),
        (r"connect to \S+: |connection (?:timed out|refused)", Stage.CONNECT),
    )
)

_HOST = re.compile(
    r"\bhost:?\s+([A-Za-z0-9][\w.-]{0,252})[ ]?[\[(][0-9A-Fa-f.:]{2,45}[\])]"  # Postfix, Exim
    r"|while talking to ([A-Za-z0-9][\w.-]{0,252}?)\.?:"  # sendmail
    r"|^([A-Za-z0-9][\w.-]{0,252}) ?\[[0-9A-Fa-f.:]{2,45}\] (?:did not like|responded)"  # DragonFly, MailFoundry
    r"|\bby ([A-Za-z0-9][\w.-]{0,252}?)\.? \[[0-9A-Fa-f.:]{2,45}\]"  # Gmail
    r"|^(\d{1,3}(?:\.\d{1,3}){3}) (?:does not like|failed after)"  # qmail
    r"|\bhost:?\s+([A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,62}){1,8})",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `text` is verbatim, white space folded; `words` is it from its code on.

    `paired` says that the two codes stand beside each other, so both are the server's.
    """

    text: str
    words: str = ""
    code: int | None = None
    enhanced: str | None = None
    stage: Stage | None = None
    host: str = ""
    paired: bool = False


def answer_in(text: str, expected: str = "") -> Answer:
    """Read an answer. `expected` is the class of the status, "2", "4" or "5": of several codes those of it come first.

    A good answer, class 2, is none unless it is expected.
    """
    text = text[:LONGEST]
    code, enhanced, start, paired = _codes(text, expected)
    host = _HOST.search(text)
    return Answer(
        _folded(text),
        _folded(text[start:]),
        code,
        enhanced,
        next((stage for words, stage in STAGES if words.search(text)), None),
        next(filter(None, host.groups()), "").lower() if host else "",
        paired,
    )


_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


def answer_told(prose: str, expected: str = "") -> Answer:
    """Read an answer out of prose: the same, with `text` cut to the server's own words where its code opens them."""
    prose = prose[:LONGEST]
    _, _, start, _ = _codes(prose, expected)
    told = answer_in(prose, expected)
    if told.code is None:
        return told
    end = _PARAGRAPH_END.search(prose, start)
    words = _folded(prose[start : end.start() if end else None])
    return replace(told, text=words, words=words)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _codes(text: str, expected: str) -> tuple[int | None, str | None, int, bool]:
    """Reply code, enhanced code, where the reply begins, and whether the codes stand beside each other."""
    wanted = "245" if expected == "2" else "45"
    for pattern in (_PAIR, _CODE, _BARE_CODE):
        found = [
            m for m in islice(pattern.finditer(text), CODES_READ) if m[1][0] in wanted and m[1][0] == m[m.re.groups][0]
        ]
        if found:
            break
    best = next((m for m in found if m[1][0] == expected), found[0] if found else None)
    if best is not None and best.re is _PAIR:
        return int(best[1]), best[2], best.start(), True
    sought = best[1][0] if best else expected
    details = [m[1] for m in islice(_DETAIL.finditer(text), CODES_READ) if m[1][0] in wanted]
    detail = next((one for one in details if one[0] == sought), details[0] if details else None)
    return (int(best[1]), detail, best.start(1), False) if best else (None, detail, 0, False)
