"""Lists of probes over many paths, page by page, and their counts. Fixed statements, as in `reads`.

A page costs the same wherever it is: each kind of query has an index that leads to its position and on from there.
Conditions that the index does not cover, such as the kind, are checked on a bounded number of probes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Select, bindparam, func, not_, or_, select

from monitor.store.columns import EPOCH, Instant, Number, SafeText, instant
from monitor.store.reads import JUDGED
from monitor.store.records import Cursor, ProbeFilter, ProbePage, ProbeRow
from monitor.store.tables import MAKES_SIGNALS, current_verdicts, probes, verdicts
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Outcome, Verdict

LOOK_THROUGH = 25_000  # probes in one page, where the index does not know all that is asked
MAX_COMPANIES_ONE_BY_ONE = 50  # companies that are asked for one by one
MAX_OF_COMPANY = 20_000
BY_HAND = (ProbePurpose.MANUAL, ProbePurpose.DIAGNOSIS, ProbePurpose.REMEDY)
"""Purposes of probes that somebody asked for."""

END_OF_TIME = datetime.max.replace(tzinfo=EPOCH.tzinfo)

_LISTED = ("id", "company", "path", "kind", "role", "via", "created_at", "closed_at", "purpose")
_listed = JUDGED.with_only_columns(
    *(probes.c[name] for name in _LISTED),
    *(verdicts.c[name] for name in ("at", "delivery", "outcome", "cause", "grade", "because", "answer")),
)
_place = itemgetter(_LISTED.index("created_at"), _LISTED.index("id"))
_most = bindparam("most", type_=Number)
_since = bindparam("since", type_=Instant())
_high, _high_id = bindparam("high", type_=Instant()), bindparam("high_id", type_=SafeText())
_kind, _role, _outcome = (bindparam(name, type_=probes.c[name].type) for name in ("kind", "role", "outcome"))
_company, _path = bindparam("company", type_=SafeText()), bindparam("path", type_=SafeText())
_span = (
    probes.c.created_at >= _since,
    probes.c.created_at <= _high,
    or_(probes.c.created_at < _high, probes.c.id < _high_id),
)
_rest = (
    or_(_path == "", probes.c.path == _path),
    or_(_kind.is_(None), probes.c.kind == _kind),
    or_(_role.is_(None), probes.c.role == _role),
    or_(not_(bindparam("usual", type_=Boolean)), MAKES_SIGNALS),
)
_of_company = probes.c.company == _company
_of_path = probes.c.path == _path
_of_outcome = probes.c.outcome == _outcome
_many = bindparam("companies", type_=SafeText(), expanding=True)
_of_many = probes.c.company.concat("").in_(_many)  # not the bare column, whose index does not go by time


@dataclass(frozen=True, slots=True)
class PageQuery:
    """A query by one index: the probes of a page, and the time of the last one it examines."""

    rows: Select[Any]
    floor: Select[Any]


def _way(*known: ColumnElement[bool], but: tuple[ColumnElement[bool], ...] = ()) -> PageQuery:
    newest_first = probes.c.created_at.desc(), probes.c.id.desc()
    return PageQuery(
        _listed.where(*known, *_span, *but, *_rest).order_by(*newest_first).limit(_most),
        select(probes.c.created_at)
        .where(*known, *_span)
        .order_by(probes.c.created_at.desc())
        .limit(1)
        .offset(bindparam("through", type_=Number)),
    )


WAYS = {
    "all": _way(),
    "of_many": _way(but=(_of_many,)),
    "of_company": _way(_of_company),
    "of_path": _way(_of_company, _of_path),
    "of_outcome": _way(_of_outcome),
    "of_outcome_many": _way(_of_outcome, but=(_of_many,)),
    "of_outcome_company": _way(_of_company, _of_outcome),
}
HISTORY_OF_COMPANY = (
    _listed.where(_of_company, probes.c.created_at >= _since, probes.c.role == Role.SENDER, MAKES_SIGNALS)
    .order_by(probes.c.created_at.desc())
    .limit(_most)
)
BY_HAND_OF_COMPANY = (
    _listed.where(
        _of_company, probes.c.created_at >= _since, or_(*(probes.c.purpose == purpose for purpose in BY_HAND))
    )
    .order_by(probes.c.created_at.desc())
    .limit(_most)
)
_companies = select(current_verdicts.c.company).distinct().subquery("companies")
_counts = [
    select(func.count())
    .where(
        probes.c.company == _companies.c.company,
        probes.c.outcome == outcome,
        probes.c.created_at >= _since,
        probes.c.role == Role.SENDER,
    )
    .correlate(_companies)
    .scalar_subquery()
    for outcome in Outcome
]
COUNTS = select(_companies.c.company, *_counts)  # company by company, from the index alone
COUNTS_OF = COUNTS.where(_companies.c.company.in_(_many))

STATEMENTS: dict[str, Select[Any]] = {
    **{name: way.rows for name, way in WAYS.items()},
    **{f"{name}: floor": way.floor for name, way in WAYS.items()},
    "history_of_company": HISTORY_OF_COMPANY,
    "by_hand_of_company": BY_HAND_OF_COMPANY,
    "counts": COUNTS,
    "counts_of": COUNTS_OF,
}


def page(connection: Connection, wanted: ProbeFilter, cursor: Cursor | None, most: int) -> ProbePage:
    """Return the newest matching probes after the cursor."""
    name, asked = _way_to(wanted)
    way = WAYS[name]
    limits = {"since": wanted.since or EPOCH, **_begin(wanted, cursor)}
    floor = _floor(connection, way, asked, limits) if _looks_through(name, wanted) else None
    limits |= {"since": floor or limits["since"], "most": most + 1}
    streams = [connection.execute(way.rows, {**each, **limits}) for each in asked]
    newest = merge(*streams, key=_place, reverse=True)  # takes no more of each than it needs
    found = tuple(_row(row) for row in islice(newest, most + 1))
    if len(found) > most:
        return ProbePage(found[:most], Cursor(found[most - 1].launched_at, found[most - 1].probe_id))
    return ProbePage(found, Cursor(floor, "") if floor else None)


def history_of_company(connection: Connection, company: str, since: datetime) -> list[ProbeRow]:
    """Return the sender's usual probes of a company, oldest first; the newest of them if there are too many."""
    asked = {"company": company, "since": since, "most": MAX_OF_COMPANY}
    return [_row(row) for row in reversed(connection.execute(HISTORY_OF_COMPANY, asked).all())]


def by_hand_of_company(connection: Connection, company: str, since: datetime, most: int) -> list[ProbeRow]:
    """Return the newest probes of a company that somebody asked for, newest first."""
    asked = {"company": company, "since": since, "most": most}
    return [_row(row) for row in connection.execute(BY_HAND_OF_COMPANY, asked)]


def counts(connection: Connection, since: datetime, companies: Sequence[str] | None) -> dict[tuple[str, Outcome], int]:
    """Count the sender's probes by outcome and company."""
    if companies is None:
        counted = connection.execute(COUNTS, {"since": since})
    else:
        counted = connection.execute(COUNTS_OF, {"since": since, "companies": companies})
    return {
        (company, outcome): count
        for company, *numbers in counted
        for outcome, count in zip(Outcome, numbers, strict=True)
        if count
    }


def _way_to(wanted: ProbeFilter) -> tuple[str, list[dict[str, Any]]]:
    """Return the index to use and its queries: one, or one per company."""
    names = ("path", "kind", "role", "outcome", "usual")
    rest = {name: getattr(wanted, name) for name in names}
    companies = _companies_of(wanted)
    if companies is None:
        return "of_outcome" if wanted.outcome else "all", [rest]
    if len(companies) > MAX_COMPANIES_ONE_BY_ONE:
        return "of_outcome_many" if wanted.outcome else "of_many", [{**rest, "companies": companies}]
    one_by_one = "of_outcome_company" if wanted.outcome else "of_path" if wanted.path else "of_company"
    return one_by_one, [{**rest, "company": company} for company in companies]


def _companies_of(wanted: ProbeFilter) -> list[str] | None:
    """Return the requested companies that may be seen. None: all."""
    if not wanted.company:
        return None if wanted.companies is None else sorted(set(wanted.companies))
    sees = wanted.companies is None or wanted.company in wanted.companies
    return [wanted.company] if sees else []


def _begin(wanted: ProbeFilter, cursor: Cursor | None) -> dict[str, Any]:
    """Return the probe before which the page begins."""
    places = [(wanted.until or END_OF_TIME, "")] + ([(cursor.created_at, cursor.probe_id)] if cursor else [])
    high, high_id = min(places, key=lambda place: (instant(place[0]), place[1]))
    return {"high": high, "high_id": high_id}


def _looks_through(way: str, wanted: ProbeFilter) -> bool:
    """Test if some condition is not covered by the index."""
    by_path = bool(wanted.path) and way != "of_path"
    return by_path or bool(wanted.kind or wanted.role or wanted.usual) or way.endswith("many")


def _floor(
    connection: Connection, way: PageQuery, asked: Sequence[Mapping[str, Any]], limits: Mapping[str, Any]
) -> datetime | None:
    """Return how far back the page looks. None: to the end."""
    through = {**limits, "through": LOOK_THROUGH // max(1, len(asked))}
    ends = [end for each in asked if (end := connection.scalar(way.floor, {**each, **through}))]
    return max(ends, default=None)


def _row(row: Sequence[Any]) -> ProbeRow:
    probe_id, company, path, kind, role, via, launched_at, closed_at, purpose, *said = row
    judged_at, delivery, outcome, cause, grade, because, answer = said
    verdict = outcome and Verdict(outcome, cause, grade, because, answer)
    launched = probe_id, company, path, kind, role, via, launched_at, closed_at
    return ProbeRow(*launched, verdict, judged_at, delivery, purpose)
