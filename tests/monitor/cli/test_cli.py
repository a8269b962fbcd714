"""The commands as people and scripts use them: real processes on a make-believe internet."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

MAILPATH = (sys.executable, "-m", "monitor")
PATIENCE = 20.0

COMPANY = """
[companies.{name}.paths.hq]
to      = "Probe@{name}.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {port} }}
mailbox = {{ via = "maildir", path = "mail/{name}" }}
"""
CONFIG = """
[control]
address   = "postmaster@control.example"
source_ip = "198.51.100.7"
[probes]
every     = "2s"
kinds     = ["verification"]
code_life = "2s"
give_up   = "4s"
retry     = ["1s"]
[web]
listen = "127.0.0.1:{web}"
[sandbox]
slow_by = "3s"
[sandbox.companies]
birch = "inbox"
stone = "blocks_ip"
vault = "unreadable"
"""


def free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


class Place:
    """A folder with a configuration, and the processes started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web, *ports = free_ports(4)
        self.ports = dict(zip(("birch", "stone", "vault"), ports, strict=True))
        self.file = folder / "config.toml"
        self.write(CONFIG.format(web=self.web) + "".join(COMPANY.format(name=n, port=p) for n, p in self.ports.items()))

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = (*MAILPATH, *words, "--config", str(self.file))
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        log = (self.folder / "log").open("a")
        return subprocess.Popen((*MAILPATH, *words, "--config", str(self.file)), stderr=log, text=True)

    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def get(self, path: str) -> str:
        with urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=PATIENCE) as answer:
            return str(answer.read(), "utf-8")

    def listens(self, company: str) -> bool:
        """Its make-believe mail system takes connections; OSError while it does not."""
        socket.create_connection(("127.0.0.1", self.ports[company])).close()
        return True

    def until(self, true: Any) -> Any:
        """Wait for what another process will have done."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if found := true():
                    return found
            except (URLError, OSError):
                pass
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="module")
def sandbox(place: Place) -> Iterator[Place]:
    process = place.start("sandbox")
    try:
        place.until(lambda: place.listens("vault"))
        yield place
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_check_config_tells_what_is_good_and_what_is_wrong(place: Place, tmp_path: Path) -> None:
    good = place.run("check-config")
    valid, _, needs = good.stdout.partition("\n")
    assert (good.returncode, valid) == (0, f"{place.file}: valid: 3 companies, 3 paths")
    assert re.fullmatch(r"about [\d,]+ probes a day; the store grows to about [\d.]+ [MG]B if all .*\n", needs)
    facts = json.loads(place.run("check-config", "--json").stdout)
    assert 0 < facts["store_bytes_least"] <= facts["store_bytes_most"]
    bad = Place(tmp_path)
    bad.write("[web]\nlisten = 1\n[probes]\nevery = 'soon'\nbeans = 3\n")
    told = bad.run("check-config")
    assert told.returncode == 1
    assert [line.partition(" ")[0] for line in told.stderr.splitlines()] == [
        "config.toml:2:",
        "config.toml:4:",
        "config.toml:5:",
    ]
    facts = json.loads(bad.run("check-config", "--json").stdout)
    assert [error["key"] for error in facts["errors"]] == ["web.listen", "probes.every", "probes.beans"]
    assert bad.run("serve").returncode == 2
    assert bad.run("probe", "birch").returncode == 2


def test_check_config_warns_of_a_proxy_that_it_does_not_tell_of(tmp_path: Path) -> None:
    at = Place(tmp_path)
    at.write('[web]\nurl = "https://mailpath.example"\n')
    told = at.run("check-config")
    assert told.returncode == 0
    assert told.stderr.endswith("web.url names another host, but no proxy is trusted: set web.trusted_proxies\n")


def test_paths(place: Place) -> None:
    rows = [json.loads(line) for line in place.run("paths", "--json").stdout.splitlines()]
    assert [(row["company"], row["to"], row["via"]) for row in rows] == [
        (name, f"probe@{name}.example", "xclient") for name in ("birch", "stone", "vault")
    ]
    assert "birch/hq" in place.run("paths").stdout


@pytest.mark.parametrize(
    ("words", "code", "outcome", "cause"),
    [
        (("birch",), 0, "inbox", None),
        (("birch/hq", "--kind", "invitation"), 0, "inbox", None),
        (("stone",), 1, "blocked", "ip_blocked"),
        (("stone", "--as", "control"), 0, "inbox", None),
        (("vault",), 2, "unknown", None),
    ],
)
def test_probe_says_it_in_json_in_words_and_by_its_exit_code(sandbox: Place, words, code, outcome, cause) -> None:
    asked = sandbox.run("probe", *words, "--json")
    events = [json.loads(line) for line in asked.stdout.splitlines()]
    assert asked.returncode == code
    assert events[0]["event"] == "attempt"
    assert [event["stage"] for event in events if event["event"] == "step"][:4] == [
        "connect",
        "banner",
        "ehlo",
        "xclient",
    ]
    last = events[-1]
    assert {"event", "probe", "company", "path", "kind", "outcome", "cause", "grade", "because"} <= last.keys()
    assert (last["event"], last["outcome"], last["cause"]) == ("verdict", outcome, cause)
    told = sandbox.run("explain", last["probe"][:10])
    assert told.returncode == 0
    assert last["because"] in told.stdout
    facts = json.loads(sandbox.run("explain", last["probe"], "--json").stdout)
    assert facts["verdict"]["because"] == last["because"]
    assert {seen["type"] for seen in facts["evidence"]} >= {"attempt", "dialogue"}
    newest = [json.loads(line) for line in sandbox.run("explain", words[0], "--json").stdout.splitlines()]
    assert newest[0]["probe"] == last["probe"]
    assert newest[0]["verdict"] == facts["verdict"]


def test_probe_shows_each_step_to_people_without_colour_in_a_pipe(sandbox: Place) -> None:
    shown = sandbox.run("probe", "stone").stdout
    assert re.search(r"^ +\d\.\d{3}  RCPT TO +554 5\.7\.1 .*Client host rejected", shown, re.MULTILINE)
    assert "✕ Blocked: IP address (tested at the gateway)" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("probe", "nobody"), "no company or path 'nobody'; configured: birch/hq, stone/hq, vault/hq"),
        (("explain", "zzzz"), "no probe 'zzzz'"),
    ],
)
def test_what_is_not_there_is_said_so(sandbox: Place, words, said) -> None:
    asked = sandbox.run(*words)
    assert asked.returncode == 2
    assert said in asked.stderr


def test_ctrl_c_while_a_probe_is_out_keeps_it(sandbox: Place) -> None:
    process = subprocess.Popen(
        (*MAILPATH, "probe", "vault", "--config", str(sandbox.file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert any("accepted" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    probe_id = said.split()[-1]
    facts = json.loads(sandbox.run("explain", probe_id, "--json").stdout)
    assert facts["closed_at"] is None


def test_serve_probes_shows_reloads_and_stops(tmp_path: Path) -> None:
    place = Place(tmp_path)
    process = place.start("serve")
    try:
        place.until(lambda: "ready" in place.get("/readyz"))
        outcomes = (
            'company="birch",path="hq",kind="verification",outcome="inbox"',
            'cause="ip_blocked"',
            'outcome="unknown"',
        )
        place.until(lambda: all(outcome in place.get("/metrics") for outcome in outcomes))
        assert "simulated" in place.get("/")

        good = place.file.read_text()
        place.write(good + "[beans]\n")
        process.send_signal(signal.SIGHUP)
        told = place.until(lambda: [line for line in place.log() if line["event"] == "configuration not loaded"])
        assert "beans: unknown key" in told[0]["error"]
        assert 'company="stone"' in place.get("/metrics")
        read_at = r"^mailpath_config_last_reload_success_timestamp_seconds (\S+)$"
        before = re.search(read_at, place.get("/metrics"), re.MULTILINE)
        assert "\nmailpath_config_last_reload_successful 0\n" in place.get("/metrics")

        place.write(good.partition("[companies.stone")[0].replace('stone = "blocks_ip"\nvault = "unreadable"\n', ""))
        process.send_signal(signal.SIGHUP)
        place.until(lambda: [line for line in place.log() if line["event"] == "configuration loaded"])
        place.until(lambda: "\nmailpath_config_last_reload_successful 1\n" in place.get("/metrics"))
        after = re.search(read_at, place.get("/metrics"), re.MULTILINE)
        assert before
        assert after
        assert float(before[1]) < float(after[1])
        place.until(lambda: 'company="stone"' not in place.get("/metrics"))  # its incident ends with the next step
        assert 'company="birch"' in place.get("/metrics")
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_two_services_on_one_port(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with socket.create_server(("127.0.0.1", place.web)):
        told = place.run("serve")
    assert told.returncode == 2
    assert f"web.listen: cannot listen on 127.0.0.1:{place.web}" in told.stderr.splitlines()[-1]


def test_killed_and_started_again_it_takes_up_what_was_on_its_way(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.write(
        place.file.read_text()
        .replace('code_life = "2s"', 'code_life = "60s"')
        .replace('give_up   = "4s"', 'give_up   = "60s"')
    )
    process = place.start("serve")
    try:
        place.until(lambda: re.search(r"mailpath_probes_in_flight [1-9]", place.get("/metrics")))
    finally:
        process.kill()
        process.wait()
    again = place.start("serve")
    try:
        place.until(lambda: re.search(r"mailpath_probes_in_flight [1-9]", place.get("/metrics")))
        metrics = place.get("/metrics")
        assert 'outcome="missing"' not in metrics
    finally:
        again.send_signal(signal.SIGTERM)
    assert again.wait(PATIENCE) == 0
