"""What was measured: figures of several rounds, as a table for people and as JSON for machines."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

Key = tuple[str, str, str]
"""What a figure is known by in another run: its group, its name and its unit."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, once in each round. `target` says what is wanted of it, "" if nothing is."""

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    target: str = ""

    @property
    def key(self) -> Key:
        """What it is known by in another run."""
        return self.group, self.name, self.unit

    @property
    def more_is_better(self) -> bool:
        """A rate or a share that is right, not a time, a size or a load."""
        return self.unit.endswith("/s") or self.unit in ("per s", "% right")

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.values)


@dataclass(frozen=True, slots=True)
class Remark:
    """What could not be measured, and why; or what is to be known of a group's figures."""

    group: str
    text: str


Finding = Figure | Remark


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def ratio(ours: Sequence[float], floor: Sequence[float]) -> tuple[float, ...]:
    """Round by round."""
    return tuple(a / b for a, b in zip(ours, floor, strict=True))


def show(findings: Iterable[Finding], seconds: float, out: Console, since: Mapping[Key, object] | None = None) -> None:
    """The table. `since`: what has changed of the figure of a group since an earlier run; None: there was none."""
    table = Table(title=f"Mailpath, measured {_where()}, in {seconds:.0f} s", title_justify="left", pad_edge=False)
    table.add_column("what", no_wrap=True)
    for column in ("min", "median", "max"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("wanted", no_wrap=True)
    if since is not None:
        table.add_column("since last run", no_wrap=True, justify="right")
    group = ""
    for found in findings:
        if found.group != group:
            group = found.group
            table.add_section()
            table.add_row(f"[bold]{group}")
        match found:
            case Figure(_, name, unit, values, target) as figure:
                least, middle, most = (_number(each) for each in (min(values), found.median, max(values)))
                row = (least, f"[bold]{middle}", most) if len(values) > 1 else ("", f"[bold]{middle}", "")
                changed = () if since is None else (str(since.get(figure.key, "")),)
                table.add_row(f"  {name}", *row, unit, target, *changed)
            case Remark(_, text):
                table.add_row(f"  [dim]{text}")
    out.print(table)


def as_json(findings: Iterable[Finding], seconds: float, at: str) -> str:
    """The same as JSON. `at`: when, in ISO format."""
    findings = list(findings)
    figures = [
        {
            "group": found.group,
            "name": found.name,
            "unit": found.unit,
            "min": min(found.values),
            "median": found.median,
            "max": max(found.values),
            "values": found.values,
            "wanted": found.target,
        }
        for found in (found for found in findings if isinstance(found, Figure))
    ]
    remarks = [{"group": found.group, "text": found.text} for found in findings if isinstance(found, Remark)]
    facts = {"at": at, "where": _where(), "seconds": seconds}
    return json.dumps({**facts, "figures": figures, "remarks": remarks}, indent=1) + "\n"


def _where() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"with {python} on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _number(value: float) -> str:
    """Three digits are all that a shared machine gives."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
