"""The files in docs/deploy/ agree with the code: commands, ports, addresses of health, metrics, names of services."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.config import read_config
from monitor.output.company_metrics import BOARD_FAMILIES, COMPANY_HISTOGRAMS
from monitor.output.service_metrics import SERVICE_FAMILIES, SERVICE_HISTOGRAMS
from monitor.reference import commands
from tests.support.documentation import DOCS, ROOT

DEPLOY = DOCS / "deploy"
COMPOSE, KUBERNETES, SYSTEMD = DEPLOY / "compose", DEPLOY / "kubernetes", DEPLOY / "systemd"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
CONFIGURATIONS = (COMPOSE / "config" / "mailpath.toml", KUBERNETES / "mailpath.toml")
UNITS = sorted(SYSTEMD.glob("*.service"))
DROP_INS = ("mailpath.service.d", "mailpath-.service.d")
NOBODY = 10001
METRICS_PORT, PAGES_PORT = 9108, 8025
OPTIONS = (DOCS / "reference" / "commands.md").read_text()


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


SERVICES = read(COMPOSE / "compose.yaml")["services"]
OWN = {name: service for name, service in SERVICES.items() if "command" in service and len(service["command"]) == 1}
PROMETHEUS = read(COMPOSE / "prometheus.yml")
OBJECTS = [each for file in KUBERNETES.glob("*.yaml") for each in yaml.safe_load_all(file.read_text())]
DEPLOYMENTS = {
    each["metadata"]["labels"]["app.kubernetes.io/component"]: each
    for each in OBJECTS
    if each["kind"] == "Deployment" and "labels" in each["metadata"]
}
PROCESS = read(KUBERNETES / "process.yaml")["spec"]["template"]["spec"]


# ---- One configuration for all processes ----------------------------------------------------------------------------


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: file.parent.name)
def test_the_configurations_can_be_read_and_answer_where_they_are_asked(file: Path) -> None:
    config = read_config(file)
    assert (config.web.listen.port, config.web.listen.host) == (PAGES_PORT, "0.0.0.0")
    assert config.web.metrics_listen is not None
    assert (config.web.metrics_listen.port, config.web.metrics_listen.host) == (METRICS_PORT, "0.0.0.0")
    assert config.store.url.startswith("postgresql://mailpath@")


def test_every_process_is_a_command() -> None:
    said = [service["command"][0] for service in OWN.values()]
    said += [each["spec"]["template"]["spec"]["containers"][0]["args"][0] for each in DEPLOYMENTS.values()]
    said += re.findall(r'^CMD \["(\w+)"\]', CONTAINERFILE, re.MULTILINE)
    assert {"worker", "rules", "web", "inbound", "serve"} == set(said)
    assert set(said) <= set(commands.commands())


# ---- The image ------------------------------------------------------------------------------------------------------


def test_the_image_runs_as_nobody_and_asks_for_its_health() -> None:
    assert f"\nUSER {NOBODY}:{NOBODY}\n" in CONTAINERFILE
    assert f"http://127.0.0.1:{METRICS_PORT}/healthz" in CONTAINERFILE
    assert "MAILPATH_CONFIG=/etc/mailpath/mailpath.toml" in CONTAINERFILE
    assert "MAILPATH_CONFIG" in OPTIONS


def test_the_image_is_made_of_what_is_there_and_of_nothing_secret() -> None:
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    copied = [name for line in sources for name in line.split()]
    assert all((ROOT / name).exists() for name in copied)
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert ignored.index("**/.env") > max(ignored.index(f"!{name}") for name in copied)  # the last match holds


def test_no_registry_is_named() -> None:
    for file in DEPLOY.rglob("*"):
        if file.is_file():
            assert not re.search(r"pypi\.|pythonhosted|index-url|docker\.io|ghcr\.|quay\.", file.read_text()), file


def test_the_lock_has_the_driver_of_the_database_that_the_stacks_use() -> None:
    assert re.search(r"^psycopg-binary==", (ROOT / ".ci" / "requirements" / "runtime.txt").read_text(), re.MULTILINE)


# ---- Compose --------------------------------------------------------------------------------------------------------


def test_what_compose_mounts_is_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).partition(":")[0]
            assert source in read(COMPOSE / "compose.yaml")["volumes"] or (COMPOSE / source).resolve().exists(), volume


def test_all_but_the_database_have_a_read_only_root_and_no_capability() -> None:
    for name, service in SERVICES.items():
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert name == "postgres" or (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_nothing_but_mail_is_published_to_other_machines() -> None:
    published = {port for service in SERVICES.values() for port in service.get("ports", ())}
    assert {port for port in published if not port.startswith("127.0.0.1:")} == {"25:2525"}
    assert not any(port.endswith(f":{METRICS_PORT}") for port in published)


def test_addresses_in_the_stack_are_services_of_it() -> None:
    files = (*CONFIGURATIONS[:1], COMPOSE / "grafana-datasource.yml", COMPOSE / "prometheus.yml")
    text = "\n".join(file.read_text() for file in files)
    hosts = re.findall(r"(?:http://|mailpath@|targets: \[\")([a-z]+)[:/]", text)
    assert {"postgres", "alertmanager", "prometheus"} <= set(hosts) <= SERVICES.keys()


def test_the_data_source_is_that_of_the_boards_with_another_address() -> None:
    ours = read(COMPOSE / "grafana-datasource.yml")
    theirs = read(ROOT / "dashboards" / "grafana" / "provisioning" / "datasources" / "mailpath.yml")
    ours["datasources"][0]["url"] = theirs["datasources"][0]["url"]
    assert ours == theirs


# ---- What is scraped ------------------------------------------------------------------------------------------------

OF_COMPANIES = {
    *(family.name for family in BOARD_FAMILIES),
    *(histogram.name for histogram in COMPANY_HISTOGRAMS),
    "mailpath_path_every_seconds",
}
OF_ONE_PROCESS = {
    *(family.name for family in SERVICE_FAMILIES),
    *(histogram.name for histogram in SERVICE_HISTOGRAMS),
}
JOBS = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}


def test_every_process_is_scraped_at_its_port_under_the_name_that_the_rules_know() -> None:
    for job in JOBS.values():
        (found,) = job["dns_sd_configs"]
        assert (found["port"], found["type"]) == (METRICS_PORT, "A")
        assert set(found["names"]) <= OWN.keys()
        assert {"target_label": "job", "replacement": "mailpath"} in job["relabel_configs"]


def test_companies_are_counted_once() -> None:
    drop = re.compile(JOBS["rules"]["metric_relabel_configs"][0]["regex"])
    keep = re.compile(JOBS["web"]["metric_relabel_configs"][0]["regex"])
    assert "metric_relabel_configs" not in JOBS["workers"]
    assert {name for name in OF_COMPANIES if not drop.fullmatch(name)} == set()
    assert {name for name in OF_ONE_PROCESS if drop.fullmatch(name)} == set()
    assert {name for name in OF_COMPANIES if keep.fullmatch(name)} == set()
    for kept in ("mailpath_incidents", "mailpath_leads", "mailpath_notices_total"):
        assert not drop.fullmatch(kept)
        assert not keep.fullmatch(kept)


def test_kubernetes_scrapes_the_same() -> None:
    (monitor,) = (each for each in OBJECTS if each["kind"] == "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    of_rules, of_web = (re.compile(each["regex"]) for each in endpoint["metricRelabelings"])
    for name in OF_COMPANIES:
        assert of_rules.fullmatch(f"mailpath-rules-5d-x;{name}")
        assert of_web.fullmatch(f"mailpath-web-5d-x;{name}")
        assert not of_rules.fullmatch(f"mailpath-worker-5d-x;{name}")
    for name in OF_ONE_PROCESS:
        assert not of_rules.fullmatch(f"mailpath-rules-5d-x;{name}")


# ---- Kubernetes -----------------------------------------------------------------------------------------------------


def test_the_pods_are_restricted() -> None:
    """The restricted Pod Security Standard: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    pod, (container,) = PROCESS["securityContext"], PROCESS["containers"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (True, NOBODY, {"type": "RuntimeDefault"})
    limits = container["securityContext"]
    assert (limits["allowPrivilegeEscalation"], limits["readOnlyRootFilesystem"]) == (False, True)
    assert limits["capabilities"] == {"drop": ["ALL"]}


def test_the_pods_are_asked_where_they_answer() -> None:
    (container,) = PROCESS["containers"]
    assert container["ports"] == [{"name": "metrics", "containerPort": METRICS_PORT}]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    ready = {
        name: "readinessProbe" in d["spec"]["template"]["spec"]["containers"][0] for name, d in DEPLOYMENTS.items()
    }
    assert ready == {"worker": True, "web": True, "rules": False}  # a standby is never ready, and need not be


@pytest.mark.skipif(not shutil.which("kubectl"), reason="needs kubectl")
def test_the_base_is_built() -> None:
    done = subprocess.run(("kubectl", "kustomize", KUBERNETES), capture_output=True, text=True, check=True, timeout=60)
    built = [each for each in yaml.safe_load_all(done.stdout) if each["kind"] == "Deployment"]
    assert {each["metadata"]["name"] for each in built} == {f"mailpath-{name}" for name in DEPLOYMENTS}
    for each in built:
        pod = each["spec"]["template"]
        assert each["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        (container,) = pod["spec"]["containers"]
        assert container["args"]
        assert container["image"].startswith("mailpath:")
        assert pod["spec"]["securityContext"]["runAsNonRoot"]


# ---- systemd --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_starts_a_command_with_options_that_it_has(file: Path) -> None:
    (line,) = re.findall(r"^ExecStart=(.+)", file.read_text(), re.MULTILINE)
    program, command, *options = shlex.split(line)
    usage = OPTIONS.partition(f"\nUsage: mailpath {command} ")[2].partition("\n```")[0]
    assert (program, command in commands.commands()) == ("/opt/mailpath/bin/mailpath", True)
    assert {option for option in options if option.startswith("--")} <= set(re.findall(r"--[a-z]+", usage))


def test_no_two_units_listen_at_the_same_port() -> None:
    workers = {9100 + number for number in range(1, 9)}
    others = [
        int(port) for file in UNITS for port in re.findall(r"^ExecStart=.*:(\d+)$", file.read_text(), re.MULTILINE)
    ]
    assert ":910%i" in (SYSTEMD / "mailpath-worker@.service").read_text()
    assert len({*workers, METRICS_PORT, *others}) == len(workers | {METRICS_PORT}) + len(others)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_the_units_are_good_and_hardened(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "systemd" / "system"
    folder.mkdir(parents=True)
    for file in UNITS:
        text = file.read_text().replace("/opt/mailpath/bin/mailpath", "/bin/true")
        (folder / file.name.replace("@", "@1")).write_text(text)
    for drop_in in DROP_INS:
        (folder / drop_in).mkdir()
        shutil.copy(SYSTEMD / "hardening.conf", folder / drop_in)
    units = [file.name for file in folder.glob("*.service")]
    assert analyze("verify", "--man=no", *units, SYSTEMD_UNIT_PATH=f"{folder}:") == (0, "")
    for unit in units:  # exposure of at most 2.0, where 10 is a unit without any limits
        assert analyze("security", "--offline=yes", f"--root={tmp_path}", "--threshold=20", unit) == (0, "")


def analyze(*words: str, **environment: str) -> tuple[int, str]:
    """Run systemd-analyze; return its exit code and what it had to say against the units."""
    variables = {"PATH": "/usr/bin:/bin", "SYSTEMD_PAGER": "", **environment}
    done = subprocess.run(("systemd-analyze", *words), capture_output=True, text=True, env=variables, timeout=60)
    return done.returncode, done.stderr
