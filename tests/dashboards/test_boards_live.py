"""A real Prometheus scrapes a running Mailpath, and every query of every panel and variable is asked of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.words import PROBE_ONLY_RANKS, RANKS, SEVERITIES
from monitor.incidents.incident import Severity
from probes.verdict import Outcome
from tests.support.dashboard_examples import rules_into
from tests.support.grafana_boards import BOARDS, Json, asking, titled
from tests.support.prometheus_servers import prometheus
from tests.support.prometheus_source import EVERYTHING, MAILPATH, Source, as_text, filled, numbers, offer
from tests.support.sandbox_process import MUTED, command, mailpath, read, saying

pytestmark = [pytest.mark.usefixtures("able"), pytest.mark.timeout(180)]

SCRAPES = 4  # a rate needs two; the first may have come before the first verdict
EVERY_QUESTION = pytest.mark.parametrize(("board", "panel"), list(asking()), ids=titled)
VARIABLES = [
    (name, variable)
    for name, board in BOARDS.items()
    for variable in board["templating"]["list"]
    if variable["type"] == "query"
]
OF_ONE = ("company", "company-own")
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
NAME = "Birchline Surveying (simulated)"
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
rule_files: ["*.rules.yml"]
scrape_configs:
  - job_name: mailpath
    static_configs: [{{targets: ["{target}"]}}]
"""


def configuration(target: str, folder: Path) -> str:
    """Scrape this, and evaluate all rules every second."""
    rules_into(folder, interval="1s")
    return PROMETHEUS.format(target=target)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mailpath")


@pytest.fixture(scope="module")
def service(able: None, home: Path) -> Iterator[str]:
    with mailpath(home) as url:
        yield url


@pytest.fixture(scope="module")
def source(service: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """All has happened that the sandbox has to show, and has been scraped."""
    target = service.removeprefix("http://")
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus(configuration(target, folder), folder) as url:
        at_work = Source(url)
        at_work.until(f'mailpath_incident_companies{{company="{STOPPED}"}}')
        command(home, "remedy", "changed", STOPPED)
        at_work.until(
            f'mailpath_remedies{{company="{STOPPED}"}} > 0',
            *(f'mailpath_path_outcome{{company="{name}",outcome="{outcome}"}}' for name, outcome in SANDBOX.items()),
            f'absent(mailpath_path_outcome{{company="{WELL}",outcome!="inbox"}})',
            f'mailpath_incident_companies{{company="{STOPPED}"}}',
            f'mailpath_muted_incidents{{company="{MUTED}"}}',
            'mailpath_notices_total{result="failed"}',
            'mailpath_notices_total{result="delivered"}',
            'mailpath_inbound_mails_total{kind="refused"}',
            f'mailpath_code_delivery_seconds{{company="{WELL}"}}',
            'mailpath_delivery_seconds_count{code="1"} > 2',
            f"count_over_time(up[1m]) >= {SCRAPES}",
            f'company:mailpath_codes_budget:left30d{{company="{STOPPED}"}}',
            *(f'company:mailpath_codes_missed:ratio6h{{company="{name}"}}' for name in (WELL, STOPPED)),
            *(f'company:mailpath_codes_missed:ratio3d{{company="{name}"}}' for name in (WELL, STOPPED)),
            "grade:mailpath_codes_missed:ratio6h",
            'ALERTS{alertname="MailpathCompanyStopped",alertstate="firing"}',
            f'mailpath_incident_opened_timestamp_seconds{{company="{MUTED}"}}',
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


@pytest.fixture(scope="module")
def bound(source: Source, service: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A Prometheus that has what one company's own has: nothing of others, nothing of Mailpath itself."""
    lines = read(f"{service}/metrics").splitlines(keepends=True)
    text = "".join(line for line in lines if line.startswith("#") or f'company="{STOPPED}"' in line)
    with saying(text) as page:
        folder = tmp_path_factory.mktemp("bound")
        with prometheus(configuration(page.removeprefix("http://"), folder), folder) as url:
            own = Source(url)
            own.until(f"count_over_time(up[1m]) >= {SCRAPES}", f'company:mailpath_codes:rate5m{{company="{STOPPED}"}}')
            yield own


OF_ITS_OWN = [panel for board, panel in asking() if board == "company-own"]


@pytest.mark.parametrize("panel", OF_ITS_OWN, ids=titled)
def test_a_company_s_board_needs_nothing_of_others(bound: Source, panel) -> None:
    for target in panel["targets"]:
        found = bound.series(target, company=STOPPED)
        assert found or empty_by_right(panel), target["expr"]
        assert {one["metric"].get("company", STOPPED) for one in found} <= {STOPPED}


def test_a_company_s_board_says_the_same_from_its_own_metrics(source: Source, bound: Source) -> None:
    for title in (
        "Company",
        "Open incidents that affect this company",
        "What to do now",
        "Current verdicts, worst first",
    ):
        own, all_ = (table(each, "company-own", title, company=STOPPED)["A"] for each in (bound, source))
        assert own == all_
    (variable,) = (each for each in BOARDS["company-own"]["templating"]["list"] if each["name"] == "company")
    asked = variable["query"]["query"].removeprefix("query_result(").removesuffix(")")
    (only,) = bound.get("query", query=asked, time=bound.moment)["result"]
    assert offer(as_text(only["metric"]), variable["regex"])[1] == STOPPED


def empty_by_right(panel: Json) -> bool:
    """It says in words what it means that it has nothing to show."""
    return "noValue" in panel["fieldConfig"]["defaults"]


@EVERY_QUESTION
@pytest.mark.parametrize("kind", [".*", "verification"])
def test_every_query_answers(source: Source, board, panel, kind) -> None:
    company = WELL if board in OF_ONE else ".*"
    for target in panel["targets"]:
        assert source.series(target, company=company, kind=kind), target["expr"]


@EVERY_QUESTION
def test_a_query_that_can_say_none_says_what_there_is(source: Source, board, panel) -> None:
    """Its answer is not the one that stands for none: that would hide every slip in the rest of it."""
    for target in panel["targets"]:
        first, *none = target["expr"].split(" or on () ")
        if len(none) == 1 and target["legendFormat"] not in NOT_HERE:
            stripped = target | {"expr": first}
            companies = (STOPPED, MUTED) if board in OF_ONE else (".*",)
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
    query = variable["query"]["query"]
    assert variable["definition"] == query
    if asked := re.fullmatch(r"label_values\((.+), (\w+)\)", query):
        assert source.get(f"label/{asked[2]}/values", **{"match[]": filled(asked[1], {"company": WELL})})
        return
    asked = re.fullmatch(r"query_result\((.+)\)", query)
    assert asked
    assert variable["name"] == "company"
    found = source.get("query", query=filled(asked[1], EVERYTHING), time=source.moment)["result"]
    offered = [offer(as_text(one["metric"]), variable["regex"]) for one in found]
    assert sorted(value for _, value in offered) == sorted(SANDBOX)
    assert (NAME, WELL) in offered


@EVERY_QUESTION
def test_every_column_and_every_name_in_a_legend_is_a_label_that_is_there(source: Source, board, panel) -> None:
    answers = [source.series(target, company=STOPPED if board in OF_ONE else ".*") for target in panel["targets"]]
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
    ranks: dict[str, float] = {company: RANKS[outcome] for company, outcome in SANDBOX.items()}
    assert found == ranks | {MUTED: PROBE_ONLY_RANKS[Outcome.BLOCKED]}
    assert PROBE_ONLY_RANKS[Outcome.BLOCKED] < RANKS[Outcome.LATE]
    counts = [
        numbers(source.series(target)[0])[0] for target in panel_of("overview", "Does mail reach everyone?")["targets"]
    ]
    assert counts == [9, 1, 1, 1]


def test_the_last_refusal_of_a_company_comes_with_its_cause_and_runbook(source: Source) -> None:
    (target,) = panel_of("company", "Latest first")["targets"]
    (refusal,) = source.series(target, company=STOPPED)
    said = refusal["metric"]
    assert (said["outcome"], said["cause"], said["runbook"]) == (
        "blocked",
        "ip_blocked",
        f"{MAILPATH}/runbooks/cause-address?company=granite",
    )
    assert said["grade"] == "impersonated"
    (none,) = source.series(target, company=WELL)
    assert numbers(none) == [0]


def table(source: Source, board: str, title: str, **chosen: str) -> dict[str, list[tuple[Json, float]]]:
    """The rows that each query of a table gives."""
    targets = panel_of(board, title)["targets"]
    return {
        target["refId"]: [(one["metric"], numbers(one)[0]) for one in source.series(target, **chosen)]
        for target in targets
    }


def test_the_table_of_companies_says_since_when_how_many_in_time_and_who_is_muted(source: Source) -> None:
    answers = table(source, "overview", "Companies, worst first")
    since, share, open_, muted = ({row["company"]: value for row, value in answers[ref]} for ref in "BCDE")
    assert {*since} == {*share} == {*open_} == {*muted} == {*SANDBOX}
    assert since[WELL] == 0
    assert 0 < source.moment - since[STOPPED] / 1000 < 300
    assert (share[WELL], share[STOPPED], share["ironvault"]) == (1, 0, -1)
    assert (open_[WELL], open_[STOPPED], open_[MUTED]) == (0, 1, 0)
    assert {company for company, count in muted.items() if count} == {MUTED}


def test_a_company_whose_mail_arrives_has_no_path_of_its_own_and_no_advice(source: Source) -> None:
    rows = {row["company"]: row for row, _ in table(source, "overview", "Companies, worst first")["A"]}
    assert rows[WELL].keys() & {"path", "kind", "cause", "grade", "runbook"} == set()
    assert rows[STOPPED]["runbook"] == f"{MAILPATH}/runbooks/cause-address?company=granite"


def test_the_table_of_companies_can_be_limited_to_those_with_trouble(source: Source) -> None:
    found = table(source, "overview", "Companies, worst first", least="0.5")["A"]
    assert {row["company"] for row, _ in found} == {*SANDBOX} - {WELL}


@pytest.mark.parametrize(("system", "companies"), [("postfix", 12), ("m365", 0)])
def test_mail_systems_limit_what_the_overview_shows(source: Source, system, companies) -> None:
    assert len(table(source, "overview", "Companies, worst first", mail_system=system)["A"]) == companies
    counts = table(source, "overview", "Does mail reach everyone?", mail_system=system)
    assert sum(rows[0][1] for rows in counts.values()) == companies
    rows = table(source, "overview", "Open incidents", mail_system=system)["A"]
    assert ("page" in rows[0][0]) is bool(companies)  # the row that stands for none leads nowhere


def test_severities_limit_the_incidents_of_the_overview(source: Source) -> None:
    everything, critical = (
        [row for row, _ in table(source, "overview", "Open incidents", severity=chosen)["A"]]
        for chosen in (".*", "page")
    )
    assert {row["severity"] for row in critical} == {"page"}
    assert len(critical) < len(everything)


def infos(source: Source) -> list[Json]:
    found: list[Json] = source.get("query", query="mailpath_company_info", time=source.moment)["result"]
    return found


def test_open_incidents_are_listed_once_with_since_when_and_whether_notices_are_sent(source: Source) -> None:
    rows = table(source, "overview", "Open incidents")["A"]
    incidents = [row["incident"] for row, _ in rows]
    assert len(incidents) == len(set(incidents)) >= 4
    shown = source.get("query", query="mailpath_incident_opened_timestamp_seconds", time=source.moment)["result"]
    assert {*incidents} == {one["metric"]["incident"] for one in shown}
    for row, at in rows:
        assert row["rank"] == str(SEVERITIES[Severity(row["severity"])])
        assert row["page"] == f"{MAILPATH}/incidents/{row['incident']}"
        assert row["runbook"].endswith(f"?incident={row['incident']}")
        assert 0 < source.moment - at / 1000 < 300
    quiet = [row["who"] for row, _ in rows if row["notices"] == "muted"]
    (name,) = (one["metric"]["name"] for one in infos(source) if one["metric"]["company"] == MUTED)
    assert quiet == [name]


def test_the_alerts_of_prometheus_are_shown_but_the_one_that_always_fires(source: Source) -> None:
    for board in ("overview", "itself"):
        rows = table(source, board, "Alerts in Prometheus")["A"]
        found = {row["alertname"]: (row, at) for row, at in rows}
        assert "MailpathDeadMansSwitch" not in found
        row, at = found["MailpathCompanyStopped"]
        assert (row["rank"], row["alertstate"]) == ("3", "firing")
        assert row["page"] == f"{MAILPATH}/runbooks/MailpathCompanyStopped"
        assert 0 < source.moment - at / 1000 < 300


def test_what_to_do_names_the_remedies_of_the_present_causes_only(source: Source) -> None:
    for company, causes in ((STOPPED, {"ip_blocked"}), (WELL, {"✓ nothing"})):
        rows = table(source, "company-own", "What to do now", company=company)["A"]
        assert {row["cause"] for row, _ in rows} == causes
        page = f"{MAILPATH}/runbooks/cause-address?company=granite"
        assert {row.get("runbook", "") for row, _ in rows} == {page if company == STOPPED else ""}


def test_the_name_of_a_company_is_on_its_board(source: Source) -> None:
    ((row, _),) = table(source, "company-own", "Company", company=WELL)["A"]
    assert row["name"] == NAME


@pytest.mark.parametrize("board", ["company", "company-own", "overview", "sender"])
def test_marks_are_where_incidents_began(source: Source, board) -> None:
    marks = {each["name"]: each for each in BOARDS[board]["annotations"]["list"]}
    opened = marks["Incidents opened"]["target"] | {"instant": False}
    one, *_ = source.series(opened, company=STOPPED)
    words = one["metric"]
    assert (words["severity"], words["cause"]) == ("page", "IP address")
    assert 0 < source.moment - numbers(one)[0] / 1000 < 300
    assert source.series(marks["Mail systems changed"]["target"] | {"instant": False}) == []
    if board in OF_ONE:
        assert source.series(marks["Time of incidents"]["target"] | {"instant": False}, company=STOPPED)
        for each in marks.values():
            assert not source.series(each["target"] | {"instant": False}, company=WELL)
