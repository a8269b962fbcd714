"""Types of panels: the settings that all panels of a type share. A type defines the look; a board defines the content.

Each takes a title, a description and its queries, and returns a panel without a position.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.models import barchart, bargauge, common, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLink,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    FieldConfigSource,
    MatcherConfig,
    Panel,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMapping,
)
from grafana_foundation_sdk.models.prometheus import Dataquery, PromQueryFormat, QueryEditorMode

from dashboards.words import NOTHING, RANKS, label
from monitor.output.symbols import COLOURS

SHORTEST = "5m"
"""The shortest interval of what is counted: shorter ones would be empty between two scrapes or probes."""

NAMES = common.BigValueTextMode.NAME
NAMED = common.BigValueTextMode.VALUE_AND_NAME

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True)
class Query:
    """A Prometheus query. `legend` names the result. `now`: at this moment only, not over the time range. `exemplars`:
    also show examples from the histogram, which lead to their probes."""

    expr: str
    legend: str = ""
    now: bool = False
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class PanelLook:
    """The look of values: unit, texts in place of some values, and colours by threshold."""

    unit: str
    words: Sequence[ValueMapping] = ()
    steps: Sequence[tuple[float, str]] = ()
    lowest: str = NOTHING
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    links: Sequence[DashboardLink] = ()
    no_value: str | None = None

    def config(self, custom: object, mode: FieldColorModeId) -> FieldConfig:
        """Convert to Grafana's form."""
        steps = [Threshold(None, self.lowest), *(Threshold(value, colour) for value, colour in self.steps)]
        return FieldConfig(
            unit=self.unit,
            decimals=self.decimals,
            min_val=self.least,
            max_val=self.most,
            mappings=list(self.words),
            thresholds=ThresholdsConfig(ThresholdsMode.ABSOLUTE, steps),
            color=FieldColor(mode),
            links=list(self.links) or None,
            no_value=self.no_value,
            custom=custom,
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `filled`: its cells are filled with the colour of their text or threshold."""

    name: str
    title: str
    look: PanelLook | None = None
    filled: bool = False
    width: int | None = None

    def override(self) -> Override:
        """Return the override that distinguishes it from the other columns."""
        parts: dict[str, Any] = {"custom.width": self.width}
        if self.look:
            config = self.look.config(None, FieldColorModeId.THRESHOLDS)
            shown = ("unit", "decimals", "mappings", "thresholds", "links")
            parts |= {name: getattr(config, name) for name in shown}
        if self.filled:
            style = common.TableCellBackgroundDisplayMode.BASIC
            parts["custom.cellOptions"] = common.TableColoredBackgroundCellOptions(style)
            parts["custom.align"] = "left"
        return override(self.name, **parts)


def override(name: str, *, matching: str = "byName", **properties: Any) -> Override:
    """Return the override for the field of this name; None and empty settings are left out."""
    values = [DynamicConfigValue(key, value) for key, value in properties.items() if value not in (None, [])]
    return Override(matcher=MatcherConfig(matching, name), properties=values)


def colour_from(step: float, name: str, colour: str, *, unit: str | None = None, matching: str = "byName") -> Override:
    """Give the result of this name a colour from this value on, and none below."""
    thresholds = PanelLook("", steps=[(step, colour)]).config(None, FieldColorModeId.THRESHOLDS).thresholds
    return override(name, matching=matching, unit=unit, thresholds=thresholds)


def line(name: str, colour: str, dash: Sequence[int] = ()) -> Override:
    """Colour the line of this name and dash it: so many points drawn, so many left out."""
    look: dict[str, Any] = {"custom.lineStyle": {"fill": "dash" if dash else "solid", "dash": list(dash)}}
    return override(name, color=FieldColor(FieldColorModeId.FIXED, colour), **look)


def outcome_colours() -> list[Override]:
    """Give series named after an outcome its sign and colour."""
    return [
        override(str(outcome), displayName=label(outcome), color=FieldColor(FieldColorModeId.FIXED, colour.fill))
        for outcome, colour in COLOURS.items()
        if outcome
    ]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Common settings of all panels."""

    title: str
    says: str
    queries: Sequence[Query]
    as_table: bool = False
    overrides: Sequence[Override] = ()
    transformations: Sequence[DataTransformerConfig] = ()
    step: str | None = None

    def panel(self, shape: str, options: object, config: FieldConfig) -> Panel:
        return Panel(
            type_val=shape,
            title=self.title,
            description=self.says,
            datasource=DATASOURCE,
            targets=[*self._targets()],
            transformations=list(self.transformations) or None,
            interval=self.step,
            options=options,
            field_config=FieldConfigSource(config, list(self.overrides)),
        )

    def _targets(self) -> Iterable[Dataquery]:
        for ref, query in zip(ascii_uppercase, self.queries, strict=False):
            yield Dataquery(
                datasource=DATASOURCE,
                editor_mode=QueryEditorMode.CODE,
                expr=query.expr,
                format_val=PromQueryFormat.TABLE if self.as_table else PromQueryFormat.TIME_SERIES,
                instant=query.now,
                range_val=not query.now,
                legend_format=query.legend or "__auto",
                exemplar=query.exemplars or None,
                ref_id=ref,
            )


def number(
    title: str,
    says: str,
    *queries: Query,
    look: PanelLook,
    overrides: Sequence[Override] = (),
    texts: common.BigValueTextMode = common.BigValueTextMode.AUTO,
) -> Panel:
    """One or a few big values, filled with the colour of their threshold. `texts`: values, names, or both; by default
    names stand only where there are several values."""
    options = stat.Options(
        graph_mode=common.BigValueGraphMode.NONE,
        color_mode=common.BigValueColorMode.BACKGROUND_SOLID,
        justify_mode=common.BigValueJustifyMode.CENTER,
        text_mode=texts,
        reduce_options=_last(),
        orientation=common.VizOrientation.AUTO,
    )
    now = [replace(query, now=True) for query in queries]
    frame = _Frame(title, says, now, overrides=overrides)
    return frame.panel("stat", options, look.config(None, FieldColorModeId.THRESHOLDS))


def rows(
    title: str, says: str, *queries: Query, columns: Sequence[Column], sort: Sequence[str], join: str = "company"
) -> Panel:
    """A table of current values: only these columns, in this order, the highest of the first of `sort` first, then of
    the next. Results of several queries are joined by the label `join`; only what the first has is shown."""
    options = table.Options(
        show_header=True,
        cell_height=common.TableCellHeight.SM,
        sort_by=[common.TableSortByFieldState(display_name=name, desc=True) for name in sort],
    )
    custom = common.TableFieldOptions(align=common.FieldTextAlignment.AUTO)
    frame = _Frame(
        title,
        says,
        [replace(query, now=True) for query in queries],
        as_table=True,
        overrides=[column.override() for column in columns],
        transformations=_chosen(columns, join if len(queries) > 1 else None),
    )
    return frame.panel("table", options, PanelLook("none").config(custom, FieldColorModeId.THRESHOLDS))


def _chosen(columns: Sequence[Column], join: str | None) -> list[DataTransformerConfig]:
    names = [column.name for column in columns]
    steps = [
        DataTransformerConfig("filterFieldsByName", options={"include": {"names": names}}),
        DataTransformerConfig(
            "organize",
            options={
                "excludeByName": {},
                "indexByName": {name: place for place, name in enumerate(names)},
                "renameByName": {column.name: column.title for column in columns},
            },
        ),
    ]
    if join is None:
        return steps
    return [DataTransformerConfig("joinByField", options={"byField": join, "mode": "inner"}), *steps]


def timeline(
    title: str, says: str, *queries: Query, look: PanelLook, overrides: Sequence[Override] = (), step: str | None = None
) -> Panel:
    """A band per result, coloured by text or threshold, with the value in it."""
    options = statetimeline.Options(
        show_value=common.VisibilityMode.AUTO,
        row_height=0.85,
        merge_values=True,
        align_value=common.TimelineValueAlignment.LEFT,
        legend=_legend(show=False),
        tooltip=_tooltip(common.TooltipDisplayMode.SINGLE),
        per_page=20,
    )
    custom = statetimeline.FieldConfig(line_width=1, fill_opacity=100, span_nulls=False)
    frame = _Frame(title, says, queries, overrides=overrides, step=step)
    return frame.panel("state-timeline", options, look.config(custom, FieldColorModeId.THRESHOLDS))


def tally(title: str, says: str, *queries: Query, look: PanelLook, overrides: Sequence[Override] = ()) -> Panel:
    """A band per result, with the number of each interval in it, so that colour is not needed. It begins anew with each
    interval, so what happens now is seen within minutes."""
    return timeline(title, says, *queries, look=look, overrides=overrides, step=SHORTEST)


def lines(
    title: str,
    says: str,
    *queries: Query,
    look: PanelLook,
    overrides: Sequence[Override] = (),
    stacked: bool = False,
    bars: bool = False,
    powers: bool = False,
    step: str | None = None,
) -> Panel:
    """Values over time: lines, stacked areas, or bars. `powers`: logarithmic scale. `step`: minimum interval."""
    options = timeseries.Options(legend=_legend(show=True), tooltip=_tooltip(common.TooltipDisplayMode.MULTI))
    custom = common.GraphFieldConfig(
        draw_style=common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE,
        line_width=0 if bars else 1 if stacked else 2,
        line_interpolation=common.LineInterpolation.STEP_AFTER if stacked else common.LineInterpolation.LINEAR,
        fill_opacity=90 if stacked or bars else 0,
        show_points=common.VisibilityMode.NEVER if stacked else common.VisibilityMode.AUTO,
        span_nulls=False,
        axis_soft_min=None if powers else 0,
        scale_distribution=common.ScaleDistributionConfig(common.ScaleDistribution.LOG, 10) if powers else None,
        stacking=common.StackingConfig(
            common.StackingMode.NORMAL if stacked or bars else common.StackingMode.NONE, "A"
        ),
        thresholds_style=common.GraphThresholdsStyleConfig(
            common.GraphThresholdsStyleMode.DASHED if look.steps else common.GraphThresholdsStyleMode.OFF
        ),
    )
    frame = _Frame(title, says, queries, overrides=overrides, step=step)
    return frame.panel("timeseries", options, look.config(custom, FieldColorModeId.PALETTE_CLASSIC_BY_NAME))


def levels(title: str, says: str, *queries: Query, look: PanelLook) -> Panel:
    """A bar per current result, coloured by threshold."""
    options = bargauge.Options(
        display_mode=common.BarGaugeDisplayMode.BASIC,
        value_mode=common.BarGaugeValueMode.TEXT,
        name_placement=common.BarGaugeNamePlacement.LEFT,
        show_unfilled=True,
        sizing=common.BarGaugeSizing.AUTO,
        text=common.VizTextDisplayOptions(title_size=14, value_size=16),
        reduce_options=_last(),
        orientation=common.VizOrientation.HORIZONTAL,
    )
    now = [replace(query, now=True) for query in queries]
    return _Frame(title, says, now).panel("bargauge", options, look.config(None, FieldColorModeId.THRESHOLDS))


def columns_of(
    title: str, says: str, query: Query, *, across: str, pieces: str, look: PanelLook, overrides: Sequence[Override]
) -> Panel:
    """A bar per value of the label `across`, divided by the label `pieces`, for current values."""
    options = barchart.Options(
        x_field=f"{across}\\{pieces}",
        orientation=common.VizOrientation.HORIZONTAL,
        stacking=common.StackingMode.NORMAL,
        show_value=common.VisibilityMode.AUTO,
        bar_width=0.8,
        legend=_legend(show=True),
        tooltip=_tooltip(common.TooltipDisplayMode.MULTI),
    )
    matrix = {"rowField": across, "columnField": pieces, "valueField": "Value", "emptyValue": "zero"}
    order = [options.x_field, *(outcome for outcome in RANKS if outcome)]
    frame = _Frame(
        title,
        says,
        [replace(query, now=True)],
        as_table=True,
        overrides=overrides,
        transformations=[
            DataTransformerConfig("groupingToMatrix", options=matrix),
            DataTransformerConfig("organize", options={"indexByName": {name: at for at, name in enumerate(order)}}),
        ],
    )
    custom = barchart.FieldConfig(line_width=0, fill_opacity=100)
    return frame.panel("barchart", options, look.config(custom, FieldColorModeId.PALETTE_CLASSIC_BY_NAME))


def words(title: str, says: str, markdown: str) -> Panel:
    """Text for people."""
    return Panel(
        type_val="text",
        title=title,
        description=says,
        options=text.Options(mode=text.TextMode.MARKDOWN, content=markdown),
    )


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions(values=False, calcs=["lastNotNull"], fields="")


def _legend(*, show: bool) -> common.VizLegendOptions:
    return common.VizLegendOptions(
        common.LegendDisplayMode.LIST, common.LegendPlacement.BOTTOM, show_legend=show, calcs=[]
    )


def _tooltip(mode: common.TooltipDisplayMode) -> common.VizTooltipOptions:
    return common.VizTooltipOptions(mode, common.SortOrder.DESCENDING)
