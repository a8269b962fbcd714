"""Verdicts of filters in the headers of an arrived message: one reader per header, in tables.

- `says`               the result of one header, and the small readers that the tables share
- `microsoft`, `open_source`, `gateways`, `mailbox_providers`   the tables
- `names`              what the filters are called, by the table of mail systems
- here                 all tables together: `verdicts`, `overall`, `spam_sign`
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from probes.outcome import Cause
from probes.reading.authentication import checks
from probes.reading.facts import FilterFacts, Finding
from probes.reading.filters import gateways, mailbox_providers, microsoft, open_source
from probes.reading.filters.says import FilterResult, Reader
from probes.reading.header_fields import SECTION_READ, Field, fields

MAX_VERDICTS = 100
MAX_READ = 300  # headers that a filter may have written
MAX_HEADER_CHARS = 8192
READERS: dict[str, Reader] = {
    **open_source.HEADERS,
    **microsoft.HEADERS,
    **gateways.HEADERS,
    **mailbox_providers.HEADERS,
}
PATTERNS: tuple[tuple[re.Pattern[str], Reader], ...] = (*open_source.PATTERNS, *gateways.PATTERNS)
BAD = frozenset({Finding.SPAM, Finding.PHISHING, Finding.BULK, Finding.QUARANTINED})


@dataclass(frozen=True, slots=True)
class FilterVerdict:
    """One header's verdict, and the header's position in the section (0 = top)."""

    said: FilterResult
    place: int
    field: Field

    @property
    def facts(self) -> FilterFacts:
        """Convert to the facts that are shown."""
        said = self.said
        return FilterFacts(said.vendor, said.verdict, said.score, said.threshold, said.rules, self.field.line)

    @property
    def doubted(self) -> FilterFacts:
        """Convert to facts that are shown and not believed."""
        return replace(self.facts, believed=False)


def verdicts(section: Iterable[Field]) -> tuple[FilterVerdict, ...]:
    """Return every verdict that a header states, topmost first; at most MAX_VERDICTS."""
    found: list[FilterVerdict] = []
    for place, field, reader in islice(_readable(section), MAX_READ):
        if said := reader(field.value[:MAX_HEADER_CHARS]):
            found.append(FilterVerdict(said, place, field))
    return tuple(found[:MAX_VERDICTS])


def _readable(section: Iterable[Field]) -> Iterator[tuple[int, Field, Reader]]:
    for place, field in enumerate(section):
        if reader := _reader(field.name):
            yield place, field, reader


def overall(said: Sequence[FilterResult]) -> Finding | None:
    """Return one verdict for the receiver's filters, topmost first: the last one to judge counts, and phishing always
    wins.

    The folder that a message was put into is not an opinion, so it counts only if there is nothing else.
    """
    judged = [s.verdict for s in said if not s.placed and not s.outbound]
    found = judged or [s.verdict for s in said if not s.outbound]
    if Finding.PHISHING in found:
        return Finding.PHISHING
    return next((verdict for verdict in found if verdict is not Finding.UNSURE), Finding.UNSURE if found else None)


def spam_sign(headers: str) -> tuple[Cause, str]:
    """Return why the receiver considered our message spam, with the header line; `UNCLEAR` and "" if none says so.

    Our message leaves without any of these headers, so each was added on its way. A failed check explains a verdict.
    """
    section = fields(headers[:SECTION_READ])
    if failure := checks(section).failure:
        return Cause.AUTHENTICATION, failure
    bad = [v for v in verdicts(section) if v.said.verdict in BAD and not v.said.outbound]
    worst = next(iter(sorted(bad, key=lambda v: v.said.placed)), None)
    return (worst.said.cause, worst.field.line) if worst else (Cause.UNCLEAR, "")


@lru_cache(maxsize=4096)
def _reader(name: str) -> Reader | None:
    if name[:2] != "x-":
        return READERS.get(name)
    return READERS.get(name) or next((reader for form, reader in PATTERNS if form.fullmatch(name)), None)
