"""The service as people find it: the sandbox of the repository's own configuration, only faster and on free ports, one
company more that does its worst, and somebody of each kind, who has a link."""

import asyncio
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.error import URLError

from monitor.actions.people import Access, link_to
from monitor.clock import utc_now
from monitor.people.person import Companies, Rights
from monitor.store import Store
from tests.lab.processes import Daemon, until
from tests.support.grafana_boards import ROOT
from tests.support.hostile_gateway import RECOVERING, REFUSED, Gateway, gateway
from tests.support.sandbox_process import OLD_PORT, START_SECONDS, ports_for, quick, read, saying
from tests.support.standing_samples import store_standing

PROGRAM = (sys.executable, "-m", "monitor")
SETTLED_SECONDS = 40.0
THEIRS = "corkwood"
"""The company that `bound` is bound to."""

SEESAW_IT = "seesaw-it"
"""Somebody of the company whose gateway the tests repair."""

NEWCOMER = "newcomer"
"""Somebody who has not used the link yet."""

PEOPLE: dict[str, tuple[Rights, Companies]] = {
    "viewer": (Rights.VIEWER, None),
    "bound": (Rights.VIEWER, (THEIRS,)),
    SEESAW_IT: (Rights.VIEWER, ("seesaw",)),
    "operator": (Rights.OPERATOR, None),
    NEWCOMER: (Rights.VIEWER, None),
}
FIRST = "admin"
"""Whom the service makes itself at its first start; the link is printed."""

MORE = """
[web.manual]
per_person_per_hour = 1000
per_path_per_hour   = 1000
[diagnosis]
spacing = "500ms"
[channels.pager]
via = "webhook"
url = "{pager}/"
secret = {{ file = "secret" }}
[companies.trap]
name        = "Trap & <b>Door</b> Binnenschifffahrtsschleusenbetriebswerkbauunterbeamtengesellschaft"
mail_system = "postfix"
[companies.trap.paths.shut]
to      = "{refused}@trap.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {hostile} }}
mailbox = {{ via = "maildir", path = "trap" }}
[companies.trap.paths.open]
to      = "probe@trap.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {hostile} }}
mailbox = {{ via = "maildir", path = "trap" }}
"""
SEESAW = """
[companies.seesaw]
name        = "Seesaw Works"
mail_system = "zimbra"
[companies.seesaw.paths.hq]
to      = "{recovering}@seesaw.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {hostile} }}
mailbox = {{ via = "maildir", path = "../seesaw" }}
"""
"""In a file of its own, in the folder that companies are added to."""

WORDS = "a tall green ladder"
"""Everybody's password, once it is set."""


@dataclass(frozen=True)
class BrowserService:
    """The service at work. `links`: by which each sets a password, once; `config`: the file of its configuration."""

    url: str
    links: dict[str, str]
    service: Daemon
    gateway: Gateway
    """Of the companies `trap` and `seesaw`."""
    config: Path

    def restart(self) -> None:
        """Stop it and start it again, at the same address, with all that it remembers."""
        self.service.restart()


@contextmanager
def open_browser_service(folder: Path) -> Iterator[BrowserService]:
    """Up, with a verdict of every company, for as long as the block lasts."""
    config = (ROOT / "config.toml").read_text()
    with saying("") as pager, gateway(folder, "trap", "seesaw", "wizard") as theirs:
        with ports_for(2 + len(OLD_PORT.findall(config))) as (web, metrics, *others):
            hostile = theirs.server_address[1]
            more = MORE.format(pager=pager, hostile=hostile, refused=REFUSED)
            (folder / "companies").mkdir()
            (folder / "companies" / "seesaw.toml").write_text(SEESAW.format(hostile=hostile, recovering=RECOVERING))
            listen = f'listen = "127.0.0.1:{web}"'
            text = _calm(quick(config, web, others)).replace(
                listen, f'{listen}\nmetrics_listen = "127.0.0.1:{metrics}"', 1
            )
            (folder / "config.toml").write_text(f'include = ["companies/*.toml"]\n{text}{more}')
        (folder / "secret").write_text("a secret of the tests, long enough\n")
        asyncio.run(_with_standing(folder))
        url, own = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{metrics}"
        serve = (*PROGRAM, "serve", "--config", str(folder / "config.toml"))
        service = Daemon("mailpath", serve, folder / "mailpath.log", partial(_ready, own), START_SECONDS)
        service.start()
        try:
            first = _first(folder / "var" / "mailpath-first-admin-link")  # which is made only where nobody is known
            links = {FIRST: first} | asyncio.run(_invited(folder))
            _settled(f"{own}/metrics")
            yield BrowserService(url, links, service, theirs, folder / "config.toml")
        finally:
            service.stop()


async def _with_standing(folder: Path) -> None:
    (folder / "var").mkdir()
    async with Store.open(_store_url(folder)) as store:
        await store_standing(store, datetime.now(UTC))


def _store_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'var' / 'mailpath.db'}"


def _calm(config: str) -> str:
    """Often enough to see all soon, and seldom enough to leave room for a browser."""
    return re.sub(r'^(every *= *)"2s"', r'\1"5s"', config, count=1, flags=re.M)


async def _invited(folder: Path) -> dict[str, str]:
    """The links of PEOPLE, without the address of the service. Five commands would take as long as its start."""
    async with Store.open(_store_url(folder)) as store:
        access = Access(store, utc_now, "tests", "command")
        return {name: link_to("", await access.add(name, *given)) for name, given in PEOPLE.items()}


def _first(file: Path) -> str:
    """The first admin's link, from the file that only whoever runs the service can read."""
    for _ in until(START_SECONDS, 0.1):
        if file.exists() and (found := re.search(r"/invitation\?key=[\w-]+\s", file.read_text())):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            return found[0].strip()
    raise AssertionError(f"{file} has no link")


def _settled(metrics: str) -> None:
    """Wait until every path has a verdict and the rules have opened what they will."""
    for _ in until(SETTLED_SECONDS, 0.2):
        told = read(metrics)
        judged = set(re.findall(r'^mailpath_path_outcome\{company="(\w+)"', told, re.M))
        if len(judged) == 14 and re.search(r'^mailpath_incidents\{company="umberland"', told, re.M):
            return
    raise AssertionError(f"after {SETTLED_SECONDS:.0f} s there are verdicts only of {sorted(judged)}")


def _ready(url: str, _: int) -> bool:
    try:
        return read(f"{url}/readyz") == "ready\n"
    except (URLError, OSError):
        return False
