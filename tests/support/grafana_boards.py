"""The boards as Grafana reads them, and what stands in them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
GRAFANA = ROOT / "dashboards" / "grafana"
RUNBOOKS = ROOT / "dashboards" / "runbooks"
FILES = sorted((GRAFANA / "boards").glob("*.json"))
Json = dict[str, Any]

BOARDS: dict[str, Json] = {file.stem: json.loads(file.read_text()) for file in FILES}


def panels() -> Iterator[tuple[str, Json]]:
    """Every panel, with the name of its board; titles of rows are not panels."""
    for name, board in BOARDS.items():
        yield from ((name, panel) for panel in board["panels"] if panel["type"] != "row")


def asking() -> Iterator[tuple[str, Json]]:
    """Those that ask Prometheus something."""
    return ((name, panel) for name, panel in panels() if panel["type"] != "text")


def titled(pair: object) -> str:
    """Names a panel in the output of tests."""
    return pair if isinstance(pair, str) else pair["title"] if isinstance(pair, dict) else str(pair)


def strings(value: object) -> Iterator[str]:
    """Every text anywhere within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
