"""Alertmanager, the real one: what it makes of what we post, and whom it tells."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import probes.http
from monitor.channels import alertmanager as module
from monitor.channels.alertmanager import AlertmanagerChannel
from monitor.channels.alerts import LASTS, SILENT
from monitor.notices.notice import Notice, NoticeKind
from probes.http import HttpReply, HttpSession
from probes.outside import Outside
from tests.dashboards.conftest import able
from tests.support.channel_samples import labels, notice
from tests.support.delivery_app import open_delivery_app
from tests.support.http_receiver import Receiver
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import Clock
from tests.support.prometheus_servers import alertmanager

__all__ = ["able"]  # a fixture

NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def tells(url: str) -> str:
    """An Alertmanager that tells a webhook at once."""
    return json.dumps(
        {
            "route": {"receiver": "us", "group_by": ["incident"], "group_wait": "1ms", "group_interval": "200ms"},
            "receivers": [{"name": "us", "webhook_configs": [{"url": url, "send_resolved": True}]}],
        }
    )


@pytest.fixture
def server(able: None, tmp_path: Path) -> Iterator[str]:
    with alertmanager(NOBODY, tmp_path) as url:
        yield url


@pytest.fixture
def channel(server: str) -> AlertmanagerChannel:
    return AlertmanagerChannel(url=f"{server}/")


class Look:
    """What Alertmanager shows."""

    def __init__(self, url: str, around: Outside) -> None:
        self._url, self._around = url, around

    async def alerts(self) -> dict[str, Any]:
        """Those that last, by their incident and scope."""
        found = await self._ask("GET", "alerts")
        return {f"{each['labels']['incident']} {each['labels']['scope']}": each for each in found}

    async def states(self) -> dict[str, str]:
        return {name: alert["status"]["state"] for name, alert in (await self.alerts()).items()}

    async def silences(self) -> list[dict[str, Any]]:
        return [each for each in await self._ask("GET", "silences") if each["status"]["state"] != "expired"]

    async def silence(self, said: dict[str, Any]) -> None:
        await self._ask("POST", "silences", json.dumps(said).encode())

    async def _ask(self, method: str, what: str, body: bytes | None = None) -> Any:
        place = f"{self._url}/api/v2/{what}"
        answer = await self._around.http.exchange(method, place, body=body, most=50_000_000)
        assert isinstance(answer, HttpReply)
        assert answer.good, answer.body
        return json.loads(answer.body)


@pytest.fixture
def look(server: str, around: Outside) -> Look:
    return Look(server, around)


def now_notice(name: str = "i1", number: int = 1, news: NoticeKind = NoticeKind.OPENED, **other: Any) -> Notice:
    """One that is made now, about what began ten minutes ago."""
    now = datetime.now(UTC)
    facts = {"began_at": (now - timedelta(minutes=10)).isoformat(), "fix": "Allow it."}
    return notice(name, number, news, **{"at": now, "facts": facts, **other})


async def test_what_is_told_is_an_active_alert(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    assert not (await channel.deliver(now_notice(), around)).fault
    [alert] = (await look.alerts()).values()
    assert alert["labels"] == labels()
    assert alert["annotations"]["summary"] == "Acme Steel: mail is blocked"
    assert alert["annotations"]["fix"] == "Allow it."
    assert alert["status"]["state"] == "active"


async def test_the_same_notice_twice_is_one_alert(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    for _ in range(2):
        assert not (await channel.deliver(now_notice(), around)).fault
    assert len(await look.alerts()) == 1


async def test_what_is_said_again_lasts_longer(
    channel: AlertmanagerChannel, around: Outside, look: Look, clock: Clock
) -> None:
    told = now_notice()
    await channel.deliver(told, around)
    before = (await look.alerts())["i1 company"]
    clock.pass_(minutes=10)
    assert await channel.repeat([told], [], around) is None
    after = (await look.alerts())["i1 company"]
    later = datetime.fromisoformat(after["endsAt"]) - datetime.fromisoformat(before["endsAt"])
    assert timedelta(minutes=10) <= later < timedelta(minutes=11)
    assert after["startsAt"] == before["startsAt"]


@pytest.mark.parametrize("news", [NoticeKind.RESOLVED, NoticeKind.MERGED])
async def test_what_is_over_lasts_no_longer(
    channel: AlertmanagerChannel, around: Outside, look: Look, news: NoticeKind
) -> None:
    await channel.deliver(now_notice(), around)
    await channel.repeat([now_notice()], [], around)
    assert not (await channel.deliver(now_notice(number=2, news=news), around)).fault
    assert await look.alerts() == {}


async def test_what_comes_back_is_active_again(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    await channel.deliver(now_notice(), around)
    await channel.deliver(now_notice(number=2, news=NoticeKind.RESOLVED), around)
    await channel.deliver(now_notice(number=3), around)
    assert await look.states() == {"i1 company": "active"}


async def test_a_wider_one_takes_the_place_of_the_narrower(
    channel: AlertmanagerChannel, around: Outside, look: Look
) -> None:
    await channel.deliver(now_notice(labels=labels(scope="mailbox")), around)
    wider = now_notice(number=2, news=NoticeKind.WIDENED, replaces=labels(scope="mailbox"))
    assert not (await channel.deliver(wider, around)).fault
    assert await look.states() == {"i1 company": "active"}


async def test_a_thousand_are_said_again(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    many = [now_notice(f"i{number}") for number in range(1000)]
    assert await channel.repeat(many, [], around) is None
    assert len(await look.alerts()) == 1000


async def test_one_that_it_does_not_take_leaves_the_others_alone(
    channel: AlertmanagerChannel, around: Outside, look: Look
) -> None:
    fault = await channel.repeat([now_notice("bad", labels={"no name": "x"}), now_notice()], [], around)
    assert fault is not None
    assert fault.startswith("HTTP 400: ")
    assert "no name" in fault
    assert await look.states() == {"i1 company": "active"}


async def test_what_is_muted_lasts_in_silence(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    quiet, loud = now_notice("quiet"), now_notice("loud")
    for each in (quiet, loud):
        await channel.deliver(each, around)
    assert await channel.repeat([loud], [quiet], around) is None
    assert await look.states() == {"quiet company": "suppressed", "loud company": "active"}
    [silence] = await look.silences()
    assert silence["createdBy"] == "mailpath"
    lasts = datetime.fromisoformat(silence["endsAt"]) - datetime.now(UTC)
    assert timedelta(0) < SILENT - lasts < timedelta(minutes=1)


async def test_the_silence_ends_with_the_mute(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    told = now_notice()
    await channel.repeat([], [told], around)
    assert len(await look.silences()) == 1
    assert await channel.repeat([told], [], around) is None
    assert await look.silences() == []
    assert await look.states() == {"i1 company": "active"}


async def test_a_silence_is_made_longer_in_time_and_not_made_twice(
    channel: AlertmanagerChannel, around: Outside, look: Look, clock: Clock
) -> None:
    told = now_notice()
    ends = []
    for minutes in (0, 5, 25, 20):
        clock.pass_(minutes=minutes)
        assert await channel.repeat([], [told], around) is None
        [silence] = await look.silences()
        ends.append(datetime.fromisoformat(silence["endsAt"]))
        assert ends[-1] - clock() > LASTS, "the alert would burst out at the end of the silence"
    assert ends[0] == ends[1] < ends[2] == ends[3]


async def test_silences_of_people_are_left_alone(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    now = datetime.now(UTC)
    matchers = [{"name": "incident", "value": "i1", "isRegex": False, "isEqual": True}]
    ends = now + timedelta(hours=3)
    times = {"startsAt": now.isoformat(), "endsAt": ends.isoformat()}
    await look.silence({**times, "matchers": matchers, "createdBy": "alice", "comment": "lunch"})
    assert await channel.repeat([now_notice()], [], around) is None
    assert [each["createdBy"] for each in await look.silences()] == ["alice"]


async def test_a_silence_for_an_incident_of_somebody_else_stays(
    channel: AlertmanagerChannel, around: Outside, look: Look
) -> None:
    """Two of us may tell one Alertmanager."""
    await channel.repeat([], [now_notice("theirs")], around)
    await channel.repeat([now_notice("ours")], [], around)
    assert len(await look.silences()) == 1


async def test_five_hundred_are_muted_at_once(channel: AlertmanagerChannel, around: Outside, look: Look) -> None:
    many = [now_notice(f"i{number}") for number in range(500)]
    assert await channel.repeat([], many, around) is None
    assert len(await look.silences()) == 500
    assert await channel.repeat(many, [], around) is None
    assert await look.silences() == []


async def test_people_are_told_once_and_hear_the_end(
    able: None, receiver: Receiver, around: Outside, clock: Clock, tmp_path: Path
) -> None:
    with alertmanager(tells(receiver.url), tmp_path) as url:
        channel = AlertmanagerChannel(url=url)
        told = now_notice()
        await channel.deliver(told, around)
        await receiver.told(1)
        for _ in range(5):
            clock.pass_(seconds=60)
            assert await channel.repeat([told], [], around) is None
        clock.pass_(minutes=-5)
        await channel.deliver(now_notice(number=2, news=NoticeKind.RESOLVED), around)
        await receiver.told(2)
    firing, resolved = [said.json for said in receiver.heard]
    assert [each["status"] for each in (firing, resolved)] == ["firing", "resolved"]
    assert firing["commonLabels"] == labels()
    assert firing["commonAnnotations"]["fix"] == "Allow it."


async def test_through_delivery_a_mute_and_a_restart(channel: AlertmanagerChannel, look: Look, tmp_path: Path) -> None:
    async with open_delivery_app(tmp_path) as delivery_app:
        delivery_app.time.now = datetime.now(UTC)
        await delivery_app.keep(now_notice("i1"), now_notice("i2"))
        delivery_app.delivery.configure({"ops": channel})
        await delivery_app.settle()
        assert await look.states() == {"i1 company": "active", "i2 company": "active"}
        delivery_app.muted = frozenset({"i1"})
        await delivery_app.turn()
        assert await look.states() == {"i1 company": "suppressed", "i2 company": "active"}
        await delivery_app.restart()
        delivery_app.delivery.configure({"ops": channel})
        await delivery_app.turn()
        assert await look.states() == {"i1 company": "suppressed", "i2 company": "active"}
        delivery_app.muted = frozenset()
        await delivery_app.turn()
        assert await look.states() == {"i1 company": "active", "i2 company": "active"}
        await delivery_app.keep(now_notice("i1", 2, NoticeKind.RESOLVED))
        await delivery_app.turn()
        assert await look.states() == {"i2 company": "active"}
        assert await look.silences() == []


@pytest.mark.parametrize(
    ("answer", "body", "fault"),
    [
        (200, b"<html>", "its silences cannot be read; is there an Alertmanager?"),
        (401, b"", "HTTP 401"),
        (500, b"out of\n\x1b[31mspace", r'HTTP 500: "out of\n\u001b[31mspace"'),
        (302, b"", "HTTP 302: it leads elsewhere, and we do not follow; put the final address into url"),
    ],
)
async def test_what_is_no_alertmanager(
    receiver: Receiver, around: Outside, answer: int, body: bytes, fault: str
) -> None:
    receiver.answer, receiver.body = answer, body
    assert await AlertmanagerChannel(url=receiver.url).repeat([], [notice()], around) == fault


async def test_without_silences_the_alerts_are_said_again_all_the_same(receiver: Receiver, around: Outside) -> None:
    receiver.answers = [500]
    assert await AlertmanagerChannel(url=receiver.url).repeat([notice()], [], around) == 'HTTP 500: "{}"'
    assert [said.path for said in receiver.heard] == ["/api/v2/silences", "/api/v2/alerts"]


async def test_one_that_hangs_is_left(receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes.http, "TIMEOUT", 0.2)
    receiver.answer = "hang"
    async with HttpSession() as http:
        around = outside_world(now=clock, http=http)
        channel = AlertmanagerChannel(url=receiver.url)
        assert (await channel.deliver(notice(), around)).fault == "no answer within 0.2 seconds"
        assert await channel.repeat([notice()], [], around) == "no answer within 0.2 seconds"


async def test_one_that_is_slow_each_time_is_left_too(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    receiver.answer = "hang"
    fault = await AlertmanagerChannel(url=receiver.url).repeat([notice()], [], around)
    assert fault == "not all could be said again within 0.2 seconds"


async def test_a_user_is_told_where_one_is_asked_for(receiver: Receiver, around: Outside) -> None:
    receiver.body = b"[]"
    channel = AlertmanagerChannel(url=f"{receiver.url}/alerts/", user="mailpath", password=SecretStr("pa55"))
    await channel.deliver(notice(), around)
    await channel.repeat([notice()], [], around)
    assert {said.headers["Authorization"] for said in receiver.heard} == {"Basic bWFpbHBhdGg6cGE1NQ=="}
    assert {said.path for said in receiver.heard} == {"/alerts/api/v2/alerts", "/alerts/api/v2/silences"}
    assert "pa55" not in repr(channel)


@pytest.mark.parametrize(
    "said",
    [
        {"url": "127.0.0.1:9093"},
        {"url": "http://127.0.0.1:9093/?a=b"},
        {"url": "http://u:p@127.0.0.1:9093"},
        {"url": "http://127.0.0.1:9093", "user": "mailpath"},
        {"url": "http://127.0.0.1:9093", "password": SecretStr("pa55")},
    ],
)
def test_settings_that_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertmanagerChannel(**said)
