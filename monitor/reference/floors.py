"""Draw the floors of the house from the import contracts in pyproject.toml."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import monitor

WIDTH = 76  # characters between the walls
INDENT = 2


def drawing(project: Path | None = None) -> str:
    """Return the drawing, a box per package and a row per floor, top floor first, followed by the other contracts."""
    file = project or Path(monitor.__path__[0]).parent / "pyproject.toml"
    contracts = tomllib.loads(file.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    boxes = [line for each in contracts if each["type"] == "layers" for line in _diagram(each)]
    rules = [_rule(each) for each in contracts if each["type"] == "forbidden"]
    return "\n".join(("```text", *boxes, "```", "", *rules)) + "\n"


def _diagram(contract: dict[str, Any]) -> Iterator[str]:
    yield f"{contract['containers'][0]}/"
    yield f"┌{'─' * WIDTH}┐"
    for number, layer in enumerate(contract["layers"]):
        if number:
            yield f"├{'─' * WIDTH}┤"
        for row in _wrapped([name.strip() for name in layer.split(":")]):
            yield f"│{' ' * INDENT}{row:<{WIDTH - INDENT}}│"
    yield f"└{'─' * WIDTH}┘"


def _wrapped(names: Sequence[str]) -> Iterator[str]:
    row = ""
    for name in names:
        longer = f"{row}   {name}" if row else name
        if len(longer) > WIDTH - 2 * INDENT:
            yield row
            longer = name
        row = longer
    yield row


def _rule(contract: dict[str, Any]) -> str:
    sources, targets = (_names(contract[f"{each}_modules"]) for each in ("source", "forbidden"))
    return f"- {contract['name']}: {sources} must not import {targets}."


def _names(modules: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in modules)
