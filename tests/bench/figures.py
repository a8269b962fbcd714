"""What was measured: figures of several rounds, as a table for people and as JSON for machines."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, once in each round. `target` says what is wanted of it, "" if nothing is."""

    group: str
    name: str
    unit: str
    values: tuple[float, ...]
    target: str = ""

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


def show(findings: Iterable[Finding], seconds: float, out: Console) -> None:
    """The table."""
    table = Table(title=f"Mailpath, measured {_where()}, in {seconds:.0f} s", title_justify="left", pad_edge=False)
    table.add_column("what", no_wrap=True)
    for column in ("min", "median", "max"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("wanted", no_wrap=True)
    group = ""
    for found in findings:
        if found.group != group:
            group = found.group
            table.add_section()
            table.add_row(f"[bold]{group}")
        match found:
            case Figure(_, name, unit, values, target):
                least, middle, most = (_number(each) for each in (min(values), found.median, max(values)))
                row = (least, f"[bold]{middle}", most) if len(values) > 1 else ("", f"[bold]{middle}", "")
                table.add_row(f"  {name}", *row, unit, target)
            case Remark(_, text):
                table.add_row(f"  [dim]{text}")
    out.print(table)


def write(findings: Iterable[Finding], seconds: float, file: Path) -> None:
    """The same as JSON."""
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
    facts = {"at": datetime.now(UTC).isoformat(), "where": _where(), "seconds": seconds}
    file.write_text(json.dumps({**facts, "figures": figures, "remarks": remarks}, indent=1) + "\n")


def _where() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"with {python} on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _number(value: float) -> str:
    """Three digits are all that a shared machine gives."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
