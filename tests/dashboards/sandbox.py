"""Mailpath at work on the make-believe companies of the repository's own config.toml, faster and on free ports."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.dashboards.boards import ROOT
from tests.dashboards.servers import free_port
from tests.lab.processes import Daemon

START_SECONDS = 60.0  # the machine is shared with others
QUICK = {
    "every": '"2s"',
    "code_life": '"4s"',  # in the inbox long before that, also on a busy machine
    "give_up": '"8s"',
    "retry": '["1s"]',
    "slow_by": '"6s"',
    "settle": '"1s"',
}
MUTED = "umberland"  # whose trouble is its own mailbox, so that no wider incident takes it in
MORE = """
[inbound]
listen = "127.0.0.1:{inbound}"
domain = "probe.example"
[channels.nobody]
via = "webhook"
url = "http://127.0.0.1:{nobody}/"
secret = {{ file = "secret" }}
"""


@contextmanager
def mailpath(folder: Path) -> Iterator[str]:
    """The service, ready. Yields its URL, without a slash at the end. Nobody listens where its notices should go."""
    web = free_port()
    file = folder / "config.toml"
    file.write_text(_quick((ROOT / "config.toml").read_text(), web))
    (folder / "secret").write_text("a secret of the tests, long enough\n")
    program = (sys.executable, "-m", "monitor")
    command = (*program, "serve", "--config", str(file))
    url = f"http://127.0.0.1:{web}"
    service = Daemon("mailpath", command, folder / "mailpath.log", partial(_ready, url), START_SECONDS)
    service.start()
    try:
        silence = ("mute", "add", MUTED, "--for", "1h", "--why", "to see one that is muted", "--config", str(file))
        subprocess.run((*program, *silence), check=True, capture_output=True, timeout=START_SECONDS)
        yield url
    finally:
        service.stop()


def read(url: str) -> str:
    """What a page says."""
    with urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def _quick(config: str, web: int) -> str:
    for key, value in QUICK.items():
        config, found = re.subn(rf'^({key} *= *)(?:"[^"]*"|\[[^\]]*\])', rf"\g<1>{value}", config, count=1, flags=re.M)
        assert found, key
    config = re.sub(r"port = 261\d\d", lambda _: f"port = {free_port()}", config)
    return config.replace("127.0.0.1:8025", f"127.0.0.1:{web}") + MORE.format(inbound=free_port(), nobody=free_port())


def _ready(url: str, _: int) -> bool:
    try:
        return read(f"{url}/readyz") == "ready\n"
    except (URLError, OSError):
        return False
