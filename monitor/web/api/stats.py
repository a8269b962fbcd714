"""Statistics over weeks and months: the share of mail in time, and the error budget."""

from datetime import timedelta
from typing import Literal

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.output.delivery_levels import DeliveryLevel, delivery_levels
from monitor.output.json import Time
from monitor.output.service_level import OBJECTIVE, WINDOW, Level, ServiceLevel, level_of, service_levels
from monitor.web.api.fields import Fields, Key, NoBody
from monitor.web.api.operation import Call, answered
from monitor.web.caller_view import CallerView
from probes.verdict import Grade

DEFAULT_DAYS = WINDOW // timedelta(days=1)


class StatsQuery(Fields):
    """Of what, and over which time."""

    by: Level = Field(Level.ALL, description="Add up all companies, those of each mail system, or none.")
    company: Key | None = Field(None, description="The key of a company: only its results.")
    days: int = Field(DEFAULT_DAYS, ge=1, le=5 * 366, description="The length of the window, which ends now.")


class BudgetFacts(TypedDict):
    """The error budget: how many of the probes may fail by the objective, and how many did. `left` is a share: 1
    without failures, negative when overspent."""

    objective: float
    allowed: float
    failed: int
    left: float


class DeliveryFacts(TypedDict):
    """The seconds within which half and 95 % of the mail that arrived was in the inbox, as exact as the buckets of
    `mailpath_delivery_seconds`; 3600 may be more. Null: none arrived, or none since the times are kept."""

    p50: float | None
    p95: float | None


class StatFacts(TypedDict):
    """Results of one grade, of mail that carries a `code` or of other mail. Neither `unknown` results nor trouble of
    the probe's mailbox or of Mailpath are in `judged`."""

    company: str | None
    mail_system: str | None
    code: bool
    grade: Grade
    judged: int
    in_time: int
    share: float
    budget: BudgetFacts
    delivery: DeliveryFacts


class StatsFacts(TypedDict):
    """Counts from `since` to `until`; `since` is a full hour, or midnight in UTC if it is more than a year ago. Without
    results there are no rows."""

    since: Time
    until: Time
    by: Literal["all", "mail_system", "company"]
    stats: list[StatFacts]


async def show(call: Call[StatsQuery, NoBody]) -> web.Response:
    """As far as they are of the caller's companies."""
    query, view = call.query, call.view
    until = view.backend.now()
    since, results = await view.results(until - timedelta(days=query.days), query.company or "")
    paths, groups = view.paths(query.company or ""), _groups(view, query)
    found = service_levels(results, groups.get, paths)
    times = await view.delivery_times(since, query.company or "")
    deliveries = delivery_levels(times, level_of(groups.get, paths))
    facts: StatsFacts = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "by": query.by.value,
        "stats": [_stat(level, deliveries.get(level.key), query.by) for level in found],
    }
    return answered(facts)


def _groups(view: CallerView, query: StatsQuery) -> dict[str, str]:
    """Where the results of each company belong. Those of companies that are no longer monitored are left out."""
    paths = view.paths(query.company or "")
    match query.by:
        case Level.ALL:
            return {path.company: "" for path in paths}
        case Level.MAIL_SYSTEM:
            return {path.company: path.mail_system for path in paths}
        case Level.COMPANY:
            return {path.company: path.company for path in paths}


def _stat(level: ServiceLevel, delivery: DeliveryLevel | None, by: Level) -> StatFacts:
    return {
        "company": level.of if by is Level.COMPANY else None,
        "mail_system": level.of if by is Level.MAIL_SYSTEM else None,
        "code": level.needs_code,
        "grade": level.grade,
        "judged": level.judged,
        "in_time": level.in_time,
        "share": round(level.share, 6),
        "budget": {
            "objective": OBJECTIVE,
            "allowed": round(level.judged * (1 - OBJECTIVE), 3),
            "failed": level.judged - level.in_time,
            "left": round(level.budget_left, 4),
        },
        "delivery": _delivery(delivery),
    }


def _delivery(level: DeliveryLevel | None) -> DeliveryFacts:
    return {"p50": round(level.p50, 1), "p95": round(level.p95, 1)} if level else {"p50": None, "p95": None}
