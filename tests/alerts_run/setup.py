"""Configurations and processes of a run. Times and rules are the shipped ones; only addresses differ, and how often
Alertmanager tells of changes: the more often, the less can slip through."""

import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.lab.processes import Daemon
from tests.support.dashboard_examples import PROMETHEUS, alertmanager_example
from tests.support.grafana_boards import ROOT
from tests.support.prometheus_servers import alertmanager, prometheus
from tests.support.sandbox_process import ports_for, ready, with_free_ports

START_SECONDS = 60.0
FLIPPED = "birchline"  # the company whose behaviour changes; its mail system is a process of its own
PORT = re.compile(r"^\[companies\.(\w+)\.paths.*?port = (\d+)", re.MULTILINE | re.DOTALL)
BEHAVIOUR = re.compile(r'^(\w+) += "(\w+)".*$', re.MULTILINE)
TABLE = re.compile(r"\[sandbox\.companies\].*?(?=\n#|\n\[)", re.DOTALL)
MORE = """
[channels.pager]
via = "webhook"
url = "{people}/pager"
secret = {{ file = "secret" }}
[channels.dead]
via = "webhook"
url = "{people}/dead"
secret = {{ file = "secret" }}
[channels.alertmanager]
via = "alertmanager"
url = "{alertmanager}"
{end_delay}
"""


@dataclass
class Processes:
    """All that runs. `sandboxes`: the mail systems of the companies, and of the one that is flipped."""

    folder: Path
    service: Daemon
    sandboxes: tuple[Daemon, Daemon]
    prometheus: str
    metrics: str

    def flip(self, behaviour: str) -> None:
        """Let the mail system of `FLIPPED` behave in another way."""
        write_sandbox(self.folder, "flipped.toml", {FLIPPED: behaviour})
        self.sandboxes[1].restart()


@contextmanager
def running(folder: Path, people: str, group_interval: str, end_delay: str) -> Iterator[Processes]:
    """Start everything; the service is ready. Nothing of it is left afterwards."""
    base = with_free_ports((ROOT / "config.toml").read_text())
    (folder / "base.toml").write_text(base)
    (folder / "secret").write_text("a secret of the tests, long enough\n")
    behaviours = dict(BEHAVIOUR.findall(TABLE.search(base)[0]))  # type: ignore[index]
    flipped = {FLIPPED: behaviours.pop(FLIPPED)}
    write_sandbox(folder, "sandbox.toml", behaviours)
    write_sandbox(folder, "flipped.toml", flipped)
    with ports_for(2) as (web, metrics):
        pass
    with ExitStack() as stack:
        both = stack.enter_context(_alertmanager(folder / "both", f"{people}/both", group_interval))
        ruled = stack.enter_context(_alertmanager(folder / "rules", f"{people}/rules", group_interval))
        more = MORE.format(
            people=people, alertmanager=both, end_delay=f'end_delay = "{end_delay}"' if end_delay else ""
        )
        (folder / "config.toml").write_text(service_config(base, web, metrics) + more)
        sandboxes = (_sandbox(folder, "sandbox.toml", behaviours), _sandbox(folder, "flipped.toml", flipped))
        service = _mailpath(folder, "serve", "config.toml", partial(ready, f"http://127.0.0.1:{metrics}"))
        for daemon in (*sandboxes, service):
            stack.callback(daemon.stop)
            daemon.start()
        scrapes = PROMETHEUS.read_text().replace("127.0.0.1:9108", f"127.0.0.1:{metrics}")
        targets = ", ".join(urlsplit(each).netloc for each in (both, ruled))
        for rules in PROMETHEUS.parent.glob("*.rules.yml"):
            (folder / rules.name).write_text(rules.read_text())
        asked = stack.enter_context(prometheus(scrapes.replace("127.0.0.1:9093", targets), folder))
        yield Processes(folder, service, sandboxes, asked, f"http://127.0.0.1:{metrics}/metrics")


def service_config(base: str, web: int, metrics: int) -> str:
    """Return the configuration of the service. Its companies are simulated by other processes, so standing would ask
    the real DNS, and open incidents that no company's behaviour explains."""
    text = TABLE.sub("[sandbox.companies]\n", base).replace("127.0.0.1:8025", f"127.0.0.1:{web}")
    text = text.replace("\n# metrics_listen ", f'\nmetrics_listen = "127.0.0.1:{metrics}"\n# ', 1)
    text = text.replace("[standing]\n", "[standing]\nenabled = false\n", 1)
    return re.sub(r"^settle .*$", 'settle = "1m"', text, flags=re.MULTILINE)


def write_sandbox(folder: Path, name: str, behaviours: Mapping[str, str]) -> None:
    """Write the configuration of a process with the mail systems of these companies."""
    base = (folder / "base.toml").read_text()
    rows = "".join(f'{company} = "{behaviour}"\n' for company, behaviour in behaviours.items())
    (folder / name).write_text(TABLE.sub(f"[sandbox.companies]\n{rows}", base))


def _sandbox(folder: Path, config: str, companies: Iterable[str]) -> Daemon:
    ports = dict(PORT.findall((folder / config).read_text()))
    return _mailpath(folder, "sandbox", config, partial(_taken, [int(ports[company]) for company in companies]))


def _mailpath(folder: Path, command: str, config: str, ready: Callable[[int], bool]) -> Daemon:
    words = (sys.executable, "-m", "monitor", command, "--config", str(folder / config))
    return Daemon(f"mailpath {command}", words, folder / f"{config}.log", ready, START_SECONDS)


def _taken(ports: Iterable[int], _: int) -> bool:
    """Whether somebody listens on all of these ports."""
    try:
        for port in ports:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def _alertmanager(folder: Path, people: str, group_interval: str) -> Iterator[str]:
    folder.mkdir()
    with alertmanager(alertmanager_example(people, wait="30s", interval=group_interval), folder) as url:
        yield url
