"""The manifests: written from the rules, in the form that the Prometheus operator's documentation gives, and all named
in the kustomization."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.kubernetes_manifests import FOLDER, manifests
from tests.support.alert_rules import DASHBOARDS, PROMETHEUS, RULES

WRITTEN = manifests()
KUSTOMIZATION = yaml.safe_load((DASHBOARDS / "kustomization.yaml").read_text())
each_manifest = pytest.mark.parametrize("name", WRITTEN)

DURATION = re.compile(r"0|(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
MAX_LABEL_CHARS = 63


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def only(keys: Iterable[str], *, needs: Iterable[str], may: Iterable[str] = ()) -> None:
    """Only keys that the API documents, and all that it requires."""
    assert set(needs) <= set(keys) <= {*needs, *may}


def texts(found: Mapping[str, Any]) -> None:
    assert all(LABEL_NAME.fullmatch(name) and isinstance(text, str) and text for name, text in found.items()), found


def lasts(value: Any) -> None:
    assert isinstance(value, str)
    assert value
    assert DURATION.fullmatch(value), value


@each_manifest
def test_a_manifest_is_written_from_its_source(name: str) -> None:
    assert (FOLDER / name).read_text() == WRITTEN[name], "write it with make dashboards"


def test_there_are_no_other_files_than_those_that_are_written() -> None:
    assert {file.name for file in FOLDER.iterdir()} == WRITTEN.keys()
    assert {f"{file.name.removesuffix('.rules.yml')}.prometheusrule.yaml" for file in RULES} <= WRITTEN.keys()


@each_manifest
def test_a_manifest_has_the_head_of_an_object_of_the_operator(name: str) -> None:
    manifest = read(name)
    only(manifest, needs=("apiVersion", "kind", "metadata", "spec"))
    assert manifest["apiVersion"] == "monitoring.coreos.com/v1"
    assert name.split(".")[1] == manifest["kind"].lower()
    assert DNS_NAME.fullmatch(manifest["metadata"]["name"])
    for value in manifest["metadata"]["labels"].values():
        assert LABEL_VALUE.fullmatch(value)
        assert len(value) <= MAX_LABEL_CHARS


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_a_prometheus_rule_has_the_groups_of_its_file_in_the_form_of_the_api(file: Path) -> None:
    spec = read(f"{file.name.removesuffix('.rules.yml')}.prometheusrule.yaml")["spec"]
    only(spec, needs=("groups",))
    assert spec == yaml.safe_load(file.read_text()), "the same rules"
    names = [group["name"] for group in spec["groups"]]
    assert len(set(names)) == len(names)
    for group in spec["groups"]:
        only(group, needs=("name", "rules"), may=("interval",))
        lasts(group["interval"])
        for rule in group["rules"]:
            kind = {"alert", "record"} & rule.keys()
            assert len(kind) == 1
            only(rule, needs=("expr", *kind), may=("for", "labels", "annotations") if "alert" in kind else ("labels",))
            assert isinstance(rule["expr"], str)
            lasts(rule.get("for", "0"))
            texts(rule.get("labels", {}))
            texts(rule.get("annotations", {}))


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_prometheus_takes_the_rules_of_a_manifest(file: Path, tmp_path: Path) -> None:
    manifest = read(f"{file.name.removesuffix('.rules.yml')}.prometheusrule.yaml")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(manifest["spec"]))
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "endpoints"),
    [("mailpath.servicemonitor.yaml", "endpoints"), ("mailpath.podmonitor.yaml", "podMetricsEndpoints")],
)
def test_a_monitor_scrapes_the_metrics_as_the_job_that_the_rules_know(name: str, endpoints: str) -> None:
    spec = read(name)["spec"]
    only(spec, needs=("selector", endpoints))
    only(spec["selector"], needs=("matchLabels",))
    (endpoint,) = spec[endpoints]
    only(endpoint, needs=("port", "path", "interval", "relabelings"))
    assert DNS_NAME.fullmatch(endpoint["port"])
    assert len(endpoint["port"]) <= 15, "the longest name of a port"
    lasts(endpoint["interval"])
    example = yaml.safe_load((PROMETHEUS / "scrape.example.yml").read_text())
    assert endpoint["interval"] == example["global"]["scrape_interval"]
    (relabeling,) = endpoint["relabelings"]
    assert relabeling == {"action": "replace", "targetLabel": "job", "replacement": "mailpath"}


def test_the_kustomization_names_the_manifests_and_the_boards_that_are_there() -> None:
    named = {Path(each).name for each in KUSTOMIZATION["resources"]}
    assert named == WRITTEN.keys() - {"mailpath.podmonitor.yaml"}
    boards = [DASHBOARDS / each["files"][0] for each in KUSTOMIZATION["configMapGenerator"]]
    there = set((DASHBOARDS / "grafana" / "boards").glob("*.json"))
    assert set(boards) == {board for board in there if board.stem != "company-own"}, (
        "that one is for a company's Grafana"
    )
    for board in boards:
        assert board.stat().st_size < 1_000_000, "the most that a ConfigMap holds is 1 MiB"
    for each in KUSTOMIZATION["configMapGenerator"]:
        assert DNS_NAME.fullmatch(each["name"])
