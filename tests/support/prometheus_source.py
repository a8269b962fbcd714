"""Prometheus as Grafana asks it for a board: with variables replaced, of what was so at one moment."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.lab.processes import until
from tests.support.grafana_boards import Json
from tests.support.sandbox_process import read

PATIENCE = 60.0
MAILPATH = "http://mailpath.example"
TIMES = {"__range": "3600s", "__interval": "300s", "__rate_interval": "300s"}
EVERYTHING = dict.fromkeys(("company", "kind", "path", "mail_system", "severity"), ".*") | {
    "job": "mailpath",
    "least": "-1",
    "mailpath": MAILPATH,
}


@dataclass(slots=True)
class Source:
    """A Prometheus, as Grafana asks it: of what was so at one moment."""

    url: str
    moment: float = 0.0

    def get(self, path: str, **words: Any) -> Any:
        answer = json.loads(read(f"{self.url}/api/v1/{path}?{urlencode(words, doseq=True)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def series(self, target: Json, **chosen: str) -> list[Json]:
        """What a panel's query answers; NaN counts as no answer."""
        found = self.answer(target, TIMES | EVERYTHING | chosen)
        return [one for one in found if any(not math.isnan(value) for value in numbers(one))]

    def answer(self, target: Json, values: dict[str, str], seconds: float = 30, step: float = 5) -> list[Json]:
        """The same with NaN, with these values of variables, over so many seconds."""
        words: dict[str, Any] = {"query": filled(target["expr"], values)}
        if target["instant"]:
            path, words["time"] = "query", self.moment
        else:
            path = "query_range"
            words |= {"start": self.moment - seconds, "end": self.moment, "step": step}
        answers: list[Json] = self.get(path, **words)["result"]
        return answers

    def until(self, *conditions: str) -> None:
        """Wait until all this is so, and stay at that moment."""
        for _ in until(PATIENCE, 0.2):
            self.moment = float(self.get("query", query="time()")["result"][1])
            missing = [expr for expr in conditions if not self.get("query", query=expr, time=self.moment)["result"]]
            if not missing:
                return
        raise AssertionError(f"never so: {missing}")


def numbers(series: Json) -> list[float]:
    return [float(value) for _, value in series.get("values") or [series["value"]]]


def filled(text: str, values: dict[str, str]) -> str:
    """With Grafana's variables replaced. One that has no value here stays, and is an error in PromQL."""
    return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda found: values.get(found[1], found[0]), text)


def as_text(labels: Json) -> str:
    """A result as Grafana writes it, before it looks for text and value."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "} 1 0"


def offer(text: str, regex: str) -> tuple[str, str]:
    """What people read and what it stands for, as Grafana finds them with a regular expression of two named groups."""
    pattern, flags = re.fullmatch(r"/(.+)/(\w*)", regex).groups()  # type: ignore[union-attr]
    assert flags == "g"
    found = [each.groupdict() for each in re.finditer(pattern.replace("(?<", "(?P<"), text)]
    texts, values = ([each[name] for each in found if each[name]] for name in ("text", "value"))
    return texts[0], values[0]
