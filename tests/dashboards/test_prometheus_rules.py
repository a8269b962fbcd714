"""The alert rules: Prometheus takes them, each does what its test says, and what they name is there."""

import re
import subprocess
from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.alert_rules import written_rules
from dashboards.board import Name
from monitor.channels.alerts import LASTS
from monitor.incidents.incident import Scope, Severity
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.web.runbooks.document import runbooks
from probes.kinds import Kind
from probes.labels import CAUSES
from probes.mailsystems.advise import advise
from probes.verdict import Cause, Outcome
from tests.support.alert_rules import ALERTS, DASHBOARDS, METRIC, PROMETHEUS, RECORDED, RULES, TESTS, Alert, rules_of

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.file.stem}:{alert.name}")
each_file = pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
each_test = pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)

PAGES = sorted((DASHBOARDS / "runbooks").glob("mailpath-*.md"))
TOLD = (Severity.PAGE, Severity.TICKET)


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expected_of(file: Path) -> list[dict[str, Any]]:
    """What the test file of these rules expects of alerts."""
    said = yaml.safe_load((PROMETHEUS / "tests" / file.name.replace(".rules.", ".test.")).read_text())
    return [expected for test in said["tests"] for expected in test.get("alert_rule_test", ())]


@pytest.fixture
async def exposed() -> set[str]:
    """The names of the metrics that Mailpath has."""
    gauges = Gauges(lambda: 0, timedelta, dict, dict, listening=lambda: True)
    text = (await Metrics(Board(), gauges).render()).decode()
    return set(re.findall(r"^# HELP (\S+) ", text, re.MULTILINE))


# ---- Prometheus says so ---------------------------------------------------------------------------------------------


@each_file
@pytest.mark.usefixtures("able")
def test_prometheus_takes_the_rules(file: Path) -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", file)


@pytest.mark.usefixtures("able")
def test_prometheus_takes_the_example_with_the_rules_it_names() -> None:
    told = promtool("check", "config", PROMETHEUS / "scrape.example.yml")
    assert "3 rule files found" in told


@each_test
@pytest.mark.usefixtures("able")
def test_the_rules_do_what_their_tests_say(file: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", file)


def test_each_file_of_rules_has_its_tests() -> None:
    assert [file.name.replace(".rules.", ".test.") for file in RULES] == [file.name for file in TESTS]


# ---- Each alert is whole --------------------------------------------------------------------------------------------


@each_alert
def test_an_alert_is_seen_to_fire_and_to_be_silent(alert: Alert) -> None:
    seen = [bool(test["exp_alerts"]) for test in expected_of(alert.file) if test["alertname"] == alert.name]
    assert True in seen
    assert False in seen or alert.name == "MailpathDeadMansSwitch"


@each_alert
def test_an_alert_says_what_people_need(alert: Alert) -> None:
    assert re.fullmatch(r"Mailpath([A-Z][a-z]+)+", alert.name)
    needed = {"summary", "description", "runbook_url", "dashboard_url"}
    leads = {"incident_url"} if alert.of_incident else {"incidents_url"} if "slo" in alert.file.name else set[str]()
    assert alert.annotations.keys() == needed | leads
    assert alert.labels["severity"] in {*TOLD, "{{ $labels.severity }}", "none"}


@each_alert
def test_a_runbook_is_named_after_its_alert_and_served_by_mailpath(alert: Alert) -> None:
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", alert.name).lower()
    assert alert.annotations["runbook_url"].startswith("http://127.0.0.1:8025/runbooks/")
    assert alert.runbook == kebab
    assert alert.runbook in runbooks()


def test_the_alert_that_mailpath_is_down_says_when_its_own_alerts_end() -> None:
    (down,) = (alert for alert in ALERTS if alert.name == "MailpathDown")
    assert (
        f"{LASTS.total_seconds() / 60:.0f} minutes after it stopped: that is no recovery"
        in down.annotations["description"]
    )


def test_there_is_no_runbook_for_an_alert_that_is_none() -> None:
    assert {name for name in runbooks() if name.startswith("mailpath-")} == {alert.runbook for alert in ALERTS}


@each_alert
def test_the_board_of_an_alert_is_one_of_ours(alert: Alert) -> None:
    urls = re.sub(r"\{\{.*?\}\}", " ", alert.annotations["dashboard_url"])
    assert urls.startswith("http://127.0.0.1:3000/d/")
    uids = re.findall(r"mailpath-\w+", urls)
    assert uids
    assert set(uids) <= {name.uid for name in Name}


@pytest.mark.parametrize(("name", "text"), written_rules().items())
def test_rules_about_mail_are_written_from_their_source(name: str, text: str) -> None:
    assert (PROMETHEUS / name).read_text() == text, "write them with make dashboards"
    assert "@{" not in text


def test_the_words_of_rules_are_those_of_notices_and_lead_to_pages_that_are_there() -> None:
    rules = rules_of(PROMETHEUS / "mailpath.rules.yml")
    rows = [rule["labels"] for rule in rules if "labels" in rule and "record" in rule]
    causes = {row.get("cause", ""): row for row in rows if "why" in row and "outcome" not in row}
    assert causes.keys() == {"", *Cause}
    for cause in Cause:
        assert causes[cause]["reason"] == CAUSES[cause].label
        assert causes[cause]["why"] == advise(cause, Outcome.BLOCKED).explanation
        assert causes[cause]["runbook"] in runbooks()
    assert {row["outcome"] for row in rows if "state" in row} == set(Outcome)
    assert {row["kind"] for row in rows if "mail" in row} == set(Kind)
    for row in rows:
        for word in ("why", "fix"):
            assert re.fullmatch(r"[A-Z].*\.", row.get(word, "A.")), row
            assert "{" not in row.get(word, ""), "what only Mailpath can fill in"


# ---- What is named is there -----------------------------------------------------------------------------------------


@each_file
def test_every_metric_in_a_rule_is_one_that_mailpath_has(file: Path, exposed: set[str]) -> None:
    asked = {name for rule in rules_of(file) for name in METRIC.findall(rule["expr"])}
    asked |= {name for alert in ALERTS if alert.file == file for name in METRIC.findall(alert.asks)}
    assert asked
    assert {name.removesuffix("_bucket") for name in asked} <= exposed


@each_file
def test_what_a_rule_asks_for_is_recorded(file: Path) -> None:
    recorded = {rule["record"] for rule in rules_of(file) if "record" in rule}
    asked = {name for rule in rules_of(file) for name in RECORDED.findall(rule["expr"])}
    asked |= {name for alert in ALERTS if alert.file == file for name in RECORDED.findall(alert.asks)}
    assert asked <= recorded
    shown = "\n".join(board.read_text() for board in (DASHBOARDS / "grafana" / "boards").glob("*.json"))
    assert recorded <= asked | set(RECORDED.findall(shown))


@each_file
def test_the_words_in_a_rule_are_mailpaths(file: Path) -> None:
    words: dict[str, Iterable[str]] = {
        "outcome": [*Outcome, ""],
        "cause": [*Cause, ""],
        "kind": Kind,
        "severity": Severity,
    }
    words["scope"] = Scope
    text = "\n".join([rule["expr"] for rule in rules_of(file)] + [a.asks for a in ALERTS if a.file == file])
    for label, value in re.findall(r"""\b(\w+)[!=]=?~?["']([^"'%.{]*)["']""", text):
        if label in words:
            assert set(value.split("|")) <= {str(word) for word in words[label]}, (label, value)


def queries(page: Path) -> list[str]:
    """The PromQL that a page gives people to ask."""
    return [
        line for block in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL) for line in block.splitlines()
    ]


@pytest.mark.usefixtures("able")
def test_prometheus_takes_the_queries_in_the_runbooks(tmp_path: Path) -> None:
    asked = [query for page in PAGES for query in queries(page)]
    rules = [{"record": f"asked:{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "asked.yml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    assert len(rules) > 10
    promtool("check", "rules", tmp_path / "asked.yml")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_metric_in_a_runbook_is_one_that_mailpath_has(page: Path, exposed: set[str]) -> None:
    for name in METRIC.findall(page.read_text()):
        name = re.sub("_bucket$", "", name)
        assert any(each.startswith(name) for each in exposed), name


# ---- Nobody is told twice, and nothing goes untold ------------------------------------------------------------------


def incident(scope: Scope, severity: Severity, cause: str, outcome: str) -> list[dict[str, str]]:
    """The series of an open incident of two companies, or of one."""
    lone = scope in (Scope.MAILBOX, Scope.KIND, Scope.COMPANY, Scope.THEIR_SYSTEM)
    series = {
        'up{job="mailpath",instance="m"}': "1x10",
        f'mailpath_incidents{{job="mailpath",instance="m",company="{"acme" if lone else ""}",'
        f'scope="{scope}",cause="{cause}",severity="{severity}"}}': "1x10",
    }
    for company in ["acme"] if lone else ["acme", "bolt"]:
        of = f'job="mailpath",instance="m",company="{company}"'
        series |= {
            f'mailpath_company_info{{{of},name="{company}",mail_system="m365"}}': "1x10",
            f'mailpath_incident_companies{{{of},scope="{scope}",cause="{cause}",severity="{severity}"}}': "1x10",
            f'mailpath_path_outcome{{{of},path="hq",kind="verification",outcome="{outcome}",'
            f'cause="{cause}",grade="real"}}': "1x10",
        }
    return [{"series": name, "values": values} for name, values in series.items()]


def one_firing(scope: Scope, severity: Severity, cause: str, outcome: str) -> dict[str, Any]:
    name = f"{scope}, {severity}, {outcome}, {cause}"
    counted = {"expr": 'count(ALERTS{alertstate="firing"})', "eval_time": "4m"}
    labels = f"{{severity='{severity}',scope='{scope}'}}"
    return {
        "name": name,
        "interval": "30s",
        "input_series": incident(scope, severity, cause, outcome),
        "promql_expr_test": [
            {**counted, "exp_samples": [{"labels": "{}", "value": 1}]},
            {
                "expr": 'count by (severity, scope) (ALERTS{alertstate="firing"})',
                "eval_time": "4m",
                "exp_samples": [{"labels": labels, "value": 1}],
            },
        ],
    }


OUTCOMES = [outcome for outcome in Outcome if outcome is not Outcome.INBOX]


@pytest.mark.usefixtures("able")
def test_every_incident_that_people_are_to_hear_of_is_one_alert_with_its_severity(tmp_path: Path) -> None:
    """All scopes with all outcomes, and, as no rule looks at a cause, the causes in turn."""
    causes = [*Cause, ""]
    rows = [
        one_firing(scope, severity, causes[number % len(causes)], outcome)
        for number, (scope, severity, outcome) in enumerate(product(Scope, TOLD, OUTCOMES))
    ]
    said = {
        "rule_files": [str(PROMETHEUS / "mailpath.rules.yml")],
        "evaluation_interval": "30s",
        "group_eval_order": ["mailpath-words", "mailpath-incidents", "mailpath-mail", "mailpath-ourselves"],
        "tests": rows,
    }
    (tmp_path / "all.yml").write_text(yaml.safe_dump(said))
    promtool("test", "rules", tmp_path / "all.yml")


def test_the_example_names_every_file_of_rules() -> None:
    rules = yaml.safe_load((PROMETHEUS / "scrape.example.yml").read_text())["rule_files"]
    assert sorted(rules) == [file.name for file in RULES]


def test_no_alert_is_in_two_files() -> None:
    files = {alert.name: alert.file for alert in ALERTS}
    assert all(files[alert.name] == alert.file for alert in ALERTS)
