"""The boards' files are current, whole, and say of themselves what people need to read them."""

import json
import re
from itertools import combinations, pairwise

import pytest
import yaml
from aiohttp.web import RouteDef
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import build
from dashboards.board import Name
from dashboards.words import RANKS, TEXTS
from monitor.output.symbols import COLOURS, SIGNS
from monitor.web.pages import routes
from probes.labels import outcome_label
from probes.mailsystems.causes import IN_SHORT
from probes.mailsystems.family import CauseFamily
from probes.verdict import Outcome
from tests.support.grafana_boards import BOARDS, FILES, GRAFANA, ROOT, RUNBOOKS, asking, panels, strings, titled

GRAFANA_12 = range(41, 43)  # the schema versions of its releases
EVERY_PANEL = pytest.mark.parametrize(("board", "panel"), list(panels()), ids=titled)
EVERY_QUESTION = pytest.mark.parametrize(("board", "panel"), list(asking()), ids=titled)
EVERY_BOARD = pytest.mark.parametrize("name", BOARDS)
WINDOW = re.compile(r"\[([^\]]+)\]|offset (\S+)")
DAYS = {"1d", "1d:1m"}
SELECTOR = re.compile(r"\b(?:mailpath_\w+|\w+:mailpath_\w+(?::\w+)?|ALERTS\w*|up|scrape_\w+)\b(\{[^}]*\})?")
GRADED = re.compile(r"mailpath_(path_outcome|probes_total|codes_|delivery_seconds|code_delivery)")


def test_the_files_are_those_that_the_code_makes() -> None:
    """If not: make dashboards."""
    assert {file.stem: file.read_text() for file in FILES} == {
        name: build.written(board()) for name, board in build.BOARDS.items()
    }


def test_building_writes_all_of_them(tmp_path) -> None:
    build.build(tmp_path / "new")
    assert [file.name for file in sorted((tmp_path / "new").iterdir())] == [file.name for file in FILES]


@EVERY_BOARD
def test_grafana_s_own_model_of_a_board_knows_all_that_is_in_it(name) -> None:
    """It drops what it does not know without a word, so what it knows is written out again and compared."""
    known = json.loads(build.written(Dashboard.from_json(BOARDS[name])))
    assert known == BOARDS[name]
    assert BOARDS[name]["schemaVersion"] in GRAFANA_12


def test_boards_are_found_by_names_that_stay() -> None:
    uids = {board["uid"]: board["title"] for board in BOARDS.values()}
    assert uids == {
        "mailpath-overview": "Mailpath: overview",
        "mailpath-company": "Mailpath: company",
        "mailpath-company-own": "Mail from Trimble Identity",
        "mailpath-sender": "Mailpath: sender",
        "mailpath-itself": "Mailpath: itself",
    }
    assert len(uids) == len(BOARDS) == len(Name)


@EVERY_BOARD
def test_panels_stand_beside_each_other_in_reading_order(name) -> None:
    places = [panel["gridPos"] for panel in BOARDS[name]["panels"]]
    assert [panel["id"] for panel in BOARDS[name]["panels"]] == list(range(1, len(places) + 1))
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert all((one["y"], one["x"]) < (other["y"], other["x"]) for one, other in pairwise(places))
    assert {sum(place["w"] for place in places if place["y"] == top) for top in {at["y"] for at in places}} == {24}


@EVERY_PANEL
def test_a_panel_says_what_it_shows(board, panel) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 40
    assert panel["description"].endswith(".")
    assert not re.search(r"[ ]{2}|\{|\bTODO\b", panel["description"])


@EVERY_QUESTION
def test_a_panel_has_a_unit_and_asks_the_prometheus_that_was_chosen(board, panel) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == chosen
    assert [target["datasource"] for target in panel["targets"]] == [chosen] * len(panel["targets"])
    assert panel["targets"]


@EVERY_QUESTION
def test_a_query_is_of_now_or_over_time_as_its_panel_needs_it(board, panel) -> None:
    over_time = panel["type"] in ("timeseries", "state-timeline")
    for target in panel["targets"]:
        assert (target["range"], target["instant"]) == (over_time, not over_time)


@EVERY_QUESTION
def test_grades_are_never_taken_together_in_silence(board, panel) -> None:
    """The board about Mailpath itself counts its own work and says nothing of mail."""
    if board != "itself" and any(GRADED.search(target["expr"]) for target in panel["targets"]):
        assert "grade" in panel["description"]


@EVERY_QUESTION
def test_legends_have_words_and_no_raw_values(board, panel) -> None:
    """A table can map values to words, a legend cannot."""
    for target in panel["targets"]:
        for label in set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) & set(TEXTS):
            if (board, panel["title"]) != ("itself", "Received messages"):  # whose kinds are of another sort
                for value, text in TEXTS[label].items():
                    assert f'"{label}", "{text}", "{label}", "{value}"' in target["expr"]


@EVERY_QUESTION
def test_windows_follow_the_time_that_is_shown_but_for_tallies_of_days(board, panel) -> None:
    """A fixed hour would be empty, or hide what happened between two points."""
    for target in panel["targets"]:
        for windows in WINDOW.findall(target["expr"]):
            (window,) = filter(None, windows)
            assert window.rstrip(")") in {"$__interval", "$__rate_interval", "$__range", *DAYS}
            assert window not in DAYS or "24 h" in panel["description"]


@pytest.mark.parametrize("name", ["company", "company-own"])
def test_a_board_of_one_company_asks_for_nothing_of_others(name) -> None:
    """Whatever its data source has."""
    board = BOARDS[name]
    variables = [each["query"]["query"] for each in board["templating"]["list"] if each["type"] == "query"]
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    asked += [mark["target"]["expr"] for mark in board["annotations"]["list"]]
    itself, *others = variables
    assert itself == "query_result(group by (company, name) (mailpath_company_info{}))"
    selectors = [found for expr in [*asked, *others] for found in SELECTOR.finditer(expr)]
    assert len(selectors) > 50
    assert [found[0] for found in selectors if 'company="$company"' not in (found[1] or "")] == []


def test_the_board_that_a_company_gets_knows_no_other_board() -> None:
    own, staff = BOARDS["company-own"], BOARDS["company"]
    texts = list(strings(own))
    assert not [text for text in texts if re.search(r"/d/|mailpath-(overview|sender|itself)|Mailpath: ", text)]
    assert own["panels"] == staff["panels"]
    assert own["annotations"] == staff["annotations"]


def test_a_board_of_one_company_shows_its_name_and_only_the_remedies_of_now() -> None:
    titles = {panel["title"]: panel for panel in BOARDS["company-own"]["panels"]}
    assert "{{name}}" in titles["Company"]["targets"][0]["legendFormat"]
    assert titles["Company"]["options"]["textMode"] == "name"
    assert [panel for panel in titles.values() if panel["type"] == "text"] == []
    (remedies,) = titles["What to do now"]["targets"]
    assert "mailpath_path_outcome" in remedies["expr"]


def test_severities_lead_to_the_company_s_page_and_numbers_to_the_incident_s() -> None:
    (table,) = (panel for panel in BOARDS["company"]["panels"] if panel["title"].startswith("Open incidents"))
    links = {
        override["matcher"]["options"]: each["value"][0]["url"]
        for override in table["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
    }
    assert links == {"rank": "${mailpath:raw}/companies/${company}", "page": "${__value.raw}"}


@EVERY_BOARD
def test_marks_are_those_of_incidents_and_changes(name) -> None:
    marks = {each["name"]: each for each in BOARDS[name]["annotations"].get("list", [])}
    if name == "itself":
        assert not marks
        return
    assert {"Incidents opened", "Mail systems changed"} <= set(marks)
    assert marks["Incidents opened"]["useValueForTime"] is True
    for mark in marks.values():
        assert mark["enable"]
        assert mark["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@EVERY_BOARD
def test_every_variable_that_is_used_is_there_and_none_is_for_nothing(name) -> None:
    board = BOARDS[name]
    defined = {variable["name"]: variable for variable in board["templating"]["list"]}
    used = {word for text in strings(board) for word in re.findall(r"\$\{?(\w+)", text)}
    used = {word for word in used if not word.startswith("__") and not word.isdecimal()}  # $1 is PromQL's own
    assert used == set(defined)
    assert all(variable["description"] and variable["label"] for variable in defined.values())
    assert defined["mailpath"]["query"] == "http://127.0.0.1:8025"


@EVERY_BOARD
def test_every_board_leads_to_the_others_and_to_mailpath_s_page(name) -> None:
    urls = [link["url"] for link in BOARDS[name]["links"]]
    if name == "company-own":
        assert urls == ["${mailpath:raw}/companies/${company}"]
        return
    others = [each.uid for each in Name if each.uid != BOARDS[name]["uid"] and not each.alone]
    assert urls == [
        *(f"/d/{uid}?${{datasource:queryparam}}&${{mailpath:queryparam}}" for uid in others),
        "${mailpath:raw}/",
    ]


def test_every_link_leads_to_something_that_is_there() -> None:
    texts = [text for board in BOARDS.values() for text in strings(board)]
    boards = {uid for text in texts for uid in re.findall(r"/d/([\w-]+)", text)}
    pages = {page for text in texts for page in re.findall(r"\$\{mailpath:raw\}/([^)\"]*)", text)}
    assert boards == {each.uid for each in Name if not each.alone}
    named = {f"runbooks/cause-{family}" for family in CauseFamily}
    assert pages == {"", "incidents/$1", "companies/${company}", "runbooks/$1", *named}
    served = {route.path for route in routes() if isinstance(route, RouteDef)}
    assert served >= {"/", "/incidents/{incident}", "/companies/{company}"}
    assert {f"runbooks/{file.stem}" for file in RUNBOOKS.glob("cause-*.md")} == named
    assert (RUNBOOKS / "index.md").exists()  # where the link of a row without a runbook ends


def test_every_family_of_causes_has_its_advice_short_enough_for_a_cell() -> None:
    assert set(IN_SHORT) == set(CauseFamily)
    assert max(map(len, IN_SHORT.values())) <= 52


@pytest.mark.parametrize("outcome", [*Outcome, None], ids=str)
def test_an_outcome_looks_as_on_the_web_page_wherever_it_is_shown(outcome) -> None:
    """By its rank, by its word, and as the name of a series: the same sign and colour."""
    shown = f"{SIGNS[outcome]} {outcome_label(outcome).label}"
    seen = 0
    for text in map(json.dumps, BOARDS.values()):
        for value, result in re.findall(r'"(-?[\w ]*)": ({"text": [^}]*})', text):
            if json.loads(result)["text"] == shown:
                assert value in (str(RANKS[outcome]), outcome or "")
                assert json.loads(result)["color"] == COLOURS[outcome].fill
                seen += 1
    assert seen >= 4


def test_no_colour_is_used_but_those_that_everybody_can_tell_apart() -> None:
    used = {colour for board in BOARDS.values() for text in strings(board) for colour in re.findall(r"^#\w+$", text)}
    assert used <= {colour.fill for colour in COLOURS.values()}


def test_no_colour_stands_alone() -> None:
    """Wherever a colour is chosen by a value, the value or a word is written too."""
    for _, panel in asking():
        options = panel["options"]
        assert options.get("textMode", "auto") != "none"
        assert options.get("valueMode", "text") == "text"
        assert options.get("showValue", "auto") != "never"
        if panel["type"] in ("timeseries", "barchart"):
            assert options["legend"]["showLegend"]


def test_grafana_finds_the_boards_and_their_data() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/mailpath.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/mailpath.yml").read_text())["providers"]
    assert (source["type"], source["access"]) == ("prometheus", "proxy")
    assert provider["type"] == "file"
    assert provider["options"]["path"] in (GRAFANA / "README.md").read_text()
    assert not provider["allowUiUpdates"]


def test_the_service_runs_without_what_makes_the_boards() -> None:
    words = re.compile(r"^\s*(from|import) (grafana_foundation_sdk|dashboards\b)", re.MULTILINE)
    sources = [path for folder in ("probes", "monitor") for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in sources if words.search(path.read_text())] == []
    assert "import" not in (ROOT / "dashboards" / "__init__.py").read_text()
