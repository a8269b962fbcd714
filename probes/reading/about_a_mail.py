"""Detect by its header whether a message reports on another one, or answers it."""

import re
from collections.abc import Iterable

from probes.reading.header_fields import Field
from probes.token import TOKEN

_SAYS_SO = {  # what such a field says of a message about another one; blanks without end are looked at once
    "content-type": re.compile(r"\A\s*(?:multipart/(?:report|digest)|message/)", re.IGNORECASE),
    "auto-submitted": re.compile(
        r"\A\s*auto-(?:replied|notified)", re.IGNORECASE
    ),  # RFC 3834, RFC 5436; ours: generated
    "in-reply-to": TOKEN,
    "references": TOKEN,
}


def is_about_a_mail(header: Iterable[Field]) -> bool:
    """Test if the message with this header is about another one, of which it may contain a copy."""
    return any(pattern.search(field.value) for field in header if (pattern := _SAYS_SO.get(field.name)))
