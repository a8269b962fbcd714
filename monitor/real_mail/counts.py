"""Counts of the sender's real mail: by company, what became of it, and why. Pure.

A row of the log is counted once, by its id, although the windows in which the log is read overlap: rows come late. What
is kept has no address, no subject and no text of anybody.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from monitor.real_mail.mails import RealMailRow
from monitor.real_mail.replies import masked_reply
from probes.outcome import Cause
from probes.trace_verdict import cause_of_trace
from probes.traced import Traced, TraceFate

OVERLAP = timedelta(minutes=2)  # that a row may come late
MAX_IDS = 50_000  # of rows in the overlap
COUNTED = frozenset({TraceFate.DELIVERED, TraceFate.REFUSED, TraceFate.DEFERRED, TraceFate.SUPPRESSED})

RealKey = tuple[str, str, str]
"""A company, what became of a mail, and the cause, "" where it was handed over."""

HourKey = tuple[str, datetime, TraceFate, str]
"""The same with the full hour, in UTC, in which it happened; their clock may be ahead."""

ReplyKey = tuple[str, datetime, Cause, str]
"""A company, the midnight in UTC before a refusal, its cause, and the masked reply."""


@dataclass(frozen=True, slots=True)
class RealCounts:
    """The counts so far. `since`: from when the log is to be read next; `seen`: the rows after that which are counted
    already, with their times."""

    since: datetime
    totals: Mapping[RealKey, int] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)


class LoggedMail(Protocol):
    """One row of the log of the sender's own service. `id`: of the row; `recipient`: in lower case."""

    @property
    def id(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def traced(self) -> Traced: ...
    @property
    def message_id(self) -> str: ...


class RealReading(NamedTuple):
    """The counts after a reading, the mails that are new in it, and what they add to which hours. `replies`: how often
    which masked reply was new, by company, midnight, and cause."""

    counts: RealCounts
    mails: tuple[RealMailRow, ...]
    hours: Mapping[HourKey, int]
    replies: Mapping[ReplyKey, int]


def counted(
    known: RealCounts, rows: Iterable[LoggedMail], companies: Mapping[str, str], probes: frozenset[str], since: datetime
) -> RealReading:
    """Return the counts with these rows. `since`: from when to read next. `companies`: by domain of the recipient.
    `probes`: the recipients of our own mail, which is not counted."""
    totals, seen, mails = dict(known.totals), dict(known.seen), list[RealMailRow]()
    for row in rows:
        at = row.traced.happened_at or since
        if row.id in seen or at < known.since:
            continue
        seen[row.id] = at
        company = companies.get(row.recipient.rpartition("@")[2])
        if company and row.recipient not in probes and row.traced.fate in COUNTED:
            at = min(at, row.traced.at)
            mails.append(RealMailRow(company, row.recipient, at, row.traced, _cause(row.traced), row.message_id))
    hours, replies = Counter[HourKey](), Counter[ReplyKey]()
    for mail in mails:
        cause = mail.cause or ""
        key = (mail.company, mail.traced.fate.value, str(cause))
        totals[key] = totals.get(key, 0) + 1
        hours[mail.company, _hour(mail.at), mail.traced.fate, str(cause)] += 1
        if mail.cause and (reply := masked_reply(mail)):
            replies[mail.company, _hour(mail.at).replace(hour=0), mail.cause, reply] += 1
    recent = {key: at for key, at in seen.items() if at >= since}
    counts = replace(known, since=since, totals=totals, seen=dict([*recent.items()][-MAX_IDS:]))
    return RealReading(counts, tuple(mails), hours, replies)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _cause(traced: Traced) -> Cause | None:
    return None if traced.fate is TraceFate.DELIVERED else cause_of_trace(traced)


def encode(counts: RealCounts, *, paused: bool = False) -> str:
    """Encode the counts as one line of JSON. `paused`: nothing is counted until they are decoded."""
    return json.dumps(
        {
            "since": "" if paused else counts.since.isoformat(),
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
        since = datetime.fromisoformat(known["since"]).astimezone(UTC) if known["since"] else now
    except (ValueError, TypeError, KeyError, AttributeError):
        return RealCounts(now)
    return RealCounts(min(since, now), totals, seen)  # the clock may have been set back
