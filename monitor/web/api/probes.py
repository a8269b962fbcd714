"""Probes: the list, one with its evidence, what there is to say of it, and one more that is sent now."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.actions.probes import send
from monitor.output.json import RowJson, record_json, row_json
from monitor.output.text import explanation, plain
from monitor.people.caller import NotThereError
from monitor.store import Cursor, ProbeFilter
from monitor.store.columns import instant, moment
from monitor.web.api.fields import MAX_PAGE_SIZE, Body, Fields, Key, Moment, NoBody, NoQuery
from monitor.web.api.operation import ROOT, Call, answered
from monitor.web.api.problem import ProblemError, Wrong, meant
from monitor.web.caller_view import CallerView
from probes.display import timestamp
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Outcome

PLACE_EXAMPLE = "1795680000000000.hdbeeakl4pwcjli3"
PLACE = r"^[0-9]{1,16}\.[A-Za-z0-9_-]{0,64}$"


class Filter(Fields):
    """Conditions of a list of probes."""

    company: Key | None = Field(None, description="The key of a company.")
    path: Key | None = Field(None, description="The key of a path of that company; give the company too.")
    kind: Kind | None = Field(None, description="The kind of mail.")
    role: Role | None = Field(None, alias="as", description="The sending identity.")
    outcome: Outcome | None = Field(None, description="The outcome of its latest verdict.")
    since: Moment | None = Field(None, description="Sent at this time or later.")
    until: Moment | None = Field(None, description="Sent before this time.")

    def wanted(self) -> ProbeFilter:
        """For the store. Whose it may be is not in here: `CallerView` adds it."""
        return ProbeFilter(
            companies=None,
            company=self.company or "",
            path=self.path or "",
            kind=self.kind,
            role=self.role,
            outcome=self.outcome,
            since=self.since,
            until=self.until,
        )


class PageOfFilter(Filter):
    """The requested page of the list."""

    cursor: Annotated[str, Field(pattern=PLACE, examples=[PLACE_EXAMPLE])] | None = Field(
        None, description="The `next` of the previous page; without it the newest come first."
    )
    most: int = Field(50, ge=1, le=MAX_PAGE_SIZE, description=f"Page size, at most {MAX_PAGE_SIZE}.")


class NewProbe(Body):
    """The probes to send."""

    company: Key = Field(description="The key of the company.")
    path: Key | None = Field(None, description="The key of one of its paths; without one, all of them.")
    kind: Kind | None = Field(None, description="The kind of mail; by default the first kind of the path.")
    kinds: list[Kind] | None = Field(None, max_length=len(Kind), description="Several kinds, beside `kind`.")
    role: Role = Field(Role.SENDER, alias="as", description="The sending identity.")


class ProbesFacts(TypedDict):
    """A part of the list, newest first. `next` is the cursor of the following part; null at the end of the list.

    A part may hold fewer than were asked for, even none, and still have a `next`."""

    probes: list[RowJson]
    next: str | None


class SentFacts(TypedDict):
    """One probe that was sent."""

    probe: str
    company: str
    path: str
    kind: Kind
    created_at: str
    href: str
    events: str


class SentAllFacts(TypedDict):
    """The probes that were sent. `Location` links to the first."""

    probes: list[SentFacts]


async def show_list(call: Call[PageOfFilter, NoBody]) -> web.Response:
    """A part of the list."""
    query = call.query
    await known(call.view, query)
    page = await call.view.probes(query.wanted(), _cursor(query.cursor), query.most)
    return answered({"probes": [row_json(row) for row in page.probes], "next": place_of(page.next)})


async def known(view: CallerView, asked: Filter) -> None:
    """Check that the names in the conditions exist: a misspelt one would silently match nothing. Raises ProblemError,
    NotThereError."""
    if asked.path and not asked.company:
        wrong = Wrong("path", "is given without its company", "give company too")
        raise ProblemError(HTTPStatus.BAD_REQUEST, "path is given without its company", wrong)
    if asked.company is None:
        return
    keys = {(path.company, path.path) for path in view.paths()}
    if any(company == asked.company and asked.path in (None, path) for company, path in keys):
        return
    left = ProbeFilter(None, asked.company, asked.path or "")  # it may have been watched once
    if not (await view.probes(left, None, 1)).probes:
        raise NotThereError("/".join(filter(None, ("company " + asked.company, asked.path))))


async def create(call: Call[NoQuery, NewProbe]) -> web.Response:
    """Send now."""
    wish, view = call.body, call.view
    _check(view, wish)
    kinds = [*([wish.kind] if wish.kind else []), *(wish.kinds or [])]
    sent = await send(view, wish.company, wish.path or "", kinds, wish.role)
    facts = [
        SentFacts(
            probe=probe.id,
            company=probe.company,
            path=probe.path,
            kind=probe.kind,
            created_at=timestamp(probe.created_at),
            href=f"{ROOT}/probes/{probe.id}",
            events=f"{ROOT}/probes/{probe.id}/events",
        )
        for probe in sent
    ]
    headers = {"Location": facts[0]["href"]}
    return answered({"probes": facts}, status=HTTPStatus.ACCEPTED, headers=headers)


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """One probe with its evidence."""
    return answered(record_json(await call.view.record(call.part("probe"))))


async def explain(call: Call[NoQuery, NoBody]) -> web.Response:
    """Return the text of `mailpath explain`."""
    record = await call.view.record(call.part("probe"))
    text = "".join(f"{plain(line)}\n" for line in explanation(record))
    return web.Response(body=text.encode("utf-8", "replace"), content_type="text/plain", charset="utf-8")


def place_of(cursor: Cursor | None) -> str | None:
    """A cursor, as it stands in an address."""
    return f"{instant(cursor.created_at)}.{cursor.probe_id}" if cursor else None


def _cursor(place: str | None) -> Cursor | None:
    if place is None:
        return None
    at, _, probe_id = place.partition(".")
    return Cursor(moment(int(at)), probe_id)


def _check(view: CallerView, wish: NewProbe) -> None:
    """Whether there is such a company and path for the caller. Raises ProblemError, which says what there is."""
    paths = view.paths()
    companies = {path.company for path in paths}
    if wish.company not in companies:
        _missing("company", wish.company, companies)
    of_company = {path.path for path in paths if path.company == wish.company}
    if wish.path and wish.path not in of_company:
        _missing("path", wish.path, of_company)


def _missing(field: str, name: str, there: set[str]) -> None:
    wrong = Wrong(field, f"there is no {field} {name}", meant(name, there))
    raise ProblemError(HTTPStatus.NOT_FOUND, f"there is no {field} {name}", wrong)
