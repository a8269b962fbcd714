"""A mail that a real server took and gave up: its report comes back to our listener and makes the verdict."""

import asyncio
from pathlib import Path

import pytest

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.events import Event
from monitor.probing.inbound import inbound_of
from monitor.store import Store
from probes.evidence import Bounce
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome
from tests.lab.companies import BOUNCES_PORT
from tests.lab.config import company, head, path
from tests.lab.lab import Lab
from tests.lab.network import ADMIN_IP
from tests.lab.probing import verdicts_in
from tests.lab.service import SECONDS

pytestmark = pytest.mark.usefixtures("inside")

INBOUND = f'\n[inbound]\nlisten = "{ADMIN_IP}:{BOUNCES_PORT}"\ndomain = "probe.example"\n'


async def _probe(config: Config) -> list[Event]:
    heard: list[Event] = []
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, heard.append, owns_orphans=True) as pipeline,
        inbound_of(config, store, pipeline),
    ):
        for role in Role:
            await pipeline.launch(config.paths()[0], Kind.VERIFICATION, role)
        async with asyncio.timeout(SECONDS):
            while pipeline.flights:
                pipeline.tick(utc_now())
                await asyncio.sleep(0.1)
    return heard


def test_what_a_server_took_and_gave_up_is_blocked_in_its_own_words(lab: Lab, tmp_path: Path) -> None:
    site = lab["bouncing"]
    file = tmp_path / "config.toml"
    file.write_text(head("1h") + INBOUND + company(site, "", {"hq": path(lab, site)}))
    events = asyncio.run(_probe(read_config(file)))
    (verdict,) = verdicts_in(events)["bouncing/hq", Role.SENDER]
    assert (verdict.outcome, verdict.grade) == (Outcome.BLOCKED, Grade.REAL), verdict.because
    assert verdict.cause is Cause.CONTENT
    assert "then bounced by mx.bouncing.test" in verdict.because
    assert "message content rejected as spam" in verdict.because
    (bounce,) = (event.what for event in events if isinstance(event.what, Bounce))
    assert (bounce.recipient, bounce.status) == (site.company.address, "5.7.1")
    (control,) = verdicts_in(events)["bouncing/hq", Role.CONTROL]
    assert control.outcome is Outcome.INBOX
