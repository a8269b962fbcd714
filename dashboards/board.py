"""Common parts of all boards: variables, links to other boards and to Mailpath's pages, and rows of panels."""

from collections.abc import Iterable, Sequence
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

WIDTH = 24
MAILPATH = "http://127.0.0.1:8025"  # where [web] listens unless told otherwise
KEPT = "${datasource:queryparam}&${mailpath:queryparam}"
TIME = "${__url_time_range}"


class Name(Enum):
    """The boards: uid and title. A uid never changes, other people's links lead to it."""

    OVERVIEW = "mailpath-overview", "Mailpath: overview"
    COMPANY = "mailpath-company", "Mailpath: company"
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
        query={"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        refresh=VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=VariableSort.ALPHABETICAL_ASC,
        multi=several,
        include_all=several,
        all_value=".*" if several else None,
        current=everything if several else None,
    )


def company_link(company: str) -> DashboardLink:
    """Link to the board of the company that this expression gives."""
    return DashboardLink(
        title="To the company's board",
        type_val=DashboardLinkType.LINK,
        url=f"/d/{Name.COMPANY.uid}?var-company={company}&{KEPT}&{TIME}",
        target_blank=False,
    )


def incidents_link() -> DashboardLink:
    """Link to Mailpath's page of incidents, which quotes the servers."""
    return DashboardLink(
        title="Its latest refusal, word for word",
        type_val=DashboardLinkType.LINK,
        url="${mailpath:raw}/incidents",
        target_blank=True,
    )


def runbook_link() -> DashboardLink:
    """Link to the runbook that the value names."""
    return DashboardLink(
        title="What to do, step by step",
        type_val=DashboardLinkType.LINK,
        url="${mailpath:raw}/runbooks/${__value.raw}",
        target_blank=True,
    )


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
        if name is not own:
            yield DashboardLink(
                title=name.title,
                type_val=DashboardLinkType.LINK,
                icon="dashboard",
                tooltip=f"To the board {name.title}, of the same time",
                url=f"/d/{name.uid}?{KEPT}",
                keep_time=True,
            )
    yield DashboardLink(
        title="Mailpath's pages",
        type_val=DashboardLinkType.LINK,
        icon="external link",
        tooltip="Every path with its verdict and the server's own words",
        url="${mailpath:raw}/",
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
