"""The listener as a part of the whole service: what the configuration asks for is there, and is wired to the rest."""

import asyncio
import smtplib
import socket
from pathlib import Path

import pytest

from monitor.app import service
from monitor.config import read_config
from monitor.store import Store
from probes.token import Purpose, mint
from probes.verdict import Verdict
from tests.monitor.sources.inbound.conftest import PATIENCE
from tests.support import bounce_mails as mails

CONFIG = """
[probes]
every = "1h"
[web]
listen = "127.0.0.1:0"
[inbound]
listen = "127.0.0.1:{inbound}"
domain = "probe.example"
{more}
[sandbox.companies]
acme = "loses"
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {company} }}
mailbox = {{ via = "maildir", path = "mail" }}
"""


def free_ports(count: int) -> list[int]:
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def written(folder: Path, more: str = "") -> tuple[Path, int]:
    inbound, company = free_ports(2)
    file = folder / "config.toml"
    file.write_text(CONFIG.format(inbound=inbound, company=company, more=more))
    return file, inbound


async def launched(store: Store) -> str:
    """The id of the first probe that the service launches."""
    async with asyncio.timeout(PATIENCE):
        while not (listed := await store.probes.recent("acme", "hq")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return listed[0].probe_id


async def test_a_bounce_on_its_way_from_the_port_to_the_metrics(tmp_path: Path) -> None:
    file, port = written(tmp_path)
    file.write_text(file.read_text().replace('every = "1h"', 'every = "1s"'))
    config = read_config(file)
    async with service(file, config) as at_work, Store.open(config.store.url) as store:
        probe_id = await launched(store)
        key = await store.key()
        token, tag = mint(probe_id, key), mint(probe_id, key, Purpose.ENVELOPE)
        assert await handed_over(port, f"bounce+{tag}@account.trimble.com", mails.bounce(token)) == "250"
        verdict = await verdict_of(store, probe_id)  # it may be here before we know that the probe was taken
        assert (verdict.outcome, verdict.cause, verdict.grade) == ("blocked", "ip_listed", "impersonated")
        shown = await at_work.metrics.render()
        assert b'mailpath_inbound_mails_total{kind="bounce"} 1\n' in shown
        for code in (421, 450, 451, 452, 552):
            assert b'mailpath_inbound_rejected_total{code="%d"} 0\n' % code in shown
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


async def test_a_reload_changes_whom_mail_is_taken_for(tmp_path: Path) -> None:
    file, port = written(tmp_path)
    async with service(file, read_config(file)) as at_work:
        assert await handed_over(port, "new@probe.example", b"A: b\r\n\r\nx\r\n") == "550"
        companies = at_work.config.companies
        file.write_text(file.read_text().replace("[sandbox.", 'bounces = ["new@probe.example"]\n[sandbox.'))
        await at_work.reload()
        assert companies
        assert all(at_work.config.companies[key] is company for key, company in companies.items())
        assert await handed_over(port, "new@probe.example", b"A: b\r\n\r\nx\r\n") == "250"


async def verdict_of(store: Store, probe_id: str) -> Verdict:
    async with asyncio.timeout(PATIENCE):
        while True:
            record = await store.probes.record(probe_id)
            if record and record.verdict:
                return record.verdict
            await asyncio.sleep(0.02)


async def handed_over(port: int, recipient: str, content: bytes, seconds: float = PATIENCE) -> str:
    """The code of the refusal, or of the reply to the whole mail."""

    def talk() -> int:
        with smtplib.SMTP("127.0.0.1", port, timeout=seconds, local_hostname="mx.test") as smtp:
            smtp.ehlo()
            smtp.mail("")
            code = smtp.rcpt(recipient)[0]
            return smtp.data(content)[0] if code == 250 else code

    return str(await asyncio.to_thread(talk))
