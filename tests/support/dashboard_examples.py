"""The examples as the tests run them: with their own addresses, and quicker."""

import re
from pathlib import Path

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
ALERTMANAGER = DASHBOARDS / "alertmanager" / "alertmanager.example.yml"
PROMETHEUS = DASHBOARDS / "prometheus" / "scrape.example.yml"
PEOPLE = "http://127.0.0.1:9095"  # where the example of Alertmanager has everybody


def alertmanager_example(people: str, *, wait: str = "1s", interval: str = "1s") -> str:
    """Alertmanager's example with everybody at `people`, each below a path of its receiver's name. First news waits for
    `wait`, what is new of it for `interval`; nothing is repeated."""
    text = ALERTMANAGER.read_text()
    assert text.count(PEOPLE) == 5
    text = text.replace(PEOPLE, people)
    text = re.sub(r"group_wait: (?!0s)\S+", f"group_wait: {wait}", text)
    return re.sub(r"group_interval: \S+", f"group_interval: {interval}", text)


def prometheus_example(mailpath: str, alertmanager: str, *, interval: str = "200ms") -> str:
    """Prometheus' example for a Mailpath and an Alertmanager at these addresses (host:port), with its rules, looking so
    often. Paths of rule files become those of `rules_into`."""
    text = PROMETHEUS.read_text()
    text = text.replace("127.0.0.1:9108", mailpath).replace("127.0.0.1:9093", alertmanager)
    return re.sub(r"(scrape_interval|evaluation_interval): \S+", rf"\1: {interval}", text)


def rules_into(folder: Path, *, interval: str = "200ms", seconds: int = 1) -> None:
    """Copies of the rules, evaluated so often; what has to last for N minutes has to last for N times `seconds`."""
    for file in (DASHBOARDS / "prometheus").glob("*.rules.yml"):
        text = re.sub(r"^    interval: \S+", f"    interval: {interval}", file.read_text(), flags=re.MULTILINE)
        text = re.sub(
            r"^        for: (\d+)m$", lambda m: f"        for: {int(m[1]) * seconds}s", text, flags=re.MULTILINE
        )
        (folder / file.name).write_text(text)
