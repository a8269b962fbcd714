"""The MX of companies is read once a day, and what is known outlives the process."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog

from monitor.config import Config, read_config
from monitor.config.standing_plan import mx_plan
from monitor.sources.company_mx import AT_ONCE, CompanyMx
from monitor.standing.company_mx import CONFIRM_AFTER, EVERY
from monitor.store import Store
from probes.answer import Fault
from probes.resolver import MailHost, MailHosts, Unresolved
from tests.support.outside_world import outside_world
from tests.support.pages_app import START
from tests.support.table_resolver import TableResolver

CONFIG = """
[companies.acme]
mail_systems = ["mimecast", "m365"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "acme" }
[companies.acme.paths.branch]
to = "probe@ACME.example"
route = { via = "xclient", host = "192.0.2.10" }
mailbox = { via = "maildir", path = "acme2" }
"""


class MxResolver(TableResolver):
    """A resolver with an MX that may change."""

    def __init__(self, *hosts: str) -> None:
        super().__init__({})
        self.hosts: Sequence[str] | None = hosts

    async def mail_hosts(self, domain: str, *, timeout: float) -> MailHosts | Unresolved:
        self.asked.append((domain, "MX"))
        if self.hosts is None:
            return Unresolved(Fault.LOOKUP_FAILED, "no answer")
        return tuple(MailHost(host, ("192.0.2.1",)) for host in self.hosts)


@dataclass
class Clockwork:
    """A clock that is moved by hand."""

    at: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """One company with two paths to one domain."""
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return read_config(file)


async def test_a_changed_gateway_is_noticed_and_remembered(config: Config, tmp_path: Path) -> None:
    clock, resolver = Clockwork(), MxResolver("eu-smtp-inbound-1.mimecast.com")
    world = outside_world(now=clock, resolver=resolver)
    async with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        watch = CompanyMx(store, world)
        watch.configure(mx_plan(config))
        await watch.step()
        await watch.step()
        assert resolver.asked == [("acme.example", "MX")], "once a day, and once for both paths"
        resolver.hosts = None
        clock.at += EVERY
        await watch.step()
        (record,) = watch.of("acme")
        assert record.hosts == ("eu-smtp-inbound-1.mimecast.com",), "no answer is no change"
        resolver.hosts = ["aspmx.l.google.com"]
        clock.at += EVERY
        await watch.step()
        again = CompanyMx(store, world)  # a restart between the two readings
        again.configure(mx_plan(config))
        clock.at += CONFIRM_AFTER
        with structlog.testing.capture_logs() as logs:
            await again.step()
        (record,) = again.of("acme")
        assert (record.hosts, record.before) == (("aspmx.l.google.com",), ("eu-smtp-inbound-1.mimecast.com",))
        assert record.changed(clock.at + timedelta(days=1))
        (line,) = logs
        assert (line["event"], line["mail_systems"]) == ("the MX of a company has changed", "Google Workspace")
        assert again.of("birch") == []


def test_the_domains_of_a_companys_people_are_watched_beside_those_of_its_probes(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    people = 'mail_systems = ["mimecast", "m365"]\ndomains = ["acme.com", "acme.example"]'
    file.write_text(CONFIG.replace('mail_systems = ["mimecast", "m365"]', people))
    assert mx_plan(read_config(file)) == (("acme", "acme.example"), ("acme", "acme.com"))


class CountingResolver(MxResolver):
    """Knows how many tasks there are at most while it is asked."""

    tasks = 0

    async def mail_hosts(self, domain: str, *, timeout: float) -> MailHosts | Unresolved:
        await asyncio.sleep(0)
        self.tasks = max(self.tasks, len(asyncio.all_tasks()))
        return await super().mail_hosts(domain, timeout=timeout)


async def test_thousands_of_domains_are_read_a_few_at_once_and_no_task_waits_for_its_turn(tmp_path: Path) -> None:
    """Each would be two kilobytes, and looking through all of them for each of them would take seconds."""
    resolver = CountingResolver("mx.acme.example")
    wanted = [(f"c{number}", f"c{number}.example") for number in range(5_000)]
    async with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        watch = CompanyMx(store, outside_world(now=Clockwork(), resolver=resolver))
        watch.configure(wanted)
        tasks, began = len(asyncio.all_tasks()), time.process_time()
        await watch.step()
        assert time.process_time() - began < 1.5
    assert resolver.tasks <= tasks + AT_ONCE
    assert [len(watch.of(company)) for company, _ in wanted[:2]] == [1, 1]
    assert len(watch.records) == len(wanted)
