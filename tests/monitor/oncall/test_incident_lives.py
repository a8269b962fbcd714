"""Incidents through the lives of a real service: killed with -9 in the middle, its channel dead, its path gone."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.monitor.cli.test_cli import free_ports

PATIENCE = 40.0
MAILPATH = (sys.executable, "-m", "monitor")
CONFIG = """
[probes]
every     = "1s"
kinds     = ["verification"]
code_life = "2s"
give_up   = "4s"
[incidents]
settle = "200ms"
[channels.hook]
via    = "webhook"
url    = "http://127.0.0.1:{hook}/"
secret = {{ file = "secret" }}
[web]
listen = "127.0.0.1:{web}"
[standing]
enabled = false  # what simulated DNS shows would be an incident of its own

[sandbox.companies]
birch = "inbox"
stone = "{stone}"
"""
COMPANY = """
[companies.{name}.paths.hq]
to      = "probe@{name}.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {port} }}
mailbox = {{ via = "maildir", path = "mail/{name}" }}
"""


class Life:
    """A folder with a configuration, the service that runs on it, and the far end of its webhook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notices: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.web, self.hook, *self.ports = free_ports(4)
        self._process: subprocess.Popen[bytes] | None = None
        self._server: ThreadingHTTPServer | None = None
        (folder / "secret").write_text("long enough to be a secret of a test")

    def configure(self, stone: str, *companies: str) -> None:
        places = zip(("birch", "stone"), self.ports, strict=True)
        text = CONFIG.format(hook=self.hook, web=self.web, stone=stone)
        text += "".join(COMPANY.format(name=name, port=port) for name, port in places if name in companies)
        if "stone" not in companies:
            text = text.replace(f'stone = "{stone}"\n', "")
        (self.folder / "config.toml").write_text(text)

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        command = (*MAILPATH, "serve", "--config", str(self.folder / "config.toml"))
        self._process = subprocess.Popen(command, stderr=log)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def hang_up(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGHUP)

    def listen(self) -> None:
        life = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                life.keys.append(self.headers["Idempotency-Key"])
                life.notices.append(told)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Be silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.hook), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop_listening(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def incidents(self, *more: str) -> list[dict[str, Any]]:
        command = (*MAILPATH, "incidents", "--json", *more, "--config", str(self.folder / "config.toml"))
        found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return [json.loads(line) for line in found.stdout.splitlines()]

    def until(self, true: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE
        while not (found := true()):
            assert time.monotonic() < end, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.1)
        return found

    def waiting(self) -> bool:
        """Whether a notice was made and could not be delivered."""
        return '"notice delivery failing"' in (self.folder / "log").read_text()

    @property
    def news(self) -> list[str]:
        """What was told, a notice that came twice counted once."""
        return [told["news"] for told in {told["id"]: told for told in self.notices}.values()]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.kill()
    life.stop_listening()


def test_killed_in_the_middle_of_an_incident_with_a_dead_channel_nothing_is_lost_and_nothing_is_told_twice(
    life: Life,
) -> None:
    life.configure("blocks_ip", "birch", "stone")
    life.start()
    life.until(life.waiting)
    (incident,) = life.incidents()
    life.kill()  # with the notice undelivered
    life.listen()
    life.start()
    life.until(lambda: life.notices)
    life.kill()  # the incident goes on
    life.configure("inbox", "birch", "stone")
    life.start()
    life.until(lambda: "resolved" in life.news)
    assert life.news == ["opened", "resolved"]
    assert {told["incident"] for told in life.notices} == {incident["incident"]}
    assert sorted(set(life.keys)) == [f"{incident['incident']}-hook-1", f"{incident['incident']}-hook-2"]
    assert life.incidents() == []


def test_a_reload_that_takes_the_path_away_ends_its_incident(life: Life) -> None:
    life.listen()
    life.configure("blocks_ip", "birch", "stone")
    life.start()
    life.until(lambda: life.news == ["opened"])
    life.configure("blocks_ip", "birch")
    life.hang_up()
    life.until(lambda: life.news == ["opened", "resolved"])
    assert "removed from the configuration" in life.notices[-1]["text"]
    (incident,) = life.incidents("--all")
    assert incident["ending"] == "unwatched"


def test_a_mute_by_another_process_is_seen_while_the_service_runs(life: Life) -> None:
    life.listen()
    life.configure("blocks_ip", "birch", "stone")
    command = (*MAILPATH, "mute", "add", "stone", "--lasts", "1h", "--why", "a test", "--json")
    config = ("--config", str(life.folder / "config.toml"))
    added = subprocess.run((*command, *config), capture_output=True, text=True, timeout=PATIENCE, check=True)
    life.start()
    (incident,) = life.until(life.incidents)
    assert incident["muted_by"]
    time.sleep(2)  # in which nothing must come: there is no event to wait for
    assert life.notices == []
    mute = json.loads(added.stdout)["mute"]
    subprocess.run((*MAILPATH, "mute", "end", mute, *config), capture_output=True, timeout=PATIENCE, check=True)
    life.until(lambda: life.news == ["opened"])


CONTROL = """
[control]
address   = "postmaster@control.example"
source_ip = "198.51.100.7"
"""


@pytest.mark.parametrize(
    ("stone", "scope", "compared"),
    [
        ("filter_down", "their_system", "same_answer"),
        ("greylists", "company", "control_through"),
    ],
)
def test_the_control_that_the_service_sends_tells_whose_trouble_it_is(
    life: Life, stone: str, scope: str, compared: str
) -> None:
    """The words of a filter that is down are those of a greylist. Only what a neutral sender gets tells one from the
    other, and it is known before anybody is told."""
    life.configure(stone, "birch", "stone")
    config = life.folder / "config.toml"
    config.write_text(config.read_text().replace('settle = "200ms"', 'settle = "6s"') + CONTROL)
    life.listen()
    life.start()
    life.until(lambda: life.notices)
    (notice,) = life.notices
    facts = notice["facts"]
    assert (facts["scope"], facts["severity"], facts["actor"]) == (scope, "page", "company_it")
    assert {failure["reason"] for failure in facts["failures"]} == {compared}
    assert ("Nothing points to a problem with account.trimble.com." in notice["text"]) is (scope == "their_system")
    assert scope == "company" or "104.130.122.50" not in notice["title"] + notice["text"].partition("\n\n")[0]
