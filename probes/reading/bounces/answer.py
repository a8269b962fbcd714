"""The server's answer inside what a mail system tells about it: its codes, the stage, the host."""

import re
from dataclasses import dataclass
from itertools import islice

from probes.evidence import Stage

LONGEST = 8192  # characters of one answer
CODES_READ = 24

_ENHANCED = r"([245]\.\d{1,3}\.\d{1,3})(?![\w-]|\.\d)"
_PAIR = re.compile(rf"(?<![\w.])([245]\d\d)[\s\-:;<>,('\"#]{{1,8}}{_ENHANCED}", re.ASCII)
_CODE = re.compile(
    r"(?:^|said:|says:|reason:|code:?|failure:|returned was:|error:|<<<|:|\(|\[|\#|\.\.\.|-|\n|\s'|/|said)[\s>\"']{0,4}"
    r"((?:4[2-5]|5[0-5]|2[0-5])\d)(?=[\s\-:;,<)\]'\"(]|\.\s|$)(?!\s+(?:bytes|kb|mb|sec|min|hour|day|message|recip|octet|port))",
    re.ASCII | re.IGNORECASE,
)
_BARE_CODE = re.compile(
    r"(?<![\w.:/@=+-])([45][0-5]\d)(?=\s+[A-Za-z<\"'(\[])(?!\s+(?:bytes|kb|mb|sec|min|hour|day|mess|recip))", re.ASCII
)
_DETAIL = re.compile(rf"(?<![\w.@/=:-])#?\(?\#?{_ENHANCED}", re.ASCII)

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
    """What was answered. `text` is verbatim, white space folded."""

    text: str
    code: int | None = None
    enhanced: str | None = None
    stage: Stage | None = None
    host: str = ""


def answer_in(text: str, expected: str = "") -> Answer:
    """Read an answer. `expected` is the class of the status, "4" or "5": of several codes those of it come first."""
    text = text[:LONGEST]
    code, enhanced = _codes(text, expected)
    host = _HOST.search(text)
    return Answer(
        " ".join(text.split()),
        code,
        enhanced,
        next((stage for words, stage in STAGES if words.search(text)), None),
        next(filter(None, host.groups()), "").lower() if host else "",
    )


def _codes(text: str, expected: str) -> tuple[int | None, str | None]:
    pairs = [(m[1], m[2]) for m in islice(_PAIR.finditer(text), CODES_READ) if m[1][0] == m[2][0]]
    codes = [code for code, _ in pairs] or [m[1] for m in islice(_CODE.finditer(text), CODES_READ)]
    codes = codes or [m[1] for m in islice(_BARE_CODE.finditer(text), CODES_READ)]
    code = _best(codes, expected)
    details = [detail for known, detail in pairs if known == code]
    details = details or [m[1] for m in islice(_DETAIL.finditer(text), CODES_READ)]
    enhanced = _best(details, code[0] if code else expected)
    return int(code) if code else None, enhanced


def _best(found: list[str], expected: str) -> str | None:
    return next((one for one in found if one[0] == expected), found[0] if found else None)
