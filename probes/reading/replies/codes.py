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
_CODE = re.compile(
    rf"(?:^|[\n:'\"\[(<#|]|(?:error|code|status|returned|failure|reply|with|said|smtp|-)[ :;]|(?=[245]\d\d[ -]{_XYZ}))"
    r"[ \t]{0,4}(?<![\d.])([245]\d\d)(?=[\s-]|$|[,:;'\")](?!\d))(?![ \t-]\d\d\d[ \t.,])",
    re.ASCII | re.IGNORECASE | re.MULTILINE,
)
_MEASURE = re.compile(
    r"\s?(?:bytes|kb|mb|sec|minutes|messages|recipients|octets|characters|connections)", re.IGNORECASE
)
_CONSEQUENCE = re.compile(
    r"[ -](?:[45]\.\d\.\d )?(?:error: )?(?:no valid recipients|need rcpt|valid rcpt|too many errors)", re.IGNORECASE
)
_NEXT = re.compile(rf"[:,]?[\s-]{{0,3}}\(?#?({_XYZ})", re.ASCII)
_ENHANCED = re.compile(rf"(?:(?<=[245]\d\d-)|(?<![\w.@/-]))({_XYZ})", re.ASCII)

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
    return _TYPE.sub("", text, count=1).strip()


def find_codes(text: str) -> Codes:
    """Return the codes in `text`. Of several replies in a row, the one that caused the others counts."""
    found = [m for m in _CODE.finditer(text) if not _MEASURE.match(text, m.end())]
    causes = [m for m in found if m[1] != "503" and not _CONSEQUENCE.match(text, m.end())]
    if not found:
        return Codes(None, _any_enhanced(text, None), _quoted(text))
    spoken = next((m for m in causes if m[1] >= "500"), (causes or found)[0])
    if not causes and (before := text[: spoken.start()].strip()):
        return Codes(None, _any_enhanced(before, None), before)  # the reply itself came without its digits
    ends = [m.start() for m in found if m not in causes and m.start() > spoken.end()]
    following = _NEXT.match(text, spoken.end())
    enhanced = following[1] if following else _any_enhanced(text, spoken[1][0])
    return Codes(int(spoken[1]), enhanced, text[spoken.start(1) : ends[0] if ends else None])


def _any_enhanced(text: str, digit: str | None) -> str | None:
    found = [m for m in _ENHANCED.finditer(text) if digit is None or m[1].startswith(digit)]
    quoted = [
        m[1] for m in found if text[max(0, m.start() - 1) : m.start()] == "'"
    ]  # the remote's own, inside the sender's words
    return quoted[0] if quoted else found[0][1] if found else None


def find_stage(said: str) -> Stage | None:
    """Return the stage that a bounce's sentence names, in lower case."""
    return next((stage for phrase, stage in STAGES if phrase in said), None)


def _quoted(text: str) -> str:
    """Return the remote's words in AsyncOS's "5.1.0 - Unknown address error '5.7.1 Access denied'"."""
    quoted = re.search(rf"'({_XYZ}[^']{{1,1000}})'", text, re.ASCII)
    return quoted[1] if quoted else text
