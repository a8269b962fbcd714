"""Find a reply's codes and stage in its text, if they were not extracted before."""

import re
from typing import NamedTuple

from probes.answer import Stage


class Codes(NamedTuple):
    """A reply's three digits and its RFC 3463 code, None if missing.

    `core` is the reply itself if it is inside a sending server's report, without the consequences.
    """

    code: int | None
    enhanced: str | None
    core: str


_TYPE = re.compile(r"\s{0,9}(?:smtp|x-[\w-]{1,40}|unix|dns)\s?;", re.ASCII | re.IGNORECASE)  # RFC 3464, section 2.3.6
_XYZ = r"[245]\.\d{1,3}\.\d{1,3}(?![\w@]|[.-]\d)"
_WHOLE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
_CODE = re.compile(  # these digits; `_OPENS` tells from what stands before them, or an enhanced code behind, a reply
    r"[245]\d\d(?=[\s-]|\Z|[,:;'\")](?!\d))(?![ \t-]\d\d\d[ \t.,])", re.ASCII
)
_SIGNS = "\n:'\"[(<#|"
_OPENS = re.compile(
    rf"(?:\A|[{re.escape(_SIGNS)}]|(?:error|code|status|returned|failure|reply|with|said|smtp|-)[ :;])[ \t]{{0,4}}\Z",
    re.ASCII | re.IGNORECASE,
)
_PAIRED = re.compile(rf"[ -]{_XYZ}", re.ASCII)
_BEFORE = 16  # characters before a code that `_OPENS` looks at
_MEASURE = re.compile(
    r"\s?(?:bytes|kb|mb|sec|minutes|messages|recipients|octets|characters|connections)", re.IGNORECASE
)
_CONSEQUENCE = re.compile(
    r"[ -](?:[45]\.\d\.\d )?(?:error: )?(?:no valid recipients|need rcpt|valid rcpt|too many errors)", re.IGNORECASE
)
_NEXT = re.compile(rf"[:,]?[\s-]{{0,3}}\(?#?({_XYZ})", re.ASCII)
_ENHANCED = re.compile(_XYZ, re.ASCII)
_IN_QUOTES = re.compile(rf"'({_XYZ}[^']{{1,1000}})'", re.ASCII)
_GLUED = re.compile(r"[245]\d\d-\Z", re.ASCII)

STAGES: tuple[tuple[str, Stage], ...] = (  # how sending servers say after which command the reply came
    ("end of data", Stage.END_OF_DATA),  # Postfix, Exim
    ("final data", Stage.END_OF_DATA),  # MailEnable's kin
    ("after i sent the message", Stage.END_OF_DATA),  # qmail
    ("your message (data)", Stage.END_OF_DATA),
    ("in reply to data command", Stage.DATA),
    ("in reply to rcpt to", Stage.RCPT),
    ("after rcpt to", Stage.RCPT),
    ("like our rcpt to", Stage.RCPT),
    ("[rcpt_to]", Stage.RCPT),
    ("does not like recipient", Stage.RCPT),  # qmail
    ("in reply to mail from", Stage.MAIL),
    ("after mail from", Stage.MAIL),
    ("like our mail from", Stage.MAIL),
    ("[mail_from]", Stage.MAIL),
    ("sender was rejected", Stage.MAIL),  # qmail
    ("in reply to starttls", Stage.STARTTLS),
    ("in reply to ehlo", Stage.EHLO),
    ("in reply to helo", Stage.EHLO),
    ("after ehlo", Stage.EHLO),
    ("after helo", Stage.EHLO),
    ("refused to talk to me", Stage.BANNER),  # Postfix
    ("after initial connection", Stage.BANNER),  # Exim
    ("but greeting failed", Stage.BANNER),  # qmail
)


def bare(text: str) -> str:
    """Strip the type of a Diagnostic-Code line."""
    typed = _TYPE.match(text) if ";" in text else None
    return (text[typed.end() :] if typed else text).strip()


def is_enhanced(code: str) -> bool:
    """Test if this is an enhanced status code (RFC 3463)."""
    return _WHOLE.fullmatch(code) is not None


def find_codes(text: str) -> Codes:
    """Return the codes in `text`. Of several replies in a row, the one that caused the others counts."""
    first = _CODE.search(text)
    if first is None:
        return Codes(None, _any_enhanced(text, None), _quoted(text) if "'" in text else text)
    if first.start() == 0 and _CODE.search(text, first.end()) is None:  # nearly always
        following = _NEXT.match(text, 3)
        return Codes(int(first[0]), following[1] if following else _any_enhanced(text, text[0]), text)
    found = [m for m in _CODE.finditer(text) if _is_code(text, m) and not _MEASURE.match(text, m.end())]
    causes = [m for m in found if m[0] != "503" and not _CONSEQUENCE.match(text, m.end())]
    if not found:
        return Codes(None, _any_enhanced(text, None), _quoted(text))
    spoken = next((m for m in causes if m[0] >= "500"), (causes or found)[0])
    if not causes and (before := text[: spoken.start()].strip()):
        return Codes(None, _any_enhanced(before, None), before)  # the reply itself came without its digits
    ends = [m.start() for m in found if m not in causes and m.start() > spoken.end()]
    following = _NEXT.match(text, spoken.end())
    enhanced = following[1] if following else _any_enhanced(text, spoken[0][0])
    return Codes(int(spoken[0]), enhanced, text[spoken.start() : ends[0] if ends else None])


def _is_code(text: str, found: re.Match[str]) -> bool:
    start = found.start()
    before = text[max(0, start - _BEFORE) : start]
    last = before[-1:]
    if last.isdigit() or last == ".":
        return False
    if last in _SIGNS:  # or it is the beginning
        return True
    opens = _OPENS.search(before) if start <= _BEFORE else _OPENS.search("-" + before)  # "-": it is not the beginning
    return opens is not None or _PAIRED.match(text, found.end()) is not None


def _any_enhanced(text: str, digit: str | None) -> str | None:
    if _ENHANCED.search(text) is None:
        return None
    found = [m for m in _ENHANCED.finditer(text) if digit in (None, m[0][0]) and _is_apart(text, m.start())]
    quoted = [m for m in found if text[m.start() - 1 : m.start()] == "'"]  # the remote's own, inside the sender's words
    return (quoted or found)[0][0] if found else None


def _is_apart(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    if before == "-":
        return _GLUED.search(text[max(0, start - 4) : start]) is not None
    return not (before.isalnum() or before in ("_", ".", "@", "/"))


def _quoted(text: str) -> str:
    """Return the remote's words in AsyncOS's "5.1.0 - Unknown address error '5.7.1 Access denied'"."""
    quoted = _IN_QUOTES.search(text)
    return quoted[1] if quoted else text
