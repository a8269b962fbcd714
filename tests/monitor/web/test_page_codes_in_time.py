"""The share of codes in time, on the pages of a company and of all: what it says, and to whom."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.output.service_level import OBJECTIVE
from monitor.store import ResultCount, Store, StoreError
from monitor.web.codes_in_time import FRESH_SECONDS, RecentLevels
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.page_samples import NOW, SamplePages, open_sample_pages, path, well_made
from tests.support.pipeline_app import ScriptedRoute
from tests.support.store_samples import FIRST, probe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        sample_pages.watch(path(), path("bolt"))
        yield sample_pages


async def fill(
    store: Store,
    outcome: Outcome,
    number: int,
    ago: timedelta = HOUR,
    *,
    cause: Cause | None = None,
    grade: Grade = Grade.REAL,
    **facts: Any,
) -> None:
    """So many probes with one result."""
    for each in range(number):
        where = "-".join(str(facts.get(name, "")) for name in ("company", "path", "kind"))
        name = f"{where}-{outcome}-{grade}-{ago.days}-{each}"
        sent = probe(id=name, created_at=NOW - ago, **facts)
        await store.probes.launch(sent, "", FIRST)
        await store.probes.learn(name, (), Verdict(outcome, cause, grade, "because"), NOW, closed=True, delivery=None)


async def tiles(sample_pages: SamplePages, where: str = "/companies/acme") -> str:
    """The section, without what says how it is counted."""
    page = await sample_pages.get(where)
    well_made(page)
    found = re.search(r"Codes in time (.*?)(?:Objective:|Each kind|Companies All|No code)", page.words)
    assert found, page.words
    return found[1].strip()


async def test_a_company_s_codes_of_a_day_a_week_and_a_month(sample_pages: SamplePages) -> None:
    await fill(sample_pages.store, Outcome.INBOX, 99)
    await fill(sample_pages.store, Outcome.LATE, 1)
    await fill(sample_pages.store, Outcome.INBOX, 100, 3 * DAY)
    await fill(sample_pages.store, Outcome.BLOCKED, 7, 20 * DAY, cause=Cause.IP_BLOCKED)
    await fill(sample_pages.store, Outcome.BLOCKED, 5, kind=Kind.INVITATION)  # has no code
    await fill(sample_pages.store, Outcome.UNKNOWN, 5)
    assert await tiles(sample_pages) == (
        "24 hours 99.0 % of 100 codes in time 1 missed of 1 that the objective allows "
        "7 days 99.5 % of 200 codes in time 1 missed of 2 that the objective allows "
        "30 days 96.1 % of 207 codes in time 8 missed; the objective allows 2 "
        "90 days 96.1 % of 207 codes in time 8 missed; the objective allows 2"
    )


async def test_too_few_codes_say_nothing_of_the_objective(sample_pages: SamplePages) -> None:
    await fill(sample_pages.store, Outcome.INBOX, 11, 2 * DAY)
    await fill(sample_pages.store, Outcome.SPAM, 1, 2 * DAY)
    few = "11 of 12 codes in time 1 missed; too few probes to say whether the objective is met"
    assert await tiles(sample_pages) == f"24 hours – no results 7 days {few} 30 days {few} 90 days {few}"


async def test_grades_are_shown_apart_and_named_where_there_are_several(sample_pages: SamplePages) -> None:
    await fill(sample_pages.store, Outcome.INBOX, 3)
    assert "Proven" not in await tiles(sample_pages)
    sample_pages.watch(path(), path("bolt"), path("acme", "lab", route=ScriptedRoute()))
    await fill(sample_pages.store, Outcome.INBOX, 2, path="lab")
    said = await tiles(sample_pages)
    assert (
        said.index("Proven") < said.index("2 of 2 codes") < said.index("Tested at the gateway") < said.index("3 of 3")
    )
    assert "of 5" not in said


async def test_without_any_code_that_is_said(sample_pages: SamplePages) -> None:
    for where, days in (("/companies/acme", 90), ("/", 30)):
        assert f"No code has had a result in the last {days} days." in (await sample_pages.get(where)).words


async def test_the_overview_adds_up_what_the_viewer_may_see(sample_pages: SamplePages) -> None:
    await fill(sample_pages.store, Outcome.INBOX, 3)
    await fill(sample_pages.store, Outcome.INBOX, 4, company="bolt")
    await fill(sample_pages.store, Outcome.INBOX, 90, company="gone")  # is no longer monitored
    assert "at all 2 companies 24 hours 7 of 7 codes in time" in await tiles(sample_pages, "/")
    sample_pages.bind(("bolt",))
    assert (await tiles(sample_pages, "/")).startswith("24 hours 4 of 4 codes in time")
    await sample_pages.get("/companies/acme", 404)
    sample_pages.bind(("acme", "bolt"))
    assert "at your 2 companies 24 hours 7 of 7" in await tiles(sample_pages, "/")


# ---- The counts of all companies are read once a minute --------------------------------------------------------------


class Counts:
    """A store whose counts grow with each question; it can be away."""

    def __init__(self) -> None:
        self.probes, self.asked, self.away = self, 0, False

    async def results(self, *_: Any) -> list[ResultCount]:
        self.asked += 1
        if self.away:
            raise StoreError("away")
        return [ResultCount("acme", "hq", Kind.VERIFICATION, Grade.REAL, Outcome.INBOX, None, self.asked)]


async def test_they_are_kept_for_a_minute_and_a_store_that_is_away_is_asked_again() -> None:
    counts, at = Counts(), [0.0]
    recent = RecentLevels(counts, lambda: (), lambda: NOW, lambda: at[0])  # type: ignore[arg-type]

    async def first() -> int:
        codes = await recent.of(["acme"])
        assert codes
        assert codes[0].levels[0]
        return codes[0].levels[0].judged

    assert (await first(), await first(), counts.asked) == (1, 1, 3)
    assert await recent.of(["bolt"]) == ()
    at[0] = FRESH_SECONDS
    counts.away = True
    assert await recent.of(["acme"]) is None
    counts.away = False
    assert await first() == 5


async def test_the_overview_is_there_when_the_store_is_not(
    sample_pages: SamplePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise StoreError("away")

    monkeypatch.setattr(type(sample_pages.store.probes), "results", away)
    page = await sample_pages.get("/")
    assert "The counts cannot be read at present." in page.words


def test_the_objective_is_that_of_the_rules_of_prometheus() -> None:
    rules = (Path(__file__).parents[3] / "dashboards/prometheus/mailpath-slo.rules.yml").read_text()
    assert re.findall(r"ratio\n\s+expr: vector\(([\d.]+)\)", rules) == [str(OBJECTIVE)]
