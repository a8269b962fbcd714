"""The codes of a reply, found in its text where nobody took them out of it."""

import re
from typing import NamedTuple


class Codes(NamedTuple):
    """A reply's three digits and RFC 3463 code, None where it has none, and the rest of its words."""

    code: int | None
    enhanced: str | None
    words: str


_DIAGNOSTIC = re.compile(r"\s*(?:smtp|x-[\w-]{1,40}|unix|dns)\s*;", re.ASCII | re.IGNORECASE)  # RFC 3464, section 2.3.6
_CODE = re.compile(r"(?<![\w.:#@/-])([245]\d\d)(?=[ \t-]|$|\s|[,;:'\")](?!\d))", re.ASCII)
_ENHANCED = re.compile(r"(?<![\w.@/-])([245]\.\d{1,3}\.\d{1,3})(?![\w@-]|\.\d)", re.ASCII)
_NOT_A_CODE = re.compile(r"\s*(?:bytes|kb|mb|seconds|minutes|messages|recipients|octets|characters)", re.IGNORECASE)
_OPENING = re.compile(r"(?m)^[ \t]*[245]\d\d(?:[ -](?:[245]\.\d{1,3}\.\d{1,3}(?![\w.]))?|$)", re.ASCII)


def find_codes(text: str) -> Codes:
    """The codes in `text`: of a live reply with its digits, or of a Diagnostic-Code line."""
    said = _DIAGNOSTIC.sub("", text, count=1)
    enhanced = _ENHANCED.search(said)
    code = next((m for m in _CODE.finditer(said) if not _NOT_A_CODE.match(said, m.end())), None)
    return Codes(int(code[1]) if code else None, enhanced[1] if enhanced else None, _OPENING.sub("", said))
