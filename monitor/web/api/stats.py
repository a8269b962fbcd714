"""Statistics over hours, weeks and months: the share of mail in time, the error budget, outcomes and delivery times."""

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.config import WatchedPath
from monitor.measures.time_slots import DAY, HOUR, TimeSlots
from monitor.output.delivery_levels import DeliveryLevel
from monitor.output.json import Time
from monitor.output.service_level import OBJECTIVE, WINDOW, ServiceLevel
from monitor.output.statistics import Slot, StatRow, StatSubject, SubjectOf, joined, slots_of, statistics
from monitor.web.api.fields import Fields, Key, NoBody
from monitor.web.api.operation import Call, answered
from monitor.web.api.problem import ProblemError, Wrong
from monitor.web.caller_view import CallerView
from probes.display import timestamp
from probes.kinds import Kind
from probes.mailsystems.words import MailSystemKey
from probes.verdict import Grade, Outcome

DEFAULT_DAYS = WINDOW // timedelta(days=1)
MAX_SERIES = 31_000  # buckets of all companies: a thousand companies for a month, by day
MAX_BUCKETS = 750  # a month by hour


class By(StrEnum):
    """Subjects of rows."""

    ALL = "all"
    MAIL_SYSTEM = "mail_system"
    COMPANY = "company"
    PATH = "path"
    KIND = "kind"


class Bucket(StrEnum):
    """Length of a part of the time, in UTC."""

    HOUR = "hour"
    DAY = "day"


STEPS = {Bucket.HOUR: HOUR, Bucket.DAY: DAY}


class StatsQuery(Fields):
    """Of what, and over which time."""

    by: By = Field(By.ALL, description="One row for all, or for each mail system, company, path or kind of mail.")
    bucket: Bucket | None = Field(
        None,
        description="Rows for each hour or day, instead of the window as a whole; at most "
        f"{MAX_BUCKETS} of them, and {MAX_SERIES:,} of all companies together.",
    )
    company: Key | None = Field(None, description="The key of a company: only its results.")
    path: Key | None = Field(None, description="The key of a path of that company; give the company too.")
    kind: Kind | None = Field(None, description="Only this kind of mail.")
    mail_system: MailSystemKey | None = Field(None, description="Only companies whose mail this system receives first.")
    days: int = Field(DEFAULT_DAYS, ge=1, le=5 * 366, description="The length of the window, which ends now.")


class BudgetFacts(TypedDict):
    """The error budget: how many of the probes may fail by the objective, and how many did. `left` is a share: 1
    without failures, negative when overspent; null if nothing was judged."""

    objective: float
    allowed: float
    failed: int
    left: float | None


class DeliveryFacts(TypedDict):
    """The seconds within which half and 95 % of the mail that arrived was in the inbox, as exact as the buckets of
    `mailpath_delivery_seconds`; 3600 may be more. Null: none arrived, or none since the times are kept."""

    p50: float | None
    p95: float | None


class StatFacts(TypedDict):
    """Results of one grade, of mail with a `code` or of other mail. `outcomes` has all probes; `unknown` results
    and trouble of the probe's mailbox or of Mailpath are not in `judged`. `share`, the availability, is `in_time` of
    `judged`; null if nothing was judged. `begin`: when the bucket begins, null without buckets."""

    begin: Time | None
    company: str | None
    path: str | None
    mail_system: str | None
    kind: Kind | None
    code: bool
    grade: Grade
    outcomes: dict[Outcome, int]
    judged: int
    in_time: int
    share: float | None
    budget: BudgetFacts
    delivery: DeliveryFacts


class StatsFacts(TypedDict):
    """Counts from `since` to `until`; `since` is a full hour, or midnight in UTC by day or if it is more than a year
    ago. Without results there are no rows; of buckets, the oldest come first."""

    since: Time
    until: Time
    by: By
    bucket: Bucket | None
    stats: list[StatFacts]


async def show(call: Call[StatsQuery, NoBody]) -> web.Response:
    """As far as they are of the caller's companies."""
    query, view = call.query, call.view
    if query.path and not query.company:
        wrong = Wrong("path", "is given without its company", "give company too")
        raise ProblemError(HTTPStatus.BAD_REQUEST, "path is given without its company", wrong)
    if query.company and query.path:
        view.path(query.company, query.path)
    paths, until = view.paths(query.company or ""), view.backend.now()
    subject_of = _subject_of(paths, query)
    if query.bucket:
        slots = _slots(until, query.days, query.bucket)
        since, parts = slots.begin, await _by_slot(view, query, paths, slots)
        begins = [slots.start_of(place) for place in range(slots.number)]
    else:
        since, results = await view.results(until - timedelta(days=query.days), query.company or "")
        parts = [Slot(0, results, await view.delivery_times(since, query.company or ""))]
        begins = []
    rows = await asyncio.to_thread(statistics, parts, subject_of, paths)
    facts: StatsFacts = {
        "since": timestamp(since),
        "until": timestamp(until),
        "by": query.by,
        "bucket": query.bucket,
        "stats": [_stat(row, begins[row.slot] if begins else None) for row in rows],
    }
    return answered(facts)


def _slots(until: datetime, days: int, bucket: Bucket) -> TimeSlots:
    """Return the buckets that the window touches; the last one has `until` in it."""
    step = STEPS[bucket]
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + ((until - midnight) // step + 1) * step
    number = days * DAY // step
    if number > MAX_BUCKETS:
        raise _too_many("days", f"{number} buckets are too many", f"give days={MAX_BUCKETS * step // DAY} or fewer")
    return TimeSlots(end - step * number, step, number)


async def _by_slot(view: CallerView, query: StatsQuery, paths: list[WatchedPath], slots: TimeSlots) -> list[Slot]:
    system = query.mail_system
    companies = list(dict.fromkeys(path.company for path in paths if system in (None, path.mail_system)))
    if len(companies) * slots.number > MAX_SERIES:
        what = f"{slots.number} buckets of {len(companies)} companies are too many"
        raise _too_many("days", what, "give fewer days, bucket=day, or a company or mail system")
    found = [slots_of(key, await view.series(key, slots), slots.number) for key in companies]
    return joined(found)


def _too_many(field: str, what: str, remedy: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, what, Wrong(field, what, remedy))


def _subject_of(paths: list[WatchedPath], query: StatsQuery) -> SubjectOf:
    """Return what tells the row of a result. Results of companies that are no longer monitored are left out."""
    systems = {path.company: path.mail_system for path in paths}

    def subject_of(company: str, path: str, kind: Kind) -> StatSubject | None:
        system = systems.get(company)
        if system is None or query.mail_system not in (None, system):
            return None
        if query.path not in (None, path) or query.kind not in (None, kind):
            return None
        match query.by:
            case By.ALL:
                return StatSubject()
            case By.MAIL_SYSTEM:
                return StatSubject(mail_system=system)
            case By.COMPANY:
                return StatSubject(company=company)
            case By.PATH:
                return StatSubject(company=company, path=path)
            case By.KIND:
                return StatSubject(kind=kind)

    return subject_of


def _stat(row: StatRow, begin: datetime | None) -> StatFacts:
    subject, level = row.key.subject, ServiceLevel("", row.key.code, row.key.grade, row.judged, row.in_time)
    return {
        "begin": timestamp(begin) if begin else None,
        "company": subject.company or None,
        "path": subject.path or None,
        "mail_system": subject.mail_system or None,
        "kind": subject.kind,
        "code": row.key.code,
        "grade": row.key.grade,
        "outcomes": row.outcomes,
        "judged": level.judged,
        "in_time": level.in_time,
        "share": round(level.share, 6) if level.judged else None,
        "budget": {
            "objective": OBJECTIVE,
            "allowed": round(level.judged * (1 - OBJECTIVE), 3),
            "failed": level.missed,
            "left": round(level.budget_left, 4) if level.judged else None,
        },
        "delivery": _delivery(row.delivery),
    }


def _delivery(level: DeliveryLevel | None) -> DeliveryFacts:
    return {"p50": round(level.p50, 1), "p95": round(level.p95, 1)} if level else {"p50": None, "p95": None}
