"""What tests of routes share: a way to send, a certificate authority, and a watch on leaks."""

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from probes.evidence import Step
from probes.message import Message
from probes.resolver import DnsResolver, Resolver
from probes.routes import Route
from tests.support.certificates import Authority, new_authority
from tests.support.outgoing_mail import GATEWAY, MESSAGE, Send, Sent
from tests.support.outside_world import outside_world

SLACK = 1.5  # seconds that a busy machine may add to a deadline
QUIET = ("lookup", "connect", "proxy", "starttls")  # steps that can go well without a reply


@pytest.fixture
def hosts_file(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text(f"127.0.0.1 localhost {GATEWAY} # ours\n::1 localhost\n::1 six.example\n")
    return path


@pytest.fixture
def send(hosts_file: Path) -> Send:
    """Send by a route; what every dialogue must keep to, whatever the server did, is checked here."""

    async def send(
        route: Route,
        message: Message = MESSAGE,
        *,
        resolver: Resolver | None = None,
        timeout: float = 5.0,
        identity: dict[str, Any] | None = None,
    ) -> Sent:
        if identity:
            message = replace(message, identity=replace(message.identity, **identity))
        noted: list[Step] = []
        around = outside_world(resolver=resolver or DnsResolver(["127.0.0.1:9"], hosts_file=hosts_file))
        before, began = datetime.now(UTC), time.monotonic()
        dialogue = await route.send(message, 3, around, timeout=timeout, note=noted.append)
        seconds = time.monotonic() - began
        assert seconds < timeout + SLACK
        assert tuple(noted) == dialogue.steps
        assert dialogue.number == 3
        assert before <= dialogue.steps[0].at <= dialogue.at <= datetime.now(UTC)
        assert all(0 <= step.seconds <= seconds for step in dialogue.steps)
        assert all(step.code is not None or step.fault or step.stage in QUIET for step in dialogue.steps)
        assert all("\r" not in step.text and "\x1b" not in step.text for step in dialogue.steps)
        return Sent(dialogue, seconds)

    return send


@pytest.fixture(scope="session", autouse=True)
def _what_is_loaded_stays() -> None:
    """So that the collections below are quick."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
async def _nothing_left_open(recwarn: pytest.WarningsRecorder) -> AsyncIterator[None]:
    """A transport or socket that nobody closed says so when it is collected."""
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    assert [str(warning.message) for warning in recwarn if issubclass(warning.category, ResourceWarning)] == []


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))
