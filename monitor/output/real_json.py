"""The sender's real mail beside the probes, as JSON for the API."""

from typing_extensions import TypedDict

from monitor.output.json import Time
from monitor.output.real_comparison import Mismatch, RealComparison
from probes.display import timestamp
from probes.outcome import Cause
from probes.traced import TraceFate


class RealRowJson(TypedDict):
    """The number of mails with one outcome and cause. `delivered` is taken by the company's server, not in the inbox;
    of `deferred` each attempt counts; null if nobody knows. `real`: null where the log has no such row."""

    outcome: TraceFate | None
    cause: Cause | None
    real: int | None
    probes: int


class MismatchJson(TypedDict):
    """Probes and real mail disagree: in so many `hours` of those with both, one was taken and the other refused, so
    many of each."""

    mismatch: Mismatch
    hours: int
    of_hours: int
    real: int
    probes: int
    seen: str
    means: str


class RealReplyJson(TypedDict):
    """A reply of the company's servers to refused real mail of a day, without what is of one mail or person. Of a day
    and cause at most five texts are kept."""

    day: Time
    cause: Cause
    reply: str
    count: int


class RealMailJson(TypedDict):
    """The sender's real mail to a company since a full hour, a day ago, and its probes. `inbox`: probes that were found
    in the inbox, of those that were taken; of real mail nobody knows that. `replies`: of these days, newest first."""

    since: Time
    rows: list[RealRowJson]
    inbox: int
    mismatch: MismatchJson | None
    replies: list[RealReplyJson]


def real_mail_json(found: RealComparison) -> RealMailJson:
    """Return the comparison as JSON."""
    differs = found.mismatch
    return {
        "since": timestamp(found.since),
        "rows": [
            {"outcome": row.fate, "cause": row.cause, "real": row.real, "probes": row.probes} for row in found.rows
        ],
        "inbox": found.in_inbox,
        "mismatch": {
            "mismatch": differs.kind,
            "hours": differs.hours,
            "of_hours": differs.of_hours,
            "real": differs.real,
            "probes": differs.probes,
            "seen": differs.said,
            "means": differs.means,
        }
        if differs
        else None,
        "replies": [
            {"day": each.day.isoformat(), "cause": each.cause, "reply": each.reply, "count": each.count}
            for each in found.replies
        ],
    }
