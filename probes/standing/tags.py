"""Tag lists, `v=DMARC1; p=none`: the form of DKIM keys, DMARC, MTA-STS, TLS-RPT and BIMI records. Pure, linear."""

import re
from collections.abc import Mapping

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class BadTagsError(ValueError):
    """The text is no tag list."""


def tags_of(text: str) -> Mapping[str, str]:
    """Return the tags of a record, names as written (they are case-sensitive, RFC 6376, 3.2). Raises BadTagsError."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or _TAG.fullmatch(name) is None:
            raise BadTagsError(f"{part.strip()[:60]!r} is not a tag")
        if name in tags:
            raise BadTagsError(f"{name}= stands twice")
        tags[name] = value.strip()
    return tags


def version_of(text: str) -> str:
    """Return the value of a first `v=` tag, "" if there is none."""
    found = re.match(r"\s*v\s*=\s*([A-Za-z0-9]+)\s*(?:;|\Z)", text)
    return found[1] if found else ""
