"""Real mail by hour is deleted by the service: after `[real] keep`, and also when nothing is counted any more."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import service
from monitor.clock import utc_now
from monitor.config import read_config
from probes.traced import TraceFate
from tests.monitor.sources.inbound.test_inbound_service import free_ports
from tests.support.rules_of_backend import rules_in

CONFIG = """
{more}
[probes]
every = "1h"
[web]
listen = "127.0.0.1:{web}"
[sandbox.companies]
acme = "loses"
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = {{ via = "xclient", host = "127.0.0.1", port = {company} }}
mailbox = {{ via = "maildir", path = "mail" }}
"""
COUNTED = """
[real]
keep = "30d"
[sender]
trace = { via = "mailgun", account = "identity" }
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = { env = "MAILGUN_KEY" }
url = "http://127.0.0.1:9"
"""


@pytest.mark.parametrize(("more", "kept"), [(COUNTED, [1, 29]), ("", [1, 29, 31, 89])])
async def test_old_hours_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, kept: list[int]
) -> None:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")
    web, company = free_ports(2)
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(web=web, company=company, more=more))
    now = utc_now().replace(minute=0, second=0, microsecond=0)
    days = {now - timedelta(days=ago): ago for ago in (1, 29, 31, 89, 91)}
    hours: dict[tuple[str, datetime, TraceFate, str], int] = {("acme", at, TraceFate.DELIVERED, ""): 1 for at in days}
    async with service(file, read_config(file)) as at_work:
        await at_work.store.real_mail.add(hours, "")
        await rules_in(at_work).housekeeping()
        found = await at_work.store.real_mail.since("acme", now - timedelta(days=400))
    assert sorted(days[each.hour] for each in found) == kept
