"""Which identity the service launches to compare a failing path with, and when it launches none."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.config import Config, read_config
from monitor.probing.dispatch import ProbeOrder
from monitor.probing.planner import Planner
from probes.check import Check
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.verdict_score import signal

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LOCAL, ELSEWHERE = "127.0.0.6", "198.51.100.7"
CONTROL = '[control]\naddress = "probe@control.example"\nsource_ip = "{}"\nhelo = "c.example"\n'
NEIGHBOUR = '[neighbour]\naddress = "probe@neighbour.example"\n'
ROUTES = {
    "direct": '{ via = "direct" }',
    "relay": '{ via = "relay", host = "127.0.0.9", tls = "none", user = "u", password = { env = "PW" } }',
    "xclient": '{ via = "xclient", host = "gate.example" }',
}


class Admitting:
    """A schedule that lets so many more probes be sent, and counts those that it let."""

    def __init__(self, room: int = 1) -> None:
        self.room, self.asked = room, 0

    def admits(self, path: object, now: datetime) -> bool:
        self.asked += 1
        self.room -= 1
        return self.room >= 0


class Launches:
    """A dispatcher that keeps what it is to launch."""

    def __init__(self) -> None:
        self.asked: list[ProbeOrder] = []

    def dispatch(self, order: ProbeOrder) -> None:
        self.asked.append(order)


def configured(folder: Path, via: str, others: str) -> Config:
    mailbox = '{ via = "maildir", path = "mail" }'
    company = f'[companies.acme]\n[companies.acme.paths.hq]\nto = "p@acme.example"\nmailbox = {mailbox}\n'
    (folder / "config.toml").write_text(f"{others}{company}route = {ROUTES[via]}\n")
    return read_config(folder / "config.toml")


async def compared(config: Config, schedule: Any, trouble: str | None = None) -> list[ProbeOrder]:
    """What is ordered, where this path failed with a mail of this kind."""
    dispatcher = Launches()
    store: Any = SimpleNamespace(health=SimpleNamespace(trouble=trouble))
    nothing: Any = SimpleNamespace()
    launches: Any = dispatcher
    planner = Planner(store, nothing, launches, nothing, lambda: NOW, config.identities(), schedule)
    planner.compare(config.paths()[0], signal("b", NOW, line=("acme", "hq", Kind.PASSWORD_RESET)))
    return dispatcher.asked


@pytest.mark.parametrize(
    ("via", "others", "role"),
    [
        ("direct", CONTROL.format(LOCAL), Role.CONTROL),  # it has an address here to send from
        ("direct", CONTROL.format(LOCAL) + NEIGHBOUR, Role.CONTROL),
        ("direct", CONTROL.format(ELSEWHERE), None),  # it would be spoofed
        ("relay", NEIGHBOUR, Role.NEIGHBOUR),
        ("relay", CONTROL.format(LOCAL) + NEIGHBOUR, Role.NEIGHBOUR),  # a relay sends for its own account only
        ("relay", CONTROL.format(LOCAL), None),
        ("xclient", CONTROL.format(ELSEWHERE), Role.CONTROL),  # the gateway believes any address
        ("xclient", "", None),
        ("direct", "", None),
    ],
)
async def test_who_is_launched_beside_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, via: str, others: str, role: Role | None
) -> None:
    monkeypatch.setenv("PW", "secret")
    schedule = Admitting()
    asked = await compared(configured(tmp_path, via, others), schedule)
    order = role and ProbeOrder(Check("acme", "hq", Kind.PASSWORD_RESET), role, ProbePurpose.CONTROL)
    assert asked == ([order] if order else [])
    assert schedule.asked == (1 if role else 0), "what is not sent is not counted against the caps"


@pytest.mark.parametrize(
    ("what", "schedule", "trouble"),
    [
        ("the caps are full", Admitting(room=0), None),
        ("nothing is planned yet", None, None),
        ("what comes of it could not be stored", Admitting(), "disk full"),
    ],
)
async def test_when_nobody_is(tmp_path: Path, what: str, schedule: Any, trouble: str | None) -> None:
    config = configured(tmp_path, "direct", CONTROL.format(LOCAL))
    assert await compared(config, schedule, trouble) == [], what
