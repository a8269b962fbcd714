"""From a firewall that stops the sender to people who are told, once, and told again when it is open.

Both ways at the same time, each to an Alertmanager of its own with our example: what Mailpath posts itself, and what
Prometheus makes of Mailpath's metrics by our rules.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest

from tests.lab import config
from tests.lab.lab import Lab
from tests.lab.network import SENDER_IP, US
from tests.lab.processes import tail, until
from tests.lab.service import PORT, Service
from tests.support.prometheus_servers import alertmanager, prometheus
from tests.support.prometheus_servers import obstacle as no_servers

pytestmark = pytest.mark.usefixtures("inside")

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
COMPANY = "clean"
PACE = 'code_life = "3s"\ngive_up = "4s"\nretry = ["1s"]\ntimeout = "2s"\nkinds = ["verification", "two_step_code"]'
SHUT = f"ip saddr {SENDER_IP} tcp dport 25 reject with tcp reset"
SECONDS = 90.0
RECEIVERS = "http://127.0.0.1:9095"  # as the example has it


@dataclass
class Receiver:
    """The people: what they were told, by the way it came and the name of the receiver."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def told(self, way: str) -> list[tuple[str, str, str, int]]:
        """Receiver, state, company and number of alerts of each call that came this way, heartbeats left out."""
        return [
            (path.rpartition("/")[2], call["status"], call["commonLabels"].get("company", ""), len(call["alerts"]))
            for path, call in self.calls
            if path.startswith(f"/{way}/") and not path.endswith("/heartbeat")
        ]


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """An HTTP server that remembers what Alertmanager posts to it; and its URL."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hurried(text: str) -> str:
    """The same, in seconds instead of minutes, but for what is repeated."""
    text = re.sub(r"\b(group_wait|group_interval): \S+", r"\1: 1s", text)
    return re.sub(r"\b(interval|scrape_interval|evaluation_interval|for): \d+[smh]\b", r"\1: 1s", text)


def people(folder: Path, way: str, url: str) -> str:
    """Our example for Alertmanager, its receivers at `url`."""
    folder.mkdir()
    example = (DASHBOARDS / "alertmanager/alertmanager.example.yml").read_text()
    return hurried(example).replace(RECEIVERS, f"{url}/{way}")


def watching(folder: Path, alertmanager_url: str) -> str:
    """Our example for Prometheus, with our rules beside it."""
    for rules in (DASHBOARDS / "prometheus").glob("*.rules.yml"):
        (folder / rules.name).write_text(hurried(rules.read_text()))
    example = hurried((DASHBOARDS / "prometheus/scrape.example.yml").read_text())
    return example.replace("127.0.0.1:9093", alertmanager_url.removeprefix("http://"))


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told while the firewall was shut, and all that they were told."""

    shut: dict[str, list[tuple[str, str, str, int]]]
    all: dict[str, list[tuple[str, str, str, int]]]
    texts: dict[str, dict[str, Any]]


WAYS = ("posted", "ruled")


@pytest.fixture(scope="module")
def told(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The firewall is shut until people hear of it by both ways, then opened until they hear of that."""
    if reason := no_servers():
        pytest.fail(reason)
    folder, site = tmp_path_factory.mktemp("alerts"), lab[COMPANY]
    with US.entered(), ExitStack() as stack:
        receiver, url = stack.enter_context(receiving())
        managers = {
            way: stack.enter_context(alertmanager(people(folder / way, way, url), folder / way)) for way in WAYS
        }
        channel = f'via = "alertmanager"\nurl = "{managers["posted"]}"\nend_delay = "1s"\n'
        channel = f'\n[incidents]\nsettle = "2s"\n[channels.am]\n{channel}'
        path = config.path(lab, site)
        service = Service(folder, config.head("3s") + channel + config.company(site, PACE, {"hq": path}))
        stack.callback(service.kill9)
        service.start()
        stack.enter_context(prometheus(watching(folder, managers["ruled"]), folder))
        wait(lambda: set(service.outcomes().values()) == {"inbox"})
        site.namespace.filter([SHUT])
        stack.callback(site.namespace.filter, ())
        wait(lambda: all(("firing" in {call[1] for call in receiver.told(way)}) for way in WAYS), service)
        shut = {way: receiver.told(way) for way in WAYS}
        site.namespace.filter(())
        wait(lambda: all(("resolved" in {call[1] for call in receiver.told(way)}) for way in WAYS), service)
        texts = {way: next(call for path, call in receiver.calls if path.startswith(f"/{way}/on-call")) for way in WAYS}
        yield Told(shut, {way: receiver.told(way) for way in WAYS}, texts)


def wait(true: Callable[[], object], service: Service | None = None) -> None:
    assert any(true() for _ in until(SECONDS, step=0.2)), tail(service.log) if service else ""


@pytest.mark.parametrize("way", WAYS)
def test_a_company_that_is_shut_out_is_one_call_to_whoever_is_on_call(told: Told, way: str) -> None:
    assert told.shut[way] == [("on-call", "firing", COMPANY, 1)], "both kinds of mail in one"


@pytest.mark.parametrize("way", WAYS)
def test_and_one_more_when_it_is_over(told: Told, way: str) -> None:
    assert told.all[way] == [("on-call", "firing", COMPANY, 1), ("on-call", "resolved", COMPANY, 1)]


def test_the_call_says_what_stops_where_why_and_what_to_do(told: Told) -> None:
    (alert,) = told.texts["posted"]["alerts"]
    said = " ".join(alert["annotations"].values())
    assert f"{COMPANY} (lab)" in said
    assert "Connection refused" in said or "connection refused" in said
    assert "/runbooks/cause-firewall" in said
    assert alert["labels"]["severity"] == "page"


def test_its_runbook_is_served_where_the_call_says(lab: Lab, tmp_path: Path) -> None:
    service = Service(
        tmp_path, config.head("1h") + config.company(lab[COMPANY], "", {"hq": config.path(lab, lab[COMPANY])})
    )
    service.start()
    try:
        with urlopen(f"http://127.0.0.1:{PORT}/runbooks/cause-firewall", timeout=SECONDS) as page:
            assert "firewall" in page.read().decode().lower()
    finally:
        service.kill9()
