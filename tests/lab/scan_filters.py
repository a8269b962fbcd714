"""A content filter that is only asked: a real rspamd or a real spamd on a port of this machine."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.lab.rspamd import modules_off
from tests.support.let_in import let_others_in

SECONDS = 90.0  # both compile their patterns first
RSPAMD = {
    "local.d/options.inc": 'dns {{ nameserver = ["127.0.0.1:9:1"]; timeout = 0.1s; retransmits = 1; }}\n'
    'local_addrs = ["127.0.0.0/8"];\nurl_tld = "{folder}/suffixes";\n',
    "local.d/logging.inc": 'level = "notice";\n',
    "local.d/worker-normal.inc": 'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n',
    "local.d/worker-controller.inc": "count = 0;\n",
    "local.d/worker-proxy.inc": "count = 0;\n",
    "local.d/actions.conf": "reject = 30;\nadd_header = 6;\ngreylist = null;\n",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def scan_filter(engine: str, folder: Path, rules: str) -> AsyncIterator[int]:
    """A filter of this engine with these rules, as long as the block lasts; its port. `rules`: Lua for rspamd, in whose
    configuration {folder} is this folder; lines of local.cf for spamd."""
    port = free_port()
    command = (_rspamd if engine == "rspamd" else _spamd)(folder, port, rules)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(SECONDS):
            while not await _listens(port):
                assert process.returncode is None, "it ended"
                await asyncio.sleep(0.2)
        yield port
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


def _rspamd(folder: Path, port: int, rules: str) -> tuple[str, ...]:
    conf = folder / "conf"
    (conf / "local.d").mkdir(parents=True)
    for module in modules_off():
        (conf / "local.d" / f"{module}.conf").write_text("enabled = false;\n")
    for name, text in RSPAMD.items():
        (conf / name).write_text(text.format(port=port, folder=folder))
    (conf / "rspamd.local.lua").write_text(rules)
    (folder / "suffixes").write_text("com\nexample\n")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "_rspamd", "_rspamd")
    let_others_in(folder.parent)
    places = {"LOCAL_CONFDIR": conf, "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
    options = (f"--var={key}={value}" for key, value in places.items())
    return ("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf", *options)


def _spamd(folder: Path, port: int, rules: str) -> tuple[str, ...]:
    (folder / "site").mkdir()
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o777)
    let_others_in(folder)
    (folder / "site" / "local.cf").write_text(rules)
    shutil.copy("/etc/spamassassin/v320.pre", folder / "site")
    where = ("-i", "127.0.0.1", "-p", str(port), f"--siteconfigpath={folder / 'site'}", "-s", "null")
    home = str(folder / "tmp")
    return ("env", f"TMPDIR={home}", "spamd", "-L", "-x", "-m", "1", "-u", "nobody", "-H", home, *where)
