"""Counts of the sender's real mail: by company, what became of it, and why. Pure.

A row of the log is counted once, by its id, although the windows in which the log is read overlap: rows come late. What
is kept has no address, no subject and no text of anybody.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from probes.outcome import Cause
from probes.trace_verdict import cause_of_trace
from probes.traced import TraceFate
from probes.traces import SentMail

OVERLAP = timedelta(minutes=2)  # that a row may come late
MAX_IDS = 50_000  # of rows in the overlap
COUNTED = frozenset({TraceFate.DELIVERED, TraceFate.REFUSED, TraceFate.DEFERRED, TraceFate.SUPPRESSED})

RealKey = tuple[str, str, str]
"""A company, what became of a mail, and the cause, "" where it was handed over."""

HourKey = tuple[str, datetime, TraceFate, str]
"""The same with the full hour, in UTC, in which it happened."""


@dataclass(frozen=True, slots=True)
class RealCounts:
    """The counts so far. `since`: from when the log is to be read next; `seen`: the rows after that which are counted
    already, with their times."""

    since: datetime
    totals: Mapping[RealKey, int] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)


class RealReading(NamedTuple):
    """The counts after a reading, and what it added to which hours."""

    counts: RealCounts
    hours: Mapping[HourKey, int]


def counted(
    known: RealCounts, rows: Iterable[SentMail], companies: Mapping[str, str], probes: frozenset[str], since: datetime
) -> RealReading:
    """Return the counts with these rows. `since`: from when to read next. `companies`: by domain of the recipient.
    `probes`: the recipients of our own mail, which is not counted."""
    totals, seen, hours = dict(known.totals), dict(known.seen), Counter[HourKey]()
    for row in rows:
        at = row.traced.happened_at or since
        if row.id in seen or at < known.since:
            continue
        seen[row.id] = at
        company = companies.get(row.recipient.rpartition("@")[2])
        if company and row.recipient not in probes and row.traced.fate in COUNTED:
            cause = _cause(row)
            key = (company, row.traced.fate.value, cause)
            totals[key] = totals.get(key, 0) + 1
            hours[company, _hour(min(at, row.traced.at)), row.traced.fate, cause] += 1  # their clock may be ahead
    recent = {key: at for key, at in seen.items() if at >= since}
    counts = replace(known, since=since, totals=totals, seen=dict([*recent.items()][-MAX_IDS:]))
    return RealReading(counts, hours)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _cause(row: SentMail) -> str:
    return "" if row.traced.fate is TraceFate.DELIVERED else str(cause_of_trace(row.traced))


def encode(counts: RealCounts) -> str:
    """Encode the counts as one line of JSON."""
    return json.dumps(
        {
            "since": counts.since.isoformat(),
            "totals": [[*key, count] for key, count in counts.totals.items()],
            "seen": {key: at.isoformat() for key, at in counts.seen.items()},
        }
    )


def decode(text: str | None, now: datetime) -> RealCounts:
    """Decode the result of `encode`. Without one, counting begins now: nobody knows what was counted before."""
    try:
        known: dict[str, Any] = json.loads(text or "")
        totals = {
            (str(company), str(TraceFate(fate)), str(Cause(cause)) if cause else ""): int(count)
            for company, fate, cause, count in known["totals"]
        }
        seen = {str(key): datetime.fromisoformat(at).astimezone(UTC) for key, at in known["seen"].items()}
        since = datetime.fromisoformat(known["since"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, AttributeError):
        return RealCounts(now)
    return RealCounts(min(since, now), totals, seen)  # the clock may have been set back
