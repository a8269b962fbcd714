"""Escalation and reminders: who is notified when somebody has an incident, and when nobody has. On a real store."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.actions.incident_work import IncidentWorker
from monitor.actions.mutes import MuteRequest, keep, planned
from monitor.config import Config
from monitor.notices.notice import Notice
from tests.monitor.oncall.test_engine import EngineApp, config, open_engine_app

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
AFTER = 30 * MINUTE


def escalating() -> Config:
    """`hook` is notified at once, `boss` if nobody has acknowledged for half an hour."""
    return config(
        channels={
            name: {"via": "webhook", "url": "http://127.0.0.1:9/", "secret": {"env": "ESCALATION_HOOK"}}
            for name in ("hook", "boss")
        },
        routing=[{"to": ["hook"]}, {"to": ["boss"], "after": "30m"}],
    )


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATION_HOOK", "long enough to be a secret")


async def after(engine_app: EngineApp, span: timedelta) -> list[str]:
    """Time passes; the notices that were made then."""
    before = {notice.id for notice in await engine_app.notices()}
    engine_app.wait(span)
    await engine_app.incident_engine.step()
    return told([notice for notice in await engine_app.notices() if notice.id not in before])


def told(notices: list[Notice]) -> list[str]:
    return sorted(f"{notice.channel} {notice.news}" for notice in notices)


def worker(engine_app: EngineApp, who: str = "ada") -> IncidentWorker:
    return IncidentWorker(engine_app.store, lambda: engine_app.now, who, "session")


async def delivered(engine_app: EngineApp) -> None:
    """All notices reach their channels: a reminder waits for the notice before it."""
    for notice in await engine_app.notices():
        await engine_app.store.incidents.delivered(notice, engine_app.now)


async def opened(engine_app: EngineApp) -> None:
    """An incident that `hook` has heard of."""
    await engine_app.judge("d")
    await engine_app.incident_engine.step()
    assert await after(engine_app, 2 * MINUTE) == ["hook opened"]
    await delivered(engine_app)


async def test_what_nobody_acknowledges_is_escalated_and_all_hear_of_its_end(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        assert await after(engine_app, AFTER - 2 * MINUTE - timedelta(seconds=1)) == []
        assert await after(engine_app, timedelta(seconds=1)) == ["boss opened"]
        await worker(engine_app).acknowledge(engine_app.only())
        assert await after(engine_app, MINUTE) == ["boss acknowledged", "hook acknowledged"]
        before = len(await engine_app.notices())
        await engine_app.play("ii")
        assert told((await engine_app.notices())[before:]) == ["boss resolved", "hook resolved"]


async def test_what_somebody_has_is_neither_escalated_nor_reminded_of(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        assert engine_app.incident_engine.acknowledged == {}
        await worker(engine_app).acknowledge(engine_app.only())
        since = {engine_app.only().id: engine_app.now}
        assert await after(engine_app, MINUTE) == ["hook acknowledged"]
        await delivered(engine_app)
        for _ in range(20):
            assert await after(engine_app, HOUR) == []
            assert engine_app.incident_engine.acknowledged == since
        assert engine_app.only().unacknowledged_since is None
        await worker(engine_app, "bob").release(engine_app.only())
        assert await after(engine_app, MINUTE) == ["hook reminder"]
        assert engine_app.incident_engine.acknowledged == {}
        assert engine_app.only().unacknowledged_since == engine_app.now
        assert await after(engine_app, AFTER) == ["boss opened"]
        before = len(await engine_app.notices())
        await engine_app.play("ii")
        assert told((await engine_app.notices())[before:]) == ["boss resolved", "hook resolved"]


async def test_naming_an_owner_stops_neither(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        await worker(engine_app).set_owner(engine_app.only(), "bob")
        assert await after(engine_app, AFTER) == ["boss opened"]
        await delivered(engine_app)
        assert await after(engine_app, 9 * HOUR) == ["boss reminder", "hook reminder"]


async def test_one_that_comes_back_is_nobodys_again(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        await worker(engine_app).acknowledge(engine_app.only())
        await engine_app.play("ii")
        assert engine_app.incident_engine.incidents == []
        await engine_app.judge("d")
        await engine_app.incident_engine.step()
        assert engine_app.only().relapses == 1
        assert engine_app.incident_engine.acknowledged == {}
        assert engine_app.only().unacknowledged_since == engine_app.now
        assert await after(engine_app, 2 * MINUTE) == ["hook opened"]
        assert await after(engine_app, AFTER) == ["boss opened"]


async def test_the_wait_goes_on_after_a_restart(tmp_path: Path) -> None:
    clock = []
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        clock = [engine_app.now + 27 * MINUTE]
    async with open_engine_app(tmp_path, escalating(), clock) as engine_app:
        assert await after(engine_app, timedelta(0)) == []
        assert await after(engine_app, MINUTE) == ["boss opened"]


async def test_while_it_is_muted_nobody_is_asked_to_take_it(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        wish = MuteRequest(company="acme", lasts="2h", why="tests")
        mute = planned(wish, escalating().paths(), engine_app.now, "ada")
        await keep(engine_app.store, mute, "command")
        assert await after(engine_app, HOUR) == []
        assert await after(engine_app, HOUR) == []  # the mute is over
        assert await after(engine_app, AFTER - MINUTE) == []
        assert await after(engine_app, MINUTE) == ["boss opened"]


async def test_a_clock_that_is_set_back_makes_nobody_wait_longer(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, escalating()) as engine_app:
        await opened(engine_app)
        assert await after(engine_app, -3 * HOUR) == ["boss opened"]
