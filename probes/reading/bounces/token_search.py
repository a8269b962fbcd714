"""Find the probe's token in a message about it, most reliable place first."""

from collections.abc import Iterator

from probes.reading.bounces.complaints import returned_part
from probes.reading.mime import ParsedMail, header_text
from probes.token import shaped

_TAGGED = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "x-apparently-to")
_ANSWERED = ("subject", "in-reply-to", "references", "x-failed-recipients")


def token_in(mail: ParsedMail, data: bytes) -> str | None:
    """Return the original message's token, in lower case: from its own headers, its text, our envelope tag, the
    subject, or anywhere else in the part that is read."""
    for place in _places(mail, data):
        if match := next(shaped(place), None):
            return match[0].decode().lower()
    return None


def _places(mail: ParsedMail, data: bytes) -> Iterator[bytes]:
    if original := returned_part(mail):
        octets = original.octets()
        yield octets
        if b"=\n" in octets:
            yield octets.replace(b"=\n", b"")
    for names in (_TAGGED, _ANSWERED):
        for name in names:
            for value in mail.headers.all(name):
                yield header_text(value).encode("utf-8", "replace")
    for part in mail.parts:
        if part.type.startswith(("text/", "message/")):
            yield part.octets()
    yield data[: 1 << 20]
