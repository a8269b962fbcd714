"""Engine, store and delivery together: what a channel hears after it could not be reached."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.incidents.incident import HistoryEntry, IncidentEvent
from monitor.incidents.work import IncidentAction
from monitor.notices.notice import NoticeKind
from monitor.oncall.delivery import Delivery
from probes.http import HttpSession
from tests.monitor.oncall.test_engine import EngineApp, config, open_engine_app
from tests.support.delivery_app import RecordingChannel
from tests.support.outside_world import outside_world


@dataclass
class TellingApp:
    """The rules at work, and one channel that hears of it."""

    engine: EngineApp
    delivery: Delivery
    hook: RecordingChannel

    async def pass_(self, minutes: float) -> None:
        """Let time pass and everybody have a turn."""
        self.engine.wait(timedelta(minutes=minutes))
        await self.engine.incident_engine.step()
        await self.delivery.turn()
        await self.delivery.idle()


@pytest.fixture
async def telling_app(tmp_path: Path) -> AsyncIterator[TellingApp]:
    async with open_engine_app(tmp_path, config("acme")) as engine, HttpSession() as http:
        outside = outside_world(now=lambda: engine.now, http=http)
        delivery = Delivery(engine.store, outside, compose=engine.incident_engine.composer.compose)
        hook = RecordingChannel()
        delivery.configure({"hook": hook})
        yield TellingApp(engine, delivery, hook)
        await delivery.close()


async def test_a_notice_says_how_long_it_lasts_when_it_is_delivered(telling_app: TellingApp) -> None:
    telling_app.hook.down = "no connection"
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    telling_app.hook.down = None
    await telling_app.pass_(30)
    (notice,) = telling_app.hook.notices
    assert notice.news is NoticeKind.OPENED
    assert ", 1 h 2 min, " in notice.text.splitlines()[0]
    (stored,) = await telling_app.engine.notices()
    assert stored == notice, "what was delivered is what is kept"


async def test_nobody_is_notified_before_the_channel_accepts_the_notice(telling_app: TellingApp) -> None:
    telling_app.hook.down = "HTTP 503"
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    assert await notified(telling_app) == [
        ("queued", "hook: opened"),
        ("not_delivered", "hook: opened: HTTP 503; it will be retried"),
    ]
    for _ in range(3):
        await telling_app.pass_(2)
    assert len(await notified(telling_app)) == 2, "what fails again is no news"
    telling_app.hook.down = None
    await telling_app.pass_(2)
    last = (await history(telling_app))[-1]
    assert (last.turn, last.said, last.at) == (IncidentEvent.TOLD, "hook: opened", telling_app.engine.now)


async def history(telling_app: TellingApp) -> list[HistoryEntry]:
    return await telling_app.engine.store.incidents.entries(telling_app.engine.only().id)


async def notified(telling_app: TellingApp) -> list[tuple[str, str]]:
    """What the history says about notices."""
    of_notices = (IncidentEvent.QUEUED, IncidentEvent.TOLD, IncidentEvent.NOT_DELIVERED)
    return [(each.turn, each.said) for each in await history(telling_app) if each.turn in of_notices]


async def test_what_began_and_ended_while_a_channel_was_down_is_one_line(telling_app: TellingApp) -> None:
    telling_app.hook.down = "no connection"
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    await telling_app.engine.play("ii")
    await telling_app.pass_(2)
    assert len(await telling_app.engine.notices()) == 2
    telling_app.hook.down = None
    await telling_app.pass_(2)
    (notice,) = telling_app.hook.notices
    assert notice.news is NoticeKind.RESOLVED
    assert "while this channel could not be reached" in notice.title
    assert await telling_app.engine.store.incidents.queues() == {}
    (incident,) = await telling_app.engine.store.incidents.newest(9, open_only=False)
    opened, resolved = await telling_app.engine.store.incidents.notices_of(incident.id)
    assert (opened.sent_as, resolved.sent_as) == (resolved.notice.id, "")


async def test_a_receiver_gets_back_its_name_for_the_incident(telling_app: TellingApp) -> None:
    telling_app.hook.handle = "C1:17"
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    telling_app.hook.handle = ""
    await telling_app.engine.play("ii")
    await telling_app.pass_(2)
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    assert [(str(each.news), each.handle) for each in telling_app.hook.notices] == [
        ("opened", ""),
        ("resolved", "C1:17"),
        ("opened", "C1:17"),
    ]


async def test_a_receiver_that_asks_for_time_gets_it(telling_app: TellingApp) -> None:
    telling_app.hook.down, telling_app.hook.asks = "HTTP 429", timedelta(minutes=4)
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    assert len(telling_app.hook.tried) == 1
    telling_app.hook.down = None
    await telling_app.pass_(3)
    assert telling_app.hook.heard == []
    await telling_app.pass_(1.5)
    assert len(telling_app.hook.heard) == 1


async def test_a_refused_notice_waits_for_what_is_newer(telling_app: TellingApp) -> None:
    await telling_app.engine.play("bb")
    first = (await telling_app.engine.settle())[0].id
    telling_app.hook.refuses = {first}
    await telling_app.pass_(0)
    assert telling_app.hook.tried == [first]
    await telling_app.engine.play("ii")
    await telling_app.pass_(11)
    (notice,) = telling_app.hook.notices
    assert (notice.news, notice.number) == (NoticeKind.RESOLVED, 2)


async def test_who_has_it_is_told_to_receivers_that_keep_it_open_and_in_what_follows(telling_app: TellingApp) -> None:
    await telling_app.engine.play("bb")
    await telling_app.pass_(2)
    incident = telling_app.engine.only()
    work = IncidentAction(
        incident.id,
        telling_app.engine.now,
        IncidentEvent.ACKNOWLEDGED,
        "anna",
        "session",
        "",
        incident.severity,
        incident.scope,
        incident.relapses,
    )
    await telling_app.engine.store.incidents.act(work, "acknowledged by anna")
    await telling_app.pass_(1)
    await telling_app.pass_(600)
    opened, held = telling_app.hook.notices
    assert (str(opened.news), opened.facts["acknowledged_by"]) == ("opened", None)
    assert (str(held.news), held.facts["acknowledged_by"]) == ("acknowledged", "anna"), "once, and no reminder follows"
    assert held.title == "Acknowledged by anna: Acme Inc: sign-in codes are accepted but missing (cause unknown)"
    assert "anna has it." in held.text.splitlines()
