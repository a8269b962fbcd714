"""A real Prometheus scrapes a running Mailpath, and every query of every panel and variable is asked of it."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from dashboards.words import RANKS
from probes.verdict import Outcome
from tests.lab.processes import until
from tests.support.alert_rules import PROMETHEUS as RULES
from tests.support.grafana_boards import BOARDS, Json, asking, titled
from tests.support.prometheus_servers import prometheus
from tests.support.sandbox_process import MUTED, mailpath, read, saying

pytestmark = [pytest.mark.usefixtures("able"), pytest.mark.timeout(180)]

PATIENCE = 60.0
SCRAPES = 4  # a rate needs two; the first may have come before the first verdict
EVERY_QUESTION = pytest.mark.parametrize(("board", "panel"), list(asking()), ids=titled)
VARIABLES = [
    (name, variable)
    for name, board in BOARDS.items()
    for variable in board["templating"]["list"]
    if variable["type"] == "query"
]
EVERYTHING = {"company": ".*", "kind": ".*", "path": ".*", "job": "mailpath"}
SANDBOX = {  # what config.toml promises
    "birchline": Outcome.INBOX,
    "corkwood": Outcome.SPAM,
    "granite": Outcome.BLOCKED,
    "dunmoor": Outcome.BLOCKED,
    "larkhill": Outcome.BLOCKED,
    "foxglove": Outcome.BLOCKED,
    "halyard": Outcome.BLOCKED,
    "greyfield": Outcome.DEFERRED,
    "umberland": Outcome.BLOCKED,
    "lowmarsh": Outcome.MISSING,
    "snailbeck": Outcome.LATE,
    "ironvault": Outcome.UNKNOWN,
}
NOT_HERE = {"paths overdue", Outcome.QUARANTINED}  # what the sandbox has no example of
METRIC = re.compile(r"(?<![\w:])mailpath_\w+(?![\w:])")  # not what a rule records
WELL, STOPPED = "birchline", "granite"
SLO_RULES = RULES / "mailpath-slo.rules.yml"
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: mailpath
    static_configs: [{{targets: ["{target}"]}}]
"""


def configuration(target: str, folder: Path) -> str:
    """Scrape this, and record every second what the boards show of the service level."""
    rules = folder / "slo.yml"
    rules.write_text(re.sub(r"interval: \w+", "interval: 1s", SLO_RULES.read_text()))
    return PROMETHEUS.format(target=target, rules=rules)


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
        expr = filled(target["expr"], {"__range": "3600s", "__interval": "300s"} | EVERYTHING | chosen)
        if target["instant"]:
            found = self.get("query", query=expr, time=self.moment)["result"]
        else:
            found = self.get("query_range", query=expr, start=self.moment - 30, end=self.moment, step=5)["result"]
        return [one for one in found if any(not math.isnan(value) for value in numbers(one))]

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
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values.get(found[1], found[0]), text)


@pytest.fixture(scope="module")
def service(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mailpath(tmp_path_factory.mktemp("mailpath")) as url:
        yield url


@pytest.fixture(scope="module")
def source(service: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """All has happened that the sandbox has to show, and has been scraped."""
    target = service.removeprefix("http://")
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(configuration(target, folder), folder) as url:
        at_work = Source(url)
        at_work.until(
            *(f'mailpath_path_outcome{{company="{name}",outcome="{outcome}"}}' for name, outcome in SANDBOX.items()),
            f'absent(mailpath_path_outcome{{company="{WELL}",outcome!="inbox"}})',
            f'mailpath_incident_companies{{company="{STOPPED}"}}',
            f'mailpath_muted_incidents{{company="{MUTED}"}}',
            'mailpath_notices_total{result="failed"}',
            'mailpath_notices_total{result="delivered"}',
            'mailpath_inbound_mails_total{kind="refused"}',
            f'mailpath_delivery_seconds_count{{company="{WELL}",code="1"}} > 2',
            f"count_over_time(up[1m]) >= {SCRAPES}",
            f'company:mailpath_codes_budget:left30d{{company="{STOPPED}"}}',
            *(f'company:mailpath_codes_missed:ratio6h{{company="{name}"}}' for name in (WELL, STOPPED)),
            *(f'company:mailpath_codes_missed:ratio3d{{company="{name}"}}' for name in (WELL, STOPPED)),
            "grade:mailpath_codes_missed:ratio6h",
        )
        yield at_work


@pytest.fixture(scope="module")
def calm(source: Source, service: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """Another Prometheus, which sees one company whose mail arrives, no incident, no channel and no listener."""
    trouble = re.compile(r"mailpath_(muted_)?incident|mailpath_notices|mailpath_inbound")
    lines = read(f"{service}/metrics").splitlines(keepends=True)
    text = "".join(line for line in lines if not trouble.match(line) and ("company" not in line or WELL in line))

    with saying(text) as page:
        folder = tmp_path_factory.mktemp("calm")
        with prometheus(configuration(page.removeprefix("http://"), folder), folder) as url:
            quiet = Source(url)
            quiet.until(f"count_over_time(up[1m]) >= {SCRAPES}")
            yield quiet


def empty_by_right(panel: Json) -> bool:
    """It says in words what it means that it has nothing to show."""
    return "noValue" in panel["fieldConfig"]["defaults"]


@EVERY_QUESTION
@pytest.mark.parametrize("kind", [".*", "verification"])
def test_every_query_answers(source: Source, board, panel, kind) -> None:
    company = WELL if board == "company" else ".*"
    for target in panel["targets"]:
        assert source.series(target, company=company, kind=kind), target["expr"]


@EVERY_QUESTION
def test_a_query_that_can_say_none_says_what_there_is(source: Source, board, panel) -> None:
    """Its answer is not the one that stands for none: that would hide every slip in the rest of it."""
    for target in panel["targets"]:
        first, *none = target["expr"].split(" or on () ")
        if len(none) == 1 and target["legendFormat"] not in NOT_HERE:
            stripped = target | {"expr": first}
            companies = (STOPPED, MUTED) if board == "company" else (".*",)
            assert any(source.series(stripped, company=company) for company in companies), first


@EVERY_QUESTION
def test_every_query_answers_about_a_company_that_stops_the_sender(source: Source, board, panel) -> None:
    for target in panel["targets"]:
        assert source.series(target, company=STOPPED) or empty_by_right(panel), target["expr"]


@EVERY_QUESTION
def test_every_query_answers_where_all_is_well(calm: Source, board, panel) -> None:
    for target in panel["targets"]:
        assert calm.series(target, company=WELL) or empty_by_right(panel), target["expr"]


@pytest.mark.parametrize(
    ("board", "variable"), VARIABLES, ids=lambda each: each if isinstance(each, str) else each["name"]
)
def test_every_variable_has_values(source: Source, board, variable) -> None:
    asked = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
    assert asked
    assert variable["definition"] == variable["query"]["query"]
    values = source.get(f"label/{asked[2]}/values", **{"match[]": filled(asked[1], {"company": WELL})})
    assert values
    if variable["name"] == "company":
        assert values == sorted(SANDBOX)


@EVERY_QUESTION
def test_every_column_and_every_name_in_a_legend_is_a_label_that_is_there(source: Source, board, panel) -> None:
    answers = [source.series(target, company=STOPPED if board == "company" else ".*") for target in panel["targets"]]
    labels = {label for answer in answers for one in answer for label in one["metric"]}
    for target in panel["targets"]:
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels | {"cause", "channel", "kind"}
    for step in panel.get("transformations", []):
        if step["id"] == "filterFieldsByName":
            columns = step["options"]["include"]["names"]
            values = [f"Value #{target['refId']}" for target in panel["targets"]] if len(answers) > 1 else ["Value"]
            assert set(columns) <= {*labels, *values}
            assert set(values) <= set(columns)


def test_no_metric_is_asked_for_that_mailpath_does_not_show(service: str) -> None:
    asked = {name for _, panel in asking() for each in panel["targets"] for name in METRIC.findall(each["expr"])}
    shown = set(re.findall(r"^# TYPE (\S+)", read(f"{service}/metrics"), re.MULTILINE))
    assert {re.sub("_bucket$", "", name) for name in asked} <= shown
    assert len(asked) >= 20


def panel_of(board: str, title: str) -> Json:
    return next(panel for panel in BOARDS[board]["panels"] if panel["title"] == title)


def test_the_overview_tells_the_truth_about_each_company(source: Source) -> None:
    first, *_ = panel_of("overview", "Companies, worst first")["targets"]
    found = {one["metric"]["company"]: numbers(one)[0] for one in source.series(first)}
    assert found == {company: RANKS[outcome] for company, outcome in SANDBOX.items()}
    counts = [
        numbers(source.series(target)[0])[0] for target in panel_of("overview", "Does mail reach everyone?")["targets"]
    ]
    assert counts == [10, 1, 1]


def test_the_last_refusal_of_a_company_comes_with_its_cause_and_runbook(source: Source) -> None:
    (target,) = panel_of("company", "Failures in the last 24 h, latest first")["targets"]
    (refusal,) = source.series(target, company=STOPPED)
    said = refusal["metric"]
    assert (said["outcome"], said["cause"], said["runbook"]) == ("blocked", "ip_blocked", "cause-address")
    assert said["grade"] == "impersonated"
    (none,) = source.series(target, company=WELL)
    assert numbers(none) == [0]


def test_marks_of_incidents_on_the_company_board_are_there(source: Source) -> None:
    (marks,) = BOARDS["company"]["annotations"]["list"]
    assert source.series(marks["target"] | {"instant": False}, company=STOPPED)
    assert not source.series(marks["target"] | {"instant": False}, company=WELL)
