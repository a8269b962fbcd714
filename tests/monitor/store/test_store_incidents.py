"""Incidents and their history: stored together with how far the rules are, found again, forgotten in the end."""

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from monitor.incidents.incident import HistoryEntry, Incident, IncidentEvent, Resolution
from monitor.notices.notice import NoticeKind
from monitor.store import Store, StoreError
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import entry, failure, incident, notice
from tests.support.store_by_hand import TWICE
from tests.support.store_samples import FIRST, INBOX, T0, at, probe


def closed(name: str, seconds: float, until: float) -> Incident:
    return incident(name, seconds, closed_at=at(until), ending=Resolution.RECOVERED)


def ids(incidents: list[Incident]) -> list[str]:
    return [each.id for each in incidents]


# --- one write


async def test_what_came_of_the_verdicts_comes_back(store: Store) -> None:
    assert await store.incidents.signals_seen() is None
    opened, other = incident("i1"), incident("i2", 1, company="", mail_system="", companies=("acme", "ümläut"))
    said = [entry("i1"), entry("i2", 1), entry("i1", 1, IncidentEvent.TOLD, "Told to ops.")]
    await store.incidents.advance(7, [opened, other], said, [notice(), notice(2)])
    assert await store.incidents.signals_seen() == 7
    assert await store.incidents.open() == [opened, other]
    assert await store.incidents.entries("i1") == [said[0], said[2]]
    assert await store.incidents.entries("i2") == [said[1]]
    assert [record.notice for record in await store.incidents.notices_of("i1")] == [notice(), notice(2)]


async def test_everything_survives_closing_and_opening(url: str) -> None:
    async with Store.open(url) as store:
        await store.incidents.advance(3, [incident("i1"), closed("i2", 0, 5)], [entry()], [notice()])
        await store.incidents.put_off("i1/ops/1", at(1), at(2), "down")
    async with Store.open(url) as store:
        assert await store.incidents.signals_seen() == 3
        assert await store.incidents.newest(9, open_only=False) == [incident("i1"), closed("i2", 0, 5)]
        assert await store.incidents.entries("i1") == [entry()]
        [record] = await store.incidents.waiting(at(2), 9)
        assert (record.notice, record.tries, record.fault) == (notice(), 1, "down")


async def test_an_incident_takes_the_place_of_the_one_before(store: Store) -> None:
    await store.incidents.advance(1, [incident("i1"), incident("i2")], [entry()], [])
    after = incident("i1", failures=(failure(), failure(path="branch")), failing=2)
    await store.incidents.advance(2, [after], [entry(turn=IncidentEvent.TOUCHED)], [])
    assert await store.incidents.find("i1") == [after]
    assert [line.turn for line in await store.incidents.entries("i1")] == [
        IncidentEvent.OPENED,
        IncidentEvent.TOUCHED,
    ], "history stays"
    assert ids(await store.incidents.open()) == ["i1", "i2"]


async def test_the_rules_may_have_seen_verdicts_of_which_nothing_came(store: Store) -> None:
    await store.incidents.advance(5, [], [], [])
    await store.incidents.advance(8, [], [], [])
    assert await store.incidents.signals_seen() == 8
    assert await store.key() == await store.key(), "the other fact"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"notices": [notice(1, "nobody")]}, "the incident was never stored, or is forgotten already"),
        ({"entries": [entry("nobody")]}, "the incident was never stored, or is forgotten already"),
        ({"notices": [notice(1)]}, TWICE),  # there is one already
        ({"notices": [notice(2, facts={"when": T0})]}, "not JSON serializable"),
        ({"notices": [notice(2, facts={"share": float("nan")})]}, "not JSON compliant"),
        ({"incidents": [incident("i3", opened_at=datetime(2026, 1, 1))]}, "without a zone"),  # noqa: DTZ001
    ],
)
async def test_all_of_it_is_written_or_nothing(store: Store, bad: dict[str, list[Any]], told: str) -> None:
    await store.incidents.advance(1, [incident()], [entry()], [notice()])
    good: dict[str, list[Any]] = {"incidents": [incident("i2")], "entries": [entry("i2")], "notices": [notice(1, "i2")]}
    with pytest.raises(StoreError, match=told) as error:
        await store.incidents.advance(2, *(good[name] + bad.get(name, []) for name in good))
    assert "\n" not in str(error.value)
    assert await store.incidents.signals_seen() == 1
    assert ids(await store.incidents.open()) == ["i1"]
    assert await store.incidents.entries("i2") == []
    assert [record.notice.id for record in await store.incidents.waiting(T0, 9)] == ["i1/ops/1"]


async def test_a_bad_write_spoils_no_other(store: Store) -> None:
    """They are committed together with what the pipeline learns in the same moment."""
    results = await asyncio.gather(
        store.probes.launch(probe(id="p"), "", FIRST),
        store.incidents.advance(1, [incident()], [entry()], [notice()]),
        store.incidents.advance(2, [], [entry("nobody")], []),
        store.probes.learn("p", (), INBOX, T0, closed=True, delivery=None),
        return_exceptions=True,
    )
    assert [isinstance(result, StoreError) for result in results] == [False, False, True, False]
    assert await store.incidents.signals_seen() == 1
    assert await store.probes.last_signal(), "PostgreSQL leaves out the number of a transaction that was undone"


# --- found again


async def test_incidents_are_listed_open_ones_first_then_newest(store: Store) -> None:
    await store.incidents.advance(
        1, [incident("old", 10), closed("gone", 50, 55), closed("late", 20, 99), incident("new", 30)], [], []
    )
    assert ids(await store.incidents.newest(9, open_only=False)) == ["new", "old", "gone", "late"]
    assert ids(await store.incidents.newest(3, open_only=False)) == ["new", "old", "gone"]
    assert ids(await store.incidents.newest(1, open_only=False)) == ["new"]
    assert ids(await store.incidents.newest(9, open_only=True)) == ["new", "old"]
    assert ids(await store.incidents.open()) == ["old", "new"]


async def test_what_was_closed_since_then_is_found(store: Store) -> None:
    await store.incidents.advance(
        1, [incident("open"), closed("b", 0, 30), closed("a", 10, 20), closed("c", 5, 10)], [], []
    )
    assert ids(await store.incidents.recently_closed(at(20))) == ["a", "b"]
    assert await store.incidents.recently_closed(at(31)) == []


async def test_an_incident_that_came_back_is_open_again(store: Store) -> None:
    await store.incidents.advance(1, [closed("i1", 0, 5)], [], [])
    await store.incidents.advance(2, [incident("i1", 60, relapses=1)], [], [])
    assert await store.incidents.recently_closed(T0) == []
    assert await store.incidents.open() == [incident("i1", 60, relapses=1)]


async def test_an_incident_is_found_by_how_its_id_begins(store: Store) -> None:
    await store.incidents.advance(
        1, [incident(f"ab{number:02}") for number in range(12)] + [incident("ac"), incident("a%")], [], []
    )
    assert ids(await store.incidents.find("ac")) == ["ac"]
    assert ids(await store.incidents.find("ab")) == [f"ab{number:02}" for number in range(10)]
    assert ids(await store.incidents.find("a%")) == ["a%"]
    assert await store.incidents.find("zz") == []
    assert await store.incidents.entries("zz") == []
    assert await store.incidents.notices_of("zz") == []


async def test_times_of_any_zone_are_the_same_moment(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    await store.incidents.advance(
        1, [incident(opened_at=T0.astimezone(tokyo), closed_at=at(5).astimezone(tokyo))], [], []
    )
    [back] = await store.incidents.recently_closed(at(5))
    assert (back.opened_at, back.closed_at) == (T0, at(5))


async def test_hostile_text_is_stored_in_a_form_that_can_be_read(store: Store) -> None:
    nasty = "\udcff\ud800 NO'; DROP TABLE incidents -- \N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 1_000_000
    legible = nasty.replace("\udcff", "?").replace("\ud800", "?")
    said = entry(said=f"\0{nasty}")
    told = notice(1, title=f"\0{nasty}", text=nasty, labels={"a\0": nasty}, facts={"deep": [{"a": f"\0{nasty}"}]})
    await store.incidents.advance(1, [incident(failures=(failure(because=nasty),))], [said], [told])
    await store.incidents.put_off(told.id, T0, T0, f"\0{nasty}")
    [back] = await store.incidents.open()
    [record] = await store.incidents.notices_of("i1")
    assert back.failures[0].because == legible
    assert await store.incidents.entries("i1") == [HistoryEntry("i1", T0, IncidentEvent.OPENED, f"\ufffd{legible}")]
    assert record.notice.title == record.fault == f"\ufffd{legible}"
    assert record.notice.labels == {"a\ufffd": legible}
    assert record.notice.facts == {"deep": [{"a": f"\ufffd{legible}"}]}
    assert await store.incidents.find("\udcff\0") == []
    assert await store.incidents.entries("\udcff\0") == []
    assert await store.incidents.notices_of("\udcff\0") == []


# --- forgotten


async def test_what_is_long_over_is_forgotten_with_all_that_was_said_of_it(store: Store) -> None:
    for name, until in (("old", 10), ("young", 30)):
        await store.incidents.advance(1, [closed(name, 0, until)], [entry(name)], [notice(1, name), notice(2, name)])
        for number in (1, 2):
            await mark_delivered(store, f"{name}/ops/{number}", at(number))
    await store.incidents.advance(1, [incident("open", -1000)], [entry("open")], [])
    assert await store.prune(at(30)) == 0, "it counts probes"
    assert ids(await store.incidents.newest(9, open_only=False)) == ["open", "young"]
    assert await store.incidents.entries("old") == []
    assert await store.incidents.notices_of("old") == []
    assert len(await store.incidents.notices_of("young")) == 2
    assert await store.incidents.lasting("ops") == [notice(2, "young")]


async def test_what_people_were_not_told_yet_is_not_forgotten(store: Store) -> None:
    await store.incidents.advance(1, [closed("i1", 0, 10)], [entry()], [notice(1), notice(2, news=NoticeKind.RESOLVED)])
    await mark_delivered(store, "i1/ops/1", at(20))
    await store.prune(at(1000))
    assert [record.notice.number for record in await store.incidents.waiting(at(30), 9)] == [2]
    assert await store.incidents.entries("i1") == [entry()]
    await mark_delivered(store, "i1/ops/2", at(20))
    await store.prune(at(1000))
    assert await store.incidents.newest(9, open_only=False) == []


async def test_many_are_forgotten_too(store: Store) -> None:
    many = [closed(f"i{number:04}", 0, 10) for number in range(230)]
    await store.incidents.advance(1, many, [entry(each.id) for each in many], [])
    await asyncio.gather(*(store.prune(at(20)) for _ in range(3)))
    assert await store.incidents.newest(9, open_only=False) == []
