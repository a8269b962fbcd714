"""The form of the tables: blocks of phrases that mean one cause, and the search for them.

A phrase is written as `listen` prepares a reply: lower case, no accents, single spaces. `…` stands for up to 90
characters in between, a trailing `*` for any ending of the word. `[mail]` before it wants that stage, digits before it
that code. Addresses, host names and IP addresses of a reply stand there as `@`, `~` and `#`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from probes.reading.replies.listen import fold
from probes.verdict import Cause


class Block(NamedTuple):
    """Phrases, separated by " / " or lines, that mean `cause`. `source` says where they are from; `vendor` whose they are, or ""."""

    cause: Cause
    source: str
    phrases: str
    vendor: str = ""


class Phrase(NamedTuple):
    """One phrase, ready to be searched: `rare` is its longest part, which must occur as it stands."""

    rare: str
    text: str
    cause: Cause
    vendor: str


def phrases(blocks: Iterable[Block]) -> Iterator[Phrase]:
    """The phrases of `blocks` in their order, which is policy: the first hit wins."""
    for block in blocks:
        for written in block.phrases.replace("\n", " / ").split(" / "):
            if text := "…".join(fold(part.strip()) for part in written.split("…")):
                rare = max((part.strip() for part in re.split(r"…|\*", text)), key=len)
                yield Phrase(rare, text, block.cause, block.vendor)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """The phrase at word boundaries. Its gaps are bounded, so a search takes time linear in the reply."""
    parts = (re.escape(part.strip()).replace(r"\*", r"[^ ]{0,30}") for part in text.removesuffix("*").split("…"))
    body = r".{0,90}?".join(parts)
    opening = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", text) else ""
    ending = r"(?![a-z0-9])" if re.match(r"[a-z0-9]", text[-1]) else ""
    return re.compile(opening + body + ending)


def first(table: Iterable[Phrase], said: str) -> Phrase | None:
    """The first phrase of `table` that occurs in `said`."""
    return next((row for row in table if row.rare in said and _pattern(row.text).search(said)), None)
