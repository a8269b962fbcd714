"""The route `scan` on a real rspamd and a real SpamAssassin, each with a rule against the sender's client."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.evidence import Attempt, Dialogue, ScanAction
from probes.http import HttpSession
from probes.judge import judge
from probes.message import compose
from probes.routes.scan import ScanRoute
from probes.sender import Identity
from probes.verdict import Grade, Outcome
from tests.lab.rspamd import modules_off
from tests.probes.routes.test_scan import SENDER, probe
from tests.support.outside_world import outside_world

pytestmark = pytest.mark.usefixtures("able")

SECONDS = 90.0  # both compile their patterns first
OTHER = replace(SENDER, source_ip="198.51.100.7", address="postmaster@control.example", helo="control.example")
RSPAMD = {
    "options.inc": 'dns {{ nameserver = ["127.0.0.1:9:1"]; timeout = 0.1s; retransmits = 1; }}\n'
    'local_addrs = ["127.0.0.0/8"];\nurl_tld = "{folder}/suffixes";\n',
    "logging.inc": 'level = "notice";\n',
    "worker-normal.inc": 'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n',
    "worker-controller.inc": "count = 0;\n",
    "worker-proxy.inc": "count = 0;\n",
    "actions.conf": "reject = 30;\nadd_header = 6;\ngreylist = null;\n",
    "multimap.conf": 'LAB_SENDER_IP {{ type = "ip"; map = "{folder}/addresses"; score = 7; '
    'description = "The lab lists this address"; }}\n',
}
RULES = """
header   LAB_SENDER_IP Received =~ /\\[104\\.130\\.122\\.50\\]/
score    LAB_SENDER_IP 6
describe LAB_SENDER_IP The lab lists this address
use_bayes 0
"""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def running(port: int, *command: str) -> AsyncIterator[None]:
    """A filter that listens on this port, as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(SECONDS):
            while not await _listens(port):
                assert process.returncode is None, "it ended"
                await asyncio.sleep(0.2)
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), SECONDS)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def prepare_rspamd(folder: Path, port: int) -> tuple[str, ...]:
    local = folder / "conf" / "local.d"
    local.mkdir(parents=True)
    for module in modules_off():
        (local / f"{module}.conf").write_text("enabled = false;\n")
    for name, text in RSPAMD.items():
        (local / name).write_text(text.format(port=port, folder=folder))
    (folder / "suffixes").write_text("com\nexample\n")
    (folder / "addresses").write_text("104.130.122.50\n")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "_rspamd", "_rspamd")
    for above in folder.parents[:3]:
        above.chmod(0o755)
    places = {"LOCAL_CONFDIR": folder / "conf", "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    options = (f"--var={key}={value}" for key, value in places.items())
    return ("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf", *options)


def prepare_spamd(folder: Path, port: int) -> tuple[str, ...]:
    (folder / "site").mkdir()
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o777)
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)
    (folder / "site" / "local.cf").write_text(RULES)
    shutil.copy("/etc/spamassassin/v320.pre", folder / "site")
    where = ("-i", "127.0.0.1", "-p", str(port), f"--siteconfigpath={folder / 'site'}", "-s", "null")
    home = str(folder / "tmp")
    return ("env", f"TMPDIR={home}", "spamd", "-L", "-x", "-m", "1", "-u", "nobody", "-H", home, *where)


async def asked(engine: str, port: int, identity: Identity) -> Dialogue:
    route = ScanRoute.model_validate({"via": "scan", "engine": engine, "host": "127.0.0.1", "port": port})
    async with HttpSession() as http:
        outside = outside_world(now=lambda: datetime.now(UTC), http=http)
        message = compose(probe(), identity, b"k" * 32)
        return await route.send(message, 1, outside, timeout=60, note=lambda _: None)


@pytest.mark.parametrize("engine", ["rspamd", "spamassassin"])
async def test_a_real_filter_tells_the_senders_client_from_another(engine: str, tmp_path: Path) -> None:
    port = free_port()
    command = (prepare_rspamd if engine == "rspamd" else prepare_spamd)(tmp_path, port)
    async with running(port, *command):
        stopped, passed = await asked(engine, port, SENDER), await asked(engine, port, OTHER)
    assert stopped.scan, stopped
    assert passed.scan, passed
    listed = [rule for rule in stopped.scan.rules if rule.name == "LAB_SENDER_IP"]
    assert [rule.text.partition(" (")[0] for rule in listed] == ["The lab lists this address"]
    assert listed[0].score >= 6
    assert "LAB_SENDER_IP" not in {rule.name for rule in passed.scan.rules}
    assert stopped.scan.action is ScanAction.MARK
    verdict = judge(probe(), (Attempt(stopped.at, 1), stopped), stopped.at)
    assert verdict
    assert (verdict.outcome, verdict.grade) == (Outcome.SPAM, Grade.SCANNED)
