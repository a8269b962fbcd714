"""Common parts of all boards: variables, links to other boards and to Mailpath's pages, and rows of panels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardDashboardTemplating,
    DashboardDashboardTime,
    DashboardLink,
    DashboardLinkType,
    GridPos,
    Panel,
    RowPanel,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
    VariableType,
)

from dashboards.panels import DATASOURCE
from dashboards.queries import MAILPATH as PAGES

WIDTH = 24
MAILPATH = "http://127.0.0.1:8025"  # where [web] listens unless told otherwise
COMPANY_PAGE = f"{PAGES}/companies/${{company}}"
KEPT = "${datasource:queryparam}&${mailpath:queryparam}"
TIME = "${__url_time_range}"
LABEL_VALUES, QUERY_RESULT = 1, 3  # kinds of a variable's query, as Grafana's editor numbers them


class Name(Enum):
    """The boards: uid and title. A uid never changes, other people's links lead to it."""

    OVERVIEW = "mailpath-overview", "Mailpath: overview"
    COMPANY = "mailpath-company", "Mailpath: company"
    COMPANY_OWN = "mailpath-company-own", "Mail from Trimble Identity"
    SENDER = "mailpath-sender", "Mailpath: sender"
    ITSELF = "mailpath-itself", "Mailpath: itself"

    @property
    def uid(self) -> str:
        """Id in Grafana and in links."""
        return self.value[0]

    @property
    def title(self) -> str:
        """Title for people."""
        return self.value[1]

    @property
    def alone(self) -> bool:
        """True for a board that a company gets: it knows of no other board and no other company."""
        return self is Name.COMPANY_OWN


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels side by side, each with its width of 24. `title` starts a new section of the board."""

    height: int
    panels: Sequence[tuple[int, Panel]]
    title: str = ""


def choice(name: str, title: str, says: str, query: str, *, several: bool = True) -> VariableModel:
    """Return a variable with values from Prometheus; if `several`, more than one or all may be selected."""
    everything = VariableOption(True, ["All"], ["$__all"])
    return VariableModel(
        type_val=VariableType.QUERY,
        name=name,
        label=title,
        description=says,
        datasource=DATASOURCE,
        definition=query,
        query={"qryType": LABEL_VALUES, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        refresh=VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=VariableSort.ALPHABETICAL_ASC,
        multi=several,
        include_all=several,
        all_value=".*" if several else None,
        current=everything if several else None,
    )


def company_choice(title: str, says: str, *, several: bool, of: str = "") -> VariableModel:
    """Return a variable of companies, whose text is the name and whose value the key. `of`: a selector."""
    query = f"query_result(group by (company, name) (mailpath_company_info{{{of}}}))"
    variable = choice("company", title, says, query, several=several)
    variable.query = {"qryType": QUERY_RESULT, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    variable.regex = '/company="(?<value>[^"]+)"|name="(?<text>[^"]+)"/g'
    return variable


def fixed_choice(name: str, title: str, says: str, options: Mapping[str, str], *, several: bool) -> VariableModel:
    """Return a variable with these values, each with its text; the first is chosen, or all if several may be."""
    every = VariableOption(True, ["All"], ["$__all"])
    texts = [VariableOption(not several and not at, text, value) for at, (value, text) in enumerate(options.items())]
    return VariableModel(
        type_val=VariableType.CUSTOM,
        name=name,
        label=title,
        description=says,
        query=",".join(f"{text} : {value}" for value, text in options.items()),
        options=[every, *texts] if several else texts,
        current=every if several else texts[0],
        multi=several,
        include_all=several,
        all_value=".*" if several else None,
    )


def company_link(company: str) -> DashboardLink:
    """Link to the board of the company that this expression gives."""
    return DashboardLink(
        title="To the company's board",
        type_val=DashboardLinkType.LINK,
        url=f"/d/{Name.COMPANY.uid}?var-company={company}&{KEPT}&{TIME}",
        target_blank=False,
    )


def page_link(title: str, url: str = "${__value.raw}") -> DashboardLink:
    """Link to a page of Mailpath: by default to the one whose address is the value. Grafana leaves out a
    link without an address, so a value that is empty has none."""
    return DashboardLink(title=title, type_val=DashboardLinkType.LINK, url=url, target_blank=True)


def board(
    name: Name,
    says: str,
    variables: Sequence[VariableModel],
    shelves: Sequence[PanelRow],
    *,
    since: str,
    annotations: Sequence[AnnotationQuery] = (),
) -> Dashboard:
    """Build the board."""
    return Dashboard(
        uid=name.uid,
        title=name.title,
        description=says,
        tags=["mailpath"],
        timezone="browser",
        editable=False,
        graph_tooltip=DashboardCursorSync.CROSSHAIR,
        time=DashboardDashboardTime(since, "now"),
        refresh="1m",
        panels=list(_placed(shelves)),
        templating=DashboardDashboardTemplating([*_sources(), *variables]),
        annotations=AnnotationContainer(list(annotations)),
        links=list(_links(name)),
    )


def _sources() -> Iterable[VariableModel]:
    yield VariableModel(
        type_val=VariableType.DATASOURCE,
        name="datasource",
        label="Prometheus",
        description="The Prometheus that scrapes Mailpath.",
        query="prometheus",
        refresh=VariableRefresh.ON_DASHBOARD_LOAD,
    )
    yield VariableModel(
        type_val=VariableType.TEXTBOX,
        name="mailpath",
        label="Mailpath",
        description="Where people reach Mailpath's own pages, without a slash at the end.",
        query=MAILPATH,
        current=VariableOption(True, MAILPATH, MAILPATH),
        options=[VariableOption(True, MAILPATH, MAILPATH)],
    )


def _links(own: Name) -> Iterable[DashboardLink]:
    for name in Name:
        if not own.alone and not name.alone and name is not own:
            yield DashboardLink(
                title=name.title,
                type_val=DashboardLinkType.LINK,
                icon="dashboard",
                tooltip=f"To the board {name.title}, of the same time",
                url=f"/d/{name.uid}?{KEPT}",
                keep_time=True,
            )
    yield DashboardLink(
        title="Details in Mailpath" if own.alone else "Mailpath's pages",
        type_val=DashboardLinkType.LINK,
        icon="external link",
        tooltip="Every path with its verdict and the server's own words",
        url=COMPANY_PAGE if own.alone else f"{PAGES}/",
        target_blank=True,
    )


def _placed(shelves: Sequence[PanelRow]) -> Iterable[Panel | RowPanel]:
    """Place panels from left to right, rows from top to bottom, and number them in that order."""
    top, number = 0, 0
    for shelf in shelves:
        if shelf.title:
            number += 1
            yield RowPanel(title=shelf.title, grid_pos=GridPos(1, WIDTH, 0, top), id_val=number, panels=[])
            top += 1
        left = 0
        for width, panel in shelf.panels:
            number += 1
            panel.id_val, panel.grid_pos = number, GridPos(shelf.height, width, left, top)
            yield panel
            left += width
        top += shelf.height
