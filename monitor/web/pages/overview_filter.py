"""The filter of the overview, as the address of the page has it: conditions, order, page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from urllib.parse import urlencode

from monitor.incidents.incident import Severity
from probes.verdict import Cause, Outcome

MAX_QUERY_CHARS = 100
NO_VERDICT = "none"  # in place of an outcome
MAX_PAGE_DIGITS = 5


class FilterState(StrEnum):
    """States of a company by which the list is filtered."""

    OK = "ok"
    FAILING = "failing"
    UNKNOWN = "unknown"


class Order(StrEnum):
    """Orders of the list."""

    WORST = "worst"
    SINCE = "since"
    AVAILABILITY = "availability"
    NAME = "name"
    SYSTEM = "system"


STATES = {FilterState.OK: "OK", FilterState.FAILING: "Failing", FilterState.UNKNOWN: "Unknown"}
ORDERS = {
    Order.WORST: "Worst first",
    Order.SINCE: "Newest problem first",
    Order.AVAILABILITY: "Lowest availability first",
    Order.NAME: "Name",
    Order.SYSTEM: "Mail system",
}


@dataclass(frozen=True, slots=True)
class OverviewFilter:
    """The reader's filter; "" matches all. `q`: words in names, keys, mail systems and addresses, or a domain;
    `system`: the key of a mail system; `incident`: an id, its companies; `mine`: only what the reader owns."""

    q: str = ""
    state: str = ""
    outcome: str = ""
    system: str = ""
    cause: str = ""
    severity: str = ""
    incident: str = ""
    mine: str = ""
    sort: str = Order.WORST
    page: int = 1

    @property
    def everything(self) -> bool:
        """True if nothing is filtered out."""
        return self == OverviewFilter(sort=self.sort, page=self.page)

    @property
    def unfolded(self) -> bool:
        """True if companies are listed by themselves that are else folded into an incident of many."""
        return bool(self.q or self.state or self.outcome or self.incident)

    def query(self, **changes: str | int) -> str:
        """Return the query of the address with these changes. Another filter begins at the first page again."""
        asked, usual = replace(self, **{"page": 1, **changes}), OverviewFilter()  # type: ignore[arg-type]
        values = {each.name: getattr(asked, each.name) for each in fields(asked)}
        return urlencode({name: value for name, value in values.items() if value != getattr(usual, name)})

    def link(self, **changes: str | int) -> str:
        """Return the address of the page with these changes."""
        query = self.query(**changes)
        return f"/?{query}" if query else "/"


def overview_filter(query: Mapping[str, str]) -> OverviewFilter:
    """Parse the address. Invalid conditions are ignored."""

    def one_of(name: str, allowed: set[str], usual: str = "") -> str:
        return value if (value := query.get(name, "")) in allowed else usual

    page = query.get("page", "")
    return OverviewFilter(
        q=domain_only(query.get("q", "")[:MAX_QUERY_CHARS].strip()),
        state=one_of("state", {*FilterState}),
        outcome=one_of("outcome", {*Outcome, NO_VERDICT}),
        system=query.get("system", "")[:MAX_QUERY_CHARS],
        cause=one_of("cause", {*Cause}),
        severity=one_of("severity", {*Severity}),
        incident=query.get("incident", "")[:MAX_QUERY_CHARS],
        mine=one_of("mine", {"1"}),
        sort=one_of("sort", {*Order}, Order.WORST),
        page=int(page) if page.isascii() and page.isdigit() and len(page) <= MAX_PAGE_DIGITS else 1,
    )


def domain_only(words: str) -> str:
    """Return the words with the domain in place of each address, so that no link of ours has a person's name in it."""
    return " ".join(word.rpartition("@")[2] if word.count("@") == 1 else word for word in words.split())
