"""A bounce that a real Postfix writes and delivers to us, in a network of its own."""

import asyncio
import os
import smtplib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from probes.evidence import Bounce, Dialogue
from probes.kinds import Kind
from tests.lab.lab import obstacle
from tests.lab.network import Namespace
from tests.lab.postfix import SMTP_PORT, postfix
from tests.monitor.sources.inbound.conftest import PATIENCE
from tests.monitor.sources.inbound.test_amended import open_inbound_pipeline
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

pytestmark = pytest.mark.lab


@pytest.fixture
def alone() -> Iterator[Namespace]:
    """A machine with a loopback interface and nothing else."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    namespace = Namespace("bounce", "127.0.0.1")
    subprocess.run(["ip", "netns", "add", namespace.label], check=True)
    try:
        subprocess.run(["ip", "-n", namespace.label, "link", "set", "lo", "up"], check=True)
        yield namespace
    finally:
        subprocess.run(["ip", "netns", "del", namespace.label], check=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="mailpath-") as name:
        Path(name).chmod(0o755)  # Postfix's own user must get through
        yield Path(name)


def test_postfix_gives_up_and_tells_us(alone: Namespace, open_folder: Path, pipeline_app: PipelineApp) -> None:
    with alone.entered():
        asyncio.run(given_up(alone, open_folder, pipeline_app))


async def given_up(alone: Namespace, folder: Path, pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        us = f"[127.0.0.1]:{talks.listener.port}"
        rules = {
            "virtual_transport": f"smtp:{us}",  # we do not know the company's own recipients, so this is refused
            "relayhost": us,
            "smtpd_tls_security_level": "none",
            "smtpd_tls_chain_files": "",
        }
        server = postfix(alone, folder, "acme.test", ("probe",), rules, folder / "none")
        await asyncio.to_thread(server.start)
        try:
            probe = await pipeline.launch(path, Kind.TWO_STEP_CODE)
            await heard.evidence(Dialogue)
            await asyncio.to_thread(hand_over, route.sent[0].mail_from, route.sent[0].content)
            assert await heard.verdict() == "blocked no_such_user real"
            (bounce,) = await talks.evidence(probe.id, Bounce)
            assert (bounce.recipient, bounce.action, bounce.status) == ("probe@acme.test", "failed", "5.1.1")
            assert "550 5.1.1 No such recipient here" in bounce.reply
            assert (bounce.reporting_mta, bounce.permanent) == ("mx.acme.test", True)
        finally:
            await asyncio.to_thread(server.stop)


def hand_over(mail_from: str, content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", SMTP_PORT, timeout=PATIENCE, local_hostname="account.trimble.com") as smtp:
        smtp.sendmail(mail_from, ["probe@acme.test"], content)
