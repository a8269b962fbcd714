"""Streams of events: nothing is lost, nothing comes twice, whoever is away, slow, or one of many."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector

from monitor.events import Event
from monitor.people.person import Rights
from monitor.store import StoreError
from monitor.web.api import stream
from monitor.web.api.events import Everything
from probes.answer import Stage
from probes.evidence import Attempt, Step
from tests.support.api_app import ApiApp, Program, arrival
from tests.support.pages_app import BLOCKED, INBOX, incident, probe_of
from tests.support.pipeline_app import PATIENCE

WHOLE = ["attempt", "step", "dialogue", "arrival", "verdict", "end"]


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in events]


@pytest.fixture
async def program(api_app: ApiApp) -> Program:
    return await api_app.program(Rights.OPERATOR)


async def sent(program: Program, path: str = "hq") -> str:
    probe: str = (await program.post("/probes", {"company": "acme", "path": path})).facts["probes"][0]["probe"]
    return probe


# ---- One probe ------------------------------------------------------------------------------------------------------


async def test_a_probe_that_is_over_is_told_from_the_beginning(api_app: ApiApp, program: Program) -> None:
    probe = await sent(program)
    await api_app.heard.verdict()
    async with program.follow(f"/probes/{probe}/events") as reader:
        events = await reader.until("end")
        assert await reader.next() is None
    assert names(events) == WHOLE
    assert events[-2] == {
        "event": "verdict",
        "probe": probe,
        "company": "acme",
        "path": "hq",
        "kind": "two_step_code",
        **{name: events[-2][name] for name in ("because", "delivery_seconds")},
        "outcome": "inbox",
        "cause": None,
        "grade": "real",
    }


async def test_steps_are_told_while_they_are_spoken(api_app: ApiApp, program: Program) -> None:
    api_app.routes["acme/hq"].gate = gate = asyncio.Event()
    probe = await sent(program)
    async with program.follow(f"/probes/{probe}/events") as reader:
        assert names(await reader.take(1)) == ["attempt"]
        flight = api_app.pipeline.flights[probe]
        for number in (1, 2):
            spoken = Step(Stage.BANNER, api_app.pipeline_app.clock(), 0.1, "mx", 220, None, f"hello {number}")
            api_app.live.on_event(Event(flight.probe, spoken))
            step = await reader.next()
            assert step
            assert (step["event"], step["text"]) == ("step", f"hello {number}")
        gate.set()
        assert names(await reader.until("end"))[-2:] == ["verdict", "end"]


async def test_whoever_comes_late_is_told_the_steps_so_far(api_app: ApiApp, program: Program) -> None:
    api_app.routes["acme/hq"].gate = asyncio.Event()
    probe = await sent(program)
    await api_app.heard.evidence(Attempt)
    flight = api_app.pipeline.flights[probe]
    spoken = Step(Stage.BANNER, api_app.pipeline_app.clock(), 0.1, "mx", 220, None, "hello")
    api_app.live.on_event(Event(flight.probe, spoken))
    async with program.follow(f"/probes/{probe}/events") as reader:
        assert names(await reader.take(2)) == ["attempt", "step"]
    async with program.follow(f"/probes/{probe}/events", last=reader.last) as again:
        api_app.live.on_event(Event(flight.probe, replace(spoken, text="more")))
        step = await again.next()
        assert step
        assert step["text"] == "more"


@pytest.mark.parametrize("seen", range(1, len(WHOLE) + 1))
async def test_whoever_was_away_goes_on_where_they_were(api_app: ApiApp, program: Program, seen: int) -> None:
    probe = await sent(program)
    async with program.follow(f"/probes/{probe}/events") as reader:
        before = await reader.take(seen)
    await api_app.heard.verdict()
    async with program.follow(f"/probes/{probe}/events", last=reader.last) as again:
        if seen < len(WHOLE) - 1:
            assert again.response.status == 200
            after = await again.until("end")
            assert names(before) + names(after) == WHOLE
        else:
            assert again.response.status == 204


async def test_a_lost_connection_at_every_event_loses_none(api_app: ApiApp, program: Program) -> None:
    probe, last = await sent(program), ""
    told: list[str] = []
    while not told or told[-1] != "end":
        async with program.follow(f"/probes/{probe}/events", last=last) as reader:
            event = await reader.next()
            if event is None:
                break
            told.append(event["event"])
            last = reader.last
    assert told[: len(WHOLE) - 1] == WHOLE[:-1]


async def test_evidence_of_another_process_is_told_too(
    api_app: ApiApp, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.api.probe_events.PING", 0.05)
    made = probe_of("acme", api_app.pipeline_app.clock())
    await api_app.store.probes.launch(made, "maildir:x", Attempt(made.created_at, 1))
    async with program.follow(f"/probes/{made.id}/events") as reader:
        assert names(await reader.take(1)) == ["attempt"]
        at = api_app.pipeline_app.clock()
        await api_app.store.probes.learn(made.id, [arrival(at)], INBOX, at, closed=True, delivery=timedelta(seconds=1))
        assert names(await reader.until("end")) == ["arrival", "verdict", "end"]


async def test_a_verdict_that_was_amended_is_told_as_it_is_now(api_app: ApiApp, program: Program) -> None:
    made = await api_app.probe(verdict=BLOCKED)
    async with program.follow(f"/probes/{made}/events") as reader:
        assert names(await reader.until("end")) == ["attempt", "verdict", "end"]
    at = api_app.pipeline_app.clock()
    await api_app.store.probes.learn(made, [arrival(at)], INBOX, at, closed=True, delivery=None)
    async with program.follow(f"/probes/{made}/events", last=reader.last) as again:
        events = await again.until("end")
    assert names(events) == ["arrival", "verdict", "end"]
    assert events[1]["outcome"] == "inbox"


@pytest.mark.parametrize("last", ["x", "1.2", "1.2.3.4", "-1.0.0"])
async def test_a_place_that_is_none_is_an_error(api_app: ApiApp, program: Program, last: str) -> None:
    made = await api_app.probe()
    assert (await program.get(f"/probes/{made}/events", Last_Event_ID=last)).wrong == "400 Last-Event-ID"
    assert (await program.get("/events", Last_Event_ID=last)).wrong == "400 Last-Event-ID"


async def test_comments_keep_the_connection_known_to_be_there(
    api_app: ApiApp, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING", 0.02)
    api_app.routes["acme/hq"].gate = gate = asyncio.Event()
    probe = await sent(program)
    async with program.follow(f"/probes/{probe}/events") as reader:
        await reader.take(1)
        async with asyncio.timeout(PATIENCE):
            while (await reader.response.content.readline()) != b": ping\r\n":
                pass
        gate.set()
        await reader.until("end")


async def test_a_stream_ends_and_is_taken_up_again(
    api_app: ApiApp, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LASTS", 0.0)
    api_app.routes["acme/hq"].gate = asyncio.Event()
    probe = await sent(program)
    async with program.follow(f"/probes/{probe}/events") as reader:
        assert names(await reader.until("never")) == ["attempt"]


async def test_two_hundred_readers_are_told_the_same(api_app: ApiApp, program: Program) -> None:
    api_app.routes["acme/hq"].gate = gate = asyncio.Event()
    probe = await sent(program)
    started = asyncio.Semaphore(0)

    async def read() -> list[str]:
        async with program.follow(f"/probes/{probe}/events") as reader:
            first = await reader.take(1)
            started.release()
            return names(first + await reader.until("end"))

    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        program.http = http
        reading = [asyncio.create_task(read()) for _ in range(200)]
        for _ in reading:
            await started.acquire()
        assert api_app.live.watchers == 200
        gate.set()
        assert [told for told in await asyncio.gather(*reading) if told != WHOLE] == []
    async with asyncio.timeout(PATIENCE):
        while api_app.live.watchers:  # noqa: ASYNC110 - nobody tells when a connection is gone
            await asyncio.sleep(0.01)


# ---- All ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.api.events.LOOK", 0.02)


pytestmark = pytest.mark.usefixtures("quick")


async def test_verdicts_are_told_as_they_are_given(api_app: ApiApp, program: Program) -> None:
    async with program.follow("/events") as reader:
        assert names(await reader.take(1)) == ["begin"]
        probe = await sent(program)
        verdict = await reader.next()
    assert verdict
    assert (verdict["event"], verdict["probe"], verdict["outcome"]) == ("verdict", probe, "inbox")
    assert verdict["as"] == "sender"


async def test_verdicts_that_were_missed_are_told_once(api_app: ApiApp, program: Program) -> None:
    async with program.follow("/events") as reader:
        await reader.take(1)
        first = [await api_app.probe() for _ in range(3)]
        told = await reader.take(2)
    missed = [await api_app.probe() for _ in range(4)]
    async with program.follow("/events", last=reader.last) as again:
        told += (await again.take(6))[1:]
        last = await api_app.probe()
        told += await again.take(1)
    assert [event["probe"] for event in told] == [*first, *missed, last]


async def test_a_restart_loses_no_verdict(api_app: ApiApp, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places of another run: their verdicts go on, and of incidents all that are open are told."""
    made = [await api_app.probe() for _ in range(5)]
    await api_app.open(incident("a1"))
    last = await api_app.store.probes.last_signal()
    async with program.follow("/events", last=f"{last - 2}.00000000.7") as reader:
        events = await reader.take(4)
    assert names(events) == ["begin", "verdict", "verdict", "incidents"]
    assert [event["probe"] for event in events[1:3]] == made[3:]
    assert [each["incident"] for each in events[3]["open"]] == ["a1"]


async def test_incidents_are_told_as_they_change(api_app: ApiApp, program: Program) -> None:
    async with program.follow("/events") as reader:
        await reader.take(1)
        await api_app.open(incident("a1"))
        opened = await reader.next()
        now = api_app.pipeline_app.clock()
        await api_app.open(replace(incident("a1"), closed_at=now))
        closed = await reader.next()
    assert opened
    assert (opened["event"], opened["incident"], opened["open"]) == ("incident", "a1", True)
    assert closed
    assert (closed["event"], closed["incident"], closed["open"]) == ("incident", "a1", False)


async def test_changes_that_were_missed_are_told_once(api_app: ApiApp, program: Program) -> None:
    async with program.follow("/events?only=incident") as reader:
        await reader.take(1)
        await api_app.open(incident("a1"))
        await reader.take(1)
    await api_app.open(incident("a1"), incident("b2", "bolt"))
    async with program.follow("/events?only=incident", last=reader.last) as again:
        told = await again.take(2)
        await api_app.open(incident("c3", "bolt"))
        told += await again.take(1)
    assert names(told) == ["begin", "incident", "incident"]
    assert [event["incident"] for event in told[1:]] == ["b2", "c3"]


@pytest.mark.parametrize(("only", "told"), [("verdict", ["begin", "verdict"]), ("incident", ["begin", "incident"])])
async def test_one_may_want_only_some(api_app: ApiApp, program: Program, only: str, told: list[str]) -> None:
    async with program.follow(f"/events?only={only}") as reader:
        first = await reader.take(1)
        await api_app.open(incident("a1"))
        await api_app.probe()
        assert names(first + await reader.take(1)) == told


async def test_a_slow_reader_loses_nothing_and_holds_up_nobody(api_app: ApiApp, program: Program) -> None:
    """It takes no octet while thousands of verdicts are given; then it reads them all, in order."""
    async with program.follow("/events?only=verdict") as slow, program.follow("/events?only=verdict") as quick_one:
        await slow.take(1)
        await quick_one.take(1)
        made = []
        for _ in range(30):
            made += await asyncio.gather(*(api_app.probe() for _ in range(100)))
            await quick_one.take(100)
        told = [event["probe"] for event in await slow.take(len(made))]
    assert sorted(told) == sorted(made)
    assert len(set(told)) == len(made)


async def test_a_store_that_fails_ends_the_stream_and_loses_nothing(
    api_app: ApiApp, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> int:
        raise StoreError("the disk does not read")

    async with program.follow("/events?only=verdict") as reader:
        await reader.take(1)
        with monkeypatch.context() as broken:
            broken.setattr(api_app.store.probes, "last_signal", fail)
            assert await reader.next() is None
    missed = await api_app.probe()
    async with program.follow("/events?only=verdict", last=reader.last) as again:
        assert [event.get("probe") for event in await again.take(2)] == [None, missed]


async def test_two_hundred_who_follow_all_are_told_the_same(api_app: ApiApp, program: Program) -> None:
    started = asyncio.Semaphore(0)

    async def read() -> list[str]:
        async with program.follow("/events?only=verdict") as reader:
            await reader.take(1)
            started.release()
            return [event["probe"] for event in await reader.take(5)]

    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        program.http = http
        reading = [asyncio.create_task(read()) for _ in range(200)]
        for _ in reading:
            await started.acquire()
        made = [await api_app.probe() for _ in range(5)]
        assert [told for told in await asyncio.gather(*reading) if told != made] == []


async def test_whoever_is_bound_hears_of_their_own_alone(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.VIEWER, ("bolt",))
    async with bound.follow("/events") as reader:
        await reader.take(1)
        await api_app.open(incident("a1"), incident("e1", "acme", "bolt"))
        await api_app.probe()
        mine = await api_app.probe(company="bolt")
        told = await reader.take(2)
    assert {event.get("probe") or event.get("incident") for event in told} == {mine, "e1"}
    assert "acme" not in str(told)


def test_each_application_has_its_own_feed() -> None:
    assert Everything().feed.run != Everything().feed.run
