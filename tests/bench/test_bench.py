"""The measurements themselves, in small: that they measure the whole way, and leave nothing behind. Never how fast."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest
from rich.console import Console

from monitor.store import Store
from probes.evidence import Arrival, Attempt, Dialogue
from tests.bench import (
    api_mailboxes,
    cloud_mailboxes,
    help_desk,
    incidents,
    pages,
    peers,
    remedies,
    scrape,
    service_level,
)
from tests.bench.figures import Figure, Finding, Remark, as_json, quantile, show
from tests.bench.floor import streams
from tests.bench.load import counted, loop_lag, paced
from tests.bench.loopback_service import Stopwatch, mail_left, running_pipeline
from tests.bench.round_trip import scene

PROBES = 20


@pytest.mark.parametrize(("via", "tls"), [("direct", "none"), ("direct", "opportunistic"), ("xclient", "none")])
async def test_a_round_trip_is_the_whole_way(via: str, tls: str) -> None:
    stopwatch = Stopwatch()
    with scene(5) as there:
        config = there.config(via, tls, 5)
        async with running_pipeline(config, stopwatch) as pipeline:
            await counted(stopwatch.round_trip(pipeline, config.paths()), 5, PROBES)
        assert stopwatch.verdicts == len(stopwatch.judged) == PROBES
        assert all(0 < seconds < 30 for seconds in stopwatch.from_rename)
        assert mail_left(there.folder / "mail") == 0
        async with Store.open(config.store.url) as store:
            records = [await store.probes.record(probe_id) for probe_id in stopwatch.judged]
    for record in records:
        assert record is not None
        assert record.verdict is not None
        assert (record.verdict.outcome, record.verdict.grade) == (
            "inbox",
            "real" if via == "direct" else "impersonated",
        )
        assert {type(seen) for seen in record.evidence} >= {Attempt, Dialogue, Arrival}
        dialogue = next(seen for seen in record.evidence if isinstance(seen, Dialogue))
        assert bool(dialogue.tls) == (tls != "none")
    assert not there.folder.exists()


async def test_what_is_told_of_incidents_is_measured_to_the_receiver() -> None:
    found = await incidents.measure(incidents.Plan(crowds=(0, 25), timed=2, verdicts=100), lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    assert all(value > 0 for value in figures.values())
    assert "verdict to webhook, with 26 open incidents: median" in figures
    assert "verdicts through the rules, with 1 open incident" in figures


async def test_the_help_desk_is_answered_from_a_full_store() -> None:
    plan = help_desk.Plan(companies=8, results=100, asked=2)
    found = await help_desk.measure(plan, lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    assert len(figures) == 2 * len(help_desk.ASKED)
    assert all(value > 0 for value in figures.values())


async def test_mailboxes_by_api_are_visited_by_count() -> None:
    found = await api_mailboxes.measure_apis(api_mailboxes.ApiPlan(mailboxes=4, looks=1), lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    assert figures["Gmail: requests of a look"] == figures["JMAP: requests of a look"] == 1
    assert figures["Gmail: units a minute of a mailbox that waits"] == 12
    assert figures["Gmail: requests of a visit"] == 8


async def test_mailboxes_in_the_cloud_are_visited_by_count() -> None:
    plan = cloud_mailboxes.Plan(mailboxes=6, tenants=2, looks=1)
    found = await cloud_mailboxes.measure(plan, lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    assert figures["requests of a visit"] == 5
    assert figures["requests of a look"] == 2
    assert figures["tokens asked for by 2 tenants"] == 2


async def test_remedies_are_chosen_and_recognition_is_measured() -> None:
    found = await remedies.measure(remedies.Plan(messages=3, answers=2, companies=3), lambda _: None)
    assert all(each.median > 0 for each in found if isinstance(each, Figure))


async def test_the_service_level_is_asked_of_days_and_of_hours() -> None:
    found = await service_level.measure(service_level.Plan(companies=8, asked=2, days=3), lambda _: None)
    figures = {each.name: each.values for each in found if isinstance(each, Figure)}
    assert len(figures["3 days of 8 companies, from noon"]) == 2
    assert len(figures["3 days of 8 companies, all hours added up"]) == 2
    assert all(value > 0 for values in figures.values() for value in values)


async def test_pages_are_measured_on_a_real_service_over_a_full_store() -> None:
    plan = pages.Plan(results=200, paths=10, asked=4, streams=(2,), watched=1, companies=20)
    found = await pages.measure(plan, lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    timed = {name: value for name, value in figures.items() if name.startswith(tuple(pages.ASKED))}
    assert all(value > 0 for value in timed.values()), timed
    assert {f"{name}: p99" for name in pages.ASKED} <= figures.keys()
    assert "a step until a client that follows it has it: p50" in figures


async def test_a_scrape_is_measured_in_each_format() -> None:
    found = await scrape.measure(scrape.Plan(companies=20, verdicts=1, scrapes=1), lambda _: None)
    figures = {each.name: each.median for each in found if isinstance(each, Figure)}
    assert figures["samples"] > 20 * 5
    assert all(figures[f"{name}: seconds"] > 0 for name in scrape.ASKED)
    assert figures[f"{scrape.GZIP}: size"] < figures[f"{scrape.OPEN}: size"] / 5


async def test_what_arrives_may_have_headers_as_large_as_those_of_exchange_online() -> None:
    stopwatch = Stopwatch()
    with scene(1) as there:
        config = there.config("direct", "none", 1, there.exchange)
        async with running_pipeline(config, stopwatch) as pipeline:
            await counted(stopwatch.round_trip(pipeline, config.paths()), 1, 2)
        async with Store.open(config.store.url) as store:
            records = [await store.probes.record(probe_id) for probe_id in stopwatch.judged]
    arrivals = [seen for record in records if record for seen in record.evidence if isinstance(seen, Arrival)]
    assert len(arrivals) == 2
    assert all(len(arrival.headers) > 8_000 for arrival in arrivals)
    assert arrivals[0].headers != arrivals[1].headers


async def test_what_one_would_use_instead_is_measured_or_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(_: str) -> None:
        return None

    monkeypatch.setattr(shutil, "which", not_installed)
    monkeypatch.setattr(peers, "PLUGINS", Path("/nowhere"))
    found = await peers.measure(peers.Plan(rounds=1, seconds=0.1), lambda _: None)
    assert [each.name for each in found if isinstance(each, Figure)] == ["mailpath, the whole way: CPU"]
    remarks = [each.text for each in found if isinstance(each, Remark)]
    assert [text.split()[0] for text in remarks] == ["swaks", "check_email_delivery", "blackbox_exporter"]
    assert all("is not installed" in text for text in remarks)


@pytest.mark.parametrize("tls", [False, True])
async def test_the_floor_hands_over_the_same_mail_and_nobody_looks(tls: bool) -> None:
    with scene(1) as there:
        send = streams(there.letter, there.ports.tls if tls else there.ports.plain, tls=tls)
        pace = await paced(send, per_second=200, seconds=0.1)
        assert mail_left(there.folder / "mail") == PROBES
        delivered = next((there.folder / "mail/floor/new").iterdir()).read_bytes()
    assert delivered.endswith(there.letter.content)
    assert pace.cpu_ms > 0


async def test_a_stall_of_the_event_loop_counts_for_all_who_came_in_it() -> None:
    async with loop_lag() as lags:
        await asyncio.sleep(0)
        time.sleep(0.1)  # noqa: ASYNC251 - this is the stall
        await asyncio.sleep(0.02)
    assert max(lags) > 0.08
    assert sum(lag > 0.04 for lag in lags) >= 5


def test_figures_are_shown_and_written(tmp_path: Path) -> None:
    found: list[Finding] = [
        Figure("Trip", "whole way", "ms CPU", (2.0, 1.0, 4.0), "<= 2.0"),
        Remark("Trip", "skipped: no root"),
    ]
    with (tmp_path / "table").open("w") as file:
        show(found, 1.0, Console(file=file, width=120))
    words = (tmp_path / "table").read_text()
    assert all(each in words for each in ("whole way", "1.00", "2.00", "4.00", "<= 2.0", "skipped: no root"))
    told = json.loads(as_json(found, 1.0, "2026-11-30T12:00:00+00:00"))
    assert told["figures"][0] | {"min": 1.0, "median": 2.0, "max": 4.0} == told["figures"][0]
    assert told["remarks"] == [{"group": "Trip", "text": "skipped: no root"}]


@pytest.mark.parametrize(
    ("share", "value"),
    [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)],
)
def test_a_quantile_is_one_of_the_values(share: float, value: int) -> None:
    assert quantile(range(1, 101), share) == value
