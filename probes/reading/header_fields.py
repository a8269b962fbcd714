"""Parse a header section into fields, whatever its bytes are. Bounded, and never raises."""

import re
from functools import lru_cache
from typing import NamedTuple

SECTION_READ = 4 << 20  # octets; real sections have up to some 100,000
VALUE_READ = 1 << 14  # characters; an ARC chain or a filter's report has some 6,000
MAX_FIELDS = 10_000
MAX_NAME_CHARS = 200

_NEXT_FIELD = re.compile(r"\n(?![ \t])")
_NAME = re.compile(r"[!-9;-~]+")
_FOLD = re.compile(r"\r?\n[ \t]+")


class Field(NamedTuple):
    """One header field: its name in lower case and as written, and the text after the colon, folds included."""

    name: str
    written: str
    folded: str

    @property
    def value(self) -> str:
        """The value on one line, cut at VALUE_READ."""
        value = self.folded[:VALUE_READ]
        return (_FOLD.sub(" ", value) if "\n" in value else value).strip()

    @property
    def line(self) -> str:
        """The field as one line for people, at most 300 characters."""
        return f"{self.written}: {' '.join(self.folded[:600].split())}"[:300]


def split(data: bytes | str) -> tuple[str, bytes]:
    """Split into the header section as text, and the body. A message without an empty line is all header section."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
    if raw.startswith((b"\n", b"\r\n")):
        return "", raw
    unix, internet = raw.find(b"\n\n", 0, SECTION_READ), raw.find(b"\n\r\n", 0, SECTION_READ)
    if internet >= 0 and (unix < 0 or internet < unix):
        end, rest = internet, internet + 3
    elif unix >= 0:
        end, rest = unix, unix + 2
    else:
        return raw[:SECTION_READ].decode("utf-8", "replace"), b""
    return raw[: end - 1 if raw[end - 1 : end] == b"\r" else end].decode("utf-8", "replace"), raw[rest:]


def section_of(text: str) -> str:
    """Return the header section of a text; where nothing follows it, the text itself, which `fields` may know."""
    alone = "\n\n" not in text and "\n\r\n" not in text and not text.startswith(("\n", "\r\n"))
    return text if alone else split(text)[0]


@lru_cache(maxsize=64)  # what its mailbox's thread has read is recognised and judged on the event loop
def fields(section: str) -> tuple[Field, ...]:
    """Return the fields of a header section, topmost first, at most MAX_FIELDS. Lines without a name are skipped."""
    found = []
    for chunk in _NEXT_FIELD.split(section[:SECTION_READ], MAX_FIELDS)[:MAX_FIELDS]:
        written, colon, folded = chunk.partition(":")
        if colon and len(written) <= MAX_NAME_CHARS and _is_name(written := written.rstrip(" \t")):
            found.append(Field(written.lower(), written, folded))
    return tuple(found)


@lru_cache(maxsize=4096)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None
