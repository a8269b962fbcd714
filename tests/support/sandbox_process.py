"""Mailpath at work on the make-believe companies of the repository's own config.toml, faster and on free ports."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from smtplib import SMTP
from threading import Thread
from urllib.error import URLError
from urllib.request import urlopen

from tests.lab.processes import Daemon
from tests.support.grafana_boards import ROOT

PROGRAM = (sys.executable, "-m", "monitor")
START_SECONDS = 60.0  # the machine is shared with others
QUICK = {
    "every": '"2s"',
    "code_life": '"4s"',  # in the inbox long before that, also on a busy machine
    "give_up": '"8s"',
    "retry": '["1s"]',
    "slow_by": '"6s"',
    "settle": '"1s"',
}
OLD_PORT = re.compile(r"port = 261\d\d")
MUTED = "umberland"  # whose trouble is its own mailbox, so that no wider incident takes it in
MORE = """
[inbound]
listen = "127.0.0.1:{inbound}"
domain = "probe.example"
[channels.somebody]
via = "webhook"
url = "{somebody}/"
secret = {{ file = "secret" }}
[channels.nobody]
via = "webhook"
url = "http://127.0.0.1:{nobody}/"
secret = {{ file = "secret" }}
"""


@contextmanager
def mailpath(folder: Path) -> Iterator[str]:
    """The service, ready. Yields its URL, without a slash at the end.

    It has something to show of everything: a channel that takes its notices and one that does not, a mail that came in,
    a company that is muted.
    """
    with saying("") as somebody, _at_work(folder, somebody) as url:
        yield url


@contextmanager
def _at_work(folder: Path, somebody: str) -> Iterator[str]:
    file, config = folder / "config.toml", (ROOT / "config.toml").read_text()
    with ports_for(3 + len(OLD_PORT.findall(config))) as (web, inbound, nobody, *others):
        more = MORE.format(inbound=inbound, somebody=somebody, nobody=nobody)
        file.write_text(quick(config, web, others) + more)
    (folder / "secret").write_text("a secret of the tests, long enough\n")
    url = f"http://127.0.0.1:{web}"
    serve = (*PROGRAM, "serve", "--config", str(file))
    service = Daemon("mailpath", serve, folder / "mailpath.log", partial(ready, url), START_SECONDS)
    service.start()
    try:
        command(folder, "mute", "add", MUTED, "--for", "1h", "--why", "to see one that is muted")
        _knock(inbound)
        yield url
    finally:
        service.stop()


def command(folder: Path, *words: str) -> None:
    """Give a command to the service that is at work in this folder."""
    typed = (*PROGRAM, *words, "--config", str(folder / "config.toml"))
    subprocess.run(typed, check=True, capture_output=True, timeout=START_SECONDS)


@contextmanager
def saying(text: str, hear: Callable[[bytes], object] = bytes) -> Iterator[str]:
    """A web server that says this to whatever it is asked or told, which `hear` gets. Yields its URL."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hear(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the name that the server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def read(url: str) -> str:
    """What a page says."""
    with urlopen(url, timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def quick(config: str, web: int, ports: list[int]) -> str:
    """The same configuration with short times, these ports in the place of the fixed ones, and pages at `web`."""
    for key, value in QUICK.items():
        config, found = re.subn(rf'^({key} *= *)(?:"[^"]*"|\[[^\]]*\])', rf"\g<1>{value}", config, count=1, flags=re.M)
        assert found, key
    return with_ports(config, ports).replace("127.0.0.1:8025", f"127.0.0.1:{web}")


def _knock(inbound: int) -> None:
    """A mail for nobody, which the listener refuses and counts."""
    with SMTP("127.0.0.1", inbound, timeout=10) as client:
        client.ehlo()
        client.mail("stranger@example.com")
        assert client.rcpt("nobody@example.com")[0] == 550


@contextmanager
def ports_for(count: int) -> Iterator[list[int]]:
    """So many free ports, nobody else's while the block lasts."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        yield [each.getsockname()[1] for each in sockets]


def with_ports(config: str, ports: list[int]) -> str:
    """The same configuration with these ports in the place of the fixed ones of mail systems."""
    return OLD_PORT.sub(lambda _: f"port = {ports.pop()}", config)


def with_free_ports(config: str) -> str:
    """The same with ports that are free now."""
    with ports_for(len(OLD_PORT.findall(config))) as ports:
        return with_ports(config, ports)


def ready(url: str, _: int) -> bool:
    """Whether the service with this address of its health does its work."""
    try:
        return read(f"{url}/readyz") == "ready\n"
    except (URLError, OSError):
        return False
