"""`python -m tests.torture [--kills 100] [--seed 7]`: kill the service again and again, and compare with the truth.

A real `mailpath serve` watches seven companies, each of which treats mail in a known way, while it is killed with
SIGKILL at random moments and started again. At the end every probe, verdict, incident and notice in its store is held
against what the companies did. It prints the figures as a table and exits with 1 if anything is wrong.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientError, ClientSession, web
from rich.console import Console
from rich.table import Table

from monitor.clock import utc_now
from monitor.store import ProbeRecord, Store
from probes.evidence import Attempt, Bounce, Dialogue, Handover
from tests.bench.loopback_service import free_port
from tests.torture.receivers import HOST, Companies

QUIET_SECONDS = 25.0  # after the last kill, until every probe is given up and every incident has ended or been told
READY_SECONDS = 30.0
TO_END = timedelta(seconds=5)  # from the time at which a probe is given up to its last verdict, on a slow machine
LIVES_SECONDS = (0.3, 6.0)
LONG_LIFE_SECONDS = 15.0  # every twelfth life: long enough for incidents to open and to be told
TRUE_OUTCOMES = {
    "inbox": {"inbox"},
    "slow": {"inbox"},
    "greylist": {"inbox"},
    "copies": {"inbox"},
    "junk": {"spam"},
    "refuses": {"blocked"},
    "bounces": {"blocked", "missing"},  # missing until the bounce comes
}
FAULTY = frozenset({"junk", "refuses", "bounces"})
CONFIG = """\
[sender]
domain = "account.trimble.com"
[probes]
every = "2s"
kinds = ["verification", "two_step_code"]
code_life = "5s"
give_up = "12s"
retry = ["1s", "2s"]
timeout = "4s"
cap = {{ per_path_per_day = 1000000, per_host_per_minute = 1000000 }}
[store]
url = "sqlite:///mailpath.db"
[web]
listen = "127.0.0.1:{web}"
[inbound]
listen = "127.0.0.1:{inbound}"
domain = "probe.example"
messages_per_minute = 100000
connections_per_client = 100
[incidents]
settle = "500ms"
reopen = "1s"
[standing]
enabled = false  # it would ask the real DNS, and its notes would be incidents that nobody's mail caused
[channels.hook]
via = "webhook"
url = "http://127.0.0.1:{hook}/"
secret = {{ file = "secret" }}
"""
PATH = """
[companies.{name}.paths.hq]
to = "probe@{name}.example"
route = {{ via = "xclient", host = "127.0.0.1", port = {port}, tls = "none" }}
mailbox = {{ {mailbox} }}
"""


class Service:
    """`mailpath serve`, killed and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._url = folder, f"http://{HOST}:{port}/readyz"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run it in the background, its log in a file."""
        with (self._folder / "serve.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "monitor", "serve", "--config", "config.toml"),
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Wait until it says so."""
        end = time.monotonic() + READY_SECONDS
        async with ClientSession() as http:
            while time.monotonic() < end:
                with suppress(ClientError, TimeoutError):
                    async with http.get(self._url) as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise TimeoutError(f"not ready within {READY_SECONDS:g} s; see {self._folder / 'serve.log'}")

    async def end(self, how: signal.Signals) -> int:
        """Send the signal, and wait for the end."""
        assert self._process
        with suppress(ProcessLookupError):
            self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 30)


async def torture(folder: Path, kills: int, seed: int) -> tuple[dict[str, object], list[str]]:
    """The figures, and what is wrong, a line each."""
    rng = random.Random(seed)
    web_port, inbound_port, hook_port = free_port(), free_port(), free_port()
    companies = Companies(folder, inbound_port, seed)
    companies.make_mailboxes()
    server = await asyncio.start_server(companies.serve, HOST, 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    hook = web.Application()
    hook.router.add_post("/", companies.take_notice)
    runner = web.AppRunner(hook)
    await runner.setup()
    await web.TCPSite(runner, HOST, hook_port).start()
    _write_config(folder, port, web_port, inbound_port, hook_port)
    service = Service(folder, web_port)
    began = time.monotonic()
    for number in range(kills):
        await service.start()
        if number % 3:  # else it may be killed while it starts
            await service.ready()
        await asyncio.sleep(LONG_LIFE_SECONDS if number % 12 == 11 else rng.uniform(*LIVES_SECONDS))
        await service.end(signal.SIGKILL)
        print(f"\r{number + 1} of {kills} kills", end="", file=sys.stderr, flush=True)
    await service.start()
    await service.ready()
    await companies.settled()
    await asyncio.sleep(QUIET_SECONDS)
    stopped_at = utc_now()
    exit_code = await service.end(signal.SIGTERM)
    server.close()
    await runner.cleanup()
    print(file=sys.stderr)
    figures, wrong = await _compare(folder, companies, due=stopped_at - TO_END)
    figures = {"kills": kills, "seconds": round(time.monotonic() - began), **figures}
    if exit_code != 0:
        wrong.append(f"the service ended with {exit_code} on SIGTERM")
    return figures, wrong


def _write_config(folder: Path, port: int, web_port: int, inbound_port: int, hook_port: int) -> None:
    (folder / "secret").write_text("long enough to be a secret of a test")
    (folder / "secret").chmod(0o600)
    text = CONFIG.format(web=web_port, inbound=inbound_port, hook=hook_port)
    for name in TRUE_OUTCOMES:
        maildir = f'via = "maildir", path = "mail/{name}", junk = ".Junk"'
        copies = 'via = "inbound", address = "copies@probe.example"'
        text += PATH.format(name=name, port=port, mailbox=copies if name == "copies" else maildir)
    (folder / "config.toml").write_text(text)


async def _compare(folder: Path, companies: Companies, due: datetime) -> tuple[dict[str, object], list[str]]:
    """Hold the store against the truth. Whatever was to be given up by `due` must have ended."""
    truth, wrong, count = companies.truth, [], Counter[str]()
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        last = await store.probes.last_signal()
        verdicts = await store.probes.signals(0, last + 1)
        for verdict in verdicts:
            outcome = str(verdict.verdict.outcome)
            count[f"verdicts {outcome}"] += 1
            if outcome not in TRUE_OUTCOMES[verdict.company] | {"unknown"}:
                wrong.append(f"false verdict on {verdict.company}: {verdict.verdict}")
        for probe_id, company in truth.company.items():
            record = await store.probes.record(probe_id)
            if record is None:
                wrong.append(f"lost: the store does not know probe {probe_id} of {company}")
                continue
            if record.probe.give_up_at <= due and (record.closed_at is None or record.verdict is None):
                wrong.append(f"without an end: probe {probe_id} of {company}")
            _check_probe(company, record, truth.taken[probe_id], truth.sent_back[probe_id], wrong, count)
        incidents = [*await store.incidents.open(), *await store.incidents.recently_closed(verdicts[0].at)]
        for incident in incidents:
            count["incidents"] += 1
            if incident.outcome == "unknown":  # a killed service cannot tell, and says so of itself
                count["incidents of our own"] += 1
            elif strangers := set(incident.companies) - FAULTY:
                wrong.append(f"false incident {incident.id} on {sorted(strangers)}: {incident.outcome}")
    keys: dict[tuple[str, str], str] = {}
    for incident_id, notice_id, news in truth.notices:
        if keys.setdefault((incident_id, notice_id), news) != news:
            wrong.append(f"notice {notice_id} of {incident_id} was delivered with other news: {news}")
    figures: dict[str, object] = {
        "probes": len(truth.company),
        "dialogues": sum(truth.tries.values()),
        "messages taken": sum(truth.taken.values()),
        "copies and bounces taken": sum(len(each) for each in truth.sent_back.values()),
        "notices": len(keys),
        "POSTs": truth.posts,
        **dict(sorted(count.items())),
    }
    return figures, wrong


def _check_probe(
    company: str, record: ProbeRecord, taken: int, sent_back: set[str], wrong: list[str], count: Counter[str]
) -> None:
    """One probe: nothing sent twice, nothing lost that was answered with 250."""
    evidence = record.evidence
    who = f"probe {record.probe.id} of {company}"
    if taken > 1:
        wrong.append(f"sent twice: {who} was taken {taken} times")
    ends = {each.number for each in evidence if isinstance(each, Dialogue)}
    count["attempts cut short"] += sum(isinstance(each, Attempt) and each.number not in ends for each in evidence)
    accepted = any(isinstance(each, Dialogue) and each.handover is Handover.ACCEPTED for each in evidence)
    if accepted and not taken:
        wrong.append(f"invented: {who} counts as accepted, and was not")
    if company == "bounces" and sent_back and not any(isinstance(each, Bounce) for each in evidence):
        wrong.append(f"lost bounce: {who}")
    if company == "copies" and sent_back and not any(each.type == "arrival" for each in evidence):
        wrong.append(f"lost copy: {who}")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, which is kept")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="mailpath-torture-", ignore_cleanup_errors=True) as name:
        figures, wrong = asyncio.run(torture(given.keep or Path(name), given.kills, given.seed))
    table = Table("what", "how many")
    for what, number in figures.items():
        table.add_row(what, str(number))
    table.add_row("wrong", str(len(wrong)))
    Console().print(table)
    print("\n".join(wrong[:50]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    _main()
