"""The kind of what was pasted or uploaded. Pure."""

import re
from enum import StrEnum

MAX_ANALYSED_BYTES = 1024 * 1024  # the rest is not read; a bounce says its reason in the first part
HEADERS_LOOKED_AT = 8192  # bytes
BEGINNING = 512  # bytes, in which no text has a zero
MIN_FIELDS = 2  # header fields of a message; a reply may begin with "550-5.7.1: ...", a notice with "From: ..."

_FIELD = re.compile(rb"[!-9;-~]{2,60}:(?:[ \t]|\r?\n[ \t])")
_OF_MAIL = re.compile(
    rb"(?:received|return-path|from|to|subject|date|message-id|mime-version|content-type|delivered-to"
    rb"|authentication-results|arc-seal|dkim-signature|x-[a-z0-9-]{2,60}|received-spf)\Z"
)


_OF_A_FILTER = re.compile(rb"authentication-results|received-spf|x-[a-z0-9-]{2,60}")


class ContentKind(StrEnum):
    """Kinds of content."""

    EMPTY = "empty"
    REPLY = "reply"  # a server's answer, or the text of a notice without its headers
    UNREADABLE = "unreadable"  # no text: an archive, a document, a file of Outlook's own
    MAIL = "mail"  # a message, or its headers alone: it may be a bounce


def kind_of(data: bytes) -> ContentKind:
    """Return the kind of this content. A message begins with header fields, at least one of which only mail has; one
    that a filter wrote is enough."""
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        return ContentKind.EMPTY
    if b"\0" in text[:BEGINNING]:
        return ContentKind.UNREADABLE
    names = []
    for line in text[:HEADERS_LOOKED_AT].splitlines():
        if not line.strip():
            break
        if line[:1] in b" \t" or line.startswith(b"From "):  # folded, or the first line of a file of mails
            continue
        if not _FIELD.match(line + b"\n "):
            break
        names.append(line.partition(b":")[0].lower())
    known = sum(bool(_OF_MAIL.match(name)) for name in names)
    enough = len(names) >= MIN_FIELDS or any(map(_OF_A_FILTER.fullmatch, names))
    return ContentKind.MAIL if known and enough else ContentKind.REPLY
