"""The rule files and their tests, as values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
PROMETHEUS = DASHBOARDS / "prometheus"
RULES = sorted(PROMETHEUS.glob("*.rules.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.test.yml"))
METRIC = re.compile(r"(?<![\w:.])mailpath_\w+(?![\w:/.])")
RECORDED = re.compile(r"(?<![\w:])[a-z_]+:[a-z0-9_:]+|(?<![\w:])mailpath:[a-z_]+")


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert rule of a file."""

    file: Path
    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def runbook(self) -> str:
        """The name of its page: of the page of a cause, where that is known, it comes last."""
        *_, page = re.finditer(r"\bmailpath(?:-[a-z]+)+", self.annotations["runbook_url"])
        return page[0]

    @property
    def of_incident(self) -> bool:
        """True if it is about one of Mailpath's incidents."""
        return self.file.name == "mailpath.rules.yml"

    @property
    def asks(self) -> str:
        """All PromQL that it has, that of its annotations included."""
        return "\n".join((self.expr, *re.findall(r"\{\{.*?\}\}", " ".join(self.annotations.values()))))


def rules_of(file: Path) -> Iterator[dict[str, Any]]:
    """The rules of a file, in order."""
    for group in yaml.safe_load(file.read_text())["groups"]:
        yield from group["rules"]


def alerts_of(file: Path) -> Iterator[Alert]:
    """The alert rules of a file."""
    for rule in rules_of(file):
        if "alert" in rule:
            yield Alert(file, rule["alert"], rule["expr"], rule["labels"], rule["annotations"])


ALERTS = [alert for file in RULES for alert in alerts_of(file)]
