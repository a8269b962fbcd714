"""What the filters on the way wrote into the headers of an arrived message: one reader a header, in tables.

- `says`               what one header says, and the small readers that the tables share
- `microsoft`, `open_source`, `gateways`, `mailbox_providers`   the tables
- here                 all tables together: `verdicts`, `overall`, `spam_sign`
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from probes.reading.authentication import checks
from probes.reading.facts import FilterFacts, Finding
from probes.reading.filters import gateways, mailbox_providers, microsoft, open_source
from probes.reading.filters.says import FilterResult, Reader
from probes.reading.header_fields import SECTION_READ, Field, fields
from probes.verdict import Cause

MOST_VERDICTS = 100
MOST_READ = 300  # headers that a filter may have written
LONGEST = 8192
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
    """One header's verdict, and the header's place in the section (0 = top)."""

    said: FilterResult
    place: int
    field: Field

    @property
    def facts(self) -> FilterFacts:
        """As it is shown."""
        said = self.said
        return FilterFacts(said.vendor, said.verdict, said.score, said.threshold, said.rules, self.field.line)


def verdicts(section: Iterable[Field]) -> tuple[FilterVerdict, ...]:
    """Every verdict that a header states, topmost first; at most MOST_VERDICTS."""
    found: list[FilterVerdict] = []
    for place, field, reader in islice(_readable(section), MOST_READ):
        if said := reader(field.value[:LONGEST]):
            found.append(FilterVerdict(said, place, field))
    return tuple(found[:MOST_VERDICTS])


def _readable(section: Iterable[Field]) -> Iterator[tuple[int, Field, Reader]]:
    for place, field in enumerate(section):
        if reader := _reader(field.name):
            yield place, field, reader


def overall(said: Sequence[FilterResult]) -> Finding | None:
    """One verdict for the receiver's filters, topmost first: the last to judge counts, and phishing is never less.

    Where the message was put is not a judgement, so that counts only where nothing else is said.
    """
    judged = [s.verdict for s in said if not s.placed and not s.outbound]
    found = judged or [s.verdict for s in said if not s.outbound]
    if Finding.PHISHING in found:
        return Finding.PHISHING
    return next((verdict for verdict in found if verdict is not Finding.UNSURE), Finding.UNSURE if found else None)


def spam_sign(headers: str) -> tuple[Cause, str]:
    """Why the receiver took our message for spam, with the line that says so; `UNCLEAR` and "" where none does.

    Our message leaves without any of these headers, so each one was written on its way. A failed check explains a
    verdict.
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
