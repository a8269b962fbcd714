"""What differs between kinds of routes, mailboxes and channels is data on the kind: nobody else asks which it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.channels.table import CHANNELS
from probes.mailboxes.table import MAILBOXES
from probes.routes.table import ROUTES
from probes.traces.table import TRACES

ROOT = Path(__file__).parents[1]
HOMES = ("probes/routes/", "probes/mailboxes/", "probes/traces/", "monitor/channels/", "probes/route_traits.py")
KINDS = {kind.__name__ for table in (ROUTES, MAILBOXES, TRACES, CHANNELS) for kind in table.values()}


def asks_for_kinds(source: str) -> Iterator[int]:
    """Yield the lines that compare `via`, or ask for the class of a kind."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=ast.Attribute(attr="via")):
                yield node.lineno
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, asked]):
                if KINDS & {each.id for each in ast.walk(asked) if isinstance(each, ast.Name)}:
                    yield node.lineno


@pytest.mark.parametrize("package", ["probes", "monitor", "dashboards"])
def test_nobody_asks_for_the_kind(package: str) -> None:
    files = (path for path in (ROOT / package).rglob("*.py") if not str(path.relative_to(ROOT)).startswith(HOMES))
    assert [f"{path}:{line}" for path in files for line in asks_for_kinds(path.read_text())] == []


@pytest.mark.parametrize(
    "line", ['probe.via == "relay"', 'x.via in ("xclient",)', "isinstance(m, InboundMailbox | int)"]
)
def test_the_search_finds_such_lines(line: str) -> None:
    assert list(asks_for_kinds(line)) == [1]
